/* The journal: what is kept of a request, for how long, and how it is found. */
#include "run.h"

#include <pthread.h>
#include <string.h>

#include "gateway/fault.h"
#include "gateway/sandboxes.h"
#include "journal_world.h"
#include "util/str.h"

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

static const struct match *match(const char *json)
{
	struct match_refusal why = { NULL, NULL };
	cJSON *tree = cJSON_Parse(json);
	ck_assert_msg(tree != NULL, "no JSON: %s", json);
	arena_defer(w->arena, delete_tree, tree);
	const struct match *m = match_parse(w->arena, tree, MATCH_JOURNAL, "", &why);
	ck_assert_msg(m != NULL, "%s: %s", why.pointer, why.why);
	return m;
}

static size_t count(const char *json)
{
	struct journal_list list = all();
	journal_list_filter(&list, match(json));
	size_t n = list.count;
	journal_list_finish(&list);
	return n;
}

static struct journal_stats stats(void)
{
	struct journal_stats s;
	journal_stats(journal, &s);
	return s;
}

static const char *params_text(const struct journal_entry *e)
{
	char *text = cJSON_PrintUnformatted(journal_params(e, w->arena));
	const char *copy = arena_strdup(w->arena, text ? text : "none");
	cJSON_free(text);
	return copy;
}

/* ---- what is kept ------------------------------------------------------------------------------------------------------ */

START_TEST(a_success_is_kept_whole)
{
	world_freeze(w);
	struct answer a = world_call(w, "CreateSnapshot", DISK);
	struct journal_list list = all();
	ck_assert_uint_eq(list.count, 1);
	const struct journal_entry *e = list.entries[0];
	ck_assert_uint_eq(e->seq, 1);
	ck_assert_str_eq(e->request_id, a.request_id);
	ck_assert_str_eq(e->code, "OK");
	ck_assert_str_eq(e->action, "CreateSnapshot");
	ck_assert_str_eq(e->region, "ap-guangzhou");
	ck_assert_str_eq(e->secret_id, WORLD_ID);
	ck_assert_str_eq(e->scheme, "TC3-HMAC-SHA256");
	ck_assert_str_eq(e->signed_with, "host");
	ck_assert_str_eq(params_text(e), DISK);
	ck_assert_str_eq(e->body, DISK);
	ck_assert_str_eq(e->answer, a.request->answer.data);
	ck_assert_int_eq(e->wall_ms, w->wall_ms);
	ck_assert_int_eq(e->now_ms, a.request->now_ms);
	ck_assert(e->committed);
	ck_assert_int_eq(e->phase, PHASE_AFTER_BODY);
	const char *made = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(a.response, "SnapshotId"));
	ck_assert_str_eq(journal_made(e, w->arena)[0], made);
	ck_assert_ptr_null(journal_made(e, w->arena)[1]);
	const char *const *resources = journal_resources(e, journal_params(e, w->arena), w->arena);
	ck_assert_str_eq(resources[0], "disk-lzrg2pwi");
	ck_assert_str_eq(resources[1], made);
	ck_assert_ptr_null(resources[2]);
	journal_list_finish(&list);
}
END_TEST

static const struct kept_case {
	const char *action, *params, *version, *code, *stage, *guard;
	enum phase phase;
	const char *kind, *what; /* that decided */
} kept_cases[] = {
	{ "DescribeDisks", "{}", "2017-03-12", "OK", "", "", PHASE_AFTER_BODY, "action", "DescribeDisks" },
	{ "DescribeDisks", "{\"Limit\":1000}", "2017-03-12", "InvalidParameterValue", "parameters", "", PHASE_BEFORE_VALIDATE, "stage",
	  "parameters" },
	{ "CreateSnapshot", "{\"DiskId\":\"disk-00000000\"}", "2017-03-12", "InvalidDiskId.NotFound", "execute", NULL,
	  PHASE_BEFORE_VALIDATE, "guard", NULL },
	{ "CreateSnapshot", "{}", "2018-01-01", "NoSuchVersion", "resolve", "", PHASE_BEFORE_VALIDATE, "stage", "resolve" },
	{ "MakeSnapshot", "{}", "2017-03-12", "InvalidAction", "resolve", "", PHASE_BEFORE_VALIDATE, "stage", "resolve" },
};

