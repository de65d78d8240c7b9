/* Text that doubles as it grows, up to its maximum; an append either fits whole or is refused whole. */
#include "util/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"

enum { FIRST_SIZE = 256 };

static char *enlarged(const struct buf *b, size_t cap)
{
	if (!b->arena)
		return xrealloc(b->data, cap);
	char *data = arena_alloc(b->arena, cap);
	return b->len ? memcpy(data, b->data, b->len) : data;
}

bool buf_grow(struct buf *b, size_t more)
{
	if (b->overflow || more > b->max - b->len) {
		b->overflow = true;
		return false;
	}
	size_t need = b->len + more + 1;
	size_t cap = b->cap ? b->cap : FIRST_SIZE;
	while (cap < need)
		cap *= 2;
	if (cap - 1 > b->max) /* buf_reserve relies on it */
		cap = b->max + 1;
	b->data = enlarged(b, cap);
	b->cap = cap;
	b->data[b->len] = '\0';
	return true;
}

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
	buf_reserve(b, 0);
}

void buf_init_in(struct buf *b, struct arena *a, size_t max)
{
	*b = (struct buf){ .max = max, .arena = a };
	buf_reserve(b, 0);
}

void buf_finish(struct buf *b)
{
	if (!b->arena)
		free(b->data);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!buf_reserve(b, len) || !len)
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_addc(struct buf *b, char c)
{
	if (!buf_reserve(b, 1))
		return;
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	if (len < 0)
		b->overflow = true;
	else if (buf_reserve(b, (size_t)len)) {
		vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

char *buf_take(struct buf *b, size_t *len)
{
	char *text = b->data && !b->arena ? b->data : memcpy(xmalloc(b->len + 1), b->data ? b->data : "", b->len + 1);
	if (len)
		*len = b->len;
	*b = (struct buf){ .max = b->max };
	return text;
}
