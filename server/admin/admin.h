/* The control API under /_cbs/: health, reset, clock, the error atlas. Never signed; guarded by Host and Origin checks and an
 * optional token instead (a web page in the developer's browser must not drive it). Shapes: README, "Admin API". */
#ifndef CBSMOCK_ADMIN_ADMIN_H
#define CBSMOCK_ADMIN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/mock.h"
#include "util/buf.h"

enum { ADMIN_BODY_MAX = 1024 * 1024 };

struct admin_config {
	const char *bound;   /* address the server listens on */
	const char *token;   /* NULL: none asked for, unless `bound` can be reached from outside this machine */
	const char *ca_pem;  /* NULL without TLS */
	const char *hosts;   /* further Host names that may reach it, "," between; may be NULL */
	int64_t started_ms;  /* wall time */
};

struct admin_request {
	const char *method, *path, *query; /* both raw, without "?"; query "" when none */
	const char *host, *origin, *token; /* headers Host, Origin, X-Cbs-Admin-Token (or Authorization: Bearer); NULL when absent */
	const char *content_type;          /* NULL when absent */
	const char *body;
	size_t body_len;                   /* ADMIN_BODY_MAX + 1 when there was more */
};

struct admin_answer {
	int status;
	const char *content_type;
	char allow[64];      /* Allow header of a 405, else "" */
	struct buf body;     /* the caller finishes it */
};

/* Is this path the admin API's? */
bool admin_owns(const char *path);
void admin_handle(struct mock *m, const struct admin_config *config, const struct admin_request *in, struct admin_answer *out);

#endif
