/* BindAutoSnapshotPolicy: from now on the policy takes snapshots of these disks; all of them or none (cbs.md §3.3). */
#include <inttypes.h>

#include "cbs/actions.h"
#include "cbs/policy_request.h"

static bool no_disk_named(struct call *c, const void *subject)
{
	const char *const *ids = NULL;
	(void)subject;
	if (arg_list(c, "DiskIds", &ids) > 0)
		return false;
	call_fail_text(c, TEXT_MISSING_PARAMETER_NAMED, "DiskIds", NULL);
	return true;
}

static bool disk_cannot_snapshot(struct call *c, const void *subject)
{
	const struct policy_request *r = subject;
	if (r->on.disk->snapshot_ability)
		return false;
	call_because(c, "there are no snapshots of %s", disk_id(c->arena, r->on.disk->no));
	return true;
}

static bool disk_bound(struct call *c, const void *subject)
{
	const struct policy_request *r = subject;
	if (!store_policy_bound(c->store, r->policy.no, r->on.disk->no))
		return false;
	call_fail_text(c, TEXT_DISK_BOUND, disk_id(c->arena, r->on.disk->no), policy_id(c->arena, r->policy.no), NULL);
	return true;
}

static bool policy_full(struct call *c, const void *subject)
{
	const struct policy_request *r = subject;
	int64_t *disks;
	size_t count = store_policy_disks(c->store, c->arena, r->policy.no, &disks);
	if ((int64_t)(count + r->on.count) <= r->on.world.policy_disk_max)
		return false;
	call_because(c, "%zu disks and %zu more, of %" PRId64, count, r->on.count, r->on.world.policy_disk_max);
	return true;
}

static bool disk_full(struct call *c, const void *subject)
{
	const struct policy_request *r = subject;
	struct policy *policies;
	size_t count = store_disk_policies(c->store, c->arena, r->on.disk->no, &policies);
	if ((int64_t)count < r->on.world.disk_policy_max)
		return false;
	call_because(c, "%s has %zu policies of %" PRId64, disk_id(c->arena, r->on.disk->no), count, r->on.world.disk_policy_max);
	return true;
}

static const struct guard guards[] = {
	{ "no_disk_named", no_disk_named, BOTH_DIALECTS(ERR_MISSING_PARAMETER) },
	{ "disk_named_twice", names_disk_twice, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "policy_unknown", names_unknown_policy, BOTH_DIALECTS(ERR_INVALID_AUTO_SNAPSHOT_POLICY_ID_NOT_FOUND) },
	{ "policy_isolated", policy_isolated, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "disk_unknown", names_unknown_disk, BOTH_DIALECTS(ERR_INVALID_DISK_ID_NOT_FOUND) },
	{ "disk_unborn", names_unborn_disk, ERR_INVALID_DISK_ID_NOT_FOUND, ERR_RESOURCE_NOT_FOUND_NOT_FOUND },
	{ "disk_in_recycle_bin", disk_in_recycle_bin, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "disk_cannot_snapshot", disk_cannot_snapshot, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "disk_bound", disk_bound, BOTH_DIALECTS(ERR_INVALID_DISK_ALREADY_BOUND) },
	{ "policy_full", policy_full, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE_BIND_DISK_LIMIT_EXCEEDED) },
	{ "disk_full", disk_full, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE_BIND_DISK_LIMIT_EXCEEDED) },
};

static enum verdict run(struct call *c)
{
	struct policy_request r;
	policy_request_read(c, &r);
	if (disk_request_check(c, &r.on, guards, COUNT(guards)) != VERDICT_OK)
		return VERDICT_FAIL;
	for (size_t i = 0; i < r.on.count; i++)
		store_policy_bind(c->store, r.policy.no, r.on.disks[i].no);
	return call_ok(c);
}

const struct action bind_auto_snapshot_policy = {
	.name = "BindAutoSnapshotPolicy",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, COUNT(guards) } },
	.run = run,
	.volumes = (const char *const[]){ "DiskIds", NULL },
};
