/* What connections hold while they rest. libmicrohttpd gives each a buffer for as long as it lives and writes zeros over all of it after
 * every request, so ten thousand that once asked something would keep half a gigabyte of zeros in memory. A page of zeros that is given
 * back to the system reads as zeros ever after; so those pages go when a connection has rested for a while.
 *
 * A loop has a list of its own and does all this in its own thread, where nobody else is at the buffers of its connections. */
#ifndef CBSMOCK_HTTP_BUFFERS_H
#define CBSMOCK_HTTP_BUFFERS_H

#include <stddef.h>
#include <stdint.h>

enum {
	/* Memory of one connection, which the request line and the headers must fit in: a query of 32 KiB (protocol.md §1) beside
	 * ordinary headers and long tokens. Above 32 KiB libmicrohttpd takes whole pages for it, which is what can be given back. */
	BUFFER_SIZE = 40 * 1024,
};

struct buffer;

/* Those that rest and have pages to give, the longest resting first. */
struct buffers {
	struct buffer *first, *last;
	size_t count;
};

struct buffer *buffer_new(void);
void buffer_free(struct buffers *all, struct buffer *b);
/* A request is read from it; `text` is the first thing in it. */
void buffer_begin(struct buffer *b, const char *text);
/* The request is over. */
void buffer_rest(struct buffers *all, struct buffer *b, int64_t now_us);
/* Gives back what has rested, or what is too much; returns in how many ms there may be more, -1 for nothing. To be called between turns
 * of libmicrohttpd: a connection that it ends has no buffer any more, and it tells of that in the same turn; only of those whose time is
 * over, which is idle_us, in the next. */
int buffers_trim(struct buffers *all, int64_t now_us, int64_t idle_us);

#endif
