/* Comparing an answer with what a case expects, and filling in what earlier steps have shown. */
#ifndef CBSMOCK_TESTS_CASES_MATCH_H
#define CBSMOCK_TESTS_CASES_MATCH_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "util/buf.h"

/* "*" fits any value, a member "*" any further members, "$name" a value kept in `names` (an object) when first met. On false
 * `why` tells where and what. */
bool match(const cJSON *want, const cJSON *got, cJSON *names, struct buf *why);
/* A copy of the tree with every "$name" replaced; the caller deletes it. NULL for NULL. */
cJSON *fill_in(const cJSON *tree, const cJSON *names);

#endif
