/* Disks, snapshots, backup points, tags and jobs: what is written comes back, and what hangs on a row follows it. */
#include "store_world.h"

#include "util/ident.h"

/* ---- disks -------------------------------------------------------------------------------------------------------------- */

/* Every field with a value of its own, so that two columns in the wrong order are seen. */
static struct disk odd_disk(int64_t no)
{
	return (struct disk){
		.no = no, .account = OWNER, .project_id = 101, .size_gib = 102, .state_since_ms = 103, .state_until_ms = 104,
		.create_ms = 105, .deadline_ms = 106, .instance = 107, .last_instance = 108, .throughput = 109, .backup_quota = 110,
		.backup_count = 111, .migrate_percent = 112, .from_snapshot = 113, .used_mib = 114, .snapshot_count = 115,
		.snapshot_mib = 116, .creating_snapshots = 117, .chain_length = 118, .lock_until_ms = 119, .state = DISK_EXPANDING,
		.region = REGION, .zone = REGION "-3", .cluster_id = "cluster-1", .name = "名字", .type = "CLOUD_PREMIUM",
		.usage = "SYSTEM_DISK", .charge_type = "PREPAID", .renew_flag = "NOTIFY_AND_AUTO_RENEW", .attach_mode = "PF",
		.encrypt_type = "ENCRYPT_V1", .kms_key_id = "key", .held_by = "someone", .hidden = true, .portable = true,
		.encrypt = true, .burst = true, .delete_snapshot = true, .tagged = true, .backend_fault = true,
	};
}

static void check_disk(const struct disk *a, const struct disk *b)
{
#define SAME_INT(field) ck_assert_int_eq(a->field, b->field)
#define SAME_TEXT(field) ck_assert_str_eq(a->field, b->field)
	SAME_INT(no); SAME_INT(account); SAME_INT(project_id); SAME_INT(size_gib); SAME_INT(state_since_ms); SAME_INT(state_until_ms);
	SAME_INT(create_ms); SAME_INT(deadline_ms); SAME_INT(instance); SAME_INT(last_instance); SAME_INT(throughput);
	SAME_INT(backup_quota); SAME_INT(backup_count); SAME_INT(migrate_percent); SAME_INT(from_snapshot); SAME_INT(used_mib);
	SAME_INT(snapshot_count); SAME_INT(snapshot_mib); SAME_INT(creating_snapshots); SAME_INT(chain_length); SAME_INT(lock_until_ms);
	SAME_INT(state);
	SAME_TEXT(region); SAME_TEXT(zone); SAME_TEXT(cluster_id); SAME_TEXT(name); SAME_TEXT(type); SAME_TEXT(usage);
	SAME_TEXT(charge_type); SAME_TEXT(renew_flag); SAME_TEXT(attach_mode); SAME_TEXT(encrypt_type); SAME_TEXT(kms_key_id);
	SAME_TEXT(held_by);
	SAME_INT(hidden); SAME_INT(delete_with_instance); SAME_INT(portable); SAME_INT(shareable); SAME_INT(encrypt);
	SAME_INT(snapshot_ability); SAME_INT(burst); SAME_INT(migrating); SAME_INT(delete_snapshot); SAME_INT(refundable);
	SAME_INT(tagged); SAME_INT(isolated); SAME_INT(backend_fault);
}

