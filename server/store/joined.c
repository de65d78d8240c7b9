/* A layer between SQLite and its file system (sqlite.org/vfs.html) that knows one thing about the log (sqlite.org/fileformat2.html, 4.1): a
 * frame is a header of 24 bytes and a page, and bytes 4 to 7 of the header are not 0 in the last frame of a commit. Only a frame that
 * begins where the write before it ended is kept. All else, a header that is written anew say, goes straight through, behind what was
 * kept. */
#include "store/joined.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 24, PAGES_AFTER = 4, ROOM = 64 * 1024 };

enum place { BETWEEN_FRAMES, IN_FRAME, IN_LAST_FRAME };

struct log_file {
	sqlite3_file file;
	sqlite3_file *below; /* stands behind this struct */
	char *kept;          /* ROOM bytes; NULL until there are some */
	int len;
	sqlite3_int64 at;    /* where they belong */
	sqlite3_int64 next;  /* where the last write ended; -1: not known */
	enum place place;
};

static sqlite3_vfs *base;
static sqlite3_vfs joined;

static struct log_file *log_of(sqlite3_file *file)
{
	return (struct log_file *)(void *)file;
}

static sqlite3_file *below(sqlite3_file *file)
{
	return log_of(file)->below;
}

/* ---- writing ------------------------------------------------------------------------------------------------------------- */

static void forget(struct log_file *l)
{
	l->len = 0;
	l->next = -1;
	l->place = BETWEEN_FRAMES;
}

static int flush(struct log_file *l)
{
	int rc = l->len ? l->below->pMethods->xWrite(l->below, l->kept, l->len, l->at) : SQLITE_OK;
	l->len = 0;
	if (rc != SQLITE_OK)
		forget(l);
	return rc;
}

static int write_through(struct log_file *l, const void *data, int size, sqlite3_int64 offset)
{
	int rc = flush(l);
	forget(l);
	if (rc == SQLITE_OK)
		rc = l->below->pMethods->xWrite(l->below, data, size, offset);
	if (rc == SQLITE_OK)
		l->next = offset + size;
	return rc;
}

static bool is_last(const char *header)
{
	static const char none[4];
	return memcmp(header + PAGES_AFTER, none, sizeof none) != 0;
}

static bool can_keep(struct log_file *l, int size, sqlite3_int64 offset)
{
	if (offset != l->next || size > ROOM || (l->place == BETWEEN_FRAMES && size != HEADER))
		return false;
	if (!l->kept)
		l->kept = malloc(ROOM);
	return l->kept != NULL;
}

static int write_log(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
	struct log_file *l = log_of(file);
	if (!can_keep(l, size, offset))
		return write_through(l, data, size, offset);
	int rc = l->len > ROOM - size ? flush(l) : SQLITE_OK;
	if (rc != SQLITE_OK)
		return rc;
	if (!l->len)
		l->at = offset;
	memcpy(l->kept + l->len, data, (size_t)size);
	l->len += size;
	l->next = offset + size;
	bool ends = l->place == IN_LAST_FRAME;
	if (l->place == BETWEEN_FRAMES)
		l->place = is_last(data) ? IN_LAST_FRAME : IN_FRAME;
	else
		l->place = BETWEEN_FRAMES;
	return ends ? flush(l) : SQLITE_OK;
}

/* ---- the rest of a file's methods, which find the log as SQLite wrote it --------------------------------------------------- */

/* What is still kept belongs to no commit. */
static int close_log(sqlite3_file *file)
{
	free(log_of(file)->kept);
	return below(file)->pMethods->xClose(below(file));
}

static int read_log(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
	int rc = flush(log_of(file));
	return rc == SQLITE_OK ? below(file)->pMethods->xRead(below(file), out, size, offset) : rc;
}

static int truncate_log(sqlite3_file *file, sqlite3_int64 size)
{
	int rc = flush(log_of(file));
	forget(log_of(file));
	return rc == SQLITE_OK ? below(file)->pMethods->xTruncate(below(file), size) : rc;
}

static int sync_log(sqlite3_file *file, int flags)
{
	int rc = flush(log_of(file));
	return rc == SQLITE_OK ? below(file)->pMethods->xSync(below(file), flags) : rc;
}

static int size_of_log(sqlite3_file *file, sqlite3_int64 *size)
{
	int rc = flush(log_of(file));
	return rc == SQLITE_OK ? below(file)->pMethods->xFileSize(below(file), size) : rc;
}

static int lock_log(sqlite3_file *file, int level)
{
	return below(file)->pMethods->xLock(below(file), level);
}

static int unlock_log(sqlite3_file *file, int level)
{
	return below(file)->pMethods->xUnlock(below(file), level);
}

static int is_log_locked(sqlite3_file *file, int *locked)
{
	return below(file)->pMethods->xCheckReservedLock(below(file), locked);
}

static int control_log(sqlite3_file *file, int what, void *data)
{
	return below(file)->pMethods->xFileControl(below(file), what, data);
}

static int sector_of_log(sqlite3_file *file)
{
	return below(file)->pMethods->xSectorSize(below(file));
}

static int nature_of_log(sqlite3_file *file)
{
	return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static const sqlite3_io_methods log_methods = {
	.iVersion = 1,
	.xClose = close_log,
	.xRead = read_log,
	.xWrite = write_log,
	.xTruncate = truncate_log,
	.xSync = sync_log,
	.xFileSize = size_of_log,
	.xLock = lock_log,
	.xUnlock = unlock_log,
	.xCheckReservedLock = is_log_locked,
	.xFileControl = control_log,
	.xSectorSize = sector_of_log,
	.xDeviceCharacteristics = nature_of_log,
};

/* ---- the file system ------------------------------------------------------------------------------------------------------- */

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *flags_out)
{
	(void)vfs;
	if (!(flags & SQLITE_OPEN_WAL))
		return base->xOpen(base, name, file, flags, flags_out);
	struct log_file *l = log_of(file);
	*l = (struct log_file){ .below = (sqlite3_file *)(void *)(l + 1) };
	forget(l);
	int rc = base->xOpen(base, name, l->below, flags, flags_out);
	if (l->below->pMethods) /* then it is to be closed, even if this failed */
		l->file.pMethods = &log_methods;
	return rc;
}

void joined_register(void)
{
	base = sqlite3_vfs_find(NULL);
	if (!base)
		return;
	joined = *base;
	joined.pNext = NULL;
	joined.zName = JOINED;
	joined.szOsFile = (int)sizeof(struct log_file) + base->szOsFile;
	joined.xOpen = open_file;
	sqlite3_vfs_register(&joined, 0);
}
