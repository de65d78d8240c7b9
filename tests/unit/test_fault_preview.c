/* A preview is what then happens, over many sets of rules drawn at random. */
#include "fault_world.h"

#include "gateway/retry_test.h"
#include "gateway/trail.h"
#include "util/rng.h"

enum { SETS = 1000, CALLS = 12 };

static struct rng rng;

static int below(int limit)
{
	return (int)(rng_next(&rng) % (uint64_t)limit);
}

static const char *one_of(const char *const *list, size_t count)
{
	return list[below((int)count)];
}

#define ONE_OF(list) one_of(list, LENGTH(list))

/* ---- rules drawn at random ---------------------------------------------------------------------------------------------- */

static const char *const actions[] = { "DescribeDisks", "DescribeSnapshots", "ModifySnapshotAttribute" };
static const char *const patterns[] = { "Describe*", "*", "DescribeDisks", "DescribeSnapshots", "Modify*" };
static const char *const errors[] = { "InternalError", "RequestLimitExceeded", "ServiceUnavailable" };

static const char *random_match(void)
{
	switch (below(5)) {
	case 0:
		return "{}";
	case 1:
		return arena_printf(w->arena, "{\"region\":\"%s\"}", below(2) ? "ap-guangzhou" : "ap-beijing");
	case 2:
		return arena_printf(w->arena, "{\"param\":{\"Limit\":{\"gte\":%d}}}", below(5));
	case 3:
		return arena_printf(w->arena, "{\"secret_id\":\"%s\"}", below(2) ? WORLD_ID : "AKIDother");
	default:
		return arena_printf(w->arena, "{\"action\":\"%s\"}", ONE_OF(patterns));
	}
}

static const char *random_when(void)
{
	static const char *const schedules[] = { "F", ".", "FF.F", ".F.", "F..FF." };
	const char *text = arena_printf(w->arena, "\"seed\":%d", below(1000));
	if (below(3) == 0)
		text = arena_printf(w->arena, "%s,\"probability\":0.%d", text, 1 + below(9));
	if (below(4) == 0)
		return arena_printf(w->arena, "{%s,\"schedule\":\"%s\"}", text, ONE_OF(schedules));
	if (below(3) == 0)
		text = arena_printf(w->arena, "%s,\"skip\":%d", text, below(4));
	if (below(3) == 0)
		text = arena_printf(w->arena, "%s,\"times\":%d", text, 1 + below(4));
	if (below(3) == 0)
		text = arena_printf(w->arena, "%s,\"every\":%d", text, 1 + below(3));
	if (below(6) == 0)
		text = arena_printf(w->arena, "%s,\"from\":\"+%ds\",\"for\":\"10s\"", text, below(2));
	return arena_printf(w->arena, "{%s}", text);
}

/* An effect and a phase that it can happen at. */
static const char *random_effect(void)
{
	static const char *const early[] = { "before_auth", "before_validate", "before_commit", "after_commit" };
	static const char *const dead[] = { "reset_peer", "timeout", "empty_response" };
	switch (below(8)) {
	case 0:
		return arena_printf(w->arena, "\"do\":{\"type\":\"error\",\"code\":\"%s\"},\"phase\":\"%s\"", ONE_OF(errors), ONE_OF(early));
	case 1:
		return arena_printf(w->arena, "\"do\":{\"type\":\"%s\"},\"phase\":\"%s\"", ONE_OF(dead), ONE_OF(early));
	case 2:
		return "\"do\":{\"type\":\"truncate\"}";
	case 3:
		return arena_printf(w->arena, "\"do\":{\"type\":\"quota\",\"name\":\"q%d\",\"limit\":%d,\"window\":\"1m\"}", below(2), below(4));
	case 4:
		return "\"do\":[{\"type\":\"latency\",\"latency\":7},{\"type\":\"quota\",\"limit\":1,\"window\":\"1m\"}]";
	case 5:
		return "\"do\":{\"type\":\"http\",\"status\":502},\"phase\":\"after_commit\"";
	default:
		return arena_printf(w->arena, "\"do\":{\"type\":\"latency\",\"latency\":%d,\"jitter\":%d,\"distribution\":\"%s\"},"
		                              "\"phase\":\"%s\"", 100 + below(100), below(100), below(2) ? "uniform" : "lognormal", ONE_OF(early));
	}
}

static void put_random_rules(void)
{
	for (int i = below(5); i >= 0; i--)
		put_into(below(4) ? "default" : "*",
		         arena_printf(w->arena, "{\"match\":%s,\"when\":%s,\"continue\":%s,%s}", random_match(), random_when(),
		                      below(2) ? "true" : "false", random_effect()));
	if (below(4))
		return;
	static const char body[] = "{\"instructions\":{\"DescribeDisks\":[\"reset@after_commit\",\"pass\",\"error:InternalError\"]}}";
	struct fault_refusal why;
	int64_t now_ms;
	cJSON *test = retry_test_add(list_of("default", &now_ms), w->arena, json(body), &why);
	ck_assert_ptr_nonnull(test);
	arena_defer(w->arena, delete_tree, test);
}

