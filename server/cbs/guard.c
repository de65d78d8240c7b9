/* Walking a table of refusals. */
#include "cbs/guard.h"

enum verdict guards_check(struct call *c, const struct guard *guards, size_t count, const void *subject)
{
	for (size_t i = 0; i < count; i++) {
		if (!guards[i].holds(c, subject))
			continue;
		enum err err = c->dialect == DIALECT_CLASSIC ? guards[i].classic : guards[i].current;
		c->guard = guards[i].name;
		if (c->error.err != err) /* else the predicate chose a wording of its own */
			call_fail(c, err);
		return VERDICT_FAIL;
	}
	return VERDICT_OK;
}
