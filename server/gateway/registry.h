/* Which key belongs to which sandbox and account: looked up before any sandbox is locked, so kept in memory and refreshed whenever
 * a fixture may have changed it. */
#ifndef CBSMOCK_GATEWAY_REGISTRY_H
#define CBSMOCK_GATEWAY_REGISTRY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

struct sandbox;
struct registry_entry;

struct registry {
	pthread_rwlock_t lock;
	struct registry_entry *entries; /* sorted by secret id */
	size_t count;
	struct arena *arena;            /* holds the entries and their texts */
};

void registry_init(struct registry *g);
void registry_finish(struct registry *g);
/* Takes up the keys of the sandbox in place of those it had; the sandbox is locked by the caller. */
void registry_refresh(struct registry *g, struct sandbox *sandbox, struct store *store);
/* Copies what it finds into the arena. */
bool registry_find(struct registry *g, struct arena *a, const char *secret_id, struct sandbox **sandbox,
                   struct credential *credential, struct account *account);

#endif
