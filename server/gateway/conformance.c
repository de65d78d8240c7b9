/* Requests are counted under the names that the model has for actions, parameters and codes; a parameter inside another by its path,
 * as matches write it: "Filters.*.Name". */
#include "gateway/conformance.h"

#include <string.h>

#include "cbs/atlas.h"
#include "cbs/cbs.h"
#include "gateway/unmatched.h"
#include "util/str.h"

enum { NAMES_MAX = 256, UNKNOWN_MAX = 32, NAME_BYTES_MAX = 64 };

struct tally {
	const char *name;
	size_t count;    /* requests, however often it stands in one */
	uint64_t latest; /* the last of them, by its number */
};

struct tallies {
	struct tally *list; /* room for NAMES_MAX, made with the first */
	size_t count, left_out;
};

/* What is known of one action. */
struct findings {
	const struct model_action *model;
	size_t calls, succeeded, unreadable; /* of the last the parameters were not kept, or are none */
	struct tallies sent, unread, unknown, codes, by_fault;
};

struct inquiry {
	struct arena *arena, *scratch; /* of the report; of the request in hand */
	const struct journal_entry *entry;
	struct findings *findings;
};

/* ---- counting ---------------------------------------------------------------------------------------------------------- */

static struct tally *find_tally(const struct tallies *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (str_is(t->list[i].name, name))
			return &t->list[i];
	return NULL;
}

static struct tally *add_tally(struct tallies *t, struct arena *a, const char *name, size_t max)
{
	if (t->count == max || strlen(name) > NAME_BYTES_MAX) {
		t->left_out++;
		return NULL;
	}
	if (!t->list)
		t->list = arena_alloc(a, NAMES_MAX * sizeof *t->list);
	t->list[t->count] = (struct tally){ .name = arena_strdup(a, name) };
	return &t->list[t->count++];
}

static void note_up_to(const struct inquiry *q, struct tallies *t, const char *name, size_t max)
{
	struct tally *found = find_tally(t, name);
	if (!found)
		found = add_tally(t, q->arena, name, max);
	if (!found || found->latest == q->entry->seq)
		return;
	found->latest = q->entry->seq;
	found->count++;
}

static void note(const struct inquiry *q, struct tallies *t, const char *name)
{
	note_up_to(q, t, name, NAMES_MAX);
}

/* ---- one request ------------------------------------------------------------------------------------------------------- */

static void note_params(const struct inquiry *q, const struct shape *shape, const cJSON *object, const char *above);

static void note_inside(const struct inquiry *q, const struct param *p, const cJSON *value, const char *path)
{
	const cJSON *element;
	const char *inside = arena_printf(q->scratch, p->list ? "%s.*." : "%s.", path);
	if (!p->list) {
		note_params(q, p->shape, value, inside);
		return;
	}
	cJSON_ArrayForEach(element, value)
		note_params(q, p->shape, element, inside);
}

/* What is null counts as not given, here as everywhere. */
static void note_params(const struct inquiry *q, const struct shape *shape, const cJSON *object, const char *above)
{
	const cJSON *value;
	if (!cJSON_IsObject(object))
		return;
	cJSON_ArrayForEach(value, object) {
		const struct param *p = shape_find(shape, value->string);
		const char *path = arena_printf(q->scratch, "%s%s", above, value->string);
		if (cJSON_IsNull(value))
			continue;
		if (!p) {
			note_up_to(q, &q->findings->unknown, path, UNKNOWN_MAX);
			continue;
		}
		note(q, &q->findings->sent, path);
		if (p->shape)
			note_inside(q, p, value, path);
	}
}

static void note_request(const struct inquiry *q)
{
	const struct journal_entry *e = q->entry;
	struct findings *f = q->findings;
	const cJSON *params = journal_params(e, q->scratch);
	f->calls++;
	f->succeeded += str_is(e->code, "OK");
	if (params)
		note_params(q, &f->model->input, params, "");
	else
		f->unreadable++;
	for (const char *const *name = e->unread; *name; name++)
		note(q, &f->unread, *name);
	note(q, str_is(e->stage, "fault") ? &f->by_fault : &f->codes, e->code);
}

