/* Retry tests: which instruction a call meets, and what is told of it afterwards. */
#include "fault_world.h"

#include "gateway/retry_test.h"

static struct fault_refusal why;

static struct faults *own(void)
{
	int64_t now_ms;
	return list_of("default", &now_ms);
}

static const cJSON *keep(cJSON *tree)
{
	if (tree)
		arena_defer(w->arena, delete_tree, tree);
	return tree;
}

/* Its id. */
static const char *add(const char *body)
{
	const cJSON *test = keep(retry_test_add(own(), w->arena, json(body), &why));
	ck_assert_msg(test != NULL, "%s: %s %s", body, why.pointer, why.why);
	return text_of(test, "id");
}

static const cJSON *get(const char *id)
{
	return keep(retry_test_get(own(), id));
}

static struct request *send_as(const char *id, const char *action, const char *params)
{
	struct request *r = world_request(w, action, params);
	world_header(r, "x-retry-test-id", id);
	mock_handle(w->mock, r);
	return r;
}

START_TEST(in_order)
{
	const char *id = add("{\"instructions\":{\"DescribeDisks\":[\"error:RequestLimitExceeded\",\"pass\",\"http:503\",\"latency:200\"],"
	                     "\"DescribeSnapshots\":[\"reset\"]}}");
	ck_assert_str_eq(code_of(send("DescribeDisks", "{}")), "RequestLimitExceeded");
	ck_assert_str_eq(code_of(send("DescribeDisks", "{}")), "");
	ck_assert_int_eq(send("DescribeSnapshots", "{}")->wire.end, WIRE_RESET);
	ck_assert(!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(get(id), "completed")));
	ck_assert_int_eq(int_of(get(id), "remaining"), 2);
	ck_assert_int_eq(send("DescribeDisks", "{}")->http_status, 503);
	struct request *last = send("DescribeDisks", "{}");
	ck_assert_int_eq(last->wire.delay_ms, 200);
	const cJSON *test = get(id), *consumed = cJSON_GetObjectItemCaseSensitive(test, "consumed");
	ck_assert(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(test, "completed")));
	ck_assert_int_eq(cJSON_GetArraySize(consumed), 5);
	const cJSON *fourth = cJSON_GetArrayItem(consumed, 3);
	ck_assert_str_eq(text_of(fourth, "instruction"), "latency:200");
	ck_assert_str_eq(text_of(fourth, "request_id"), last->request_id);
	ck_assert_int_eq(send("DescribeDisks", "{}")->wire.delay_ms, 0);
}
END_TEST

/* A call that is refused before the phase leaves the instruction to the next. */
START_TEST(met_when_it_happens)
{
	const char *id = add("{\"instructions\":{\"CreateSnapshot\":[\"reset@after_commit\",\"error:ResourceBusy@before_commit\"]}}");
	ck_assert_str_eq(code_of(send("CreateSnapshot", "{\"DiskId\":\"disk-00000000\"}")), "InvalidDiskId.NotFound");
	ck_assert_int_eq(int_of(get(id), "remaining"), 2);
	struct request *r = send("CreateSnapshot", CREATE);
	ck_assert(r->committed && r->wire.end == WIRE_RESET);
	ck_assert_int_eq(int_of(get(id), "remaining"), 1);
	world_advance(w, 10000);
	ck_assert_str_eq(code_of(send("CreateSnapshot", CREATE)), "ResourceBusy");
	ck_assert_int_eq(snapshots(), 1);
}
END_TEST

START_TEST(who_takes_part)
{
	const char *first = add("{\"instructions\":{\"*\":[\"http:501\"]},\"secret_id\":\"AKIDother\"}");
	const char *second = add("{\"instructions\":{\"DescribeDisks\":[\"http:502\"]}}");
	const char *third = add("{\"instructions\":{\"DescribeDisks\":[\"http:503\",\"http:504\"]}}");
	ck_assert_int_eq(send_as(third, "DescribeDisks", "{}")->http_status, 503);
	ck_assert_int_eq(send_as("retry-99", "DescribeDisks", "{}")->http_status, 200);
	ck_assert_int_eq(send("DescribeDisks", "{}")->http_status, 502);
	ck_assert_int_eq(send("DescribeDisks", "{}")->http_status, 504);
	ck_assert_int_eq(send("DescribeDisks", "{}")->http_status, 200);
	ck_assert_int_eq(int_of(get(first), "remaining"), 1);
	ck_assert_int_eq(int_of(get(second), "remaining"), 0);
	ck_assert_int_eq(send_as(first, "DescribeSnapshots", "{}")->http_status, 501);
}
END_TEST