START_TEST(what_decided_is_named)
{
	const struct kept_case *k = &kept_cases[_i];
	w->sender.version = k->version;
	world_call(w, k->action, k->params);
	struct journal_list list = all();
	const struct journal_entry *e = list.entries[0];
	ck_assert_str_eq(e->code, k->code);
	ck_assert_str_eq(e->stage, k->stage);
	ck_assert(k->guard ? str_is(e->guard, k->guard) : *e->guard != '\0');
	ck_assert_int_eq(e->phase, k->phase);
	ck_assert(!e->committed);
	cJSON *why = cJSON_Parse(text_of(journal_write_why, e));
	const cJSON *decided = cJSON_GetObjectItemCaseSensitive(why, "decided_by");
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(decided, "kind")), k->kind);
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(decided, "what")), k->what ? k->what : e->guard);
	cJSON_Delete(why);
	journal_list_finish(&list);
}
END_TEST

static const struct refused_case {
	const char *header, *value; /* changed after signing; NULL: taken away */
	const char *stage, *code;
} refused_cases[] = {
	{ "Host", "example.com", "signature", "AuthFailure.SignatureFailure" },
	{ "Authorization", NULL, "presence", "AuthFailure.InvalidAuthorization" },
	{ "X-TC-Timestamp", "1", "scope", "AuthFailure.InvalidAuthorization" },
	{ "X-TC-Region", "moon", "region", "InvalidParameterValue" },
	{ "Content-Type", "text/plain", "parse", "UnsupportedProtocol" },
	{ "X-TC-Token", "surplus", "token", "AuthFailure.TokenFailure" },
};

START_TEST(the_trail_ends_at_the_check_that_refused)
{
	const struct refused_case *c = &refused_cases[_i];
	struct request *r = world_request(w, "DescribeDisks", "{}");
	world_header(r, c->header, c->value);
	world_send(w, r);
	struct journal_list list = all();
	const struct journal_entry *e = list.entries[0];
	const struct trail_step *last = e->trail;
	while (last->next) {
		ck_assert_int_eq(last->verdict, TRAIL_PASSED);
		last = last->next;
	}
	ck_assert_str_eq(e->stage, c->stage);
	ck_assert_str_eq(last->what, c->stage);
	ck_assert_int_eq(last->verdict, TRAIL_REFUSED);
	ck_assert_msg(strncmp(e->code, c->code, strlen(c->code)) == 0, "%s", e->code);
	journal_list_finish(&list);
}
END_TEST

/* A call is the same in every form, types included. */
START_TEST(every_form_has_the_same_parameters)
{
	static const char params[] = "{\"DiskIds\":[\"disk-lzrg2pwi\"],\"Limit\":20,\"ReturnBindAutoSnapshotPolicy\":true}";
	for (int form = SEND_TC3_JSON; form <= SEND_V1_POST; form++) {
		w->sender.form = (enum sending)form;
		world_call(w, "DescribeDisks", params);
	}
	struct journal_list list = all();
	ck_assert_uint_eq(list.count, 4);
	cJSON *wanted = cJSON_Parse(params);
	for (size_t i = 0; i < list.count; i++)
		ck_assert_msg(cJSON_Compare(journal_params(list.entries[i], w->arena), wanted, true), "%s", params_text(list.entries[i]));
	cJSON_Delete(wanted);
	journal_list_finish(&list);
	ck_assert_uint_eq(count("{\"param\":{\"DiskIds.0\":\"disk-lzrg2pwi\",\"Limit\":{\"gt\":19}}}"), 4);
	ck_assert_uint_eq(count("{\"resource\":\"disk-lzrg2pwi\"}"), 4);
}
END_TEST

START_TEST(parameters_sent_in_vain_are_told)
{
	world_call(w, "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"a\"}");
	world_call(w, "CreateDisks",
	           "{\"Placement\":{\"Zone\":\"ap-guangzhou-3\"},\"DiskType\":\"CLOUD_PREMIUM\",\"DiskSize\":50,"
	           "\"DiskChargeType\":\"POSTPAID_BY_HOUR\",\"DiskChargePrepaid\":{\"Period\":1}}");
	struct journal_list list = all();
	ck_assert_ptr_null(list.entries[0]->unread[0]);
	ck_assert_str_eq(list.entries[1]->code, "OK");
	ck_assert_str_eq(list.entries[1]->unread[0], "DiskChargePrepaid");
	ck_assert_ptr_null(list.entries[1]->unread[1]);
	journal_list_finish(&list);
}
END_TEST

