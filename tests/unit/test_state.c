/* Whole worlds out and in: what goes out comes back the same, what is bad changes nothing, and no key leaves with it. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbs/export.h"
#include "gateway/control.h"
#include "gateway/mock_internal.h"
#include "gateway/state.h"
#include "util/str.h"
#include "world.h"

#define DISK "{\"DiskId\":\"disk-lzrg2pwi\"}"
#define SECRET "ThisIsNobodysBusiness"
#define NEW_YEAR INT64_C(1767225600000)

enum { TEXT_MOST = 16 * 1024 * 1024 };

static struct test_world *w;
static struct buf why;

static void make(const char *name, const char *template)
{
	struct sandbox *s = NULL;
	struct credential key = { .secret_id = name, .secret_key = SECRET };
	struct sandbox_plan plan = { .name = name, .keys = &key, .key_count = 1 };
	snprintf(plan.origin.template, sizeof plan.origin.template, "%s", template);
	plan.origin.clocked = plan.origin.clock.frozen = true;
	plan.origin.clock.now_ms = NEW_YEAR;
	ck_assert_msg(sandboxes_create(w->mock, &plan, &s, &why) == SANDBOX_DONE, "%s", why.data);
	sandbox_release(s);
}

static void set_up(void)
{
	buf_init(&why, 4096);
	w = world_open();
	make("AKIDone", "default");
	make("AKIDtwo", "empty");
}

static void tear_down(void)
{
	world_close(w);
	buf_finish(&why);
}

static struct sandbox *find(const char *name)
{
	struct sandbox *s = sandboxes_find(w->mock, name);
	ck_assert_msg(s != NULL, "no sandbox %s", name);
	return s;
}

static void use(const char *name)
{
	w->sender.secret_id = name;
	w->sender.secret_key = str_is(name, WORLD_ID) ? WORLD_KEY : SECRET;
}

/* The world as JSON, in the test's arena. */
static const char *written(const char *name, const char *only, bool credentials)
{
	struct sandbox *s = find(name);
	struct buf text;
	struct json_out o;
	buf_init(&text, TEXT_MOST);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	state_write(s, only, credentials, &o);
	out_end_object(&o);
	const char *copy = arena_strndup(w->arena, text.data, text.len);
	ck_assert(!text.overflow);
	buf_finish(&text);
	sandbox_release(s);
	return copy;
}

static bool import(const char *name, const void *data, size_t len, enum import_strategy strategy)
{
	struct sandbox *s = find(name);
	buf_clear(&why);
	bool done = state_import(s, data, len, strategy, &why);
	sandbox_release(s);
	return done;
}

static struct world_image *exported(const char *name)
{
	struct sandbox *s = find(name);
	struct world_image *image = state_export(s, &why);
	ck_assert_msg(image != NULL, "%s", why.data);
	sandbox_release(s);
	return image;
}

static void advance(const char *name, int64_t ms)
{
	struct sandbox *s = find(name);
	struct clock_state state;
	ck_assert(control_clock(s, CLOCK_ADVANCE, ms, &state, &(struct listener){ NULL, NULL }));
	sandbox_release(s);
}

static void check_same(const char *a, const char *b)
{
	size_t at = 0;
	while (a[at] && a[at] == b[at])
		at++;
	size_t start = at > 40 ? at - 40 : 0;
	ck_assert_msg(a[at] == b[at], "they differ at %zu: …%.120s… and …%.120s…", at, a + start, b + start);
}

static bool holds(const void *data, size_t len, const char *text)
{
	size_t size = strlen(text);
	for (size_t i = 0; i + size <= len; i++)
		if (memcmp((const char *)data + i, text, size) == 0)
			return true;
	return false;
}

