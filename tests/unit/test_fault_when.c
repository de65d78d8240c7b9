/* When a rule fires, as a function of its counters alone. */
#include "run.h"

#include <string.h>

#include "gateway/fault_internal.h"

enum { PUT_MS = 1000000 };

static struct arena *arena;
static struct fault_refusal why;

static void set_up(void)
{
	arena = arena_new();
	why = (struct fault_refusal){ NULL, NULL };
}

static void tear_down(void)
{
	arena_free(arena);
}

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

static bool parse(const char *text, struct when *out)
{
	const struct reading at = { arena, "/when", &why };
	cJSON *object = cJSON_Parse(text);
	ck_assert_msg(object != NULL, "no JSON: %s", text);
	arena_defer(arena, delete_tree, object);
	return when_parse(&at, object, "rule-1", PUT_MS, out);
}

/* What the first calls meet: F or '.' each. */
static const char *pattern(const char *text, size_t calls)
{
	struct when w;
	struct fault_count count = { 0 };
	const char *why_not;
	ck_assert_msg(parse(text, &w), "%s: %s", text, why.why);
	char *marks = arena_alloc(arena, calls + 1);
	for (size_t i = 0; i < calls; i++) {
		bool fires = when_fires(&w, &count, &why_not);
		ck_assert(fires == (why_not == NULL));
		count.hits += fires;
		marks[i] = fires ? 'F' : '.';
	}
	ck_assert_uint_eq(count.matched, calls);
	return marks;
}

START_TEST(counters)
{
	ck_assert_str_eq(pattern("{}", 4), "FFFF");
	ck_assert_str_eq(pattern("{\"times\":2}", 4), "FF..");
	ck_assert_str_eq(pattern("{\"skip\":2}", 5), "..FFF");
	ck_assert_str_eq(pattern("{\"skip\":1,\"times\":2}", 5), ".FF..");
	ck_assert_str_eq(pattern("{\"every\":3}", 7), "..F..F.");
	ck_assert_str_eq(pattern("{\"skip\":1,\"every\":2,\"times\":2}", 8), "..F.F...");
	ck_assert_str_eq(pattern("{\"max_hits\":1}", 3), "F..");
}
END_TEST

START_TEST(schedules)
{
	ck_assert_str_eq(pattern("{\"schedule\":\"FF.F\"}", 6), "FF.FFF");
	ck_assert_str_eq(pattern("{\"schedule\":\"F.\"}", 4), "F...");
	ck_assert_str_eq(pattern("{\"schedule\":\".\"}", 3), "...");
	ck_assert_str_eq(pattern("{\"schedule\":\".F\",\"max_hits\":2}", 5), ".FF..");
}
END_TEST

/* The same seed, the same lot; another seed, another; about as many as asked for. */
START_TEST(probabilities)
{
	const char *once = pattern("{\"probability\":0.3,\"seed\":7}", 1000);
	ck_assert_str_eq(once, pattern("{\"probability\":0.3,\"seed\":7}", 1000));
	ck_assert_str_ne(once, pattern("{\"probability\":0.3,\"seed\":8}", 1000));
	size_t fired = 0;
	for (const char *mark = once; *mark; mark++)
		fired += *mark == 'F';
	ck_assert_uint_gt(fired, 250);
	ck_assert_uint_lt(fired, 350);
	ck_assert_str_eq(pattern("{\"probability\":0}", 3), "...");
	ck_assert_str_eq(pattern("{\"probability\":1}", 3), "FFF");
}
END_TEST

START_TEST(windows)
{
	static const struct {
		const char *when;
		int64_t from, until;
	} cases[] = {
		{ "{}", INT64_MIN, INT64_MAX },
		{ "{\"from\":\"+0s\",\"for\":\"30s\"}", PUT_MS, PUT_MS + 30000 },
		{ "{\"for\":500}", PUT_MS, PUT_MS + 500 },
		{ "{\"from\":\"+5s\"}", PUT_MS + 5000, INT64_MAX },
		{ "{\"from\":\"1970-01-01T00:00:10Z\",\"for\":\"1m\"}", 10000, 70000 },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct when w;
		ck_assert_msg(parse(cases[i].when, &w), "%s", why.why);
		ck_assert_int_eq(w.from_ms, cases[i].from);
		ck_assert_int_eq(w.until_ms, cases[i].until);
		ck_assert(cases[i].from == INT64_MIN || !when_open(&w, w.from_ms - 1));
		ck_assert(when_open(&w, w.from_ms));
		ck_assert(!when_open(&w, w.until_ms));
	}
}
END_TEST

START_TEST(what_remains)
{
	static const struct {
		const char *when;
		struct fault_count count;
		int64_t remaining;
	} cases[] = {
		{ "{}", { 5, 5 }, -1 },
		{ "{\"times\":3}", { 1, 1 }, 2 },
		{ "{\"times\":3}", { 9, 3 }, 0 },
		{ "{\"schedule\":\"FF.F\"}", { 0, 0 }, -1 },
		{ "{\"schedule\":\"FF.F.\"}", { 1, 1 }, 2 },
		{ "{\"schedule\":\"F.\"}", { 7, 1 }, 0 },
		{ "{\"schedule\":\"FF.F\",\"max_hits\":2}", { 1, 1 }, 1 },
		{ "{\"times\":5,\"max_hits\":2}", { 1, 1 }, 1 },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct when w;
		ck_assert(parse(cases[i].when, &w));
		ck_assert_int_eq(when_remaining(&w, &cases[i].count), cases[i].remaining);
	}
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *when, *pointer, *why;
	} cases[] = {
		{ "[]", "/when", "must be an object" },
		{ "{\"tines\":2}", "/when/tines", "accepted: skip, times" },
		{ "{\"times\":0}", "/when/times", "from 1" },
		{ "{\"times\":1.5}", "/when/times", "whole number" },
		{ "{\"times\":\"2\"}", "/when/times", "whole number" },
		{ "{\"probability\":1.1}", "/when/probability", "from 0 to 1" },
		{ "{\"schedule\":\"\"}", "/when/schedule", "marks" },
		{ "{\"schedule\":\"FFx\"}", "/when/schedule", "marks" },
		{ "{\"schedule\":\"F\",\"skip\":0}", "/when/skip", "schedule" },
		{ "{\"schedule\":\"F\",\"times\":1}", "/when/times", "schedule" },
		{ "{\"from\":\"tomorrow\"}", "/when/from", "must be a time" },
		{ "{\"for\":\"soon\"}", "/when/for", "duration" },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct when w;
		ck_assert_msg(!parse(cases[i].when, &w), "%s was taken", cases[i].when);
		ck_assert_str_eq(why.pointer, cases[i].pointer);
		ck_assert_msg(strstr(why.why, cases[i].why) != NULL, "%s: %s", cases[i].when, why.why);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { counters, schedules, probabilities, windows, what_remains, refusals };
	Suite *suite = suite_create("fault_when");
	TCase *tc = tcase_create("when");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
