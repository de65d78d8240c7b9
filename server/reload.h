/* Settings of a server that runs: read again (SIGHUP, POST /_cbs/config/reload) or changed by name (PATCH /_cbs/config). Those that
 * cannot change without a restart are told, a mistake changes nothing. */
#ifndef CBSMOCK_RELOAD_H
#define CBSMOCK_RELOAD_H

#include <pthread.h>

#include "admin/admin.h"
#include "config.h"

struct reload {
	pthread_mutex_t lock;     /* of all that changes below */
	struct config *running;
	int argc;
	char **argv;
	struct http *http;        /* these two are set before anybody serves */
	struct mock *mock;
	struct admin_settings door;
};

void reload_init(struct reload *r, struct config *running, int argc, char **argv);
void reload_finish(struct reload *r);
/* Reads file and environment again and logs what came of it. */
void reload_now(struct reload *r);

#endif
