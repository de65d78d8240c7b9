/* Worlds as bytes: taken, opened, put in place of others, written and read, and refused when they are not what they seem. */
#include "store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/image.h"
#include "store/store_internal.h"

#define SECRET "NobodyMayEverReadThisSecretKey00"
#define TOKEN "NorThisTokenOfATemporaryKey00000"

static struct buf why;
static char dir[64], file[128];

static void set_up(void)
{
	buf_init(&why, 1024);
	snprintf(dir, sizeof dir, "/tmp/cbsmock-image-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof file, "%s/world.db", dir);
}

static void tear_down(void)
{
	unlink(file);
	ck_assert_int_eq(rmdir(dir), 0);
	buf_finish(&why);
}

static struct store *filled(int64_t disks)
{
	struct store *s = open_memory();
	store_begin(s);
	put_places(s);
	for (int64_t no = 1; no <= disks; no++) {
		struct disk d = sample_disk(no);
		store_disk_insert(s, &d);
	}
	PUT(s, "Credentials", TEXT("SecretId", "AKIDone"), TEXT("SecretKey", SECRET), INT("Account", OWNER));
	PUT(s, "Credentials", TEXT("SecretId", "AKIDtwo"), TEXT("SecretKey", SECRET), INT("Account", OWNER), TEXT("Token", TOKEN));
	ck_assert(store_commit(s));
	return s;
}

static struct world_image *taken(struct store *s)
{
	struct world_image *i = image_of(s, &why);
	ck_assert_msg(i != NULL, "%s", why.data);
	return i;
}

static struct store *opened(const struct world_image *i)
{
	struct store *s = store_open_image(i, &why);
	ck_assert_msg(s != NULL, "%s", why.data);
	return s;
}

static bool has_disk(struct store *s, int64_t no)
{
	struct arena *a = arena_new();
	struct disk d;
	bool has = store_disk(s, a, no, &d);
	arena_free(a);
	return has;
}

static bool holds(const void *data, size_t len, const char *text)
{
	size_t size = strlen(text);
	for (size_t i = 0; i + size <= len; i++)
		if (memcmp((const char *)data + i, text, size) == 0)
			return true;
	return false;
}

/* Statements are prepared when they are first used; here is where a slip of the pen shows. */
START_TEST(every_statement_can_be_prepared)
{
	struct store *s = open_memory();
	ck_assert_msg(store_prepare_all(s), "%s", store_failed(s));
	store_close(s);
}
END_TEST

START_TEST(an_image_is_the_world_at_that_moment)
{
	struct store *s = filled(3);
	struct world_image *i = taken(s);
	store_begin(s);
	store_disk_delete(s, 2);
	ck_assert(store_commit(s));
	struct store *copy = opened(i);
	ck_assert(has_disk(copy, 2) && !has_disk(s, 2));
	ck_assert(!store_is_new(copy));
	store_begin(copy);
	store_disk_delete(copy, 1);
	ck_assert(store_commit(copy));
	ck_assert(has_disk(s, 1) && !has_disk(copy, 1));
	ck_assert_int_ge(store_size(copy), (int64_t)image_size(i));
	store_close(copy);
	image_release(i);
	store_close(s);
	image_release(NULL);
}
END_TEST

START_TEST(a_draft_changes_a_copy_and_lends_its_bytes)
{
	enum { MANY = 400 }; /* more than the image has room for */
	struct store *s = filled(3);
	struct world_image *i = taken(s);
	store_close(s);
	struct store *draft = store_open_draft(i, &why);
	ck_assert_msg(draft != NULL, "%s", why.data);
	store_begin(draft);
	store_disk_delete(draft, 2);
	for (int64_t no = 4; no <= MANY; no++) {
		struct disk d = sample_disk(no);
		store_disk_insert(draft, &d);
	}
	ck_assert(store_commit(draft));
	struct world_image *lent = image_lend(draft, &why);
	ck_assert_ptr_nonnull(lent);
	ck_assert_uint_gt(image_size(lent), image_size(i));
	ck_assert_msg(image_prepare_store(lent, file, DURABLE_OS, &why) && image_place(file, DURABLE_OS, &why), "%s", why.data);
	image_release(lent);
	ck_assert(has_disk(draft, MANY) && !has_disk(draft, 2));
	store_close(draft);
	struct store *written = store_open(file, DURABLE_OS, &why), *before = opened(i);
	ck_assert_msg(written != NULL, "%s", why.data);
	ck_assert(has_disk(written, MANY) && !has_disk(written, 2));
	ck_assert(has_disk(before, 2) && !has_disk(before, 4));
	store_close(written);
	store_close(before);
	image_release(i);
}
END_TEST

START_TEST(what_cannot_be_lent_is_copied)
{
	struct store *s = filled(3);
	struct world_image *i = image_lend(s, &why);
	ck_assert_ptr_nonnull(i);
	store_begin(s);
	store_disk_delete(s, 2);
	ck_assert(store_commit(s));
	struct store *copy = opened(i);
	ck_assert(has_disk(copy, 2) && !has_disk(s, 2));
	store_close(copy);
	image_release(i);
	store_close(s);
}
END_TEST

START_TEST(an_image_outlives_its_holders_but_the_last)
{
	struct store *s = filled(1);
	struct world_image *i = taken(s);
	ck_assert_ptr_eq(image_hold(i), i);
	image_release(i);
	store_close(s);
	s = opened(i);
	ck_assert(has_disk(s, 1));
	store_close(s);
	image_release(i);
}
END_TEST

START_TEST(a_world_takes_the_place_of_another)
{
	struct store *one = filled(1), *two = filled(0);
	struct job job = { .due_ms = 500, .kind = "disk.show", .resource = 1, .goes_to = "" };
	store_begin(one);
	store_job_add(one, &job);
	ck_assert(store_commit(one));
	ck_assert(!has_disk(two, 1)); /* its statements are prepared when the tables change under them */
	ck_assert_int_eq(store_next_due(two), INT64_MAX);
	struct world_image *i = taken(one);
	ck_assert(store_load_image(two, i, &why));
	ck_assert(has_disk(two, 1));
	ck_assert_int_eq(store_next_due(two), 500);
	store_begin(two);
	ck_assert(!store_load_image(two, i, &why)); /* not within a transaction */
	store_rollback(two);
	ck_assert(has_disk(two, 1));
	image_release(i);
	store_close(two);
	store_close(one);
}
END_TEST

START_TEST(worlds_go_into_files_and_come_back)
{
	struct store *s = filled(2);
	struct world_image *i = taken(s);
	ck_assert_msg(image_write(i, file, DURABLE_POWER, &why), "%s", why.data);
	struct store *kept = store_open(file, DURABLE_OS, &why);
	ck_assert_msg(kept != NULL, "%s", why.data);
	ck_assert(has_disk(kept, 2));
	store_begin(kept);
	store_disk_delete(kept, 2);
	ck_assert(store_commit(kept));

	struct world_image *back = taken(kept); /* what is still in the log is part of it */
	struct store *copy = opened(back);
	ck_assert(has_disk(copy, 1) && !has_disk(copy, 2));
	store_close(copy);
	image_release(back);

	ck_assert_msg(store_load_image(kept, i, &why), "%s", why.data);
	ck_assert(has_disk(kept, 2));
	store_close(kept);
	kept = store_open(file, DURABLE_OS, &why);
	ck_assert(has_disk(kept, 2));
	store_close(kept);

	back = image_read(file, &why);
	ck_assert_msg(back != NULL, "%s", why.data);
	copy = opened(back);
	ck_assert(has_disk(copy, 2));
	store_close(copy);
	image_release(back);
	image_release(i);
	store_close(s);
}
END_TEST

START_TEST(files_that_are_no_images_are_not_read)
{
	ck_assert_ptr_null(image_read(file, &why));
	ck_assert_msg(strstr(why.data, "No such file"), "%s", why.data);
	FILE *f = fopen(file, "wb");
	fputs("something else, written by hand", f);
	fclose(f);
	buf_clear(&why);
	ck_assert_ptr_null(image_read(file, &why));
	ck_assert_msg(strstr(why.data, "not a world"), "%s", why.data);
	buf_clear(&why);
	struct store *s = filled(0);
	struct world_image *i = taken(s);
	ck_assert(!image_write(i, "/nowhere/at/all.db", DURABLE_OS, &why));
	ck_assert_msg(strstr(why.data, "/nowhere/at/all.db cannot be written"), "%s", why.data);
	image_release(i);
	store_close(s);
}
END_TEST

/* Its name is free at once, though the old world is still in use; and the new one stays when the old one is closed. */
START_TEST(an_unlinked_world_leaves_its_place_to_another)
{
	struct store *s = filled(1), *empty = filled(0);
	struct world_image *i = taken(s), *other = taken(empty);
	ck_assert(image_write(i, file, DURABLE_OS, &why));
	struct store *old = store_open(file, DURABLE_OS, &why);
	ck_assert(has_disk(old, 1));
	store_unlink(old);
	ck_assert_int_ne(access(file, F_OK), 0);
	store_begin(old);
	store_disk_delete(old, 1);
	ck_assert(store_commit(old));

	ck_assert(image_write(other, file, DURABLE_OS, &why));
	struct store *fresh = store_open(file, DURABLE_OS, &why);
	ck_assert_msg(fresh != NULL, "%s", why.data);
	store_begin(fresh);
	struct disk d = sample_disk(7);
	store_disk_insert(fresh, &d);
	ck_assert(store_commit(fresh));
	store_close(old);
	ck_assert_ptr_null(store_open(file, DURABLE_OS, &why)); /* its lock is still held */
	store_close(fresh);

	fresh = store_open(file, DURABLE_OS, &why);
	ck_assert(has_disk(fresh, 7) && !has_disk(fresh, 1));
	store_unlink(fresh);
	store_unlink(fresh);
	store_close(fresh);
	store_unlink(s); /* in memory there is nothing to do */
	image_release(i);
	image_release(other);
	store_close(s);
	store_close(empty);
}
END_TEST

START_TEST(blank_images_keep_no_secret_anywhere)
{
	struct store *s = filled(1);
	store_begin(s);
	PUT(s, "Credentials", TEXT("SecretId", "AKIDgone"), TEXT("SecretKey", SECRET), INT("Account", OWNER));
	ck_assert(store_commit(s));
	struct credential *list;
	struct arena *a = arena_new();
	ck_assert_uint_eq(store_credentials(s, a, &list), 3);
	store_begin(s);
	store_set_credentials(s, list + 1, 2);
	ck_assert(store_commit(s));

	struct world_image *full = taken(s), *blank = image_blank(full, &why);
	ck_assert_msg(blank != NULL, "%s", why.data);
	ck_assert(holds(image_data(full), image_size(full), SECRET));
	ck_assert(!holds(image_data(blank), image_size(blank), SECRET));
	ck_assert(!holds(image_data(blank), image_size(blank), TOKEN));
	struct store *copy = opened(blank);
	ck_assert(has_disk(copy, 1));
	ck_assert_uint_eq(store_credentials(copy, a, &list), 2);
	ck_assert_str_eq(list[0].secret_key, "");
	store_close(copy);
	image_release(full);
	image_release(blank);
	arena_free(a);
	store_close(s);
}
END_TEST

/* ---- from elsewhere ------------------------------------------------------------------------------------------------------ */

static void check_image_refused(const void *data, size_t len, const char *says)
{
	buf_clear(&why);
	ck_assert_msg(image_from(data, len, &why) == NULL, "not refused: %s, %zu bytes", says, len);
	ck_assert_msg(strstr(why.data, says), "%s", why.data);
}

/* An image of the store after the script. */
static void check_script_refused(const char *script, const char *says)
{
	struct store *s = filled(1);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	ck_assert_int_eq(sqlite3_exec(s->db, script, NULL, NULL, NULL), SQLITE_OK);
	struct world_image *i = taken(s);
	check_image_refused(image_data(i), image_size(i), says);
	image_release(i);
	store_close(s);
}

START_TEST(only_sound_worlds_of_ours_come_in)
{
	struct store *s = filled(1);
	struct world_image *i = taken(s);
	struct world_image *copy = image_from(image_data(i), image_size(i), &why);
	ck_assert_msg(copy != NULL, "%s", why.data);
	ck_assert_uint_eq(image_size(copy), image_size(i));
	image_release(copy);

	size_t len = image_size(i);
	unsigned char *data = xmalloc(len);
	memcpy(data, image_data(i), len);
	check_image_refused("", 0, "not a world of cbsmock");
	check_image_refused("{\"Disks\":[]}", 12, "not a world of cbsmock");
	check_image_refused(data, 99, "not a world of cbsmock");
	check_image_refused(data, 4096, "damaged");
	check_image_refused(data, len - 1000, "damaged");
	data[63] = 9;
	check_image_refused(data, len, "version 9");
	data[63] = SCHEMA_VERSION;
	memset(data + 100, 0x5a, 3996);
	check_image_refused(data, len, "damaged");
	memcpy(data, image_data(i), len);
	memset(data + len - 4096, 0x5a, 4096);
	check_image_refused(data, len, "damaged");
	free(data);

	check_script_refused("CREATE TABLE more (x)", "other tables");
	check_script_refused("DROP INDEX disk_list", "other tables");
	check_script_refused("CREATE TRIGGER t AFTER INSERT ON disk BEGIN DELETE FROM account; END", "other tables");
	check_script_refused("CREATE VIEW v AS SELECT 1", "other tables");
	check_script_refused("DELETE FROM account", "without an account");
	check_script_refused("PRAGMA ignore_check_constraints = ON; UPDATE disk SET disk_state = 'ON FIRE'", "damaged");
	image_release(i);
	store_close(s);
}
END_TEST

/* ---- what else the sandboxes above need ------------------------------------------------------------------------------------- */

static void count_row(void *data, const struct value *values)
{
	int64_t *sum = data;
	ck_assert(values[0].set && !values[0].text);
	*sum = *sum * 10 + values[0].number;
}

static void note_text(void *data, const struct value *values)
{
	buf_printf(data, "%s ", values[0].text);
}

static void ignore_row(void *data, const struct value *values)
{
	(void)data, (void)values;
}

START_TEST(rows_are_handed_out_in_the_order_of_their_keys)
{
	struct store *s = filled(3);
	struct arena *a = arena_new();
	int64_t sum = 0;
	struct buf names;
	buf_init(&names, 1024);
	store_export(s, a, entity_named("Disks"), count_row, &sum);
	ck_assert_int_eq(sum, 123);
	store_export(s, a, entity_named("Zones"), note_text, &names);
	ck_assert_str_eq(names.data, "ap-guangzhou-3 ap-guangzhou-4 ap-shanghai-1 ");
	for (size_t i = 0; i < entity_count; i++)
		store_export(s, a, &entities[i], ignore_row, NULL);
	ck_assert_ptr_null(store_failed(s));
	buf_finish(&names);
	arena_free(a);
	store_close(s);
}
END_TEST

START_TEST(times_move_together)
{
	struct store *s = filled(0);
	struct arena *a = arena_new();
	struct disk d = sample_disk(1);
	struct snapshot p = sample_snapshot(1, 1);
	struct job job = { .due_ms = 5000, .kind = "disk.attach", .resource = 1, .goes_to = "" };
	store_begin(s);
	d.state = DISK_ATTACHING;
	d.state_since_ms = 1000;
	d.state_until_ms = 5000;
	store_disk_insert(s, &d);
	p.state = SNAPSHOT_CREATING;
	p.state_until_ms = INT64_MAX;
	p.deadline_ms = 100;
	store_snapshot_insert(s, &p);
	store_job_add(s, &job);
	job = (struct job){ .due_ms = INT64_MAX, .kind = "snapshot.create", .resource = 1, .goes_to = "" };
	store_job_add(s, &job);
	store_shift(s, 250);
	ck_assert(store_commit(s));
	ck_assert(store_disk(s, a, 1, &d) && store_snapshot(s, a, 1, &p));
	ck_assert_int_eq(d.create_ms, 1250);
	ck_assert_int_eq(d.state_since_ms, 1250);
	ck_assert_int_eq(d.state_until_ms, 5250);
	ck_assert_int_eq(d.deadline_ms, 0);
	ck_assert_int_eq(p.state_until_ms, INT64_MAX);
	ck_assert_int_eq(store_next_due(s), 5250);
	ck_assert(store_job_of(s, a, "snapshot.create", 1, &job));
	ck_assert_int_eq(job.due_ms, INT64_MAX);
	store_begin(s);
	store_shift(s, -300);
	ck_assert(store_commit(s));
	ck_assert(store_snapshot(s, a, 1, &p));
	ck_assert_int_eq(p.deadline_ms, 50);
	arena_free(a);
	store_close(s);
}
END_TEST

START_TEST(the_sandbox_has_a_word_of_its_own)
{
	struct store *s = filled(0);
	struct arena *a = arena_new();
	struct world w;
	ck_assert_str_eq(store_about(s, a), "");
	ck_assert_int_eq(store_first_account(s), OWNER);
	store_begin(s);
	store_set_about(s, "{\"a\":1}");
	store_set_about(s, "{\"a\":2}");
	store_next_epoch(s);
	store_set_seed(s, 42);
	ck_assert(store_commit(s));
	ck_assert_str_eq(store_about(s, a), "{\"a\":2}");
	ck_assert(store_world(s, &w));
	ck_assert_uint_eq(w.seed, 42);
	ck_assert_int_eq(w.epoch, 0);
	store_begin(s);
	store_wipe(s);
	ck_assert(store_commit(s));
	ck_assert_str_eq(store_about(s, a), "");
	ck_assert_int_eq(store_first_account(s), 0);
	arena_free(a);
	store_close(s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_image");
	TCase *tc = tcase_create("images");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	const TTest *const tests[] = {
		every_statement_can_be_prepared,
		an_image_is_the_world_at_that_moment,
		a_draft_changes_a_copy_and_lends_its_bytes,
		what_cannot_be_lent_is_copied,
		an_image_outlives_its_holders_but_the_last,
		a_world_takes_the_place_of_another,
		worlds_go_into_files_and_come_back,
		files_that_are_no_images_are_not_read,
		an_unlinked_world_leaves_its_place_to_another,
		blank_images_keep_no_secret_anywhere,
		only_sound_worlds_of_ours_come_in,
		rows_are_handed_out_in_the_order_of_their_keys,
		times_move_together,
		the_sandbox_has_a_word_of_its_own,
	};
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
