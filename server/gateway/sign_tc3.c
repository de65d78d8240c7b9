/* TC3-HMAC-SHA256 (protocol.md §3a): canonical request, string to sign, signature; and the Authorization header taken apart. */
#include "gateway/sign.h"

#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/str.h"

enum {
	SECRET_MAX = 1024 * 1024, /* bytes of a key: a fixture's has 128 at most */
};

static const char algorithm[] = "TC3-HMAC-SHA256";
static const char terminator[] = "tc3_request";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Text in a row; `at` has room for all of it and stands on the NUL behind what was put. */
static char *put(char *at, const char *text)
{
	size_t len = strlen(text);
	return (char *)memcpy(at, text, len + 1) + len;
}

static char *put_header_value(char *at, const char *value, bool raw)
{
	size_t len = strlen(value);
	while (len > 0 && is_blank(*value)) {
		value++;
		len--;
	}
	while (len > 0 && is_blank(value[len - 1]))
		len--;
	memcpy(at, value, len);
	at[len] = '\0';
	if (!raw)
		str_lower(at);
	return at + len;
}

/* A few bytes more than its canonical request has, for what stands between the parts. */
static size_t canonical_room(const struct tc3_input *in)
{
	enum { BETWEEN = 8, BETWEEN_HEADER = 2 };
	size_t size = BETWEEN + strlen(in->method) + strlen(in->query) + strlen(in->signed_headers) + strlen(in->payload_hash);
	for (size_t i = 0; i < in->header_count; i++)
		size += BETWEEN_HEADER + strlen(in->headers[i].name) + strlen(in->headers[i].value);
	return size;
}

static const char *canonical_request(struct arena *a, const struct tc3_input *in)
{
	char *text = arena_alloc(a, canonical_room(in)), *at = text;
	at = put(at, in->method);
	at = put(at, "\n/\n");
	at = put(at, in->query);
	at = put(at, "\n");
	for (size_t i = 0; i < in->header_count; i++) {
		char *name = at;
		at = put(at, in->headers[i].name);
		str_lower(name);
		at = put(at, ":");
		at = put_header_value(at, in->headers[i].value, in->raw_values);
		at = put(at, "\n");
	}
	at = put(at, "\n");
	at = put(at, in->signed_headers);
	at = put(at, "\n");
	put(at, in->payload_hash);
	return text;
}

static const char *string_to_sign(struct arena *a, const struct tc3_input *in, const char *canonical)
{
	char hash[SHA256_HEX + 1];
	sha256_hex(canonical, strlen(canonical), hash);
	return arena_concat(a, algorithm, "\n", in->timestamp, "\n", in->date, "/", in->service, "/", terminator, "\n", hash, NULL);
}

void tc3_signing_key(const char *secret_key, const char *date, const char *service, uint8_t out[SHA256_SIZE])
{
	struct buf first;
	buf_init(&first, SECRET_MAX);
	buf_adds(&first, "TC3");
	buf_adds(&first, secret_key);
	uint8_t key[SHA256_SIZE];
	hmac_sha256(first.data, first.len, date, strlen(date), key);
	buf_finish(&first);
	hmac_sha256(key, sizeof key, service, strlen(service), key);
	hmac_sha256(key, sizeof key, terminator, strlen(terminator), out);
}

/* What a signing key is made of, and the key. */
struct signing_key {
	bool whole; /* its texts fitted; else it is of this one call */
	char secret_key[136], date[16], service[16];
	struct hmac_sha256_ctx key;
};

static bool keep_text(char *room, size_t size, const char *text)
{
	return (size_t)snprintf(room, size, "%s", text) < size;
}

/* A key is good for a day and costs three times what signing with it does, so each thread remembers the last few. */
static struct hmac_sha256_ctx *signing_key(const char *secret_key, const char *date, const char *service)
{
	enum { KEYS = 8 };
	static _Thread_local struct signing_key keys[KEYS];
	static _Thread_local unsigned oldest;
	for (struct signing_key *k = keys; k < keys + KEYS; k++)
		if (k->whole && str_is(k->date, date) && str_is(k->secret_key, secret_key) && str_is(k->service, service))
			return &k->key;
	uint8_t made[SHA256_SIZE];
	struct signing_key *k = &keys[oldest];
	oldest = (oldest + 1) % KEYS;
	tc3_signing_key(secret_key, date, service, made);
	k->whole = keep_text(k->secret_key, sizeof k->secret_key, secret_key) && keep_text(k->date, sizeof k->date, date) &&
		keep_text(k->service, sizeof k->service, service);
	hmac_sha256_key(&k->key, made, sizeof made);
	return &k->key;
}

void tc3_sign(struct arena *a, const struct tc3_input *in, const char *secret_key, struct tc3_signature *out)
{
	uint8_t signature[SHA256_SIZE];
	out->canonical_request = canonical_request(a, in);
	out->string_to_sign = string_to_sign(a, in, out->canonical_request);
	struct hmac_sha256_ctx *key = signing_key(secret_key, in->date, in->service);
	hmac_sha256_with(key, out->string_to_sign, strlen(out->string_to_sign), signature);
	hex_encode(signature, sizeof signature, out->hex);
}

/* ---- Authorization ------------------------------------------------------------------------------------------------- */

#define BETWEEN_PARTS " \t\r\n,"

/* The next run of other characters; NULL at the end. */
static char *next_part(struct arena *a, const char **rest, bool *two_blanks)
{
	const char *start = *rest + strspn(*rest, BETWEEN_PARTS);
	for (const char *at = *rest; at + 1 < start; at++)
		*two_blanks |= at[0] == ' ' && at[1] == ' ';
	size_t len = strcspn(start, BETWEEN_PARTS);
	*rest = start + len;
	return len > 0 ? arena_strndup(a, start, len) : NULL;
}

/* SecretId/date/service/tc3_request; the SecretId may be empty, which is another complaint than a broken header. */
static bool split_credential(char *scope, struct tc3_authorization *out)
{
	char *field[4] = { scope };
	for (size_t i = 1; i < 4; i++) {
		char *slash = strchr(field[i - 1], '/');
		if (!slash)
			return false;
		*slash = '\0';
		field[i] = slash + 1;
	}
	out->secret_id = field[0];
	out->date = field[1];
	out->service = field[2];
	return strcmp(field[3], terminator) == 0;
}

const char *tc3_parse(struct arena *a, const char *header, struct tc3_authorization *out)
{
	*out = (struct tc3_authorization){ 0 };
	const char *name = next_part(a, &header, &out->two_blanks);
	if (!str_is(name, algorithm))
		return "Algorithm";

	struct {
		const char *name;
		char *value;
	} parts[] = { { "Credential", NULL }, { "SignedHeaders", NULL }, { "Signature", NULL } };
	enum { N_PARTS = sizeof parts / sizeof parts[0] };
	for (char *part; (part = next_part(a, &header, &out->two_blanks)) != NULL;) {
		for (size_t i = 0; i < N_PARTS; i++) {
			size_t len = strlen(parts[i].name);
			if (!str_prefix(part, parts[i].name) || part[len] != '=')
				continue;
			if (parts[i].value)
				return parts[i].name; /* given twice */
			parts[i].value = part + len + 1;
		}
	}
	for (size_t i = 0; i < N_PARTS; i++)
		if (!parts[i].value || !*parts[i].value)
			return parts[i].name;
	if (!split_credential(parts[0].value, out))
		return parts[0].name;
	out->signed_headers = parts[1].value;
	out->signature = parts[2].value;
	return NULL;
}
