/* One request from the socket to its answer: collects it within bounds, lets the gateway or the admin API answer, sends, logs, and
 * frees everything when libmicrohttpd is done with it. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/request.h"
#include "http/http_internal.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

/* A body above its limit is read to its end, so that the client is still there when the error comes; but not further than this. */
enum { DRAIN_MAX = 64 * 1024 * 1024 };

struct exchange {
	struct listener *listener;
	struct request *request;
	struct buf body;
	size_t limit, received; /* bytes of body: kept at most (and one more), arrived so far */
	const char *path, *query;
	bool begun, admin;
};

/* ---- birth and end ------------------------------------------------------------------------------------------------- */

/* The one moment at which the target is seen as it was sent. The query is cut off libmicrohttpd's copy: nobody uses its list of
 * parameters, a long query would fill the connection's memory with it, and 0.9.75 leaves the client waiting when that runs out. */
void *on_target(void *listener, const char *target, struct MHD_Connection *connection)
{
	(void)connection;
	struct listener *l = listener;
	struct exchange *x = xcalloc(1, sizeof *x);
	x->listener = l;
	x->request = request_new();
	x->request->target = arena_strdup(x->request->arena, target);
	x->request->wall_ms = clock_wall_ms();
	char *question = strchr(target, '?');
	if (question && question[1])
		question[1] = '\0';
	pthread_mutex_lock(&l->http->lock);
	l->http->in_flight++;
	pthread_mutex_unlock(&l->http->lock);
	return x;
}

void on_completed(void *listener, struct MHD_Connection *connection, void **exchange, enum MHD_RequestTerminationCode how)
{
	(void)connection;
	(void)how;
	struct http *h = ((struct listener *)listener)->http;
	struct exchange *x = *exchange;
	if (!x)
		return;
	*exchange = NULL;
	buf_finish(&x->body);
	request_free(x->request);
	free(x);
	pthread_mutex_lock(&h->lock);
	if (--h->in_flight == 0)
		pthread_cond_broadcast(&h->idle);
	pthread_mutex_unlock(&h->lock);
}

/* ---- collecting ---------------------------------------------------------------------------------------------------- */

