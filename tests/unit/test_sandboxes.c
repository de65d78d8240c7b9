/* Sandboxes: worlds that a key selects. They come, are copied, go back and go away, and never meet. */
#include "boxes.h"

#include <stdio.h>
#include <string.h>

#include "cbs/export.h"
#include "gateway/control.h"
#include "gateway/mock_internal.h"
#include "gateway/state.h"

/* ---- presets ----------------------------------------------------------------------------------------------------------------- */

static bool moves(const char *fixture)
{
	return fixture_moves(fixture, strlen(fixture));
}

/* The times of a built-in world must move with the clock of whoever takes it. */
START_TEST(built_in_worlds_are_timeless)
{
	for (int i = 0; i < N_PRESETS; i++) {
		int64_t as_of;
		struct world_image *image = preset_image(&boxes->mock->presets, (enum preset)i, NEW_YEAR, &as_of, &boxes_why);
		ck_assert_msg(image != NULL, "%s: %s", preset_names[i], boxes_why.data);
		ck_assert_msg(boxes->mock->presets.kept[i].moves, "%s", preset_names[i]);
		ck_assert_int_eq(preset_find(preset_names[i]), i);
		image_release(image);
	}
	ck_assert_int_eq(preset_find("nothing"), -1);
	ck_assert(!moves("{\"Disks\":[{\"CreateTime\":\"2026-01-01T00:00:00Z\"}]}"));
	ck_assert(moves("{\"Disks\":[{\"CreateTime\":\"-5d\",\"LockUntil\":\"\"}],\"World\":{}}"));
}
END_TEST

START_TEST(an_empty_world_owns_nothing)
{
	make("AKIDempty", from("empty"));
	use_key("AKIDempty", "test");
	ck_assert_int_eq(total(world_call(boxes, "DescribeDisks", "{}")), 0);
	ck_assert_int_eq(snapshots(), 0);
	const char *disk = "{\"DiskType\":\"CLOUD_PREMIUM\",\"DiskChargeType\":\"POSTPAID_BY_HOUR\",\"DiskSize\":10,"
	                   "\"Placement\":{\"Zone\":\"ap-guangzhou-3\"}}";
	ck_assert_str_eq(world_call(boxes, "CreateDisks", disk).code, "");
}
END_TEST

START_TEST(a_quota_is_soon_reached)
{
	make("AKIDquota", from("quota"));
	use_key("AKIDquota", "test");
	struct sandbox *s = find("AKIDquota");
	struct settings settings;
	control_settings(s, &settings);
	settings_set_transition(&settings, TRANSITION_SNAPSHOT_CREATE, (struct transition_rule){ .progression = PROGRESS_IMMEDIATE, .ms = 0 });
	ck_assert(control_set_settings(s, &settings));
	sandbox_release(s);
	ck_assert_str_eq(world_call(boxes, "CreateSnapshot", DISK).code, "");
	ck_assert_str_eq(world_call(boxes, "CreateSnapshot", DISK).code, "");
	ck_assert_str_ne(world_call(boxes, "CreateSnapshot", DISK).code, "");
	ck_assert_str_eq(world_call(boxes, "CreateSnapshot", "{\"DiskId\":\"disk-twolzrg2\"}").code, "");
	ck_assert_str_ne(world_call(boxes, "CreateSnapshot", "{\"DiskId\":\"disk-twolzrg2\"}").code, "");
}
END_TEST

/* ---- coming ------------------------------------------------------------------------------------------------------------------ */

START_TEST(a_key_selects_a_world)
{
	int before = snapshots();
	make("AKIDone", from("default"));
	make("AKIDtwo", from("default"));
	use_key("AKIDone", "test");
	ck_assert_int_eq(snapshots(), before);
	ck_assert_str_eq(world_call(boxes, "CreateSnapshot", DISK).code, "");
	ck_assert_int_eq(snapshots(), before + 1);
	use_key("AKIDtwo", "test");
	ck_assert_int_eq(snapshots(), before);
	use_key(WORLD_ID, WORLD_KEY);
	ck_assert_int_eq(snapshots(), before);
	use_key("AKIDone", "other");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SignatureFailure");
	use_key("AKIDnone", "test");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SecretIdNotFound");
}
END_TEST

