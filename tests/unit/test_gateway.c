/* The gateway from outside: forms, what each check answers and in which order, languages, limits, the shape of answers. */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "gateway/limit.h"
#include "util/rng.h"
#include "util/str.h"
#include "world.h"

#define DISK "{\"DiskId\":\"disk-lzrg2pwi\"}"

static struct test_world *w;

static void open_world(void)
{
	w = world_open();
}

static void close_world(void)
{
	world_close(w);
}

/* "" or "Code: message". */
static const char *verdict_of(struct answer a)
{
	return *a.code ? arena_printf(w->arena, "%s: %s", a.code, a.message) : "";
}

static const char *send(struct request *r)
{
	return verdict_of(world_send(w, r));
}

static const char *call(const char *action, const char *params)
{
	return verdict_of(world_call(w, action, params));
}

#define MISSING(name) "MissingParameter: The request is missing a required parameter `" name "`."
#define NOT_JSON "InvalidParameter: The request content not valid json format for specified content-type=application/json."
#define NO_TYPE(type) "UnsupportedProtocol: this action does not support Content-Type=`" type "`"

/* ---- forms --------------------------------------------------------------------------------------------------------- */

START_TEST(every_form_is_served)
{
	for (int form = SEND_TC3_JSON; form <= SEND_V1_POST; form++) {
		for (int method = V1_SHA1; method <= V1_SHA256; method++) {
			w->sender.form = (enum sending)form;
			w->sender.method = (enum v1_method)method;
			struct answer a = world_call(w, "DescribeDisks", "{\"DiskIds\":[\"disk-lzrg2pwi\"]}");
			ck_assert_str_eq(a.code, "");
			ck_assert_int_eq(cJSON_GetObjectItemCaseSensitive(a.response, "TotalCount")->valueint, 1);
			ck_assert_str_eq(a.request->stage, "");
		}
	}
}
END_TEST

START_TEST(content_type_is_matched_by_media_type)
{
	w->sender.content_type = "Application/JSON ; charset=utf-8";
	w->sender.raw_values = false;
	ck_assert_str_eq(call("DescribeDisks", "{}"), "");
	w->sender.content_type = "multipart/form-data; boundary=x";
	ck_assert_str_eq(call("DescribeDisks", "{}"), NO_TYPE("multipart/form-data"));
	w->sender.content_type = "application/octet-stream";
	ck_assert_str_eq(call("DescribeDisks", "{}"), NO_TYPE("application/octet-stream"));
	w->sender.content_type = "application/x-www-form-urlencoded";
	ck_assert_str_eq(call("DescribeDisks", "{}"), NO_TYPE("application/x-www-form-urlencoded"));
	w->sender.content_type = "";
	ck_assert_str_eq(call("DescribeDisks", "{}"), NO_TYPE(""));
}
END_TEST

