/* The signature X-ray: every broken signer is named rightly, whether its request is sent or pasted; a right signature is never
 * blamed; and no secret shows in what is said. */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "broken_signers.h"
#include "gateway/diagnose.h"
#include "gateway/xray.h"
#include "gateway/xray_internal.h"
#include "util/rng.h"
#include "util/str.h"
#include "world.h"

enum { TEXT_MOST = 1024 * 1024, RANDOM_REQUESTS = 2000 };

/* ---- a letter sent, a letter pasted -------------------------------------------------------------------------------------- */

static struct test_world *world_of(enum signature_policy policy)
{
	struct mock_config config;
	mock_config_default(&config);
	config.signature = policy;
	return world_open_with(&config);
}

static struct request *posted(struct test_world *w, const struct letter *l)
{
	struct name_value headers[LETTER_HEADERS_MAX];
	size_t count = letter_headers(l, headers);
	struct request *r = world_bare(w, l->method, letter_target(l), letter_body(l));
	for (size_t i = 0; i < count; i++)
		world_header(r, headers[i].name, headers[i].value);
	r->wall_ms = l->now * 1000;
	return r;
}

static const struct xray *send(struct test_world *w, const struct letter *l)
{
	struct request *r = posted(w, l);
	world_send(w, r);
	return r->xray;
}

static const char *as_text(struct arena *a, const struct letter *l, const char *line_end)
{
	struct name_value headers[LETTER_HEADERS_MAX];
	size_t count = letter_headers(l, headers);
	const char *text = arena_printf(a, "%s %s HTTP/1.1%s", l->method, letter_target(l), line_end);
	for (size_t i = 0; i < count; i++)
		text = arena_printf(a, "%s%s: %s%s", text, headers[i].name, headers[i].value, line_end);
	return arena_printf(a, "%s%s%s", text, line_end, letter_body(l));
}

static void paste(struct test_world *w, const char *text, struct diagnose_input *in, struct xray *x)
{
	struct buf why;
	buf_init(&why, TEXT_MOST);
	in->arena = w->arena;
	bool read = diagnose_read(in, text, strlen(text), &why);
	ck_assert_msg(read, "%s: %s", text, why.data);
	buf_finish(&why);
	mock_diagnose(w->mock, in, x);
}

static const char *as_json(struct arena *a, const struct xray *x)
{
	struct buf b;
	struct json_out o;
	buf_init(&b, TEXT_MOST);
	json_out_init(&o, &b);
	out_object(&o, NULL);
	xray_json(x, &o);
	out_end_object(&o);
	ck_assert(!b.overflow);
	cJSON *tree = cJSON_Parse(b.data);
	ck_assert_msg(tree != NULL, "no JSON: %s", b.data);
	cJSON_Delete(tree);
	const char *text = arena_strndup(a, b.data, b.len);
	buf_finish(&b);
	return text;
}

/* Keys and tokens of the built-in world, and the forms they may take on the way. */
static void check_silence(struct arena *a, const struct xray *x)
{
	static const char *const secrets[] = {
		LETTER_KEY, "Gu5t9xGARNpq86cd98joQYCN3EXAMPL", "gu5t9xgarnpq86cd98joqycn3example", "SubAccountKey000000000000EXAMPLE",
		"TemporaryKey0000000000000EXAMPLE", "ExpiredKey000000000000000EXAMPLE", "ExampleTokenOfATemporaryKey",
		"exampletokenofatemporarykey", "ExampleTokenThatHasExpired", "SomeTokenThatNobodyAskedFor", "secret/token+of=this",
		"secret%2Ftoken",
	};
	const char *text = as_json(a, x);
	for (size_t i = 0; i < LENGTH(secrets); i++)
		ck_assert_msg(!strstr(text, secrets[i]), "%s shows in %s", secrets[i], text);
	ck_assert_ptr_nonnull(x->hint);
	ck_assert_msg(!strstr(text, "{made}") && !strstr(text, "{sent}"), "%s", text);
}

/* ---- the table of broken signers ----------------------------------------------------------------------------------------- */