START_TEST(a_sandbox_may_have_several_keys)
{
	const struct credential keys[] = {
		{ .secret_id = "AKIDmany", .secret_key = "first" },
		{ .secret_id = "AKIDshare", .secret_key = "second", .account = 100022975249 },
		{ .secret_id = "AKIDsub", .account = 100000000001, .sub_uin = 100000000101 },
	};
	struct sandbox_plan plan = { .keys = keys, .key_count = LENGTH(keys) };
	make("AKIDmany", plan);
	for (size_t i = 0; i < LENGTH(keys); i++) {
		use_key(keys[i].secret_id, keys[i].secret_key ? keys[i].secret_key : "test");
		struct answer a = world_call(boxes, "DescribeSnapshots", "{}");
		ck_assert_str_eq(a.code, "");
		ck_assert_int_eq(a.request->account.uin, keys[i].account ? keys[i].account : 100000000001);
		ck_assert_int_eq(a.request->caller.sub_uin, keys[i].sub_uin);
	}
	struct credential foreign = { .secret_id = "AKIDforeign", .account = 7 };
	plan.keys = &foreign;
	plan.key_count = 1;
	ck_assert_int_eq(try_make("AKIDforeign", plan), SANDBOX_FAILED);
	ck_assert_str_eq(boxes_why.data, "the template has no account 7 for the key AKIDforeign");
	ck_assert(!mock_has_sandbox(boxes->mock, "AKIDforeign"));
}
END_TEST

START_TEST(no_key_opens_two_worlds)
{
	struct credential theirs = { .secret_id = WORLD_ID };
	struct sandbox_plan plan = { .keys = &theirs, .key_count = 1 };
	ck_assert_int_eq(try_make("AKIDone", plan), SANDBOX_CLASH);
	ck_assert_str_eq(boxes_why.data, "the key " WORLD_ID " opens the sandbox default already");
	ck_assert_int_eq(try_make("default", from("empty")), SANDBOX_PERMANENT);
	make("AKIDone", from("empty"));
	const char *fixture = "{\"Credentials\":[{\"SecretId\":\"AKIDone\",\"SecretKey\":\"mine\",\"Account\":100000000001}],"
	                      "\"World\":{\"ServiceAvailable\":false}}";
	buf_clear(&boxes_why);
	ck_assert(!mock_apply(boxes->mock, "default", fixture, strlen(fixture), &boxes_why));
	ck_assert_str_eq(boxes_why.data, "the key AKIDone opens the sandbox AKIDone already");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "");
	use_key("AKIDone", "test");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "");
}
END_TEST

START_TEST(what_cannot_be_made_is_said)
{
	ck_assert_int_eq(try_make("AKIDone", from("nothing")), SANDBOX_TEMPLATE);
	ck_assert_msg(strstr(boxes_why.data, "there is no template nothing"), "%s", boxes_why.data);
	ck_assert_int_eq(try_make("AKIDone", from("default/moment")), SANDBOX_TEMPLATE);
	ck_assert_str_eq(boxes_why.data, "the sandbox default has no checkpoint moment");
	struct mock_config config = *sandboxes_config(boxes->mock);
	config.max_sandboxes = 1;
	mock_reconfigure(boxes->mock, &config);
	make("AKIDone", from("empty"));
	ck_assert_int_eq(try_make("AKIDtwo", from("empty")), SANDBOX_FULL);
	ck_assert_int_eq(try_make("AKIDone", from("empty")), SANDBOX_REPLACED);
	ck_assert_int_eq(sandboxes_delete(boxes->mock, "AKIDone"), SANDBOX_DONE);
	ck_assert_int_eq(sandboxes_delete(boxes->mock, "AKIDone"), SANDBOX_UNKNOWN);
	ck_assert_int_eq(sandboxes_delete(boxes->mock, "default"), SANDBOX_PERMANENT);
	ck_assert(sandbox_name_fits("AKID-a_9"));
	ck_assert(!sandbox_name_fits("") && !sandbox_name_fits("a/b") && !sandbox_name_fits("..") && !sandbox_name_fits("a b"));
	ck_assert(!sandbox_name_fits("1234567890123456789012345678901234567890123456789012345678901234x"));
}
END_TEST

START_TEST(the_same_seed_clock_and_calls_give_the_same_bytes)
{
	const char *answers[2];
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "AKIDtwo" : "AKIDone";
		make(name, frozen_at(NEW_YEAR));
		use_key(name, "test");
		world_call(boxes, "DescribeDisks", "{}");
		world_call(boxes, "CreateSnapshot", DISK);
		struct answer a = world_call(boxes, "DescribeSnapshots", "{}");
		answers[i] = a.request->answer.data;
	}
	ck_assert_str_eq(answers[0], answers[1]);
	use_key(WORLD_ID, WORLD_KEY);
	ck_assert_str_ne(world_call(boxes, "DescribeSnapshots", "{}").request->answer.data, answers[0]);
}
END_TEST

