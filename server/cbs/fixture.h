/* Loading a fixture, in three parts: fixture.c walks it along the entity tables, fixture_field.c reads one value, fixture_row.c
 * sees to what a row has to do with others. Not for use elsewhere. */
#ifndef CBSMOCK_CBS_FIXTURE_H
#define CBSMOCK_CBS_FIXTURE_H

#include <cjson/cJSON.h>

#include "cbs/cbs.h"
#include "store/entity.h"

struct loader {
	struct store *store;
	struct arena *arena;
	int64_t now_ms;
	struct fixture_fault *fault;
};

/* Reports what is wrong at `pointer`. Always false, so that it can be returned. `format` as printf. */
bool load_fail(struct loader *l, const char *pointer, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* One step down a JSON pointer (RFC 6901), by name or by index. */
const char *pointer_to(struct loader *l, const char *parent, const char *name);
const char *pointer_to_item(struct loader *l, const char *parent, size_t index);

/* Fills *out from the JSON of a field, or reports why that cannot be. */
bool field_read(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out);
/* Fills *out as if the field's fallback were written; false when it has none. */
bool field_fall_back(struct loader *l, const struct field *f, struct value *out);

struct row {
	const struct entity *entity;
	const cJSON *json;
	const char *pointer;  /* of the row itself */
	struct value *values; /* one a field of the entity; later ones may be filled in */
};

/* NULL when the entity has no such column. */
struct value *row_value(const struct row *r, const char *column);
/* Is the field of this column written in the fixture? */
bool row_gives(const struct row *r, const char *column);

/* load_fail at the field of this column when it is written, else at the row. */
bool row_fail(struct loader *l, const struct row *r, const char *column, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Before the row is written: what it refers to exists; a state given without its times gets them. */
bool row_prepare(struct loader *l, struct row *r);
/* After it: it agrees with its neighbours; its jobs and tags follow. */
bool row_settle(struct loader *l, const struct row *r);

#endif
