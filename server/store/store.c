/* The database itself: opening and closing, its settings, transactions. */
#include "store/joined.h"
#include "store/orders.h"
#include "store/store_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WAL_PAGES_MAX = 16 * 1024,      /* 64 MiB of log: then a commit checkpoints by itself */
	WAL_PAGES_MORE = 4 * 1024,      /* and again after so many, while a reader keeps the log from starting over */
	WAL_PAGES_ENOUGH = 1024,        /* 4 MiB: a log that is nearly written back is to start over */
	WAL_PAGES_FEW = 256,            /* nearly: no more are left */
	CHECKED_MAX = 16 * 1024 * 1024, /* a larger file is not read through at open: it would delay the start */
	BUSY_MS = 2000,                 /* patience with a person who writes to the file with another program */
};

enum { BEGIN, COMMIT, ROLLBACK, SIZE, FILE_VERSION };

static const char *const sql[] = {
	[BEGIN] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[SIZE] = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
	[FILE_VERSION] = "PRAGMA data_version",
};

static const struct sql_list store_sql = { sql, sizeof sql / sizeof *sql };

const struct sql_list *const sql_lists[N_SQL_GROUPS] = {
	[SQL_STORE] = &store_sql,
	[SQL_PUT] = &put_sql,
	[SQL_WORLD] = &world_sql,
	[SQL_ACCOUNTS] = &accounts_sql,
	[SQL_DISKS] = &disks_sql,
	[SQL_SNAPSHOTS] = &snapshots_sql,
	[SQL_ORDERS] = &orders_sql,
	[SQL_BACKUPS] = &backups_sql,
	[SQL_POLICIES] = &policies_sql,
	[SQL_JOBS] = &jobs_sql,
	[SQL_TOKENS] = &tokens_sql,
	[SQL_TAGS] = &tags_sql,
};

/* A store is used by one thread at a time, so SQLite needs no lock a connection; its memory statistics are one for all threads. */
static void configure_sqlite(void)
{
	sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_initialize();
	joined_register();
}

void sqlite_ready(void)
{
	static pthread_once_t configured = PTHREAD_ONCE_INIT;
	pthread_once(&configured, configure_sqlite);
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
	atomic_store(&s->logged, true);
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

bool database_connect(sqlite3 **db, const char *path)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	if (sqlite3_open_v2(path ? path : ":memory:", db, flags, path ? JOINED : NULL) != SQLITE_OK)
		return false;
	sqlite3_busy_timeout(*db, BUSY_MS);
	/* A file may have been made by anyone: nothing in it is to run. */
	sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return true;
}

/* Foreign keys are documentation here and not enforced: store_put checks the references of what people write, and the code above
 * refers only to rows it has read. */
static bool open_database(struct store *s)
{
	if (!database_connect(&s->db, s->path)) {
		store_fail(s, sqlite3_errmsg(s->db));
		return false;
	}
	return store_exec(s, "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -32768");
}

static void take_database(struct store *s, const struct file_state *state, enum durability durability, bool known)
{
	if (durability == DURABLE_OS) /* the making of a file need not wait for the disk */
		store_exec(s, "PRAGMA synchronous = OFF");
	if (ask_is(s, "SELECT COUNT(*) FROM sqlite_schema", "0"))
		create_tables(s);
	else if (!known)
		check_content(s, state);
	if (s->path && !s->failed[0])
		use_log(s, durability);
	s->is_new = !s->failed[0] && holds_nothing(s);
	atomic_init(&s->logged, state->has_log);
}

struct store *store_new(void)
{
	sqlite_ready();
	struct store *s = xcalloc(1, sizeof *s);
	s->lock_fd = -1;
	s->wal_limit = WAL_PAGES_MAX;
	s->group = 1;
	buf_init(&s->text, SQL_TEXT_MAX);
	for (int group = 0; group < N_SQL_GROUPS; group++)
		s->stmts[group] = xcalloc(sql_lists[group]->count, sizeof *s->stmts[group]);
	return s;
}

