/* DetachDisks: elastic data disks leave the one instance they are attached to, all of them or none (cbs.md §3.3). */
#include "cbs/actions.h"
#include "cbs/disk_request.h"
#include "cbs/polls.h"
#include "cbs/settle.h"
#include "util/ident.h"
#include "util/str.h"

static bool disk_not_attached(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->disk->state == DISK_ATTACHED)
		return false;
	say_disk_state(c, r->disk);
	return true;
}

/* Disks of several instances, or of another one than the request names. */
static bool disk_on_another_instance(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!r->instance_known || r->disk->instance == 0 || r->disk->instance == r->instance.no)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, disk_id(c->arena, r->disk->no), "DiskIds", NULL);
	call_because(c, "%s is not on %s", disk_id(c->arena, r->disk->no), r->instance.id);
	return true;
}

/* The CSI driver names the type when it means a pod's node; without it a pod's disk is not to be taken away (inferred). */
static bool instance_is_pod(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!r->instance_known || !str_is(r->instance.type, "EKS") || str_case_is(arg_str(c, "InstanceType", ""), "eks"))
		return false;
	call_because(c, "%s is a pod's node", r->instance.id);
	return true;
}

static const struct guard guards[] = {
	{ "disk_named_twice", names_disk_twice, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "mfa_expired", caller_mfa_expired, BOTH_DIALECTS(ERR_UNAUTHORIZED_OPERATION_MFA_EXPIRED) },
	{ "instance_unknown", names_unknown_instance, BOTH_DIALECTS(ERR_INVALID_INSTANCE_ID_NOT_FOUND) },
	{ "disk_unknown", names_unknown_disk, BOTH_DIALECTS(ERR_INVALID_DISK_ID_NOT_FOUND) },
	{ "disk_unborn", names_unborn_disk, ERR_INVALID_DISK_ID_NOT_FOUND, ERR_RESOURCE_NOT_FOUND_NOT_FOUND },
	{ "disk_type", disk_of_wrong_type, ERR_INVALID_DISK_TYPE_ERROR, ERR_RESOURCE_UNAVAILABLE_TYPE_ERROR },
	{ "disk_not_portable", disk_not_portable, ERR_INVALID_DISK_NOT_PORTABLE, ERR_RESOURCE_UNAVAILABLE_NOT_PORTABLE },
	{ "instance_unsupported", instance_unsupported, BOTH_DIALECTS(ERR_INVALID_INSTANCE_NOT_SUPPORTED) },
	{ "instance_is_pod", instance_is_pod, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION_DETACH_POD) },
	{ "disk_on_another_instance", disk_on_another_instance, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "disk_out_of_reach", disk_out_of_reach, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "disk_migrating", disk_migrating, BOTH_DIALECTS(ERR_RESOURCE_IN_USE_DISK_MIGRATING) },
	{ "disk_not_attached", disk_not_attached, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "disk_held", disk_held, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION) },
	{ "disk_locked", disk_locked, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
	{ "storage_down", storage_or_key_down, BOTH_DIALECTS(ERR_INTERNAL_ERROR_COMPONENT_ERROR) },
	{ "backend_fault", disk_backend_fault, BOTH_DIALECTS(ERR_INTERNAL_ERROR_RESOURCE_OP_FAILED) },
};

static void detach(struct call *c, struct disk *d)
{
	int64_t due_ms = transition_end(c, TRANSITION_DISK_DETACH);
	struct job j = { .due_ms = due_ms, .kind = "disk.detach", .resource = d->no, .goes_to = "",
	                 .polls = transition_polls(c, TRANSITION_DISK_DETACH) };
	disk_move(c->store, d, DISK_DETACHING, c->now_ms, due_ms);
	store_job_add(c->store, &j);
}

static enum verdict run(struct call *c)
{
	struct disk_request r;
	disk_request_read(c, &r, "DiskIds");
	if (arg_given(c, "InstanceId"))
		disk_request_instance(c, &r, arg_id(c, "InstanceId", IDENT_INSTANCE));
	else if (r.count > 0)
		disk_request_instance(c, &r, r.disks[0].instance);
	if (disk_request_check(c, &r, guards, COUNT(guards)) != VERDICT_OK)
		return VERDICT_FAIL;
	for (size_t i = 0; i < r.count; i++)
		detach(c, &r.disks[i]);
	return call_ok(c);
}

const struct action detach_disks = {
	.name = "DetachDisks",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, COUNT(guards) } },
	.run = run,
	.volumes = (const char *const[]){ "DiskIds", NULL },
};