/* ---- foreseen and met --------------------------------------------------------------------------------------------------- */

/* Rules and phases in the order of meeting, latency and code as they came out. */
static const char *foreseen(const cJSON *call)
{
	const char *text = "";
	int latency = 0;
	const cJSON *met, *effect;
	cJSON_ArrayForEach(met, cJSON_GetObjectItemCaseSensitive(call, "meets")) {
		text = arena_printf(w->arena, "%s%s at %s; ", text, text_of(met, "rule"), text_of(met, "phase"));
		cJSON_ArrayForEach(effect, cJSON_GetObjectItemCaseSensitive(met, "do"))
			if (str_is(text_of(effect, "type"), "latency"))
				latency += int_of(effect, "latency");
	}
	return arena_printf(w->arena, "%s%d ms", text, latency);
}

static const char *met(const struct request *r)
{
	const char *text = "";
	for (const struct trail_step *step = r->trail.first; step; step = step->next)
		if (str_is(step->kind, "fault") && step->verdict == TRAIL_APPLIED)
			text = arena_printf(w->arena, "%s%s at %.*s; ", text, step->what, (int)strcspn(step->detail, ":"), step->detail);
	return arena_printf(w->arena, "%s%d ms", text, (int)r->wire.delay_ms);
}

static const char *examples(const char *snapshot)
{
	const char *rename = arena_printf(w->arena, "{\"SnapshotId\":\"%s\",\"SnapshotName\":\"x\"}", snapshot), *text = "[";
	for (size_t i = 0; i < LENGTH(actions); i++)
		text = arena_printf(w->arena, "%s%s{\"action\":\"%s\",\"region\":\"ap-guangzhou\",\"secret_id\":\"" WORLD_ID "\","
		                              "\"params\":%s}", text, i ? "," : "", actions[i], i == 2 ? rename : "{\"Limit\":3}");
	return arena_printf(w->arena, "%s]", text);
}

static cJSON *preview(const cJSON *calls, int next)
{
	struct fault_refusal why = { "", "" };
	struct fault_list lists[2];
	lists[0].faults = list_of("default", &lists[0].now_ms);
	lists[1].faults = list_of("*", &lists[1].now_ms);
	lists[1].now_ms = w->wall_ms;
	cJSON *out = faults_preview(lists, 2, w->arena, calls, next, w->wall_ms, &why);
	ck_assert_msg(out != NULL, "%s %s", why.pointer, why.why);
	arena_defer(w->arena, delete_tree, out);
	return out;
}

static void compare(const cJSON *calls)
{
	/* Half of it, then what is left: a preview of a list that has counted. */
	for (int half = 0; half < 2; half++) {
		const cJSON *plan = preview(calls, CALLS), *again = preview(calls, CALLS);
		ck_assert(cJSON_Compare(plan, again, true));
		for (int i = 0; i < CALLS / 2; i++) {
			const cJSON *example = cJSON_GetArrayItem(calls, i % (int)LENGTH(actions));
			char *params = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(example, "params"));
			const struct request *r = send(text_of(example, "action"), params);
			cJSON_free(params);
			ck_assert_str_eq(met(r), foreseen(cJSON_GetArrayItem(plan, i)));
		}
	}
}

START_TEST(preview_is_what_happens)
{
	rng_init(&rng, 20261124);
	for (int set = 0; set < SETS; set++) {
		if (set % 50 == 0)
			start_afresh();
		int64_t now_ms;
		faults_reset(list_of("default", &now_ms));
		faults_reset(list_of("*", &now_ms));
		world_freeze(w);
		if (set % 50 == 0) {
			ck_assert_str_eq(world_call(w, "CreateSnapshot", CREATE).code, "");
			world_advance(w, 10000);
		}
		const cJSON *list = cJSON_GetObjectItemCaseSensitive(world_call(w, "DescribeSnapshots", "{}").response, "SnapshotSet");
		const cJSON *calls = json(examples(text_of(list->child, "SnapshotId")));
		put_random_rules();
		compare(calls);
	}
}
END_TEST

