/* Running statements: one place where SQLite's errors are caught and made to stick. */
#include "store/orders.h"
#include "store/store_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void store_fail(struct store *s, const char *why)
{
	if (!s->failed[0])
		snprintf(s->failed, sizeof s->failed, "%s", why[0] ? why : "unknown error");
}

bool store_exec(struct store *s, const char *script)
{
	store_ready(s, true);
	orders_forget(s);
	if (!s->failed[0] && sqlite3_exec(s->db, script, NULL, NULL, NULL) != SQLITE_OK)
		store_fail(s, sqlite3_errmsg(s->db));
	return !s->failed[0];
}

/* Preparing costs more than most statements' work, and a world that lives for one test uses few of them. */
struct query query_open(struct store *s, enum sql_group group, int which)
{
	sqlite3_stmt **stmt = &s->stmts[group][which];
	const char *text = sql_lists[group]->text[which];
	if (!*stmt && sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) != SQLITE_OK)
		store_fail(s, sqlite3_errmsg(s->db));
	store_ready(s, !sqlite3_stmt_readonly(*stmt));
	return (struct query){ .store = s, .stmt = *stmt };
}

bool store_prepare_all(struct store *s)
{
	for (int group = 0; group < N_SQL_GROUPS; group++)
		for (size_t i = 0; i < sql_lists[group]->count; i++)
			query_open(s, (enum sql_group)group, (int)i);
	return !s->failed[0];
}

static struct cached_stmt *cache_find(struct store *s)
{
	for (size_t i = 0; i < s->cache_count; i++) {
		struct cached_stmt *slot = &s->cache[i];
		if (slot->len == s->text.len && memcmp(slot->text, s->text.data, slot->len) == 0)
			return slot;
	}
	return NULL;
}

/* A slot for a new statement: a free one, or the one that was not used for the longest time. */
static struct cached_stmt *cache_room(struct store *s)
{
	if (s->cache_count < STMT_CACHE_MAX)
		return &s->cache[s->cache_count++];
	struct cached_stmt *oldest = &s->cache[0];
	for (size_t i = 1; i < s->cache_count; i++)
		if (s->cache[i].used < oldest->used)
			oldest = &s->cache[i];
	sqlite3_finalize(oldest->stmt);
	free(oldest->text);
	return oldest;
}

struct query query_text(struct store *s)
{
	struct query q = { .store = s };
	struct cached_stmt *slot = cache_find(s);
	if (!slot) {
		if (s->text.overflow || sqlite3_prepare_v2(s->db, s->text.data, (int)s->text.len, &q.stmt, NULL) != SQLITE_OK) {
			store_fail(s, s->text.overflow ? "a statement is too long" : sqlite3_errmsg(s->db));
			return q;
		}
		slot = cache_room(s);
		*slot = (struct cached_stmt){ .text = xstrdup(s->text.data), .len = s->text.len, .stmt = q.stmt };
	}
	slot->used = ++s->cache_clock;
	q.stmt = slot->stmt;
	store_ready(s, !sqlite3_stmt_readonly(q.stmt));
	return q;
}

bool query_row(struct query *q)
{
	q->at = 0;
	if (!q->store->failed[0]) {
		int rc = sqlite3_step(q->stmt);
		if (rc == SQLITE_ROW)
			return true;
		if (rc != SQLITE_DONE)
			store_fail(q->store, sqlite3_errmsg(q->store->db));
	}
	sqlite3_reset(q->stmt);
	return false;
}

void query_end(struct query *q)
{
	sqlite3_reset(q->stmt);
}

void query_run(struct query *q)
{
	while (query_row(q))
		continue;
}

const char *col_text(struct query *q, struct arena *a)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, q->at);
	int len = sqlite3_column_bytes(q->stmt, q->at++);
	return len > 0 ? arena_strndup(a, text, (size_t)len) : "";
}

int col_name(struct query *q, const char *const *names, int count)
{
	const char *text = (const char *)sqlite3_column_text(q->stmt, q->at++);
	int found = text ? state_by_name(names, count, text) : -1;
	if (found >= 0)
		return found;
	store_fail(q->store, "a state that does not exist");
	return 0;
}

void *rows_room(struct arena *a, void *rows, size_t count, size_t size)
{
	enum { FIRST = 4 };
	if (count == 0)
		return arena_alloc(a, FIRST * size);
	if (count < FIRST || (count & (count - 1)) != 0)
		return rows;
	void *larger = arena_alloc(a, 2 * count * size);
	return memcpy(larger, rows, count * size);
}
