/* The shared vocabulary: the error tables, the filling in of words, the generated model, the readers of parameters. */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "api/call.h"
#include "util/ident.h"
#include "util/str.h"

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

/* ---- errors ------------------------------------------------------------------------------------------------------------------ */

START_TEST(errors_are_sorted_and_found)
{
	for (enum err e = ERR_NONE + 1; e < N_ERRS; e++) {
		ck_assert_int_eq(err_by_code(err_code(e)), e);
		ck_assert_msg(e == ERR_NONE + 1 || strcmp(err_code(e - 1), err_code(e)) < 0, "%s is out of order", err_code(e));
	}
	ck_assert_int_eq(err_by_code(""), ERR_NONE);
	ck_assert_int_eq(err_by_code("AAA"), ERR_NONE);
	ck_assert_int_eq(err_by_code("InvalidDisk"), ERR_NONE);
	ck_assert_int_eq(err_by_code("invaliddisk.busy"), ERR_NONE);
	ck_assert_int_eq(err_by_code("ZZZ"), ERR_NONE);
}
END_TEST

START_TEST(every_error_has_words_in_both_languages)
{
	for (enum err e = ERR_NONE + 1; e < N_ERRS; e++) {
		const char *en = err_message(e, LANG_EN), *zh = err_message(e, LANG_ZH);
		ck_assert_msg(*en != '\0' && *zh != '\0' && !str_is(en, zh), "%s", err_code(e));
		ck_assert_msg(str_is_utf8(zh, strlen(zh)), "%s", err_code(e));
		ck_assert_msg(strstr(en, "{}") == NULL && strstr(zh, "{}") == NULL, "%s has a placeholder", err_code(e));
	}
}
END_TEST

START_TEST(error_set_takes_the_row)
{
	struct error e = { .because = "kept" };
	error_set(&e, arena, LANG_EN, ERR_INVALID_DISK_BUSY);
	ck_assert_int_eq(e.err, ERR_INVALID_DISK_BUSY);
	ck_assert_str_eq(e.code, "InvalidDisk.Busy");
	ck_assert_int_eq(e.kind, BUSINESS);
	ck_assert_str_eq(e.message, err_message(ERR_INVALID_DISK_BUSY, LANG_EN));
	ck_assert_str_eq(e.because, "kept");
	error_set(&e, arena, LANG_ZH, ERR_MISSING_PARAMETER);
	ck_assert_int_eq(e.kind, GATEWAY);
	ck_assert_str_eq(e.message, err_message(ERR_MISSING_PARAMETER, LANG_ZH));
}
END_TEST

/* Word for word as seen in real answers (protocol.md §4). */
START_TEST(seen_words_stand_as_seen)
{
	ck_assert_str_eq(err_message(ERR_AUTH_FAILURE_SECRET_ID_NOT_FOUND, LANG_EN),
	                 "The SecretId is not found, please ensure that your SecretId is correct.");
	ck_assert_str_eq(err_message(ERR_AUTH_FAILURE_SECRET_ID_NOT_FOUND, LANG_ZH), "SecretId不存在，请输入正确的密钥。");
	ck_assert_str_eq(err_message(ERR_AUTH_FAILURE_SIGNATURE_FAILURE, LANG_ZH), "请求签名验证失败，请检查您的签名计算是否正确。");
	ck_assert_str_eq(err_message(ERR_INTERNAL_ERROR, LANG_ZH), "内部服务错误，请稍后重试。");
	ck_assert_str_eq(err_message(ERR_UNSUPPORTED_REGION, LANG_EN), "The action not support this region.");
}
END_TEST

static const char *filled(enum lang lang, enum text text, const char *one, const char *two)
{
	struct error e = { 0 };
	error_text(&e, arena, lang, text, one, two, NULL);
	return e.message;
}

START_TEST(places_are_filled_in_order)
{
	ck_assert_str_eq(filled(LANG_EN, TEXT_MISSING_PARAMETER_NAMED, "Region", NULL),
	                 "The request is missing a required parameter `Region`.");
	ck_assert_str_eq(filled(LANG_ZH, TEXT_MISSING_PARAMETER_NAMED, "Region", NULL), "请求缺少必传参数 `Region`。");
	ck_assert_str_eq(filled(LANG_EN, TEXT_RATE_EXCEEDED, "21", "20"),
	                 "Your current request times equals to `21` in a second, which exceeds the frequency limit `20` for a second. "
	                 "Please reduce the frequency of calls.");
	ck_assert_str_eq(filled(LANG_ZH, TEXT_RATE_EXCEEDED, "6", "5"), "您当前每秒请求 `6` 次，超过了每秒频率上限 `5`，请稍后重试。");
	ck_assert_str_eq(filled(LANG_EN, TEXT_VALUE_INVALID, "50", "SystemDisk.DiskSize"),
	                 "The value `50` specified in the parameter `SystemDisk.DiskSize` is not valid.");
}
END_TEST

