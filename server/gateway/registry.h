/* Which key opens which sandbox and account: asked before any sandbox is locked, by every request, so kept in memory and spread over
 * shards that hardly ever meet. No key opens two sandboxes. */
#ifndef CBSMOCK_GATEWAY_REGISTRY_H
#define CBSMOCK_GATEWAY_REGISTRY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

struct sandbox;
struct registry_entry;
struct registry_keys; /* those of one sandbox */

enum { REGISTRY_SHARDS = 16 };

struct registry_shard {
	pthread_rwlock_t lock;
	struct registry_entry **buckets;
	size_t bucket_count, count;
};

struct registry {
	pthread_mutex_t change; /* taken after a sandbox's lock, before a shard's */
	struct registry_shard shards[REGISTRY_SHARDS];
};

void registry_init(struct registry *g);
void registry_finish(struct registry *g);

/* Copies what it finds into the arena; the sandbox is held for the caller. Keys of one whose time is over (wall_ms) are not found. */
bool registry_find(struct registry *g, struct arena *a, const char *secret_id, int64_t wall_ms, struct sandbox **sandbox,
                   struct credential *credential, struct account *account);

/* Changes come between these two, one at a time, so that what registry_clash says stays true until registry_take. */
void registry_begin(struct registry *g);
void registry_end(struct registry *g);
/* Does one of the keys open another sandbox than this one (which may be NULL)? Then with a sentence in `why`. */
bool registry_clash(struct registry *g, const struct sandbox *s, const struct credential *list, size_t count, struct buf *why);
/* Takes up the keys in the store in place of those the sandbox had. Nothing for one that was dropped. */
void registry_take(struct registry *g, struct sandbox *s, struct store *store);
/* Forgets the sandbox for good. */
void registry_drop(struct registry *g, struct sandbox *s);

#endif
