/* Routes of retry tests. */
#include "gateway/retry_test.h"

#include "admin/admin_internal.h"

static struct faults *asked_faults(struct admin_call *c)
{
	return c->box ? c->box->faults : mock_faults(c->mock);
}

static void no_such_test(struct admin_call *c)
{
	answer_error(c, 404, "NoSuchRetryTest", "GET /_cbs/retry-tests lists them", "there is no retry test \"%s\"", c->subject);
}

void retry_list(struct admin_call *c)
{
	cJSON *out = cJSON_CreateObject();
	cJSON_AddItemToObject(out, "retry_tests", retry_test_list(asked_faults(c)));
	answer_tree(c, 200, out);
}

void retry_add(struct admin_call *c)
{
	static const char hint[] = "{\"instructions\":{\"CreateSnapshot\":[\"error:RequestLimitExceeded\",\"reset@after_commit\"]}}";
	struct fault_refusal why;
	const cJSON *body = body_object(c);
	if (!body)
		return;
	cJSON *test = retry_test_add(asked_faults(c), c->arena, body, &why);
	if (test)
		answer_tree(c, 200, test);
	else
		answer_error(c, 400, "InvalidRetryTest", hint, "%s%s%s", why.pointer, *why.pointer ? ": " : "", why.why);
}

void retry_show(struct admin_call *c)
{
	cJSON *test = retry_test_get(asked_faults(c), c->subject);
	if (test)
		answer_tree(c, 200, test);
	else
		no_such_test(c);
}

void retry_remove(struct admin_call *c)
{
	if (!body_read(c, NULL, 0))
		return;
	if (!retry_test_remove(asked_faults(c), c->subject)) {
		no_such_test(c);
		return;
	}
	struct json_out o = answer_begin(c, 200);
	out_int(&o, "removed", 1);
	answer_end(&o);
}
