/* Birth and end of a request: one arena, from which it and everything it will ever hold is taken. */
#include "gateway/request.h"

#include "util/str.h"

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

const char *request_header(const struct request *r, const char *name)
{
	enum { CASE_FREE = 0x5f }; /* of a letter: the bits that are not its case */
	for (size_t i = 0; i < r->header_count; i++)
		if (((r->headers[i].name[0] ^ name[0]) & CASE_FREE) == 0 && str_case_is(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}
