/* The listeners: opening their sockets so that a refusal can be told in a sentence, starting libmicrohttpd on them, and ending it
 * all without losing an answer. What a connection does is collect.c. */
#include "http/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/http_internal.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

enum { STOP_MS = 600 }; /* that requests in flight get to finish */

struct address {
	struct sockaddr_storage storage;
	socklen_t len;
};

/* ---- sockets ------------------------------------------------------------------------------------------------------- */

/* Numbers only: looking a name up could leave this machine. */
static bool parse_address(const char *host, int port, struct address *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&out->storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&out->storage;
	if (str_is(host, "localhost"))
		host = "127.0.0.1";
	memset(&out->storage, 0, sizeof out->storage);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		out->len = sizeof *v4;
		return true;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		out->len = sizeof *v6;
		return true;
	}
	return false;
}

static const char *listen_error(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "the port is in use";
	case EADDRNOTAVAIL:
		return "this machine does not have that address";
	case EACCES:
		return "ports below 1024 need a privilege";
	default:
		return strerror(error);
	}
}

static int bound_port(int fd)
{
	struct sockaddr_storage storage;
	socklen_t len = sizeof storage;
	if (getsockname(fd, (struct sockaddr *)&storage, &len) != 0)
		return 0;
	if (storage.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)(void *)&storage)->sin6_port);
	return ntohs(((struct sockaddr_in *)(void *)&storage)->sin_port);
}

static bool open_listener(struct listener *l, const char *host, int port, struct buf *why)
{
	struct address address;
	if (!parse_address(host, port, &address)) {
		buf_printf(why, "host \"%s\" is not an IP address", host);
		return false;
	}
	int on = 1;
	l->fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Lets a restart have the port of a server that has just ended; two servers at once still cannot. */
	if (l->fd >= 0 && setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    bind(l->fd, (struct sockaddr *)&address.storage, address.len) == 0 && listen(l->fd, SOMAXCONN) == 0) {
		l->port = bound_port(l->fd);
		return true;
	}
	buf_printf(why, "cannot listen on %s port %d: %s", host, port, listen_error(errno));
	return false;
}

/* ---- libmicrohttpd ------------------------------------------------------------------------------------------------- */

static void on_library_log(void *closure, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static void on_library_log(void *closure, const char *format, va_list args)
{
	(void)closure;
	if (!log_wants(LOG_DEBUG))
		return;
	struct buf line;
	buf_init(&line, 1024);
	buf_vprintf(&line, format, args);
	while (line.len && line.data[line.len - 1] == '\n')
		line.data[--line.len] = '\0';
	log_say(LOG_DEBUG, "libmicrohttpd: %s", line.data);
	buf_finish(&line);
}

/* The gateway decodes for itself, from the target as it was sent. */
static size_t leave_escaped(void *closure, struct MHD_Connection *connection, char *text)
{
	(void)closure;
	(void)connection;
	return strlen(text);
}

static unsigned thread_count(int wanted, unsigned connections)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned threads = wanted ? (unsigned)wanted : cores > 0 ? (unsigned)cores : 1;
	return threads < connections ? threads : connections;
}

/* One of several on the same listening socket. */
static struct MHD_Daemon *start_daemon(struct loop *loop, unsigned connections, const struct tls *tls)
{
	struct listener *l = loop->listener;
	const struct http_config *config = &l->http->config;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	if (tls)
		flags |= MHD_USE_TLS;
	struct MHD_OptionItem more[3];
	size_t n = 0;
	if (tls) {
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, tls->cert_pem };
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key_pem };
	}
	more[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, loop,
	                        MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
	                        MHD_OPTION_LISTEN_SOCKET, l->fd,
	                        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)BUFFER_SIZE,
	                        MHD_OPTION_CONNECTION_LIMIT, connections,
	                        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)config->idle_seconds,
	                        MHD_OPTION_URI_LOG_CALLBACK, on_target, loop,
	                        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
	                        MHD_OPTION_NOTIFY_COMPLETED, on_completed, loop,
	                        MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop,
	                        MHD_OPTION_ARRAY, more,
	                        MHD_OPTION_END);
}

static bool serve_listener(struct listener *l, unsigned connections, const struct tls *tls)
{
	unsigned threads = thread_count(l->http->config.threads, connections);
	unsigned lingers = threads < LINGERS_MAX ? LINGERS_MAX / threads : 1;
	l->loops = xcalloc(threads, sizeof *l->loops);
	for (unsigned i = 0; i < threads; i++) {
		struct loop *loop = &l->loops[i];
		loop->listener = l;
		struct MHD_Daemon *daemon = start_daemon(loop, connections / threads + (i < connections % threads), tls);
		if (!daemon || !loop_start(loop, daemon, lingers))
			return false;
		l->loop_count++;
	}
	return true;
}

