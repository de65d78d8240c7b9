/* All the sandboxes there are. "default" is made with the mock and stays; others come by the admin API, or by a first request where a
 * setting allows it, and go when they are deleted or their time is over. */
#ifndef CBSMOCK_GATEWAY_SANDBOXES_H
#define CBSMOCK_GATEWAY_SANDBOXES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "gateway/sandbox.h"

struct sandboxes {
	pthread_mutex_t change; /* one comes or goes at a time; taken before every other lock */
	pthread_rwlock_t lock;  /* of the list */
	struct sandbox **list;  /* by name; each is held */
	size_t count, room;
	bool strays;            /* the data directory may hold checkpoints of sandboxes that there are not; for whoever may change the list */
};

enum sandbox_outcome {
	SANDBOX_DONE,
	SANDBOX_REPLACED,  /* done, in place of one of the same name */
	SANDBOX_UNKNOWN,   /* there is none of the name */
	SANDBOX_PERMANENT, /* "default" can be neither made nor deleted */
	SANDBOX_CLASH,     /* a key opens another one already */
	SANDBOX_FULL,      /* as many as --max-sandboxes */
	SANDBOX_TEMPLATE,  /* no such preset, sandbox or checkpoint */
	SANDBOX_FAILED,
};

void sandboxes_init(struct sandboxes *all);
/* Opens "default", and with --data whatever else is found in the directory. */
bool sandboxes_open(struct mock *m, struct buf *why);
void sandboxes_finish(struct mock *m);

/* The server's settings. */
const struct mock_config *sandboxes_config(const struct mock *m);
/* Held for the caller; NULL when there is none. */
struct sandbox *sandboxes_find(struct mock *m, const char *name);
/* All of them in the order of their names, each held for the caller, in the arena. */
size_t sandboxes_all(struct mock *m, struct arena *a, struct sandbox ***out);
void sandboxes_release(struct sandbox **list, size_t count);

/* Makes the sandbox of the plan, whose origin names a preset, a sandbox or "SANDBOX/CHECKPOINT" as its template; of a sandbox it has the
 * settings too unless the plan has others. One of the same name is replaced. *out is held for the caller; a sentence in `why` unless
 * all went well. */
enum sandbox_outcome sandboxes_create(struct mock *m, struct sandbox_plan *plan, struct sandbox **out, struct buf *why);
enum sandbox_outcome sandboxes_delete(struct mock *m, const char *name);
/* May a request with this unknown key make it a sandbox? Then with the key as that would have it. */
bool sandboxes_first_use_key(struct mock *m, const char *secret_id, struct credential *key);
/* Makes it, held for the caller; the signature was checked. NULL when none is made so. */
struct sandbox *sandboxes_first_use(struct mock *m, const char *secret_id);
/* The server's settings have changed: every sandbox takes up those it has none of its own for. */
void sandboxes_follow(struct mock *m, const struct mock_config *config);
/* Deletes those whose time is over. */
void sandboxes_sweep(struct mock *m, int64_t wall_ms);

#endif
