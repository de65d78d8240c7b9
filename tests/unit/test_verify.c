/* Assertions over the journal: counts, order, retries, and the report they come from. */
#include "run.h"

#include <string.h>

#include "gateway/journal.h"
#include "gateway/report.h"
#include "gateway/verify.h"
#include "util/str.h"
#include "world.h"

#define DISK "{\"DiskId\":\"disk-lzrg2pwi\"}"

enum { BASE_MS = 1000000 };

static struct test_world *w;
static struct journal *journal;

/* Snapshots are ready at once, so that a disk can be asked for one after the other. */
static void open_world(void)
{
	struct mock_config config;
	mock_config_default(&config);
	config.rate_factor = 0;
	for (int i = 0; i < N_TRANSITIONS; i++)
		config.transitions[i].progression = PROGRESS_IMMEDIATE;
	w = world_open_with(&config);
	journal = journal_new(10000, 64 * 1024 * 1024);
}

static void close_world(void)
{
	journal_free(journal);
	world_close(w);
}

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

static const cJSON *tree_of(const char *json)
{
	cJSON *tree = cJSON_Parse(json);
	ck_assert_msg(tree != NULL, "no JSON: %s", json);
	arena_defer(w->arena, delete_tree, tree);
	return tree;
}

/* ---- requests at chosen moments ---------------------------------------------------------------------------------------- */

/* What a client gets to see. */
#define ANSWERED NULL
#define LOST "lost" /* the connection is reset after the commit */

/* A real request whose answer, if it is not ANSWERED, is spoilt afterwards: LOST, or an error code. */
static const char *at(int64_t ms, const char *action, const char *params, const char *fate)
{
	struct request *r = world_request(w, action, params);
	mock_handle(w->mock, r);
	r->wall_ms = BASE_MS + ms;
	r->took_us = 0;
	if (str_is(fate, LOST)) {
		r->wire.end = WIRE_RESET;
	} else if (fate) {
		r->error.code = fate;
		r->committed = false;
	}
	journal_add(journal, r, ms * 1000);
	return r->request_id;
}

static const cJSON *ask_for(enum outcome_of_test (*ask)(struct journal *j, struct arena *a, const cJSON *body, struct json_out *o,
                                                        struct match_refusal *why),
                            const char *body, enum outcome_of_test wanted)
{
	struct buf text;
	struct json_out o;
	struct match_refusal why = { "", "" };
	buf_init(&text, 16 * 1024 * 1024);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	enum outcome_of_test verdict = ask(journal, w->arena, tree_of(body), &o, &why);
	out_end_object(&o);
	ck_assert_msg(verdict == wanted, "%s: %d, %s %s %s", body, (int)verdict, text.data, why.pointer, why.why);
	const cJSON *answer = verdict == VERIFY_REFUSED ? NULL : tree_of(text.data);
	buf_finish(&text);
	return answer;
}

