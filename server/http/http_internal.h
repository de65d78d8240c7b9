/* Shared by the files of http/: the listeners and what each serves. */
#ifndef CBSMOCK_HTTP_HTTP_INTERNAL_H
#define CBSMOCK_HTTP_HTTP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <microhttpd.h>

#include "http/http.h"
#include "http/tls.h"

struct listener {
	struct http *http;
	int fd;                    /* bound and listening; -1: off, or libmicrohttpd has it */
	int port;                  /* -1: off */
	struct MHD_Daemon *daemon; /* NULL: does not serve */
	bool cloud, admin;         /* what it serves; a request for neither is told so */
};

enum { LISTENER_PLAIN, LISTENER_TLS, LISTENER_ADMIN, N_LISTENERS };

struct http {
	struct mock *mock;
	struct http_config config;
	struct admin_config admin;
	struct tls tls;
	struct listener listeners[N_LISTENERS];
	atomic_bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t idle;       /* in_flight became 0 */
	size_t in_flight;          /* under lock */
};

/* Callbacks of libmicrohttpd; the closure is the listener. One exchange (a request and its answer) is born with its request line
 * and ends, once, in on_completed, however it ends. */
void *on_target(void *listener, const char *target, struct MHD_Connection *connection);
enum MHD_Result on_request(void *listener, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *upload, size_t *upload_size, void **exchange);
void on_completed(void *listener, struct MHD_Connection *connection, void **exchange, enum MHD_RequestTerminationCode how);

#endif
