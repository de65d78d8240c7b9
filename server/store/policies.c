/* Rows of table policy, and of policy_disk, which ties disks to them. */
#include "store/store_internal.h"

#include "util/ident.h"

const char *const policy_state_names[N_POLICY_STATES] = {
	[POLICY_NORMAL] = "NORMAL",
	[POLICY_ISOLATED] = "ISOLATED",
};

enum {
	GET, INSERT, SAVE, DELETE, DELETE_TIES, ALL, COUNT, BOUND, BIND, UNBIND, UNBIND_DISK, DISKS, OF_DISK,
};

#define COLUMNS "no, account, region, name, schedule, policy_state, activated, permanent, retention_days, create_ms"

const char policy_columns[] = COLUMNS;

static const char *const sql[] = {
	[GET] = "SELECT " COLUMNS " FROM policy WHERE no = ?",
	[INSERT] = "INSERT INTO policy (id, " COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SAVE] = "UPDATE policy SET name = ?, schedule = ?, activated = ?, permanent = ?, retention_days = ? WHERE no = ?",
	[DELETE] = "DELETE FROM policy WHERE no = ?",
	[DELETE_TIES] = "DELETE FROM policy_disk WHERE policy = ?",
	[ALL] = "SELECT " COLUMNS " FROM policy ORDER BY no",
	[COUNT] = "SELECT COUNT(*) FROM policy WHERE account = ? AND region = ?",
	[BOUND] = "SELECT 1 FROM policy_disk WHERE policy = ? AND disk = ?",
	[BIND] = "INSERT INTO policy_disk (policy, disk) VALUES (?, ?) ON CONFLICT DO NOTHING",
	[UNBIND] = "DELETE FROM policy_disk WHERE policy = ? AND disk = ?",
	[UNBIND_DISK] = "DELETE FROM policy_disk WHERE disk = ?",
	[DISKS] = "SELECT disk FROM policy_disk WHERE policy = ? ORDER BY disk",
	[OF_DISK] = ("SELECT " COLUMNS " FROM policy WHERE no IN (SELECT policy FROM policy_disk WHERE disk = ?)"
		" ORDER BY create_ms, no"),
};

const struct sql_list policies_sql = { sql, sizeof sql / sizeof *sql };

static struct query start(struct store *s, int which)
{
	return query_open(s, SQL_POLICIES, which);
}

void policy_read(struct query *q, struct arena *a, struct policy *out)
{
	out->no = col_int(q);
	out->account = col_int(q);
	out->region = col_text(q, a);
	out->name = col_text(q, a);
	out->schedule = col_text(q, a);
	out->state = (enum policy_state)col_name(q, policy_state_names, N_POLICY_STATES);
	out->activated = col_bool(q);
	out->permanent = col_bool(q);
	out->retention_days = col_int(q);
	out->create_ms = col_int(q);
}

static size_t read_all(struct query *q, struct arena *a, struct policy **out)
{
	struct policy *rows = NULL;
	size_t count = 0;
	while (query_row(q)) {
		rows = rows_room(a, rows, count, sizeof *rows);
		policy_read(q, a, &rows[count++]);
	}
	*out = rows;
	return count;
}

bool store_policy(struct store *s, struct arena *a, int64_t no, struct policy *out)
{
	struct query q = start(s, GET);
	bind_int(&q, no);
	if (!query_row(&q))
		return false;
	policy_read(&q, a, out);
	query_end(&q);
	return true;
}

void store_policy_insert(struct store *s, const struct policy *p)
{
	char id[IDENT_SIZE];
	ident_format(IDENT_POLICY, p->no, id);
	struct query q = start(s, INSERT);
	bind_text(&q, id);
	bind_int(&q, p->no);
	bind_int(&q, p->account);
	bind_text(&q, p->region);
	bind_text(&q, p->name);
	bind_text(&q, p->schedule);
	bind_text(&q, policy_state_names[p->state]);
	bind_int(&q, p->activated);
	bind_int(&q, p->permanent);
	bind_int(&q, p->retention_days);
	bind_int(&q, p->create_ms);
	query_run(&q);
}

void store_policy_save(struct store *s, const struct policy *p)
{
	struct query q = start(s, SAVE);
	bind_text(&q, p->name);
	bind_text(&q, p->schedule);
	bind_int(&q, p->activated);
	bind_int(&q, p->permanent);
	bind_int(&q, p->retention_days);
	bind_int(&q, p->no);
	query_run(&q);
}

/* A statement about one number that gives no rows. */
static void run_for(struct store *s, int which, int64_t no)
{
	struct query q = start(s, which);
	bind_int(&q, no);
	query_run(&q);
}

void store_policy_delete(struct store *s, int64_t no)
{
	run_for(s, DELETE_TIES, no);
	store_job_remove_all(s, "policy.", no);
	run_for(s, DELETE, no);
}

size_t store_policies(struct store *s, struct arena *a, struct policy **out)
{
	struct query q = start(s, ALL);
	return read_all(&q, a, out);
}

int64_t store_policy_count(struct store *s, int64_t account, const char *region)
{
	struct query q = start(s, COUNT);
	bind_int(&q, account);
	bind_text(&q, region);
	int64_t count = query_row(&q) ? col_int(&q) : 0;
	query_end(&q);
	return count;
}

static struct query start_tie(struct store *s, int which, int64_t policy, int64_t disk)
{
	struct query q = start(s, which);
	bind_int(&q, policy);
	bind_int(&q, disk);
	return q;
}

bool store_policy_bound(struct store *s, int64_t policy, int64_t disk)
{
	struct query q = start_tie(s, BOUND, policy, disk);
	bool bound = query_row(&q);
	query_end(&q);
	return bound;
}

void store_policy_bind(struct store *s, int64_t policy, int64_t disk)
{
	struct query q = start_tie(s, BIND, policy, disk);
	query_run(&q);
}

void store_policy_unbind(struct store *s, int64_t policy, int64_t disk)
{
	struct query q = start_tie(s, UNBIND, policy, disk);
	query_run(&q);
}

void store_disk_unbind(struct store *s, int64_t disk)
{
	run_for(s, UNBIND_DISK, disk);
}

size_t store_policy_disks(struct store *s, struct arena *a, int64_t policy, int64_t **out)
{
	struct query q = start(s, DISKS);
	bind_int(&q, policy);
	int64_t *rows = NULL;
	size_t count = 0;
	while (query_row(&q)) {
		rows = rows_room(a, rows, count, sizeof *rows);
		rows[count++] = col_int(&q);
	}
	*out = rows;
	return count;
}

size_t store_disk_policies(struct store *s, struct arena *a, int64_t disk, struct policy **out)
{
	struct query q = start(s, OF_DISK);
	bind_int(&q, disk);
	return read_all(&q, a, out);
}
