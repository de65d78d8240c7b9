/* The match object: what is refused and how that is told, what holds, what differs. */
#include "run.h"

#include <string.h>

#include "gateway/fault.h"
#include "gateway/match.h"
#include "util/str.h"

static struct arena *arena;
static cJSON *params;

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

static cJSON *tree_of(const char *json)
{
	cJSON *tree = cJSON_Parse(json);
	ck_assert_msg(tree != NULL, "no JSON: %s", json);
	arena_defer(arena, delete_tree, tree);
	return tree;
}

static void open_arena(void)
{
	arena = arena_new();
	params = tree_of(
		"{\"DiskId\":\"disk-lzrg2pwi\",\"DiskSize\":50,\"Encrypt\":false,\"DiskIds\":[\"disk-a\",\"disk-b\"],"
		"\"Filters\":[{\"Name\":\"zone\",\"Values\":[\"ap-guangzhou-3\"]},{\"Name\":\"disk-type\",\"Values\":[\"CLOUD_SSD\"]}]}");
}

static void close_arena(void)
{
	arena_free(arena);
}

static const char *const *states(void *data)
{
	static const char *const list[] = { "ATTACHED", "CREATING", NULL };
	(void)data;
	return list;
}

static struct match_view view(void)
{
	static const char *const faults[] = { "lost-answer", NULL }, *const resources[] = { "disk-lzrg2pwi", "snap-00000001", NULL };
	static const struct name_value tags[] = { { "test", "retry_17" }, { "slow", "" } };
	return (struct match_view){
		.action = "CreateSnapshot",
		.region = "ap-guangzhou",
		.secret_id = "AKIDtest",
		.language = "",
		.client = "SDK_PYTHON_3.1.162",
		.address = "127.0.0.1",
		.account = 100000000001,
		.tags = tags,
		.tag_count = 2,
		.params = params,
		.states = states,
		.code = "OK",
		.phase = PHASE_AFTER_COMMIT,
		.stage = "",
		.guard = "",
		.request_id = "id-1",
		.faults = faults,
		.resources = resources,
		.seq = 7,
		.wall_ms = INT64_C(1767225600000), /* 2026-01-01T00:00:00Z */
	};
}

static struct match *parse(const char *json, enum match_use use)
{
	struct match_refusal why = { NULL, NULL };
	struct match *m = match_parse(arena, tree_of(json), use, "/match", &why);
	ck_assert_msg(m != NULL, "%s: %s: %s", json, why.pointer, why.why);
	return m;
}

/* ---- what holds -------------------------------------------------------------------------------------------------------- */

