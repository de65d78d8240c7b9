/* Whom the gateway believes: keys, tokens, time, signatures, and what real clients do under each policy (protocol.md §9). */
#include "run.h"

#include <string.h>

#include "util/str.h"
#include "world.h"

static struct test_world *w;

static struct test_world *open_with(enum signature_policy policy)
{
	struct mock_config config;
	mock_config_default(&config);
	config.signature = policy;
	config.public_hosts = "mock.example.com,cbs.public.example";
	return world_open_with(&config);
}

static void open_world(void)
{
	w = open_with(SIGNATURE_LOCAL);
}

static void close_world(void)
{
	world_close(w);
}

static const char *verdict_of(struct answer a)
{
	return *a.code ? arena_printf(w->arena, "%s: %s", a.code, a.message) : "";
}

static const char *call(void)
{
	return verdict_of(world_call(w, "DescribeDisks", "{}"));
}

#define NOT_FOUND "AuthFailure.SecretIdNotFound: The SecretId is not found, please ensure that your SecretId is correct."
#define BAD_SIGNATURE \
	"AuthFailure.SignatureFailure: The provided credentials could not be validated. Please check your signature is correct."
#define BAD_TOKEN "AuthFailure.TokenFailure: Token verification failed. Please check your Token is correct."
#define SCOPE_PART(part) \
	"AuthFailure.InvalidAuthorization: The request `Authorization` header does not conform to tencentcloud standards: `" part \
	"` in Credential not valid."

/* ---- variants of clients ------------------------------------------------------------------------------------------- */

#define REAL "cbs.tencentcloudapi.com"

/* What one kind of client does, how `local` reports it, and whether the real gateway would take it. */
static const struct {
	const char *client;
	enum sending form;
	const char *host, *signed_host, *service, *signed_with;
	bool exact;
	bool raw_values;
	const char *blanks; /* after the algorithm, NULL: one */
	const char *tail;   /* behind the signature */
} clients[] = {
	{ "any, real name", SEND_TC3_JSON, REAL, NULL, "cbs", "host", true, false, NULL, NULL },
	{ "any, regional name", SEND_TC3_GET, "cbs.ap-guangzhou.tencentcloudapi.com", NULL, "cbs",
	  "host", true, false, NULL, NULL },
	{ "any, v1", SEND_V1_POST, REAL, NULL, "", "host", true, false, NULL, NULL },
	{ ".NET", SEND_TC3_JSON, REAL, NULL, "cbs", "host, two blanks", true, false, "  ", NULL },
	{ "Ruby, v1", SEND_V1_GET, REAL, NULL, "", "host, line end in signature", true, false, NULL, "%0A" },
	{ "Python", SEND_TC3_JSON, "127.0.0.1:9362", NULL, "cbs", "host", false, false, NULL, NULL },
	{ "Python, v1", SEND_V1_GET, "127.0.0.1:9362", NULL, "", "host", false, false, NULL, NULL },
	{ "Go", SEND_TC3_GET, "cbs.mock.test:9362", NULL, "cbs", "host", false, false, NULL, NULL },
	{ "Java, PHP", SEND_TC3_JSON, "127.0.0.1:9362", NULL, "127", "host, service of host", false, false, NULL, NULL },
	{ "Java, PHP, name", SEND_TC3_JSON, "localhost:9362", NULL, "localhost:9362",
	  "host, service of host", false, false, NULL, NULL },
	{ "Ruby, port 80", SEND_TC3_JSON, "localhost", NULL, "localhost", "host, service of host", false, false, NULL, NULL },
	{ "Node", SEND_TC3_JSON, "127.0.0.1:9362", "127.0.0.1", "127",
	  "host without port, service of host", false, false, NULL, NULL },
	{ "Node, v1", SEND_V1_POST, "127.0.0.1:9362", "127.0.0.1", "", "host without port", false, false, NULL, NULL },
	{ "Node, service without port", SEND_TC3_GET, "localhost:9362", "localhost", "localhost",
	  "host without port, service of host", false, false, NULL, NULL },
	{ "tccli", SEND_TC3_JSON, "http://127.0.0.1:9362", NULL, "cbs", "host with scheme", false, false, NULL, NULL },
	{ "tccli, repaired", SEND_TC3_JSON, "http://127.0.0.1:9362", "127.0.0.1:9362", "cbs",
	  "host without scheme", false, false, NULL, NULL },
	{ "behind a proxy", SEND_TC3_JSON, "10.0.0.7:80", "mock.example.com", "cbs", "public host", false, false, NULL, NULL },
	{ "behind a proxy, v1", SEND_V1_GET, "10.0.0.7:80", "cbs.public.example", "", "public host", false, false, NULL, NULL },
	{ "capitals", SEND_TC3_JSON, "LocalHost:9362", NULL, "cbs", "host, raw values", false, true, NULL, NULL },
	{ "IPv6", SEND_TC3_JSON, "[::1]:9362", NULL, "cbs", "host", false, false, NULL, NULL },
	{ "IPv6, Node", SEND_TC3_JSON, "[::1]:9362", "[::1]", "cbs", "host without port", false, false, NULL, NULL },
};

