/* Resource ids: a prefix and eight characters of [0-9a-z] that spell a number.
 *
 * The characters are a bijection of the number onto 36^8 (multiply by an odd constant prime to 36), so numbers counted up give
 * ids that look random and never collide, an id needs no index, and any well-formed id, a fixture's too, has its number. */
#ifndef CBSMOCK_UTIL_IDENT_H
#define CBSMOCK_UTIL_IDENT_H

#include <stdbool.h>
#include <stdint.h>

enum { IDENT_SIZE = 24 }; /* bytes of the longest id and its NUL */

#define IDENT_DISK "disk-"
#define IDENT_SNAPSHOT "snap-"
#define IDENT_BACKUP "dbp-"
#define IDENT_INSTANCE "ins-"
#define IDENT_IMAGE "img-"
#define IDENT_POLICY "asp-"

#define IDENT_NUMBERS INT64_C(2821109907456) /* 36^8 */

/* Numbers are 0 … 36^8-1; format takes any non-negative number and wraps. */
void ident_format(const char *prefix, int64_t no, char out[IDENT_SIZE]);
/* False when the prefix, the length or a character is wrong. */
bool ident_parse(const char *prefix, const char *id, int64_t *no);

#endif
