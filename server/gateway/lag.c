/* Copies of a world are made and opened whole (store/image.h); which of them a read sees is counting. */
#include "gateway/lag.h"

#include "store/image.h"

enum { WHY_MAX = 1024 };

void lag_clear(struct lag *l)
{
	for (size_t i = 0; i < l->count; i++)
		store_close(l->copies[i].store);
	l->count = 0;
}

struct store *lag_copy(struct store *s)
{
	struct buf why;
	buf_init(&why, WHY_MAX);
	struct world_image *image = image_of(s, &why);
	struct store *copy = image ? store_open_image(image, &why) : NULL;
	image_release(image);
	buf_finish(&why);
	return copy;
}

bool lag_keep(struct lag *l, struct store *before, int64_t reads, int64_t for_ms, int64_t now_ms)
{
	if (l->count == LAG_MAX) {
		store_close(before);
		return false;
	}
	int64_t until_ms = for_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + for_ms;
	l->copies[l->count++] = (struct lag_copy){ before, reads != 0, reads, until_ms };
	return true;
}

static bool is_over(const struct lag_copy *c, int64_t now_ms)
{
	return c->by_reads ? c->reads <= 0 : now_ms >= c->until_ms;
}

static void drop_caught_up(struct lag *l, int64_t now_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < l->count; i++)
		if (is_over(&l->copies[i], now_ms))
			store_close(l->copies[i].store);
		else
			l->copies[kept++] = l->copies[i];
	l->count = kept;
}

struct store *lag_read(struct lag *l, struct store *current, struct arena *a, int64_t now_ms, const struct passing *how)
{
	drop_caught_up(l, now_ms);
	if (l->count == 0)
		return current;
	for (size_t i = 0; i < l->count; i++)
		l->copies[i].reads--;
	struct store *seen = l->copies[0].store;
	if (store_next_due(seen) <= now_ms) {
		store_begin(seen);
		cbs_settle(seen, a, now_ms, how);
		store_commit(seen);
	}
	return seen;
}