static struct request *as_client(int i)
{
	w->sender.form = clients[i].form;
	w->sender.host = clients[i].host;
	w->sender.signed_host = clients[i].signed_host;
	w->sender.service = clients[i].service;
	w->sender.raw_values = clients[i].raw_values;
	struct request *r = world_request(w, "DescribeDisks", "{}");
	const char *authorization = request_header(r, "Authorization");
	if (clients[i].blanks)
		world_header(r, "Authorization",
		             arena_printf(r->arena, "TC3-HMAC-SHA256%s%s", clients[i].blanks, strchr(authorization, ' ') + 1));
	if (clients[i].tail)
		r->target = arena_printf(r->arena, "%s%s", r->target, clients[i].tail);
	return r;
}

START_TEST(local_knows_the_clients)
{
	struct answer a = world_send(w, as_client(_i));
	ck_assert_str_eq(verdict_of(a), "");
	ck_assert_str_eq(a.request->signed_with, clients[_i].signed_with);
}
END_TEST

START_TEST(exact_is_the_real_gateway)
{
	world_close(w);
	w = open_with(SIGNATURE_EXACT);
	struct answer a = world_send(w, as_client(_i));
	bool tc3 = clients[_i].form == SEND_TC3_JSON || clients[_i].form == SEND_TC3_GET;
	ck_assert_str_eq(verdict_of(a), clients[_i].exact ? "" : tc3 ? SCOPE_PART("Service") : BAD_SIGNATURE);
}
END_TEST

START_TEST(a_wrong_key_never_matches)
{
	w->sender.secret_key = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLf";
	struct answer a = world_send(w, as_client(_i));
	ck_assert_str_eq(verdict_of(a), BAD_SIGNATURE);
	ck_assert_str_eq(a.request->stage, "signature");
	ck_assert_ptr_null(a.request->signed_with);
	ck_assert_ptr_nonnull(a.request->string_to_sign);
	ck_assert_ptr_null(strstr(a.request->string_to_sign, WORLD_KEY));
}
END_TEST

/* Vectors F and G of protocol.md §3, byte for byte, on the day they are of. */
START_TEST(published_requests_are_accepted)
{
	static const struct {
		const char *host, *signature;
	} vectors[] = {
		{ REAL, "b055c825d5fdf6605199e4a2c7121a56253321f512c0bee0f51749fb203de43d" },
		{ "127.0.0.1:8080", "ce1cdeb1feb8255dbbe6945b013c86249563d4d89386318f5a978823f3e17fea" },
	};
	w->wall_ms = INT64_C(1551113065000);
	for (size_t i = 0; i < LENGTH(vectors); i++) {
		struct request *r = world_bare(w, "POST", "/", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"snap_201711301015\"}");
		world_header(r, "Host", vectors[i].host);
		world_header(r, "Content-Type", "application/json");
		world_header(r, "X-TC-Action", "CreateSnapshot");
		world_header(r, "X-TC-Version", "2017-03-12");
		world_header(r, "X-TC-Region", "ap-guangzhou");
		world_header(r, "X-TC-Timestamp", "1551113065");
		world_header(r, "Authorization",
		             arena_printf(r->arena, "TC3-HMAC-SHA256 Credential=" WORLD_ID "/2019-02-25/cbs/tc3_request, "
		                          "SignedHeaders=content-type;host, Signature=%s", vectors[i].signature));
		ck_assert_str_eq(world_send(w, r).code, i == 0 ? "" : "InvalidDisk.SnapshotCreating");
	}
}
END_TEST