START_TEST(only_get_and_post_on_the_root)
{
	const char *methods[] = { "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "get" };
	for (size_t i = 0; i < LENGTH(methods); i++)
		ck_assert_str_eq(send(world_bare(w, methods[i], "/", "")),
		                 arena_printf(w->arena, "UnsupportedProtocol: The request method `%s` is not supported, use GET or POST.",
		                              methods[i]));
	ck_assert_str_eq(send(world_bare(w, "GET", "/elsewhere", "")),
	                 "UnsupportedProtocol: The protocol of the request is not supported.");
	ck_assert_str_eq(send(world_bare(w, "GET", "//", "")), "UnsupportedProtocol: The protocol of the request is not supported.");
}
END_TEST

START_TEST(an_absolute_target_is_a_host_too)
{
	w->sender.host = "cbs.tencentcloudapi.com";
	struct request *r = world_request(w, "DescribeDisks", "{}");
	r->target = "http://cbs.tencentcloudapi.com/";
	ck_assert_str_eq(send(r), "");
	r = world_request(w, "DescribeDisks", "{}");
	r->target = "http://cbs.tencentcloudapi.com";
	world_header(r, "Host", NULL);
	ck_assert_str_eq(send(r), "");
	ck_assert_str_eq(r->host, "cbs.tencentcloudapi.com");
	r = world_request(w, "DescribeDisks", "{}");
	r->target = "/?"; /* .NET */
	ck_assert_str_eq(send(r), "");
}
END_TEST

/* ---- sizes --------------------------------------------------------------------------------------------------------- */

static char *blanks(size_t count)
{
	char *text = arena_alloc(w->arena, count + 1);
	return memset(text, 'a', count);
}

#define TOO_LARGE_V1 \
	"AuthFailure.SignatureFailure: The provided credentials could not be validated because of exceeding request size limit, " \
	"please use new signature method `TC3-HMAC-SHA256`."
#define TOO_LARGE "RequestSizeLimitExceeded: The request is larger than its form allows."

START_TEST(each_form_has_its_size)
{
	struct request *r = world_bare(w, "GET", arena_printf(w->arena, "/?A=%s", blanks(QUERY_MAX - 1)), "");
	ck_assert_str_eq(send(r), TOO_LARGE_V1);
	r = world_bare(w, "GET", arena_printf(w->arena, "/?A=%s", blanks(QUERY_MAX - 1)), "");
	world_header(r, "Authorization", "x");
	ck_assert_str_eq(send(r), TOO_LARGE);
	r = world_bare(w, "GET", arena_printf(w->arena, "/?A=%s", blanks(QUERY_MAX - 2)), "");
	ck_assert_str_eq(send(r), MISSING("Timestamp"));

	r = world_bare(w, "POST", "/", arena_printf(w->arena, "A=%s", blanks(FORM_MAX - 1)));
	world_header(r, "Content-Type", "application/x-www-form-urlencoded");
	ck_assert_str_eq(send(r), TOO_LARGE_V1);
	r = world_bare(w, "POST", "/", arena_printf(w->arena, "A=%s", blanks(FORM_MAX - 2)));
	world_header(r, "Content-Type", "application/x-www-form-urlencoded");
	ck_assert_str_eq(send(r), MISSING("Timestamp"));

	r = world_bare(w, "POST", "/", blanks(BODY_MAX + 1));
	world_header(r, "Content-Type", "application/json");
	ck_assert_str_eq(send(r), TOO_LARGE);
}
END_TEST

START_TEST(a_large_json_body_is_fine)
{
	const char *params = arena_printf(w->arena, "{\"DiskIds\":[\"disk-lzrg2pwi\"]%s}", "");
	char *body = arena_alloc(w->arena, BODY_MAX + 1);
	memset(body, ' ', BODY_MAX);
	memcpy(body, params, strlen(params));
	ck_assert_str_eq(call("DescribeDisks", body), "");
}
END_TEST

START_TEST(values_are_counted)
{
	char *body = arena_alloc(w->arena, 2 * VALUES_MAX + 32);
	size_t len = (size_t)snprintf(body, 32, "{\"DiskIds\":[0");
	for (int i = 0; i < VALUES_MAX; i++, len += 2)
		memcpy(body + len, ",0", 2);
	memcpy(body + len, "]}", 3);
	ck_assert_str_eq(call("DescribeDisks", body), TOO_LARGE);
}
END_TEST

/* ---- what cannot be read ------------------------------------------------------------------------------------------- */

static const struct {
	const char *body, *verdict;
} bodies[] = {
	{ "", MISSING("DiskId") },
	{ "{}", MISSING("DiskId") },
	{ " { } ", MISSING("DiskId") },
	{ "[]", NOT_JSON },
	{ "1", NOT_JSON },
	{ "null", NOT_JSON },
	{ "{", NOT_JSON },
	{ "{}}", NOT_JSON },
	{ "{'a':1}", NOT_JSON },
	{ "{\"a\":1,}", NOT_JSON },
	{ "{\"a\":01}", NOT_JSON },
	{ "{\"a\":NaN}", NOT_JSON },
	{ "\xef\xbb\xbf{}", NOT_JSON },
	{ "{\"a\":\"\xff\"}", NOT_JSON },
	{ "{\"a\":\"\\ud800\"}", NOT_JSON },
	{ "{\"a\":\"\\u0000\"}", NOT_JSON },
	{ "{\"DiskId\":\"a\",\"DiskId\":\"b\"}", "InvalidParameter: Parameter `DiskId` input repeated." },
	{ "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", NOT_JSON },
	{ "DiskId=disk-lzrg2pwi", NOT_JSON },
};

START_TEST(json_is_read_strictly)
{
	ck_assert_str_eq(call("CreateSnapshot", bodies[_i].body), bodies[_i].verdict);
}
END_TEST

START_TEST(queries_are_read_strictly)
{
	ck_assert_str_eq(send(world_bare(w, "GET", "/?Action", "")), "InvalidParameter: Url key and value should be splited by `=`.");
	ck_assert_str_eq(send(world_bare(w, "GET", "/?=x", "")),
	                 "InvalidParameter: The request has a parameter key which is empty string.");
	ck_assert_str_eq(send(world_bare(w, "GET", "/?A=1&A=1", "")), "InvalidParameter: Parameter `A` input repeated.");
	ck_assert_str_eq(send(world_bare(w, "GET", "/?A=%ff", "")), "InvalidParameter: Parameter `A` format invalid.");
	ck_assert_str_eq(send(world_bare(w, "GET", "/?Action&Language=zh-CN", "")),
	                 "InvalidParameter: Url key and value should be splited by `=`.");
}
END_TEST

/* ---- what is missing ----------------------------------------------------------------------------------------------- */

/* protocol.md §5 (a), (c), (d): each name is missed only when those before it are there. */
START_TEST(v1_parameters_are_missed_in_order)
{
	static const struct {
		const char *query, *verdict;
	} steps[] = {
		{ "/", MISSING("Timestamp") },
		{ "/?Action=DescribeInstances", MISSING("Timestamp") },
		{ "/?Timestamp=", MISSING("Timestamp") },
		{ "/?Timestamp=x", "InvalidParameter: The value type of parameter `Timestamp` is not valid, input value is `x`." },
		{ "/?Timestamp=1", MISSING("Nonce") },
		{ "/?Timestamp=1&Nonce=-1", "InvalidParameter: The value type of parameter `Nonce` is not valid, input value is `-1`." },
		{ "/?Timestamp=1&Nonce=1", MISSING("SecretId") },
		{ "/?Timestamp=1&Nonce=1&SecretId=A", MISSING("Signature") },
		{ "/?Timestamp=1&Nonce=1&SecretId=A&Signature=B", MISSING("Action") },
		{ "/?Timestamp=1&Nonce=1&SecretId=A&Signature=B&Action=C", MISSING("Version") },
		{ "/?Timestamp=1&Nonce=1&SecretId=A&Signature=B&Action=C&Version=D&Language=fr",
		  "InvalidParameterValue: A value specified in `Language` is not valid, is unsupported, or cannot be used." },
	};
	for (size_t i = 0; i < LENGTH(steps); i++)
		ck_assert_str_eq(send(world_bare(w, "GET", steps[i].query, "")), steps[i].verdict);
}
END_TEST

#define BAD_HEADER(part) \
	"AuthFailure.InvalidAuthorization: The request `Authorization` header does not conform to tencentcloud standards: `" part \
	"` not valid."

START_TEST(v3_headers_are_missed_in_order)
{
	struct request *r = world_bare(w, "POST", "/", "{}");
	world_header(r, "Content-Type", "application/json");
	ck_assert_str_eq(send(r), MISSING("Timestamp"));

	static const struct {
		const char *name, *value, *verdict;
	} steps[] = {
		{ "X-TC-Timestamp", NULL, MISSING("Timestamp") },
		{ "Authorization", NULL,
		  "AuthFailure.InvalidAuthorization: The request `Authorization` header does not conform to tencentcloud standards." },
		{ "Authorization", "SKIP", BAD_HEADER("Algorithm") },
		{ "Authorization", "TC3-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c", BAD_HEADER("Credential") },
		{ "Authorization", "TC3-HMAC-SHA256 Credential=/2019-02-25/cbs/tc3_request, SignedHeaders=host, Signature=c",
		  MISSING("SecretId") },
		{ "X-TC-Action", NULL, "MissingParameter: The request header is missing a required common parameter `X-TC-Action`." },
		{ "X-TC-Version", NULL, MISSING("Version") },
		{ "X-TC-Language", "en",
		  "InvalidParameterValue: A value specified in `X-TC-Language` is not valid, is unsupported, or cannot be used." },
		{ "X-TC-Region", NULL, MISSING("Region") },
		{ "X-TC-Region", "ap-nowhere",
		  "InvalidParameterValue: A value specified in `X-TC-Region` is not valid, is unsupported, or cannot be used." },
	};
	for (size_t i = 0; i < LENGTH(steps); i++) {
		r = world_request(w, "DescribeDisks", "{}");
		world_header(r, steps[i].name, steps[i].value);
		ck_assert_str_eq(send(r), steps[i].verdict);
	}
}
END_TEST

/* ---- product, version, action, region ------------------------------------------------------------------------------ */

START_TEST(what_does_not_exist_is_named)
{
	ck_assert_str_eq(call("DescribeCloudRunProcessLog", "{}"),
	                 "InvalidAction: The request action=`DescribeCloudRunProcessLog` is invalid or not found in service=`cbs` and "
	                 "version=`2017-03-12`.");
	ck_assert_str_eq(
		call("createSnapshot", "{}"),
		"InvalidAction: The request action=`createSnapshot` is invalid or not found in service=`cbs` and version=`2017-03-12`.");
	struct answer a = world_call(w, "CreateDiskBackup", "{}");
	ck_assert_str_eq(a.code, "UnsupportedOperation");
	ck_assert_ptr_nonnull(strstr(a.message, "`CreateDiskBackup`"));
	w->sender.version = "2019-07-22";
	ck_assert_str_eq(call("CreateSnapshot", "{}"),
	                 "NoSuchVersion: The specified api version=`2019-07-22` does not exist in service=`cbs`.");
	w->sender.host = "tms.tencentcloudapi.com";
	w->sender.service = "tms";
	ck_assert_str_eq(call("CreateSnapshot", "{}"), "NoSuchProduct: The specified service=`tms` does not exist.");
}
END_TEST

START_TEST(regions_are_known_by_name)
{
	w->sender.form = SEND_V1_GET;
	w->sender.region = "ap-nowhere";
	ck_assert_str_eq(call("DescribeDisks", "{}"),
	                 "InvalidParameterValue: A value specified in `Region` is not valid, is unsupported, or cannot be used.");
	w->sender.language = "zh-CN";
	ck_assert_str_eq(call("DescribeDisks", "{}"), "InvalidParameterValue: 参数 Region 取值错误。");
	w->sender.language = "";
	w->sender.region = "";
	ck_assert_str_eq(call("DescribeDisks", "{}"), MISSING("Region"));
	w->sender.region = "ap-guiyang";
	ck_assert_str_eq(call("DescribeDisks", "{}"), "UnsupportedRegion: The action not support this region.");
}
END_TEST

/* The verdict for a region asked for through a host. */
static const char *through(const char *host, const char *region)
{
	w->sender.host = host;
	w->sender.region = region;
	return world_call(w, "DescribeDisks", "{}").code;
}

START_TEST(finance_regions_have_hosts_of_their_own)
{
	ck_assert_str_eq(through("127.0.0.1:9362", "ap-shanghai-fsi"), "");
	ck_assert_str_eq(through("cbs.tencentcloudapi.com", "ap-shanghai-fsi"), "UnsupportedRegion");
	ck_assert_str_eq(through("cbs.ap-shanghai-fsi.tencentcloudapi.com", "ap-shanghai-fsi"), "");
	ck_assert_str_eq(through("cbs.ap-shenzhen-fsi.tencentcloudapi.com", "ap-shanghai-fsi"), "UnsupportedRegion");
	ck_assert_str_eq(through("cbs.ap-shanghai-fsi.tencentcloudapi.com", "ap-shanghai"), "UnsupportedRegion");
	ck_assert_str_eq(through("cbs.ap-guangzhou.tencentcloudapi.com", "ap-shanghai"), "");
	ck_assert_str_eq(through("cbs.intl.tencentcloudapi.com", "ap-shanghai"), "");
}
END_TEST

START_TEST(conditions_of_the_world)
{
	world_apply(w, "{\"OfflineActions\":[{\"Action\":\"CreateSnapshot\"}]}");
	ck_assert_str_eq(call("CreateSnapshot", DISK), "ActionOffline: This action is out of service.");
	ck_assert_str_eq(call("DescribeDisks", "{}"), "");
	world_apply(w, "{\"World\":{\"ServiceAvailable\":false}}");
	ck_assert_str_eq(call("DescribeDisks", "{}"), "ServiceUnavailable: The service is temporarily unavailable, try again later.");
}
END_TEST

/* ---- limits -------------------------------------------------------------------------------------------------------- */

static void use_up(int calls)
{
	for (int i = 0; i < calls; i++)
		ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").code, "");
}

START_TEST(the_message_counts)
{
	world_freeze(w);
	use_up(20);
	ck_assert_str_eq(
		call("DescribeSnapshots", "{}"),
		"RequestLimitExceeded: Your current request times equals to `21` in a second, which exceeds the frequency limit `20` for a "
		"second. Please reduce the frequency of calls.");
	w->sender.language = "zh-CN";
	ck_assert_str_eq(call("DescribeSnapshots", "{}"), "RequestLimitExceeded: 您当前每秒请求 `22` 次，超过了每秒频率上限 `20`，请稍后重试。");
	w->sender.language = "";
	ck_assert_str_eq(call("DescribeDisks", "{}"), "");
	w->sender.host = "cbs.ap-shanghai.tencentcloudapi.com";
	use_up(1);
	w->sender.host = "127.0.0.1:9362";
	w->sender.secret_id = "AKIDSubAccount000000000000000EXAMPLE";
	w->sender.secret_key = "SubAccountKey000000000000EXAMPLE";
	use_up(1);
	w->sender.secret_id = WORLD_ID;
	w->sender.secret_key = WORLD_KEY;
	world_advance(w, 1000);
	use_up(20);
	ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").code, "RequestLimitExceeded");
}
END_TEST

START_TEST(refused_requests_count_once_they_are_known)
{
	world_freeze(w);
	for (int i = 0; i < 20; i++)
		ck_assert_str_eq(world_call(w, "CreateSnapshot", "{\"Nope\":1}").code, "UnknownParameter");
	ck_assert_str_eq(world_call(w, "CreateSnapshot", "{\"Nope\":1}").code, "RequestLimitExceeded");
}
END_TEST

START_TEST(accounts_regions_and_addresses_have_limits_of_their_own)
{
	world_freeze(w);
	world_apply(w, "{\"World\":{\"IpRate\":3}}");
	use_up(3);
	ck_assert_str_eq(call("DescribeDisks", "{}"),
	                 "RequestLimitExceeded.IPLimitExceeded: The requests from this address exceed their frequency limit.");
	w->sender.address = "10.0.0.1";
	use_up(1);
	world_apply(w, "{\"World\":{\"IpRate\":0},\"Accounts\":[{\"Uin\":100000000001,\"Rate\":6}]}");
	use_up(6);
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "RequestLimitExceeded.UinLimitExceeded");
	world_apply(w, "{\"Accounts\":[{\"Uin\":100000000001,\"Rate\":0,\"RegionRate\":1}]}");
	use_up(1);
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "RequestLimitExceeded.GlobalRegionUinLimitExceeded");
}
END_TEST

