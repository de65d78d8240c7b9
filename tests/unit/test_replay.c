/* What happened to a sandbox, written down and played again elsewhere: the same bytes, no secrets, and the truth when something moved. */
#include "fault_world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/control.h"
#include "gateway/recording.h"
#include "gateway/replay.h"
#include "gateway/retry_test.h"
#include "gateway/state.h"
#include "mixed_calls.h"

enum { MOVED_MAX = 16, SAID_MAX = 4096 };

static struct sandbox *box;
static struct recording_info info;
static struct buf bundle, why;

static void set_up_box(void)
{
	set_up();
	box = sandboxes_find(w->mock, "default");
	buf_init(&bundle, 2 * (size_t)RECORDING_MAX);
	buf_init(&why, SAID_MAX);
}

static void tear_down_box(void)
{
	buf_finish(&bundle);
	buf_finish(&why);
	sandbox_release(box);
	tear_down();
}

/* ---- recording and playing -------------------------------------------------------------------------------------------------- */

static void record(void)
{
	ck_assert_msg(recording_start(box, &info, &why), "%s", why.data);
}

static void stop(void)
{
	ck_assert(recording_stop(box, &info));
	buf_clear(&bundle);
	ck_assert(recording_read(box, info.id, &bundle));
}

static struct replay_report report;
static size_t moved[MOVED_MAX], moved_count;
static char moved_text[8192];

static void on_moved(void *data, const struct replay_moved *m)
{
	(void)data;
	if (moved_count < MOVED_MAX)
		moved[moved_count] = m->no;
	if (moved_count++ == 0)
		snprintf(moved_text, sizeof moved_text, "%zu %s\nrecorded %.3000s\nnow      %.3000s", m->no, m->action, m->recorded, m->now);
}

static bool play(const char *text, size_t len, const struct key_ring *ring)
{
	moved_count = 0;
	buf_clear(&why);
	return replay_run(text, len, ring, on_moved, NULL, &report, &why);
}

static const struct key_ring no_keys;

/* Everything is answered as it was. */
static void play_the_same(size_t requests)
{
	ck_assert_msg(play(bundle.data, bundle.len, &no_keys), "%s", why.data);
	ck_assert_msg(report.moved == 0, "%zu of %zu moved, first %s", report.moved, report.requests, moved_text);
	ck_assert_uint_eq(report.requests, requests);
}

static void freeze(void)
{
	world_freeze(w);
}

/* ---- tests ------------------------------------------------------------------------------------------------------------------- */

START_TEST(what_was_asked_is_answered_again)
{
	send("CreateSnapshot", CREATE); /* before: part of the world it begins with */
	record();
	ck_assert(info.running);
	ck_assert_int_eq(info.id, 1);
	send("DescribeSnapshots", "{}");
	send("CreateSnapshot", "{\"DiskId\":\"disk-attached\"}");
	send("CreateSnapshot", "{\"DiskId\":\"disk-nowhere0\"}");
	stop();
	send("CreateSnapshot", "{\"DiskId\":\"disk-hssd0001\"}"); /* after: no part of it */
	ck_assert_uint_eq(info.requests, 3);
	ck_assert(!info.running);
	play_the_same(3);
	ck_assert_uint_eq(report.checked, 3);
	ck_assert_uint_eq(report.believed, 0);
}
END_TEST

START_TEST(the_clock_may_run)
{
	struct clock_state clock;
	ck_assert(control_clock(box, CLOCK_SCALE, 50000, &clock, &(struct listener){ NULL, NULL }));
	record();
	for (int i = 0; i < 200; i++)
		send(i % 10 ? "DescribeSnapshots" : "CreateSnapshot", i % 10 ? "{\"Limit\":3}" : CREATE);
	stop();
	play_the_same(200);
}
END_TEST

