/* What each kind of effect does to a request, and what each phase means for the work. */
#include "fault_world.h"

#include <stdio.h>

#include "api/error.h"

static bool silent_wire(const struct wire *wire)
{
	static const struct wire nothing;
	return memcmp(wire, &nothing, sizeof nothing) == 0;
}

/* ---- effects ------------------------------------------------------------------------------------------------------------ */

START_TEST(no_rule_no_fault)
{
	struct request *r = send("CreateSnapshot", CREATE);
	ck_assert_str_eq(code_of(r), "");
	ck_assert(silent_wire(&r->wire));
	ck_assert_int_eq(snapshots(), 1);
}
END_TEST

START_TEST(error)
{
	put("{\"match\":{\"action\":\"CreateSnapshot\"},\"do\":{\"type\":\"error\",\"code\":\"RequestLimitExceeded\"}}");
	struct answer a = world_call(w, "CreateSnapshot", CREATE);
	ck_assert_str_eq(a.code, "RequestLimitExceeded");
	ck_assert_str_eq(a.message, err_message(ERR_REQUEST_LIMIT_EXCEEDED, LANG_EN)); /* the gateway's own has no tag */
	ck_assert_str_eq(a.request->stage, "fault");
	ck_assert_int_eq(snapshots(), 0);
}
END_TEST

/* The words of the table in the request's language, the tag of a business error in front. */
START_TEST(error_words)
{
	put("{\"do\":{\"type\":\"error\",\"code\":\"ResourceInsufficient.OverQuota\",\"force\":true}}");
	w->sender.language = "zh-CN";
	struct answer a = world_call(w, "CreateSnapshot", CREATE);
	ck_assert(strchr(a.message, ')') != NULL);
	ck_assert_str_eq(strchr(a.message, ')') + 1, err_message(err_by_code(a.code), LANG_ZH));
	clear();
	put("{\"do\":{\"type\":\"error\",\"code\":\"Made.Up\",\"message\":\"as you wish\",\"force\":true,\"http_status\":418}}");
	struct request *r = send("CreateSnapshot", CREATE);
	ck_assert_str_eq(code_of(r), "Made.Up");
	ck_assert_int_eq(r->http_status, 418);
	ck_assert_ptr_nonnull(strstr(r->answer.data, "as you wish"));
}
END_TEST

START_TEST(http)
{
	put("{\"do\":{\"type\":\"http\",\"status\":502,\"body\":\"<html>bad gateway</html>\",\"headers\":{\"Retry-After\":\"1\"}}}");
	struct request *r = send("CreateSnapshot", CREATE);
	ck_assert_int_eq(r->http_status, 502);
	ck_assert_str_eq(r->answer.data, "<html>bad gateway</html>");
	ck_assert_str_eq(r->content_type, "text/html");
	ck_assert_uint_eq(r->answer_header_count, 1);
	ck_assert_str_eq(r->answer_headers[0].name, "Retry-After");
	ck_assert_str_eq(r->answer_headers[0].value, "1");
	clear();
	put("{\"do\":{\"type\":\"http\",\"status\":503,\"headers\":{\"content-type\":\"text/plain\"}},\"phase\":\"after_commit\"}");
	r = send("CreateSnapshot", CREATE);
	ck_assert_str_eq(r->content_type, "text/plain");
	ck_assert_uint_eq(r->answer_header_count, 0);
	ck_assert_uint_eq(r->answer.len, 0);
	clear();
	ck_assert_int_eq(snapshots(), 1);
}
END_TEST

START_TEST(latency)
{
	put("{\"name\":\"a\",\"continue\":true,\"do\":{\"type\":\"latency\",\"latency\":200}}");
	put("{\"name\":\"b\",\"do\":[{\"type\":\"latency\",\"latency\":\"1s\",\"jitter\":100},"
	    "{\"type\":\"error\",\"code\":\"InternalError\"}]}");
	struct request *r = send("CreateSnapshot", CREATE);
	ck_assert_int_ge(r->wire.delay_ms, 1100);
	ck_assert_int_le(r->wire.delay_ms, 1300);
	ck_assert_str_eq(code_of(r), "InternalError");
	int64_t first = r->wire.delay_ms;
	ck_assert_int_ne(send("CreateSnapshot", CREATE)->wire.delay_ms, first);
}
END_TEST

