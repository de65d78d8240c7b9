/* Sorted arrays in a hash table. New snapshots come last, nearly always, and the oldest go first: both cost nothing. */
#include "store/orders.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"
#include "util/str.h"

/* Whose each row is: a number and a text. */
static const char *const sql[N_ORDERS] = {
	[ORDERS_OF_REGIONS] = "SELECT create_ms, no, account, region FROM snapshot",
	[ORDERS_OF_DISKS] = "SELECT create_ms, no, disk, '' FROM snapshot WHERE disk <> 0",
};

const struct sql_list orders_sql = { sql, N_ORDERS };

struct group {
	int64_t number;
	char *text;           /* NULL: the slot is free */
	struct place *places; /* room for so many; those from `first` up to `end` are there */
	size_t first, end, room;
	bool mixed;           /* not sorted yet */
};

struct orders {
	struct group *slots;
	size_t slot_count; /* a power of two */
	size_t used, rows;
};

static int compare(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	if (a->create_ms != b->create_ms)
		return a->create_ms < b->create_ms ? -1 : 1;
	return a->no < b->no ? -1 : a->no > b->no;
}

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

/* The slot of a group, or the free one it would get. */
static struct group *slot_of(const struct orders *o, int64_t number, const char *text)
{
	uint64_t hash = str_hash((uint64_t)number * UINT64_C(0x9e3779b97f4a7c15), text);
	for (uint64_t at = hash >> 32;; at++) {
		struct group *slot = &o->slots[at & (o->slot_count - 1)];
		if (!slot->text || (slot->number == number && str_is(slot->text, text)))
			return slot;
	}
}

static void make_room(struct orders *o)
{
	enum { FIRST = 16 };
	if (4 * (o->used + 1) <= 3 * o->slot_count)
		return;
	struct orders larger = { .slot_count = o->slot_count ? 2 * o->slot_count : FIRST, .used = o->used, .rows = o->rows };
	larger.slots = xcalloc(larger.slot_count, sizeof *larger.slots);
	for (size_t i = 0; i < o->slot_count; i++)
		if (o->slots[i].text)
			*slot_of(&larger, o->slots[i].number, o->slots[i].text) = o->slots[i];
	free(o->slots);
	*o = larger;
}

static struct group *group_to_fill(struct orders *o, int64_t number, const char *text)
{
	make_room(o);
	struct group *g = slot_of(o, number, text);
	if (!g->text) {
		*g = (struct group){ .number = number, .text = xstrdup(text) };
		o->used++;
	}
	return g;
}

static void free_orders(struct orders *o)
{
	for (size_t i = 0; o && i < o->slot_count; i++) {
		free(o->slots[i].text);
		free(o->slots[i].places);
	}
	if (o)
		free(o->slots);
	free(o);
}

/* ---- one order ------------------------------------------------------------------------------------------------------------ */

/* For one more at the end. */
static void make_place(struct group *g)
{
	enum { FIRST = 4 };
	if (g->end < g->room)
		return;
	if (g->first > g->room / 2) {
		memmove(g->places, g->places + g->first, (g->end - g->first) * sizeof *g->places);
		g->end -= g->first;
		g->first = 0;
		return;
	}
	g->room = g->room ? 2 * g->room : FIRST;
	g->places = xrealloc(g->places, g->room * sizeof *g->places);
}

/* The first that does not come before `p`. */
static size_t find(const struct group *g, const struct place *p)
{
	size_t low = g->first, high = g->end;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&g->places[middle], p) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool comes_last(const struct group *g, const struct place *p)
{
	return g->first == g->end || compare(&g->places[g->end - 1], p) < 0;
}

static void insert(struct orders *o, int64_t number, const char *text, const struct place *p)
{
	struct group *g = group_to_fill(o, number, text);
	o->rows++;
	make_place(g);
	size_t at = comes_last(g, p) ? g->end : find(g, p);
	memmove(&g->places[at + 1], &g->places[at], (g->end - at) * sizeof *g->places);
	g->places[at] = *p;
	g->end++;
}

