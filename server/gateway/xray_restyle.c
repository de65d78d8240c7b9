/* JSON text written in another style, token for token, so numbers and the order of keys keep their form. */
#include <stdlib.h>
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/str.h"

enum { MEMBERS_MAX = 1024 /* of an object that is sorted */ };

struct writer {
	const struct json_style *style;
	struct buf *out;
	const char *at; /* in valid JSON: it was checked when the request was parsed */
	int depth;
};

/* ---- strings ------------------------------------------------------------------------------------------------------------- */

static unsigned hex4(const char *digits)
{
	char text[5] = { digits[0], digits[1], digits[2], digits[3], '\0' };
	return (unsigned)strtoul(text, NULL, 16);
}

static void add_utf8(struct buf *b, unsigned c)
{
	if (c < 0x80) {
		buf_addc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_addc(b, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_addc(b, (char)(0xe0 | c >> 12));
		} else {
			buf_addc(b, (char)(0xf0 | c >> 18));
			buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_addc(b, (char)(0x80 | (c & 0x3f)));
}

static void add_escaped(struct buf *b, unsigned c)
{
	if (c >= 0x10000) {
		buf_printf(b, "\\u%04x", 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	buf_printf(b, "\\u%04x", c);
}

static bool wants_escape(unsigned c, enum strings strings)
{
	if (strings == STRINGS_ASCII)
		return c >= 0x7f;
	return strings == STRINGS_HTML && (c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029);
}

static void add_character(struct writer *w, unsigned c)
{
	if (wants_escape(c, w->style->strings) || c < 0x20) {
		add_escaped(w->out, c);
		return;
	}
	if (c == '"' || c == '\\' || (c == '/' && w->style->strings == STRINGS_SLASHES))
		buf_addc(w->out, '\\');
	add_utf8(w->out, c);
}

static unsigned take_utf8(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	size_t size = str_utf8_step(*at, strnlen(*at, 4));
	*at += size;
	switch (size) {
	case 2:
		return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	case 3:
		return (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
	case 4:
		return (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 | (s[3] & 0x3fu);
	default:
		return s[0];
	}
}

/* \uXXXX, two of them for a pair. */
static unsigned take_code(const char **at)
{
	unsigned c = hex4(*at + 2);
	*at += 6;
	if (c < 0xd800 || c > 0xdbff || (*at)[0] != '\\' || (*at)[1] != 'u')
		return c;
	unsigned low = hex4(*at + 2);
	*at += 6;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static const char *string_end(const char *at)
{
	for (at++; *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at + 1;
}

/* How much at the front is written alike in every style. */
static size_t plain_run(const char *at, const char *end)
{
	size_t len = 0;
	while (at + len < end && at[len] >= ' ' && at[len] < 0x7f && !strchr("\\/<>&", at[len]))
		len++;
	return len;
}

static void write_text(struct writer *w)
{
	const char *end = string_end(w->at);
	if (w->style->strings == STRINGS_SENT) {
		buf_add(w->out, w->at, (size_t)(end - w->at));
		w->at = end;
		return;
	}
	buf_addc(w->out, '"');
	for (const char *at = w->at + 1; at < end - 1;) {
		size_t plain = plain_run(at, end - 1);
		if (plain > 0) {
			buf_add(w->out, at, plain);
			at += plain;
		} else if (*at != '\\') {
			add_character(w, take_utf8(&at));
		} else if (at[1] == 'u') {
			add_character(w, take_code(&at));
		} else if (strchr("\"\\/", at[1])) {
			add_character(w, (unsigned char)at[1]);
			at += 2;
		} else { /* \n and its like */
			buf_add(w->out, at, 2);
			at += 2;
		}
	}
	buf_addc(w->out, '"');
	w->at = end;
}

/* ---- containers ---------------------------------------------------------------------------------------------------------- */

static void skip_blanks(struct writer *w)
{
	w->at += strspn(w->at, " \t\r\n");
}

static void new_line(struct writer *w)
{
	if (!w->style->indent)
		return;
	buf_addc(w->out, '\n');
	for (int i = 0; i < w->depth; i++)
		buf_adds(w->out, w->style->indent);
}

static void write_value(struct writer *w);

static void write_member(struct writer *w, bool named)
{
	if (named) {
		write_text(w);
		skip_blanks(w);
		w->at++; /* ':' */
		buf_adds(w->out, w->style->colon);
		skip_blanks(w);
	}
	write_value(w);
	skip_blanks(w);
}

/* A member as it was written: its place in the output. */
struct member {
	const char *text;
	size_t start, len, key_len;
};

static int by_key(const void *a, const void *b)
{
	const struct member *left = a, *right = b;
	size_t shorter = left->key_len < right->key_len ? left->key_len : right->key_len;
	int order = memcmp(left->text + left->start, right->text + right->start, shorter);
	return order ? order : (left->key_len > right->key_len) - (left->key_len < right->key_len);
}

/* Puts members that stand one behind the other, without commas, into the order of their keys. */
static void sort_members(struct writer *w, struct member *list, size_t count)
{
	if (count == 0 || w->out->overflow)
		return;
	size_t start = list[0].start;
	char *copy = xmalloc(w->out->len - start + 1);
	memcpy(copy, w->out->data + start, w->out->len - start);
	for (size_t i = 0; i < count; i++) {
		list[i].text = copy;
		list[i].start -= start;
	}
	qsort(list, count, sizeof *list, by_key);
	w->out->len = start;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_adds(w->out, w->style->comma);
		buf_add(w->out, copy + list[i].start, list[i].len);
	}
	free(copy);
}

static void write_sorted(struct writer *w)
{
	struct member *list = xcalloc(MEMBERS_MAX, sizeof *list);
	size_t count = 0;
	while (*w->at != '}' && count < MEMBERS_MAX) {
		struct member *m = &list[count++];
		m->start = w->out->len;
		m->key_len = (size_t)(string_end(w->at) - w->at) - 1; /* without the closing quote, which would sort after a blank */
		write_member(w, true);
		m->len = w->out->len - m->start;
		w->at += *w->at == ',';
		skip_blanks(w);
	}
	w->out->overflow = w->out->overflow || *w->at != '}'; /* too many: there is no such text */
	sort_members(w, list, count);
	free(list);
}

static void write_members(struct writer *w, bool named, char close)
{
	for (bool first = true; *w->at != close; first = false) {
		if (!first)
			buf_adds(w->out, w->style->comma);
		new_line(w);
		write_member(w, named);
		w->at += *w->at == ',';
		skip_blanks(w);
	}
}

static void write_container(struct writer *w)
{
	bool named = *w->at == '{';
	buf_addc(w->out, *w->at++);
	skip_blanks(w);
	bool empty = *w->at == (named ? '}' : ']');
	w->depth++;
	if (named && w->style->sorted)
		write_sorted(w);
	else
		write_members(w, named, named ? '}' : ']');
	w->depth--;
	if (!empty)
		new_line(w);
	if (!w->out->overflow)
		buf_addc(w->out, *w->at++);
}

static void write_value(struct writer *w)
{
	if (w->out->overflow)
		return;
	if (*w->at == '{' || *w->at == '[') {
		write_container(w);
	} else if (*w->at == '"') {
		write_text(w);
	} else {
		size_t len = strcspn(w->at, ",]} \t\r\n");
		buf_add(w->out, w->at, len);
		w->at += len;
	}
}

bool json_restyle(const char *json, const struct json_style *style, struct buf *out)
{
	struct writer w = { .style = style, .out = out, .at = json };
	skip_blanks(&w);
	write_value(&w);
	return !out->overflow;
}
