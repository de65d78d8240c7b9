/* The whole: a configuration, the keys, the sandboxes; and what may be done to one of them by its name. */
#include "gateway/mock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/control.h"
#include "gateway/fault.h"
#include "gateway/journal.h"
#include "gateway/mock_internal.h"
#include "store/seal.h"

enum { MAINTAIN_MS = 1000, MAINTAIN_FILES_MS = 100, JOURNAL_ENTRIES = 10000, JOURNAL_BYTES = 64 * 1024 * 1024 };

void mock_config_default(struct mock_config *config)
{
	*config = (struct mock_config){
		.durability = DURABLE_OS, .signature = SIGNATURE_LOCAL, .dialect = DIALECT_CLASSIC, .finance = FINANCE_NAMED,
		.rate_factor = 1, .secret_key = "test", .first_use_template = "default", .max_sandboxes = 1000,
		.journal_entries = JOURNAL_ENTRIES, .journal_bytes = JOURNAL_BYTES,
	};
	for (int i = 0; i < N_TRANSITIONS; i++)
		config->transitions[i] = (struct transition_rule){ .progression = PROGRESS_TIME, .ms = transition_default_ms[i] };
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

/* With a data directory: what seals the secrets in its files. */
static bool open_seal(struct mock *m, const char *dir, struct buf *why)
{
	char path[4096];
	if (snprintf(path, sizeof path, "%s/seal.key", dir) < (int)sizeof path)
		m->seal = seal_open(path, why);
	else
		buf_printf(why, "%s: is too long a name", dir);
	m->presets.seal = m->seal;
	return m->seal != NULL;
}

struct mock *mock_open(const struct mock_config *config, struct buf *why)
{
	struct mock *m = xcalloc(1, sizeof *m);
	const char *dir = config->data_dir;
	bool made = false;
	m->configs = arena_new();
	m->metrics = metrics_new();
	mock_adopt(m, config);
	presets_init(&m->presets, m->config);
	registry_init(&m->registry);
	m->faults = faults_new();
	sandboxes_init(&m->sandboxes);
	if ((!dir || (use_directory(dir, &made, why) && open_seal(m, dir, why))) && sandboxes_open(m, why))
		return m;
	seal_undo(m->seal);
	mock_close(m);
	if (made)
		rmdir(dir);
	return NULL;
}

void mock_close(struct mock *m)
{
	if (!m)
		return;
	sandboxes_finish(m);
	faults_free(m->faults);
	registry_finish(&m->registry);
	presets_finish(&m->presets);
	seal_close(m->seal);
	metrics_free(m->metrics);
	arena_free(m->configs);
	free(m);
}

size_t mock_files(const struct mock *m)
{
	const struct mock_config *config = m->config;
	return config->data_dir ? ((size_t)config->max_sandboxes + 1) * STORE_FILES : 0;
}

int64_t mock_maintain(struct mock *m)
{
	sandboxes_sweep(m, clock_wall_ms());
	if (m->config->data_dir) {
		struct arena *a = arena_new();
		struct sandbox **all;
		size_t count = sandboxes_all(m, a, &all);
		for (size_t i = 0; i < count; i++)
			store_checkpoint(all[i]->store);
		sandboxes_release(all, count);
		arena_free(a);
	}
	return m->config->data_dir ? MAINTAIN_FILES_MS : MAINTAIN_MS;
}

struct faults *mock_faults(struct mock *m)
{
	return m->faults;
}

/* ---- by name ---------------------------------------------------------------------------------------------------------------- */

bool mock_has_sandbox(struct mock *m, const char *sandbox)
{
	struct sandbox *s = sandboxes_find(m, sandbox);
	sandbox_release(s);
	return s != NULL;
}

struct journal *mock_journal(struct mock *m, const char *sandbox)
{
	struct sandbox *s = sandboxes_find(m, sandbox);
	struct journal *j = s ? journal_hold(s->journal) : NULL;
	sandbox_release(s);
	return j;
}

/* NULL with a sentence when there is none. */
static struct sandbox *find(struct mock *m, const char *name, struct buf *why)
{
	struct sandbox *s = sandboxes_find(m, name);
	if (!s)
		buf_printf(why, "there is no sandbox %s", name);
	return s;
}

bool mock_reset(struct mock *m, const char *sandbox, struct buf *why)
{
	struct sandbox *s = find(m, sandbox, why);
	bool done = s && control_reset(s, 0, why);
	sandbox_release(s);
	return done;
}

bool mock_apply(struct mock *m, const char *sandbox, const char *fixture, size_t len, struct buf *why)
{
	struct sandbox *s = find(m, sandbox, why);
	bool done = s && control_apply(s, fixture, len, why);
	sandbox_release(s);
	return done;
}

bool mock_set_dialect(struct mock *m, const char *sandbox, enum dialect dialect)
{
	struct sandbox *s = sandboxes_find(m, sandbox);
	struct settings settings;
	if (!s)
		return false;
	control_settings(s, &settings);
	settings.dialect = dialect;
	bool done = control_set_settings(s, &settings);
	sandbox_release(s);
	return done;
}

bool mock_clock(struct mock *m, const char *sandbox, enum clock_change change, int64_t value, struct vclock *clock, int64_t *now_ms,
                void (*on_event)(void *data, const struct cbs_event *e), void *data)
{
	struct sandbox *s = sandboxes_find(m, sandbox);
	struct clock_state state;
	if (!s)
		return false;
	bool done = control_clock(s, change, value, &state, &(struct listener){ on_event, data });
	*clock = state.clock;
	*now_ms = state.now_ms;
	sandbox_release(s);
	return done;
}

bool mock_finish_transition(struct mock *m, const char *sandbox, const char *resource_id,
                            void (*on_event)(void *data, const struct cbs_event *e), void *data)
{
	struct sandbox *s = sandboxes_find(m, sandbox);
	bool done = s && control_finish(s, resource_id, &(struct listener){ on_event, data });
	sandbox_release(s);
	return done;
}