static void take_out(struct orders *o, int64_t number, const char *text, const struct place *p)
{
	struct group *g = slot_of(o, number, text);
	size_t at = find(g, p);
	if (at == g->end || compare(&g->places[at], p) != 0)
		return;
	o->rows--;
	if (at == g->first) {
		g->first++;
		return;
	}
	memmove(&g->places[at], &g->places[at + 1], (g->end - at - 1) * sizeof *g->places);
	g->end--;
}

/* ---- all of them ---------------------------------------------------------------------------------------------------------- */

static void sort(struct orders *o)
{
	for (size_t i = 0; i < o->slot_count; i++) {
		struct group *g = &o->slots[i];
		if (g->mixed)
			qsort(g->places, g->end, sizeof *g->places, compare);
		g->mixed = false;
	}
}

/* In the order of the table; what that leaves to be done is done once, at the end. */
static void look_through(struct store *s, int kind)
{
	struct orders *o = xcalloc(1, sizeof *o);
	make_room(o);
	struct query q = query_open(s, SQL_ORDERS, kind);
	while (query_row(&q)) {
		struct place p = { .create_ms = col_int(&q) };
		p.no = col_int(&q);
		int64_t number = col_int(&q);
		struct group *g = group_to_fill(o, number, col_borrow(&q));
		make_place(g);
		g->mixed = g->mixed || !comes_last(g, &p);
		g->places[g->end++] = p;
		o->rows++;
	}
	sort(o);
	s->orders[kind] = o;
}

/* Our own commits do not count. */
static void look_for_others(struct store *s)
{
	int64_t version = s->path ? store_file_version(s) : 0;
	if (version != s->orders_version)
		orders_forget(s);
	s->orders_version = version;
}

static struct order order_of(struct store *s, int kind, int64_t number, const char *text)
{
	store_ready(s, false);
	look_for_others(s);
	if (!s->orders[kind])
		look_through(s, kind);
	if (s->failed[0])
		orders_forget(s);
	if (!s->orders[kind])
		return (struct order){ 0 };
	const struct orders *o = s->orders[kind];
	const struct group *g = slot_of(o, number, text);
	return (struct order){ g->places ? g->places + g->first : NULL, g->end - g->first, o->rows };
}

struct order order_of_region(struct store *s, int64_t account, const char *region)
{
	return order_of(s, ORDERS_OF_REGIONS, account, region);
}

struct order order_of_disk(struct store *s, int64_t disk)
{
	return order_of(s, ORDERS_OF_DISKS, disk, "");
}

static void note(struct store *s, const struct snapshot *p,
                 void (*change)(struct orders *o, int64_t number, const char *text, const struct place *p))
{
	const struct place place = { p->create_ms, p->no };
	s->orders_changed = true;
	if (s->orders[ORDERS_OF_REGIONS])
		change(s->orders[ORDERS_OF_REGIONS], p->account, p->region, &place);
	if (s->orders[ORDERS_OF_DISKS] && p->disk != 0)
		change(s->orders[ORDERS_OF_DISKS], p->disk, "", &place);
}

void orders_note_new(struct store *s, const struct snapshot *p)
{
	note(s, p, insert);
}

void orders_note_gone(struct store *s, const struct snapshot *p)
{
	note(s, p, take_out);
}

/* What is found again in this transaction holds its changes. */
void orders_forget(struct store *s)
{
	s->orders_changed = true;
	for (int kind = 0; kind < N_ORDERS; kind++) {
		free_orders(s->orders[kind]);
		s->orders[kind] = NULL;
	}
}

void orders_begin(struct store *s)
{
	s->orders_changed = false;
}

void orders_undo(struct store *s)
{
	if (s->orders_changed)
		orders_forget(s);
}
