/* The writer keeps one bit of state, whether a comma is due; nesting is in the order of the calls. */
#include "util/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/json_check.h"
#include "util/str.h"

void json_out_init(struct json_out *o, struct buf *buf)
{
	*o = (struct json_out){ .buf = buf };
}

/* "\n" for the characters JSON has a letter for, "\u001b" for the rest. */
static void add_escaped(struct buf *b, unsigned code)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	for (const char *l = letters; *l; l += 2) {
		if ((unsigned char)*l == code) {
			buf_addc(b, '\\');
			buf_addc(b, l[1]);
			return;
		}
	}
	buf_printf(b, "\\u%04x", code);
}

/* The value of a control character (C0, DEL, C1) or of a quote or backslash; 0 for characters that stand as they are. */
static unsigned needs_escape(const char *text, size_t step)
{
	unsigned char c = (unsigned char)text[0];
	if (step == 1)
		return c < 0x20 || c == 0x7f || c == '"' || c == '\\' ? c : 0;
	unsigned char next = (unsigned char)text[1];
	return c == 0xc2 && next < 0xa0 ? next : 0;
}

/* Eight characters at a time: the high bit of a byte is set where a character is a control, a quote, a backslash or no ASCII. */
static uint64_t odd_ones(const char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	uint64_t eight;
	memcpy(&eight, text, sizeof eight);
	uint64_t quote = eight ^ ones * '"', backslash = eight ^ ones * '\\';
	uint64_t below = (eight - ones * ' ') & ~eight, zero = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
	return (below | zero | eight | (eight + ones)) & high;
}

/* Does every character stand for itself? The last eight may overlap with those before. */
static bool is_plain(const char *text, size_t len)
{
	enum { STEP = 8 };
	bool plain = true;
	if (len < STEP) {
		for (size_t i = 0; i < len; i++)
			plain &= json_is_plain(text[i]);
		return plain;
	}
	for (size_t at = 0; at + STEP < len && plain; at += STEP)
		plain = !odd_ones(text + at);
	return plain && !odd_ones(text + len - STEP);
}

/* A byte that is not UTF-8 becomes U+FFFD: an answer must be JSON whatever it repeats. */
static void add_escaping(struct buf *b, const char *text, size_t len)
{
	const char *plain = text;
	while (len > 0) {
		size_t step = str_utf8_step(text, len);
		unsigned code = step ? needs_escape(text, step) : 0xfffd;
		if (code) {
			buf_add(b, plain, (size_t)(text - plain));
			add_escaped(b, code);
		}
		text += step ? step : 1;
		len -= step ? step : 1;
		if (code)
			plain = text;
	}
	buf_add(b, plain, (size_t)(text - plain));
}

static void add_string(struct buf *b, const char *text)
{
	size_t len = strlen(text);
	if (!is_plain(text, len)) {
		buf_addc(b, '"');
		add_escaping(b, text, len);
		buf_addc(b, '"');
	} else if (buf_reserve(b, len + 2)) {
		char *at = b->data + b->len;
		at[0] = '"';
		memcpy(at + 1, text, len);
		at[len + 1] = '"';
		at[len + 2] = '\0';
		b->len += len + 2;
	}
}

static void start_item(struct json_out *o, const char *key)
{
	if (o->comma)
		buf_addc(o->buf, ',');
	if (key) {
		add_string(o->buf, key);
		buf_addc(o->buf, ':');
	}
	o->comma = true;
}

static void open_item(struct json_out *o, const char *key, char bracket)
{
	start_item(o, key);
	buf_addc(o->buf, bracket);
	o->comma = false;
}

static void close_item(struct json_out *o, char bracket)
{
	buf_addc(o->buf, bracket);
	o->comma = true;
}

void out_object(struct json_out *o, const char *key)
{
	open_item(o, key, '{');
}

void out_end_object(struct json_out *o)
{
	close_item(o, '}');
}

void out_array(struct json_out *o, const char *key)
{
	open_item(o, key, '[');
}

void out_end_array(struct json_out *o)
{
	close_item(o, ']');
}

void out_raw(struct json_out *o, const char *key, const char *json)
{
	start_item(o, key);
	buf_adds(o->buf, json);
}

void out_null(struct json_out *o, const char *key)
{
	out_raw(o, key, "null");
}

void out_bool(struct json_out *o, const char *key, bool value)
{
	out_raw(o, key, value ? "true" : "false");
}

void out_int(struct json_out *o, const char *key, int64_t value)
{
	start_item(o, key);
	char text[STR_I64_SIZE];
	buf_adds(o->buf, str_from_i64(value, text));
}

void out_str(struct json_out *o, const char *key, const char *value)
{
	if (!value) {
		out_null(o, key);
		return;
	}
	start_item(o, key);
	add_string(o->buf, value);
}

/* Cents as an integer, so that no locale's decimal comma and no exponent can slip in. Past 2^53 a double has no fraction. */
void out_double(struct json_out *o, const char *key, double value)
{
	if (!isfinite(value)) {
		out_null(o, key);
		return;
	}
	start_item(o, key);
	double size = fabs(value);
	if (size > 9007199254740992.0) {
		buf_printf(o->buf, "%.0f", value);
		return;
	}
	int64_t cents = (int64_t)(size * 100 + 0.5);
	const char *sign = value < 0 && cents > 0 ? "-" : "";
	buf_printf(o->buf, "%s%" PRId64, sign, cents / 100);
	if (cents % 10)
		buf_printf(o->buf, ".%02d", (int)(cents % 100));
	else if (cents % 100)
		buf_printf(o->buf, ".%d", (int)(cents % 100 / 10));
}