/* Each distribution keeps its middle, and none goes below nothing. */
START_TEST(distributions)
{
	static const char *const names[] = { "uniform", "normal", "lognormal" };
	enum { CALLS = 400 };
	for (size_t d = 0; d < LENGTH(names); d++) {
		int below = 0;
		clear();
		put(arena_printf(w->arena, "{\"do\":{\"type\":\"latency\",\"latency\":100,\"jitter\":80,\"distribution\":\"%s\"},"
		                              "\"when\":{\"seed\":3}}", names[d]));
		for (int i = 0; i < CALLS; i++) {
			int64_t ms = send("DescribeSnapshots", "{}")->wire.delay_ms;
			ck_assert_int_ge(ms, 0);
			below += ms < 100;
		}
		ck_assert_int_gt(below, CALLS * 2 / 5);
		ck_assert_int_lt(below, CALLS * 3 / 5);
	}
}
END_TEST

/* A clock that stands moves on by the latency, and nobody waits. */
START_TEST(latency_by_the_sandbox_clock)
{
	put("{\"match\":{\"action\":\"CreateSnapshot\"},\"do\":{\"type\":\"latency\",\"latency\":\"30s\",\"clock\":\"sandbox\"}}");
	world_freeze(w);
	struct request *r = send("CreateSnapshot", CREATE);
	ck_assert_int_eq(r->wire.delay_ms, 0);
	struct request *later = send("DescribeSnapshots", "{}");
	ck_assert_int_eq(later->now_ms - r->now_ms, 30000);
	ck_assert_ptr_nonnull(strstr(later->answer.data, "NORMAL"));
	struct vclock clock;
	int64_t now_ms;
	ck_assert(mock_clock(w->mock, "default", CLOCK_RESUME, 0, &clock, &now_ms, NULL, NULL));
	ck_assert(mock_clock(w->mock, "default", CLOCK_SCALE, 60000, &clock, &now_ms, NULL, NULL));
	ck_assert_int_eq(send("CreateSnapshot", CREATE)->wire.delay_ms, 500);
}
END_TEST

static struct request *spoilt(const char *action, const char *effect, const char *phase)
{
	clear();
	put(arena_printf(w->arena, "{\"do\":%s%s%s%s}", effect, *phase ? ",\"phase\":\"" : "", phase, *phase ? "\"" : ""));
	struct request *r = send(action, "{}");
	clear();
	return r;
}

START_TEST(dead_connections)
{
	static const struct {
		const char *effect;
		enum wire_end end;
		int64_t silence_ms;
	} cases[] = {
		{ "{\"type\":\"reset_peer\"}", WIRE_RESET, 0 },
		{ "{\"type\":\"timeout\"}", WIRE_SILENCE, 0 },
		{ "{\"type\":\"timeout\",\"timeout\":\"2s\"}", WIRE_SILENCE, 2000 },
		{ "{\"type\":\"empty_response\"}", WIRE_CLOSE, 0 },
	};
	static const char *const phases[] = { "", "before_auth", "before_validate", "before_commit", "after_commit" };
	for (size_t i = 0; i < LENGTH(cases); i++)
		for (size_t p = 0; p < LENGTH(phases); p++) {
			struct request *r = spoilt("DescribeSnapshots", cases[i].effect, phases[p]);
			ck_assert_int_eq(r->wire.end, cases[i].end);
			ck_assert_int_eq(r->wire.silence_ms, cases[i].silence_ms);
			ck_assert(!r->wire.cut && !r->wire.end_after_body);
			ck_assert_str_eq(code_of(r), str_is(phases[p], "after_commit") ? "" : "InternalError");
		}
}
END_TEST

