/* Queries and forms: pairs, their faults, and the tree their flattened names spell. */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "gateway/form.h"

enum { PAIRS_MOST = 8 };

/* "name=value|…" of what was read, or "!" and the fault. */
static const char *pairs_of(struct arena *a, const char *text, size_t len)
{
	struct name_value *pairs;
	size_t count;
	struct form_fault fault;
	if (!form_pairs(a, text, len, PAIRS_MOST, &pairs, &count, &fault)) {
		struct error error = { 0 };
		if (fault.err)
			error_set(&error, a, LANG_EN, fault.err);
		else
			error_text(&error, a, LANG_EN, fault.text, fault.name, NULL);
		return arena_printf(a, "!%s: %s", error.code, error.message);
	}
	const char *all = "";
	for (size_t i = 0; i < count; i++)
		all = arena_printf(a, "%s%s%s=%s", all, i ? "|" : "", pairs[i].name, pairs[i].value);
	return all;
}

#define FORMAT(name) "!InvalidParameter: Parameter `" name "` format invalid."
#define INDICES(name) \
	"!InvalidParameter: Parameter `" name "` invalid array format, array index must be continuous and starts with 0."

static const struct {
	const char *text, *pairs;
} forms[] = {
	{ "", "" },
	{ "A=1", "A=1" },
	{ "A=1&B=2", "A=1|B=2" },
	{ "&A=1&&B=2&", "A=1|B=2" },
	{ "A=", "A=" },
	{ "A=b=c", "A=b=c" },
	{ "A=a+b%20c%2Bd", "A=a b c+d" },
	{ "A%2E0=%E6%9C%AA", "A.0=\xe6\x9c\xaa" },
	{ "A", "!InvalidParameter: Url key and value should be splited by `=`." },
	{ "A=1&B", "!InvalidParameter: Url key and value should be splited by `=`." },
	{ "=1", "!InvalidParameter: The request has a parameter key which is empty string." },
	{ "A=1&A=2", "!InvalidParameter: Parameter `A` input repeated." },
	{ "A=1&%41=2", "!InvalidParameter: Parameter `A` input repeated." },
	{ "A=%", FORMAT("A") },
	{ "A=%zz", FORMAT("A") },
	{ "A=%00", FORMAT("A") },
	{ "A=\xff", FORMAT("A") },
	{ "A=%c0%80", FORMAT("A") },
	{ "A=%ed%a0%80", FORMAT("A") },
	{ "%ff=1", "!InvalidParameter: A parameter of the request is not valid." },
	{ "A=1&B=2&C=3&D=4&E=5&F=6&G=7&H=8&I=9", "!RequestSizeLimitExceeded: The request is larger than its form allows." },
};

START_TEST(pairs_are_read)
{
	struct arena *a = arena_new();
	ck_assert_str_eq(pairs_of(a, forms[_i].text, strlen(forms[_i].text)), forms[_i].pairs);
	arena_free(a);
}
END_TEST

START_TEST(a_nul_byte_is_no_text)
{
	struct arena *a = arena_new();
	ck_assert_str_eq(pairs_of(a, "A=b\0c", 5), FORMAT("A"));
	arena_free(a);
}
END_TEST

START_TEST(a_value_is_found)
{
	const struct name_value pairs[] = { { "A", "1" }, { "B", "" } };
	ck_assert_str_eq(form_value(pairs, 2, "A"), "1");
	ck_assert_str_eq(form_value(pairs, 2, "B"), "");
	ck_assert_ptr_null(form_value(pairs, 2, "a"));
	ck_assert_ptr_null(form_value(NULL, 0, "A"));
}
END_TEST

/* ---- the tree ------------------------------------------------------------------------------------------------------ */

enum { TREE_PAIRS_MOST = 2048 };

static bool skip(const char *name)
{
	return strcmp(name, "Action") == 0;
}

static const char *tree_of(struct arena *a, const char *text)
{
	struct name_value *pairs;
	size_t count;
	struct form_fault fault;
	ck_assert(form_pairs(a, text, strlen(text), TREE_PAIRS_MOST, &pairs, &count, &fault));
	cJSON *tree = form_tree(a, pairs, count, skip, &fault);
	if (!tree) {
		struct error error = { 0 };
		error_text(&error, a, LANG_EN, fault.text, fault.name, NULL);
		return arena_printf(a, "!%s: %s", error.code, error.message);
	}
	char *printed = cJSON_PrintUnformatted(tree);
	const char *copy = arena_strdup(a, printed);
	cJSON_free(printed);
	return copy;
}