static const struct holding {
	const char *match;
	bool holds;
} holdings[] = {
	{ "{}", true },
	{ "{\"action\":\"CreateSnapshot\"}", true },
	{ "{\"action\":\"Create*\",\"region\":\"ap-*\"}", true },
	{ "{\"action\":\"Describe*\"}", false },
	{ "{\"action\":[\"CreateSnapshot\",\"CreateDisks\"]}", true },
	{ "{\"action\":{\"in\":[\"DescribeDisks\"]}}", false },
	{ "{\"region\":{\"suffix\":\"guangzhou\",\"prefix\":\"ap-\"}}", true },
	{ "{\"region\":{\"suffix\":\"guangzhou\",\"prefix\":\"eu-\"}}", false },
	{ "{\"secret_id\":\"AKIDother\"}", false },
	{ "{\"account\":100000000001}", true },
	{ "{\"account\":{\"gt\":100000000001}}", false },
	{ "{\"language\":\"zh-CN\"}", false },
	{ "{\"language\":{\"absent\":true}}", true },
	{ "{\"language\":{\"present\":false}}", true },
	{ "{\"client\":\"SDK_PYTHON*\",\"address\":\"127.0.0.1\"}", true },
	{ "{\"tag\":{\"test\":\"retry_17\"}}", true },
	{ "{\"tag\":{\"test\":\"retry_18\"}}", false },
	{ "{\"tag\":{\"slow\":{\"present\":true},\"run\":{\"absent\":true}}}", true },
	{ "{\"code\":\"OK\",\"phase_reached\":\"after_commit\"}", true },
	{ "{\"phase_reached\":\"before_validate\"}", true },
	{ "{\"phase_reached\":\"after_body\"}", false },
	{ "{\"code\":\"Invalid*\"}", false },
	{ "{\"code\":{\"matches\":\"Whatever.*\"}}", false },
	{ "{\"fault\":\"lost-answer\",\"resource\":\"snap-00000001\"}", true },
	{ "{\"fault\":{\"absent\":true}}", false },
	{ "{\"stage\":{\"absent\":true},\"guard\":{\"absent\":true},\"request_id\":\"id-1\"}", true },
	{ "{\"since\":6}", true },
	{ "{\"since\":7}", false },
	{ "{\"since\":\"2026-01-01T00:00:00Z\"}", true },
	{ "{\"since\":\"2026-01-01T00:00:01Z\"}", false },
	{ "{\"param\":{\"DiskId\":\"disk-lzrg2pwi\"}}", true },
	{ "{\"param\":{\"DiskId\":{\"equals\":\"disk-other\"}}}", false },
	{ "{\"param\":{\"DiskId\":{\"contains\":\"lzrg\",\"matches\":\"disk-????????\"}}}", true },
	{ "{\"param\":{\"DiskId\":\"disk-*\"}}", false },
	{ "{\"param\":{\"DiskId\":{\"present\":true},\"SnapshotName\":{\"absent\":true}}}", true },
	{ "{\"param\":{\"DiskSize\":50}}", true },
	{ "{\"param\":{\"DiskSize\":\"50\"}}", true },
	{ "{\"param\":{\"DiskSize\":{\"gte\":50,\"lt\":51}}}", true },
	{ "{\"param\":{\"DiskSize\":{\"gt\":50}}}", false },
	{ "{\"param\":{\"DiskSize\":{\"lte\":49}}}", false },
	{ "{\"param\":{\"DiskSize\":{\"in\":[10,50]}}}", true },
	{ "{\"param\":{\"Encrypt\":false}}", true },
	{ "{\"param\":{\"Encrypt\":\"False\"}}", true },
	{ "{\"param\":{\"DiskIds\":\"disk-b\"}}", true },
	{ "{\"param\":{\"DiskIds.1\":\"disk-b\",\"DiskIds.*\":\"disk-a\"}}", true },
	{ "{\"param\":{\"DiskIds.0\":\"disk-b\"}}", false },
	{ "{\"param\":{\"DiskIds.2\":{\"absent\":true}}}", true },
	{ "{\"param\":{\"DiskIds\":[\"disk-a\",\"disk-b\"]}}", true },
	{ "{\"param\":{\"DiskIds\":[\"disk-b\",\"disk-a\"]}}", false },
	{ "{\"param\":{\"Filters.*.Name\":\"disk-type\",\"Filters.0.Values\":\"ap-guangzhou-3\"}}", true },
	{ "{\"param\":{\"Filters.*.Values.0\":{\"prefix\":\"CLOUD_\"}}}", true },
	{ "{\"param\":{\"Filters.1.Name\":\"zone\"}}", false },
};

START_TEST(holds)
{
	const struct holding *h = &holdings[_i];
	struct match_view v = view();
	struct match *m = parse(h->match, MATCH_JOURNAL);
	ck_assert_msg(match_holds(m, &v) == h->holds, "%s", h->match);
	ck_assert_msg((match_differences(m, &v, arena, NULL, 0) == 0) == h->holds, "%s", h->match);
	if (h->holds)
		ck_assert(match_may_hold(m, &v));
}
END_TEST

/* The same questions to a form, which has only pairs until it is validated. */
START_TEST(pairs_are_parameters_too)
{
	static const struct name_value pairs[] = {
		{ "DiskSize", "50" },      { "Encrypt", "True" },        { "DiskIds.0", "disk-a" },
		{ "DiskIds.1", "disk-b" }, { "Filters.0.Name", "zone" }, { "Filters.0.Values.0", "ap-guangzhou-3" },
	};
	static const struct holding cases[] = {
		{ "{\"param\":{\"DiskSize\":50,\"Encrypt\":true}}", true },
		{ "{\"param\":{\"DiskSize\":{\"gt\":49}}}", true },
		{ "{\"param\":{\"DiskIds\":\"disk-b\",\"DiskIds.0\":\"disk-a\"}}", true },
		{ "{\"param\":{\"DiskIds.*\":\"disk-c\"}}", false },
		{ "{\"param\":{\"Filters.*.Values\":\"ap-guangzhou-3\",\"Filters\":{\"present\":true}}}", true },
		{ "{\"param\":{\"DiskId\":{\"absent\":true},\"Filters.1\":{\"absent\":true}}}", true },
	};
	struct match_view v = view();
	v.params = NULL;
	v.pairs = pairs;
	v.pair_count = LENGTH(pairs);
	for (size_t i = 0; i < LENGTH(cases); i++)
		ck_assert_msg(match_holds(parse(cases[i].match, MATCH_JOURNAL), &v) == cases[i].holds, "%s", cases[i].match);
}
END_TEST

