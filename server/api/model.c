/* Looking things up in the generated model, whose actions are sorted by name. */
#include "api/model.h"

#include <string.h>

#include "util/str.h"

const struct model_action *model_find(const struct model_action *model, size_t count, const char *name)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, model[middle].name);
		if (order == 0)
			return &model[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct param *shape_find(const struct shape *shape, const char *name)
{
	for (size_t i = 0; shape && i < shape->count; i++)
		if (str_is(shape->params[i].name, name))
			return &shape->params[i];
	return NULL;
}
