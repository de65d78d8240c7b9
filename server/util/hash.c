/* Thin covers over Nettle's digests, and the two text forms signatures come in. GnuTLS has the same digests behind calls that allocate. */
#include "util/hash.h"

#include <gnutls/crypto.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <string.h>

void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
	struct sha256_ctx c;
	sha256_init(&c);
	sha256_update(&c, len, data);
	sha256_digest(&c, SHA256_SIZE, out);
}

void sha256_hex(const void *data, size_t len, char out[SHA256_HEX + 1])
{
	uint8_t digest[SHA256_SIZE];
	sha256(data, len, digest);
	hex_encode(digest, sizeof digest, out);
}

void hmac_sha256_key(struct hmac_sha256_ctx *key, const void *secret, size_t len)
{
	hmac_sha256_set_key(key, len, secret);
}

void hmac_sha256_with(struct hmac_sha256_ctx *key, const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
	hmac_sha256_update(key, len, data);
	hmac_sha256_digest(key, SHA256_SIZE, out); /* leaves the key as it was before the message */
}

void hmac_sha256(const void *secret, size_t secret_len, const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
	struct hmac_sha256_ctx key;
	hmac_sha256_key(&key, secret, secret_len);
	hmac_sha256_with(&key, data, len, out);
}

void hmac_sha1(const void *secret, size_t secret_len, const void *data, size_t len, uint8_t out[SHA1_SIZE])
{
	struct hmac_sha1_ctx key;
	hmac_sha1_set_key(&key, secret_len, secret);
	hmac_sha1_update(&key, len, data);
	hmac_sha1_digest(&key, SHA1_SIZE, out);
}

/* Reckoned, not looked up: a compiler does many digits at once. */
static char hex_digit(unsigned value)
{
	return (char)('0' + value + (value > 9) * ('a' - '0' - 10));
}

void hex_encode(const uint8_t *data, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex_digit(data[i] >> 4);
		out[2 * i + 1] = hex_digit(data[i] & 15);
	}
	out[2 * len] = '\0';
}

void base64_encode(const uint8_t *data, size_t len, char *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)data[i] << 16;
		if (have > 1)
			group |= (uint32_t)data[i + 1] << 8;
		if (have > 2)
			group |= data[i + 2];
		*out++ = alphabet[group >> 18];
		*out++ = alphabet[group >> 12 & 63];
		*out++ = have > 1 ? alphabet[group >> 6 & 63] : '=';
		*out++ = have > 2 ? alphabet[group & 63] : '=';
	}
	*out = '\0';
}

/* 64 for a character outside the alphabet. */
static uint32_t base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Padding is left to the caller, who knows whether it may come here. */
static bool base64_group(const char *text, size_t digits, uint8_t *out)
{
	uint32_t group = 0;
	for (size_t i = 0; i < 4; i++) {
		uint32_t digit = i < digits ? base64_digit(text[i]) : 0;
		if (digit > 63)
			return false;
		group = group << 6 | digit;
	}
	for (size_t i = 0; i < 3; i++)
		out[i] = (uint8_t)(group >> (16 - 8 * i));
	return digits == 4 || (digits == 3 ? (group & 0xff) == 0 : (group & 0xffff) == 0);
}

bool base64_decode(const char *text, uint8_t *out, size_t *len)
{
	size_t size = strlen(text);
	*len = 0;
	if (size % 4 != 0)
		return false;
	for (size_t i = 0; i < size; i += 4) {
		bool last = i + 4 == size;
		size_t digits = !last || text[i + 3] != '=' ? 4 : text[i + 2] != '=' ? 3 : 2;
		uint8_t bytes[3];
		if (!base64_group(text + i, digits, bytes))
			return false;
		memcpy(out + *len, bytes, digits - 1);
		*len += digits - 1;
	}
	out[*len] = '\0';
	return true;
}

bool random_bytes(uint8_t *out, size_t len)
{
	return gnutls_rnd(GNUTLS_RND_KEY, out, len) == 0;
}

bool equal_constant_time(const char *a, const char *b)
{
	size_t len = strlen(a);
	return len == strlen(b) && memeql_sec(a, b, len);
}