/* Where a call would end, what it would look like; and nothing is consumed by asking. */
START_TEST(told)
{
	put("{\"name\":\"slow\",\"continue\":true,\"do\":{\"type\":\"latency\",\"latency\":200}}");
	put("{\"name\":\"twice\",\"when\":{\"schedule\":\".FF.\"},\"phase\":\"before_commit\","
	    "\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	const cJSON *plan = preview(json("{\"action\":\"DescribeDisks\"}"), 3);
	char *text = cJSON_PrintUnformatted(plan);
	ck_assert_str_eq(text, "[{\"call\":1,\"action\":\"DescribeDisks\",\"meets\":[{\"rule\":\"slow\",\"phase\":\"before_validate\","
	                       "\"do\":[{\"type\":\"latency\",\"latency\":200}]}],\"ends\":null},"
	                       "{\"call\":2,\"action\":\"DescribeDisks\",\"meets\":[{\"rule\":\"slow\",\"phase\":\"before_validate\","
	                       "\"do\":[{\"type\":\"latency\",\"latency\":200}]},{\"rule\":\"twice\",\"phase\":\"before_commit\","
	                       "\"do\":[{\"type\":\"error\",\"code\":\"InternalError\"}]}],\"ends\":\"before_commit\"},"
	                       "{\"call\":3,\"action\":\"DescribeDisks\",\"meets\":[{\"rule\":\"slow\",\"phase\":\"before_validate\","
	                       "\"do\":[{\"type\":\"latency\",\"latency\":200}]},{\"rule\":\"twice\",\"phase\":\"before_commit\","
	                       "\"do\":[{\"type\":\"error\",\"code\":\"InternalError\"}]}],\"ends\":\"before_commit\"}]");
	cJSON_free(text);
	ck_assert_int_eq(int_of(rule_now("slow"), "matched"), 0);
}
END_TEST

START_TEST(by_resource_state)
{
	put("{\"match\":{\"resource_state\":\"CREATING\"},\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	const cJSON *with = json("{\"action\":\"DeleteSnapshots\",\"resource_state\":[\"NORMAL\",\"CREATING\"]}");
	ck_assert_str_ne(foreseen(preview(with, 1)->child), "0 ms");
	ck_assert_str_eq(foreseen(preview(json("{\"action\":\"DeleteSnapshots\"}"), 1)->child), "0 ms");
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *calls;
		int next;
		const char *pointer, *part; /* of the sentence */
	} cases[] = {
		{ "{\"action\":\"CreateSnapshot\",\"params\":{\"Diskid\":\"x\"}}", 1, "/params/Diskid",
		  "CreateSnapshot takes no parameter \"Diskid\" here; accepted: DiskId, SnapshotName" },
		{ "{\"action\":\"DescribeDisks\",\"params\":{\"Filters\":[{\"Name\":\"zone\"},{\"Nam\":\"zone\"}]}}", 1,
		  "/params/Filters/1/Nam", "accepted: Name, Values" },
		{ "{\"action\":\"DescribeDisks\",\"params\":{\"Filters.0.Name\":\"zone\"}}", 1, "/params/Filters.0.Name",
		  "here; accepted: Filters, Limit" },
		{ "{\"action\":\"DescribeDisks\",\"resource_state\":[\"NORMAL\",\"NORMA\"]}", 1, "/resource_state",
		  "no state \"NORMA\"; states: UNATTACHED" },
		{ "{\"action\":\"DescribeDisks\",\"language\":\"zh\"}", 1, "/language", "no language \"zh\"; languages: en-US" },
		{ "{}", 1, "", "" },
		{ "{\"action\":\"Nope\"}", 1, "/action", "" },
		{ "{\"action\":\"DescribeDisks\",\"param\":{}}", 1, "/param", "" },
		{ "{\"action\":\"DescribeDisks\",\"params\":[]}", 1, "/params", "" },
		{ "{\"action\":\"DescribeDisks\",\"tags\":{\"a\":1}}", 1, "/tags", "" },
		{ "{\"action\":\"DescribeDisks\",\"resource_state\":1}", 1, "/resource_state", "" },
		{ "[]", 1, "", "" },
		{ "[{\"action\":\"DescribeDisks\"},{\"action\":\"Nope\"}]", 1, "/1/action", "" },
		{ "{\"action\":\"DescribeDisks\"}", 0, "", "" },
		{ "{\"action\":\"DescribeDisks\"}", PREVIEW_MAX + 1, "", "" },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fault_refusal why = { NULL, NULL };
		struct fault_list list = { .now_ms = 0 };
		list.faults = list_of("default", &list.now_ms);
		ck_assert_ptr_null(faults_preview(&list, 1, w->arena, json(cases[i].calls), cases[i].next, w->wall_ms, &why));
		ck_assert_str_eq(why.pointer, cases[i].pointer);
		ck_assert_msg(strstr(why.why, cases[i].part) != NULL, "%s", why.why);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { preview_is_what_happens, told, by_resource_state, refusals };
	return run_with_world("fault_preview", tests, LENGTH(tests));
}
