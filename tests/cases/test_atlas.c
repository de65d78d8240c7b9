/* Every entry of the error atlas, in the built-in world just reset: arrange, call, and the code comes back. tests/atlas does the
 * same over a socket. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cbs/atlas.h"
#include "client.h"
#include "conform.h"
#include "util/str.h"

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

static const cJSON *parse(struct arena *a, const char *text)
{
	if (text == NULL)
		return NULL;
	cJSON *tree = cJSON_Parse(text);
	ck_assert_ptr_nonnull(tree);
	arena_defer(a, delete_tree, tree);
	return tree;
}

static void call_before(struct test_world *w, const struct atlas_entry *e)
{
	const cJSON *before;
	cJSON_ArrayForEach(before, parse(w->arena, e->calls)) {
		struct ask ask = {
			.action = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(before, "action")),
			.params = cJSON_GetObjectItemCaseSensitive(before, "params"),
		};
		struct answer answer = client_call(w, &ask);
		ck_assert_msg(*answer.code == '\0', "%s %s: the call before it failed: %s", e->action, e->code, client_text(&answer));
	}
}

static void check_entry(const cJSON *model, const struct atlas_entry *e, enum dialect dialect)
{
	struct mock_config config;
	struct buf why;
	buf_init(&why, 4096);
	mock_config_default(&config);
	config.dialect = dialect;
	struct test_world *w = world_open_with(&config);
	world_freeze(w);
	client_apply(w, parse(w->arena, e->arrange));
	call_before(w, e);
	struct ask ask = { .action = e->action, .params = parse(w->arena, e->call), .tweaks = parse(w->arena, e->request) };
	struct answer answer = { .code = "" };
	for (int i = 0; i < e->repeat; i++)
		answer = client_call(w, &ask);
	ck_assert_msg(str_is(answer.code, e->code), "%s %s: got %s", e->action, e->code, client_text(&answer));
	ck_assert_msg(conform(model, e->action, answer.response, &why), "%s %s: %s", e->action, e->code, why.data);
	buf_finish(&why);
	world_close(w);
}

START_TEST(entry)
{
	const struct atlas_entry *e = &atlas_entries[_i];
	struct arena *a = arena_new();
	const cJSON *model = client_read_json(a, "schema/cbs-model.json");
	if (e->reason == NULL && !str_is(e->dialect, "current"))
		check_entry(model, e, DIALECT_CLASSIC);
	if (e->reason == NULL && !str_is(e->dialect, "classic"))
		check_entry(model, e, DIALECT_CURRENT);
	arena_free(a);
}
END_TEST

START_TEST(found_by_name)
{
	for (size_t i = 0; i < atlas_entry_count; i++) {
		const struct atlas_entry *e = &atlas_entries[i];
		ck_assert_ptr_eq(atlas_find(e->common ? NULL : e->action, e->code), e);
	}
	ck_assert_ptr_null(atlas_find("CreateSnapshot", "NoSuchCode"));
	ck_assert_ptr_null(atlas_find("NoSuchAction", "InvalidDisk.Busy"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("atlas");
	for (size_t i = 0; i < atlas_entry_count; i++) {
		const struct atlas_entry *e = &atlas_entries[i];
		TCase *tc = tcase_create(e->code);
		tcase_set_timeout(tc, 30);
		tcase_add_loop_test(tc, entry, (int)i, (int)i + 1);
		suite_add_tcase(suite, tc);
	}
	TCase *tc = tcase_create("table");
	tcase_add_test(tc, found_by_name);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
