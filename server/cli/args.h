/* Command lines of the client subcommands: --name VALUE, --name=VALUE, flags, and the words between them. */
#ifndef CBSMOCK_CLI_ARGS_H
#define CBSMOCK_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

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

#endif
