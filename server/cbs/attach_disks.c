/* AttachDisks: elastic data disks go to one instance, all of them or none (cbs.md §3.3). A shareable disk, too, is attached to one
 * instance at a time here. */
#include <inttypes.h>

#include "cbs/actions.h"
#include "cbs/disk_request.h"
#include "cbs/polls.h"
#include "cbs/settle.h"
#include "util/ident.h"
#include "util/str.h"

static bool disk_in_another_zone(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (str_is(r->disk->zone, r->instance.zone))
		return false;
	call_because(c, "%s is in %s, %s in %s", disk_id(c->arena, r->disk->no), r->disk->zone, r->instance.id, r->instance.zone);
	return true;
}

static bool prepaid_goes_with_instance(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!arg_bool(c, "DeleteWithInstance", false) || !str_is(r->disk->charge_type, "PREPAID"))
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, "true", "DeleteWithInstance", NULL);
	call_because(c, "%s is prepaid", disk_id(c->arena, r->disk->no));
	return true;
}

static bool disk_attached(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->disk->state != DISK_ATTACHED)
		return false;
	call_because(c, "%s is attached", disk_id(c->arena, r->disk->no));
	return true;
}

static bool disk_not_free(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->disk->state == DISK_UNATTACHED)
		return false;
	say_disk_state(c, r->disk);
	return true;
}

static bool instance_full(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	int64_t max = r->instance.disk_max != 0 ? r->instance.disk_max : r->world.instance_disk_max;
	if (r->instance.attached + (int64_t)r->count <= max)
		return false;
	call_because(c, "%s has %" PRId64 " of %" PRId64 " disks", r->instance.id, r->instance.attached, max);
	return true;
}

static const struct guard guards[] = {
	{ "disk_named_twice", names_disk_twice, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "instance_unknown", names_unknown_instance, BOTH_DIALECTS(ERR_INVALID_INSTANCE_ID_NOT_FOUND) },
	{ "disk_unknown", names_unknown_disk, BOTH_DIALECTS(ERR_INVALID_DISK_ID_NOT_FOUND) },
	{ "disk_unborn", names_unborn_disk, ERR_INVALID_DISK_ID_NOT_FOUND, ERR_RESOURCE_NOT_FOUND_NOT_FOUND },
	{ "instance_unsupported", instance_unsupported, BOTH_DIALECTS(ERR_INVALID_INSTANCE_NOT_SUPPORTED) },
	{ "disk_type", disk_of_wrong_type, ERR_INVALID_DISK_TYPE_ERROR, ERR_RESOURCE_UNAVAILABLE_TYPE_ERROR },
	{ "disk_not_portable", disk_not_portable, ERR_INVALID_DISK_NOT_PORTABLE, ERR_RESOURCE_UNAVAILABLE_NOT_PORTABLE },
	{ "zone_differs", disk_in_another_zone, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_ZONE_NOT_MATCH) },
	{ "prepaid_goes_with_instance", prepaid_goes_with_instance, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "disk_in_recycle_bin", disk_in_recycle_bin, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "disk_expired", disk_past_deadline, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "disk_out_of_reach", disk_out_of_reach, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "disk_migrating", disk_migrating, BOTH_DIALECTS(ERR_RESOURCE_IN_USE_DISK_MIGRATING) },
	{ "disk_attached", disk_attached, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_ATTACHED) },
	{ "disk_not_free", disk_not_free, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "disk_held", disk_held, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
	{ "instance_full", instance_full, BOTH_DIALECTS(ERR_LIMIT_EXCEEDED_INSTANCE_ATTACHED_DISK) },
	{ "disk_locked", disk_locked, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
	{ "storage_down", storage_or_key_down, BOTH_DIALECTS(ERR_INTERNAL_ERROR_COMPONENT_ERROR) },
	{ "backend_fault", disk_backend_fault, BOTH_DIALECTS(ERR_INTERNAL_ERROR_RESOURCE_OP_FAILED) },
};

static void attach(struct call *c, const struct disk_request *r, struct disk *d)
{
	int64_t due_ms = transition_end(c, TRANSITION_DISK_ATTACH);
	struct job j = { .due_ms = due_ms, .kind = "disk.attach", .resource = d->no, .goes_to = "",
	                 .polls = transition_polls(c, TRANSITION_DISK_ATTACH) };
	d->instance = r->instance.no;
	d->attach_mode = arg_str(c, "AttachMode", "");
	d->delete_with_instance = arg_bool(c, "DeleteWithInstance", false);
	disk_move(c->store, d, DISK_ATTACHING, c->now_ms, due_ms);
	store_job_add(c->store, &j);
}

static enum verdict run(struct call *c)
{
	struct disk_request r;
	disk_request_read(c, &r, "DiskIds");
	disk_request_instance(c, &r, arg_id(c, "InstanceId", IDENT_INSTANCE));
	if (disk_request_check(c, &r, guards, COUNT(guards)) != VERDICT_OK)
		return VERDICT_FAIL;
	for (size_t i = 0; i < r.count; i++)
		attach(c, &r, &r.disks[i]);
	return call_ok(c);
}

const struct action attach_disks = {
	.name = "AttachDisks",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, COUNT(guards) } },
	.run = run,
	.volumes = (const char *const[]){ "DiskIds", NULL },
};
