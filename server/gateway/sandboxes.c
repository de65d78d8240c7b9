/* The list of sandboxes: sorted pointers under a lock that is held for a search. Whoever changes it does so alone, and makes worlds
 * before it takes that lock. */
#include "gateway/sandboxes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/checkpoints.h"
#include "gateway/history.h"
#include "gateway/fault.h"
#include "gateway/mock_internal.h"
#include "util/str.h"

void sandboxes_init(struct sandboxes *all)
{
	*all = (struct sandboxes){ .strays = true };
	pthread_mutex_init(&all->change, NULL);
	pthread_rwlock_init(&all->lock, NULL);
}

const struct mock_config *sandboxes_config(const struct mock *m)
{
	return m->config;
}

/* ---- the list ------------------------------------------------------------------------------------------------------------ */

/* Where the name is or would be. */
static size_t place_of(const struct sandboxes *all, const char *name, bool *there)
{
	size_t low = 0, high = all->count;
	*there = false;
	while (low < high && !*there) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, all->list[middle]->name);
		*there = order == 0;
		if (order == 0)
			low = middle;
		else if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Not held: for whoever may change the list. */
static struct sandbox *look_up(const struct sandboxes *all, const char *name)
{
	bool there;
	size_t at = place_of(all, name, &there);
	return there ? all->list[at] : NULL;
}

/* Puts it into the list, in place of one of the same name, which is returned. */
static struct sandbox *insert(struct sandboxes *all, struct sandbox *s)
{
	enum { FIRST = 16 };
	struct sandbox *replaced = NULL;
	bool there;
	pthread_rwlock_wrlock(&all->lock);
	size_t at = place_of(all, s->name, &there);
	if (there) {
		replaced = all->list[at];
	} else {
		if (all->count == all->room) {
			all->room = all->room ? 2 * all->room : FIRST;
			all->list = xrealloc(all->list, all->room * sizeof(struct sandbox *));
		}
		memmove(all->list + at + 1, all->list + at, (all->count - at) * sizeof(struct sandbox *));
		all->count++;
	}
	all->list[at] = s;
	pthread_rwlock_unlock(&all->lock);
	return replaced;
}

static void take_out(struct sandboxes *all, const struct sandbox *s)
{
	bool there;
	pthread_rwlock_wrlock(&all->lock);
	size_t at = place_of(all, s->name, &there);
	all->count--;
	memmove(all->list + at, all->list + at + 1, (all->count - at) * sizeof(struct sandbox *));
	pthread_rwlock_unlock(&all->lock);
}

struct sandbox *sandboxes_find(struct mock *m, const char *name)
{
	struct sandboxes *all = &m->sandboxes;
	pthread_rwlock_rdlock(&all->lock);
	struct sandbox *s = look_up(all, name);
	if (s)
		s = sandbox_expired(s, clock_wall_ms()) ? NULL : sandbox_hold(s);
	pthread_rwlock_unlock(&all->lock);
	return s;
}

size_t sandboxes_all(struct mock *m, struct arena *a, struct sandbox ***out)
{
	struct sandboxes *all = &m->sandboxes;
	int64_t wall_ms = clock_wall_ms();
	size_t count = 0;
	pthread_rwlock_rdlock(&all->lock);
	*out = arena_alloc(a, (all->count + 1) * sizeof **out);
	for (size_t i = 0; i < all->count; i++)
		if (!sandbox_expired(all->list[i], wall_ms))
			(*out)[count++] = sandbox_hold(all->list[i]);
	pthread_rwlock_unlock(&all->lock);
	return count;
}

void sandboxes_release(struct sandbox **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sandbox_release(list[i]);
}

void sandboxes_follow(struct mock *m, const struct mock_config *config)
{
	struct arena *a = arena_new();
	struct sandbox **list;
	size_t count = sandboxes_all(m, a, &list);
	for (size_t i = 0; i < count; i++) {
		sandbox_enter(list[i]);
		settings_follow(&list[i]->initial, config);
		settings_follow(&list[i]->settings, config);
		history_keep(list[i]);
		sandbox_leave(list[i]);
	}
	sandboxes_release(list, count);
	arena_free(a);
}

/* ---- going --------------------------------------------------------------------------------------------------------------- */

