/* What a row of a fixture has to do with others: what it names, what it must agree with, the jobs and tags that follow from it.
 *
 * A state in transition without an end lasts until the admin API ends it, as under manual progression: its job is never due. */
#include "cbs/fixture.h"

#include <string.h>

#include "cbs/disk.h"
#include "cbs/policy.h"
#include "cbs/schedule.h"
#include "cbs/snapshot.h"
#include "cbs/tags.h"
#include "util/json_check.h"
#include "util/str.h"

/* ---- references -------------------------------------------------------------------------------------------------------------- */

static bool region_exists(struct loader *l, const struct value *v)
{
	struct region region;
	return store_region(l->store, l->arena, v->text, &region);
}

static bool zone_exists(struct loader *l, const struct value *v)
{
	struct zone zone;
	return store_zone(l->store, l->arena, v->text, &zone);
}

static bool disk_type_exists(struct loader *l, const struct value *v)
{
	struct disk_type type;
	return store_disk_type(l->store, l->arena, v->text, &type);
}

static bool account_exists(struct loader *l, const struct value *v)
{
	struct account account;
	return store_account(l->store, l->arena, v->number, &account);
}

static bool instance_exists(struct loader *l, const struct value *v)
{
	struct instance instance;
	return v->number == 0 || store_instance(l->store, l->arena, v->number, &instance);
}

static bool disk_exists(struct loader *l, const struct value *v)
{
	struct disk disk;
	return store_disk(l->store, l->arena, v->number, &disk);
}

static bool snapshot_exists(struct loader *l, const struct value *v)
{
	struct snapshot snapshot;
	return store_snapshot(l->store, l->arena, v->number, &snapshot);
}

static bool policy_exists(struct loader *l, const struct value *v)
{
	struct policy policy;
	return store_policy(l->store, l->arena, v->number, &policy);
}

/* Not here: what may be gone (a snapshot's disk or policy, the last instance) or may be missing on purpose (a project). */
static const struct reference {
	const char *table; /* NULL: every one */
	const char *column;
	bool (*exists)(struct loader *l, const struct value *v);
	const char *what;
} references[] = {
	{ NULL, "region", region_exists, "region" },
	{ NULL, "zone", zone_exists, "zone" },
	{ NULL, "account", account_exists, "account" },
	{ "disk", "type", disk_type_exists, "disk type" },
	{ "disk", "instance", instance_exists, "instance" },
	{ "disk_backup", "disk", disk_exists, "disk" },
	{ "snapshot_share", "snapshot", snapshot_exists, "snapshot" },
	{ "image", "snapshot", snapshot_exists, "snapshot" },
	{ "policy_disk", "policy", policy_exists, "auto snapshot policy" },
	{ "policy_disk", "disk", disk_exists, "disk" },
};

static bool check_references(struct loader *l, const struct row *r)
{
	for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) {
		const struct reference *ref = &references[i];
		if (ref->table != NULL && !str_is(ref->table, r->entity->table))
			continue;
		const struct value *v = row_value(r, ref->column);
		if (v != NULL && v->set && !ref->exists(l, v))
			return row_fail(l, r, ref->column, "names no %s of this world", ref->what);
	}
	return true;
}

/* ---- states and their ends --------------------------------------------------------------------------------------------------- */

/* The job that ends a state. */
static const struct ending {
	const char *table, *state, *kind;
	bool lasting; /* without StateUntil there is no job */
} endings[] = {
	{ "disk", "ATTACHING", "disk.attach", false },
	{ "disk", "DETACHING", "disk.detach", false },
	{ "disk", "EXPANDING", "disk.expand", false },
	{ "disk", "ROLLBACKING", "disk.rollback", false },
	{ "disk", "TORECYCLE", "disk.release", true },
	{ "snapshot", "CREATING", "snapshot.create", false },
	{ "snapshot", "ROLLBACKING", "snapshot.rollback", false },
	{ "disk_backup", "CREATING", "backup.create", false },
};

enum { N_ENDINGS = sizeof endings / sizeof endings[0] };

static const struct ending *find_ending(const char *table, const char *state)
{
	for (size_t i = 0; i < N_ENDINGS; i++) {
		if (str_is(endings[i].table, table) && str_is(endings[i].state, state))
			return &endings[i];
	}
	return NULL;
}

/* The state's value in a row of a table whose states have times; NULL for others. */
static struct value *state_value(const struct row *r)
{
	static const char *const columns[] = { "disk_state", "snapshot_state", "backup_state" };
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		struct value *v = row_value(r, columns[i]);
		if (v != NULL)
			return v;
	}
	return NULL;
}

