/* The list itself: what is refused and why, what is stored and shown, how it is changed. */
#include "fault_world.h"

static struct fault_refusal why;

static struct faults *own(void)
{
	int64_t now_ms;
	return list_of("default", &now_ms);
}

static const cJSON *keep(cJSON *tree)
{
	if (tree)
		arena_defer(w->arena, delete_tree, tree);
	return tree;
}

static const cJSON *try_put(const char *rule)
{
	why = (struct fault_refusal){ "", "" };
	return keep(faults_put(own(), w->arena, json(rule), w->wall_ms, w->wall_ms, &why));
}

static const cJSON *listed(void)
{
	return keep(faults_list(own(), w->wall_ms));
}

/* The names in their order, a blank between. */
static const char *names(void)
{
	const cJSON *rule;
	const char *text = "";
	cJSON_ArrayForEach(rule, listed())
		text = arena_printf(w->arena, "%s%s%s", text, *text ? " " : "", text_of(rule, "name"));
	return text;
}

#define PASS "\"do\":{\"type\":\"pass\"}"

/* ---- refusals ----------------------------------------------------------------------------------------------------------- */

START_TEST(refusals)
{
	static const struct {
		const char *rule, *pointer, *why;
	} cases[] = {
		{ "5", "", "must be an object" },
		{ "{}", "", "\"do\" is required" },
		{ "{" PASS ",\"wen\":{}}", "/wen", "accepted: name, match, when, phase, do, continue, ttl, tags" },
		{ "{" PASS ",\"name\":\"a/b\"}", "/name", "letters" },
		{ "{" PASS ",\"name\":7}", "/name", "a text" },
		{ "{" PASS ",\"phase\":\"before\"}", "/phase", "before_auth, before_validate" },
		{ "{" PASS ",\"ttl\":\"forever\"}", "/ttl", "duration" },
		{ "{" PASS ",\"tags\":{\"a\":1}}", "/tags/a", "a text" },
		{ "{" PASS ",\"match\":{\"action\":\"CreateSnapshots\"}}", "/match/action", "CreateSnapshot" },
		{ "{" PASS ",\"match\":{\"verb\":\"x\"}}", "/match/verb", "accepted: action" },
		{ "{" PASS ",\"when\":{\"times\":-1}}", "/when/times", "whole number" },
		{ "{\"do\":[]}", "/do", "1 to 16" },
		{ "{\"do\":\"reset_peer\"}", "/do", "must be an object" },
		{ "{\"do\":{\"type\":\"explode\"}}", "/do/type", "latency, error, http" },
		{ "{\"do\":{\"latency\":5}}", "/do/type", "latency" },
		{ "{\"do\":[{\"type\":\"pass\"},{\"type\":\"latency\"}]}", "/do/1", "\"latency\" is required" },
		{ "{\"do\":{\"type\":\"latency\",\"latency\":-1}}", "/do/latency", "from 0" },
		{ "{\"do\":{\"type\":\"latency\",\"latency\":1,\"distribution\":\"odd\"}}", "/do/distribution", "uniform, normal, lognormal" },
		{ "{\"do\":{\"type\":\"reset_peer\",\"bytes\":1}}", "/do/bytes", "not known" },
		{ "{\"do\":{\"type\":\"http\",\"status\":100}}", "/do/status", "from 200 to 599" },
		{ "{\"do\":{\"type\":\"http\",\"status\":500,\"headers\":{\"A B\":\"\"}}}", "/do/headers/A B", "name of a header" },
		{ "{\"do\":{\"type\":\"http\",\"status\":500,\"headers\":{\"X\":\"a\\r\\nB: c\"}}}", "/do/headers/X", "control characters" },
		{ "{\"do\":{\"type\":\"http\",\"status\":500,\"headers\":{\"Content-Length\":\"1\"}}}", "/do/headers/Content-Length", "own" },
		{ "{\"do\":{\"type\":\"slicer\",\"average_size\":5,\"size_variation\":5}}", "/do/size_variation", "less" },
		{ "{\"do\":{\"type\":\"stale_read\"}}", "/do", "reads" },
		{ "{\"do\":{\"type\":\"stale_read\",\"reads\":1,\"for\":1}}", "/do", "not both" },
		{ "{\"do\":{\"type\":\"truncate\"},\"phase\":\"before_commit\"}", "/phase", "after_commit, mid_body" },
		{ "{\"do\":{\"type\":\"stuck\"},\"phase\":\"after_commit\"}", "/phase", "before_commit" },
		{ "{\"do\":[{\"type\":\"stuck\"},{\"type\":\"truncate\"}]}", "/do", "no phase suits" },
		{ "{" PASS ",\"phase\":\"before_auth\",\"match\":{\"resource_state\":\"NORMAL\"}}", "/match/resource_state", "before_validate" },
		{ "{" PASS ",\"phase\":\"before_auth\",\"match\":{\"account\":1}}", "/match/account", "before_validate" },
		{ "[{" PASS "},{\"do\":{\"type\":\"error\"}}]", "/1/do", "\"code\" is required" },
		{ "[{" PASS ",\"name\":\"a\"},{" PASS ",\"name\":\"a\"}]", "/1/name", "twice" },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_msg(!try_put(cases[i].rule), "%s was taken", cases[i].rule);
		ck_assert_str_eq(why.pointer, cases[i].pointer);
		ck_assert_msg(strstr(why.why, cases[i].why) != NULL, "%s: %s", cases[i].rule, why.why);
	}
	ck_assert_str_eq(names(), "");
}
END_TEST

