/* Loading fixtures: the built-in world, the table of good and bad ones (fixtures/loading.json, which the JSON Schema is held
 * against too), and what follows from a row: counters, tags, jobs. */
#include "run.h"

#include <stdio.h>
#include <string.h>

#include "cbs/cbs.h"
#include "util/ident.h"
#include "util/str.h"

enum { FILE_MAX = 1024 * 1024 };

static const int64_t now = INT64_C(1780000000000);
static const int64_t day = INT64_C(24) * 60 * 60 * 1000;
static const int64_t first_account = INT64_C(100000000001);
static const int64_t second_account = INT64_C(100022975249);

static const struct passing silent = { .most = 0 }; /* nothing begins on the way */

static struct arena *arena;
static struct store *store;
static struct fixture_fault fault;

static struct buf read_source(const char *name)
{
	const char *root = getenv("CBSMOCK_SOURCE_ROOT");
	const char *path = arena_printf(arena, "%s/fixtures/%s", root != NULL ? root : ".", name);
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "cannot read %s", path);
	struct buf text;
	char piece[4096];
	size_t len;
	buf_init(&text, FILE_MAX);
	while ((len = fread(piece, 1, sizeof piece, file)) > 0)
		buf_add(&text, piece, len);
	fclose(file);
	return text;
}

static bool load(const char *text)
{
	fault = (struct fixture_fault){ NULL, NULL };
	return fixture_load(store, arena, text, strlen(text), now, &fault);
}

static void load_well(const char *text)
{
	ck_assert_msg(load(text), "%s %s in %s", fault.pointer, fault.rule, text);
	ck_assert_ptr_null(store_failed(store));
}

static void setup(void)
{
	struct buf why, text;
	arena = arena_new();
	buf_init(&why, 1024);
	store = store_open(NULL, DURABLE_OS, &why);
	ck_assert_msg(store != NULL, "%s", why.data);
	buf_finish(&why);
	store_begin(store);
	text = read_source("default.json");
	load_well(text.data);
	buf_finish(&text);
}

static void teardown(void)
{
	store_rollback(store);
	store_close(store);
	arena_free(arena);
}

static int64_t number(const char *prefix, const char *id)
{
	int64_t no;
	ck_assert_msg(ident_parse(prefix, id, &no), "%s", id);
	return no;
}

static struct disk disk(const char *id)
{
	struct disk d;
	ck_assert_msg(store_disk(store, arena, number(IDENT_DISK, id), &d), "no %s", id);
	return d;
}

static struct snapshot snapshot(const char *id)
{
	struct snapshot p;
	ck_assert_msg(store_snapshot(store, arena, number(IDENT_SNAPSHOT, id), &p), "no %s", id);
	return p;
}

static void check_job(const char *kind, int64_t resource, int64_t due_ms, const char *goes_to)
{
	struct job j;
	ck_assert_msg(store_job_of(store, arena, kind, resource, &j), "no job %s", kind);
	ck_assert_int_eq(j.due_ms, due_ms);
	ck_assert_str_eq(j.goes_to, goes_to);
}

static void check_no_job(const char *kind, int64_t resource)
{
	struct job j;
	ck_assert_msg(!store_job_of(store, arena, kind, resource, &j), "a job %s", kind);
}

/* ---- the built-in world ------------------------------------------------------------------------------------------------------ */

START_TEST(default_has_the_documented_disk)
{
	struct disk d = disk("disk-lzrg2pwi");
	ck_assert_str_eq(d.region, "ap-guangzhou");
	ck_assert_str_eq(d.zone, "ap-guangzhou-3");
	ck_assert_str_eq(d.type, "CLOUD_PREMIUM");
	ck_assert_int_eq(d.size_gib, 50);
	ck_assert_int_eq(d.state, DISK_UNATTACHED);
	ck_assert(d.snapshot_ability);
	ck_assert_int_eq(d.account, first_account);
	ck_assert_int_eq(d.create_ms, now - 30 * day);
}
END_TEST

