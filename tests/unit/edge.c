/* A gateway that obeys the query, an admin API with one poll, and a client of plain sockets. */
#include "edge.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/request.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

enum { SIZE = 1000, RECEIVED_MAX = 8 * 1024 * 1024, PATIENCE_MS = 10000 };

atomic_int edge_taken, edge_freed, edge_polls, edge_cancelled;
atomic_bool edge_ready;

static void (*_Atomic poke)(void *data);
static _Atomic(void *) poke_data;
static int64_t asked_us; /* when the client last asked */

/* ---- the gateway ------------------------------------------------------------------------------------------------------- */

static void count_free(void *counter)
{
	atomic_fetch_add((atomic_int *)counter, 1);
}

/* A word of the query: its value in the wire. */
static void set_wire(struct request *r, const char *name, int64_t value, size_t *size)
{
	struct wire *w = &r->wire;
	static const struct name_value headers[] = { { "X-Extra", "one" }, { "Server", "another" } };
	const struct {
		const char *name;
		int64_t *number;
		size_t *bytes;
		bool *flag;
	} words[] = {
		{ "size", NULL, size, NULL },
		{ "delay", &w->delay_ms, NULL, NULL },
		{ "silence_ms", &w->silence_ms, NULL, NULL },
		{ "cut", NULL, &w->cut_at, &w->cut },
		{ "lie", NULL, NULL, &w->lie_about_length },
		{ "after", NULL, NULL, &w->end_after_body },
		{ "slice", NULL, &w->slice_bytes, NULL },
		{ "every_us", &w->slice_delay_us, NULL, NULL },
		{ "rate", &w->bytes_per_second, NULL, NULL },
		{ "linger", &w->close_delay_ms, NULL, NULL },
		{ "bad_chunk", NULL, NULL, &w->bad_chunk },
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!str_is(words[i].name, name))
			continue;
		if (words[i].number)
			*words[i].number = value;
		if (words[i].bytes)
			*words[i].bytes = (size_t)value;
		if (words[i].flag)
			*words[i].flag = true;
		return;
	}
	if (str_is(name, "reset"))
		w->end = WIRE_RESET;
	else if (str_is(name, "close"))
		w->end = WIRE_CLOSE;
	else if (str_is(name, "silence"))
		w->end = WIRE_SILENCE;
	else if (str_is(name, "status"))
		r->http_status = (int)value;
	else if (str_is(name, "headers")) {
		r->answer_headers = headers;
		r->answer_header_count = 2;
	}
}

void mock_hear(struct mock *m, struct request *r)
{
	(void)m, (void)r;
}

/* Nothing here waits for a commit. */
void mock_finish(struct mock *m, struct request *r)
{
	(void)m, (void)r;
}

size_t mock_files(const struct mock *m)
{
	(void)m;
	return 0;
}

void mock_handle(struct mock *m, struct request *r)
{
	(void)m;
	size_t size = SIZE;
	const char *question = strchr(r->target, '?');
	char *word = arena_strdup(r->arena, question ? question + 1 : "");
	r->http_status = 200;
	r->content_type = "application/json";
	while (*word) {
		size_t len = strcspn(word, "&");
		bool last = !word[len];
		word[len] = '\0';
		char *equals = strchr(word, '=');
		int64_t value = 0;
		if (equals) {
			*equals = '\0';
			str_to_i64(equals + 1, &value);
		}
		set_wire(r, word, value, &size);
		word += len + !last;
	}
	buf_init(&r->answer, RECEIVED_MAX);
	for (size_t i = 0; i < size; i++)
		buf_addc(&r->answer, (char)('a' + i % 26));
	arena_defer(r->arena, count_free, &edge_freed);
	atomic_fetch_add(&edge_taken, 1);
}

/* ---- the admin API ----------------------------------------------------------------------------------------------------- */

size_t admin_body_max(const char *path)
{
	(void)path;
	return ADMIN_BODY_MAX;
}

bool admin_owns(const char *path)
{
	return str_prefix(path, "/_cbs/");
}

static bool is_ready(void *data)
{
	(void)data;
	return atomic_load(&edge_ready);
}

static void finish(void *data, bool in_time, struct admin_answer *out)
{
	buf_adds(&out->body, in_time ? "in time" : "late");
	out->status = 200;
	out->content_type = "text/plain";
	free(data);
}

static void cancel(void *data)
{
	atomic_fetch_add(&edge_cancelled, 1);
	free(data);
}