START_TEST(the_factor_scales_documented_limits)
{
	struct mock_config config;
	mock_config_default(&config);
	config.rate_factor = 1e-9;
	world_close(w);
	w = world_open_with(&config);
	world_freeze(w);
	ck_assert_str_eq(call("DescribeSnapshots", "{}"), "");
	ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").code, "RequestLimitExceeded");
	world_close(w);
	config.rate_factor = 0;
	w = world_open_with(&config);
	world_freeze(w);
	use_up(150);
}
END_TEST

START_TEST(a_full_table_forgets_rather_than_refuses)
{
	struct limiter *l = xcalloc(1, sizeof *l);
	for (int round = 1; round <= 2; round++)
		for (uint64_t key = 1; key <= LIMIT_WINDOWS / 2; key++)
			ck_assert_int_eq(limiter_count(l, key, 7), round);
	for (uint64_t key = 1; key <= 4 * LIMIT_WINDOWS; key++)
		ck_assert_int_le(limiter_count(l, rng_mix(key, 1), 8), 1);
	ck_assert_int_eq(limiter_count(l, 1, 9), 1);
	ck_assert_int_eq(limiter_count(l, 1, 9), 2);
	limiter_clear(l);
	ck_assert_int_eq(limiter_count(l, 1, 9), 1);
	free(l);
}
END_TEST

