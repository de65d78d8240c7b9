/* Connections that wait, without a thread each: suspended until a moment, until a poll has its answer, or until their client has
 * gone. One thread sleeps until the nearest moment and resumes those whose time has come; libmicrohttpd then goes on with the
 * connection in a thread of its own.
 *
 * A client that closed its side counts as gone, though it may still read: gateways in front of a cloud see it so too, and nobody
 * could tell the two apart before having answered. */
#ifndef CBSMOCK_HTTP_PAUSE_H
#define CBSMOCK_HTTP_PAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#define PAUSE_FOREVER INT64_MAX

struct loop;
struct pauses;

/* One connection's, zeroed at first but for its loop; the owner keeps it where it is while the connection waits. */
struct pause {
	struct loop *loop;                 /* that serves the connection; set by the owner */
	bool gone;                         /* the client went away meanwhile; read after the pause */
	/* for pause.c */
	struct MHD_Connection *connection;
	int fd;                            /* watched for its client's going; -1: not */
	int64_t due_us;
	size_t place;                      /* in the heap, from 1; 0: it does not wait */
	bool (*ready)(void *data);         /* a poll's question; NULL: no poll */
	void *data;
	struct pause *next, *previous;     /* among the polls */
};

/* NULL when there is no thread or descriptor to be had. */
struct pauses *pauses_open(void);
/* Resumes all; from now on nothing waits. NULL is fine, and so is a second time. */
void pauses_end(struct pauses *t);
/* After pauses_end, when nobody can call any more. */
void pauses_free(struct pauses *t);

/* Suspends the connection until the moment (as of clock_mono_us) or until its client has gone. To be called from libmicrohttpd's
 * callbacks for this very connection, which then return with nothing done and are called again. False when the server ends: the
 * connection is as it was, and the caller goes on at once. */
bool pause_until(struct pauses *t, struct pause *p, struct MHD_Connection *connection, int64_t due_us);
/* The same, and no longer than until `ready` says yes. It is asked soon and after each pauses_poke, from the thread of the pauses. */
bool pause_for_poll(struct pauses *t, struct pause *p, struct MHD_Connection *connection, int64_t due_us,
                    bool (*ready)(void *data), void *data);
/* What a poll waits for may have come true. Any thread; cheap when there is no poll. */
void pauses_poke(struct pauses *t);

/* The socket of a connection. */
int connection_fd(struct MHD_Connection *connection);

#endif