START_TEST(states_are_asked_of_requests_on_their_way)
{
	struct match_view v = view();
	ck_assert(match_holds(parse("{\"resource_state\":\"CREATING\"}", MATCH_FAULT), &v));
	ck_assert(!match_holds(parse("{\"resource_state\":\"NORMAL\"}", MATCH_FAULT), &v));
	v.states = NULL;
	ck_assert(!match_holds(parse("{\"resource_state\":\"CREATING\"}", MATCH_FAULT), &v));
	ck_assert(match_asks(parse("{\"resource_state\":\"CREATING\"}", MATCH_FAULT), MATCH_RESOURCE_STATE));
	ck_assert(!match_asks(parse("{}", MATCH_FAULT), MATCH_RESOURCE_STATE));
}
END_TEST

START_TEST(since_is_told)
{
	uint64_t seq;
	int64_t wall_ms;
	match_since(parse("{\"since\":12}", MATCH_JOURNAL), &seq, &wall_ms);
	ck_assert_uint_eq(seq, 12);
	ck_assert_int_eq(wall_ms, INT64_MIN);
	match_since(parse("{\"since\":\"1970-01-01T00:00:01Z\"}", MATCH_JOURNAL), &seq, &wall_ms);
	ck_assert_uint_eq(seq, 0);
	ck_assert_int_eq(wall_ms, 1000);
}
END_TEST

/* ---- what differs ------------------------------------------------------------------------------------------------------ */

static const struct difference_case {
	const char *match, *field, *want, *got;
} differences[] = {
	{ "{\"action\":\"DescribeDisks\",\"region\":\"ap-guangzhou\"}", "action", "DescribeDisks", "CreateSnapshot" },
	{ "{\"param\":{\"DiskId\":\"disk-1\"}}", "DiskId", "disk-1", "disk-lzrg2pwi" },
	{ "{\"param\":{\"DiskSize\":{\"gt\":50}}}", "DiskSize", "gt 50", "50" },
	{ "{\"param\":{\"SnapshotName\":\"x\"}}", "SnapshotName", "x", NULL },
	{ "{\"param\":{\"DiskIds\":{\"prefix\":\"snap-\"}}}", "DiskIds", "prefix snap-", "[\"disk-a\",\"disk-b\"]" },
	{ "{\"phase_reached\":\"after_body\"}", "phase_reached", "after_body", "after_commit" },
	{ "{\"since\":9}", "since", "after 9", "7" },
	{ "{\"language\":{\"present\":true}}", "language", "present", NULL },
	{ "{\"account\":1}", "account", "1", "100000000001" },
	{ "{\"tag\":{\"test\":{\"in\":[\"a\",\"b\"]}}}", "test", "in [\"a\",\"b\"]", "retry_17" },
};

START_TEST(differs)
{
	const struct difference_case *d = &differences[_i];
	struct match_difference found;
	struct match_view v = view();
	ck_assert_uint_eq(match_differences(parse(d->match, MATCH_JOURNAL), &v, arena, &found, 1), 1);
	ck_assert_str_eq(found.field, d->field);
	ck_assert_str_eq(found.want, d->want);
	ck_assert_pstr_eq(found.got, d->got);
}
END_TEST

/* ---- what is refused --------------------------------------------------------------------------------------------------- */