/* A world in the middle of things: transitions under way, tags, an attachment. */
static void stir(const char *name)
{
	use(name);
	static const char *const calls[][2] = {
		{ "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"\xe5\xbf\xab\xe7\x85\xa7 \\\"1\\\"\",\"Tags\":"
		                    "[{\"Key\":\"team\",\"Value\":\"a\"},{\"Key\":\"b\",\"Value\":\"\"}]}" },
		{ "AttachDisks", "{\"DiskIds\":[\"disk-lzrg2pwi\"],\"InstanceId\":\"ins-r8hr2upy\"}" },
		{ "CreateDisks", "{\"DiskType\":\"CLOUD_PREMIUM\",\"DiskChargeType\":\"POSTPAID_BY_HOUR\",\"DiskSize\":10,\"DiskCount\":2,"
		                 "\"Placement\":{\"Zone\":\"ap-guangzhou-3\"}}" },
	};
	for (size_t i = 0; i < LENGTH(calls); i++) {
		struct answer a = world_call(w, calls[i][0], calls[i][1]);
		ck_assert_msg(!*a.code, "%s: %s", calls[i][0], a.message);
	}
}

/* What the API lists, as text. */
static const char *listed(const char *name, const char *action, const char *set)
{
	use(name);
	struct answer a = world_call(w, action, "{\"Limit\":100}");
	ck_assert_str_eq(a.code, "");
	char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(a.response, set));
	const char *copy = arena_strdup(w->arena, text);
	free(text);
	return copy;
}

/* ---- as a fixture ----------------------------------------------------------------------------------------------------------- */

START_TEST(a_world_written_is_a_world_read)
{
	stir("AKIDone");
	const char *before = written("AKIDone", NULL, false);
	ck_assert_msg(import("AKIDtwo", before, strlen(before), IMPORT_OVERWRITE), "%s", why.data);
	check_same(written("AKIDtwo", NULL, false), before);
	advance("AKIDone", 60000);
	advance("AKIDtwo", 60000);
	check_same(listed("AKIDtwo", "DescribeDisks", "DiskSet"), listed("AKIDone", "DescribeDisks", "DiskSet"));
	check_same(listed("AKIDtwo", "DescribeSnapshots", "SnapshotSet"), listed("AKIDone", "DescribeSnapshots", "SnapshotSet"));
}
END_TEST

START_TEST(a_kind_is_found_by_the_name_one_would_say)
{
	ck_assert_str_eq(world_entity("snapshot"), "Snapshots");
	ck_assert_str_eq(world_entity("Snapshots"), "Snapshots");
	ck_assert_str_eq(world_entity("DISKS"), "Disks");
	ck_assert_str_eq(world_entity("world"), "World");
	ck_assert_str_eq(world_entity("snapshotshare"), "SnapshotShares");
	ck_assert_ptr_null(world_entity("snap"));
	ck_assert_ptr_null(world_entity(""));
	ck_assert_ptr_null(world_entity("snapshotss"));
	ck_assert(str_prefix(written("AKIDone", "Disks", false), "{\"Disks\":[{\"DiskId\":\"disk-"));
	ck_assert(str_prefix(written("AKIDone", "World", false), "{\"World\":{\"Seed\":1,"));
}
END_TEST

START_TEST(no_key_is_written)
{
	static const char *const worlds[] = { "default", "AKIDone" };
	for (size_t i = 0; i < LENGTH(worlds); i++) {
		const char *all = written(worlds[i], NULL, true);
		ck_assert(holds(all, strlen(all), "\"Credentials\":[{\"SecretId\""));
		ck_assert(!holds(all, strlen(all), "SecretKey"));
		ck_assert(!holds(all, strlen(all), WORLD_KEY));
		ck_assert(!holds(all, strlen(all), "ExampleTokenOfATemporaryKey"));
		ck_assert(!holds(all, strlen(all), SECRET));
		const char *loadable = written(worlds[i], NULL, false);
		ck_assert(!holds(loadable, strlen(loadable), "Credentials"));
	}
}
END_TEST