/* ---- permissions --------------------------------------------------------------------------------------------------- */

START_TEST(cam_names_action_and_resource)
{
	w->sender.secret_id = "AKIDSubAccount000000000000000EXAMPLE";
	w->sender.secret_key = "SubAccountKey000000000000EXAMPLE";
	struct answer a = world_call(w, "CreateSnapshot", "{\"DiskId\":\"disk-encrypt1\"}");
	const char *start =
		"You are not authorized to perform this operation. Check your CAM policies, and ensure that you are using the "
		"correct access keys. [[request id:";
	const char *end = "]you are not authorized to perform operation (cvm:CreateSnapshot)\nresource "
		"(qcs::cvm:ap-guangzhou:uin/100000000001:volume/disk-encrypt1) has no permission\n]";
	ck_assert_str_eq(a.code, "AuthFailure.UnauthorizedOperation");
	ck_assert(str_prefix(a.message, start));
	ck_assert(str_suffix(a.message, end));
	ck_assert_uint_eq(strlen(a.message), strlen(start) + 36 + strlen(end));
	ck_assert_ptr_null(strstr(a.message, a.request_id));
	ck_assert_str_eq(world_call(w, "CreateSnapshot", DISK).code, "");

	world_apply(w,
	            "{\"Permissions\":[{\"Account\":100000000001,\"SubUin\":0,\"Action\":\"cvm:Describe*\",\"ProductLevel\":true}]}");
	a = world_call(w, "DescribeDisks", "{}");
	ck_assert_str_eq(a.code, "UnauthorizedOperation");
	ck_assert_str_eq(a.request->stage, "permit");
}
END_TEST

