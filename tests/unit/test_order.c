/* The order of checks (protocol.md §5), pairwise: a request with two things wrong hears of the one that is checked earlier. */
#include "run.h"

#include <string.h>

#include "world.h"

/* One thing that can be wrong: in the world, in how the client sends, in the parameters, in the request after signing. */
struct fault {
	const char *code;
	void (*in_world)(struct test_world *w);
	void (*in_sender)(struct sender *s);
	const char *params; /* an earlier fault's win */
	void (*in_request)(struct request *r);
};

static void method_put(struct request *r)
{
	r->method = "PUT";
}

static void no_timestamp(struct request *r)
{
	world_header(r, "X-TC-Timestamp", NULL);
}

static void other_service(struct sender *s)
{
	s->service = "cvm";
}

static void long_ago(struct sender *s)
{
	s->skew_s = -3600;
}

static void unknown_key(struct sender *s)
{
	s->secret_id = "AKIDnobody";
}

static void stray_token(struct sender *s)
{
	s->token = "stray";
}

static void wrong_secret(struct sender *s)
{
	s->secret_key = "wrong";
}

static void shut_out(struct test_world *w)
{
	world_apply(w, "{\"Accounts\":[{\"Uin\":100000000001,\"IpDeny\":[\"127.*\"]}]}");
}

static void old_version(struct sender *s)
{
	s->version = "2016-01-01";
}

static void offline(struct test_world *w)
{
	world_apply(w, "{\"OfflineActions\":[{\"Action\":\"CreateSnapshot\"}]}");
}

static void nowhere(struct sender *s)
{
	s->region = "ap-nowhere";
}

/* A request that is refused late counts as well. */
static void used_up(struct test_world *w)
{
	world_freeze(w);
	for (int i = 0; i < 20; i++)
		world_call(w, "CreateSnapshot", "{\"Nope\":1}");
}

static void forbidden(struct test_world *w)
{
	world_apply(w, "{\"Permissions\":[{\"Account\":100000000001,\"SubUin\":0,\"Action\":\"cvm:CreateSnapshot\"}]}");
}

/* In order. */
static const struct fault faults[] = {
	{ .code = "UnsupportedProtocol", .in_request = method_put },
	{ .code = "InvalidParameter", .params = "{" },
	{ .code = "MissingParameter", .in_request = no_timestamp },
	{ .code = "AuthFailure.InvalidAuthorization", .in_sender = other_service },
	{ .code = "AuthFailure.SignatureExpire", .in_sender = long_ago },
	{ .code = "AuthFailure.SecretIdNotFound", .in_sender = unknown_key },
	{ .code = "AuthFailure.TokenFailure", .in_sender = stray_token },
	{ .code = "AuthFailure.SignatureFailure", .in_sender = wrong_secret },
	{ .code = "IpInBlacklist", .in_world = shut_out },
	{ .code = "NoSuchVersion", .in_sender = old_version },
	{ .code = "ActionOffline", .in_world = offline },
	{ .code = "InvalidParameterValue", .in_sender = nowhere },
	{ .code = "RequestLimitExceeded", .in_world = used_up },
	{ .code = "UnknownParameter", .params = "{\"DiskId\":\"disk-00000000\",\"Nope\":1}" },
	{ .code = "AuthFailure.UnauthorizedOperation", .in_world = forbidden },
	{ .code = "InvalidDiskId.NotFound", .params = "{\"DiskId\":\"disk-00000000\"}" },
};

enum { N_FAULTS = LENGTH(faults) };

/* What the world answers when it has these two faults, which may be one. */
static void check_pair(const struct fault *first, const struct fault *second)
{
	struct test_world *w = world_open();
	const struct fault *pair[] = { second, first };
	const char *params = "{\"DiskId\":\"disk-lzrg2pwi\"}";
	for (size_t i = 0; i < LENGTH(pair); i++)
		if (pair[i]->in_world == used_up) /* before another fault keeps the calls from counting */
			used_up(w);
	for (size_t i = 0; i < LENGTH(pair); i++) {
		if (pair[i]->in_world && pair[i]->in_world != used_up)
			pair[i]->in_world(w);
		if (pair[i]->in_sender)
			pair[i]->in_sender(&w->sender);
		if (pair[i]->params)
			params = pair[i]->params;
	}
	struct request *r = world_request(w, "CreateSnapshot", params);
	for (size_t i = 0; i < LENGTH(pair); i++)
		if (pair[i]->in_request)
			pair[i]->in_request(r);
	struct answer a = world_send(w, r);
	ck_assert_msg(a.request->error.code && *a.code, "%s and %s: no error", first->code, second->code);
	ck_assert_msg(strcmp(a.code, first->code) == 0, "%s and %s: %s", first->code, second->code, a.code);
	world_close(w);
}

START_TEST(the_earlier_check_speaks)
{
	for (size_t later = (size_t)_i; later < N_FAULTS; later++)
		check_pair(&faults[_i], &faults[later]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("order");
	TCase *tc = tcase_create("pairs");
	tcase_add_loop_test(tc, the_earlier_check_speaks, 0, N_FAULTS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