/* The caller may change the list. */
static void discard(struct mock *m, struct sandbox *s)
{
	registry_begin(&m->registry);
	registry_drop(&m->registry, s);
	registry_end(&m->registry);
	take_out(&m->sandboxes, s);
	sandbox_unlink(s);
	sandbox_release(s);
}

static void sweep(struct mock *m, int64_t wall_ms)
{
	for (size_t i = m->sandboxes.count; i-- > 0;)
		if (sandbox_expired(m->sandboxes.list[i], wall_ms))
			discard(m, m->sandboxes.list[i]);
}

void sandboxes_sweep(struct mock *m, int64_t wall_ms)
{
	pthread_mutex_lock(&m->sandboxes.change);
	sweep(m, wall_ms);
	pthread_mutex_unlock(&m->sandboxes.change);
}

enum sandbox_outcome sandboxes_delete(struct mock *m, const char *name)
{
	enum sandbox_outcome outcome = SANDBOX_DONE;
	pthread_mutex_lock(&m->sandboxes.change);
	sweep(m, clock_wall_ms());
	struct sandbox *s = look_up(&m->sandboxes, name);
	if (!s)
		outcome = SANDBOX_UNKNOWN;
	else if (s->permanent)
		outcome = SANDBOX_PERMANENT;
	else
		discard(m, s);
	pthread_mutex_unlock(&m->sandboxes.change);
	return outcome;
}

/* ---- coming -------------------------------------------------------------------------------------------------------------- */

/* A copy of the sandbox, or of a checkpoint of it: its image, and its settings. */
static bool copy_of(struct sandbox *source, const char *checkpoint, struct origin *o, struct settings *settings, struct buf *why)
{
	sandbox_enter(source);
	o->image = checkpoint ? checkpoint_get(source, checkpoint, why) : image_of(source->store, why);
	*settings = source->settings;
	sandbox_leave(source);
	o->copy = true;
	return o->image != NULL;
}

/* Finds what the plan names as its template. */
static bool find_template(struct mock *m, struct sandbox_plan *plan, struct buf *why)
{
	struct origin *o = &plan->origin;
	struct settings settings;
	if (!*o->template)
		snprintf(o->template, sizeof o->template, "%s", preset_names[PRESET_DEFAULT]);
	if (!o->copy && preset_find(o->template) >= 0)
		return true;
	char name[TEMPLATE_SIZE];
	snprintf(name, sizeof name, "%s", o->template);
	char *checkpoint = strchr(name, '/');
	if (checkpoint)
		*checkpoint++ = '\0';
	struct sandbox *source = look_up(&m->sandboxes, name);
	if (!source) {
		buf_printf(why, "there is no template %s: it may be default, empty, quota, a sandbox or SANDBOX/CHECKPOINT", o->template);
		return false;
	}
	if (!copy_of(source, checkpoint, o, &settings, why))
		return false;
	if (!plan->configured)
		plan->settings = settings;
	plan->configured = true;
	return true;
}

/* A copy of a sandbox has its fault rules, as far as they have come; one of a checkpoint has none. */
static void copy_faults(struct mock *m, const struct sandbox_plan *plan, struct sandbox *s)
{
	struct sandbox *source = plan->origin.copy ? look_up(&m->sandboxes, plan->origin.template) : NULL;
	if (!source)
		return;
	faults_free(s->faults);
	s->faults = faults_copy(source->faults);
}

/* The caller may change the list. Whatever happens, the plan's image is given away. */
static enum sandbox_outcome create(struct mock *m, struct sandbox_plan *plan, struct sandbox **out, struct buf *why)
{
	struct sandbox *old = look_up(&m->sandboxes, plan->name);
	if (old && old->permanent) {
		buf_adds(why, "the sandbox \"default\" is there as long as the server; reset it, or give the new one another name");
		return SANDBOX_PERMANENT;
	}
	if (!old && m->sandboxes.count > (size_t)m->config->max_sandboxes) {
		buf_printf(why, "there are %d sandboxes, which is as many as --max-sandboxes allows", m->config->max_sandboxes);
		return SANDBOX_FULL;
	}
	if (!find_template(m, plan, why))
		return SANDBOX_TEMPLATE;
	registry_begin(&m->registry);
	bool clash = registry_clash(&m->registry, old, plan->keys, plan->key_count, why);
	struct sandbox *s = clash ? NULL : sandbox_make(m, plan, old, why);
	if (s) {
		copy_faults(m, plan, s);
		registry_take(&m->registry, s, s->store);
		insert(&m->sandboxes, s);
		if (old)
			registry_drop(&m->registry, old);
		*out = sandbox_hold(s);
	} else if (clash) {
		image_release(plan->origin.image);
	}
	registry_end(&m->registry);
	if (s)
		sandbox_release(old);
	return clash ? SANDBOX_CLASH : !s ? SANDBOX_FAILED : old ? SANDBOX_REPLACED : SANDBOX_DONE;
}

