/* A job that is to fail carries a mark before the state it goes to. The cloud documents no state of failure (cbs.md §3): what
 * failed goes back to where it came from, and what was being made is gone (inferred). */
#include "cbs/job_fault.h"

#include "cbs/disk.h"
#include "cbs/snapshot.h"
#include "util/ident.h"
#include "util/str.h"

static const char mark = '!';

/* ---- failing ------------------------------------------------------------------------------------------------------------ */

static void tell(struct settling *s, const struct job *j, const char *id, const char *from, const char *to)
{
	settle_event(s, j->due_ms, id, from, to);
}

static void move_disk(struct settling *s, struct disk *d, const struct job *j, enum disk_state to)
{
	const char *from = disk_state_names[d->state];
	if (disk_move(s->store, d, to, j->due_ms, 0))
		tell(s, j, disk_id(s->arena, d->no), from, disk_state_names[to]);
}

static void go_back(struct settling *s, struct disk *d, const struct job *j)
{
	move_disk(s, d, j, str_is(j->goes_to + 1, disk_state_names[DISK_ATTACHED]) ? DISK_ATTACHED : DISK_UNATTACHED);
}

/* Bought, and never seen. */
static void fail_show(struct settling *s, struct disk *d, const struct job *j)
{
	if (!d->hidden)
		return;
	disk_remove(s->store, s->arena, d, false);
	tell(s, j, disk_id(s->arena, d->no), disk_state_names[d->state], "");
}

static void fail_attach(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state == DISK_ATTACHING)
		move_disk(s, d, j, DISK_UNATTACHED);
}

static void fail_detach(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state == DISK_DETACHING)
		move_disk(s, d, j, DISK_ATTACHED);
}

/* Its size stays. */
static void fail_expand(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state == DISK_EXPANDING)
		go_back(s, d, j);
}

/* An instance that was stopped for it stays so. */
static void fail_rollback(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state != DISK_ROLLBACKING)
		return;
	go_back(s, d, j);
	snapshot_release(s, d->no, j->due_ms);
}

static void fail_create(struct settling *s, const struct job *j)
{
	struct snapshot p;
	char id[IDENT_SIZE];
	if (!store_snapshot(s->store, s->arena, j->resource, &p) || p.state != SNAPSHOT_CREATING)
		return;
	ident_format(IDENT_SNAPSHOT, p.no, id);
	snapshot_remove(s->store, &p, false);
	tell(s, j, id, snapshot_state_names[SNAPSHOT_CREATING], "");
}

/* ---- the kinds ---------------------------------------------------------------------------------------------------------- */

/* Those that a call starts and that end a state under way. */
static const struct kind {
	const char *name;
	void (*fail_disk)(struct settling *s, struct disk *d, const struct job *j); /* or */
	void (*fail)(struct settling *s, const struct job *j);
} kinds[] = {
	{ "snapshot.create", NULL, fail_create },
	{ "disk.show", fail_show, NULL },
	{ "disk.attach", fail_attach, NULL },
	{ "disk.detach", fail_detach, NULL },
	{ "disk.expand", fail_expand, NULL },
	{ "disk.rollback", fail_rollback, NULL },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (str_is(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

bool job_fails(const struct job *j)
{
	return *j->goes_to == mark;
}

void job_fail(struct settling *s, const struct job *j)
{
	const struct kind *kind = find_kind(j->kind);
	struct disk d;
	if (!kind)
		return;
	if (kind->fail)
		kind->fail(s, j);
	else if (store_disk(s->store, s->arena, j->resource, &d))
		kind->fail_disk(s, &d, j);
}

/* ---- spoiling ----------------------------------------------------------------------------------------------------------- */

static int64_t new_due(const struct job *j, const struct job_spoiling *how)
{
	if (how->stuck || j->due_ms > INT64_MAX - how->by_ms)
		return INT64_MAX;
	return j->due_ms + how->by_ms;
}

/* A state that a job ends tells when; a rollback is its snapshot's too. */
static void follow(struct store *s, struct arena *a, const struct job *j, int64_t was_ms)
{
	struct snapshot p, *snapshots;
	struct disk d;
	if (str_is(j->kind, "snapshot.create")) {
		if (store_snapshot(s, a, j->resource, &p) && p.state_until_ms == was_ms)
			snapshot_extend(s, &p, j->due_ms);
		return;
	}
	if (store_disk(s, a, j->resource, &d) && d.state_until_ms == was_ms)
		disk_extend(s, &d, j->due_ms);
	size_t count = str_is(j->kind, "disk.rollback") ? store_snapshots_of_disk(s, a, j->resource, &snapshots) : 0;
	for (size_t i = 0; i < count; i++)
		if (snapshots[i].state == SNAPSHOT_ROLLBACKING && snapshots[i].state_until_ms == was_ms)
			snapshot_extend(s, &snapshots[i], j->due_ms);
}

size_t cbs_spoil_jobs(struct store *s, struct arena *a, const struct job_spoiling *how)
{
	struct job *added;
	size_t count = store_jobs_added(s, a, &added), spoilt = 0;
	for (size_t i = 0; i < count; i++) {
		struct job j = added[i];
		if (!find_kind(j.kind))
			continue;
		store_job_remove(s, j.due_ms, j.kind, j.resource);
		j.due_ms = new_due(&j, how);
		if (how->fails && !job_fails(&j))
			j.goes_to = arena_printf(a, "%c%s", mark, j.goes_to);
		store_job_add(s, &j);
		follow(s, a, &j, added[i].due_ms);
		spoilt++;
	}
	return spoilt;
}
