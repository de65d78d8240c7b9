/* How a letter is signed when nothing goes wrong; the mistakes are in broken_tc3.c and broken_v1.c. */
#include "broken_signers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"

#define BODY "{\"DiskId\": \"disk-lzrg2pwi\", \"SnapshotName\": \"a/b <\\u672a>\", \"DiskBackupQuota\": 1}"
#define AUTHORIZATION "TC3-HMAC-SHA256 Credential=%s/%s/%s/tc3_request, SignedHeaders=%s, Signature=%s"

static char *hex_digest(struct arena *a, const char *text)
{
	char *hex = arena_alloc(a, SHA256_HEX + 1);
	sha256_hex(text, strlen(text), hex);
	return hex;
}

static void letter_common(struct letter *l, struct arena *a)
{
	*l = (struct letter){
		.arena = a, .policy = SIGNATURE_LOCAL, .id = LETTER_ID, .key = LETTER_KEY, .key_len = strlen(LETTER_KEY),
		.now = LETTER_TIME, .method = "POST", .query = "", .host = "127.0.0.1:9362", .body = "", .action = "CreateSnapshot",
		.timestamp = arena_printf(a, "%d", LETTER_TIME),
	};
}

void letter_tc3(struct letter *l, struct arena *a)
{
	letter_common(l, a);
	l->type = "application/json";
	l->body = BODY;
	l->date = "2026-03-01";
	l->service = "cbs";
	l->list = "content-type;host";
}

/* ---- TC3 ----------------------------------------------------------------------------------------------------------------- */

static const char *either(const char *chosen, const char *otherwise)
{
	return chosen ? chosen : otherwise;
}

static const char *canonical(const struct letter *l)
{
	const char *type = either(l->signed_type, l->type), *host = either(l->signed_host, l->host);
	const char *payload = either(l->signed_payload, l->body);
	return arena_printf(l->arena, "%s\n%s\n%s\n%s\n%s\n%s", either(l->signed_method, l->method), either(l->signed_uri, "/"),
	                    either(l->signed_query, l->query),
	                    either(l->signed_headers, arena_printf(l->arena, "content-type:%s\nhost:%s\n", type, host)),
	                    either(l->signed_list, l->list), either(l->payload_hash, hex_digest(l->arena, payload)));
}

static const uint8_t *derive(const struct letter *l)
{
	uint8_t *key = arena_alloc(l->arena, SHA256_SIZE);
	char *first = arena_alloc(l->arena, l->key_len + sizeof "TC3");
	const char *date = either(l->key_date, l->date), *service = either(l->key_service, l->service);
	snprintf(first, sizeof "TC3", "TC3");
	memcpy(first + 3, l->key, l->key_len);
	hmac_sha256(first, l->key_len + 3, date, strlen(date), key);
	hmac_sha256(key, SHA256_SIZE, service, strlen(service), key);
	hmac_sha256(key, SHA256_SIZE, "tc3_request", 11, key);
	return key;
}

static void seal_tc3(struct letter *l)
{
	uint8_t mac[SHA256_SIZE];
	char *hex = arena_alloc(l->arena, SHA256_HEX + 1);
	if (!l->canonical)
		l->canonical = canonical(l);
	const char *scope = either(l->signed_scope, arena_printf(l->arena, "%s/%s/tc3_request", l->date, l->service));
	if (!l->string_to_sign)
		l->string_to_sign = arena_printf(l->arena, "TC3-HMAC-SHA256\n%s\n%s\n%s", either(l->signed_timestamp, l->timestamp), scope,
		                                 hex_digest(l->arena, l->canonical));
	if (!l->signing_key) {
		l->signing_key = derive(l);
		l->signing_key_len = SHA256_SIZE;
	}
	hmac_sha256(l->signing_key, l->signing_key_len, l->string_to_sign, strlen(l->string_to_sign), mac);
	hex_encode(mac, sizeof mac, hex);
	l->signature = either(l->signature, hex);
	if (!l->authorization)
		l->authorization = arena_printf(l->arena, AUTHORIZATION, l->id, l->date, l->service, l->list, l->signature);
}

/* ---- v1 ------------------------------------------------------------------------------------------------------------------ */

