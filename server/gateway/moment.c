/* One writer and one reader a part, side by side. */
#include "gateway/moment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/fault.h"
#include "gateway/journal.h"
#include "gateway/mock_internal.h"
#include "gateway/saved.h"
#include "gateway/veil.h"
#include "util/str.h"

static void free_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------- */

static const char documented[] = "documented", usual[] = "usual";

/* The secret of a key of the built-in world; NULL when it has no such key. */
static const char *documented_secret(struct arena *a, const char *secret_id)
{
	cJSON *world = cJSON_ParseWithLength((const char *)default_fixture, default_fixture_len);
	const cJSON *key;
	arena_defer(a, free_tree, world);
	cJSON_ArrayForEach(key, saved_item(world, "Credentials"))
		if (str_is(saved_text(key, "SecretId"), secret_id))
			return saved_text(key, "SecretKey");
	return NULL;
}

static const char *usual_secret(void)
{
	struct mock_config config;
	mock_config_default(&config);
	return config.secret_key;
}

/* Where its secret can be had; NULL: nowhere. */
static const char *source_of(struct arena *a, const struct credential *key)
{
	if (str_is(key->secret_key, usual_secret()))
		return usual;
	return str_is(key->secret_key, documented_secret(a, key->secret_id)) ? documented : NULL;
}

static void write_keys(struct arena *a, const struct credential *list, size_t count, struct json_out *o)
{
	out_array(o, "keys");
	for (size_t i = 0; i < count; i++) {
		out_object(o, NULL);
		out_str(o, "id", list[i].secret_id);
		out_str(o, "secret", source_of(a, &list[i]));
		out_end_object(o);
	}
	out_end_array(o);
}

static const char *find_secret(struct arena *a, const cJSON *saved, const struct key_ring *ring, const char *secret_id)
{
	const cJSON *key;
	const char *source = NULL, *found = NULL;
	for (size_t i = 0; i < ring->count; i++)
		if (str_is(ring->keys[i].name, secret_id))
			return ring->keys[i].value;
	cJSON_ArrayForEach(key, saved_item(saved, "keys"))
		if (str_is(saved_text(key, "id"), secret_id))
			source = saved_text(key, "secret");
	if (str_is(source, usual))
		found = usual_secret();
	else if (str_is(source, documented))
		found = documented_secret(a, secret_id);
	return found ? found : "";
}

/* ---- the world -------------------------------------------------------------------------------------------------------------- */

static void write_image(struct json_out *o, const struct world_image *image)
{
	out_base64(o, "world", image_data(image), image_size(image));
}

static struct world_image *blank_of(struct store *s, struct buf *why)
{
	struct world_image *image = image_of(s, why), *blank = image ? image_blank(image, why) : NULL;
	image_release(image);
	return blank;
}

/* The names of tokens stand where the tokens were. */
static struct world_image *veiled_world(struct arena *a, struct store *s, struct credential *list, size_t count, struct buf *why)
{
	struct world_image *blank = blank_of(s, why), *veiled = NULL;
	struct store *copy = blank ? store_open_image(blank, why) : NULL;
	image_release(blank);
	if (!copy)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		list[i].token = veil_token(a, list[i].secret_id, list[i].token);
		list[i].secret_key = "";
	}
	store_begin(copy);
	store_set_credentials(copy, list, count);
	if (store_commit(copy))
		veiled = image_of(copy, why);
	else
		buf_adds(why, "the world cannot be copied");
	store_close(copy);
	return veiled;
}

static bool write_world(struct sandbox *s, struct arena *a, struct json_out *o, struct buf *why)
{
	struct credential *list = NULL;
	size_t count = store_credentials(s->store, a, &list);
	write_keys(a, list, count, o);
	struct world_image *image = veiled_world(a, s->store, list, count, why);
	if (image)
		write_image(o, image);
	image_release(image);
	return image != NULL;
}

/* From bytes that anyone may have sent. */
static struct store *read_image(struct arena *a, const cJSON *saved, struct buf *why)
{
	const char *data;
	size_t len;
	if (!saved_bytes(a, saved_item(saved, "world"), &data, &len)) {
		buf_adds(why, "it holds no world");
		return NULL;
	}
	struct world_image *image = image_from(data, len, why);
	struct store *store = image ? store_open_image(image, why) : NULL;
	image_release(image);
	return store;
}

