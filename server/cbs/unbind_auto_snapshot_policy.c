/* UnbindAutoSnapshotPolicy: disks, or all bound disks that are attached to an instance, leave a policy; one that is not bound is
 * skipped without a word (cbs.md §6). */
#include "cbs/actions.h"
#include "cbs/policy_request.h"
#include "util/ident.h"

struct subject {
	struct policy_request asked; /* first: refusals about policies and disks take this struct too */
	size_t instance_count;
	int64_t *instances;
	const char *unknown_instance; /* the first one; NULL: there is none */
};

static bool nothing_named(struct call *c, const void *subject)
{
	const char *const *ids = NULL;
	(void)subject;
	if (arg_list(c, "DiskIds", &ids) > 0 || arg_list(c, "InstanceIds", &ids) > 0)
		return false;
	call_fail_text(c, TEXT_MISSING_PARAMETER_NAMED, "DiskIds", NULL);
	return true;
}

static bool disk_unknown(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	return s->asked.on.unknown && names_unknown_disk(c, subject);
}

/* The documented list of this action has no code for an instance that is not there (inferred). */
static bool instance_unknown(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	if (!s->unknown_instance)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, s->unknown_instance, "InstanceIds", NULL);
	return true;
}

static bool in_recycle_bin(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	return s->asked.on.disk && disk_in_recycle_bin(c, subject);
}

static const struct guard guards[] = {
	{ "nothing_named", nothing_named, BOTH_DIALECTS(ERR_MISSING_PARAMETER) },
	{ "disk_named_twice", names_disk_twice, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "policy_unknown", names_unknown_policy, BOTH_DIALECTS(ERR_INVALID_AUTO_SNAPSHOT_POLICY_ID_NOT_FOUND) },
	{ "disk_unknown", disk_unknown, BOTH_DIALECTS(ERR_INVALID_DISK_ID_NOT_FOUND) },
	{ "disk_unborn", names_unborn_disk, BOTH_DIALECTS(ERR_INVALID_DISK_ID_NOT_FOUND) },
	{ "instance_unknown", instance_unknown, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "disk_in_recycle_bin", in_recycle_bin, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
};

static void read_instances(struct call *c, struct subject *s)
{
	const char *const *ids = NULL;
	size_t count = arg_list(c, "InstanceIds", &ids);
	s->instances = arena_alloc(c->arena, (count + 1) * sizeof *s->instances);
	for (size_t i = 0; i < count && !s->unknown_instance; i++) {
		struct disk_request one = { .count = 0 };
		int64_t no;
		if (ident_parse(IDENT_INSTANCE, ids[i], &no))
			disk_request_instance(c, &one, no);
		if (one.instance_known)
			s->instances[s->instance_count++] = no;
		else
			s->unknown_instance = ids[i];
	}
}

static void unbind_instance(struct call *c, const struct policy *p, int64_t no)
{
	struct disk *disks;
	size_t count = store_disks_of_instance(c->store, c->arena, no, &disks);
	for (size_t i = 0; i < count; i++)
		store_policy_unbind(c->store, p->no, disks[i].no);
}

static enum verdict run(struct call *c)
{
	struct subject s = { .instance_count = 0 };
	policy_request_read(c, &s.asked);
	read_instances(c, &s);
	if (disk_request_check(c, &s.asked.on, guards, COUNT(guards)) != VERDICT_OK)
		return VERDICT_FAIL;
	for (size_t i = 0; i < s.asked.on.count; i++)
		store_policy_unbind(c->store, s.asked.policy.no, s.asked.on.disks[i].no);
	for (size_t i = 0; i < s.instance_count; i++)
		unbind_instance(c, &s.asked.policy, s.instances[i]);
	return call_ok(c);
}

const struct action unbind_auto_snapshot_policy = {
	.name = "UnbindAutoSnapshotPolicy",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, COUNT(guards) } },
	.run = run,
	.volumes = (const char *const[]){ "DiskIds", NULL },
};
