/* Which snapshots an account has in a region, and which a disk has, in the order of their lists. That is kept in memory beside the rows
 * and not as indexes in the file: two of those cost a CreateSnapshot more than its row does. It is found by one look through the table
 * when somebody first asks, and kept up from then on; any other change than by the functions below makes the store forget it. */
#ifndef CBSMOCK_STORE_ORDERS_H
#define CBSMOCK_STORE_ORDERS_H

#include "store/store.h"

/* Of a snapshot in a list. */
struct place {
	int64_t create_ms, no;
};

/* The oldest first, ties by number. Good until the store changes or another order is asked for. */
struct order {
	const struct place *places;
	size_t count, all; /* all: rows of the table */
};

/* Of what is written and what waits, another program's changes included. Empty when the store has failed. */
struct order order_of_region(struct store *s, int64_t account, const char *region);
struct order order_of_disk(struct store *s, int64_t disk);
void orders_note_new(struct store *s, const struct snapshot *p);
/* Only what an order depends on need be filled in: no, account, region, disk, create_ms. */
void orders_note_gone(struct store *s, const struct snapshot *p);
void orders_forget(struct store *s);
/* A transaction begins, or is taken back; one that changed nothing leaves them as they are. */
void orders_begin(struct store *s);
void orders_undo(struct store *s);

#endif
