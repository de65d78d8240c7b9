/* Small texts read without locale, blanks or guessing: what a C library reader would let pass is refused here. */
#include "util/str.h"

/* Without a branch, so that a compiler does many at once. */
static char lower(char c)
{
	return (char)(c + ((unsigned char)(c - 'A') <= 'Z' - 'A') * ('a' - 'A'));
}

bool str_suffix(const char *text, const char *suffix)
{
	if (!text)
		return false;
	size_t len = strlen(text), tail = strlen(suffix);
	return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

bool str_case_is(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	if (strcmp(a, b) == 0) /* most that are equal are so in case too, and this looks at many bytes at once */
		return true;
	while (*a && (*a == *b || lower(*a) == lower(*b))) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

bool str_to_u64(const char *text, uint64_t *out)
{
	if (!text || !*text)
		return false;
	uint64_t value = 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		uint64_t digit = (uint64_t)(*text - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

bool str_to_i64(const char *text, int64_t *out)
{
	bool negative = text && *text == '-';
	uint64_t size;
	if (!str_to_u64(negative ? text + 1 : text, &size))
		return false;
	if (size > (uint64_t)INT64_MAX + negative)
		return false;
	if (negative && size > 0)
		*out = -(int64_t)(size - 1) - 1; /* INT64_MIN has no positive twin */
	else
		*out = (int64_t)size;
	return true;
}

const char *str_from_i64(int64_t value, char room[STR_I64_SIZE])
{
	char *at = room + STR_I64_SIZE - 1;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	*at = '\0';
	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (value < 0)
		*--at = '-';
	return at;
}

bool str_to_bool(const char *text, bool *out)
{
	if (str_case_is(text, "true"))
		*out = true;
	else if (str_case_is(text, "false"))
		*out = false;
	else
		return false;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character at text[i]: itself, a blank for '+', or what %XX stands for; *i moves past it. -1 when the escape is broken. */
static int form_char(const char *text, size_t len, size_t *i)
{
	char c = text[(*i)++];
	if (c == '+')
		return ' ';
	if (c != '%')
		return (unsigned char)c;
	if (len - *i < 2)
		return -1;
	int high = hex_digit(text[*i]), low = hex_digit(text[*i + 1]);
	*i += 2;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool str_form_decode(char *text, size_t *len)
{
	size_t written = 0;
	for (size_t i = 0; i < *len;) {
		int c = form_char(text, *len, &i);
		if (c <= 0)
			return false;
		text[written++] = (char)c;
	}
	text[written] = '\0';
	*len = written;
	return true;
}

size_t str_utf8_step(const char *text, size_t len)
{
	if (len == 0)
		return 0;
	const unsigned char *s = (const unsigned char *)text;
	if (s[0] < 0x80)
		return 1;

	/* The second byte's range is what keeps out overlong forms, surrogates and values past U+10FFFF. */
	size_t size = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	unsigned char least = 0x80, most = 0xbf;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len < size)
		return 0;
	if (s[0] == 0xe0)
		least = 0xa0;
	else if (s[0] == 0xed)
		most = 0x9f;
	else if (s[0] == 0xf0)
		least = 0x90;
	else if (s[0] == 0xf4)
		most = 0x8f;
	if (s[1] < least || s[1] > most)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

bool str_is_utf8(const char *text, size_t len)
{
	while (len > 0) {
		size_t step = str_utf8_step(text, len);
		if (step == 0)
			return false;
		text += step;
		len -= step;
	}
	return true;
}

size_t str_utf8_len(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

bool str_listed(const char *list, const char *name)
{
	size_t wanted = strlen(name);
	while (list && *list) {
		size_t len = strcspn(list, ",");
		if (len == wanted && strncmp(list, name, len) == 0)
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}

/* Only the last `*` ever needs a second try: a longer run for an earlier one could match nothing more. */
bool str_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;
	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Row by row of Levenshtein's table, of which only the last is kept. */
size_t str_distance(const char *a, const char *b)
{
	size_t row[STR_FAR], width = strlen(b);
	if (strlen(a) >= STR_FAR || width >= STR_FAR)
		return STR_FAR;
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0]++;
		for (size_t j = 1; j <= width; j++) {
			size_t changed = corner + (lower(a[i - 1]) != lower(b[j - 1]));
			corner = row[j];
			row[j] = least(changed, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[width];
}

void str_lower(char *text)
{
	for (size_t i = 0, len = strlen(text); i < len; i++)
		text[i] = lower(text[i]);
}
