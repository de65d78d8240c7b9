/* The ring: a deque of pointers that grows to its bound and then lets the oldest go. */
#include "gateway/journal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/journal_internal.h"
#include "gateway/sandbox.h"
#include "util/str.h"

enum { RING_FIRST = 64 };

struct watch {
	struct watch *next;
	uint64_t no;
	void (*fn)(void *data, const struct journal_entry *e);
	void *data;
};

struct journal {
	atomic_uint holders;
	atomic_size_t max_entries, max_bytes; /* changed under the lock */

	pthread_mutex_t lock;        /* of what follows */
	struct journal_entry **ring; /* entry i is at (head + i) % cap */
	size_t cap, head;
	struct journal_stats stats;
	struct tag_set *tags; /* NULL: none in force */
	struct journal_entry *spare; /* the last that nobody holds any more: a full ring gives each entry the memory of one before */

	pthread_mutex_t watch_lock; /* of watches; never held together with `lock` */
	struct watch *watches;
	uint64_t watches_made;
	atomic_uint watching;
};

/* ---- life -------------------------------------------------------------------------------------------------------------- */

struct journal *journal_new(size_t max_entries, size_t max_bytes)
{
	struct journal *j = xcalloc(1, sizeof *j);
	atomic_init(&j->holders, 1);
	j->max_entries = max_entries;
	j->max_bytes = max_bytes;
	pthread_mutex_init(&j->lock, NULL);
	pthread_mutex_init(&j->watch_lock, NULL);
	return j;
}

struct journal *journal_hold(struct journal *j)
{
	atomic_fetch_add(&j->holders, 1);
	return j;
}

static struct journal_entry **slot(const struct journal *j, size_t i)
{
	return &j->ring[(j->head + i) % j->cap];
}

static void tags_release(struct tag_set *tags)
{
	if (tags && atomic_fetch_sub(&tags->holders, 1) == 1)
		free(tags);
}

