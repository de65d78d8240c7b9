/* One plain HTTP exchange with the server: connect, send, read the whole answer, close. Everything is bounded: the time by a
 * deadline over all steps, the answer by REPLY_MAX. */
#ifndef CBSMOCK_CLI_HTTP_CLIENT_H
#define CBSMOCK_CLI_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"
#include "util/buf.h"

enum { REPLY_MAX = 64 * 1024 * 1024 };

struct endpoint {
	const char *host, *port; /* to connect to; an IPv6 host without its brackets */
	const char *authority;   /* as the Host header has it */
};

struct http_reply {
	int status;
	const char *body; /* NUL after the last byte */
	size_t body_len;
};

/* "http://HOST[:PORT][/]", the scheme may be left out. False with one sentence in `why`. */
bool endpoint_parse(struct arena *a, const char *url, struct endpoint *out, struct buf *why);
/* `request` is the whole message, head and body; it asks for "Connection: close". False with one sentence in `why`. */
bool http_exchange(struct arena *a, const struct endpoint *e, const char *request, size_t len, int timeout_ms,
                   struct http_reply *reply, struct buf *why);
/* Percent-encodes what may not stand for itself in a path or a query. */
void add_encoded(struct buf *out, const char *text);

#endif
