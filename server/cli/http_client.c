/* Sockets without a library: the client speaks to our own server, whose answers have a length, and a person trying things out
 * must never wait on it longer than the timeout. */
#include "cli/http_client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/str.h"

enum { HEAD_MAX = 64 * 1024, CHUNK = 64 * 1024 };

bool endpoint_parse(struct arena *a, const char *url, struct endpoint *out, struct buf *why)
{
	const char *at = url;

	if (str_prefix(url, "https://")) {
		buf_printf(why, "%s: this client does not speak TLS; give the server's http:// address", url);
		return false;
	}
	if (str_prefix(url, "http://"))
		at += strlen("http://");
	size_t len = strcspn(at, "/");
	if (len == 0 || (at[len] == '/' && at[len + 1] != '\0') || strcspn(at, "@?# \t\r\n") < len) {
		buf_printf(why, "%s: an endpoint is http://HOST:PORT and nothing after it", url);
		return false;
	}

	char *authority = arena_strndup(a, at, len);
	char *host = arena_strdup(a, authority);
	char *port = NULL;

	if (host[0] == '[') {
		char *end = strchr(host, ']');
		if (!end || (end[1] != '\0' && end[1] != ':')) {
			buf_printf(why, "%s: an IPv6 address stands in brackets, as in http://[::1]:9362", url);
			return false;
		}
		port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
		host++;
	} else {
		port = strchr(host, ':');
		if (port)
			*port++ = '\0';
	}
	uint64_t number = 80;
	if (port && (!str_to_u64(port, &number) || number == 0 || number > 65535)) {
		buf_printf(why, "%s: the port must be a number from 1 to 65535", url);
		return false;
	}
	out->host = host;
	out->port = port ? port : "80";
	out->authority = authority;
	return true;
}

/* Waits until fd is ready for `events`; false when the deadline (mono us) comes first. */
static bool wait_ready(int fd, short events, int64_t deadline_us)
{
	for (;;) {
		int64_t left_us = deadline_us - clock_mono_us();
		struct pollfd p = { .fd = fd, .events = events };

		if (left_us <= 0)
			return false;
		int n = poll(&p, 1, (int)(left_us / 1000) + 1);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

/* 0, or the errno of the failure. The socket is left non-blocking: poll() alone decides how long anything takes. */
static int connect_within(int fd, const struct addrinfo *address, int64_t deadline_us)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (!wait_ready(fd, POLLOUT, deadline_us))
		return ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return errno;
	return error;
}

/* A connected socket, or -1 with a sentence in `why`. */
static int open_connection(const struct endpoint *e, int64_t deadline_us, struct buf *why)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int error = 0;
	int found = getaddrinfo(e->host, e->port, &hints, &list);

	if (found != 0) {
		buf_printf(why, "cannot find %s: %s", e->host, gai_strerror(found));
		return -1;
	}
	int fd = -1;
	for (const struct addrinfo *address = list; address && fd < 0; address = address->ai_next) {
		fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
		error = fd < 0 ? errno : connect_within(fd, address, deadline_us);
		if (fd >= 0 && error != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd < 0)
		buf_printf(why, "cannot reach http://%s: %s; is the server running?", e->authority, strerror(error));
	return fd;
}

static bool send_all(int fd, const char *data, size_t len, int64_t deadline_us, struct buf *why)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
			continue;
		}
		/* A server that refuses early has answered and closed: its answer is worth more than the failed write. */
		if (errno == EPIPE || errno == ECONNRESET)
			return true;
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
			buf_printf(why, "cannot send the request: %s", strerror(errno));
			return false;
		}
		if (!wait_ready(fd, POLLOUT, deadline_us)) {
			buf_adds(why, "the server took too long to read the request");
			return false;
		}
	}
	return true;
}

