/* A strict look at JSON text before a lenient parser builds a tree from it: grammar of RFC 8259, UTF-8, bounded nesting, no
 * NUL inside strings, no key twice in one object. The tree itself is cJSON's work. */
#ifndef CBSMOCK_UTIL_JSON_CHECK_H
#define CBSMOCK_UTIL_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum json_fault {
	JSON_OK,
	JSON_SYNTAX,
	JSON_UTF8,
	JSON_TOO_DEEP,
	JSON_DUPLICATE_KEY,
	JSON_NUL, /* \u0000: a C string cannot hold it */
};

enum { JSON_DEPTH_MAX = 32 };

struct json_report {
	enum json_fault fault;
	size_t offset;      /* byte where it was seen */
	char key[64];       /* JSON_DUPLICATE_KEY: the key, cut to fit */
};

/* A character of a string that is one byte and stands for itself: most of them. */
static inline bool json_is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* True when the text is one JSON value; otherwise `report` (not NULL) says what is wrong and where. */
bool json_check(const char *text, size_t len, struct json_report *report);
/* For messages: "syntax error", "nested too deep" … */
const char *json_fault_text(enum json_fault fault);

#endif
