/* The database itself: opening and closing, its settings, transactions. */
#include "store/store_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WAL_PAGES_MAX = 16 * 1024,      /* 64 MiB of log: then a commit checkpoints by itself */
	WAL_PAGES_MORE = 4 * 1024,      /* and again after so many, while a reader keeps the log from starting over */
	CHECKED_MAX = 16 * 1024 * 1024, /* a larger file is not read through at open: it would delay the start */
	BUSY_MS = 2000,                 /* patience with a person who writes to the file with another program */
};

enum { BEGIN, COMMIT, ROLLBACK };

static const char *const sql[] = {
	[BEGIN] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

static const struct sql_list store_sql = { sql, sizeof sql / sizeof *sql };

static const struct sql_list *const sql_lists[N_SQL_GROUPS] = {
	[SQL_STORE] = &store_sql,
	[SQL_PUT] = &put_sql,
	[SQL_WORLD] = &world_sql,
	[SQL_DISKS] = &disks_sql,
	[SQL_SNAPSHOTS] = &snapshots_sql,
	[SQL_BACKUPS] = &backups_sql,
	[SQL_JOBS] = &jobs_sql,
	[SQL_TOKENS] = &tokens_sql,
	[SQL_TAGS] = &tags_sql,
};

static pthread_once_t configured = PTHREAD_ONCE_INIT;

/* A store is used by one thread at a time, so SQLite needs no lock a connection; its memory statistics are one for all threads. */
static void configure_sqlite(void)
{
	sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_initialize();
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

/* The first column of the first row of a statement that is run once; "" when there is none. */
static void ask(struct store *s, const char *text, char *out, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(s->db, text, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	const char *found = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : "";
	snprintf(out, size, "%s", found ? found : "");
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		store_fail(s, sqlite3_errmsg(s->db));
	sqlite3_finalize(stmt);
}

static bool ask_is(struct store *s, const char *text, const char *expected)
{
	char answer[SAID_MAX];
	ask(s, text, answer, sizeof answer);
	return !s->failed[0] && strcmp(answer, expected) == 0;
}

/* Rows by themselves do not make a world used: a process may have ended between making the tables and filling them. */
static bool holds_nothing(struct store *s)
{
	return ask_is(s, "SELECT EXISTS (SELECT 1 FROM account)", "0");
}

static void create_tables(struct store *s)
{
	char *header = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID, SCHEMA_VERSION);
	if (store_exec(s, "BEGIN") && store_exec(s, header) && store_exec(s, (const char *)schema_sql) && store_exec(s, first_rows))
		store_exec(s, "COMMIT");
	sqlite3_free(header);
}

static void check_content(struct store *s, const struct file_state *state)
{
	if (state->size <= CHECKED_MAX && !ask_is(s, "PRAGMA quick_check (1)", "ok"))
		store_fail(s, "it is damaged");
}

static int remember_log(void *data, sqlite3 *db, const char *name, int pages)
{
	(void)db, (void)name;
	struct store *s = data;
	s->wal_pages = pages;
	return SQLITE_OK;
}

/* In WAL a commit is writes to the end of the log. When they return the kernel has the data, and the end of the process, however
 * sudden, takes nothing away: the next opening replays the log. NORMAL syncs at checkpoints only, off the request path: a power cut
 * may take the last commits but cannot damage the file, which is worth more than the little OFF would save. FULL syncs every commit
 * before it returns. */
static void use_log(struct store *s, enum durability durability)
{
	if (!ask_is(s, "PRAGMA journal_mode = WAL", "wal"))
		store_fail(s, "the file system cannot hold a write-ahead log");
	store_exec(s, durability == DURABLE_POWER ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
	sqlite3_wal_hook(s->db, remember_log, s); /* in place of SQLite's own checkpoints */
}

static bool connect_to(sqlite3 **db, const char *path)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	if (sqlite3_open_v2(path ? path : ":memory:", db, flags, NULL) != SQLITE_OK)
		return false;
	sqlite3_busy_timeout(*db, BUSY_MS);
	/* A file may have been made by anyone: nothing in it is to run. */
	sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return true;
}

static void open_checkpointer(struct store *s)
{
	/* It must have read once to know that there is a log. */
	if (!connect_to(&s->checkpointer, s->path) ||
	    sqlite3_exec(s->checkpointer, "SELECT 1 FROM world", NULL, NULL, NULL) != SQLITE_OK)
		store_fail(s, sqlite3_errmsg(s->checkpointer));
}

static void prepare_all(struct store *s)
{
	for (int group = 0; group < N_SQL_GROUPS; group++) {
		const struct sql_list *list = sql_lists[group];
		s->stmts[group] = xcalloc(list->count, sizeof *s->stmts[group]);
		for (size_t i = 0; i < list->count; i++)
			if (sqlite3_prepare_v3(s->db, list->text[i], -1, SQLITE_PREPARE_PERSISTENT, &s->stmts[group][i], NULL) != SQLITE_OK)
				store_fail(s, sqlite3_errmsg(s->db));
	}
}

/* Foreign keys are documentation here and not enforced: store_put checks the references of what people write, and the code above
 * refers only to rows it has read. */
static void open_database(struct store *s, const struct file_state *state, enum durability durability)
{
	if (!connect_to(&s->db, s->path)) {
		store_fail(s, sqlite3_errmsg(s->db));
		return;
	}
	store_exec(s, "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -32768");
	if (durability == DURABLE_OS) /* the making of a file need not wait for the disk */
		store_exec(s, "PRAGMA synchronous = OFF");
	if (ask_is(s, "SELECT COUNT(*) FROM sqlite_schema", "0"))
		create_tables(s);
	else
		check_content(s, state);
	if (s->path && !s->failed[0])
		use_log(s, durability);
	if (!s->failed[0])
		prepare_all(s);
	s->is_new = !s->failed[0] && holds_nothing(s);
	if (s->path && !s->failed[0])
		open_checkpointer(s);
}

struct store *store_open(const char *path, enum durability durability, struct buf *why)
{
	pthread_once(&configured, configure_sqlite);
	struct store *s = xcalloc(1, sizeof *s);
	s->lock_fd = -1;
	s->wal_limit = WAL_PAGES_MAX;
	buf_init(&s->text, SQL_TEXT_MAX);
	struct file_state state = { 0 };
	if (path) {
		s->path = xstrdup(path);
		s->lock_path = xmalloc(strlen(path) + sizeof "-lock");
		snprintf(s->lock_path, strlen(path) + sizeof "-lock", "%s-lock", path);
		if (!file_take(s, &state, why)) {
			store_close(s);
			return NULL;
		}
	}
	open_database(s, &state, durability);
	if (!s->failed[0])
		return s;
	buf_printf(why, "%s cannot be used: %s", path ? path : "a world in memory", s->failed);
	if (s->db && state.has_log) /* what a damaged file's log holds stays in it */
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	s->discard = path && !state.exists;
	store_close(s);
	return NULL;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->cache_count; i++) {
		sqlite3_finalize(s->cache[i].stmt);
		free(s->cache[i].text);
	}
	for (int group = 0; group < N_SQL_GROUPS; group++) {
		for (size_t i = 0; s->stmts[group] && i < sql_lists[group]->count; i++)
			sqlite3_finalize(s->stmts[group][i]);
		free(s->stmts[group]);
	}
	sqlite3_close(s->checkpointer);
	sqlite3_close(s->db); /* the last one to leave a file checkpoints and removes the log */
	if (s->discard)
		unlink(s->path);
	file_leave(s);
	buf_finish(&s->text);
	free(s->lock_path);
	free(s->path);
	free(s);
}

bool store_is_new(const struct store *s)
{
	return s->is_new;
}

/* ---- transactions ------------------------------------------------------------------------------------------------------- */

void store_begin(struct store *s)
{
	struct query q = query_open(s, SQL_STORE, BEGIN);
	query_run(&q);
	s->in_transaction = true;
}

bool store_commit(struct store *s)
{
	struct query q = query_open(s, SQL_STORE, COMMIT);
	query_run(&q);
	if (s->failed[0]) {
		store_rollback(s);
		return false;
	}
	s->in_transaction = false;
	if (s->wal_pages >= s->wal_limit) {
		sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		s->wal_limit = s->wal_pages + WAL_PAGES_MORE;
	} else if (s->wal_pages < WAL_PAGES_MAX) {
		s->wal_limit = WAL_PAGES_MAX;
	}
	return true;
}

void store_rollback(struct store *s)
{
	s->failed[0] = '\0';
	if (!sqlite3_get_autocommit(s->db)) { /* a full disk makes SQLite roll back by itself */
		struct query q = query_open(s, SQL_STORE, ROLLBACK);
		query_run(&q);
	}
	s->failed[0] = '\0';
	s->in_transaction = false;
	s->next_due_known = false;
}

bool store_in_transaction(const struct store *s)
{
	return s->in_transaction;
}

const char *store_failed(const struct store *s)
{
	return s->failed[0] ? s->failed : NULL;
}

/* Only the second connection is touched, so this needs no lock against requests; PASSIVE takes what it can without waiting, and
 * when that was everything the next commit starts the log over. */
void store_checkpoint(struct store *s)
{
	if (s->checkpointer)
		sqlite3_wal_checkpoint_v2(s->checkpointer, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}
