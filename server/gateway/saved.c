/* Bytes in JSON, and numbers of it that fit where they go. */
#include "gateway/saved.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "util/str.h"

static const double WHOLE_MAX = 9007199254740992.0; /* 2^53: whole numbers up to there are exact */

void out_base64(struct json_out *o, const char *key, const void *data, size_t len)
{
	char *text = xmalloc(4 * ((len + 2) / 3) + 1);
	base64_encode(data, len, text);
	out_object(o, key);
	out_str(o, "base64", text);
	out_end_object(o);
	free(text);
}

void out_bytes(struct json_out *o, const char *key, const char *data, size_t len)
{
	if (memchr(data, '\0', len) || !str_is_utf8(data, len))
		out_base64(o, key, data, len);
	else
		out_str(o, key, data);
}

const cJSON *saved_item(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *saved_text(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(saved_item(object, name));
}

int64_t saved_whole(const cJSON *value)
{
	bool fits = cJSON_IsNumber(value) && fabs(value->valuedouble) <= WHOLE_MAX;
	return fits ? (int64_t)value->valuedouble : 0;
}

int64_t saved_number(const cJSON *object, const char *name)
{
	return saved_whole(saved_item(object, name));
}

bool saved_flag(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(saved_item(object, name));
}

bool saved_bytes(struct arena *a, const cJSON *value, const char **data, size_t *len)
{
	const char *text = cJSON_GetStringValue(value);
	if (text) {
		*data = text;
		*len = strlen(text);
		return true;
	}
	text = saved_text(value, "base64");
	if (!text)
		return false;
	uint8_t *bytes = arena_alloc(a, strlen(text) / 4 * 3 + 1);
	*data = (const char *)bytes;
	return base64_decode(text, bytes, len);
}
