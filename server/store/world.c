/* The world around the resources: platform limits, the clock, numbers, places, instances. */
#include "store/store_internal.h"

#include "util/ident.h"
#include "util/rng.h"

const char *const instance_state_names[N_INSTANCE_STATES] = { "RUNNING", "STOPPED", "SHUTDOWN" };

/* The statements of a sequence stand in the order of enum sequence. */
enum {
	WORLD, SET_CLOCK, CLOCK, NEXT_EPOCH, SET_SEED, ABOUT, SET_ABOUT,
	DISK_FROM, SNAPSHOT_FROM, POLICY_FROM, FORGET_NUMBERS,
	COMPONENT, OFFLINE, REGION, REGION_NAMES, ZONE, DISK_TYPE,
	INSTANCE, INSTANCE_ATTACHED, INSTANCE_STATE,
};

static const char *const sql[] = {
	[WORLD] = ("SELECT seed, epoch, snapshot_quota_base, snapshot_quota_per_disk, disk_snapshot_quota, snapshot_chain_max,"
		" creating_snapshot_max, policy_max, disk_policy_max, policy_disk_max,"
		" instance_disk_max, tag_max, refund_quota, used.creating, free_snapshot_gib, ip_rate,"
		" service_available, snapshot_client_token, used.disk, used.snapshot, used.policy FROM world,"
		" (SELECT IFNULL(SUM(creating_snapshots), 0) AS creating, IFNULL(MAX(last_disk), 0) AS disk,"
		" IFNULL(MAX(last_snapshot), 0) AS snapshot, IFNULL(MAX(last_policy), 0) AS policy FROM usage) AS used"),
	[SET_CLOCK] = "UPDATE world SET clock_frozen = ?, clock_base_ms = ?, clock_set_ms = ?, clock_rate = ?",
	[CLOCK] = "SELECT clock_frozen, clock_base_ms, clock_set_ms, clock_rate FROM world",
	[NEXT_EPOCH] = "UPDATE world SET epoch = epoch + 1",
	[SET_SEED] = "UPDATE world SET seed = ?, epoch = 0",
	[ABOUT] = "SELECT about FROM sandbox",
	[SET_ABOUT] = "INSERT INTO sandbox (one, about) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET about = ?1",
	[DISK_FROM] = "SELECT no FROM disk WHERE no >= ? ORDER BY no LIMIT 1",
	[SNAPSHOT_FROM] = "SELECT no FROM snapshot WHERE no >= ? ORDER BY no LIMIT 1",
	[POLICY_FROM] = "SELECT no FROM policy WHERE no >= ? ORDER BY no LIMIT 1",
	[FORGET_NUMBERS] = "UPDATE usage SET last_disk = 0, last_snapshot = 0, last_policy = 0",
	[COMPONENT] = "SELECT healthy FROM component WHERE name = ?",
	[OFFLINE] = "SELECT 1 FROM offline_action WHERE action = ?",
	[REGION] = "SELECT name, name_en, name_zh, cbs, finance, encrypted_snapshot FROM region WHERE name = ?",
	[REGION_NAMES] = "SELECT name FROM region ORDER BY name",
	[ZONE] = "SELECT name, region, sold_out FROM zone WHERE name = ?",
	[DISK_TYPE] = "SELECT name, min_gib, max_gib, step_gib, throughput_max, local, sold, burst FROM disk_type WHERE name = ?",
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

/* With the last number given of each kind, and the first above it that a row has; 0: not known. */
struct world_row {
	struct world world;
	int64_t last[N_SEQUENCES], taken[N_SEQUENCES];
};

static void read_world(struct query *q, struct world_row *row)
{
	struct world *out = &row->world;
	out->seed = (uint64_t)col_int(q);
	out->epoch = col_int(q);
	out->snapshot_quota_base = col_int(q);
	out->snapshot_quota_per_disk = col_int(q);
	out->disk_snapshot_quota = col_int(q);
	out->snapshot_chain_max = col_int(q);
	out->creating_snapshot_max = col_int(q);
	out->policy_max = col_int(q);
	out->disk_policy_max = col_int(q);
	out->policy_disk_max = col_int(q);
	out->instance_disk_max = col_int(q);
	out->tag_max = col_int(q);
	out->refund_quota = col_int(q);
	out->creating_snapshots = col_int(q);
	out->free_snapshot_gib = col_int(q);
	out->ip_rate = col_int(q);
	out->service_available = col_bool(q);
	out->snapshot_client_token = col_bool(q);
	for (int kind = 0; kind < N_SEQUENCES; kind++)
		row->last[kind] = col_int(q);
}

static struct world_row *world_row(struct store *s)
{
	void *known;
	if (memo_find(s, MEMO_WORLD, 0, NULL, &known))
		return known;
	struct query q = start(s, WORLD);
	if (!query_row(&q))
		return NULL;
	struct world_row *row = arena_alloc(memo_arena(s), sizeof *row);
	read_world(&q, row);
	query_end(&q);
	return memo_keep(s, MEMO_WORLD, 0, NULL, row);
}

bool store_world(struct store *s, struct world *out)
{
	const struct world_row *row = world_row(s);
	if (row)
		*out = row->world;
	return row != NULL;
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

void store_set_seed(struct store *s, uint64_t seed)
{
	struct query q = start(s, SET_SEED);
	bind_int(&q, (int64_t)seed);
	query_run(&q);
	q = start(s, FORGET_NUMBERS);
	query_run(&q);
}

const char *store_about(struct store *s, struct arena *a)
{
	struct query q = start(s, ABOUT);
	const char *about = query_row(&q) ? col_text(&q, a) : "";
	query_end(&q);
	return about;
}

void store_set_about(struct store *s, const char *about)
{
	struct query q = start(s, SET_ABOUT);
	bind_text(&q, about);
	query_run(&q);
}

/* The first number from this one on that a row has. */
static int64_t first_taken(struct store *s, enum sequence kind, int64_t from)
{
	struct query q = start(s, DISK_FROM + (int)kind);
	bind_int(&q, from);
	int64_t no = query_row(&q) ? col_int(&q) : INT64_MAX;
	query_end(&q);
	return no;
}

/* Where a world's counting begins: the seed alone says it, so that the same one gives the same ids whatever rows there are. It is close
 * under 36^8, with room for more rows than anybody makes and hardly a fixture's above it: SQLite appends what comes behind all others, and
 * splits pages for what does not. */
static int64_t first_no(uint64_t seed, enum sequence kind)
{
	const int64_t room = INT64_C(1) << 34;
	return IDENT_NUMBERS - room + (int64_t)(rng_mix(seed, (uint64_t)kind) % (uint64_t)(room / 2));
}

/* The world as it is known, so that what waits shows in it; NULL when it will be read anew anyway. */
static struct world_row *known_world(struct store *s)
{
	void *known;
	return memo_find(s, MEMO_WORLD, 0, NULL, &known) ? known : NULL;
}

void sequence_note(struct store *s, enum sequence kind, int64_t no)
{
	struct world_row *row = known_world(s);
	if (row && no > row->last[kind] && no < row->taken[kind])
		row->taken[kind] = no;
}

int64_t store_next_no(struct store *s, enum sequence kind, int64_t account, const char *region)
{
	struct world_row *row = world_row(s);
	if (!row)
		return 0;
	int64_t no = row->last[kind] ? row->last[kind] + 1 : first_no(row->world.seed, kind);
	int64_t taken = row->taken[kind] ? row->taken[kind] : first_taken(s, kind, no);
	while (no == taken) /* by a fixture */
		taken = first_taken(s, kind, ++no);
	row = known_world(s); /* which is forgotten when what waited could not be written before that look */
	if (row)
		row->taken[kind] = taken;
	if (waiting_set_sequence(s, kind, account, region, no)) {
		if (row)
			row->last[kind] = no;
		return no;
	}
	int64_t last[N_SEQUENCES] = { 0 };
	last[kind] = no;
	usage_write(s, account, region, (const int64_t[4]){ 0 }, last);
	return no;
}

void store_creating_add(struct store *s, int64_t account, const char *region, int64_t by)
{
	const int64_t change[4] = { 0, 0, 0, by };
	if (!waiting_count(s, COUNT_USAGE, account, region, change)) {
		usage_write(s, account, region, change, (const int64_t[N_SEQUENCES]){ 0 });
		return;
	}
	struct world_row *row = known_world(s);
	if (row)
		counter_add(&row->world.creating_snapshots, by);
}

/* ---- conditions and places ---------------------------------------------------------------------------------------------- */

/* A yes or no that one row decides. */
static bool *flag_keep(struct store *s, enum memo_kind kind, const char *text, bool value)
{
	bool *row = arena_alloc(memo_arena(s), sizeof *row);
	*row = value;
	return memo_keep(s, kind, 0, text, row);
}

bool store_component_healthy(struct store *s, const char *name)
{
	void *known;
	struct query q;
	if (memo_find(s, MEMO_COMPONENT, 0, name, &known))
		return *(bool *)known;
	bool healthy = !find(s, COMPONENT, name, &q) || col_bool(&q);
	query_end(&q);
	flag_keep(s, MEMO_COMPONENT, name, healthy);
	return healthy;
}

bool store_action_offline(struct store *s, const char *action)
{
	void *known;
	struct query q;
	if (memo_find(s, MEMO_OFFLINE, 0, action, &known))
		return *(bool *)known;
	bool offline = find(s, OFFLINE, action, &q);
	query_end(&q);
	flag_keep(s, MEMO_OFFLINE, action, offline);
	return offline;
}

static const struct region *region_row(struct store *s, const char *name)
{
	void *known;
	if (memo_find(s, MEMO_REGION, 0, name, &known))
		return known;
	struct query q;
	bool found = find(s, REGION, name, &q);
	if (!found)
		return memo_keep(s, MEMO_REGION, 0, name, NULL);
	struct arena *m = memo_arena(s);
	struct region *row = arena_alloc(m, sizeof *row);
	row->name = col_text(&q, m);
	row->name_en = col_text(&q, m);
	row->name_zh = col_text(&q, m);
	row->cbs = col_bool(&q);
	row->finance = col_bool(&q);
	row->encrypted_snapshot = col_bool(&q);
	query_end(&q);
	return memo_keep(s, MEMO_REGION, 0, name, row);
}

bool store_region(struct store *s, struct arena *a, const char *name, struct region *out)
{
	const struct region *row = region_row(s, name);
	if (!row)
		return false;
	*out = *row;
	if (memo_lend(s, a))
		return true;
	out->name = arena_text(a, row->name);
	out->name_en = arena_text(a, row->name_en);
	out->name_zh = arena_text(a, row->name_zh);
	return true;
}

const char *const *store_region_names(struct store *s, struct arena *a)
{
	struct query q = start(s, REGION_NAMES);
	const char **names = NULL;
	size_t count = 0;
	while (query_row(&q)) {
		names = rows_room(a, names, count, sizeof *names);
		names[count++] = col_text(&q, a);
	}
	query_end(&q);
	names = rows_room(a, names, count, sizeof *names);
	names[count] = NULL;
	return names;
}

static const struct zone *zone_row(struct store *s, const char *name)
{
	void *known;
	if (memo_find(s, MEMO_ZONE, 0, name, &known))
		return known;
	struct query q;
	bool found = find(s, ZONE, name, &q);
	if (!found)
		return memo_keep(s, MEMO_ZONE, 0, name, NULL);
	struct arena *m = memo_arena(s);
	struct zone *row = arena_alloc(m, sizeof *row);
	row->name = col_text(&q, m);
	row->region = col_text(&q, m);
	row->sold_out = col_text(&q, m);
	query_end(&q);
	return memo_keep(s, MEMO_ZONE, 0, name, row);
}

bool store_zone(struct store *s, struct arena *a, const char *name, struct zone *out)
{
	const struct zone *row = zone_row(s, name);
	if (!row)
		return false;
	*out = *row;
	if (memo_lend(s, a))
		return true;
	out->name = arena_text(a, row->name);
	out->region = arena_text(a, row->region);
	out->sold_out = arena_text(a, row->sold_out);
	return true;
}

static const struct disk_type *disk_type_row(struct store *s, const char *name)
{
	void *known;
	if (memo_find(s, MEMO_DISK_TYPE, 0, name, &known))
		return known;
	struct query q;
	bool found = find(s, DISK_TYPE, name, &q);
	if (!found)
		return memo_keep(s, MEMO_DISK_TYPE, 0, name, NULL);
	struct arena *m = memo_arena(s);
	struct disk_type *row = arena_alloc(m, sizeof *row);
	row->name = col_text(&q, m);
	row->min_gib = col_int(&q);
	row->max_gib = col_int(&q);
	row->step_gib = col_int(&q);
	row->throughput_max = col_int(&q);
	row->local = col_bool(&q);
	row->sold = col_bool(&q);
	row->burst = col_bool(&q);
	query_end(&q);
	return memo_keep(s, MEMO_DISK_TYPE, 0, name, row);
}

bool store_disk_type(struct store *s, struct arena *a, const char *name, struct disk_type *out)
{
	const struct disk_type *row = disk_type_row(s, name);
	if (!row)
		return false;
	*out = *row;
	if (memo_lend(s, a))
		return true;
	out->name = arena_text(a, row->name);
	return true;
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
