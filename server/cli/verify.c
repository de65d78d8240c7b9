/* cbsmock verify: assertions over the journal, for scripts; exit status 1 when one does not hold. */
#include "cli/cli.h"
#include "cli/verb.h"

#define VERIFY "/_cbs/verify"

/* "CreateSnapshot,DescribeSnapshots": the actions in their order. */
static bool build_sequence(struct verb_request *q, struct buf *why)
{
	(void)why;
	cJSON *steps = cJSON_AddArrayToObject(q->body, "sequence"), *actions = verb_list(q->arena, q->values[0]);
	const cJSON *action;
	cJSON_ArrayForEach(action, actions)
	{
		cJSON *step = cJSON_CreateObject();
		cJSON_AddStringToObject(step, "action", action->valuestring);
		cJSON_AddItemToArray(steps, step);
	}
	cJSON_Delete(actions);
	return true;
}

static const struct verb_row rows[] = {
	{ .word = "", .method = "POST", .path = VERIFY, .help = "so many requests match; at least one if not told", .body = "{\"match\":{}}",
	  .args = { { "MATCH…", NULL, IN_BODY, AS_PAIRS, "match", "as in action=CreateSnapshot code=OK param.DiskId=disk-lzrg2pwi", false },
	            { "--exactly", "N", IN_BODY, AS_VALUE, "count.exactly", "as many", false },
	            { "--at-least", "N", IN_BODY, AS_VALUE, "count.at_least", "or more", false },
	            { "--at-most", "N", IN_BODY, AS_VALUE, "count.at_most", "or fewer", false },
	            { "--never", NULL, IN_BODY, AS_FLAG, "count.never", "none", false },
	            { "--phase", "PHASE", IN_BODY, AS_TEXT, "phase_reached", "that came as far as this, as in after_commit", false } } },
	{ .word = "sequence", .method = "POST", .path = VERIFY "/sequence", .help = "these actions came in this order", .build = build_sequence,
	  .args = { { "ACTION,ACTION…", NULL, IN_BUILD, AS_TEXT, NULL, "in their order", true },
	            { "--strict", NULL, IN_BODY, AS_FLAG, "strict", "and nothing between them", false } } },
	{ .word = "client", .method = "POST", .path = VERIFY "/client", .help = "the clients retry and wait as they should",
	  .args = { { "RULE=LIMIT…", NULL, IN_BODY, AS_PAIRS, "", "as in max_attempts=3 min_backoff_ms=500 max_duplicates=0", true } } },
};

int cli_verify(int argc, char **argv)
{
	static const struct verb verb = { "verify", "Was it asked so, and so often? Exit status 1 when it was not.", rows,
	                                  sizeof rows / sizeof rows[0] };
	return verb_run(&verb, argc, argv);
}
