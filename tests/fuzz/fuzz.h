/* What the fuzz targets share. A target is one file with one LLVMFuzzerTestOneInput: libFuzzer hands it inputs of its own making,
 * corpus.c those of a folder. The sanitizers judge what happens, and FUZZ_CHECK what must hold after any input at all. */
#ifndef CBSMOCK_TESTS_FUZZ_FUZZ_H
#define CBSMOCK_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "gateway/mock.h"
#include "gateway/sign.h"
#include "util/arena.h"

/* When all requests are received, and what the clock of a fresh world says. */
#define FUZZ_WALL_MS INT64_C(1767225600000)

#define FUZZ_CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- worlds --------------------------------------------------------------------------------------------------------------- */

/* One mock for all inputs of a process: in memory, signatures not looked at, time frozen, its "default" sandbox as at the start and
 * the only one, no fault rules, nothing in the journal. */
struct mock *fuzz_mock(void);
/* The same for targets that change nothing: it is not made fresh. */
struct mock *fuzz_still_mock(void);
/* Nothing may be left half done between requests, and counters kept beside rows agree with them. */
void fuzz_check_world(struct mock *m);

/* ---- inputs --------------------------------------------------------------------------------------------------------------- */

/* An input from its first line on. */
struct fuzz_text {
	const char *at, *end;
};

struct fuzz_text fuzz_text(const uint8_t *data, size_t size);
/* The next line without its end, in the arena; "" behind the last. */
char *fuzz_line(struct arena *a, struct fuzz_text *t);
/* What is left, in the arena, NUL behind it. */
char *fuzz_rest(struct arena *a, struct fuzz_text *t, size_t *len);
/* The part before the next line "%%%", which is passed over. False when nothing is left. */
bool fuzz_part(struct fuzz_text *t, struct fuzz_text *part);
/* As JSON that has passed json_check, released with the arena; NULL when it is none. */
cJSON *fuzz_json(struct arena *a, const char *text, size_t len);

/* A request in short: "METHOD TARGET", lines "Name: value", an empty line, the body. */
struct fuzz_request {
	const char *method, *target;
	struct name_value *headers;
	size_t header_count;
	const char *body;
	size_t body_len;
};

void fuzz_request(struct arena *a, struct fuzz_text t, struct fuzz_request *out);
/* NULL when absent. */
const char *fuzz_header(const struct fuzz_request *r, const char *name);

/* No secret key of the world stands in the text, unless the input brought it. */
void fuzz_check_secrets(const uint8_t *data, size_t size, const char *text, size_t len);

#endif
