/* What happened to a world: told, compared, blamed on requests, and gone back on until it equals one in which the rest never happened. */
#include "folder.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/control.h"
#include "gateway/history.h"
#include "gateway/sandboxes.h"
#include "gateway/state.h"
#include "mixed_calls.h"
#include "store/store_internal.h"
#include "util/str.h"
#include "world.h"

#define DISK "disk-lzrg2pwi"

enum { DAY_MS = 24 * 3600 * 1000, TEXT_MAX_BYTES = 64 * 1024 * 1024 };

static const int64_t MOMENT = INT64_C(1767225600000); /* 2026-01-01 */

static struct mock_config config;
static struct test_world *world;
static struct sandbox *box;
static struct history_span span;
static struct buf why;

static void open_world(void)
{
	world = world_open_with(&config);
	box = sandboxes_find(world->mock, "default");
	world_freeze(world);
}

static void set_up(void)
{
	clock_hold(MOMENT);
	mock_config_default(&config);
	config.revisions = 100000;
	config.rate_factor = 0;
	config.seed = 7;
	buf_init(&why, 4096);
	open_world();
}

static void close_world(void)
{
	sandbox_release(box);
	world_close(world);
}

static void tear_down(void)
{
	close_world();
	buf_finish(&why);
	clock_let_go();
}

/* ---- asking ---------------------------------------------------------------------------------------------------------------- */

static int64_t last(void)
{
	int64_t first, newest = -1;
	sandbox_enter(box);
	store_revisions(box->store, &first, &newest);
	sandbox_leave(box);
	return newest;
}

static void free_tree(void *tree)
{
	cJSON_Delete(tree);
}

static struct buf text;
static struct json_out out;

static struct json_out *begin(void)
{
	buf_init(&text, TEXT_MAX_BYTES);
	json_out_init(&out, &text);
	out_object(&out, NULL);
	return &out;
}

static const cJSON *finish(enum history_outcome outcome)
{
	ck_assert_msg(outcome == HISTORY_DONE, "%d: %s", (int)outcome, why.data);
	out_end_object(&out);
	cJSON *tree = cJSON_Parse(text.data);
	ck_assert_msg(tree != NULL, "no JSON: %s", text.data);
	arena_defer(world->arena, free_tree, tree);
	buf_finish(&text);
	return tree;
}

static const cJSON *list(int64_t from, int64_t limit)
{
	return finish(history_list(box, &(struct history_range){ from, -1, limit }, begin(), &span));
}

static const cJSON *diff(int64_t from, int64_t to)
{
	return finish(history_diff(box, &(struct history_range){ from, to, 0 }, begin(), &span, &why));
}

static const cJSON *blame(const char *resource)
{
	return cJSON_GetObjectItem(finish(history_blame(box, resource, begin(), &span, &why)), "revisions");
}

static const cJSON *state(int64_t no, const char *only)
{
	return cJSON_GetObjectItem(finish(history_state(box, no, only, false, begin(), &span, &why)), only);
}

static void rewind_to(int64_t no)
{
	ck_assert_msg(history_rewind(box, no, &span, &why) == HISTORY_DONE, "%s", why.data);
}

/* "a.b.0.c" */
static const cJSON *at(const cJSON *tree, const char *path)
{
	char step[64];
	while (tree && *path) {
		size_t len = strcspn(path, ".");
		snprintf(step, sizeof step, "%.*s", (int)len, path);
		tree = cJSON_IsArray(tree) ? cJSON_GetArrayItem(tree, step[0] - '0') : cJSON_GetObjectItem(tree, step);
		path += len + (path[len] == '.');
	}
	return tree;
}

static const char *text_at(const cJSON *tree, const char *path)
{
	const char *found = cJSON_GetStringValue(at(tree, path));
	return found ? found : "(nothing)";
}

static const char *made(struct answer a)
{
	ck_assert_str_eq(a.code, "");
	return arena_strdup(world->arena, cJSON_GetStringValue(cJSON_GetObjectItem(a.response, "SnapshotId")));
}