START_TEST(an_argument_is_not_filled_in_again)
{
	ck_assert_str_eq(filled(LANG_EN, TEXT_VALUE_INVALID, "{}", "%s{}"),
	                 "The value `{}` specified in the parameter `%s{}` is not valid.");
}
END_TEST

START_TEST(missing_arguments_leave_their_place_empty)
{
	ck_assert_str_eq(filled(LANG_EN, TEXT_VALUE_INVALID, "50", NULL), "The value `50` specified in the parameter `` is not valid.");
	ck_assert_str_eq(filled(LANG_EN, TEXT_VALUE_INVALID, NULL, NULL), "The value `` specified in the parameter `` is not valid.");
}
END_TEST

START_TEST(long_arguments_are_cut_between_characters)
{
	enum { COUNT = 1000 };
	char text[3 * COUNT + 1] = "";
	for (int i = 0; i < COUNT; i++)
		memcpy(text + 3 * i, "名", 4);
	const char *message = filled(LANG_EN, TEXT_FILTER_UNKNOWN, text, NULL);
	ck_assert_uint_lt(strlen(message), 400);
	ck_assert(str_is_utf8(message, strlen(message)));
	ck_assert(strstr(message, "名...`") != NULL);
}
END_TEST

START_TEST(texts_take_the_same_arguments_in_both_languages)
{
	for (enum text t = 0; t < N_TEXTS; t++) {
		struct error en = { 0 }, zh = { 0 };
		error_text(&en, arena, LANG_EN, t, "\001", "\001", "\001", "\001", "\001", "\001", NULL);
		error_text(&zh, arena, LANG_ZH, t, "\001", "\001", "\001", "\001", "\001", "\001", NULL);
		size_t balance = 0;
		for (const char *p = en.message; *p != '\0'; p++)
			balance += *p == '\001';
		for (const char *p = zh.message; *p != '\0'; p++)
			balance -= *p == '\001';
		ck_assert_msg(balance == 0, "%s", en.message);
		ck_assert_int_eq(en.err, zh.err);
		ck_assert_int_ne(en.err, ERR_NONE);
		ck_assert(str_is_utf8(zh.message, strlen(zh.message)));
	}
}
END_TEST

/* ---- model ------------------------------------------------------------------------------------------------------------------- */

static const struct param *param_of(const char *action, const char *name)
{
	const struct model_action *m = model_find(cbs_model, cbs_model_count, action);
	ck_assert_msg(m != NULL, "no %s", action);
	for (size_t i = 0; i < m->input.count; i++) {
		if (str_is(m->input.params[i].name, name))
			return &m->input.params[i];
	}
	ck_abort_msg("no %s.%s", action, name);
	return NULL;
}

START_TEST(model_is_sorted_and_whole)
{
	ck_assert_uint_eq(cbs_model_count, 61);
	for (size_t i = 0; i < cbs_model_count; i++) {
		const struct model_action *m = &cbs_model[i];
		ck_assert_ptr_eq(model_find(cbs_model, cbs_model_count, m->name), m);
		ck_assert(i == 0 || strcmp(cbs_model[i - 1].name, m->name) < 0);
		ck_assert_int_gt(m->rate, 0);
		ck_assert((m->input.count == 0) == (m->input.params == NULL));
		for (const char *const *code = m->errors; *code != NULL; code++)
			ck_assert_msg(err_by_code(*code) != ERR_NONE, "%s", *code);
	}
	ck_assert_ptr_null(model_find(cbs_model, cbs_model_count, "createsnapshot"));
	ck_assert_ptr_null(model_find(cbs_model, cbs_model_count, ""));
	ck_assert_ptr_null(model_find(cbs_model, cbs_model_count, "ZZZ"));
	ck_assert_ptr_null(model_find(cbs_model, 0, "CreateSnapshot"));
}
END_TEST

