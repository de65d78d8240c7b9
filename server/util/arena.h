/* Memory that lives as long as one request.
 *
 * Everything made while a request is handled comes from its arena and is never freed singly; the arena goes, once, when the
 * answer has left. Foreign resources (a cJSON tree) are tied to it with arena_defer. Running out of memory ends the process
 * with one line: a mock has no better plan, so no function here returns NULL. An arena is filled by one thread at a time. */
#ifndef CBSMOCK_UTIL_ARENA_H
#define CBSMOCK_UTIL_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Runs the deferred functions, last first, then frees all memory; of one that others keep, when the last of those is freed. NULL is
 * fine. */
void arena_free(struct arena *a);
/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *text);
/* The same to be read only: "" costs nothing, and most texts of a row are that most of the time. */
const char *arena_text(struct arena *a, const char *text);
/* Copies len bytes and adds a NUL. */
char *arena_strndup(struct arena *a, const char *text, size_t len);
/* All texts, up to the NULL that ends them, one behind the other. */
char *arena_concat(struct arena *a, const char *first, ...) __attribute__((sentinel));
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* The other one lasts as long as this one from now on, so that what is in it can be read without a copy. False when this one keeps as
 * many as it can, which are few: then a copy is to be made. Those that keep one may be freed on other threads than its owner. */
bool arena_keep(struct arena *a, struct arena *other);
void arena_defer(struct arena *a, void (*fn)(void *), void *data);

/* malloc family that ends the process when memory is out; for things that outlive a request. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *text);

#endif
