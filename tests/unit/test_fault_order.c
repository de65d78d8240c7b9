/* Which rule a request meets, how often, and what is remembered of it. */
#include "fault_world.h"

#include <pthread.h>

/* ---- which rule --------------------------------------------------------------------------------------------------------- */

START_TEST(first_match_wins)
{
	put("{\"name\":\"first\",\"when\":{\"times\":1},\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	put("{\"name\":\"second\",\"do\":{\"type\":\"error\",\"code\":\"ServiceUnavailable\"}}");
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "InternalError");
	ck_assert_int_eq(int_of(rule_now("second"), "matched"), 0);
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "ServiceUnavailable");
	ck_assert_int_eq(int_of(rule_now("first"), "remaining"), 0);
}
END_TEST

/* A rule taken at one phase keeps those of later phases away too. */
START_TEST(first_match_wins_across_phases)
{
	put("{\"name\":\"cut\",\"do\":{\"type\":\"truncate\"}}");
	put("{\"name\":\"slow\",\"when\":{\"times\":1},\"do\":{\"type\":\"latency\",\"latency\":5}}");
	struct request *r = send("DescribeDisks", "{}");
	ck_assert_int_eq(r->wire.delay_ms, 5);
	ck_assert(!r->wire.cut);
	ck_assert(send("DescribeDisks", "{}")->wire.cut);
}
END_TEST

START_TEST(pass_shields)
{
	put("{\"match\":{\"action\":\"DescribeDisks\"},\"do\":{\"type\":\"pass\"}}");
	put("{\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
	ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").code, "InternalError");
}
END_TEST

START_TEST(sandbox_before_all)
{
	put_into("*", "{\"name\":\"all\",\"do\":{\"type\":\"error\",\"code\":\"ServiceUnavailable\"}}");
	put("{\"name\":\"own\",\"when\":{\"times\":1},\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "InternalError");
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "ServiceUnavailable");
}
END_TEST

START_TEST(matching)
{
	static const char *const met[] = {
		"{\"action\":\"Create*\"}", "{\"region\":\"ap-guangzhou\"}", "{\"secret_id\":\"" WORLD_ID "\"}", "{\"account\":100000000001}",
		"{\"param\":{\"DiskId\":{\"prefix\":\"disk-\"}}}", "{\"resource_state\":\"UNATTACHED\"}", "{\"address\":\"127.*\"}",
	};
	static const char *const missed[] = {
		"{\"action\":\"Describe*\"}", "{\"region\":\"ap-beijing\"}", "{\"secret_id\":\"AKIDother\"}", "{\"account\":2}",
		"{\"param\":{\"DiskId\":\"disk-00000000\"}}", "{\"resource_state\":\"CREATING\"}", "{\"address\":\"10.*\"}",
	};
	for (size_t i = 0; i < LENGTH(met); i++)
		for (int hit = 0; hit < 2; hit++) {
			clear();
			put(arena_printf(w->arena, "{\"match\":%s,\"do\":{\"type\":\"error\",\"code\":\"DryRunOperation\"}}",
			                 hit ? met[i] : missed[i]));
			ck_assert_int_eq(str_is(code_of(send("CreateSnapshot", CREATE)), "DryRunOperation"), hit);
		}
}
END_TEST

/* A form's parameters are texts, and match all the same. */
START_TEST(matching_forms)
{
	put("{\"match\":{\"param\":{\"Limit\":7}},\"do\":{\"type\":\"error\",\"code\":\"DryRunOperation\"}}");
	w->sender.form = SEND_V1_GET;
	ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{\"Limit\":7}").code, "DryRunOperation");
	ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{\"Limit\":8}").code, "");
}
END_TEST

/* ---- when --------------------------------------------------------------------------------------------------------------- */

START_TEST(window_by_the_sandbox_clock)
{
	world_freeze(w);
	put("{\"name\":\"w\",\"when\":{\"from\":\"+10s\",\"for\":\"30s\"},\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
	world_advance(w, 10000);
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "InternalError");
	world_advance(w, 29999);
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "InternalError");
	world_advance(w, 1);
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
	ck_assert_int_eq(int_of(rule_now("w"), "matched"), 2);
}
END_TEST

/* A dead man's switch: real time, whatever the sandbox's clock does. */
START_TEST(ttl)
{
	world_freeze(w);
	const cJSON *rule = put("{\"name\":\"t\",\"ttl\":\"60s\",\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	ck_assert_str_ne(text_of(rule, "expires_at"), "");
	w->wall_ms += 59999;
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "InternalError");
	w->wall_ms += 1;
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
	int64_t now_ms;
	ck_assert_ptr_null(faults_get(list_of("default", &now_ms), "t", w->wall_ms));
}
END_TEST