/* A code must be one that the action can answer, or be asked for twice. */
START_TEST(codes)
{
	static const struct {
		const char *match, *code, *more;
		bool taken;
	} cases[] = {
		{ "{\"action\":\"CreateSnapshot\"}", "InvalidDisk.Busy", "", true },
		{ "{\"action\":\"CreateSnapshot\"}", "RequestLimitExceeded", "", true },
		{ "{\"action\":\"CreateSnapshot\"}", "TradeDealConflict", "", false },
		{ "{\"action\":\"CreateSnapshot\"}", "TradeDealConflict", ",\"force\":true", true },
		{ "{\"action\":[\"AttachDisks\",\"DetachDisks\"]}", "ResourceBusy", "", true },
		{ "{\"action\":[\"AttachDisks\",\"DetachDisks\"]}", "UnsupportedOperation.DetachPod", "", false },
		{ "{\"action\":\"Attach*\"}", "ResourceUnavailable.Attached", "", true },
		{ "{\"action\":\"Create*\"}", "InvalidDisk.Busy", "", false },
		{ "{}", "InternalError", "", true },
		{ "{}", "InvalidDisk.Busy", "", false },
		{ "{}", "Nonsense", ",\"force\":true", true },
		{ "{}", "Non sense", ",\"force\":true", false },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		const char *rule = arena_printf(w->arena, "{\"match\":%s,\"do\":{\"type\":\"error\",\"code\":\"%s\"%s}}", cases[i].match,
		                                cases[i].code, cases[i].more);
		ck_assert_msg((try_put(rule) != NULL) == cases[i].taken, "%s: %s", rule, why.why);
		if (!cases[i].taken)
			ck_assert_str_eq(why.pointer, "/do/code");
	}
}
END_TEST

/* ---- what is stored ----------------------------------------------------------------------------------------------------- */

START_TEST(stored_as_put)
{
	const cJSON *rule = try_put("{\"do\":{\"type\":\"error\",\"code\":\"InternalError\",\"message\":null},\"when\":{\"times\":2},"
	                            "\"hits\":7}");
	char *text = cJSON_PrintUnformatted(rule);
	ck_assert_str_eq(text, "{\"name\":\"rule-1\",\"do\":{\"type\":\"error\",\"code\":\"InternalError\",\"message\":null},"
	                       "\"when\":{\"times\":2},\"phase\":\"before_validate\",\"matched\":0,"
	                       "\"hits\":0,\"remaining\":2,\"last_request_ids\":[]}");
	cJSON_free(text);
	ck_assert_str_eq(text_of(try_put("{" PASS ",\"name\":\"rule-2\"}"), "name"), "rule-2");
	ck_assert_str_eq(text_of(try_put("{" PASS "}"), "name"), "rule-3");
	ck_assert_str_eq(text_of(try_put("{\"do\":[{\"type\":\"latency\",\"latency\":1},{\"type\":\"slow_close\",\"delay\":1}]}"), "phase"),
	                 "before_validate");
}
END_TEST

