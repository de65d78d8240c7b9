/* The worlds of a sandbox: made new, found in a file, changed by a fixture, and put in place of one another. A world that is to come is
 * finished beside the sandbox first, so that what fails changes nothing. */
#include "gateway/sandbox_internal.h"

#include <stdlib.h>
#include <unistd.h>

#include "gateway/about.h"
#include "gateway/checkpoints.h"
#include "gateway/history.h"
#include "gateway/mock_internal.h"
#include "util/str.h"

/* ---- building worlds ------------------------------------------------------------------------------------------------------- */

/* Permanent keys. They open the first account unless they name one. */
static bool set_keys(const struct sandbox *s, struct store *store, const struct credential *keys, size_t count, struct buf *why)
{
	struct arena *a = arena_new();
	struct credential *own = arena_alloc(a, count * sizeof *own);
	struct account account;
	int64_t first = store_first_account(store);
	bool known = true;
	for (size_t i = 0; i < count && known; i++) {
		own[i] = (struct credential){
			.secret_id = keys[i].secret_id, .secret_key = keys[i].secret_key ? keys[i].secret_key : s->mock->config->secret_key,
			.token = "", .status = "ENABLED", .kind = "API", .mfa = "NONE",
			.account = keys[i].account ? keys[i].account : first, .sub_uin = keys[i].sub_uin, .own = true,
		};
		known = store_account(store, a, own[i].account, &account);
		if (!known)
			buf_printf(why, "the template has no account %lld for the key %s", (long long)own[i].account, own[i].secret_id);
	}
	store_set_credentials(store, own, count);
	arena_free(a);
	return known;
}

/* The last touch to a world that nobody uses yet. */
static bool finish_world(struct sandbox *s, struct store *store, int64_t *epoch, struct buf *why)
{
	store_begin(store);
	sandbox_note_about(s, store);
	*epoch = world_use_epoch(store);
	return world_commit(store, why);
}

static struct store *build(struct sandbox *s, const struct sandbox_plan *plan, int64_t *epoch, struct buf *why)
{
	bool draft = s->mock->config->data_dir != NULL;
	struct store *store = origin_build(&s->origin, s->origin.image, &s->mock->presets, s->created_ms, NULL, draft, why);
	if (!store)
		return NULL;
	bool done = true;
	if (plan->key_count > 0) {
		store_begin(store);
		done = set_keys(s, store, plan->keys, plan->key_count, why);
		if (done)
			done = world_commit(store, why);
	}
	if (done && finish_world(s, store, epoch, why))
		return store;
	store_close(store);
	return NULL;
}

/* Writes the world, and of a copy what it goes back to, into files, and goes on with these. Those of the one that it replaces go only
 * when there was room for its own. */
static struct store *move_into_file(struct sandbox *s, struct store *built, struct sandbox *replaced, struct buf *why)
{
	enum durability durability = s->mock->config->durability;
	char *path = sandbox_path(s, ".db"), *origin = sandbox_path(s, ".origin");
	struct world_image *image = image_lend(built, why), *before = s->origin.image;
	bool written =
		image && (!before || image_prepare(before, origin, durability, why)) && image_prepare_store(image, path, durability, why);
	if (written && replaced)
		sandbox_unlink(replaced);
	if (written)
		checkpoints_unlink(s);
	else
		image_drop(origin);
	bool placed = written && (!before || image_place(origin, durability, why)) && image_place(path, durability, why);
	struct store *store = placed ? store_open_placed(path, durability, why) : NULL;
	if (store)
		store_use_seal(store, s->mock->seal);
	if (written && !store) {
		unlink(origin);
		unlink(path);
	}
	image_release(image);
	image_release(s->origin.image);
	s->origin.image = NULL;
	store_close(built);
	free(path);
	free(origin);
	return store;
}

struct sandbox *sandbox_make(struct mock *m, const struct sandbox_plan *plan, struct sandbox *replaced, struct buf *why)
{
	struct sandbox *s = sandbox_new(m, plan->name);
	int64_t epoch;
	s->origin = plan->origin;
	if (plan->configured)
		s->initial = plan->settings;
	if (plan->ttl_ms)
		atomic_store(&s->expires_ms, s->created_ms + plan->ttl_ms);
	sandbox_use_settings(s, &s->initial);
	s->store = build(s, plan, &epoch, why);
	if (s->store && m->config->data_dir)
		s->store = move_into_file(s, s->store, replaced, why);
	if (s->store) {
		sandbox_begin(s, epoch);
		return s;
	}
	sandbox_close(s);
	return NULL;
}

/* With what its file says of it; filled when its maker ended before it was. */
static bool resume(struct sandbox *s, struct buf *why)
{
	struct arena *a = arena_new();
	if (!s->permanent)
		about_read(s, store_about(s->store, a));
	arena_free(a);
	sandbox_use_settings(s, &s->settings);
	if (store_is_new(s->store))
		return sandbox_reset(s, false, why);
	store_begin(s->store);
	int64_t epoch = world_use_epoch(s->store);
	if (!world_commit(s->store, why))
		return false;
	sandbox_begin(s, epoch);
	return true;
}

struct sandbox *sandbox_reopen(struct mock *m, const char *name, struct buf *why)
{
	struct sandbox *s = sandbox_new(m, name);
	char *path = sandbox_path(s, ".db");
	s->store = store_open(path, m->config->durability, why);
	bool opened = s->store && store_use_seal(s->store, m->seal);
	if (s->store && !opened)
		buf_printf(why, "%s: %s", path, store_failed(s->store));
	free(path);
	if (opened && resume(s, why))
		return s;
	sandbox_close(s);
	return NULL;
}

