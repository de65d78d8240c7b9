/* The built-in world as an image, made when the program was built (schema/make_world.c). */
#ifndef CBSMOCK_GATEWAY_DEFAULT_WORLD_H
#define CBSMOCK_GATEWAY_DEFAULT_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "store/image.h"

extern const struct image_piece default_world[]; /* all but its zeros */
extern const size_t default_world_count;
extern const size_t default_world_size;          /* of the whole, in bytes; 0: there is none */
extern const unsigned char default_world_bytes[];

/* What its times, which are all relative, count from. */
#define DEFAULT_WORLD_MS INT64_C(1700000000000)

#endif
