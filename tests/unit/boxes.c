/* The mock of boxes.h and the usual steps. */
#include "boxes.h"

#include <stdio.h>
#include <string.h>

#include "gateway/control.h"

struct test_world *boxes;
struct buf boxes_why;

void boxes_open(void)
{
	buf_init(&boxes_why, 4096);
	boxes = world_open();
}

void boxes_close(void)
{
	world_close(boxes);
	buf_finish(&boxes_why);
}

void use_key(const char *id, const char *key)
{
	boxes->sender.secret_id = id;
	boxes->sender.secret_key = key;
}

enum sandbox_outcome try_make(const char *name, struct sandbox_plan plan)
{
	struct sandbox *s = NULL;
	struct credential key = { .secret_id = name };
	plan.name = name;
	if (plan.key_count == 0) {
		plan.keys = &key;
		plan.key_count = 1;
	}
	buf_clear(&boxes_why);
	enum sandbox_outcome outcome = sandboxes_create(boxes->mock, &plan, &s, &boxes_why);
	ck_assert_int_eq(s != NULL, outcome == SANDBOX_DONE || outcome == SANDBOX_REPLACED);
	sandbox_release(s);
	return outcome;
}

void make(const char *name, struct sandbox_plan plan)
{
	enum sandbox_outcome outcome = try_make(name, plan);
	ck_assert_msg(outcome == SANDBOX_DONE, "%s: %s", name, boxes_why.data);
}

struct sandbox_plan from(const char *template)
{
	struct sandbox_plan plan = { 0 };
	snprintf(plan.origin.template, sizeof plan.origin.template, "%s", template);
	return plan;
}

struct sandbox_plan frozen_at(int64_t now_ms)
{
	struct sandbox_plan plan = { .origin = { .clocked = true, .seeded = true, .seed = 42 } };
	plan.origin.clock.frozen = true;
	plan.origin.clock.now_ms = now_ms;
	return plan;
}

struct sandbox *find(const char *name)
{
	struct sandbox *s = sandboxes_find(boxes->mock, name);
	ck_assert_msg(s != NULL, "no sandbox %s", name);
	return s;
}

const char *member_text(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int total(struct answer a)
{
	ck_assert_str_eq(a.code, "");
	return cJSON_GetObjectItemCaseSensitive(a.response, "TotalCount")->valueint;
}

int snapshots(void)
{
	return total(world_call(boxes, "DescribeSnapshots", "{\"Limit\":1}"));
}

void set(const char *name, const char *json)
{
	struct sandbox *s = find(name);
	struct settings settings;
	struct settings_fault fault;
	cJSON *tree = cJSON_Parse(json);
	control_settings(s, &settings);
	ck_assert_msg(settings_read(&settings, sandboxes_config(boxes->mock), tree, NULL, &fault), "%s: %s", json, fault.name);
	ck_assert(control_set_settings(s, &settings));
	cJSON_Delete(tree);
	sandbox_release(s);
}

void add_group(Suite *suite, const char *name, void (*up)(void), void (*down)(void), const TTest *const *tests, size_t count)
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, up, down);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
}
