/* Rows back to JSON along the entity tables: what fixture_field.c reads, one writer a type. */
#include "cbs/export.h"

#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "store/entity.h"
#include "util/ident.h"
#include "util/str.h"
#include "util/wiretime.h"

struct writer {
	struct store *store;
	struct arena *arena;
	struct json_out *out;
	const struct entity *entity;
};

/* ---- fields -------------------------------------------------------------------------------------------------------------- */

static void write_time(struct json_out *o, const struct field *f, int64_t ms)
{
	char text[WIRETIME_SIZE] = "";
	if (ms == INT64_MAX) /* without an end, which is what leaving it out says */
		return;
	if (ms != 0 || f->key || f->required)
		wiretime_utc(ms, text);
	out_str(o, f->name, text);
}

static void write_id(struct json_out *o, const struct field *f, int64_t no)
{
	char text[IDENT_SIZE] = "";
	if (no != 0 || f->key || f->required)
		ident_format(f->prefix, no, text);
	out_str(o, f->name, text);
}

static void write_list(struct arena *a, struct json_out *o, const struct field *f, const char *text)
{
	out_array(o, f->name);
	while (*text) {
		size_t len = strcspn(text, ",");
		out_str(o, NULL, arena_strndup(a, text, len));
		text += len + (text[len] == ',');
	}
	out_end_array(o);
}

static void write_tags(struct writer *w, const struct field *f, int64_t resource)
{
	struct tag *tags = NULL;
	size_t count = store_tags(w->store, w->arena, f->prefix, resource, &tags);
	if (count == 0)
		return;
	out_array(w->out, f->name);
	for (size_t i = 0; i < count; i++) {
		out_object(w->out, NULL);
		out_str(w->out, "Key", tags[i].key);
		out_str(w->out, "Value", tags[i].value);
		out_end_object(w->out);
	}
	out_end_array(w->out);
}

void field_write(struct arena *a, struct json_out *o, const struct field *f, const struct value *v)
{
	switch (f->type) {
	case FIELD_TEXT:
		out_str(o, f->name, v->text);
		break;
	case FIELD_INT:
		out_int(o, f->name, v->number);
		break;
	case FIELD_BOOL:
		out_bool(o, f->name, v->number != 0);
		break;
	case FIELD_TIME:
		write_time(o, f, v->number);
		break;
	case FIELD_ID:
		write_id(o, f, v->number);
		break;
	case FIELD_CHOICE:
		out_str(o, f->name, f->values[v->number]);
		break;
	case FIELD_LIST:
		write_list(a, o, f, v->text);
		break;
	case FIELD_JSON:
		out_raw(o, f->name, v->text);
		break;
	case FIELD_TAGS:
		break;
	}
}

/* Not that of a job which is not there. */
static void write_of_job(struct writer *w, const struct field *f, int64_t resource)
{
	struct job job;
	const char *family = str_is(w->entity->table, "disk") ? "disk." : "snapshot.";
	if (str_is(f->job, "state")) {
		if (store_job_polled(w->store, w->arena, family, resource, &job))
			out_int(w->out, f->name, job.polls);
		return;
	}
	if (store_job_of(w->store, w->arena, f->job, resource, &job))
		field_write(w->arena, w->out, f, &(struct value){ .set = true, .number = job.arg });
}

static void write_field(struct writer *w, const struct field *f, const struct value *v, int64_t resource)
{
	if (f->type == FIELD_TAGS)
		write_tags(w, f, resource);
	else if (f->job)
		write_of_job(w, f, resource);
	else
		field_write(w->arena, w->out, f, v);
}

/* The number in its key, which its tags refer to. */
static int64_t number_of(const struct entity *e, const struct value *values)
{
	for (size_t i = 0; i < e->field_count; i++)
		if (e->fields[i].key && e->fields[i].type == FIELD_ID)
			return values[i].number;
	return 0;
}

static bool is_column(const struct entity *e, const struct field *f, const char *table, const char *column)
{
	return str_is(e->table, table) && str_is(f->column, column);
}

/* A disk that is bought and not yet visible has no state that ends, only a job that will show it; a fixture says when. */
static int64_t until_shown(struct writer *w, int64_t no, int64_t until_ms)
{
	struct job job;
	return until_ms == 0 && store_job_of(w->store, w->arena, "disk.show", no, &job) ? job.due_ms : until_ms;
}

static void write_fields(void *data, const struct value *values)
{
	struct writer *w = data;
	const struct entity *e = w->entity;
	int64_t no = number_of(e, values);
	for (size_t i = 0; i < e->field_count; i++) {
		const struct field *f = &e->fields[i];
		struct value v = values[i];
		if (is_column(e, f, "credential", "secret_key") || is_column(e, f, "credential", "token"))
			continue; /* promised by the schema of fixtures */
		if (is_column(e, f, "disk", "state_until_ms"))
			v.number = until_shown(w, no, v.number);
		write_field(w, f, &v, no);
	}
}

static void write_row(void *data, const struct value *values)
{
	struct writer *w = data;
	out_object(w->out, NULL);
	write_fields(w, values);
	out_end_object(w->out);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------- */

static void write_entity(struct writer *w, const struct entity *e)
{
	w->entity = e;
	if (e->single) {
		out_object(w->out, e->name);
		store_export(w->store, w->arena, e, write_fields, w);
		out_end_object(w->out);
	} else {
		out_array(w->out, e->name);
		store_export(w->store, w->arena, e, write_row, w);
		out_end_array(w->out);
	}
}

void world_write(struct store *s, struct arena *a, struct json_out *o, const char *only, bool credentials)
{
	struct writer w = { .store = s, .arena = a, .out = o };
	for (size_t i = 0; i < entity_count; i++) {
		const struct entity *e = &entities[i];
		if (only ? str_is(e->name, only) : credentials || !str_is(e->table, "credential"))
			write_entity(&w, e);
	}
}

const char *world_entity(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < entity_count; i++) {
		const char *full = entities[i].name;
		const char *rest = strlen(full) >= len ? full + len : NULL;
		if (len > 0 && rest && strncasecmp(full, name, len) == 0 && (str_is(rest, "") || str_is(rest, "s")))
			return full;
	}
	return NULL;
}

/* ---- times that move ------------------------------------------------------------------------------------------------------- */

static bool row_moves(const struct entity *e, const cJSON *row)
{
	int64_t ms;
	for (size_t i = 0; i < e->field_count; i++) {
		const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, e->fields[i].name));
		if (e->fields[i].type == FIELD_TIME && text && *text && !duration_parse(text, &ms))
			return false;
	}
	return true;
}

static bool entity_moves(const struct entity *e, const cJSON *json)
{
	const cJSON *row;
	if (e->single)
		return row_moves(e, json);
	cJSON_ArrayForEach(row, json)
	{
		if (!row_moves(e, row))
			return false;
	}
	return true;
}

bool fixture_moves(const char *text, size_t len)
{
	cJSON *root = cJSON_ParseWithLength(text, len);
	bool moves = true;
	for (size_t i = 0; i < entity_count && moves; i++)
		moves = entity_moves(&entities[i], cJSON_GetObjectItemCaseSensitive(root, entities[i].name));
	cJSON_Delete(root);
	return moves;
}
