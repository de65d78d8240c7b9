/* Strict readers and writers of small texts: numbers, percent-encoding, UTF-8, glob patterns. None allocates. */
#ifndef CBSMOCK_UTIL_STR_H
#define CBSMOCK_UTIL_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Equal; NULL equals only NULL. A request compares a hundred times, and most texts that differ do so in their first byte. */
static inline bool str_is(const char *a, const char *b)
{
	return a && b ? *a == *b && strcmp(a, b) == 0 : a == b;
}

static inline bool str_prefix(const char *text, const char *prefix)
{
	return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* FNV-1a, from a start that may stand for more than the text; NULL adds nothing. */
static inline uint64_t str_hash(uint64_t start, const char *text)
{
	for (; text && *text; text++)
		start = (start ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return start;
}

bool str_suffix(const char *text, const char *suffix);
bool str_case_is(const char *a, const char *b); /* ASCII case ignored */
/* The whole text is one decimal number in range; no blank, no plus sign. */
bool str_to_i64(const char *text, int64_t *out);
bool str_to_u64(const char *text, uint64_t *out);
enum { STR_I64_SIZE = 21 };
/* Decimal, as "%lld"; returns where in `room` it begins. */
const char *str_from_i64(int64_t value, char room[STR_I64_SIZE]);
/* "true"/"false" in any case (Python and .NET send True/False; protocol.md §1). */
bool str_to_bool(const char *text, bool *out);
/* Decodes %XX and '+' of a form value in place. *len is its length before and after, and text[*len] becomes NUL. False on a broken
 * escape or a NUL, encoded or not; then the text is unusable. */
bool str_form_decode(char *text, size_t *len);
/* Bytes of the valid UTF-8 character at the start of the text, 0 when there is none (or len is 0). */
size_t str_utf8_step(const char *text, size_t len);
bool str_is_utf8(const char *text, size_t len);
/* Characters (code points) of valid UTF-8. */
size_t str_utf8_len(const char *text);
/* Does a list of names, "," between, have this one? NULL is an empty list. */
bool str_listed(const char *list, const char *name);
/* `*` matches any run, `?` one byte. */
bool str_glob(const char *pattern, const char *text);
/* Letters to add, drop or change to make one name of the other, ASCII case ignored; STR_FAR when one has more than 63 bytes. */
enum { STR_FAR = 64 };
size_t str_distance(const char *a, const char *b);
/* Lower-cases ASCII in place. */
void str_lower(char *text);

#endif