static void check_params(const char *where, const struct shape *shape)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct param *p = &shape->params[i];
		ck_assert_msg((p->type == PARAM_STRUCT) == (p->shape != NULL), "%s.%s", where, p->name);
		if (p->shape != NULL)
			check_params(p->shape->name, p->shape);
		if (p->rule == NULL)
			continue;
		bool value = p->rule->values != NULL || p->rule->numbers != NULL || p->rule->ranged || p->rule->max_chars > 0 ||
		             p->rule->max_bytes > 0 || p->rule->min_chars > 0 || p->rule->prefix != NULL || p->type == PARAM_TIME;
		ck_assert_msg(value == (p->rule->err != ERR_NONE), "%s.%s", where, p->name);
		ck_assert_msg((p->rule->max_items > 0) == (p->rule->items_err != ERR_NONE), "%s.%s", where, p->name);
		ck_assert_msg(p->rule->max_items == 0 || p->list, "%s.%s", where, p->name);
		ck_assert_msg(!p->rule->ranged || p->rule->min <= p->rule->max, "%s.%s", where, p->name);
	}
}

START_TEST(rules_hold_together)
{
	for (size_t i = 0; i < cbs_model_count; i++)
		check_params(cbs_model[i].name, &cbs_model[i].input);
}
END_TEST

START_TEST(create_snapshot_is_as_the_facts_say)
{
	const struct model_action *m = model_find(cbs_model, cbs_model_count, "CreateSnapshot");
	ck_assert_uint_eq(m->input.count, 7); /* six, and the ClientToken its errors hint at */
	ck_assert_uint_eq(m->choice_count, 1);
	ck_assert_str_eq(m->choices[0].names[0], "DiskId");
	ck_assert_str_eq(m->choices[0].names[1], "DiskBackupId");
	ck_assert_int_eq(m->choices[0].err, ERR_MISSING_PARAMETER);
	ck_assert_uint_eq(m->choices[0].min, 1);
	ck_assert_uint_eq(m->choices[0].max, 2);
	size_t errors = 0;
	while (m->errors[errors] != NULL)
		errors++;
	ck_assert_uint_eq(errors, 26);
	ck_assert_str_eq(param_of("CreateSnapshot", "DiskId")->rule->prefix, "disk-");
	ck_assert_uint_eq(param_of("CreateSnapshot", "SnapshotName")->rule->max_chars, 60);
	ck_assert_int_eq(param_of("CreateSnapshot", "Deadline")->type, PARAM_TIME);
	ck_assert_int_eq(param_of("CreateSnapshot", "Deadline")->rule->err, ERR_INVALID_PARAMETER_VALUE);
	ck_assert(param_of("CreateSnapshot", "ClientToken")->hidden);
	ck_assert(param_of("CreateSnapshot", "Tags")->list);
	ck_assert_str_eq(param_of("CreateSnapshot", "Tags")->shape->name, "Tag");
	ck_assert_str_eq(param_of("CreateSnapshot", "DiskUsage")->rule->values[0], "SYSTEM_DISK");
}
END_TEST

START_TEST(limits_of_other_actions)
{
	const struct rule *limit = param_of("DescribeDisks", "Limit")->rule;
	ck_assert(limit->ranged && limit->min == 1 && limit->max == 100);
	ck_assert_int_eq(model_find(cbs_model, cbs_model_count, "DescribeDisks")->rate, 100);
	ck_assert_int_eq(model_find(cbs_model, cbs_model_count, "CreateSnapshot")->rate, 20);
	ck_assert_int_eq(model_find(cbs_model, cbs_model_count, "ModifyDisksChargeType")->rate, 10);
	ck_assert(model_find(cbs_model, cbs_model_count, "GetSnapOverview")->deprecated);
	ck_assert_uint_eq(param_of("AttachDisks", "DiskIds")->rule->max_items, 10);
	ck_assert(param_of("AttachDisks", "InstanceType")->hidden);
	ck_assert_int_eq(param_of("CreateDisks", "ClientToken")->rule->err, ERR_INVALID_PARAMETER_INVALID_CLIENT_TOKEN);
	const int64_t *months = param_of("CreateDisks", "DiskChargePrepaid")->shape->params[0].rule->numbers;
	size_t count = 0;
	while (months[count] != INT64_MIN)
		count++;
	ck_assert_uint_eq(count, 14);
	ck_assert_int_eq(months[count - 1], 36);
}
END_TEST

/* ---- calls ------------------------------------------------------------------------------------------------------------------- */

static struct call call_with(const char *params)
{
	cJSON *tree = cJSON_Parse(params);
	ck_assert_ptr_nonnull(tree);
	arena_defer(arena, (void (*)(void *))cJSON_Delete, tree);
	return (struct call){ .arena = arena, .params = tree, .lang = LANG_EN };
}