START_TEST(times_of_a_preset_count_from_the_sandbox_s_own)
{
	make("AKIDone", frozen_at(NEW_YEAR));
	use_key("AKIDone", "test");
	struct answer a = world_call(boxes, "DescribeDisks", "{\"DiskIds\":[\"disk-lzrg2pwi\"]}");
	const cJSON *disk = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(a.response, "DiskSet"), 0);
	ck_assert_str_eq(member_text(disk, "CreateTime"), "2025-12-02 08:00:00"); /* 30 days before, in UTC+8 */
	struct sandbox *s = find("AKIDone");
	ck_assert_int_eq(sandbox_now(s, clock_wall_ms()), NEW_YEAR);
	sandbox_release(s);
}
END_TEST

/* ---- going back and away -------------------------------------------------------------------------------------------------------- */

START_TEST(a_reset_goes_back_to_the_making)
{
	make("AKIDone", frozen_at(NEW_YEAR));
	struct sandbox *s = find("AKIDone");
	struct clock_state state;
	struct settings settings;
	struct listener nobody = { NULL, NULL };
	use_key("AKIDone", "test");
	int before = snapshots();
	const char *id = member_text(world_call(boxes, "CreateSnapshot", DISK).response, "SnapshotId");
	ck_assert(control_clock(s, CLOCK_ADVANCE, 5000, &state, &nobody));
	control_settings(s, &settings);
	settings.dialect = DIALECT_CURRENT;
	ck_assert(control_set_settings(s, &settings));

	ck_assert_msg(control_reset(s, 0, &boxes_why), "%s", boxes_why.data);
	control_settings(s, &settings);
	ck_assert_int_eq(settings.dialect, DIALECT_CLASSIC);
	ck_assert(control_clock(s, CLOCK_READ, 0, &state, &nobody));
	ck_assert_int_eq(state.now_ms, NEW_YEAR);
	ck_assert(state.clock.frozen);
	ck_assert_int_eq(snapshots(), before);
	ck_assert_str_eq(member_text(world_call(boxes, "CreateSnapshot", DISK).response, "SnapshotId"), id);

	ck_assert(control_clock(s, CLOCK_ADVANCE, 86400000, &state, &nobody));
	ck_assert(control_reset(s, KEEP_CLOCK, &boxes_why));
	ck_assert(control_clock(s, CLOCK_READ, 0, &state, &nobody));
	ck_assert_int_eq(state.now_ms, NEW_YEAR + 86400000);
	struct answer a = world_call(boxes, "DescribeDisks", "{\"DiskIds\":[\"disk-lzrg2pwi\"]}");
	const cJSON *disk = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(a.response, "DiskSet"), 0);
	ck_assert_str_eq(member_text(disk, "CreateTime"), "2025-12-03 08:00:00");
	sandbox_release(s);
}
END_TEST

START_TEST(a_fork_goes_its_own_way)
{
	make("AKIDone", frozen_at(NEW_YEAR));
	struct sandbox *s = find("AKIDone");
	struct settings settings;
	control_settings(s, &settings);
	settings.dialect = DIALECT_CURRENT;
	settings.given |= 1;
	ck_assert(control_set_settings(s, &settings));
	use_key("AKIDone", "test");
	int before = snapshots();
	world_call(boxes, "CreateSnapshot", DISK);
	ck_assert_msg(state_save(s, "one-more", &boxes_why), "%s", boxes_why.data);
	world_call(boxes, "CreateSnapshot", "{\"DiskId\":\"disk-attached\"}");
	make("AKIDfork", from("AKIDone"));
	make("AKIDpast", from("AKIDone/one-more"));
	ck_assert_int_eq(sandboxes_delete(boxes->mock, "AKIDone"), SANDBOX_DONE);
	sandbox_release(s);

	use_key("AKIDfork", "test");
	ck_assert_int_eq(snapshots(), before + 2);
	use_key("AKIDpast", "test");
	ck_assert_int_eq(snapshots(), before + 1);
	use_key("AKIDone", "test");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SecretIdNotFound");

	s = find("AKIDfork");
	control_settings(s, &settings);
	ck_assert_int_eq(settings.dialect, DIALECT_CURRENT);
	ck_assert_int_eq(sandbox_now(s, clock_wall_ms()), NEW_YEAR);
	use_key("AKIDfork", "test");
	world_call(boxes, "CreateSnapshot", DISK);
	ck_assert(control_reset(s, 0, &boxes_why));
	ck_assert_int_eq(snapshots(), before + 2); /* where it began */
	sandbox_release(s);
}
END_TEST

