/* Hash tables of keys, a lock each. A change touches the entries that come and go and no others; who looks up holds a shard's lock
 * for a search and a copy. */
#include "gateway/registry.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/sandbox.h"
#include "util/str.h"

enum { BUCKETS_FIRST = 16 };

struct registry_entry {
	struct registry_entry *next; /* in its bucket */
	uint64_t hash;
	struct sandbox *sandbox;
	struct arena *texts;         /* of the next two */
	struct credential credential;
	struct account account;
	bool replaced;               /* by one for the same key */
};

struct registry_keys {
	struct arena *arena; /* holds this, the entries and their texts */
	struct registry_entry *entries;
	size_t count;
};

void registry_init(struct registry *g)
{
	*g = (struct registry){ 0 };
	pthread_mutex_init(&g->change, NULL);
	for (size_t i = 0; i < REGISTRY_SHARDS; i++) {
		struct registry_shard *shard = &g->shards[i];
		pthread_rwlock_init(&shard->lock, NULL);
		shard->bucket_count = BUCKETS_FIRST;
		shard->buckets = xcalloc(shard->bucket_count, sizeof *shard->buckets);
	}
}

void registry_finish(struct registry *g)
{
	for (size_t i = 0; i < REGISTRY_SHARDS; i++) {
		struct registry_shard *shard = &g->shards[i];
		pthread_rwlock_destroy(&shard->lock);
		free(shard->buckets);
	}
	pthread_mutex_destroy(&g->change);
}

/* ---- looking up ---------------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *text)
{
	return str_hash(UINT64_C(0xcbf29ce484222325), text);
}

static struct registry_shard *shard_of(struct registry *g, uint64_t hash)
{
	return &g->shards[hash % REGISTRY_SHARDS];
}

static struct registry_entry **bucket_of(const struct registry_shard *shard, uint64_t hash)
{
	return &shard->buckets[hash / REGISTRY_SHARDS % shard->bucket_count];
}

static struct registry_entry *look_up(const struct registry_shard *shard, uint64_t hash, const char *secret_id)
{
	struct registry_entry *e = *bucket_of(shard, hash);
	while (e && !(e->hash == hash && str_is(e->credential.secret_id, secret_id)))
		e = e->next;
	return e;
}

static void copy_texts(struct arena *a, struct credential *c, struct account *account)
{
	c->secret_id = arena_text(a, c->secret_id);
	c->secret_key = arena_text(a, c->secret_key);
	c->token = arena_text(a, c->token);
	c->status = arena_text(a, c->status);
	c->kind = arena_text(a, c->kind);
	c->mfa = arena_text(a, c->mfa);
	account->name = arena_text(a, account->name);
	account->ip_allow = arena_text(a, account->ip_allow);
	account->ip_deny = arena_text(a, account->ip_deny);
}

bool registry_find(struct registry *g, struct arena *a, const char *secret_id, int64_t wall_ms, struct sandbox **sandbox,
                   struct credential *credential, struct account *account)
{
	uint64_t hash = hash_of(secret_id);
	struct registry_shard *shard = shard_of(g, hash);
	pthread_rwlock_rdlock(&shard->lock);
	const struct registry_entry *e = look_up(shard, hash, secret_id);
	bool found = e && !sandbox_expired(e->sandbox, wall_ms);
	if (found) {
		*sandbox = sandbox_hold(e->sandbox);
		*credential = e->credential;
		*account = e->account;
		if (!arena_keep(a, e->texts))
			copy_texts(a, credential, account);
	}
	pthread_rwlock_unlock(&shard->lock);
	return found;
}

/* ---- changing ------------------------------------------------------------------------------------------------------------- */

void registry_begin(struct registry *g)
{
	pthread_mutex_lock(&g->change);
}

void registry_end(struct registry *g)
{
	pthread_mutex_unlock(&g->change);
}

bool registry_clash(struct registry *g, const struct sandbox *s, const struct credential *list, size_t count, struct buf *why)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t hash = hash_of(list[i].secret_id);
		const struct registry_entry *e = look_up(shard_of(g, hash), hash, list[i].secret_id);
		if (!e || e->sandbox == s)
			continue;
		buf_printf(why, "the key %s opens the sandbox %s already", e->credential.secret_id, e->sandbox->name);
		return true;
	}
	return false;
}

static void grow(struct registry_shard *shard)
{
	struct registry_shard larger = { .bucket_count = shard->bucket_count * 2 };
	larger.buckets = xcalloc(larger.bucket_count, sizeof *larger.buckets);
	for (size_t i = 0; i < shard->bucket_count; i++)
		for (struct registry_entry *e = shard->buckets[i], *next; e; e = next) {
			struct registry_entry **bucket = bucket_of(&larger, e->hash);
			next = e->next;
			e->next = *bucket;
			*bucket = e;
		}
	free(shard->buckets);
	shard->buckets = larger.buckets;
	shard->bucket_count = larger.bucket_count;
}

/* One that is there for the same key gives way at once: a request on its way always finds one or the other. */
static void put(struct registry *g, struct registry_entry *e)
{
	struct registry_shard *shard = shard_of(g, e->hash);
	pthread_rwlock_wrlock(&shard->lock);
	struct registry_entry **at = bucket_of(shard, e->hash);
	while (*at && !str_is((*at)->credential.secret_id, e->credential.secret_id))
		at = &(*at)->next;
	if (*at) {
		(*at)->replaced = true;
		e->next = (*at)->next;
		*at = e;
	} else {
		if (shard->count++ >= shard->bucket_count)
			grow(shard);
		struct registry_entry **bucket = bucket_of(shard, e->hash);
		e->next = *bucket;
		*bucket = e;
	}
	pthread_rwlock_unlock(&shard->lock);
}

static void take_out(struct registry *g, struct registry_entry *e)
{
	struct registry_shard *shard = shard_of(g, e->hash);
	pthread_rwlock_wrlock(&shard->lock);
	struct registry_entry **at = bucket_of(shard, e->hash);
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	shard->count--;
	pthread_rwlock_unlock(&shard->lock);
}

static void forget(struct registry *g, struct registry_keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->count; i++)
		if (!keys->entries[i].replaced)
			take_out(g, &keys->entries[i]);
	arena_free(keys->arena);
}

/* A key whose account is gone opens nothing. */
static struct registry_keys *read_keys(struct sandbox *s, struct store *store)
{
	struct arena *a = arena_new();
	struct registry_keys *keys = arena_alloc(a, sizeof *keys);
	struct credential *list = NULL;
	size_t count = store_credentials(store, a, &list);
	*keys = (struct registry_keys){ .arena = a, .entries = arena_alloc(a, (count + 1) * sizeof *keys->entries) };
	for (size_t i = 0; i < count; i++) {
		struct registry_entry *e = &keys->entries[keys->count];
		*e = (struct registry_entry){ .hash = hash_of(list[i].secret_id), .sandbox = s, .texts = a, .credential = list[i] };
		if (store_account(store, a, list[i].account, &e->account))
			keys->count++;
	}
	return keys;
}

void registry_take(struct registry *g, struct sandbox *s, struct store *store)
{
	struct registry_keys *before = s->keys;
	if (s->dropped)
		return;
	s->keys = read_keys(s, store);
	for (size_t i = 0; i < s->keys->count; i++)
		put(g, &s->keys->entries[i]);
	forget(g, before);
}

void registry_drop(struct registry *g, struct sandbox *s)
{
	s->dropped = true;
	forget(g, s->keys);
	s->keys = NULL;
}
