/* What becomes of the jobs that a call has just started when a fault rule says so: they end later, in failure, or never. Nothing is
 * told to the caller then; it finds out as a client of the cloud would, by asking for the resource again. */
#ifndef CBSMOCK_CBS_JOB_FAULT_H
#define CBSMOCK_CBS_JOB_FAULT_H

#include "cbs/settle.h"

struct job_spoiling {
	int64_t by_ms; /* later */
	bool fails;
	bool stuck;    /* until cbs_finish ends it */
};

/* Of the jobs that were added since store_begin, those that end a state under way: a deadline is none. Returns how many. */
size_t cbs_spoil_jobs(struct store *s, struct arena *a, const struct job_spoiling *how);

/* Is the job one that ends in failure? Then job_fail ends it, in place of its family's finisher. */
bool job_fails(const struct job *j);
void job_fail(struct settling *s, const struct job *j);

#endif
