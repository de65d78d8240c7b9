/* A session watches one transaction; its changeset, taken just before the commit, is a revision. Going anywhere is adding up changesets,
 * turning the sum round when the way leads back, and applying it. */
#define SQLITE_ENABLE_SESSION 1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include "store/orders.h"
#include "store/revisions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/image.h"
#include "store/store_internal.h"
#include "util/str.h"

const char *const revision_kind_names[N_REVISION_KINDS] = {
	[REVISION_CALL] = "call",       [REVISION_TIME] = "time",             [REVISION_CLOCK] = "clock", [REVISION_SEED] = "seed",
	[REVISION_FIXTURE] = "fixture", [REVISION_TRANSITION] = "transition", [REVISION_OTHER] = "other",
};

/* A changeset, in SQLite's own form and memory. */
struct changes {
	void *data; /* NULL: none */
	int size;
};

struct kept {
	enum revision_kind kind;
	char request_id[REVISION_TEXT_MAX + 1], action[REVISION_TEXT_MAX + 1];
	int64_t now_ms;
	uint64_t ids_given;
	struct changes changes;
};

struct revisions {
	size_t limit;
	struct kept *list;           /* the oldest is at `start` */
	size_t start, count, room;
	int64_t last;                /* number of the newest */
	size_t bytes;
	struct kept before;          /* whose the state before the oldest is; has no changes */
	struct kept next;            /* whose the next commit is; has no changes */
	bool amends;                 /* it belongs to the newest */
	sqlite3_session *session;    /* of the transaction under way; NULL: it is not watched */
	struct changes gathered;
	bool lost;                   /* what it changed cannot be told */
	bool paused;
};

/* ---- the list -------------------------------------------------------------------------------------------------------------- */

static struct kept kept_of(const struct revision_cause *c)
{
	struct kept k = { .kind = c->kind, .now_ms = c->now_ms, .ids_given = c->ids_given };
	snprintf(k.request_id, sizeof k.request_id, "%s", c->request_id ? c->request_id : "");
	snprintf(k.action, sizeof k.action, "%s", c->action ? c->action : "");
	return k;
}

static size_t size_of(const struct kept *k)
{
	return sizeof *k + (size_t)k->changes.size;
}

static void free_changes(struct changes *c)
{
	sqlite3_free(c->data);
	*c = (struct changes){ NULL, 0 };
}

static void drop_oldest(struct revisions *r)
{
	struct kept *oldest = &r->list[r->start++];
	r->count--;
	r->bytes -= size_of(oldest);
	free_changes(&oldest->changes);
	r->before = *oldest;
}

static void drop_newest(struct revisions *r)
{
	struct kept *newest = &r->list[r->start + --r->count];
	r->bytes -= size_of(newest);
	free_changes(&newest->changes);
	r->last--;
}

static void trim(struct revisions *r)
{
	while (r->count > r->limit || r->bytes > REVISION_BYTES_MAX)
		drop_oldest(r);
}

/* A place at the end; what was dropped in front makes room first. */
static struct kept *add_place(struct revisions *r)
{
	enum { FIRST = 64 };
	if (r->start + r->count == r->room && r->start > r->count) {
		memcpy(r->list, r->list + r->start, r->count * sizeof *r->list);
		r->start = 0;
	}
	if (r->start + r->count == r->room) {
		r->room = r->room ? 2 * r->room : FIRST;
		r->list = xrealloc(r->list, r->room * sizeof *r->list);
	}
	return &r->list[r->start + r->count++];
}

/* What was gathered is the newest. */
static void append(struct revisions *r)
{
	struct kept *k = add_place(r);
	*k = r->next;
	k->changes = r->gathered;
	r->gathered = (struct changes){ NULL, 0 };
	r->bytes += size_of(k);
	r->last++;
	trim(r);
}

/* The chain is broken: only the state as it is now is known. */
static void begin_anew(struct revisions *r, int64_t last)
{
	while (r->count)
		drop_oldest(r);
	r->before = r->next;
	r->last = last;
}

static const struct kept *find(const struct revisions *r, int64_t no)
{
	int64_t first = r->last - (int64_t)r->count;
	if (no < first || no > r->last)
		return NULL;
	return no == first ? &r->before : &r->list[r->start + (size_t)(no - first - 1)];
}

void store_keep_revisions(struct store *s, size_t count, const struct revision_cause *now)
{
	if (count == 0) {
		revisions_free(s);
		return;
	}
	if (!s->revisions) {
		s->revisions = xcalloc(1, sizeof *s->revisions);
		s->revisions->next = kept_of(now);
		begin_anew(s->revisions, 0);
	}
	s->revisions->limit = count;
	trim(s->revisions);
}

void revisions_free(struct store *s)
{
	struct revisions *r = s->revisions;
	if (!r)
		return;
	revisions_end(s, false);
	while (r->count)
		drop_oldest(r);
	free(r->list);
	free(r);
	s->revisions = NULL;
}