static void complete_state(struct loader *l, struct row *r)
{
	const struct value *state = state_value(r);
	if (state == NULL || !state->set)
		return;
	struct value *since = row_value(r, "state_since_ms"), *until = row_value(r, "state_until_ms");
	if (!since->set)
		*since = (struct value){ .set = true, .number = l->now_ms };
	if (!until->set)
		*until = (struct value){ .set = true, .number = 0 };
}

bool row_prepare(struct loader *l, struct row *r)
{
	complete_state(l, r);
	return check_references(l, r);
}

/* What the row says for the job of that kind; `otherwise` when it does not. */
static int64_t told_for(const struct row *r, const char *kind, int64_t otherwise)
{
	for (size_t i = 0; i < r->entity->field_count; i++)
		if (str_is(r->entity->fields[i].job, kind) && r->values[i].set)
			return r->values[i].number;
	return otherwise;
}

/* A field that only a job keeps, in a state which that job does not end; and two ends of one state. */
static bool check_job_fields(struct loader *l, const struct row *r, const char *state, int64_t until_ms)
{
	if (told_for(r, "state", 0) != 0 && until_ms != 0)
		return row_fail(l, r, "state_until_ms", "must not be given beside StatePolls");
	const struct ending *ending = find_ending(r->entity->table, state);
	for (size_t i = 0; i < r->entity->field_count; i++) {
		const struct field *f = &r->entity->fields[i];
		bool fits = ending && (str_is(f->job, "state") || str_is(ending->kind, f->job));
		if (f->job && r->values[i].set && !fits && r->values[i].number != 0)
			return load_fail(l, pointer_to(l, r->pointer, f->name), "must not be given in state %s", state);
	}
	return true;
}

/* Makes the job that ends the row's state agree with it. `j` has resource, goes_to and arg. */
static bool schedule_end(struct loader *l, const struct row *r, const char *state, int64_t until_ms, struct job *j)
{
	for (size_t i = 0; i < N_ENDINGS; i++) {
		if (str_is(endings[i].table, r->entity->table))
			store_job_remove_all(l->store, endings[i].kind, j->resource);
	}
	const struct ending *ending = find_ending(r->entity->table, state);
	if (ending == NULL && until_ms != 0)
		return row_fail(l, r, "state_until_ms", "must not be given in state %s, which nothing ends", state);
	if (ending == NULL || (ending->lasting && until_ms == 0))
		return true;
	j->kind = ending->kind;
	j->polls = told_for(r, "state", 0);
	j->due_ms = until_ms != 0 ? until_ms : INT64_MAX;
	store_job_add(l->store, j);
	return true;
}

static bool changes_state(const struct row *r)
{
	for (size_t i = 0; i < r->entity->field_count; i++)
		if (r->entity->fields[i].job && r->values[i].set)
			return true;
	return state_value(r)->set || row_gives(r, "state_until_ms");
}

/* ---- agreement, by entity ---------------------------------------------------------------------------------------------------- */

/* For faults that may come from either of two fields of a merged row: the one that is written. */
static const char *either(const struct row *r, const char *first, const char *second)
{
	return row_gives(r, first) ? first : second;
}

static bool check_zone(struct loader *l, const struct row *r, const char *zone_name, const char *region)
{
	struct zone zone;
	if (store_zone(l->store, l->arena, zone_name, &zone) && str_is(zone.region, region))
		return true;
	return row_fail(l, r, either(r, "zone", "region"), "%s is not a zone of %s", zone_name, region);
}

static bool check_attachment(struct loader *l, const struct row *r, const struct disk *d)
{
	const char *state = disk_state_names[d->state];
	bool needs = d->state == DISK_ATTACHING || d->state == DISK_ATTACHED || d->state == DISK_DETACHING;
	bool refuses = d->state == DISK_UNATTACHED || d->state == DISK_TORECYCLE;
	if (d->instance == 0)
		return !needs || row_fail(l, r, either(r, "instance", "disk_state"), "a disk in state %s needs an InstanceId", state);
	if (refuses)
		return row_fail(l, r, either(r, "instance", "disk_state"), "a disk in state %s has no InstanceId", state);
	struct instance instance;
	if (!store_instance(l->store, l->arena, d->instance, &instance))
		return true;
	if (instance.account != d->account)
		return row_fail(l, r, either(r, "instance", "account"), "the disk and its instance belong to different accounts");
	if (!str_is(instance.zone, d->zone))
		return row_fail(l, r, either(r, "instance", "zone"), "the disk and its instance are in different zones");
	return true;
}

