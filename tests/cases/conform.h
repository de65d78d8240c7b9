/* Holds an answer against the response side of the API model: nothing missing, nothing unknown, the right types, null only where
 * the model or the real service has it, only codes that are documented. */
#ifndef CBSMOCK_TESTS_CASES_CONFORM_H
#define CBSMOCK_TESTS_CASES_CONFORM_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "util/buf.h"

/* `model`: schema/cbs-model.json. On false `why` tells where and what. */
bool conform(const cJSON *model, const char *action, const cJSON *response, struct buf *why);

#endif
