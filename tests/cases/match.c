/* Trees compared member by member, so that a difference can be told by its place. */
#include "match.h"

#include <check.h>
#include <string.h>

#include "util/str.h"

struct place {
	const struct place *above;
	const char *name; /* NULL: `number` */
	int number;
};

static void write_place(struct buf *why, const struct place *at)
{
	if (at == NULL)
		return;
	write_place(why, at->above);
	if (at->name != NULL)
		buf_printf(why, "/%s", at->name);
	else
		buf_printf(why, "/%d", at->number);
}

static bool differ(struct buf *why, const struct place *at, const cJSON *want, const cJSON *got)
{
	char *wanted = cJSON_PrintUnformatted(want);
	char *gotten = got != NULL ? cJSON_PrintUnformatted(got) : NULL;
	write_place(why, at);
	buf_printf(why, ": expected %s, got %s", wanted, gotten != NULL ? gotten : "nothing");
	cJSON_free(wanted);
	cJSON_free(gotten);
	return false;
}

static bool is_name(const cJSON *item)
{
	return cJSON_IsString(item) && item->valuestring[0] == '$';
}

static bool match_at(const cJSON *want, const cJSON *got, cJSON *names, struct buf *why, const struct place *at);

static bool match_name(const cJSON *want, const cJSON *got, cJSON *names, struct buf *why, const struct place *at)
{
	const cJSON *kept = cJSON_GetObjectItemCaseSensitive(names, want->valuestring);
	if (kept != NULL)
		return cJSON_Compare(kept, got, true) || differ(why, at, kept, got);
	cJSON_AddItemToObject(names, want->valuestring, cJSON_Duplicate(got, true));
	return true;
}

static bool match_object(const cJSON *want, const cJSON *got, cJSON *names, struct buf *why, const struct place *at)
{
	const cJSON *item;
	if (!cJSON_IsObject(got))
		return differ(why, at, want, got);
	cJSON_ArrayForEach(item, want) {
		struct place below = { at, item->string, 0 };
		const cJSON *member = cJSON_GetObjectItemCaseSensitive(got, item->string);
		if (str_is(item->string, "*"))
			continue;
		if (member == NULL)
			return differ(why, &below, item, NULL);
		if (!match_at(item, member, names, why, &below))
			return false;
	}
	if (cJSON_GetObjectItemCaseSensitive(want, "*") != NULL)
		return true;
	cJSON_ArrayForEach(item, got) {
		if (cJSON_GetObjectItemCaseSensitive(want, item->string) != NULL)
			continue;
		write_place(why, at);
		buf_printf(why, ": the member %s was not expected", item->string);
		return false;
	}
	return true;
}

static bool match_array(const cJSON *want, const cJSON *got, cJSON *names, struct buf *why, const struct place *at)
{
	int count = cJSON_GetArraySize(want);
	if (!cJSON_IsArray(got) || cJSON_GetArraySize(got) != count)
		return differ(why, at, want, got);
	for (int i = 0; i < count; i++) {
		struct place below = { at, NULL, i };
		if (!match_at(cJSON_GetArrayItem(want, i), cJSON_GetArrayItem(got, i), names, why, &below))
			return false;
	}
	return true;
}

static bool match_at(const cJSON *want, const cJSON *got, cJSON *names, struct buf *why, const struct place *at)
{
	if (cJSON_IsString(want) && str_is(want->valuestring, "*"))
		return true;
	if (is_name(want))
		return match_name(want, got, names, why, at);
	if (cJSON_IsObject(want))
		return match_object(want, got, names, why, at);
	if (cJSON_IsArray(want))
		return match_array(want, got, names, why, at);
	return cJSON_Compare(want, got, true) || differ(why, at, want, got);
}

bool match(const cJSON *want, const cJSON *got, cJSON *names, struct buf *why)
{
	return match_at(want, got, names, why, NULL);
}

static void fill_in_below(cJSON *tree, const cJSON *names)
{
	cJSON *next;
	for (cJSON *item = tree->child; item != NULL; item = next) {
		next = item->next;
		if (!is_name(item)) {
			fill_in_below(item, names);
			continue;
		}
		const cJSON *kept = cJSON_GetObjectItemCaseSensitive(names, item->valuestring);
		ck_assert_msg(kept != NULL, "no step has shown %s", item->valuestring);
		cJSON *copy = cJSON_Duplicate(kept, true);
		if (item->string != NULL)
			cJSON_ReplaceItemInObjectCaseSensitive(tree, item->string, copy);
		else
			cJSON_ReplaceItemViaPointer(tree, item, copy);
	}
}

cJSON *fill_in(const cJSON *tree, const cJSON *names)
{
	if (tree == NULL)
		return NULL;
	cJSON *copy = cJSON_Duplicate(tree, true);
	fill_in_below(copy, names);
	return copy;
}
