/* What a call that makes, changes, binds or deletes a policy is about, read once and handed to every guard; and the refusals that
 * several such actions share. */
#ifndef CBSMOCK_CBS_POLICY_REQUEST_H
#define CBSMOCK_CBS_POLICY_REQUEST_H

#include "cbs/disk_request.h"
#include "cbs/policy.h"

struct policy_request {
	struct disk_request on;   /* first, so that refusals about disks take this struct too; also account and world */
	bool known;
	struct policy policy;     /* named by AutoSnapshotPolicyId */
	const cJSON *list;        /* Policy; NULL: not given */
	const char *list_wrong;   /* what is wrong in it, as "Policy.0.Hour.1"; NULL: nothing */
};

/* Reads the account, the disks of DiskIds, the policy and the Policy list, as far as they are given. */
void policy_request_read(struct call *c, struct policy_request *r);
/* Puts what the call says about name, schedule, activation and retention into *p. */
void policy_take_params(struct call *c, const struct policy_request *r, struct policy *p);

/* ---- refusals; the subject is a struct policy_request ------------------------------------------------------------------- */

bool names_unknown_policy(struct call *c, const void *subject);
/* In arrears, so that it does not tick. */
bool policy_isolated(struct call *c, const void *subject);
/* A time to keep snapshots that are kept for ever. */
bool retention_of_permanent(struct call *c, const void *subject);

#endif
