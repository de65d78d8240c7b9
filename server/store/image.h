/* A whole world as bytes, in SQLite's file format: what fork, reset, checkpoints, export and import move about. An image never changes
 * after it was made and is shared by counting its holders, from any thread. */
#ifndef CBSMOCK_STORE_IMAGE_H
#define CBSMOCK_STORE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "util/buf.h"

struct world_image;

enum { IMAGE_MAX = 1024 * 1024 * 1024 };

/* The world as of now; no transaction may be open. NULL with a sentence in `why`. */
struct world_image *image_of(struct store *s, struct buf *why);
/* The same of a store that is only to be written out: where its bytes are in one piece already, as those of store_open_draft are, they
 * are lent and not copied. To be released before the store is changed or closed. */
struct world_image *image_lend(struct store *s, struct buf *why);
/* From bytes that anyone may have sent, which are copied: NULL with a sentence unless they are a whole and sound world of this
 * version, with its tables and nothing beside them. */
struct world_image *image_from(const void *data, size_t len, struct buf *why);
/* From a file that this program wrote. */
struct world_image *image_read(const char *path, struct buf *why);
/* Says what the secrets in an image that was read are sealed with. NULL is fine. Returns the image. */
struct world_image *image_use_seal(struct world_image *i, const struct seal *seal);
/* Whole or not at all, in place of what was there; a log that another left beside it goes. */
bool image_write(const struct world_image *i, const char *path, enum durability durability, struct buf *why);
/* The same in two steps: PATH-new is written, and put in its place; or taken away. */
bool image_prepare(const struct world_image *i, const char *path, enum durability durability, struct buf *why);
/* For store_open_placed, which else would have to change the file first. */
bool image_prepare_store(const struct world_image *i, const char *path, enum durability durability, struct buf *why);
bool image_place(const char *path, enum durability durability, struct buf *why);
void image_drop(const char *path);
/* A copy in which no secret key and no token is to be found, not even in unused space. */
struct world_image *image_blank(const struct world_image *i, struct buf *why);

/* What is known to be an image, without its zeros: pieces of it, their bytes one behind another. */
struct packed_image {
	const struct image_piece {
		uint32_t at, len;
	} *pieces;
	size_t count;
	const unsigned char *bytes;
	size_t size; /* of the whole */
};
/* A copy. */
struct world_image *image_unpack(const struct packed_image *p);
struct world_image *image_hold(struct world_image *i);
void image_release(struct world_image *i); /* NULL is fine */
const void *image_data(const struct world_image *i);
size_t image_size(const struct world_image *i);

/* A store in memory that holds this world. NULL with a sentence. */
struct store *store_open_image(const struct world_image *i, struct buf *why);
/* The same for a world that is finished there and then written out: it is opened in half the time, and slow to grow. */
struct store *store_open_draft(const struct world_image *i, struct buf *why);
/* Puts this world in place of all that is in the store, in a transaction of its own; nothing changes on false. */
bool store_load_image(struct store *s, const struct world_image *i, struct buf *why);

#endif
