/* A sandbox's life, its visits, and the few things that are true of it while requests come and go. Its worlds are made in worlds.c. */
#include "gateway/sandbox_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/about.h"
#include "gateway/checkpoints.h"
#include "gateway/fault.h"
#include "gateway/history.h"
#include "gateway/recording.h"
#include "gateway/journal.h"
#include "gateway/mock_internal.h"
#include "util/str.h"

enum { ABOUT_MAX = 64 * 1024 };

/* ---- names and files ------------------------------------------------------------------------------------------------------ */

bool sandbox_name_fits(const char *name)
{
	size_t len = 0;
	for (; name[len]; len++)
		if (len >= SANDBOX_NAME_MAX || !(isalnum((unsigned char)name[len]) || name[len] == '-' || name[len] == '_'))
			return false;
	return len > 0;
}

char *sandbox_path(const struct sandbox *s, const char *suffix)
{
	const char *dir = s->mock->config->data_dir;
	if (!dir)
		return NULL;
	size_t size = strlen(dir) + 1 + strlen(s->name) + strlen(suffix) + 1;
	char *path = xmalloc(size);
	snprintf(path, size, "%s/%s%s", dir, s->name, suffix);
	return path;
}

void sandbox_unlink(struct sandbox *s)
{
	char *origin = sandbox_path(s, ".origin");
	if (!origin)
		return;
	store_unlink(s->store);
	unlink(origin);
	free(origin);
	checkpoints_unlink(s);
}

/* ---- a world taken up --------------------------------------------------------------------------------------------------- */

void sandbox_take_conditions(struct sandbox *s)
{
	struct world world = { .service_available = true };
	store_world(s->store, &world);
	s->service_available = world.service_available;
	s->ip_rate = world.ip_rate;
	atomic_store(&s->id_base, rng_mix(world.seed, (uint64_t)s->epoch));
}

void sandbox_use_settings(struct sandbox *s, const struct settings *settings)
{
	s->settings = *settings;
	s->settings_changes++;
	atomic_store(&s->signs_by_clock, settings->signature_clock == SIGNATURE_CLOCK_SANDBOX);
	history_keep(s);
}

static void use_clock(struct sandbox *s, const struct vclock *clock)
{
	pthread_mutex_lock(&s->clock_lock);
	s->clock = *clock;
	pthread_mutex_unlock(&s->clock_lock);
}

void sandbox_take_up(struct sandbox *s, int64_t epoch, uint64_t ids_given)
{
	struct vclock clock;
	s->worlds++;
	s->epoch = epoch;
	limiter_clear(&s->limiter);
	lag_clear(&s->lag);
	atomic_store(&s->ids_given, ids_given);
	store_get_clock(s->store, &clock, clock_wall_ms());
	use_clock(s, &clock);
	sandbox_take_conditions(s);
}

void sandbox_begin(struct sandbox *s, int64_t epoch)
{
	sandbox_take_up(s, epoch, 0);
	history_keep(s);
}

int64_t world_use_epoch(struct store *store)
{
	struct world world = { 0 };
	store_world(store, &world);
	store_next_epoch(store);
	return world.epoch;
}

bool world_commit(struct store *store, struct buf *why)
{
	const char *failed = store_failed(store);
	char *said = failed ? xstrdup(failed) : NULL;
	bool done = store_commit(store);
	if (!done)
		buf_printf(why, "the world cannot be written: %s", said ? said : "the commit failed");
	free(said);
	return done;
}

/* Only a file is read again by another process, and "default" follows the settings of each start. */
void sandbox_note_about(const struct sandbox *s, struct store *store)
{
	struct buf text;
	if (s->permanent || !s->mock->config->data_dir)
		return;
	buf_init(&text, ABOUT_MAX);
	about_write(s, &text);
	store_set_about(store, text.data);
	buf_finish(&text);
}

/* ---- birth and end -------------------------------------------------------------------------------------------------------- */

struct sandbox *sandbox_new(struct mock *m, const char *name)
{
	struct sandbox *s = xcalloc(1, sizeof *s);
	snprintf(s->name, sizeof s->name, "%s", name);
	snprintf(s->origin.template, sizeof s->origin.template, "%s", preset_names[PRESET_DEFAULT]);
	s->mock = m;
	s->permanent = str_is(name, DEFAULT_SANDBOX);
	s->created_ms = clock_wall_ms();
	settings_init(&s->initial, m->config);
	settings_init(&s->settings, m->config);
	s->faults = faults_new();
	atomic_init(&s->holders, 1);
	turns_init(&s->turns);
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->clock_lock, NULL);
	s->journal = journal_new((size_t)m->config->journal_entries, (size_t)m->config->journal_bytes);
	return s;
}

