/* Rows of table client_token: what a ClientToken led to. */
#include "store/store_internal.h"

enum { GET, ADD };

static const char *const sql[] = {
	[GET] = "SELECT digest, answer FROM client_token WHERE account = ? AND region = ? AND action = ? AND token = ?",
	[ADD] = "INSERT INTO client_token (account, region, action, token, digest, answer, create_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
};

const struct sql_list tokens_sql = { sql, sizeof sql / sizeof *sql };

static struct query start(struct store *s, int which, int64_t account, const char *region, const char *action, const char *token)
{
	struct query q = query_open(s, SQL_TOKENS, which);
	bind_int(&q, account);
	bind_text(&q, region);
	bind_text(&q, action);
	bind_text(&q, token);
	return q;
}

bool store_token(struct store *s, struct arena *a, int64_t account, const char *region, const char *action, const char *token,
                 const char **digest, const char **answer)
{
	struct query q = start(s, GET, account, region, action, token);
	if (!query_row(&q))
		return false;
	*digest = col_text(&q, a);
	*answer = col_text(&q, a);
	query_end(&q);
	return true;
}

void store_token_add(struct store *s, int64_t account, const char *region, const char *action, const char *token,
                     const char *digest, const char *answer, int64_t now_ms)
{
	struct query q = start(s, ADD, account, region, action, token);
	bind_text(&q, digest);
	bind_text(&q, answer);
	bind_int(&q, now_ms);
	query_run(&q);
}
