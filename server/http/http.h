/* The sockets: the only user of libmicrohttpd. Collects a request (bounded), hands it to the gateway or the admin API, sends the
 * answer. Plain and TLS listeners share everything else. */
#ifndef CBSMOCK_HTTP_HTTP_H
#define CBSMOCK_HTTP_HTTP_H

#include <stdbool.h>

#include "admin/admin.h"
#include "gateway/mock.h"
#include "util/buf.h"

struct http;

struct http_config {
	const char *host;          /* address to bind: "127.0.0.1", "::1", "0.0.0.0" */
	int port;                  /* 0 picks one */
	int tls_port;              /* -1: off; 0 picks one */
	int admin_port;            /* -1: the admin API is on `port` and the TLS port; else on this one only */
	int threads;               /* that serve; 0: one a core */
	int idle_seconds;          /* a connection may idle that long */
	int max_connections;       /* on each port */
	const char *data_dir;      /* where the CA is kept; NULL: made anew, in memory */
	const char *tls_names;     /* further names of the certificate, "," between; may be NULL */
	struct admin_config admin; /* ca_pem is filled here */
};

/* Binds the ports; clients that connect wait. First of all, so that a port in use is told before anything is touched. NULL with one
 * sentence in `why` (port in use, address not ours). The config's strings must outlive it. */
struct http *http_open(const struct http_config *config, struct buf *why);
/* Serves. False with one sentence in `why`; http_stop is still to be called. */
bool http_serve(struct http *h, struct mock *m, struct buf *why);
int http_port(const struct http *h);
int http_tls_port(const struct http *h);   /* -1 when off */
int http_admin_port(const struct http *h); /* -1 when off */
/* Takes over token and hosts, of which it makes copies; requests that are being answered go by the old ones. After mock_reconfigure, whose
 * worlds may need more open files. */
void http_reconfigure(struct http *h, const struct admin_config *admin);
/* Stops taking connections, answers what is in flight, closes, frees; under a second. NULL is fine. */
void http_stop(struct http *h);

#endif