/* A hidden disk shows when its state ends; one in a state that lasts shows at StateUntil all the same. */
static void schedule_show(struct loader *l, const struct disk *d, int64_t polls)
{
	store_job_remove_all(l->store, "disk.show", d->no);
	struct job show = { .due_ms = d->state_until_ms, .kind = "disk.show", .resource = d->no, .goes_to = "", .polls = polls };
	if (show.due_ms == 0)
		show.due_ms = INT64_MAX;
	if (d->hidden)
		store_job_add(l->store, &show);
}

static bool schedule_disk(struct loader *l, const struct row *r, const struct disk *d)
{
	struct job j = { .resource = d->no, .goes_to = "" };
	const char *state = disk_state_names[d->state];
	bool only_shows = d->hidden && find_ending("disk", state) == NULL;
	schedule_show(l, d, told_for(r, "state", 0));
	if (d->state == DISK_EXPANDING || d->state == DISK_ROLLBACKING)
		j.goes_to = disk_state_names[d->instance != 0 ? DISK_ATTACHED : DISK_UNATTACHED];
	if (d->state == DISK_EXPANDING)
		j.arg = told_for(r, "disk.expand", d->size_gib);
	if (d->state == DISK_ROLLBACKING)
		j.arg = told_for(r, "disk.rollback", 0);
	if (only_shows && d->state_until_ms != 0) { /* the end is the showing's, not the state's */
		struct disk lasting = *d;
		disk_extend(l->store, &lasting, 0);
	}
	if (!d->hidden && !check_job_fields(l, r, state, d->state_until_ms))
		return false;
	return schedule_end(l, r, state, only_shows ? 0 : d->state_until_ms, &j);
}

/* A rollback that a fixture breaks off was its snapshot's too, unless that has a job of its own. */
static void release_snapshots(struct loader *l, const struct disk *d)
{
	struct snapshot *snapshots;
	struct job j;
	size_t count = store_snapshots_of_disk(l->store, l->arena, d->no, &snapshots);
	for (size_t i = 0; i < count; i++) {
		struct snapshot *p = &snapshots[i];
		if (p->state == SNAPSHOT_ROLLBACKING && !store_job_of(l->store, l->arena, "snapshot.rollback", p->no, &j))
			snapshot_move(l->store, p, SNAPSHOT_NORMAL, l->now_ms, 0);
	}
}

static bool settle_disk(struct loader *l, const struct row *r)
{
	struct disk d;
	if (!store_disk(l->store, l->arena, row_value(r, "no")->number, &d))
		return true;
	if (!check_zone(l, r, d.zone, d.region) || !check_attachment(l, r, &d))
		return false;
	if ((changes_state(r) || row_gives(r, "hidden")) && !schedule_disk(l, r, &d))
		return false;
	if (changes_state(r) && d.state != DISK_ROLLBACKING)
		release_snapshots(l, &d);
	/* One that comes back from the recycle bin has a term again. */
	if (changes_state(r) || row_gives(r, "deadline_ms") || row_gives(r, "charge_type"))
		disk_watch_deadline(l->store, &d);
	tags_set(l->store, TAG_DISK, d.no, d.account, cJSON_GetObjectItemCaseSensitive(r->json, "Tags"));
	return true;
}

static bool settle_snapshot(struct loader *l, const struct row *r)
{
	struct snapshot p;
	struct disk d;
	if (!store_snapshot(l->store, l->arena, row_value(r, "no")->number, &p))
		return true;
	if (!check_zone(l, r, p.zone, p.region))
		return false;
	if (p.disk != 0 && store_disk(l->store, l->arena, p.disk, &d) && (d.account != p.account || !str_is(d.region, p.region)))
		return row_fail(l, r, "disk", "the snapshot and its disk have different owners or regions");
	struct job j = { .resource = p.no, .goes_to = "" };
	if (changes_state(r) && (!check_job_fields(l, r, snapshot_state_names[p.state], p.state_until_ms) ||
	                         !schedule_end(l, r, snapshot_state_names[p.state], p.state_until_ms, &j)))
		return false;
	snapshot_schedule_expiry(l->store, &p);
	tags_set(l->store, TAG_SNAPSHOT, p.no, p.account, cJSON_GetObjectItemCaseSensitive(r->json, "Tags"));
	return true;
}

static bool settle_backup(struct loader *l, const struct row *r)
{
	struct backup b;
	struct disk d;
	if (!store_backup(l->store, l->arena, row_value(r, "no")->number, &b))
		return true;
	if (store_disk(l->store, l->arena, b.disk, &d) && (d.account != b.account || !str_is(d.region, b.region)))
		return row_fail(l, r, "disk", "the backup point and its disk have different owners or regions");
	struct job j = { .resource = b.no, .goes_to = "" };
	return !changes_state(r) || schedule_end(l, r, backup_state_names[b.state], b.state_until_ms, &j);
}