START_TEST(in_order_and_in_place)
{
	try_put("[{" PASS ",\"name\":\"a\"},{" PASS ",\"name\":\"b\"},{" PASS ",\"name\":\"c\"}]");
	send("DescribeDisks", "{}");
	ck_assert_int_eq(int_of(rule_now("a"), "hits"), 1);
	try_put("{" PASS ",\"name\":\"a\",\"tags\":{\"new\":\"yes\"}}");
	ck_assert_str_eq(names(), "a b c");
	ck_assert_int_eq(int_of(rule_now("a"), "hits"), 0);
	ck_assert(faults_remove(own(), "b"));
	ck_assert(!faults_remove(own(), "b"));
	ck_assert_str_eq(names(), "a c");
	send("DescribeDisks", "{}");
	ck_assert_int_eq(int_of(rule_now("a"), "hits"), 1);
	ck_assert_int_eq(int_of(rule_now("c"), "hits"), 0);
}
END_TEST

/* What GET answers, PUT takes. */
START_TEST(replaced_by_itself)
{
	try_put("[{" PASS ",\"name\":\"a\",\"ttl\":\"60s\"},{\"do\":{\"type\":\"stuck\"},\"name\":\"b\",\"when\":{\"schedule\":\"F.\"}}]");
	send("DescribeDisks", "{}");
	const cJSON *before = listed();
	ck_assert_ptr_nonnull(keep(faults_replace(own(), w->arena, before, 0, w->wall_ms, &why)));
	ck_assert_str_eq(names(), "a b");
	ck_assert_int_eq(int_of(rule_now("a"), "hits"), 0);
	ck_assert_ptr_null(faults_replace(own(), w->arena, json("[{" PASS "},{}]"), 0, w->wall_ms, &why));
	ck_assert_str_eq(why.pointer, "/1");
	ck_assert_ptr_null(faults_replace(own(), w->arena, json("{}"), 0, w->wall_ms, &why));
	ck_assert_str_eq(names(), "a b");
	ck_assert_ptr_nonnull(keep(faults_replace(own(), w->arena, json("[]"), 0, w->wall_ms, &why)));
	ck_assert_str_eq(names(), "");
}
END_TEST

START_TEST(patched)
{
	try_put("{\"name\":\"p\",\"match\":{\"action\":\"DescribeDisks\"},\"when\":{\"times\":1},\"tags\":{\"a\":\"1\",\"b\":\"2\"}," PASS "}");
	send("DescribeDisks", "{}");
	const cJSON *patch = json("{\"when\":{\"times\":3},\"tags\":{\"a\":null}}");
	const cJSON *rule = keep(faults_patch(own(), w->arena, "p", patch, 0, w->wall_ms, &why));
	ck_assert_ptr_nonnull(rule);
	ck_assert_int_eq(int_of(rule, "hits"), 1);
	ck_assert_int_eq(int_of(rule, "remaining"), 2);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(rule, "last_request_ids")), 1);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(rule, "tags")), 1);
	ck_assert_str_eq(text_of(cJSON_GetObjectItemCaseSensitive(rule, "match"), "action"), "DescribeDisks");
	ck_assert_ptr_null(faults_patch(own(), w->arena, "p", json("{\"do\":null}"), 0, w->wall_ms, &why));
	ck_assert_str_eq(why.pointer, "");
	ck_assert_ptr_null(faults_patch(own(), w->arena, "p", json("{\"name\":\"q\"}"), 0, w->wall_ms, &why));
	ck_assert_str_eq(why.pointer, "/name");
	ck_assert_ptr_null(faults_patch(own(), w->arena, "p", json("[]"), 0, w->wall_ms, &why));
	ck_assert_ptr_null(faults_patch(own(), w->arena, "nobody", json("{}"), 0, w->wall_ms, &why));
	ck_assert_ptr_null(why.pointer);
	ck_assert_int_eq(int_of(rule_now("p"), "hits"), 1);
}
END_TEST

