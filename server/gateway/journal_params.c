/* Parameters and ids out of the kept text of an entry: read when somebody asks, for most entries are never looked at again. */
#include "gateway/journal.h"

#include <string.h>

#include "api/model.h"
#include "gateway/form.h"
#include "util/str.h"

enum { IDS_MAX = 256, ID_BYTES_MAX = 64 };

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* ---- types ------------------------------------------------------------------------------------------------------------- */

/* The value that the text of a form is; NULL when it stays a text. */
static cJSON *typed(enum param_type type, const char *text)
{
	int64_t number;
	bool yes;
	switch (type) {
	case PARAM_UINT:
	case PARAM_INT:
		return str_to_i64(text, &number) ? cJSON_CreateNumber((double)number) : NULL;
	case PARAM_BOOL:
		return str_to_bool(text, &yes) ? cJSON_CreateBool(yes) : NULL;
	case PARAM_FLOAT:
		return *text && strspn(text, "-0123456789.") == strlen(text) ? cJSON_Parse(text) : NULL;
	case PARAM_STRING:
	case PARAM_TIME:
	case PARAM_STRUCT:
		break;
	}
	return NULL;
}

static void type_members(const struct shape *shape, cJSON *object);

static void type_value(const struct param *p, cJSON *parent, cJSON *value)
{
	cJSON *fresh = cJSON_IsString(value) ? typed(p->type, value->valuestring) : NULL;
	if (cJSON_IsObject(value) && p->shape)
		type_members(p->shape, value);
	if (!fresh)
		return;
	if (cJSON_IsObject(parent))
		cJSON_ReplaceItemInObjectCaseSensitive(parent, value->string, fresh);
	else
		cJSON_ReplaceItemViaPointer(parent, value, fresh);
}

/* What a form said in texts, as JSON would have said it: so that both are the same call. */
static void type_members(const struct shape *shape, cJSON *object)
{
	for (cJSON *value = object->child, *next; value; value = next) {
		const struct param *p = shape_find(shape, value->string);
		next = value->next;
		if (p && p->list)
			for (cJSON *element = value->child, *after; element; element = after) {
				after = element->next;
				type_value(p, value, element);
			}
		else if (p)
			type_value(p, object, value);
	}
}

/* ---- parameters -------------------------------------------------------------------------------------------------------- */

/* A tree that goes with the arena; NULL when the text is no object, or not UTF-8, which cJSON would print as it read it. */
static const cJSON *parse_object(struct arena *a, const char *text, size_t len)
{
	cJSON *tree = str_is_utf8(text, len) ? cJSON_ParseWithLength(text, len) : NULL;
	if (tree)
		arena_defer(a, delete_tree, tree);
	return cJSON_IsObject(tree) ? tree : NULL;
}

static const cJSON *params_of_form(struct arena *a, const char *action, const char *text, size_t len)
{
	struct form_fault fault;
	struct name_value *pairs;
	size_t count;
	if (!form_pairs(a, text, len, PAIRS_MAX, &pairs, &count, &fault))
		return NULL;
	const struct model_action *model = model_find(cbs_model, cbs_model_count, action);
	cJSON *tree = form_tree(a, pairs, count, form_is_common, &fault);
	if (tree && model)
		type_members(&model->input, tree);
	return tree;
}

const cJSON *journal_params(const struct journal_entry *e, struct arena *a)
{
	const char *query = strchr(e->target, '?');
	if (e->form != FORM_GET && e->body_cut)
		return NULL;
	switch (e->form) {
	case FORM_NONE:
		return NULL;
	case FORM_GET:
		return params_of_form(a, e->action, query ? query + 1 : "", query ? strlen(query + 1) : 0);
	case FORM_POST:
		return params_of_form(a, e->action, e->body, e->body_len);
	case FORM_POST_JSON:
		break;
	}
	return e->body_len ? parse_object(a, e->body, e->body_len) : parse_object(a, "{}", 2);
}

/* ---- ids --------------------------------------------------------------------------------------------------------------- */

struct ids {
	const char **list; /* NULL-ended; room for IDS_MAX and the NULL */
	size_t count;
};

/* "disk-lzrg2pwi": letters, a dash, letters and digits. */
static bool is_id(const char *text)
{
	size_t prefix = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	if (prefix < 2 || prefix > 6 || text[prefix] != '-')
		return false;
	size_t rest = strspn(text + prefix + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
	return rest >= 6 && !text[prefix + 1 + rest] && prefix + 1 + rest < ID_BYTES_MAX;
}

static void add_id(struct ids *ids, const char *id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (str_is(ids->list[i], id))
			return;
	if (ids->count < IDS_MAX)
		ids->list[ids->count++] = id;
}

/* Every text that looks like one, values of filters included. */
static void collect(struct ids *ids, const cJSON *node)
{
	const cJSON *child;
	const char *text = cJSON_GetStringValue(node);
	if (text && is_id(text))
		add_id(ids, text);
	cJSON_ArrayForEach(child, node)
		collect(ids, child);
}

static void collect_made(struct ids *ids, const struct journal_entry *e, struct arena *a)
{
	if (!*e->made)
		return;
	const char *text = arena_printf(a, "{%s}", e->made);
	collect(ids, parse_object(a, text, strlen(text)));
}

static struct ids ids_new(struct arena *a)
{
	return (struct ids){ .list = arena_alloc(a, (IDS_MAX + 1) * sizeof(char *)) };
}

const char *const *journal_made(const struct journal_entry *e, struct arena *a)
{
	static const char *const none[] = { NULL };
	if (!*e->made)
		return none;
	struct ids ids = ids_new(a);
	collect_made(&ids, e, a);
	return ids.list;
}

const char *const *journal_resources(const struct journal_entry *e, const cJSON *params, struct arena *a)
{
	struct ids ids = ids_new(a);
	collect(&ids, params);
	collect_made(&ids, e, a);
	return ids.list;
}
