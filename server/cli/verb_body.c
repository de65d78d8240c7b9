/* What the words and options of a verb put into the body of its request. */
#include <inttypes.h>
#include <string.h>

#include "cli/args.h"
#include "cli/verb_internal.h"
#include "util/json_check.h"
#include "util/str.h"

static void free_tree(void *tree)
{
	cJSON_Delete(tree);
}

static cJSON *parse(struct arena *a, const char *text, const char *what, struct buf *why)
{
	struct json_report report;
	if (!json_check(text, strlen(text), &report)) {
		buf_printf(why, "%s is not JSON: %s at byte %zu", what, json_fault_text(report.fault), report.offset);
		return NULL;
	}
	cJSON *tree = cJSON_Parse(text);
	arena_defer(a, free_tree, tree);
	return tree;
}

static bool is_json(const char *text)
{
	struct json_report report;
	return json_check(text, strlen(text), &report);
}

cJSON *verb_list(struct arena *a, const char *text)
{
	cJSON *list = cJSON_CreateArray();
	while (*text) {
		size_t len = strcspn(text, ",");
		cJSON_AddItemToArray(list, cJSON_CreateString(arena_strndup(a, text, len)));
		text += len + (text[len] == ',');
	}
	return list;
}

cJSON *verb_value(const char *text)
{
	return is_json(text) ? cJSON_CreateRaw(text) : cJSON_CreateString(text);
}

static cJSON *value_of(struct arena *a, enum arg_type type, const char *text)
{
	if (type == AS_FLAG)
		return cJSON_CreateTrue();
	if (type == AS_LIST)
		return verb_list(a, text);
	int64_t ms;
	if (type == AS_SECONDS && seconds_parse(text, &ms))
		return cJSON_CreateString(arena_printf(a, "%" PRId64 "ms", ms)); /* anything else the server refuses */
	return type == AS_VALUE ? verb_value(text) : cJSON_CreateString(text);
}

/* The object at `name` of `parent`, made if it is not there; NULL when something else is. */
static cJSON *object_at(cJSON *parent, const char *name)
{
	cJSON *object = cJSON_GetObjectItemCaseSensitive(parent, name);
	if (!object)
		object = cJSON_AddObjectToObject(parent, name);
	return cJSON_IsObject(object) ? object : NULL;
}

/* Hands `value` over. */
static bool put(struct verb_request *q, const char *path, cJSON *value, struct buf *why)
{
	cJSON *parent = q->body;
	const char *dot;
	while (parent && (dot = strchr(path, '.'))) {
		parent = object_at(parent, arena_strndup(q->arena, path, (size_t)(dot - path)));
		path = dot + 1;
	}
	if (!cJSON_IsObject(parent)) {
		cJSON_Delete(value);
		buf_printf(why, "the body has no place for \"%s\"", path);
		return false;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(parent, path);
	cJSON_AddItemToObject(parent, path, value);
	return true;
}

static bool is_inner(const char *name)
{
	static const char *const objects[] = { "param.", "params.", "tag.", "tags." };
	for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
		if (str_prefix(name, objects[i]))
			return true;
	return false;
}

/* "param.DiskId=disk-1": names of parameters and tags may hold dots themselves, so only the first of these is a step. */
static bool put_pairs(struct verb_request *q, const struct verb_arg *arg, const struct pair_list *pairs, struct buf *why)
{
	const char *field = arg->field;
	cJSON *object = *field ? object_at(q->body, field) : q->body;
	for (size_t i = 0; i < pairs->count; i++) {
		const char *name = pairs->items[i].name;
		bool inner = is_inner(name);
		const char *dot = inner ? strchr(name, '.') : NULL;
		cJSON *parent = inner ? object_at(object, arena_strndup(q->arena, name, (size_t)(dot - name))) : object;
		if (!cJSON_IsObject(parent)) {
			buf_printf(why, "the body has no place for \"%s\"", name);
			return false;
		}
		const char *text = pairs->items[i].value;
		cJSON *value = arg->type == AS_PAIRS ? verb_value(text) : cJSON_CreateString(text);
		cJSON_AddItemToObject(parent, inner ? dot + 1 : name, value);
	}
	return true;
}

/* JSON, @FILE or -; a text that begins like JSON is taken as that. */
static cJSON *document(struct arena *a, const char *word, struct buf *why)
{
	bool direct = word[0] == '{' || word[0] == '[';
	const char *text = direct ? word : read_text(a, word[0] == '@' ? word + 1 : word, why);
	return text ? parse(a, text, direct ? "the argument" : word, why) : NULL;
}

static bool begin_body(struct verb_request *q, struct buf *why)
{
	const char *word = NULL;
	for (size_t i = 0; q->row->args[i].name; i++)
		if (q->row->args[i].type == AS_DOCUMENT && q->row->args[i].place == IN_BODY)
			word = q->values[i];
	if (word) {
		q->body = document(q->arena, word, why);
		return q->body != NULL;
	}
	q->body = parse(q->arena, q->row->body ? q->row->body : "{}", "the row", why);
	return true;
}

static bool put_arg(struct verb_request *q, const struct verb_arg *arg, const char *text, const struct pair_list *pairs, struct buf *why)
{
	struct pair_list single = { 0 };
	switch (arg->type) {
	case AS_PAIRS:
	case AS_TEXTS:
		return put_pairs(q, arg, pairs, why);
	case AS_PAIR:
		return pair_parse(q->arena, text, &single, why) && put_pairs(q, arg, &single, why);
	case AS_FILE:
		text = read_text(q->arena, text, why);
		break;
	case AS_WHOLE:
		q->whole.data = read_file(q->arena, text, &q->whole.len, why);
		return q->whole.data != NULL;
	case AS_TEXT:
	case AS_VALUE:
	case AS_LIST:
	case AS_FLAG:
	case AS_SECONDS:
	case AS_DOCUMENT:
		break;
	}
	return text && put(q, arg->field, value_of(q->arena, arg->type, text), why);
}

bool fill_body(struct verb_request *q, const struct pair_list *pairs, struct buf *why)
{
	if (!begin_body(q, why))
		return false;
	for (size_t i = 0; q->row->args[i].name; i++) {
		const struct verb_arg *arg = &q->row->args[i];
		const char *text = q->values[i];
		if (arg->place != IN_BODY || arg->type == AS_DOCUMENT || !text)
			continue;
		if (!put_arg(q, arg, text, pairs, why))
			return false;
	}
	return !q->row->build || q->row->build(q, why);
}

/* A database is no text. */
struct remote_body body_to_send(const struct verb_request *q)
{
	struct remote_body body = { q->whole.data, "application/json", q->whole.len };
	if (body.data && memchr(body.data, '\0', body.len))
		body.type = "application/vnd.sqlite3";
	if (body.data || str_is(q->row->method, "GET") || !q->body->child)
		return body;
	char *text = cJSON_PrintUnformatted(q->body);
	body.data = arena_strdup(q->arena, text);
	body.len = strlen(text);
	cJSON_free(text);
	return body;
}
