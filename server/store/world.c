/* The world around the resources: platform limits, the clock, places, accounts and what they may do, instances. */
#include "store/store_internal.h"

#include "util/ident.h"
#include "util/rng.h"
#include "util/str.h"

enum {
	WORLD, SET_CLOCK, CLOCK, NEXT_EPOCH,
	NEXT_DISK, NEXT_SNAPSHOT, DISK_EXISTS, SNAPSHOT_EXISTS, SET_NEXT_DISK, SET_NEXT_SNAPSHOT,
	COMPONENT, OFFLINE, REGION, ZONE, DISK_TYPE,
	ACCOUNT, ADD_REFUNDS, CREDENTIALS, PERMISSIONS, PROJECT, USAGE, USAGE_ADD, CREATING_ADD,
	INSTANCE, INSTANCE_ATTACHED, INSTANCE_STATE,
};

static const char *const sql[] = {
	[WORLD] = ("SELECT seed, epoch, snapshot_quota_base, snapshot_quota_per_disk, disk_snapshot_quota, snapshot_chain_max,"
		" creating_snapshot_max, instance_disk_max, tag_max, refund_quota, creating_snapshots, free_snapshot_gib, ip_rate,"
		" service_available, snapshot_client_token FROM world"),
	[SET_CLOCK] = "UPDATE world SET clock_frozen = ?, clock_base_ms = ?, clock_set_ms = ?, clock_rate = ?",
	[CLOCK] = "SELECT clock_frozen, clock_base_ms, clock_set_ms, clock_rate FROM world",
	[NEXT_EPOCH] = "UPDATE world SET epoch = epoch + 1",
	[NEXT_DISK] = "SELECT next_disk, seed FROM world",
	[NEXT_SNAPSHOT] = "SELECT next_snapshot, seed FROM world",
	[DISK_EXISTS] = "SELECT 1 FROM disk WHERE no = ?",
	[SNAPSHOT_EXISTS] = "SELECT 1 FROM snapshot WHERE no = ?",
	[SET_NEXT_DISK] = "UPDATE world SET next_disk = ?",
	[SET_NEXT_SNAPSHOT] = "UPDATE world SET next_snapshot = ?",
	[COMPONENT] = "SELECT healthy FROM component WHERE name = ?",
	[OFFLINE] = "SELECT 1 FROM offline_action WHERE action = ?",
	[REGION] = "SELECT name, name_en, name_zh, cbs, finance, encrypted_snapshot FROM region WHERE name = ?",
	[ZONE] = "SELECT name, region, sold_out FROM zone WHERE name = ?",
	[DISK_TYPE] = "SELECT name, min_gib, max_gib, step_gib, throughput_max, local, sold, burst FROM disk_type WHERE name = ?",
	[ACCOUNT] = ("SELECT uin, appid, balance_cents, refunds, rate, region_rate, name, ip_allow, ip_deny, certified, payment_right,"
		" cbs_role, kms_authorized, trade_conflict FROM account WHERE uin = ?"),
	[ADD_REFUNDS] = "UPDATE account SET refunds = refunds + ?2 WHERE uin = ?1",
	[CREDENTIALS] = ("SELECT secret_id, secret_key, token, status, kind, mfa, account, sub_uin, expires_ms FROM credential"
		" ORDER BY secret_id"),
	[PERMISSIONS] = ("SELECT sub_uin, action, resource, product_level FROM permission WHERE account = ?"
		" ORDER BY sub_uin, action, resource"),
	[PROJECT] = "SELECT name FROM project WHERE account = ? AND project_id = ?",
	[USAGE] = "SELECT disks, snapshots, snapshot_mib, snapshot_quota FROM usage WHERE account = ? AND region = ?",
	[USAGE_ADD] = ("INSERT INTO usage (account, region, disks, snapshots, snapshot_mib)"
		" VALUES (?1, ?2, MAX(0, ?3), MAX(0, ?4), MAX(0, ?5)) ON CONFLICT (account, region) DO UPDATE SET"
		" disks = MAX(0, disks + ?3), snapshots = MAX(0, snapshots + ?4), snapshot_mib = MAX(0, snapshot_mib + ?5)"),
	[CREATING_ADD] = "UPDATE world SET creating_snapshots = MAX(0, creating_snapshots + ?)",
	[INSTANCE] = ("SELECT no, account, disk_max, attached, id, region, zone, name, private_ip, type, instance_state, online_resize,"
		" supported FROM instance WHERE no = ?"),
	[INSTANCE_ATTACHED] = "UPDATE instance SET attached = MAX(0, attached + ?2) WHERE no = ?1",
	[INSTANCE_STATE] = "UPDATE instance SET instance_state = ?2 WHERE no = ?1",
};

const struct sql_list world_sql = { sql, sizeof sql / sizeof *sql };

static struct query start(struct store *s, int which)
{
	return query_open(s, SQL_WORLD, which);
}

