/* A finished answer becomes a response of libmicrohttpd, with the headers that every answer has. */
#include <string.h>

#include "http/http_internal.h"
#include "util/str.h"

/* A usual header, unless the answer brings its own of that name. */
static void add_header(struct exchange *x, struct MHD_Response *response, const char *name, const char *value)
{
	const struct request *r = x->request;
	for (size_t i = 0; i < r->answer_header_count; i++)
		if (str_case_is(r->answer_headers[i].name, name))
			return;
	MHD_add_response_header(response, name, value);
}

enum MHD_Result send_response(struct exchange *x, const struct answer *a, struct MHD_Response *response)
{
	const struct request *r = x->request;
	add_header(x, response, "Server", "cbsmock/" CBSMOCK_VERSION);
	add_header(x, response, "Content-Type", a->content_type);
	if (a->allow && a->allow[0])
		add_header(x, response, "Allow", a->allow);
	if (a->policy && a->policy[0])
		add_header(x, response, "Content-Security-Policy", a->policy);
	if (x->admin) {
		add_header(x, response, "Cache-Control", "no-store");
		add_header(x, response, "X-Content-Type-Options", "nosniff");
	} else {
		const char *trace = r->known[HEADER_TRACE_ID];
		if (trace && trace[0])
			add_header(x, response, "X-TC-TraceId", trace);
	}
	for (size_t i = 0; i < r->answer_header_count; i++)
		MHD_add_response_header(response, r->answer_headers[i].name, r->answer_headers[i].value);
	if (a->close || atomic_load(&x->listener->http->stopping))
		MHD_add_response_header(response, "Connection", "close");
	enum MHD_Result queued = MHD_queue_response(x->connection, (unsigned)a->status, response);
	MHD_destroy_response(response);
	return queued;
}

enum MHD_Result send_answer(struct exchange *x, const struct answer *a)
{
	/* libmicrohttpd takes a non-const pointer and never writes through it. */
	struct MHD_Response *response = MHD_create_response_from_buffer(a->len, (void *)(uintptr_t)a->data, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_set_response_options(response, MHD_RF_SEND_KEEP_ALIVE_HEADER, MHD_RO_END);
	return send_response(x, a, response);
}

enum MHD_Result send_refusal(struct exchange *x, int status, const char *json)
{
	struct answer a = { .status = status, .content_type = "application/json", .data = json, .len = strlen(json), .close = true };
	return send_answer(x, &a);
}
