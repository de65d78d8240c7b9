/* In place of the image of the built-in world, where none was made: its fixture is loaded then. */
#include "gateway/default_world.h"

const unsigned char default_world[] = "";
const size_t default_world_len = 0;