START_TEST(long_bodies_are_cut)
{
	struct buf body;
	buf_init(&body, 1024 * 1024);
	buf_adds(&body, "{\"SnapshotName\":\"");
	for (int i = 0; i < 2 * JOURNAL_BODY_MAX; i++)
		buf_addc(&body, 'x');
	buf_adds(&body, "\"}");
	world_call(w, "CreateSnapshot", body.data);
	struct journal_list list = all();
	const struct journal_entry *e = list.entries[0];
	ck_assert_uint_eq(e->body_size, body.len);
	ck_assert_uint_eq(e->body_len, JOURNAL_BODY_MAX);
	ck_assert(e->body_cut);
	ck_assert_ptr_null(journal_params(e, w->arena));
	ck_assert_uint_eq(journal_list_filter(&list, match("{\"param\":{\"DiskId\":\"disk-lzrg2pwi\"}}")), 1);
	journal_list_finish(&list);
	buf_finish(&body);
}
END_TEST

/* ---- faults ---------------------------------------------------------------------------------------------------------------- */

static void put_fault(const char *json)
{
	struct fault_refusal why = { "", "" };
	struct sandbox *s = sandboxes_find(w->mock, "default");
	cJSON *rule = cJSON_Parse(json), *stored = faults_put(s->faults, w->arena, rule, 0, w->wall_ms, &why);
	ck_assert_msg(stored != NULL, "%s %s", why.pointer, why.why);
	cJSON_Delete(stored);
	cJSON_Delete(rule);
	sandbox_release(s);
}

static const struct trail_step *fault_step(const struct journal_entry *e)
{
	const struct trail_step *step = e->trail;
	while (step && !str_is(step->kind, "fault"))
		step = step->next;
	return step;
}

/* Which of two requests is meant is told by its tags; the work is done though the answer is lost. */
START_TEST(a_lost_answer_is_told)
{
	put_fault(
		"{\"name\":\"lost\",\"match\":{\"tag\":{\"test\":\"retry\"}},\"phase\":\"after_commit\",\"do\":[{\"type\":\"reset_peer\"}]}");
	handled("DescribeDisks", "{}");
	struct request *r = world_request(w, "CreateSnapshot", DISK);
	world_header(r, "X-Cbs-Tags", "test=retry");
	mock_handle(w->mock, r);
	struct journal_list list = all();
	const struct journal_entry *spared = list.entries[0], *lost = list.entries[1];
	ck_assert_int_eq(fault_step(spared)->verdict, TRAIL_SKIPPED);
	ck_assert_str_eq(fault_step(spared)->what, "lost");
	ck_assert_ptr_null(spared->faults[0]);
	ck_assert_int_eq(fault_step(lost)->verdict, TRAIL_APPLIED);
	ck_assert_str_eq(lost->faults[0], "lost");
	ck_assert_ptr_null(lost->faults[1]);
	ck_assert_str_eq(lost->code, "OK");
	ck_assert_str_eq(lost->delivery, "reset");
	ck_assert_int_eq(lost->phase, PHASE_AFTER_COMMIT);
	ck_assert(lost->committed);
	ck_assert_ptr_nonnull(journal_made(lost, w->arena)[0]);
	ck_assert_ptr_nonnull(strstr(text_of(journal_write_why, lost), "\"decided_by\":{\"kind\":\"fault\",\"what\":\"lost\"}"));
	journal_list_finish(&list);
	ck_assert_uint_eq(count("{\"fault\":\"lost\",\"phase_reached\":\"after_commit\"}"), 1);
}
END_TEST

