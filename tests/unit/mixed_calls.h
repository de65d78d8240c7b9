/* A client that does a bit of everything, always the same from the same start: disks, snapshots and policies come and go, lists are
 * read, keys are wrong now and then. What it asks next depends on its own dice and on what it was answered. */
#ifndef CBSMOCK_TESTS_UNIT_MIXED_CALLS_H
#define CBSMOCK_TESTS_UNIT_MIXED_CALLS_H

#include "util/rng.h"
#include "world.h"

/* Long runs are this many times as short under ThreadSanitizer, which makes a call so much dearer: one client's later calls take no way
 * between threads that its first did not. */
#ifdef __SANITIZE_THREAD__
#define MIXED_SHORTER 5
#else
#define MIXED_SHORTER 1
#endif

enum { MIXED_IDS = 24, MIXED_ID_SIZE = 24 };

struct mixed {
	struct rng rng;
	char snapshots[MIXED_IDS][MIXED_ID_SIZE], disks[MIXED_IDS][MIXED_ID_SIZE], policies[MIXED_IDS][MIXED_ID_SIZE];
	size_t snapshot_count, disk_count, policy_count; /* ever; the latest are remembered */
};

void mixed_begin(struct mixed *m, uint64_t seed);
/* The next request, signed; lives as long as the world's arena. */
struct request *mixed_next(struct test_world *w, struct mixed *m);
/* Remembers what the answer says was made. */
void mixed_note(struct mixed *m, const struct request *r);
/* So many calls from beginning to end, the clock moving on between them; it must be frozen. */
void mixed_run(struct test_world *w, struct mixed *m, int calls);

#endif
