/* Rows that every request asks for, as they were last read. Any statement that changes a row makes the store forget all of them, and so
 * does another program that writes to the file; only the counters that are noted in waiting.h are kept up in place. Texts belong to the
 * memo: a row that leaves the store is copied or lent. */
#ifndef CBSMOCK_STORE_MEMO_H
#define CBSMOCK_STORE_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"

struct store;
struct memo;

enum memo_kind {
	MEMO_WORLD, MEMO_COMPONENT, MEMO_OFFLINE, MEMO_REGION, MEMO_ZONE, MEMO_DISK_TYPE, MEMO_ACCOUNT, MEMO_PERMISSIONS, MEMO_USAGE,
	MEMO_DISK, N_MEMO_KINDS,
};

/* True when the answer is known: *row, NULL for "there is none". A row is found by number, by text or by both. When it is not known,
 * rows that were found before may be gone. */
bool memo_find(struct store *s, enum memo_kind kind, int64_t number, const char *text, void **row);
/* Where a row is to be read into that will be kept. */
struct arena *memo_arena(struct store *s);
/* What memo_find did not know, from now on; the row is of memo_arena, or NULL. Nothing is kept once the store has failed, and then it
 * returns NULL; else the row. */
void *memo_keep(struct store *s, enum memo_kind kind, int64_t number, const char *text, void *row);
/* True when texts of rows need no copy: the arena keeps them, whatever becomes of the memo. For arenas that do not last: all of the memo
 * stays with them. */
bool memo_lend(struct store *s, struct arena *a);
void memo_forget(struct store *s);

#endif
