/* Where the n-th snapshot of an account in a region is, by age: remembered for every thousandth, so that a page far from both ends is
 * found without walking there. They are found on the way to the first such page, and kept in the memo. */
#ifndef CBSMOCK_STORE_SIGNPOSTS_H
#define CBSMOCK_STORE_SIGNPOSTS_H

#include "store/store.h"

/* A row's place in the order of the list. */
struct place {
	int64_t create_ms, no;
};

/* A row that is not after the `rank`-th (from 0, the oldest first), and how many follow before that one; false when there is none. */
bool signpost_before(struct store *s, int64_t account, const char *region, uint64_t rank, struct place *from, uint64_t *skip);
/* A row has come, which no statement wrote yet. */
void signposts_note(struct store *s, int64_t account, const char *region, const struct place *row);

#endif