/* What a fault rule did stands where it did it, between the checks before and behind it. */
START_TEST(checks_that_passed_are_told_in_their_order)
{
	static const char wanted[] =
		"{\"kind\":\"stage\",\"what\":\"transport\",\"verdict\":\"passed\"},"
		"{\"kind\":\"stage\",\"what\":\"parse\",\"verdict\":\"passed\"},"
		"{\"kind\":\"stage\",\"what\":\"sandbox\",\"verdict\":\"passed\",\"detail\":\"default\"},"
		"{\"kind\":\"stage\",\"what\":\"presence\",\"verdict\":\"passed\"},"
		"{\"kind\":\"stage\",\"what\":\"scope\",\"verdict\":\"passed\"},"
		"{\"kind\":\"stage\",\"what\":\"expiry\",\"verdict\":\"passed\"},"
		"{\"kind\":\"stage\",\"what\":\"key\",\"verdict\":\"passed\",\"detail\":\"account 100000000001\"},"
		"{\"kind\":\"stage\",\"what\":\"token\",\"verdict\":\"passed\"},"
		"{\"kind\":\"stage\",\"what\":\"signature\",\"verdict\":\"passed\",\"detail\":\"host\"},"
		"{\"kind\":\"stage\",\"what\":\"identity\",\"verdict\":\"passed\"},"
		"{\"kind\":\"fault\",\"what\":\"full\",\"verdict\":\"applied\",";
	put_fault("{\"name\":\"full\",\"phase\":\"before_validate\",\"do\":[{\"type\":\"error\",\"code\":\"InternalError\"}]}");
	handled("DescribeDisks", "{}");
	struct journal_list list = all();
	const char *why = text_of(journal_write_why, list.entries[0]), *trail = strstr(why, "\"trail\":[");
	ck_assert_msg(trail && str_prefix(trail + strlen("\"trail\":["), wanted), "%s", why);
	ck_assert_ptr_null(strstr(why, "\"what\":\"resolve\""));
	journal_list_finish(&list);
}
END_TEST

START_TEST(an_injected_error_is_told)
{
	put_fault("{\"name\":\"busy\",\"phase\":\"before_auth\",\"do\":[{\"type\":\"error\",\"code\":\"InternalError\"}]}");
	handled("CreateSnapshot", DISK);
	struct journal_list list = all();
	const struct journal_entry *e = list.entries[0];
	ck_assert_str_eq(e->code, "InternalError");
	ck_assert_str_eq(e->faults[0], "busy");
	ck_assert_int_eq(e->phase, PHASE_BEFORE_AUTH);
	ck_assert(!e->committed);
	ck_assert_str_eq(journal_resources(e, journal_params(e, w->arena), w->arena)[0], "disk-lzrg2pwi");
	ck_assert_ptr_nonnull(strstr(text_of(journal_write_why, e), "was answered with InternalError by the fault rule \\\"busy\\\""));
	journal_list_finish(&list);
}
END_TEST

/* ---- bounds ------------------------------------------------------------------------------------------------------------ */

START_TEST(the_oldest_go_first)
{
	struct journal *small = journal_new(3, 1024 * 1024);
	struct request *r = handled("DescribeDisks", "{\"Limit\":1}");
	struct journal_list list;
	for (int i = 0; i < 5; i++) {
		r->wall_ms = 1000 * (i + 1);
		journal_add(small, r, 0);
	}
	journal_read(small, &list);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_uint_eq(list.entries[0]->seq, 3);
	ck_assert_uint_eq(list.entries[2]->seq, 5);
	ck_assert_uint_eq(list.stats.total, 5);
	ck_assert_uint_eq(list.stats.dropped, 2);
	ck_assert_uint_eq(list.stats.dropped_seq, 2);
	ck_assert_int_eq(list.stats.dropped_ms, 2000);
	ck_assert(journal_list_forgot(&list, NULL));
	ck_assert(journal_list_forgot(&list, match("{\"since\":1}")));
	ck_assert(!journal_list_forgot(&list, match("{\"since\":2}")));
	ck_assert(journal_list_forgot(&list, match("{\"since\":\"1970-01-01T00:00:02Z\"}")));
	ck_assert(!journal_list_forgot(&list, match("{\"since\":\"1970-01-01T00:00:02.001Z\"}")));
	journal_list_finish(&list);
	journal_free(small);
}
END_TEST