START_TEST(a_fixture_may_bring_keys)
{
	static const char fixture[] = "{\"Regions\":[{\"Region\":\"ap-guangzhou\"}],\"Accounts\":[{\"Uin\":5},{\"Uin\":9}],"
	                              "\"Credentials\":[{\"SecretId\":\"AKIDnew\",\"SecretKey\":\"" SECRET "\",\"Account\":9}]}";
	ck_assert_msg(import("AKIDtwo", fixture, strlen(fixture), IMPORT_OVERWRITE), "%s", why.data);
	use("AKIDnew");
	struct answer a = world_call(w, "DescribeDisks", "{}");
	ck_assert_str_eq(a.code, "");
	ck_assert_int_eq(a.request->account.uin, 9);
	use("AKIDtwo"); /* its account is gone: it opens the first one */
	a = world_call(w, "DescribeDisks", "{}");
	ck_assert_str_eq(a.code, "");
	ck_assert_int_eq(a.request->account.uin, 5);
	struct sandbox *s = find("AKIDtwo");
	ck_assert_int_eq(sandbox_now(s, clock_wall_ms()), NEW_YEAR);
	ck_assert(control_reset(s, 0, &why));
	sandbox_release(s);
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
	use("AKIDnew");
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "AuthFailure.SecretIdNotFound");
}
END_TEST

START_TEST(a_merge_adds_and_changes)
{
	const char *fixture = "{\"Disks\":[{\"DiskId\":\"disk-lzrg2pwi\",\"DiskSize\":70}]}";
	ck_assert_msg(import("AKIDone", fixture, strlen(fixture), IMPORT_MERGE), "%s", why.data);
	use("AKIDone");
	struct answer a = world_call(w, "DescribeDisks", "{\"DiskIds\":[\"disk-lzrg2pwi\"]}");
	const cJSON *disk = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(a.response, "DiskSet"), 0);
	ck_assert_int_eq(cJSON_GetObjectItemCaseSensitive(disk, "DiskSize")->valueint, 70);
	stir("AKIDone");
	struct world_image *image = exported("AKIDone");
	ck_assert_msg(import("AKIDtwo", image_data(image), image_size(image), IMPORT_MERGE), "%s", why.data);
	image_release(image);
	check_same(written("AKIDtwo", "Snapshots", false), written("AKIDone", "Snapshots", false));
	use("AKIDtwo");
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
}
END_TEST

/* ---- as an image -------------------------------------------------------------------------------------------------------------- */

START_TEST(an_image_brings_everything_but_keys)
{
	stir("AKIDone");
	advance("AKIDone", 86400000);
	struct world_image *image = exported("AKIDone");
	ck_assert(!holds(image_data(image), image_size(image), SECRET));
	ck_assert_msg(import("AKIDtwo", image_data(image), image_size(image), IMPORT_OVERWRITE), "%s", why.data);
	check_same(written("AKIDtwo", NULL, false), written("AKIDone", NULL, false));
	struct sandbox *s = find("AKIDtwo");
	ck_assert_int_eq(sandbox_now(s, clock_wall_ms()), NEW_YEAR + 86400000);
	sandbox_release(s);
	use("AKIDtwo");
	ck_assert_str_eq(world_call(w, "CreateSnapshot", DISK).code, "");
	use(WORLD_ID);
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
	ck_assert_msg(import("default", image_data(image), image_size(image), IMPORT_OVERWRITE), "%s", why.data);
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
	image_release(image);
}
END_TEST

static void check_refused(const void *data, size_t len, enum import_strategy strategy, const char *says)
{
	const char *before = written("AKIDone", NULL, true);
	ck_assert_msg(!import("AKIDone", data, len, strategy), "%s", says);
	ck_assert_msg(strstr(why.data, says), "%s", why.data);
	check_same(written("AKIDone", NULL, true), before);
	use("AKIDone");
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
}

static void check_text_refused(const char *fixture, enum import_strategy strategy, const char *says)
{
	check_refused(fixture, strlen(fixture), strategy, says);
}

START_TEST(what_is_bad_changes_nothing)
{
	struct world_image *image = exported("AKIDone");
	char *damaged = xmalloc(image_size(image));
	memcpy(damaged, image_data(image), image_size(image));
	memset(damaged + 4096, 0x5a, 8192);
	for (int i = 0; i < 2; i++) {
		enum import_strategy strategy = i ? IMPORT_MERGE : IMPORT_OVERWRITE;
		check_refused(damaged, image_size(image), strategy, "damaged");
		check_refused(damaged, 3 * 4096, strategy, "damaged");
		check_text_refused("no JSON at all", strategy, "is no good JSON");
		check_text_refused("{\"World\":{\"TagMax\":3},\"Disks\":[{\"DiskId\":7}]}", strategy, "/Disks/0/DiskId");
		check_text_refused("{\"Accounts\":[{\"Uin\":1}],\"Credentials\":[{\"SecretId\":\"AKIDtwo\",\"SecretKey\":\"x\",\"Account\":1}]}",
		                   strategy, "the key AKIDtwo opens the sandbox AKIDtwo already");
	}
	check_text_refused("{}", IMPORT_OVERWRITE, "/Accounts: a world needs an account");
	free(damaged);
	image_release(image);
}
END_TEST

