/* The writer keeps one bit of state, whether a comma is due; nesting is in the order of the calls. */
#include "util/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* A byte that is not UTF-8 becomes U+FFFD: an answer must be JSON whatever it repeats. */
static void add_string(struct buf *b, const char *text)
{
	buf_addc(b, '"');
	const char *plain = text;
	for (size_t left = strlen(text); left > 0;) {
		size_t step = str_utf8_step(text, left);
		unsigned code = step ? needs_escape(text, step) : 0xfffd;
		if (code) {
			buf_add(b, plain, (size_t)(text - plain));
			add_escaped(b, code);
		}
		text += step ? step : 1;
		left -= step ? step : 1;
		if (code)
			plain = text;
	}
	buf_add(b, plain, (size_t)(text - plain));
	buf_addc(b, '"');
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
	buf_printf(o->buf, "%" PRId64, value);
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
