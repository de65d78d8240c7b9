/* Rows of table disk. */
#include "store/store_internal.h"

#include <string.h>

#include "util/ident.h"

const char *const disk_state_names[N_DISK_STATES] = {
	[DISK_UNATTACHED] = "UNATTACHED",
	[DISK_ATTACHING] = "ATTACHING",
	[DISK_ATTACHED] = "ATTACHED",
	[DISK_DETACHING] = "DETACHING",
	[DISK_EXPANDING] = "EXPANDING",
	[DISK_ROLLBACKING] = "ROLLBACKING",
	[DISK_TORECYCLE] = "TORECYCLE",
	[DISK_DUMPING] = "DUMPING",
};

int state_by_name(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* What store_disk_save writes, a row a column: named alike in the table and in the struct. The SQL and the code below are spelled
 * from this list, so that their order cannot differ. */
#define SAVED(INT, BOOL, TEXT) \
	INT(project_id) INT(size_gib) INT(deadline_ms) INT(instance) INT(last_instance) INT(throughput) INT(backup_quota) \
	INT(backup_count) INT(migrate_percent) INT(from_snapshot) INT(used_mib) INT(snapshot_count) INT(snapshot_mib) \
	INT(creating_snapshots) INT(chain_length) INT(lock_until_ms) \
	TEXT(zone) TEXT(cluster_id) TEXT(name) TEXT(type) TEXT(usage) TEXT(charge_type) TEXT(renew_flag) TEXT(attach_mode) \
	TEXT(encrypt_type) TEXT(kms_key_id) TEXT(held_by) \
	BOOL(hidden) BOOL(delete_with_instance) BOOL(portable) BOOL(shareable) BOOL(encrypt) BOOL(snapshot_ability) BOOL(burst) \
	BOOL(migrating) BOOL(delete_snapshot) BOOL(refundable) BOOL(tagged) BOOL(isolated) BOOL(backend_fault)

/* Each piece begins with a comma, so something stands before them: in an UPDATE a column that stays. */
#define NAME(column) ", " #column
#define MARK(column) ", ?"
#define CHANGE(column) ", " #column " = ?"
#define READ_INT(column) out->column = col_int(q);
#define READ_BOOL(column) out->column = col_bool(q);
#define READ_TEXT(column) out->column = col_text(q, a);
#define BIND_INT(column) bind_int(q, d->column);
#define BIND_TEXT(column) bind_text(q, d->column);
#define COPY_TEXT(column) d->column = arena_text(a, d->column);
#define LEAVE(column)

/* Columns with a writer of their own, and those that never change. */
#define FIXED "no, account, region, create_ms, disk_state, state_since_ms, state_until_ms"

const char disk_columns[] = FIXED SAVED(NAME, NAME, NAME);

enum {
	GET, INSERT, SAVE, SET_STATE, COUNT, OF_INSTANCE, DELETE, DELETE_TAGS, DELETE_BACKUP_JOBS, DELETE_BACKUPS, DELETE_JOBS,
};

static const char *const sql[] = {
	[GET] = "SELECT " FIXED SAVED(NAME, NAME, NAME) " FROM disk WHERE no = ?",
	[INSERT] = ("INSERT INTO disk (id, " FIXED SAVED(NAME, NAME, NAME) ")"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?" SAVED(MARK, MARK, MARK) ")"),
	[SAVE] = "UPDATE disk SET id = id" SAVED(CHANGE, CHANGE, CHANGE) " WHERE no = ?",
	[SET_STATE] = "UPDATE disk SET disk_state = ?, state_since_ms = ?, state_until_ms = ? WHERE no = ?",
	[COUNT] = ("UPDATE disk SET snapshot_count = MAX(0, snapshot_count + ?), snapshot_mib = MAX(0, snapshot_mib + ?),"
		" creating_snapshots = MAX(0, creating_snapshots + ?), chain_length = MAX(0, chain_length + ?) WHERE no = ?"),
	[OF_INSTANCE] = "SELECT " FIXED SAVED(NAME, NAME, NAME) " FROM disk WHERE instance = ? AND instance <> 0 ORDER BY no",
	[DELETE] = "DELETE FROM disk WHERE no = ?",
	[DELETE_TAGS] = "DELETE FROM tag WHERE kind = '" TAG_DISK "' AND resource = ?",
	[DELETE_BACKUP_JOBS] = "DELETE FROM job WHERE kind GLOB 'backup.*' AND resource IN (SELECT no FROM disk_backup WHERE disk = ?)",
	[DELETE_BACKUPS] = "DELETE FROM disk_backup WHERE disk = ?",
	[DELETE_JOBS] = "DELETE FROM job WHERE kind GLOB 'disk.*' AND resource = ?",
};

const struct sql_list disks_sql = { sql, sizeof sql / sizeof *sql };

static struct query start(struct store *s, int which)
{
	return query_open(s, SQL_DISKS, which);
}

void disk_read(struct query *q, struct arena *a, struct disk *out)
{
	out->no = col_int(q);
	out->account = col_int(q);
	out->region = col_text(q, a);
	out->create_ms = col_int(q);
	out->state = (enum disk_state)col_name(q, disk_state_names, N_DISK_STATES);
	out->state_since_ms = col_int(q);
	out->state_until_ms = col_int(q);
	SAVED(READ_INT, READ_BOOL, READ_TEXT)
}

static void bind_saved(struct query *q, const struct disk *d)
{
	SAVED(BIND_INT, BIND_INT, BIND_TEXT)
}

static void copy_texts(struct disk *d, struct arena *a)
{
	d->region = arena_text(a, d->region);
	SAVED(LEAVE, LEAVE, COPY_TEXT)
}

/* NULL when there is none. */
static struct disk *row(struct store *s, int64_t no)
{
	void *known;
	if (memo_find(s, MEMO_DISK, no, NULL, &known))
		return known;
	struct query q = start(s, GET);
	struct disk *d = NULL;
	bind_int(&q, no);
	if (query_row(&q)) {
		d = arena_alloc(memo_arena(s), sizeof *d);
		disk_read(&q, memo_arena(s), d);
		query_end(&q);
	}
	return memo_keep(s, MEMO_DISK, no, NULL, d);
}

bool store_disk(struct store *s, struct arena *a, int64_t no, struct disk *out)
{
	const struct disk *d = row(s, no);
	if (!d)
		return false;
	*out = *d;
	if (!memo_lend(s, a))
		copy_texts(out, a);
	return true;
}

void store_disk_insert(struct store *s, const struct disk *d)
{
	char id[IDENT_SIZE];
	ident_format(IDENT_DISK, d->no, id);
	struct query q = start(s, INSERT);
	bind_text(&q, id);
	bind_int(&q, d->no);
	bind_int(&q, d->account);
	bind_text(&q, d->region);
	bind_int(&q, d->create_ms);
	bind_text(&q, disk_state_names[d->state]);
	bind_int(&q, d->state_since_ms);
	bind_int(&q, d->state_until_ms);
	bind_saved(&q, d);
	query_run(&q);
}

void store_disk_save(struct store *s, const struct disk *d)
{
	struct query q = start(s, SAVE);
	bind_saved(&q, d);
	bind_int(&q, d->no);
	query_run(&q);
}

void store_disk_set_state(struct store *s, int64_t no, enum disk_state to, int64_t since_ms, int64_t until_ms)
{
	struct query q = start(s, SET_STATE);
	bind_text(&q, disk_state_names[to]);
	bind_int(&q, since_ms);
	bind_int(&q, until_ms);
	bind_int(&q, no);
	query_run(&q);
}

static void count_row(struct store *s, int64_t no, const int64_t by[4])
{
	void *known;
	if (!memo_find(s, MEMO_DISK, no, NULL, &known) || !known)
		return;
	struct disk *d = known;
	counter_add(&d->snapshot_count, by[0]);
	counter_add(&d->snapshot_mib, by[1]);
	counter_add(&d->creating_snapshots, by[2]);
	counter_add(&d->chain_length, by[3]);
}

void store_disk_count(struct store *s, int64_t no, int64_t snapshots, int64_t mib, int64_t creating, int64_t chain)
{
	const int64_t by[4] = { snapshots, mib, creating, chain };
	if (waiting_count(s, COUNT_DISK, no, "", by)) {
		count_row(s, no, by);
		return;
	}
	struct query q = start(s, COUNT);
	bind_int(&q, snapshots);
	bind_int(&q, mib);
	bind_int(&q, creating);
	bind_int(&q, chain);
	bind_int(&q, no);
	query_run(&q);
}

void store_disk_delete(struct store *s, int64_t no)
{
	static const int steps[] = { DELETE_TAGS, DELETE_BACKUP_JOBS, DELETE_BACKUPS, DELETE_JOBS, DELETE };
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct query q = start(s, steps[i]);
		bind_int(&q, no);
		query_run(&q);
	}
	store_disk_unbind(s, no);
	s->next_due_known = false;
}

size_t store_disks_of_instance(struct store *s, struct arena *a, int64_t instance, struct disk **out)
{
	struct query q = start(s, OF_INSTANCE);
	bind_int(&q, instance);
	struct disk *rows = NULL;
	size_t count = 0;
	while (query_row(&q)) {
		rows = rows_room(a, rows, count, sizeof *rows);
		disk_read(&q, a, &rows[count++]);
	}
	*out = rows;
	return count;
}
