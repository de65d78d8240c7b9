/* CreateSnapshot: a snapshot of a disk, or one made from a backup point, which that consumes (cbs.md §4.1). */
#include "cbs/create_snapshot.h"

#include "cbs/actions.h"
#include "cbs/disk.h"
#include "cbs/guard.h"
#include "cbs/polls.h"
#include "cbs/settle.h"
#include "cbs/snapshot.h"
#include "cbs/tags.h"
#include "util/ident.h"
#include "util/str.h"

/* A later snapshot of a disk holds this fraction of its written data: the increment (inferred). */
enum { INCREMENT_SHARE = 16 };

/* ---- what is asked for ------------------------------------------------------------------------------------------------- */

/* What makes the call what it is, beside its ClientToken. */
static const char *const token_params[] = { "DiskId", "SnapshotName", "Deadline", "DiskBackupId", "Tags", "DiskUsage", NULL };

static const char *snapshot_name(struct call *c)
{
	const char *given = arg_str(c, "SnapshotName", "");
	return *given != '\0' ? given : call_unnamed(c);
}

static void subject_ask(struct call *c, struct create_snapshot_subject *s)
{
	*s = (struct create_snapshot_subject){
		.disk_no = arg_id(c, "DiskId", IDENT_DISK),
		.backup_no = arg_id(c, "DiskBackupId", IDENT_BACKUP),
		.name = snapshot_name(c),
		.deadline_ms = snapshot_deadline_arg(c),
	};
	client_token_read(c, token_params, &s->token);
}

bool create_snapshot_look(struct call *c, struct create_snapshot_subject *s)
{
	if (!store_world(c->store, &s->world) || !store_account(c->store, c->arena, c->who->uin, &s->account))
		return false;
	store_usage(c->store, c->who->uin, c->region, &s->usage);
	s->backup_found = s->backup_no >= 0 && store_backup(c->store, c->arena, s->backup_no, &s->backup) &&
	                  s->backup.account == c->who->uin && str_is(s->backup.region, c->region);
	if (s->disk_no < 0 && s->backup_found)
		s->disk_no = s->backup.disk;
	s->disk_found = s->disk_no >= 0 && disk_find(c, s->disk_no, &s->disk);
	s->usage_name = s->backup_found ? s->backup.usage : s->disk.usage;
	s->encrypt = s->backup_found ? s->backup.encrypt : s->disk.encrypt;
	return true;
}

/* ---- the change -------------------------------------------------------------------------------------------------------- */

int64_t create_snapshot_take(struct call *c, const struct create_snapshot_subject *s)
{
	const struct disk *d = &s->disk;
	struct snapshot p = {
		.no = store_next_no(c->store, SEQUENCE_SNAPSHOT, d->account, d->region),
		.account = d->account,
		.region = d->region,
		.zone = d->zone,
		.project_id = d->project_id,
		.disk = d->no,
		.name = s->name,
		.usage = arg_str(c, "DiskUsage", s->usage_name),
		.size_gib = s->backup_found ? s->backup.size_gib : d->size_gib,
		.used_mib = d->snapshot_count == 0 ? d->used_mib : d->used_mib / INCREMENT_SHARE,
		.encrypt = s->encrypt,
		.state = SNAPSHOT_CREATING,
		.state_since_ms = c->now_ms,
		.state_until_ms = transition_end(c, TRANSITION_SNAPSHOT_CREATE),
		.create_ms = c->now_ms,
		.modify_ms = c->now_ms,
		.deadline_ms = s->deadline_ms,
		.policy = s->policy,
		.copying_to = "",
	};
	snapshot_add(c->store, &p);
	struct job done = { .due_ms = p.state_until_ms, .kind = "snapshot.create", .resource = p.no, .goes_to = "",
	                    .polls = transition_polls(c, TRANSITION_SNAPSHOT_CREATE) };
	store_job_add(c->store, &done);
	tags_set(c->store, TAG_SNAPSHOT, p.no, p.account, arg_json(c, "Tags"));
	if (s->backup_found)
		store_backup_delete(c->store, s->backup.no);
	return p.no;
}

static enum verdict run(struct call *c)
{
	struct create_snapshot_subject s;
	subject_ask(c, &s);
	if (!create_snapshot_look(c, &s))
		return call_fail(c, ERR_INTERNAL_ERROR);
	if (s.world.snapshot_client_token && client_token_repeats(&s.token)) {
		out_str(c->out, "SnapshotId", s.token.earlier_answer);
		return call_ok(c);
	}
	if (guards_check(c, create_snapshot_guards.rows, create_snapshot_guards.count, &s) != VERDICT_OK)
		return VERDICT_FAIL;
	char id[IDENT_SIZE];
	ident_format(IDENT_SNAPSHOT, create_snapshot_take(c, &s), id);
	client_token_keep(c, &s.token, id);
	out_str(c->out, "SnapshotId", id);
	return call_ok(c);
}

const struct action create_snapshot = {
	.name = "CreateSnapshot",
	.writes = true,
	.guards = { &create_snapshot_guards },
	.run = run,
	.volumes = (const char *const[]){ "DiskId", NULL },
};