void letter_v1(struct letter *l, struct arena *a)
{
	letter_common(l, a);
	const struct name_value params[] = {
		{ "Version", "2017-03-12" },
		{ "Action", "DescribeDisks" },
		{ "Region", "ap-guangzhou" },
		{ "Nonce", "11886" },
		{ "DiskIds.2", "disk-lzrg2pw2" },
		{ "DiskIds.12", "a b/c~*+" },
		{ "lower", "" },
		{ "RequestClient", "SDK_C_1.0" },
		{ "Timestamp", l->timestamp },
		{ "SecretId", LETTER_ID },
	};
	l->v1 = true;
	l->type = "application/x-www-form-urlencoded";
	memcpy(l->params, params, sizeof params);
	l->param_count = sizeof params / sizeof params[0];
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name_value *)a)->name, ((const struct name_value *)b)->name);
}

static void seal_v1(struct letter *l)
{
	uint8_t mac[SHA256_SIZE];
	char *base64 = arena_alloc(l->arena, 64);
	if (l->signed_count == 0) {
		memcpy(l->signed_params, l->params, sizeof l->params);
		l->signed_count = l->param_count;
		qsort(l->signed_params, l->signed_count, sizeof l->signed_params[0], by_name);
	}
	const char *text = arena_printf(l->arena, "%s%s%s?", either(l->signed_method, l->method), either(l->signed_host, l->host),
	                                either(l->signed_uri, "/"));
	for (size_t i = 0; i < l->signed_count; i++)
		text = arena_printf(l->arena, "%s%s%s=%s", text, i > 0 ? "&" : "", l->signed_params[i].name, l->signed_params[i].value);
	l->v1_string = either(l->v1_string, text);
	if (l->sha256)
		hmac_sha256(l->key, l->key_len, l->v1_string, strlen(l->v1_string), mac);
	else
		hmac_sha1(l->key, l->key_len, l->v1_string, strlen(l->v1_string), mac);
	base64_encode(mac, l->sha256 ? SHA256_SIZE : SHA1_SIZE, base64);
	l->signature = either(l->signature, base64);
}

/* Everything but letters and digits as %XX. */
static const char *escaped(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, 3 * strlen(text) + 1), *at = out;
	for (; *text; text++) {
		bool plain = (*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') || (*text >= 'a' && *text <= 'z');
		at += plain ? snprintf(at, 2, "%c", *text) : snprintf(at, 4, "%%%02X", (unsigned)(unsigned char)*text);
	}
	return out;
}

static const char *form_of(const struct letter *l)
{
	const char *text = "";
	for (size_t i = 0; i < l->param_count; i++)
		text = arena_printf(l->arena, "%s%s=%s&", text, escaped(l->arena, l->params[i].name),
		                    escaped(l->arena, l->params[i].value));
	return arena_printf(l->arena, "%sSignature=%s", text, l->signature_raw ? l->signature : escaped(l->arena, l->signature));
}

/* ---- sending ------------------------------------------------------------------------------------------------------------- */

void letter_seal(struct letter *l)
{
	if (l->v1)
		seal_v1(l);
	else
		seal_tc3(l);
}

static void add_header(struct name_value *headers, size_t *count, const char *name, const char *value)
{
	if (value && *value)
		headers[(*count)++] = (struct name_value){ name, value };
}

size_t letter_headers(const struct letter *l, struct name_value headers[LETTER_HEADERS_MAX])
{
	size_t count = 0;
	add_header(headers, &count, "Host", l->host);
	add_header(headers, &count, "Content-Type", l->type);
	if (l->v1)
		return count;
	add_header(headers, &count, "Authorization", l->authorization);
	add_header(headers, &count, "X-TC-Action", l->action);
	add_header(headers, &count, "X-TC-Version", "2017-03-12");
	add_header(headers, &count, "X-TC-Region", "ap-guangzhou");
	add_header(headers, &count, "X-TC-Timestamp", l->timestamp);
	add_header(headers, &count, "X-TC-Token", l->token);
	add_header(headers, &count, "X-TC-Content-SHA256", l->content_sha256);
	return count;
}

static bool is_get(const struct letter *l)
{
	return strcmp(l->method, "GET") == 0;
}

const char *letter_target(const struct letter *l)
{
	const char *query = l->v1 && is_get(l) ? form_of(l) : l->query;
	return *query ? arena_printf(l->arena, "/?%s", query) : "/";
}

const char *letter_body(const struct letter *l)
{
	return l->v1 && !is_get(l) ? form_of(l) : l->body;
}
