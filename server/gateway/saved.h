/* Small change of what is written down as JSON and read back: texts that may be any bytes, and members read leniently, for whoever reads
 * decides what must be there. */
#ifndef CBSMOCK_GATEWAY_SAVED_H
#define CBSMOCK_GATEWAY_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "util/arena.h"
#include "util/json_out.h"

/* As a text where it is one, else as {"base64":"…"}. `data` has a NUL behind. */
void out_bytes(struct json_out *o, const char *key, const char *data, size_t len);
void out_base64(struct json_out *o, const char *key, const void *data, size_t len);

/* NULL when there is none. */
const cJSON *saved_item(const cJSON *object, const char *name);
/* NULL when it is no text. */
const char *saved_text(const cJSON *object, const char *name);
/* 0 when it is no whole number that JSON can hold. */
int64_t saved_number(const cJSON *object, const char *name);
int64_t saved_whole(const cJSON *value);
bool saved_flag(const cJSON *object, const char *name);
/* What out_bytes or out_base64 wrote, in the arena or the tree, with a NUL behind. False when it is neither. */
bool saved_bytes(struct arena *a, const cJSON *value, const char **data, size_t *len);

#endif