START_TEST(names_may_be_signed_with_dots)
{
	w->sender.form = SEND_V1_GET;
	w->sender.dots = true;
	struct answer a = world_call(w, "DescribeDisks", "{\"My_Name\":\"x_y\"}");
	ck_assert_str_eq(a.code, "UnknownParameter");
	ck_assert_str_eq(a.request->signed_with, "host, dots for underscores");
	w->sender.dots = false;
	a = world_call(w, "DescribeDisks", "{\"My_Name\":\"x_y\"}");
	ck_assert_str_eq(a.code, "UnknownParameter");
	ck_assert_str_eq(a.request->signed_with, "host");
}
END_TEST

START_TEST(no_policy_means_any_signature_of_a_known_key)
{
	world_close(w);
	w = open_with(SIGNATURE_OFF);
	w->sender.secret_key = "wrong";
	w->sender.service = "anything";
	w->sender.skew_s = 100000;
	for (int form = SEND_TC3_JSON; form <= SEND_V1_POST; form++) {
		w->sender.form = (enum sending)form;
		ck_assert_str_eq(call(), "");
	}
	w->sender.secret_id = "AKIDnobody";
	ck_assert_str_eq(call(), NOT_FOUND);
}
END_TEST

/* ---- scope and time ------------------------------------------------------------------------------------------------ */

START_TEST(the_scope_must_fit)
{
	w->sender.service = "cvm";
	ck_assert_str_eq(call(), SCOPE_PART("Service"));
	w->sender.service = "CBS";
	ck_assert_str_eq(call(), SCOPE_PART("Service"));
	w->sender.host = "cvm.tencentcloudapi.com";
	w->sender.service = "cbs";
	ck_assert_str_eq(call(), SCOPE_PART("Service"));

	w->sender.host = "127.0.0.1:9362";
	struct request *r = world_request(w, "DescribeDisks", "{}");
	world_header(r, "X-TC-Timestamp", arena_printf(r->arena, "%lld", (long long)(w->wall_ms / 1000 - 86400)));
	ck_assert_str_eq(verdict_of(world_send(w, r)), SCOPE_PART("Date"));
}
END_TEST

START_TEST(content_type_and_host_must_be_signed)
{
	const char *too_few =
		"AuthFailure.InvalidAuthorization: The request `Authorization` header does not conform to tencentcloud standards: "
		"`SignedHeaders` not valid.";
	static const struct {
		const char *names;
		bool fine;
	} lists[] = {
		{ "content-type;host", true },
		{ "content-type;host;x-tc-action", true },
		{ "content-type;host;x-tc-action;x-tc-timestamp", true },
		{ "content-type;host;x-not-sent", true },
		{ "host", false },
		{ "content-type", false },
		{ "content-type;hosts", false },
	};
	for (size_t i = 0; i < LENGTH(lists); i++) {
		w->sender.signed_headers = lists[i].names;
		ck_assert_str_eq(call(), lists[i].fine ? "" : too_few);
	}
}
END_TEST

START_TEST(a_signature_lives_five_minutes)
{
	static const struct {
		int64_t skew_s;
		bool fine;
	} steps[] = { { 0, true }, { 300, true }, { -300, true }, { 301, false }, { -301, false } };
	for (int form = SEND_TC3_JSON; form <= SEND_V1_POST; form++) {
		w->sender.form = (enum sending)form;
		for (size_t i = 0; i < LENGTH(steps); i++) {
			w->sender.skew_s = steps[i].skew_s;
			const char *expired =
				arena_printf(w->arena,
			                 "AuthFailure.SignatureExpire: Signature expired. Please use local time and enable "
			                 "NTP service for time synchronization to avoid a deviation between `Timestamp` and the "
			                 "server time %lld.",
			                 (long long)(w->wall_ms / 1000));
			ck_assert_str_eq(call(), steps[i].fine ? "" : expired);
		}
	}
}
END_TEST

