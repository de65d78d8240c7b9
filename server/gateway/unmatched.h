/* Requests that reached no action: sent to another path, product or version, or with a name that is none. What a client leaves
 * behind that was pointed wrongly, or that knows more of the API than this server does. */
#ifndef CBSMOCK_GATEWAY_UNMATCHED_H
#define CBSMOCK_GATEWAY_UNMATCHED_H

#include "gateway/journal.h"

/* Whatever refused it first, its signature included: an action that does not exist is not reached by signing better. */
bool entry_is_unmatched(const struct journal_entry *e);
/* The action of the API whose name is nearest by spelling; NULL when there is none that near, or when the name is one. */
const char *action_nearest(const char *name);

#endif