START_TEST(whoever_holds_a_deleted_sandbox_goes_on)
{
	make("AKIDone", from("default"));
	struct sandbox *s = find("AKIDone");
	ck_assert_int_eq(try_make("AKIDone", from("empty")), SANDBOX_REPLACED);
	use_key("AKIDone", "test");
	ck_assert_int_eq(total(world_call(boxes, "DescribeDisks", "{}")), 0);
	struct sandbox_facts facts;
	state_facts(s, &facts);
	ck_assert_int_gt(facts.bytes, 0);
	const char *fixture = "{\"Credentials\":[{\"SecretId\":\"AKIDghost\",\"SecretKey\":\"boo\",\"Account\":100000000001}]}";
	ck_assert(control_apply(s, fixture, strlen(fixture), &boxes_why));
	use_key("AKIDghost", "boo");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SecretIdNotFound");
	sandbox_release(s);
}
END_TEST

START_TEST(a_sandbox_goes_when_its_time_is_over)
{
	struct sandbox_plan plan = { .ttl_ms = 60 * 60 * 1000 };
	make("AKIDone", plan);
	use_key("AKIDone", "test");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "");
	struct sandbox *s = find("AKIDone");
	ck_assert(!sandbox_expired(s, clock_wall_ms() + 59 * 60 * 1000));
	ck_assert(sandbox_expired(s, clock_wall_ms() + 61 * 60 * 1000));
	int64_t wall_ms = boxes->wall_ms;
	boxes->wall_ms += 61 * 60 * 1000;
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SecretIdNotFound");
	boxes->wall_ms = wall_ms;
	ck_assert(control_set_ttl(s, 0));
	ck_assert(!sandbox_expired(s, INT64_MAX));
	ck_assert(control_set_ttl(s, 1000));
	sandboxes_sweep(boxes->mock, clock_wall_ms());
	ck_assert(mock_has_sandbox(boxes->mock, "AKIDone"));
	sandboxes_sweep(boxes->mock, clock_wall_ms() + 2000);
	ck_assert(!mock_has_sandbox(boxes->mock, "AKIDone"));
	sandbox_release(s);
}
END_TEST

/* ---- settings ------------------------------------------------------------------------------------------------------------------- */

START_TEST(settings_are_the_sandbox_s_own)
{
	make("AKIDone", frozen_at(NEW_YEAR));
	set("AKIDone", "{\"rate_limit\":\"off\",\"transitions\":{\"cbs::snapshot\":\"immediate\",\"disk.attach\":\"3s\"}}");
	use_key("AKIDone", "test");
	for (int i = 0; i < 40; i++)
		ck_assert_str_eq(world_call(boxes, "CreateSnapshot", DISK).code, "");
	set("AKIDone", "{\"rate_limit\":0.1,\"transitions\":null}");
	ck_assert_str_eq(world_call(boxes, "CreateSnapshot", "{\"DiskId\":\"disk-attached\"}").code, "");
	const char *code = "";
	for (int i = 0; i < 3 && !*code; i++)
		code = world_call(boxes, "CreateSnapshot", DISK).code;
	ck_assert_str_eq(code, "RequestLimitExceeded");
	use_key(WORLD_ID, WORLD_KEY);
	ck_assert_str_eq(world_call(boxes, "CreateSnapshot", DISK).code, "");
	ck_assert_str_eq(world_call(boxes, "CreateSnapshot", DISK).code, "InvalidDisk.SnapshotCreating");
}
END_TEST

static void check_refused(const char *json, const char *name, bool known)
{
	struct settings settings, before;
	struct settings_fault fault = { NULL, NULL };
	cJSON *tree = cJSON_Parse(json);
	settings_init(&settings, sandboxes_config(boxes->mock));
	before = settings;
	ck_assert_msg(!settings_read(&settings, sandboxes_config(boxes->mock), tree, NULL, &fault), "%s", json);
	ck_assert_str_eq(fault.name, name);
	ck_assert_int_eq(fault.takes != NULL, known);
	ck_assert_int_eq(memcmp(&settings, &before, sizeof settings), 0);
	cJSON_Delete(tree);
}

