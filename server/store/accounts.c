/* Accounts: their keys, what they may do, their projects, and what they use. */
#include "store/store_internal.h"

#include "store/seal.h"
#include "util/str.h"

enum {
	ACCOUNT, FIRST_ACCOUNT, ADD_REFUNDS, CREDENTIALS, REMOVE_CREDENTIALS, ADD_CREDENTIAL, PERMISSIONS, PROJECT, USAGE, USAGE_ADD,
};

#define CREDENTIAL_COLUMNS "secret_id, secret_key, token, status, kind, mfa, account, sub_uin, expires_ms, own"

static const char *const sql[] = {
	[ACCOUNT] = ("SELECT uin, appid, balance_cents, refunds, rate, region_rate, name, ip_allow, ip_deny, certified, payment_right,"
		" cbs_role, kms_authorized, trade_conflict FROM account WHERE uin = ?"),
	[FIRST_ACCOUNT] = "SELECT MIN(uin) FROM account",
	[ADD_REFUNDS] = "UPDATE account SET refunds = refunds + ?2 WHERE uin = ?1",
	[CREDENTIALS] = "SELECT " CREDENTIAL_COLUMNS " FROM credential ORDER BY secret_id",
	[REMOVE_CREDENTIALS] = "DELETE FROM credential",
	[ADD_CREDENTIAL] = "INSERT INTO credential (" CREDENTIAL_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[PERMISSIONS] = ("SELECT sub_uin, action, resource, product_level FROM permission WHERE account = ?"
		" ORDER BY sub_uin, action, resource"),
	[PROJECT] = "SELECT name FROM project WHERE account = ? AND project_id = ?",
	[USAGE] = "SELECT disks, snapshots, snapshot_mib, snapshot_quota FROM usage WHERE account = ? AND region = ?",
	[USAGE_ADD] = ("INSERT INTO usage (account, region, disks, snapshots, snapshot_mib, creating_snapshots, last_disk, last_snapshot,"
		" last_policy) VALUES (?1, ?2, MAX(0, ?3), MAX(0, ?4), MAX(0, ?5), MAX(0, ?6), ?7, ?8, ?9)"
		" ON CONFLICT (account, region) DO UPDATE SET disks = MAX(0, disks + ?3), snapshots = MAX(0, snapshots + ?4),"
		" snapshot_mib = MAX(0, snapshot_mib + ?5), creating_snapshots = MAX(0, creating_snapshots + ?6),"
		" last_disk = MAX(last_disk, ?7), last_snapshot = MAX(last_snapshot, ?8), last_policy = MAX(last_policy, ?9)"),
};

const struct sql_list accounts_sql = { sql, sizeof sql / sizeof *sql };

static struct query start(struct store *s, int which)
{
	return query_open(s, SQL_ACCOUNTS, which);
}

static const struct account *account_row(struct store *s, int64_t uin)
{
	void *known;
	if (memo_find(s, MEMO_ACCOUNT, uin, NULL, &known))
		return known;
	struct query q = start(s, ACCOUNT);
	bind_int(&q, uin);
	bool found = query_row(&q);
	if (!found)
		return memo_keep(s, MEMO_ACCOUNT, uin, NULL, NULL);
	struct arena *m = memo_arena(s);
	struct account *row = arena_alloc(m, sizeof *row);
	row->uin = col_int(&q);
	row->appid = col_int(&q);
	row->balance_cents = col_int(&q);
	row->refunds = col_int(&q);
	row->rate = col_int(&q);
	row->region_rate = col_int(&q);
	row->name = col_text(&q, m);
	row->ip_allow = col_text(&q, m);
	row->ip_deny = col_text(&q, m);
	row->certified = col_bool(&q);
	row->payment_right = col_bool(&q);
	row->cbs_role = col_bool(&q);
	row->kms_authorized = col_bool(&q);
	row->trade_conflict = col_bool(&q);
	query_end(&q);
	return memo_keep(s, MEMO_ACCOUNT, uin, NULL, row);
}

