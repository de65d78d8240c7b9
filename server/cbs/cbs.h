/* What CBS does: its actions, and time passing. No HTTP, no SQL, no clock, no chance of its own. */
#ifndef CBSMOCK_CBS_CBS_H
#define CBSMOCK_CBS_CBS_H

#include "api/call.h"

/* Sorted by name. An action of the model that is missing here is answered as not in this version. */
extern const struct action *const cbs_actions[];
extern const size_t cbs_action_count;
const struct action *cbs_action_find(const char *name);

/* What time did to a resource: for answers that list what happened. Texts are good while it is told. */
struct cbs_event {
	int64_t at_ms;
	const char *resource;  /* id */
	const char *from, *to; /* states; from is "" when it is new, to when it is gone, and both are the same when nothing changed */
	const char *policy;    /* id of the policy whose tick this comes from; NULL for others */
	const char *skipped;   /* why that took no snapshot of the resource: a guard's name, or policy_job.c's own; NULL: nothing was */
};

/* How time passes. */
struct passing {
	const struct transition_rule *transitions; /* N_TRANSITIONS, for what begins on the way */
	void (*on_event)(void *data, const struct cbs_event *e); /* NULL: nobody listens */
	void *data;
	size_t most; /* ticks of policies, of which there is no last one; a tick counts, and so does each disk of it; 0: no limit */
};

/* Finishes every job due at or before now_ms, in due order, or until there were `most` ticks; the caller holds a transaction. Returns how
 * many there were, `most` at the most. Jobs made by jobs are run too when due. */
size_t cbs_settle(struct store *s, struct arena *a, int64_t now_ms, const struct passing *how);
/* Finishes the transition a resource is in, whenever it is due ("manual" progression); false when it is in none. */
bool cbs_finish(struct store *s, struct arena *a, const char *resource_id, int64_t now_ms, const struct passing *how);

/* Where a fixture is wrong. */
struct fixture_fault {
	const char *pointer; /* JSON pointer: "/Disks/3/DiskSize" */
	const char *rule;    /* "must be at least 10" */
};

/* Writes a fixture (its JSON text) into the world: rows are inserted, or updated where the key exists. All or nothing inside
 * the caller's transaction: on false roll back. Times like "+30d" count from now_ms. */
bool fixture_load(struct store *s, struct arena *a, const char *text, size_t len, int64_t now_ms, struct fixture_fault *fault);

#endif
