/* The sockets of the server before a gateway made for tests: the query of a request says what its wire suffers, and what its body
 * is. And a client that sees bytes, resets and times, not HTTP. Failures of the helper itself end the test. */
#ifndef CBSMOCK_TESTS_UNIT_EDGE_H
#define CBSMOCK_TESTS_UNIT_EDGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http.h"

struct edge {
	struct http *http;
	int port;
};

/* What the gateway of the test sees. */
extern atomic_int edge_taken, edge_freed; /* requests */
/* A poll is GET /_cbs/wait?MS; its answer says "in time" or "late". */
extern atomic_int edge_polls, edge_cancelled;
extern atomic_bool edge_ready;

struct edge edge_open(void);
/* What a journal would do when something came in. */
void edge_poke(void);
/* Ends the server; ms that it took. */
int64_t edge_stop(struct edge *e);
void edge_close(struct edge *e); /* stops it if need be */

enum ending { ENDED_OPEN, ENDED_CLOSED, ENDED_RESET };

/* What arrived until the connection ended, or until nothing came for so long. */
struct received {
	char *data;             /* NUL after the last byte */
	size_t len;
	enum ending ending;
	int64_t first_ms, last_ms, end_ms; /* since the last request of all: first and last byte, the end */
	int pieces;             /* reads that had bytes */
};

/* A connection on which this query has been sent. */
int edge_send(const struct edge *e, const char *query);
void edge_ask(int fd, const char *query);
/* Reads until the end, or until `wait_ms` have passed without a byte. */
struct received edge_receive(int fd, int wait_ms);
/* Reads one whole answer with a length, and leaves the connection open. */
struct received edge_answer(int fd);
/* Waits until the counter has this value. */
void edge_await(atomic_int *counter, int value);
/* The whole exchange on a connection of its own, which is then closed. */
struct received edge_exchange(const struct edge *e, const char *query);
/* The body; NULL without one. */
const char *edge_body(const struct received *r);
bool edge_has_header(const struct received *r, const char *line);

#endif