static bool settle_instance(struct loader *l, const struct row *r)
{
	struct instance i;
	return !store_instance(l->store, l->arena, row_value(r, "no")->number, &i) || check_zone(l, r, i.zone, i.region);
}

static const struct entity *entity_of_table(const char *table)
{
	const struct entity *e = entities;
	while (!str_is(e->table, table))
		e++;
	return e;
}

/* A snapshot whose fixture does not say when it was first shared. */
static void note_share(struct loader *l, const struct snapshot *p, int64_t at_ms)
{
	const struct entity *e = entity_of_table("snapshot");
	struct row r = { .entity = e, .values = arena_alloc(l->arena, e->field_count * sizeof *r.values) };
	*row_value(&r, "no") = (struct value){ .set = true, .number = p->no };
	*row_value(&r, "share_ms") = (struct value){ .set = true, .number = at_ms };
	size_t which;
	const char *why;
	store_put(l->store, e, r.values, &which, &why);
}

static bool settle_share(struct loader *l, const struct row *r)
{
	struct snapshot p;
	if (!store_snapshot(l->store, l->arena, row_value(r, "snapshot")->number, &p))
		return true;
	if (p.account == row_value(r, "account")->number)
		return row_fail(l, r, "account", "owns the snapshot");
	if (p.share_ms == 0)
		note_share(l, &p, row_value(r, "create_ms")->number);
	return true;
}

/* What is sent again as it stands: an id, or a list of ids. */
static bool settle_token(struct loader *l, const struct row *r)
{
	static const char id_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *answer = row_value(r, "answer")->text, *digest = row_value(r, "digest")->text;
	struct json_report report;
	bool list = answer && *answer == '[';
	if (digest && strspn(digest, "0123456789abcdef") != strlen(digest))
		return row_fail(l, r, "digest", "must be 64 lower-case hexadecimal digits");
	if (answer && (list ? !json_check(answer, strlen(answer), &report) : strspn(answer, id_letters) != strlen(answer)))
		return row_fail(l, r, "answer", "must be an id, or a list of ids as JSON");
	if (answer && list != str_is(row_value(r, "action")->text, "CreateDisks"))
		return row_fail(l, r, "answer", "must be %s", list ? "one id" : "a list of ids, which CreateDisks answers");
	return true;
}

/* Its next tick follows from its list. */
static bool settle_policy(struct loader *l, const struct row *r)
{
	struct policy p;
	const char *wrong, *at = pointer_to(l, r->pointer, "Policy");
	if (!store_policy(l->store, l->arena, row_value(r, "no")->number, &p))
		return true;
	if (schedule_parse(l->arena, p.schedule, &wrong)) {
		policy_schedule_tick(l->store, l->arena, &p, l->now_ms);
		return true;
	}
	while (*wrong != '\0') { /* "0.Hour.2" */
		size_t len = strcspn(wrong, ".");
		at = pointer_to(l, at, arena_strndup(l->arena, wrong, len));
		wrong += len + (wrong[len] == '.');
	}
	return load_fail(l, at, "is no part of a schedule: a list of {Hour, DayOfWeek, DayOfMonth, IntervalDays},"
	                        " of 0 to 23, 0 to 6, 1 to 31 and 1 to 365");
}

static bool settle_tie(struct loader *l, const struct row *r)
{
	struct policy p;
	struct disk d;
	if (!store_policy(l->store, l->arena, row_value(r, "policy")->number, &p) ||
	    !store_disk(l->store, l->arena, row_value(r, "disk")->number, &d))
		return true;
	if (p.account == d.account && str_is(p.region, d.region))
		return true;
	return row_fail(l, r, "disk", "the policy and the disk have different owners or regions");
}

static const struct {
	const char *table;
	bool (*settle)(struct loader *l, const struct row *r);
} settlers[] = {
	{ "disk", settle_disk },
	{ "snapshot", settle_snapshot },
	{ "disk_backup", settle_backup },
	{ "instance", settle_instance },
	{ "snapshot_share", settle_share },
	{ "client_token", settle_token },
	{ "policy", settle_policy },
	{ "policy_disk", settle_tie },
};

bool row_settle(struct loader *l, const struct row *r)
{
	for (size_t i = 0; i < sizeof settlers / sizeof settlers[0]; i++) {
		if (str_is(settlers[i].table, r->entity->table))
			return settlers[i].settle(l, r);
	}
	return true;
}
