/* One table of rows gives a subcommand its parser and its help, so the two cannot disagree. */
#include "cli/args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/str.h"
#include "util/wiretime.h"

enum { HELP_COLUMN = 29, CHUNK = 64 * 1024 };

/* The row an argument names, and what follows its '=' (NULL without one). */
static const struct option_row *find_row(const struct option_row *rows, size_t row_count, const char *arg,
                                         const char **inline_value)
{
	size_t len = strcspn(arg, "=");

	*inline_value = arg[len] == '=' ? arg + len + 1 : NULL;
	for (size_t i = 0; i < row_count; i++) {
		if (strlen(rows[i].name) == len && memcmp(rows[i].name, arg, len) == 0)
			return &rows[i];
	}
	return NULL;
}

bool args_read(const struct option_row *rows, size_t row_count, int argc, char **argv, const char **words, size_t *word_count,
               struct buf *why)
{
	size_t n = 0;

	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		const char *value;

		if (arg[0] != '-' || arg[1] == '\0') {
			words[n++] = arg;
			continue;
		}
		const struct option_row *row = find_row(rows, row_count, arg, &value);
		if (!row) {
			buf_printf(why, "unknown option %s; --help lists them", arg);
			return false;
		}
		if (row->flag) {
			if (value) {
				buf_printf(why, "%s takes no value", row->name);
				return false;
			}
			*row->flag = true;
			continue;
		}
		if (!value) {
			if (i + 1 == argc || str_prefix(argv[i + 1], "--")) {
				buf_printf(why, "%s needs a value: %s", row->name, row->placeholder);
				return false;
			}
			value = argv[++i];
		}
		*row->value = value;
	}
	*word_count = n;
	return true;
}

bool seconds_parse(const char *text, int64_t *ms)
{
	const double most = 1e9;
	char *end;
	if (duration_parse(text, ms))
		return *ms >= 0;
	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return false;
	double seconds = strtod(text, &end);
	*ms = seconds <= most ? (int64_t)(seconds * 1000 + 0.5) : 0;
	return !*end && seconds <= most;
}

void args_help(const char *usage, const struct option_row *rows, size_t row_count)
{
	fputs(usage, stdout);
	for (size_t i = 0; i < row_count; i++) {
		const char *placeholder = rows[i].placeholder ? rows[i].placeholder : "";
		int pad = HELP_COLUMN - (int)strlen(rows[i].name) - (int)strlen(placeholder);

		printf("  %s %s%*s%s\n", rows[i].name, placeholder, pad > 1 ? pad : 1, "", rows[i].help);
	}
}

const char *read_file(struct arena *a, const char *path, size_t *len, struct buf *why)
{
	bool from_stdin = str_is(path, "-");
	FILE *file = from_stdin ? stdin : fopen(path, "rb");
	if (!file) {
		buf_printf(why, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	struct buf content;
	char *chunk = arena_alloc(a, CHUNK);
	buf_init(&content, FILE_MAX);
	for (size_t n; (n = fread(chunk, 1, CHUNK, file)) > 0;)
		buf_add(&content, chunk, n);
	const char *problem = ferror(file) ? strerror(errno) : content.overflow ? "it is too long" : NULL;
	if (!from_stdin)
		fclose(file);
	const char *copy = arena_strndup(a, content.data, content.len);
	*len = content.len;
	buf_finish(&content);
	if (!problem)
		return copy;
	buf_printf(why, "cannot read %s: %s", from_stdin ? "standard input" : path, problem);
	return NULL;
}

const char *read_text(struct arena *a, const char *path, struct buf *why)
{
	size_t len;
	const char *text = read_file(a, path, &len, why);
	if (!text || strlen(text) == len)
		return text;
	buf_printf(why, "cannot read %s: it holds a NUL byte", path);
	return NULL;
}
