/* Rows of table snapshot, and what hangs on one: shares and images. */
#include "store/orders.h"
#include "store/store_internal.h"

#include "util/ident.h"

const char *const snapshot_state_names[N_SNAPSHOT_STATES] = {
	[SNAPSHOT_NORMAL] = "NORMAL",
	[SNAPSHOT_CREATING] = "CREATING",
	[SNAPSHOT_ROLLBACKING] = "ROLLBACKING",
	[SNAPSHOT_COPYING_FROM_REMOTE] = "COPYING_FROM_REMOTE",
	[SNAPSHOT_CHECKING_COPIED] = "CHECKING_COPIED",
	[SNAPSHOT_TORECYCLE] = "TORECYCLE",
};

/* A row a column, named alike in the table and in the struct, as in disks.c: those that never change or have their own writer … */
#define COMMON(INT, BOOL, TEXT) \
	INT(account) INT(project_id) INT(disk) INT(size_gib) INT(state_since_ms) INT(state_until_ms) INT(create_ms) TEXT(zone) TEXT(usage)
/* … of them those that say nothing in most rows (index snapshot_rare), and those that no list shows … */
#define RARE(INT, BOOL, TEXT) INT(image_count) INT(share_count) INT(share_ms) INT(policy) BOOL(encrypt) BOOL(copied) BOOL(instant)
#define UNLISTED(INT, BOOL, TEXT) INT(used_mib) TEXT(region) BOOL(legacy_system)
/* … and those that store_snapshot_save writes, common and rare. */
#define SAVED(INT, BOOL, TEXT) TEXT(name) INT(deadline_ms) INT(modify_ms) BOOL(tagged)
#define SAVED_RARE(INT, BOOL, TEXT) BOOL(locked) TEXT(copying_to)

/* What a new row always gives, and what it seldom does: 0 or "" in the others, as is the default in the table. */
#define USUAL(INT, BOOL, TEXT) COMMON(INT, BOOL, TEXT) SAVED(INT, BOOL, TEXT) UNLISTED(INT, BOOL, TEXT)
#define UNUSUAL(INT, BOOL, TEXT) RARE(INT, BOOL, TEXT) SAVED_RARE(INT, BOOL, TEXT)
#define ALL(INT, BOOL, TEXT) USUAL(INT, BOOL, TEXT) UNUSUAL(INT, BOOL, TEXT)

/* Each piece begins with a comma, so something stands before them: in an UPDATE a column that stays. */
#define NAME(column) ", " #column
#define MARK(column) ", ?"
#define CHANGE(column) ", " #column " = ?"
#define READ_INT(column) out->column = col_int(q);
#define READ_BOOL(column) out->column = col_bool(q);
#define READ_TEXT(column) out->column = col_text(q, a);
#define LEND_TEXT(column) out->column = col_borrow(q);
#define BIND_INT(column) bind_int(q, p->column);
#define BIND_TEXT(column) bind_text(q, p->column);
#define COPY_TEXT(column) p->column = arena_text(a, p->column);
#define IS_0(column) && p->column == 0
#define IS_EMPTY(column) && p->column[0] == '\0'
#define LEAVE(column)

#define PLAIN "no, snapshot_state" COMMON(NAME, NAME, NAME) SAVED(NAME, NAME, NAME)
#define COLUMNS "no, snapshot_state" ALL(NAME, NAME, NAME)
#define ROW "(?, ?, ?" ALL(MARK, MARK, MARK) ")"
#define USUAL_COLUMNS "no, snapshot_state" USUAL(NAME, NAME, NAME)
#define USUAL_ROW "(?, ?, ?" USUAL(MARK, MARK, MARK) ")"
#define TWO_ROWS USUAL_ROW ", " USUAL_ROW
#define FOUR_ROWS TWO_ROWS ", " TWO_ROWS
/* FAIL leaves those before a row that cannot be: the transaction is rolled back in any case. */
#define INSERT_ROWS(rows) "INSERT OR FAIL INTO snapshot (id, " USUAL_COLUMNS ") VALUES " rows

const char snapshot_plain[] = PLAIN;
const char snapshot_listed[] = PLAIN RARE(NAME, NAME, NAME) SAVED_RARE(NAME, NAME, NAME);

enum {
	GET, INSERT, INSERT_USUAL, INSERT_2, INSERT_4, INSERT_8, SAVE, SET_STATE, DELETE, DELETE_TAGS, DELETE_SHARES, DELETE_IMAGES,
	SHARED, IMAGES, RARE_ONES,
};