/* ---- start and stop ------------------------------------------------------------------------------------------------ */

struct http *http_open(const struct http_config *config, struct buf *why)
{
	const int ports[N_LISTENERS] = {
		[LISTENER_PLAIN] = config->port, [LISTENER_TLS] = config->tls_port, [LISTENER_ADMIN] = config->admin_port,
	};
	if (config->tls_port >= 0 && !tls_check_names(config->tls_names, why))
		return NULL;
	struct http *h = xcalloc(1, sizeof *h);
	h->config = *config;
	h->admin = config->admin;
	h->texts = arena_new();
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->idle, NULL);
	for (int i = 0; i < N_LISTENERS; i++)
		h->listeners[i] = (struct listener){
			.http = h,
			.fd = -1,
			.port = -1,
			.cloud = i != LISTENER_ADMIN,
			.admin = i == LISTENER_ADMIN || config->admin_port < 0,
		};
	for (int i = 0; i < N_LISTENERS; i++)
		if (ports[i] >= 0 && !open_listener(&h->listeners[i], config->host, ports[i], why)) {
			http_stop(h);
			return NULL;
		}
	return h;
}

struct files_need files_needed(const struct http *h)
{
	struct files_need need = { .connections = (unsigned)h->config.max_connections, .worlds = mock_files(h->mock) };
	for (int i = 0; i < N_LISTENERS; i++)
		need.ports += h->listeners[i].port >= 0;
	need.loops = need.ports * thread_count(h->config.threads, need.connections);
	return need;
}

static void poke(void *pauses)
{
	pauses_poke(pauses);
}

bool http_serve(struct http *h, struct mock *m, struct buf *why)
{
	h->mock = m;
	if (h->listeners[LISTENER_TLS].fd >= 0 && !tls_init(&h->tls, h->config.data_dir, h->config.tls_names, why))
		return false;
	h->pauses = pauses_open();
	if (!h->pauses) {
		buf_adds(why, "cannot start a thread");
		return false;
	}
	h->admin.ca_pem = h->tls.ca_pem;
	h->admin.poke = poke;
	h->admin.poke_data = h->pauses;
	struct files_need need = files_needed(h);
	unsigned connections = files_allow(&need);
	for (int i = 0; i < N_LISTENERS; i++) {
		struct listener *l = &h->listeners[i];
		if (l->fd < 0)
			continue;
		if (!serve_listener(l, connections, i == LISTENER_TLS ? &h->tls : NULL)) {
			buf_printf(why, "cannot serve on %s port %d: the HTTP library refused to start", h->config.host, l->port);
			return false;
		}
	}
	return true;
}

int http_port(const struct http *h)
{
	return h->listeners[LISTENER_PLAIN].port;
}

int http_tls_port(const struct http *h)
{
	return h->listeners[LISTENER_TLS].port;
}

int http_admin_port(const struct http *h)
{
	return h->listeners[LISTENER_ADMIN].port;
}

static void wait_for_answers(struct http *h)
{
	int64_t until_ms = clock_wall_ms() + STOP_MS;
	struct timespec until = { .tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000 };
	pthread_mutex_lock(&h->lock);
	while (atomic_load(&h->in_flight) && pthread_cond_timedwait(&h->idle, &h->lock, &until) == 0)
		continue;
	pthread_mutex_unlock(&h->lock);
}

static void stop_accepting(struct listener *l)
{
	for (unsigned i = 0; i < l->loop_count; i++)
		MHD_quiesce_daemon(l->loops[i].daemon);
	if (l->fd >= 0)
		shutdown(l->fd, SHUT_RDWR); /* newcomers are refused; the loops still hold the number, so it is closed after them */
}

static void stop_loops(struct listener *l)
{
	for (unsigned i = 0; i < l->loop_count; i++)
		loop_stop(&l->loops[i]);
	free(l->loops);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

void http_stop(struct http *h)
{
	if (!h)
		return;
	atomic_store(&h->stopping, true);
	for (int i = 0; i < N_LISTENERS; i++)
		stop_accepting(&h->listeners[i]);
	pauses_end(h->pauses);
	wait_for_answers(h);
	for (int i = 0; i < N_LISTENERS; i++)
		stop_loops(&h->listeners[i]);
	pauses_free(h->pauses);
	tls_finish(&h->tls);
	arena_free(h->texts);
	pthread_cond_destroy(&h->idle);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
