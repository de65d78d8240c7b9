/* Secrets at rest. Where worlds are kept in files, secret keys and tokens stand in them sealed: a world may be looked at, copied and sent
 * about without its keys. What seals them is one random key in a file of its own in the data directory, which only its owner can read.
 * A sealed text is bound to nothing else, so it moves with its row from file to file of that directory. */
#ifndef CBSMOCK_STORE_SEAL_H
#define CBSMOCK_STORE_SEAL_H

#include "util/arena.h"
#include "util/buf.h"

struct seal;

/* The key in the file, which is made when it is not there. NULL with a sentence in `why`. */
struct seal *seal_open(const char *path, struct buf *why);
void seal_close(struct seal *s); /* NULL is fine */
/* Removes the file if this opening made it: nothing was sealed with it that stays. NULL is fine. */
void seal_undo(struct seal *s);
/* In the arena. "" stays "", and without a seal (NULL) every text stays as it is. */
const char *seal_text(const struct seal *s, struct arena *a, const char *text);
/* What seal_text made of it; a text that was never sealed as it is. NULL when it was sealed with another key. */
const char *seal_read(const struct seal *s, struct arena *a, const char *sealed);

#endif
