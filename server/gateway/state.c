/* A world comes in by being built beside the sandbox and put in its place; so a bad one changes nothing. */
#include "gateway/state.h"

#include <string.h>

#include "cbs/export.h"
#include "gateway/mock_internal.h"
#include "gateway/recording.h"

enum { FIXTURE_TEXT_MAX = 512 * 1024 * 1024 };

/* ---- out ------------------------------------------------------------------------------------------------------------------- */

void state_write(struct sandbox *s, const char *only, bool credentials, struct json_out *o)
{
	struct arena *a = arena_new();
	int64_t now_ms = sandbox_enter(s);
	sandbox_settle(s, a, now_ms, NULL, NULL);
	world_write(s->store, a, o, only, credentials);
	sandbox_leave(s);
	arena_free(a);
}

struct world_image *state_export(struct sandbox *s, struct buf *why)
{
	sandbox_enter(s);
	struct world_image *image = image_of(s->store, why);
	sandbox_leave(s);
	if (!image)
		return NULL;
	struct world_image *blank = image_blank(image, why);
	image_release(image);
	return blank;
}

void state_facts(struct sandbox *s, struct sandbox_facts *out)
{
	*out = (struct sandbox_facts){ .now_ms = sandbox_enter(s) };
	out->bytes = store_size(s->store);
	out->clock = s->clock;
	out->settings = s->settings;
	struct world world = { 0 };
	store_world(s->store, &world);
	out->seed = world.seed;
	out->checkpoints = (int64_t)checkpoints_count(s);
	sandbox_leave(s);
}

/* ---- in -------------------------------------------------------------------------------------------------------------------- */

static bool is_image(const char *data, size_t len)
{
	static const char magic[] = "SQLite format 3";
	return len >= sizeof magic && memcmp(data, magic, sizeof magic) == 0;
}

static bool load(struct store *fresh, const char *text, size_t len, int64_t now_ms, struct buf *why)
{
	struct fixture_fault fault = { "", "" };
	struct arena *a = arena_new();
	store_begin(fresh);
	bool loaded = fixture_load(fresh, a, text, len, now_ms, &fault);
	if (!loaded)
		buf_printf(why, "%s%s%s", fault.pointer, *fault.pointer ? ": " : "", fault.rule);
	else if (store_first_account(fresh) == 0)
		buf_adds(why, "/Accounts: a world needs an account");
	loaded = loaded && store_first_account(fresh) != 0;
	if (!loaded)
		store_rollback(fresh);
	else if (!store_commit(fresh)) {
		buf_adds(why, "the world cannot be written");
		loaded = false;
	}
	arena_free(a);
	return loaded;
}

/* A fixture says nothing of the clock, so that goes on. */
static struct store *open_fixture(struct sandbox *s, const char *text, size_t len, int64_t now_ms, struct buf *why)
{
	struct store *fresh = store_open(NULL, DURABLE_OS, why);
	if (fresh)
		store_use_seal(fresh, s->mock->seal);
	if (!fresh || !load(fresh, text, len, now_ms, why)) {
		store_close(fresh);
		return NULL;
	}
	store_begin(fresh);
	store_set_clock(fresh, &s->clock);
	store_commit(fresh);
	return fresh;
}

static struct store *open_image(const struct sandbox *s, const char *data, size_t len, struct buf *why)
{
	struct world_image *image = image_from(data, len, why);
	struct store *fresh = image ? store_open_image(image, why) : NULL;
	image_release(image);
	if (!fresh || store_use_seal(fresh, s->mock->seal))
		return fresh;
	buf_adds(why, "the image is the file of another server, and has its keys; export it there");
	store_close(fresh);
	return NULL;
}

static bool overwrite(struct sandbox *s, const char *data, size_t len, int64_t now_ms, struct buf *why)
{
	bool image = is_image(data, len);
	struct store *fresh = image ? open_image(s, data, len, why) : open_fixture(s, data, len, now_ms, why);
	if (!fresh)
		return false;
	if (sandbox_carry_keys(s, fresh, CARRY_ALL, why))
		return sandbox_replace(s, fresh, why);
	store_close(fresh);
	return false;
}

/* Of an image what a fixture can say. */
static bool merge_image(struct sandbox *s, const char *data, size_t len, int64_t now_ms, struct buf *why)
{
	struct store *other = open_image(s, data, len, why);
	if (!other)
		return false;
	struct arena *a = arena_new();
	struct json_out o;
	struct buf text;
	buf_init(&text, FIXTURE_TEXT_MAX);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	world_write(other, a, &o, NULL, false);
	out_end_object(&o);
	bool done = !text.overflow && sandbox_apply(s, text.data, text.len, now_ms, why);
	if (text.overflow)
		buf_adds(why, "the image is too large to be merged");
	buf_finish(&text);
	arena_free(a);
	store_close(other);
	return done;
}

bool state_import(struct sandbox *s, const char *data, size_t len, enum import_strategy strategy, struct buf *why)
{
	struct turn turn;
	bool done = false;
	recording_take(s, &turn);
	int64_t now_ms = sandbox_enter(s);
	switch (strategy) {
	case IMPORT_OVERWRITE:
		done = overwrite(s, data, len, now_ms, why);
		break;
	case IMPORT_MERGE:
		done = is_image(data, len) ? merge_image(s, data, len, now_ms, why) : sandbox_apply(s, data, len, now_ms, why);
		break;
	}
	sandbox_leave(s);
	turn_give(&turn);
	return done;
}

/* ---- checkpoints ----------------------------------------------------------------------------------------------------------- */

bool state_save(struct sandbox *s, const char *checkpoint, struct buf *why)
{
	sandbox_enter(s);
	bool done = checkpoint_save(s, checkpoint, why);
	sandbox_leave(s);
	return done;
}

bool state_restore(struct sandbox *s, const char *checkpoint, struct buf *why)
{
	struct turn turn;
	recording_take(s, &turn);
	sandbox_enter(s);
	struct world_image *image = checkpoint_get(s, checkpoint, why);
	struct store *fresh = image ? store_open_image(image, why) : NULL;
	bool done = fresh && sandbox_replace(s, fresh, why);
	sandbox_leave(s);
	turn_give(&turn);
	image_release(image);
	return done;
}

size_t state_checkpoints(struct sandbox *s, struct arena *a, struct checkpoint **out)
{
	sandbox_enter(s);
	size_t count = checkpoints_list(s, a, out);
	sandbox_leave(s);
	return count;
}

bool state_forget(struct sandbox *s, const char *checkpoint)
{
	sandbox_enter(s);
	bool done = checkpoint_remove(s, checkpoint);
	sandbox_leave(s);
	return done;
}
