/* A bump allocator over a chain of chunks. Built with AddressSanitizer, everything not handed out is poisoned and a gap is left
 * behind each piece, so that running past one is caught as it would be with malloc. */
#include "util/arena.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#else
#define ASAN_POISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
enum { GAP = 0 };
#endif

enum { ALIGNMENT = alignof(max_align_t), CHUNK_SIZE = 16 * 1024, SPARES_MAX = 32, KEPT_MAX = 4 };

struct chunk {
	struct chunk *next; /* older */
	size_t size, used;
	alignas(max_align_t) char data[];
};

struct deferred {
	struct deferred *next; /* registered earlier */
	void (*fn)(void *);
	void *data;
};

/* Stands in its first chunk. */
struct arena {
	struct chunk *chunks; /* newest first */
	struct deferred *deferred;
	struct arena *kept[KEPT_MAX];
	atomic_uint holders;  /* its owner, and those that keep it */
};

static _Noreturn void out_of_memory(void)
{
	fputs("cbsmock: out of memory\n", stderr);
	_Exit(EXIT_FAILURE);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);
	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);
	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t size)
{
	void *moved = realloc(p, size ? size : 1);
	if (!moved)
		out_of_memory();
	return moved;
}

char *xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;
	return memcpy(xmalloc(size), text, size);
}

/* Some chunks a thread are kept for the next arenas: each request needs one, and those of a loop's turn live at once. The one that was
 * given back last is taken first: it is still in the caches. `used` counts those below it. */
static pthread_key_t spare;

static void free_spares(void *newest)
{
	for (struct chunk *c = newest, *older; c; c = older) {
		older = c->next;
		free(c);
	}
}

static void make_key(void)
{
	if (pthread_key_create(&spare, free_spares) != 0)
		out_of_memory();
}

static struct chunk *take_chunk(size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_key);
	struct chunk *kept = size == CHUNK_SIZE ? pthread_getspecific(spare) : NULL;
	if (kept)
		pthread_setspecific(spare, kept->next);
	return kept ? kept : xmalloc(sizeof *kept + size);
}

static void give_chunk(struct chunk *c)
{
	struct chunk *kept = c->size == CHUNK_SIZE ? pthread_getspecific(spare) : NULL;
	size_t below = kept ? kept->used + 1 : 0;
	c->next = kept;
	c->used = below;
	if (c->size != CHUNK_SIZE || below == SPARES_MAX || pthread_setspecific(spare, c) != 0)
		free(c);
}

static struct chunk *new_chunk(size_t at_least, struct chunk *older)
{
	size_t size = at_least > CHUNK_SIZE ? at_least : CHUNK_SIZE;
	if (size > SIZE_MAX - sizeof(struct chunk))
		out_of_memory();
	struct chunk *c = take_chunk(size);
	c->next = older;
	c->size = size;
	c->used = 0;
	ASAN_POISON_MEMORY_REGION(c->data, size);
	return c;
}

static void *take(struct arena *a, size_t size)
{
	if (size > SIZE_MAX - GAP - ALIGNMENT)
		out_of_memory();
	size_t taken = (size + GAP + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (taken > a->chunks->size - a->chunks->used)
		a->chunks = new_chunk(taken, a->chunks);
	struct chunk *c = a->chunks;
	void *p = c->data + c->used;
	c->used += taken;
	ASAN_UNPOISON_MEMORY_REGION(p, size);
	return p;
}

struct arena *arena_new(void)
{
	struct arena first = { .chunks = new_chunk(CHUNK_SIZE, NULL) };
	struct arena *a = take(&first, sizeof *a);
	*a = (struct arena){ .chunks = first.chunks, .holders = 1 };
	return a;
}

void arena_free(struct arena *a)
{
	if (!a || (atomic_load(&a->holders) > 1 && atomic_fetch_sub(&a->holders, 1) > 1))
		return;
	while (a->deferred) {
		struct deferred *d = a->deferred;
		a->deferred = d->next;
		d->fn(d->data);
	}
	for (size_t i = 0; i < KEPT_MAX && a->kept[i]; i++)
		arena_free(a->kept[i]);
	for (struct chunk *c = a->chunks, *older; c; c = older) {
		older = c->next;
		ASAN_UNPOISON_MEMORY_REGION(c->data, c->size);
		give_chunk(c);
	}
}

bool arena_keep(struct arena *a, struct arena *other)
{
	size_t i = 0;
	while (i < KEPT_MAX && a->kept[i] && a->kept[i] != other)
		i++;
	if (i == KEPT_MAX)
		return false;
	if (!a->kept[i]) {
		atomic_fetch_add(&other->holders, 1);
		a->kept[i] = other;
	}
	return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(take(a, size), 0, size);
}

char *arena_strdup(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

const char *arena_text(struct arena *a, const char *text)
{
	return *text ? arena_strdup(a, text) : "";
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
	if (len == SIZE_MAX)
		out_of_memory();
	char *copy = take(a, len + 1);
	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *arena_concat(struct arena *a, const char *first, ...)
{
	va_list texts;
	size_t len = 0;
	va_start(texts, first);
	for (const char *text = first; text; text = va_arg(texts, const char *))
		len += strlen(text);
	va_end(texts);
	char *whole = take(a, len + 1), *at = whole;
	va_start(texts, first);
	for (const char *text = first; text; text = va_arg(texts, const char *)) {
		size_t size = strlen(text);
		memcpy(at, text, size);
		at += size;
	}
	va_end(texts);
	*at = '\0';
	return whole;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = arena_vprintf(a, format, args);
	va_end(args);
	return text;
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	if (len < 0)
		out_of_memory();
	char *text = arena_alloc(a, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *data)
{
	struct deferred *d = arena_alloc(a, sizeof *d);
	*d = (struct deferred){ .next = a->deferred, .fn = fn, .data = data };
	a->deferred = d;
}
