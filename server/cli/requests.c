/* cbsmock requests: the journal. */
#include "cli/cli.h"
#include "cli/verb.h"

#define REQUESTS "/_cbs/requests"
#define ID_ARG { "ID", NULL, IN_PATH, AS_TEXT, "id", "a RequestId", true }
#define MATCH_ARG \
	{ "MATCH…", NULL, IN_BODY, AS_PAIRS, "match", "as in action=CreateSnapshot code=OK param.DiskId=disk-lzrg2pwi tag.test=x", false }

static const struct verb_row rows[] = {
	{ .word = "list", .method = "POST", .path = REQUESTS "/find", .help = "the newest, or those that match", .body = "{\"match\":{}}",
	  .args = { MATCH_ARG, { "--limit", "N", IN_BODY, AS_VALUE, "limit", "so many at most", false } },
	  .view = { .list = "requests", .empty = "none", .columns = { "received", "action", "code", "us=took_us", "region", "made", "faults",
	            "delivery", "request_id" } } },
	{ .word = "unmatched", .method = "GET", .path = REQUESTS "/unmatched",
	  .help = "those that reached no action, and the one they may have meant",
	  .args = { { "--since", "SEQ|TIME", IN_QUERY, AS_TEXT, "since", "after it", false },
	            { "--limit", "N", IN_QUERY, AS_TEXT, "limit", "so many at most", false } },
	  .view = { .list = "requests", .empty = "none", .columns = { "received", "code", "action", "did_you_mean", "version", "method",
	            "target", "client", "request_id" } } },
	{ .word = "show", .method = "GET", .path = REQUESTS "/{id}", .help = "one request and its answer", .args = { ID_ARG } },
	{ .word = "why", .method = "GET", .path = REQUESTS "/{id}/why", .help = "what decided its answer, step by step", .args = { ID_ARG },
	  .view = { .columns = { "kind", "what", "verdict", "detail" } } },
	{ .word = "as", .method = "GET", .path = REQUESTS "/{id}/as/{form}", .help = "text that makes the call again", .as_it_is = true,
	  .args = { ID_ARG, { "FORM", NULL, IN_PATH, AS_TEXT, "form", "cbsmock, tccli, python, curl, go, java or node", true } } },
	{ .word = "count", .method = "POST", .path = REQUESTS "/count", .help = "how many match", .body = "{\"match\":{}}",
	  .args = { MATCH_ARG } },
	{ .word = "wait", .method = "POST", .path = REQUESTS "/wait", .help = "until so many have matched; fails when the time is over",
	  .waits = true,
	  .args = { MATCH_ARG, { "--count", "N", IN_BODY, AS_VALUE, "count", "default 1", false },
	            { "--timeout", "DURATION", IN_BODY, AS_SECONDS, "timeout", "no longer than this: 500ms, 2s or 2; default 10s", false },
	            { "--for", "DURATION", IN_BODY, AS_SECONDS, "timeout", "the same", false } } },
	{ .word = "clear", .method = "DELETE", .path = REQUESTS, .help = "forget all, or those that match", .args = { MATCH_ARG } },
	{ .word = "export", .method = "GET", .path = REQUESTS "/export", .help = "all of them as one text", .as_it_is = true,
	  .args = { { "--format", "ndjson|har|history", IN_QUERY, AS_TEXT, "format", "default ndjson", false },
	            { "--action", "ACTION", IN_QUERY, AS_TEXT, "action", "of this action", false },
	            { "--code", "CODE", IN_QUERY, AS_TEXT, "code", "answered with it", false },
	            { "--since", "SEQ|TIME", IN_QUERY, AS_TEXT, "since", "after it", false } } },
	{ .word = "tag", .method = "PUT", .path = REQUESTS "/tags", .help = "mark those to come",
	  .args = { { "NAME=VALUE…", NULL, IN_BODY, AS_TEXTS, "", "as in test=retry_17", true } } },
	{ .word = "tags", .method = "GET", .path = REQUESTS "/tags", .help = "what they are marked with" },
	{ .word = "duplicates", .method = "GET", .path = "/_cbs/duplicates", .help = "calls whose retries left more than they should",
	  .view = { .list = "duplicates", .empty = "none" } },
	{ .word = "conformance", .method = "GET", .path = "/_cbs/conformance",
	  .help = "of each action: parameters never sent, or not read; codes met and not",
	  .view = { .columns = { "action", "calls", "ok=succeeded", "never_sent", "unread", "unknown", "codes", "by_fault",
	            "never_answered" } } },
	{ .word = "report", .method = "GET", .path = "/_cbs/report", .help = "how the clients retry, wait and poll" },
};

int cli_requests(int argc, char **argv)
{
	static const struct verb verb = { "requests", "What was asked and what came of it.", rows, sizeof rows / sizeof rows[0] };
	return verb_run(&verb, argc, argv);
}