START_TEST(default_has_something_of_everything)
{
	struct instance i;
	struct usage u;
	struct region r;
	struct credential *credentials;
	bool product_level;
	ck_assert(store_instance(store, arena, number(IDENT_INSTANCE, "ins-r8hr2upy"), &i));
	ck_assert_int_eq(i.attached, 1);
	ck_assert_int_eq(disk("disk-attached").state, DISK_ATTACHED);
	ck_assert_int_eq(disk("disk-attached").instance, i.no);
	ck_assert(disk("disk-encrypt1").encrypt);
	ck_assert_int_lt(disk("disk-expired1").deadline_ms, now);
	ck_assert_int_eq(disk("disk-r69pg9vw").backup_count, 2);
	store_usage(store, first_account, "ap-hongkong", &u);
	ck_assert_int_eq(u.snapshot_quota, 1);
	ck_assert_int_eq(u.snapshots, 1);
	ck_assert(store_region(store, arena, "ap-shanghai-fsi", &r) && r.finance);
	ck_assert(store_region(store, arena, "ap-guiyang", &r) && !r.cbs);
	ck_assert_uint_ge(store_credentials(store, arena, &credentials), 4);
	ck_assert(store_denied(store, first_account, INT64_C(100000000101), "cvm:DeleteSnapshots",
	                       "qcs::cvm:ap-guangzhou:uin/1:snapshot/snap-weekly01", &product_level));
	ck_assert_str_eq(store_project_name(store, arena, first_account, 1000001), "web");
}
END_TEST

START_TEST(default_shares_and_images_are_counted)
{
	struct image *images;
	struct snapshot p = snapshot("snap-6qtrq4fn");
	ck_assert(store_shared_with(store, p.no, second_account));
	ck_assert_int_eq(p.share_count, 1);
	ck_assert_int_eq(p.share_ms, now - 10 * day);
	ck_assert(store_shared_with(store, number(IDENT_SNAPSHOT, "snap-sharedin"), first_account));
	p = snapshot("snap-imagebnd");
	ck_assert_int_eq(p.image_count, 1);
	ck_assert_uint_eq(store_images(store, arena, p.no, &images), 1);
	ck_assert_str_eq(images[0].id, "img-webimage");
	ck_assert_int_eq(snapshot("snap-lbwv0qm5").disk, 0);
	ck_assert_int_eq(disk("disk-attached").snapshot_count, 2);
}
END_TEST

START_TEST(default_keeps_its_state_when_time_passes)
{
	cbs_settle(store, arena, now, &silent);
	ck_assert_ptr_null(store_failed(store));
	ck_assert_int_eq(disk("disk-rollback").state, DISK_ROLLBACKING);
	ck_assert_int_eq(disk("disk-resizing").state, DISK_EXPANDING);
	ck_assert_int_eq(disk("disk-recycled").state, DISK_TORECYCLE);
	ck_assert_int_eq(disk("disk-expired1").state, DISK_UNATTACHED);
	cbs_settle(store, arena, now + 365 * day, &silent);
	ck_assert_int_eq(disk("disk-rollback").state, DISK_ROLLBACKING);
	ck_assert_int_eq(disk("disk-resizing").state, DISK_EXPANDING);
}
END_TEST

START_TEST(default_may_be_loaded_twice)
{
	struct buf text = read_source("default.json");
	load_well(text.data);
	buf_finish(&text);
	ck_assert_int_eq(disk("disk-attached").snapshot_count, 2);
}
END_TEST

/* ---- the table --------------------------------------------------------------------------------------------------------------- */

static void each_in_table(const char *list, void (*check)(const char *name, const char *text, const cJSON *entry))
{
	struct buf file = read_source("loading.json");
	cJSON *table = cJSON_Parse(file.data);
	const cJSON *entry;
	int count = 0;
	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(table, list))
	{
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "name"));
		const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "text"));
		char *printed = text == NULL ? cJSON_PrintUnformatted(cJSON_GetObjectItem(entry, "fixture")) : NULL;
		check(name, text != NULL ? text : printed, entry);
		cJSON_free(printed);
		store_rollback(store);
		store_begin(store);
		struct buf world = read_source("default.json");
		load_well(world.data);
		buf_finish(&world);
		count++;
	}
	ck_assert_int_gt(count, 10);
	cJSON_Delete(table);
	buf_finish(&file);
}

