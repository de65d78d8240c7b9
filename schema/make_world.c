/* Run while the program is built: writes the built-in world as an image. Loading its fixture at each start would be most of the start. */
#include <stdio.h>
#include <stdlib.h>

#include "gateway/default_world.h"
#include "gateway/mock.h"
#include "gateway/presets.h"

static int fail(const char *why)
{
	fprintf(stderr, "make_world: %s\n", why);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct mock_config config;
	struct presets presets;
	struct buf why;
	int64_t as_of_ms;
	if (argc != 2)
		return fail("usage: make_world FILE");
	mock_config_default(&config);
	presets_init(&presets, &config);
	buf_init(&why, 1024);
	struct world_image *image = preset_image(&presets, PRESET_DEFAULT, DEFAULT_WORLD_MS, &as_of_ms, &why);
	if (!image || !presets.kept[PRESET_DEFAULT].moves)
		return fail(image ? "the built-in world names moments that do not move" : why.data);
	FILE *file = fopen(argv[1], "wb");
	if (!file || fwrite(image_data(image), 1, image_size(image), file) != image_size(image) || fclose(file) != 0)
		return fail("the image cannot be written");
	image_release(image);
	presets_finish(&presets);
	buf_finish(&why);
	return EXIT_SUCCESS;
}