bool database_open_memory(struct store *s, struct buf *why)
{
	if (open_database(s))
		return true;
	buf_printf(why, "a world in memory cannot be used: %s", s->failed);
	return false;
}

static struct store *open_store(const char *path, enum durability durability, bool known, struct buf *why)
{
	struct store *s = store_new();
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
	if (open_database(s))
		take_database(s, &state, durability, known);
	if (!s->failed[0])
		return s;
	buf_printf(why, "%s cannot be used: %s", path ? path : "a world in memory", s->failed);
	if (s->db && state.has_log) /* what a damaged file's log holds stays in it */
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	s->discard = path && !state.exists;
	store_close(s);
	return NULL;
}

struct store *store_open(const char *path, enum durability durability, struct buf *why)
{
	return open_store(path, durability, false, why);
}

struct store *store_open_placed(const char *path, enum durability durability, struct buf *why)
{
	return open_store(path, durability, true, why);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->db)
		store_ready(s, false);
	waiting_forget(s);
	memo_forget(s);
	orders_forget(s);
	revisions_free(s);
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

int64_t store_size(struct store *s)
{
	struct query q = query_open(s, SQL_STORE, SIZE);
	int64_t size = query_row(&q) ? col_int(&q) : 0;
	query_end(&q);
	return size;
}

bool store_is_new(const struct store *s)
{
	return s->is_new;
}

/* ---- transactions ------------------------------------------------------------------------------------------------------- */

/* One of the statements above, whatever waits. */
static void run(struct store *s, int which)
{
	bool busy = s->busy;
	s->busy = true;
	struct query q = query_open(s, SQL_STORE, which);
	query_run(&q);
	s->busy = busy;
}

static void begin(struct store *s)
{
	run(s, BEGIN);
	s->begun = true;
	revisions_begin(s);
}

static void note_log_size(struct store *s)
{
	bool full = s->wal_pages >= s->wal_limit;
	if (full || (s->wal_pages >= WAL_PAGES_ENOUGH && atomic_exchange(&s->nearly_written, false)))
		sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (full)
		s->wal_limit = s->wal_pages + WAL_PAGES_MORE;
	else if (s->wal_pages < WAL_PAGES_MAX)
		s->wal_limit = WAL_PAGES_MAX;
}

/* A full disk makes SQLite roll back by itself. */
static void undo(struct store *s)
{
	s->failed[0] = '\0';
	if (!sqlite3_get_autocommit(s->db))
		run(s, ROLLBACK);
	s->failed[0] = '\0';
	s->begun = s->next_due_known = false;
	memo_forget(s);
	orders_undo(s);
}

static void note_lost(struct store *s, uint64_t group)
{
	struct lost_groups *latest = s->lost_count ? &s->lost[(s->lost_count - 1) % LOST_MAX] : NULL;
	if (latest && latest->last + 1 == group) {
		latest->last = group;
		return;
	}
	struct lost_groups *next = &s->lost[s->lost_count % LOST_MAX];
	if (s->lost_count >= LOST_MAX)
		s->forgotten = next->last;
	*next = (struct lost_groups){ group, group };
	s->lost_count++;
}

static bool is_lost(const struct store *s, uint64_t group)
{
	for (size_t i = 0; i < s->lost_count && i < LOST_MAX; i++)
		if (group >= s->lost[i].first && group <= s->lost[i].last)
			return true;
	return group <= s->forgotten;
}

/* What transactions that ended left, in one of SQLite's. When that fails, nothing that followed from it is true: the failure sticks. */
static void write_kept(struct store *s)
{
	char why[SAID_MAX];
	run(s, BEGIN);
	waiting_write(s, false);
	run(s, COMMIT);
	if (s->failed[0])
		note_lost(s, s->group);
	s->group++;
	if (!s->failed[0]) {
		note_log_size(s);
		return;
	}
	snprintf(why, sizeof why, "%s", s->failed);
	undo(s);
	orders_forget(s);
	store_fail(s, why);
}

