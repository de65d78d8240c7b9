/* The client's own reading of flattened names: kept apart from the gateway's, so that one mistake cannot hide the other. */
#include "cli/params.h"

#include <string.h>

#include "util/json_check.h"
#include "util/str.h"

void pair_add(struct arena *a, struct pair_list *list, const char *name, const char *value)
{
	if (list->count == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 16;
		struct name_value *items = arena_alloc(a, cap * sizeof(*items));

		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->cap = cap;
	}
	list->items[list->count++] = (struct name_value){ name, value };
}

bool pair_parse(struct arena *a, const char *word, struct pair_list *list, struct buf *why)
{
	size_t len = strcspn(word, "=");

	if (len == 0 || word[len] != '=') {
		buf_printf(why, "%s: a parameter is NAME=VALUE", word);
		return false;
	}
	pair_add(a, list, arena_strndup(a, word, len), word + len + 1);
	return true;
}

static bool is_json(const char *text)
{
	struct json_report report;

	return json_check(text, strlen(text), &report);
}

/* A value as its parameter's type wants it. Numbers keep the digits they were typed with. */
static cJSON *typed_value(const struct param *param, bool whole, const char *value)
{
	enum param_type type = param ? param->type : PARAM_STRING;
	bool container = param && ((whole && param->list) || type == PARAM_STRUCT);
	int64_t number;
	bool truth;

	if (container && (value[0] == '[' || value[0] == '{') && is_json(value))
		return cJSON_Parse(value);
	switch (type) {
	case PARAM_UINT:
	case PARAM_INT:
		if (str_to_i64(value, &number))
			return cJSON_CreateRaw(value);
		break;
	case PARAM_FLOAT:
		if (strspn(value, "-0123456789.eE+") == strlen(value) && is_json(value))
			return cJSON_CreateRaw(value);
		break;
	case PARAM_BOOL:
		if (str_to_bool(value, &truth))
			return cJSON_CreateBool(truth);
		break;
	case PARAM_STRING:
	case PARAM_TIME:
	case PARAM_STRUCT:
		break;
	}
	return cJSON_CreateString(value);
}

static bool is_index(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	return digits > 0 && (name[digits] == '\0' || name[digits] == '.');
}

static cJSON *find_child(const cJSON *node, const char *name)
{
	uint64_t index;

	if (cJSON_IsObject(node))
		return cJSON_GetObjectItemCaseSensitive(node, name);
	if (!str_to_u64(name, &index) || index >= (uint64_t)cJSON_GetArraySize(node))
		return NULL;
	return cJSON_GetArrayItem(node, (int)index);
}

/* Hands `child` over to `node`. False (and the child gone) when the name is not the list's next index. */
static bool add_child(cJSON *node, const char *name, cJSON *child)
{
	uint64_t index;

	if (cJSON_IsObject(node))
		return cJSON_AddItemToObject(node, name, child);
	if (str_to_u64(name, &index) && index == (uint64_t)cJSON_GetArraySize(node))
		return cJSON_AddItemToArray(node, child);
	cJSON_Delete(child);
	return false;
}

/* Walks from the root along one dotted name, making what is missing, and puts the value at its end. */
static bool place(struct arena *a, cJSON *root, const struct shape *shape, const struct name_value *pair, struct buf *why)
{
	char *name = arena_strdup(a, pair->name);
	const struct param *param = NULL;
	cJSON *node = root;

	for (;;) {
		char *rest = strchr(name, '.');

		if (rest)
			*rest++ = '\0';
		if (cJSON_IsObject(node))
			param = shape_find(shape, name);
		cJSON *child = find_child(node, name);
		if (!rest && child) {
			buf_printf(why, "%s is given twice", pair->name);
			return false;
		}
		if (!child) {
			if (!rest)
				child = typed_value(param, cJSON_IsObject(node), pair->value);
			else
				child = is_index(rest) ? cJSON_CreateArray() : cJSON_CreateObject();
			if (!add_child(node, name, child)) {
				buf_printf(why, "%s: the items of a list are numbered 0, 1, 2 … in this order", pair->name);
				return false;
			}
		}
		if (!rest)
			return true;
		if (cJSON_IsObject(child)) {
			shape = param ? param->shape : NULL;
		} else if (!cJSON_IsArray(child)) {
			buf_printf(why, "%s: what stands before .%s already has a value", pair->name, rest);
			return false;
		}
		node = child;
		name = rest;
	}
}

bool params_to_tree(struct arena *a, const struct model_action *action, const struct pair_list *pairs, cJSON *tree, struct buf *why)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (!place(a, tree, action ? &action->input : NULL, &pairs->items[i], why))
			return false;
	}
	return true;
}

static const char *leaf_text(struct arena *a, const cJSON *leaf)
{
	if (cJSON_IsString(leaf) || cJSON_IsRaw(leaf))
		return arena_strdup(a, leaf->valuestring);
	if (cJSON_IsBool(leaf))
		return cJSON_IsTrue(leaf) ? "true" : "false";
	char *text = cJSON_PrintUnformatted(leaf);
	const char *copy = arena_strdup(a, text);
	cJSON_free(text);
	return copy;
}

/* Depth is bounded by the parser that made the tree. */
static void flatten(struct arena *a, const char *prefix, const cJSON *node, struct pair_list *out)
{
	size_t index = 0;
	const cJSON *child;

	cJSON_ArrayForEach(child, node)
	{
		const char *dot = prefix[0] ? "." : "";
		const char *name = cJSON_IsArray(node) ? arena_printf(a, "%s%s%zu", prefix, dot, index++)
		                                       : arena_printf(a, "%s%s%s", prefix, dot, child->string);

		if (cJSON_IsObject(child) || cJSON_IsArray(child))
			flatten(a, name, child, out);
		else if (!cJSON_IsNull(child))
			pair_add(a, out, name, leaf_text(a, child));
	}
}

void params_flatten(struct arena *a, const cJSON *tree, struct pair_list *out)
{
	flatten(a, "", tree, out);
}