static void check_broken(const struct broken_signer *broken, void (*write)(struct letter *l, struct arena *a))
{
	struct letter l;
	struct arena *a = arena_new();
	write(&l, a);
	broken->sign(&l);
	letter_seal(&l);
	struct test_world *w = world_of(l.policy);

	const struct xray *sent = send(w, &l);
	ck_assert_msg(sent != NULL, "%s was not refused", broken->diagnosis);
	ck_assert_msg(str_is(sent->diagnosis, broken->diagnosis), "%s taken for %s", broken->diagnosis, as_json(a, sent));
	check_silence(a, sent);

	struct xray pasted;
	struct diagnose_input in = { .now_given = true, .now_ms = l.now * 1000 };
	paste(w, as_text(a, &l, "\n"), &in, &pasted);
	/* A pasted header has lost the blanks behind its value. */
	if (!str_is(broken->diagnosis, "header_values_not_trimmed"))
		ck_assert_str_eq(pasted.diagnosis, broken->diagnosis);
	check_silence(a, &pasted);
	world_close(w);
	arena_free(a);
}

START_TEST(broken_tc3_is_named)
{
	check_broken(&broken_tc3[_i], letter_tc3);
}
END_TEST

START_TEST(broken_v1_is_named)
{
	check_broken(&broken_v1[_i], letter_v1);
}
END_TEST

START_TEST(early_refusal_is_explained)
{
	check_broken(&broken_early[_i], letter_tc3);
}
END_TEST

/* ---- right signatures ---------------------------------------------------------------------------------------------------- */

static void check_correct(struct test_world *w, const struct letter *l, const char *line_end)
{
	struct xray x;
	struct diagnose_input in = { 0 };
	struct request *r = posted(w, l);
	struct answer answer = world_send(w, r);
	ck_assert_msg(!str_prefix(answer.code, "AuthFailure"), "%s %s", answer.code, as_text(w->arena, l, "\n"));
	ck_assert_ptr_null(r->xray);
	paste(w, as_text(w->arena, l, line_end), &in, &x);
	ck_assert_str_eq(x.diagnosis, "signature_correct");
	ck_assert_str_eq(x.result, "OK");
	check_silence(w->arena, &x);
}

START_TEST(right_letters_are_not_blamed)
{
	struct test_world *w = world_of(SIGNATURE_LOCAL);
	struct letter l;
	for (int v1 = 0; v1 < 2; v1++) {
		(v1 ? letter_v1 : letter_tc3)(&l, w->arena);
		letter_seal(&l);
		check_correct(w, &l, "\n");
		check_correct(w, &l, "\r\n");
	}
	world_close(w);
}
END_TEST

static const char *pick(struct rng *rng, const char *const *list, size_t count)
{
	return list[rng_next(rng) % count];
}

static const char *random_value(struct rng *rng, struct arena *a)
{
	static const char *const pieces[] = {
		"a", "B", "7", "-", "_", ".", "~", "*", " ", "+", "/", "&", "=", "%", "?", "<", "中", "é", "\\\"", "\\/",
		"\\u4e2d", "😀",
	};
	const char *text = "";
	for (size_t n = rng_next(rng) % 12; n > 0; n--)
		text = arena_printf(a, "%s%s", text, pick(rng, pieces, LENGTH(pieces)));
	return text;
}

static const char *random_params(struct rng *rng, struct arena *a)
{
	const char *text = "";
	size_t count = rng_next(rng) % 6;
	for (size_t i = 0; i < count; i++) {
		const char *comma = i == 0 ? "" : rng_next(rng) % 2 ? "," : " , ", *colon = rng_next(rng) % 2 ? ":" : " : ";
		size_t number = rng_next(rng) % 900 + i * 1000;
		text = arena_printf(a, "%s%s\"Name%zu\"%s\"%s\"", text, comma, number, colon, random_value(rng, a));
	}
	return arena_printf(a, "{%s}", text);
}

