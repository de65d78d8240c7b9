/* Queries and forms: split and decoded, then their flat names made a tree, whose leaves are the pairs again. */
#include <string.h>

#include "fuzz.h"
#include "gateway/form.h"
#include "gateway/request.h"
#include "util/str.h"

static bool is_skipped(const char *name)
{
	return str_is(name, "Action");
}

static size_t leaves(const cJSON *tree)
{
	size_t count = 0;
	if (!cJSON_IsArray(tree) && !cJSON_IsObject(tree)) {
		FUZZ_CHECK(cJSON_IsString(tree));
		return 1;
	}
	for (const cJSON *item = tree->child; item; item = item->next)
		count += leaves(item);
	return count;
}

static void check_tree(struct arena *a, const struct name_value *pairs, size_t count)
{
	struct form_fault fault = { .name = "" };
	const cJSON *tree = form_tree(a, pairs, count, is_skipped, &fault);
	size_t skipped = 0;
	for (size_t i = 0; i < count; i++)
		skipped += is_skipped(pairs[i].name);
	if (tree)
		FUZZ_CHECK(leaves(tree) == count - skipped);
	else
		FUZZ_CHECK(fault.name != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct name_value *pairs = NULL;
	struct form_fault fault = { .name = "" };
	size_t count = 0;
	char *text = arena_strndup(a, size ? (const char *)data : "", size);
	if (form_pairs(a, text, size, PAIRS_MAX, &pairs, &count, &fault)) {
		FUZZ_CHECK(count <= PAIRS_MAX);
		for (size_t i = 0; i < count; i++)
			FUZZ_CHECK(form_value(pairs, count, pairs[i].name) == pairs[i].value);
		check_tree(a, pairs, count);
	}
	arena_free(a);
	return 0;
}
