/* Taking hold of a world's file before SQLite sees it: whatever is not ours, or is in use, is left as it was found. */
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_SIZE = 100 };

static bool refuse(struct buf *why, const char *path, const char *because)
{
	buf_printf(why, "%s %s", path, because);
	return false;
}

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint32_t header_version(const void *data, size_t len)
{
	enum { VERSION_AT = 60, APPLICATION_AT = 68 };
	static const char magic[] = "SQLite format 3";
	const unsigned char *header = data;
	if (len < HEADER_SIZE || memcmp(header, magic, sizeof magic) != 0 || big_endian(header + APPLICATION_AT) != APPLICATION_ID)
		return 0;
	return big_endian(header + VERSION_AT);
}

uint64_t header_size(const void *data)
{
	enum { PAGE_SIZE_AT = 16, PAGES_AT = 28, LARGEST_PAGE = 65536 };
	const unsigned char *header = data;
	uint64_t page = (uint64_t)header[PAGE_SIZE_AT] << 8 | header[PAGE_SIZE_AT + 1];
	return (page == 1 ? LARGEST_PAGE : page) * big_endian(header + PAGES_AT);
}

/* Reads the header of a database without SQLite, which would leave files of its own beside one that is not ours. */
static bool header_is_ours(const char *path, int fd, struct buf *why)
{
	unsigned char header[HEADER_SIZE];
	ssize_t len = read(fd, header, sizeof header);
	uint32_t version = header_version(header, len < 0 ? 0 : (size_t)len);
	if (version == 0)
		return refuse(why, path, "is not a world of cbsmock; it is left as it is");
	if (version == SCHEMA_VERSION)
		return true;
	buf_printf(why, "%s is a world of version %u and this cbsmock reads version %d: remove it or use another data directory", path,
	           version, SCHEMA_VERSION);
	return false;
}

static bool file_look(const char *path, struct file_state *state, struct buf *why)
{
	struct stat st;
	if (stat(path, &st) < 0) {
		if (errno == ENOENT)
			return true;
		buf_printf(why, "%s cannot be opened: %s", path, strerror(errno));
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return refuse(why, path, "is a directory, not a file");
	if (!S_ISREG(st.st_mode))
		return refuse(why, path, "is not a regular file");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		buf_printf(why, "%s cannot be opened for writing: %s", path, strerror(errno));
		return false;
	}
	bool fine = st.st_size == 0 || header_is_ours(path, fd, why);
	close(fd);
	*state = (struct file_state){ .exists = true, .size = st.st_size };
	return fine;
}

/* A lock on a file of its own leaves the database free for `sqlite3 FILE`. It ends with the process, however that ends. */
static bool file_lock(struct store *s, struct buf *why)
{
	for (;;) {
		int fd = open(s->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0) {
			buf_printf(why, "%s cannot be used: cannot make %s: %s", s->path, s->lock_path, strerror(errno));
			return false;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				refuse(why, s->path, "is in use by another cbsmock");
			else
				buf_printf(why, "%s cannot be locked: %s", s->path, strerror(errno));
			close(fd);
			return false;
		}
		/* Whoever had the lock removes the file on leaving; a lock on a removed file keeps nobody out. */
		struct stat st;
		if (fstat(fd, &st) == 0 && st.st_nlink > 0) {
			s->lock_fd = fd;
			return true;
		}
		close(fd);
	}
}

/* The look that counts comes after the lock. One comes before it too, so that no lock is made beside a file that is not ours; but
 * not at a file that may be open, for closing it would drop every lock SQLite holds on it in this process. */
bool file_take(struct store *s, struct file_state *state, struct buf *why)
{
	if (access(s->lock_path, F_OK) < 0 && !file_look(s->path, state, why))
		return false;
	if (!file_lock(s, why) || !file_look(s->path, state, why))
		return false;
	char *log = sqlite3_mprintf("%s-wal", s->path);
	state->has_log = log && access(log, F_OK) == 0;
	sqlite3_free(log);
	return true;
}

void file_leave(struct store *s)
{
	if (s->lock_fd < 0)
		return;
	if (!atomic_load(&s->unlinked))
		unlink(s->lock_path);
	close(s->lock_fd);
}

/* The lock goes last: whoever takes the path next finds nothing of ours there. SQLite sees at closing that the file has gone, and
 * leaves alone what may by then stand in its place. */
void store_unlink(struct store *s)
{
	static const char *const beside[] = { "", "-wal", "-shm" };
	if (!s->path || atomic_exchange(&s->unlinked, true))
		return;
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
		char name[PATH_SIZE];
		snprintf(name, sizeof name, "%s%s", s->path, beside[i]);
		unlink(name);
	}
	unlink(s->lock_path);
}
