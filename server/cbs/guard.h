/* The refusals of an action as a table: when does it hold, which code in which dialect. Order is precedence (cbs.md §4), so moving
 * a refusal is moving a row, and the test that pins the order reads the same table. */
#ifndef CBSMOCK_CBS_GUARD_H
#define CBSMOCK_CBS_GUARD_H

#include "api/call.h"

struct guard {
	const char *name; /* for log, journal and tests: "disk_rollbacking" */
	bool (*holds)(struct call *c, const void *subject);
	enum err classic, current;
};

struct guard_list {
	const struct guard *rows;
	size_t count;
};

/* One code in either dialect. */
#define BOTH_DIALECTS(err) (err), (err)

/* The first guard that holds fails the call; VERDICT_OK when none does. `subject` is the action's own struct. A predicate may set
 * call_because and, for a wording of its own, c->error (then that wording stands if its code is the row's). */
enum verdict guards_check(struct call *c, const struct guard *guards, size_t count, const void *subject);

#endif