/* Returns how many requests reached no action. */
static size_t note_all(const struct journal_list *list, struct findings *findings, struct arena *a)
{
	size_t unmatched = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct journal_entry *e = list->entries[i];
		const struct model_action *model = model_find(cbs_model, cbs_model_count, e->action);
		if (!model || entry_is_unmatched(e)) {
			unmatched++;
			continue;
		}
		struct findings *f = &findings[model - cbs_model];
		f->model = model;
		struct inquiry q = { .arena = a, .scratch = arena_new(), .entry = e, .findings = f };
		note_request(&q);
		arena_free(q.scratch);
	}
	return unmatched;
}

/* ---- telling ----------------------------------------------------------------------------------------------------------- */

static void write_tallies(struct json_out *o, const char *key, const struct tallies *t)
{
	out_object(o, key);
	for (size_t i = 0; i < t->count; i++)
		out_int(o, t->list[i].name, (int64_t)t->list[i].count);
	out_end_object(o);
}

/* Of a structure that never came only its own name, of one that came the members that were missing each time. */
static void write_never_sent(struct json_out *o, const struct findings *f, const struct shape *shape, const char *above, struct arena *a)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct param *p = &shape->params[i];
		const char *path = arena_printf(a, "%s%s", above, p->name);
		if (p->hidden)
			continue;
		if (!find_tally(&f->sent, path))
			out_str(o, NULL, path);
		else if (p->shape)
			write_never_sent(o, f, p->shape, arena_printf(a, p->list ? "%s.*." : "%s.", path), a);
	}
}

static bool is_documented(const struct model_action *model, const char *code)
{
	for (const char *const *known = model->errors; known && *known; known++)
		if (str_is(*known, code))
			return true;
	return str_is(code, "OK") || atlas_find(NULL, code);
}

static void write_undocumented(struct json_out *o, const struct findings *f)
{
	out_array(o, "undocumented");
	for (size_t i = 0; i < f->codes.count; i++)
		if (!is_documented(f->model, f->codes.list[i].name))
			out_str(o, NULL, f->codes.list[i].name);
	out_end_array(o);
}

static void write_never_answered(struct json_out *o, const struct findings *f)
{
	out_array(o, "never_answered");
	for (const char *const *code = f->model->errors; code && *code; code++)
		if (!find_tally(&f->codes, *code) && !find_tally(&f->by_fault, *code))
			out_str(o, NULL, *code);
	out_end_array(o);
}

static void write_action(struct json_out *o, const struct findings *f, struct arena *a)
{
	out_object(o, NULL);
	out_str(o, "action", f->model->name);
	out_int(o, "calls", (int64_t)f->calls);
	out_int(o, "succeeded", (int64_t)f->succeeded);
	if (f->unreadable)
		out_int(o, "unreadable", (int64_t)f->unreadable);
	write_tallies(o, "sent", &f->sent);
	out_array(o, "never_sent");
	write_never_sent(o, f, &f->model->input, "", a);
	out_end_array(o);
	write_tallies(o, "unread", &f->unread);
	write_tallies(o, "unknown", &f->unknown);
	if (f->unknown.left_out)
		out_int(o, "unknown_left_out", (int64_t)f->unknown.left_out);
	write_tallies(o, "codes", &f->codes);
	write_tallies(o, "by_fault", &f->by_fault);
	write_undocumented(o, f);
	write_never_answered(o, f);
	out_end_object(o);
}

void conformance_write(struct json_out *o, const struct journal_list *list, struct arena *a)
{
	struct findings *findings = arena_alloc(a, cbs_model_count * sizeof *findings);
	memset(findings, 0, cbs_model_count * sizeof *findings);
	size_t unmatched = note_all(list, findings, a);
	out_int(o, "requests", (int64_t)list->count);
	out_int(o, "unmatched", (int64_t)unmatched);
	out_int(o, "journal_dropped", (int64_t)list->stats.dropped);
	out_array(o, "actions");
	for (size_t i = 0; i < cbs_model_count; i++)
		if (findings[i].model)
			write_action(o, &findings[i], a);
	out_end_array(o);
	out_array(o, "never_called");
	for (size_t i = 0; i < cbs_model_count; i++)
		if (!findings[i].model && cbs_action_find(cbs_model[i].name))
			out_str(o, NULL, cbs_model[i].name);
	out_end_array(o);
}
