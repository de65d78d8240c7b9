/* A world without rate limits whose faults the test sets: what the tests of fault rules share. */
#ifndef CBSMOCK_TESTS_UNIT_FAULT_WORLD_H
#define CBSMOCK_TESTS_UNIT_FAULT_WORLD_H

#include <check.h>
#include <string.h>

#include "gateway/fault.h"
#include "gateway/sandboxes.h"
#include "run.h"
#include "util/str.h"
#include "world.h"

#define DISK "disk-lzrg2pwi"
#define CREATE "{\"DiskId\":\"" DISK "\"}"

/* What each test starts with; a thread of a test has its own client. */
static _Thread_local struct test_world *w;

static inline void set_up(void)
{
	struct mock_config config;
	mock_config_default(&config);
	config.rate_factor = 0;
	w = world_open_with(&config);
}

static inline void tear_down(void)
{
	world_close(w);
}

static inline void start_afresh(void)
{
	tear_down();
	set_up();
}

static inline int run_with_world(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}

static inline void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

static inline void let_go(void *sandbox)
{
	sandbox_release(sandbox);
}

/* JSON that lives as long as the world. */
static inline cJSON *json(const char *text)
{
	cJSON *tree = cJSON_Parse(text);
	ck_assert_msg(tree != NULL, "no JSON: %s", text);
	arena_defer(w->arena, delete_tree, tree);
	return tree;
}

/* "default", or "*" for the list behind all. */
static inline struct faults *list_of(const char *sandbox, int64_t *now_ms)
{
	*now_ms = clock_wall_ms();
	if (str_is(sandbox, "*"))
		return mock_faults(w->mock);
	struct sandbox *s = sandboxes_find(w->mock, sandbox);
	ck_assert_ptr_nonnull(s);
	arena_defer(w->arena, let_go, s);
	*now_ms = sandbox_now(s, *now_ms);
	return s->faults;
}

static inline const cJSON *put_into(const char *sandbox, const char *rule)
{
	struct fault_refusal why = { "", "" };
	int64_t now_ms;
	struct faults *f = list_of(sandbox, &now_ms);
	cJSON *stored = faults_put(f, w->arena, json(rule), now_ms, w->wall_ms, &why);
	ck_assert_msg(stored != NULL, "%s: %s %s", rule, why.pointer, why.why);
	arena_defer(w->arena, delete_tree, stored);
	return stored;
}

static inline const cJSON *put(const char *rule)
{
	return put_into("default", rule);
}

/* The rule as it stands now. */
static inline const cJSON *rule_now(const char *name)
{
	int64_t now_ms;
	cJSON *rule = faults_get(list_of("default", &now_ms), name, w->wall_ms);
	ck_assert_msg(rule != NULL, "no rule %s", name);
	arena_defer(w->arena, delete_tree, rule);
	return rule;
}

static inline void clear(void)
{
	int64_t now_ms;
	faults_clear(list_of("default", &now_ms), NULL, NULL);
}

static inline const char *text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
	return text ? text : "";
}

static inline int int_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	ck_assert_msg(cJSON_IsNumber(item), "no number %s", name);
	return item->valueint;
}

/* A call whose answer need not be one of the API's. */
static inline struct request *send(const char *action, const char *params)
{
	struct request *r = world_request(w, action, params);
	mock_handle(w->mock, r);
	return r;
}

static inline const char *code_of(const struct request *r)
{
	return r->error.code ? r->error.code : "";
}

/* How many there are of the disk, which has none at first. */
static inline int snapshots(void)
{
	const char *params = "{\"Filters\":[{\"Name\":\"disk-id\",\"Values\":[\"" DISK "\"]}]}";
	return int_of(world_call(w, "DescribeSnapshots", params).response, "TotalCount");
}

#endif
