/* Sealing by HMAC-SHA256 alone: a mark of the text, made with one key, starts the stream of digests, made with another, that the text is
 * mixed with. The same text gives the same seal, nothing can be put in its place unnoticed, and no chance is needed for it. */
#include "store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/hash.h"
#include "util/str.h"

enum { KEY_SIZE = SHA256_SIZE, MARK_SIZE = 16, BLOCK = SHA256_SIZE };

static const char prefix[] = "sealed:";

struct seal {
	uint8_t marks[SHA256_SIZE], texts[SHA256_SIZE]; /* keys of the two uses */
	char *made; /* the file, when this opening made it; else NULL */
};

/* ---- the key ------------------------------------------------------------------------------------------------------------- */

static bool write_key(int fd, const uint8_t key[KEY_SIZE])
{
	return write(fd, key, KEY_SIZE) == KEY_SIZE && fsync(fd) == 0;
}

/* Whole or not at all, and never in place of one that is there. */
static bool make_key(const char *path, struct buf *why)
{
	uint8_t key[KEY_SIZE];
	struct buf fresh;
	buf_init(&fresh, 4096);
	buf_printf(&fresh, "%s-new", path);
	int fd = random_bytes(key, sizeof key) ? open(fresh.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	bool done = fd >= 0 && write_key(fd, key);
	if (fd >= 0)
		done = close(fd) == 0 && done;
	done = done && (link(fresh.data, path) == 0 || errno == EEXIST || rename(fresh.data, path) == 0);
	if (!done)
		buf_printf(why, "%s cannot be made: %s", path, strerror(errno));
	if (fd >= 0)
		unlink(fresh.data);
	buf_finish(&fresh);
	return done;
}

static bool read_key(const char *path, uint8_t key[KEY_SIZE], struct buf *why)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool sound = fd >= 0 && fstat(fd, &st) == 0 && st.st_size == KEY_SIZE && read(fd, key, KEY_SIZE) == KEY_SIZE;
	if (fd < 0)
		buf_printf(why, "%s cannot be read: %s", path, strerror(errno));
	else if (!sound)
		buf_printf(why, "%s is damaged: it must have %d bytes", path, KEY_SIZE);
	if (fd >= 0)
		close(fd);
	return sound;
}

struct seal *seal_open(const char *path, struct buf *why)
{
	uint8_t key[KEY_SIZE];
	bool make = access(path, F_OK) != 0;
	if ((make && !make_key(path, why)) || !read_key(path, key, why))
		return NULL;
	struct seal *s = xcalloc(1, sizeof *s);
	s->made = make ? xstrdup(path) : NULL;
	hmac_sha256(key, sizeof key, "marks", 5, s->marks);
	hmac_sha256(key, sizeof key, "texts", 5, s->texts);
	return s;
}

void seal_undo(struct seal *s)
{
	if (s && s->made)
		unlink(s->made);
}

void seal_close(struct seal *s)
{
	if (!s)
		return;
	free(s->made);
	free(s);
}

/* ---- texts --------------------------------------------------------------------------------------------------------------- */

static void make_mark(const struct seal *s, const uint8_t *text, size_t len, uint8_t mark[MARK_SIZE])
{
	uint8_t whole[SHA256_SIZE];
	hmac_sha256(s->marks, sizeof s->marks, text, len, whole);
	memcpy(mark, whole, MARK_SIZE);
}

/* There and back. */
static void mix(const struct seal *s, const uint8_t mark[MARK_SIZE], uint8_t *text, size_t len)
{
	uint8_t stream[BLOCK], seed[MARK_SIZE + 2];
	memcpy(seed, mark, MARK_SIZE);
	for (size_t i = 0; i < len; i++) {
		if (i % BLOCK == 0) {
			seed[MARK_SIZE] = (uint8_t)(i / BLOCK);
			seed[MARK_SIZE + 1] = (uint8_t)(i / BLOCK >> 8);
			hmac_sha256(s->texts, sizeof s->texts, seed, sizeof seed, stream);
		}
		text[i] ^= stream[i % BLOCK];
	}
}

const char *seal_text(const struct seal *s, struct arena *a, const char *text)
{
	size_t len = strlen(text), whole = MARK_SIZE + len, before = strlen(prefix);
	if (!s || len == 0)
		return text;
	uint8_t *sealed = arena_alloc(a, whole);
	char *out = arena_alloc(a, before + 4 * ((whole + 2) / 3) + 1);
	make_mark(s, (const uint8_t *)text, len, sealed);
	memcpy(sealed + MARK_SIZE, text, len);
	mix(s, sealed, sealed + MARK_SIZE, len);
	memcpy(out, prefix, before);
	base64_encode(sealed, whole, out + before);
	return out;
}

const char *seal_read(const struct seal *s, struct arena *a, const char *sealed)
{
	if (!s || !str_prefix(sealed, prefix))
		return sealed;
	const char *encoded = sealed + strlen(prefix);
	uint8_t mark[MARK_SIZE], *text = arena_alloc(a, 3 * (strlen(encoded) / 4) + 1);
	size_t len;
	if (!base64_decode(encoded, text, &len) || len < MARK_SIZE)
		return NULL;
	mix(s, text, text + MARK_SIZE, len - MARK_SIZE);
	make_mark(s, text + MARK_SIZE, len - MARK_SIZE, mark);
	return memcmp(mark, text, MARK_SIZE) == 0 ? (const char *)text + MARK_SIZE : NULL;
}
