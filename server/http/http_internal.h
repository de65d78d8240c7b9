/* Shared by the files of http/: the listeners and what each serves, and one exchange on its way. */
#ifndef CBSMOCK_HTTP_HTTP_INTERNAL_H
#define CBSMOCK_HTTP_HTTP_INTERNAL_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>

#include "gateway/request.h"
#include "http/files.h"
#include "http/http.h"
#include "http/loop.h"
#include "http/pause.h"
#include "http/tls.h"
#include "http/wire.h"
#include "util/buf.h"

struct listener {
	struct http *http;
	int fd;                    /* bound and listening; -1: off, or libmicrohttpd has it */
	int port;                  /* -1: off */
	struct loop *loops;        /* that serve it, a thread each */
	unsigned loop_count;
	bool cloud, admin;         /* what it serves; a request for neither is told so */
};

enum { LISTENER_PLAIN, LISTENER_TLS, LISTENER_ADMIN, N_LISTENERS };

struct http {
	struct mock *mock;
	struct http_config config;
	struct admin_config admin; /* under lock: live_admin() */
	struct arena *texts;       /* of settings that changed */
	atomic_uint connections;   /* open now */
	struct tls tls;
	struct pauses *pauses;     /* while it serves */
	struct listener listeners[N_LISTENERS];
	atomic_bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t idle;       /* in_flight became 0 while it stops */
	atomic_size_t in_flight;
};

/* The other end of a connection, for as long as that lives: libmicrohttpd's context of the socket. */
struct peer {
	struct buffer *buffer;
	char address[INET6_ADDRSTRLEN]; /* as text; "" when it is not known */
};

/* A request and its answer, in the request's arena. It is born with the request line and ends, once, in on_completed, however it ends. */
struct exchange {
	struct listener *listener;
	struct loop *loop;
	struct MHD_Connection *connection;
	struct request *request;
	struct buf body;           /* the request's */
	size_t limit, received;    /* bytes of body: kept at most (and one more), arrived so far */
	const char *path, *query;
	bool begun, admin, handled, logged; /* handled: the gateway or the admin API has had it */
	bool unread;               /* it is answered without its body, which the client may be about to send */
	struct admin_answer *out;  /* of the admin API, in the request's arena; NULL before */
	int64_t poll_due_us;       /* when its poll ends, if it is one */
	struct pause pause;
	bool waits;                /* to be handled, with others of its loop */
	struct exchange *next;     /* of those */
	struct spoil spoil;
};

/* ---- http.c ---------------------------------------------------------------------------------------------------------- */

/* By the settings as they are now. */
struct files_need files_needed(const struct http *h);

/* ---- collect.c: callbacks of libmicrohttpd; the closure is the loop ------------------------------------------------ */

void *on_target(void *loop, const char *target, struct MHD_Connection *connection);
enum MHD_Result on_request(void *loop, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *upload, size_t *upload_size, void **exchange);
void on_completed(void *loop, struct MHD_Connection *connection, void **exchange, enum MHD_RequestTerminationCode how);

/* ---- answer.c ---------------------------------------------------------------------------------------------------------- */

struct answer {
	int status;
	const char *content_type, *allow, *policy; /* the last two: NULL or "" for none */
	const char *data;                 /* lives as long as the exchange */
	size_t len;
	bool close;
};

/* Lets the gateway or the admin API answer a request that is complete; once. False when there is no answer to give before the loop's next
 * turn. */
bool answer_find(struct exchange *x);
/* Sends what was found, or pauses first; then it is called again. */
enum MHD_Result answer_give(struct exchange *x);
/* The exchange ends, answered or not: a poll that still waits is told, and the admin API's answer freed. */
void answer_abandon(struct exchange *x);

/* ---- send.c --------------------------------------------------------------------------------------------------------- */

enum MHD_Result send_answer(struct exchange *x, const struct answer *a);
/* An answer of http/ itself, to what neither the gateway nor the admin API can be asked. */
enum MHD_Result send_refusal(struct exchange *x, int status, const char *json);
/* Adds the usual headers, queues the response and lets go of it. */
enum MHD_Result send_response(struct exchange *x, const struct answer *a, struct MHD_Response *response);

/* ---- live.c --------------------------------------------------------------------------------------------------------- */

/* The closure is the loop. */
void on_connection(void *loop, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode what);
/* As it is now; its texts live as long as the server. */
struct admin_config live_admin(struct http *h);

#endif