static const struct refusal_case {
	enum match_use use;
	const char *match, *pointer, *part; /* part: of the sentence */
} refusals[] = {
	{ MATCH_JOURNAL, "[]", "/match", "must be an object; accepted: action, region" },
	{ MATCH_JOURNAL, "{\"acton\":\"CreateSnapshot\"}", "/match/acton", "\"acton\" is not known here; accepted: action, region" },
	{ MATCH_JOURNAL, "{\"action\":\"CreateSnapshots\"}", "/match/action", "no action \"CreateSnapshots\"; actions: " },
	{ MATCH_JOURNAL, "{\"action\":\"Make*\"}", "/match/action", "no action \"Make*\"" },
	{ MATCH_JOURNAL, "{\"action\":{\"in\":[\"CreateSnapshot\",\"X\"]}}", "/match/action/in", "no action \"X\"" },
	{ MATCH_JOURNAL, "{\"action\":7}", "/match/action", "no action of that kind" },
	{ MATCH_JOURNAL, "{\"action\":null}", "/match/action", "must be a value, a list of values, or an object of operators: equals" },
	{ MATCH_JOURNAL, "{\"region\":[]}", "/match/region", "must be a value" },
	{ MATCH_JOURNAL, "{\"code\":\"Busy\"}", "/match/code", "no code \"Busy\"; {\"matches\":\"…\"} for any other, or OK, " },
	{ MATCH_JOURNAL, "{\"action\":\"CreateSnapshot\",\"code\":\"Busy\"}", "/match/code", "InvalidDisk.Busy" },
	{ MATCH_JOURNAL, "{\"stage\":\"execut\"}", "/match/stage", "no stage \"execut\"; stages: transport, parse, sandbox" },
	{ MATCH_JOURNAL, "{\"stage\":\"exec?\"}", "/match/stage", "commit, store, fault" },
	{ MATCH_JOURNAL, "{\"stage\":[\"execute\",\"sign*\"]}", "/match/stage", "no stage \"sign*\"" },
	{ MATCH_JOURNAL, "{\"stage\":\"\"}", "/match/stage", "no stage \"\"" },
	{ MATCH_JOURNAL, "{\"guard\":{\"equals\":\"disk_bussy\"}}", "/match/guard/equals", "no guard \"disk_bussy\"; guards: " },
	{ MATCH_JOURNAL, "{\"guard\":{\"in\":[\"snapshot_creating\",\"nothing\"]}}", "/match/guard/in", "no guard \"nothing\"" },
	{ MATCH_JOURNAL, "{\"action\":\"DetachDisks\",\"guard\":\"x\"}", "/match/guard", "guards: disk_named_twice, mfa_expired" },
	{ MATCH_JOURNAL, "{\"guard\":7}", "/match/guard", "no guard of that kind" },
	{ MATCH_JOURNAL, "{\"language\":\"zh\"}", "/match/language", "no language \"zh\"; languages: en-US, zh-CN" },
	{ MATCH_FAULT, "{\"language\":{\"equals\":\"en\"}}", "/match/language/equals", "languages: en-US, zh-CN" },
	{ MATCH_FAULT, "{\"resource_state\":\"ATTACHD\"}", "/match/resource_state",
	  "no resource_state \"ATTACHD\"; states: UNATTACHED, ATTACHING, ATTACHED" },
	{ MATCH_FAULT, "{\"resource_state\":[\"NORMAL\",\"normal\"]}", "/match/resource_state", "RUNNING, STOPPED, SHUTDOWN" },
	{ MATCH_FAULT, "{\"resource_state\":\"X*\"}", "/match/resource_state", "no resource_state \"X*\"" },
	{ MATCH_JOURNAL, "{\"region\":{\"is\":\"x\"}}", "/match/region/is", "no operator \"is\"; operators: equals, contains" },
	{ MATCH_JOURNAL, "{\"region\":{}}", "/match/region", "operators: equals" },
	{ MATCH_JOURNAL, "{\"region\":{\"prefix\":1}}", "/match/region/prefix", "must be a text" },
	{ MATCH_JOURNAL, "{\"region\":{\"in\":\"x\"}}", "/match/region/in", "must be a list" },
	{ MATCH_JOURNAL, "{\"region\":{\"present\":1}}", "/match/region/present", "must be true or false" },
	{ MATCH_JOURNAL, "{\"account\":{\"gt\":\"1\"}}", "/match/account/gt", "must be a number" },
	{ MATCH_JOURNAL, "{\"phase_reached\":\"commit\"}", "/match/phase_reached",
	  "must be a phase; accepted: before_auth, before_validate" },
	{ MATCH_JOURNAL, "{\"since\":\"yesterday\"}", "/match/since", "or a time" },
	{ MATCH_JOURNAL, "{\"since\":-1}", "/match/since", "or a time" },
	{ MATCH_JOURNAL, "{\"param\":\"DiskId\"}", "/match/param", "must be an object" },
	{ MATCH_JOURNAL, "{\"tag\":\"x\"}", "/match/tag", "must be an object: {\"test\"" },
	{ MATCH_JOURNAL, "{\"param\":{\"DiskId\":null}}", "/match/param/DiskId", "{\"absent\":true}" },
	{ MATCH_JOURNAL, "{\"param\":{\"No/Such~\":1}}", "/match/param/No~1Such~0", "no action takes a parameter \"No/Such~\"" },
	{ MATCH_JOURNAL, "{\"action\":\"CreateSnapshot\",\"param\":{\"Diskid\":\"x\"}}", "/match/param/Diskid",
	  "CreateSnapshot takes no parameter \"Diskid\"; accepted: DiskId" },
	{ MATCH_JOURNAL, "{\"action\":{\"equals\":\"DescribeDisks\"},\"param\":{\"Filters.0.Nam\":\"x\"}}",
	  "/match/param/Filters.0.Nam", "accepted: Name, Values" },
	{ MATCH_JOURNAL, "{\"action\":\"DescribeDisks\",\"param\":{\"DiskIds.first\":\"x\"}}", "/match/param/DiskIds.first",
	  "elements of a list" },
	{ MATCH_JOURNAL, "{\"action\":\"DescribeDisks\",\"param\":{\"Limit.0\":1}}", "/match/param/Limit.0",
	  "plain values have no parts" },
	{ MATCH_JOURNAL, "{\"resource_state\":\"CREATING\"}", "/match/resource_state", "can only be asked of requests on their way" },
	{ MATCH_FAULT, "{\"code\":\"OK\"}", "/match/code", "can only be asked of requests that were answered" },
	{ MATCH_FAULT, "{\"phase_reached\":\"after_body\"}", "/match/phase_reached",
	  "can only be asked of requests that were answered" },
};

