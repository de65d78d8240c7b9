/* A tree of a body goes with its arena, whoever gives cJSON its memory. */
#include "api/json_tree.h"
#include "run.h"

#include <string.h>

static const char body[] = "{\"DiskId\":\"disk-\\u0031\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"},{}],\"n\":-1.5e3}";

static void check_body(const cJSON *tree)
{
	const cJSON *tags = cJSON_GetObjectItemCaseSensitive(tree, "Tags");
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "DiskId")), "disk-1");
	ck_assert_int_eq(cJSON_GetArraySize(tags), 2);
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(tags, 0), "Value")), "b");
	ck_assert_double_eq(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(tree, "n")), -1500);
}

/* A sanitizer sees what is not given back, and what is given back twice. */
static void parse_all(void)
{
	struct arena *a = arena_new();
	for (size_t len = 0; len < sizeof body - 1; len++)
		ck_assert_ptr_null(json_tree_parse(a, body, len));
	check_body(json_tree_parse(a, body, sizeof body - 1));
	arena_free(a);
}

/* Other trees are as they always were: made, changed, printed and deleted. */
static void use_others(void)
{
	struct arena *a = arena_new();
	const cJSON *lasting = json_tree_parse(a, body, sizeof body - 1);
	cJSON *own = cJSON_Parse(body);
	check_body(own);
	cJSON_DeleteItemFromObjectCaseSensitive(own, "Tags");
	cJSON_AddStringToObject(own, "more", "text");
	char *printed = cJSON_PrintUnformatted(own);
	ck_assert_str_eq(printed, "{\"DiskId\":\"disk-1\",\"n\":-1500,\"more\":\"text\"}");
	cJSON_free(printed);
	cJSON_Delete(own);
	check_body(lasting);
	arena_free(a);
}

START_TEST(a_library_leaves_the_hooks_alone)
{
	parse_all();
	use_others();
}
END_TEST

START_TEST(a_program_leads_them_to_the_arena)
{
	json_tree_own_hooks();
	parse_all();
	use_others();
	cJSON_InitHooks(NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { a_library_leaves_the_hooks_alone, a_program_leads_them_to_the_arena };
	Suite *suite = suite_create("json_tree");
	add_case(suite, "json_tree", tests, LENGTH(tests));
	return run_suite(suite);
}
