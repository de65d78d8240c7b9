/* What the tests by data files share, on top of the signing client of tests/unit: calls with the differences an atlas entry asks
 * for, and the files themselves. Failures of the helper end the test. */
#ifndef CBSMOCK_TESTS_CASES_CLIENT_H
#define CBSMOCK_TESTS_CASES_CLIENT_H

#include "world.h"

struct ask {
	const char *action;
	const cJSON *params; /* NULL: none */
	const cJSON *tweaks; /* `request` of schema/atlas.schema.json; NULL: an ordinary request */
};

struct answer client_call(struct test_world *w, const struct ask *ask);
/* Of a refused call: the guard that refused; "" for none. */
const char *client_guard(const struct answer *answer);
/* The whole body. */
const char *client_text(const struct answer *answer);

/* Merges a fixture; nothing to do for NULL. */
void client_apply(struct test_world *w, const cJSON *fixture);
/* Stops the clock at that moment. */
void client_freeze_at(struct test_world *w, int64_t ms);

/* A JSON file, by its path below the root of the source tree (or a whole path). It lives as long as the arena. */
cJSON *client_read_json(struct arena *a, const char *path);
/* The whole path of one below the root. */
const char *client_path(struct arena *a, const char *below);

#endif
