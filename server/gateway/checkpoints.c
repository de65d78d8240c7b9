/* A short list, sorted by name, of images in memory or in DIR/SANDBOX.NAME.checkpoint; the directory is read once, at the start. */
#include "gateway/checkpoints.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/mock_internal.h"
#include "util/str.h"

struct kept {
	char name[SANDBOX_NAME_MAX + 1];
	struct world_image *image; /* NULL: in its file */
	int64_t bytes, made_ms;
};

struct checkpoints {
	struct kept *list;
	size_t count;
};

static const char ending[] = ".checkpoint";

/* ---- the list -------------------------------------------------------------------------------------------------------------- */

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

/* In place of one of the same name. The image is taken over. */
static void keep(struct sandbox *s, const struct kept *new)
{
	if (!s->checkpoints)
		s->checkpoints = xcalloc(1, sizeof *s->checkpoints);
	struct checkpoints *c = s->checkpoints;
	struct kept *slot = find(c, new->name);
	if (!slot) {
		c->list = xrealloc(c->list, (c->count + 1) * sizeof *c->list);
		slot = &c->list[c->count++];
		*slot = (struct kept){ .image = NULL };
	}
	image_release(slot->image);
	*slot = *new;
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
	char suffix[SANDBOX_NAME_MAX + sizeof "." + sizeof ending];
	snprintf(suffix, sizeof suffix, ".%s%s", name, ending);
	return sandbox_path(s, suffix);
}

/* The names in "SANDBOX.NAME.checkpoint"; false for other files. */
static bool names_in(const char *file, char sandbox[SANDBOX_NAME_MAX + 1], char name[SANDBOX_NAME_MAX + 1])
{
	size_t before = strcspn(file, "."), len = strlen(file), around = before + 1 + strlen(ending);
	if (!str_suffix(file, ending) || before > SANDBOX_NAME_MAX || len <= around || len - around > SANDBOX_NAME_MAX)
		return false;
	snprintf(sandbox, SANDBOX_NAME_MAX + 1, "%.*s", (int)before, file);
	snprintf(name, SANDBOX_NAME_MAX + 1, "%.*s", (int)(len - around), file + before + 1);
	return sandbox_name_fits(sandbox) && sandbox_name_fits(name);
}

bool checkpoint_owner(const char *file, char sandbox[SANDBOX_NAME_MAX + 1])
{
	char name[SANDBOX_NAME_MAX + 1];
	return names_in(file, sandbox, name);
}

/* What its file says; false when there is none. */
static bool look(const struct sandbox *s, struct kept *k)
{
	struct stat st;
	char *path = path_of(s, k->name);
	bool there = stat(path, &st) == 0;
	if (there) {
		k->bytes = st.st_size;
		k->made_ms = (int64_t)st.st_mtime * 1000;
	}
	free(path);
	return there;
}

void checkpoint_take_file(struct sandbox *s, const char *file)
{
	char owner[SANDBOX_NAME_MAX + 1];
	struct kept found = { .image = NULL };
	if (!names_in(file, owner, found.name) || checkpoints_count(s) == CHECKPOINTS_MAX || !look(s, &found))
		return;
	atomic_store(&s->has_files, true);
	keep(s, &found);
}

void checkpoints_unlink(struct sandbox *s)
{
	const char *data = s->mock->config->data_dir;
	char owner[SANDBOX_NAME_MAX + 1], path[4096];
	DIR *dir = data && (atomic_load(&s->has_files) || s->mock->sandboxes.strays) ? opendir(data) : NULL;
	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;)
		if (checkpoint_owner(e->d_name, owner) && str_is(owner, s->name) &&
		    snprintf(path, sizeof path, "%s/%s", data, e->d_name) < (int)sizeof path)
			unlink(path);
	if (dir)
		closedir(dir);
}

/* ---- either ---------------------------------------------------------------------------------------------------------------- */

size_t checkpoints_count(const struct sandbox *s)
{
	return s->checkpoints ? s->checkpoints->count : 0;
}

size_t checkpoints_list(const struct sandbox *s, struct arena *a, struct checkpoint **out)
{
	size_t count = checkpoints_count(s);
	*out = arena_alloc(a, (count + 1) * sizeof **out);
	for (size_t i = 0; i < count; i++) {
		const struct kept *k = &s->checkpoints->list[i];
		(*out)[i] = (struct checkpoint){ arena_strdup(a, k->name), k->bytes, k->made_ms };
	}
	return count;
}

bool checkpoint_exists(const struct sandbox *s, const char *name)
{
	return find(s->checkpoints, name) != NULL;
}

static bool put_away(struct sandbox *s, const char *name, struct world_image *image, struct buf *why)
{
	struct kept new = { .bytes = (int64_t)image_size(image), .made_ms = clock_wall_ms() };
	char *path = path_of(s, name);
	snprintf(new.name, sizeof new.name, "%s", name);
	if (path)
		atomic_store(&s->has_files, true);
	else
		new.image = image_hold(image);
	bool done = !path || (image_write(image, path, s->mock->config->durability, why) && look(s, &new));
	free(path);
	if (done)
		keep(s, &new);
	return done;
}

bool checkpoint_save(struct sandbox *s, const char *name, struct buf *why)
{
	bool full = !checkpoint_exists(s, name) && checkpoints_count(s) >= CHECKPOINTS_MAX;
	if (full || !sandbox_name_fits(name)) {
		buf_printf(why, full ? "a sandbox may have %d checkpoints" : "a name has letters, digits, - and _, at most %d",
		           full ? CHECKPOINTS_MAX : SANDBOX_NAME_MAX);
		return false;
	}
	struct world_image *image = image_of(s->store, why);
	bool saved = image && put_away(s, name, image, why);
	image_release(image);
	return saved;
}

struct world_image *checkpoint_get(struct sandbox *s, const char *name, struct buf *why)
{
	const struct kept *k = find(s->checkpoints, name);
	if (!k) {
		buf_printf(why, "the sandbox %s has no checkpoint %s", s->name, name);
		return NULL;
	}
	if (k->image)
		return image_hold(k->image);
	char *path = path_of(s, name);
	struct world_image *image = image_use_seal(image_read(path, why), s->mock->seal);
	free(path);
	return image;
}

bool checkpoint_remove(struct sandbox *s, const char *name)
{
	struct kept *k = find(s->checkpoints, name);
	if (!k)
		return false;
	char *path = path_of(s, name);
	bool gone = !path || unlink(path) == 0 || errno == ENOENT;
	free(path);
	if (gone)
		drop(s->checkpoints, k);
	return gone;
}
