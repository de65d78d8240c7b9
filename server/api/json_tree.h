/* Bodies as trees that live as long as their request. cJSON takes memory for each value and gives it back one by one, which is most of what
 * a tree costs; its hooks can lead it to an arena instead, but are one pair for the whole process, so only a program that is all ours may
 * set them. */
#ifndef CBSMOCK_API_JSON_TREE_H
#define CBSMOCK_API_JSON_TREE_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "util/arena.h"

/* Sets cJSON's hooks, once, before there are threads. A program that holds the server as a library does not call it. */
void json_tree_own_hooks(void);
/* Goes with the arena, and is nobody's to delete or to add to. NULL when the text is not JSON. */
cJSON *json_tree_parse(struct arena *a, const char *text, size_t len);

#endif