static struct store *read_world(struct arena *a, const cJSON *saved, const struct key_ring *ring, struct buf *why)
{
	struct credential *list = NULL;
	struct store *store = read_image(a, saved, why);
	if (!store)
		return NULL;
	size_t count = store_credentials(store, a, &list);
	for (size_t i = 0; i < count; i++)
		list[i].secret_key = find_secret(a, saved, ring, list[i].secret_id);
	store_begin(store);
	store_set_credentials(store, list, count);
	if (store_commit(store))
		return store;
	buf_adds(why, "its world cannot be used");
	store_close(store);
	return NULL;
}

/* ---- rate windows ----------------------------------------------------------------------------------------------------------- */

/* A window a text: place, key, second, count. */
static void write_limits(struct json_out *o, const struct limiter *l)
{
	out_array(o, "limits");
	for (unsigned i = 0; l->used && i < LIMIT_WINDOWS; i++) {
		const struct limit_window *w = &l->windows[i];
		char text[96];
		if (w->count == 0)
			continue;
		snprintf(text, sizeof text, "%u %" PRIx64 " %" PRId64 " %" PRId64, i, w->key, w->second, w->count);
		out_str(o, NULL, text);
	}
	out_end_array(o);
}

static bool read_limit(struct limiter *l, const cJSON *saved)
{
	char *text = cJSON_GetStringValue(saved), *end;
	if (!text)
		return false;
	unsigned long at = strtoul(text, &end, 10);
	if (end == text || at >= LIMIT_WINDOWS)
		return false;
	l->used = true;
	l->windows[at].key = strtoull(end, &end, 16);
	l->windows[at].second = strtoll(end, &end, 10);
	l->windows[at].count = strtoll(end, &end, 10);
	return *end == '\0' && l->windows[at].count > 0 && l->windows[at].count < INT32_MAX;
}

static bool read_limits(struct limiter *l, const cJSON *saved)
{
	const cJSON *window;
	limiter_clear(l);
	cJSON_ArrayForEach(window, saved_item(saved, "limits"))
		if (!read_limit(l, window))
			return false;
	return true;
}

/* ---- reads that lag behind --------------------------------------------------------------------------------------------------- */

static void write_copy(struct json_out *o, const struct lag_copy *c, const struct world_image *image)
{
	out_object(o, NULL);
	out_bool(o, "by_reads", c->by_reads);
	out_int(o, "reads", c->reads);
	if (c->until_ms == INT64_MAX)
		out_null(o, "until");
	else
		out_int(o, "until", c->until_ms);
	write_image(o, image);
	out_end_object(o);
}

static bool write_lag(struct json_out *o, const struct lag *l, struct buf *why)
{
	bool fine = true;
	out_array(o, "lag");
	for (size_t i = 0; i < l->count && fine; i++) {
		struct world_image *image = blank_of(l->copies[i].store, why);
		fine = image != NULL;
		if (fine)
			write_copy(o, &l->copies[i], image);
		image_release(image);
	}
	out_end_array(o);
	return fine;
}

static bool read_lag(struct arena *a, struct lag *l, const cJSON *saved, struct buf *why)
{
	const cJSON *copy;
	lag_clear(l);
	cJSON_ArrayForEach(copy, saved_item(saved, "lag")) {
		struct store *store = l->count < LAG_MAX ? read_image(a, copy, why) : NULL;
		if (!store)
			return false;
		l->copies[l->count++] = (struct lag_copy){
			.store = store, .by_reads = saved_flag(copy, "by_reads"), .reads = saved_number(copy, "reads"),
			.until_ms = cJSON_IsNull(saved_item(copy, "until")) ? INT64_MAX : saved_number(copy, "until"),
		};
	}
	return true;
}

/* ---- the server's settings --------------------------------------------------------------------------------------------------- */

static const char *const signatures[] = { [SIGNATURE_LOCAL] = "local", [SIGNATURE_EXACT] = "exact", [SIGNATURE_OFF] = "off", NULL };
static const char *const finances[] = { [FINANCE_NAMED] = "named", [FINANCE_STRICT] = "strict", [FINANCE_OFF] = "off", NULL };

static void write_server(struct json_out *o, const struct mock_config *config)
{
	out_object(o, "server");
	out_str(o, "signature", signatures[config->signature]);
	out_str(o, "finance", finances[config->finance]);
	out_str(o, "public_hosts", config->public_hosts);
	out_end_object(o);
}

/* Index of the word; -1 when it is none of them. */
static int word_of(const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (str_is(text, words[i]))
			return i;
	return -1;
}

static bool read_server(struct mock *m, const cJSON *saved)
{
	const cJSON *server = saved_item(saved, "server");
	int signature = word_of(saved_text(server, "signature"), signatures), finance = word_of(saved_text(server, "finance"), finances);
	struct mock_config config = *m->config;
	if (signature < 0 || finance < 0)
		return false;
	config.signature = (enum signature_policy)signature;
	config.finance = (enum finance_policy)finance;
	config.public_hosts = saved_text(server, "public_hosts");
	mock_reconfigure(m, &config);
	return true;
}