static void check_good(const char *name, const char *text, const cJSON *entry)
{
	(void)entry;
	ck_assert_msg(load(text), "%s: %s %s", name, fault.pointer, fault.rule);
	ck_assert_msg(store_failed(store) == NULL, "%s: %s", name, store_failed(store));
}

static void check_bad(const char *name, const char *text, const cJSON *entry)
{
	const char *pointer = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "pointer"));
	const char *rule = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "rule"));
	ck_assert_msg(!load(text), "%s: loaded", name);
	ck_assert_msg(str_is(fault.pointer, pointer), "%s: at %s (%s)", name, fault.pointer, fault.rule);
	ck_assert_msg(strstr(fault.rule, rule) != NULL, "%s: %s", name, fault.rule);
	ck_assert_msg(store_failed(store) == NULL, "%s: %s", name, store_failed(store));
}

START_TEST(good_fixtures_load)
{
	each_in_table("good", check_good);
}
END_TEST

START_TEST(bad_fixtures_are_named)
{
	each_in_table("bad", check_bad);
}
END_TEST

START_TEST(nesting_is_bounded)
{
	char text[256] = "";
	size_t len = 0;
	for (int i = 0; i < 100; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "[");
	ck_assert(!load(text));
	ck_assert_str_eq(fault.pointer, "");
}
END_TEST

/* ---- what follows from a row ------------------------------------------------------------------------------------------------- */

START_TEST(a_new_disk_has_sensible_defaults)
{
	load_well("{\"Disks\":[{\"DiskId\":\"disk-new00001\",\"Account\":100000000001,\"Region\":\"ap-guangzhou\","
	          "\"Zone\":\"ap-guangzhou-3\",\"DiskType\":\"CLOUD_SSD\",\"DiskSize\":20}]}");
	struct disk d = disk("disk-new00001");
	ck_assert_str_eq(d.name, "Unnamed");
	ck_assert_int_eq(d.create_ms, now);
	ck_assert_int_eq(d.state, DISK_UNATTACHED);
	ck_assert(d.portable);
	struct usage before, after;
	store_usage(store, first_account, "ap-guangzhou", &before);
	load_well("{\"Disks\":[{\"DiskId\":\"disk-new00002\",\"Account\":100000000001,\"Region\":\"ap-guangzhou\","
	          "\"Zone\":\"ap-guangzhou-3\",\"DiskType\":\"CLOUD_SSD\",\"DiskSize\":20}]}");
	store_usage(store, first_account, "ap-guangzhou", &after);
	ck_assert_int_eq(after.disks, before.disks + 1);
}
END_TEST

START_TEST(an_update_leaves_the_rest)
{
	struct disk before = disk("disk-attached");
	load_well("{\"Disks\":[{\"DiskId\":\"disk-attached\",\"DiskName\":\"renamed\"}]}");
	struct disk after = disk("disk-attached");
	ck_assert_str_eq(after.name, "renamed");
	ck_assert_int_eq(after.state, before.state);
	ck_assert_int_eq(after.create_ms, before.create_ms);
	ck_assert_int_eq(after.size_gib, before.size_gib);
	ck_assert(after.tagged);
}
END_TEST

START_TEST(tags_are_set_and_overwritten)
{
	struct tag *tags;
	load_well("{\"Disks\":[{\"DiskId\":\"disk-lzrg2pwi\","
	          "\"Tags\":[{\"Key\":\"a\",\"Value\":\"1\"},{\"Key\":\"b\",\"Value\":\"2\"}]}]}");
	load_well("{\"Disks\":[{\"DiskId\":\"disk-lzrg2pwi\",\"Tags\":[{\"Key\":\"b\",\"Value\":\"3\"}]}]}");
	ck_assert(disk("disk-lzrg2pwi").tagged);
	ck_assert_uint_eq(store_tags(store, arena, TAG_DISK, number(IDENT_DISK, "disk-lzrg2pwi"), &tags), 2);
	ck_assert_str_eq(tags[0].key, "a");
	ck_assert_str_eq(tags[1].value, "3");
}
END_TEST

