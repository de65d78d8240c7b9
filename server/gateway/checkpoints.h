/* Named moments of a sandbox to go back to: images in memory, or with --data files beside the sandbox's own, which nobody else makes or
 * removes while the server runs. The sandbox is locked by the caller. */
#ifndef CBSMOCK_GATEWAY_CHECKPOINTS_H
#define CBSMOCK_GATEWAY_CHECKPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/sandbox.h"
#include "store/image.h"

enum { CHECKPOINTS_MAX = 256 };

struct checkpoint {
	const char *name;
	int64_t bytes;
	int64_t made_ms; /* wall time */
};

size_t checkpoints_count(const struct sandbox *s);
/* By name, in the arena; returns how many. */
size_t checkpoints_list(const struct sandbox *s, struct arena *a, struct checkpoint **out);
/* Keeps the world as it is, in place of one of the same name. */
bool checkpoint_save(struct sandbox *s, const char *name, struct buf *why);
/* The world as it was, held for the caller; NULL with a sentence when there is none of the name. */
struct world_image *checkpoint_get(struct sandbox *s, const char *name, struct buf *why);
bool checkpoint_exists(const struct sandbox *s, const char *name);
bool checkpoint_remove(struct sandbox *s, const char *name);

/* Whose checkpoint a file in the data directory is; false when it is none. */
bool checkpoint_owner(const char *file, char sandbox[SANDBOX_NAME_MAX + 1]);
/* One that was found there at the start. */
void checkpoint_take_file(struct sandbox *s, const char *file);
/* Removes the files; of a sandbox that goes, locked or not. */
void checkpoints_unlink(struct sandbox *s);
void checkpoints_free(struct checkpoints *c);

#endif