/* A statement that finds one row by a text, or nothing. */
static bool find(struct store *s, int which, const char *key, struct query *q)
{
	*q = start(s, which);
	bind_text(q, key);
	return query_row(q);
}

/* ---- the world's one row ------------------------------------------------------------------------------------------------ */

bool store_world(struct store *s, struct world *out)
{
	struct query q = start(s, WORLD);
	if (!query_row(&q))
		return false;
	out->seed = (uint64_t)col_int(&q);
	out->epoch = col_int(&q);
	out->snapshot_quota_base = col_int(&q);
	out->snapshot_quota_per_disk = col_int(&q);
	out->disk_snapshot_quota = col_int(&q);
	out->snapshot_chain_max = col_int(&q);
	out->creating_snapshot_max = col_int(&q);
	out->instance_disk_max = col_int(&q);
	out->tag_max = col_int(&q);
	out->refund_quota = col_int(&q);
	out->creating_snapshots = col_int(&q);
	out->free_snapshot_gib = col_int(&q);
	out->ip_rate = col_int(&q);
	out->service_available = col_bool(&q);
	out->snapshot_client_token = col_bool(&q);
	query_end(&q);
	return true;
}

void store_set_clock(struct store *s, const struct vclock *clock)
{
	struct query q = start(s, SET_CLOCK);
	bind_int(&q, clock->frozen);
	bind_int(&q, clock->base_ms);
	bind_int(&q, clock->set_ms);
	bind_int(&q, clock->rate);
	query_run(&q);
}

void store_get_clock(struct store *s, struct vclock *out, int64_t wall_ms)
{
	vclock_init(out, wall_ms);
	struct query q = start(s, CLOCK);
	if (!query_row(&q))
		return;
	struct vclock kept;
	kept.frozen = col_bool(&q);
	kept.base_ms = col_int(&q);
	kept.set_ms = col_int(&q);
	kept.rate = col_int(&q);
	query_end(&q);
	if (kept.base_ms != 0 || kept.set_ms != 0)
		*out = kept;
}

void store_next_epoch(struct store *s)
{
	struct query q = start(s, NEXT_EPOCH);
	query_run(&q);
}

static bool number_taken(struct store *s, enum sequence kind, int64_t no)
{
	struct query q = start(s, kind == SEQUENCE_DISK ? DISK_EXISTS : SNAPSHOT_EXISTS);
	bind_int(&q, no);
	bool taken = query_row(&q);
	query_end(&q);
	return taken;
}

/* Where a world's counting begins. Below 2^32 a number spells no typical id, above 2^40 little room is left under 36^8. */
static int64_t first_no(uint64_t seed, enum sequence kind)
{
	const uint64_t low = UINT64_C(1) << 32, high = UINT64_C(1) << 40;
	return (int64_t)(low + rng_mix(seed, (uint64_t)kind) % (high - low));
}

int64_t store_next_no(struct store *s, enum sequence kind)
{
	struct query q = start(s, kind == SEQUENCE_DISK ? NEXT_DISK : NEXT_SNAPSHOT);
	if (!query_row(&q))
		return 0;
	int64_t last = col_int(&q);
	uint64_t seed = (uint64_t)col_int(&q);
	query_end(&q);

	int64_t no = last ? last + 1 : first_no(seed, kind);
	while (number_taken(s, kind, no)) /* by a fixture */
		no++;
	q = start(s, kind == SEQUENCE_DISK ? SET_NEXT_DISK : SET_NEXT_SNAPSHOT);
	bind_int(&q, no);
	query_run(&q);
	return no;
}

void store_creating_add(struct store *s, int64_t by)
{
	struct query q = start(s, CREATING_ADD);
	bind_int(&q, by);
	query_run(&q);
}

/* ---- conditions and places ---------------------------------------------------------------------------------------------- */

bool store_component_healthy(struct store *s, const char *name)
{
	struct query q;
	if (!find(s, COMPONENT, name, &q))
		return true;
	bool healthy = col_bool(&q);
	query_end(&q);
	return healthy;
}

bool store_action_offline(struct store *s, const char *action)
{
	struct query q;
	bool offline = find(s, OFFLINE, action, &q);
	query_end(&q);
	return offline;
}

bool store_region(struct store *s, struct arena *a, const char *name, struct region *out)
{
	struct query q;
	if (!find(s, REGION, name, &q))
		return false;
	out->name = col_text(&q, a);
	out->name_en = col_text(&q, a);
	out->name_zh = col_text(&q, a);
	out->cbs = col_bool(&q);
	out->finance = col_bool(&q);
	out->encrypted_snapshot = col_bool(&q);
	query_end(&q);
	return true;
}

bool store_zone(struct store *s, struct arena *a, const char *name, struct zone *out)
{
	struct query q;
	if (!find(s, ZONE, name, &q))
		return false;
	out->name = col_text(&q, a);
	out->region = col_text(&q, a);
	out->sold_out = col_text(&q, a);
	query_end(&q);
	return true;
}

