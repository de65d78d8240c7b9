/* The list of all actions; each row stands in the action's own file. */
#include "cbs/actions.h"

#include "cbs/cbs.h"
#include "util/str.h"

const struct action *const cbs_actions[] = {
	&apply_snapshot,
	&attach_disks,
	&create_disks,
	&create_snapshot,
	&delete_snapshots,
	&describe_disks,
	&describe_snapshot_overview,
	&describe_snapshots,
	&detach_disks,
	&modify_snapshot_attribute,
	&resize_disk,
	&terminate_disks,
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
