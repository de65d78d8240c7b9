/* A disk: its states and the moves between them (cbs.md §3.1), its JSON. */
#ifndef CBSMOCK_CBS_DISK_H
#define CBSMOCK_CBS_DISK_H

#include "cbs/cbs.h"

/* May a disk go from one state to the other in one move? */
bool disk_can_move(enum disk_state from, enum disk_state to);
/* The only writer of disk_state; keeps `d` in step with the row and instance.attached right, and writes whatever else the caller
 * changed in `d`. A move outside the table is our own bug: it ends the process in a debug build and is refused (false) otherwise.
 * until_ms 0: a state that lasts. Before a move to DISK_ATTACHING the caller sets d->instance; one to a detached state clears it. */
bool disk_move(struct store *s, struct disk *d, enum disk_state to, int64_t now_ms, int64_t until_ms);
/* The state it is in ends at another time; the job that ends it is the caller's. */
void disk_extend(struct store *s, struct disk *d, int64_t until_ms);
/* Known to this caller in this region and visible? Fills *out. */
bool disk_find(struct call *c, int64_t no, struct disk *out);
/* Expired: prepaid and past its deadline. */
bool disk_expired(const struct disk *d, int64_t now_ms);
/* Makes the jobs that follow from the end of a prepaid term agree with d->deadline_ms. */
void disk_watch_deadline(struct store *s, const struct disk *d);
/* Writes one element of DiskSet (cbs.md §2, §2.1). */
void disk_view(struct call *c, const struct disk *d);
/* Into the recycle bin, from where it is released a week later; ends whatever else was to come. */
void disk_recycle(struct store *s, struct disk *d, int64_t now_ms);
/* The row goes, its snapshots stay (but those it takes along: delete_snapshot), usage follows. */
void disk_remove(struct store *s, struct arena *a, const struct disk *d, bool with_snapshots);
/* The text of its id, in the arena. */
const char *disk_id(struct arena *a, int64_t no);

/* The Placement both types carry (cbs.md §2.1). */
void placement_view(struct call *c, const char *zone, int64_t account, int64_t project_id, const char *cluster_id, bool of_disk);

#endif
