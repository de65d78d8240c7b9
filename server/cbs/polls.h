/* Transitions that end after so many describes of the resource ("manual" progression with `times`). A job that ends so has no due time
 * but a count of what it still waits for, which is part of the world like the job itself: it outlives a restart, goes along with a fork
 * or an export and comes back with a checkpoint. Describing is a read all the same: what an answer shows is noted, and the count is
 * made once the answer stands. */
#ifndef CBSMOCK_CBS_POLLS_H
#define CBSMOCK_CBS_POLLS_H

#include "cbs/cbs.h"

enum { POLLS_MAX = 256 }; /* resources of one answer; a page has 100 */

struct noted_poll {
	const char *family; /* of its jobs: "disk.", "snapshot." */
	const char *prefix; /* of its id */
	int64_t no;
};

/* What one call described while it was in a transition without an end. */
struct polls {
	struct noted_poll *list; /* in the call's arena; NULL: none yet */
	size_t count;
};

/* How many describes end a transition that starts now; 0: something else does. */
int64_t transition_polls(const struct call *c, enum transition t);
void polls_note_disk(struct call *c, int64_t no);
void polls_note_snapshot(struct call *c, int64_t no);
/* Does a job wait for one of them? Then polls_count is to be called, inside a transaction. */
bool polls_matter(struct store *s, struct arena *a, const struct polls *p);
/* Each job has waited for one more; those that have waited long enough end. */
void polls_count(struct store *s, struct arena *a, const struct polls *p, int64_t now_ms, const struct passing *how);

#endif
