/* How many files may be open: connections, loops, sockets that linger and the worlds of --data all are some. */
#ifndef CBSMOCK_HTTP_FILES_H
#define CBSMOCK_HTTP_FILES_H

#include <stddef.h>

struct files_need {
	unsigned connections; /* that are wanted, on each port */
	unsigned ports, loops;
	size_t worlds;        /* files of theirs, at most */
};

/* Raises the process's soft limit as far as the need goes and the hard one lets it. Returns how many connections there may be on each
 * port, which is logged where it is fewer than wanted. */
unsigned files_allow(const struct files_need *need);
/* The worlds may need more, or fewer, from now on. */
void files_allow_worlds(const struct files_need *need);

#endif
