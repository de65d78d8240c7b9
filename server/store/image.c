/* Images: taking one is a walk over the pages, opening one a copy of them; no row is looked at. */
#include "store/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/orders.h"
#include "store/store_internal.h"
#include "util/str.h"

struct world_image {
	atomic_size_t holders;
	unsigned char *data; /* of sqlite3_malloc */
	size_t len;
	bool lent;               /* the data is a store's */
	const struct seal *seal; /* of the store it was made from */
};

/* As SQLite allocates, since it makes most images. Memory that has run out ends the process, as everywhere. */
static unsigned char *image_memory(size_t len)
{
	sqlite_ready();
	unsigned char *data = sqlite3_malloc64(len);
	if (!data)
		abort();
	return data;
}

/* In the header: has the database a log? A store's file has, an image has not. */
enum { WRITE_VERSION_AT = 18, READ_VERSION_AT = 19, WITHOUT_LOG = 1, WITH_LOG = 2 };

/* Takes the data over. */
static struct world_image *image_new(unsigned char *data, size_t len, const struct seal *seal)
{
	struct world_image *i = xcalloc(1, sizeof *i);
	atomic_init(&i->holders, 1);
	data[WRITE_VERSION_AT] = data[READ_VERSION_AT] = WITHOUT_LOG;
	i->data = data;
	i->len = len;
	i->seal = seal;
	return i;
}

struct world_image *image_unpack(const struct packed_image *p)
{
	unsigned char *data = memset(image_memory(p->size), 0, p->size);
	const unsigned char *bytes = p->bytes;
	for (size_t i = 0; i < p->count; i++) {
		memcpy(data + p->pieces[i].at, bytes, p->pieces[i].len);
		bytes += p->pieces[i].len;
	}
	return image_new(data, p->size, NULL);
}

struct world_image *image_hold(struct world_image *i)
{
	atomic_fetch_add(&i->holders, 1);
	return i;
}

void image_release(struct world_image *i)
{
	if (!i || atomic_fetch_sub(&i->holders, 1) != 1)
		return;
	if (!i->lent)
		sqlite3_free(i->data);
	free(i);
}

const void *image_data(const struct world_image *i)
{
	return i->data;
}

size_t image_size(const struct world_image *i)
{
	return i->len;
}

/* ---- of stores ----------------------------------------------------------------------------------------------------------- */

struct world_image *image_of(struct store *s, struct buf *why)
{
	sqlite3_int64 size = 0;
	store_ready(s, false);
	unsigned char *data = s->failed[0] ? NULL : sqlite3_serialize(s->db, "main", &size, 0);
	if (data)
		return image_new(data, (size_t)size, s->seal);
	buf_printf(why, "the world cannot be copied: %s", s->failed[0] ? s->failed : sqlite3_errmsg(s->db));
	return NULL;
}

struct world_image *image_lend(struct store *s, struct buf *why)
{
	sqlite3_int64 size = 0;
	store_ready(s, false);
	unsigned char *data = s->failed[0] ? NULL : sqlite3_serialize(s->db, "main", &size, SQLITE_SERIALIZE_NOCOPY);
	if (!data)
		return image_of(s, why);
	struct world_image *i = image_new(data, (size_t)size, s->seal);
	i->lent = true;
	return i;
}

static bool header_fits(const char *name, const void *data, size_t len, struct buf *why)
{
	uint32_t version = header_version(data, len);
	if (version == SCHEMA_VERSION && header_size(data) == len)
		return true;
	if (version == SCHEMA_VERSION)
		buf_printf(why, "%s is damaged: it has not the size it says", name);
	else if (version == 0)
		buf_printf(why, "%s is not a world of cbsmock", name);
	else
		buf_printf(why, "%s is a world of version %u and this cbsmock reads version %d", name, version, SCHEMA_VERSION);
	return false;
}

/* A connection that reads the image where it is. */
static sqlite3 *open_for_reading(const struct world_image *i)
{
	sqlite3 *db = NULL;
	sqlite3_int64 len = (sqlite3_int64)i->len;
	if (database_connect(&db, NULL) &&
	    sqlite3_deserialize(db, "main", i->data, len, len, SQLITE_DESERIALIZE_READONLY) == SQLITE_OK)
		return db;
	sqlite3_close(db);
	return NULL;
}

