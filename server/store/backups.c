/* Rows of table disk_backup: the backup points of disks. */
#include "store/store_internal.h"

const char *const backup_state_names[N_BACKUP_STATES] = {
	[BACKUP_NORMAL] = "NORMAL",
	[BACKUP_CREATING] = "CREATING",
	[BACKUP_ROLLBACKING] = "ROLLBACKING",
};

enum { GET, SET_STATE, UNCOUNT, DELETE };

static const char *const sql[] = {
	[GET] = ("SELECT no, account, disk, size_gib, state_since_ms, state_until_ms, create_ms, backup_state, region, name, usage,"
		" encrypt FROM disk_backup WHERE no = ?"),
	[SET_STATE] = "UPDATE disk_backup SET backup_state = ?, state_since_ms = ?, state_until_ms = ? WHERE no = ?",
	[UNCOUNT] = "UPDATE disk SET backup_count = MAX(0, backup_count - 1) WHERE no = (SELECT disk FROM disk_backup WHERE no = ?)",
	[DELETE] = "DELETE FROM disk_backup WHERE no = ?",
};

const struct sql_list backups_sql = { sql, sizeof sql / sizeof *sql };

static struct query start(struct store *s, int which)
{
	return query_open(s, SQL_BACKUPS, which);
}

bool store_backup(struct store *s, struct arena *a, int64_t no, struct backup *out)
{
	struct query q = start(s, GET);
	bind_int(&q, no);
	if (!query_row(&q))
		return false;
	out->no = col_int(&q);
	out->account = col_int(&q);
	out->disk = col_int(&q);
	out->size_gib = col_int(&q);
	out->state_since_ms = col_int(&q);
	out->state_until_ms = col_int(&q);
	out->create_ms = col_int(&q);
	out->state = (enum backup_state)col_name(&q, backup_state_names, N_BACKUP_STATES);
	out->region = col_text(&q, a);
	out->name = col_text(&q, a);
	out->usage = col_text(&q, a);
	out->encrypt = col_bool(&q);
	query_end(&q);
	return true;
}

void store_backup_set_state(struct store *s, int64_t no, enum backup_state to, int64_t since_ms, int64_t until_ms)
{
	struct query q = start(s, SET_STATE);
	bind_text(&q, backup_state_names[to]);
	bind_int(&q, since_ms);
	bind_int(&q, until_ms);
	bind_int(&q, no);
	query_run(&q);
}

void store_backup_delete(struct store *s, int64_t no)
{
	struct query q = start(s, UNCOUNT);
	bind_int(&q, no);
	query_run(&q);
	q = start(s, DELETE);
	bind_int(&q, no);
	query_run(&q);
}
