/* A thread that serves: it lets libmicrohttpd read what connections have to say, then handles their requests one after the other, commits
 * at once for all of them, and lets libmicrohttpd answer in its next run. Reading, handling and sending are each more code than a
 * processor's first cache holds, so doing one of them for many requests costs a good deal less than all of them for each; and a client
 * that waits for several answers is woken once. */
#ifndef CBSMOCK_HTTP_LOOP_H
#define CBSMOCK_HTTP_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>

#include <pthread.h>

#include <microhttpd.h>

#include "http/buffers.h"
#include "http/linger.h"

struct exchange;
struct listener;

enum { LOOP_FILES = 3 }; /* that are open for it */

struct loop {
	struct listener *listener;
	struct MHD_Daemon *daemon;
	pthread_t thread;
	atomic_bool ended;
	int epoll, wake;                  /* the daemon's, and one of our own */
	bool place_free;                  /* a connection has ended: another may be taken that waits for it */
	struct exchange *waiting, **last; /* to be handled when all were heard */
	size_t waiting_count;
	struct lingers lingers;           /* connections answered before their request was read */
	struct buffers buffers;           /* of connections that rest */
	int64_t idle_us;                  /* after which a connection is ended */
	int trim_ms;                      /* until some of them have rested long enough; -1: none will */
	int linger_ms;                    /* until one of those has lingered long enough; -1: none will */
};

/* Starts to turn around the daemon, which is the loop's from then on; so many connections may linger. False when there is no thread to be
 * had. */
bool loop_start(struct loop *l, struct MHD_Daemon *daemon, unsigned lingers);
/* Leaves the request to be handled (mock_handle, mock_finish) when all that have something to say were heard. To be called in the loop's
 * thread, from libmicrohttpd's callback for this very connection, which returns with nothing done and is called again in the next run.
 * Suspending it for that moment would cost five system calls. */
void loop_leave(struct loop *l, struct exchange *x);
/* The exchange ends: its request is handled now, if it was left. */
void loop_drop(struct loop *l, struct exchange *x);
/* Resumes a suspended connection of the loop's from another thread. */
void loop_resume(struct loop *l, struct MHD_Connection *connection);
/* Ends the thread and what connections there are. */
void loop_stop(struct loop *l);

#endif
