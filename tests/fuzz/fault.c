/* Fault rules: JSON documents, "%%%" between: the first is put, the others are merged into what is there, each is asked for a preview,
 * and at last a request meets them all. */
#include <string.h>

#include "fuzz.h"
#include "gateway/fault.h"
#include "gateway/mock_internal.h"
#include "gateway/request.h"

enum { DOCUMENTS_MAX = 6 };

static void forget(cJSON *tree, const struct fault_refusal *why)
{
	FUZZ_CHECK(tree || (why->why && *why->why));
	cJSON_Delete(tree);
}

static void use(struct faults *f, struct arena *a, const cJSON *document, bool first)
{
	struct fault_refusal why = { NULL, NULL };
	struct fault_list list = { f, FUZZ_WALL_MS };
	cJSON *made = first ? faults_put(f, a, document, FUZZ_WALL_MS, FUZZ_WALL_MS, &why)
	                    : faults_merge(f, a, document, FUZZ_WALL_MS, FUZZ_WALL_MS, &why);
	forget(made, &why);
	forget(faults_preview(&list, 1, a, document, 5, FUZZ_WALL_MS, &why), &why);
	forget(faults_replace(f, a, document, FUZZ_WALL_MS, FUZZ_WALL_MS, &why), &why);
}

/* What is stored must be taken again as it is shown. */
static void show(struct faults *f)
{
	cJSON *all = faults_list(f, FUZZ_WALL_MS), *activity = faults_activity(f);
	FUZZ_CHECK(all && activity);
	cJSON_Delete(all);
	cJSON_Delete(activity);
}

static struct name_value headers[] = {
	{ "Host", "127.0.0.1:9362" }, { "Content-Type", "application/json" }, { "X-TC-Version", "2017-03-12" },
	{ "X-TC-Region", "ap-guangzhou" }, { "X-TC-Timestamp", "1767225600" }, { "X-TC-Action", "CreateSnapshot" },
	{ "Authorization", "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2026-01-01/cbs/tc3_request, "
	                   "SignedHeaders=content-type;host, Signature=0" },
};

static void meet(struct mock *m)
{
	static const char body[] = "{\"DiskId\":\"disk-lzrg2pwi\"}";
	struct request *r = request_new();
	r->method = "POST";
	r->target = "/";
	r->headers = headers;
	r->header_count = sizeof headers / sizeof *headers;
	r->body = body;
	r->body_len = strlen(body);
	r->address = "127.0.0.1";
	r->wall_ms = FUZZ_WALL_MS;
	mock_handle(m, r);
	FUZZ_CHECK(r->sandbox == NULL);
	request_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mock *m = fuzz_mock();
	struct arena *a = arena_new();
	struct faults *f = m->sandbox->faults;
	struct fuzz_text text = fuzz_text(data, size), part;
	for (int i = 0; i < DOCUMENTS_MAX && fuzz_part(&text, &part); i++) {
		const cJSON *document = fuzz_json(a, part.at, (size_t)(part.end - part.at));
		if (!document)
			break;
		use(f, a, document, i == 0);
		show(f);
	}
	for (int i = 0; i < 3; i++)
		meet(m);
	show(f);
	fuzz_check_world(m);
	arena_free(a);
	return 0;
}
