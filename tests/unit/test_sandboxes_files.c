/* Sandboxes in files: found again as they were, gone without a trace. */
#include "boxes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/control.h"
#include "gateway/mock_internal.h"
#include "gateway/state.h"

static char dir[64];

static void open_in_files(void)
{
	struct mock_config config;
	mock_config_default(&config);
	config.data_dir = dir;
	boxes = world_open_with(&config);
}

static void open_files(void)
{
	buf_init(&boxes_why, 4096);
	snprintf(dir, sizeof dir, "/tmp/cbsmock-sandboxes-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	open_in_files();
}

static void close_files(void)
{
	char path[128];
	static const char *const left[] = {
		"default.db", "seal.key", "AKIDone.db", "AKIDfork.db", "AKIDfork.origin", "AKIDone.base.checkpoint"
	};
	world_close(boxes);
	for (size_t i = 0; i < LENGTH(left); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, left[i]);
		unlink(path);
	}
	ck_assert_int_eq(rmdir(dir), 0); /* nothing else is left */
	buf_finish(&boxes_why);
}

static void restart(void)
{
	world_close(boxes);
	open_in_files();
}

START_TEST(sandboxes_in_files_are_found_again)
{
	struct sandbox_plan plan = frozen_at(NEW_YEAR);
	plan.ttl_ms = 60 * 60 * 1000;
	make("AKIDone", plan);
	set("AKIDone", "{\"dialect\":\"current\",\"rate_limit\":2.5,\"transitions\":{\"snapshot.create\":\"7s\"}}");
	use_key("AKIDone", "test");
	int before = snapshots();
	const char *id = member_text(world_call(boxes, "CreateSnapshot", DISK).response, "SnapshotId"), *kept = xstrdup(id);
	struct sandbox *s = find("AKIDone");
	ck_assert_msg(state_save(s, "base", &boxes_why), "%s", boxes_why.data);
	int64_t expires = s->expires_ms;
	sandbox_release(s);
	make("AKIDfork", from("AKIDone"));
	restart();

	use_key("AKIDone", "test");
	ck_assert_int_eq(snapshots(), before + 1);
	s = find("AKIDone");
	ck_assert_int_eq(s->expires_ms, expires);
	ck_assert_int_eq(s->settings.dialect, DIALECT_CURRENT);
	ck_assert(s->settings.rate_factor == 2.5);
	ck_assert_int_eq(s->settings.transitions[TRANSITION_SNAPSHOT_CREATE].ms, 7000);
	ck_assert_int_eq(s->initial.dialect, DIALECT_CLASSIC);
	ck_assert_int_eq(sandbox_now(s, clock_wall_ms()), NEW_YEAR);
	ck_assert_msg(control_reset(s, 0, &boxes_why), "%s", boxes_why.data);
	ck_assert_int_eq(snapshots(), before);
	ck_assert_str_eq(member_text(world_call(boxes, "CreateSnapshot", DISK).response, "SnapshotId"), kept);
	ck_assert(control_reset(s, 0, &boxes_why));
	ck_assert_msg(state_restore(s, "base", &boxes_why), "%s", boxes_why.data);
	ck_assert_int_eq(snapshots(), before + 1);
	sandbox_release(s);

	s = find("AKIDfork");
	use_key("AKIDfork", "test");
	world_call(boxes, "CreateSnapshot", "{\"DiskId\":\"disk-attached\"}");
	ck_assert_int_eq(snapshots(), before + 2);
	ck_assert_msg(control_reset(s, 0, &boxes_why), "%s", boxes_why.data);
	ck_assert_int_eq(snapshots(), before + 1);
	sandbox_release(s);
	free((char *)(uintptr_t)kept);
}
END_TEST

START_TEST(a_deleted_sandbox_leaves_no_file)
{
	make("AKIDone", from("empty"));
	struct sandbox *s = find("AKIDone");
	ck_assert(state_save(s, "base", &boxes_why));
	make("AKIDfork", from("AKIDone"));
	ck_assert_int_eq(sandboxes_delete(boxes->mock, "AKIDone"), SANDBOX_DONE);
	ck_assert_int_eq(sandboxes_delete(boxes->mock, "AKIDfork"), SANDBOX_DONE);
	make("AKIDone", from("default")); /* at once, though the old one is still held */
	use_key("AKIDone", "test");
	ck_assert_str_eq(world_call(boxes, "CreateSnapshot", DISK).code, "");
	int there = snapshots();
	sandbox_release(s);
	restart();
	use_key("AKIDone", "test");
	ck_assert_int_eq(snapshots(), there);
	ck_assert_int_eq(try_make("AKIDone", from("empty")), SANDBOX_REPLACED);
	restart();
	use_key("AKIDone", "test");
	ck_assert_int_eq(snapshots(), 0);
	ck_assert_int_eq(sandboxes_delete(boxes->mock, "AKIDone"), SANDBOX_DONE);
	restart();
	ck_assert(!mock_has_sandbox(boxes->mock, "AKIDone"));
}
END_TEST

START_TEST(an_expired_sandbox_is_not_found_again)
{
	struct sandbox_plan plan = { .ttl_ms = 1 };
	make("AKIDone", plan);
	int64_t until = clock_wall_ms() + 2;
	while (clock_wall_ms() < until)
		continue;
	restart();
	ck_assert(!mock_has_sandbox(boxes->mock, "AKIDone"));
}
END_TEST

START_TEST(a_copied_file_is_named)
{
	char from_path[128], to_path[128];
	make("AKIDone", from("empty"));
	snprintf(from_path, sizeof from_path, "%s/AKIDone.db", dir);
	snprintf(to_path, sizeof to_path, "%s/AKIDfork.db", dir);
	world_close(boxes);
	struct world_image *image = image_read(from_path, &boxes_why);
	ck_assert(image_write(image, to_path, DURABLE_OS, &boxes_why));
	image_release(image);
	struct mock_config config;
	mock_config_default(&config);
	config.data_dir = dir;
	ck_assert_ptr_null(mock_open(&config, &boxes_why));
	ck_assert_msg(strstr(boxes_why.data, "the key AKIDone opens the sandbox"), "%s", boxes_why.data);
	unlink(to_path);
	open_in_files();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sandboxes_files");
	const TTest *const files[] = {
		sandboxes_in_files_are_found_again, a_deleted_sandbox_leaves_no_file, an_expired_sandbox_is_not_found_again,
		a_copied_file_is_named,
	};
	add_group(suite, "files", open_files, close_files, files, LENGTH(files));
	return run_suite(suite);
}
