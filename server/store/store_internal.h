/* How the store's own files speak to SQLite: a list of statements a file, each prepared when it is first used, and a cursor that binds
 * and reads in order. query_row and query_run make errors stick, so that no file above checks a result. */
#ifndef CBSMOCK_STORE_STORE_INTERNAL_H
#define CBSMOCK_STORE_STORE_INTERNAL_H

#include <stdatomic.h>

#include <sqlite3.h>

#include "store/memo.h"
#include "store/store.h"
#include "store/waiting.h"

/* schema/schema.sql, embedded. */
extern const unsigned char schema_sql[];
extern const size_t schema_sql_len;

enum sql_group {
	SQL_STORE, SQL_PUT, SQL_WORLD, SQL_ACCOUNTS, SQL_DISKS, SQL_SNAPSHOTS, SQL_ORDERS, SQL_BACKUPS, SQL_POLICIES, SQL_JOBS, SQL_TOKENS,
	SQL_TAGS,
	N_SQL_GROUPS,
};

struct sql_list {
	const char *const *text;
	size_t count;
};

extern const struct sql_list *const sql_lists[N_SQL_GROUPS];
extern const struct sql_list put_sql, world_sql, accounts_sql, disks_sql, snapshots_sql, orders_sql, backups_sql, jobs_sql;
extern const struct sql_list policies_sql, tokens_sql, tags_sql;

/* A statement whose text depends on the request, kept for the next one like it. */
struct cached_stmt {
	char *text;
	size_t len;
	sqlite3_stmt *stmt;
	uint64_t used;
};

/* What the header of a world's file says: "CBSM", and the version of schema.sql. */
enum { APPLICATION_ID = 0x4342534d, SCHEMA_VERSION = 5 };

enum { STMT_CACHE_MAX = 64, SQL_TEXT_MAX = 32 * 1024, SAID_MAX = 240, PATH_SIZE = 4096 };

/* A job of the transaction under way. */
enum { ADDED_JOBS_MAX = 128, JOB_TEXT_MAX = 32 };

struct added_job {
	int64_t due_ms, resource, arg, polls;
	char kind[JOB_TEXT_MAX], goes_to[JOB_TEXT_MAX];
};

/* Groups of transactions that could not be written, from one to another. */
enum { LOST_MAX = 16 };

struct lost_groups {
	uint64_t first, last;
};

/* Of snapshots. */
enum { ORDERS_OF_REGIONS, ORDERS_OF_DISKS, N_ORDERS };

struct store {
	sqlite3 *db;
	sqlite3 *checkpointer; /* a second connection, so that a checkpoint waits for nobody; NULL until there was one to make */
	atomic_bool logged;    /* the log may hold what no checkpoint has written back */
	atomic_bool nearly_written; /* … but little: one has just been over it */
	char *path;            /* NULL in memory */
	char *lock_path;
	int lock_fd;           /* -1: not ours */
	bool is_new;
	bool in_transaction;   /* for the code above */
	bool begun;            /* and for SQLite, since something had to be written or read */
	bool busy;             /* what waited is being written */
	bool discard;          /* the file was made here and is good for nothing */
	atomic_bool unlinked;  /* its names are not ours any more */
	int wal_pages, wal_limit;
	int64_t next_due;
	bool next_due_known;
	sqlite3_stmt **stmts[N_SQL_GROUPS];
	struct cached_stmt cache[STMT_CACHE_MAX];
	size_t cache_count;
	uint64_t cache_clock;
	struct added_job added[ADDED_JOBS_MAX];
	size_t added_count;    /* jobs beyond are not remembered */
	struct buf text;       /* the statement being put together */
	char failed[SAID_MAX]; /* "": nothing failed */
	char why[SAID_MAX];    /* of the last store_put */
	const struct seal *seal;     /* of secrets; NULL: they stand as they are */
	struct revisions *revisions; /* NULL: they are not kept */
	struct memo *memo;           /* NULL: empty, as the next */
	struct waiting *waiting;
	struct orders *orders[N_ORDERS]; /* NULL: not looked for yet */
	int64_t orders_version;      /* store_file_version of then */
	bool orders_changed;           /* since the transaction under way began */
	uint64_t group;              /* of transactions: that which waits, or will; from 1 */
	struct lost_groups lost[LOST_MAX]; /* before it; a ring, for failures seldom come alone */
	size_t lost_count;           /* that there ever were in it */
	uint64_t forgotten;          /* the last one that is not in it any more: up to there nothing is known */
	int64_t looked_ms, file_version; /* when another program's changes were last looked for, and what was seen */
};

/* One use of a statement. Values are bound, then columns read, in the order of the text; texts bound must live until it ends. */
struct query {
	struct store *store;
	sqlite3_stmt *stmt;
	int at;
};