static const char *take_snapshot_of(const char *disk)
{
	return made(world_call(world, "CreateSnapshot", arena_printf(world->arena, "{\"DiskId\":\"%s\"}", disk)));
}

static const char *take_snapshot(void)
{
	return take_snapshot_of(DISK);
}

/* Any change at all. */
static void change(void)
{
	static int count;
	struct answer a = world_call(world, "ModifySnapshotAttribute",
	                             arena_printf(world->arena, "{\"SnapshotId\":\"snap-weekly01\",\"SnapshotName\":\"name-%d\"}", ++count));
	ck_assert_str_eq(a.code, "");
}

/* ---- every row ------------------------------------------------------------------------------------------------------------- */

/* Tables whose first column is not their key are in its order by themselves. */
static void dump_table(sqlite3 *db, const char *table, struct buf *to)
{
	char *sql = sqlite3_mprintf("SELECT * FROM %s ORDER BY 1", table);
	sqlite3_stmt *stmt;
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		buf_adds(to, table);
		for (int i = 0; i < sqlite3_column_count(stmt); i++)
			buf_printf(to, "|%s", (const char *)sqlite3_column_text(stmt, i));
		buf_addc(to, '\n');
	}
	sqlite3_finalize(stmt);
	sqlite3_free(sql);
}

/* The world, a line a row. */
static char *dump(void)
{
	struct buf to;
	sqlite3_stmt *tables;
	buf_init(&to, TEXT_MAX_BYTES);
	sqlite3 *db = box->store->db;
	const char *sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1";
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &tables, NULL), SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW)
		dump_table(db, (const char *)sqlite3_column_text(tables, 0), &to);
	sqlite3_finalize(tables);
	return buf_take(&to, NULL);
}

static void same_world(char *a, char *b)
{
	char *left = a, *right = b;
	while (*left && *right) {
		size_t l = strcspn(left, "\n"), r = strcspn(right, "\n");
		ck_assert_msg(l == r && memcmp(left, right, l) == 0, "rows differ:\n%.*s\n%.*s", (int)l, left, (int)r, right);
		left += l + (left[l] == '\n');
		right += r + (right[r] == '\n');
	}
	ck_assert_msg(!*left && !*right, "one has more rows: %s%s", left, right);
	free(a);
	free(b);
}

/* ---- telling --------------------------------------------------------------------------------------------------------------- */

START_TEST(nothing_is_kept_unless_asked_for)
{
	close_world();
	config.revisions = 0;
	open_world();
	change();
	ck_assert_int_eq(history_list(box, &(struct history_range){ -1, -1, 10 }, begin(), &span), HISTORY_OFF);
	ck_assert_int_eq(span.last, -1);
	ck_assert_int_eq(history_rewind(box, 0, &span, &why), HISTORY_OFF);
	buf_finish(&text);
	/* It can be asked for at any time. */
	struct settings settings;
	control_settings(box, &settings);
	settings.revisions = 10;
	ck_assert(control_set_settings(box, &settings));
	change();
	ck_assert_int_eq(last(), 1);
}
END_TEST

START_TEST(each_change_is_one)
{
	int64_t start = last();
	struct answer a = world_call(world, "CreateSnapshot", "{\"DiskId\":\"" DISK "\"}");
	ck_assert_int_eq(last(), start + 1);
	world_call(world, "DescribeSnapshots", "{}");
	world_call(world, "CreateSnapshot", "{\"DiskId\":\"disk-00000000\"}");
	ck_assert_int_eq(last(), start + 1);
	world_advance(world, 5000); /* the clock, and with it the end of the snapshot's creation */
	ck_assert_int_eq(last(), start + 2);
	world_apply(world, "{\"Accounts\":[{\"Uin\":100000000001,\"BalanceCents\":5}]}");
	ck_assert(control_set_seed(box, 9));

	const cJSON *told = list(start + 1, 10);
	ck_assert_int_eq((int)cJSON_GetNumberValue(at(told, "last")), (int)start + 4);
	ck_assert(cJSON_IsNull(at(told, "next")));
	ck_assert_str_eq(text_at(told, "revisions.0.kind"), "call");
	ck_assert_str_eq(text_at(told, "revisions.0.action"), "CreateSnapshot");
	ck_assert_str_eq(text_at(told, "revisions.0.request_id"), a.request_id);
	ck_assert_str_eq(text_at(told, "revisions.0.at"), "2026-01-01T00:00:00Z");
	ck_assert_str_eq(text_at(told, "revisions.1.kind"), "time");
	ck_assert_str_eq(text_at(told, "revisions.1.at"), "2026-01-01T00:00:05Z");
	ck_assert_str_eq(text_at(told, "revisions.2.kind"), "fixture");
	ck_assert_str_eq(text_at(told, "revisions.3.kind"), "seed");
}
END_TEST

