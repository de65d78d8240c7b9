/* The built-in world as an image, made when the program was built (schema/make_world.c). */
#ifndef CBSMOCK_GATEWAY_DEFAULT_WORLD_H
#define CBSMOCK_GATEWAY_DEFAULT_WORLD_H

#include <stddef.h>
#include <stdint.h>

extern const unsigned char default_world[];
extern const size_t default_world_len; /* 0: there is none */

/* What its times, which are all relative, count from. */
#define DEFAULT_WORLD_MS INT64_C(1700000000000)

#endif
