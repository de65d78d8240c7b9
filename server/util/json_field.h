/* Fields of an object with json_out, for answers that hold a thousand of them: a name that is spelled out where it is written is one copy
 * of a length the compiler knows, in place of a text to be measured, checked and quoted. The writer is the same, so both kinds of calls
 * mix. Names have nothing to escape; and a comma stands before each, so the first field of an object is not written so. */
#ifndef CBSMOCK_UTIL_JSON_FIELD_H
#define CBSMOCK_UTIL_JSON_FIELD_H

#include <string.h>

#include "util/json_out.h"
#include "util/str.h"

#define FIELD_STR(o, name, value) field_str(o, FIELD_NAME(name), value) /* NULL writes null */
/* The same of a text with nothing in it to escape: an id, a state, a time. */
#define FIELD_PLAIN(o, name, value) field_plain(o, FIELD_NAME(name), value)
#define FIELD_INT(o, name, value) field_int(o, FIELD_NAME(name), value)
#define FIELD_BOOL(o, name, value) field_bool(o, FIELD_NAME(name), value)
#define FIELD_EMPTY(o, name) field_const(o, FIELD_TEXT(name, "\"\""))  /* "" */
#define FIELD_NO_ITEMS(o, name) field_const(o, FIELD_TEXT(name, "[]")) /* an empty array */

/* A text and its length. */
#define FIELD_TEXT(name, value) ",\"" name "\":" value, sizeof ",\"" name "\":" value - 1
#define FIELD_NAME(name) FIELD_TEXT(name, "")

/* Writes the name, and makes room for so many bytes more; NULL when the buffer is full. */
static inline char *field_begin(struct json_out *o, const char *name, size_t len, size_t more)
{
	if (!buf_reserve(o->buf, len + more))
		return NULL;
	char *at = o->buf->data + o->buf->len;
	memcpy(at, name, len);
	return at + len;
}

static inline void field_end(struct json_out *o, char *end)
{
	*end = '\0';
	o->buf->len = (size_t)(end - o->buf->data);
}

static inline void field_const(struct json_out *o, const char *whole, size_t len)
{
	char *at = field_begin(o, whole, len, 0);
	if (at)
		field_end(o, at);
}

static inline void field_str(struct json_out *o, const char *name, size_t len, const char *value)
{
	field_const(o, name, len);
	o->comma = false;
	out_str(o, NULL, value);
}

static inline void field_plain(struct json_out *o, const char *name, size_t len, const char *value)
{
	size_t size = strlen(value);
	char *at = field_begin(o, name, len, size + 2);
	if (!at)
		return;
	at[0] = '"';
	memcpy(at + 1, value, size);
	at[size + 1] = '"';
	field_end(o, at + size + 2);
}

static inline void field_int(struct json_out *o, const char *name, size_t len, int64_t value)
{
	char room[STR_I64_SIZE];
	const char *text = str_from_i64(value, room);
	size_t size = (size_t)(room + sizeof room - 1 - text);
	char *at = field_begin(o, name, len, size);
	if (!at)
		return;
	memcpy(at, text, size);
	field_end(o, at + size);
}

static inline void field_bool(struct json_out *o, const char *name, size_t len, bool value)
{
	enum { LONGEST = sizeof "false" - 1 };
	char *at = field_begin(o, name, len, LONGEST);
	if (!at)
		return;
	memcpy(at, value ? "true\0" : "false", LONGEST);
	field_end(o, at + LONGEST - value);
}

#endif