START_TEST(merged)
{
	try_put("{\"name\":\"m\"," PASS "}");
	send("DescribeDisks", "{}");
	const cJSON *patches = json("[{\"name\":\"m\",\"continue\":true},{\"name\":\"n\"," PASS "}]");
	ck_assert_ptr_nonnull(keep(faults_merge(own(), w->arena, patches, 0, w->wall_ms, &why)));
	ck_assert_str_eq(names(), "m n");
	ck_assert_int_eq(int_of(rule_now("m"), "hits"), 1);
	ck_assert_ptr_null(faults_merge(own(), w->arena, json("[{\"name\":\"m\",\"ttl\":1},{\"name\":\"o\"}]"), 0, w->wall_ms, &why));
	ck_assert_str_eq(text_of(rule_now("m"), "expires_at"), "");
}
END_TEST

START_TEST(cleared_by_tag)
{
	try_put("[{" PASS ",\"name\":\"a\",\"tags\":{\"test\":\"1\"}},{" PASS ",\"name\":\"b\",\"tags\":{\"test\":\"2\"}},"
	        "{" PASS ",\"name\":\"c\"}]");
	ck_assert_uint_eq(faults_clear(own(), "test", "2"), 1);
	ck_assert_str_eq(names(), "a c");
	ck_assert_uint_eq(faults_clear(own(), "test", NULL), 1);
	ck_assert_str_eq(names(), "c");
	ck_assert_uint_eq(faults_clear(own(), NULL, NULL), 1);
}
END_TEST

START_TEST(bounded)
{
	struct buf text;
	buf_init(&text, 1024 * 1024);
	buf_addc(&text, '[');
	for (int i = 0; i < 256; i++)
		buf_printf(&text, "%s{" PASS "}", i ? "," : "");
	buf_addc(&text, ']');
	ck_assert_ptr_nonnull(try_put(text.data));
	buf_finish(&text);
	ck_assert_ptr_null(try_put("{" PASS "}"));
	ck_assert_ptr_nonnull(strstr(why.why, "256"));
	ck_assert_ptr_nonnull(try_put("{" PASS ",\"name\":\"rule-7\"}"));
}
END_TEST

/* A copy goes on from where the list stands, by itself. */
START_TEST(copied)
{
	try_put("[{" PASS ",\"name\":\"a\",\"when\":{\"times\":3}},{" PASS ",\"name\":\"b\",\"ttl\":1000}]");
	send("DescribeDisks", "{}");
	struct faults *copy = faults_copy(own());
	send("DescribeDisks", "{}");
	const cJSON *a = keep(faults_get(copy, "a", w->wall_ms));
	ck_assert_int_eq(int_of(a, "hits"), 1);
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(a, "last_request_ids")), 1);
	ck_assert_ptr_null(faults_get(copy, "b", w->wall_ms + 1000));
	faults_reset(own());
	ck_assert_str_eq(names(), "");
	ck_assert(faults_wait_at(copy, PHASE_BEFORE_VALIDATE));
	faults_free(copy);
}
END_TEST

/* What is offered is accepted. */
START_TEST(targets)
{
	const cJSON *told = keep(faults_targets()), *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(told, "match")) {
		try_put(arena_printf(w->arena, "{" PASS ",\"match\":{\"%s\":[]}}", item->valuestring));
		ck_assert_ptr_null(strstr(why.why, "accepted:"));
	}
	ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(told, "actions")), 61);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(told, "effects")) {
		const cJSON *phase;
		cJSON_ArrayForEach(phase, cJSON_GetObjectItemCaseSensitive(item, "phases")) {
			try_put(arena_printf(w->arena, "{\"do\":{\"type\":\"%s\",\"latency\":1},\"phase\":\"%s\"}", text_of(item, "type"),
			                     phase->valuestring));
			ck_assert(!str_is(why.pointer, "/phase"));
		}
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		refusals, codes, stored_as_put, in_order_and_in_place, replaced_by_itself, patched, merged, cleared_by_tag, bounded, copied,
		targets,
	};
	return run_with_world("fault_list", tests, LENGTH(tests));
}
