/* What CBS does: its actions, and time passing. No HTTP, no SQL, no clock, no chance of its own. */
#ifndef CBSMOCK_CBS_CBS_H
#define CBSMOCK_CBS_CBS_H

#include "api/call.h"

/* Sorted by name. An action of the model that is missing here is answered as not in this version. */
extern const struct action *const cbs_actions[];
extern const size_t cbs_action_count;
const struct action *cbs_action_find(const char *name);

/* One state change made by time: for answers that list what happened. */
struct cbs_event {
	int64_t at_ms;
	const char *resource; /* id */
	const char *from, *to; /* states; to is "" when the resource is gone */
};

/* Finishes every job due at or before now_ms, in due order; the caller holds a transaction. `on_event` may be NULL.
 * Returns how many ran. Jobs made by jobs are run too when due. */
size_t cbs_settle(struct store *s, struct arena *a, int64_t now_ms, void (*on_event)(void *data, const struct cbs_event *e), void *data);
/* Finishes the transition a resource is in, whenever it is due ("manual" progression); false when it is in none. */
bool cbs_finish(struct store *s, struct arena *a, const char *resource_id, int64_t now_ms,
                void (*on_event)(void *data, const struct cbs_event *e), void *data);

/* Where a fixture is wrong. */
struct fixture_fault {
	const char *pointer; /* JSON pointer: "/Disks/3/DiskSize" */
	const char *rule;    /* "must be at least 10" */
};

/* Writes a fixture (its JSON text) into the world: rows are inserted, or updated where the key exists. All or nothing inside
 * the caller's transaction: on false roll back. Times like "+30d" count from now_ms. */
bool fixture_load(struct store *s, struct arena *a, const char *text, size_t len, int64_t now_ms, struct fixture_fault *fault);

#endif