START_TEST(moves_of_the_clock_are_played)
{
	struct clock_state clock;
	const struct listener nobody = { NULL, NULL };
	freeze();
	record();
	send("CreateSnapshot", CREATE);
	ck_assert(control_next_event(box, &clock, &nobody));
	send("DescribeSnapshots", "{}");
	ck_assert(control_clock(box, CLOCK_SET, INT64_C(1900000000000), &clock, &nobody));
	send("CreateSnapshot", "{\"DiskId\":\"disk-attached\"}");
	ck_assert(control_run_until_idle(box, 3600 * 1000, &clock, &nobody));
	send("DescribeSnapshots", "{}");
	struct answer a = world_call(w, "CreateSnapshot", "{\"DiskId\":\"disk-hssd0001\"}");
	ck_assert(control_finish(box, text_of(a.response, "SnapshotId"), &nobody));
	send("DescribeSnapshots", "{}");
	ck_assert(control_clock(box, CLOCK_REAL, 0, &clock, &nobody));
	send("DescribeSnapshots", "{}");
	stop();
	play_the_same(7);
	ck_assert_ptr_nonnull(strstr(bundle.data, "{\"next_event\":"));
	ck_assert_ptr_nonnull(strstr(bundle.data, "\"change\":\"set\",\"value\":1900000000000"));
}
END_TEST

/* A policy that ticks every hour: a century of it is too much for one move. */
START_TEST(a_refused_move_is_no_part_of_it)
{
	static const char ticking[] = "{\"AutoSnapshotPolicies\":[{\"AutoSnapshotPolicyId\":\"asp-hourly00\",\"Account\":100000000001,"
		"\"Region\":\"ap-guangzhou\",\"Policy\":[{\"Hour\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23]}]}]}";
	const int64_t century_ms = INT64_C(36525) * 24 * 3600 * 1000;
	const struct listener nobody = { NULL, NULL };
	struct clock_state clock;
	freeze();
	world_apply(w, ticking);
	record();
	send("DescribeAutoSnapshotPolicies", "{}");
	ck_assert(!control_clock(box, CLOCK_ADVANCE, century_ms, &clock, &nobody));
	ck_assert(clock.too_far);
	ck_assert(!control_run_until_idle(box, century_ms, &clock, &nobody));
	send("DescribeAutoSnapshotPolicies", "{}");
	stop();
	play_the_same(2);
}
END_TEST

/* Whatever changes the sandbox otherwise is noticed by the next request. */
START_TEST(other_changes_are_found_out)
{
	struct settings settings;
	struct fault_refusal refusal;
	freeze();
	record();
	send("CreateSnapshot", CREATE);
	world_apply(w, "{\"Accounts\":[{\"Uin\":100000000001,\"BalanceCents\":-100}]}");
	send("CreateSnapshot", CREATE);
	ck_assert(control_set_seed(box, 77));
	send("DescribeDisks", "{}");
	control_settings(box, &settings);
	settings.dialect = DIALECT_CURRENT;
	settings.rate_factor = 1;
	ck_assert(control_set_settings(box, &settings));
	for (int i = 0; i < 25; i++)
		send("CreateSnapshot", "{\"DiskId\":\"disk-nowhere0\"}");
	const cJSON *retry = json("{\"instructions\":{\"DescribeDisks\":[\"error:InternalError\",\"reset\"]}}");
	cJSON_Delete(retry_test_add(box->faults, w->arena, retry, &refusal));
	send("DescribeDisks", "{}");
	ck_assert(state_save(box, "here", &why));
	ck_assert(control_reset(box, 0, &why));
	send("DescribeDisks", "{}");
	ck_assert(state_restore(box, "here", &why));
	send("DescribeDisks", "{}");
	struct mock_config config = *sandboxes_config(w->mock);
	config.signature = SIGNATURE_EXACT;
	mock_reconfigure(w->mock, &config);
	send("DescribeDisks", "{}");
	ck_assert_str_eq(code_of(send("DescribeDisks", "{}")), "AuthFailure.InvalidAuthorization");
	stop();
	play_the_same(33);
}
END_TEST

