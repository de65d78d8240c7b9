/* Tags as parameters, fixtures and answers have them: lists of {Key, Value}. */
#ifndef CBSMOCK_CBS_TAGS_H
#define CBSMOCK_CBS_TAGS_H

#include "api/call.h"

/* Puts the list (NULL: none) on a resource; `kind` is TAG_DISK or TAG_SNAPSHOT. */
void tags_set(struct store *s, const char *kind, int64_t no, int64_t account, const cJSON *list);
/* Writes the member Tags of a resource; `any` spares the look where there are none. */
void tags_view(struct call *c, const char *kind, int64_t no, bool any);

#endif
