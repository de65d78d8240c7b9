/* Masks, one a place where secrets stand; the rest is copied. */
#include "gateway/veil.h"

#include <ctype.h>
#include <string.h>

#include "util/str.h"

enum {
	SHOWN_OF_UNKNOWN_KEY = 8, /* bytes of a SecretId that may be a real one */
	KEY_MIN = 12,             /* a shorter key cannot be told from ordinary text */
	NAME_MAX_BYTES = 32,      /* of the form parameters that are masked */
	VEILED_MAX = 64 * 1024 * 1024,
};

/* The copy under way. */
struct veil {
	const struct request *request;
	struct buf text;
	bool touched;
};

const char *veil_token(struct arena *a, const char *secret_id, const char *token)
{
	return *token ? arena_printf(a, "token-of-%s", secret_id) : "";
}

static bool is_known(const struct veil *v)
{
	return v->request->key_known;
}

/* ---- pieces ---------------------------------------------------------------------------------------------------------------- */

/* Letters and digits from `shown` on become x: what it looks like stays. */
static void add_masked(struct veil *v, const char *text, size_t len, size_t shown)
{
	for (size_t i = 0; i < len; i++)
		buf_addc(&v->text, i < shown || !isalnum((unsigned char)text[i]) ? text[i] : 'x');
}

static void add_token(struct veil *v, size_t len)
{
	const struct request *r = v->request;
	if (len == 0)
		return;
	v->touched = true;
	if (is_known(v) && *r->token && str_is(r->token, r->credential.token))
		buf_adds(&v->text, veil_token(r->arena, r->credential.secret_id, r->token));
	else
		buf_adds(&v->text, "another-token");
}

/* Takes the text under way, blotted. */
static const char *take(struct veil *v, size_t *len)
{
	size_t size = v->text.len;
	const char *text = veil_text(v->request, v->text.data, size);
	v->touched = v->touched || memcmp(text, v->text.data, size) != 0;
	buf_clear(&v->text);
	if (len)
		*len = size;
	return text;
}

const char *veil_text(const struct request *r, const char *text, size_t len)
{
	const char *key = r->credential.secret_key;
	size_t key_len = key ? strlen(key) : 0;
	char *copy = arena_strndup(r->arena, text, len), *at = copy;
	for (char *end = copy + len; key_len >= KEY_MIN && (size_t)(end - at) >= key_len; at++) {
		at = memchr(at, key[0], (size_t)(end - at) - key_len + 1);
		if (!at)
			break;
		if (memcmp(at, key, key_len) == 0)
			memset(at, '*', key_len);
	}
	return copy;
}

/* ---- forms ------------------------------------------------------------------------------------------------------------------ */

/* Is this (perhaps encoded) name of a form the wanted one? */
static bool names(const char *name, size_t len, const char *wanted)
{
	char text[NAME_MAX_BYTES * 3 + 1];
	if (len >= sizeof text)
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	return str_form_decode(text, &len) && str_is(text, wanted);
}

/* The value of a form, masked as what it means. */
static void add_masked_value(struct veil *v, const char *value, size_t len, size_t shown)
{
	char *text = arena_strndup(v->request->arena, value, len);
	size_t decoded = len;
	if (!str_form_decode(text, &decoded)) {
		add_masked(v, value, len, 0);
		return;
	}
	for (size_t i = 0; i < decoded; i++) {
		bool plain = isalnum((unsigned char)text[i]);
		if (plain)
			buf_addc(&v->text, i < shown ? text[i] : 'x');
		else
			buf_printf(&v->text, "%%%02X", (unsigned char)text[i]);
	}
}

static void add_pair(struct veil *v, const char *pair, size_t len)
{
	const char *equals = memchr(pair, '=', len);
	size_t name = equals ? (size_t)(equals - pair) : len, value = equals ? len - name - 1 : 0;
	buf_add(&v->text, pair, len - value);
	if (equals && names(pair, name, "Token"))
		add_token(v, value);
	else if (equals && !is_known(v) && names(pair, name, "SecretId"))
		add_masked_value(v, equals + 1, value, SHOWN_OF_UNKNOWN_KEY);
	else if (equals && !is_known(v) && names(pair, name, "Signature"))
		add_masked_value(v, equals + 1, value, 0);
	else
		buf_add(&v->text, pair + len - value, value);
}

