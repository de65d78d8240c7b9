/* A sorted list of keys, made anew in memory of its own whenever it changes, so that a look-up holds the lock only for a search
 * and a copy. */
#include "gateway/registry.h"

#include <stdlib.h>
#include <string.h>

struct registry_entry {
	struct sandbox *sandbox;
	struct credential credential;
	struct account account;
};

void registry_init(struct registry *g)
{
	*g = (struct registry){ 0 };
	pthread_rwlock_init(&g->lock, NULL);
	g->arena = arena_new();
}

void registry_finish(struct registry *g)
{
	arena_free(g->arena);
	pthread_rwlock_destroy(&g->lock);
}

static void copy_entry(struct arena *a, struct registry_entry *to, const struct registry_entry *from)
{
	*to = *from;
	to->credential.secret_id = arena_strdup(a, from->credential.secret_id);
	to->credential.secret_key = arena_strdup(a, from->credential.secret_key);
	to->credential.token = arena_strdup(a, from->credential.token);
	to->credential.status = arena_strdup(a, from->credential.status);
	to->credential.kind = arena_strdup(a, from->credential.kind);
	to->credential.mfa = arena_strdup(a, from->credential.mfa);
	to->account.name = arena_strdup(a, from->account.name);
	to->account.ip_allow = arena_strdup(a, from->account.ip_allow);
	to->account.ip_deny = arena_strdup(a, from->account.ip_deny);
}

static int by_secret_id(const void *a, const void *b)
{
	const struct registry_entry *left = a, *right = b;
	return strcmp(left->credential.secret_id, right->credential.secret_id);
}

void registry_refresh(struct registry *g, struct sandbox *sandbox, struct store *store)
{
	struct arena *arena = arena_new();
	struct credential *fresh = NULL;
	size_t fresh_count = store_credentials(store, arena, &fresh), count = 0;

	pthread_rwlock_wrlock(&g->lock);
	struct registry_entry *entries = arena_alloc(arena, (g->count + fresh_count) * sizeof *entries);
	for (size_t i = 0; i < g->count; i++)
		if (g->entries[i].sandbox != sandbox)
			copy_entry(arena, &entries[count++], &g->entries[i]);
	for (size_t i = 0; i < fresh_count; i++) {
		struct registry_entry *entry = &entries[count];
		*entry = (struct registry_entry){ .sandbox = sandbox, .credential = fresh[i] };
		if (store_account(store, arena, fresh[i].account, &entry->account))
			count++;
	}
	qsort(entries, count, sizeof *entries, by_secret_id);
	arena_free(g->arena);
	g->arena = arena;
	g->entries = entries;
	g->count = count;
	pthread_rwlock_unlock(&g->lock);
}

bool registry_find(struct registry *g, struct arena *a, const char *secret_id, struct sandbox **sandbox,
                   struct credential *credential, struct account *account)
{
	struct registry_entry wanted = { .credential.secret_id = secret_id }, copy;
	pthread_rwlock_rdlock(&g->lock);
	const struct registry_entry *found =
		g->count == 0 ? NULL : bsearch(&wanted, g->entries, g->count, sizeof *g->entries, by_secret_id);
	if (found)
		copy_entry(a, &copy, found);
	pthread_rwlock_unlock(&g->lock);
	if (!found)
		return false;
	*sandbox = copy.sandbox;
	*credential = copy.credential;
	*account = copy.account;
	return true;
}
