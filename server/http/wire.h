/* What struct wire asks for, done to a connection: an answer that comes late, in pieces, in part or not at all. */
#ifndef CBSMOCK_HTTP_WIRE_H
#define CBSMOCK_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "gateway/wire.h"

struct answer;
struct exchange;

/* How far a spoilt answer has come; zeroed at first. */
struct spoil {
	unsigned done;         /* of the steps that are taken once */
	const char *data;      /* the body; `size` bytes of it leave, */
	size_t size;
	size_t piece;          /* so many at a time, */
	int64_t pause_us;      /* this far apart */
	size_t left;           /* of the piece that is leaving */
	int64_t due_us;        /* when the next piece may leave; after the last: until when an RST waits for it to arrive */
};

/* Is there nothing to do but to send the answer? */
bool wire_is_usual(const struct wire *w);
/* Sends the answer as the request's wire asks, or pauses first; then it is called again. */
enum MHD_Result wire_answer(struct exchange *x, const struct answer *a);
/* The exchange ends; when its wire asks for an RST, so does its connection. */
void wire_end(struct exchange *x);

#endif