static void put_every_kind_of_fault(void)
{
	static const char *const rules[] = {
		"{\"name\":\"throttled\",\"match\":{\"action\":\"CreateSnapshot\"},\"when\":{\"probability\":0.1,\"seed\":3},"
		"\"do\":{\"type\":\"error\",\"code\":\"RequestLimitExceeded\"}}",
		"{\"name\":\"lost\",\"match\":{\"action\":\"CreateSnapshot\"},\"when\":{\"every\":7},\"phase\":\"after_commit\","
		"\"do\":{\"type\":\"reset_peer\"}}",
		"{\"name\":\"slow\",\"when\":{\"probability\":0.3},\"continue\":true,"
		"\"do\":{\"type\":\"latency\",\"latency\":200,\"jitter\":100,\"distribution\":\"normal\"}}",
		"{\"name\":\"noise\",\"match\":{\"action\":\"DescribeDisks\"},\"when\":{\"every\":5},\"phase\":\"mid_body\","
		"\"do\":{\"type\":\"garbage\",\"mode\":\"random\"}}",
		"{\"name\":\"cut\",\"match\":{\"action\":\"DescribeSnapshots\"},\"when\":{\"every\":9},"
		"\"do\":{\"type\":\"truncate\",\"fraction\":0.5,\"lie_about_length\":true}}",
		"{\"name\":\"lag\",\"match\":{\"action\":\"ModifySnapshotAttribute\"},\"when\":{\"every\":4},"
		"\"do\":{\"type\":\"stale_read\",\"reads\":3}}",
		"{\"name\":\"long\",\"match\":{\"action\":\"CreateDisks\"},\"when\":{\"every\":3},\"do\":{\"type\":\"job_delay\",\"by\":5000}}",
		"{\"name\":\"gateway\",\"match\":{\"action\":\"ResizeDisk\"},\"when\":{\"schedule\":\"..F.F\"},\"do\":{\"type\":\"http\","
		"\"status\":502,\"body\":\"<html>\",\"headers\":{\"Retry-After\":\"1\"}}}",
		"{\"name\":\"early\",\"match\":{\"action\":\"AttachDisks\"},\"when\":{\"every\":6},\"phase\":\"before_auth\","
		"\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}",
		"{\"name\":\"counted\",\"match\":{\"action\":\"DetachDisks\"},\"do\":{\"type\":\"quota\",\"name\":\"detach\",\"limit\":3,"
		"\"window\":\"10s\",\"code\":\"RequestLimitExceeded\"}}",
		"{\"name\":\"waits\",\"match\":{\"action\":\"DeleteSnapshots\"},\"when\":{\"every\":8},"
		"\"do\":{\"type\":\"latency\",\"latency\":300,\"clock\":\"sandbox\"}}",
	};
	for (size_t i = 0; i < LENGTH(rules); i++)
		put(rules[i]);
	put_into("*", "{\"name\":\"behind\",\"match\":{\"action\":\"DescribeSnapshotOverview\"},\"when\":{\"every\":2},"
	              "\"do\":{\"type\":\"timeout\"}}");
}

START_TEST(ten_thousand_calls_and_not_a_byte_moves)
{
	enum { CALLS = 10000 / MIXED_SHORTER, BEFORE = 500 };
	struct mixed m;
	freeze();
	put_every_kind_of_fault();
	mixed_begin(&m, 11);
	mixed_run(w, &m, BEFORE); /* counters stand somewhere when it begins */
	record();
	mixed_run(w, &m, CALLS);
	stop();
	ck_assert_uint_eq(info.requests, CALLS);
	ck_assert(!info.full);
	play_the_same(CALLS);
	ck_assert_uint_gt(report.checked, CALLS / 2);
	ck_assert_uint_gt(report.believed, 0);
}
END_TEST

/* Four clients at once, and somebody at the controls. */
static void *ask(void *data)
{
	struct test_world *mine = data;
	struct mixed m;
	mixed_begin(&m, (uint64_t)mine->wall_ms ^ (uintptr_t)mine);
	for (int i = 0; i < 150; i++) {
		struct request *r = mixed_next(mine, &m);
		mock_handle(mine->mock, r);
		mixed_note(&m, r);
	}
	return NULL;
}

