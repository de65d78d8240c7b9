/* Where there is no libFuzzer: runs a target over every file of a folder, as a test of each, in TAP. */
#include <dirent.h>
#include <string.h>

#include "fuzz.h"
#include "util/str.h"

enum { INPUT_MAX = 1024 * 1024, FILES_MAX = 1000, PATH_SIZE = 4096 };

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list(const char *folder, char *names[FILES_MAX])
{
	size_t count = 0;
	DIR *dir = opendir(folder);
	FUZZ_CHECK(dir != NULL);
	for (struct dirent *e; count < FILES_MAX && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.')
			names[count++] = xstrdup(e->d_name);
	closedir(dir);
	qsort(names, count, sizeof *names, by_name);
	return count;
}

static void replay(const char *folder, const char *name)
{
	static uint8_t data[INPUT_MAX];
	char path[PATH_SIZE];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "r");
	FUZZ_CHECK(f != NULL);
	size_t size = fread(data, 1, sizeof data, f);
	fclose(f);
	/* A copy of just this size, so that a look behind its end is seen. */
	uint8_t *input = xmalloc(size);
	memcpy(input, data, size);
	LLVMFuzzerTestOneInput(input, size);
	free(input);
}

int main(int argc, char **argv)
{
	char *names[FILES_MAX];
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	size_t count = list(argv[1], names);
	printf("1..%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		replay(argv[1], names[i]);
		printf("ok %zu - %s\n", i + 1, names[i]);
		fflush(stdout);
		free(names[i]);
	}
	return 0;
}
