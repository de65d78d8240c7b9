/* Growing text with a hard maximum: nothing in the server grows without a bound.
 *
 * Once an append would pass the maximum the buffer keeps what it has, sets `overflow` and ignores later appends, so that a
 * caller checks once at the end. `data` is always NUL-terminated after buf_init. */
#ifndef CBSMOCK_UTIL_BUF_H
#define CBSMOCK_UTIL_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

struct buf {
	char *data;
	size_t len, cap, max; /* bytes */
	struct arena *arena;  /* where the text is; NULL: it has memory of its own */
	bool overflow;
};

void buf_init(struct buf *b, size_t max);
/* One whose text lives as long as the arena: for short ones, since what it grows out of stays. */
void buf_init_in(struct buf *b, struct arena *a, size_t max);
void buf_finish(struct buf *b); /* frees; a zeroed buf is fine */
void buf_clear(struct buf *b);  /* keeps the memory */
/* Makes room for so many more bytes, which the caller writes behind `len`, with a NUL after them, and counts in. False, and overflow set,
 * when that is more than the maximum. */
static inline bool buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *text);
void buf_addc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Gives the text to the caller, who frees it (len may be NULL). The buf then holds nothing, so it needs no buf_finish, but may be
 * filled again; its data is NULL until then. */
char *buf_take(struct buf *b, size_t *len);

/* The rest of buf_reserve, when there is no room yet. */
bool buf_grow(struct buf *b, size_t more);

static inline bool buf_reserve(struct buf *b, size_t more)
{
	return (!b->overflow && more < b->cap - b->len) || buf_grow(b, more);
}

#endif