START_TEST(arguments_are_read)
{
	struct call c = call_with("{\"S\":\"text\",\"I\":7,\"B\":true,\"L\":[\"a\",\"b\"],\"N\":null,\"D\":\"disk-lzrg2pwi\",\"E\":[]}");
	const char *const *list;
	int64_t no;
	ck_assert(arg_given(&c, "S") && !arg_given(&c, "s") && !arg_given(&c, "N") && !arg_given(&c, "X"));
	ck_assert_str_eq(arg_str(&c, "S", "f"), "text");
	ck_assert_str_eq(arg_str(&c, "N", "f"), "f");
	ck_assert_ptr_null(arg_str(&c, "X", NULL));
	ck_assert_int_eq(arg_int(&c, "I", -1), 7);
	ck_assert_int_eq(arg_int(&c, "X", -1), -1);
	ck_assert(arg_bool(&c, "B", false));
	ck_assert(arg_bool(&c, "X", true));
	ck_assert_uint_eq(arg_list(&c, "L", &list), 2);
	ck_assert_str_eq(list[1], "b");
	ck_assert_uint_eq(arg_list(&c, "E", &list), 0);
	ck_assert_uint_eq(arg_list(&c, "X", &list), 0);
	ck_assert(ident_parse(IDENT_DISK, "disk-lzrg2pwi", &no));
	ck_assert_int_eq(arg_id(&c, "D", IDENT_DISK), no);
	ck_assert_int_eq(arg_id(&c, "D", IDENT_SNAPSHOT), -1);
	ck_assert_int_eq(arg_id(&c, "X", IDENT_DISK), -1);
	ck_assert_ptr_null(arg_json(&c, "N"));
	ck_assert_ptr_nonnull(arg_json(&c, "E"));
}
END_TEST

START_TEST(huge_numbers_stay_in_range)
{
	struct call c = call_with("{\"P\":1e300,\"M\":-1e300,\"Q\":9007199254740991}");
	ck_assert_int_eq(arg_int(&c, "P", 0), INT64_MAX);
	ck_assert_int_eq(arg_int(&c, "M", 0), INT64_MIN);
	ck_assert_int_eq(arg_int(&c, "Q", 0), INT64_C(9007199254740991));
}
END_TEST

START_TEST(a_call_fails_with_words)
{
	struct call c = call_with("{}");
	call_because(&c, "disk %d is busy", 7);
	ck_assert_int_eq(call_fail(&c, ERR_INVALID_DISK_BUSY), VERDICT_FAIL);
	ck_assert_str_eq(c.error.code, "InvalidDisk.Busy");
	ck_assert_str_eq(c.error.because, "disk 7 is busy");
	ck_assert_int_eq(call_fail_text(&c, TEXT_DISK_NOT_FOUND, "disk-lzrg2pwi", NULL), VERDICT_FAIL);
	ck_assert_str_eq(c.error.code, "InvalidDiskId.NotFound");
	ck_assert(strstr(c.error.message, "disk-lzrg2pwi") != NULL);
	ck_assert_int_eq(call_ok(&c), VERDICT_OK);
	ck_assert_int_eq(c.error.err, ERR_NONE);
}
END_TEST

START_TEST(transitions_have_names_and_lengths)
{
	for (int t = 0; t < N_TRANSITIONS; t++) {
		ck_assert_ptr_nonnull(transition_names[t]);
		ck_assert_int_gt(transition_default_ms[t], 0);
	}
	ck_assert_str_eq(transition_names[TRANSITION_SNAPSHOT_CREATE], "snapshot.create");
	ck_assert_int_eq(transition_default_ms[TRANSITION_SNAPSHOT_CREATE], 2000);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		errors_are_sorted_and_found, every_error_has_words_in_both_languages, error_set_takes_the_row, seen_words_stand_as_seen,
		places_are_filled_in_order, an_argument_is_not_filled_in_again, missing_arguments_leave_their_place_empty,
		long_arguments_are_cut_between_characters, texts_take_the_same_arguments_in_both_languages, model_is_sorted_and_whole,
		rules_hold_together, create_snapshot_is_as_the_facts_say, limits_of_other_actions, arguments_are_read,
		huge_numbers_stay_in_range, a_call_fails_with_words, transitions_have_names_and_lengths,
	};
	Suite *suite = suite_create("api");
	TCase *tc = tcase_create("api");
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