void sandbox_close(struct sandbox *s)
{
	if (!s)
		return;
	lag_clear(&s->lag);
	faults_free(s->faults);
	store_close(s->store);
	checkpoints_free(s->checkpoints);
	journal_free(s->journal);
	image_release(s->origin.image);
	recording_free(s->recording);
	pthread_mutex_destroy(&s->clock_lock);
	pthread_mutex_destroy(&s->lock);
	turns_finish(&s->turns);
	free(s);
}

struct sandbox *sandbox_hold(struct sandbox *s)
{
	if (!s->permanent)
		atomic_fetch_add(&s->holders, 1);
	return s;
}

void sandbox_release(struct sandbox *s)
{
	if (s && !s->permanent && atomic_fetch_sub(&s->holders, 1) == 1)
		sandbox_close(s);
}

bool sandbox_expired(const struct sandbox *s, int64_t wall_ms)
{
	int64_t expires = atomic_load(&s->expires_ms);
	return expires != 0 && wall_ms >= expires;
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

struct vclock sandbox_clock(struct sandbox *s)
{
	pthread_mutex_lock(&s->clock_lock);
	struct vclock clock = s->clock;
	pthread_mutex_unlock(&s->clock_lock);
	return clock;
}

void sandbox_request_id(struct sandbox *s, char out[UUID_TEXT + 1])
{
	uint64_t base = atomic_load(&s->id_base), number = atomic_fetch_add(&s->ids_given, 1);
	uuid_format(rng_mix(base, 2 * number), rng_mix(base, 2 * number + 1), out);
}

struct passing sandbox_passing(const struct sandbox *s)
{
	return (struct passing){ .transitions = s->settings.transitions, .most = CLOCK_TICKS_MAX };
}

bool sandbox_settle(struct sandbox *s, struct arena *a, int64_t now_ms, void (*on_event)(void *data, const struct cbs_event *e),
                    void *data)
{
	if (store_next_due(s->store) > now_ms)
		return true;
	store_begin(s->store);
	struct passing how = sandbox_passing(s);
	how.on_event = on_event;
	how.data = data;
	cbs_settle(s->store, a, now_ms, &how);
	history_because(s, REVISION_TIME, NULL, now_ms);
	return store_commit(s->store);
}

/* ---- changes from inside ---------------------------------------------------------------------------------------------------- */

bool sandbox_commit_time(struct sandbox *s, const struct vclock *clock)
{
	store_set_clock(s->store, clock);
	if (!store_commit(s->store))
		return false;
	use_clock(s, clock);
	return true;
}

bool sandbox_set_clock(struct sandbox *s, const struct vclock *clock)
{
	store_begin(s->store);
	history_because(s, REVISION_CLOCK, NULL, vclock_now(clock, clock_wall_ms()));
	return sandbox_commit_time(s, clock);
}

bool sandbox_set_seed(struct sandbox *s, uint64_t seed)
{
	store_begin(s->store);
	store_set_seed(s->store, seed);
	int64_t epoch = world_use_epoch(s->store);
	history_because(s, REVISION_SEED, NULL, sandbox_now(s, clock_wall_ms()));
	if (!store_commit(s->store))
		return false;
	s->epoch = epoch;
	sandbox_take_conditions(s);
	atomic_store(&s->ids_given, 0);
	s->worlds++;
	return true;
}

static bool keep_about(struct sandbox *s)
{
	store_begin(s->store);
	sandbox_note_about(s, s->store);
	return store_commit(s->store);
}

bool sandbox_set_settings(struct sandbox *s, const struct settings *settings)
{
	struct settings before = s->settings;
	sandbox_use_settings(s, settings);
	if (keep_about(s))
		return true;
	sandbox_use_settings(s, &before);
	return false;
}

bool sandbox_set_ttl(struct sandbox *s, int64_t ttl_ms)
{
	int64_t before = atomic_load(&s->expires_ms);
	atomic_store(&s->expires_ms, ttl_ms ? clock_wall_ms() + ttl_ms : 0);
	if (keep_about(s))
		return true;
	atomic_store(&s->expires_ms, before);
	return false;
}
