/* Queries and forms: text into pairs, and the flattened names of pairs ("Filters.0.Values.1") into a tree (protocol.md §1). */
#ifndef CBSMOCK_GATEWAY_FORM_H
#define CBSMOCK_GATEWAY_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "api/error.h"
#include "gateway/sign.h"
#include "util/arena.h"

/* What is wrong with a form. */
struct form_fault {
	enum err err;     /* when no wording of texts.def fits; else ERR_NONE */
	enum text text;
	const char *name; /* of the parameter, for the wording; "" when it takes none */
};

/* Splits and decodes; empty pieces between two '&' are passed over. At most `max` pairs; a name may come once. */
bool form_pairs(struct arena *a, const char *text, size_t len, size_t max, struct name_value **pairs, size_t *count,
                struct form_fault *fault);
/* Is it a parameter that every request may have beside the business parameters of a query or form (protocol.md §2)? In a JSON body they
 * have no place. */
bool form_is_common(const char *name);
/* NULL when absent. */
const char *form_value(const struct name_value *pairs, size_t count, const char *name);
/* A tree of objects, arrays and strings, released with the arena. NULL with a fault when the names contradict one another or
 * indices do not run from 0. `skip` tells which names do not belong. */
cJSON *form_tree(struct arena *a, const struct name_value *pairs, size_t count, bool (*skip)(const char *name),
                 struct form_fault *fault);

#endif
