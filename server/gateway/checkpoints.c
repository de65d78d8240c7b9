/* Two ways to keep images: a short list in memory, sorted by name; or DIR/SANDBOX.NAME.checkpoint, where the directory is the list. */
#include "gateway/checkpoints.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/mock_internal.h"
#include "util/str.h"

struct kept {
	char name[SANDBOX_NAME_MAX + 1];
	struct world_image *image;
	int64_t made_ms;
};

struct checkpoints {
	struct kept *list;
	size_t count;
};

/* ---- in memory ------------------------------------------------------------------------------------------------------------- */

static struct kept *find(const struct checkpoints *c, const char *name)
{
	for (size_t i = 0; c && i < c->count; i++)
		if (str_is(c->list[i].name, name))
			return &c->list[i];
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct kept *)a)->name, ((const struct kept *)b)->name);
}

static void keep(struct sandbox *s, const char *name, struct world_image *image)
{
	if (!s->checkpoints)
		s->checkpoints = xcalloc(1, sizeof *s->checkpoints);
	struct checkpoints *c = s->checkpoints;
	struct kept *slot = find(c, name);
	if (!slot) {
		c->list = xrealloc(c->list, (c->count + 1) * sizeof *c->list);
		slot = &c->list[c->count++];
		*slot = (struct kept){ .image = NULL };
		snprintf(slot->name, sizeof slot->name, "%s", name);
	}
	image_release(slot->image);
	slot->image = image;
	slot->made_ms = clock_wall_ms();
	qsort(c->list, c->count, sizeof *c->list, by_name);
}

static void drop(struct checkpoints *c, struct kept *slot)
{
	size_t at = (size_t)(slot - c->list);
	image_release(slot->image);
	c->count--;
	memmove(slot, slot + 1, (c->count - at) * sizeof *slot);
}

void checkpoints_free(struct checkpoints *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		image_release(c->list[i].image);
	free(c->list);
	free(c);
}

/* ---- in files -------------------------------------------------------------------------------------------------------------- */

/* NULL in memory. */
static char *path_of(const struct sandbox *s, const char *name)
{
	char suffix[SANDBOX_NAME_MAX + sizeof "..checkpoint"];
	snprintf(suffix, sizeof suffix, ".%s.checkpoint", name);
	return sandbox_path(s, suffix);
}

/* The name in "SANDBOX.NAME.checkpoint"; false for other files. */
static bool name_in(const struct sandbox *s, const char *file, char name[SANDBOX_NAME_MAX + 1])
{
	size_t before = strlen(s->name) + 1, after = strlen(".checkpoint"), len = strlen(file);
	if (!str_prefix(file, s->name) || file[before - 1] != '.' || !str_suffix(file, ".checkpoint") || len <= before + after ||
	    len - before - after > SANDBOX_NAME_MAX)
		return false;
	snprintf(name, SANDBOX_NAME_MAX + 1, "%.*s", (int)(len - before - after), file + before);
	return sandbox_name_fits(name);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names, sorted, in the arena. */
static size_t scan(const struct sandbox *s, struct arena *a, char *names[CHECKPOINTS_MAX])
{
	char name[SANDBOX_NAME_MAX + 1];
	size_t count = 0;
	DIR *dir = opendir(s->mock->config->data_dir);
	for (struct dirent *e; dir && count < CHECKPOINTS_MAX && (e = readdir(dir)) != NULL;)
		if (name_in(s, e->d_name, name))
			names[count++] = arena_strdup(a, name);
	if (dir)
		closedir(dir);
	qsort(names, count, sizeof *names, by_text);
	return count;
}

static size_t list_files(struct sandbox *s, struct arena *a, struct checkpoint *out)
{
	char *names[CHECKPOINTS_MAX];
	size_t found = scan(s, a, names), count = 0;
	for (size_t i = 0; i < found; i++) {
		struct stat st;
		char *path = path_of(s, names[i]);
		if (stat(path, &st) == 0)
			out[count++] = (struct checkpoint){ names[i], st.st_size, (int64_t)st.st_mtime * 1000 };
		free(path);
	}
	return count;
}

void checkpoints_unlink(struct sandbox *s)
{
	char *names[CHECKPOINTS_MAX];
	if (!s->mock->config->data_dir)
		return;
	struct arena *a = arena_new();
	size_t count = scan(s, a, names);
	for (size_t i = 0; i < count; i++) {
		char *path = path_of(s, names[i]);
		unlink(path);
		free(path);
	}
	arena_free(a);
}

/* ---- either ---------------------------------------------------------------------------------------------------------------- */

size_t checkpoints_list(struct sandbox *s, struct arena *a, struct checkpoint **out)
{
	*out = arena_alloc(a, CHECKPOINTS_MAX * sizeof **out);
	if (s->mock->config->data_dir)
		return list_files(s, a, *out);
	size_t count = s->checkpoints ? s->checkpoints->count : 0;
	for (size_t i = 0; i < count; i++) {
		const struct kept *k = &s->checkpoints->list[i];
		(*out)[i] = (struct checkpoint){ arena_strdup(a, k->name), (int64_t)image_size(k->image), k->made_ms };
	}
	return count;
}

bool checkpoint_exists(struct sandbox *s, const char *name)
{
	if (!sandbox_name_fits(name))
		return false;
	char *path = path_of(s, name);
	bool exists = path ? access(path, F_OK) == 0 : find(s->checkpoints, name) != NULL;
	free(path);
	return exists;
}

bool checkpoint_save(struct sandbox *s, const char *name, struct buf *why)
{
	struct arena *a = arena_new();
	struct checkpoint *list;
	bool full = !checkpoint_exists(s, name) && checkpoints_list(s, a, &list) >= CHECKPOINTS_MAX;
	arena_free(a);
	if (full || !sandbox_name_fits(name)) {
		buf_printf(why, full ? "a sandbox may have %d checkpoints" : "a name has letters, digits, - and _, at most %d",
		           full ? CHECKPOINTS_MAX : SANDBOX_NAME_MAX);
		return false;
	}
	struct world_image *image = image_of(s->store, why);
	char *path = path_of(s, name);
	bool saved = image && (!path || image_write(image, path, s->mock->config->durability, why));
	if (saved && !path)
		keep(s, name, image_hold(image));
	free(path);
	image_release(image);
	return saved;
}

struct world_image *checkpoint_get(struct sandbox *s, const char *name, struct buf *why)
{
	struct world_image *image = NULL;
	char *path = path_of(s, name);
	const struct kept *k = find(s->checkpoints, name);
	if (!checkpoint_exists(s, name))
		buf_printf(why, "the sandbox %s has no checkpoint %s", s->name, name);
	else
		image = path ? image_use_seal(image_read(path, why), s->mock->seal) : image_hold(k->image);
	free(path);
	return image;
}

bool checkpoint_remove(struct sandbox *s, const char *name)
{
	if (!checkpoint_exists(s, name))
		return false;
	char *path = path_of(s, name);
	struct kept *k = find(s->checkpoints, name);
	bool removed = path ? unlink(path) == 0 : k != NULL;
	if (!path && k)
		drop(s->checkpoints, k);
	free(path);
	return removed;
}