/* Before anything is asked of SQLite, its allocator included. */
void sqlite_ready(void);
/* Without a database yet. */
struct store *store_new(void);
/* Prepares every statement there is. False is a failure that stuck. */
bool store_prepare_all(struct store *s);
bool database_connect(sqlite3 **db, const char *path);
/* A database in memory without a table, with all settings made. */
bool database_open_memory(struct store *s, struct buf *why);

/* The version of the world whose file begins so; 0: it is no world. */
uint32_t header_version(const void *data, size_t len);
/* Bytes of the whole, according to its header. */
uint64_t header_size(const void *data);

/* What was there before we came. */
struct file_state {
	bool exists, has_log;
	int64_t size;
};
/* Looks at s->path and locks it. False with a sentence in `why`. */
bool file_take(struct store *s, struct file_state *state, struct buf *why);
/* Leaves no trace but the database. */
void file_leave(struct store *s);

/* A kept counter does not go below 0. */
static inline void counter_add(int64_t *counter, int64_t by)
{
	*counter = *counter + by > 0 ? *counter + by : 0;
}

/* Before SQLite is asked for anything: what waits is written; what is to change rows comes into a transaction of SQLite's, if the code
 * above has begun one, and the memo is forgotten. */
void store_ready(struct store *s, bool changes);
struct query query_open(struct store *s, enum sql_group group, int which);
/* The statement spelled in s->text; prepared when it was not used lately. No user's text ever goes into it: values are bound. */
struct query query_text(struct store *s);
/* Goes to the next row. False at the end, and then the query is over. */
bool query_row(struct query *q);
/* Needed only when rows may be left. */
void query_end(struct query *q);
/* Runs a statement that gives no rows. */
void query_run(struct query *q);
/* Makes a failure stick, unless an earlier one does. */
void store_fail(struct store *s, const char *why) __attribute__((cold));
/* Runs a script; false is a failure that stuck. */
bool store_exec(struct store *s, const char *script);

static inline void bind_int(struct query *q, int64_t value)
{
	sqlite3_bind_int64(q->stmt, ++q->at, value);
}

static inline void bind_text(struct query *q, const char *text)
{
	sqlite3_bind_text(q->stmt, ++q->at, text, -1, SQLITE_STATIC);
}

static inline int64_t col_int(struct query *q)
{
	return sqlite3_column_int64(q->stmt, q->at++);
}

static inline bool col_bool(struct query *q)
{
	return sqlite3_column_int(q->stmt, q->at++) != 0;
}

/* Good until the next row. */
static inline const char *col_borrow(struct query *q)
{
	return (const char *)sqlite3_column_text(q->stmt, q->at++);
}

/* In the arena, but for "", which most columns are most of the time. */
const char *col_text(struct query *q, struct arena *a);
/* Index of a text column in a table of names. The schema's CHECKs keep others out; in a file changed by hand it is a failure. */
int col_name(struct query *q, const char *const *names, int count);

/* An array that grows in the arena: room for one more row after `count`. */
void *rows_room(struct arena *a, void *rows, size_t count, size_t size);

/* Columns of the tables that are listed, for a SELECT, and their readers. The texts of a snapshot that is lent are SQLite's, until the
 * next row. What was not asked for is left as it is: plain are the columns that say something in every row. */
extern const char disk_columns[], policy_columns[], snapshot_listed[], snapshot_plain[];
void disk_read(struct query *q, struct arena *a, struct disk *out);
void policy_read(struct query *q, struct arena *a, struct policy *out);
void snapshot_lend(struct query *q, bool plain, struct snapshot *out);
/* The snapshots of the world of which the plain columns are not all; returns how many there are, or `most`. */
size_t snapshots_rare(struct store *s, int64_t *numbers, size_t most);

/* The ends of a transaction, for revisions: it begins, is about to be committed, is over. */
void revisions_begin(struct store *s);
void revisions_gather(struct store *s);
void revisions_end(struct store *s, bool committed);
/* Another world is in place. */
void revisions_restart(struct store *s);
void revisions_free(struct store *s);

void snapshots_write(struct store *s, const struct snapshot *rows, size_t count);
void snapshot_copy_texts(struct snapshot *p, struct arena *a);
void job_write(struct store *s, const struct job *j);
/* Adds to what an account has in a region: disks, snapshots, MiB of them, snapshots in CREATING; and notes the numbers given last. */
void usage_write(struct store *s, int64_t account, const char *region, const int64_t by[4], const int64_t last[N_SEQUENCES]);
/* A row has this number, whoever gave it. */
void sequence_note(struct store *s, enum sequence kind, int64_t no);
/* Another one when another program has changed the file. */
int64_t store_file_version(struct store *s);

/* The part of store_shift that is the jobs'. */
void store_job_shift(struct store *s, int64_t by_ms);

/* The rows a new world starts with. */
extern const char first_rows[];

#endif
