/* Business parameters: the first line names an action, the rest is its JSON body. It is read and held against the model as any request
 * is, and what passes has the types that actions rely on. */
#include <string.h>

#include "fuzz.h"
#include "gateway/mock_internal.h"
#include "gateway/request.h"
#include "gateway/stages.h"
#include "util/str.h"

static struct name_value headers[] = {
	{ "Host", "127.0.0.1:9362" }, { "Content-Type", "application/json" }, { "X-TC-Version", "2017-03-12" },
	{ "X-TC-Region", "ap-guangzhou" }, { "X-TC-Timestamp", "1767225600" }, { "X-TC-Action", "" },
	{ "Authorization", "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2026-01-01/cbs/tc3_request, "
	                   "SignedHeaders=content-type;host, Signature=0" },
};
enum { ACTION = 5, HEADERS = sizeof headers / sizeof *headers };

/* As the pipeline would, but the action itself does not run. */
static void examine(struct mock *m, struct request *r)
{
	static bool (*const stages[])(struct mock *, struct request *) = {
		stage_transport, stage_parse, stage_presence, stage_resolve, stage_region, stage_parameters,
	};
	r->sandbox = m->sandbox;
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
		if (!stages[i](m, r)) {
			FUZZ_CHECK(r->error.err != ERR_NONE);
			return;
		}
	}
	FUZZ_CHECK(cJSON_IsObject(r->params) && r->model && r->run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mock *m = fuzz_still_mock();
	struct request *r = request_new();
	struct fuzz_text text = fuzz_text(data, size);
	headers[ACTION].value = fuzz_line(r->arena, &text);
	r->method = "POST";
	r->target = "/";
	r->headers = headers;
	r->header_count = HEADERS;
	r->body = fuzz_rest(r->arena, &text, &r->body_len);
	r->address = "127.0.0.1";
	r->wall_ms = FUZZ_WALL_MS;
	examine(m, r);
	request_free(r);
	return 0;
}