bool store_disk_type(struct store *s, struct arena *a, const char *name, struct disk_type *out)
{
	struct query q;
	if (!find(s, DISK_TYPE, name, &q))
		return false;
	out->name = col_text(&q, a);
	out->min_gib = col_int(&q);
	out->max_gib = col_int(&q);
	out->step_gib = col_int(&q);
	out->throughput_max = col_int(&q);
	out->local = col_bool(&q);
	out->sold = col_bool(&q);
	out->burst = col_bool(&q);
	query_end(&q);
	return true;
}

/* ---- accounts ----------------------------------------------------------------------------------------------------------- */

bool store_account(struct store *s, struct arena *a, int64_t uin, struct account *out)
{
	struct query q = start(s, ACCOUNT);
	bind_int(&q, uin);
	if (!query_row(&q))
		return false;
	out->uin = col_int(&q);
	out->appid = col_int(&q);
	out->balance_cents = col_int(&q);
	out->refunds = col_int(&q);
	out->rate = col_int(&q);
	out->region_rate = col_int(&q);
	out->name = col_text(&q, a);
	out->ip_allow = col_text(&q, a);
	out->ip_deny = col_text(&q, a);
	out->certified = col_bool(&q);
	out->payment_right = col_bool(&q);
	out->cbs_role = col_bool(&q);
	out->kms_authorized = col_bool(&q);
	out->trade_conflict = col_bool(&q);
	query_end(&q);
	return true;
}

void store_add_refunds(struct store *s, int64_t uin, int64_t by)
{
	struct query q = start(s, ADD_REFUNDS);
	bind_int(&q, uin);
	bind_int(&q, by);
	query_run(&q);
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
		row->secret_key = col_text(&q, a);
		row->token = col_text(&q, a);
		row->status = col_text(&q, a);
		row->kind = col_text(&q, a);
		row->mfa = col_text(&q, a);
		row->account = col_int(&q);
		row->sub_uin = col_int(&q);
		row->expires_ms = col_int(&q);
	}
	*out = rows;
	return count;
}

bool store_denied(struct store *s, int64_t account, int64_t sub_uin, const char *action, const char *resource, bool *product_level)
{
	struct query q = start(s, PERMISSIONS);
	bind_int(&q, account);
	while (query_row(&q)) {
		int64_t whose = col_int(&q);
		const char *denied_action = col_borrow(&q);
		const char *denied_resource = col_borrow(&q);
		bool level = col_bool(&q);
		if ((whose != 0 && whose != sub_uin) || !str_glob(denied_action, action) || !str_glob(denied_resource, resource))
			continue;
		query_end(&q);
		*product_level = level;
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

void store_usage(struct store *s, int64_t account, const char *region, struct usage *out)
{
	*out = (struct usage){ 0 };
	struct query q = start(s, USAGE);
	bind_int(&q, account);
	bind_text(&q, region);
	if (!query_row(&q))
		return;
	out->disks = col_int(&q);
	out->snapshots = col_int(&q);
	out->snapshot_mib = col_int(&q);
	out->snapshot_quota = col_int(&q);
	query_end(&q);
}

void store_usage_add(struct store *s, int64_t account, const char *region, int64_t disks, int64_t snapshots, int64_t mib)
{
	struct query q = start(s, USAGE_ADD);
	bind_int(&q, account);
	bind_text(&q, region);
	bind_int(&q, disks);
	bind_int(&q, snapshots);
	bind_int(&q, mib);
	query_run(&q);
}

/* ---- instances ---------------------------------------------------------------------------------------------------------- */

bool store_instance(struct store *s, struct arena *a, int64_t no, struct instance *out)
{
	struct query q = start(s, INSTANCE);
	bind_int(&q, no);
	if (!query_row(&q))
		return false;
	out->no = col_int(&q);
	out->account = col_int(&q);
	out->disk_max = col_int(&q);
	out->attached = col_int(&q);
	out->id = col_text(&q, a);
	out->region = col_text(&q, a);
	out->zone = col_text(&q, a);
	out->name = col_text(&q, a);
	out->private_ip = col_text(&q, a);
	out->type = col_text(&q, a);
	out->state = col_text(&q, a);
	out->online_resize = col_bool(&q);
	out->supported = col_bool(&q);
	query_end(&q);
	return true;
}

void store_instance_attached(struct store *s, int64_t no, int64_t by)
{
	struct query q = start(s, INSTANCE_ATTACHED);
	bind_int(&q, no);
	bind_int(&q, by);
	query_run(&q);
}

void store_instance_state(struct store *s, int64_t no, const char *state)
{
	struct query q = start(s, INSTANCE_STATE);
	bind_int(&q, no);
	bind_text(&q, state);
	query_run(&q);
}
