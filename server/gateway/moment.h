/* Everything about a sandbox at one moment that decides what later requests are answered: its world and clock, its counters, its fault
 * rules and settings, and what the server itself is set to. Written as JSON without a secret key or a token, and put back from it.
 *
 * A key whose secret anyone may know (those of the built-in world, and the usual one of sandboxes made without) comes back with it; of
 * others only the SecretId is known, so signatures by them cannot be checked. Rules behind all sandboxes are part of it too, with what
 * they counted up to then. */
#ifndef CBSMOCK_GATEWAY_MOMENT_H
#define CBSMOCK_GATEWAY_MOMENT_H

#include "gateway/sandbox.h"
#include "util/json_out.h"

/* From inside. */

/* As members of the open object; false with a sentence. */
bool moment_write(struct sandbox *s, struct json_out *o, struct buf *why);
/* All but the world, the clock in it, and counters of requests. */
void moment_write_around(struct sandbox *s, struct json_out *o);

/* Secrets that someone has at hand, beside those that everybody knows. */
struct key_ring {
	const struct name_value *keys; /* SecretId, secret key */
	size_t count;
};

/* What either of the above wrote, into a mock in memory that has no other sandbox: first, from outside, what the server is set to, then
 * the rest. False with a sentence; then the mock is good for nothing. */
bool moment_restore_server(struct mock *m, const cJSON *saved, struct buf *why);
bool moment_restore(struct sandbox *s, const cJSON *saved, const struct key_ring *ring, struct buf *why);

#endif
