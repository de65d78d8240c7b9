/* The row of every action. A row lives in the action's own file; actions.c lists them. */
#ifndef CBSMOCK_CBS_ACTIONS_H
#define CBSMOCK_CBS_ACTIONS_H

#include "api/call.h"

extern const struct action apply_snapshot;
extern const struct action attach_disks;
extern const struct action bind_auto_snapshot_policy;
extern const struct action create_auto_snapshot_policy;
extern const struct action create_disks;
extern const struct action create_snapshot;
extern const struct action delete_auto_snapshot_policies;
extern const struct action delete_snapshots;
extern const struct action describe_auto_snapshot_policies;
extern const struct action describe_disk_associated_auto_snapshot_policy;
extern const struct action describe_disks;
extern const struct action describe_snapshot_overview;
extern const struct action describe_snapshots;
extern const struct action detach_disks;
extern const struct action modify_auto_snapshot_policy_attribute;
extern const struct action modify_snapshot_attribute;
extern const struct action resize_disk;
extern const struct action terminate_disks;
extern const struct action unbind_auto_snapshot_policy;

#endif
