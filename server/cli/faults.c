/* cbsmock faults: rules that spoil requests. */
#include "cli/cli.h"

#include "cli/verb.h"
#include "util/str.h"

#define FAULTS "/_cbs/faults"
#define RETRY_TESTS "/_cbs/retry-tests"

enum { ADD_ERROR, ADD_LATENCY, ADD_EFFECT }; /* places in the arguments of "add" */

static void add_effect(cJSON *list, const char *type, const char *field, cJSON *value)
{
	cJSON *effect = cJSON_CreateObject();
	cJSON_AddStringToObject(effect, "type", type);
	if (value)
		cJSON_AddItemToObject(effect, field, value);
	cJSON_AddItemToArray(list, effect);
}

/* The effects that have options of their own, the one that ends the request last. */
static bool build_rule(struct verb_request *q, struct buf *why)
{
	(void)why;
	const char *error = q->values[ADD_ERROR], *latency = q->values[ADD_LATENCY], *effect = q->values[ADD_EFFECT];
	if (!error && !latency && !effect)
		return true;
	cJSON *list = cJSON_CreateArray();
	if (latency)
		add_effect(list, "latency", "latency", verb_value(latency));
	if (effect && effect[0] == '{')
		cJSON_AddItemToArray(list, verb_value(effect));
	else if (effect)
		add_effect(list, effect, NULL, NULL);
	if (error)
		add_effect(list, "error", "code", cJSON_CreateString(error));
	cJSON_DeleteItemFromObjectCaseSensitive(q->body, "do");
	cJSON_AddItemToObject(q->body, "do", list);
	return true;
}

/* "error:InternalError,pass" becomes a list. */
static bool build_instructions(struct verb_request *q, struct buf *why)
{
	const cJSON *queue, *told = cJSON_GetObjectItemCaseSensitive(q->body, "instructions");
	cJSON *queues = cJSON_CreateObject();
	(void)why;
	cJSON_ArrayForEach(queue, told)
		cJSON_AddItemToObject(queues, queue->string, verb_list(q->arena, queue->valuestring));
	cJSON_ReplaceItemInObjectCaseSensitive(q->body, "instructions", queues);
	return true;
}

#define RULE_VIEW { .list = "faults", .empty = "no rules", \
	.columns = { "name", "phase", "match", "do", "when", "hits", "left=remaining", "tags" } }
#define NAME_ARG { "NAME", NULL, IN_PATH, AS_TEXT, "name", "of the rule", true }

