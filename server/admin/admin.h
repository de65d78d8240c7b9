/* The control API under /_cbs/: health, reset, clock, the error atlas. Never signed; guarded by Host and Origin checks and an
 * optional token instead (a web page in the developer's browser must not drive it). Shapes: README, "Admin API". */
#ifndef CBSMOCK_ADMIN_ADMIN_H
#define CBSMOCK_ADMIN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "gateway/mock.h"
#include "util/buf.h"
#include "util/json_out.h"

enum {
	ADMIN_BODY_MAX = 1024 * 1024,
	ADMIN_IMPORT_MAX = 60 * 1024 * 1024, /* where a whole world may come in */
};

/* The server's settings, which belong to a layer above. Each writes members of the answer; False with a sentence in `why`: nothing
 * changed. */
struct admin_settings {
	void (*show)(void *data, struct json_out *o);
	bool (*read_again)(void *data, struct json_out *o, struct buf *why);
	bool (*change)(void *data, const cJSON *wanted, struct json_out *o, struct buf *why); /* wanted: an object */
	void *data;
};

struct admin_config {
	const char *bound;   /* address the server listens on */
	const char *token;   /* NULL: none asked for, unless `bound` can be reached from outside this machine */
	const char *ca_pem;  /* NULL without TLS */
	const char *hosts;   /* further Host names that may reach it, "," between; may be NULL */
	int64_t started_ms;  /* wall time */
	const struct admin_settings *settings; /* NULL: there are none to be had */
	/* Asks for the server's end, as SIGTERM does, and returns at once. NULL: it is part of a program, which ends it itself. */
	void (*stop)(void);
	/* Filled by http/, for routes whose answer is a wait: to be called, from any thread, whenever what some wait waits for may have
	 * come true. Cheap, takes no lock of the mock; NULL when nobody serves. The two outlive this struct, which is the call's. */
	void (*poke)(void *poke_data);
	void *poke_data;
};

struct admin_request {
	const char *method, *path, *query; /* both raw, without "?"; query "" when none */
	const char *host, *origin, *token; /* headers Host, Origin, X-Cbs-Admin-Token (or Authorization: Bearer); NULL when absent */
	const char *content_type;          /* NULL when absent */
	const char *body;
	size_t body_len;                   /* admin_body_max + 1 when there was more */
	unsigned connections;              /* open now, on all ports */
};

struct admin_answer;

/* An answer that is not there yet. The connection then waits, without a thread, until `ready` says yes or the time is over; one
 * call ends it: `finish` writes the answer into `out`, which is as the route left it; `cancel` when the client has gone. Both free
 * `data`.
 *
 * `ready` is asked at once and after every poke, from threads of http/, never two at a time and never after the end. It looks and
 * changes nothing, takes microseconds, and no lock that is held while somebody pokes. */
struct admin_wait {
	bool (*ready)(void *data);        /* NULL: no wait, the answer is complete */
	void (*finish)(void *data, bool in_time, struct admin_answer *out);
	void (*cancel)(void *data);
	void *data;                       /* on the heap: the call's arena ends with the route */
	int64_t timeout_ms;
};

struct admin_answer {
	int status;
	const char *content_type;
	char allow[64];      /* Allow header of a 405, else "" */
	char policy[320];    /* Content-Security-Policy of a page, else "" */
	struct buf body;     /* the caller finishes it */
	struct admin_wait wait;
};

/* Is this path the admin API's, on a port that the cloud has too? */
bool admin_owns(const char *path);
/* Bytes of a body there. */
size_t admin_body_max(const char *path);
void admin_handle(struct mock *m, const struct admin_config *config, const struct admin_request *in, struct admin_answer *out);

#endif