/* ---- answers ------------------------------------------------------------------------------------------------------- */

START_TEST(business_errors_carry_the_tag)
{
	struct answer a = world_call(w, "CreateSnapshot", "{\"DiskId\":\"disk-00000000\"}");
	ck_assert_str_eq(a.code, "InvalidDiskId.NotFound");
	ck_assert(str_prefix(a.message, arena_printf(w->arena, "(%s)", a.request_id + 24)));
	world_apply(w, "{\"Disks\":[{\"DiskId\":\"disk-lzrg2pwi\",\"LockUntil\":\"+1h\"}]}");
	a = world_call(w, "CreateSnapshot", DISK);
	ck_assert_str_eq(a.code, "ResourceBusy");
	ck_assert(str_suffix(a.message, arena_printf(w->arena, " (%s)", a.request_id + 24)));
}
END_TEST

START_TEST(answers_have_the_shape_sdks_expect)
{
	struct answer a = world_call(w, "CreateSnapshot", DISK);
	ck_assert(!cJSON_HasObjectItem(a.response, "Error"));
	ck_assert_str_eq(a.request->answer.data,
	                 arena_printf(w->arena, "{\"Response\":{\"SnapshotId\":\"%s\",\"RequestId\":\"%s\"}}",
	                              cJSON_GetObjectItemCaseSensitive(a.response, "SnapshotId")->valuestring, a.request_id));
	a = world_call(w, "DescribeDisks", "{\"x\":1}");
	ck_assert_str_eq(a.request->answer.data,
	                 arena_printf(w->arena,
	                              "{\"Response\":{\"Error\":{\"Code\":\"UnknownParameter\",\"Message\":\"The parameter `x` is not "
	                              "recognized.\"},\"RequestId\":\"%s\"}}",
	                              a.request_id));
}
END_TEST