static void randomise(struct test_world *w, struct rng *rng)
{
	static const char *const hosts[] = { "127.0.0.1:9362", "localhost:9362", "127.0.0.1", "cbs.tencentcloudapi.com", "LOCALHOST:1",
		                                 "cbs.ap-guangzhou.tencentcloudapi.com", "http://127.0.0.1:9362", "[::1]:9362" };
	static const char *const types[] = { "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8" };
	static const char *const lists[] = { "content-type;host", "host;content-type", "content-type;host;x-tc-action",
		                                 "content-type;host;x-tc-action;x-tc-timestamp" };
	w->sender.form = (enum sending)(rng_next(rng) % 4);
	w->sender.method = (enum v1_method)(rng_next(rng) % 2);
	w->sender.host = pick(rng, hosts, LENGTH(hosts));
	w->sender.content_type = w->sender.form == SEND_TC3_JSON ? pick(rng, types, LENGTH(types)) : NULL;
	w->sender.signed_headers = pick(rng, lists, LENGTH(lists));
	w->sender.content_sha256 = w->sender.form == SEND_TC3_JSON && rng_next(rng) % 4 == 0 ? "UNSIGNED-PAYLOAD" : NULL;
	w->sender.language = rng_next(rng) % 2 ? "zh-CN" : "";
	bool temporary = rng_next(rng) % 4 == 0;
	w->sender.secret_id = temporary ? "AKIDTemporary0000000000000000EXAMPLE" : WORLD_ID;
	w->sender.secret_key = temporary ? "TemporaryKey0000000000000EXAMPLE" : WORLD_KEY;
	w->sender.token = temporary ? "ExampleTokenOfATemporaryKey" : "";
	w->wall_ms = (int64_t)(1500000000 + rng_next(rng) % 200000000) * 1000;
}

/* A request of the other client, whose signer is the library's: what the stage accepts, the X-ray must call correct. */
START_TEST(random_right_requests_are_not_blamed)
{
	struct test_world *w = world_of(SIGNATURE_LOCAL);
	struct rng rng;
	rng_init(&rng, 20260301);
	for (int i = 0; i < RANDOM_REQUESTS; i++) {
		randomise(w, &rng);
		struct request *r = world_request(w, "DescribeDisks", random_params(&rng, w->arena));
		struct diagnose_input in = { .arena = w->arena, .method = r->method, .target = r->target, .headers = r->headers,
			                         .header_count = r->header_count, .body = r->body, .body_len = r->body_len };
		struct xray x;
		mock_diagnose(w->mock, &in, &x);
		ck_assert_msg(str_is(x.diagnosis, "signature_correct"), "%s", as_json(w->arena, &x));
		check_silence(w->arena, &x);

		struct answer answer = world_send(w, r);
		ck_assert_msg(!str_prefix(answer.code, "AuthFailure"), "%s", answer.code);
		ck_assert_ptr_null(r->xray);
		if (r->canonical_request && !strstr(r->canonical_request, "x-tc-token"))
			ck_assert_str_eq(x.canonical_request, r->canonical_request);
	}
	world_close(w);
}
END_TEST

START_TEST(an_accepted_variant_is_called_one)
{
	struct test_world *w = world_of(SIGNATURE_LOCAL);
	struct letter l;
	struct xray x;
	struct diagnose_input in = { 0 };
	letter_tc3(&l, w->arena);
	l.signed_host = "127.0.0.1";
	letter_seal(&l);
	paste(w, as_text(w->arena, &l, "\n"), &in, &x);
	ck_assert_str_eq(x.diagnosis, "signature_correct");
	ck_assert_ptr_nonnull(strstr(x.hint, "host without port"));
	world_close(w);
}
END_TEST

/* ---- what is said -------------------------------------------------------------------------------------------------------- */

static void examine(struct test_world *w, void (*sign)(struct letter *l), struct xray *x)
{
	struct letter l;
	struct diagnose_input in = { 0 };
	letter_tc3(&l, w->arena);
	sign(&l);
	letter_seal(&l);
	paste(w, as_text(w->arena, &l, "\n"), &in, x);
	check_silence(w->arena, x);
}

static void sign_for_cloud(struct letter *l)
{
	l->signed_host = "cbs.tencentcloudapi.com";
}

START_TEST(difference_is_located)
{
	struct test_world *w = world_of(SIGNATURE_LOCAL);
	struct xray x;
	examine(w, sign_for_cloud, &x);
	ck_assert_str_eq(x.scheme, "TC3-HMAC-SHA256");
	ck_assert_str_eq(x.result, "AuthFailure.SignatureFailure");
	ck_assert_str_eq(x.confidence, "reproduces the signature you sent");
	ck_assert_str_eq(x.difference.part, "canonical_headers");
	ck_assert(x.difference.located);
	ck_assert_uint_eq(x.difference.offset, strlen("POST\n/\n\ncontent-type:application/json\nhost:"));
	ck_assert_str_eq(x.difference.expected, "host:127.0.0.1:9362");
	ck_assert_str_eq(x.difference.yours, "host:cbs.tencentcloudapi.com");
	ck_assert_str_eq(x.hint, "You signed the cloud's name, host:cbs.tencentcloudapi.com, but sent Host: 127.0.0.1:9362. "
	                         "Sign the address that you really call.");
	ck_assert_ptr_nonnull(strstr(x.your_canonical_request, "\nhost:cbs.tencentcloudapi.com\n\ncontent-type;host\n"));
	ck_assert_uint_gt(x.tried, 1);
	world_close(w);
}
END_TEST