void journal_free(struct journal *j)
{
	if (!j || atomic_fetch_sub(&j->holders, 1) != 1)
		return;
	for (size_t i = 0; i < j->stats.entries; i++)
		entry_release(*slot(j, i));
	free(j->spare);
	free(j->ring);
	tags_release(j->tags);
	pthread_mutex_destroy(&j->watch_lock);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

bool journal_is_on(const struct journal *j)
{
	return j->max_entries > 0 && j->max_bytes > 0;
}

static const struct journal_entry *hold_entry(struct journal_entry *e)
{
	atomic_fetch_add_explicit(&e->holders, 1, memory_order_relaxed);
	return e;
}

/* ---- adding ------------------------------------------------------------------------------------------------------------ */

static void grow(struct journal *j)
{
	size_t cap = j->cap ? 2 * j->cap : RING_FIRST;
	struct journal_entry **ring = xmalloc(cap * sizeof *ring);
	for (size_t i = 0; i < j->stats.entries; i++)
		ring[i] = *slot(j, i);
	free(j->ring);
	j->ring = ring;
	j->cap = cap;
	j->head = 0;
}

static void note_dropped(struct journal *j, uint64_t seq, int64_t wall_ms)
{
	if (!j->stats.dropped++ || wall_ms > j->stats.dropped_ms)
		j->stats.dropped_ms = wall_ms;
	j->stats.dropped_seq = seq;
}

static void drop_oldest(struct journal *j)
{
	struct journal_entry *oldest = *slot(j, 0);
	j->head = (j->head + 1) % j->cap;
	j->stats.entries--;
	j->stats.bytes -= oldest->size;
	note_dropped(j, oldest->seq, oldest->wall_ms);
	if (entry_let_go(oldest)) {
		free(j->spare);
		j->spare = oldest;
	}
}

void journal_set_bounds(struct journal *j, size_t max_entries, size_t max_bytes)
{
	pthread_mutex_lock(&j->lock);
	j->max_entries = max_entries;
	j->max_bytes = max_bytes;
	while (j->stats.entries > 0 && (j->stats.entries > max_entries || j->stats.bytes > max_bytes))
		drop_oldest(j);
	pthread_mutex_unlock(&j->lock);
}

/* Takes over the entry; NULL is one that is not to be kept. */
static void push(struct journal *j, struct journal_entry *e, int64_t wall_ms)
{
	uint64_t seq = ++j->stats.last_seq;
	j->stats.total++;
	bool fits = e && e->size <= j->max_bytes;
	while (fits && j->stats.entries > 0 && (j->stats.entries >= j->max_entries || j->stats.bytes + e->size > j->max_bytes))
		drop_oldest(j);
	if (!fits) {
		note_dropped(j, seq, wall_ms);
		if (e)
			entry_release(e);
		return;
	}
	if (j->stats.entries == j->cap)
		grow(j);
	e->seq = seq;
	*slot(j, j->stats.entries) = e;
	j->stats.entries++;
	j->stats.bytes += e->size;
}

static void tell_watchers(struct journal *j, const struct journal_entry *e)
{
	if (atomic_load(&j->watching) == 0)
		return;
	pthread_mutex_lock(&j->watch_lock);
	for (const struct watch *w = j->watches; w; w = w->next)
		w->fn(w->data, e);
	pthread_mutex_unlock(&j->watch_lock);
}

/* Under the lock, as the next. */
static struct tag_set *hold_tags(struct journal *j)
{
	if (j->tags)
		atomic_fetch_add(&j->tags->holders, 1);
	return j->tags;
}

static struct journal_entry *take_spare(struct journal *j)
{
	struct journal_entry *spare = j->spare;
	j->spare = NULL;
	return spare;
}

void journal_add(struct journal *j, const struct request *r, int64_t begun_us)
{
	struct journal_entry *e = NULL;
	if (journal_is_on(j)) {
		pthread_mutex_lock(&j->lock);
		struct tag_set *tags = hold_tags(j);
		struct journal_entry *spare = take_spare(j);
		pthread_mutex_unlock(&j->lock);
		e = entry_make(r, tags, begun_us, spare);
		hold_entry(e); /* for the watchers: the ring may let it go at once */
		tags_release(tags);
	}
	pthread_mutex_lock(&j->lock);
	push(j, e, r->wall_ms);
	pthread_mutex_unlock(&j->lock);
	if (!e)
		return;
	tell_watchers(j, e);
	entry_release(e);
}

void journal_clear(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	struct journal_entry **ring = j->ring;
	size_t cap = j->cap, head = j->head, count = j->stats.entries;
	j->ring = NULL;
	j->cap = j->head = 0;
	j->stats = (struct journal_stats){ .last_seq = j->stats.last_seq };
	pthread_mutex_unlock(&j->lock);
	for (size_t i = 0; i < count; i++)
		entry_release(ring[(head + i) % cap]);
	free(ring);
}

void journal_stats(struct journal *j, struct journal_stats *out)
{
	pthread_mutex_lock(&j->lock);
	*out = j->stats;
	pthread_mutex_unlock(&j->lock);
}

/* ---- tags -------------------------------------------------------------------------------------------------------------- */

/* One block: the list, then its texts. */
static struct tag_set *tags_make(const struct name_value *tags, size_t count)
{
	size_t size = sizeof(struct tag_set) + count * sizeof *tags;
	for (size_t i = 0; i < count; i++)
		size += strlen(tags[i].name) + 1 + strlen(tags[i].value) + 1;
	struct tag_set *set = xmalloc(size);
	char *at = (char *)&set->tags[count];
	atomic_init(&set->holders, 1);
	set->count = count;
	for (size_t i = 0; i < count; i++) {
		size_t name = strlen(tags[i].name) + 1, value = strlen(tags[i].value) + 1;
		memcpy(at, tags[i].name, name);
		memcpy(at + name, tags[i].value, value);
		set->tags[i] = (struct name_value){ at, at + name };
		at += name + value;
	}
	return set;
}

void journal_set_tags(struct journal *j, const struct name_value *tags, size_t count)
{
	struct tag_set *set = count ? tags_make(tags, count < JOURNAL_TAGS_MAX ? count : JOURNAL_TAGS_MAX) : NULL;
	pthread_mutex_lock(&j->lock);
	struct tag_set *before = j->tags;
	j->tags = set;
	pthread_mutex_unlock(&j->lock);
	tags_release(before);
}

size_t journal_tags(struct journal *j, struct arena *a, const struct name_value **tags)
{
	pthread_mutex_lock(&j->lock);
	struct tag_set *set = hold_tags(j);
	pthread_mutex_unlock(&j->lock);
	size_t count = set ? set->count : 0;
	struct name_value *copy = arena_alloc(a, count * sizeof *copy);
	for (size_t i = 0; i < count; i++)
		copy[i] = (struct name_value){ arena_strdup(a, set->tags[i].name), arena_strdup(a, set->tags[i].value) };
	tags_release(set);
	*tags = copy;
	return count;
}

/* tags_of takes those in force as they are, so they are copied first: the set may be gone before the request is. */
size_t journal_tags_of(const struct request *r, const struct name_value **tags)
{
	const struct name_value *in_force = NULL;
	size_t count = r->sandbox ? journal_tags(r->sandbox->journal, r->arena, &in_force) : 0;
	struct name_value *list = arena_alloc(r->arena, JOURNAL_TAGS_MAX * sizeof *list);
	*tags = list;
	return tags_of(r, in_force, count, r->arena, list);
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

void journal_read(struct journal *j, struct journal_list *list)
{
	pthread_mutex_lock(&j->lock);
	list->stats = j->stats;
	list->count = j->stats.entries;
	list->entries = xmalloc(list->count * sizeof *list->entries);
	for (size_t i = 0; i < list->count; i++)
		list->entries[i] = hold_entry(*slot(j, i));
	pthread_mutex_unlock(&j->lock);
}

void journal_read_one(struct journal *j, const char *request_id, struct journal_list *list)
{
	pthread_mutex_lock(&j->lock);
	list->stats = j->stats;
	list->count = 0;
	list->entries = xmalloc(sizeof *list->entries);
	for (size_t i = j->stats.entries; i > 0 && list->count == 0; i--)
		if (str_is((*slot(j, i - 1))->request_id, request_id))
			list->entries[list->count++] = hold_entry(*slot(j, i - 1));
	pthread_mutex_unlock(&j->lock);
}

void journal_list_finish(struct journal_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		entry_release(list->entries[i]);
	free(list->entries);
	list->entries = NULL;
	list->count = 0;
}

void journal_list_limit(struct journal_list *list, size_t limit)
{
	size_t extra = list->count > limit ? list->count - limit : 0;
	for (size_t i = 0; i < extra; i++)
		entry_release(list->entries[i]);
	list->count -= extra;
	memmove(list->entries, list->entries + extra, list->count * sizeof *list->entries);
}

size_t journal_remove(struct journal *j, const struct match *m)
{
	struct journal_list list;
	size_t kept = 0, next = 0, removed;
	journal_read(j, &list);
	journal_list_filter(&list, m);
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < j->stats.entries; i++) {
		struct journal_entry *e = *slot(j, i);
		while (next < list.count && list.entries[next]->seq < e->seq)
			next++;
		if (next < list.count && list.entries[next] == e) {
			j->stats.bytes -= e->size;
			entry_release(e);
		} else {
			*slot(j, kept++) = e;
		}
	}
	removed = j->stats.entries - kept;
	j->stats.entries = kept;
	pthread_mutex_unlock(&j->lock);
	journal_list_finish(&list);
	return removed;
}

/* ---- waiting ----------------------------------------------------------------------------------------------------------- */

uint64_t journal_watch(struct journal *j, void (*fn)(void *data, const struct journal_entry *e), void *data)
{
	struct watch *w = xcalloc(1, sizeof *w);
	w->fn = fn;
	w->data = data;
	pthread_mutex_lock(&j->watch_lock);
	w->no = ++j->watches_made;
	w->next = j->watches;
	j->watches = w;
	atomic_fetch_add(&j->watching, 1);
	uint64_t no = w->no;
	pthread_mutex_unlock(&j->watch_lock);
	return no;
}

void journal_unwatch(struct journal *j, uint64_t watch)
{
	pthread_mutex_lock(&j->watch_lock);
	struct watch **at = &j->watches, *gone;
	while (*at && (*at)->no != watch)
		at = &(*at)->next;
	gone = *at;
	if (gone) {
		*at = gone->next;
		atomic_fetch_sub(&j->watching, 1);
	}
	pthread_mutex_unlock(&j->watch_lock);
	free(gone);
}