/* The value of a header in a head that ends with an empty line; NULL when absent. The value ends at '\r'. */
static const char *head_value(const char *head, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r' && line[2] != '\0'; line = strstr(line + 2, "\r\n")) {
		const char *at = line + 2;
		size_t colon = strcspn(at, ":\r");
		char word[32];

		if (colon != len || at[colon] != ':' || len >= sizeof(word))
			continue;
		memcpy(word, at, len);
		word[len] = '\0';
		if (str_case_is(word, name))
			return at + colon + 1 + strspn(at + colon + 1, " \t");
	}
	return NULL;
}

struct head {
	size_t size; /* with the empty line; 0: not complete yet */
	int status;
	bool has_length;
	size_t length;
};

/* False when what came is not an HTTP answer that this client reads. */
static bool parse_head(struct arena *a, const char *text, struct head *out, struct buf *why)
{
	const char *end = strstr(text, "\r\n\r\n");
	uint64_t number;

	if (!end)
		return true;
	const char *head = arena_strndup(a, text, (size_t)(end + 4 - text));
	const char *status = strchr(head, ' ');
	if (!str_prefix(head, "HTTP/1.") || !status || !str_to_u64(arena_strndup(a, status + 1, 3), &number)) {
		buf_adds(why, "the answer is not HTTP");
		return false;
	}
	out->status = (int)number;
	if (head_value(head, "Transfer-Encoding")) {
		buf_adds(why, "the answer has a transfer encoding, which this client does not read");
		return false;
	}
	const char *length = head_value(head, "Content-Length");
	if (length) {
		if (!str_to_u64(arena_strndup(a, length, strcspn(length, " \t\r")), &number) || number > REPLY_MAX) {
			buf_adds(why, "the answer's Content-Length is not usable");
			return false;
		}
		out->has_length = true;
		out->length = (size_t)number;
	}
	out->size = (size_t)(end + 4 - text);
	return true;
}

/* Reads until the length is reached or the server closes. */
static bool read_reply(struct arena *a, int fd, int64_t deadline_us, struct buf *in, struct head *head, struct buf *why)
{
	char *chunk = arena_alloc(a, CHUNK);

	for (;;) {
		ssize_t n = recv(fd, chunk, CHUNK, 0);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
			if (wait_ready(fd, POLLIN, deadline_us))
				continue;
			buf_adds(why, "the server took too long to answer");
			return false;
		}
		if (n <= 0) {
			if (head->size > 0 && !head->has_length && n == 0)
				return true;
			buf_printf(why, "the server closed the connection %s",
			           in->len == 0 ? "without an answer" : "in the middle of its answer");
			return false;
		}
		buf_add(in, chunk, (size_t)n);
		if (in->overflow) {
			buf_printf(why, "the answer is longer than %d bytes", REPLY_MAX);
			return false;
		}
		if (head->size == 0 && !parse_head(a, in->data, head, why))
			return false;
		if (head->size == 0 && in->len > HEAD_MAX) {
			buf_adds(why, "the answer is not HTTP");
			return false;
		}
		if (head->size > 0 && head->has_length && in->len - head->size >= head->length)
			return true;
	}
}

bool http_exchange(struct arena *a, const struct endpoint *e, const char *request, size_t len, int timeout_ms,
                   struct http_reply *reply, struct buf *why)
{
	int64_t deadline_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
	struct head head = { 0 };
	struct buf in;
	int fd = open_connection(e, deadline_us, why);

	if (fd < 0)
		return false;
	buf_init(&in, HEAD_MAX + REPLY_MAX);
	bool ok = send_all(fd, request, len, deadline_us, why) && read_reply(a, fd, deadline_us, &in, &head, why);
	close(fd);
	if (ok) {
		reply->status = head.status;
		reply->body_len = head.has_length ? head.length : in.len - head.size;
		reply->body = arena_strndup(a, in.data + head.size, reply->body_len);
	}
	buf_finish(&in);
	return ok;
}

void add_encoded(struct buf *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
	for (; *text; text++) {
		if (strchr(plain, *text))
			buf_addc(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
	}
}
