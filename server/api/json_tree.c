/* While a thread parses, what cJSON takes is its arena's, and what it gives back stays there; at all other times memory is malloc's. */
#include "api/json_tree.h"

#include <stdbool.h>
#include <stdlib.h>

static bool hooked;
static _Thread_local struct arena *parsing_into;

static void *take(size_t size)
{
	return parsing_into ? arena_alloc(parsing_into, size) : malloc(size);
}

static void give_back(void *memory)
{
	if (!parsing_into)
		free(memory);
}

void json_tree_own_hooks(void)
{
	cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = take, .free_fn = give_back });
	hooked = true;
}

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

cJSON *json_tree_parse(struct arena *a, const char *text, size_t len)
{
	if (hooked)
		parsing_into = a;
	cJSON *tree = cJSON_ParseWithLength(text, len);
	if (!hooked && tree)
		arena_defer(a, delete_tree, tree);
	parsing_into = NULL;
	return tree;
}
