/* Business parameters along the model: what each kind of violation answers, and in which order, in JSON and in forms. */
#include "run.h"

#include <string.h>

#include "util/str.h"
#include "world.h"

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
static const char *verdict(const char *action, const char *params)
{
	struct answer a = world_call(w, action, params);
	return *a.code ? arena_printf(w->arena, "%s: %s", a.code, a.message) : "";
}

#define UNKNOWN(name) "UnknownParameter: The parameter `" name "` is not recognized."
#define MISSING(name) "MissingParameter: The request is missing a required parameter `" name "`."
#define TYPE(name, type) "InvalidParameter: The value type of parameter `" name "` is not valid, input type should be `" type "`"
#define TYPE_VALUE(name, value) "InvalidParameter: The value type of parameter `" name "` is not valid, input value is `" value "`."
#define VALUE(value, name) "The value `" value "` specified in the parameter `" name "` is not valid."

/* ---- JSON ---------------------------------------------------------------------------------------------------------- */

#define PLACED \
	"\"Placement\":{\"Zone\":\"ap-guangzhou-3\"},\"DiskChargeType\":\"POSTPAID_BY_HOUR\",\"DiskType\":\"CLOUD_PREMIUM\"," \
	"\"DiskSize\":50"

static const struct {
	const char *action, *params, *verdict;
} json[] = {
	{ "DescribeDisks", "{}", "" },
	{ "DescribeDisks", "{\"Limit\":5,\"Offset\":0,\"DiskIds\":[\"disk-lzrg2pwi\"]}", "" },
	{ "DescribeDisks", "{\"Limit\":null,\"Filters\":null}", "" },
	/* names */
	{ "DescribeDisks", "{\"$schema\":1}", UNKNOWN("$schema") },
	{ "DescribeDisks", "{\"limit\":1}", UNKNOWN("limit") },
	{ "DescribeDisks", "{\"Action\":\"DescribeDisks\"}", UNKNOWN("Action") },
	{ "DescribeDisks", "{\"Filters\":[{\"Name\":\"zone\",\"Values\":[\"a\"]},{\"Nam\":\"zone\"}]}", UNKNOWN("Filters.1.Nam") },
	{ "CreateDisks", "{\"Placement\":{\"Zone\":\"z\",\"Rack\":1}}", UNKNOWN("Placement.Rack") },
	{ "DescribeSnapshotOverview", "{\"DiskId\":\"x\"}", UNKNOWN("DiskId") },
	/* types */
	{ "DescribeDisks", "{\"Limit\":\"5\"}", TYPE("Limit", "integer") },
	{ "DescribeDisks", "{\"Limit\":true}", TYPE("Limit", "integer") },
	{ "DescribeDisks", "{\"Offset\":-1}", TYPE_VALUE("Offset", "-1") },
	{ "DescribeDisks", "{\"Offset\":1.5}", TYPE_VALUE("Offset", "1.5") },
	{ "DescribeDisks", "{\"Offset\":1e300}", TYPE_VALUE("Offset", "1e+300") },
	{ "DescribeDisks", "{\"Offset\":9223372036854775807}", TYPE_VALUE("Offset", "9.22337203685478e+18") },
	{ "DescribeDisks", "{\"DiskIds\":\"disk-lzrg2pwi\"}", TYPE("DiskIds", "array") },
	{ "DescribeDisks", "{\"DiskIds\":{\"0\":\"disk-lzrg2pwi\"}}", TYPE("DiskIds", "array") },
	{ "DescribeDisks", "{\"DiskIds\":[\"disk-lzrg2pwi\",1]}", TYPE("DiskIds.1", "string") },
	{ "DescribeDisks", "{\"DiskIds\":[null]}", TYPE("DiskIds.0", "string") },
	{ "DescribeDisks", "{\"Filters\":[\"zone\"]}", TYPE("Filters.0", "object") },
	{ "DescribeDisks", "{\"Filters\":[{\"Name\":1,\"Values\":[]}]}", TYPE("Filters.0.Name", "string") },
	{ "DescribeDisks", "{\"Order\":1}", TYPE("Order", "string") },
	{ "DescribeDisks", "{\"ReturnBindAutoSnapshotPolicy\":\"true\"}", TYPE("ReturnBindAutoSnapshotPolicy", "boolean") },
	{ "CreateDisks", "{\"Placement\":[]}", TYPE("Placement", "object") },
	{ "CreateSnapshot", "{\"DiskId\":{}}", TYPE("DiskId", "string") },
	{ "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"Deadline\":1}", TYPE("Deadline", "string") },
	/* presence */
	{ "CreateDisks", "{}", MISSING("Placement") },
	{ "CreateDisks", "{\"Placement\":null,\"DiskType\":\"x\",\"DiskChargeType\":\"y\"}", MISSING("Placement") },
	{ "CreateDisks", "{\"Placement\":{},\"DiskType\":\"x\",\"DiskChargeType\":\"y\"}", MISSING("Placement.Zone") },
	{ "DeleteSnapshots", "{}", MISSING("SnapshotIds") },
	{ "DeleteSnapshots", "{\"SnapshotIds\":[]}", MISSING("SnapshotIds") },
	{ "DescribeDisks", "{\"Filters\":[{\"Name\":\"zone\",\"Values\":[\"a\"]},{\"Name\":\"zone\"}]}", MISSING("Filters.1.Values") },
	{ "CreateSnapshot", "{}", MISSING("DiskId") },
	{ "CreateSnapshot", "{\"DiskId\":null,\"SnapshotName\":\"n\"}", MISSING("DiskId") },
	/* rules */
	{ "DescribeDisks", "{\"Limit\":0}", "InvalidParameterValue: " VALUE("0", "Limit") },
	{ "DescribeDisks", "{\"Limit\":101}", "InvalidParameterValue: " VALUE("101", "Limit") },
	{ "DescribeDisks", "{\"Order\":\"asc\"}", "InvalidParameterValue: " VALUE("asc", "Order") },
	{ "DescribeDisks", "{\"DiskIds\":[\"disk-lzrg2pwi\",\"ins-r8hr2upy\"]}",
	  "InvalidParameter: " VALUE("ins-r8hr2upy", "DiskIds.1") },
	{ "CreateSnapshot", "{\"DiskId\":\"disk-LZRG2PWI\"}", "InvalidParameter: " VALUE("disk-LZRG2PWI", "DiskId") },
	{ "CreateSnapshot", "{\"DiskId\":\"\"}", "InvalidParameter: " VALUE("", "DiskId") },
	{ "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"DiskUsage\":\"data\"}",
	  "InvalidParameterValue: " VALUE("data", "DiskUsage") },
	{ "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"Deadline\":\"tomorrow\"}",
	  "InvalidParameterValue: " VALUE("tomorrow", "Deadline") },
	{ "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"Deadline\":\"2022-02-30T00:00:00+00:00\"}",
	  "InvalidParameterValue: " VALUE("2022-02-30T00:00:00+00:00", "Deadline") },
	{ "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"Tags\":[{\"Key\":\"\",\"Value\":\"v\"}]}",
	  "InvalidParameterValue: " VALUE("", "Tags.0.Key") },
	{ "CreateDisks", "{" PLACED ",\"DiskChargePrepaid\":{\"Period\":13}}",
	  "InvalidParameterValue: " VALUE("13", "DiskChargePrepaid.Period") },
	/* the earlier of two */
	{ "DescribeDisks", "{\"Limit\":\"x\",\"Nope\":1}", UNKNOWN("Nope") },
	{ "CreateDisks", "{\"DiskSize\":\"x\"}", TYPE("DiskSize", "integer") },
	{ "CreateDisks", "{\"DiskCount\":51}", MISSING("Placement") },
	{ "CreateSnapshot", "{\"DiskUsage\":\"data\"}", MISSING("DiskId") },
};

