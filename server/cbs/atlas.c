/* Looking an entry of the generated table up. */
#include "cbs/atlas.h"

#include "util/str.h"

const struct atlas_entry *atlas_find(const char *action, const char *code)
{
	for (size_t i = 0; i < atlas_entry_count; i++) {
		const struct atlas_entry *e = &atlas_entries[i];
		bool fits = action == NULL ? e->common : !e->common && str_is(e->action, action);
		if (fits && str_is(e->code, code))
			return e;
	}
	return NULL;
}
