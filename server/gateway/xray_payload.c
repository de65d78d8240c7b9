/* The digests of a body written otherwise: a client that signs one serialisation of its parameters and sends another is the
 * commonest of the mistakes that nobody finds by reading. */
#include <string.h>

#include "gateway/xray_internal.h"

enum {
	BODY_REWRITTEN_MAX = 1024 * 1024,
	PAYLOAD_WORK_MAX = 2 * 1024 * 1024, /* bytes that may be written and digested for one request */
};

static const struct json_style styles[N_PAYLOADS] = {
	[PAYLOAD_COMPACT] = { ",", ":", NULL, false, STRINGS_SENT },
	[PAYLOAD_SPACED] = { ", ", ": ", NULL, false, STRINGS_SENT },
	[PAYLOAD_SORTED] = { ",", ":", NULL, true, STRINGS_SENT },
	[PAYLOAD_SORTED_SPACED] = { ", ", ": ", NULL, true, STRINGS_SENT },
	[PAYLOAD_PRETTY_2] = { ",", ": ", "  ", false, STRINGS_SENT },
	[PAYLOAD_PRETTY_4] = { ",", ": ", "    ", false, STRINGS_SENT },
	[PAYLOAD_PRETTY_TAB] = { ",", ": ", "\t", false, STRINGS_SENT },
	[PAYLOAD_ASCII] = { ",", ":", NULL, false, STRINGS_ASCII },
	[PAYLOAD_ASCII_SPACED] = { ", ", ": ", NULL, false, STRINGS_ASCII },
	[PAYLOAD_PLAIN] = { ",", ":", NULL, false, STRINGS_PLAIN },
	[PAYLOAD_PLAIN_SPACED] = { ", ", ": ", NULL, false, STRINGS_PLAIN },
	[PAYLOAD_SLASHES] = { ",", ":", NULL, false, STRINGS_SLASHES },
	[PAYLOAD_HTML] = { ",", ":", NULL, false, STRINGS_HTML },
};

/* The body with something before or behind it, or without its last line ends. */
static bool write_around(const struct request *r, enum payload payload, struct buf *out)
{
	size_t len = r->body_len;
	if (payload == PAYLOAD_BOM)
		buf_adds(out, "\xef\xbb\xbf");
	while (payload == PAYLOAD_STRIPPED && len > 0 && strchr("\r\n \t", r->body[len - 1]))
		len--;
	buf_add(out, r->body, len);
	if (payload == PAYLOAD_LINE_END || payload == PAYLOAD_CRLF)
		buf_adds(out, payload == PAYLOAD_CRLF ? "\r\n" : "\n");
	return !out->overflow;
}

static bool write_payload(const struct subject *s, enum payload payload, struct buf *out)
{
	static const char *const fixed[N_PAYLOADS] = {
		[PAYLOAD_EMPTY] = "", [PAYLOAD_BRACES] = "{}", [PAYLOAD_NULL] = "null", [PAYLOAD_UNSIGNED] = "UNSIGNED-PAYLOAD",
	};
	const struct request *r = s->r;
	if (fixed[payload] || payload == PAYLOAD_QUERY) {
		buf_adds(out, payload == PAYLOAD_QUERY ? r->query : fixed[payload]);
		return true;
	}
	if (r->body_len > BODY_REWRITTEN_MAX || s->payloads.work + r->body_len > PAYLOAD_WORK_MAX)
		return false;
	if (!styles[payload].comma)
		return write_around(r, payload, out);
	return cJSON_IsObject(r->params) && r->body_len > 0 && json_restyle(r->body, &styles[payload], out);
}

const char *payload_digest(struct subject *s, enum payload payload)
{
	const char **hash = &s->payloads.hash[payload];
	if (!*hash) {
		char hex[SHA256_HEX + 1] = "";
		struct buf text;
		buf_init(&text, 2 * (size_t)BODY_REWRITTEN_MAX);
		if (write_payload(s, payload, &text))
			sha256_hex(text.data, text.len, hex);
		s->payloads.work += text.len;
		buf_finish(&text);
		*hash = arena_strdup(s->arena, hex);
	}
	return **hash ? *hash : NULL;
}