enum sandbox_outcome sandboxes_create(struct mock *m, struct sandbox_plan *plan, struct sandbox **out, struct buf *why)
{
	pthread_mutex_lock(&m->sandboxes.change);
	sweep(m, clock_wall_ms());
	enum sandbox_outcome outcome = create(m, plan, out, why);
	pthread_mutex_unlock(&m->sandboxes.change);
	return outcome;
}

bool sandboxes_first_use_key(struct mock *m, const char *secret_id, struct credential *key)
{
	const struct mock_config *config = m->config;
	if (!config->first_use || !sandbox_name_fits(secret_id) || !str_glob(config->first_use, secret_id))
		return false;
	*key = (struct credential){
		.secret_id = secret_id, .secret_key = config->secret_key, .token = "", .status = "ENABLED", .kind = "API", .mfa = "",
	};
	return true;
}

struct sandbox *sandboxes_first_use(struct mock *m, const char *secret_id)
{
	const struct mock_config *config = m->config;
	struct credential key;
	if (!sandboxes_first_use_key(m, secret_id, &key))
		return NULL;
	struct sandbox_plan plan = { .name = secret_id, .keys = &key, .key_count = 1 };
	struct sandbox *s = NULL;
	struct buf why;
	snprintf(plan.origin.template, sizeof plan.origin.template, "%s", config->first_use_template);
	buf_init(&why, 1024);
	pthread_mutex_lock(&m->sandboxes.change);
	sweep(m, clock_wall_ms());
	struct sandbox *there = look_up(&m->sandboxes, secret_id); /* another request was first */
	if (there)
		s = sandbox_hold(there);
	else
		create(m, &plan, &s, &why);
	pthread_mutex_unlock(&m->sandboxes.change);
	buf_finish(&why);
	return s;
}

/* ---- the start and the end ----------------------------------------------------------------------------------------------- */

static bool file_exists(const struct mock *m, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s.db", m->config->data_dir, name);
	return access(path, F_OK) == 0;
}

static bool take_up(struct mock *m, struct sandbox *s, struct buf *why)
{
	struct arena *a = arena_new();
	struct credential *list = NULL;
	registry_begin(&m->registry);
	size_t count = store_credentials(s->store, a, &list);
	bool clash = registry_clash(&m->registry, s, list, count, why);
	if (clash)
		buf_printf(why, "; it is in %s/%s.db too", m->config->data_dir, s->name);
	else
		registry_take(&m->registry, s, s->store);
	registry_end(&m->registry);
	arena_free(a);
	if (!clash)
		insert(&m->sandboxes, s);
	return !clash;
}

/* One whose time is over goes instead. */
static bool take_file(struct mock *m, const char *name, struct buf *why)
{
	struct sandbox *s = sandbox_reopen(m, name, why);
	if (!s)
		return false;
	bool over = sandbox_expired(s, clock_wall_ms());
	if (!over && take_up(m, s, why))
		return true;
	if (over)
		sandbox_unlink(s);
	sandbox_release(s);
	return over;
}

/* The name in "NAME.db"; false for other files. */
static bool world_name(const char *file, char name[SANDBOX_NAME_MAX + 1])
{
	size_t len = strlen(file);
	if (!str_suffix(file, ".db") || len - 3 > SANDBOX_NAME_MAX)
		return false;
	snprintf(name, SANDBOX_NAME_MAX + 1, "%.*s", (int)(len - 3), file);
	return sandbox_name_fits(name) && !str_is(name, DEFAULT_SANDBOX);
}

static bool is_ours(const char *path)
{
	return str_suffix(path, ".db") || str_suffix(path, ".origin") || str_suffix(path, ".checkpoint");
}

