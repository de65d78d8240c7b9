/* The row of every action. A row lives in the action's own file; actions.c lists them. */
#ifndef CBSMOCK_CBS_ACTIONS_H
#define CBSMOCK_CBS_ACTIONS_H

#include "api/call.h"

extern const struct action apply_snapshot;
extern const struct action attach_disks;
extern const struct action create_disks;
extern const struct action create_snapshot;
extern const struct action delete_snapshots;
extern const struct action describe_disks;
extern const struct action describe_snapshot_overview;
extern const struct action describe_snapshots;
extern const struct action detach_disks;
extern const struct action modify_snapshot_attribute;
extern const struct action resize_disk;
extern const struct action terminate_disks;

#endif
