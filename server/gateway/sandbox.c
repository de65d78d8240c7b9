/* Making, filling and refilling a world, and the few things that are true of it while requests come and go. */
#include "gateway/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/mock_internal.h"

enum { FIXTURE_MAX = 64 * 1024 * 1024 };

/* ---- fixtures ---------------------------------------------------------------------------------------------------------- */

/* The text of a file, in the arena. */
static bool read_file(struct arena *a, const char *path, const char **text, size_t *len, struct buf *why)
{
	FILE *file = fopen(path, "rb");
	if (!file) {
		buf_printf(why, "%s: cannot be read: %s", path, strerror(errno));
		return false;
	}
	struct buf content;
	char chunk[16 * 1024];
	buf_init(&content, FIXTURE_MAX);
	for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
		buf_add(&content, chunk, got);
	bool whole = !ferror(file) && !content.overflow;
	if (!whole)
		buf_printf(why, "%s: %s", path, content.overflow ? "is larger than a fixture may be" : "cannot be read");
	fclose(file);
	*text = arena_strndup(a, content.data, content.len);
	*len = content.len;
	buf_finish(&content);
	return whole;
}

/* `from` names the source in a complaint; NULL when there is no need to. */
static bool load_text(struct store *store, struct arena *a, const char *from, const char *text, size_t len, int64_t now_ms,
                      struct buf *why)
{
	struct fixture_fault fault = { "", "" };
	if (fixture_load(store, a, text, len, now_ms, &fault))
		return true;
	if (from)
		buf_printf(why, "%s: ", from);
	buf_printf(why, "%s%s%s", fault.pointer, *fault.pointer ? ": " : "", fault.rule);
	return false;
}

/* The configured fixture, then the configured seed. */
static bool load_configured(struct store *store, struct arena *a, const struct mock_config *config, int64_t now_ms, struct buf *why)
{
	const char *from = config->fixture_path ? config->fixture_path : "the built-in world";
	const char *text = (const char *)default_fixture;
	size_t len = default_fixture_len;
	if (config->fixture_path && !read_file(a, config->fixture_path, &text, &len, why))
		return false;
	if (!load_text(store, a, from, text, len, now_ms, why))
		return false;
	if (config->seed == 0)
		return true;
	const uint64_t bits = (UINT64_C(1) << 53) - 1; /* what a number in JSON holds exactly */
	const char *seed = arena_printf(a, "{\"World\":{\"Seed\":%llu}}", (unsigned long long)(config->seed & bits));
	return load_text(store, a, from, seed, strlen(seed), now_ms, why);
}

/* ---- a world taken up --------------------------------------------------------------------------------------------------- */

static void take_conditions(struct sandbox *s)
{
	struct world world = { .service_available = true };
	store_world(s->store, &world);
	s->service_available = world.service_available;
	s->ip_rate = world.ip_rate;
	atomic_store(&s->id_base, rng_mix(world.seed, (uint64_t)s->epoch));
	registry_refresh(s->registry, s, s->store);
}

/* After opening and resetting: the world is committed, everything around it starts anew. */
static void take_up(struct sandbox *s, int64_t epoch)
{
	struct vclock clock;
	s->epoch = epoch;
	s->dialect = s->config->dialect;
	limiter_clear(&s->limiter);
	atomic_store(&s->ids_given, 0);
	store_get_clock(s->store, &clock, clock_wall_ms());
	pthread_mutex_lock(&s->clock_lock);
	s->clock = clock;
	pthread_mutex_unlock(&s->clock_lock);
	take_conditions(s);
}

/* Each opening has RequestIds of its own, so the next one counts on. */
static int64_t use_epoch(struct store *store)
{
	struct world world = { 0 };
	store_world(store, &world);
	store_next_epoch(store);
	return world.epoch;
}

static bool commit(struct store *store, struct buf *why)
{
	const char *failed = store_failed(store);
	char *said = failed ? xstrdup(failed) : NULL;
	bool done = store_commit(store);
	if (!done)
		buf_printf(why, "the world cannot be written: %s", said ? said : "the commit failed");
	free(said);
	return done;
}