/* What SQLite kept beside a world that was being deleted when its server was ended: the world itself has gone. */
static bool drop_remains(struct mock *m, const char *file, struct buf *why)
{
	(void)why;
	char path[4096], remains[4096];
	size_t len = strlen(file);
	if (!str_suffix(file, ".db-wal") && !str_suffix(file, ".db-shm"))
		return true;
	if (snprintf(remains, sizeof remains, "%s/%s", m->config->data_dir, file) >= (int)sizeof remains)
		return true;
	snprintf(path, sizeof path, "%s/%.*s", m->config->data_dir, (int)(len - strlen("-wal")), file);
	if (access(path, F_OK) != 0)
		unlink(remains);
	return true;
}

/* A file that was being written when its writer was ended: when it is whole and nothing stands in its place, it was about to be put there;
 * else nobody needs it. */
static bool finish_file(struct mock *m, const char *file, struct buf *why)
{
	char path[4096], fresh[4096];
	struct buf damage;
	size_t len = strlen(file);
	if (!str_suffix(file, "-new") || snprintf(fresh, sizeof fresh, "%s/%s", m->config->data_dir, file) >= (int)sizeof fresh)
		return true;
	snprintf(path, sizeof path, "%s/%.*s", m->config->data_dir, (int)(len - strlen("-new")), file);
	if (!is_ours(path))
		return true;
	buf_init(&damage, sizeof fresh + 256);
	struct world_image *whole = access(path, F_OK) != 0 ? image_read(fresh, &damage) : NULL;
	bool done = !whole || image_place(path, m->config->durability, why);
	if (!whole)
		image_drop(path);
	image_release(whole);
	buf_finish(&damage);
	return done;
}

/* Calls fn with each name in the data directory until it answers false. */
static bool each_file(struct mock *m, bool (*fn)(struct mock *m, const char *file, struct buf *why), struct buf *why)
{
	DIR *dir = opendir(m->config->data_dir);
	bool fine = dir != NULL;
	for (struct dirent *e; fine && (e = readdir(dir)) != NULL;)
		fine = fn(m, e->d_name, why);
	if (dir)
		closedir(dir);
	else
		buf_printf(why, "%s: cannot be read", m->config->data_dir);
	return fine;
}

static bool take_world(struct mock *m, const char *file, struct buf *why)
{
	char name[SANDBOX_NAME_MAX + 1];
	return !world_name(file, name) || take_file(m, name, why);
}

/* After all worlds. */
static bool take_checkpoint(struct mock *m, const char *file, struct buf *why)
{
	(void)why;
	char name[SANDBOX_NAME_MAX + 1];
	if (!checkpoint_owner(file, name))
		return true;
	struct sandbox *s = look_up(&m->sandboxes, name);
	if (s)
		checkpoint_take_file(s, file);
	else
		m->sandboxes.strays = true;
	return true;
}

static bool take_checkpoints(struct mock *m, struct buf *why)
{
	m->sandboxes.strays = false;
	return each_file(m, take_checkpoint, why);
}

static bool take_directory(struct mock *m, struct buf *why)
{
	return each_file(m, finish_file, why) && each_file(m, drop_remains, why) && each_file(m, take_world, why) &&
	       take_checkpoints(m, why);
}

bool sandboxes_open(struct mock *m, struct buf *why)
{
	struct sandbox_plan plan = { .name = DEFAULT_SANDBOX };
	bool continues = m->config->data_dir && file_exists(m, DEFAULT_SANDBOX);
	snprintf(plan.origin.template, sizeof plan.origin.template, "%s", preset_names[PRESET_DEFAULT]);
	m->sandbox = continues ? sandbox_reopen(m, DEFAULT_SANDBOX, why) : sandbox_make(m, &plan, NULL, why);
	if (!m->sandbox || !take_up(m, m->sandbox, why))
		return false;
	return !m->config->data_dir || take_directory(m, why);
}

void sandboxes_finish(struct mock *m)
{
	struct sandboxes *all = &m->sandboxes;
	registry_begin(&m->registry);
	for (size_t i = 0; i < all->count; i++)
		registry_drop(&m->registry, all->list[i]);
	registry_end(&m->registry);
	for (size_t i = 0; i < all->count; i++)
		sandbox_release(all->list[i]);
	sandbox_close(m->sandbox);
	free(all->list);
	pthread_rwlock_destroy(&all->lock);
	pthread_mutex_destroy(&all->change);
}