START_TEST(bad_settings_are_named)
{
	check_refused("{\"dialect\":\"classic\",\"colour\":1}", "colour", false);
	check_refused("{\"dialect\":\"modern\"}", "dialect", true);
	check_refused("{\"dialect\":2}", "dialect", true);
	check_refused("{\"rate_limit\":-1}", "rate_limit", true);
	check_refused("{\"rate_limit\":\"fast\"}", "rate_limit", true);
	check_refused("{\"signature_clock\":\"moon\"}", "signature_clock", true);
	check_refused("{\"transitions\":{\"snapshot.delete\":\"1s\"}}", "transitions", true);
	check_refused("{\"transitions\":{\"snapshot.create\":5}}", "transitions", true);
	check_refused("{\"transitions\":\"-1s\"}", "transitions", true);
	check_refused("{\"transitions\":[]}", "transitions", true);
	enum transition named[N_TRANSITIONS];
	ck_assert_uint_eq(transitions_named("cbs::disk", named), 5);
	ck_assert_uint_eq(transitions_named("snapshot", named), 1);
	ck_assert_uint_eq(transitions_named("disk.attach", named), 1);
	ck_assert_uint_eq(transitions_named("", named), 0);
	ck_assert_uint_eq(transitions_named("cbs::", named), 0);
}
END_TEST

START_TEST(sandboxes_follow_the_server_but_for_what_is_their_own)
{
	struct mock_config other = *sandboxes_config(boxes->mock);
	struct sandbox *s;
	make("AKIDone", from("empty"));
	set("AKIDone", "{\"rate_limit\":7}");
	other.dialect = DIALECT_CURRENT;
	other.rate_factor = 3;
	mock_reconfigure(boxes->mock, &other);
	s = find("AKIDone");
	ck_assert_int_eq(s->settings.dialect, DIALECT_CURRENT);
	ck_assert(s->settings.rate_factor == 7);
	ck_assert(boxes->mock->sandbox->settings.rate_factor == 3);
	sandbox_release(s);
}
END_TEST

START_TEST(signatures_may_follow_the_sandbox_s_time)
{
	make("AKIDone", frozen_at(NEW_YEAR));
	use_key("AKIDone", "test");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "");
	set("AKIDone", "{\"signature_clock\":\"sandbox\"}");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SignatureExpire");
	boxes->sender.skew_s = NEW_YEAR / 1000 - boxes->wall_ms / 1000;
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "");
	use_key(WORLD_ID, WORLD_KEY);
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SignatureExpire");
}
END_TEST

START_TEST(a_seed_begins_ids_anew)
{
	make("AKIDone", frozen_at(NEW_YEAR));
	struct sandbox *s = find("AKIDone");
	use_key("AKIDone", "test");
	ck_assert(control_set_seed(s, 7));
	struct answer first = world_call(boxes, "DescribeDisks", "{}");
	ck_assert(control_set_seed(s, 7));
	struct answer again = world_call(boxes, "DescribeDisks", "{}");
	ck_assert_str_eq(first.request->answer.data, again.request->answer.data);
	ck_assert(control_set_seed(s, 8));
	ck_assert_str_ne(world_call(boxes, "DescribeDisks", "{}").request_id, first.request_id);
	sandbox_release(s);
}
END_TEST

/* ---- first use ------------------------------------------------------------------------------------------------------------------- */

START_TEST(a_first_request_may_make_its_world)
{
	struct mock_config config = *sandboxes_config(boxes->mock);
	config.first_use = "AKIDtest*";
	config.first_use_template = "empty";
	config.max_sandboxes = 2;
	mock_reconfigure(boxes->mock, &config);
	use_key("AKIDtest1", "test");
	ck_assert_int_eq(total(world_call(boxes, "DescribeDisks", "{}")), 0);
	ck_assert(mock_has_sandbox(boxes->mock, "AKIDtest1"));
	use_key("AKIDother", "test");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SecretIdNotFound");
	use_key("AKIDtest.odd", "test");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SecretIdNotFound");
	use_key("AKIDtest2", "wrong");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SignatureFailure");
	ck_assert(!mock_has_sandbox(boxes->mock, "AKIDtest2"));
	use_key("AKIDtest2", "test");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "");
	ck_assert(mock_has_sandbox(boxes->mock, "AKIDtest2"));
	use_key("AKIDtest3", "test");
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SecretIdNotFound"); /* there is room for two */
	config.first_use_template = "gone";
	config.max_sandboxes = 3;
	mock_reconfigure(boxes->mock, &config);
	ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{}").code, "AuthFailure.SecretIdNotFound");
}
END_TEST