static const char *const sql[] = {
	[GET] = "SELECT " COLUMNS " FROM snapshot WHERE no = ?",
	[INSERT] = "INSERT INTO snapshot (id, " COLUMNS ") VALUES " ROW,
	[INSERT_USUAL] = INSERT_ROWS(USUAL_ROW),
	[INSERT_2] = INSERT_ROWS(TWO_ROWS),
	[INSERT_4] = INSERT_ROWS(FOUR_ROWS),
	[INSERT_8] = INSERT_ROWS(FOUR_ROWS ", " FOUR_ROWS),
	[SAVE] = "UPDATE snapshot SET id = id" SAVED(CHANGE, CHANGE, CHANGE) SAVED_RARE(CHANGE, CHANGE, CHANGE)
		" WHERE no = ?",
	[SET_STATE] = "UPDATE snapshot SET snapshot_state = ?, state_since_ms = ?, state_until_ms = ? WHERE no = ?",
	[DELETE] = "DELETE FROM snapshot WHERE no = ? RETURNING no, create_ms, account, region, disk",
	[DELETE_TAGS] = "DELETE FROM tag WHERE kind = '" TAG_SNAPSHOT "' AND resource = ?",
	[DELETE_SHARES] = "DELETE FROM snapshot_share WHERE snapshot = ?",
	[DELETE_IMAGES] = "DELETE FROM image WHERE snapshot = ?",
	[SHARED] = "SELECT 1 FROM snapshot_share WHERE account = ? AND snapshot = ?",
	[IMAGES] = "SELECT id, name FROM image WHERE snapshot = ? ORDER BY no",
	/* The condition is the index's, word by word: else there is no such way to the rows. */
	[RARE_ONES] = ("SELECT no FROM snapshot INDEXED BY snapshot_rare WHERE image_count <> 0 OR share_count <> 0 OR share_ms <> 0"
		" OR encrypt <> 0 OR copied <> 0 OR instant <> 0 OR locked <> 0 OR copying_to <> '' OR policy <> 0"
		" LIMIT ?"),
};

const struct sql_list snapshots_sql = { sql, sizeof sql / sizeof *sql };

static struct query start(struct store *s, int which)
{
	return query_open(s, SQL_SNAPSHOTS, which);
}

static void read_beginning(struct query *q, struct snapshot *out)
{
	out->no = col_int(q);
	out->state = (enum snapshot_state)col_name(q, snapshot_state_names, N_SNAPSHOT_STATES);
}

static void read_row(struct query *q, struct arena *a, struct snapshot *out)
{
	read_beginning(q, out);
	ALL(READ_INT, READ_BOOL, READ_TEXT)
}

void snapshot_lend(struct query *q, bool plain, struct snapshot *out)
{
	read_beginning(q, out);
	COMMON(READ_INT, READ_BOOL, LEND_TEXT)
	SAVED(READ_INT, READ_BOOL, LEND_TEXT)
	if (plain)
		return;
	RARE(READ_INT, READ_BOOL, LEND_TEXT)
	SAVED_RARE(READ_INT, READ_BOOL, LEND_TEXT)
}

void snapshot_copy_texts(struct snapshot *p, struct arena *a)
{
	ALL(LEAVE, LEAVE, COPY_TEXT)
}

bool store_snapshot(struct store *s, struct arena *a, int64_t no, struct snapshot *out)
{
	const struct snapshot *waiting = waiting_row(s, no);
	if (waiting) {
		*out = *waiting;
		if (!waiting_lend(s, a))
			snapshot_copy_texts(out, a);
		return true;
	}
	struct query q = start(s, GET);
	bind_int(&q, no);
	if (!query_row(&q))
		return false;
	read_row(&q, a, out);
	query_end(&q);
	return true;
}

static bool is_usual(const struct snapshot *p)
{
	return true UNUSUAL(IS_0, IS_0, IS_EMPTY);
}

static bool are_usual(const struct snapshot *rows, size_t count)
{
	size_t usual = 0;
	while (usual < count && is_usual(&rows[usual]))
		usual++;
	return usual == count;
}

static void bind_usual(struct query *q, const struct snapshot *p, char id[IDENT_SIZE])
{
	ident_format(IDENT_SNAPSHOT, p->no, id);
	bind_text(q, id);
	bind_int(q, p->no);
	bind_text(q, snapshot_state_names[p->state]);
	USUAL(BIND_INT, BIND_INT, BIND_TEXT)
}

static void bind_unusual(struct query *q, const struct snapshot *p)
{
	UNUSUAL(BIND_INT, BIND_INT, BIND_TEXT)
}

/* As many rows at once as there is a statement for: one of eight costs a row a quarter less than eight of one. */
static const struct batch {
	size_t rows;
	int statement;
} batches[] = { { 8, INSERT_8 }, { 4, INSERT_4 }, { 2, INSERT_2 }, { 1, INSERT_USUAL } };

