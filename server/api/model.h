/* The API model as tables: which parameters an action takes and what each accepts. Filled by the generator from
 * schema/cbs-model.json (facts of the published model) and schema/cbs-rules.json (what the model does not say). */
#ifndef CBSMOCK_API_MODEL_H
#define CBSMOCK_API_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/error.h"

enum param_type {
	PARAM_STRING,
	PARAM_UINT,
	PARAM_INT,
	PARAM_FLOAT,
	PARAM_BOOL,
	PARAM_STRUCT,
	PARAM_TIME, /* ISO 8601 text */
};

/* What the model's types do not say; zero members do not restrict. Each violation yields `err`. */
struct rule {
	const char *const *values; /* NULL-ended: allowed strings */
	const int64_t *numbers;    /* allowed integers, INT64_MIN ends */
	bool ranged;
	int64_t min, max;          /* integers; inclusive */
	size_t max_chars, max_bytes, min_chars; /* strings */
	size_t max_items;          /* lists */
	const char *prefix;        /* the id's; checked as an id */
	enum err err;              /* for values, ranges, lengths, ids */
	enum err items_err;        /* for max_items */
};

struct shape;

struct param {
	const char *name;
	enum param_type type;
	bool list;
	bool required;
	bool hidden;               /* accepted though the model does not list it */
	const struct shape *shape; /* PARAM_STRUCT */
	const struct rule *rule;   /* may be NULL */
};

struct shape {
	const char *name;
	const struct param *params;
	size_t count;
};

/* "One of these": at least `min` and at most `max` must be given; else `err` naming the first. */
struct choice {
	const char *const *names; /* NULL-ended */
	size_t min, max;
	enum err err;
};

struct model_action {
	const char *name;
	struct shape input;
	const struct choice *choices;
	size_t choice_count;
	int rate;              /* requests a second; 20 where the documents are silent */
	bool deprecated;
	const char *const *errors; /* documented codes, NULL-ended */
};

/* Sorted by name. */
extern const struct model_action cbs_model[];
extern const size_t cbs_model_count;
const struct model_action *model_find(const struct model_action *model, size_t count, const char *name);
/* NULL when there is no member of that name, or no shape. */
const struct param *shape_find(const struct shape *shape, const char *name);

#endif