static const struct {
	const char *text, *kind, *prefix, *id, *goes_to;
} endings[] = {
	{ "{\"Disks\":[{\"DiskId\":\"disk-lzrg2pwi\",\"DiskState\":\"ATTACHING\",\"InstanceId\":\"ins-stopped1\"%s}]}", "disk.attach",
	  IDENT_DISK, "disk-lzrg2pwi", "" },
	{ "{\"Disks\":[{\"DiskId\":\"disk-attached\",\"DiskState\":\"DETACHING\"%s}]}", "disk.detach", IDENT_DISK, "disk-attached", "" },
	{ "{\"Disks\":[{\"DiskId\":\"disk-lzrg2pwi\",\"DiskState\":\"EXPANDING\"%s}]}", "disk.expand", IDENT_DISK, "disk-lzrg2pwi",
	  "UNATTACHED" },
	{ "{\"Disks\":[{\"DiskId\":\"disk-attached\",\"DiskState\":\"ROLLBACKING\"%s}]}", "disk.rollback", IDENT_DISK, "disk-attached",
	  "ATTACHED" },
	{ "{\"Disks\":[{\"DiskId\":\"disk-lzrg2pwi\",\"Hidden\":true%s}]}", "disk.show", IDENT_DISK, "disk-lzrg2pwi", "" },
	{ "{\"Snapshots\":[{\"SnapshotId\":\"snap-weekly01\",\"SnapshotState\":\"CREATING\"%s}]}", "snapshot.create", IDENT_SNAPSHOT,
	  "snap-weekly01", "" },
	{ "{\"Snapshots\":[{\"SnapshotId\":\"snap-weekly01\",\"SnapshotState\":\"ROLLBACKING\"%s}]}", "snapshot.rollback", IDENT_SNAPSHOT,
	  "snap-weekly01", "" },
	{ "{\"DiskBackups\":[{\"DiskBackupId\":\"dbp-backup01\",\"DiskBackupState\":\"CREATING\"%s}]}", "backup.create", IDENT_BACKUP,
	  "dbp-backup01", "" },
};

/* The text has a place for further fields. */
static const char *with(const char *text, const char *fields)
{
	const char *place = strstr(text, "%s");
	return arena_printf(arena, "%.*s%s%s", (int)(place - text), text, fields, place + 2);
}

START_TEST(a_transition_ends_when_the_fixture_says)
{
	int64_t no = number(endings[_i].prefix, endings[_i].id);
	load_well(with(endings[_i].text, ",\"StateUntil\":\"+1h\""));
	check_job(endings[_i].kind, no, now + day / 24, endings[_i].goes_to);
	/* Said again, it ends once. */
	load_well(with(endings[_i].text, ",\"StateUntil\":\"+2h\""));
	check_job(endings[_i].kind, no, now + day / 12, endings[_i].goes_to);
	cbs_settle(store, arena, now + day / 12, &silent);
	check_no_job(endings[_i].kind, no);
}
END_TEST

START_TEST(a_transition_without_an_end_lasts_until_told)
{
	int64_t no = number(endings[_i].prefix, endings[_i].id);
	load_well(with(endings[_i].text, ""));
	cbs_settle(store, arena, now + 20 * day, &silent);
	check_job(endings[_i].kind, no, INT64_MAX, endings[_i].goes_to);
	ck_assert(cbs_finish(store, arena, endings[_i].id, now + 20 * day, &silent));
	check_no_job(endings[_i].kind, no);
}
END_TEST

