/* The whole: a configuration, the keys, the sandbox; and what the admin API may do to it. */
#include "gateway/mock.h"

#include <errno.h>
#include <string.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/mock_internal.h"
#include "util/str.h"

enum {
	MAINTAIN_FILE_MS = 1000,
	MAINTAIN_MEMORY_MS = 60 * 60 * 1000, /* there is nothing to do */
};

void mock_config_default(struct mock_config *config)
{
	*config = (struct mock_config){
		.durability = DURABLE_OS, .signature = SIGNATURE_LOCAL, .dialect = DIALECT_CLASSIC, .finance = FINANCE_NAMED,
		.rate_factor = 1,
	};
	for (int i = 0; i < N_TRANSITIONS; i++)
		config->transitions[i] = (struct transition_rule){ PROGRESS_TIME, transition_default_ms[i] };
}

/* ---- opening and closing ------------------------------------------------------------------------------------------------- */

/* The data directory: there, or made now (*made) and the user's own, since keys are kept in it; writable. */
static bool use_directory(const char *dir, bool *made, struct buf *why)
{
	struct stat info;
	*made = mkdir(dir, 0700) == 0;
	if (!*made && errno != EEXIST) {
		buf_printf(why, "%s: cannot be made: %s", dir, strerror(errno));
		return false;
	}
	if (stat(dir, &info) != 0 || !S_ISDIR(info.st_mode)) {
		buf_printf(why, "%s: is not a directory", dir);
		return false;
	}
	if (access(dir, W_OK | X_OK) != 0) {
		buf_printf(why, "%s: cannot be written: %s", dir, strerror(errno));
		return false;
	}
	return true;
}

static struct sandbox *open_default(struct mock *m, struct buf *why)
{
	static const char name[] = "default";
	const char *dir = m->config.data_dir;
	bool made = false;
	if (!dir)
		return sandbox_open(name, NULL, &m->config, &m->registry, why);
	if (!use_directory(dir, &made, why))
		return NULL;
	size_t size = strlen(dir) + sizeof "/.db" + sizeof name;
	char *path = xmalloc(size);
	snprintf(path, size, "%s/%s.db", dir, name);
	struct sandbox *s = sandbox_open(name, path, &m->config, &m->registry, why);
	if (!s && made)
		rmdir(dir);
	free(path);
	return s;
}

struct mock *mock_open(const struct mock_config *config, struct buf *why)
{
	struct mock *m = xcalloc(1, sizeof *m);
	m->config = *config;
	registry_init(&m->registry);
	m->sandbox = open_default(m, why);
	if (m->sandbox)
		return m;
	mock_close(m);
	return NULL;
}

void mock_close(struct mock *m)
{
	if (!m)
		return;
	sandbox_close(m->sandbox);
	registry_finish(&m->registry);
	free(m);
}

int64_t mock_maintain(struct mock *m)
{
	if (!m->config.data_dir)
		return MAINTAIN_MEMORY_MS;
	store_checkpoint(m->sandbox->store);
	return MAINTAIN_FILE_MS;
}

/* ---- for the admin API ---------------------------------------------------------------------------------------------------- */

static struct sandbox *find(struct mock *m, const char *name)
{
	return str_is(m->sandbox->name, name) ? m->sandbox : NULL;
}

static bool no_sandbox(const char *name, struct buf *why)
{
	buf_printf(why, "there is no sandbox %s", name);
	return false;
}

bool mock_has_sandbox(struct mock *m, const char *sandbox)
{
	return find(m, sandbox) != NULL;
}

bool mock_reset(struct mock *m, const char *sandbox, struct buf *why)
{
	struct sandbox *s = find(m, sandbox);
	if (!s)
		return no_sandbox(sandbox, why);
	sandbox_enter(s);
	bool done = sandbox_reset(s, why);
	sandbox_leave(s);
	return done;
}

bool mock_apply(struct mock *m, const char *sandbox, const char *fixture, size_t len, struct buf *why)
{
	struct sandbox *s = find(m, sandbox);
	if (!s)
		return no_sandbox(sandbox, why);
	int64_t now_ms = sandbox_enter(s);
	bool done = sandbox_apply(s, fixture, len, now_ms, why);
	sandbox_leave(s);
	return done;
}

bool mock_set_dialect(struct mock *m, const char *sandbox, enum dialect dialect)
{
	struct sandbox *s = find(m, sandbox);
	if (!s)
		return false;
	sandbox_enter(s);
	s->dialect = dialect;
	sandbox_leave(s);
	return true;
}

/* ---- time ------------------------------------------------------------------------------------------------------------------ */

/* Hands events of the domain on in the shape the admin API asked for. */
struct listener {
	void (*on_event)(void *data, const char *resource, const char *from, const char *to, int64_t at_ms);
	void *data;
};

static void tell(void *data, const struct cbs_event *e)
{
	const struct listener *listener = data;
	if (listener->on_event)
		listener->on_event(listener->data, e->resource, e->from, e->to, e->at_ms);
}

static void change_clock(struct vclock *clock, enum clock_change change, int64_t value, int64_t wall_ms)
{
	switch (change) {
	case CLOCK_READ:
		break;
	case CLOCK_FREEZE:
		vclock_freeze(clock, wall_ms);
		break;
	case CLOCK_RESUME:
		vclock_resume(clock, wall_ms);
		break;
	case CLOCK_SET:
		vclock_set(clock, wall_ms, value);
		break;
	case CLOCK_ADVANCE:
		vclock_advance(clock, wall_ms, value);
		break;
	case CLOCK_SCALE:
		vclock_scale(clock, wall_ms, value);
		break;
	case CLOCK_REAL:
		vclock_init(clock, wall_ms);
		break;
	}
}

bool mock_clock(struct mock *m, const char *sandbox, enum clock_change change, int64_t value, struct vclock *clock, int64_t *now_ms,
                void (*on_event)(void *data, const char *resource, const char *from, const char *to, int64_t at_ms), void *data)
{
	struct sandbox *s = find(m, sandbox);
	if (!s)
		return false;
	struct listener listener = { on_event, data };
	struct arena *a = arena_new();
	sandbox_enter(s);
	int64_t wall_ms = clock_wall_ms();
	struct vclock next = s->clock;
	change_clock(&next, change, value, wall_ms);
	*now_ms = vclock_now(&next, wall_ms);
	bool done = change == CLOCK_READ || (sandbox_set_clock(s, &next) && sandbox_settle(s, a, *now_ms, tell, &listener));
	*clock = s->clock;
	sandbox_leave(s);
	arena_free(a);
	return done;
}

bool mock_finish_transition(struct mock *m, const char *sandbox, const char *resource_id,
                            void (*on_event)(void *data, const char *resource, const char *from, const char *to, int64_t at_ms),
                            void *data)
{
	struct sandbox *s = find(m, sandbox);
	if (!s)
		return false;
	struct listener listener = { on_event, data };
	struct arena *a = arena_new();
	int64_t now_ms = sandbox_enter(s);
	bool done = sandbox_settle(s, a, now_ms, tell, &listener);
	if (done) {
		store_begin(s->store);
		done = cbs_finish(s->store, a, resource_id, now_ms, tell, &listener);
		if (done)
			done = store_commit(s->store);
		else
			store_rollback(s->store);
	}
	sandbox_leave(s);
	arena_free(a);
	return done;
}