/* ---- changing -------------------------------------------------------------------------------------------------------------- */

/* Between registry_begin and registry_end. A deleted one has no keys to clash. */
static bool clashes(const struct sandbox *s, struct store *store, struct buf *why)
{
	struct arena *a = arena_new();
	struct credential *list = NULL;
	size_t count = s->dropped ? 0 : store_credentials(store, a, &list);
	bool clash = registry_clash(&s->mock->registry, s, list, count, why);
	arena_free(a);
	return clash;
}

bool sandbox_apply(struct sandbox *s, const char *fixture, size_t len, int64_t now_ms, struct buf *why)
{
	struct registry *registry = &s->mock->registry;
	struct fixture_fault fault = { "", "" };
	struct arena *a = arena_new();
	store_begin(s->store);
	bool applied = fixture_load(s->store, a, fixture, len, now_ms, &fault);
	if (!applied)
		buf_printf(why, "%s%s%s", fault.pointer, *fault.pointer ? ": " : "", fault.rule);
	registry_begin(registry);
	applied = applied && !clashes(s, s->store, why);
	history_because(s, REVISION_FIXTURE, NULL, now_ms);
	if (applied)
		applied = world_commit(s->store, why);
	else
		store_rollback(s->store);
	if (applied) {
		s->worlds++;
		sandbox_take_conditions(s);
		registry_take(registry, s, s->store);
	}
	registry_end(registry);
	arena_free(a);
	return applied;
}

/* In memory the new store becomes the sandbox's own; a file stays and gets the content. */
static bool put_in_place(struct sandbox *s, struct store *fresh, struct buf *why)
{
	if (!s->mock->config->data_dir) {
		store_close(s->store);
		s->store = fresh;
		return true;
	}
	struct world_image *image = image_lend(fresh, why);
	bool done = image && store_load_image(s->store, image, why);
	image_release(image);
	if (done)
		store_close(fresh);
	return done;
}

bool sandbox_replace(struct sandbox *s, struct store *fresh, struct buf *why)
{
	struct registry *registry = &s->mock->registry;
	int64_t epoch;
	bool done = finish_world(s, fresh, &epoch, why);
	registry_begin(registry);
	done = done && !clashes(s, fresh, why) && put_in_place(s, fresh, why);
	if (done) {
		sandbox_begin(s, epoch);
		registry_take(registry, s, s->store);
	} else {
		store_close(fresh);
	}
	registry_end(registry);
	return done;
}

static bool among(const struct credential *list, size_t count, const char *secret_id)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(list[i].secret_id, secret_id))
			return true;
	return false;
}

/* Adds to `list` the keys of a world that are not in it and can be signed with: those of an image are blank. */
static size_t add_brought(struct store *fresh, struct arena *a, struct credential **list, size_t count)
{
	struct credential *brought = NULL;
	size_t brought_count = store_credentials(fresh, a, &brought), total = count;
	struct credential *all = arena_alloc(a, (count + brought_count + 1) * sizeof *all);
	for (size_t i = 0; i < count; i++)
		all[i] = (*list)[i];
	for (size_t i = 0; i < brought_count; i++)
		if (*brought[i].secret_key && !among(*list, count, brought[i].secret_id))
			all[total++] = brought[i];
	*list = all;
	return total;
}

bool sandbox_carry_keys(struct sandbox *s, struct store *fresh, enum carry which, struct buf *why)
{
	struct arena *a = arena_new();
	struct credential *keys = NULL;
	struct account account;
	size_t count = store_credentials(s->store, a, &keys), carried = 0;
	int64_t first = store_first_account(fresh);
	for (size_t i = 0; i < count; i++) {
		if (which == CARRY_OWN && !keys[i].own)
			continue;
		keys[carried] = keys[i];
		if (!store_account(fresh, a, keys[i].account, &account))
			keys[carried].account = first;
		carried++;
	}
	if (which == CARRY_ALL)
		carried = add_brought(fresh, a, &keys, carried);
	store_begin(fresh);
	store_set_credentials(fresh, keys, carried);
	bool done = world_commit(fresh, why);
	arena_free(a);
	return done;
}

/* Of a copy, from where it is kept. */
static struct world_image *origin_image(struct sandbox *s, struct buf *why)
{
	if (s->origin.image)
		return image_hold(s->origin.image);
	char *path = sandbox_path(s, ".origin");
	struct world_image *image = image_use_seal(image_read(path, why), s->mock->seal);
	free(path);
	return image;
}

bool sandbox_reset(struct sandbox *s, bool keep_clock, struct buf *why)
{
	struct world_image *image = s->origin.copy ? origin_image(s, why) : NULL;
	if (s->origin.copy && !image)
		return false;
	struct vclock clock = s->clock;
	bool draft = s->mock->config->data_dir != NULL;
	struct store *fresh =
		origin_build(&s->origin, image, &s->mock->presets, clock_wall_ms(), keep_clock ? &clock : NULL, draft, why);
	image_release(image);
	if (!fresh)
		return false;
	if (!s->permanent && !sandbox_carry_keys(s, fresh, CARRY_OWN, why)) {
		store_close(fresh);
		return false;
	}
	struct settings before = s->settings;
	sandbox_use_settings(s, &s->initial);
	if (sandbox_replace(s, fresh, why))
		return true;
	sandbox_use_settings(s, &before);
	return false;
}