START_TEST(an_empty_end_is_no_end)
{
	load_well("{\"Disks\":[{\"DiskId\":\"disk-resizing\",\"StateUntil\":\"\"}]}");
	check_job("disk.expand", number(IDENT_DISK, "disk-resizing"), INT64_MAX, "UNATTACHED");
}
END_TEST

START_TEST(a_state_that_is_over_takes_its_job_along)
{
	load_well("{\"Disks\":[{\"DiskId\":\"disk-rollback\",\"DiskState\":\"UNATTACHED\"}]}");
	check_no_job("disk.rollback", number(IDENT_DISK, "disk-rollback"));
	ck_assert_int_eq(disk("disk-rollback").state_until_ms, 0);
}
END_TEST

START_TEST(a_hidden_disk_ends_its_state_and_shows)
{
	load_well("{\"Disks\":[{\"DiskId\":\"disk-resizing\",\"Hidden\":true,\"StateUntil\":\"+1h\"}]}");
	cbs_settle(store, arena, now + day, &silent);
	ck_assert(!disk("disk-resizing").hidden);
	ck_assert_int_eq(disk("disk-resizing").state, DISK_UNATTACHED);
}
END_TEST

START_TEST(a_rollback_that_ends_takes_the_job_of_its_snapshot_along)
{
	load_well("{\"Disks\":[{\"DiskId\":\"disk-r69pg9vw\",\"DiskState\":\"ROLLBACKING\",\"StateUntil\":\"+1h\"}],"
	          "\"Snapshots\":[{\"SnapshotId\":\"snap-6qtrq4fn\",\"SnapshotState\":\"ROLLBACKING\"}]}");
	cbs_settle(store, arena, now + day, &silent);
	ck_assert_int_eq(snapshot("snap-6qtrq4fn").state, SNAPSHOT_NORMAL);
	check_no_job("snapshot.rollback", number(IDENT_SNAPSHOT, "snap-6qtrq4fn"));
}
END_TEST

START_TEST(creating_snapshots_are_counted)
{
	struct world before, after;
	ck_assert(store_world(store, &before));
	load_well("{\"Snapshots\":[{\"SnapshotId\":\"snap-weekly01\",\"SnapshotState\":\"CREATING\"}]}");
	ck_assert(store_world(store, &after));
	ck_assert_int_eq(after.creating_snapshots, before.creating_snapshots + 1);
	ck_assert_int_eq(disk("disk-attached").creating_snapshots, 1);
	ck_assert_int_eq(snapshot("snap-weekly01").state_since_ms, now);
}
END_TEST

START_TEST(deadlines_become_jobs)
{
	check_job("disk.expire", number(IDENT_DISK, "disk-prepaid1"), now + 30 * day, "");
	check_job("disk.release", number(IDENT_DISK, "disk-recycled"), now + 6 * day, "");
	check_no_job("disk.expire", number(IDENT_DISK, "disk-lzrg2pwi"));
	int64_t no = number(IDENT_SNAPSHOT, "snap-weekly01");
	check_job("snapshot.expire", no, now + 23 * day, "");
	load_well("{\"Snapshots\":[{\"SnapshotId\":\"snap-weekly01\",\"DeadlineTime\":\"\"}]}");
	check_no_job("snapshot.expire", no);
}
END_TEST

START_TEST(a_disk_back_from_the_recycle_bin_has_its_term_again)
{
	int64_t no = number(IDENT_DISK, "disk-prepaid1");
	load_well("{\"Disks\":[{\"DiskId\":\"disk-prepaid1\",\"DeadlineTime\":\"-1d\"}]}");
	cbs_settle(store, arena, now + 7 * day, &silent);
	ck_assert_int_eq(disk("disk-prepaid1").state, DISK_TORECYCLE);
	load_well("{\"Disks\":[{\"DiskId\":\"disk-prepaid1\",\"DiskState\":\"UNATTACHED\"}]}");
	check_job("disk.expire", no, now - day, "");
	check_no_job("disk.release", no);
}
END_TEST

