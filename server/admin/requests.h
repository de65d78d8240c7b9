/* Shared by the routes that ask the journal. */
#ifndef CBSMOCK_ADMIN_REQUESTS_H
#define CBSMOCK_ADMIN_REQUESTS_H

#include "admin/admin_internal.h"
#include "gateway/journal.h"

/* The sandbox's, held until the call's arena ends. NULL when it has answered. */
struct journal *asked_journal(struct admin_call *c);
/* What a query that begins with JOURNAL_QUERY (routes.c) says; a route's own value comes behind those. */
enum { ASKED_OTHER = 5 };
/* NULL when it has answered. */
const struct match *asked_match(struct admin_call *c);
/* The route's own is "limit". False when it has answered. */
bool asked_limit(struct admin_call *c, int64_t *limit);
/* Answers 413 in place of what became too large. */
void refuse_too_many(struct admin_call *c, size_t count);
/* Answers 400. */
void answer_refused(struct admin_call *c, const struct match_refusal *why);
/* A whole number from `least` to `most`; answers 400 when it is not. */
bool whole_field(struct admin_call *c, const char *name, double value, int64_t least, int64_t most, int64_t *out);

#endif