START_TEST(a_disk_comes_back_as_it_was_written)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct disk d = odd_disk(9), found;
	store_disk_insert(s, &d);
	ck_assert(store_disk(s, a, 9, &found));
	check_disk(&d, &found);
	ck_assert(!store_disk(s, a, 10, &found));
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(saving_a_disk_leaves_what_others_write)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct disk before = sample_disk(9), saved = odd_disk(9), found;
	store_disk_insert(s, &before);
	saved.account = STRANGER;
	saved.region = OTHER_REGION;
	store_disk_save(s, &saved);
	ck_assert(store_disk(s, a, 9, &found));
	saved.account = before.account;
	saved.region = before.region;
	saved.create_ms = before.create_ms;
	saved.state = before.state;
	saved.state_since_ms = before.state_since_ms;
	saved.state_until_ms = before.state_until_ms;
	check_disk(&saved, &found);

	store_disk_set_state(s, 9, DISK_ROLLBACKING, 5, 6);
	ck_assert(store_disk(s, a, 9, &found));
	ck_assert_int_eq(found.state, DISK_ROLLBACKING);
	ck_assert_int_eq(found.state_since_ms, 5);
	ck_assert_int_eq(found.state_until_ms, 6);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(counters_of_a_disk_stop_at_zero)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct disk d = sample_disk(9);
	store_disk_insert(s, &d);
	store_disk_count(s, 9, 2, 30, 1, 4);
	store_disk_count(s, 9, -1, -10, 0, -1);
	ck_assert(store_disk(s, a, 9, &d));
	ck_assert_int_eq(d.snapshot_count, 1);
	ck_assert_int_eq(d.snapshot_mib, 20);
	ck_assert_int_eq(d.creating_snapshots, 1);
	ck_assert_int_eq(d.chain_length, 3);
	store_disk_count(s, 9, -5, -50, -5, -5);
	ck_assert(store_disk(s, a, 9, &d));
	ck_assert_int_eq(d.snapshot_count + d.snapshot_mib + d.creating_snapshots + d.chain_length, 0);
	arena_free(a);
	close_world(s);
}
END_TEST

static void put_backup(struct store *s, int64_t no, int64_t disk)
{
	PUT(s, "DiskBackups", INT("DiskBackupId", no), INT("Account", OWNER), TEXT("Region", REGION), INT("DiskId", disk),
	    TEXT("DiskBackupName", "b"), INT("DiskSize", 50), INT("CreateTime", 5));
}

static void add_job(struct store *s, int64_t due_ms, const char *kind, int64_t resource)
{
	struct job job = { .due_ms = due_ms, .kind = kind, .resource = resource, .goes_to = "", .arg = 0 };
	store_job_add(s, &job);
}

START_TEST(a_disk_takes_along_its_tags_backups_and_jobs)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct disk d = sample_disk(1), other = sample_disk(2);
	struct backup backup;
	struct tag *tags;
	struct job job;
	store_disk_insert(s, &d);
	store_disk_insert(s, &other);
	for (int64_t no = 1; no <= 2; no++) {
		store_tag_set(s, TAG_DISK, no, OWNER, "k", "v");
		store_tag_set(s, TAG_SNAPSHOT, no, OWNER, "k", "v");
		put_backup(s, 10 + no, no);
		add_job(s, 100 * no, "disk.attach", no);
		add_job(s, 150 * no, "disk.expire", no);
		add_job(s, 120 * no, "snapshot.create", no);
		add_job(s, 130 * no, "backup.create", 10 + no);
	}
	ck_assert_int_eq(store_next_due(s), 100);
	store_disk_delete(s, 1);
	ck_assert(!store_disk(s, a, 1, &d));
	ck_assert(store_disk(s, a, 2, &d));
	ck_assert_uint_eq(store_tags(s, a, TAG_DISK, 1, &tags), 0);
	ck_assert_uint_eq(store_tags(s, a, TAG_SNAPSHOT, 1, &tags), 1);
	ck_assert_uint_eq(store_tags(s, a, TAG_DISK, 2, &tags), 1);
	ck_assert(!store_backup(s, a, 11, &backup));
	ck_assert(store_backup(s, a, 12, &backup));
	ck_assert(!store_job_of(s, a, "disk.attach", 1, &job));
	ck_assert(!store_job_of(s, a, "disk.expire", 1, &job));
	ck_assert(!store_job_of(s, a, "backup.create", 11, &job));
	ck_assert(store_job_of(s, a, "backup.create", 12, &job));
	ck_assert(store_job_of(s, a, "disk.attach", 2, &job));
	ck_assert_int_eq(store_next_due(s), 120);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(disks_of_an_instance)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct disk *disks;
	for (int64_t no = 1; no <= 12; no++) {
		struct disk d = sample_disk(no);
		d.instance = no % 2 ? 7 : 0;
		store_disk_insert(s, &d);
	}
	ck_assert_uint_eq(store_disks_of_instance(s, a, 7, &disks), 6);
	ck_assert_int_eq(disks[0].no, 1);
	ck_assert_int_eq(disks[5].no, 11);
	ck_assert_str_eq(disks[5].region, REGION);
	ck_assert_uint_eq(store_disks_of_instance(s, a, 8, &disks), 0);
	ck_assert_uint_eq(store_disks_of_instance(s, a, 0, &disks), 0);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(states_are_known_by_name)
{
	ck_assert_int_eq(state_by_name(disk_state_names, N_DISK_STATES, "ROLLBACKING"), DISK_ROLLBACKING);
	ck_assert_int_eq(state_by_name(snapshot_state_names, N_SNAPSHOT_STATES, "TORECYCLE"), SNAPSHOT_TORECYCLE);
	ck_assert_int_eq(state_by_name(backup_state_names, N_BACKUP_STATES, "CREATING"), BACKUP_CREATING);
	ck_assert_int_eq(state_by_name(disk_state_names, N_DISK_STATES, "CREATING"), -1);
}
END_TEST