START_TEST(connections_that_die_in_the_body)
{
	struct request *r = spoilt("DescribeSnapshots", "{\"type\":\"reset_peer\"}", "mid_body");
	ck_assert_int_eq(r->wire.end, WIRE_RESET);
	ck_assert(r->wire.cut && r->wire.lie_about_length);
	ck_assert_uint_eq(r->wire.cut_at, r->answer.len / 2);
	r = spoilt("DescribeSnapshots", "{\"type\":\"timeout\"}", "mid_body");
	ck_assert_int_eq(r->wire.end, WIRE_SILENCE);
	ck_assert(r->wire.cut);
	r = spoilt("DescribeSnapshots", "{\"type\":\"reset_peer\"}", "after_body");
	ck_assert_int_eq(r->wire.end, WIRE_RESET);
	ck_assert(r->wire.end_after_body && !r->wire.cut);
}
END_TEST

START_TEST(short_bodies)
{
	size_t whole = send("DescribeSnapshots", "{}")->answer.len;
	struct request *r = spoilt("DescribeSnapshots", "{\"type\":\"limit_data\",\"bytes\":37}", "");
	ck_assert(r->wire.cut && r->wire.lie_about_length);
	ck_assert_uint_eq(r->wire.cut_at, 37);
	ck_assert_int_eq(r->wire.end, WIRE_CLOSE);
	ck_assert_uint_eq(r->answer.len, whole);
	r = spoilt("DescribeSnapshots", "{\"type\":\"limit_data\",\"bytes\":100000}", "after_commit");
	ck_assert_uint_eq(r->wire.cut_at, whole);
	r = spoilt("DescribeSnapshots", "{\"type\":\"truncate\",\"fraction\":0.25}", "");
	ck_assert(r->wire.cut && r->wire.lie_about_length);
	ck_assert_uint_eq(r->wire.cut_at, whole / 4);
	r = spoilt("DescribeSnapshots", "{\"type\":\"truncate\",\"lie_about_length\":false}", "");
	ck_assert(!r->wire.cut);
	ck_assert_uint_eq(r->answer.len, whole / 2);
	ck_assert_uint_eq(strlen(r->answer.data), whole / 2);
}
END_TEST

START_TEST(garbage)
{
	size_t whole = send("DescribeSnapshots", "{}")->answer.len;
	struct request *r = spoilt("DescribeSnapshots", "{\"type\":\"garbage\"}", "");
	ck_assert_uint_eq(r->answer.len, whole);
	ck_assert_ptr_null(cJSON_ParseWithLength(r->answer.data, r->answer.len));
	r = spoilt("DescribeSnapshots", "{\"type\":\"garbage\",\"mode\":\"malformed_json\"}", "");
	ck_assert_uint_eq(r->answer.len, whole);
	ck_assert_ptr_nonnull(strstr(r->answer.data, "RequestId"));
	ck_assert_ptr_null(cJSON_ParseWithLength(r->answer.data, r->answer.len));
	r = spoilt("DescribeSnapshots", "{\"type\":\"garbage\",\"mode\":\"malformed_chunk\"}", "");
	ck_assert(r->wire.bad_chunk);
	r = spoilt("DescribeSnapshots", "{\"type\":\"garbage\",\"mode\":\"wrong_content_type\"}", "after_commit");
	ck_assert_str_eq(r->content_type, "text/html");
	r = spoilt("DescribeSnapshots", "{\"type\":\"garbage\",\"mode\":\"bom\"}", "");
	ck_assert_uint_eq(r->answer.len, whole + 3);
	ck_assert(str_prefix(r->answer.data, "\xef\xbb\xbf{"));
}
END_TEST