START_TEST(language_is_english_unless_asked_otherwise)
{
	ck_assert(str_suffix(call("CreateSnapshot", "{\"DiskId\":\"disk-00000000\"}"), "There is no disk with this id.") ||
	          str_suffix(call("CreateSnapshot", "{\"DiskId\":\"disk-00000000\"}"), "does not exist."));
	w->sender.language = "zh-CN";
	for (int form = SEND_TC3_JSON; form <= SEND_V1_POST; form++) {
		w->sender.form = (enum sending)form;
		ck_assert(str_suffix(call("CreateSnapshot", "{\"DiskId\":\"disk-00000000\"}"), "不存在。"));
	}
	w->sender.form = SEND_TC3_JSON;
	w->sender.secret_key = "wrong";
	ck_assert_str_eq(call("DescribeDisks", "{}"), "AuthFailure.SignatureFailure: 请求签名验证失败，请检查您的签名计算是否正确。");
}
END_TEST

/* ---- hostile input ------------------------------------------------------------------------------------------------- */

static void spoil(struct rng *rng, char *text, size_t len)
{
	static const char bytes[] = "\"\\{}[]&=%+.,:;/ \t\n\r0123456789aA*\x01\x7f\x80\xc3\xff";
	for (uint64_t i = rng_next(rng) % 3; len > 0 && i < 3; i++)
		text[rng_next(rng) % len] = bytes[rng_next(rng) % (sizeof bytes - 1)];
}

