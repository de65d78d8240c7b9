/* The two halves of CreateDisks: what is to be bought, and the refusals that look at it. */
#ifndef CBSMOCK_CBS_CREATE_DISKS_H
#define CBSMOCK_CBS_CREATE_DISKS_H

#include "cbs/cbs.h"
#include "cbs/client_token.h"
#include "cbs/guard.h"

struct purchase {
	struct world world;
	struct account account;
	struct client_token token;
	const char *zone_name, *cluster_id;
	int64_t project_id;
	bool zone_known, type_known;
	struct zone zone;
	struct disk_type type;
	const char *charge_type, *renew_flag;
	int64_t count, size_gib, throughput;
	int64_t months;              /* of a prepaid term; 0: not given */
	bool encrypt;                /* asked for, or because the snapshot is encrypted */
	bool from_snapshot, snapshot_known;
	struct snapshot snapshot;
	struct instance *instances;   /* to attach to; those that are known */
	size_t instance_count;        /* how many are named */
	const char *unknown_instance; /* the first one that is not known; NULL: none is */
};

/* First to last. */
extern const struct guard_list create_disks_guards;

#endif
