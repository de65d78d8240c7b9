/* Birth and end of a request: one arena, from which it and everything it will ever hold is taken. */
#include "gateway/request.h"

#include <string.h>

struct request *request_new(void)
{
	struct arena *a = arena_new();
	struct request *r = arena_alloc(a, sizeof *r);
	r->arena = a;
	r->path = r->query = r->host = r->host_name = r->media_type = "";
	r->action = r->version = r->region = r->timestamp = r->token = r->language = r->client = "";
	r->secret_id = r->signature = r->nonce = r->signature_method = "";
	r->product = r->access_region = r->stage = "";
	r->caller.secret_id = r->caller.mfa = r->caller.address = "";
	return r;
}

void request_free(struct request *r)
{
	if (!r)
		return;
	buf_finish(&r->fields);
	buf_finish(&r->answer);
	arena_free(r->arena);
}

static const struct known_header {
	const char *name;
	size_t len;
} known_headers[N_HEADERS] = {
#define KNOWN(name) { name, sizeof name - 1 }
	[HEADER_HOST] = KNOWN("Host"),
	[HEADER_CONTENT_TYPE] = KNOWN("Content-Type"),
	[HEADER_AUTHORIZATION] = KNOWN("Authorization"),
	[HEADER_ACTION] = KNOWN("X-TC-Action"),
	[HEADER_VERSION] = KNOWN("X-TC-Version"),
	[HEADER_REGION] = KNOWN("X-TC-Region"),
	[HEADER_TIMESTAMP] = KNOWN("X-TC-Timestamp"),
	[HEADER_TOKEN] = KNOWN("X-TC-Token"),
	[HEADER_CLIENT] = KNOWN("X-TC-RequestClient"),
	[HEADER_LANGUAGE] = KNOWN("X-TC-Language"),
	[HEADER_CONTENT_SHA256] = KNOWN("X-TC-Content-SHA256"),
	[HEADER_TRACE_ID] = KNOWN("X-TC-TraceId"),
	[HEADER_TAGS] = KNOWN("X-Cbs-Tags"),
#undef KNOWN
};

/* N_HEADERS when it is none of them. Hardly two are of one length. */
static size_t which_known(const struct name_value *header)
{
	size_t len = strlen(header->name), which = 0;
	while (which < N_HEADERS && !(known_headers[which].len == len && header_is(header, known_headers[which].name)))
		which++;
	return which;
}

void request_pick_headers(struct request *r)
{
	memset(r->known, 0, sizeof r->known);
	for (size_t i = 0; i < r->header_count; i++) {
		size_t which = which_known(&r->headers[i]);
		if (which < N_HEADERS && !r->known[which])
			r->known[which] = r->headers[i].value;
	}
}

const char *request_header(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (header_is(&r->headers[i], name))
			return r->headers[i].value;
	return NULL;
}