static void sign_late(struct letter *l)
{
	l->signed_timestamp = "1772389801";
}

static void sign_without_prefix(struct letter *l)
{
	l->key = "X" LETTER_KEY;
	l->key_len--;
	l->key++;
	l->signing_key = (const uint8_t *)"TC3" LETTER_KEY;
	l->signing_key_len = strlen("TC3" LETTER_KEY);
}

static void sign_at_random(struct letter *l)
{
	l->signature = "00000000000000000000000000000000000000000000000000000000000000ff";
}

START_TEST(difference_may_be_further_on)
{
	struct test_world *w = world_of(SIGNATURE_LOCAL);
	struct xray x;
	examine(w, sign_late, &x);
	ck_assert_str_eq(x.difference.part, "timestamp");
	ck_assert_str_eq(x.difference.expected, "1772389800");
	ck_assert_str_eq(x.difference.yours, "1772389801");
	examine(w, sign_without_prefix, &x);
	ck_assert_str_eq(x.diagnosis, "key_not_derived");
	ck_assert_str_eq(x.difference.part, "signing_key");
	ck_assert(!x.difference.located);
	examine(w, sign_at_random, &x);
	ck_assert_str_eq(x.diagnosis, "unknown");
	ck_assert_str_eq(x.confidence, "nothing tried reproduces it");
	ck_assert_ptr_null(x.difference.part);
	ck_assert_ptr_nonnull(x.canonical_request);
	ck_assert_ptr_null(x.your_canonical_request);
	ck_assert_uint_gt(x.tried, 300);
	world_close(w);
}
END_TEST

/* A signed token shows nowhere, neither as sent nor encoded. */
START_TEST(tokens_are_covered)
{
	struct test_world *w = world_of(SIGNATURE_LOCAL);
	struct letter l;
	struct xray x;
	world_apply(w, "{\"Credentials\":[{\"SecretId\":\"AKIDWithToken0000000000000000EXAMPLE\",\"SecretKey\":\"KeyOfTheToken000\","
	               "\"Account\":100000000001,\"Token\":\"secret/token+of=this\",\"Expiration\":\"+3650d\"}]}");
	for (int v1 = 0; v1 < 2; v1++) {
		struct diagnose_input in = { 0 };
		(v1 ? letter_v1 : letter_tc3)(&l, w->arena);
		l.id = "AKIDWithToken0000000000000000EXAMPLE";
		l.token = "secret/token+of=this";
		l.list = "content-type;host;x-tc-token";
		l.signed_headers = "content-type:application/json\nhost:cbs.tencentcloudapi.com\nx-tc-token:secret/token+of=this\n";
		l.signed_host = "cbs.tencentcloudapi.com";
		l.key = "KeyOfTheToken000";
		l.key_len = strlen(l.key);
		if (v1) {
			l.params[l.param_count - 1].value = l.id;
			l.params[l.param_count++] = (struct name_value){ "Token", "secret/token+of=this" };
		}
		letter_seal(&l);
		paste(w, as_text(w->arena, &l, "\n"), &in, &x);
		ck_assert_str_eq(x.diagnosis, "host_of_cloud");
		check_silence(w->arena, &x);
		ck_assert_ptr_nonnull(strstr(v1 ? x.string_to_sign : x.canonical_request, "********************"));
	}
	world_close(w);
}
END_TEST

/* ---- pasting ------------------------------------------------------------------------------------------------------------- */