START_TEST(slow_bodies)
{
	struct request *r = spoilt("DescribeSnapshots", "{\"type\":\"slicer\",\"average_size\":1,\"delay_us\":20000}", "");
	ck_assert_uint_eq(r->wire.slice_bytes, 1);
	ck_assert_int_eq(r->wire.slice_delay_us, 20000);
	r = spoilt("DescribeSnapshots", "{\"type\":\"slicer\",\"average_size\":100,\"size_variation\":50}", "");
	ck_assert_uint_ge(r->wire.slice_bytes, 50);
	ck_assert_uint_le(r->wire.slice_bytes, 150);
	r = spoilt("DescribeSnapshots", "{\"type\":\"bandwidth\",\"rate\":2}", "");
	ck_assert_int_eq(r->wire.bytes_per_second, 2000);
	r = spoilt("DescribeSnapshots", "{\"type\":\"slow_close\",\"delay\":500}", "");
	ck_assert_int_eq(r->wire.close_delay_ms, 500);
	r = spoilt("DescribeSnapshots", "[{\"type\":\"error\",\"code\":\"InternalError\"},{\"type\":\"slow_close\",\"delay\":500}]", "");
	ck_assert_int_eq(r->wire.close_delay_ms, 500);
	ck_assert_str_eq(code_of(r), "InternalError");
}
END_TEST

/* ---- quotas ------------------------------------------------------------------------------------------------------------- */

START_TEST(quota)
{
	world_freeze(w);
	put("{\"name\":\"q\",\"match\":{\"action\":\"DescribeSnapshots\"},\"do\":{\"type\":\"quota\",\"limit\":2,\"window\":\"1s\"}}");
	for (int window = 0; window < 2; window++) {
		ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").code, "");
		ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").code, "");
		ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").code, "RequestLimitExceeded");
		world_advance(w, 1000);
	}
	ck_assert_int_eq(int_of(rule_now("q"), "hits"), 2);
	ck_assert_int_eq(int_of(rule_now("q"), "matched"), 6);
}
END_TEST

/* Two rules, one name, one count. */
START_TEST(quota_shared_by_name)
{
	world_freeze(w);
	put("{\"match\":{\"action\":\"DescribeSnapshots\"},\"do\":{\"type\":\"quota\",\"name\":\"reads\",\"limit\":1,\"window\":\"1s\"}}");
	put("{\"match\":{\"action\":\"DescribeDisks\"},\"do\":{\"type\":\"quota\",\"name\":\"reads\",\"limit\":1,\"window\":\"1s\","
	       "\"code\":\"InternalError\"}}");
	ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").code, "");
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "InternalError");
}
END_TEST

/* ---- phases ------------------------------------------------------------------------------------------------------------- */

/* Work is done or not as the phase says; the answer is the same error. */
START_TEST(phases_and_the_work)
{
	static const struct {
		const char *phase;
		int made;
	} cases[] = { { "before_auth", 0 }, { "before_validate", 0 }, { "before_commit", 0 }, { "after_commit", 1 } };
	for (size_t i = 0; i < LENGTH(cases); i++) {
		start_afresh();
		put(arena_printf(w->arena, "{\"match\":{\"action\":\"CreateSnapshot\"},\"phase\":\"%s\",\"do\":{\"type\":\"error\","
		                              "\"code\":\"InternalError\"}}", cases[i].phase));
		ck_assert_str_eq(world_call(w, "CreateSnapshot", CREATE).code, "InternalError");
		ck_assert_int_eq(snapshots(), cases[i].made);
	}
}
END_TEST

/* The number a change would have taken is not lost with it: what is undone leaves no trace. */
START_TEST(rolled_back_whole)
{
	char first[32];
	snprintf(first, sizeof first, "%s", text_of(world_call(w, "CreateSnapshot", CREATE).response, "SnapshotId"));
	start_afresh();
	put("{\"match\":{\"action\":\"CreateSnapshot\"},\"phase\":\"before_commit\",\"when\":{\"times\":1},"
	    "\"do\":{\"type\":\"reset_peer\"}}");
	struct request *lost = send("CreateSnapshot", CREATE);
	ck_assert_int_eq(lost->wire.end, WIRE_RESET);
	ck_assert(!lost->committed);
	ck_assert_str_eq(text_of(world_call(w, "CreateSnapshot", CREATE).response, "SnapshotId"), first);
	ck_assert_int_eq(snapshots(), 1);
}
END_TEST

