/* Whoever acts on a sandbox takes a turn and gives it back. Usually turns pass side by side and cost nothing; while somebody writes down
 * what happens (recorder.h) they come one after another, from the first thing that the sandbox has to do with it to the last, and during
 * each wall time stands still: so that the same can be done again in the same order at the same moments. A turn is taken before every
 * lock. What a turn brings about is part of it: a second one that its thread takes is no other. */
#ifndef CBSMOCK_GATEWAY_TURNS_H
#define CBSMOCK_GATEWAY_TURNS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct turns {
	atomic_uint wanted; /* by how many they are wanted one after another */
	pthread_rwlock_t lock;
};

enum turn_kind { TURN_NONE, TURN_SHARED, TURN_ALONE, TURN_WITHIN };

/* Zeroed: none. It stays where it is until it is given back. */
struct turn {
	struct turns *turns;
	struct turn *outer; /* that its thread had */
	enum turn_kind kind;
	bool whole;         /* what it brings about is told with it */
	bool asked;         /* it was asked to be alone */
	bool holds_time;
};

void turns_init(struct turns *all);
void turns_finish(struct turns *all);
/* From now on one after another, or side by side again; by whoever has a turn alone. */
void turns_order(struct turns *all, bool order);

void turn_take(struct turns *all, struct turn *t);
/* Waits until nobody else has one. */
void turn_take_alone(struct turns *all, struct turn *t);
void turn_give(struct turn *t); /* none is fine */
/* Is nobody else there, and is this no part of something told as a whole? */
bool turn_is_told(const struct turn *t);

#endif