START_TEST(a_key_may_be_given)
{
	struct test_world *w = world_of(SIGNATURE_LOCAL);
	struct letter l;
	struct xray x;
	struct diagnose_input in = { 0 };
	letter_tc3(&l, w->arena);
	l.id = "AKIDofSomebodyElse000000000000EXAMPLE";
	l.key = "KeyOfSomebodyElse000000000EXAMPLE";
	l.key_len = strlen(l.key);
	letter_seal(&l);
	const char *text = as_text(w->arena, &l, "\r\n");
	paste(w, text, &in, &x);
	ck_assert_str_eq(x.diagnosis, "secret_id_unknown");
	ck_assert_ptr_nonnull(strstr(x.hint, "AKIDofSo…"));
	in = (struct diagnose_input){ .secret_key = l.key };
	paste(w, text, &in, &x);
	ck_assert_str_eq(x.diagnosis, "signature_correct");
	in = (struct diagnose_input){ .secret_key = "KeyOfSomebodyElse000000000EXAMPL" };
	paste(w, text, &in, &x);
	ck_assert_str_eq(x.diagnosis, "unknown");
	world_close(w);
}
END_TEST

START_TEST(pasting_changes_nothing)
{
	struct test_world *w = world_of(SIGNATURE_LOCAL), *other = world_of(SIGNATURE_LOCAL);
	struct letter l;
	struct xray x;
	struct diagnose_input in = { 0 };
	letter_tc3(&l, w->arena);
	letter_seal(&l);
	paste(w, as_text(w->arena, &l, "\n"), &in, &x);
	ck_assert_str_eq(x.diagnosis, "signature_correct");
	w->wall_ms = other->wall_ms;
	const char *id = world_call(w, "DescribeDisks", "{}").request_id;
	ck_assert_str_eq(id, world_call(other, "DescribeDisks", "{}").request_id);
	world_close(w);
	world_close(other);
}
END_TEST

START_TEST(the_body_ends_where_it_says)
{
	struct diagnose_input in = { .arena = arena_new() };
	struct buf why;
	buf_init(&why, TEXT_MOST);
	static const struct {
		const char *text, *body;
	} pastes[] = {
		{ "\n\nPOST / HTTP/1.1\nHost: a\n\n{}\n\n", "{}" },
		{ "POST / HTTP/1.1\r\nHost:a\r\nContent-Length: 3\r\n\r\n{}\n\n", "{}\n" },
		{ "POST /\nContent-Length: 300\n\n{}", "{}" },
		{ "GET /?a=b HTTP/1.1\nHost: a", "" },
	};
	for (size_t i = 0; i < LENGTH(pastes); i++) {
		ck_assert_msg(diagnose_read(&in, pastes[i].text, strlen(pastes[i].text), &why), "%s", why.data);
		ck_assert_str_eq(in.body, pastes[i].body);
	}
	ck_assert_str_eq(in.method, "GET");
	ck_assert_str_eq(in.target, "/?a=b");
	arena_free(in.arena);
	buf_finish(&why);
}
END_TEST

START_TEST(what_is_no_request_is_refused)
{
	static const char *const texts[] = {
		"", "\n \n", "hello", "POST", "POST ", "P(ST / HTTP/1.1", "POST / HTTP/1.1\nHost", "POST / HTTP/1.1\n: a",
		"POST / HTTP/1.1\nA B: c",
	};
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct diagnose_input in = { .arena = arena_new() };
		struct buf why;
		buf_init(&why, TEXT_MOST);
		ck_assert_msg(!diagnose_read(&in, texts[i], strlen(texts[i]), &why), "%s", texts[i]);
		ck_assert_uint_gt(why.len, 0);
		buf_finish(&why);
		arena_free(in.arena);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("xray");
	TCase *table = tcase_create("broken signers");
	tcase_add_loop_test(table, broken_tc3_is_named, 0, (int)broken_tc3_count);
	tcase_add_loop_test(table, broken_v1_is_named, 0, (int)broken_v1_count);
	tcase_add_loop_test(table, early_refusal_is_explained, 0, (int)broken_early_count);
	suite_add_tcase(suite, table);
	const TTest *const tests[] = {
		right_letters_are_not_blamed, random_right_requests_are_not_blamed, an_accepted_variant_is_called_one,
		difference_is_located, difference_may_be_further_on, tokens_are_covered,
	};
	add_case(suite, "what is said", tests, LENGTH(tests));
	const TTest *const pasting[] = {
		a_key_may_be_given, pasting_changes_nothing, the_body_ends_where_it_says, what_is_no_request_is_refused,
	};
	add_case(suite, "pasting", pasting, LENGTH(pasting));
	return run_suite(suite);
}
