/* A recording (recording.h) played again, in a mock of its own: every request in its order and at its moment, every answer held against
 * the one that was given, byte by byte, RequestId and what was done to the connection included.
 *
 * A signature is checked where the key's secret is at hand; elsewhere what the recording says of that one check stands. All else is done
 * anew. The calling thread's wall time stands at the recording's meanwhile. */
#ifndef CBSMOCK_GATEWAY_REPLAY_H
#define CBSMOCK_GATEWAY_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/moment.h"
#include "util/buf.h"

/* A request that is answered otherwise now; both answers as JSON: status, type, body, wire. Texts are good until the callback returns. */
struct replay_moved {
	size_t no; /* of the request, from 1 */
	const char *action, *request_id;
	const char *recorded, *now;
};

struct replay_report {
	size_t requests, moved;
	size_t checked;  /* signatures */
	size_t believed; /* the recording was */
	bool full;       /* it ended by itself, being too long */
};

/* False with a sentence when it is no recording, or not whole; then what came before was played all the same. on_moved may be NULL. */
bool replay_run(const char *text, size_t len, const struct key_ring *ring, void (*on_moved)(void *data, const struct replay_moved *m),
                void *data, struct replay_report *report, struct buf *why);
/* The same, told as members of the open object; of the answers that moved the first `most`. */
bool replay_tell(const char *text, size_t len, const struct key_ring *ring, size_t most, struct json_out *o, struct replay_report *report,
                 struct buf *why);

#endif
