/* Rows are gathered under the entity of their table, sorted by kind of change and key, and written field by field. */
#include "cbs/changes.h"

#include <stdlib.h>
#include <string.h>

#include "cbs/export.h"
#include "store/entity.h"
#include "util/ident.h"
#include "util/str.h"
#include "util/wiretime.h"

/* ---- tables that no fixture says ------------------------------------------------------------------------------------------- */

/* An id whose prefix follows from another column. */
#define BY_KIND NULL

static const struct field job_fields[] = {
	{ .name = "Resource", .column = "resource", .type = FIELD_ID, .key = true, .prefix = BY_KIND },
	{ .name = "Kind", .column = "kind", .type = FIELD_TEXT, .key = true },
	{ .name = "Due", .column = "due_ms", .type = FIELD_TIME, .key = true },
	{ .name = "GoesTo", .column = "goes_to", .type = FIELD_TEXT },
};

static const struct field tag_fields[] = {
	{ .name = "Resource", .column = "resource", .type = FIELD_ID, .key = true, .prefix = BY_KIND },
	{ .name = "Kind", .column = "kind", .type = FIELD_TEXT, .key = true },
	{ .name = "Key", .column = "key", .type = FIELD_TEXT, .key = true },
	{ .name = "Value", .column = "value", .type = FIELD_TEXT },
};

enum { JOB_KIND_FIELD = 1, JOB_DUE_FIELD = 2, KIND_FIELD = 1 };

#define FIELDS(list) .fields = list, .field_count = sizeof list / sizeof list[0]
static const struct entity beside[] = {
	{ .name = "Jobs", .table = "job", FIELDS(job_fields) },
	{ .name = "Tags", .table = "tag", FIELDS(tag_fields) },
};
#undef FIELDS

enum { N_BESIDE = sizeof beside / sizeof beside[0] };

/* The first word of a kind of job, or a kind of tag, and the ids it goes with. */
static const struct {
	const char *kind, *prefix;
} kinds[] = {
	{ "disk.", IDENT_DISK }, { "snapshot.", IDENT_SNAPSHOT }, { "backup.", IDENT_BACKUP }, { "policy.", IDENT_POLICY },
	{ "volume", IDENT_DISK }, { "snapshot", IDENT_SNAPSHOT },
};

static const char *prefix_of_kind(const char *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (str_prefix(kind, kinds[i].kind))
			return kinds[i].prefix;
	return "";
}

/* ---- gathering ------------------------------------------------------------------------------------------------------------- */

struct gathered {
	const struct entity *entity;
	size_t order;                  /* of its entity */
	enum row_change change;
	struct value *before, *after;  /* by field; NULL: there is no such side */
};

struct changes {
	struct arena *arena;
	const char *prefix;            /* of the resource asked for; NULL: all rows */
	int64_t no;
	struct gathered *rows;
	size_t count, room;
};

static const char *const prefixes[] = { IDENT_DISK, IDENT_SNAPSHOT, IDENT_BACKUP, IDENT_INSTANCE, IDENT_IMAGE, IDENT_POLICY };

static const char *prefix_of(const char *resource, int64_t *no)
{
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (ident_parse(prefixes[i], resource, no))
			return prefixes[i];
	return NULL;
}

bool changes_knows(const char *resource)
{
	int64_t no;
	return prefix_of(resource, &no) != NULL;
}

struct changes *changes_new(struct arena *a, const char *resource)
{
	struct changes *c = arena_alloc(a, sizeof *c);
	c->arena = a;
	if (resource)
		c->prefix = prefix_of(resource, &c->no);
	return c;
}

size_t changes_count(const struct changes *c)
{
	return c->count;
}

static const struct entity *entity_of(const char *table, size_t *order)
{
	for (*order = 0; *order < entity_count; ++*order)
		if (str_is(entities[*order].table, table))
			return &entities[*order];
	for (size_t i = 0; i < N_BESIDE; i++, ++*order)
		if (str_is(beside[i].table, table))
			return &beside[i];
	return NULL;
}

/* The columns' values by field. */
static struct value *side_of(struct arena *a, const struct entity *e, const struct changed_row *row, const struct value *values)
{
	if (!values)
		return NULL;
	struct value *out = arena_alloc(a, e->field_count * sizeof *out);
	for (size_t f = 0; f < e->field_count; f++)
		for (size_t i = 0; e->fields[f].column && i < row->count; i++)
			if (str_is(row->columns[i], e->fields[f].column)) {
				out[f] = values[i];
				if (out[f].text)
					out[f].text = arena_strdup(a, out[f].text);
			}
	return out;
}

/* The side that has the key. */
static const struct value *keyed_side(const struct gathered *g)
{
	return g->before ? g->before : g->after;
}

static const char *id_prefix(const struct gathered *g, const struct field *f)
{
	return f->prefix ? f->prefix : prefix_of_kind(keyed_side(g)[KIND_FIELD].text);
}

static bool belongs(const struct changes *c, const struct gathered *g)
{
	const struct entity *e = g->entity;
	for (size_t f = 0; f < e->field_count; f++)
		if (e->fields[f].key && e->fields[f].type == FIELD_ID && keyed_side(g)[f].number == c->no &&
		    str_is(id_prefix(g, &e->fields[f]), c->prefix))
			return true;
	return false;
}

