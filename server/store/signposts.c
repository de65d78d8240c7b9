/* New rows come after all others, nearly always: then every signpost stays right. */
#include "store/signposts.h"

#include "store/store_internal.h"

enum { OLDEST, NEXT };

enum { APART = 1024 };

static const char *const sql[] = {
	[OLDEST] = "SELECT create_ms, no FROM snapshot WHERE account = ? AND region = ? ORDER BY create_ms, no LIMIT 1",
	[NEXT] = ("SELECT create_ms, no FROM snapshot WHERE account = ? AND region = ? AND (create_ms, no) >= (?, ?)"
		" ORDER BY create_ms, no LIMIT 1 OFFSET ?"),
};

const struct sql_list signposts_sql = { sql, sizeof sql / sizeof *sql };

/* Those found so far, in order. */
struct signposts {
	struct place *list;
	size_t count;
};

static struct signposts *known(struct store *s, int64_t account, const char *region)
{
	void *row;
	return memo_find(s, MEMO_SIGNPOSTS, account, region, &row) ? row : NULL;
}

/* The one after `last`, or the first of all. */
static bool find_next(struct store *s, int64_t account, const char *region, const struct place *last, struct place *out)
{
	struct query q = query_open(s, SQL_SIGNPOSTS, last ? NEXT : OLDEST);
	bind_int(&q, account);
	bind_text(&q, region);
	if (last) {
		bind_int(&q, last->create_ms);
		bind_int(&q, last->no);
		bind_int(&q, APART);
	}
	if (!query_row(&q))
		return false;
	out->create_ms = col_int(&q);
	out->no = col_int(&q);
	query_end(&q);
	return true;
}

bool signpost_before(struct store *s, int64_t account, const char *region, uint64_t rank, struct place *from, uint64_t *skip)
{
	struct signposts *posts = known(s, account, region);
	if (!posts) {
		posts = arena_alloc(memo_arena(s), sizeof *posts);
		posts = memo_keep(s, MEMO_SIGNPOSTS, account, region, posts);
	}
	while (posts && posts->count <= rank / APART) {
		struct place next;
		if (!find_next(s, account, region, posts->count > 0 ? &posts->list[posts->count - 1] : NULL, &next))
			return false;
		posts->list = rows_room(memo_arena(s), posts->list, posts->count, sizeof *posts->list);
		posts->list[posts->count++] = next;
	}
	if (!posts)
		return false;
	*from = posts->list[rank / APART];
	*skip = rank % APART;
	return true;
}

void signposts_note(struct store *s, int64_t account, const char *region, const struct place *row)
{
	struct signposts *posts = known(s, account, region);
	const struct place *last = posts && posts->count > 0 ? &posts->list[posts->count - 1] : NULL;
	if (last && (row->create_ms < last->create_ms || (row->create_ms == last->create_ms && row->no < last->no)))
		posts->count = 0;
}