/* Within its seven days of grace the job that recycles it is there already: it is not made twice. */
START_TEST(an_expired_disk_may_change_its_state)
{
	load_well("{\"Disks\":[{\"DiskId\":\"disk-prepaid1\",\"DeadlineTime\":\"-1d\"}]}");
	cbs_settle(store, arena, now, &silent);
	load_well("{\"Disks\":[{\"DiskId\":\"disk-prepaid1\",\"DiskState\":\"EXPANDING\"}]}");
	cbs_settle(store, arena, now, &silent);
	ck_assert_ptr_null(store_failed(store));
	check_job("disk.recycle", number(IDENT_DISK, "disk-prepaid1"), now + 6 * day, "");
}
END_TEST

START_TEST(an_overdue_snapshot_goes_when_it_is_unlocked)
{
	struct snapshot p;
	int64_t no = number(IDENT_SNAPSHOT, "snap-islocked");
	load_well("{\"Snapshots\":[{\"SnapshotId\":\"snap-islocked\",\"DeadlineTime\":\"-1d\"}]}");
	cbs_settle(store, arena, now, &silent);
	ck_assert(store_snapshot(store, arena, no, &p));
	load_well("{\"Snapshots\":[{\"SnapshotId\":\"snap-islocked\",\"IsLocked\":false}]}");
	cbs_settle(store, arena, now, &silent);
	ck_assert(!store_snapshot(store, arena, no, &p));
}
END_TEST

START_TEST(the_seed_and_the_limits_are_taken)
{
	struct world w;
	load_well("{\"World\":{\"Seed\":42,\"DiskSnapshotQuota\":3,\"ServiceAvailable\":false}}");
	ck_assert(store_world(store, &w));
	ck_assert_uint_eq(w.seed, 42);
	ck_assert_int_eq(w.disk_snapshot_quota, 3);
	ck_assert(!w.service_available);
	ck_assert_int_eq(w.tag_max, 50);
}
END_TEST

int main(void)
{
	const TTest *const built_in[] = {
		default_has_the_documented_disk, default_has_something_of_everything, default_shares_and_images_are_counted,
		default_keeps_its_state_when_time_passes, default_may_be_loaded_twice,
	};
	const TTest *const table[] = { good_fixtures_load, bad_fixtures_are_named, nesting_is_bounded };
	const TTest *const rows[] = {
		a_new_disk_has_sensible_defaults, an_update_leaves_the_rest, tags_are_set_and_overwritten,
		an_empty_end_is_no_end, a_state_that_is_over_takes_its_job_along, a_hidden_disk_ends_its_state_and_shows,
		a_rollback_that_ends_takes_the_job_of_its_snapshot_along, creating_snapshots_are_counted, deadlines_become_jobs,
		a_disk_back_from_the_recycle_bin_has_its_term_again, an_expired_disk_may_change_its_state,
		an_overdue_snapshot_goes_when_it_is_unlocked, the_seed_and_the_limits_are_taken,
	};
	Suite *suite = suite_create("fixture");
	const struct {
		const char *name;
		const TTest *const *tests;
		size_t count;
	} cases[] = { { "built-in", built_in, LENGTH(built_in) }, { "table", table, LENGTH(table) }, { "rows", rows, LENGTH(rows) } };
	for (size_t i = 0; i < LENGTH(cases); i++) {
		TCase *tc = tcase_create(cases[i].name);
		tcase_add_checked_fixture(tc, setup, teardown);
		for (size_t j = 0; j < cases[i].count; j++)
			tcase_add_test(tc, cases[i].tests[j]);
		suite_add_tcase(suite, tc);
	}
	TCase *ends = tcase_create("endings");
	tcase_add_checked_fixture(ends, setup, teardown);
	tcase_add_loop_test(ends, a_transition_ends_when_the_fixture_says, 0, (int)LENGTH(endings));
	tcase_add_loop_test(ends, a_transition_without_an_end_lasts_until_told, 0, (int)LENGTH(endings));
	suite_add_tcase(suite, ends);
	return run_suite(suite);
}
