/* What an X-ray shows: where the text that was signed departs from the expected one, both texts with secrets covered, and all of
 * it as JSON. */
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/str.h"

enum {
	TEXT_SHOWN_MAX = 16 * 1024,
	EXCERPT_BEFORE = 40, /* bytes at most */
	EXCERPT_BEHIND = 80,
	WORD_MIN = 8,        /* a shorter secret is no secret, and covering it would spoil the text */
};

/* ---- secrets ------------------------------------------------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Case counts for nothing: the canonical request is in lower case. */
static bool begins(const char *text, const char *end, const char *word)
{
	for (; *word; text++, word++)
		if (text == end || lower(*text) != lower(*word))
			return false;
	return true;
}

static void cover_word(char *text, size_t len, const char *word)
{
	size_t word_len = word ? strlen(word) : 0;
	if (word_len < WORD_MIN)
		return;
	for (size_t i = 0; i + word_len <= len; i++)
		if (begins(text + i, text + len, word))
			memset(text + i, '*', word_len);
}

/* A value stands behind a label at the start of a line or of a pair, and goes on to the next stop. */
static void cover_behind(char *text, size_t len, const char *label, const char *stops, bool anywhere)
{
	size_t label_len = strlen(label);
	for (size_t i = 0; i + label_len <= len; i++) {
		if (!begins(text + i, text + len, label) || (!anywhere && i > 0 && !strchr("&?;\n", text[i - 1])))
			continue;
		for (i += label_len; i < len && !strchr(stops, text[i]) && !begins(text + i, text + len, "%26"); i++)
			text[i] = '*';
	}
}

char *xray_covered(const struct request *r, struct arena *a, const char *text, size_t len)
{
	char *copy = arena_strndup(a, text, len);
	cover_word(copy, len, r->credential.secret_key);
	cover_word(copy, len, r->credential.token);
	cover_word(copy, len, r->token);
	cover_behind(copy, len, "x-tc-token:", "\n", false);
	cover_behind(copy, len, "Token=", "&\n", false);
	cover_behind(copy, len, "SecretKey=", "&\n", false);
	cover_behind(copy, len, "Token%3D", "&\n", true);
	return copy;
}

const char *xray_masked_id(struct arena *a, const char *secret_id)
{
	size_t len = strlen(secret_id);
	if (str_prefix(secret_id, "AKID"))
		return arena_printf(a, "%.8s… (%zu characters)", secret_id, len);
	return arena_printf(a, "%.2s… (%zu characters)", secret_id, len);
}

/* ---- the first difference ------------------------------------------------------------------------------------------------ */

/* What was signed, as it is and as it may be shown. */
struct shown {
	const char *text, *covered;
	size_t len;
};

static struct shown show(struct subject *s, const struct buf *text)
{
	struct shown shown = { .len = text->len };
	shown.text = arena_strndup(s->arena, text->data, text->len);
	shown.covered = xray_covered(s->r, s->arena, text->data, text->len);
	return shown;
}

