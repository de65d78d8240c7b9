/* Settings: one table gives each its flag (--name-of-setting), environment variable (CBSMOCK_NAME_OF_SETTING), key in --config FILE
 * and line in --help. Flags win over the environment, the environment over the file, the file over the default. */
#ifndef CBSMOCK_CONFIG_H
#define CBSMOCK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "gateway/mock.h"
#include "http/http.h"
#include "util/arena.h"
#include "util/buf.h"
#include "util/log.h"

struct config {
	struct mock_config mock;
	struct http_config http;
	enum log_level log_level;
	enum log_format log_format;
	bool help, version;
	const char *unknown_env; /* CBSMOCK_… variables that are no setting, ", " between; NULL when none */
	struct arena *arena;     /* holds the strings that are not argv's or the environment's */
	const char **texts;      /* what each setting was given or falls back to, in the table's order; NULL: nothing */
};

/* False with one sentence in `why` naming the setting, where it came from and what it takes. argv[0] is skipped. */
bool config_read(struct config *config, int argc, char **argv, struct buf *why);
/* The same settings but for those that are named in `wanted`, an object. */
bool config_change(struct config *config, const struct config *running, const cJSON *wanted, struct buf *why);
/* After the mock and the server that use the strings have ended. */
void config_finish(struct config *config);

/* One setting as it stands; `value` is NULL when there is none, and no secret. `live`: a running server can change it. */
struct config_item {
	const char *name, *value, *takes, *help;
	bool live;
};

size_t config_count(void);
struct config_item config_item(const struct config *config, size_t i);
bool config_same(const struct config *a, const struct config *b, size_t i);
/* From now on `config` counts as having what `other` has; what was made of its own value stays as it is. */
void config_note(struct config *config, const struct config *other, size_t i);
/* The settings part of --help. */
void config_help(struct buf *out);

#endif
