/* Reading a fixture: JSON along the entity tables into rows. Whatever is wrong is named by JSON pointer and rule, and nothing is
 * guessed: unknown names, wrong types and values out of range all end the loading. */
#include "cbs/fixture.h"

#include <stdarg.h>
#include <string.h>

#include "util/json_check.h"
#include "util/str.h"

/* ---- faults ------------------------------------------------------------------------------------------------------------------ */

bool load_fail(struct loader *l, const char *pointer, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	l->fault->pointer = pointer;
	l->fault->rule = arena_vprintf(l->arena, format, args);
	va_end(args);
	return false;
}

const char *pointer_to(struct loader *l, const char *parent, const char *name)
{
	struct buf b;
	buf_init(&b, strlen(parent) + 2 * strlen(name) + 2);
	buf_adds(&b, parent);
	buf_addc(&b, '/');
	for (; *name != '\0'; name++) {
		if (*name == '~')
			buf_adds(&b, "~0");
		else if (*name == '/')
			buf_adds(&b, "~1");
		else
			buf_addc(&b, *name);
	}
	const char *pointer = arena_strndup(l->arena, b.data, b.len);
	buf_finish(&b);
	return pointer;
}

const char *pointer_to_item(struct loader *l, const char *parent, size_t index)
{
	return arena_printf(l->arena, "%s/%zu", parent, index);
}

/* ---- rows -------------------------------------------------------------------------------------------------------------------- */

static const struct field *field_of_column(const struct entity *e, const char *column)
{
	for (size_t i = 0; i < e->field_count; i++) {
		if (str_is(e->fields[i].column, column))
			return &e->fields[i];
	}
	return NULL;
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

struct value *row_value(const struct row *r, const char *column)
{
	const struct field *f = field_of_column(r->entity, column);
	return f != NULL ? &r->values[f - r->entity->fields] : NULL;
}

bool row_gives(const struct row *r, const char *column)
{
	const struct field *f = field_of_column(r->entity, column);
	return f != NULL && member(r->json, f->name) != NULL;
}

bool row_fail(struct loader *l, const struct row *r, const char *column, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	l->fault->pointer = row_gives(r, column) ? pointer_to(l, r->pointer, field_of_column(r->entity, column)->name) : r->pointer;
	l->fault->rule = arena_vprintf(l->arena, format, args);
	va_end(args);
	return false;
}

/* ---- one row ----------------------------------------------------------------------------------------------------------------- */

static const struct field *field_by_name(const struct entity *e, const char *name)
{
	for (size_t i = 0; i < e->field_count; i++) {
		if (str_is(e->fields[i].name, name))
			return &e->fields[i];
	}
	return NULL;
}

static bool read_fields(struct loader *l, struct row *r)
{
	const struct entity *e = r->entity;
	const cJSON *json;
	cJSON_ArrayForEach(json, r->json)
	{
		const char *pointer = pointer_to(l, r->pointer, json->string);
		const struct field *f = field_by_name(e, json->string);
		if (f == NULL)
			return load_fail(l, pointer, "is not a field of %s", e->name);
		if (!field_read(l, f, json, pointer, &r->values[f - e->fields]))
			return false;
	}
	for (size_t i = 0; i < e->field_count; i++) {
		if (e->fields[i].key && !r->values[i].set && !field_fall_back(l, &e->fields[i], &r->values[i]))
			return load_fail(l, r->pointer, "%s is missing", e->fields[i].name);
	}
	return true;
}

/* The store alone knows whether the row is new; then it tells, one by one, what it needs. */
static bool put(struct loader *l, struct row *r)
{
	for (;;) {
		size_t which = 0;
		const char *why = "";
		switch (store_put(l->store, r->entity, r->values, &which, &why)) {
		case PUT_OK:
			return true;
		case PUT_FAILED:
			return load_fail(l, r->pointer, "%s", why);
		case PUT_MISSING:
			if (!field_fall_back(l, &r->entity->fields[which], &r->values[which]))
				return load_fail(l, r->pointer, "%s is missing, which a new row needs", r->entity->fields[which].name);
			break;
		}
	}
}

static bool load_row(struct loader *l, const struct entity *e, const cJSON *json, const char *pointer)
{
	if (!cJSON_IsObject(json))
		return load_fail(l, pointer, "must be an object");
	struct row r = {
		.entity = e, .json = json, .pointer = pointer, .values = arena_alloc(l->arena, e->field_count * sizeof *r.values),
	};
	return read_fields(l, &r) && row_prepare(l, &r) && put(l, &r) && row_settle(l, &r);
}

/* ---- the whole --------------------------------------------------------------------------------------------------------------- */

static bool load_entity(struct loader *l, const struct entity *e, const cJSON *json)
{
	const char *pointer = pointer_to(l, "", e->name);
	if (e->single)
		return load_row(l, e, json, pointer);
	if (!cJSON_IsArray(json))
		return load_fail(l, pointer, "must be an array");
	size_t index = 0;
	const cJSON *item;
	cJSON_ArrayForEach(item, json)
	{
		if (!load_row(l, e, item, pointer_to_item(l, pointer, index++)))
			return false;
	}
	return true;
}

/* Editors find the JSON Schema through this one. */
static const char *const schema_key = "$schema";

static bool is_entity(const char *name)
{
	for (size_t i = 0; i < entity_count; i++) {
		if (str_is(entities[i].name, name))
			return true;
	}
	return false;
}

static const char *parts_text(struct arena *a)
{
	const char *text = "";
	for (size_t i = 0; i < entity_count; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", entities[i].name);
	return text;
}

static bool check_top_level(struct loader *l, const cJSON *root)
{
	if (!cJSON_IsObject(root))
		return load_fail(l, "", "must be an object");
	const cJSON *json;
	cJSON_ArrayForEach(json, root)
	{
		const char *pointer = pointer_to(l, "", json->string);
		if (str_is(json->string, schema_key)) {
			if (!cJSON_IsString(json))
				return load_fail(l, pointer, "must be a string");
		} else if (!is_entity(json->string)) {
			return load_fail(l, pointer, "is not a part of a world; parts: %s", parts_text(l->arena));
		}
	}
	return true;
}

static void free_tree(void *tree)
{
	cJSON_Delete(tree);
}

bool fixture_load(struct store *s, struct arena *a, const char *text, size_t len, int64_t now_ms, struct fixture_fault *fault)
{
	struct loader l = { .store = s, .arena = a, .now_ms = now_ms, .fault = fault };
	struct json_report report;
	if (!json_check(text, len, &report)) {
		const char *what = json_fault_text(report.fault);
		if (report.fault == JSON_DUPLICATE_KEY)
			return load_fail(&l, "", "is no good JSON: %s \"%s\" at byte %zu", what, report.key, report.offset);
		return load_fail(&l, "", "is no good JSON: %s at byte %zu", what, report.offset);
	}
	cJSON *root = cJSON_ParseWithLength(text, len);
	if (root == NULL)
		return load_fail(&l, "", "is no good JSON");
	arena_defer(a, free_tree, root);
	if (!check_top_level(&l, root))
		return false;
	for (size_t i = 0; i < entity_count; i++) {
		const cJSON *json = member(root, entities[i].name);
		if (json != NULL && !load_entity(&l, &entities[i], json))
			return false;
	}
	store_recount(s);
	return true;
}