static const struct {
	const char *text, *json;
} trees[] = {
	{ "", "{}" },
	{ "Action=X", "{}" },
	{ "A=1&Action=X", "{\"A\":\"1\"}" },
	{ "A.B=1&A.C=2", "{\"A\":{\"B\":\"1\",\"C\":\"2\"}}" },
	{ "A.0=x&A.1=y", "{\"A\":[\"x\",\"y\"]}" },
	{ "A.1=y&A.0=x", "{\"A\":[\"x\",\"y\"]}" },
	{ "A.2=c&A.10=k&A.9=j&A.8=i&A.7=h&A.6=g&A.5=f&A.4=e&A.3=d&A.1=b&A.0=a",
	  "{\"A\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\"]}" },
	{ "F.0.Name=zone&F.0.Values.1=b&F.0.Values.0=a&F.1.Name=n",
	  "{\"F\":[{\"Name\":\"zone\",\"Values\":[\"a\",\"b\"]},{\"Name\":\"n\"}]}" },
	{ "A.0.0=x", "{\"A\":[[\"x\"]]}" },
	{ "A.00=x", "{\"A\":{\"00\":\"x\"}}" },
	{ "0=x", "{\"0\":\"x\"}" },
	{ "A-B.C=1&A.C=2&AB=3", "{\"A\":{\"C\":\"2\"},\"A-B\":{\"C\":\"1\"},\"AB\":\"3\"}" },
	{ "A.1=x", INDICES("A") },
	{ "A.0=x&A.2=y", INDICES("A") },
	{ "F.0.Values.1=x", INDICES("F.0.Values") },
	{ "A.0=x&A.B=y", FORMAT("A.B") },
	{ "A=1&A.0=x", FORMAT("A") },
	{ "A=1&A.B=x", FORMAT("A") },
	{ "A.=1", FORMAT("A.") },
	{ ".=1", FORMAT(".") },
	{ ".A=1", FORMAT(".A") },
	{ "A..B=1", FORMAT("A..B") },
};

START_TEST(names_spell_a_tree)
{
	struct arena *a = arena_new();
	ck_assert_str_eq(tree_of(a, trees[_i].text), trees[_i].json);
	arena_free(a);
}
END_TEST

START_TEST(nesting_is_bounded)
{
	struct arena *a = arena_new();
	char name[256] = "", *end = name;
	for (int i = 0; i < 32; i++)
		end += snprintf(end, (size_t)(name + sizeof name - end), "A.");
	ck_assert_int_eq(tree_of(a, arena_printf(a, "%.*s=1", (int)(end - name) - 1, name))[0], '{');
	ck_assert_int_eq(tree_of(a, arena_printf(a, "%sA=1", name))[0], '!');
	arena_free(a);
}
END_TEST

START_TEST(many_items_keep_their_order)
{
	enum { ITEMS = 2000 };
	struct arena *a = arena_new();
	struct name_value *pairs = arena_alloc(a, ITEMS * sizeof *pairs);
	for (int i = 0; i < ITEMS; i++) {
		const char *number = arena_printf(a, "%d", i * 7 % ITEMS);
		pairs[i] = (struct name_value){ arena_printf(a, "Ids.%s", number), number };
	}
	struct form_fault fault;
	cJSON *tree = form_tree(a, pairs, ITEMS, skip, &fault);
	ck_assert_ptr_nonnull(tree);
	int at = 0;
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(tree, "Ids")) {
		ck_assert_str_eq(item->valuestring, arena_printf(a, "%d", at));
		at++;
	}
	ck_assert_int_eq(at, ITEMS);
	arena_free(a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("form");
	const TTest *const once[] = { a_nul_byte_is_no_text, a_value_is_found, nesting_is_bounded, many_items_keep_their_order };
	add_case(suite, "bounds", once, LENGTH(once));
	TCase *tables = tcase_create("tables");
	tcase_add_loop_test(tables, pairs_are_read, 0, (int)LENGTH(forms));
	tcase_add_loop_test(tables, names_spell_a_tree, 0, (int)LENGTH(trees));
	suite_add_tcase(suite, tables);
	return run_suite(suite);
}
