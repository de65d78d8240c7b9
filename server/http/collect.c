/* One request from the socket until it is complete: born with its request line, collected within bounds, handed to answer.c, and
 * freed with all that belongs to it when libmicrohttpd is done with it. */
#include <string.h>

#include "http/http_internal.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/str.h"

/* Where the length is not told beforehand, or libmicrohttpd would have it read all the same, a body above its limit is read to its end,
 * so that the client is still there when the error comes; but not further than this. */
enum { DRAIN_MAX = 64 * 1024 * 1024 };

/* ---- birth and end ------------------------------------------------------------------------------------------------- */

/* The one moment at which the target is seen as it was sent. The query is cut off libmicrohttpd's copy: nobody uses its list of
 * parameters, a long query would fill the connection's memory with it, and 0.9.75 leaves the client waiting when that runs out. */
void *on_target(void *loop, const char *target, struct MHD_Connection *connection)
{
	struct loop *serving = loop;
	struct listener *l = serving->listener;
	struct request *r = request_new();
	struct exchange *x = arena_alloc(r->arena, sizeof *x);
	x->listener = l;
	x->loop = x->pause.loop = serving;
	x->connection = connection;
	x->request = r;
	r->target = arena_strdup(r->arena, target);
	r->wall_ms = clock_wall_ms();
	char *question = strchr(target, '?');
	if (question && question[1])
		question[1] = '\0';
	atomic_fetch_add(&l->http->in_flight, 1);
	return x;
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* Under the lock, so that who is about to wait for it does not miss it. */
static void tell_idle(struct http *h)
{
	pthread_mutex_lock(&h->lock);
	pthread_cond_broadcast(&h->idle);
	pthread_mutex_unlock(&h->lock);
}

void on_completed(void *loop, struct MHD_Connection *connection, void **exchange, enum MHD_RequestTerminationCode how)
{
	(void)how;
	struct loop *l = loop;
	struct http *h = l->listener->http;
	struct exchange *x = *exchange;
	if (!x)
		return;
	*exchange = NULL;
	loop_drop(l, x);
	if (x->unread)
		lingers_add(&l->lingers, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, clock_mono_us());
	buffer_rest(&l->buffers, peer_of(connection)->buffer, clock_rough_ms() * 1000);
	wire_end(x);
	answer_abandon(x);
	buf_finish(&x->body);
	request_free(x->request); /* and x with it */
	if (atomic_fetch_sub(&h->in_flight, 1) == 1 && atomic_load(&h->stopping))
		tell_idle(h);
}

/* ---- collecting ---------------------------------------------------------------------------------------------------- */

static enum MHD_Result take_header(void *request, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	struct request *r = request;
	r->headers[r->header_count++] = (struct name_value){ name, value ? value : "" };
	return MHD_YES;
}

/* Names and values stay where libmicrohttpd has them: they live until on_completed. */
static bool take_headers(struct request *r, struct MHD_Connection *connection)
{
	int count = MHD_get_connection_values(connection, MHD_HEADER_KIND, NULL, NULL);
	if (count > HEADERS_MAX)
		return false;
	r->headers = arena_alloc(r->arena, ((size_t)count + 1) * sizeof *r->headers);
	MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, r);
	return true;
}

/* Path and query of a target, which is absolute when a client takes us for a proxy. */
static void split_target(struct exchange *x)
{
	struct request *r = x->request;
	const char *path = r->target, *authority = r->target[0] == '/' ? NULL : strstr(r->target, "://");
	if (authority) {
		authority += 3;
		path = authority + strcspn(authority, "/?");
	}
	size_t length = strcspn(path, "?");
	x->path = length ? arena_strndup(r->arena, path, length) : "/";
	x->query = path[length] ? path + length + 1 : "";
}

static void keep_body(struct exchange *x, const char *data, size_t size)
{
	size_t room = x->limit + 1 - x->body.len;
	buf_add(&x->body, data, size < room ? size : room);
	x->received += size;
}

/* ---- the callback -------------------------------------------------------------------------------------------------- */

static size_t count_headers(const struct request *r, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < r->header_count; i++)
		count += header_is(&r->headers[i], name);
	return count;
}

/* The length of the body, as the client tells it. False when nobody knows. */
static bool told_length(const struct exchange *x, uint64_t *told)
{
	const char *length = request_header(x->request, "Content-Length");
	return length && str_to_u64(length, told);
}

/* The length of a body that is too large; 0: it is not. libmicrohttpd lets a POST or a PUT be answered before its body is there, and no
 * other. */
static uint64_t too_large(const struct exchange *x, uint64_t told)
{
	if (!str_is(x->request->method, "POST") && !str_is(x->request->method, "PUT"))
		return 0;
	if (told <= x->limit)
		return 0;
	return told < UINT64_C(1) << 53 ? told : UINT64_C(1) << 53; /* as far as JSON's numbers go */
}

static void open_body(struct exchange *x)
{
	enum { SHORT = 2048 };
	uint64_t told = 0;
	if (told_length(x, &told) && told <= SHORT)
		buf_init_in(&x->body, x->request->arena, x->limit + 1);
	else
		buf_init(&x->body, x->limit + 1);
	x->request->body_told = too_large(x, told);
	x->unread = x->request->body_told > 0;
}

static enum MHD_Result refuse(struct exchange *x, int status, const char *json)
{
	x->unread = true;
	return send_refusal(x, status, json);
}

static enum MHD_Result answer(struct exchange *x)
{
	if (x->waits || (!x->handled && !answer_find(x)))
		return MHD_YES;
	return answer_give(x);
}

static enum MHD_Result begin(struct exchange *x, const char *method)
{
	struct request *r = x->request;
	struct peer *peer = peer_of(x->connection);
	x->begun = true;
	buffer_begin(peer->buffer, method);
	r->method = method;
	r->address = peer->address;
	if (!take_headers(r, x->connection))
		return refuse(x, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
		              "{\"error\":{\"code\":\"TooManyHeaders\",\"message\":\"a request may have 100 headers\"}}");
	if (count_headers(r, "Host") > 1)
		return refuse(x, MHD_HTTP_BAD_REQUEST,
		              "{\"error\":{\"code\":\"TwoHosts\",\"message\":\"a request has one Host header\"}}");
	split_target(x);
	x->admin = x->listener->admin && (admin_owns(x->path) || !x->listener->cloud);
	x->limit = x->admin ? admin_body_max(x->path) : BODY_MAX;
	open_body(x);
	return x->unread ? answer(x) : MHD_YES;
}

enum MHD_Result on_request(void *loop, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *upload, size_t *upload_size, void **exchange)
{
	(void)loop;
	(void)connection;
	(void)url;
	(void)version;
	struct exchange *x = *exchange;
	if (!x->begun)
		return begin(x, method);
	if (*upload_size) {
		if (!x->unread)
			keep_body(x, upload, *upload_size);
		*upload_size = 0;
		return x->received > DRAIN_MAX ? MHD_NO : MHD_YES;
	}
	return answer(x);
}
