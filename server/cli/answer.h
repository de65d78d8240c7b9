/* Answers as a person wants to see them. */
#ifndef CBSMOCK_CLI_ANSWER_H
#define CBSMOCK_CLI_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "util/buf.h"

/* Lays valid JSON out with two blanks a level, changing nothing but the space between its parts. */
void answer_pretty(const char *json, size_t len, struct buf *out);
/* Prints a body on stdout: JSON laid out if `pretty`, anything else as it is, a line end after it. */
void answer_print(const char *body, size_t len, bool pretty);

#endif
