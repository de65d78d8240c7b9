/* Rows of table job: transitions under way. Every request asks when the next one is due, so that answer is kept in memory; whatever
 * else changes the table (a rollback, a fixture, a disk that goes) makes it forgotten. */
#include "store/store_internal.h"

#include <string.h>

enum { ADD, DUE, NEXT, REMOVE, REMOVE_ALL, OF, POLLED, SET_POLLS, SHIFT };

#define COLUMNS "due_ms, kind, resource, goes_to, arg, polls"

static const char *const sql[] = {
	[ADD] = "INSERT INTO job (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)",
	[DUE] = "SELECT " COLUMNS " FROM job WHERE due_ms <= ? ORDER BY due_ms, kind, resource LIMIT 1",
	[NEXT] = "SELECT due_ms FROM job ORDER BY due_ms LIMIT 1",
	[REMOVE] = "DELETE FROM job WHERE due_ms = ? AND kind = ? AND resource = ?",
	[REMOVE_ALL] = "DELETE FROM job WHERE resource = ?2 AND substr(kind, 1, length(?1)) = ?1",
	[OF] = "SELECT " COLUMNS " FROM job WHERE kind = ? AND resource = ? ORDER BY due_ms LIMIT 1",
	[POLLED] = "SELECT " COLUMNS " FROM job WHERE resource = ?2 AND substr(kind, 1, length(?1)) = ?1 AND polls > 0 LIMIT 1",
	[SET_POLLS] = "UPDATE job SET polls = ?4 WHERE due_ms = ?1 AND kind = ?2 AND resource = ?3",
	[SHIFT] = "UPDATE job SET due_ms = due_ms + ? WHERE due_ms <> ?",
};

const struct sql_list jobs_sql = { sql, sizeof sql / sizeof *sql };

static struct query start(struct store *s, int which)
{
	return query_open(s, SQL_JOBS, which);
}

static void read_job(struct query *q, struct arena *a, struct job *out)
{
	out->due_ms = col_int(q);
	out->kind = col_text(q, a);
	out->resource = col_int(q);
	out->goes_to = col_text(q, a);
	out->arg = col_int(q);
	out->polls = col_int(q);
	query_end(q);
}

static void remember(struct added_job *to, const struct job *j)
{
	*to = (struct added_job){ .due_ms = j->due_ms, .resource = j->resource, .arg = j->arg, .polls = j->polls };
	strncpy(to->kind, j->kind, sizeof to->kind - 1);
	strncpy(to->goes_to, j->goes_to, sizeof to->goes_to - 1);
}

void job_write(struct store *s, const struct job *j)
{
	struct query q = start(s, ADD);
	bind_int(&q, j->due_ms);
	bind_text(&q, j->kind);
	bind_int(&q, j->resource);
	bind_text(&q, j->goes_to);
	bind_int(&q, j->arg);
	bind_int(&q, j->polls);
	query_run(&q);
	if (j->due_ms < s->next_due)
		s->next_due = j->due_ms;
}

void store_job_add(struct store *s, const struct job *j)
{
	if (!waiting_add_job(s, j))
		job_write(s, j);
	if (s->added_count < ADDED_JOBS_MAX)
		remember(&s->added[s->added_count++], j);
}

size_t store_jobs_added(struct store *s, struct arena *a, struct job **out)
{
	struct job *jobs = arena_alloc(a, (s->added_count + 1) * sizeof *jobs);
	for (size_t i = 0; i < s->added_count; i++) {
		const struct added_job *added = &s->added[i];
		jobs[i] = (struct job){
			.due_ms = added->due_ms, .resource = added->resource, .arg = added->arg, .polls = added->polls,
			.kind = arena_strdup(a, added->kind), .goes_to = arena_strdup(a, added->goes_to),
		};
	}
	*out = jobs;
	return s->added_count;
}

bool store_job_due(struct store *s, struct arena *a, int64_t now_ms, struct job *out)
{
	if (store_next_due(s) > now_ms)
		return false;
	const struct job *waiting = waiting_first_job(s);
	if (waiting) {
		*out = *waiting;
		out->kind = arena_text(a, waiting->kind);
		out->goes_to = arena_text(a, waiting->goes_to);
		return true;
	}
	struct query q = start(s, DUE);
	bind_int(&q, now_ms);
	if (!query_row(&q))
		return false;
	read_job(&q, a, out);
	return true;
}

void store_job_remove(struct store *s, int64_t due_ms, const char *kind, int64_t resource)
{
	if (waiting_remove_job(s, due_ms, kind, resource))
		return;
	struct query q = start(s, REMOVE);
	bind_int(&q, due_ms);
	bind_text(&q, kind);
	bind_int(&q, resource);
	query_run(&q);
	s->next_due_known = s->next_due_known && due_ms > s->next_due;
}

void store_job_remove_all(struct store *s, const char *family, int64_t resource)
{
	if (waiting_remove_jobs(s, family, resource))
		return;
	struct query q = start(s, REMOVE_ALL);
	bind_text(&q, family);
	bind_int(&q, resource);
	query_run(&q);
	s->next_due_known = false;
}

/* Jobs without an end keep none. */
void store_job_shift(struct store *s, int64_t by_ms)
{
	struct query q = start(s, SHIFT);
	bind_int(&q, by_ms);
	bind_int(&q, INT64_MAX);
	query_run(&q);
	s->next_due_known = false;
}

bool store_job_of(struct store *s, struct arena *a, const char *kind, int64_t resource, struct job *out)
{
	struct query q = start(s, OF);
	bind_text(&q, kind);
	bind_int(&q, resource);
	if (!query_row(&q))
		return false;
	read_job(&q, a, out);
	return true;
}

bool store_job_polled(struct store *s, struct arena *a, const char *family, int64_t resource, struct job *out)
{
	struct query q = start(s, POLLED);
	bind_text(&q, family);
	bind_int(&q, resource);
	if (!query_row(&q))
		return false;
	read_job(&q, a, out);
	return true;
}

void store_job_set_polls(struct store *s, const struct job *j)
{
	struct query q = start(s, SET_POLLS);
	bind_int(&q, j->due_ms);
	bind_text(&q, j->kind);
	bind_int(&q, j->resource);
	bind_int(&q, j->polls);
	query_run(&q);
}

static int64_t next_in_table(struct store *s)
{
	if (s->next_due_known)
		return s->next_due;
	struct query q = start(s, NEXT);
	int64_t due = query_row(&q) ? col_int(&q) : INT64_MAX;
	query_end(&q);
	s->next_due = due;
	s->next_due_known = !s->failed[0];
	return due;
}

int64_t store_next_due(struct store *s)
{
	int64_t table = next_in_table(s), waiting = waiting_next_due(s);
	return waiting < table ? waiting : table;
}