/* ---- snapshots and backup points ---------------------------------------------------------------------------------------- */

static struct snapshot odd_snapshot(int64_t no)
{
	return (struct snapshot){
		.no = no, .account = OWNER, .project_id = 201, .disk = 202, .size_gib = 203, .used_mib = 204, .state_since_ms = 205,
		.state_until_ms = 206, .create_ms = 207, .modify_ms = 208, .deadline_ms = 209, .image_count = 210, .share_count = 211,
		.share_ms = 212, .state = SNAPSHOT_CHECKING_COPIED, .region = REGION, .zone = REGION "-4", .name = "快照",
		.usage = "SYSTEM_DISK", .copying_to = OTHER_REGION, .instant = true, .encrypt = true, .locked = true,
		.tagged = true,
	};
}

static void check_snapshot(const struct snapshot *a, const struct snapshot *b)
{
	SAME_INT(no); SAME_INT(account); SAME_INT(project_id); SAME_INT(disk); SAME_INT(size_gib); SAME_INT(used_mib);
	SAME_INT(state_since_ms); SAME_INT(state_until_ms); SAME_INT(create_ms); SAME_INT(modify_ms); SAME_INT(deadline_ms);
	SAME_INT(image_count); SAME_INT(share_count); SAME_INT(share_ms); SAME_INT(state);
	SAME_TEXT(region); SAME_TEXT(zone); SAME_TEXT(name); SAME_TEXT(usage); SAME_TEXT(copying_to);
	SAME_INT(encrypt); SAME_INT(copied); SAME_INT(locked); SAME_INT(instant); SAME_INT(legacy_system); SAME_INT(tagged);
}

START_TEST(a_snapshot_comes_back_as_it_was_written)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct snapshot p = odd_snapshot(9), found;
	store_snapshot_insert(s, &p);
	ck_assert(store_snapshot(s, a, 9, &found));
	check_snapshot(&p, &found);
	p.encrypt = p.locked = p.tagged = false;
	p.copied = p.legacy_system = true;
	p.no = 10;
	store_snapshot_insert(s, &p);
	ck_assert(store_snapshot(s, a, 10, &found));
	check_snapshot(&p, &found);
	ck_assert(!store_snapshot(s, a, 11, &found));
	arena_free(a);
	close_world(s);
}
END_TEST

