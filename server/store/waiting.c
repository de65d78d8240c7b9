/* The notes live from the first of them to the writing. */
#include "store/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"
#include "util/str.h"

enum { ROWS_MAX = 64, JOBS_MAX = 2 * ROWS_MAX, COUNTERS_MAX = 2 * ROWS_MAX };

struct counted {
	enum counter which;
	int64_t number;
	const char *region;
	int64_t by[4];
	int64_t last[N_SEQUENCES]; /* numbers given; 0: none */
};

/* How many there are, or were when the last transaction ended. */
struct mark {
	size_t rows, jobs, counters;
};

static const struct mark nothing;

struct waiting {
	struct arena *texts;
	struct mark now, kept;
	int64_t kept_due;
	struct snapshot rows[ROWS_MAX];
	struct job jobs[JOBS_MAX];
	struct counted counters[COUNTERS_MAX];
};

/* The last that was done with: one is needed for each commit, and it is large. */
static _Atomic(struct waiting *) spare;

/* ---- noting -------------------------------------------------------------------------------------------------------------- */

/* NULL when nothing can wait now. */
static struct waiting *open_notes(struct store *s)
{
	if (!s->in_transaction || s->begun || s->busy || s->failed[0])
		return NULL;
	if (!s->waiting) {
		struct waiting *kept = atomic_exchange(&spare, NULL);
		s->waiting = kept ? kept : xmalloc(sizeof *kept); /* not cleared: only what was noted is looked at */
		s->waiting->texts = arena_new();
		s->waiting->now = s->waiting->kept = nothing;
		s->waiting->kept_due = INT64_MAX;
	}
	return s->waiting;
}

bool waiting_add_row(struct store *s, const struct snapshot *p)
{
	struct waiting *w = open_notes(s);
	if (!w || w->now.rows == ROWS_MAX)
		return false;
	struct snapshot *row = &w->rows[w->now.rows++];
	*row = *p;
	snapshot_copy_texts(row, w->texts);
	return true;
}

bool waiting_add_job(struct store *s, const struct job *j)
{
	struct waiting *w = open_notes(s);
	if (!w || w->now.jobs == JOBS_MAX)
		return false;
	struct job *job = &w->jobs[w->now.jobs++];
	*job = *j;
	job->kind = arena_text(w->texts, j->kind);
	job->goes_to = arena_text(w->texts, j->goes_to);
	return true;
}

static struct counted *find_counter(struct counted *first, size_t count, enum counter which, int64_t number, const char *region)
{
	for (size_t i = 0; i < count; i++)
		if (first[i].which == which && first[i].number == number && str_is(first[i].region, region))
			return &first[i];
	return NULL;
}

static void add(struct counted *c, const int64_t by[4])
{
	for (size_t i = 0; i < 4; i++)
		c->by[i] += by[i];
}

/* Of the transaction under way; NULL when there is no room for it. */
static struct counted *own_counter(struct waiting *w, enum counter which, int64_t number, const char *region)
{
	size_t kept = w->kept.counters;
	struct counted *c = find_counter(w->counters + kept, w->now.counters - kept, which, number, region);
	if (c || w->now.counters == COUNTERS_MAX)
		return c;
	c = &w->counters[w->now.counters++];
	*c = (struct counted){ .which = which, .number = number, .region = arena_text(w->texts, region) };
	return c;
}

bool waiting_count(struct store *s, enum counter which, int64_t number, const char *region, const int64_t by[4])
{
	struct waiting *w = open_notes(s);
	struct counted *c = w ? own_counter(w, which, number, region) : NULL;
	if (c)
		add(c, by);
	return c != NULL;
}

bool waiting_set_sequence(struct store *s, enum sequence kind, int64_t account, const char *region, int64_t no)
{
	struct waiting *w = open_notes(s);
	struct counted *c = w ? own_counter(w, COUNT_USAGE, account, region) : NULL;
	if (c)
		c->last[kind] = no;
	return c != NULL;
}

/* ---- looking ------------------------------------------------------------------------------------------------------------- */

struct snapshot *waiting_row(struct store *s, int64_t no)
{
	struct waiting *w = s->waiting;
	for (size_t i = w ? w->now.rows : 0; i > (w ? w->kept.rows : 0); i--)
		if (w->rows[i - 1].no == no)
			return &w->rows[i - 1];
	return NULL;
}

bool waiting_lend(struct store *s, struct arena *a)
{
	return arena_keep(a, s->waiting->texts);
}

static bool comes_before(const struct job *a, const struct job *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	int order = strcmp(a->kind, b->kind);
	return order != 0 ? order < 0 : a->resource < b->resource;
}

const struct job *waiting_first_job(struct store *s)
{
	struct waiting *w = s->waiting;
	const struct job *first = NULL;
	for (size_t i = w ? w->kept.jobs : 0; w && i < w->now.jobs; i++)
		if (!first || comes_before(&w->jobs[i], first))
			first = &w->jobs[i];
	return first && first->due_ms < w->kept_due && first->due_ms < s->next_due ? first : NULL;
}

