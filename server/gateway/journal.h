/* What came in and what went out, for tests to ask about: a ring bounded by count and bytes that knows how much it dropped,
 * since an oracle that forgot must not answer as if it had not. One a sandbox, with a lock of its own that is held for a few
 * moves of pointers: entries are made before and read after it. Secrets are not in it: the Authorization header is cut after the
 * SecretId, Signature and Token are masked, a key we do not know is cut short, and the key that we do know is blotted out
 * wherever it stands. */
#ifndef CBSMOCK_GATEWAY_JOURNAL_H
#define CBSMOCK_GATEWAY_JOURNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/match.h"
#include "gateway/request.h"
#include "gateway/trail.h"
#include "util/arena.h"

enum {
	JOURNAL_BODY_MAX = 64 * 1024, /* bytes kept of a body, and of an answer */
	JOURNAL_MADE_MAX = 4 * 1024,  /* and of what a change made */
	JOURNAL_TAGS_MAX = 16,        /* of one request */
};

struct journal;

/* One request and its answer; one block of memory, never changed after it was added. Texts are never NULL unless it says so. */
struct journal_entry {
	atomic_uint holders;
	size_t size;                /* of the block */
	uint64_t seq;               /* 1, 2 … in the order of answering */
	int64_t wall_ms, now_ms;    /* received; sandbox time */
	int64_t begun_us, ended_us; /* monotonic */

	enum form form;
	const char *scheme; /* "TC3-HMAC-SHA256", "HmacSHA1" …; "" when not known */
	const char *method, *target, *address;
	const struct name_value *headers;
	size_t header_count;
	const char *body;           /* NUL after the last byte */
	size_t body_len, body_size; /* of the kept text, which masks make shorter or longer; received */
	bool body_cut;              /* it was not kept whole */

	const char *action, *version, *region, *language, *client, *secret_id;
	const char *sandbox; /* its name */
	int64_t account; /* 0: the key is not known */
	const struct name_value *tags;
	size_t tag_count;

	const char *request_id;
	const char *code;                                  /* "OK" on success */
	const char *message;                               /* "" on success */
	const char *stage, *guard, *because, *signed_with; /* "" when there is none */
	const char *auth;                                  /* the X-ray of a refused signature, as JSON; "" when there is none */
	int phase;                                         /* enum phase that it came to */
	bool committed;                                    /* it changed the world */
	const char *made; /* business fields of that change, as JSON without braces; "" when it made none */
	int http_status;
	const char *content_type;
	const char *answer; /* as it was to be sent */
	size_t answer_len, answer_size;
	const char *delivery;      /* what a fault did to the connection: "reset" …; "" when nothing */
	int64_t delay_ms;          /* of the answer, by a fault */
	const char *const *faults; /* NULL-ended: the rules it met */
	const char *const *unread; /* NULL-ended: parameters sent that the action did not look at */
	const struct trail_step *trail; /* but for the checks that it passed, which are so many: */
	unsigned passed;
};

/* Either bound may be 0: then nothing is kept, and all that comes counts as dropped. */
struct journal *journal_new(size_t max_entries, size_t max_bytes);
/* Other bounds from now on; what they have no room for is dropped. */
void journal_set_bounds(struct journal *j, size_t max_entries, size_t max_bytes);
/* A journal lives as long as somebody holds it: a long poll may outlive its sandbox. */
struct journal *journal_hold(struct journal *j);
void journal_free(struct journal *j); /* lets go; NULL is fine */
bool journal_is_on(const struct journal *j);
/* One finished request. begun_us is clock_mono_us when it was taken up. */
void journal_add(struct journal *j, const struct request *r, int64_t begun_us);
/* Empty and nothing counted; numbers go on, tags stay in force. */
void journal_clear(struct journal *j);

struct journal_stats {
	size_t entries, bytes;
	uint64_t total, dropped; /* since the start or the last clear */
	uint64_t last_seq;       /* of the newest that came; 0 before the first */
	uint64_t dropped_seq;    /* of the newest that was dropped; 0: none was */
	int64_t dropped_ms;      /* the latest wall time at which one of those was received */
};
void journal_stats(struct journal *j, struct journal_stats *out);

/* Marks that requests to come carry, beside those of their own X-Cbs-Tags header ("test=retry_17, run=3"). At most
 * JOURNAL_TAGS_MAX. */
void journal_set_tags(struct journal *j, const struct name_value *tags, size_t count);
/* Copies into the arena; returns how many. */
size_t journal_tags(struct journal *j, struct arena *a, const struct name_value **tags);
/* Those of a request on its way, in its arena. */
size_t journal_tags_of(const struct request *r, const struct name_value **tags);

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

/* Entries held for reading, oldest first, and how the journal stood at that moment. */
struct journal_list {
	const struct journal_entry **entries;
	size_t count;
	struct journal_stats stats;
};

void journal_read(struct journal *j, struct journal_list *list);
void journal_list_finish(struct journal_list *list);
/* NULL matches all. *unknown (may be NULL) counts those that do not match because their parameters were not kept whole. */
bool journal_matches(const struct journal_entry *e, const struct match *m, size_t *unknown);
/* Keeps those that match. Returns how many of the others are unknown. */
size_t journal_list_filter(struct journal_list *list, const struct match *m);
/* Was something dropped, or never kept, that this may be about? */
bool journal_list_forgot(const struct journal_list *list, const struct match *m);
/* Keeps those of which `wanted` says yes. */
void journal_list_keep(struct journal_list *list, bool (*wanted)(const struct journal_entry *e));
/* Keeps the newest `limit`. */
void journal_list_limit(struct journal_list *list, size_t limit);
/* The newest with this RequestId, in a list of its own; its count is 0 when there is none. */
void journal_read_one(struct journal *j, const char *request_id, struct journal_list *list);
/* Takes out those that match, which is no dropping; returns how many. */
size_t journal_remove(struct journal *j, const struct match *m);

/* The parameters as a tree, released with the arena; NULL when they cannot be read or were not kept whole. */
const cJSON *journal_params(const struct journal_entry *e, struct arena *a);
/* Ids that the change made, in the arena; NULL-ended. */
const char *const *journal_made(const struct journal_entry *e, struct arena *a);
/* Ids in the parameters and those that were made, in the arena; NULL-ended. `params` as from journal_params. */
const char *const *journal_resources(const struct journal_entry *e, const cJSON *params, struct arena *a);
/* What a match asks for; all of it when `m` is NULL. */
void journal_view(const struct journal_entry *e, const struct match *m, struct arena *a, struct match_view *v);

/* ---- waiting ----------------------------------------------------------------------------------------------------------- */

/* Calls fn with each entry added from now on, from the thread that added it and outside the journal's lock, until
 * journal_unwatch has returned. fn must not watch or unwatch. A journal that is off has nothing to show. */
uint64_t journal_watch(struct journal *j, void (*fn)(void *data, const struct journal_entry *e), void *data);
void journal_unwatch(struct journal *j, uint64_t watch);

#endif
