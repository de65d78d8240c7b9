/* How what was begun on a disk ends, and how a prepaid disk's life does (cbs.md §3.1). */
#include "cbs/settle.h"

#include "cbs/disk.h"
#include "util/str.h"
#include "util/wiretime.h"

/* A prepaid disk is usable this long after its term. */
static const int64_t grace_ms = INT64_C(7) * 24 * 60 * 60 * 1000;

/* The months an automatic renewal adds. */
enum { RENEWAL_MONTHS = 1 };

static void tell(struct settling *s, const struct job *j, const char *from, const char *to)
{
	settle_event(s, j->due_ms, disk_id(s->arena, j->resource), from, to);
}

static void go(struct settling *s, struct disk *d, const struct job *j, enum disk_state to)
{
	const char *from = disk_state_names[d->state];
	if (disk_move(s->store, d, to, j->due_ms, 0))
		tell(s, j, from, disk_state_names[to]);
}

/* To where it was before. */
static void go_back(struct settling *s, struct disk *d, const struct job *j)
{
	go(s, d, j, str_is(j->goes_to, disk_state_names[DISK_ATTACHED]) ? DISK_ATTACHED : DISK_UNATTACHED);
}

static void show(struct settling *s, struct disk *d)
{
	d->hidden = false;
	store_disk_save(s->store, d);
	store_usage_add(s->store, d->account, d->region, 1, 0, 0);
}

static void finish_show(struct settling *s, struct disk *d, const struct job *j)
{
	if (!d->hidden)
		return;
	show(s, d);
	if (d->state == DISK_ATTACHING) {
		store_job_remove_all(s->store, "disk.attach", d->no); /* a fixture's */
		disk_move(s->store, d, DISK_ATTACHED, j->due_ms, 0);
	}
	tell(s, j, "", disk_state_names[d->state]);
}

static void finish_attach(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state == DISK_ATTACHING)
		go(s, d, j, DISK_ATTACHED);
}

static void finish_detach(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state == DISK_DETACHING)
		go(s, d, j, DISK_UNATTACHED);
}

static void finish_expand(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state != DISK_EXPANDING)
		return;
	if (j->arg > d->size_gib)
		d->size_gib = j->arg;
	go_back(s, d, j);
}

/* arg 1: the instance is started afterwards. */
static void finish_rollback(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state != DISK_ROLLBACKING)
		return;
	go_back(s, d, j);
	snapshot_release(s, d->no, j->due_ms);
	if (j->arg != 0 && d->instance != 0)
		store_instance_state(s->store, d->instance, "RUNNING");
}

/* The type follows; the percentage stays at 100, which clients wait for. */
static void finish_migrate(struct settling *s, struct disk *d, const struct job *j)
{
	if (!d->migrating)
		return;
	d->migrating = false;
	d->migrate_percent = 100;
	if (!str_is(j->goes_to, ""))
		d->type = j->goes_to;
	store_disk_save(s->store, d);
}

/* The flag says so and the account is not in arrears; nothing is charged, since prices are not modelled (inferred). */
static bool renews(struct settling *s, const struct disk *d)
{
	struct account account;
	return str_is(d->renew_flag, "NOTIFY_AND_AUTO_RENEW") && store_account(s->store, s->arena, d->account, &account) &&
	       account.balance_cents >= 0;
}

static void finish_expire(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state == DISK_TORECYCLE || d->deadline_ms > j->due_ms)
		return;
	int64_t next_ms = wiretime_add_months(d->deadline_ms, RENEWAL_MONTHS);
	if (!renews(s, d) || next_ms <= d->deadline_ms) {
		struct job recycle = { .due_ms = j->due_ms + grace_ms, .kind = "disk.recycle", .resource = d->no, .goes_to = "" };
		store_job_add(s->store, &recycle);
		return;
	}
	d->deadline_ms = next_ms;
	store_disk_save(s->store, d);
	disk_watch_deadline(s->store, d);
}

/* Whatever is under way is broken off, the making of the disk too. */
static void finish_recycle(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state == DISK_TORECYCLE || !disk_expired(d, j->due_ms))
		return;
	if (d->hidden)
		show(s, d);
	enum disk_state from = d->state;
	disk_recycle(s->store, d, j->due_ms);
	tell(s, j, disk_state_names[from], disk_state_names[DISK_TORECYCLE]);
	if (from == DISK_ROLLBACKING)
		snapshot_release(s, d->no, j->due_ms);
}

static void finish_release(struct settling *s, struct disk *d, const struct job *j)
{
	if (d->state != DISK_TORECYCLE)
		return;
	disk_remove(s->store, s->arena, d, false);
	tell(s, j, disk_state_names[DISK_TORECYCLE], "");
}

static const struct {
	const char *kind;
	void (*finish)(struct settling *s, struct disk *d, const struct job *j);
} finishers[] = {
	{ "disk.show", finish_show },
	{ "disk.attach", finish_attach },
	{ "disk.detach", finish_detach },
	{ "disk.expand", finish_expand },
	{ "disk.rollback", finish_rollback },
	{ "disk.migrate", finish_migrate },
	{ "disk.expire", finish_expire },
	{ "disk.recycle", finish_recycle },
	{ "disk.release", finish_release },
};

void disk_job(struct settling *s, const struct job *j)
{
	struct disk d;
	if (!store_disk(s->store, s->arena, j->resource, &d))
		return;
	for (size_t i = 0; i < sizeof finishers / sizeof finishers[0]; i++) {
		if (str_is(j->kind, finishers[i].kind))
			finishers[i].finish(s, &d, j);
	}
}
