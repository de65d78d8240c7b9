/* Shared by the routes that ask the journal. */
#ifndef CBSMOCK_ADMIN_REQUESTS_H
#define CBSMOCK_ADMIN_REQUESTS_H

#include "admin/admin_internal.h"
#include "gateway/journal.h"

/* The sandbox's, held until the call's arena ends. NULL when it has answered. */
struct journal *asked_journal(struct admin_call *c);
/* Answers 400. */
void answer_refused(struct admin_call *c, const struct match_refusal *why);
/* A whole number from `least` to `most`; answers 400 when it is not. */
bool whole_field(struct admin_call *c, const char *name, double value, int64_t least, int64_t most, int64_t *out);

#endif
