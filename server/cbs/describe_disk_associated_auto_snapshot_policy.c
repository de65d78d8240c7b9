/* DescribeDiskAssociatedAutoSnapshotPolicy: the policies of one disk, the oldest first, and never which other disks they have. A disk
 * that is unknown or gone has none, which is no error (cbs.md fact 6). */
#include "cbs/actions.h"
#include "cbs/disk.h"
#include "cbs/policy.h"
#include "util/ident.h"

static enum verdict run(struct call *c)
{
	struct disk d;
	struct policy *policies = NULL;
	size_t count = 0;
	if (disk_find(c, arg_id(c, "DiskId", IDENT_DISK), &d))
		count = store_disk_policies(c->store, c->arena, d.no, &policies);
	out_int(c->out, "TotalCount", (int64_t)count);
	out_array(c->out, "AutoSnapshotPolicySet");
	for (size_t i = 0; i < count; i++)
		policy_view(c, &policies[i], false);
	out_end_array(c->out);
	return call_ok(c);
}

const struct action describe_disk_associated_auto_snapshot_policy = {
	.name = "DescribeDiskAssociatedAutoSnapshotPolicy",
	.run = run,
	.volumes = (const char *const[]){ "DiskId", NULL },
};
