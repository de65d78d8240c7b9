/* Parameters as a person types them (Filters.0.Name=zone) and as each form of request wants them: a JSON tree typed along the
 * action's model, or flattened names and values. */
#ifndef CBSMOCK_CLI_PARAMS_H
#define CBSMOCK_CLI_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "api/model.h"
#include "gateway/sign.h"
#include "util/arena.h"
#include "util/buf.h"

struct pair_list {
	struct name_value *items;
	size_t count, cap;
};

void pair_add(struct arena *a, struct pair_list *list, const char *name, const char *value);
/* NAME=VALUE; false without a '=' or a name. */
bool pair_parse(struct arena *a, const char *word, struct pair_list *list, struct buf *why);
/* Puts the pairs into an object. `action` NULL: unknown to the model, all values are strings. A value that does not fit its type
 * goes as a string, so that the server can say so. False with one sentence in `why` when the names make no tree. */
bool params_to_tree(struct arena *a, const struct model_action *action, const struct pair_list *pairs, cJSON *tree,
                    struct buf *why);
/* The leaves of an object as pairs; nulls and empty lists have no flattened form and are left out. */
void params_flatten(struct arena *a, const cJSON *tree, struct pair_list *out);

#endif
