/* What the admin API does to one sandbox: each function enters it, acts, and leaves. The caller holds the sandbox. */
#ifndef CBSMOCK_GATEWAY_CONTROL_H
#define CBSMOCK_GATEWAY_CONTROL_H

#include "gateway/presets.h"
#include "gateway/sandbox.h"

/* Told of what time does as it happens; on_event may be NULL. */
struct listener {
	void (*on_event)(void *data, const struct cbs_event *e);
	void *data;
};

/* What a reset spares. */
enum { KEEP_FAULTS = 1, KEEP_CLOCK = 2, KEEP_JOURNAL = 4 };

bool control_reset(struct sandbox *s, unsigned keep, struct buf *why);
bool control_apply(struct sandbox *s, const char *fixture, size_t len, struct buf *why);
bool control_apply_preset(struct sandbox *s, enum preset which, struct buf *why);
void control_settings(struct sandbox *s, struct settings *out);
bool control_set_settings(struct sandbox *s, const struct settings *settings);
bool control_set_ttl(struct sandbox *s, int64_t ttl_ms); /* from now on; 0: for ever */
bool control_set_seed(struct sandbox *s, uint64_t seed);

struct clock_state {
	struct vclock clock;
	int64_t now_ms;
	int64_t next_ms; /* when the next thing happens by itself; INT64_MAX: nothing will */
	bool too_far;    /* a move was refused: policies would tick more often on the way than CLOCK_TICKS_MAX */
};

/* False when the store could not keep it, or when it leads too far; then the clock is as it was, and so is the world. A move into the
 * past sets policies to tick from there. */
bool control_clock(struct sandbox *s, enum clock_change change, int64_t value, struct clock_state *out, const struct listener *l);
/* Goes to the next moment at which a state changes, and lets it. The clock stays when nothing is due at all. */
bool control_next_event(struct sandbox *s, struct clock_state *out, const struct listener *l);
/* Goes on until nothing more is to happen, but not beyond max_ms from now. */
bool control_run_until_idle(struct sandbox *s, int64_t max_ms, struct clock_state *out, const struct listener *l);
/* Ends the transition a resource is in. False when it is in none. */
bool control_finish(struct sandbox *s, const char *resource_id, const struct listener *l);

#endif
