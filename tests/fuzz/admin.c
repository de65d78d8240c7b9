/* The control API: requests to it, several in one input, "%%%" between. Answers are whole, and the default world stays one that can be
 * used. */
#include <string.h>

#include "admin/admin.h"
#include "fuzz.h"
#include "gateway/mock_internal.h"
#include "util/str.h"

enum { REQUESTS_MAX = 8 };

/* Answers that tell a test's own key say so; all others must not hold one. */
static bool tells_keys(const char *path)
{
	return str_prefix(path, "/_cbs/sandboxes");
}

static void finish(struct admin_answer *out)
{
	if (!out->wait.ready)
		return;
	if (out->wait.ready(out->wait.data)) {
		struct admin_wait wait = out->wait;
		out->wait.ready = NULL;
		wait.finish(wait.data, true, out);
	} else {
		out->wait.cancel(out->wait.data);
	}
}

static void check_answer(const uint8_t *data, size_t size, const char *path, const struct admin_answer *out)
{
	FUZZ_CHECK(out->status >= 200 && out->status < 600);
	FUZZ_CHECK(!out->body.overflow);
	if (!tells_keys(path))
		fuzz_check_secrets(data, size, out->body.data, out->body.len);
	if (!str_is(out->content_type, "application/json"))
		return;
	cJSON *tree = cJSON_ParseWithLength(out->body.data, out->body.len);
	FUZZ_CHECK(tree != NULL);
	FUZZ_CHECK(out->status < 400 || out->status == 409 || cJSON_GetObjectItemCaseSensitive(tree, "error"));
	cJSON_Delete(tree);
}

static void ask(struct mock *m, struct arena *a, struct fuzz_text part, const uint8_t *data, size_t size)
{
	static const struct admin_config config = { .bound = "127.0.0.1" };
	struct fuzz_request r;
	struct admin_answer out;
	fuzz_request(a, part, &r);
	size_t path_len = strcspn(r.target, "?");
	const char *path = arena_strndup(a, r.target, path_len);
	struct admin_request in = {
		.method = r.method, .path = path, .query = r.target[path_len] ? r.target + path_len + 1 : "", .host = "127.0.0.1",
		.content_type = fuzz_header(&r, "Content-Type"), .body = r.body, .body_len = r.body_len,
	};
	admin_handle(m, &config, &in, &out);
	bool waits = out.wait.ready != NULL, answered = !waits || out.wait.ready(out.wait.data);
	finish(&out);
	if (answered)
		check_answer(data, size, path, &out);
	buf_finish(&out.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mock *m = fuzz_mock();
	struct arena *a = arena_new();
	struct fuzz_text text = fuzz_text(data, size), part;
	for (int i = 0; i < REQUESTS_MAX && fuzz_part(&text, &part); i++)
		ask(m, a, part, data, size);
	fuzz_check_world(m);
	arena_free(a);
	return 0;
}
