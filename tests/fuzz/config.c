/* The settings: a config file as --config would read it, and the same object as a change to a running server. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "fuzz.h"

enum { WHY_MAX = 16 * 1024 };

/* One file for all inputs, which has no name any more. */
static const char *file_with(const uint8_t *data, size_t size)
{
	static char path[64];
	static FILE *file;
	if (!file) {
		file = tmpfile();
		FUZZ_CHECK(file != NULL);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
	}
	FUZZ_CHECK(ftruncate(fileno(file), 0) == 0 && pwrite(fileno(file), data, size, 0) == (ssize_t)size);
	return path;
}

static bool read_file(struct config *config, const uint8_t *data, size_t size, struct buf *why)
{
	char name[] = "cbsmock", flag[] = "--config", path[64];
	char *argv[] = { name, flag, path, NULL };
	snprintf(path, sizeof path, "%s", file_with(data, size));
	bool fine = config_read(config, 3, argv, why);
	FUZZ_CHECK(fine || why->len > 0);
	return fine;
}

static void check_items(const struct config *config)
{
	for (size_t i = 0; i < config_count(); i++) {
		FUZZ_CHECK(config_item(config, i).name && config_item(config, i).takes);
		FUZZ_CHECK(config_same(config, config, i));
	}
}

static void change(const struct config *running, const uint8_t *data, size_t size)
{
	struct config fresh;
	struct buf why;
	struct arena *a = arena_new();
	const cJSON *wanted = fuzz_json(a, size ? (const char *)data : "", size);
	buf_init(&why, WHY_MAX);
	if (wanted) {
		bool fine = config_change(&fresh, running, wanted, &why);
		FUZZ_CHECK(fine || why.len > 0);
		if (fine)
			check_items(&fresh);
		config_finish(&fresh);
	}
	buf_finish(&why);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char usual[] = "cbsmock", *usual_argv[] = { usual, NULL };
	struct config config, running;
	struct buf why;
	buf_init(&why, WHY_MAX);
	if (read_file(&config, data, size, &why))
		check_items(&config);
	config_finish(&config);
	buf_clear(&why);
	FUZZ_CHECK(config_read(&running, 1, usual_argv, &why));
	change(&running, data, size);
	config_finish(&running);
	buf_finish(&why);
	return 0;
}
