/* Requests to the cloud, from their bytes to the verdict; several in one input, "%%%" between, so that one finds what another did. */
#include <string.h>

#include "fuzz.h"
#include "gateway/request.h"
#include "util/str.h"

enum { REQUESTS_MAX = 8 };

static struct request *take(struct arena *a, struct fuzz_text part)
{
	struct fuzz_request in;
	fuzz_request(a, part, &in);
	struct request *r = request_new();
	r->method = in.method;
	r->target = in.target;
	r->headers = in.headers;
	r->header_count = in.header_count;
	r->body = in.body;
	r->body_len = in.body_len;
	r->address = "127.0.0.1";
	r->wall_ms = FUZZ_WALL_MS;
	return r;
}

static void check_answer(const struct request *r)
{
	FUZZ_CHECK(r->sandbox == NULL);
	FUZZ_CHECK(strlen(r->request_id) == 36);
	FUZZ_CHECK(r->http_status == 200 && str_is(r->content_type, "application/json"));
	cJSON *tree = cJSON_ParseWithLength(r->answer.data, r->answer.len);
	const cJSON *response = cJSON_GetObjectItemCaseSensitive(tree, "Response");
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(response, "RequestId"), *error = cJSON_GetObjectItemCaseSensitive(response, "Error");
	FUZZ_CHECK(id && str_is(id->valuestring, r->request_id));
	FUZZ_CHECK((error != NULL) == (r->error.err != ERR_NONE));
	if (error) {
		FUZZ_CHECK(str_is(cJSON_GetObjectItemCaseSensitive(error, "Code")->valuestring, r->error.code));
		FUZZ_CHECK(cJSON_GetObjectItemCaseSensitive(error, "Message")->valuestring[0] != '\0');
		FUZZ_CHECK(!r->committed);
		FUZZ_CHECK(!str_prefix(r->error.code, "InternalError") || r->guard);
	}
	cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mock *m = fuzz_mock();
	struct arena *a = arena_new();
	struct fuzz_text text = fuzz_text(data, size), part;
	for (int i = 0; i < REQUESTS_MAX && fuzz_part(&text, &part); i++) {
		struct request *r = take(a, part);
		mock_handle(m, r);
		check_answer(r);
		fuzz_check_secrets(data, size, r->answer.data, r->answer.len);
		request_free(r);
	}
	fuzz_check_world(m);
	arena_free(a);
	return 0;
}
