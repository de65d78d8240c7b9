/* Every error the server can answer, and its words. errors.def has a row a code; texts.def has a row a further wording of one.
 *
 * In texts `{}` takes the next argument. Where the words were seen in a real answer they stand as seen (protocol.md §4); elsewhere
 * they are ours. Business errors carry the last 12 hex digits of the RequestId, gateway errors do not (cbs.md fact 4). */
#ifndef CBSMOCK_API_ERROR_H
#define CBSMOCK_API_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/arena.h"

enum err {
	ERR_NONE,
#define E(id, code, kind, en, zh) ERR_##id,
#include "api/errors.def"
#undef E
	N_ERRS,
};

enum text {
#define T(id, err, en, zh) TEXT_##id,
#include "api/texts.def"
#undef T
	N_TEXTS,
};

enum error_kind {
	GATEWAY,  /* the API gateway's own: message without a tag */
	BUSINESS, /* the product's: "(last12hex)" before the message */
};

enum lang { LANG_EN, LANG_ZH };

struct error {
	enum err err;        /* ERR_NONE: no error */
	const char *code;    /* as on the wire; an injected code may be outside the table */
	const char *message; /* without the tag */
	enum error_kind kind;
	const char *because; /* for log and journal, in English: what in the request or the world caused it; may be NULL */
};

const char *err_code(enum err err);
enum error_kind err_kind(enum err err);
/* ERR_NONE when the table has no such code. */
enum err err_by_code(const char *code);
/* The table's own words. */
const char *err_message(enum err err, enum lang lang);

/* Sets the table's words for the code; like the next ones it leaves `because` alone, which may have been set before. */
void error_set(struct error *e, struct arena *a, enum lang lang, enum err err);
/* Sets a further wording and its code; the arguments are strings, NULL ends them. */
void error_text(struct error *e, struct arena *a, enum lang lang, enum text text, ...) __attribute__((sentinel));
void error_vtext(struct error *e, struct arena *a, enum lang lang, enum text text, va_list args);

#endif
