/* ResizeDisk: an elastic disk grows, detached or attached; the new size shows when it is done (cbs.md §3.3, §6). */
#include <inttypes.h>

#include "cbs/actions.h"
#include "cbs/disk_request.h"
#include "cbs/polls.h"
#include "cbs/settle.h"
#include "util/str.h"

static bool size_not_larger(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	int64_t size = arg_int(c, "DiskSize", 0);
	if (size > r->disk->size_gib)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, arena_printf(c->arena, "%" PRId64, size), "DiskSize", NULL);
	call_because(c, "%s has %" PRId64 " GiB already", disk_id(c->arena, r->disk->no), r->disk->size_gib);
	return true;
}

static bool size_not_sold(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	struct disk_type type;
	int64_t size = arg_int(c, "DiskSize", 0);
	if (!store_disk_type(c->store, c->arena, r->disk->type, &type))
		return false;
	if (size <= type.max_gib && (size - type.min_gib) % type.step_gib == 0)
		return false;
	call_because(c, "%s has up to %" PRId64 " GiB in steps of %" PRId64, type.name, type.max_gib, type.step_gib);
	return true;
}

static bool instance_must_stop(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!r->instance_known || r->instance.online_resize || !str_is(r->instance.state, "RUNNING"))
		return false;
	call_because(c, "%s runs and takes no resize while it does", r->instance.id);
	return true;
}

static bool disk_busy(struct call *c, const void *subject)
{
	return disk_in_transition(c, subject) || disk_migrating(c, subject) || disk_held(c, subject) || disk_locked(c, subject);
}

static bool backend_down(struct call *c, const void *subject)
{
	return component_down(c, "billing") || storage_down(c, subject) || disk_backend_fault(c, subject);
}

static const struct guard guards[] = {
	{ "no_payment_right", account_without_payment_right, BOTH_DIALECTS(ERR_UNAUTHORIZED_OPERATION_NOT_HAVE_PAYMENT_RIGHT) },
	{ "arrears", account_in_arrears, BOTH_DIALECTS(ERR_INVALID_ACCOUNT_INSUFFICIENT_BALANCE) },
	{ "trade_conflict", account_trade_conflict, BOTH_DIALECTS(ERR_TRADE_DEAL_CONFLICT) },
	{ "disk_unknown", names_unknown_disk, BOTH_DIALECTS(ERR_INVALID_DISK_ID_NOT_FOUND) },
	{ "disk_unborn", names_unborn_disk, ERR_INVALID_DISK_ID_NOT_FOUND, ERR_RESOURCE_NOT_FOUND_NOT_FOUND },
	{ "disk_not_portable", disk_not_portable, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "disk_expired", disk_past_deadline, ERR_INVALID_DISK_EXPIRE, ERR_RESOURCE_UNAVAILABLE_EXPIRE },
	{ "disk_in_recycle_bin", disk_in_recycle_bin, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "disk_isolated", disk_isolated, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "size_not_larger", size_not_larger, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "size_not_sold", size_not_sold, BOTH_DIALECTS(ERR_INVALID_PARAMETER_DISK_CONFIG_NOT_SUPPORTED) },
	{ "snapshot_creating", disk_snapshot_creating, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_SNAPSHOT_CREATING) },
	{ "disk_busy", disk_busy, BOTH_DIALECTS(ERR_INVALID_DISK_BUSY) },
	{ "instance_running", instance_must_stop, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION_INSTANCE_NOT_STOPPED) },
	{ "sold_out", type_sold_out, BOTH_DIALECTS(ERR_RESOURCE_INSUFFICIENT) },
	{ "backend_down", backend_down, BOTH_DIALECTS(ERR_INTERNAL_ERROR_COMPONENT_ERROR) },
};

static enum verdict run(struct call *c)
{
	struct disk_request r;
	disk_request_read(c, &r, "DiskId");
	if (r.count > 0)
		disk_request_instance(c, &r, r.disks[0].instance);
	if (disk_request_check(c, &r, guards, COUNT(guards)) != VERDICT_OK)
		return VERDICT_FAIL;
	struct disk *d = &r.disks[0];
	struct job j = {
		.due_ms = transition_end(c, TRANSITION_DISK_RESIZE),
		.polls = transition_polls(c, TRANSITION_DISK_RESIZE),
		.kind = "disk.expand",
		.resource = d->no,
		.goes_to = disk_state_names[d->state],
		.arg = arg_int(c, "DiskSize", 0),
	};
	disk_move(c->store, d, DISK_EXPANDING, c->now_ms, j.due_ms);
	store_job_add(c->store, &j);
	return call_ok(c);
}

const struct action resize_disk = {
	.name = "ResizeDisk",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, COUNT(guards) } },
	.run = run,
	.volumes = (const char *const[]){ "DiskId", NULL },
};