START_TEST(many_at_once_are_played_one_after_another)
{
	enum { CLIENTS = 4 };
	static struct test_world clients[CLIENTS];
	pthread_t threads[CLIENTS];
	struct clock_state clock;
	put_every_kind_of_fault();
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = *w;
		clients[i].arena = arena_new();
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &clients[i]), 0);
	}
	record();
	for (int i = 0; i < 20; i++) {
		control_clock(box, CLOCK_ADVANCE, 500, &clock, &(struct listener){ NULL, NULL });
		recording_look(box, &info);
		send("DescribeDisks", "{}");
		if (i == 10)
			world_apply(w, "{\"World\":{\"TagMax\":40}}");
	}
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	stop();
	play_the_same(info.requests);
	for (int i = 0; i < CLIENTS; i++)
		arena_free(clients[i].arena);
}
END_TEST

/* ---- what moved --------------------------------------------------------------------------------------------------------------- */

/* Replaces one text by another of its length in the bundle, at the n-th place. */
static void forge(const char *from, const char *to, int n)
{
	char *at = bundle.data;
	ck_assert_uint_eq(strlen(from), strlen(to));
	for (int i = 0; i < n; i++) {
		at = strstr(i ? at + 1 : at, from);
		ck_assert_ptr_nonnull(at);
	}
	memcpy(at, to, strlen(to));
}

START_TEST(what_moved_is_told)
{
	freeze();
	record();
	for (int i = 0; i < 5; i++)
		send("DescribeDisks", "{\"DiskIds\":[\"" DISK "\"]}");
	stop();
	forge("\\\"DiskSize\\\":50", "\\\"DiskSize\\\":51", 3);
	ck_assert(play(bundle.data, bundle.len, &no_keys));
	ck_assert_uint_eq(report.moved, 1);
	ck_assert_uint_eq(moved[0], 3);
	ck_assert_ptr_nonnull(strstr(moved_text, "\\\"DiskSize\\\":51"));
	ck_assert_ptr_nonnull(strstr(moved_text, "\\\"DiskSize\\\":50"));
}
END_TEST

START_TEST(the_signature_is_checked_again)
{
	record();
	send("DescribeDisks", "{\"Limit\":10}");
	stop();
	forge("{\\\"Limit\\\":10}", "{\\\"Limit\\\":11}", 1); /* as if another body had been signed */
	ck_assert(play(bundle.data, bundle.len, &no_keys));
	ck_assert_uint_eq(report.moved, 1);
	ck_assert_ptr_nonnull(strstr(moved_text, "AuthFailure.SignatureFailure"));
}
END_TEST

START_TEST(without_the_key_the_recording_is_believed)
{
	const struct name_value right = { "AKIDprivate", "NobodyKnowsThisSecretKey" };
	const struct name_value wrong = { "AKIDprivate", "SomeOtherSecretKeyOfMine" };
	world_apply(w, "{\"Credentials\":[{\"SecretId\":\"AKIDprivate\",\"SecretKey\":\"NobodyKnowsThisSecretKey\","
	               "\"Account\":100000000001}]}");
	w->sender.secret_id = "AKIDprivate";
	w->sender.secret_key = "NobodyKnowsThisSecretKey";
	record();
	send("DescribeDisks", "{}");
	w->sender.secret_key = "NotTheRightSecretKeyToBe";
	ck_assert_str_eq(code_of(send("DescribeDisks", "{}")), "AuthFailure.SignatureFailure");
	stop();
	ck_assert_ptr_null(strstr(bundle.data, "NobodyKnows"));
	play_the_same(2);
	ck_assert_uint_eq(report.believed, 2);
	ck_assert(play(bundle.data, bundle.len, &(struct key_ring){ &right, 1 }));
	ck_assert_uint_eq(report.moved, 0);
	ck_assert_uint_eq(report.checked, 2);
	ck_assert(play(bundle.data, bundle.len, &(struct key_ring){ &wrong, 1 }));
	ck_assert_uint_eq(report.moved, 1);
}
END_TEST

