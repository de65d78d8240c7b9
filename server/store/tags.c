/* Rows of table tag, in the order they were set. */
#include "store/store_internal.h"

#include "util/str.h"

enum { OF, SET, MARK_DISK, MARK_SNAPSHOT };

static const char *const sql[] = {
	[OF] = "SELECT key, value FROM tag WHERE kind = ? AND resource = ? ORDER BY seq, key",
	[SET] = ("INSERT INTO tag (kind, resource, key, value, account, seq)"
		" VALUES (?1, ?2, ?3, ?4, ?5, (SELECT IFNULL(MAX(seq), 0) + 1 FROM tag WHERE kind = ?1 AND resource = ?2))"
		" ON CONFLICT (kind, resource, key) DO UPDATE SET value = excluded.value"),
	[MARK_DISK] = "UPDATE disk SET tagged = 1 WHERE no = ? AND tagged = 0",
	[MARK_SNAPSHOT] = "UPDATE snapshot SET tagged = 1 WHERE no = ? AND tagged = 0",
};

const struct sql_list tags_sql = { sql, sizeof sql / sizeof *sql };

size_t store_tags(struct store *s, struct arena *a, const char *kind, int64_t resource, struct tag **out)
{
	struct query q = query_open(s, SQL_TAGS, OF);
	bind_text(&q, kind);
	bind_int(&q, resource);
	struct tag *rows = NULL;
	size_t count = 0;
	while (query_row(&q)) {
		rows = rows_room(a, rows, count, sizeof *rows);
		rows[count].key = col_text(&q, a);
		rows[count++].value = col_text(&q, a);
	}
	*out = rows;
	return count;
}

void store_tag_set(struct store *s, const char *kind, int64_t resource, int64_t account, const char *key, const char *value)
{
	struct query q = query_open(s, SQL_TAGS, SET);
	bind_text(&q, kind);
	bind_int(&q, resource);
	bind_text(&q, key);
	bind_text(&q, value);
	bind_int(&q, account);
	query_run(&q);
	q = query_open(s, SQL_TAGS, str_is(kind, TAG_DISK) ? MARK_DISK : MARK_SNAPSHOT);
	bind_int(&q, resource);
	query_run(&q);
}
