/* Grouping with a table of the calls under way, keyed by what makes attempts the same. */
#include "gateway/calls.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/json_out.h"
#include "util/str.h"

enum { CANONICAL_MAX = 4 * JOURNAL_BODY_MAX };

/* ---- sameness ---------------------------------------------------------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
	const cJSON *const *a = left, *const *b = right;
	return strcmp((*a)->string, (*b)->string);
}

static void write_canonical(struct json_out *o, const char *key, const cJSON *node);

static void write_sorted(struct json_out *o, const cJSON *object)
{
	size_t count = (size_t)cJSON_GetArraySize(object), i = 0;
	const cJSON **members = xmalloc(count * sizeof *members), *member;
	cJSON_ArrayForEach(member, object)
		members[i++] = member;
	qsort(members, count, sizeof *members, by_name);
	for (i = 0; i < count; i++)
		write_canonical(o, members[i]->string, members[i]);
	free(members);
}

/* Members in the order of their names, so that two clients' orders are one. */
static void write_canonical(struct json_out *o, const char *key, const cJSON *node)
{
	if (cJSON_IsObject(node)) {
		out_object(o, key);
		write_sorted(o, node);
		out_end_object(o);
	} else if (cJSON_IsArray(node)) {
		const cJSON *element;
		out_array(o, key);
		cJSON_ArrayForEach(element, node)
			write_canonical(o, NULL, element);
		out_end_array(o);
	} else {
		char *text = cJSON_PrintUnformatted(node);
		out_raw(o, key, text ? text : "null");
		cJSON_free(text);
	}
}

/* What must be equal for two attempts to be one call. Parameters that were not kept make it its own. */
static void identity(const struct journal_entry *e, struct buf *out)
{
	struct arena *a = arena_new();
	const cJSON *params = journal_params(e, a);
	struct json_out o;
	json_out_init(&o, out);
	out_array(&o, NULL);
	out_str(&o, NULL, e->secret_id);
	out_str(&o, NULL, e->action);
	out_str(&o, NULL, e->region);
	if (params)
		write_canonical(&o, NULL, params);
	else
		out_int(&o, NULL, (int64_t)e->seq);
	out_end_array(&o);
	arena_free(a);
}

static uint64_t hash_of(const char *text, size_t len)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
	return hash;
}

/* ---- what the client saw ----------------------------------------------------------------------------------------------- */

bool attempt_failed(const struct journal_entry *e)
{
	if (!str_is(e->code, "OK") || *e->delivery || e->http_status != 200)
		return true;
	return !str_prefix(e->answer, "{\"Response\":{") || str_prefix(e->answer, "{\"Response\":{\"Error\":");
}

int64_t attempt_ended_ms(const struct journal_entry *e)
{
	return e->wall_ms + (e->ended_us - e->begun_us) / 1000 + e->delay_ms;
}

/* An answer that was still held back when the next attempt came had been given up. */
static bool retries(const struct journal_entry *before, const struct journal_entry *e, int64_t gap_ms)
{
	int64_t ended_ms = attempt_ended_ms(before);
	bool given_up = before->delay_ms > 0 && e->wall_ms < ended_ms;
	return (attempt_failed(before) || given_up) && e->wall_ms - ended_ms <= gap_ms;
}

/* ---- grouping ---------------------------------------------------------------------------------------------------------- */

/* The newest call of an identity. */
struct under_way {
	uint64_t hash;
	size_t call;
	bool used;
};

struct grouping {
	struct arena *arena;
	struct call_list *calls;
	struct under_way *table;
	size_t mask;
};

static struct under_way *find_slot(struct grouping *g, uint64_t hash)
{
	size_t i = (size_t)hash & g->mask;
	while (g->table[i].used && g->table[i].hash != hash)
		i = (i + 1) & g->mask;
	return &g->table[i];
}

/* Attempts lie in an array that doubles: the room is the next power of two. */
static void add_attempt(struct grouping *g, struct logical_call *call, const struct journal_entry *e)
{
	bool full = (call->count & (call->count - 1)) == 0; /* 0 or a power of two */
	if (full) {
		const struct journal_entry **more = arena_alloc(g->arena, (call->count ? 2 * call->count : 1) * sizeof *more);
		if (call->count)
			memcpy(more, call->attempts, call->count * sizeof *more);
		call->attempts = more;
	}
	call->attempts[call->count++] = e;
}

static bool made_before(const struct logical_call *call, size_t attempt, const char *id)
{
	for (size_t i = 0; i < attempt; i++)
		for (const char *const *made = call->made[i]; *made; made++)
			if (str_is(*made, id))
				return true;
	return false;
}

/* What is left of the ids when those of earlier attempts are taken out: an idempotent call tells the same ones again. */
static void find_made(struct grouping *g, struct logical_call *call, size_t attempt)
{
	const char *const *all = journal_made(call->attempts[attempt], g->arena);
	size_t count = 0;
	while (all[count])
		count++;
	const char **fresh = arena_alloc(g->arena, (count + 1) * sizeof *fresh), **end = fresh;
	for (size_t i = 0; i < count; i++)
		if (!made_before(call, attempt, all[i]))
			*end++ = all[i];
	call->made[attempt] = fresh;
	call->makers += *fresh != NULL;
}

static void finish_call(struct grouping *g, struct logical_call *call)
{
	call->waits_ms = arena_alloc(g->arena, call->count * sizeof *call->waits_ms);
	call->made = arena_alloc(g->arena, call->count * sizeof *call->made);
	for (size_t i = 0; i < call->count; i++)
		find_made(g, call, i);
	for (size_t i = 1; i < call->count; i++)
		call->waits_ms[i - 1] = call->attempts[i]->wall_ms - attempt_ended_ms(call->attempts[i - 1]);
}

static void take(struct grouping *g, const struct journal_entry *e, uint64_t hash, int64_t gap_ms)
{
	struct under_way *slot = find_slot(g, hash);
	struct logical_call *call = slot->used ? &g->calls->calls[slot->call] : NULL;
	if (!call || !retries(call->attempts[call->count - 1], e, gap_ms)) {
		slot->used = true;
		slot->hash = hash;
		slot->call = g->calls->count++;
		call = &g->calls->calls[slot->call];
		call->same = hash;
	}
	add_attempt(g, call, e);
}

void calls_group(const struct journal_list *list, int64_t gap_ms, struct arena *a, struct call_list *out)
{
	size_t size = 16;
	while (size < 2 * list->count)
		size *= 2;
	*out = (struct call_list){ .calls = arena_alloc(a, list->count * sizeof *out->calls) };
	struct grouping g = { .arena = a, .calls = out, .table = xcalloc(size, sizeof *g.table), .mask = size - 1 };
	struct buf text;
	buf_init(&text, CANONICAL_MAX);
	for (size_t i = 0; i < list->count; i++) {
		buf_clear(&text);
		identity(list->entries[i], &text);
		take(&g, list->entries[i], hash_of(text.data, text.len), gap_ms);
	}
	for (size_t i = 0; i < out->count; i++)
		finish_call(&g, &out->calls[i]);
	buf_finish(&text);
	free(g.table);
}
