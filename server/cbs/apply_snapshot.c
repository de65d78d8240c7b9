/* ApplySnapshot: a snapshot is rolled back onto the disk it was taken of (cbs.md §3.3). The disk is detached, or its instance does
 * not run: it was stopped before, or is by this call. */
#include <inttypes.h>

#include "cbs/actions.h"
#include "cbs/disk_request.h"
#include "cbs/polls.h"
#include "cbs/settle.h"
#include "cbs/snapshot.h"
#include "util/ident.h"
#include "util/str.h"

static bool start_without_stop(struct call *c, const void *subject)
{
	(void)subject;
	if (!arg_bool(c, "AutoStartInstance", false) || arg_bool(c, "AutoStopInstance", false))
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, "true", "AutoStartInstance", NULL);
	call_because(c, "AutoStartInstance needs AutoStopInstance");
	return true;
}

static bool snapshot_unknown(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->snapshot_known)
		return false;
	call_fail_text(c, TEXT_SNAPSHOT_NOT_FOUND, arg_str(c, "SnapshotId", ""), NULL);
	return true;
}

/* A copy from another region remembers no disk; one shared by another account only serves to create disks. */
static bool snapshot_not_own(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->snapshot.account != c->who->uin)
		call_because(c, "the snapshot belongs to another account");
	else if (r->snapshot.disk == 0)
		call_because(c, "the snapshot is a copy and has no disk");
	else
		return false;
	return true;
}

static bool snapshot_of_another_disk(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->snapshot.disk == r->disk->no)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, disk_id(c->arena, r->disk->no), "DiskId", NULL);
	call_because(c, "the snapshot was taken of %s", disk_id(c->arena, r->snapshot.disk));
	return true;
}

static bool snapshot_needs_image(struct call *c, const void *subject)
{
	(void)c;
	const struct disk_request *r = subject;
	return r->snapshot.legacy_system;
}

static bool size_differs(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->snapshot.size_gib == r->disk->size_gib)
		return false;
	call_because(c, "the snapshot has %" PRId64 " GiB, the disk %" PRId64, r->snapshot.size_gib, r->disk->size_gib);
	return true;
}

static bool stop_of_no_instance(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!arg_bool(c, "AutoStopInstance", false) || r->disk->instance != 0)
		return false;
	call_because(c, "%s has no instance to stop", disk_id(c->arena, r->disk->no));
	return true;
}

static bool snapshot_creating(struct call *c, const void *subject)
{
	(void)c;
	const struct disk_request *r = subject;
	return r->snapshot.state == SNAPSHOT_CREATING;
}

static bool snapshot_not_normal(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->snapshot.state == SNAPSHOT_NORMAL)
		return false;
	call_because(c, "the snapshot is %s", snapshot_state_names[r->snapshot.state]);
	return true;
}

static bool instance_runs(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!r->instance_known || !str_is(r->instance.state, "RUNNING") || arg_bool(c, "AutoStopInstance", false))
		return false;
	call_because(c, "%s runs", r->instance.id);
	return true;
}

static bool disk_busy(struct call *c, const void *subject)
{
	return disk_in_transition(c, subject) || disk_migrating(c, subject) || disk_held(c, subject);
}

static bool backend_down(struct call *c, const void *subject)
{
	return component_down(c, "snapshot") || storage_or_key_down(c, subject) || disk_backend_fault(c, subject);
}

/* The documented list of this action has no code for arrears: the nearest stands in (inferred); and none of its own for a back end
 * that fails. */