static const char *text_member(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int number_member(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	ck_assert_msg(cJSON_IsNumber(item), "no number %s", name);
	return item->valueint;
}

static int length(const cJSON *object, const char *name)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* ---- how often --------------------------------------------------------------------------------------------------------- */

static const struct count_case {
	const char *body;
	enum outcome_of_test verdict;
} count_cases[] = {
	{ "{}", VERIFY_HOLDS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"}}", VERIFY_HOLDS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":2}", VERIFY_HOLDS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":1}", VERIFY_FAILS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":{\"exactly\":2}}", VERIFY_HOLDS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":{\"at_least\":3}}", VERIFY_FAILS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":{\"at_most\":2}}", VERIFY_HOLDS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":{\"at_least\":1,\"at_most\":1}}", VERIFY_FAILS },
	{ "{\"match\":{\"action\":\"DeleteSnapshots\"},\"count\":{\"never\":true}}", VERIFY_HOLDS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":{\"never\":true}}", VERIFY_FAILS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":1,\"phase_reached\":\"after_commit\"}", VERIFY_HOLDS },
	{ "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":1,\"phase_reached\":\"after_body\"}", VERIFY_FAILS },
	{ "{\"matches\":{}}", VERIFY_REFUSED },
	{ "{\"match\":[]}", VERIFY_REFUSED },
	{ "{\"count\":-1}", VERIFY_REFUSED },
	{ "{\"count\":1.5}", VERIFY_REFUSED },
	{ "{\"count\":{}}", VERIFY_REFUSED },
	{ "{\"count\":{\"never\":false}}", VERIFY_REFUSED },
	{ "{\"count\":{\"about\":3}}", VERIFY_REFUSED },
	{ "{\"count\":{\"at_least\":3,\"at_most\":2}}", VERIFY_REFUSED },
	{ "{\"match\":{\"phase_reached\":\"after_body\"},\"phase_reached\":\"after_commit\"}", VERIFY_REFUSED },
	{ "{\"phase_reached\":\"never\"}", VERIFY_REFUSED },
};

START_TEST(counts_are_judged)
{
	at(0, "CreateSnapshot", DISK, LOST);
	at(1, "CreateSnapshot", "{\"DiskId\":\"disk-00000000\"}", ANSWERED);
	at(2, "DescribeDisks", "{}", ANSWERED);
	ask_for(verify_count, count_cases[_i].body, count_cases[_i].verdict);
}
END_TEST

START_TEST(the_nearest_miss_is_shown)
{
	at(0, "DescribeDisks", "{}", ANSWERED);
	const char *near_id = at(1, "CreateSnapshot", DISK, ANSWERED);
	const cJSON *answer = ask_for(
		verify_count, "{\"match\":{\"action\":\"CreateSnapshot\",\"param\":{\"DiskId\":\"disk-1\"}},\"count\":{\"exactly\":1}}",
		VERIFY_FAILS);
	ck_assert_str_eq(answer->child->string, "ok");
	ck_assert_int_eq(number_member(answer, "count"), 0);
	ck_assert_str_eq(text_member(answer, "expected"), "exactly 1");
	ck_assert_int_eq(number_member(answer, "journal_dropped"), 0);
	const cJSON *miss = cJSON_GetObjectItemCaseSensitive(answer, "nearest_miss");
	ck_assert_str_eq(text_member(miss, "request_id"), near_id);
	const cJSON *differs = cJSON_GetObjectItemCaseSensitive(miss, "differs");
	ck_assert_int_eq(cJSON_GetArraySize(differs), 1);
	ck_assert_str_eq(text_member(differs->child, "field"), "DiskId");
	ck_assert_str_eq(text_member(differs->child, "want"), "disk-1");
	ck_assert_str_eq(text_member(differs->child, "got"), "disk-lzrg2pwi");

	answer = ask_for(verify_count, "{\"match\":{\"action\":\"AttachDisks\",\"region\":\"eu-frankfurt\"}}", VERIFY_FAILS);
	ck_assert_ptr_null(cJSON_GetObjectItemCaseSensitive(answer, "nearest_miss"));
}
END_TEST

START_TEST(what_was_dropped_makes_it_uncertain)
{
	journal_free(journal);
	journal = journal_new(2, 1024 * 1024);
	at(0, "CreateSnapshot", DISK, ANSWERED);
	at(1000, "DescribeDisks", "{}", ANSWERED);
	at(2000, "CreateSnapshot", DISK, ANSWERED);
	const cJSON *answer = ask_for(verify_count, "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":1}", VERIFY_FAILS);
	ck_assert_int_eq(number_member(answer, "journal_dropped"), 1);
	ck_assert_ptr_nonnull(text_member(answer, "uncertain"));
	ask_for(verify_count, "{\"match\":{\"action\":\"DeleteSnapshots\"},\"count\":{\"never\":true}}", VERIFY_FAILS);
	/* What cannot change it leaves it certain. */
	ask_for(verify_count, "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":{\"at_least\":1}}", VERIFY_HOLDS);
	answer = ask_for(verify_count, "{\"match\":{\"action\":\"CreateSnapshot\"},\"count\":0}", VERIFY_FAILS);
	ck_assert_ptr_null(text_member(answer, "uncertain"));
	ask_for(verify_count, "{\"match\":{\"action\":\"CreateSnapshot\",\"since\":1},\"count\":1}", VERIFY_HOLDS);
	ask_for(verify_count, "{\"match\":{\"action\":\"CreateSnapshot\",\"since\":\"1970-01-01T00:16:41Z\"},\"count\":1}",
	        VERIFY_HOLDS);
	ask_for(verify_client, "{\"max_attempts\":1}", VERIFY_FAILS);
	ask_for(verify_sequence, "{\"sequence\":[{\"action\":\"CreateSnapshot\"},{\"action\":\"DescribeDisks\"}]}", VERIFY_FAILS);
}
END_TEST

/* ---- in which order ---------------------------------------------------------------------------------------------------- */

static const struct sequence_case {
	const char *body;
	enum outcome_of_test verdict;
	int steps_met;
} sequence_cases[] = {
	{ "{\"sequence\":[{\"action\":\"CreateSnapshot\"},{\"action\":\"DeleteSnapshots\"}]}", VERIFY_HOLDS, 2 },
	{ "{\"sequence\":[{\"action\":\"CreateSnapshot\"},{\"action\":\"DeleteSnapshots\"}],\"strict\":true}", VERIFY_FAILS, 1 },
	{ "{\"sequence\":[{\"action\":\"DescribeSnapshots\"},{\"action\":\"DescribeSnapshots\"},{\"action\":\"DeleteSnapshots\"}],"
	  "\"strict\":true}",
	  VERIFY_HOLDS, 3 },
	{ "{\"sequence\":[{\"action\":\"DeleteSnapshots\"},{\"action\":\"CreateSnapshot\"}]}", VERIFY_FAILS, 1 },
	{ "{\"sequence\":[{\"action\":\"CreateSnapshot\"},{\"action\":\"DeleteSnapshots\"}],\"strict\":true,"
	  "\"match\":{\"action\":[\"CreateSnapshot\",\"DeleteSnapshots\"]}}",
	  VERIFY_HOLDS, 2 },
	{ "{\"sequence\":[{\"action\":\"AttachDisks\"}]}", VERIFY_FAILS, 0 },
	{ "{\"sequence\":[]}", VERIFY_REFUSED, 0 },
	{ "{\"sequence\":[{\"action\":\"Nothing\"}]}", VERIFY_REFUSED, 0 },
	{ "{\"sequence\":[{}],\"strict\":1}", VERIFY_REFUSED, 0 },
	{ "{\"order\":[{}]}", VERIFY_REFUSED, 0 },
};

START_TEST(order_is_judged)
{
	const struct sequence_case *c = &sequence_cases[_i];
	at(0, "CreateSnapshot", DISK, ANSWERED);
	at(1, "DescribeSnapshots", "{}", ANSWERED);
	at(2, "DescribeSnapshots", "{}", ANSWERED);
	at(3, "DeleteSnapshots", "{\"SnapshotIds\":[\"snap-6qtrq4fn\"]}", ANSWERED);
	const cJSON *answer = ask_for(verify_sequence, c->body, c->verdict);
	if (!answer)
		return;
	ck_assert_int_eq(number_member(answer, "steps_met"), c->steps_met);
	ck_assert_int_eq(length(answer, "request_ids"), c->steps_met);
	if (c->verdict == VERIFY_FAILS)
		ck_assert_int_eq(number_member(answer, "missing_step"), c->steps_met);
}
END_TEST

/* ---- logical calls ----------------------------------------------------------------------------------------------------- */

static struct call_list calls_of(int64_t gap_ms)
{
	struct journal_list list;
	struct call_list calls;
	journal_read(journal, &list);
	calls_group(&list, gap_ms, w->arena, &calls);
	journal_list_finish(&list); /* the journal has the entries all the while */
	return calls;
}

START_TEST(attempts_are_grouped)
{
	at(0, "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"a\"}", "InternalError");
	at(500, "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"b\"}", ANSWERED);
	w->sender.form = SEND_V1_GET; /* the other order of members, another form: the same call */
	at(1000, "CreateSnapshot", "{\"SnapshotName\":\"a\",\"DiskId\":\"disk-lzrg2pwi\"}", "InternalError");
	w->sender.form = SEND_TC3_JSON;
	at(3000, "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"a\"}", ANSWERED);
	at(3100, "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"a\"}", ANSWERED); /* after a success: meant anew */
	struct call_list calls = calls_of(CALL_GAP_MS);
	ck_assert_uint_eq(calls.count, 3);
	ck_assert_uint_eq(calls.calls[0].count, 3);
	ck_assert_int_eq(calls.calls[0].waits_ms[0], 1000);
	ck_assert_int_eq(calls.calls[0].waits_ms[1], 2000);
	ck_assert_uint_eq(calls.calls[0].makers, 1);
	ck_assert_uint_eq(calls.calls[1].count, 1);
	ck_assert_uint_eq(calls.calls[2].count, 1);
	ck_assert_uint_eq(calls.calls[0].same, calls.calls[2].same);
	ck_assert_uint_eq(calls_of(1500).count, 4);
}
END_TEST

START_TEST(a_late_answer_may_have_been_given_up)
{
	struct request *r = world_request(w, "CreateSnapshot", DISK);
	mock_handle(w->mock, r);
	r->wall_ms = BASE_MS;
	r->wire.delay_ms = 5000;
	journal_add(journal, r, 0);
	at(3000, "CreateSnapshot", DISK, ANSWERED);
	struct call_list calls = calls_of(CALL_GAP_MS);
	ck_assert_uint_eq(calls.count, 1);
	ck_assert_uint_eq(calls.calls[0].makers, 2);
}
END_TEST

static const struct backoff_case {
	int64_t at[5]; /* 0 ends, but for the first */
	enum backoff shape;
} backoff_cases[] = {
	{ { 0, 10, 20, 30 }, BACKOFF_NONE },
	{ { 0, 1000 }, BACKOFF_CONSTANT },
	{ { 0, 1000, 2050, 3000 }, BACKOFF_CONSTANT },
	{ { 0, 1000, 3000, 7000, 15000 }, BACKOFF_EXPONENTIAL },
	{ { 0, 1000, 2300, 4000, 6200 }, BACKOFF_GROWING },
	{ { 0, 4000, 5000, 9000, 9100 }, BACKOFF_IRREGULAR },
};

START_TEST(backoff_has_a_shape)
{
	const struct backoff_case *c = &backoff_cases[_i];
	for (size_t i = 0; i < LENGTH(c->at) && (i == 0 || c->at[i]); i++)
		at(c->at[i], "DescribeDisks", "{}", "InternalError");
	struct call_list calls = calls_of(CALL_GAP_MS);
	ck_assert_uint_eq(calls.count, 1);
	ck_assert_str_eq(backoff_names[call_backoff(&calls.calls[0])], backoff_names[c->shape]);
}
END_TEST

static void write_duplicates(struct json_out *o)
{
	struct journal_list list;
	journal_read(journal, &list);
	duplicates_write(o, &list, w->arena);
	journal_list_finish(&list);
}

static void write_report(struct json_out *o)
{
	struct journal_list list;
	journal_read(journal, &list);
	report_write(o, &list, w->arena);
	journal_list_finish(&list);
}

static const cJSON *written(void (*write)(struct json_out *o))
{
	struct buf text;
	struct json_out o;
	buf_init(&text, 16 * 1024 * 1024);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	write(&o);
	out_end_object(&o);
	const cJSON *tree = tree_of(text.data);
	buf_finish(&text);
	return tree;
}

START_TEST(a_lost_answer_leaves_a_duplicate)
{
	const char *first = at(0, "CreateSnapshot", DISK, LOST), *second = at(1000, "CreateSnapshot", DISK, ANSWERED);
	at(5000, "CreateSnapshot", DISK, ANSWERED);
	const cJSON *answer = written(write_duplicates);
	ck_assert_int_eq(number_member(answer, "count"), 1);
	const cJSON *duplicate = cJSON_GetObjectItemCaseSensitive(answer, "duplicates")->child;
	const cJSON *ids = cJSON_GetObjectItemCaseSensitive(duplicate, "request_ids");
	ck_assert_int_eq(cJSON_GetArraySize(ids), 2);
	ck_assert_str_eq(ids->child->valuestring, first);
	ck_assert_str_eq(ids->child->next->valuestring, second);
	const cJSON *resources = cJSON_GetObjectItemCaseSensitive(duplicate, "resources");
	ck_assert_int_eq(cJSON_GetArraySize(resources), 2);
	ck_assert_str_eq(text_member(resources->child, "made_by"), first);
	ck_assert_str_ne(text_member(resources->child, "id"), text_member(resources->child->next, "id"));
	ck_assert_ptr_null(text_member(resources->child, "deleted_by"));

	const char *delete = at(6000, "DeleteSnapshots",
	                        arena_printf(w->arena, "{\"SnapshotIds\":[\"%s\"]}", text_member(resources->child, "id")), ANSWERED);
	duplicate = cJSON_GetObjectItemCaseSensitive(written(write_duplicates), "duplicates")->child;
	ck_assert_str_eq(text_member(cJSON_GetObjectItemCaseSensitive(duplicate, "resources")->child, "deleted_by"), delete);
}
END_TEST

/* ---- how well ---------------------------------------------------------------------------------------------------------- */

#define RULES                                                                                                            \
	"{\"max_attempts\":3,\"no_retry_on\":[\"InvalidDiskId.NotFound\"],\"no_final_retries\":true,\"min_backoff_ms\":500," \
	"\"respect_rate_limit\":true,\"max_duplicates\":0,\"max_polls_per_second\":5,\"max_empty_pages\":0}"

START_TEST(a_good_client_passes)
{
	at(100, "CreateSnapshot", DISK, "RequestLimitExceeded");
	at(1100, "CreateSnapshot", DISK, "InternalError");
	at(3100, "CreateSnapshot", DISK, ANSWERED);
	for (int i = 0; i < 12; i++)
		at(4000 + 1000 * i, "DescribeSnapshots", "{}", ANSWERED);
	const cJSON *answer = ask_for(verify_client, RULES, VERIFY_HOLDS);
	ck_assert_int_eq(number_member(answer, "calls"), 13);
	ck_assert_int_eq(number_member(answer, "attempts"), 15);
	ck_assert_int_eq(length(answer, "violations"), 0);
	ask_for(verify_client,
	        "{\"match\":{\"action\":\"CreateSnapshot\"},\"backoff\":\"exponential\",\"retry_on\":[\"RequestLimit*\"]}",
	        VERIFY_HOLDS);
}
END_TEST

/* The rules broken, each with the requests that broke it. */
static const cJSON *violation(const char *rule)
{
	const cJSON *answer = ask_for(verify_client, RULES, VERIFY_FAILS), *found = NULL, *v;
	cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(answer, "violations"))
		if (str_is(text_member(v, "rule"), rule))
			found = v;
		else
			ck_abort_msg("also %s: %s", text_member(v, "rule"), text_member(v, "says"));
	ck_assert_msg(found != NULL, "no violation of %s", rule);
	return found;
}

START_TEST(retrying_what_cannot_be_cured_is_found)
{
	const char *first = at(0, "DescribeSnapshots", "{\"SnapshotIds\":[\"snap-6qtrq4fn\"]}", "InvalidSnapshotId.NotFound");
	const char *second = at(1000, "DescribeSnapshots", "{\"SnapshotIds\":[\"snap-6qtrq4fn\"]}", ANSWERED);
	const cJSON *ids = cJSON_GetObjectItemCaseSensitive(violation("no_final_retries"), "request_ids");
	ck_assert_str_eq(ids->child->valuestring, first);
	ck_assert_str_eq(ids->child->next->valuestring, second);
}
END_TEST

START_TEST(duplicates_are_found)
{
	at(0, "CreateSnapshot", DISK, LOST);
	at(1000, "CreateSnapshot", DISK, ANSWERED);
	ck_assert_int_eq(length(violation("max_duplicates"), "request_ids"), 2);
}
END_TEST

START_TEST(hammering_is_found)
{
	for (int i = 0; i < 5; i++)
		at(1000 * i, "DescribeDisks", "{}", "InternalError");
	ck_assert_int_eq(length(violation("max_attempts"), "request_ids"), 5);
}
END_TEST

START_TEST(haste_is_found)
{
	at(100, "DescribeDisks", "{}", "InternalError");
	at(400, "DescribeDisks", "{}", ANSWERED);
	ck_assert_str_eq(text_member(violation("min_backoff_ms"), "says"),
	                 "waited 300 ms before trying again, at least 500 are asked for");
}
END_TEST

START_TEST(an_ignored_limit_is_found)
{
	at(100, "DescribeDisks", "{}", "RequestLimitExceeded");
	at(900, "DescribeDisks", "{}", ANSWERED);
	ck_assert_int_eq(length(violation("respect_rate_limit"), "request_ids"), 2);
}
END_TEST

START_TEST(poll_storms_are_found)
{
	for (int i = 0; i < 20; i++)
		at(20 * i, "DescribeSnapshots", "{}", ANSWERED);
	ck_assert_int_eq(length(violation("max_polls_per_second"), "request_ids"), 20);
	const cJSON *report = written(write_report);
	ck_assert_str_eq(text_member(cJSON_GetObjectItemCaseSensitive(report, "findings")->child, "kind"), "poll_storm");
	ck_assert_int_eq(length(report, "polls"), 1);
}
END_TEST

START_TEST(empty_pages_are_found)
{
	at(0, "DescribeSnapshots", "{\"Offset\":0,\"Limit\":100}", ANSWERED);
	at(1000, "DescribeSnapshots", "{\"Offset\":100,\"Limit\":100}", ANSWERED);
	ck_assert_int_eq(length(violation("max_empty_pages"), "request_ids"), 1);
}
END_TEST

START_TEST(giving_up_early_is_found)
{
	at(0, "DescribeDisks", "{}", "InternalError");
	ask_for(verify_client, "{\"min_attempts\":2}", VERIFY_FAILS);
	ask_for(verify_client, "{\"retry_on\":[\"InternalError\"]}", VERIFY_FAILS);
	ask_for(verify_client, "{\"min_attempts\":1}", VERIFY_HOLDS);
	ask_for(verify_client, "{\"max_backoff_ms\":1}", VERIFY_HOLDS);
}
END_TEST

START_TEST(jitter_shows_between_calls)
{
	at(0, "DescribeDisks", "{}", "InternalError");
	at(1000, "DescribeDisks", "{}", ANSWERED);
	ask_for(verify_client, "{\"jitter\":true}", VERIFY_FAILS);
	at(5000, "DescribeDisks", "{}", "InternalError");
	at(6000, "DescribeDisks", "{}", ANSWERED);
	ask_for(verify_client, "{\"jitter\":true}", VERIFY_FAILS);
	ask_for(verify_client, "{\"jitter\":false}", VERIFY_HOLDS);
	at(10000, "DescribeDisks", "{}", "InternalError");
	at(11300, "DescribeDisks", "{}", ANSWERED);
	ask_for(verify_client, "{\"jitter\":true}", VERIFY_HOLDS);
}
END_TEST

static const char *const refused_rules[] = {
	"{}",
	"{\"match\":{}}",
	"{\"max_retries\":3}",
	"{\"max_attempts\":\"3\"}",
	"{\"max_attempts\":-1}",
	"{\"no_retry_on\":\"InternalError\"}",
	"{\"no_retry_on\":[]}",
	"{\"no_retry_on\":[\"Nonsense\"]}",
	"{\"jitter\":1}",
	"{\"backoff\":\"fibonacci\"}",
	"{\"max_attempts\":1,\"gap\":60}",
	"{\"max_attempts\":1,\"match\":{\"x\":1}}",
};

START_TEST(rules_are_a_closed_list)
{
	ask_for(verify_client, refused_rules[_i], VERIFY_REFUSED);
}
END_TEST

START_TEST(nothing_shows_nothing)
{
	const cJSON *answer = ask_for(verify_client, "{\"max_attempts\":1}", VERIFY_FAILS);
	ck_assert_ptr_nonnull(text_member(answer, "uncertain"));
}
END_TEST

START_TEST(the_report_tells_of_all)
{
	at(0, "CreateSnapshot", DISK, LOST);
	at(1, "CreateSnapshot", DISK, "InternalError");
	at(2, "CreateSnapshot", DISK, ANSWERED);
	at(3, "DescribeDisks", "{}", ANSWERED);
	const cJSON *report = written(write_report), *finding;
	ck_assert_int_eq(number_member(report, "requests"), 4);
	ck_assert_int_eq(number_member(report, "calls"), 2);
	ck_assert_int_eq(length(report, "actions"), 2);
	ck_assert_int_eq(length(report, "retried"), 1);
	ck_assert_str_eq(text_member(cJSON_GetObjectItemCaseSensitive(report, "retried")->child, "backoff"), "none");
	const char *kinds = "";
	cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(report, "findings"))
		kinds = arena_printf(w->arena, "%s %s", kinds, text_member(finding, "kind"));
	ck_assert_str_eq(kinds, " duplicate no_backoff");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify");
	TCase *tc = tcase_create("verify");
	tcase_add_checked_fixture(tc, open_world, close_world);
	const TTest *const tests[] = {
		the_nearest_miss_is_shown,
		what_was_dropped_makes_it_uncertain,
		attempts_are_grouped,
		a_late_answer_may_have_been_given_up,
		a_lost_answer_leaves_a_duplicate,
		a_good_client_passes,
		retrying_what_cannot_be_cured_is_found,
		duplicates_are_found,
		hammering_is_found,
		haste_is_found,
		an_ignored_limit_is_found,
		poll_storms_are_found,
		empty_pages_are_found,
		giving_up_early_is_found,
		jitter_shows_between_calls,
		nothing_shows_nothing,
		the_report_tells_of_all,
	};
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_loop_test(tc, counts_are_judged, 0, (int)LENGTH(count_cases));
	tcase_add_loop_test(tc, order_is_judged, 0, (int)LENGTH(sequence_cases));
	tcase_add_loop_test(tc, backoff_has_a_shape, 0, (int)LENGTH(backoff_cases));
	tcase_add_loop_test(tc, rules_are_a_closed_list, 0, (int)LENGTH(refused_rules));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