START_TEST(sandbox_time_does_not_age_signatures)
{
	world_freeze(w);
	world_advance(w, 40 * INT64_C(86400000));
	ck_assert_str_eq(call(), "");
}
END_TEST

START_TEST(a_timestamp_without_a_date_has_expired)
{
	const char *timestamps[] = { "1539084154000", "253402300800", "18446744073709551615", "0" };
	for (size_t i = 0; i < LENGTH(timestamps); i++) {
		struct request *r = world_request(w, "DescribeDisks", "{}");
		world_header(r, "X-TC-Timestamp", timestamps[i]);
		ck_assert_str_eq(world_send(w, r).code, i == 3 ? "AuthFailure.InvalidAuthorization" : "AuthFailure.SignatureExpire");
	}
}
END_TEST

/* ---- payload ------------------------------------------------------------------------------------------------------- */

START_TEST(the_payload_may_stay_unsigned)
{
	w->sender.content_sha256 = "UNSIGNED-PAYLOAD";
	ck_assert_str_eq(call(), "");
	w->sender.form = SEND_TC3_GET;
	ck_assert_str_eq(call(), "");
	w->sender.form = SEND_TC3_JSON;
	struct request *r = world_request(w, "DescribeDisks", "{}");
	r->body = "{\"Limit\":1}";
	r->body_len = strlen(r->body);
	ck_assert_str_eq(verdict_of(world_send(w, r)), "");
}
END_TEST

START_TEST(a_named_hash_is_verified)
{
	w->sender.content_sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
	ck_assert_str_eq(call(), "");
	struct answer a = world_call(w, "DescribeDisks", "{\"Limit\":1}");
	ck_assert_str_eq(verdict_of(a), "InvalidParameterValue: The value specified in `X-TC-Content-SHA256` is not correct.");
	w->sender.language = "zh-CN";
	a = world_call(w, "DescribeDisks", "{\"Limit\":1}");
	ck_assert_str_eq(verdict_of(a), "InvalidParameterValue: 参数 `X-TC-Content-SHA256` 计算值不正确。");
}
END_TEST

START_TEST(what_was_signed_is_what_was_sent)
{
	struct request *r = world_request(w, "DescribeDisks", "{\"Limit\":1}");
	r->body = "{\"Limit\":2}";
	ck_assert_str_eq(verdict_of(world_send(w, r)), BAD_SIGNATURE);
	w->sender.form = SEND_TC3_GET;
	r = world_request(w, "DescribeDisks", "{\"Limit\":1}");
	r->target = "/?Limit=2";
	ck_assert_str_eq(verdict_of(world_send(w, r)), BAD_SIGNATURE);
	r = world_request(w, "DescribeDisks", "{\"Limit\":1,\"Offset\":0}");
	r->target = "/?Offset=0&Limit=1";
	ck_assert_str_eq(verdict_of(world_send(w, r)), BAD_SIGNATURE);
	w->sender.form = SEND_V1_GET;
	r = world_request(w, "DescribeDisks", "{\"Limit\":1}");
	r->target = arena_printf(r->arena, "%s&Offset=1", r->target);
	ck_assert_str_eq(verdict_of(world_send(w, r)), BAD_SIGNATURE);
}
END_TEST

/* ---- keys ---------------------------------------------------------------------------------------------------------- */

START_TEST(keys_have_conditions)
{
	w->sender.secret_id = "AKIDnobody";
	struct answer a = world_call(w, "DescribeDisks", "{}");
	ck_assert_str_eq(verdict_of(a), NOT_FOUND);
	ck_assert_str_eq(a.request->caller.secret_id, "");
	ck_assert_ptr_null(a.request->error.because);
	w->sender.language = "zh-CN";
	ck_assert_str_eq(call(), "AuthFailure.SecretIdNotFound: SecretId不存在，请输入正确的密钥。");
	w->sender.language = "";
	w->sender.secret_id = "AKIDDisabled00000000000000000EXAMPLE";
	w->sender.secret_key = "DisabledKey00000000000000EXAMPLE";
	ck_assert_str_eq(call(), NOT_FOUND);
	w->sender.secret_id = "AKIDNotAnApiKey00000000000000EXAMPLE";
	w->sender.secret_key = "NotAnApiKeyKey00000000000EXAMPLE";
	ck_assert_str_eq(call(), "AuthFailure.InvalidSecretId: The SecretId is not the id of a cloud API key.");
	world_apply(w, "{\"Credentials\":[{\"SecretId\":\"AKIDMfaExpired000000000000000EXAMPLE\",\"Mfa\":\"FAILED\"}]}");
	w->sender.secret_id = "AKIDMfaExpired000000000000000EXAMPLE";
	w->sender.secret_key = "MfaExpiredKey000000000000EXAMPLE";
	ck_assert_str_eq(call(), "AuthFailure.MFAFailure: The multi-factor authentication did not succeed.");
}
END_TEST

