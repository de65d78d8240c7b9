/* JSON is laid out as text, not through a tree: a tree would round a 19-digit number and forget how it was written. */
#include "cli/answer.h"

#include <stdio.h>

#include "util/json_check.h"

enum { PRETTY_MAX = 64 * 1024 * 1024 };

static void new_line(struct buf *out, int depth)
{
	buf_addc(out, '\n');
	for (int i = 0; i < depth; i++)
		buf_adds(out, "  ");
}

/* Copies a string with its quotes; returns the offset of the closing one. */
static size_t copy_string(const char *json, size_t start, struct buf *out)
{
	size_t end = start + 1;

	while (json[end] != '"')
		end += json[end] == '\\' ? 2 : 1;
	buf_add(out, json + start, end - start + 1);
	return end;
}

void answer_pretty(const char *json, size_t len, struct buf *out)
{
	bool opened = false; /* a bracket whose content has not begun */
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = json[i];
		bool closes = c == '}' || c == ']';

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (closes)
			depth--;
		if (opened != closes) /* content after its bracket, or a bracket after content */
			new_line(out, depth);
		opened = c == '{' || c == '[';
		if (opened)
			depth++;
		if (c == '"')
			i = copy_string(json, i, out);
		else
			buf_addc(out, c);
		if (c == ':')
			buf_addc(out, ' ');
		if (c == ',')
			new_line(out, depth);
	}
}

void answer_print(const char *body, size_t len, bool pretty)
{
	struct json_report report;
	struct buf out;

	buf_init(&out, PRETTY_MAX);
	if (pretty && json_check(body, len, &report))
		answer_pretty(body, len, &out);
	if (out.len == 0 || out.overflow) {
		buf_clear(&out);
		buf_add(&out, body, len);
	}
	fwrite(out.data, 1, out.len, stdout);
	if (out.len == 0 || out.data[out.len - 1] != '\n')
		putchar('\n');
	buf_finish(&out);
}
