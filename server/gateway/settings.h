/* What may be set for one sandbox while it lives. What nobody set follows the server's own settings. */
#ifndef CBSMOCK_GATEWAY_SETTINGS_H
#define CBSMOCK_GATEWAY_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "api/call.h"
#include "util/json_out.h"

struct mock_config;

enum signature_clock {
	SIGNATURE_CLOCK_WALL,    /* a signature's age counts in real time, so that moving a test's time does not age clients */
	SIGNATURE_CLOCK_SANDBOX,
};

struct settings {
	enum dialect dialect;
	double rate_factor; /* of the documented rate limits; 0 turns them off */
	enum signature_clock signature_clock;
	int revisions;      /* how many changes of the world are kept */
	struct transition_rule transitions[N_TRANSITIONS];
	unsigned given;     /* one bit a row of the table in settings.c: what was set here */
};

/* What is wrong with an object of settings. */
struct settings_fault {
	const char *name;   /* of the field */
	const char *takes;  /* what it takes; NULL: there is no such field */
};

void settings_init(struct settings *s, const struct mock_config *config);
/* The server's have changed: what was not set here is as they are now. */
void settings_follow(struct settings *s, const struct mock_config *config);
/* Changes what the object names; null goes back to the server's. Fields in `others` (NULL-ended, may be NULL) are passed over. Nothing
 * changes on false. */
bool settings_read(struct settings *s, const struct mock_config *config, const cJSON *object, const char *const *others,
                   struct settings_fault *fault);
/* All of them, or only what was set here, as members of the open object. */
void settings_write(const struct settings *s, struct json_out *o);
void settings_write_given(const struct settings *s, struct json_out *o);
/* "dialect, rate_limit …" */
const char *settings_names(void);

/* ---- transitions --------------------------------------------------------------------------------------------------------- */

/* Which ones a name means: "snapshot.create", or all of a kind: "snapshot", "disk"; "cbs::" may stand before it. Returns how many. */
size_t transitions_named(const char *name, enum transition out[N_TRANSITIONS]);
void settings_set_transition(struct settings *s, enum transition t, struct transition_rule rule);
void settings_reset_transition(struct settings *s, const struct mock_config *config, enum transition t);

#endif