void admin_handle(struct mock *m, const struct admin_config *config, const struct admin_request *in, struct admin_answer *out)
{
	(void)m;
	*out = (struct admin_answer){ .status = 500 };
	buf_init(&out->body, SIZE);
	atomic_store(&poke_data, config->poke_data);
	atomic_store(&poke, config->poke);
	out->wait = (struct admin_wait){ .ready = is_ready, .finish = finish, .cancel = cancel, .data = xmalloc(1) };
	str_to_i64(in->query, &out->wait.timeout_ms);
	atomic_fetch_add(&edge_polls, 1);
}

/* ---- the server -------------------------------------------------------------------------------------------------------- */

struct edge edge_open(void)
{
	const struct http_config config = {
		.host = "127.0.0.1", .tls_port = -1, .admin_port = -1, .threads = 2, .idle_seconds = 60, .max_connections = 300,
	};
	struct buf why;
	struct edge e = { 0 };
	signal(SIGPIPE, SIG_IGN);
	edge_taken = edge_freed = edge_polls = edge_cancelled = 0;
	edge_ready = false;
	log_setup(LOG_OFF, LOG_TEXT);
	buf_init(&why, SIZE);
	e.http = http_open(&config, &why);
	ck_assert_msg(e.http && http_serve(e.http, NULL, &why), "%s", why.data);
	buf_finish(&why);
	e.port = http_port(e.http);
	return e;
}

void edge_poke(void)
{
	void (*call)(void *data) = atomic_load(&poke);
	call(atomic_load(&poke_data));
}

int64_t edge_stop(struct edge *e)
{
	int64_t began_us = clock_mono_us();
	http_stop(e->http);
	e->http = NULL;
	return (clock_mono_us() - began_us) / 1000;
}

void edge_close(struct edge *e)
{
	http_stop(e->http);
}

/* ---- the client -------------------------------------------------------------------------------------------------------- */

void edge_ask(int fd, const char *query)
{
	char request[512];
	asked_us = clock_mono_us();
	const char *path = str_prefix(query, "/") ? "" : "/?";
	int len = snprintf(request, sizeof request, "GET %s%s HTTP/1.1\r\nHost: localhost\r\n\r\n", path, query);
	ck_assert_int_eq(send(fd, request, (size_t)len, MSG_NOSIGNAL), len);
}

int edge_send(const struct edge *e, const char *query)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)e->port) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	edge_ask(fd, query);
	return fd;
}

/* Has an answer whose length is told arrived whole? */
static bool is_complete(const struct received *r)
{
	const char *length = strstr(r->data, "Content-Length: "), *body = edge_body(r);
	return length && body && r->len - (size_t)(body - r->data) >= strtoul(length + strlen("Content-Length: "), NULL, 10);
}

static struct received receive(int fd, int wait_ms, bool one_answer)
{
	struct received r = { .data = xcalloc(1, 1), .first_ms = -1 };
	while (!one_answer || !is_complete(&r)) {
		char some[65536];
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		if (poll(&waiting, 1, wait_ms) == 0)
			break;
		ssize_t count = recv(fd, some, sizeof some, 0);
		int64_t now_ms = (clock_mono_us() - asked_us) / 1000;
		r.end_ms = now_ms;
		if (count <= 0) {
			ck_assert_msg(count == 0 || errno == ECONNRESET, "%s", strerror(errno));
			r.ending = count == 0 ? ENDED_CLOSED : ENDED_RESET;
			break;
		}
		r.first_ms = r.first_ms < 0 ? now_ms : r.first_ms;
		r.last_ms = now_ms;
		r.pieces++;
		r.data = xrealloc(r.data, r.len + (size_t)count + 1);
		memcpy(r.data + r.len, some, (size_t)count);
		r.len += (size_t)count;
		r.data[r.len] = '\0';
	}
	return r;
}

struct received edge_receive(int fd, int wait_ms)
{
	return receive(fd, wait_ms, false);
}

struct received edge_answer(int fd)
{
	return receive(fd, PATIENCE_MS, true);
}

void edge_await(atomic_int *counter, int value)
{
	int64_t until_us = clock_mono_us() + PATIENCE_MS * 1000;
	while (atomic_load(counter) != value) {
		ck_assert_msg(clock_mono_us() < until_us, "%d in place of %d", atomic_load(counter), value);
		poll(NULL, 0, 1);
	}
}

struct received edge_exchange(const struct edge *e, const char *query)
{
	int fd = edge_send(e, query);
	struct received r = edge_receive(fd, PATIENCE_MS);
	close(fd);
	return r;
}

const char *edge_body(const struct received *r)
{
	const char *gap = strstr(r->data, "\r\n\r\n");
	return gap ? gap + 4 : NULL;
}

bool edge_has_header(const struct received *r, const char *line)
{
	const char *at = strstr(r->data, line), *body = edge_body(r);
	return at && body && at < body;
}