START_TEST(bytes_are_bounded_too)
{
	struct request *r = handled("DescribeDisks", "{\"Limit\":1}");
	struct journal_list list = all();
	size_t size = list.entries[0]->size;
	journal_list_finish(&list);
	struct journal *small = journal_new(1000, 10 * size + size / 2);
	struct journal_stats s;
	for (int i = 0; i < 100; i++) {
		journal_add(small, r, 0);
		journal_stats(small, &s);
		ck_assert_uint_le(s.bytes, 10 * size + size / 2);
	}
	ck_assert_uint_ge(s.entries, 9);
	ck_assert_uint_eq(s.dropped, 100 - s.entries);
	journal_free(small);

	small = journal_new(1000, size / 2);
	journal_add(small, r, 0);
	journal_stats(small, &s);
	ck_assert_uint_eq(s.entries, 0);
	ck_assert_uint_eq(s.dropped, 1);
	journal_free(small);
}
END_TEST

START_TEST(a_journal_that_is_off_counts)
{
	struct request *r = handled("DescribeDisks", "{}");
	struct journal *off = journal_new(0, 1024);
	struct journal_stats s;
	ck_assert(!journal_is_on(off));
	journal_add(off, r, 0);
	journal_stats(off, &s);
	ck_assert_uint_eq(s.total, 1);
	ck_assert_uint_eq(s.dropped, 1);
	ck_assert_uint_eq(s.entries, 0);
	journal_free(off);
}
END_TEST

START_TEST(reset_empties_it)
{
	struct buf why;
	const struct name_value tag = { "test", "a" }, *tags;
	buf_init(&why, 1024);
	journal_set_tags(journal, &tag, 1);
	handled("DescribeDisks", "{}");
	ck_assert(mock_reset(w->mock, "default", &why));
	ck_assert_uint_eq(stats().entries, 0);
	ck_assert_uint_eq(stats().total, 0);
	ck_assert_uint_eq(journal_tags(journal, w->arena, &tags), 0);
	handled("DescribeDisks", "{}");
	ck_assert_uint_eq(stats().last_seq, 2);
	buf_finish(&why);
}
END_TEST

/* ---- asking ------------------------------------------------------------------------------------------------------------ */

START_TEST(requests_are_found_and_forgotten)
{
	handled("DescribeDisks", "{}");
	handled("CreateSnapshot", DISK);
	handled("CreateSnapshot", DISK); /* the first is still under way */
	handled("DescribeSnapshots", "{}");
	ck_assert_uint_eq(count("{}"), 4);
	ck_assert_uint_eq(count("{\"action\":\"CreateSnapshot\"}"), 2);
	ck_assert_uint_eq(count("{\"action\":\"CreateSnapshot\",\"code\":\"OK\"}"), 1);
	ck_assert_uint_eq(count("{\"phase_reached\":\"after_commit\",\"action\":\"CreateSnapshot\"}"), 1);
	ck_assert_uint_eq(count("{\"since\":3}"), 1);
	ck_assert_uint_eq(count("{\"guard\":\"snapshot_creating\"}"), 1);
	ck_assert_uint_eq(count("{\"account\":100000000001,\"address\":\"127.0.0.1\"}"), 4);

	struct journal_list list = all();
	journal_list_limit(&list, 2);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_uint_eq(list.entries[0]->seq, 3);
	const char *id = arena_strdup(w->arena, list.entries[1]->request_id);
	journal_list_finish(&list);
	journal_read_one(journal, id, &list);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_uint_eq(list.entries[0]->seq, 4);
	journal_list_finish(&list);
	journal_read_one(journal, "nothing", &list);
	ck_assert_uint_eq(list.count, 0);
	journal_list_finish(&list);

	ck_assert_uint_eq(journal_remove(journal, match("{\"action\":\"CreateSnapshot\"}")), 2);
	ck_assert_uint_eq(count("{}"), 2);
	ck_assert_uint_eq(stats().dropped, 0);
	handled("DescribeDisks", "{}");
	ck_assert_uint_eq(count("{}"), 3);
	journal_clear(journal);
	ck_assert_uint_eq(stats().bytes, 0);
	ck_assert_uint_eq(count("{}"), 0);
}
END_TEST

