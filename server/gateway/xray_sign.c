/* What both signature families end in: a digest with the key, written as text; and the encodings that clients
 * put in the wrong place. */
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/str.h"

/* ---- encodings ----------------------------------------------------------------------------------------------------------- */

static bool stays(char c, enum encoding encoding)
{
	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.')
		return true;
	return encoding == ENCODE_FORM ? c == '*' : c == '~';
}

void encode_text(struct buf *b, const char *text, enum encoding encoding)
{
	if (encoding == ENCODE_NONE || encoding == ENCODE_AS_SENT) {
		buf_adds(b, text);
		return;
	}
	for (; *text; text++) {
		if (stays(*text, encoding))
			buf_addc(b, *text);
		else if (*text == ' ' && encoding == ENCODE_FORM)
			buf_addc(b, '+');
		else
			buf_printf(b, encoding == ENCODE_LOWER ? "%%%02x" : "%%%02X", (unsigned)(unsigned char)*text);
	}
}

void text_replace(char *text, char from, char to)
{
	for (; *text; text++)
		if (*text == from)
			*text = to;
}

void text_upper(char *text)
{
	for (; *text; text++)
		if (*text >= 'a' && *text <= 'z')
			*text = (char)(*text - 'a' + 'A');
}

/* ---- the signature's own form -------------------------------------------------------------------------------------------- */

static void write_encoded(const char *text, char out[SIGNATURE_SIZE])
{
	struct buf b;
	buf_init(&b, SIGNATURE_SIZE - 1);
	encode_text(&b, text, ENCODE_PERCENT);
	memcpy(out, b.data, b.len + 1);
	buf_finish(&b);
}

static void write_signature(const struct subject *s, const struct recipe *p, const uint8_t *digest, size_t size,
                            char out[SIGNATURE_SIZE])
{
	char hex[2 * SHA256_SIZE + 1], base64[4 * ((SHA256_SIZE + 2) / 3) + 1];
	hex_encode(digest, size, hex);
	base64_encode(digest, size, base64);
	char *usual = s->r->tc3 ? hex : base64, *text = usual;
	switch (p->output) {
	case OUTPUT_USUAL:
		break;
	case OUTPUT_UPPER:
		text_upper(hex);
		text = hex;
		break;
	case OUTPUT_HEX:
		text = hex;
		break;
	case OUTPUT_BASE64:
		text = base64;
		break;
	case OUTPUT_BASE64_OF_HEX:
		base64_encode((const uint8_t *)hex, strlen(hex), out);
		return;
	case OUTPUT_URL_SAFE:
		text_replace(base64, '+', '-');
		text_replace(base64, '/', '_');
		text = base64;
		break;
	case OUTPUT_UNPADDED:
		base64[strcspn(base64, "=")] = '\0';
		text = base64;
		break;
	case OUTPUT_ENCODED:
		write_encoded(base64, out);
		return;
	case OUTPUT_BLANKS:
		text_replace(base64, '+', ' ');
		text = base64;
		break;
	case OUTPUT_CUT:
		if (strlen(s->signature) < strlen(usual))
			usual[strlen(s->signature)] = '\0';
		break;
	}
	memcpy(out, text, strlen(text) + 1);
}

void signature_make(struct subject *s, const struct recipe *p, const void *key, size_t key_len, bool sha1,
                    char out[SIGNATURE_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	const struct buf *text = p->mac == MAC_OF_CANONICAL ? &s->canonical : &s->string;
	size_t size = SHA256_SIZE;
	s->tried++;
	s->work += s->canonical.len + s->string.len;
	if (p->mac == MAC_NO_KEY) {
		sha256(text->data, text->len, digest);
	} else if (p->mac == MAC_SWAPPED) {
		hmac_sha256(text->data, text->len, key, key_len, digest);
	} else if (sha1 || p->mac == MAC_SHA1) {
		hmac_sha1(key, key_len, text->data, text->len, digest);
		size = SHA1_SIZE;
	} else {
		hmac_sha256(key, key_len, text->data, text->len, digest);
	}
	write_signature(s, p, digest, size, out);
}
