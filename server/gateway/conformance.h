/* What a client's calls have proven, for those who test one: of each action the parameters it has sent and has not, those that the
 * action did not look at, the codes it has met and has not. Out of the journal, when somebody asks; a request pays nothing for it. */
#ifndef CBSMOCK_GATEWAY_CONFORMANCE_H
#define CBSMOCK_GATEWAY_CONFORMANCE_H

#include "gateway/journal.h"
#include "util/json_out.h"

/* The members of an object. Bounded by the model: what clients make up is told up to a limit and counted beyond it. */
void conformance_write(struct json_out *o, const struct journal_list *list, struct arena *a);

#endif