/* Many usual rows in one statement, each for itself, and one of which nothing is usual. */
START_TEST(snapshots_that_are_written_together_come_back_each_as_it_was)
{
	enum { FIRST = 20, ODD = 31, LAST = 45 };
	struct store *s = open_world();
	struct arena *a = arena_new();
	store_begin(s);
	for (int64_t no = FIRST; no <= LAST; no++) {
		struct snapshot p = no == ODD ? odd_snapshot(no) : sample_snapshot(no, no);
		store_snapshot_insert(s, &p);
	}
	ck_assert(store_commit(s));
	for (int64_t no = FIRST; no <= LAST; no++) {
		struct snapshot p = no == ODD ? odd_snapshot(no) : sample_snapshot(no, no), found;
		ck_assert(store_snapshot(s, a, no, &found));
		check_snapshot(&p, &found);
	}
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(saving_a_snapshot_writes_six_fields)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct snapshot p = sample_snapshot(9, 1), saved = odd_snapshot(9), found;
	store_snapshot_insert(s, &p);
	store_snapshot_save(s, &saved);
	ck_assert(store_snapshot(s, a, 9, &found));
	p.name = saved.name;
	p.deadline_ms = saved.deadline_ms;
	p.modify_ms = saved.modify_ms;
	p.tagged = saved.tagged;
	p.locked = saved.locked;
	p.copying_to = saved.copying_to;
	check_snapshot(&p, &found);

	store_snapshot_set_state(s, 9, SNAPSHOT_ROLLBACKING, 5, 6);
	ck_assert(store_snapshot(s, a, 9, &found));
	ck_assert_int_eq(found.state, SNAPSHOT_ROLLBACKING);
	ck_assert_int_eq(found.state_since_ms, 5);
	ck_assert_int_eq(found.state_until_ms, 6);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(a_snapshot_takes_along_tags_and_shares_and_images_when_asked)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct snapshot p;
	struct image *images;
	struct tag *tags;
	for (int64_t no = 1; no <= 3; no++) {
		p = sample_snapshot(no, 1);
		store_snapshot_insert(s, &p);
		store_tag_set(s, TAG_SNAPSHOT, no, OWNER, "k", "v");
		PUT(s, "SnapshotShares", INT("SnapshotId", no), INT("Account", STRANGER), INT("CreatedTime", 5));
		PUT(s, "Images", INT("ImageId", no), TEXT("ImageName", "i"), INT("Account", OWNER), INT("SnapshotId", no));
	}
	PUT(s, "Images", INT("ImageId", 0), TEXT("ImageName", "first"), INT("Account", OWNER), INT("SnapshotId", 1));
	ck_assert(store_shared_with(s, 1, STRANGER));
	ck_assert(!store_shared_with(s, 1, OWNER));
	store_snapshot_delete(s, 1, false);
	ck_assert(!store_snapshot(s, a, 1, &p));
	ck_assert(!store_shared_with(s, 1, STRANGER));
	ck_assert_uint_eq(store_tags(s, a, TAG_SNAPSHOT, 1, &tags), 0);
	ck_assert_uint_eq(store_images(s, a, 1, &images), 2);
	ck_assert_str_eq(images[0].name, "first");
	ck_assert_int_eq(strncmp(images[0].id, IDENT_IMAGE, strlen(IDENT_IMAGE)), 0);
	store_snapshot_delete(s, 2, true);
	ck_assert_uint_eq(store_images(s, a, 2, &images), 0);
	ck_assert_uint_eq(store_images(s, a, 3, &images), 1);
	ck_assert(store_shared_with(s, 3, STRANGER));
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(snapshots_of_a_disk_come_oldest_first)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct snapshot *rows;
	static const int64_t created[] = { 30, 10, 20, 10 };
	for (size_t i = 0; i < LENGTH(created); i++) {
		struct snapshot p = sample_snapshot((int64_t)i + 1, 8);
		p.create_ms = created[i];
		store_snapshot_insert(s, &p);
	}
	struct snapshot copy = sample_snapshot(50, 0);
	store_snapshot_insert(s, &copy);
	ck_assert_uint_eq(store_snapshots_of_disk(s, a, 8, &rows), 4);
	ck_assert_int_eq(rows[0].no, 2);
	ck_assert_int_eq(rows[1].no, 4);
	ck_assert_int_eq(rows[2].no, 3);
	ck_assert_int_eq(rows[3].no, 1);
	ck_assert_uint_eq(store_snapshots_of_disk(s, a, 9, &rows), 0);
	ck_assert_uint_eq(store_snapshots_of_disk(s, a, 0, &rows), 0);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(a_backup_point_counts_on_its_disk)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct disk d = sample_disk(1);
	struct backup b;
	store_disk_insert(s, &d);
	put_backup(s, 5, 1);
	put_backup(s, 6, 1);
	PUT(s, "DiskBackups", INT("DiskBackupId", 5), TEXT("DiskUsage", "SYSTEM_DISK"), INT("Encrypt", 1));
	store_recount(s);
	store_backup_set_state(s, 5, BACKUP_ROLLBACKING, 11, 12);
	ck_assert(store_backup(s, a, 5, &b));
	ck_assert_int_eq(b.no, 5);
	ck_assert_int_eq(b.account, OWNER);
	ck_assert_int_eq(b.disk, 1);
	ck_assert_int_eq(b.size_gib, 50);
	ck_assert_int_eq(b.state, BACKUP_ROLLBACKING);
	ck_assert_int_eq(b.state_since_ms, 11);
	ck_assert_int_eq(b.state_until_ms, 12);
	ck_assert_int_eq(b.create_ms, 5);
	ck_assert_str_eq(b.region, REGION);
	ck_assert_str_eq(b.name, "b");
	ck_assert_str_eq(b.usage, "SYSTEM_DISK");
	ck_assert(b.encrypt);
	store_backup_delete(s, 5);
	ck_assert(!store_backup(s, a, 5, &b));
	ck_assert(store_disk(s, a, 1, &d));
	ck_assert_int_eq(d.backup_count, 1);
	store_backup_delete(s, 5);
	ck_assert(store_disk(s, a, 1, &d));
	ck_assert_int_eq(d.backup_count, 1);
	arena_free(a);
	close_world(s);
}
END_TEST