/* ---- time --------------------------------------------------------------------------------------------------------------------- */

static void count_event(void *data, const struct cbs_event *e)
{
	(void)e;
	++*(int *)data;
}

/* The built-in world has a deadline before New Year of a disk that shows nothing of it. */
START_TEST(a_jump_passes_over_what_changes_no_state)
{
	int events = 0;
	struct clock_state state;
	struct listener l = { count_event, &events };
	make("AKIDone", frozen_at(NEW_YEAR));
	struct sandbox *s = find("AKIDone");
	ck_assert(control_next_event(s, &state, &l));
	ck_assert_int_gt(events, 0);
	ck_assert_int_gt(state.now_ms, NEW_YEAR);
	sandbox_release(s);
}
END_TEST

START_TEST(time_jumps_from_event_to_event)
{
	struct sandbox_plan plan = frozen_at(NEW_YEAR);
	int events = 0;
	struct clock_state state;
	struct listener l = { count_event, &events };
	snprintf(plan.origin.template, sizeof plan.origin.template, "quota");
	make("AKIDone", plan);
	struct sandbox *s = find("AKIDone");
	use_key("AKIDone", "test");
	ck_assert(control_next_event(s, &state, &l)); /* nothing is to happen */
	ck_assert_int_eq(state.now_ms, NEW_YEAR);
	ck_assert_int_eq(state.next_ms, INT64_MAX);
	world_call(boxes, "CreateSnapshot", DISK);
	ck_assert(control_clock(s, CLOCK_ADVANCE, 500, &state, &l));
	world_call(boxes, "CreateSnapshot", "{\"DiskId\":\"disk-twolzrg2\"}");
	ck_assert(control_clock(s, CLOCK_READ, 0, &state, &l));
	ck_assert_int_eq(state.next_ms, NEW_YEAR + 2000);
	ck_assert(control_next_event(s, &state, &l));
	ck_assert_int_eq(events, 1);
	ck_assert_int_eq(state.now_ms, NEW_YEAR + 2000);
	ck_assert(state.clock.frozen);
	ck_assert(control_run_until_idle(s, 100, &state, &l)); /* not far enough */
	ck_assert_int_eq(events, 1);
	ck_assert_int_eq(state.now_ms, NEW_YEAR + 2100);
	ck_assert(control_run_until_idle(s, INT64_C(30) * 86400000, &state, &l));
	ck_assert_int_eq(events, 2);
	ck_assert_int_eq(state.now_ms, NEW_YEAR + 2500);
	ck_assert_int_eq(state.next_ms, INT64_MAX);
	ck_assert(control_run_until_idle(s, INT64_MAX, &state, &l));
	ck_assert_int_eq(state.now_ms, NEW_YEAR + 2500);
	sandbox_release(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sandboxes");
	const TTest *const coming[] = {
		built_in_worlds_are_timeless, an_empty_world_owns_nothing, a_quota_is_soon_reached, a_key_selects_a_world,
		a_sandbox_may_have_several_keys, no_key_opens_two_worlds, what_cannot_be_made_is_said,
		the_same_seed_clock_and_calls_give_the_same_bytes, times_of_a_preset_count_from_the_sandbox_s_own,
		a_first_request_may_make_its_world,
	};
	const TTest *const going[] = {
		a_reset_goes_back_to_the_making, a_fork_goes_its_own_way, whoever_holds_a_deleted_sandbox_goes_on,
		a_sandbox_goes_when_its_time_is_over,
	};
	const TTest *const settings[] = {
		settings_are_the_sandbox_s_own, bad_settings_are_named, sandboxes_follow_the_server_but_for_what_is_their_own,
		signatures_may_follow_the_sandbox_s_time, a_seed_begins_ids_anew, a_jump_passes_over_what_changes_no_state,
		time_jumps_from_event_to_event,
	};
	add_group(suite, "coming", boxes_open, boxes_close, coming, LENGTH(coming));
	add_group(suite, "going", boxes_open, boxes_close, going, LENGTH(going));
	add_group(suite, "settings", boxes_open, boxes_close, settings, LENGTH(settings));
	return run_suite(suite);
}