/* Did a field change that has a name here? */
static bool shows(const struct gathered *g)
{
	bool any = g->change != ROW_CHANGED;
	for (size_t f = 0; f < g->entity->field_count && !any; f++)
		any = g->after[f].set && !g->entity->fields[f].key;
	return any;
}

void changes_add(void *changes, const struct changed_row *row)
{
	enum { FIRST = 64 };
	struct changes *c = changes;
	struct gathered g = { .entity = NULL, .change = row->change };
	g.entity = entity_of(row->table, &g.order);
	if (!g.entity)
		return;
	g.before = side_of(c->arena, g.entity, row, row->before);
	g.after = side_of(c->arena, g.entity, row, row->after);
	if (!shows(&g) || (c->prefix && !belongs(c, &g)))
		return;
	if (c->count == c->room) {
		struct gathered *larger = arena_alloc(c->arena, (c->room ? 2 * c->room : FIRST) * sizeof *larger);
		if (c->count)
			memcpy(larger, c->rows, c->count * sizeof *larger);
		c->rows = larger;
		c->room = c->room ? 2 * c->room : FIRST;
	}
	c->rows[c->count++] = g;
}

/* ---- order ----------------------------------------------------------------------------------------------------------------- */

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_values(const struct value *a, const struct value *b)
{
	return a->text && b->text ? strcmp(a->text, b->text) : compare_numbers(a->number, b->number);
}

static int compare(const void *left, const void *right)
{
	const struct gathered *a = left, *b = right;
	int order = compare_numbers((int64_t)a->order, (int64_t)b->order);
	if (order == 0)
		order = compare_numbers(a->change, b->change);
	for (size_t f = 0; order == 0 && f < a->entity->field_count; f++)
		if (a->entity->fields[f].key)
			order = compare_values(&keyed_side(a)[f], &keyed_side(b)[f]);
	return order;
}

/* ---- writing --------------------------------------------------------------------------------------------------------------- */

static void write_field(struct changes *c, struct json_out *o, const struct gathered *g, const struct field *f, const struct value *v)
{
	char id[IDENT_SIZE];
	if (f->type == FIELD_ID && !f->prefix) {
		ident_format(id_prefix(g, f), v->number, id);
		out_str(o, f->name, id);
		return;
	}
	field_write(c->arena, o, f, v);
}

static void write_side(struct changes *c, struct json_out *o, const struct gathered *g, const struct value *side, bool keys, bool others)
{
	for (size_t f = 0; f < g->entity->field_count; f++)
		if (side[f].set && (g->entity->fields[f].key ? keys : others))
			write_field(c, o, g, &g->entity->fields[f], &side[f]);
}

static void write_row(struct changes *c, struct json_out *o, const struct gathered *g)
{
	out_object(o, NULL);
	if (g->change != ROW_CHANGED) {
		write_side(c, o, g, keyed_side(g), true, true);
	} else {
		write_side(c, o, g, g->before, true, false);
		out_object(o, "old");
		write_side(c, o, g, g->before, false, true);
		out_end_object(o);
		out_object(o, "new");
		write_side(c, o, g, g->after, false, true);
		out_end_object(o);
	}
	out_end_object(o);
}

/* Rows from `at` on that changed alike in one entity; returns where others begin. */
static size_t write_list(struct changes *c, struct json_out *o, size_t at)
{
	static const char *const names[] = { [ROW_ADDED] = "added", [ROW_CHANGED] = "changed", [ROW_REMOVED] = "removed" };
	const struct gathered *first = &c->rows[at];
	out_array(o, names[first->change]);
	for (; at < c->count && c->rows[at].order == first->order && c->rows[at].change == first->change; at++)
		write_row(c, o, &c->rows[at]);
	out_end_array(o);
	return at;
}

void changes_write(struct changes *c, struct json_out *o, const char *key)
{
	if (c->count)
		qsort(c->rows, c->count, sizeof *c->rows, compare);
	out_object(o, key);
	for (size_t at = 0; at < c->count;) {
		size_t order = c->rows[at].order;
		out_object(o, c->rows[at].entity->name);
		while (at < c->count && c->rows[at].order == order)
			at = write_list(c, o, at);
		out_end_object(o);
	}
	out_end_object(o);
}

static bool is_ended_job(const struct gathered *g)
{
	return g->change == ROW_REMOVED && str_is(g->entity->table, "job");
}

static void write_ended(struct json_out *o, const struct gathered *g)
{
	char due[WIRETIME_SIZE];
	wiretime_utc(g->before[JOB_DUE_FIELD].number, due);
	out_object(o, NULL);
	out_str(o, "kind", g->before[JOB_KIND_FIELD].text);
	out_str(o, "due", due);
	out_end_object(o);
}

void changes_write_ended(struct changes *c, struct json_out *o, const char *key)
{
	bool any = false;
	for (size_t i = 0; i < c->count; i++) {
		if (!is_ended_job(&c->rows[i]))
			continue;
		if (!any)
			out_array(o, key);
		any = true;
		write_ended(o, &c->rows[i]);
	}
	if (any)
		out_end_array(o);
}
