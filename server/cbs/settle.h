/* Time passing: transitions are rows in `job`, and settling runs what is due, in due order, without a thread or a timer. */
#ifndef CBSMOCK_CBS_SETTLE_H
#define CBSMOCK_CBS_SETTLE_H

#include "cbs/cbs.h"

/* One run of settling; handed to whoever finishes a job. */
struct settling {
	struct store *store;
	struct arena *arena;
	const struct passing *how;
	size_t ticks; /* so far, as `how` counts them */
};

/* Tells who listens, if anybody does. */
void settle_event(struct settling *s, int64_t at_ms, const char *resource_id, const char *from, const char *to);
void settle_tell(struct settling *s, const struct cbs_event *e);

/* One finisher a family of job kinds; `j` is already out of the table. A resource that is gone is no error. */
void disk_job(struct settling *s, const struct job *j);     /* "disk.*",   cbs/disk_job.c */
void snapshot_job(struct settling *s, const struct job *j); /* "snapshot.*", cbs/snapshot_job.c */
void backup_job(struct settling *s, const struct job *j);   /* "backup.*", cbs/snapshot_job.c */
void policy_job(struct settling *s, const struct job *j);   /* "policy.*", cbs/policy_job.c */
/* The rollback of a disk is over: so it is for its snapshot, which may have been waiting to expire. */
void snapshot_release(struct settling *s, int64_t disk, int64_t at_ms);

/* When a transition that starts now ends: now for "immediate", INT64_MAX for "manual". The gateway settles once more before it
 * commits, so an immediate one is over before the client hears of it. */
int64_t transition_end(const struct call *c, enum transition t);
/* floor(100 × elapsed / whole), 0 … 99 while it runs; 0 for one without an end (until_ms 0 or INT64_MAX). */
int64_t transition_percent(int64_t since_ms, int64_t until_ms, int64_t now_ms);

#endif