START_TEST(tokens_belong_to_temporary_keys)
{
	for (int form = SEND_TC3_JSON; form <= SEND_V1_POST; form++) {
		w->sender.form = (enum sending)form;
		w->sender.secret_id = WORLD_ID;
		w->sender.secret_key = WORLD_KEY;
		w->sender.token = "ExampleTokenOfATemporaryKey";
		ck_assert_str_eq(call(), BAD_TOKEN);
		w->sender.secret_id = "AKIDTemporary0000000000000000EXAMPLE";
		w->sender.secret_key = "TemporaryKey0000000000000EXAMPLE";
		ck_assert_str_eq(call(), "");
		w->sender.token = "another";
		ck_assert_str_eq(call(), BAD_TOKEN);
		w->sender.token = "";
		ck_assert_str_eq(call(), BAD_TOKEN);
	}
	w->sender.secret_id = "AKIDExpired000000000000000000EXAMPLE";
	w->sender.secret_key = "ExpiredKey000000000000000EXAMPLE";
	w->sender.token = "ExampleTokenThatHasExpired";
	ck_assert_str_eq(call(), BAD_TOKEN);
}
END_TEST

START_TEST(temporary_keys_expire_by_sandbox_time)
{
	w->sender.secret_id = "AKIDTemporary0000000000000000EXAMPLE";
	w->sender.secret_key = "TemporaryKey0000000000000EXAMPLE";
	w->sender.token = "ExampleTokenOfATemporaryKey";
	world_freeze(w);
	ck_assert_str_eq(call(), "");
	world_advance(w, 366 * INT64_C(86400000));
	ck_assert_str_eq(call(), BAD_TOKEN);
}
END_TEST

START_TEST(addresses_may_be_shut_out)
{
	world_apply(w, "{\"Accounts\":[{\"Uin\":100000000001,\"IpDeny\":[\"10.*\",\"192.168.0.1\"]}]}");
	ck_assert_str_eq(call(), "");
	w->sender.address = "10.1.2.3";
	ck_assert_str_eq(call(), "IpInBlacklist: The address this request came from is blocked.");
	w->sender.address = "192.168.0.11";
	ck_assert_str_eq(call(), "");
	world_apply(w, "{\"Accounts\":[{\"Uin\":100000000001,\"IpAllow\":[\"127.0.0.1\"]}]}");
	ck_assert_str_eq(call(), "IpNotInWhitelist: The address this request came from is not allowed.");
	w->sender.address = "127.0.0.1";
	ck_assert_str_eq(call(), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("auth");
	TCase *tc = tcase_create("auth");
	tcase_add_checked_fixture(tc, open_world, close_world);
	tcase_add_loop_test(tc, local_knows_the_clients, 0, (int)LENGTH(clients));
	tcase_add_loop_test(tc, exact_is_the_real_gateway, 0, (int)LENGTH(clients));
	tcase_add_loop_test(tc, a_wrong_key_never_matches, 0, (int)LENGTH(clients));
	const TTest *const tests[] = {
		published_requests_are_accepted,
		names_may_be_signed_with_dots, no_policy_means_any_signature_of_a_known_key, the_scope_must_fit,
		content_type_and_host_must_be_signed, a_signature_lives_five_minutes, sandbox_time_does_not_age_signatures,
		a_timestamp_without_a_date_has_expired, the_payload_may_stay_unsigned, a_named_hash_is_verified,
		what_was_signed_is_what_was_sent, keys_have_conditions, tokens_belong_to_temporary_keys,
		temporary_keys_expire_by_sandbox_time, addresses_may_be_shut_out,
	};
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
