/* Judged by what the journal keeps, when somebody asks: a request pays nothing for it. */
#include "gateway/unmatched.h"

#include <string.h>

#include "cbs/cbs.h"
#include "util/str.h"

/* The action is known, but cannot be had at the moment. */
static bool is_out_of_service(const char *code)
{
	return str_is(code, err_code(ERR_SERVICE_UNAVAILABLE)) || str_is(code, err_code(ERR_ACTION_OFFLINE));
}

bool entry_is_unmatched(const struct journal_entry *e)
{
	return !cbs_action_find(e->action) || (str_is(e->stage, "resolve") && !is_out_of_service(e->code));
}

/* A third of the letters may differ: more, and it is another word. */
const char *action_nearest(const char *name)
{
	const char *nearest = NULL;
	size_t least = strlen(name) / 3 + 1;
	if (model_find(cbs_model, cbs_model_count, name))
		return NULL;
	for (size_t i = 0; i < cbs_model_count; i++) {
		size_t far = str_distance(name, cbs_model[i].name);
		if (far >= least)
			continue;
		least = far;
		nearest = cbs_model[i].name;
	}
	return nearest;
}
