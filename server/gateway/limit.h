/* Counting requests by the clock second (protocol.md §8): the first so many of a second pass. */
#ifndef CBSMOCK_GATEWAY_LIMIT_H
#define CBSMOCK_GATEWAY_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum { LIMIT_WINDOWS = 2048 };

struct limit_window {
	uint64_t key;
	int64_t second, count;
};

/* A table of fixed size; one that is full in one second forgets a window rather than refuse a request. */
struct limiter {
	bool used; /* else all of it is zero, and most of it no memory yet */
	struct limit_window windows[LIMIT_WINDOWS];
};

void limiter_clear(struct limiter *l);
/* Counts one more request in the window of `key` at `second`; returns which one of that second it is. */
int64_t limiter_count(struct limiter *l, uint64_t key, int64_t second);

#endif
