/* The refusals of CreateSnapshot, walked along the very table that makes them: each holds alone, in both dialects, and of any two
 * that hold at once the earlier one answers. fixtures/cases/create_snapshot_guards.json says how to bring each about, always on
 * one disk. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cbs/create_snapshot.h"
#include "cbs/guard.h"
#include "client.h"
#include "util/str.h"

static const int64_t now_ms = INT64_C(1767225600000); /* 2026-01-01 */

/* Two that cannot be had together: one state of a disk, one backup point named, a token offered or not. */
enum { IMPOSSIBLE_PAIRS = 6 };

static struct arena *arena;
static struct test_world *world;
static const cJSON *ways;
static const struct guard *guards;
static size_t guard_count;

static void set_up(void)
{
	struct mock_config config;
	arena = arena_new();
	mock_config_default(&config);
	config.fixture_path = client_path(arena, "fixtures/cases/world.json");
	config.rate_factor = 0;
	config.seed = 1;
	world = world_open_with(&config);
	ways = client_read_json(arena, "fixtures/cases/create_snapshot_guards.json");
	guards = create_snapshot_guards.rows;
	guard_count = create_snapshot_guards.count;
}

static void tear_down(void)
{
	world_close(world);
	arena_free(arena);
}

static const cJSON *part(size_t guard, const char *name)
{
	const cJSON *way = cJSON_GetObjectItemCaseSensitive(ways, guards[guard].name);
	ck_assert_msg(way != NULL, "nothing says how to bring %s about", guards[guard].name);
	return cJSON_GetObjectItemCaseSensitive(way, name);
}

/* ---- can both be had? ------------------------------------------------------------------------------------------------------ */

static bool objects_clash(const cJSON *a, const cJSON *b)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, a) {
		const cJSON *other = cJSON_GetObjectItemCaseSensitive(b, item->string);
		if (other != NULL && !cJSON_Compare(item, other, true))
			return true;
	}
	return false;
}

/* A row's key stands first in these files. */
static bool rows_clash(const cJSON *a, const cJSON *b)
{
	const cJSON *row, *other;
	cJSON_ArrayForEach(row, a) {
		cJSON_ArrayForEach(other, b) {
			if (cJSON_Compare(row->child, other->child, true) && objects_clash(row, other))
				return true;
		}
	}
	return false;
}

static bool arrangements_clash(const cJSON *a, const cJSON *b)
{
	const cJSON *entity;
	cJSON_ArrayForEach(entity, a) {
		const cJSON *other = cJSON_GetObjectItemCaseSensitive(b, entity->string);
		if (cJSON_IsObject(entity) ? objects_clash(entity, other) : rows_clash(entity, other))
			return true;
	}
	return false;
}

static bool possible(size_t first, size_t second)
{
	return !arrangements_clash(part(first, "arrange"), part(second, "arrange")) &&
	       !objects_clash(part(first, "call"), part(second, "call"));
}

/* ---- bringing it about --------------------------------------------------------------------------------------------------- */

static void add_params(cJSON *params, const cJSON *more)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, more) {
		if (cJSON_GetObjectItemCaseSensitive(params, item->string) == NULL)
			cJSON_AddItemToObject(params, item->string, cJSON_Duplicate(item, true));
	}
}

static void expect(size_t refuses, const cJSON *params)
{
	for (enum dialect dialect = DIALECT_CLASSIC; dialect <= DIALECT_CURRENT; dialect++) {
		const struct guard *g = &guards[refuses];
		struct ask ask = { .action = "CreateSnapshot", .params = params };
		mock_set_dialect(world->mock, "default", dialect);
		struct answer answer = client_call(world, &ask);
		ck_assert_msg(str_is(client_guard(&answer), g->name), "expected %s, got %s", g->name, client_text(&answer));
		ck_assert_str_eq(answer.code, err_code(dialect == DIALECT_CLASSIC ? g->classic : g->current));
	}
}

/* `second` may be `first`. */
static void arrange_and_expect(size_t first, size_t second, size_t refuses)
{
	struct buf why;
	buf_init(&why, 1024);
	ck_assert_msg(mock_reset(world->mock, "default", &why), "%s", why.data);
	buf_finish(&why);
	client_freeze_at(world, now_ms);
	client_apply(world, part(second, "arrange"));
	if (first != second)
		client_apply(world, part(first, "arrange"));
	cJSON *params = cJSON_CreateObject();
	cJSON_AddStringToObject(params, "DiskId", "disk-attached");
	add_params(params, part(first, "call"));
	add_params(params, part(second, "call"));
	expect(refuses, params);
	cJSON_Delete(params);
}

START_TEST(each_alone)
{
	set_up();
	for (size_t i = 0; i < guard_count; i++)
		arrange_and_expect(i, i, i);
	ck_assert_uint_eq((size_t)cJSON_GetArraySize(ways), guard_count);
	tear_down();
}
END_TEST

START_TEST(earlier_of_two)
{
	set_up();
	size_t impossible = 0;
	for (size_t first = 0; first < guard_count; first++) {
		for (size_t second = first + 1; second < guard_count; second++) {
			if (possible(first, second))
				arrange_and_expect(first, second, first);
			else
				impossible++;
		}
	}
	ck_assert_uint_eq(impossible, IMPOSSIBLE_PAIRS);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("precedence");
	TCase *tc = tcase_create("CreateSnapshot");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, each_alone);
	tcase_add_test(tc, earlier_of_two);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
