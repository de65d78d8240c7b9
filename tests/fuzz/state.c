/* Worlds from elsewhere. An input that begins with "base" is an image of a sound world that is changed byte by byte: each further line
 * "OFFSET VALUE" writes one (offsets count round the image). Any other is taken as it is: a fixture, or the bytes of an image. */
#include <string.h>

#include "fuzz.h"
#include "gateway/mock_internal.h"
#include "gateway/state.h"
#include "util/str.h"

enum { CHANGES_MAX = 64, WHY_MAX = 4096 };

static const char base_word[] = "base";

static struct world_image *base_image;

static void release_base(void)
{
	image_release(base_image);
}

/* Of a fresh world. */
static void make_base(struct mock *m)
{
	struct buf why;
	if (base_image)
		return;
	buf_init(&why, WHY_MAX);
	base_image = state_export(m->sandbox, &why);
	FUZZ_CHECK(base_image != NULL);
	buf_finish(&why);
	atexit(release_base);
}

static void change(struct arena *a, struct fuzz_text *t, char *data, size_t len)
{
	for (int i = 0; i < CHANGES_MAX && t->at < t->end; i++) {
		char *line = fuzz_line(a, t), *blank = strchr(line, ' ');
		uint64_t offset, value;
		if (!blank)
			continue;
		*blank = '\0';
		if (str_to_u64(line, &offset) && str_to_u64(blank + 1, &value))
			data[offset % len] = (char)(value & 0xff);
	}
}

static const char *bytes(struct mock *m, struct arena *a, struct fuzz_text t, size_t *len)
{
	struct fuzz_text changes = t;
	if (!str_is(fuzz_line(a, &changes), base_word))
		return fuzz_rest(a, &t, len);
	make_base(m);
	*len = image_size(base_image);
	char *data = memcpy(arena_alloc(a, *len), image_data(base_image), *len);
	change(a, &changes, data, *len);
	return data;
}

static void import(struct mock *m, const char *data, size_t len, enum import_strategy strategy)
{
	struct buf why;
	buf_init(&why, WHY_MAX);
	bool done = state_import(m->sandbox, data, len, strategy, &why);
	FUZZ_CHECK(done || why.len > 0);
	buf_finish(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mock *m = fuzz_mock();
	struct arena *a = arena_new();
	size_t len;
	const char *world = bytes(m, a, fuzz_text(data, size), &len);
	import(m, world, len, IMPORT_MERGE);
	import(m, world, len, IMPORT_OVERWRITE);
	FUZZ_CHECK(!store_in_transaction(m->sandbox->store));
	arena_free(a);
	return 0;
}
