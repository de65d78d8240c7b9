/* What time does to snapshots and backup points: creation and rollback end, deadlines pass. */
#include "cbs/settle.h"

#include "cbs/snapshot.h"
#include "util/ident.h"
#include "util/str.h"

static void tell(struct settling *s, const struct snapshot *p, int64_t at_ms, enum snapshot_state from, const char *to)
{
	char id[IDENT_SIZE];
	ident_format(IDENT_SNAPSHOT, p->no, id);
	settle_event(s, at_ms, id, snapshot_state_names[from], to);
}

/* `p` is no longer in `from` when something else ended that meanwhile. */
static void return_to_normal(struct settling *s, struct snapshot *p, enum snapshot_state from, int64_t now_ms)
{
	if (p->state != from)
		return;
	snapshot_move(s->store, p, SNAPSHOT_NORMAL, now_ms, 0);
	tell(s, p, now_ms, from, snapshot_state_names[SNAPSHOT_NORMAL]);
}

/* A deadline deletes the snapshot, also one that is shared. One that is bound to an image or locked stays, past its deadline
 * (inferred from DeleteSnapshots, which refuses those). snapshot_move sees to one that is busy at that moment. */
static void expire(struct settling *s, const struct snapshot *p, int64_t now_ms)
{
	bool due = p->deadline_ms != 0 && p->deadline_ms <= now_ms;
	if (!due || p->state != SNAPSHOT_NORMAL || p->image_count > 0 || p->locked)
		return;
	snapshot_remove(s->store, p, false);
	tell(s, p, now_ms, SNAPSHOT_NORMAL, "");
}

void snapshot_job(struct settling *s, const struct job *j)
{
	struct snapshot p;
	if (!store_snapshot(s->store, s->arena, j->resource, &p))
		return;
	if (str_is(j->kind, "snapshot.create"))
		return_to_normal(s, &p, SNAPSHOT_CREATING, j->due_ms);
	else if (str_is(j->kind, "snapshot.rollback"))
		return_to_normal(s, &p, SNAPSHOT_ROLLBACKING, j->due_ms);
	else if (str_is(j->kind, "snapshot.expire"))
		expire(s, &p, j->due_ms);
}

/* One that a fixture put into ROLLBACKING has a job of its own beside the disk's. */
void snapshot_release(struct settling *s, int64_t disk, int64_t at_ms)
{
	struct snapshot *snapshots;
	size_t count = store_snapshots_of_disk(s->store, s->arena, disk, &snapshots);
	for (size_t i = 0; i < count; i++) {
		if (snapshots[i].state != SNAPSHOT_ROLLBACKING)
			continue;
		store_job_remove_all(s->store, "snapshot.rollback", snapshots[i].no);
		return_to_normal(s, &snapshots[i], SNAPSHOT_ROLLBACKING, at_ms);
	}
}

void backup_job(struct settling *s, const struct job *j)
{
	struct backup b;
	if (!store_backup(s->store, s->arena, j->resource, &b) || b.state != BACKUP_CREATING)
		return;
	char id[IDENT_SIZE];
	ident_format(IDENT_BACKUP, b.no, id);
	store_backup_set_state(s->store, b.no, BACKUP_NORMAL, j->due_ms, 0);
	settle_event(s, j->due_ms, id, backup_state_names[BACKUP_CREATING], backup_state_names[BACKUP_NORMAL]);
}