START_TEST(the_list_has_pages)
{
	for (int i = 0; i < 5; i++)
		change();
	const cJSON *latest = list(-1, 2), *early = list(0, 2);
	ck_assert_int_eq((int)cJSON_GetNumberValue(at(latest, "revisions.1.rev")), (int)last());
	ck_assert(cJSON_IsNull(at(latest, "next")));
	ck_assert_int_eq((int)cJSON_GetNumberValue(at(early, "revisions.0.rev")), 1);
	ck_assert_int_eq((int)cJSON_GetNumberValue(at(early, "next")), 3);
}
END_TEST

START_TEST(a_transition_by_hand_is_one)
{
	const char *id = take_snapshot();
	ck_assert(control_finish(box, id, &(struct listener){ NULL, NULL }));
	ck_assert_str_eq(text_at(list(-1, 1), "revisions.0.kind"), "transition");
}
END_TEST

/* ---- comparing ------------------------------------------------------------------------------------------------------------- */

START_TEST(a_diff_speaks_as_fixtures_do)
{
	int64_t before = last();
	const char *id = take_snapshot();
	const cJSON *created = diff(before, before + 1);
	ck_assert_str_eq(text_at(created, "changes.Snapshots.added.0.SnapshotId"), id);
	ck_assert_str_eq(text_at(created, "changes.Snapshots.added.0.SnapshotState"), "CREATING");
	ck_assert_str_eq(text_at(created, "changes.Jobs.added.0.Kind"), "snapshot.create");
	ck_assert_str_eq(text_at(created, "changes.Jobs.added.0.Resource"), id);
	ck_assert_ptr_null(at(created, "changes.World"));

	world_advance(world, 5000);
	int64_t done = last();
	const cJSON *ended = diff(before + 1, done);
	ck_assert_str_eq(text_at(ended, "changes.Snapshots.changed.0.SnapshotId"), id);
	ck_assert_str_eq(text_at(ended, "changes.Snapshots.changed.0.old.SnapshotState"), "CREATING");
	ck_assert_str_eq(text_at(ended, "changes.Snapshots.changed.0.new.SnapshotState"), "NORMAL");
	ck_assert_ptr_null(at(ended, "changes.Snapshots.changed.0.new.SnapshotName"));
	ck_assert_str_eq(text_at(ended, "changes.Jobs.removed.0.Resource"), id);

	/* In sum the snapshot was made and is NORMAL; the other way round it goes. */
	ck_assert_str_eq(text_at(diff(before, done), "changes.Snapshots.added.0.SnapshotState"), "NORMAL");
	ck_assert_str_eq(text_at(diff(done, before), "changes.Snapshots.removed.0.SnapshotId"), id);
	ck_assert_ptr_null(at(diff(done, done), "changes")->child);
}
END_TEST

START_TEST(what_came_and_went_is_no_difference)
{
	int64_t before = last();
	const char *id = take_snapshot();
	world_advance(world, 5000);
	world_call(world, "DeleteSnapshots", arena_printf(world->arena, "{\"SnapshotIds\":[\"%s\"]}", id));
	ck_assert_ptr_null(at(diff(before, last()), "changes.Snapshots"));
}
END_TEST

