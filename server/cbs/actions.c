/* The list of all actions; each row stands in the action's own file. */
#include "cbs/actions.h"

#include "cbs/cbs.h"
#include "util/str.h"

const struct action *const cbs_actions[] = {
	&apply_snapshot,
	&attach_disks,
	&bind_auto_snapshot_policy,
	&create_auto_snapshot_policy,
	&create_disks,
	&create_snapshot,
	&delete_auto_snapshot_policies,
	&delete_snapshots,
	&describe_auto_snapshot_policies,
	&describe_disk_associated_auto_snapshot_policy,
	&describe_disks,
	&describe_snapshot_overview,
	&describe_snapshots,
	&detach_disks,
	&modify_auto_snapshot_policy_attribute,
	&modify_snapshot_attribute,
	&resize_disk,
	&terminate_disks,
	&unbind_auto_snapshot_policy,
};

const size_t cbs_action_count = sizeof cbs_actions / sizeof cbs_actions[0];

const struct action *cbs_action_find(const char *name)
{
	for (size_t i = 0; i < cbs_action_count; i++) {
		if (str_is(cbs_actions[i]->name, name))
			return cbs_actions[i];
	}
	return NULL;
}
