/* Reading validated parameters out of the request's tree. */
#include "api/call.h"

#include "util/ident.h"
#include "util/str.h"

/* One that is read in a loop is the same literal each time. */
static void note(struct arg_reads *reads, const char *name)
{
	for (size_t i = 0; reads && i < reads->count; i++)
		if (reads->names[i] == name)
			return;
	if (reads && reads->count < ARG_READS_MAX)
		reads->names[reads->count++] = name;
}

/* A request looks for forty names, most of which are not there: their first byte tells. */
cJSON *json_member(const cJSON *object, const char *name)
{
	cJSON *item = cJSON_IsObject(object) ? object->child : NULL;
	while (item && !str_is(item->string, name))
		item = item->next;
	return item;
}

/* JSON null counts as not given. */
const cJSON *arg_json(const struct call *c, const char *name)
{
	note(c->reads, name);
	const cJSON *item = json_member(c->params, name);
	return cJSON_IsNull(item) ? NULL : item;
}

bool arg_given(const struct call *c, const char *name)
{
	return arg_json(c, name) != NULL;
}

const char *arg_str(const struct call *c, const char *name, const char *fallback)
{
	const char *text = cJSON_GetStringValue(arg_json(c, name));
	return text != NULL ? text : fallback;
}

int64_t arg_int(const struct call *c, const char *name, int64_t fallback)
{
	const cJSON *item = arg_json(c, name);
	if (!cJSON_IsNumber(item))
		return fallback;
	const double edge = 9223372036854775808.0; /* 2^63 */
	if (item->valuedouble >= edge)
		return INT64_MAX;
	if (item->valuedouble < -edge)
		return INT64_MIN;
	return (int64_t)item->valuedouble;
}

bool arg_bool(const struct call *c, const char *name, bool fallback)
{
	const cJSON *item = arg_json(c, name);
	return cJSON_IsBool(item) ? cJSON_IsTrue(item) != 0 : fallback;
}

int64_t arg_id(const struct call *c, const char *name, const char *prefix)
{
	const char *text = arg_str(c, name, NULL);
	int64_t no;
	return text != NULL && ident_parse(prefix, text, &no) ? no : -1;
}

size_t arg_list(const struct call *c, const char *name, const char *const **out)
{
	const cJSON *list = arg_json(c, name);
	size_t count = (size_t)cJSON_GetArraySize(list);
	if (count == 0)
		return 0;
	const char **texts = arena_alloc(c->arena, count * sizeof *texts);
	size_t i = 0;
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
		texts[i++] = cJSON_GetStringValue(item);
	*out = texts;
	return count;
}
