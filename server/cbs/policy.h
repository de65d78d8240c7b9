/* Auto snapshot policies: when they tick, and their JSON. */
#ifndef CBSMOCK_CBS_POLICY_H
#define CBSMOCK_CBS_POLICY_H

#include "cbs/cbs.h"

/* The moment of its next tick after now_ms; INT64_MAX: it has none, being inactive or in arrears. */
int64_t policy_next(struct arena *a, const struct policy *p, int64_t now_ms);
/* Puts that into the job that will run it, in place of the one there was. */
void policy_schedule_tick(struct store *s, struct arena *a, const struct policy *p, int64_t now_ms);
/* The same for every policy of the world: for when time went another way than forward. */
void policies_schedule(struct store *s, struct arena *a, int64_t now_ms);
/* The caller's own, in this region. */
bool policy_find(struct call *c, int64_t no, struct policy *out);
/* Its id, in the arena. */
const char *policy_id(struct arena *a, int64_t no);
/* Writes one element of AutoSnapshotPolicySet (cbs.md §2.3); its disks only when asked. */
void policy_view(struct call *c, const struct policy *p, bool with_disks);

#endif
