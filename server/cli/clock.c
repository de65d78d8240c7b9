/* cbsmock clock: sandbox time. */
#include "cli/cli.h"
#include "cli/verb.h"

#define CLOCK "/_cbs/clock"

static const struct verb_row rows[] = {
	{ .word = "", .method = "GET", .path = CLOCK, .help = "sandbox time" },
	{ .word = "get", .method = "GET", .path = CLOCK, .help = "the same" },
	{ .word = "freeze", .method = "PUT", .path = CLOCK, .help = "time stands still", .body = "{\"action\":\"freeze\"}" },
	{ .word = "resume", .method = "PUT", .path = CLOCK, .help = "it runs on from where it stands", .body = "{\"action\":\"resume\"}" },
	{ .word = "set", .method = "PUT", .path = CLOCK, .help = "to a moment", .body = "{\"action\":\"set\"}",
	  .args = { { "TIME", NULL, IN_BODY, AS_TEXT, "to", "as in 2026-01-01T00:00:00Z", true } } },
	{ .word = "advance", .method = "POST", .path = CLOCK "/advance", .help = "by a while; tells what happened",
	  .args = { { "DURATION", NULL, IN_BODY, AS_TEXT, "by", "as in 250ms, 5s, 10m, 2h, 7d", true } } },
	{ .word = "next", .method = "POST", .path = CLOCK "/advance", .help = "to the next event", .body = "{\"to\":\"next_event\"}" },
	{ .word = "idle", .method = "POST", .path = CLOCK "/run-until-idle", .help = "event after event, until nothing is due any more",
	  .args = { { "--max", "DURATION", IN_BODY, AS_TEXT, "max", "no further than this", false } } },
	{ .word = "scale", .method = "PUT", .path = CLOCK, .help = "so many times as fast", .body = "{\"action\":\"scale\"}",
	  .args = { { "FACTOR", NULL, IN_BODY, AS_VALUE, "factor", "60: a minute passes in a second", true } } },
	{ .word = "reset", .method = "PUT", .path = CLOCK, .help = "real time", .body = "{\"action\":\"reset\"}" },
};

int cli_clock(int argc, char **argv)
{
	static const struct verb verb = {
		"clock", "Reads and moves sandbox time; signatures are judged by the wall clock whatever it says.", rows,
		sizeof rows / sizeof rows[0],
	};
	return verb_run(&verb, argc, argv);
}