/* ---- tags and jobs ------------------------------------------------------------------------------------------------------ */

START_TEST(tags_keep_the_order_they_were_set_in)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct disk d = sample_disk(1);
	struct snapshot p = sample_snapshot(1, 1);
	struct tag *tags;
	store_disk_insert(s, &d);
	store_snapshot_insert(s, &p);
	store_tag_set(s, TAG_DISK, 1, OWNER, "zone", "a");
	store_tag_set(s, TAG_DISK, 1, OWNER, "app", "");
	store_tag_set(s, TAG_DISK, 1, OWNER, "名", "b");
	store_tag_set(s, TAG_DISK, 1, OWNER, "zone", "c");
	ck_assert_uint_eq(store_tags(s, a, TAG_DISK, 1, &tags), 3);
	ck_assert_str_eq(tags[0].key, "zone");
	ck_assert_str_eq(tags[0].value, "c");
	ck_assert_str_eq(tags[1].key, "app");
	ck_assert_str_eq(tags[1].value, "");
	ck_assert_str_eq(tags[2].key, "名");
	ck_assert(store_disk(s, a, 1, &d));
	ck_assert(d.tagged);
	ck_assert(store_snapshot(s, a, 1, &p));
	ck_assert(!p.tagged);
	store_tag_set(s, TAG_SNAPSHOT, 1, OWNER, "k", "v");
	ck_assert(store_snapshot(s, a, 1, &p));
	ck_assert(p.tagged);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(jobs_come_in_due_order)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	static const struct job expected[] = {
		{ .due_ms = 5, .kind = "snapshot.create", .resource = 1 },
		{ .due_ms = 10, .kind = "disk.attach", .resource = 9 },
		{ .due_ms = 10, .kind = "disk.expand", .resource = 2 },
		{ .due_ms = 10, .kind = "disk.expand", .resource = 3 },
		{ .due_ms = 20, .kind = "backup.create", .resource = 1 },
	};
	static const size_t order[] = { 4, 2, 0, 3, 1 };
	struct job job;
	for (size_t i = 0; i < LENGTH(order); i++)
		add_job(s, expected[order[i]].due_ms, expected[order[i]].kind, expected[order[i]].resource);
	ck_assert_int_eq(store_next_due(s), 5);
	ck_assert(!store_job_due(s, a, 4, &job));
	for (size_t i = 0; i < LENGTH(expected); i++) {
		ck_assert(store_job_due(s, a, 20, &job));
		ck_assert_int_eq(job.due_ms, expected[i].due_ms);
		ck_assert_str_eq(job.kind, expected[i].kind);
		ck_assert_int_eq(job.resource, expected[i].resource);
		ck_assert_int_eq(store_next_due(s), job.due_ms);
		store_job_remove(s, job.due_ms, job.kind, job.resource);
	}
	ck_assert(!store_job_due(s, a, INT64_MAX, &job));
	ck_assert_int_eq(store_next_due(s), INT64_MAX);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(jobs_are_found_and_removed_by_resource)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct job full = { .due_ms = 40, .kind = "disk.expand", .resource = 1, .goes_to = "ATTACHED", .arg = 80 }, job;
	store_job_add(s, &full);
	add_job(s, 30, "disk.expire", 1);
	add_job(s, 20, "snapshot.expire", 1);
	add_job(s, 50, "disk.expire", 2);
	add_job(s, INT64_MAX, "disk.attach", 3); /* ends when someone says so */
	ck_assert(store_job_of(s, a, "disk.expand", 1, &job));
	ck_assert_int_eq(job.due_ms, 40);
	ck_assert_str_eq(job.goes_to, "ATTACHED");
	ck_assert_int_eq(job.arg, 80);
	ck_assert(!store_job_of(s, a, "disk.detach", 1, &job));
	store_job_remove_all(s, "disk.", 1);
	ck_assert(!store_job_of(s, a, "disk.expand", 1, &job));
	ck_assert(!store_job_of(s, a, "disk.expire", 1, &job));
	ck_assert(store_job_of(s, a, "snapshot.expire", 1, &job));
	ck_assert(store_job_of(s, a, "disk.expire", 2, &job));
	store_job_remove_all(s, "snapshot.expire", 1);
	ck_assert_int_eq(store_next_due(s), 50);
	store_job_remove_all(s, "disk.", 2);
	ck_assert_int_eq(store_next_due(s), INT64_MAX);
	ck_assert(!store_job_due(s, a, INT64_MAX - 1, &job));
	ck_assert(store_job_of(s, a, "disk.attach", 3, &job));
	arena_free(a);
	close_world(s);
}
END_TEST

int main(void)
{
	const TTest *const disks[] = {
		a_disk_comes_back_as_it_was_written, saving_a_disk_leaves_what_others_write, counters_of_a_disk_stop_at_zero,
		a_disk_takes_along_its_tags_backups_and_jobs, disks_of_an_instance, states_are_known_by_name,
	};
	const TTest *const snapshots[] = {
		a_snapshot_comes_back_as_it_was_written, snapshots_that_are_written_together_come_back_each_as_it_was,
		saving_a_snapshot_writes_six_fields,
		a_snapshot_takes_along_tags_and_shares_and_images_when_asked, snapshots_of_a_disk_come_oldest_first,
		a_backup_point_counts_on_its_disk,
	};
	const TTest *const rest[] = {
		tags_keep_the_order_they_were_set_in, jobs_come_in_due_order, jobs_are_found_and_removed_by_resource,
	};
	Suite *suite = suite_create("store_rows");
	add_case(suite, "disks", disks, LENGTH(disks));
	add_case(suite, "snapshots", snapshots, LENGTH(snapshots));
	add_case(suite, "rest", rest, LENGTH(rest));
	return run_suite(suite);
}