void revisions_restart(struct store *s)
{
	if (s->revisions)
		begin_anew(s->revisions, 0);
}

void store_because(struct store *s, const struct revision_cause *cause)
{
	if (s->revisions)
		s->revisions->next = kept_of(cause);
}

void store_amend(struct store *s)
{
	if (s->revisions)
		s->revisions->amends = true;
}

bool store_revisions(const struct store *s, int64_t *first, int64_t *last)
{
	const struct revisions *r = s->revisions;
	if (!r)
		return false;
	*last = r->last;
	*first = r->last - (int64_t)r->count;
	return true;
}

bool store_revision(const struct store *s, int64_t no, struct revision *out)
{
	const struct kept *k = s->revisions ? find(s->revisions, no) : NULL;
	if (!k)
		return false;
	*out = (struct revision){ no, { k->kind, k->request_id, k->action, k->now_ms, k->ids_given }, size_of(k) };
	return true;
}

/* ---- watching -------------------------------------------------------------------------------------------------------------- */

static int is_watched(void *data, const char *table)
{
	(void)data;
	return !str_is(table, "credential") && !str_is(table, "sandbox");
}

/* What was gathered becomes part of the newest, or of the state that all begins with. */
static void amend(struct revisions *r)
{
	struct changes both = { NULL, 0 }, *more = &r->gathered;
	if (r->count == 0)
		return;
	struct kept *newest = &r->list[r->start + r->count - 1];
	if (sqlite3changeset_concat(newest->changes.size, newest->changes.data, more->size, more->data, &both.size, &both.data) != SQLITE_OK) {
		begin_anew(r, r->last);
		return;
	}
	r->bytes -= size_of(newest);
	free_changes(&newest->changes);
	newest->changes = both;
	r->bytes += size_of(newest);
}

void revisions_begin(struct store *s)
{
	struct revisions *r = s->revisions;
	if (!r || r->paused)
		return;
	r->lost = sqlite3session_create(s->db, "main", &r->session) != SQLITE_OK;
	if (r->lost)
		return;
	sqlite3session_table_filter(r->session, is_watched, NULL);
	r->lost = sqlite3session_attach(r->session, NULL) != SQLITE_OK;
}

void revisions_gather(struct store *s)
{
	struct revisions *r = s->revisions;
	if (r && r->session && !r->lost)
		r->lost = sqlite3session_changeset(r->session, &r->gathered.size, &r->gathered.data) != SQLITE_OK;
}

void revisions_end(struct store *s, bool committed)
{
	struct revisions *r = s->revisions;
	if (!r)
		return;
	if (committed && r->lost) {
		begin_anew(r, r->last + !r->amends);
	} else if (committed && r->gathered.size > 0) {
		if (r->amends)
			amend(r);
		else
			append(r);
	}
	free_changes(&r->gathered);
	r->next = (struct kept){ .kind = REVISION_OTHER, .now_ms = r->next.now_ms, .ids_given = r->next.ids_given };
	r->lost = r->amends = false;
	if (r->session)
		sqlite3session_delete(r->session);
	r->session = NULL;
}

/* ---- ways from one to another ---------------------------------------------------------------------------------------------- */

/* In the order they were made. */
static int sum_up(const struct revisions *r, int64_t from, int64_t to, struct changes *out)
{
	sqlite3_changegroup *group = NULL;
	int code = sqlite3changegroup_new(&group);
	for (int64_t no = from + 1; no <= to && code == SQLITE_OK; no++) {
		const struct kept *k = find(r, no);
		code = sqlite3changegroup_add(group, k->changes.size, k->changes.data);
	}
	if (code == SQLITE_OK)
		code = sqlite3changegroup_output(group, &out->size, &out->data);
	if (group)
		sqlite3changegroup_delete(group);
	return code;
}

static bool fail(struct buf *why, int code)
{
	buf_printf(why, "the changes cannot be put together: %s", sqlite3_errstr(code));
	return false;
}