static const struct guard guards[] = {
	{ "start_without_stop", start_without_stop, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "mfa_expired", caller_mfa_expired, BOTH_DIALECTS(ERR_UNAUTHORIZED_OPERATION_MFA_EXPIRED) },
	{ "arrears", account_in_arrears, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "snapshot_unknown", snapshot_unknown, BOTH_DIALECTS(ERR_INVALID_SNAPSHOT_ID_NOT_FOUND) },
	{ "disk_unknown", names_unknown_disk, BOTH_DIALECTS(ERR_INVALID_DISK_ID_NOT_FOUND) },
	{ "disk_unborn", names_unborn_disk, ERR_INVALID_DISK_ID_NOT_FOUND, ERR_RESOURCE_NOT_FOUND_NOT_FOUND },
	{ "snapshot_not_own", snapshot_not_own, BOTH_DIALECTS(ERR_INVALID_SNAPSHOT_NOT_SUPPORTED) },
	{ "snapshot_of_another_disk", snapshot_of_another_disk, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "snapshot_needs_image", snapshot_needs_image, BOTH_DIALECTS(ERR_INVALID_PARAMETER_SHOULD_CONVERT_SNAPSHOT_TO_IMAGE) },
	{ "size_differs", size_differs, BOTH_DIALECTS(ERR_INVALID_PARAMETER_DISK_SIZE_NOT_MATCH) },
	{ "stop_of_no_instance", stop_of_no_instance, BOTH_DIALECTS(ERR_INVALID_INSTANCE_ID_NOT_FOUND) },
	{ "disk_in_recycle_bin", disk_in_recycle_bin, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "disk_expired", disk_past_deadline, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "disk_out_of_reach", disk_out_of_reach, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "snapshot_creating", snapshot_creating, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_SNAPSHOT_CREATING) },
	{ "disk_snapshotting", disk_snapshot_creating, BOTH_DIALECTS(ERR_INVALID_DISK_SNAPSHOT_CREATING) },
	{ "disk_rollbacking", disk_rollbacking, ERR_INVALID_DISK_BUSY, ERR_RESOURCE_IN_USE_DISK_ROLLBACKING },
	{ "snapshot_not_normal", snapshot_not_normal, BOTH_DIALECTS(ERR_INVALID_SNAPSHOT_NOT_SUPPORTED) },
	{ "instance_running", instance_runs, BOTH_DIALECTS(ERR_INVALID_INSTANCE_NOT_SUPPORTED) },
	{ "disk_busy", disk_busy, BOTH_DIALECTS(ERR_INVALID_DISK_BUSY) },
	{ "sold_out", type_sold_out, BOTH_DIALECTS(ERR_RESOURCE_INSUFFICIENT) },
	{ "disk_locked", disk_locked, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
	{ "backend_down", backend_down, BOTH_DIALECTS(ERR_INTERNAL_ERROR) },
};

static void roll_back(struct call *c, struct disk_request *r)
{
	struct disk *d = &r->disks[0];
	struct job j = {
		.due_ms = transition_end(c, TRANSITION_DISK_ROLLBACK),
		.polls = transition_polls(c, TRANSITION_DISK_ROLLBACK),
		.kind = "disk.rollback",
		.resource = d->no,
		.goes_to = disk_state_names[d->state],
		.arg = arg_bool(c, "AutoStartInstance", false),
	};
	if (arg_bool(c, "AutoStopInstance", false))
		store_instance_state(c->store, r->instance.no, "STOPPED");
	snapshot_move(c->store, &r->snapshot, SNAPSHOT_ROLLBACKING, c->now_ms, j.due_ms);
	disk_move(c->store, d, DISK_ROLLBACKING, c->now_ms, j.due_ms);
	store_job_add(c->store, &j);
}

static enum verdict run(struct call *c)
{
	struct disk_request r;
	disk_request_read(c, &r, "DiskId");
	r.snapshot_known = snapshot_find_visible(c, arg_id(c, "SnapshotId", IDENT_SNAPSHOT), &r.snapshot);
	if (r.count > 0)
		disk_request_instance(c, &r, r.disks[0].instance);
	if (disk_request_check(c, &r, guards, COUNT(guards)) != VERDICT_OK)
		return VERDICT_FAIL;
	roll_back(c, &r);
	return call_ok(c);
}

const struct action apply_snapshot = {
	.name = "ApplySnapshot",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, COUNT(guards) } },
	.run = run,
	.volumes = (const char *const[]){ "DiskId", NULL },
	.snapshots = (const char *const[]){ "SnapshotId", NULL },
};