bool store_load_image(struct store *s, const struct world_image *i, struct buf *why)
{
	sqlite3 *from = s->in_transaction ? NULL : open_for_reading(i);
	store_ready(s, true);
	orders_forget(s);
	sqlite3_backup *copying = from ? sqlite3_backup_init(s->db, "main", from, "main") : NULL;
	if (copying)
		sqlite3_backup_step(copying, -1);
	bool done = copying && sqlite3_backup_finish(copying) == SQLITE_OK;
	if (!done)
		buf_printf(why, "the world cannot be written: %s", s->in_transaction ? "it is being changed" : sqlite3_errmsg(s->db));
	sqlite3_close(from);
	s->next_due_known = false;
	if (done)
		revisions_restart(s);
	return done;
}

struct store *store_open_image(const struct world_image *i, struct buf *why)
{
	struct store *s = store_new();
	s->seal = i->seal;
	if (database_open_memory(s, why) && store_load_image(s, i, why))
		return s;
	store_close(s);
	return NULL;
}

/* SQLite works on the copy as on a file, and frees it. */
static bool use_copy(struct store *s, const struct world_image *i)
{
	enum { HOW = SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE };
	unsigned char *copy = memcpy(image_memory(i->len), i->data, i->len);
	sqlite3_int64 len = (sqlite3_int64)i->len;
	return sqlite3_deserialize(s->db, "main", copy, len, len, HOW) == SQLITE_OK;
}

struct store *store_open_draft(const struct world_image *i, struct buf *why)
{
	struct store *s = store_new();
	s->seal = i->seal;
	bool opened = database_open_memory(s, why);
	if (opened && use_copy(s, i))
		return s;
	if (opened)
		buf_printf(why, "the world cannot be copied: %s", sqlite3_errmsg(s->db));
	store_close(s);
	return NULL;
}

/* ---- of bytes from elsewhere --------------------------------------------------------------------------------------------- */

/* Every table and index as it was spelled, in one text. */
static void spell_schema(struct store *s, struct buf *out)
{
	buf_clear(&s->text);
	buf_adds(&s->text, "SELECT type, name, IFNULL(sql, '') FROM sqlite_schema ORDER BY name");
	struct query q = query_text(s);
	while (query_row(&q)) {
		const char *type = col_borrow(&q), *name = col_borrow(&q), *text = col_borrow(&q);
		buf_printf(out, "%s %s %s\n", type, name, text);
	}
}

/* Whatever else it holds could run when it is used. */
static bool has_our_tables(struct store *s, struct buf *why)
{
	enum { SCHEMA_MAX = 1024 * 1024 };
	struct buf ours, theirs;
	struct store *fresh = store_open(NULL, DURABLE_OS, why);
	if (!fresh)
		return false;
	buf_init(&ours, SCHEMA_MAX);
	buf_init(&theirs, SCHEMA_MAX);
	spell_schema(fresh, &ours);
	spell_schema(s, &theirs);
	bool read = !store_failed(fresh) && !store_failed(s), same = read && str_is(ours.data, theirs.data);
	if (!same)
		buf_adds(why, read ? "the image has other tables than a world of this cbsmock" : "the image is damaged");
	buf_finish(&ours);
	buf_finish(&theirs);
	store_close(fresh);
	return same;
}

static bool is_sound(struct store *s, struct buf *why)
{
	buf_clear(&s->text);
	buf_adds(&s->text, "PRAGMA integrity_check (1)");
	struct query q = query_text(s);
	bool sound = query_row(&q) && str_is(col_borrow(&q), "ok");
	query_end(&q);
	if (!sound || store_failed(s)) {
		buf_adds(why, "the image is damaged");
		return false;
	}
	struct world world;
	if (store_world(s, &world) && store_first_account(s) != 0)
		return true;
	buf_adds(why, "the image holds a world without an account");
	return false;
}

static bool image_holds_a_world(const struct world_image *i, struct buf *why)
{
	struct buf said;
	buf_init(&said, SAID_MAX + PATH_SIZE);
	struct store *s = store_open_image(i, &said);
	if (!s)
		buf_adds(why, "the image is damaged");
	bool sound = s && has_our_tables(s, why) && is_sound(s, why);
	store_close(s);
	buf_finish(&said);
	return sound;
}

struct world_image *image_from(const void *data, size_t len, struct buf *why)
{
	if (len > IMAGE_MAX) {
		buf_adds(why, "the image is larger than a world may be");
		return NULL;
	}
	if (!header_fits("the image", data, len, why))
		return NULL;
	struct world_image *i = image_new(memcpy(image_memory(len), data, len), len, NULL);
	if (image_holds_a_world(i, why))
		return i;
	image_release(i);
	return NULL;
}

