/* What happened to a world, change by change: each transaction that is committed while this is on is kept as SQLite's session extension
 * sees it, the rows before and after. So any moment still kept can be shown, compared and gone back to, at the cost of what changed.
 *
 * Revision 0 is the world as it was when keeping began, n the world after the n-th change. The oldest go when there are more than was
 * asked for, or when they take more than REVISION_BYTES_MAX. Credentials and what the server keeps of the sandbox itself are no part of
 * it: keys neither leave with a change nor come back with one. Whatever is put in place of a whole world (store_load_image) begins
 * anew. */
#ifndef CBSMOCK_STORE_REVISIONS_H
#define CBSMOCK_STORE_REVISIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

enum { REVISIONS_MAX = 1000000, REVISION_BYTES_MAX = 64 * 1024 * 1024, REVISION_TEXT_MAX = 64 };

enum revision_kind {
	REVISION_CALL,       /* a request to the API */
	REVISION_TIME,       /* something came due */
	REVISION_CLOCK,      /* sandbox time was changed */
	REVISION_SEED,       /* ids begin anew */
	REVISION_FIXTURE,    /* rows were merged in */
	REVISION_TRANSITION, /* one was ended by hand */
	REVISION_OTHER,
	N_REVISION_KINDS,
};

extern const char *const revision_kind_names[N_REVISION_KINDS]; /* "call" … */

/* Whose a change is. */
struct revision_cause {
	enum revision_kind kind;
	const char *request_id, *action; /* of a call, else ""; at most REVISION_TEXT_MAX bytes are kept */
	int64_t now_ms;                  /* sandbox time */
	uint64_t ids_given;              /* RequestIds given by then */
};

struct revision {
	int64_t no;
	struct revision_cause cause;
	size_t bytes; /* of memory */
};

/* Keeps this many from now on; 0 ends it and forgets them. No transaction is open. The cause is that of the world as it is, should
 * keeping begin here. */
void store_keep_revisions(struct store *s, size_t count, const struct revision_cause *now);
/* The cause of what is committed next. Costs nothing when revisions are not kept. */
void store_because(struct store *s, const struct revision_cause *cause);
/* What is committed next belongs to the newest revision. */
void store_amend(struct store *s);

/* Those that can be shown and gone back to: from the state before the oldest change that is kept. False when none are kept at all. */
bool store_revisions(const struct store *s, int64_t *first, int64_t *last);
/* False when it is not kept. Texts live until the next change. Of `first` only the cause is known. */
bool store_revision(const struct store *s, int64_t no, struct revision *out);

/* ---- the rows -------------------------------------------------------------------------------------------------------------- */

enum row_change { ROW_ADDED, ROW_CHANGED, ROW_REMOVED };

/* A row before and after; texts are good until the callback returns. Of a changed row the values that are not `set` did not change. */
struct changed_row {
	enum row_change change;
	const char *table;
	size_t count;
	const char *const *columns;        /* names, in the table's order */
	const bool *key;                   /* which of them are the primary key; set before where a row was changed */
	const struct value *before, *after;/* before: not of an added row; after: not of a removed one */
};

/* What is different between two revisions, in sum; backwards too. Both are kept. False with a sentence in `why`. */
bool store_diff(struct store *s, int64_t from, int64_t to, void (*on_row)(void *data, const struct changed_row *row), void *data,
                struct buf *why);

/* ---- going back -------------------------------------------------------------------------------------------------------------- */

/* A copy of the world as of that revision, in memory. NULL with a sentence. */
struct store *store_open_revision(struct store *s, int64_t no, struct buf *why);
/* The world as it was; later revisions are gone. Nothing changes on false. */
bool store_rewind(struct store *s, int64_t no, struct buf *why);

#endif