/* What makes a client that retries leave two snapshots. */
START_TEST(lost_answer)
{
	put("{\"match\":{\"action\":\"CreateSnapshot\"},\"phase\":\"after_commit\",\"when\":{\"times\":1},"
	    "\"do\":{\"type\":\"reset_peer\"}}");
	struct request *lost = send("CreateSnapshot", CREATE);
	ck_assert_int_eq(lost->wire.end, WIRE_RESET);
	ck_assert(lost->committed);
	world_advance(w, 10000);
	ck_assert_str_eq(world_call(w, "CreateSnapshot", CREATE).code, "");
	ck_assert_int_eq(snapshots(), 2);
}
END_TEST

/* Nothing is known of the caller yet: a request that nobody signed meets the rules of the default sandbox. */
START_TEST(before_auth)
{
	put("{\"phase\":\"before_auth\",\"match\":{\"action\":\"DescribeDisks\"},\"do\":{\"type\":\"http\",\"status\":503}}");
	struct request *r = world_bare(w, "POST", "/", "{}");
	world_header(r, "Host", "127.0.0.1:9362");
	world_header(r, "Content-Type", "application/json");
	world_header(r, "X-TC-Action", "DescribeDisks");
	mock_handle(w->mock, r);
	ck_assert_int_eq(r->http_status, 503);
	w->sender.secret_key = "wrong";
	ck_assert_int_eq(send("DescribeDisks", "{}")->http_status, 503);
}
END_TEST

/* The signature comes first, everything else after. */
START_TEST(before_validate)
{
	put("{\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	ck_assert_str_eq(world_call(w, "CreateSnapshot", "{\"Nonsense\":1}").code, "InternalError");
	w->sender.region = "ap-nowhere";
	ck_assert_str_eq(world_call(w, "CreateSnapshot", CREATE).code, "InternalError");
	w->sender.secret_key = "wrong";
	ck_assert_str_eq(world_call(w, "CreateSnapshot", CREATE).code, "AuthFailure.SignatureFailure");
}
END_TEST

/* A refused call has no commit to come after, but it has an answer. */
START_TEST(refused_calls)
{
	put("{\"name\":\"late\",\"phase\":\"after_commit\",\"do\":{\"type\":\"reset_peer\"}}");
	put("{\"name\":\"cut\",\"do\":{\"type\":\"truncate\"}}");
	struct request *r = send("CreateSnapshot", "{\"DiskId\":\"disk-00000000\"}");
	ck_assert_str_eq(code_of(r), "InvalidDiskId.NotFound");
	ck_assert(r->wire.cut);
	ck_assert_int_eq(int_of(rule_now("late"), "hits"), 0);
}
END_TEST

/* Once no answer leaves there is no body to spoil. */
START_TEST(silence_has_no_body)
{
	put("{\"name\":\"gone\",\"continue\":true,\"do\":{\"type\":\"reset_peer\"}}");
	put("{\"name\":\"cut\",\"do\":{\"type\":\"truncate\"}}");
	ck_assert(!send("DescribeDisks", "{}")->wire.cut);
	ck_assert_int_eq(int_of(rule_now("cut"), "matched"), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		no_rule_no_fault, error, error_words, http, latency, distributions, latency_by_the_sandbox_clock, dead_connections,
		connections_that_die_in_the_body, short_bodies, garbage, slow_bodies, quota, quota_shared_by_name, phases_and_the_work,
		rolled_back_whole, lost_answer, before_auth, before_validate, refused_calls, silence_has_no_body,
	};
	return run_with_world("fault", tests, LENGTH(tests));
}
