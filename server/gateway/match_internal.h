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

bool term_holds(const struct match_term *t, const struct match_view *v);
void term_difference(const struct match_term *t, const struct match_view *v, struct arena *a, struct match_difference *out);

#endif
