/* The four forms a signed request can take (protocol.md §1, §2): JSON POST and GET under TC3, form POST and GET under the older
 * signatures. */
#include "cli/ask.h"

#include <inttypes.h>
#include <string.h>

#include "cli/http_client.h"
#include "util/str.h"
#include "util/wiretime.h"

#define JSON_TYPE "application/json"
#define FORM_TYPE "application/x-www-form-urlencoded"

enum { MESSAGE_MAX = 16 * 1024 * 1024 };

static bool given(const char *text)
{
	return text && text[0] != '\0';
}

static const char *encode_pairs(struct arena *a, const struct pair_list *pairs)
{
	struct buf out;

	buf_init(&out, MESSAGE_MAX);
	for (size_t i = 0; i < pairs->count; i++) {
		if (i > 0)
			buf_addc(&out, '&');
		add_encoded(&out, pairs->items[i].name);
		buf_addc(&out, '=');
		add_encoded(&out, pairs->items[i].value);
	}
	const char *text = arena_strndup(a, out.data, out.len);
	buf_finish(&out);
	return text;
}

static void add_header(struct buf *head, const char *name, const char *value)
{
	if (given(value))
		buf_printf(head, "%s: %s\r\n", name, value);
}

static void write_head(struct buf *out, const struct ask *ask, const char *query, const char *content_type)
{
	buf_init(out, MESSAGE_MAX);
	buf_printf(out, "%s /%s%s HTTP/1.1\r\n", ask->get ? "GET" : "POST", query[0] ? "?" : "", query);
	add_header(out, "Host", ask->host);
	add_header(out, "Connection", "close");
	add_header(out, "Content-Type", content_type);
}

static void write_body(struct buf *out, const struct ask *ask, const char *body)
{
	size_t len = strlen(body);

	if (!ask->get)
		buf_printf(out, "Content-Length: %zu\r\n", len);
	buf_adds(out, "\r\n");
	buf_add(out, body, len);
}

static void sign_tc3(struct arena *a, const struct ask *ask, struct signed_ask *out)
{
	const char *content_type = ask->get ? FORM_TYPE : JSON_TYPE;
	const char *query = ask->get ? encode_pairs(a, ask->pairs) : "";
	const char *body = ask->get ? "" : ask->json;
	const struct name_value headers[] = { { "content-type", content_type }, { "host", ask->host } };
	char date[WIRETIME_SIZE], payload_hash[SHA256_HEX + 1];
	struct tc3_signature signature;

	wiretime_utc_date(ask->wall_ms, date);
	sha256_hex(body, strlen(body), payload_hash);
	const struct tc3_input input = {
		.method = ask->get ? "GET" : "POST",
		.query = query,
		.headers = headers,
		.header_count = sizeof(headers) / sizeof(headers[0]),
		.signed_headers = "content-type;host",
		.payload_hash = payload_hash,
		.timestamp = arena_printf(a, "%" PRId64, ask->wall_ms / 1000),
		.date = date,
		.service = "cbs",
	};
	tc3_sign(a, &input, ask->secret_key, &signature);

	struct buf *message = &out->message;
	write_head(message, ask, query, content_type);
	buf_printf(message, "Authorization: TC3-HMAC-SHA256 Credential=%s/%s/cbs/tc3_request, SignedHeaders=%s, Signature=%s\r\n",
	           ask->secret_id, date, input.signed_headers, signature.hex);
	add_header(message, "X-TC-Action", ask->action);
	add_header(message, "X-TC-Version", ask->version);
	add_header(message, "X-TC-Timestamp", input.timestamp);
	add_header(message, "X-TC-Region", ask->region);
	add_header(message, "X-TC-Language", ask->language);
	add_header(message, "X-TC-Token", ask->token);
	write_body(message, ask, body);
	out->canonical_request = signature.canonical_request;
	out->string_to_sign = signature.string_to_sign;
}

static void add_given(struct arena *a, struct pair_list *pairs, const char *name, const char *value)
{
	if (given(value))
		pair_add(a, pairs, name, value);
}

static void sign_v1(struct arena *a, const struct ask *ask, struct signed_ask *out)
{
	struct pair_list all = { 0 };
	struct v1_signature signature;

	add_given(a, &all, "Action", ask->action);
	add_given(a, &all, "Version", ask->version);
	add_given(a, &all, "Region", ask->region);
	add_given(a, &all, "SecretId", ask->secret_id);
	add_given(a, &all, "Language", ask->language);
	add_given(a, &all, "Token", ask->token);
	pair_add(a, &all, "Timestamp", arena_printf(a, "%" PRId64, ask->wall_ms / 1000));
	pair_add(a, &all, "Nonce", arena_printf(a, "%" PRIu64, ask->nonce));
	pair_add(a, &all, "SignatureMethod", ask->signature == ASK_SHA256 ? "HmacSHA256" : "HmacSHA1");
	for (size_t i = 0; i < ask->pairs->count; i++)
		pair_add(a, &all, ask->pairs->items[i].name, ask->pairs->items[i].value);

	const struct v1_input input = {
		.method = ask->get ? "GET" : "POST",
		.host = ask->host,
		.path = "/",
		.params = all.items,
		.param_count = all.count,
		.algorithm = ask->signature == ASK_SHA256 ? V1_SHA256 : V1_SHA1,
	};
	v1_sign(a, &input, ask->secret_key, &signature);
	pair_add(a, &all, "Signature", signature.base64);

	const char *encoded = encode_pairs(a, &all);
	write_head(&out->message, ask, ask->get ? encoded : "", FORM_TYPE);
	write_body(&out->message, ask, ask->get ? "" : encoded);
	out->canonical_request = NULL;
	out->string_to_sign = signature.string_to_sign;
}

void ask_sign(struct arena *a, const struct ask *ask, struct signed_ask *out)
{
	if (ask->signature == ASK_TC3)
		sign_tc3(a, ask, out);
	else
		sign_v1(a, ask, out);
}
