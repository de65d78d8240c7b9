/* A tool that takes snapshots: the code under test in this folder, in the place of yours. It knows the cloud only by an address. */
#ifndef TESTS_EMBED_BACKUP_H
#define TESTS_EMBED_BACKUP_H

#include <stdbool.h>

enum { SNAPSHOT_ID_SIZE = 16 };

/* Orders a snapshot of a disk. False when the cloud refuses. */
bool backup_begin(const char *url, const char *disk, char snapshot[SNAPSHOT_ID_SIZE]);
/* May the snapshot be relied on? */
bool backup_is_complete(const char *url, const char *snapshot);
/* How many snapshots there are; -1 without an answer. */
int backup_count(const char *url);

#endif
