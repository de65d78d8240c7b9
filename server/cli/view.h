/* Answers of the admin API as a person reads them: what is single as lines of name and value, lists as tables. */
#ifndef CBSMOCK_CLI_VIEW_H
#define CBSMOCK_CLI_VIEW_H

#include <cjson/cJSON.h>

#include "util/buf.h"

enum { VIEW_COLUMNS = 12 };

/* Zeroed: everything there is, lists with the columns their items have. */
struct view {
	const char *list;                   /* only this list (and nothing else, unless it is empty) */
	const char *columns[VIEW_COLUMNS];  /* "field", "object.field" or "TITLE=object.field" */
	const char *empty;                  /* what to say of an empty list */
};

void view_print(const cJSON *answer, const struct view *view, struct buf *out);
/* Text from the outside, unable to move a terminal's cursor. */
void view_text(const char *text, struct buf *out);

#endif