bool store_account(struct store *s, struct arena *a, int64_t uin, struct account *out)
{
	const struct account *row = account_row(s, uin);
	if (!row)
		return false;
	*out = *row;
	out->name = arena_text(a, row->name);
	out->ip_allow = arena_text(a, row->ip_allow);
	out->ip_deny = arena_text(a, row->ip_deny);
	return true;
}

int64_t store_first_account(struct store *s)
{
	struct query q = start(s, FIRST_ACCOUNT);
	int64_t uin = query_row(&q) ? col_int(&q) : 0;
	query_end(&q);
	return uin;
}

void store_add_refunds(struct store *s, int64_t uin, int64_t by)
{
	struct query q = start(s, ADD_REFUNDS);
	bind_int(&q, uin);
	bind_int(&q, by);
	query_run(&q);
}

/* A column that is a secret. */
static const char *col_secret(struct query *q, struct arena *a)
{
	const char *text = seal_read(q->store->seal, a, col_text(q, a));
	if (text)
		return text;
	store_fail(q->store, "its keys were sealed with another seal.key");
	return "";
}

size_t store_credentials(struct store *s, struct arena *a, struct credential **out)
{
	struct query q = start(s, CREDENTIALS);
	struct credential *rows = NULL;
	size_t count = 0;
	while (query_row(&q)) {
		rows = rows_room(a, rows, count, sizeof *rows);
		struct credential *row = &rows[count++];
		row->secret_id = col_text(&q, a);
		row->secret_key = col_secret(&q, a);
		row->token = col_secret(&q, a);
		row->status = col_text(&q, a);
		row->kind = col_text(&q, a);
		row->mfa = col_text(&q, a);
		row->account = col_int(&q);
		row->sub_uin = col_int(&q);
		row->expires_ms = col_int(&q);
		row->own = col_bool(&q);
	}
	*out = rows;
	return count;
}

bool store_use_seal(struct store *s, const struct seal *seal)
{
	struct arena *a = arena_new();
	struct credential *list;
	s->seal = seal;
	store_credentials(s, a, &list);
	arena_free(a);
	return !store_failed(s);
}

void store_set_credentials(struct store *s, const struct credential *list, size_t count)
{
	struct arena *a = arena_new();
	struct query q = start(s, REMOVE_CREDENTIALS);
	query_run(&q);
	for (const struct credential *c = list; c < list + count; c++) {
		q = start(s, ADD_CREDENTIAL);
		bind_text(&q, c->secret_id);
		bind_text(&q, seal_text(s->seal, a, c->secret_key));
		bind_text(&q, seal_text(s->seal, a, c->token));
		bind_text(&q, c->status);
		bind_text(&q, c->kind);
		bind_text(&q, c->mfa);
		bind_int(&q, c->account);
		bind_int(&q, c->sub_uin);
		bind_int(&q, c->expires_ms);
		bind_int(&q, c->own);
		query_run(&q);
	}
	arena_free(a);
}

/* What CAM refuses an account. */
struct permissions {
	size_t count;
	struct permission {
		int64_t sub_uin; /* 0: every identity */
		const char *action, *resource;
		bool product_level;
	} *list;
};

static const struct permissions *permissions_of(struct store *s, int64_t account)
{
	void *known;
	if (memo_find(s, MEMO_PERMISSIONS, account, NULL, &known))
		return known;
	struct query q = start(s, PERMISSIONS);
	bind_int(&q, account);
	struct arena *m = memo_arena(s);
	struct permissions *p = arena_alloc(m, sizeof *p);
	while (query_row(&q)) {
		p->list = rows_room(m, p->list, p->count, sizeof *p->list);
		struct permission *row = &p->list[p->count++];
		row->sub_uin = col_int(&q);
		row->action = col_text(&q, m);
		row->resource = col_text(&q, m);
		row->product_level = col_bool(&q);
	}
	return memo_keep(s, MEMO_PERMISSIONS, account, NULL, p);
}