START_TEST(a_promised_key_is_refused_again)
{
	struct mock_config config = *sandboxes_config(w->mock);
	config.first_use = "AKIDpromised";
	mock_reconfigure(w->mock, &config);
	w->sender.secret_id = "AKIDpromised";
	w->sender.secret_key = "NotTheRightSecretKeyToBe";
	record();
	ck_assert_str_eq(code_of(send("DescribeDisks", "{}")), "AuthFailure.SignatureFailure");
	stop();
	play_the_same(1);
	ck_assert(!mock_has_sandbox(w->mock, "AKIDpromised"));
}
END_TEST

/* ---- secrets ------------------------------------------------------------------------------------------------------------------ */

static void holds_nowhere(const char *secret)
{
	size_t len = strlen(secret), at = 0;
	while (at + len <= bundle.len && memcmp(bundle.data + at, secret, len) != 0)
		at++;
	ck_assert_msg(at + len > bundle.len, "%s is in the recording", secret);
}

START_TEST(secrets_are_no_part_of_it)
{
	static const char *const secrets[] = { WORLD_KEY, "TemporaryKey0000000000000EXAMPLE", "ExampleTokenOfATemporaryKey", "AnotherTokenSent",
	                                       "ARealKeyPerhaps", "admin-secret", "session=abc" };
	freeze();
	record();
	w->sender.secret_id = "AKIDTemporary0000000000000000EXAMPLE";
	w->sender.secret_key = "TemporaryKey0000000000000EXAMPLE";
	static const enum sending forms[] = { SEND_TC3_JSON, SEND_TC3_GET, SEND_V1_GET, SEND_V1_POST };
	static const char *const tokens[] = { "ExampleTokenOfATemporaryKey", "AnotherTokenSent", "" };
	for (size_t f = 0; f < LENGTH(forms); f++)
		for (size_t t = 0; t < LENGTH(tokens); t++) {
			w->sender.form = forms[f];
			w->sender.token = tokens[t];
			ck_assert_str_eq(code_of(send("DescribeDisks", "{}")), t ? "AuthFailure.TokenFailure" : "");
		}
	w->sender.token = "";
	w->sender.secret_id = "AKIDabcdARealKeyPerhaps";
	for (size_t f = 0; f < LENGTH(forms); f++) {
		w->sender.form = forms[f];
		ck_assert_str_eq(code_of(send("DescribeDisks", "{}")), "AuthFailure.SecretIdNotFound");
	}
	w->sender.form = SEND_TC3_JSON;
	w->sender.secret_id = WORLD_ID;
	w->sender.secret_key = WORLD_KEY;
	send("CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"" WORLD_KEY "\"}"); /* pasted into the wrong field */
	send("DescribeSnapshots", "{}"); /* where it is told again */
	struct request *r = world_request(w, "DescribeDisks", "{}");
	world_header(r, "X-Cbs-Admin-Token", "admin-secret");
	world_header(r, "Cookie", "session=abc");
	mock_handle(w->mock, r);
	r = world_bare(w, "POST", "/", "x=" WORLD_KEY "&Token=AnotherTokenSent&Signature=s");
	world_header(r, "Content-Type", "application/x-www-form-urlencoded");
	mock_handle(w->mock, r);
	r = world_bare(w, "POST", "/", "");
	world_header(r, "Authorization", "Bearer AnotherTokenSent");
	mock_handle(w->mock, r);
	stop();
	/* A key that nobody has shown to be the sender's is text like any other: only in that one request it is left. */
	for (size_t i = 1; i < LENGTH(secrets); i++)
		holds_nowhere(secrets[i]);
	play_the_same(21);
}
END_TEST

/* ---- what is refused ----------------------------------------------------------------------------------------------------------- */