static void add_form(struct veil *v, const char *text, size_t len)
{
	for (const char *end = text + len; text < end;) {
		const char *stop = memchr(text, '&', (size_t)(end - text));
		size_t size = (size_t)((stop ? stop : end) - text);
		add_pair(v, text, size);
		if (stop)
			buf_addc(&v->text, '&');
		text += size + (stop != NULL);
	}
}

static const char *veil_target(struct veil *v, const char *target)
{
	size_t path = strcspn(target, "?");
	path += target[path] == '?';
	buf_add(&v->text, target, path);
	add_form(v, target + path, strlen(target + path));
	return take(v, NULL);
}

/* Nobody here takes a multipart body apart, so what is secret in it cannot be told. */
static const char *veil_body(struct veil *v, const char *body, size_t len, size_t *veiled_len)
{
	size_t blank = strspn(body, " \t\r\n");
	if (str_prefix(v->request->media_type, "multipart/"))
		add_masked(v, body, len, 0);
	else if (len > blank && (body[blank] == '{' || body[blank] == '['))
		buf_add(&v->text, body, len);
	else
		add_form(v, body, len);
	return take(v, veiled_len);
}

/* ---- headers ---------------------------------------------------------------------------------------------------------------- */

/* The value behind `name`, up to what ends it. */
static size_t find_part(const char *value, const char *name, const char *ends, size_t *len)
{
	const char *found = strstr(value, name);
	if (!found)
		return 0;
	found += strlen(name);
	*len = strcspn(found, ends);
	return (size_t)(found - value);
}

/* Of one that nobody can read only the scheme is told. */
static void add_authorization(struct veil *v, const char *value)
{
	size_t id_len = 0, signature_len = 0, scheme = strcspn(value, " ");
	size_t id = find_part(value, "Credential=", "/, ", &id_len), signature = find_part(value, "Signature=", ", ", &signature_len);
	if (is_known(v)) {
		buf_adds(&v->text, value);
	} else if (id && signature > id) {
		buf_add(&v->text, value, id);
		add_masked(v, value + id, id_len, SHOWN_OF_UNKNOWN_KEY);
		buf_add(&v->text, value + id + id_len, signature - id - id_len);
		add_masked(v, value + signature, signature_len, 0);
		buf_adds(&v->text, value + signature + signature_len);
	} else {
		add_masked(v, value, strlen(value), scheme);
	}
}

static const char *veil_header(struct veil *v, const struct name_value *header)
{
	static const char *const masked[] = { "X-Cbs-Admin-Token", "Proxy-Authorization", "Cookie" };
	bool hidden = false;
	for (size_t i = 0; i < sizeof masked / sizeof masked[0]; i++)
		hidden = hidden || str_case_is(header->name, masked[i]);
	if (hidden)
		add_masked(v, header->value, strlen(header->value), 0);
	else if (str_case_is(header->name, "X-TC-Token"))
		add_token(v, strlen(header->value));
	else if (str_case_is(header->name, "Authorization"))
		add_authorization(v, header->value);
	else
		buf_adds(&v->text, header->value);
	return take(v, NULL);
}

/* ---- together --------------------------------------------------------------------------------------------------------------- */

void veil_request(const struct request *r, struct veiled *out)
{
	struct veil v = { .request = r };
	struct name_value *headers = arena_alloc(r->arena, (r->header_count + 1) * sizeof *headers);
	buf_init(&v.text, VEILED_MAX);
	for (size_t i = 0; i < r->header_count; i++)
		headers[i] = (struct name_value){ r->headers[i].name, veil_header(&v, &r->headers[i]) };
	out->headers = headers;
	out->header_count = r->header_count;
	out->target = veil_target(&v, r->target);
	out->body = veil_body(&v, r->body, r->body_len, &out->body_len);
	out->touched = v.touched;
	buf_finish(&v.text);
}