/* What leads from one revision to the other. */
static bool way(const struct store *s, int64_t from, int64_t to, struct changes *out, struct buf *why)
{
	const struct revisions *r = s->revisions;
	struct changes sum = { NULL, 0 };
	*out = sum;
	if (!r || !find(r, from) || !find(r, to)) {
		buf_printf(why, "revision %" PRId64 " is not kept", r && find(r, from) ? to : from);
		return false;
	}
	int code = from <= to ? sum_up(r, from, to, out) : sum_up(r, to, from, &sum);
	if (code == SQLITE_OK && from > to)
		code = sqlite3changeset_invert(sum.size, sum.data, &out->size, &out->data);
	free_changes(&sum);
	if (code == SQLITE_OK)
		return true;
	free_changes(out);
	return fail(why, code);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------ */

/* The table under way of a walk. */
struct walk {
	struct arena *arena;
	struct changed_row row;
	const char **columns;
	bool *key;
	struct value *before, *after;
};

static void name_columns(struct store *s, struct walk *w, const char *table, int count)
{
	size_t n = (size_t)count;
	w->columns = arena_alloc(w->arena, n * sizeof *w->columns);
	w->key = arena_alloc(w->arena, n * sizeof *w->key);
	w->before = arena_alloc(w->arena, n * sizeof *w->before);
	w->after = arena_alloc(w->arena, n * sizeof *w->after);
	w->row = (struct changed_row){ .table = arena_strdup(w->arena, table), .count = n, .columns = w->columns, .key = w->key };
	buf_clear(&s->text);
	buf_printf(&s->text, "SELECT * FROM %s LIMIT 0", table);
	struct query q = query_text(s);
	for (int i = 0; i < count; i++) {
		const char *name = q.stmt ? sqlite3_column_name(q.stmt, i) : NULL;
		w->columns[i] = arena_strdup(w->arena, name ? name : "");
	}
	query_end(&q);
}

static struct value value_of(sqlite3_value *v)
{
	if (!v)
		return (struct value){ .set = false };
	if (sqlite3_value_type(v) == SQLITE_TEXT)
		return (struct value){ .set = true, .text = (const char *)sqlite3_value_text(v) };
	return (struct value){ .set = true, .number = sqlite3_value_int64(v) };
}

static void read_row(struct walk *w, sqlite3_changeset_iter *at, int operation)
{
	unsigned char *key = NULL;
	int count;
	sqlite3changeset_pk(at, &key, &count);
	for (int i = 0; i < (int)w->row.count; i++) {
		sqlite3_value *before = NULL, *after = NULL;
		if (operation != SQLITE_INSERT)
			sqlite3changeset_old(at, i, &before);
		if (operation != SQLITE_DELETE)
			sqlite3changeset_new(at, i, &after);
		w->before[i] = value_of(before);
		w->after[i] = value_of(after);
		w->key[i] = key && key[i];
	}
	w->row.change = operation == SQLITE_INSERT ? ROW_ADDED : operation == SQLITE_DELETE ? ROW_REMOVED : ROW_CHANGED;
	w->row.before = operation == SQLITE_INSERT ? NULL : w->before;
	w->row.after = operation == SQLITE_DELETE ? NULL : w->after;
}

bool store_diff(struct store *s, int64_t from, int64_t to, void (*on_row)(void *data, const struct changed_row *row), void *data,
                struct buf *why)
{
	struct changes changes;
	sqlite3_changeset_iter *at = NULL;
	if (!way(s, from, to, &changes, why))
		return false;
	struct walk w = { .arena = arena_new() };
	int code = sqlite3changeset_start(&at, changes.size, changes.data);
	while (code == SQLITE_OK && sqlite3changeset_next(at) == SQLITE_ROW) {
		const char *table;
		int count, operation, indirect;
		sqlite3changeset_op(at, &table, &count, &operation, &indirect);
		if (!str_is(w.row.table, table))
			name_columns(s, &w, table, count);
		read_row(&w, at, operation);
		on_row(data, &w.row);
	}
	if (at)
		code = sqlite3changeset_finalize(at);
	arena_free(w.arena);
	free_changes(&changes);
	return code == SQLITE_OK || fail(why, code);
}

/* ---- going ----------------------------------------------------------------------------------------------------------------- */

/* A row that is not as we left it was changed by somebody else. */
static int stop(void *data, int conflict, sqlite3_changeset_iter *at)
{
	(void)data, (void)conflict, (void)at;
	return SQLITE_CHANGESET_ABORT;
}

static bool apply(struct store *s, const struct changes *c, struct buf *why)
{
	store_begin(s);
	store_ready(s, true);
	orders_forget(s);
	int code = sqlite3changeset_apply(s->db, c->size, c->data, NULL, stop, NULL);
	if (code != SQLITE_OK)
		store_fail(s, code == SQLITE_ABORT ? "another program has changed it" : sqlite3_errstr(code));
	char *said = store_failed(s) ? xstrdup(store_failed(s)) : NULL;
	bool done = store_commit(s);
	if (!done)
		buf_printf(why, "the world cannot be taken back: %s", said ? said : "the commit failed");
	free(said);
	s->next_due_known = false;
	return done;
}

struct store *store_open_revision(struct store *s, int64_t no, struct buf *why)
{
	struct changes back;
	if (!way(s, s->revisions ? s->revisions->last : 0, no, &back, why))
		return NULL;
	struct world_image *image = image_of(s, why);
	struct store *copy = image ? store_open_image(image, why) : NULL;
	if (copy && !apply(copy, &back, why)) {
		store_close(copy);
		copy = NULL;
	}
	image_release(image);
	free_changes(&back);
	return copy;
}

bool store_rewind(struct store *s, int64_t no, struct buf *why)
{
	struct changes back;
	if (!way(s, s->revisions ? s->revisions->last : 0, no, &back, why))
		return false;
	s->revisions->paused = true;
	bool done = apply(s, &back, why);
	s->revisions->paused = false;
	while (done && s->revisions->last > no)
		drop_newest(s->revisions);
	free_changes(&back);
	return done;
}