/* Instructions come before rules, and a call meets one of either. */
START_TEST(before_rules)
{
	put("{\"name\":\"r\",\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	add("{\"instructions\":{\"DescribeDisks\":[\"pass\"]}}");
	ck_assert_str_eq(code_of(send("DescribeDisks", "{}")), "");
	ck_assert_int_eq(int_of(rule_now("r"), "matched"), 0);
	ck_assert_str_eq(code_of(send("DescribeDisks", "{}")), "InternalError");
}
END_TEST

START_TEST(listed_and_removed)
{
	const char *first = add("{\"instructions\":{\"DescribeDisks\":[\"http:501\"],\"DescribeSnapshots\":[\"http:501\"]}}");
	const char *second = add("{\"instructions\":{\"DescribeDisks\":[\"http:502\"]}}");
	ck_assert_int_eq(cJSON_GetArraySize(keep(retry_test_list(own()))), 2);
	struct faults *copy = faults_copy(own());
	ck_assert_int_eq(send("DescribeDisks", "{}")->http_status, 501);
	ck_assert(retry_test_remove(own(), first));
	ck_assert(!retry_test_remove(own(), first));
	ck_assert_ptr_null(retry_test_get(own(), first));
	ck_assert_int_eq(send("DescribeDisks", "{}")->http_status, 502);
	ck_assert_int_eq(int_of(get(second), "remaining"), 0);
	ck_assert_int_eq(int_of(keep(retry_test_get(copy, first)), "remaining"), 2);
	faults_free(copy);
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *body, *pointer, *why;
	} cases[] = {
		{ "{}", "", "\"instructions\" is required" },
		{ "{\"instructions\":{},\"id\":1}", "/id", "accepted: instructions, secret_id" },
		{ "{\"instructions\":{}}", "/instructions", "must be an object" },
		{ "{\"instructions\":{\"CreateSnapshots\":[\"pass\"]}}", "/instructions/CreateSnapshots", "no action" },
		{ "{\"instructions\":{\"CreateSnapshot\":[]}}", "/instructions/CreateSnapshot", "1 to 64" },
		{ "{\"instructions\":{\"CreateSnapshot\":[\"pass\",5]}}", "/instructions/CreateSnapshot/1", "must be a text" },
		{ "{\"instructions\":{\"CreateSnapshot\":[\"explode\"]}}", "/instructions/CreateSnapshot/0", "one of latency, error" },
		{ "{\"instructions\":{\"CreateSnapshot\":[\"reset:5\"]}}", "/instructions/CreateSnapshot/0", "no instruction" },
		{ "{\"instructions\":{\"CreateSnapshot\":[\"error:TradeDealConflict\"]}}", "/instructions/CreateSnapshot/0", "does not document" },
		{ "{\"instructions\":{\"CreateSnapshot\":[\"truncate@before_auth\"]}}", "/instructions/CreateSnapshot/0", "cannot happen" },
		{ "{\"instructions\":{\"CreateSnapshot\":[\"http\"]}}", "/instructions/CreateSnapshot/0", "required" },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		ck_assert_msg(!retry_test_add(own(), w->arena, json(cases[i].body), &why), "%s was taken", cases[i].body);
		ck_assert_str_eq(why.pointer, cases[i].pointer);
		ck_assert_msg(strstr(why.why, cases[i].why) != NULL, "%s: %s", cases[i].body, why.why);
	}
	ck_assert_int_eq(cJSON_GetArraySize(keep(retry_test_list(own()))), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { in_order, met_when_it_happens, who_takes_part, before_rules, listed_and_removed, refusals };
	return run_with_world("retry_test", tests, LENGTH(tests));
}