START_TEST(counted_and_remembered)
{
	put("{\"name\":\"c\",\"when\":{\"schedule\":\".F.F.\"},\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	const char *id = NULL;
	for (int i = 0; i < 3; i++) {
		struct answer a = world_call(w, "DescribeDisks", "{}");
		if (*a.code)
			id = a.request_id;
	}
	const cJSON *rule = rule_now("c"), *ids = cJSON_GetObjectItemCaseSensitive(rule, "last_request_ids");
	ck_assert_int_eq(int_of(rule, "matched"), 3);
	ck_assert_int_eq(int_of(rule, "hits"), 1);
	ck_assert_int_eq(int_of(rule, "remaining"), 1);
	ck_assert_int_eq(cJSON_GetArraySize(ids), 1);
	ck_assert_str_eq(cJSON_GetStringValue(ids->child), id);
}
END_TEST

START_TEST(activity)
{
	int64_t now_ms;
	put("{\"name\":\"a\",\"do\":[{\"type\":\"latency\",\"latency\":5},{\"type\":\"error\",\"code\":\"InternalError\"}]}");
	struct answer last = { 0 };
	for (int i = 0; i < 300; i++)
		last = world_call(w, "DescribeDisks", "{}");
	cJSON *told = faults_activity(list_of("default", &now_ms));
	arena_defer(w->arena, delete_tree, told);
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(told, "activity");
	ck_assert_int_eq(cJSON_GetArraySize(list), 256);
	ck_assert_int_eq(int_of(told, "dropped"), 44);
	const cJSON *newest = cJSON_GetArrayItem(list, 255);
	ck_assert_str_eq(text_of(newest, "rule"), "a");
	ck_assert_str_eq(text_of(newest, "request_id"), last.request_id);
	ck_assert_str_eq(text_of(newest, "phase"), "before_validate");
	ck_assert_str_eq(text_of(newest, "did"), "latency 5 ms, error InternalError");
}
END_TEST

/* Which rules were tried, and why some were not taken. */
START_TEST(trail)
{
	put("{\"name\":\"other\",\"match\":{\"action\":\"CreateSnapshot\"},\"do\":{\"type\":\"pass\"}}");
	put("{\"name\":\"later\",\"when\":{\"skip\":1},\"do\":{\"type\":\"pass\"}}");
	put("{\"name\":\"taken\",\"do\":{\"type\":\"latency\",\"latency\":7}}");
	const struct request *r = send("DescribeDisks", "{}");
	const char *told = "";
	for (const struct trail_step *step = r->trail.first; step; step = step->next)
		if (str_is(step->kind, "fault"))
			told = arena_printf(w->arena, "%s%s %s (%s)\n", told, step->what, trail_verdict_names[step->verdict], step->detail);
	ck_assert_str_eq(told, "other skipped (action: CreateSnapshot is wanted, it is DescribeDisks)\n"
	                       "later skipped (it skips this call)\n"
	                       "taken applied (before_validate: latency 7 ms)\n");
}
END_TEST

/* ---- many at once ------------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, CALLS = 200 };

/* A client of the same cloud. */
struct client {
	pthread_t thread;
	struct test_world world;
	int refused;
};

static void *call_many(void *data)
{
	struct client *c = data;
	w = &c->world;
	for (int i = 0; i < CALLS; i++)
		c->refused += *code_of(send("DescribeDisks", "{}")) != '\0';
	return NULL;
}

static void *change_many(void *data)
{
	struct client *c = data;
	int64_t now_ms;
	w = &c->world;
	for (int i = 0; i < CALLS; i++) {
		put("{\"name\":\"passing\",\"continue\":true,\"do\":{\"type\":\"latency\",\"latency\":1}}");
		rule_now("exact");
		faults_remove(list_of("default", &now_ms), "passing");
	}
	return NULL;
}

static void start(struct client *c, void *(*run)(void *data))
{
	*c = (struct client){ .world = *w };
	c->world.arena = arena_new();
	ck_assert_int_eq(pthread_create(&c->thread, NULL, run, c), 0);
}

static void finish(struct client *c)
{
	pthread_join(c->thread, NULL);
	arena_free(c->world.arena);
}

/* However the calls come, a rule for ten is met by ten. */
START_TEST(threads)
{
	struct client callers[THREADS], changer;
	int refused = 0;
	put("{\"name\":\"exact\",\"when\":{\"times\":10},\"do\":{\"type\":\"error\",\"code\":\"InternalError\"}}");
	start(&changer, change_many);
	for (int i = 0; i < THREADS; i++)
		start(&callers[i], call_many);
	for (int i = 0; i < THREADS; i++) {
		finish(&callers[i]);
		refused += callers[i].refused;
	}
	finish(&changer);
	ck_assert_int_eq(refused, 10);
	ck_assert_int_eq(int_of(rule_now("exact"), "matched"), THREADS * CALLS);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		first_match_wins, first_match_wins_across_phases, pass_shields, sandbox_before_all, matching, matching_forms,
		window_by_the_sandbox_clock, ttl, counted_and_remembered, activity, trail, threads,
	};
	return run_with_world("fault_order", tests, LENGTH(tests));
}