static size_t first_difference(const struct shown *a, const struct shown *b)
{
	size_t at = 0;
	while (at < a->len && at < b->len && a->text[at] == b->text[at])
		at++;
	return at;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The line, or the pair of a query, around a place. */
static const char *excerpt(struct arena *a, const struct shown *t, size_t at)
{
	size_t start = at, end = at;
	while (start > 0 && at - start < EXCERPT_BEFORE && !strchr("\n&", t->text[start - 1]))
		start--;
	while (start < at && is_continuation(t->text[start]))
		start++;
	while (end < t->len && end - at < EXCERPT_BEHIND && !strchr("\n&", t->text[end]))
		end++;
	while (end > start && end < t->len && is_continuation(t->text[end]))
		end--;
	return arena_strndup(a, t->covered + start, end - start);
}

static size_t lines_before(const struct shown *t, size_t at)
{
	size_t lines = 0;
	for (size_t i = 0; i < at && i < t->len; i++)
		lines += t->text[i] == '\n';
	return lines;
}

static const char *part_of_canonical(const struct subject *s, const struct shown *t, size_t at)
{
	size_t line = lines_before(t, at), headers = 3, names = headers + s->line_count + 1;
	if (line < headers)
		return line == 0 ? "method" : line == 1 ? "canonical_uri" : "canonical_query";
	return line < names ? "canonical_headers" : line == names ? "signed_headers" : "payload_hash";
}

static const char *part_of_string(const struct subject *s, const struct recipe *usual, const struct shown *t, size_t at)
{
	static const char *const lines[] = { "algorithm", "timestamp", "credential_scope", "canonical_request_hash" };
	if (s->r->tc3) {
		size_t line = lines_before(t, at);
		return lines[line < 4 ? line : 3];
	}
	size_t method = strlen(usual->method), host = method + strlen(usual->host), path = host + strlen(usual->path);
	return at < method ? "method" : at < host ? "host" : at <= path ? "path" : "parameters";
}

static void locate(struct arena *a, const struct shown *expected, const struct shown *yours, size_t at, const char *part,
                   struct xray_difference *out)
{
	*out = (struct xray_difference){
		.part = part, .located = true, .offset = at, .expected = excerpt(a, expected, at), .yours = excerpt(a, yours, at),
	};
}

static bool same(const struct shown *a, const struct shown *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static const char *cut(struct arena *a, const struct shown *t)
{
	size_t len = t->len < TEXT_SHOWN_MAX ? t->len : TEXT_SHOWN_MAX;
	while (len > 0 && len < t->len && is_continuation(t->text[len]))
		len--;
	return arena_printf(a, "%.*s%s", (int)len, t->covered, len < t->len ? "…" : "");
}

static void follow(struct subject *s, const struct recipe *p, struct shown *canonical, struct shown *string)
{
	char signature[SIGNATURE_SIZE];
	if (s->r->tc3)
		tc3_follow(s, p, signature);
	else
		v1_follow(s, p, signature);
	*canonical = show(s, &s->canonical);
	*string = show(s, &s->string);
}

void xray_compare(struct subject *s, const struct recipe *usual, const struct recipe *match, struct arena *a, struct xray *out)
{
	struct shown canonical, string, your_canonical, your_string;
	follow(s, usual, &canonical, &string);
	out->canonical_request = s->r->tc3 ? cut(a, &canonical) : NULL;
	out->string_to_sign = cut(a, &string);
	if (!match)
		return;
	follow(s, match, &your_canonical, &your_string);
	out->your_canonical_request = s->r->tc3 ? cut(a, &your_canonical) : NULL;
	out->your_string_to_sign = cut(a, &your_string);
	if (!same(&canonical, &your_canonical)) {
		size_t at = first_difference(&canonical, &your_canonical);
		locate(a, &canonical, &your_canonical, at, part_of_canonical(s, &canonical, at), &out->difference);
	} else if (!same(&string, &your_string)) {
		size_t at = first_difference(&string, &your_string);
		locate(a, &string, &your_string, at, part_of_string(s, usual, &string, at), &out->difference);
	} else {
		bool as_usual = match->output == OUTPUT_USUAL && match->mac == MAC_USUAL && match->v1_method == usual->v1_method;
		out->difference.part = as_usual ? "signing_key" : "signature";
	}
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------------- */

static void out_texts(struct json_out *o, const char *key, const char *expected, const char *yours)
{
	if (!expected)
		return;
	out_object(o, key);
	out_str(o, "expected", expected);
	if (yours)
		out_str(o, "yours", yours);
	out_end_object(o);
}

void xray_json(const struct xray *x, struct json_out *o)
{
	const struct xray_difference *d = &x->difference;
	out_object(o, "auth");
	out_str(o, "scheme", x->scheme);
	out_str(o, "result", x->result);
	out_str(o, "diagnosis", x->diagnosis);
	out_str(o, "confidence", x->confidence);
	out_str(o, "hint", x->hint);
	out_int(o, "hypotheses_tried", (int64_t)x->tried);
	if (d->part) {
		out_object(o, "first_difference");
		out_str(o, "part", d->part);
		if (d->located) {
			out_int(o, "offset", (int64_t)d->offset);
			out_str(o, "expected", d->expected);
			out_str(o, "yours", d->yours);
		}
		out_end_object(o);
	}
	out_texts(o, "canonical_request", x->canonical_request, x->your_canonical_request);
	out_texts(o, "string_to_sign", x->string_to_sign, x->your_string_to_sign);
	out_end_object(o);
}
