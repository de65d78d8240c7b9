/* A folder of a test's own, and what is in it. */
#ifndef CBSMOCK_TESTS_UNIT_FOLDER_H
#define CBSMOCK_TESTS_UNIT_FOLDER_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "run.h"

enum { FOLDER_SIZE = 64 };

static inline void folder_make(char dir[FOLDER_SIZE])
{
	snprintf(dir, FOLDER_SIZE, "/tmp/cbsmock-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

/* How many files there are, or were. */
static inline size_t folder_files(const char *dir, bool remove_them)
{
	DIR *d = opendir(dir);
	size_t count = 0;
	ck_assert_ptr_nonnull(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		char path[512];
		if (e->d_name[0] == '.')
			continue;
		count++;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if (remove_them)
			ck_assert_int_eq(remove(path), 0);
	}
	closedir(d);
	return count;
}

/* With all that is in it, which is no folder. */
static inline void folder_remove(const char *dir)
{
	folder_files(dir, true);
	ck_assert_int_eq(rmdir(dir), 0);
}

#endif