static bool concerns(const struct permission *p, int64_t sub_uin)
{
	return p->sub_uin == 0 || p->sub_uin == sub_uin;
}

bool store_restricted(struct store *s, int64_t account, int64_t sub_uin)
{
	const struct permissions *all = permissions_of(s, account);
	for (size_t i = 0; all && i < all->count; i++)
		if (concerns(&all->list[i], sub_uin))
			return true;
	return false;
}

bool store_denied(struct store *s, int64_t account, int64_t sub_uin, const char *action, const char *resource, bool *product_level)
{
	const struct permissions *all = permissions_of(s, account);
	for (size_t i = 0; all && i < all->count; i++) {
		const struct permission *p = &all->list[i];
		if (!concerns(p, sub_uin) || !str_glob(p->action, action) || !str_glob(p->resource, resource))
			continue;
		*product_level = p->product_level;
		return true;
	}
	return false;
}

bool store_project_exists(struct store *s, int64_t account, int64_t project_id)
{
	if (project_id == 0)
		return true;
	struct query q = start(s, PROJECT);
	bind_int(&q, account);
	bind_int(&q, project_id);
	bool exists = query_row(&q);
	query_end(&q);
	return exists;
}

const char *store_project_name(struct store *s, struct arena *a, int64_t account, int64_t project_id)
{
	struct query q = start(s, PROJECT);
	bind_int(&q, account);
	bind_int(&q, project_id);
	if (!query_row(&q))
		return NULL;
	const char *name = col_text(&q, a);
	query_end(&q);
	return name;
}

static struct usage *usage_row(struct store *s, int64_t account, const char *region)
{
	void *known;
	if (memo_find(s, MEMO_USAGE, account, region, &known))
		return known;
	struct query q = start(s, USAGE);
	bind_int(&q, account);
	bind_text(&q, region);
	bool found = query_row(&q);
	struct usage *row = arena_alloc(memo_arena(s), sizeof *row);
	if (found) {
		row->disks = col_int(&q);
		row->snapshots = col_int(&q);
		row->snapshot_mib = col_int(&q);
		row->snapshot_quota = col_int(&q);
		query_end(&q);
	}
	return memo_keep(s, MEMO_USAGE, account, region, row);
}

void store_usage(struct store *s, int64_t account, const char *region, struct usage *out)
{
	const struct usage *row = usage_row(s, account, region);
	*out = row ? *row : (struct usage){ 0 };
}

static void count_usage(struct store *s, int64_t account, const char *region, const int64_t by[4])
{
	void *known;
	if (!memo_find(s, MEMO_USAGE, account, region, &known))
		return;
	struct usage *row = known;
	counter_add(&row->disks, by[0]);
	counter_add(&row->snapshots, by[1]);
	counter_add(&row->snapshot_mib, by[2]);
}

void usage_write(struct store *s, int64_t account, const char *region, const int64_t by[4], const int64_t last[N_SEQUENCES])
{
	struct query q = start(s, USAGE_ADD);
	bind_int(&q, account);
	bind_text(&q, region);
	for (size_t i = 0; i < 4; i++)
		bind_int(&q, by[i]);
	for (int kind = 0; kind < N_SEQUENCES; kind++)
		bind_int(&q, last[kind]);
	query_run(&q);
}

void store_usage_add(struct store *s, int64_t account, const char *region, int64_t disks, int64_t snapshots, int64_t mib)
{
	const int64_t by[4] = { disks, snapshots, mib };
	if (waiting_count(s, COUNT_USAGE, account, region, by)) {
		count_usage(s, account, region, by);
		return;
	}
	usage_write(s, account, region, by, (const int64_t[N_SEQUENCES]){ 0 });
}
