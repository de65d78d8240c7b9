/* Writes JSON text straight into a buf: answers are built once, in order, without a tree.
 *
 * Commas are placed by the writer. `key` is NULL inside an array. Integers are written as integers, never with a point (the
 * C++ SDK checks; protocol.md §9). Strings are UTF-8 and escaped as JSON asks. */
#ifndef CBSMOCK_UTIL_JSON_OUT_H
#define CBSMOCK_UTIL_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

struct json_out {
	struct buf *buf;
	bool comma; /* the next item needs one before it */
};

void json_out_init(struct json_out *o, struct buf *buf);
void out_object(struct json_out *o, const char *key); /* opens { */
void out_end_object(struct json_out *o);
void out_array(struct json_out *o, const char *key); /* opens [ */
void out_end_array(struct json_out *o);
void out_str(struct json_out *o, const char *key, const char *value); /* NULL value writes null */
void out_int(struct json_out *o, const char *key, int64_t value);
void out_double(struct json_out *o, const char *key, double value); /* at most two decimals */
void out_bool(struct json_out *o, const char *key, bool value);
void out_null(struct json_out *o, const char *key);
/* Already valid JSON, copied as it is. */
void out_raw(struct json_out *o, const char *key, const char *json);

#endif