START_TEST(what_is_no_recording_is_refused)
{
	static const struct {
		const char *text, *complaint;
	} bad[] = {
		{ "", "empty" }, { "hello", "line 1: this is no recording" }, { "{\"request\":{}}\n", "line 1: this is no recording" },
		{ "{\"recording\":{\"version\":99}}\n", "version" }, { "{\"recording\":{\"version\":1}}\n", "in the middle" },
		{ "{\"recording\":{\"version\":1}}\n{\"request\":{},\"answer\":{}}\n", "line 2" },
		{ "{\"recording\":{\"version\":1}}\n{\"moment\":{}}\n", "does not begin with a world" },
		{ "{\"recording\":{\"version\":1}}\n{\"moment\":{\"world\":{\"base64\":\"AAAA\"}}}\n", "line 2" },
		{ "{\"recording\":{\"version\":1}}\n{\"what\":{}}\n", "not understood" },
	};
	for (size_t i = 0; i < LENGTH(bad); i++) {
		ck_assert(!play(bad[i].text, strlen(bad[i].text), &no_keys));
		ck_assert_msg(strstr(why.data, bad[i].complaint) != NULL, "%s: %s", bad[i].text, why.data);
	}
}
END_TEST

START_TEST(half_a_recording_is_refused)
{
	record();
	send("DescribeDisks", "{}");
	send("DescribeDisks", "{}");
	stop();
	for (size_t cut = 1; cut < bundle.len; cut += bundle.len / 37 + 1)
		ck_assert(!play(bundle.data, cut, &no_keys));
	play_the_same(2);
}
END_TEST

START_TEST(there_is_one_at_a_time)
{
	ck_assert(!recording_look(box, &info));
	ck_assert(!recording_stop(box, &info));
	record();
	ck_assert(!recording_start(box, &info, &why));
	ck_assert(info.running);
	send("DescribeDisks", "{}");
	ck_assert(recording_read(box, 1, &bundle)); /* what there is so far */
	play_the_same(1);
	stop();
	record();
	ck_assert_int_eq(info.id, 2);
	ck_assert(!recording_read(box, 1, &bundle));
	ck_assert(!recording_drop(box, 1));
	ck_assert(recording_drop(box, 2));
	ck_assert(!recording_look(box, &info));
	send("DescribeDisks", "{}");
}
END_TEST

START_TEST(one_that_grows_too_large_ends)
{
	enum { LARGE = 9 * 1024 * 1024 };
	char *body = xmalloc(LARGE + 1);
	memset(body, 'x', LARGE);
	body[LARGE] = '\0';
	record();
	for (int i = 0; i < 8; i++) {
		struct request *r = world_bare(w, "POST", "/", body);
		world_header(r, "Content-Type", "application/json");
		mock_handle(w->mock, r);
	}
	ck_assert(recording_look(box, &info));
	ck_assert(info.full);
	ck_assert(!info.running);
	ck_assert_uint_eq(info.requests, 6);
	ck_assert_uint_le(info.bytes, RECORDING_MAX);
	ck_assert(recording_read(box, 1, &bundle));
	play_the_same(6);
	ck_assert(report.full);
	free(body);
}
END_TEST

int main(void)
{
	const TTest *const playing[] = { what_was_asked_is_answered_again, the_clock_may_run, moves_of_the_clock_are_played,
	                                 a_refused_move_is_no_part_of_it, other_changes_are_found_out, ten_thousand_calls_and_not_a_byte_moves,
	                                 many_at_once_are_played_one_after_another };
	const TTest *const telling[] = { what_moved_is_told, the_signature_is_checked_again, without_the_key_the_recording_is_believed,
		a_promised_key_is_refused_again,
	                                 secrets_are_no_part_of_it };
	const TTest *const refusing[] = { what_is_no_recording_is_refused, half_a_recording_is_refused, there_is_one_at_a_time,
	                                  one_that_grows_too_large_ends };
	Suite *suite = suite_create("replay");
	const struct {
		const char *name;
		const TTest *const *tests;
		size_t count;
	} cases[] = {
		{ "playing", playing, LENGTH(playing) },
		{ "telling", telling, LENGTH(telling) },
		{ "refusing", refusing, LENGTH(refusing) },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		TCase *tc = tcase_create(cases[i].name);
		tcase_add_checked_fixture(tc, set_up_box, tear_down_box);
		tcase_set_timeout(tc, 60);
		for (size_t k = 0; k < cases[i].count; k++)
			tcase_add_test(tc, cases[i].tests[k]);
		suite_add_tcase(suite, tc);
	}
	return run_suite(suite);
}
