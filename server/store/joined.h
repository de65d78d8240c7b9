/* Writes to a write-ahead log, joined. SQLite writes each page of a commit in two pieces, a header of 24 bytes and the page: seven pages
 * are fourteen calls of the kernel. Through this file system the pieces are kept until the last of a commit is there and leave as one.
 * That a commit's pages are with the kernel before it goes on stays true: the write of its last piece is the one that writes them all,
 * and when that fails the commit does. Files other than logs are those of SQLite's own file system. */
#ifndef CBSMOCK_STORE_JOINED_H
#define CBSMOCK_STORE_JOINED_H

/* For sqlite3_open_v2. */
#define JOINED "cbsmock"

/* Makes it known to SQLite; once in the process. When that fails, nothing can be opened by its name. */
void joined_register(void);

#endif
