/* The built-in world as an image, made when the program was built (schema/make_world.c). */
#ifndef CBSMOCK_GATEWAY_DEFAULT_WORLD_H
#define CBSMOCK_GATEWAY_DEFAULT_WORLD_H

#include <stdint.h>

#include "store/image.h"

extern const struct packed_image default_world; /* of size 0: there is none */

/* What its times, which are all relative, count from. */
#define DEFAULT_WORLD_MS INT64_C(1700000000000)

#endif