static const struct verb_row rows[] = {
	{ .word = "list", .method = "GET", .path = FAULTS, .help = "the rules in their order", .view = RULE_VIEW },
	{ .word = "show", .method = "GET", .path = FAULTS "/{name}", .help = "one rule", .args = { NAME_ARG } },
	{ .word = "add", .method = "POST", .path = FAULTS, .help = "a rule, at the end of the list", .build = build_rule,
	  .args = {
		[ADD_ERROR] = { "--error", "CODE", IN_BUILD, AS_TEXT, NULL, "answer this error", false },
		[ADD_LATENCY] = { "--latency", "MS", IN_BUILD, AS_TEXT, NULL, "answer that much later", false },
		[ADD_EFFECT] = { "--do", "TYPE|JSON", IN_BUILD, AS_TEXT, NULL,
		                 "another effect, as in reset_peer or {\"type\":\"http\",\"status\":502}", false },
		{ "MATCH…", NULL, IN_BODY, AS_PAIRS, "match", "as in action=CreateSnapshot region=ap-* param.DiskId=disk-lzrg2pwi", false },
		{ "--rule", "JSON|@FILE|-", IN_BODY, AS_DOCUMENT, NULL, "begin with this rule, or put these", false },
		{ "--name", "NAME", IN_BODY, AS_TEXT, "name", "the rule of that name is replaced", false },
		{ "--phase", "PHASE", IN_BODY, AS_TEXT, "phase",
		  "before_auth, before_validate, before_commit, after_commit, mid_body, after_body", false },
		{ "--times", "N", IN_BODY, AS_VALUE, "when.times", "for so many calls that match", false },
		{ "--skip", "N", IN_BODY, AS_VALUE, "when.skip", "after so many calls that match", false },
		{ "--schedule", "MARKS", IN_BODY, AS_TEXT, "when.schedule", "F a fault, . none, a mark a call: FF.F", false },
		{ "--probability", "P", IN_BODY, AS_VALUE, "when.probability", "0 to 1", false },
		{ "--for", "DURATION", IN_BODY, AS_TEXT, "when.for", "of sandbox time, from now on", false },
		{ "--ttl", "DURATION", IN_BODY, AS_TEXT, "ttl", "of real time; then the rule goes", false },
		{ "--tag", "NAME=VALUE", IN_BODY, AS_PAIR, "tags", "to clear it by", false },
		{ "--continue", NULL, IN_BODY, AS_FLAG, "continue", "the rules behind it are asked too", false },
	  } },
	{ .word = "patch", .method = "PATCH", .path = FAULTS "/{name}", .help = "a rule, by JSON merge patch; its counters stay",
	  .args = { NAME_ARG, { "PATCH", NULL, IN_BODY, AS_DOCUMENT, NULL, "JSON, @FILE or -", true } } },
	{ .word = "delete", .method = "DELETE", .path = FAULTS "/{name}", .help = "one rule", .args = { NAME_ARG } },
	{ .word = "clear", .method = "DELETE", .path = FAULTS, .help = "all rules, or those with a tag",
	  .args = { { "--tag", "NAME[=VALUE]", IN_QUERY, AS_TEXT, "tag", "only those with it", false } } },
	{ .word = "plan", .method = "POST", .path = FAULTS "/plan", .help = "what the next calls would meet; consumes nothing",
	  .args = { { "CALL…", NULL, IN_BODY, AS_PAIRS, "", "an example: action=CreateSnapshot region=ap-guangzhou", false },
	            { "--calls", "JSON|@FILE|-", IN_BODY, AS_DOCUMENT, NULL, "examples taken in turn", false },
	            { "--next", "N", IN_QUERY, AS_TEXT, "next", "so many calls", false } } },
	{ .word = "targets", .method = "GET", .path = FAULTS "/targets", .help = "what a rule may name", .everywhere = true },
	{ .word = "activity", .method = "GET", .path = FAULTS "/activity", .help = "what the rules did last",
	  .view = { .list = "activity", .empty = "nothing yet" } },
	{ .word = "retry-test", .method = "POST", .path = RETRY_TESTS, .help = "what each call of an action is to meet, one after the other",
	  .build = build_instructions,
	  .args = { { "ACTION=INSTRUCTION,…", NULL, IN_BODY, AS_TEXTS, "instructions",
	              "as in CreateSnapshot=error:RequestLimitExceeded,reset@after_commit", true } } },
	{ .word = "retry-tests", .method = "GET", .path = RETRY_TESTS, .help = "were they met",
	  .view = { .list = "retry_tests", .columns = { "id", "completed", "remaining", "consumed" }, .empty = "none" } },
	{ .word = "force", .method = "POST", .path = "/_cbs/errors/{code}/force", .help = "the next call answers this code",
	  .args = { { "CODE", NULL, IN_PATH, AS_TEXT, "code", "as in InvalidDisk.Busy", true },
	            { "--action", "ACTION", IN_BODY, AS_TEXT, "action", "of this action only", false },
	            { "--times", "N", IN_BODY, AS_VALUE, "times", "so many calls", false } } },
};

int cli_faults(int argc, char **argv)
{
	static const struct verb verb = { "faults", "Errors, delays and dead connections on purpose.", rows, sizeof rows / sizeof rows[0] };
	return verb_run(&verb, argc, argv);
}
