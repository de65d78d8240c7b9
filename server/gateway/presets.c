/* Presets other than the default world are its places and types, with a fixture of their own on top. */
#include "gateway/presets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cbs/cbs.h"
#include "cbs/export.h"
#include "gateway/default_world.h"
#include "gateway/mock_internal.h"
#include "util/str.h"

const char *const preset_names[N_PRESETS] = {
	[PRESET_DEFAULT] = "default",
	[PRESET_EMPTY] = "empty",
	[PRESET_QUOTA] = "quota",
};

void presets_init(struct presets *p, const struct mock_config *config)
{
	*p = (struct presets){ .config = config };
	pthread_mutex_init(&p->lock, NULL);
	for (int i = 0; i < N_PRESETS; i++)
		buf_init(&p->kept[i].text, PRESET_TEXT_MAX);
}

void presets_finish(struct presets *p)
{
	for (int i = 0; i < N_PRESETS; i++) {
		image_release(p->kept[i].image);
		buf_finish(&p->kept[i].text);
	}
	pthread_mutex_destroy(&p->lock);
}

int preset_find(const char *name)
{
	for (int i = 0; i < N_PRESETS; i++)
		if (str_is(preset_names[i], name))
			return i;
	return -1;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------------- */

static bool read_file(const char *path, struct buf *text, struct buf *why)
{
	FILE *file = fopen(path, "rb");
	char chunk[16 * 1024];
	if (!file) {
		buf_printf(why, "%s: cannot be read: %s", path, strerror(errno));
		return false;
	}
	for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
		buf_add(text, chunk, got);
	bool whole = !ferror(file) && !text->overflow;
	if (!whole)
		buf_printf(why, "%s: %s", path, text->overflow ? "is larger than a fixture may be" : "cannot be read");
	fclose(file);
	return whole;
}

/* Where clouds are alike: the default world's, under what the preset says itself. */
static void add_places(struct buf *text, const unsigned char *own, size_t own_len)
{
	static const char *const places[] = { "Regions", "Zones", "DiskTypes" };
	cJSON *base = cJSON_ParseWithLength((const char *)default_fixture, default_fixture_len);
	cJSON *top = cJSON_ParseWithLength((const char *)own, own_len);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		cJSON_AddItemToObject(top, places[i], cJSON_DetachItemFromObjectCaseSensitive(base, places[i]));
	char *whole = cJSON_PrintUnformatted(top);
	buf_adds(text, whole);
	cJSON_free(whole);
	cJSON_Delete(top);
	cJSON_Delete(base);
}

static bool read_text(struct presets *p, enum preset which, struct buf *text, struct buf *why)
{
	switch (which) {
	case PRESET_DEFAULT:
		if (p->config->fixture_path)
			return read_file(p->config->fixture_path, text, why);
		buf_add(text, default_fixture, default_fixture_len);
		break;
	case PRESET_EMPTY:
		add_places(text, empty_preset, empty_preset_len);
		break;
	case PRESET_QUOTA:
		add_places(text, quota_preset, quota_preset_len);
		break;
	case N_PRESETS:
		break;
	}
	return true;
}

bool preset_rows(struct presets *p, enum preset which, struct buf *text, struct buf *why)
{
	struct buf whole;
	buf_init(&whole, PRESET_TEXT_MAX);
	bool read = read_text(p, which, &whole, why);
	cJSON *tree = read ? cJSON_ParseWithLength(whole.data, whole.len) : NULL;
	buf_finish(&whole);
	cJSON_DeleteItemFromObjectCaseSensitive(tree, "Credentials");
	char *rows = tree ? cJSON_PrintUnformatted(tree) : NULL;
	if (rows)
		buf_adds(text, rows);
	else if (read)
		buf_printf(why, "the preset \"%s\" is no JSON", preset_names[which]);
	cJSON_free(rows);
	cJSON_Delete(tree);
	return rows != NULL;
}

/* NULL for a built-in one. */
static const char *path_of(const struct presets *p, enum preset which)
{
	return which == PRESET_DEFAULT ? p->config->fixture_path : NULL;
}

/* ---- images ---------------------------------------------------------------------------------------------------------------- */

static bool load(struct store *s, const struct presets *p, enum preset which, const struct buf *text, int64_t now_ms, struct buf *why)
{
	const char *from = path_of(p, which) ? path_of(p, which) : "the built-in world";
	const uint64_t bits = (UINT64_C(1) << 53) - 1; /* what a number in JSON holds exactly */
	struct fixture_fault fault = { "", "" };
	struct arena *a = arena_new();
	store_begin(s);
	bool loaded = fixture_load(s, a, text->data, text->len, now_ms, &fault);
	if (!loaded)
		buf_printf(why, "%s: %s%s%s", from, fault.pointer, *fault.pointer ? ": " : "", fault.rule);
	if (loaded && p->config->seed != 0)
		store_set_seed(s, p->config->seed & bits);
	if (!loaded)
		store_rollback(s);
	else if (!store_commit(s)) {
		buf_printf(why, "%s: cannot be loaded", from);
		loaded = false;
	}
	arena_free(a);
	return loaded;
}

static struct world_image *make_image(const struct presets *p, enum preset which, const struct buf *text, int64_t now_ms,
                                      struct buf *why)
{
	struct store *s = store_open(NULL, DURABLE_OS, why);
	if (s)
		store_use_seal(s, p->seal);
	struct world_image *i = s && load(s, p, which, text, now_ms, why) ? image_of(s, why) : NULL;
	store_close(s);
	return i;
}

static bool holds(const struct preset_kept *kept, const struct buf *text)
{
	return kept->text.len == text->len && memcmp(kept->text.data, text->data, text->len) == 0;
}

/* Is the program's own image of it what loading it would give? Its secrets are not sealed. */
static bool is_carried(const struct presets *p, enum preset which)
{
	return which == PRESET_DEFAULT && !path_of(p, which) && p->config->seed == 0 && !p->seal && default_world.size > 0;
}

/* A file is read each time, as it may have been changed meanwhile; then it is loaded anew. */
static bool refresh(struct presets *p, enum preset which, int64_t now_ms, struct buf *why)
{
	struct preset_kept *kept = &p->kept[which];
	bool usable = kept->image && kept->moves;
	if (!usable && is_carried(p, which)) {
		kept->image = image_unpack(&default_world);
		kept->loaded_ms = DEFAULT_WORLD_MS;
		usable = kept->moves = true;
	}
	if (usable && !path_of(p, which))
		return true;
	struct buf text;
	buf_init(&text, PRESET_TEXT_MAX);
	bool read = read_text(p, which, &text, why), current = read && usable && holds(kept, &text);
	struct world_image *image = read && !current ? make_image(p, which, &text, now_ms, why) : NULL;
	if (!image) {
		buf_finish(&text);
		return current;
	}
	image_release(kept->image);
	buf_finish(&kept->text);
	*kept = (struct preset_kept){
		.text = text, .image = image, .loaded_ms = now_ms, .moves = fixture_moves(text.data, text.len),
	};
	return true;
}

struct world_image *preset_image(struct presets *p, enum preset which, int64_t now_ms, int64_t *as_of_ms, struct buf *why)
{
	struct world_image *image = NULL;
	pthread_mutex_lock(&p->lock);
	if (refresh(p, which, now_ms, why)) {
		image = image_hold(p->kept[which].image);
		*as_of_ms = p->kept[which].loaded_ms;
	}
	pthread_mutex_unlock(&p->lock);
	return image;
}