/* Whatever bytes come: an answer that is JSON, status 200 and a RequestId; world_send checks it. */
START_TEST(spoilt_requests_are_answered)
{
	enum { ROUNDS = 3000 };
	struct rng rng;
	rng_init(&rng, 1);
	for (int i = 0; i < ROUNDS; i++) {
		w->sender.form = (enum sending)(i % 4);
		struct request *r = world_request(w, "DescribeDisks", "{\"DiskIds\":[\"disk-lzrg2pwi\"],\"Limit\":5,\"Filters\":["
		                                  "{\"Name\":\"zone\",\"Values\":[\"\xe6\x9c\xaa\"]}]}");
		char *target = arena_strdup(r->arena, r->target), *body = arena_strndup(r->arena, r->body, r->body_len);
		spoil(&rng, target, strlen(target));
		spoil(&rng, body, r->body_len);
		r->target = target;
		r->body = body;
		size_t which = rng_next(&rng) % r->header_count;
		char *value = arena_strdup(r->arena, r->headers[which].value);
		spoil(&rng, value, strlen(value));
		r->headers[which].value = value;
		world_send(w, r);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gateway");
	TCase *tc = tcase_create("gateway");
	tcase_add_checked_fixture(tc, open_world, close_world);
	const TTest *const tests[] = {
		every_form_is_served,
		content_type_is_matched_by_media_type,
		only_get_and_post_on_the_root,
		an_absolute_target_is_a_host_too,
		each_form_has_its_size,
		a_large_json_body_is_fine,
		values_are_counted,
		queries_are_read_strictly,
		v1_parameters_are_missed_in_order,
		v3_headers_are_missed_in_order,
		what_does_not_exist_is_named,
		regions_are_known_by_name,
		finance_regions_have_hosts_of_their_own,
		conditions_of_the_world,
		the_message_counts,
		refused_requests_count_once_they_are_known,
		accounts_regions_and_addresses_have_limits_of_their_own,
		the_factor_scales_documented_limits,
		a_full_table_forgets_rather_than_refuses,
		cam_names_action_and_resource,
		business_errors_carry_the_tag,
		answers_have_the_shape_sdks_expect,
		language_is_english_unless_asked_otherwise,
		spoilt_requests_are_answered,
	};
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_loop_test(tc, json_is_read_strictly, 0, (int)LENGTH(bodies));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
