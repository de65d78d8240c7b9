/* Reads that see the world as it was before a change, as from a replica that has not caught up: for so many reads, or for so long.
 * The old world is a copy, taken before the change, in which time passes on. All of it is the sandbox's, under its lock. Changes
 * always see the world as it is. */
#ifndef CBSMOCK_GATEWAY_LAG_H
#define CBSMOCK_GATEWAY_LAG_H

#include "cbs/cbs.h"

enum { LAG_MAX = 8 };

/* The world before one change. */
struct lag_copy {
	struct store *store;
	bool by_reads;    /* else by time */
	int64_t reads;    /* left to it, or */
	int64_t until_ms; /* in sandbox time */
};

/* Oldest first. Zeroed it is empty. A read sees the oldest, so what came after that is not seen either. */
struct lag {
	struct lag_copy copies[LAG_MAX];
	size_t count;
};

void lag_clear(struct lag *l);
/* The world as it is, for a change that may be kept from readers; no transaction is open. NULL when it cannot be copied. */
struct store *lag_copy(struct store *s);
/* The change was made: readers go on with `before`, which is the lag's now. reads or for_ms is 0. Beyond LAG_MAX changes the newest
 * is seen at once: false, and the copy is gone. */
bool lag_keep(struct lag *l, struct store *before, int64_t reads, int64_t for_ms, int64_t now_ms);
/* What a read that comes now is to see, settled up to now; counts it. */
struct store *lag_read(struct lag *l, struct store *current, struct arena *a, int64_t now_ms, const struct passing *how);

#endif
