/* What a fixture may say, as data: one entity a table of the world, one field a column. Generated at build time from
 * schema/fixture.schema.json, which is the single place where a field is declared. */
#ifndef CBSMOCK_STORE_ENTITY_H
#define CBSMOCK_STORE_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
	FIELD_TEXT,  /* JSON string */
	FIELD_INT,   /* JSON integer, within min and max */
	FIELD_BOOL,  /* JSON true or false, stored 0 or 1 */
	FIELD_TIME,  /* ISO 8601 or relative to the loading ("+30d", "-1h"); stored as ms; "" stores 0 */
	FIELD_ID,    /* an id with `prefix`; stored as its number; "" stores 0 where not required */
	FIELD_CHOICE, /* JSON string of `values`, stored as its place among them */
	FIELD_LIST,  /* JSON array of strings, stored joined by "," */
	FIELD_JSON,  /* JSON array, stored as its text without white space; what is in it is settled with the row */
	FIELD_TAGS,  /* JSON array of {Key, Value}: rows of the tag table, kind in `prefix` */
};

struct field {
	const char *name;          /* as in the fixture: the API's own name where it has one */
	const char *column;        /* NULL for FIELD_TAGS and with `job` */
	enum field_type type;
	bool key;                  /* part of the primary key: always needed */
	bool required;             /* when the row is new */
	const char *const *values; /* NULL-ended enum, or NULL */
	int64_t min, max;          /* FIELD_INT: value; FIELD_TEXT: characters; FIELD_LIST, FIELD_JSON, FIELD_TAGS: items */
	const char *prefix;        /* FIELD_ID, FIELD_TAGS */
	const char *fallback;      /* of a key or required field that is not given, as text; NULL: it must be given */
	const char *job;           /* kind of the row's job whose `arg` it is; "state": `polls` of the job that ends its state; NULL: none */
};

struct entity {
	const char *name;  /* key of the fixture's top level: "Disks" */
	const char *table;
	bool single;       /* an object, not a list: "World" */
	bool has_id;       /* the table has an `id` column: the text form of its FIELD_ID key, written along with `no` */
	const struct field *fields;
	size_t field_count;
};

/* In the order they must be loaded: referenced tables first. */
extern const struct entity entities[];
extern const size_t entity_count;

#endif