/* ---- checkpoints -------------------------------------------------------------------------------------------------------------- */

START_TEST(checkpoints_are_moments_to_go_back_to)
{
	struct sandbox *s = find("AKIDone");
	struct checkpoint *list;
	const char *before = written("AKIDone", NULL, true);
	ck_assert_uint_eq(state_checkpoints(s, w->arena, &list), 0);
	ck_assert_msg(state_save(s, "b", &why), "%s", why.data);
	stir("AKIDone");
	advance("AKIDone", 5000);
	const char *after = written("AKIDone", NULL, true);
	ck_assert(state_save(s, "a", &why));
	ck_assert_uint_eq(state_checkpoints(s, w->arena, &list), 2);
	ck_assert_str_eq(list[0].name, "a");
	ck_assert_str_eq(list[1].name, "b");
	ck_assert_int_gt(list[0].bytes, 0);

	ck_assert_msg(state_restore(s, "b", &why), "%s", why.data);
	check_same(written("AKIDone", NULL, true), before);
	ck_assert_int_eq(sandbox_now(s, clock_wall_ms()), NEW_YEAR);
	ck_assert(state_restore(s, "a", &why));
	check_same(written("AKIDone", NULL, true), after);
	ck_assert(state_restore(s, "b", &why));
	ck_assert(state_save(s, "a", &why)); /* in place of the other */
	ck_assert_uint_eq(state_checkpoints(s, w->arena, &list), 2);
	ck_assert(state_restore(s, "a", &why));
	check_same(written("AKIDone", NULL, true), before);

	ck_assert(state_forget(s, "a"));
	ck_assert(!state_forget(s, "a"));
	buf_clear(&why);
	ck_assert(!state_restore(s, "a", &why));
	ck_assert_str_eq(why.data, "the sandbox AKIDone has no checkpoint a");
	ck_assert(!state_save(s, "../a", &why) && !state_save(s, "", &why));
	ck_assert(!state_forget(s, "../default"));
	sandbox_release(s);
}
END_TEST

/* The same calls after each return get the same answers. */
START_TEST(the_way_from_a_checkpoint_is_always_the_same)
{
	const char *answers[2];
	struct sandbox *s = find("AKIDone");
	ck_assert(state_save(s, "start", &why));
	for (int i = 0; i < 2; i++) {
		ck_assert(state_restore(s, "start", &why));
		stir("AKIDone");
		answers[i] = world_call(w, "DescribeSnapshots", "{}").request->answer.data;
	}
	check_same(answers[1], answers[0]);
	sandbox_release(s);
}
END_TEST

START_TEST(checkpoints_have_a_limit)
{
	struct sandbox *s = find("AKIDtwo");
	char name[16];
	for (int i = 0; i < CHECKPOINTS_MAX; i++) {
		snprintf(name, sizeof name, "c%d", i);
		ck_assert(state_save(s, name, &why));
	}
	ck_assert(!state_save(s, "more", &why));
	ck_assert_str_eq(why.data, "a sandbox may have 256 checkpoints");
	ck_assert(state_save(s, "c7", &why));
	sandbox_release(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");
	TCase *tc = tcase_create("state");
	const TTest *const tests[] = {
		a_world_written_is_a_world_read, a_kind_is_found_by_the_name_one_would_say, no_key_is_written, a_fixture_may_bring_keys,
		a_merge_adds_and_changes, an_image_brings_everything_but_keys, what_is_bad_changes_nothing,
		checkpoints_are_moments_to_go_back_to, the_way_from_a_checkpoint_is_always_the_same, checkpoints_have_a_limit,
	};
	tcase_add_checked_fixture(tc, set_up, tear_down);
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