START_TEST(tags_come_from_the_header_and_from_the_journal)
{
	const struct name_value in_force[] = { { "run", "3" }, { "test", "from the journal" } };
	struct match_view v;
	journal_set_tags(journal, in_force, 2);
	struct request *r = world_request(w, "DescribeDisks", "{}");
	world_header(r, "X-Cbs-Tags", " test = retry_17 , slow,,=x");
	world_send(w, r);
	match_view_request(r, &v);
	ck_assert_uint_eq(v.tag_count, 2);
	journal_set_tags(journal, NULL, 0);
	handled("DescribeDisks", "{}");
	ck_assert_uint_eq(count("{\"tag\":{\"test\":\"retry_17\",\"slow\":\"\",\"run\":\"3\"}}"), 1);
	ck_assert_uint_eq(count("{\"tag\":{\"test\":{\"absent\":true}}}"), 1);
}
END_TEST

struct seen {
	size_t count;
	uint64_t last;
};

static void on_request(void *data, const struct journal_entry *e)
{
	struct seen *seen = data;
	seen->count++;
	seen->last = e->seq;
}

START_TEST(watchers_hear_of_requests)
{
	struct seen first = { 0 }, second = { 0 };
	uint64_t one = journal_watch(journal, on_request, &first), two = journal_watch(journal, on_request, &second);
	handled("DescribeDisks", "{}");
	journal_unwatch(journal, one);
	handled("DescribeDisks", "{}");
	journal_unwatch(journal, two);
	handled("DescribeDisks", "{}");
	ck_assert_uint_eq(first.count, 1);
	ck_assert_uint_eq(second.count, 2);
	ck_assert_uint_eq(second.last, 2);
}
END_TEST

/* ---- many at once ------------------------------------------------------------------------------------------------------ */

enum { THREADS = 64, ROUNDS = 50 };

static void *add_and_find(void *data)
{
	struct request *r = data;
	struct arena *a = arena_new();
	struct seen seen = { 0 };
	const struct name_value tag = { "thread", "x" };
	for (int i = 0; i < ROUNDS; i++) {
		struct journal_list list;
		uint64_t watch = i % 16 == 0 ? journal_watch(journal, on_request, &seen) : 0;
		journal_add(journal, r, i);
		if (i % 8 == 0)
			journal_set_tags(journal, &tag, 1);
		journal_read(journal, &list);
		for (size_t k = 0; k < list.count; k += 17)
			journal_params(list.entries[k], a);
		journal_list_finish(&list);
		journal_unwatch(journal, watch);
	}
	arena_free(a);
	return NULL;
}

START_TEST(threads_add_and_find)
{
	pthread_t threads[THREADS];
	struct request *requests[THREADS];
	for (size_t i = 0; i < THREADS; i++)
		requests[i] = handled("DescribeDisks", "{\"Limit\":1}");
	journal_free(journal);
	journal = journal_new(100, 1024 * 1024);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_and_find, requests[i]), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(stats().total, THREADS * ROUNDS);
	ck_assert_uint_eq(stats().entries, 100);
	ck_assert_uint_eq(stats().dropped, THREADS * ROUNDS - 100);
	struct journal_list list = all();
	for (size_t i = 1; i < list.count; i++)
		ck_assert_uint_eq(list.entries[i]->seq, list.entries[i - 1]->seq + 1);
	journal_list_finish(&list);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tc = tcase_create("journal");
	tcase_add_checked_fixture(tc, open_world, close_world);
	const TTest *const tests[] = {
		a_success_is_kept_whole,
		every_form_has_the_same_parameters,
		parameters_sent_in_vain_are_told,
		long_bodies_are_cut,
		a_lost_answer_is_told,
		checks_that_passed_are_told_in_their_order,
		an_injected_error_is_told,
		the_oldest_go_first,
		bytes_are_bounded_too,
		a_journal_that_is_off_counts,
		reset_empties_it,
		requests_are_found_and_forgotten,
		tags_come_from_the_header_and_from_the_journal,
		watchers_hear_of_requests,
		threads_add_and_find,
	};
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_loop_test(tc, what_decided_is_named, 0, (int)LENGTH(kept_cases));
	tcase_add_loop_test(tc, the_trail_ends_at_the_check_that_refused, 0, (int)LENGTH(refused_cases));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