static const char *peer_text(struct arena *a, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char text[INET6_ADDRSTRLEN] = "";
	if (!info || !info->client_addr)
		return "";
	if (info->client_addr->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)info->client_addr;
		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
	} else if (info->client_addr->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)info->client_addr;
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
			inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof text);
		else
			inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
	}
	return arena_strdup(a, text);
}

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
	const char *path = r->target, *authority = strstr(r->target, "://");
	if (r->target[0] != '/' && authority) {
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

/* ---- answering ----------------------------------------------------------------------------------------------------- */

struct answer {
	int status;
	const char *content_type, *allow; /* allow: NULL or "" for none */
	const char *data;                 /* lives as long as the exchange */
	size_t len;
	bool close;
};

static enum MHD_Result send_answer(struct exchange *x, struct MHD_Connection *connection, const struct answer *a)
{
	/* libmicrohttpd takes a non-const pointer and never writes through it. */
	struct MHD_Response *response = MHD_create_response_from_buffer(a->len, (void *)(uintptr_t)a->data, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_set_response_options(response, MHD_RF_SEND_KEEP_ALIVE_HEADER, MHD_RO_END);
	MHD_add_response_header(response, "Server", "cbsmock/" CBSMOCK_VERSION);
	MHD_add_response_header(response, "Content-Type", a->content_type);
	if (a->allow && a->allow[0])
		MHD_add_response_header(response, "Allow", a->allow);
	if (x->admin) {
		MHD_add_response_header(response, "Cache-Control", "no-store");
		MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	} else {
		const char *trace = request_header(x->request, "X-TC-TraceId");
		if (trace && trace[0])
			MHD_add_response_header(response, "X-TC-TraceId", trace);
	}
	if (a->close || atomic_load(&x->listener->http->stopping))
		MHD_add_response_header(response, "Connection", "close");
	enum MHD_Result queued = MHD_queue_response(connection, (unsigned)a->status, response);
	MHD_destroy_response(response);
	return queued;
}

/* For what neither the gateway nor the admin API can be asked. */
static enum MHD_Result refuse(struct exchange *x, struct MHD_Connection *connection, int status, const char *json)
{
	struct answer a = { .status = status, .content_type = "application/json", .data = json, .len = strlen(json), .close = true };
	return send_answer(x, connection, &a);
}

/* A key we do not know may be a real one: only its beginning is written down. */
static const char *masked(struct arena *a, const char *secret_id)
{
	return arena_printf(a, "%.8s…", secret_id);
}

static void log_request(const struct request *r)
{
	struct log_field fields[16];
	size_t n = 0;
	const char *code = r->error.code ? r->error.code : "OK";
	fields[n++] = (struct log_field){ "action", r->action && r->action[0] ? r->action : "-", 0 };
	if (r->caller.uin)
		fields[n++] = (struct log_field){ "account", NULL, r->caller.uin };
	else if (r->secret_id && r->secret_id[0])
		fields[n++] = (struct log_field){ "secret_id", masked(r->arena, r->secret_id), 0 };
	if (r->region && r->region[0])
		fields[n++] = (struct log_field){ "region", r->region, 0 };
	fields[n++] = (struct log_field){ "code", code, 0 };
	fields[n++] = (struct log_field){ "us", NULL, r->took_us };
	fields[n++] = (struct log_field){ "request_id", r->request_id, 0 };
	fields[n++] = (struct log_field){ "status", NULL, r->http_status };
	if (r->signed_with && !str_is(r->signed_with, "host"))
		fields[n++] = (struct log_field){ "signed_with", r->signed_with, 0 };
	if (r->error.code && r->stage)
		fields[n++] = (struct log_field){ "stage", r->stage, 0 };
	if (r->guard)
		fields[n++] = (struct log_field){ "guard", r->guard, 0 };
	if (r->error.because)
		fields[n++] = (struct log_field){ "because", r->error.because, 0 };
	fields[n] = (struct log_field){ NULL, NULL, 0 };
	log_event(LOG_INFO, "request", fields);
}

/* What we signed, for a client whose signature is another; the key is not in it. */
static void log_signature(const struct request *r)
{
	if (r->error.err != ERR_AUTH_FAILURE_SIGNATURE_FAILURE || !r->string_to_sign)
		return;
	const struct log_field fields[] = {
		{ "request_id", r->request_id, 0 },
		{ "string_to_sign", r->string_to_sign, 0 },
		{ r->canonical_request ? "canonical_request" : NULL, r->canonical_request, 0 },
		{ NULL, NULL, 0 },
	};
	log_event(LOG_DEBUG, "signature", fields);
}

static enum MHD_Result answer_cloud(struct exchange *x, struct MHD_Connection *connection)
{
	struct request *r = x->request;
	mock_handle(x->listener->http->mock, r);
	if (log_wants(LOG_INFO))
		log_request(r);
	if (log_wants(LOG_DEBUG))
		log_signature(r);
	struct answer a = { .status = r->http_status, .content_type = r->content_type, .data = r->answer.data, .len = r->answer.len };
	return send_answer(x, connection, &a);
}

static const char *bearer(const struct request *r)
{
	const char *token = request_header(r, "X-Cbs-Admin-Token");
	if (token)
		return token;
	const char *authorization = request_header(r, "Authorization");
	if (!authorization || !str_prefix(authorization, "Bearer "))
		return NULL;
	return authorization + strlen("Bearer ");
}

static enum MHD_Result answer_admin(struct exchange *x, struct MHD_Connection *connection)
{
	struct request *r = x->request;
	struct admin_request in = {
		.method = r->method, .path = x->path, .query = x->query,
		.host = request_header(r, "Host"), .origin = request_header(r, "Origin"), .token = bearer(r),
		.content_type = request_header(r, "Content-Type"), .body = r->body, .body_len = r->body_len,
	};
	struct admin_answer out = { 0 };
	admin_handle(x->listener->http->mock, &x->listener->http->admin, &in, &out);
	const struct log_field fields[] = {
		{ "method", r->method, 0 }, { "path", x->path, 0 }, { "status", NULL, out.status }, { NULL, NULL, 0 },
	};
	log_event(LOG_INFO, "admin", fields);
	buf_finish(&x->body);
	x->body = out.body; /* to live until it has been sent */
	struct answer a = {
		.status = out.status, .content_type = out.content_type, .allow = out.allow, .data = out.body.data, .len = out.body.len
	};
	return send_answer(x, connection, &a);
}

/* ---- the callback -------------------------------------------------------------------------------------------------- */

static enum MHD_Result begin(struct exchange *x, struct MHD_Connection *connection, const char *method)
{
	struct request *r = x->request;
	x->begun = true;
	r->method = method;
	r->address = peer_text(r->arena, connection);
	if (!take_headers(r, connection))
		return refuse(x, connection, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
		              "{\"error\":{\"code\":\"TooManyHeaders\",\"message\":\"a request may have 100 headers\"}}");
	split_target(x);
	x->admin = x->listener->admin && (admin_owns(x->path) || !x->listener->cloud);
	x->limit = x->admin ? ADMIN_BODY_MAX : BODY_MAX;
	buf_init(&x->body, x->limit + 1);
	return MHD_YES;
}

enum MHD_Result on_request(void *listener, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *upload, size_t *upload_size, void **exchange)
{
	(void)listener;
	(void)url;
	(void)version;
	struct exchange *x = *exchange;
	if (!x->begun)
		return begin(x, connection, method);
	if (*upload_size) {
		keep_body(x, upload, *upload_size);
		*upload_size = 0;
		return x->received > DRAIN_MAX ? MHD_NO : MHD_YES;
	}
	x->request->body = x->body.data;
	x->request->body_len = x->body.len;
	return x->admin ? answer_admin(x, connection) : answer_cloud(x, connection);
}
