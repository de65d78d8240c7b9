/* What a match is parsed into: a list of terms that must all hold. match.c reads and collects, match_term.c holds a term against
 * a view. */
#ifndef CBSMOCK_GATEWAY_MATCH_INTERNAL_H
#define CBSMOCK_GATEWAY_MATCH_INTERNAL_H

#include "gateway/match.h"

enum match_operator {
	OP_EQUALS,
	OP_CONTAINS,
	OP_PREFIX,
	OP_SUFFIX,
	OP_MATCHES,
	OP_IN,
	OP_PRESENT,
	OP_ABSENT,
	OP_GT,
	OP_GTE,
	OP_LT,
	OP_LTE,
	OP_REACHED, /* phase at or after `number` */
	OP_AFTER_SEQ,
	OP_SINCE_TIME, /* number above `number`; received at or after `number` */
};

struct match_term {
	struct match_term *next;
	enum match_field field;
	enum match_operator op;
	const char *name;   /* of the field; of a parameter its path, of a tag its key */
	const cJSON *value; /* NULL where `number` says it */
	int64_t number;
};

struct match {
	struct match_term *terms, *param_terms;
	size_t count;
	unsigned asks; /* a bit a field */
};

extern const char *const match_operator_names[]; /* up to OP_LTE */

/* ---- words of closed fields: match_words.c ------------------------------------------------------------------------------ */

struct model_action;

/* May a request show this word there? Any word of a field that is not closed. NULL is no text. `pattern`: it has wildcards. */
bool match_word_known(enum match_field field, const char *word, bool pattern);
/* Those of a closed field, or of an action where it has its own (`of`; may be NULL): "stages: transport, parse …". */
const char *match_words_text(enum match_field field, struct arena *a, const struct model_action *of);
/* The same of regions, which a world has; the list is NULL-ended. */
bool match_region_known(const char *const *regions, const char *word, bool pattern);
const char *match_regions_text(const char *const *regions, struct arena *a);

bool term_holds(const struct match_term *t, const struct match_view *v);
void term_difference(const struct match_term *t, const struct match_view *v, struct arena *a, struct match_difference *out);

#endif
