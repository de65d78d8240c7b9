/* cbsmock sandbox: worlds of their own, each behind a key. */
#include "cli/cli.h"
#include "cli/verb.h"

#define SANDBOXES "/_cbs/sandboxes"
#define ID_ARG { "ID", NULL, IN_PATH, AS_TEXT, "id", "of the sandbox, which is also the SecretId that opens it", true }
#define SETTING_ARGS \
	{ "--ttl", "DURATION", IN_BODY, AS_VALUE, "ttl", "how long it lives; null: for ever", false }, \
	{ "--dialect", "classic|current", IN_BODY, AS_VALUE, "dialect", "of error codes", false }, \
	{ "--rate-limit", "on|off|FACTOR", IN_BODY, AS_VALUE, "rate_limit", "of its rate limits", false }, \
	{ "--transitions", "immediate|manual|2s", IN_BODY, AS_VALUE, "transitions", "how disks and snapshots move on", false }, \
	{ "--signature-clock", "wall|sandbox", IN_BODY, AS_VALUE, "signature_clock", "by which a signature ages", false }, \
	{ "--revisions", "N", IN_BODY, AS_VALUE, "revisions", "changes to keep, to go back on", false }
#define MAKING_ARGS \
	{ "--secret-key", "KEY", IN_BODY, AS_TEXT, "secret_key", "default: the server's --sandbox-secret-key", false }, \
	{ "--seed", "NUMBER", IN_BODY, AS_VALUE, "seed", "of ids and chance", false }, \
	{ "--clock", "real|frozen|offset|scaled", IN_BODY, AS_TEXT, "clock.mode", "how its time passes", false }, \
	{ "--now", "TIME", IN_BODY, AS_TEXT, "clock.now", "as in 2026-01-01T00:00:00Z", false }, \
	{ "--factor", "NUMBER", IN_BODY, AS_VALUE, "clock.factor", "of a scaled clock", false }

static const struct verb_row rows[] = {
	{ .word = "list", .method = "GET", .path = SANDBOXES, .help = "all of them", .everywhere = true,
	  .view = { .list = "sandboxes", .columns = { "id", "template", "now=clock.now", "clock=clock.mode", "dialect", "limit=rate_limit",
	            "bytes", "checkpoints", "expires" } } },
	{ .word = "show", .method = "GET", .path = SANDBOXES "/{id}", .help = "one of them", .everywhere = true, .args = { ID_ARG } },
	{ .word = "create", .method = "PUT", .path = SANDBOXES "/{id}", .help = "a new one; one of the same id is replaced",
	  .everywhere = true,
	  .args = { ID_ARG, { "--template", "NAME", IN_BODY, AS_TEXT, "template",
	                      "default, empty, quota, a sandbox, or SANDBOX/CHECKPOINT", false },
	            MAKING_ARGS, SETTING_ARGS } },
	{ .word = "fork", .method = "POST", .path = SANDBOXES "/{id}/fork", .help = "a copy as of now", .everywhere = true,
	  .args = { ID_ARG, { "AS", NULL, IN_BODY, AS_TEXT, "as", "id of the copy", true }, MAKING_ARGS, SETTING_ARGS } },
	{ .word = "change", .method = "PATCH", .path = SANDBOXES "/{id}", .help = "its life and settings", .everywhere = true,
	  .args = { ID_ARG, SETTING_ARGS } },
	{ .word = "delete", .method = "DELETE", .path = SANDBOXES "/{id}", .help = "with all that is in it", .everywhere = true,
	  .args = { ID_ARG } },
};

int cli_sandbox(int argc, char **argv)
{
	static const struct verb verb = { "sandbox", "Worlds of their own, each with its clock, faults, journal and settings, behind a key.",
	                                  rows, sizeof rows / sizeof rows[0] };
	return verb_run(&verb, argc, argv);
}