START_TEST(json_is_validated)
{
	ck_assert_str_eq(verdict(json[_i].action, json[_i].params), json[_i].verdict);
}
END_TEST

START_TEST(a_rule_with_a_business_code_is_tagged)
{
	struct answer a = world_call(w, "CreateDisks", "{" PLACED ",\"DiskCount\":51}");
	ck_assert_str_eq(a.code, "InvalidParameterValue.LimitExceeded");
	ck_assert_str_eq(a.message, arena_printf(w->arena, "(%s)%s", a.request_id + 24, VALUE("51", "DiskCount")));

	a = world_call(w, "TerminateDisks", "{\"DiskIds\":["
	               "\"disk-00000001\",\"disk-00000002\"]}");
	ck_assert_str_ne(a.code, "InvalidParameterValue.LimitExceeded");
	const char *ids = "\"disk-00000001\"";
	for (int i = 0; i < 100; i++)
		ids = arena_printf(w->arena, "%s,\"disk-00000001\"", ids);
	a = world_call(w, "TerminateDisks", arena_printf(w->arena, "{\"DiskIds\":[%s]}", ids));
	ck_assert_str_eq(a.code, "InvalidParameterValue.LimitExceeded");
	ck_assert_ptr_nonnull(strstr(a.message, ")The parameter `DiskIds` takes at most 100 items"));
}
END_TEST

START_TEST(names_are_counted_in_characters)
{
	const char *name = "";
	for (int i = 0; i < 60; i++)
		name = arena_printf(w->arena, "%s\xe5\xbf\xab", name);
	ck_assert_str_eq(
		verdict("CreateSnapshot", arena_printf(w->arena, "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"%s\"}", name)), "");
	const char *longer =
		verdict("CreateSnapshot", arena_printf(w->arena, "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"%sx\"}", name));
	ck_assert(str_prefix(longer, "InvalidParameterValue: The value `"));
}
END_TEST