START_TEST(tags_and_tokens_are_told)
{
	int64_t before = last();
	const char *id = made(world_call(world, "CreateSnapshot", "{\"DiskId\":\"" DISK "\",\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}]}"));
	world_call(world, "CreateDisks",
	           "{\"Placement\":{\"Zone\":\"ap-guangzhou-3\"},\"DiskChargeType\":\"POSTPAID_BY_HOUR\",\"DiskType\":\"CLOUD_PREMIUM\","
	           "\"DiskSize\":50,\"ClientToken\":\"mine\"}");
	const cJSON *told = diff(before, last());
	ck_assert_str_eq(text_at(told, "changes.Tags.added.0.Resource"), id);
	ck_assert_str_eq(text_at(told, "changes.Tags.added.0.Value"), "v");
	ck_assert_str_eq(text_at(told, "changes.ClientTokens.added.0.ClientToken"), "mine");
}
END_TEST

START_TEST(keys_are_no_part_of_it)
{
	int64_t before = last();
	world_apply(world, "{\"Credentials\":[{\"SecretId\":\"AKIDnewcomer\",\"SecretKey\":\"SecretOfTheNewcomer\","
	                   "\"Account\":100000000001}]}");
	ck_assert_int_eq(last(), before);
	take_snapshot();
	rewind_to(before);
	world->sender.secret_id = "AKIDnewcomer";
	world->sender.secret_key = "SecretOfTheNewcomer";
	ck_assert_str_eq(world_call(world, "DescribeDisks", "{}").code, "");
}
END_TEST

START_TEST(a_snapshot_names_who_shaped_it)
{
	const char *id = take_snapshot();
	world_advance(world, 5000);
	struct answer renamed = world_call(world, "ModifySnapshotAttribute", arena_printf(world->arena,
		"{\"SnapshotId\":\"%s\",\"SnapshotName\":\"other\",\"Deadline\":\"2026-01-03T00:00:00Z\"}", id));
	ck_assert_str_eq(renamed.code, "");
	take_snapshot(); /* of no interest */
	world_advance(world, 3 * (int64_t)DAY_MS);
	const cJSON *told = blame(id);
	ck_assert_int_eq(cJSON_GetArraySize(told), 4);
	ck_assert_str_eq(text_at(told, "0.action"), "CreateSnapshot");
	ck_assert_str_eq(text_at(told, "0.changes.Snapshots.added.0.SnapshotId"), id);
	ck_assert_str_eq(text_at(told, "1.kind"), "time");
	ck_assert_str_eq(text_at(told, "1.ended.0.kind"), "snapshot.create");
	ck_assert_str_eq(text_at(told, "2.request_id"), renamed.request_id);
	ck_assert_str_eq(text_at(told, "2.changes.Snapshots.changed.0.new.SnapshotName"), "other");
	ck_assert_str_eq(text_at(told, "3.kind"), "time");
	ck_assert_str_eq(text_at(told, "3.ended.0.kind"), "snapshot.expire");
	ck_assert_str_eq(text_at(told, "3.ended.0.due"), "2026-01-03T00:00:00Z");
	ck_assert_str_eq(text_at(told, "3.changes.Snapshots.removed.0.SnapshotId"), id);
	ck_assert_int_eq(cJSON_GetArraySize(blame("snap-00000000")), 0);
}
END_TEST

/* ---- going back ------------------------------------------------------------------------------------------------------------ */

START_TEST(an_earlier_world_can_be_looked_at)
{
	int64_t before = last();
	int there = cJSON_GetArraySize(state(before, "Snapshots"));
	take_snapshot();
	take_snapshot_of("disk-attached");
	ck_assert_int_eq(cJSON_GetArraySize(state(before, "Snapshots")), there);
	ck_assert_int_eq(cJSON_GetArraySize(state(before + 1, "Snapshots")), there + 1);
	ck_assert_int_eq(cJSON_GetArraySize(state(before + 2, "Snapshots")), there + 2);
	ck_assert_int_eq(last(), before + 2);
}
END_TEST

