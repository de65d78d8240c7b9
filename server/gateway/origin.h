/* What a sandbox begins as and goes back to: a preset, or a copy of another sandbox, with a seed and a clock of its own. */
#ifndef CBSMOCK_GATEWAY_ORIGIN_H
#define CBSMOCK_GATEWAY_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "store/image.h"
#include "util/clock.h"

struct presets;

enum { TEMPLATE_SIZE = 160 };

struct origin {
	char template[TEMPLATE_SIZE]; /* a preset's name; of a copy what it was copied from, for people */
	bool copy;
	struct world_image *image; /* of a copy, in memory; NULL when it is kept in a file */
	bool seeded, clocked;      /* else the template's own */
	uint64_t seed;
	struct {
		bool frozen;
		int64_t now_ms;    /* 0: wall time */
		int64_t rate;      /* thousandths */
	} clock;
};

/* A store in memory with that world as it is at wall_ms, its credentials the template's; a `draft` is to be written out. The clock
 * `keep`, unless NULL, takes the place of the origin's. `image` is that of a copy. NULL with a sentence. */
struct store *origin_build(const struct origin *o, const struct world_image *image, struct presets *presets, int64_t wall_ms,
                           const struct vclock *keep, bool draft, struct buf *why);

#endif