int64_t waiting_next_due(const struct store *s)
{
	const struct waiting *w = s->waiting;
	int64_t due = w ? w->kept_due : INT64_MAX;
	for (size_t i = w ? w->kept.jobs : 0; w && i < w->now.jobs; i++)
		if (w->jobs[i].due_ms < due)
			due = w->jobs[i].due_ms;
	return due;
}

static void remove_job(struct waiting *w, size_t which)
{
	memmove(&w->jobs[which], &w->jobs[which + 1], (--w->now.jobs - which) * sizeof w->jobs[0]);
}

bool waiting_remove_job(struct store *s, int64_t due_ms, const char *kind, int64_t resource)
{
	struct waiting *w = s->waiting;
	for (size_t i = w ? w->kept.jobs : 0; w && i < w->now.jobs; i++) {
		const struct job *j = &w->jobs[i];
		if (j->due_ms != due_ms || j->resource != resource || !str_is(j->kind, kind))
			continue;
		remove_job(w, i);
		return true;
	}
	return false;
}

bool waiting_remove_jobs(struct store *s, const char *family, int64_t row)
{
	struct waiting *w = s->waiting;
	if (!waiting_row(s, row))
		return false;
	for (size_t i = w->now.jobs; i > w->kept.jobs; i--)
		if (w->jobs[i - 1].resource == row && str_prefix(w->jobs[i - 1].kind, family))
			remove_job(w, i - 1);
	return true;
}

static bool is_more(const struct mark *m, const struct mark *than)
{
	return m->rows > than->rows || m->jobs > than->jobs || m->counters > than->counters;
}

bool waiting_own(const struct store *s)
{
	return s->waiting && is_more(&s->waiting->now, &s->waiting->kept);
}

bool waiting_kept(const struct store *s)
{
	return s->waiting && is_more(&s->waiting->kept, &nothing);
}

bool waiting_any(const struct store *s)
{
	return waiting_own(s) || waiting_kept(s);
}

/* A request that makes one snapshot finds room. */
bool waiting_full(const struct store *s)
{
	enum { COUNTERS_EACH = 2, JOBS_EACH = 2 };
	const struct waiting *w = s->waiting;
	return w && (w->now.rows == ROWS_MAX || w->now.jobs + JOBS_EACH > JOBS_MAX || w->now.counters + COUNTERS_EACH > COUNTERS_MAX);
}

/* ---- ends ---------------------------------------------------------------------------------------------------------------- */

static void merge(struct counted *c, const struct counted *later)
{
	add(c, later->by);
	for (int kind = 0; kind < N_SEQUENCES; kind++)
		if (later->last[kind] != 0)
			c->last[kind] = later->last[kind];
}

/* Of each counter one is enough from now on. */
void waiting_keep_own(struct store *s)
{
	struct waiting *w = s->waiting;
	if (!w)
		return;
	w->kept_due = waiting_next_due(s);
	size_t end = w->kept.counters;
	for (size_t i = end; i < w->now.counters; i++) {
		const struct counted own = w->counters[i];
		struct counted *c = find_counter(w->counters, end, own.which, own.number, own.region);
		if (c)
			merge(c, &own);
		else
			w->counters[end++] = own;
	}
	w->now.counters = end;
	w->kept = w->now;
}

void waiting_drop_own(struct store *s)
{
	if (s->waiting)
		s->waiting->now = s->waiting->kept;
}

static void write_counter(struct store *s, const struct counted *c)
{
	if (c->which == COUNT_DISK)
		store_disk_count(s, c->number, c->by[0], c->by[1], c->by[2], c->by[3]);
	else
		usage_write(s, c->number, c->region, c->by, c->last);
}

static bool changes(const struct counted *c)
{
	static const struct counted nothing_new;
	return memcmp(c->by, nothing_new.by, sizeof c->by) != 0 || memcmp(c->last, nothing_new.last, sizeof c->last) != 0;
}

/* The store is busy, so what is called here writes. */
void waiting_write(struct store *s, bool own)
{
	struct waiting *w = s->waiting;
	if (!w)
		return;
	const struct mark from = own ? w->kept : nothing, to = own ? w->now : w->kept;
	snapshots_write(s, w->rows + from.rows, to.rows - from.rows);
	for (size_t i = from.jobs; i < to.jobs; i++)
		job_write(s, &w->jobs[i]);
	for (size_t i = from.counters; i < to.counters; i++)
		if (changes(&w->counters[i]))
			write_counter(s, &w->counters[i]);
}

void waiting_forget(struct store *s)
{
	if (!s->waiting)
		return;
	arena_free(s->waiting->texts);
	free(atomic_exchange(&spare, s->waiting));
	s->waiting = NULL;
}