enum { BATCH_MAX = 8 };

/* NULL when the first row gives a column that is left out here. */
static const struct batch *largest_batch(const struct snapshot *rows, size_t count)
{
	for (size_t i = 0; i < sizeof batches / sizeof *batches; i++)
		if (batches[i].rows <= count && are_usual(rows, batches[i].rows))
			return &batches[i];
	return NULL;
}

void snapshots_write(struct store *s, const struct snapshot *rows, size_t count)
{
	char ids[BATCH_MAX][IDENT_SIZE];
	for (size_t done = 0; done < count;) {
		const struct snapshot *next = &rows[done];
		const struct batch *batch = largest_batch(next, count - done);
		size_t size = batch ? batch->rows : 1;
		struct query q = start(s, batch ? batch->statement : INSERT);
		for (size_t i = 0; i < size; i++)
			bind_usual(&q, &next[i], ids[i]);
		if (!batch)
			bind_unusual(&q, next);
		query_run(&q);
		done += size;
	}
}

void store_snapshot_insert(struct store *s, const struct snapshot *p)
{
	orders_note_new(s, p);
	if (waiting_add_row(s, p)) {
		sequence_note(s, SEQUENCE_SNAPSHOT, p->no);
		return;
	}
	snapshots_write(s, p, 1);
}

static void bind_saved(struct query *q, const struct snapshot *p)
{
	SAVED(BIND_INT, BIND_INT, BIND_TEXT)
	SAVED_RARE(BIND_INT, BIND_INT, BIND_TEXT)
	bind_int(q, p->no);
}

void store_snapshot_save(struct store *s, const struct snapshot *p)
{
	struct query q = start(s, SAVE);
	bind_saved(&q, p);
	query_run(&q);
}

void store_snapshot_set_state(struct store *s, int64_t no, enum snapshot_state to, int64_t since_ms, int64_t until_ms)
{
	struct snapshot *waiting = waiting_row(s, no);
	if (waiting) {
		waiting->state = to;
		waiting->state_since_ms = since_ms;
		waiting->state_until_ms = until_ms;
		return;
	}
	struct query q = start(s, SET_STATE);
	bind_text(&q, snapshot_state_names[to]);
	bind_int(&q, since_ms);
	bind_int(&q, until_ms);
	bind_int(&q, no);
	query_run(&q);
}

size_t snapshots_rare(struct store *s, int64_t *numbers, size_t most)
{
	struct query q = start(s, RARE_ONES);
	bind_int(&q, (int64_t)most);
	size_t count = 0;
	while (query_row(&q))
		numbers[count++] = col_int(&q);
	return count;
}

static void delete_by_no(struct store *s, int which, int64_t no)
{
	struct query q = start(s, which);
	bind_int(&q, no);
	query_run(&q);
}

static void delete_row(struct store *s, int64_t no)
{
	struct query q = start(s, DELETE);
	bind_int(&q, no);
	if (!query_row(&q))
		return;
	struct snapshot gone = { .no = col_int(&q) };
	gone.create_ms = col_int(&q);
	gone.account = col_int(&q);
	gone.region = col_borrow(&q);
	gone.disk = col_int(&q);
	orders_note_gone(s, &gone);
	query_run(&q);
}

void store_snapshot_delete(struct store *s, int64_t no, bool images)
{
	delete_by_no(s, DELETE_TAGS, no);
	delete_by_no(s, DELETE_SHARES, no);
	if (images)
		delete_by_no(s, DELETE_IMAGES, no);
	delete_row(s, no);
}

size_t store_snapshots_of_disk(struct store *s, struct arena *a, int64_t disk, struct snapshot **out)
{
	const struct order order = order_of_disk(s, disk);
	struct snapshot *rows = arena_alloc(a, order.count * sizeof *rows);
	size_t count = 0;
	for (size_t i = 0; i < order.count; i++)
		count += store_snapshot(s, a, order.places[i].no, &rows[count]);
	*out = rows;
	return count;
}

bool store_shared_with(struct store *s, int64_t snapshot, int64_t account)
{
	struct query q = start(s, SHARED);
	bind_int(&q, account);
	bind_int(&q, snapshot);
	bool shared = query_row(&q);
	query_end(&q);
	return shared;
}

size_t store_images(struct store *s, struct arena *a, int64_t snapshot, struct image **out)
{
	struct query q = start(s, IMAGES);
	bind_int(&q, snapshot);
	struct image *rows = NULL;
	size_t count = 0;
	while (query_row(&q)) {
		rows = rows_room(a, rows, count, sizeof *rows);
		rows[count].id = col_text(&q, a);
		rows[count++].name = col_text(&q, a);
	}
	*out = rows;
	return count;
}
