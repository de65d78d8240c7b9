/* What a complete request gets: the gateway or the admin API finds the answer, which is logged and sent; at once, after a delay, or
 * when a poll has it. */
#include <string.h>

#include "gateway/xray.h"
#include "http/http_internal.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

/* ---- the cloud ----------------------------------------------------------------------------------------------------- */

/* A key we do not know may be a real one: only its beginning is written down. */
static const char *masked(struct arena *a, const char *secret_id)
{
	return arena_printf(a, "%.8s…", secret_id);
}

/* An internal error is our own trouble, a full disk say, and no client's. */
static enum log_level request_level(const struct request *r)
{
	return r->error.err == ERR_INTERNAL_ERROR && !r->spoiling.effects ? LOG_ERROR : LOG_INFO;
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
	if (r->xray) {
		fields[n++] = (struct log_field){ "diagnosis", r->xray->diagnosis, 0 };
		fields[n++] = (struct log_field){ "hint", r->xray->hint, 0 };
	}
	fields[n] = (struct log_field){ NULL, NULL, 0 };
	log_event(request_level(r), "request", fields);
}

/* What we signed, for a client whose signature is another; the key is not in it. */
static void log_signature(const struct request *r)
{
	if (r->error.err != ERR_AUTH_FAILURE_SIGNATURE_FAILURE || !r->xray || !r->xray->string_to_sign)
		return;
	const struct log_field fields[] = {
		{ "request_id", r->request_id, 0 },
		{ "string_to_sign", r->xray->string_to_sign, 0 },
		{ r->xray->canonical_request ? "canonical_request" : NULL, r->xray->canonical_request, 0 },
		{ NULL, NULL, 0 },
	};
	log_event(LOG_DEBUG, "signature", fields);
}

/* Alone, a client would wait longer for company than for its answer. And libmicrohttpd takes an answer that comes before the body in its
 * first call only: after that it asks for the body. */
static bool find_cloud(struct exchange *x)
{
	struct http *h = x->listener->http;
	bool company = !x->unread && atomic_load_explicit(&h->connections, memory_order_relaxed) > 1;
	x->request->may_wait = company;
	if (!company) {
		mock_handle(h->mock, x->request);
		return true;
	}
	loop_leave(x->loop, x);
	return false;
}

static enum MHD_Result give_cloud(struct exchange *x)
{
	const struct request *r = x->request;
	if (log_wants(request_level(r)) && !x->logged)
		log_request(r);
	if (log_wants(LOG_DEBUG) && !x->logged)
		log_signature(r);
	x->logged = true;
	struct answer a = {
		.status = r->http_status, .content_type = r->content_type, .data = r->answer.data, .len = r->answer.len, .close = x->unread,
	};
	return wire_is_usual(&r->wire) ? send_answer(x, &a) : wire_answer(x, &a);
}

/* ---- the admin API ------------------------------------------------------------------------------------------------- */

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

static void find_admin(struct exchange *x)
{
	struct request *r = x->request;
	struct admin_request in = {
		.method = r->method, .path = x->path, .query = x->query,
		.host = request_header(r, "Host"), .origin = request_header(r, "Origin"), .token = bearer(r),
		.content_type = request_header(r, "Content-Type"), .body = r->body, .body_len = x->unread ? x->limit + 1 : r->body_len,
		.connections = atomic_load(&x->listener->http->connections),
	};
	struct admin_config config = live_admin(x->listener->http);
	x->out = arena_alloc(r->arena, sizeof *x->out);
	admin_handle(x->listener->http->mock, &config, &in, x->out);
	x->poll_due_us = clock_mono_us() + x->out->wait.timeout_ms * 1000;
}

/* True while the poll goes on. When it is over its answer is there. */
static bool poll_waits(struct exchange *x)
{
	struct admin_wait wait = x->out->wait;
	bool in_time = wait.ready(wait.data);
	if (!in_time && clock_mono_us() < x->poll_due_us &&
	    pause_for_poll(x->listener->http->pauses, &x->pause, x->connection, x->poll_due_us, wait.ready, wait.data))
		return true;
	x->out->wait.ready = NULL;
	wait.finish(wait.data, in_time, x->out);
	return false;
}

/* What asks every few seconds, for as long as a container or the page of GET /_cbs/ui lives, is no news. */
static bool is_routine(const struct exchange *x)
{
	bool looks = str_is(x->request->method, "GET") && request_header(x->request, "X-Cbs-Watch");
	return looks || str_is(x->path, "/_cbs/health") || str_is(x->path, "/_cbs/ready");
}

static enum MHD_Result give_admin(struct exchange *x)
{
	struct admin_answer *out = x->out;
	if (x->pause.gone)
		return MHD_NO;
	if (out->wait.ready && poll_waits(x))
		return MHD_YES;
	const struct log_field fields[] = {
		{ "method", x->request->method, 0 }, { "path", x->path, 0 }, { "status", NULL, out->status }, { NULL, NULL, 0 },
	};
	log_event(is_routine(x) ? LOG_DEBUG : LOG_INFO, "admin", fields);
	struct answer a = {
		.status = out->status, .content_type = out->content_type, .allow = out->allow, .policy = out->policy,
		.data = out->body.data, .len = out->body.len,
		.close = x->unread,
	};
	return send_answer(x, &a);
}

/* ---- either -------------------------------------------------------------------------------------------------------- */

bool answer_find(struct exchange *x)
{
	x->handled = true;
	x->request->body = x->unread ? "" : x->body.data;
	x->request->body_len = x->body.len;
	if (!x->admin)
		return find_cloud(x);
	find_admin(x);
	return true;
}

enum MHD_Result answer_give(struct exchange *x)
{
	return x->admin ? give_admin(x) : give_cloud(x);
}

void answer_abandon(struct exchange *x)
{
	if (!x->out)
		return;
	if (x->out->wait.ready)
		x->out->wait.cancel(x->out->wait.data);
	buf_finish(&x->out->body);
}
