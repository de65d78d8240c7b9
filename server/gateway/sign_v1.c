/* HmacSHA1 and HmacSHA256 (protocol.md §3b): the parameters sorted and joined as they are, raw, without any encoding. */
#include "gateway/sign.h"

#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

enum {
	STRING_MAX = 4 * 1024 * 1024, /* above any form that is accepted */
};

static int by_name(const void *a, const void *b)
{
	const struct name_value *const *left = a, *const *right = b;
	return strcmp((*left)->name, (*right)->name);
}

/* Sorted by the names as they are: Python and Java replace '_' only afterwards. */
static const struct name_value **sorted(struct arena *a, const struct v1_input *in, size_t *count)
{
	const struct name_value **list = arena_alloc(a, (in->param_count + 1) * sizeof *list);
	*count = 0;
	for (size_t i = 0; i < in->param_count; i++)
		if (strcmp(in->params[i].name, "Signature") != 0)
			list[(*count)++] = &in->params[i];
	qsort(list, *count, sizeof *list, by_name);
	return list;
}

static const char *string_to_sign(struct arena *a, const struct v1_input *in)
{
	size_t count;
	const struct name_value **list = sorted(a, in, &count);
	struct buf b;
	buf_init(&b, STRING_MAX);
	buf_printf(&b, "%s%s%s?", in->method, in->host, in->path);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_addc(&b, '&');
		size_t start = b.len;
		buf_adds(&b, list[i]->name);
		for (char *c = b.data + start; in->dots && *c; c++)
			if (*c == '_')
				*c = '.';
		buf_addc(&b, '=');
		buf_adds(&b, list[i]->value);
	}
	char *text = arena_strndup(a, b.data, b.len);
	buf_finish(&b);
	return text;
}

void v1_sign(struct arena *a, const struct v1_input *in, const char *secret_key, struct v1_signature *out)
{
	uint8_t mac[SHA256_SIZE];
	size_t key_len = strlen(secret_key);
	out->string_to_sign = string_to_sign(a, in);
	size_t len = strlen(out->string_to_sign);
	switch (in->algorithm) {
	case V1_SHA1:
		hmac_sha1(secret_key, key_len, out->string_to_sign, len, mac);
		base64_encode(mac, SHA1_SIZE, out->base64);
		break;
	case V1_SHA256:
		hmac_sha256(secret_key, key_len, out->string_to_sign, len, mac);
		base64_encode(mac, SHA256_SIZE, out->base64);
		break;
	}
}