void store_ready(struct store *s, bool changes)
{
	if (s->busy)
		return;
	if (changes)
		memo_forget(s);
	bool begins = s->in_transaction && !s->begun && (changes || waiting_own(s));
	if (!begins && !waiting_any(s))
		return;
	s->busy = true;
	if (waiting_kept(s))
		write_kept(s);
	if (begins) {
		begin(s);
		waiting_write(s, true);
	}
	waiting_forget(s);
	s->busy = false;
}

void store_begin(struct store *s)
{
	s->in_transaction = true;
	s->added_count = 0;
	orders_begin(s);
	if (s->revisions)
		store_ready(s, true);
}

static bool commit_begun(struct store *s)
{
	revisions_gather(s);
	run(s, COMMIT);
	if (s->failed[0]) {
		store_rollback(s);
		return false;
	}
	revisions_end(s, true);
	s->begun = s->in_transaction = false;
	note_log_size(s);
	return true;
}

/* Writes what transactions that ended left. */
static bool flush(struct store *s)
{
	store_ready(s, false);
	bool done = !s->failed[0];
	s->failed[0] = '\0';
	return done;
}

/* True when all that is left to do is to write what waits. */
static bool commit_noted(struct store *s)
{
	if (s->failed[0]) {
		store_rollback(s);
		return false;
	}
	waiting_keep_own(s);
	s->in_transaction = false;
	return true;
}

/* In memory nothing can be lost, so it may wait without anybody's knowing. */
bool store_commit(struct store *s)
{
	if (s->begun)
		return commit_begun(s);
	if (!commit_noted(s))
		return false;
	return !s->path && !waiting_full(s) ? true : flush(s);
}

bool store_commit_later(struct store *s, uint64_t *ticket)
{
	*ticket = 0;
	if (s->begun || !s->path)
		return store_commit(s);
	if (!commit_noted(s))
		return false;
	if (waiting_full(s))
		return flush(s);
	if (waiting_any(s))
		*ticket = s->group;
	return true;
}

bool store_written(struct store *s, uint64_t ticket)
{
	if (ticket == s->group)
		flush(s);
	return !is_lost(s, ticket);
}

void store_rollback(struct store *s)
{
	revisions_end(s, false);
	if (s->begun || waiting_own(s) || s->failed[0])
		undo(s);
	waiting_drop_own(s);
	s->in_transaction = false;
}

int64_t store_file_version(struct store *s)
{
	bool busy = s->busy;
	s->busy = true;
	struct query q = query_open(s, SQL_STORE, FILE_VERSION);
	int64_t version = query_row(&q) ? col_int(&q) : 0;
	query_end(&q);
	s->busy = busy;
	return version;
}

bool store_in_transaction(const struct store *s)
{
	return s->in_transaction;
}

const char *store_failed(const struct store *s)
{
	return s->failed[0] ? s->failed : NULL;
}

/* It must have read once to know that there is a log. */
static bool open_checkpointer(struct store *s)
{
	if (database_connect(&s->checkpointer, s->path) &&
	    sqlite3_exec(s->checkpointer, "SELECT 1 FROM world", NULL, NULL, NULL) == SQLITE_OK)
		return true;
	sqlite3_close(s->checkpointer);
	s->checkpointer = NULL;
	return false;
}

/* Only the second connection is touched, so this needs no lock against requests; PASSIVE takes what it can without waiting, and
 * when that was everything the next commit starts the log over. */
void store_checkpoint(struct store *s)
{
	enum { ROUNDS = 2 }; /* the second has only those to write that came during the first */
	bool nearly = false;
	if (!s->path || !atomic_load(&s->logged))
		return;
	for (int i = 0; i < ROUNDS && atomic_exchange(&s->logged, false); i++) {
		int pages = 0, written = 0;
		bool done = (s->checkpointer || open_checkpointer(s)) &&
		            sqlite3_wal_checkpoint_v2(s->checkpointer, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &written) == SQLITE_OK;
		if (!done || written < pages)
			atomic_store(&s->logged, true);
		nearly = done && pages - written < WAL_PAGES_FEW;
	}
	atomic_store(&s->nearly_written, nearly);
}
