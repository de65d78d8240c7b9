/* Changes that wait to be written. What a new snapshot changes (its row, its job, counters, the sequence of numbers) is noted here, and
 * written together with what other requests noted: fewer statements and one commit for many of them. Whoever asks the database gets
 * all of it written before (query.c), so nobody can tell.
 *
 * What the transaction under way has noted is its own until it ends: kept as it is when it commits, dropped when it is rolled back. */
#ifndef CBSMOCK_STORE_WAITING_H
#define CBSMOCK_STORE_WAITING_H

#include "store/store.h"

struct waiting;

enum counter { COUNT_DISK, COUNT_USAGE };

/* Each of the first four: false when it cannot wait, and then the caller writes. */
bool waiting_add_row(struct store *s, const struct snapshot *p);
bool waiting_add_job(struct store *s, const struct job *j);
/* Adds to the numbers of a counter, as store_disk_count and usage_write do. The disk's number and "", or the account's and the region. */
bool waiting_count(struct store *s, enum counter which, int64_t number, const char *region, const int64_t by[4]);
bool waiting_set_sequence(struct store *s, enum sequence kind, int64_t account, const char *region, int64_t no);

/* Of the transaction under way; NULL when there is none such. The row may be changed in place. */
struct snapshot *waiting_row(struct store *s, int64_t no);
/* As memo_lend, for the texts of those rows. */
bool waiting_lend(struct store *s, struct arena *a);
/* The first by due time, kind and resource that is due before everything else. */
const struct job *waiting_first_job(struct store *s);
/* False when it does not wait. */
bool waiting_remove_job(struct store *s, int64_t due_ms, const char *kind, int64_t resource);
/* Those of a row that waits; false when it does not. */
bool waiting_remove_jobs(struct store *s, const char *family, int64_t row);
/* When the next one is due, INT64_MAX for never. */
int64_t waiting_next_due(const struct store *s);

bool waiting_any(const struct store *s);
bool waiting_own(const struct store *s);  /* of the transaction under way */
bool waiting_kept(const struct store *s); /* of those that ended */
bool waiting_full(const struct store *s);
/* The transaction under way ends. */
void waiting_keep_own(struct store *s);
void waiting_drop_own(struct store *s);
/* Writes what is noted, of transactions that ended or of the one under way, inside a transaction of SQLite's. */
void waiting_write(struct store *s, bool own);
void waiting_forget(struct store *s);

#endif
