/* All that happens to a sandbox, written down so that it can be played again anywhere (replay.h): how everything stood, each request with
 * its exact answer, each move of the clock, and how everything stood again after whatever else changed it. A line of JSON each, without
 * secrets (veil.h, moment.h). While it is written, what happens to the sandbox happens in turns (turns.h). A sandbox has one recording, the
 * latest.
 *
 * Two things are beyond it: rules behind all sandboxes count the requests of the others too, and time that passes because somebody only
 * looked (GET /_cbs/state) is not written down, which tells only when the clock is then set back. */
#ifndef CBSMOCK_GATEWAY_RECORDING_H
#define CBSMOCK_GATEWAY_RECORDING_H

#include "gateway/request.h"
#include "gateway/sandbox.h"
#include "util/json_out.h"

enum { RECORDING_VERSION = 1, RECORDING_MAX = 60 * 1024 * 1024 };

struct recording;

struct recording_info {
	int64_t id;         /* 1, 2 … of this sandbox */
	bool running;
	bool full;          /* it ended by itself, at RECORDING_MAX bytes */
	size_t requests, bytes;
	int64_t started_ms, stopped_ms; /* wall time; 0 while it runs */
};

/* ---- for the admin API; the caller holds the sandbox -------------------------------------------------------------------------- */

/* False when one is running already (*info is of that), or with a sentence when the world cannot be copied. */
bool recording_start(struct sandbox *s, struct recording_info *info, struct buf *why);
/* False when none is running. */
bool recording_stop(struct sandbox *s, struct recording_info *info);
/* False when there is none. */
bool recording_look(struct sandbox *s, struct recording_info *info);
/* What is written so far, as a whole. False when there is none of this number. */
bool recording_read(struct sandbox *s, int64_t id, struct buf *out);
/* One that runs is stopped. False when there is none of this number. */
bool recording_drop(struct sandbox *s, int64_t id);
void recording_free(struct recording *r); /* NULL is fine */

/* ---- for those who do things to a sandbox -------------------------------------------------------------------------------------- */

/* A turn, and before it whatever happened unseen. */
void recording_take(struct sandbox *s, struct turn *t);
/* The same for a request, once however often it is asked. */
void recording_take_request(struct request *r);
/* A request that was answered. */
void recording_note_request(struct request *r);
void recording_note_clock(struct sandbox *s, const struct turn *t, enum clock_change change, int64_t value);
void recording_note_next_event(struct sandbox *s, const struct turn *t);
void recording_note_run(struct sandbox *s, const struct turn *t, int64_t max_ms);
void recording_note_finish(struct sandbox *s, const struct turn *t, const char *resource_id);

/* ---- for replay ----------------------------------------------------------------------------------------------------------------- */

extern const char *const clock_change_names[];
enum { N_CLOCK_CHANGES = CLOCK_REAL + 1 };

/* All that the client gets, as members of the open object. */
void recording_write_answer(const struct request *r, struct json_out *o);

#endif