/* Fills a world that is new or wiped, within a transaction that this begins and ends. */
static bool fill(struct store *store, const struct mock_config *config, bool wipe, int64_t *epoch, struct buf *why)
{
	struct arena *a = arena_new();
	store_begin(store);
	if (wipe)
		store_wipe(store);
	bool filled = load_configured(store, a, config, clock_wall_ms(), why);
	if (filled) {
		*epoch = use_epoch(store);
		filled = commit(store, why);
	} else {
		store_rollback(store);
	}
	arena_free(a);
	return filled;
}

static bool continue_world(struct store *store, int64_t *epoch, struct buf *why)
{
	store_begin(store);
	*epoch = use_epoch(store);
	return commit(store, why);
}

struct sandbox *sandbox_open(const char *name, const char *path, const struct mock_config *config, struct registry *registry,
                             struct buf *why)
{
	bool existed = path && access(path, F_OK) == 0;
	struct store *store = store_open(path, config->durability, why);
	if (!store)
		return NULL;
	int64_t epoch;
	bool ready = store_is_new(store) ? fill(store, config, false, &epoch, why) : continue_world(store, &epoch, why);
	if (!ready) {
		store_close(store);
		if (path && !existed)
			unlink(path);
		return NULL;
	}
	struct sandbox *s = xcalloc(1, sizeof *s);
	s->name = name;
	s->config = config;
	s->registry = registry;
	s->store = store;
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->clock_lock, NULL);
	take_up(s, epoch);
	return s;
}

void sandbox_close(struct sandbox *s)
{
	if (!s)
		return;
	store_close(s->store);
	pthread_mutex_destroy(&s->clock_lock);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- visits -------------------------------------------------------------------------------------------------------------- */

/* Read under the lock, so that time does not run back when requests overtake one another on their way here. */
int64_t sandbox_enter(struct sandbox *s)
{
	pthread_mutex_lock(&s->lock);
	return sandbox_now(s, clock_wall_ms());
}

void sandbox_leave(struct sandbox *s)
{
	pthread_mutex_unlock(&s->lock);
}

int64_t sandbox_now(struct sandbox *s, int64_t wall_ms)
{
	pthread_mutex_lock(&s->clock_lock);
	int64_t now = vclock_now(&s->clock, wall_ms);
	pthread_mutex_unlock(&s->clock_lock);
	return now;
}

void sandbox_request_id(struct sandbox *s, char out[UUID_TEXT + 1])
{
	uint64_t base = atomic_load(&s->id_base), number = atomic_fetch_add(&s->ids_given, 1);
	uuid_format(rng_mix(base, 2 * number), rng_mix(base, 2 * number + 1), out);
}

bool sandbox_settle(struct sandbox *s, struct arena *a, int64_t now_ms, void (*on_event)(void *data, const struct cbs_event *e),
                    void *data)
{
	if (store_next_due(s->store) > now_ms)
		return true;
	store_begin(s->store);
	cbs_settle(s->store, a, now_ms, on_event, data);
	return store_commit(s->store);
}

bool sandbox_set_clock(struct sandbox *s, const struct vclock *clock)
{
	store_begin(s->store);
	store_set_clock(s->store, clock);
	if (!store_commit(s->store))
		return false;
	pthread_mutex_lock(&s->clock_lock);
	s->clock = *clock;
	pthread_mutex_unlock(&s->clock_lock);
	return true;
}

bool sandbox_reset(struct sandbox *s, struct buf *why)
{
	int64_t epoch;
	if (!fill(s->store, s->config, true, &epoch, why))
		return false;
	take_up(s, epoch);
	return true;
}

bool sandbox_apply(struct sandbox *s, const char *fixture, size_t len, int64_t now_ms, struct buf *why)
{
	struct arena *a = arena_new();
	store_begin(s->store);
	bool applied = load_text(s->store, a, NULL, fixture, len, now_ms, why);
	if (applied)
		applied = commit(s->store, why);
	else
		store_rollback(s->store);
	if (applied)
		take_conditions(s);
	arena_free(a);
	return applied;
}
