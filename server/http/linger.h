/* Connections that were answered before their request had come whole. libmicrohttpd closes such a one at once, and what the client still
 * sends is then met by an RST, which may overtake the answer. So a second descriptor of the socket is kept here, from which everything is
 * thrown away until the client is done, or has sent or taken too much. To be used by the thread of one loop. */
#ifndef CBSMOCK_HTTP_LINGER_H
#define CBSMOCK_HTTP_LINGER_H

#include <stdint.h>

struct lingerer;

enum { LINGERS_MAX = 64 }; /* of one listener; beyond, a connection is just closed */

struct lingers {
	int epoll;            /* to be polled; -1: none can be added */
	struct lingerer *first; /* the oldest last */
	unsigned count, max;
};

/* `max` at once. */
void lingers_init(struct lingers *l, unsigned max);
/* Takes a descriptor of its own of this socket. */
void lingers_add(struct lingers *l, int socket, int64_t now_us);
/* Throws away what has come. Returns ms until it wants to be called again though nothing comes; -1: never. */
int lingers_turn(struct lingers *l, int64_t now_us);
void lingers_end(struct lingers *l);

#endif