START_TEST(refuses)
{
	const struct refusal_case *c = &refusals[_i];
	struct match_refusal why = { NULL, NULL };
	ck_assert_msg(match_parse(arena, tree_of(c->match), c->use, "/match", &why) == NULL, "%s was taken", c->match);
	ck_assert_str_eq(why.pointer, c->pointer);
	ck_assert_msg(strstr(why.why, c->part) != NULL, "%s: %s", c->match, why.why);
}
END_TEST

/* What a field with only so many words still takes: those there are, wildcards that fit one, and whatever the free operators say. */
START_TEST(takes)
{
	static const struct {
		enum match_use use;
		const char *match;
	} cases[] = {
		{ MATCH_JOURNAL, "{\"stage\":\"execute\"}" },
		{ MATCH_JOURNAL, "{\"stage\":[\"store\",\"fault\"]}" },
		{ MATCH_JOURNAL, "{\"stage\":\"sig*\",\"guard\":\"disk_*\"}" },
		{ MATCH_JOURNAL, "{\"stage\":{\"matches\":\"of-old\"},\"guard\":{\"prefix\":\"x\"}}" },
		{ MATCH_JOURNAL, "{\"action\":\"CreateSnapshot\",\"guard\":\"snapshot_has_image\"}" },
		{ MATCH_JOURNAL, "{\"language\":[\"en-US\",\"zh-CN\"]}" },
		{ MATCH_FAULT, "{\"resource_state\":[\"ROLLBACKING\",\"CREATING\",\"STOPPED\"]}" },
		{ MATCH_FAULT, "{\"resource_state\":{\"suffix\":\"ING\"}}" },
	};
	for (size_t i = 0; i < LENGTH(cases); i++)
		parse(cases[i].match, cases[i].use);
}
END_TEST

START_TEST(regions_are_those_of_a_world)
{
	static const char *const regions[] = { "ap-guangzhou", "eu-moon", NULL };
	static const struct {
		const char *match, *pointer; /* NULL: it is taken */
	} cases[] = {
		{ "{}", NULL },
		{ "{\"region\":\"eu-moon\"}", NULL },
		{ "{\"region\":\"ap-*\"}", NULL },
		{ "{\"region\":{\"matches\":\"us-*\"}}", NULL },
		{ "{\"region\":{\"in\":[\"eu-moon\",\"ap-guangzhou\"]}}", NULL },
		{ "{\"region\":\"ap-guangzho\"}", "/match/region" },
		{ "{\"region\":\"us-*\"}", "/match/region" },
		{ "{\"region\":[\"eu-moon\",\"eu-mars\"]}", "/match/region" },
		{ "{\"region\":{\"equals\":\"eu-mars\"}}", "/match/region/equals" },
		{ "{\"region\":7}", "/match/region" },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct match_refusal why = { NULL, NULL };
		bool taken = match_check_regions(arena, tree_of(cases[i].match), regions, "/match", &why);
		ck_assert_msg(taken == !cases[i].pointer, "%s", cases[i].match);
		if (taken)
			continue;
		ck_assert_str_eq(why.pointer, cases[i].pointer);
		ck_assert_msg(strstr(why.why, "it has: ap-guangzhou, eu-moon") != NULL, "%s", why.why);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("match");
	TCase *tc = tcase_create("match");
	tcase_add_checked_fixture(tc, open_arena, close_arena);
	tcase_add_loop_test(tc, holds, 0, (int)LENGTH(holdings));
	tcase_add_test(tc, pairs_are_parameters_too);
	tcase_add_test(tc, states_are_asked_of_requests_on_their_way);
	tcase_add_test(tc, since_is_told);
	tcase_add_loop_test(tc, differs, 0, (int)LENGTH(differences));
	tcase_add_loop_test(tc, refuses, 0, (int)LENGTH(refusals));
	tcase_add_test(tc, takes);
	tcase_add_test(tc, regions_are_those_of_a_world);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