/* ---- the sandbox's ------------------------------------------------------------------------------------------------------------ */

static void write_settings(struct json_out *o, const struct settings *s)
{
	out_object(o, "settings");
	settings_write(s, o);
	out_end_object(o);
}

static bool read_settings(struct sandbox *s, const cJSON *saved)
{
	struct settings settings;
	struct settings_fault fault;
	settings_init(&settings, s->mock->config);
	if (!settings_read(&settings, s->mock->config, saved_item(saved, "settings"), NULL, &fault))
		return false;
	settings.revisions = 0;
	return sandbox_set_settings(s, &settings);
}

static void write_faults(struct json_out *o, const char *key, struct faults *f)
{
	cJSON *tree = faults_save(f);
	char *text = cJSON_PrintUnformatted(tree);
	out_raw(o, key, text);
	cJSON_free(text);
	cJSON_Delete(tree);
}

static void write_tags(struct sandbox *s, struct json_out *o)
{
	struct arena *a = arena_new();
	const struct name_value *tags;
	size_t count = journal_tags(s->journal, a, &tags);
	out_object(o, "tags");
	for (size_t i = 0; i < count; i++)
		out_str(o, tags[i].name, tags[i].value);
	out_end_object(o);
	arena_free(a);
}

static void read_tags(struct sandbox *s, const cJSON *saved)
{
	struct name_value tags[JOURNAL_TAGS_MAX];
	size_t count = 0;
	const cJSON *tag;
	cJSON_ArrayForEach(tag, saved_item(saved, "tags"))
		if (cJSON_IsString(tag) && count < JOURNAL_TAGS_MAX)
			tags[count++] = (struct name_value){ tag->string, tag->valuestring };
	journal_set_tags(s->journal, tags, count);
}

/* ---- together ----------------------------------------------------------------------------------------------------------------- */

void moment_write_around(struct sandbox *s, struct json_out *o)
{
	write_server(o, s->mock->config);
	write_settings(o, &s->settings);
	write_faults(o, "faults", s->faults);
	write_faults(o, "shared_faults", s->mock->faults);
	write_tags(s, o);
}

bool moment_write(struct sandbox *s, struct json_out *o, struct buf *why)
{
	struct arena *a = arena_new();
	moment_write_around(s, o);
	out_int(o, "epoch", s->epoch);
	out_int(o, "ids_given", (int64_t)atomic_load(&s->ids_given));
	write_limits(o, &s->limiter);
	bool fine = write_lag(o, &s->lag, why) && write_world(s, a, o, why);
	arena_free(a);
	return fine;
}

/* Beside the world stands only what was read from it. */
static void put_in_place(struct sandbox *s, struct store *store, const cJSON *saved)
{
	struct registry *registry = &s->mock->registry;
	registry_begin(registry);
	store_close(s->store);
	s->store = store;
	sandbox_take_up(s, saved_number(saved, "epoch"), (uint64_t)saved_number(saved, "ids_given"));
	registry_take(registry, s, store);
	registry_end(registry);
}

static bool restore_world(struct sandbox *s, struct arena *a, const cJSON *saved, const struct key_ring *ring, struct buf *why)
{
	struct store *store = read_world(a, saved, ring, why);
	if (!store)
		return false;
	put_in_place(s, store, saved);
	if (!read_lag(a, &s->lag, saved, why))
		return false;
	if (read_limits(&s->limiter, saved))
		return true;
	buf_adds(why, "its rate windows cannot be read");
	return false;
}

bool moment_restore(struct sandbox *s, const cJSON *saved, const struct key_ring *ring, struct buf *why)
{
	struct arena *a = arena_new();
	bool fine = !saved_item(saved, "world") || restore_world(s, a, saved, ring, why);
	arena_free(a);
	if (!fine)
		return false;
	if (!read_settings(s, saved)) {
		buf_adds(why, "its settings cannot be read");
		return false;
	}
	if (!faults_load(s->faults, saved_item(saved, "faults")) || !faults_load(s->mock->faults, saved_item(saved, "shared_faults"))) {
		buf_adds(why, "its fault rules cannot be read");
		return false;
	}
	read_tags(s, saved);
	return true;
}

bool moment_restore_server(struct mock *m, const cJSON *saved, struct buf *why)
{
	if (read_server(m, saved))
		return true;
	buf_adds(why, "the server's settings cannot be read");
	return false;
}