START_TEST(the_same_call_is_answered_the_same_again)
{
	int64_t before = last();
	struct answer first = world_call(world, "CreateSnapshot", "{\"DiskId\":\"" DISK "\"}");
	world_advance(world, 60000);
	world_call(world, "DescribeSnapshots", "{}");
	rewind_to(before);
	ck_assert_int_eq(last(), before);
	struct answer again = world_call(world, "CreateSnapshot", "{\"DiskId\":\"" DISK "\"}");
	ck_assert_str_eq(again.request->answer.data, first.request->answer.data);
	ck_assert_int_eq(again.request->now_ms, first.request->now_ms);
}
END_TEST

START_TEST(seed_and_clock_come_back)
{
	struct clock_state clock;
	int64_t before = last();
	ck_assert(control_set_seed(box, 99));
	const char *with_99 = take_snapshot();
	ck_assert(control_clock(box, CLOCK_SCALE, 60000, &clock, &(struct listener){ NULL, NULL }));
	rewind_to(before + 1);
	ck_assert_str_eq(take_snapshot(), with_99);
	rewind_to(before);
	ck_assert_str_ne(take_snapshot(), with_99);
	ck_assert(box->clock.frozen);
	ck_assert_int_eq(box->clock.rate, 1000);
}
END_TEST

START_TEST(a_running_clock_goes_on_from_there)
{
	struct clock_state clock;
	ck_assert(control_clock(box, CLOCK_RESUME, 0, &clock, &(struct listener){ NULL, NULL }));
	const char *id = take_snapshot();
	int64_t creating = last();
	clock_hold(MOMENT + 10000);
	const char *asked = arena_printf(world->arena, "{\"SnapshotIds\":[\"%s\"]}", id);
	world->wall_ms = MOMENT + 10000;
	ck_assert_str_eq(text_at(world_call(world, "DescribeSnapshots", asked).response, "SnapshotSet.0.SnapshotState"), "NORMAL");
	rewind_to(creating);
	ck_assert_int_eq(last(), creating);
	ck_assert_str_eq(text_at(world_call(world, "DescribeSnapshots", asked).response, "SnapshotSet.0.SnapshotState"), "CREATING");
	clock_hold(MOMENT + 11000);
	ck_assert_int_eq(sandbox_now(box, clock_wall_ms()), MOMENT + 1000);
	clock_hold(MOMENT + 15000);
	ck_assert_str_eq(text_at(world_call(world, "DescribeSnapshots", asked).response, "SnapshotSet.0.SnapshotState"), "NORMAL");
	rewind_to(creating - 1); /* what the first rewind did to the clock is undone as well */
	rewind_to(0);
	ck_assert_int_eq(last(), 0);
}
END_TEST

START_TEST(the_oldest_go)
{
	close_world();
	config.revisions = 3;
	open_world();
	for (int i = 0; i < 9; i++)
		change();
	take_snapshot();
	int64_t newest = last();
	ck_assert_int_eq(cJSON_GetArraySize(at(list(-1, 10), "revisions")), 3);
	ck_assert_int_eq(span.last, newest);
	ck_assert_int_eq(span.first, newest - 3);
	ck_assert_int_eq(history_rewind(box, newest - 4, &span, &why), HISTORY_UNKNOWN);
	ck_assert_int_eq(history_rewind(box, newest + 1, &span, &why), HISTORY_UNKNOWN);
	int there = cJSON_GetArraySize(state(newest, "Snapshots"));
	rewind_to(newest - 3);
	ck_assert_int_eq(cJSON_GetArraySize(state(newest - 3, "Snapshots")), there - 1);
}
END_TEST

START_TEST(another_world_begins_anew)
{
	take_snapshot();
	ck_assert(control_reset(box, 0, &why));
	ck_assert_int_eq(last(), 0);
	change();
	ck_assert(state_save(box, "here", &why));
	ck_assert_int_gt(last(), 0);
	ck_assert(state_restore(box, "here", &why));
	ck_assert_int_eq(last(), 0);
}
END_TEST

