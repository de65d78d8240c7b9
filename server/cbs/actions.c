/* The list of all actions; each row stands in the action's own file. */
#include "cbs/actions.h"

#include <string.h>

#include "cbs/cbs.h"

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
	size_t low = 0, high = cbs_action_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, cbs_actions[middle]->name);
		if (order == 0)
			return cbs_actions[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
