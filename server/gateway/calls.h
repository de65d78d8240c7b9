/* Requests grouped into what a client meant: a logical call is one attempt and its retries. Attempts belong together when key,
 * action, region and parameters are the same, the attempt before failed as far as the client could tell, and the next came
 * within `gap_ms`. */
#ifndef CBSMOCK_GATEWAY_CALLS_H
#define CBSMOCK_GATEWAY_CALLS_H

#include "gateway/journal.h"

struct logical_call {
	const struct journal_entry **attempts; /* in their order */
	size_t count;
	int64_t *waits_ms;        /* count - 1 of them: from the end of an attempt to the next */
	const char *const **made; /* count of them: ids an attempt made that no earlier one had, NULL-ended */
	size_t makers;            /* attempts that made something: more than one is a duplicate */
	uint64_t same;            /* equal for calls with the same key, action, region and parameters */
};

struct call_list {
	struct logical_call *calls; /* by their first attempts */
	size_t count;
};

enum { CALL_GAP_MS = 60 * 1000 };

/* In the arena, apart from the entries, which are the list's. */
void calls_group(const struct journal_list *list, int64_t gap_ms, struct arena *a, struct call_list *out);
/* Did the client see it fail: an error, no answer, or one that is none? */
bool attempt_failed(const struct journal_entry *e);
/* When the client had the answer, or could know that none comes; wall time. */
int64_t attempt_ended_ms(const struct journal_entry *e);

#endif
