/* In place of the image of the built-in world, where none was made: its fixture is loaded then. */
#include "gateway/default_world.h"

const struct image_piece default_world[] = { { 0, 0 } };
const size_t default_world_count = 0;
const size_t default_world_size = 0;
const unsigned char default_world_bytes[] = "";