START_TEST(messages_speak_chinese)
{
	w->sender.language = "zh-CN";
	ck_assert_str_eq(verdict("DeleteSnapshots", "{}"), "MissingParameter: 请求缺少必传参数 `SnapshotIds`。");
	ck_assert_str_eq(verdict("DeleteSnapshots", "{\"SnapshotIds\":[1]}"),
	                 "InvalidParameter: 参数 `SnapshotIds.0` 取值类型错误。参数类型应为 `string`");
}
END_TEST

/* ---- forms --------------------------------------------------------------------------------------------------------- */

/* The same through a query and a form: `pairs` is added to a request that is whole without it, before it is signed. */
static const struct {
	const char *action, *params, *verdict;
} texts[] = {
	{ "DescribeDisks", "{\"Limit\":\"5\",\"Offset\":\"0\",\"DiskIds\":[\"disk-lzrg2pwi\"]}", "" },
	{ "DescribeDisks", "{\"Filters\":[{\"Name\":\"zone\",\"Values\":[\"ap-guangzhou-3\"]}]}", "" },
	{ "DescribeDisks", "{\"ReturnBindAutoSnapshotPolicy\":true}", "" },
	{ "DescribeDisks", "{\"ReturnBindAutoSnapshotPolicy\":\"true\"}", "" },
	{ "DescribeDisks", "{\"ReturnBindAutoSnapshotPolicy\":\"FALSE\"}", "" },
	{ "DescribeDisks", "{\"ReturnBindAutoSnapshotPolicy\":\"1\"}", TYPE_VALUE("ReturnBindAutoSnapshotPolicy", "1") },
	{ "DescribeDisks", "{\"Limit\":\"five\"}", TYPE_VALUE("Limit", "five") },
	{ "DescribeDisks", "{\"Limit\":\"\"}", TYPE_VALUE("Limit", "") },
	{ "DescribeDisks", "{\"Limit\":\"1.0\"}", TYPE_VALUE("Limit", "1.0") },
	{ "DescribeDisks", "{\"Limit\":\"101\"}", "InvalidParameterValue: " VALUE("101", "Limit") },
	{ "DescribeDisks", "{\"Offset\":\"-1\"}", TYPE_VALUE("Offset", "-1") },
	{ "DescribeDisks", "{\"Offset\":\"99999999999999999999\"}", TYPE_VALUE("Offset", "99999999999999999999") },
	{ "DescribeDisks", "{\"DiskIds\":\"disk-lzrg2pwi\"}", TYPE("DiskIds", "array") },
	{ "DescribeDisks", "{\"DiskIds\":{\"1\":\"disk-lzrg2pwi\"}}",
	  "InvalidParameter: Parameter `DiskIds` invalid array format, array index must be continuous and starts with 0." },
	{ "DescribeDisks", "{\"DiskIds\":{\"0\":\"disk-lzrg2pwi\",\"x\":\"y\"}}",
	  "InvalidParameter: Parameter `DiskIds.x` format invalid." },
	{ "DescribeDisks", "{\"Filters\":[{\"Name\":\"zone\",\"Value\":[\"a\"]}]}", UNKNOWN("Filters.0.Value") },
	{ "DescribeDisks", "{\"Filters\":[{\"Name\":\"zone\"}]}", MISSING("Filters.0.Values") },
	{ "DescribeDisks", "{\"Zone\":\"x\"}", UNKNOWN("Zone") },
	{ "CreateSnapshot", "{}", MISSING("DiskId") },
	{ "CreateDisks", "{\"Placement\":\"ap-guangzhou-3\"}", TYPE("Placement", "object") },
};

START_TEST(forms_are_validated)
{
	static const enum sending forms[] = { SEND_TC3_GET, SEND_V1_GET, SEND_V1_POST };
	for (size_t i = 0; i < LENGTH(forms); i++) {
		w->sender.form = forms[i];
		ck_assert_str_eq(verdict(texts[_i].action, texts[_i].params), texts[_i].verdict);
	}
}
END_TEST

START_TEST(actions_see_typed_values)
{
	for (int form = SEND_TC3_JSON; form <= SEND_V1_POST; form++) {
		w->sender.form = (enum sending)form;
		struct answer a = world_call(w, "DescribeDisks", "{\"Limit\":1,\"Offset\":1}");
		ck_assert_str_eq(a.code, "");
		ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(a.response, "DiskSet")), 1);
		const cJSON *limit = cJSON_GetObjectItemCaseSensitive(a.request->params, "Limit");
		ck_assert(cJSON_IsNumber(limit));
		ck_assert_int_eq(limit->valueint, 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("validate");
	TCase *tc = tcase_create("parameters");
	tcase_add_checked_fixture(tc, open_world, close_world);
	tcase_add_loop_test(tc, json_is_validated, 0, (int)LENGTH(json));
	tcase_add_loop_test(tc, forms_are_validated, 0, (int)LENGTH(texts));
	tcase_add_test(tc, a_rule_with_a_business_code_is_tagged);
	tcase_add_test(tc, names_are_counted_in_characters);
	tcase_add_test(tc, messages_speak_chinese);
	tcase_add_test(tc, actions_see_typed_values);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
