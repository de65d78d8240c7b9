/* A buffer may hold the beginning of a request even now; its pages are looked at, and those with anything in them stay. */
#define _DEFAULT_SOURCE /* madvise, mincore */

#include "http/buffers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/arena.h"

enum { REST_US = 1000 * 1000, CLOSE_US = 500 * 1000, RESTING_MAX = 192, TRIMS_MAX = 64, PAGE_MAX = 64 * 1024, PAGES_MAX = 48 };

struct buffer {
	unsigned char *start; /* NULL: not known to begin a page */
	int64_t since_us;
	bool listed;
	struct buffer *next, *previous;
};

static size_t page_size(void)
{
	long size = sysconf(_SC_PAGESIZE);
	return size > 0 && size <= PAGE_MAX ? (size_t)size : PAGE_MAX;
}

/* ---- the list ------------------------------------------------------------------------------------------------------- */

static void take_out(struct buffers *all, struct buffer *b)
{
	if (!b->listed)
		return;
	*(b->previous ? &b->previous->next : &all->first) = b->next;
	*(b->next ? &b->next->previous : &all->last) = b->previous;
	b->listed = false;
	all->count--;
}

static void put_last(struct buffers *all, struct buffer *b)
{
	b->next = NULL;
	b->previous = all->last;
	*(all->last ? &all->last->next : &all->first) = b;
	all->last = b;
	b->listed = true;
	all->count++;
}

struct buffer *buffer_new(void)
{
	return xcalloc(1, sizeof(struct buffer));
}

void buffer_free(struct buffers *all, struct buffer *b)
{
	if (b)
		take_out(all, b);
	free(b);
}

void buffer_begin(struct buffer *b, const char *text)
{
	if ((uintptr_t)text % page_size() == 0)
		b->start = (unsigned char *)(uintptr_t)text;
}

/* ---- pages ---------------------------------------------------------------------------------------------------------- */

static bool is_zero(const unsigned char *page, size_t size)
{
	return page[0] == 0 && memcmp(page, page + 1, size - 1) == 0;
}

/* Those that follow one another go together. */
static void trim(unsigned char *start)
{
	const size_t size = page_size();
	unsigned char *end = start + BUFFER_SIZE / size * size, *from = start;
	for (unsigned char *page = start; page <= end; page += size) {
		if (page < end && is_zero(page, size))
			continue;
		if (from < page)
			madvise(from, (size_t)(page - from), MADV_DONTNEED);
		from = page + size;
	}
}

static bool is_there(unsigned char *start)
{
	unsigned char pages[PAGES_MAX];
	return mincore(start, BUFFER_SIZE / page_size() * page_size(), pages) == 0;
}

/* One whose time is about over is left alone: it may have been ended. */
static void trim_first(struct buffers *all, int64_t now_us, int64_t idle_us)
{
	struct buffer *b = all->first;
	take_out(all, b);
	if (b->since_us + idle_us - CLOSE_US > now_us && is_there(b->start))
		trim(b->start);
}

void buffer_rest(struct buffers *all, struct buffer *b, int64_t now_us)
{
	take_out(all, b);
	b->since_us = now_us;
	if (b->start)
		put_last(all, b);
}

int buffers_trim(struct buffers *all, int64_t now_us, int64_t idle_us)
{
	while (all->count > RESTING_MAX)
		trim_first(all, now_us, idle_us);
	for (int i = 0; all->first && all->first->since_us + REST_US <= now_us; i++) {
		if (i == TRIMS_MAX)
			return 0;
		trim_first(all, now_us, idle_us);
	}
	return all->first ? (int)((all->first->since_us + REST_US - now_us) / 1000) + 1 : -1;
}