START_TEST(a_file_can_go_back_too)
{
	char dir[FOLDER_SIZE], file[128];
	close_world();
	folder_make(dir);
	config.data_dir = dir;
	open_world();
	char *before = dump();
	int64_t start = last();
	struct mixed m;
	mixed_begin(&m, 3);
	mixed_run(world, &m, 100);
	rewind_to(start);
	same_world(before, dump());

	/* What another program does to the file is no revision: there is no way back across it. */
	change();
	take_snapshot();
	snprintf(file, sizeof file, "%s/default.db", dir);
	sqlite3 *other;
	ck_assert_int_eq(sqlite3_open(file, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "UPDATE disk SET used_mib = used_mib + 1, snapshot_count = 7", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	char *now = dump();
	ck_assert_int_eq(history_rewind(box, start, &span, &why), HISTORY_FAILED);
	ck_assert_ptr_nonnull(strstr(why.data, "another program"));
	same_world(now, dump());
	ck_assert(control_reset(box, 0, &why));
	ck_assert_int_eq(last(), 0);
	take_snapshot();
	rewind_to(0);

	close_world();
	folder_remove(dir);
	config.data_dir = NULL;
	open_world();
}
END_TEST

/* The moment after 4,321 of 10,000 calls, and a world in which only the first 4,321 were made. */
START_TEST(going_back_equals_never_having_gone_on)
{
	enum { CALLS = 10000 / MIXED_SHORTER, KEPT = 4321 / MIXED_SHORTER };
	struct mixed m;
	mixed_begin(&m, 42);
	mixed_run(world, &m, KEPT);
	int64_t there = last();
	char *then = dump();
	struct mixed went_on = m;
	mixed_run(world, &went_on, CALLS - KEPT);
	ck_assert_int_gt(last(), there + 1000 / MIXED_SHORTER);
	rewind_to(there);
	same_world(then, dump());
	char *taken_back = dump();
	int64_t taken_back_ms = sandbox_now(box, MOMENT);

	close_world();
	open_world();
	struct mixed again;
	mixed_begin(&again, 42);
	mixed_run(world, &again, KEPT);
	same_world(taken_back, dump());
	ck_assert_int_eq(sandbox_now(box, MOMENT), taken_back_ms);
	ck_assert_int_eq(last(), there);
}
END_TEST

/* From both, the way on is the same too. */
START_TEST(the_way_on_is_the_same)
{
	struct mixed m;
	mixed_begin(&m, 5);
	mixed_run(world, &m, 300);
	int64_t there = last();
	uint64_t ids = atomic_load(&box->ids_given);
	struct mixed once = m, twice = m;
	mixed_run(world, &once, 300);
	char *first = dump();
	rewind_to(there);
	atomic_store(&box->ids_given, ids); /* reads since that revision took RequestIds as well */
	mixed_run(world, &twice, 300);
	same_world(first, dump());
}
END_TEST

int main(void)
{
	const TTest *const telling[] = { nothing_is_kept_unless_asked_for, each_change_is_one, the_list_has_pages,
	                                        a_transition_by_hand_is_one };
	const TTest *const comparing[] = { a_diff_speaks_as_fixtures_do, what_came_and_went_is_no_difference, tags_and_tokens_are_told,
	                                          keys_are_no_part_of_it, a_snapshot_names_who_shaped_it };
	const TTest *const back[] = { an_earlier_world_can_be_looked_at, the_same_call_is_answered_the_same_again, seed_and_clock_come_back,
	                                     a_running_clock_goes_on_from_there, the_oldest_go, another_world_begins_anew,
	                                     a_file_can_go_back_too, going_back_equals_never_having_gone_on, the_way_on_is_the_same };
	Suite *suite = suite_create("revisions");
	const struct {
		const char *name;
		const TTest *const *tests;
		size_t count;
	} cases[] = {
		{ "telling", telling, LENGTH(telling) },
		{ "comparing", comparing, LENGTH(comparing) },
		{ "going back", back, LENGTH(back) },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		TCase *tc = tcase_create(cases[i].name);
		tcase_add_checked_fixture(tc, set_up, tear_down);
		tcase_set_timeout(tc, 60);
		for (size_t k = 0; k < cases[i].count; k++)
			tcase_add_test(tc, cases[i].tests[k]);
		suite_add_tcase(suite, tc);
	}
	return run_suite(suite);
}
