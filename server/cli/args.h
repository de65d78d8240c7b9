/* Command lines of the client subcommands: --name VALUE, --name=VALUE, flags, and the words between them ("-" is one). */
#ifndef CBSMOCK_CLI_ARGS_H
#define CBSMOCK_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/buf.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

struct option_row {
	const char *name;        /* with its dashes */
	const char *placeholder; /* of the value; NULL: a flag */
	const char **value;      /* where it goes; the last one given wins */
	bool *flag;              /* for a flag */
	const char *help;
};

/* False with one sentence in `why`. argv[0] is skipped; `words` has room for argc of them. */
bool args_read(const struct option_row *rows, size_t row_count, int argc, char **argv, const char **words, size_t *word_count,
               struct buf *why);
/* Prints `usage`, then one line a row, on standard output. */
void args_help(const char *usage, const struct option_row *rows, size_t row_count);
/* "2s", "500ms", "1h", or a bare number of seconds; not negative. */
bool seconds_parse(const char *text, int64_t *ms);
/* What a file holds, or standard input ("-"), a NUL behind it; NULL with one sentence in `why`. */
const char *read_file(struct arena *a, const char *path, size_t *len, struct buf *why);
/* The same, which must be a text. */
const char *read_text(struct arena *a, const char *path, struct buf *why);

#endif
