/* A snapshot: its states and the moves between them (cbs.md §3.2), its JSON, its place in the counters. */
#ifndef CBSMOCK_CBS_SNAPSHOT_H
#define CBSMOCK_CBS_SNAPSHOT_H

#include "cbs/cbs.h"

bool snapshot_can_move(enum snapshot_state from, enum snapshot_state to);
/* The only writer of snapshot_state; keeps the counters of CREATING (the disk's and the platform's) right. As disk_move. */
bool snapshot_move(struct store *s, struct snapshot *p, enum snapshot_state to, int64_t now_ms, int64_t until_ms);
/* As disk_extend. */
void snapshot_extend(struct store *s, struct snapshot *p, int64_t until_ms);
/* Inserts a row that starts in p->state and counts it everywhere (usage, disk, platform), with its expiry job if it has one. */
void snapshot_add(struct store *s, const struct snapshot *p);
/* Takes a snapshot out: counters, jobs, tags, shares; images when asked. */
void snapshot_remove(struct store *s, const struct snapshot *p, bool images);
/* The Deadline parameter; 0: not given. The first moment of 1970 is read as the next. */
int64_t snapshot_deadline_arg(const struct call *c);
/* Is a deadline given that is less than a day away (cbs.md §4.1)? Then the call has the words for it. */
bool snapshot_deadline_too_soon(struct call *c, int64_t deadline_ms);
/* Makes the expiry job agree with p->deadline_ms. */
void snapshot_schedule_expiry(struct store *s, const struct snapshot *p);
/* The caller's own or shared with the caller, in this region. */
bool snapshot_find_visible(struct call *c, int64_t no, struct snapshot *out);
/* Elements of one answer, most of which are alike: a piece of the one before, where it would come out the same, is copied. Begins zeroed
 * but for the call. */
struct snapshot_page {
	struct call *call;
	struct snapshot_piece {
		size_t at, len;         /* in the call's output; len 0: there is none yet */
		struct snapshot of;     /* what it was written from */
	} placement, middle, end;
};
/* Writes one element of SnapshotSet (cbs.md §2, §2.2). */
void snapshot_view(struct snapshot_page *page, const struct snapshot *p);
/* A region's quota: the account's own or the formula of the world (cbs.md §5.2). */
int64_t snapshot_region_quota(const struct world *w, const struct usage *u);

#endif