struct world_image *image_blank(const struct world_image *i, struct buf *why)
{
	struct store *s = store_open_image(i, why);
	if (!s)
		return NULL;
	store_exec(s, "PRAGMA secure_delete = ON; UPDATE credential SET secret_key = '', token = ''; VACUUM");
	struct world_image *blank = image_of(s, why);
	store_close(s);
	return blank;
}

/* ---- of files ------------------------------------------------------------------------------------------------------------ */

static bool complain(struct buf *why, const char *path, const char *what)
{
	buf_printf(why, "%s cannot be %s: %s", path, what, strerror(errno));
	return false;
}

/* The whole file; NULL with errno set. */
static unsigned char *read_whole(int fd, size_t *len)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return NULL;
	if (st.st_size <= 0 || st.st_size > IMAGE_MAX) {
		errno = EINVAL;
		return NULL;
	}
	unsigned char *data = image_memory((size_t)st.st_size);
	for (*len = 0; *len < (size_t)st.st_size;) {
		ssize_t got = read(fd, data + *len, (size_t)st.st_size - *len);
		if (got <= 0) {
			errno = got == 0 ? EIO : errno;
			sqlite3_free(data);
			return NULL;
		}
		*len += (size_t)got;
	}
	return data;
}

struct world_image *image_read(const char *path, struct buf *why)
{
	size_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *data = fd < 0 ? NULL : read_whole(fd, &len);
	if (!data)
		complain(why, path, "read");
	if (fd >= 0)
		close(fd);
	if (data && header_fits(path, data, len, why))
		return image_new(data, len, NULL);
	sqlite3_free(data);
	return NULL;
}

struct world_image *image_use_seal(struct world_image *i, const struct seal *seal)
{
	if (i)
		i->seal = seal;
	return i;
}

static bool write_whole(int fd, const unsigned char *data, size_t len, bool sync)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);
		if (done < 0)
			return false;
		data += done;
		len -= (size_t)done;
	}
	return !sync || fsync(fd) == 0;
}

static bool write_image(int fd, const struct world_image *i, unsigned char log, bool sync)
{
	enum { BEGINNING = READ_VERSION_AT + 1 };
	unsigned char header[BEGINNING];
	memcpy(header, i->data, BEGINNING);
	header[WRITE_VERSION_AT] = header[READ_VERSION_AT] = log;
	return write_whole(fd, header, BEGINNING, false) && write_whole(fd, i->data + BEGINNING, i->len - BEGINNING, sync);
}

/* So that a file's new name survives a power cut too. */
static bool sync_directory(const char *path)
{
	char dir[PATH_SIZE];
	const char *slash = strrchr(path, '/');
	snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	int fd = open(*dir ? dir : "/", O_RDONLY | O_CLOEXEC);
	bool done = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

/* "PATH-new"; false when that is too long a name. */
static bool name_fresh(const char *path, char fresh[PATH_SIZE])
{
	if (snprintf(fresh, PATH_SIZE, "%s-new", path) < PATH_SIZE)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

static bool prepare(const struct world_image *i, const char *path, unsigned char log, enum durability durability, struct buf *why)
{
	char fresh[PATH_SIZE];
	int fd = name_fresh(path, fresh) ? open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	bool done = fd >= 0 && write_image(fd, i, log, durability == DURABLE_POWER);
	if (fd >= 0)
		done = close(fd) == 0 && done;
	if (done)
		return true;
	complain(why, path, "written");
	if (fd >= 0)
		unlink(fresh);
	return false;
}

bool image_prepare(const struct world_image *i, const char *path, enum durability durability, struct buf *why)
{
	return prepare(i, path, WITHOUT_LOG, durability, why);
}

bool image_prepare_store(const struct world_image *i, const char *path, enum durability durability, struct buf *why)
{
	return prepare(i, path, WITH_LOG, durability, why);
}

bool image_place(const char *path, enum durability durability, struct buf *why)
{
	char fresh[PATH_SIZE], beside[PATH_SIZE];
	snprintf(beside, sizeof beside, "%s-wal", path);
	bool done = name_fresh(path, fresh) && (unlink(beside) == 0 || errno == ENOENT) && rename(fresh, path) == 0;
	if (done && (durability != DURABLE_POWER || sync_directory(path)))
		return true;
	complain(why, path, "written");
	image_drop(path);
	return false;
}

void image_drop(const char *path)
{
	char fresh[PATH_SIZE];
	if (name_fresh(path, fresh))
		unlink(fresh);
}

bool image_write(const struct world_image *i, const char *path, enum durability durability, struct buf *why)
{
	return image_prepare(i, path, durability, why) && image_place(path, durability, why);
}
