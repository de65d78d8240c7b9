/* Signs along a TC3 recipe. tc3_sign cannot: every step can be taken differently here, as clients do by mistake. Tests pin the
 * documented recipe to tc3_sign. */
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/str.h"

static const char terminator[] = "tc3_request";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- the canonical request ----------------------------------------------------------------------------------------------- */

void tc3_recipe(struct subject *s, struct recipe *p)
{
	const struct request *r = s->r;
	const char *type = request_header(r, "Content-Type"), *action = request_header(r, "X-TC-Action");
	*p = (struct recipe){
		.of = s, .made = "", .sent = "", .method = r->method, .host = r->host, .path = "/", .secret = r->credential.secret_key,
		.secret_len = strlen(r->credential.secret_key), .prefix = "TC3", .end = "", .query = r->form == FORM_GET ? r->query : "",
		.content_type = type ? type : "", .action = action ? action : "", .lines = s->lines, .line_count = s->line_count,
		.colon = ":", .headers_end = "\n", .line_end = "\n", .canonical_end = "", .signed_headers = r->authorization.signed_headers,
		.payload = s->payload_hash, .algorithm = "TC3-HMAC-SHA256", .timestamp = r->timestamp,
		.scope = arena_printf(s->arena, "%s/%s/%s", r->authorization.date, r->authorization.service, terminator),
		.step = { r->authorization.date, r->authorization.service, terminator }, .step_count = KEY_STEPS,
	};
}

static const char *line_value(const struct recipe *p, const struct name_value *line)
{
	if (str_case_is(line->name, "host"))
		return p->host;
	if (str_case_is(line->name, "content-type"))
		return p->content_type;
	if (str_case_is(line->name, "x-tc-action"))
		return p->action;
	return line->value;
}

static void add_value(struct buf *b, const char *value, enum values values)
{
	size_t len = strlen(value), start = b->len;
	while (values != VALUES_UNTRIMMED && len > 0 && is_blank(*value)) {
		value++;
		len--;
	}
	while (values != VALUES_UNTRIMMED && len > 0 && is_blank(value[len - 1]))
		len--;
	buf_add(b, value, len);
	if (values == VALUES_LOWER && !b->overflow)
		str_lower(b->data + start);
}

static void add_line(struct buf *b, const char *text, const char *line_end)
{
	buf_adds(b, text);
	buf_adds(b, line_end);
}

static void write_canonical(struct subject *s, const struct recipe *p)
{
	struct buf *b = &s->canonical;
	buf_clear(b);
	add_line(b, p->method, p->line_end);
	add_line(b, p->path, p->line_end);
	add_line(b, p->query, p->line_end);
	for (size_t i = 0; i < p->line_count; i++) {
		buf_adds(b, p->lines[i].name);
		buf_adds(b, p->colon);
		add_value(b, line_value(p, &p->lines[i]), p->values);
		buf_adds(b, p->line_end);
	}
	buf_adds(b, p->headers_end);
	add_line(b, p->signed_headers, p->line_end);
	buf_adds(b, p->payload);
	buf_adds(b, p->canonical_end);
}

static void write_string(struct subject *s, const struct recipe *p)
{
	char hash[SHA256_HEX + 1];
	struct buf *b = &s->string;
	buf_clear(b);
	if (p->algorithm)
		add_line(b, p->algorithm, p->line_end);
	if (p->timestamp)
		add_line(b, p->timestamp, p->line_end);
	if (p->scope)
		add_line(b, p->scope, p->line_end);
	sha256_hex(s->canonical.data, s->canonical.len, hash);
	if (p->digest == DIGEST_TWICE)
		sha256_hex(hash, SHA256_HEX, hash);
	if (p->digest == DIGEST_UPPER)
		text_upper(hash);
	if (p->digest == DIGEST_NONE)
		buf_add(b, s->canonical.data, s->canonical.len);
	else
		buf_adds(b, hash);
	buf_adds(b, p->end);
}

/* Are the keys of both recipes derived in one way from one secret? */
static bool same_key(const struct recipe *a, const struct recipe *b)
{
	if (a->secret != b->secret || a->secret_len != b->secret_len || a->step_count != b->step_count || a->steps != b->steps ||
	    !str_is(a->prefix, b->prefix))
		return false;
	for (size_t i = 0; i < a->step_count; i++)
		if (!str_is(a->step[i], b->step[i]))
			return false;
	return true;
}

/* A key on its way through the steps. */
struct key {
	const char *data;
	size_t len;
	char room[SHA256_HEX + 1];
};

static void key_step(struct key *key, const char *text, enum steps steps)
{
	uint8_t digest[SHA256_SIZE];
	if (steps == STEPS_SWAPPED)
		hmac_sha256(text, strlen(text), key->data, key->len, digest);
	else
		hmac_sha256(key->data, key->len, text, strlen(text), digest);
	if (steps == STEPS_HEX)
		hex_encode(digest, sizeof digest, key->room);
	else
		memcpy(key->room, digest, sizeof digest);
	key->data = key->room;
	key->len = steps == STEPS_HEX ? SHA256_HEX : SHA256_SIZE;
}

static void derive_key(const struct recipe *p, struct key *key)
{
	size_t prefix_len = strlen(p->prefix);
	char *start = arena_alloc(p->of->arena, prefix_len + p->secret_len + 1);
	memcpy(start, p->prefix, prefix_len);
	memcpy(start + prefix_len, p->secret, p->secret_len);
	key->data = start;
	key->len = prefix_len + p->secret_len;
	for (size_t i = 0; i < p->step_count; i++)
		key_step(key, p->step[i], p->steps);
}

void tc3_follow(struct subject *s, const struct recipe *p, char out[SIGNATURE_SIZE])
{
	struct key key;
	write_canonical(s, p);
	write_string(s, p);
	if (!s->usual || !same_key(s->usual, p)) {
		derive_key(p, &key);
	} else {
		key.data = (const char *)s->usual_key;
		key.len = sizeof s->usual_key;
	}
	signature_make(s, p, key.data, key.len, false, out);
	if (!s->usual) {
		s->usual = p;
		memcpy(s->usual_key, key.data, sizeof s->usual_key);
	}
}
