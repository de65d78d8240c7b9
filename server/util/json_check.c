/* A recursive-descent recogniser. It builds nothing but, for each object still open, the list of its keys; at the closing brace
 * they are sorted and neighbours compared, which stays near linear on input made to collide a hash table. */
#include "util/json_check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/str.h"

struct key {
	const char *text; /* behind the opening quote */
	size_t len;       /* up to the closing one */
};

enum { KEYS_FIRST = 16, FEW = 8 };

struct checker {
	const char *start, *at, *end;
	int depth;
	struct key *keys; /* of the open objects, outermost first; in `first` while they fit */
	size_t key_count, key_room;
	struct json_report *report;
	struct key first[KEYS_FIRST];
};

static bool fail(struct checker *c, enum json_fault fault, const char *where)
{
	c->report->fault = fault;
	c->report->offset = (size_t)(where - c->start);
	return false;
}

static void skip_blanks(struct checker *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
		c->at++;
}

static bool take(struct checker *c, char expected)
{
	if (c->at == c->end || *c->at != expected)
		return false;
	c->at++;
	return true;
}

/* ---- strings --------------------------------------------------------------------------------------------------------- */

/* Four hex digits; -1 when they are not there. */
static int32_t hex4(const char *text, const char *end)
{
	int32_t value = 0;
	if (end - text < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = text[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static bool is_high_surrogate(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low_surrogate(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Behind a backslash and its 'u'. */
static bool check_unicode_escape(struct checker *c, const char *where)
{
	int32_t unit = hex4(c->at, c->end);
	if (unit < 0)
		return fail(c, JSON_SYNTAX, where);
	c->at += 4;
	if (unit == 0)
		return fail(c, JSON_NUL, where);
	if (is_low_surrogate(unit))
		return fail(c, JSON_UTF8, where);
	if (!is_high_surrogate(unit))
		return true;
	if (c->end - c->at < 2 || c->at[0] != '\\' || c->at[1] != 'u' || !is_low_surrogate(hex4(c->at + 2, c->end)))
		return fail(c, JSON_UTF8, where);
	c->at += 6;
	return true;
}

static bool check_escape(struct checker *c)
{
	const char *where = c->at++;
	if (take(c, 'u'))
		return check_unicode_escape(c, where);
	if (c->at == c->end || !*c->at || !strchr("\"\\/bfnrt", *c->at))
		return fail(c, JSON_SYNTAX, where);
	c->at++;
	return true;
}

static bool check_string(struct checker *c)
{
	if (!take(c, '"'))
		return fail(c, JSON_SYNTAX, c->at);
	for (;;) {
		while (c->at < c->end && json_is_plain(*c->at))
			c->at++;
		if (c->at == c->end || *c->at == '"')
			break;
		if (*c->at == '\\') {
			if (!check_escape(c))
				return false;
			continue;
		}
		size_t step = str_utf8_step(c->at, (size_t)(c->end - c->at));
		if (step == 0)
			return fail(c, JSON_UTF8, c->at);
		if ((unsigned char)*c->at < 0x20)
			return fail(c, JSON_SYNTAX, c->at);
		c->at += step;
	}
	return take(c, '"') || fail(c, JSON_SYNTAX, c->at);
}

/* ---- keys ------------------------------------------------------------------------------------------------------------ */

static size_t put_utf8(uint32_t code, unsigned char out[4])
{
	if (code < 0x80) {
		out[0] = (unsigned char)code;
		return 1;
	}
	size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	for (size_t i = size - 1; i > 0; i--, code >>= 6)
		out[i] = (unsigned char)(0x80 | (code & 0x3f));
	out[0] = (unsigned char)(lead[size] | code);
	return size;
}

/* Reads a string that has passed check_string: its next character as UTF-8, 0 bytes at the end. */
static size_t next_char(struct key *rest, unsigned char out[4])
{
	static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	if (rest->len == 0)
		return 0;
	const char *text = rest->text;
	size_t used, size = 1;
	if (text[0] != '\\') {
		used = size = str_utf8_step(text, rest->len);
		memcpy(out, text, size);
	} else if (text[1] != 'u') {
		used = 2;
		const char *e = escapes;
		while (*e != text[1])
			e += 2;
		out[0] = (unsigned char)e[1];
	} else {
		const char *end = text + rest->len;
		int32_t code = hex4(text + 2, end);
		used = 6;
		if (is_high_surrogate(code)) {
			code = 0x10000 + ((code - 0xd800) << 10) + (hex4(text + 8, end) - 0xdc00);
			used = 12;
		}
		size = put_utf8((uint32_t)code, out);
	}
	rest->text += used;
	rest->len -= used;
	return size;
}

/* As the strings they stand for: "a" and "\u0061" are one key. The order is that of their UTF-8 bytes. */
static int compare_meaning(const struct key *a, const struct key *b)
{
	struct key x = *a, y = *b;
	for (;;) {
		for (; x.len && y.len && *x.text == *y.text && *x.text != '\\'; x.text++, x.len--, y.text++, y.len--)
			;
		if (!x.len || !y.len)
			return (x.len > 0) - (y.len > 0);
		if (*x.text != '\\' && *y.text != '\\')
			return (unsigned char)*x.text - (unsigned char)*y.text;
		/* An escape in one of them: what was equal so far was whole characters in both. */
		unsigned char from_x[4], from_y[4];
		size_t x_size = next_char(&x, from_x), y_size = next_char(&y, from_y);
		int order = memcmp(from_x, from_y, x_size < y_size ? x_size : y_size);
		if (order)
			return order;
	}
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = compare_meaning(x, y);
	return order ? order : x->text < y->text ? -1 : x->text > y->text;
}

static void copy_key(struct key key, char out[static 64])
{
	unsigned char bytes[4];
	size_t used = 0, size;
	while ((size = next_char(&key, bytes)) > 0 && used + size < 64) {
		memcpy(out + used, bytes, size);
		used += size;
	}
	out[used] = '\0';
}

static void add_key(struct checker *c, const char *text, size_t len)
{
	if (c->key_count == c->key_room) {
		c->key_room *= 2;
		if (c->keys == c->first)
			c->keys = memcpy(xmalloc(c->key_room * sizeof *c->keys), c->first, sizeof c->first);
		else
			c->keys = xrealloc(c->keys, c->key_room * sizeof *c->keys);
	}
	c->keys[c->key_count++] = (struct key){ .text = text, .len = len };
}

/* The repetition that comes first in the text; NULL when there is none. */
static const struct key *find_again(struct key *keys, size_t count)
{
	const struct key *again = NULL;
	qsort(keys, count, sizeof *keys, compare_keys);
	for (size_t i = 1; i < count; i++)
		if (compare_meaning(&keys[i - 1], &keys[i]) == 0 && (!again || keys[i].text < again->text))
			again = &keys[i];
	return again;
}

/* The same, where a few comparisons more cost less than sorting. */
static const struct key *find_again_of_few(const struct key *keys, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t before = 0; before < i; before++)
			if (compare_meaning(&keys[before], &keys[i]) == 0)
				return &keys[i];
	return NULL;
}

/* Looks at the keys from `first` on, which are those of the object just closed, and forgets them. */
static bool check_keys(struct checker *c, size_t first)
{
	size_t count = c->key_count - first;
	struct key *keys = c->keys + first;
	c->key_count = first;
	const struct key *again = count <= FEW ? find_again_of_few(keys, count) : find_again(keys, count);
	if (!again)
		return true;
	copy_key(*again, c->report->key);
	return fail(c, JSON_DUPLICATE_KEY, again->text - 1);
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

static bool take_digits(struct checker *c)
{
	const char *first = c->at;
	while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
		c->at++;
	return c->at > first;
}

static bool check_number(struct checker *c)
{
	take(c, '-');
	if (!take(c, '0') && !take_digits(c))
		return fail(c, JSON_SYNTAX, c->at);
	if (take(c, '.') && !take_digits(c))
		return fail(c, JSON_SYNTAX, c->at);
	if (take(c, 'e') || take(c, 'E')) {
		if (!take(c, '+'))
			take(c, '-');
		if (!take_digits(c))
			return fail(c, JSON_SYNTAX, c->at);
	}
	return true;
}

static bool check_word(struct checker *c, const char *word)
{
	const char *where = c->at;
	for (; *word; word++)
		if (!take(c, *word))
			return fail(c, JSON_SYNTAX, where);
	return true;
}

static bool check_value(struct checker *c);

static bool check_member(struct checker *c)
{
	skip_blanks(c);
	const char *quote = c->at;
	if (!check_string(c))
		return false;
	add_key(c, quote + 1, (size_t)(c->at - quote) - 2);
	skip_blanks(c);
	return take(c, ':') ? check_value(c) : fail(c, JSON_SYNTAX, c->at);
}

/* Items up to the closing bracket; the opening one is taken. */
static bool check_items(struct checker *c, bool (*check_item)(struct checker *), char close)
{
	skip_blanks(c);
	if (take(c, close))
		return true;
	do {
		if (!check_item(c))
			return false;
		skip_blanks(c);
	} while (take(c, ','));
	return take(c, close) || fail(c, JSON_SYNTAX, c->at);
}

static bool check_container(struct checker *c)
{
	if (c->depth == JSON_DEPTH_MAX)
		return fail(c, JSON_TOO_DEEP, c->at);
	c->depth++;
	size_t first_key = c->key_count;
	bool ok = take(c, '[') ? check_items(c, check_value, ']')
	                       : take(c, '{') && check_items(c, check_member, '}') && check_keys(c, first_key);
	c->depth--;
	return ok;
}

static bool check_value(struct checker *c)
{
	skip_blanks(c);
	if (c->at == c->end)
		return fail(c, JSON_SYNTAX, c->at);
	switch (*c->at) {
	case '{':
	case '[':
		return check_container(c);
	case '"':
		return check_string(c);
	case 't':
		return check_word(c, "true");
	case 'f':
		return check_word(c, "false");
	case 'n':
		return check_word(c, "null");
	default:
		return check_number(c);
	}
}

bool json_check(const char *text, size_t len, struct json_report *report)
{
	*report = (struct json_report){ .fault = JSON_OK };
	struct checker c = { .start = text, .at = text, .end = text + len, .key_room = KEYS_FIRST, .report = report };
	c.keys = c.first;
	bool ok = check_value(&c);
	skip_blanks(&c);
	if (ok && c.at < c.end)
		ok = fail(&c, JSON_SYNTAX, c.at);
	if (c.keys != c.first)
		free(c.keys);
	return ok;
}

const char *json_fault_text(enum json_fault fault)
{
	static const char *const texts[] = {
		[JSON_OK] = "no fault",
		[JSON_SYNTAX] = "syntax error",
		[JSON_UTF8] = "not valid UTF-8",
		[JSON_TOO_DEEP] = "nested too deep",
		[JSON_DUPLICATE_KEY] = "a key stands twice in one object",
		[JSON_NUL] = "a string contains NUL",
	};
	return texts[fault];
}
