/* A world with its lock, its clock and its counters. One thread at a time is inside; time passes when somebody enters to act. */
#ifndef CBSMOCK_GATEWAY_SANDBOX_H
#define CBSMOCK_GATEWAY_SANDBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cbs/cbs.h"
#include "gateway/limit.h"
#include "gateway/mock.h"
#include "gateway/registry.h"
#include "util/rng.h"

struct sandbox {
	const char *name;
	const struct mock_config *config;
	struct registry *registry;

	pthread_mutex_t lock;          /* of all that has no other rule beside it */
	struct store *store;
	struct limiter limiter;
	enum dialect dialect;
	int64_t epoch;                 /* of this opening of the database */
	bool service_available;        /* of the world, as of the last fixture */
	int64_t ip_rate;

	pthread_mutex_t clock_lock;    /* of clock, which is read outside `lock` too; taken after it */
	struct vclock clock;

	_Atomic uint64_t id_base;      /* RequestIds come from this and from how many were given */
	_Atomic uint64_t ids_given;
};

/* Opens the world at `path` (NULL: in memory); a new one is filled from the configured fixture. NULL with a sentence in `why`, and
 * then no file is left that was not there before. */
struct sandbox *sandbox_open(const char *name, const char *path, const struct mock_config *config, struct registry *registry,
                             struct buf *why);
void sandbox_close(struct sandbox *s);

/* Takes the lock; returns the sandbox time of the visit. */
int64_t sandbox_enter(struct sandbox *s);
void sandbox_leave(struct sandbox *s);

/* ---- from anywhere ----------------------------------------------------------------------------------------------------- */

int64_t sandbox_now(struct sandbox *s, int64_t wall_ms);
void sandbox_request_id(struct sandbox *s, char out[UUID_TEXT + 1]);

/* ---- from inside ------------------------------------------------------------------------------------------------------- */

/* Finishes what is due, in a transaction of its own. False when the store could not. */
bool sandbox_settle(struct sandbox *s, struct arena *a, int64_t now_ms, void (*on_event)(void *data, const struct cbs_event *e),
                    void *data);
/* Keeps the clock with the world. False when the store could not; then it stays as it was. */
bool sandbox_set_clock(struct sandbox *s, const struct vclock *clock);
/* Everything as after opening a new world; nothing changes on false. */
bool sandbox_reset(struct sandbox *s, struct buf *why);
bool sandbox_apply(struct sandbox *s, const char *fixture, size_t len, int64_t now_ms, struct buf *why);

#endif
