/* The store as a whole: transactions, failures that stick, rows from fixtures, counters recomputed, emptying. */
#include "store_world.h"

/* ---- transactions ------------------------------------------------------------------------------------------------------- */

START_TEST(a_new_world_has_its_one_row_and_healthy_components)
{
	struct store *s = open_memory();
	struct world w;
	ck_assert(store_is_new(s));
	ck_assert(!store_in_transaction(s));
	ck_assert(store_world(s, &w));
	ck_assert_uint_eq(w.seed, 1);
	ck_assert_int_eq(w.epoch, 0);
	ck_assert_int_eq(w.snapshot_quota_base, 64);
	ck_assert_int_eq(w.disk_snapshot_quota, 64);
	ck_assert_int_eq(w.instance_disk_max, 20);
	ck_assert(w.service_available);
	ck_assert(!w.snapshot_client_token);
	ck_assert(store_component_healthy(s, "storage"));
	ck_assert(store_component_healthy(s, "kms"));
	ck_assert_int_eq(store_next_due(s), INT64_MAX);
	store_close(s);
	store_close(NULL);
}
END_TEST

START_TEST(a_rollback_undoes_rows_counters_and_the_time_of_the_next_job)
{
	struct store *s = open_memory();
	struct arena *a = arena_new();
	struct job job = { .due_ms = 500, .kind = "disk.show", .resource = 1, .goes_to = "" };
	struct disk d = sample_disk(1);

	store_begin(s);
	ck_assert(store_in_transaction(s));
	store_job_add(s, &job);
	ck_assert(store_commit(s));
	ck_assert(!store_in_transaction(s));
	ck_assert_int_eq(store_next_due(s), 500);

	store_begin(s);
	store_disk_insert(s, &d);
	store_usage_add(s, OWNER, REGION, 1, 0, 0);
	job.due_ms = 100;
	store_job_add(s, &job);
	ck_assert_int_eq(store_next_due(s), 100);
	store_rollback(s);

	struct usage usage;
	store_usage(s, OWNER, REGION, &usage);
	ck_assert_int_eq(usage.disks, 0);
	ck_assert(!store_disk(s, a, 1, &d));
	ck_assert_int_eq(store_next_due(s), 500);

	store_begin(s);
	store_job_remove(s, 500, "disk.show", 1);
	ck_assert_int_eq(store_next_due(s), INT64_MAX);
	store_rollback(s);
	ck_assert_int_eq(store_next_due(s), 500);
	arena_free(a);
	store_close(s);
}
END_TEST

START_TEST(a_failure_sticks_until_the_end_of_the_transaction)
{
	struct store *s = open_memory();
	struct arena *a = arena_new();
	struct disk d = sample_disk(7), found;
	struct usage usage;
	struct world w;

	store_begin(s);
	store_disk_insert(s, &d);
	ck_assert(store_commit(s));

	store_begin(s);
	store_usage_add(s, OWNER, REGION, 1, 0, 0);
	store_disk_insert(s, &d); /* the number is taken */
	ck_assert_ptr_nonnull(store_failed(s));
	ck_assert_ptr_nonnull(strstr(store_failed(s), "disk.no"));
	ck_assert(!store_disk(s, a, 7, &found));
	ck_assert(!store_world(s, &w));
	ck_assert_int_eq(store_next_no(s, SEQUENCE_DISK, OWNER, REGION), 0);
	store_usage(s, OWNER, REGION, &usage);
	ck_assert_int_eq(usage.disks, 0);
	ck_assert(!store_commit(s));

	ck_assert_ptr_null(store_failed(s));
	ck_assert(!store_in_transaction(s));
	ck_assert(store_disk(s, a, 7, &found));
	store_usage(s, OWNER, REGION, &usage);
	ck_assert_int_eq(usage.disks, 0);

	store_begin(s);
	store_disk_insert(s, &d);
	ck_assert_ptr_nonnull(store_failed(s));
	store_rollback(s);
	ck_assert_ptr_null(store_failed(s));
	ck_assert(store_disk(s, a, 7, &found));
	arena_free(a);
	store_close(s);
}
END_TEST

START_TEST(the_first_failure_is_the_one_that_is_told)
{
	struct store *s = open_memory();
	struct disk d = sample_disk(7);
	struct job job = { .due_ms = 1, .kind = "no.such", .resource = 1, .goes_to = "" };
	store_begin(s);
	store_job_add(s, &job);
	store_disk_insert(s, &d);
	store_disk_insert(s, &d);
	ck_assert_ptr_nonnull(strstr(store_failed(s), "kind"));
	store_rollback(s);
	store_close(s);
}
END_TEST

START_TEST(two_stores_in_memory_do_not_meet)
{
	struct store *one = open_world(), *two = open_world();
	struct arena *a = arena_new();
	struct disk d = sample_disk(3);
	store_disk_insert(one, &d);
	ck_assert(store_disk(one, a, 3, &d));
	ck_assert(!store_disk(two, a, 3, &d));
	arena_free(a);
	close_world(one);
	close_world(two);
}
END_TEST

/* ---- rows from fixtures ------------------------------------------------------------------------------------------------- */

#define TRY(store, name, which, why, ...) \
	put_given(store, name, (const struct given[]){ __VA_ARGS__, { NULL, NULL, 0 } }, which, why)

START_TEST(put_makes_a_row_and_then_changes_only_what_is_given)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct account account;
	PUT(s, "Accounts", INT("Uin", OWNER), INT("CbsRole", 0));
	ck_assert(store_account(s, a, OWNER, &account));
	ck_assert_int_eq(account.uin, OWNER);
	ck_assert_int_eq(account.balance_cents, 500);
	ck_assert_str_eq(account.name, "owner");
	ck_assert(account.certified);
	ck_assert(!account.cbs_role);
	PUT(s, "Accounts", INT("Uin", OWNER)); /* nothing to change */
	ck_assert(!store_account(s, a, 4711, &account));
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(put_changes_the_world_without_a_key)
{
	struct store *s = open_world();
	struct world w;
	PUT(s, "World", INT("Seed", 42), INT("SnapshotQuotaBase", 3));
	PUT(s, "World", INT("SnapshotClientToken", 1));
	ck_assert(store_world(s, &w));
	ck_assert_uint_eq(w.seed, 42);
	ck_assert_int_eq(w.snapshot_quota_base, 3);
	ck_assert(w.snapshot_client_token);
	PUT(s, "Components", TEXT("Name", "kms"), INT("Healthy", 0));
	ck_assert(!store_component_healthy(s, "kms"));
	close_world(s);
}
END_TEST

START_TEST(put_says_which_field_a_new_row_lacks)
{
	struct store *s = open_world();
	const struct entity *disks = entity_named("Disks");
	size_t which = 99;
	const char *why;
	ck_assert_int_eq(TRY(s, "Disks", &which, &why, INT("DiskSize", 10)), PUT_MISSING);
	ck_assert_str_eq(disks->fields[which].name, "DiskId");
	ck_assert_int_eq(TRY(s, "Disks", &which, &why, INT("DiskId", 5), INT("DiskSize", 10)), PUT_MISSING);
	ck_assert(disks->fields[which].required);
	ck_assert_ptr_null(store_failed(s));
	close_world(s);
}
END_TEST

static void put_disk(struct store *s, int64_t no, const char *type, const char *zone)
{
	PUT(s, "Disks", INT("DiskId", no), INT("Account", OWNER), TEXT("Region", REGION), TEXT("Zone", zone), TEXT("DiskName", "d"),
	    TEXT("DiskType", type), INT("DiskSize", 50), INT("CreateTime", 1000));
}

START_TEST(put_writes_the_id_and_an_existing_row_needs_only_its_key)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct disk d;
	put_disk(s, 123, "CLOUD_PREMIUM", REGION "-3");
	PUT(s, "Disks", INT("DiskId", 123), TEXT("DiskState", "DUMPING"), INT("Portable", 0));
	ck_assert(store_disk(s, a, 123, &d));
	ck_assert_int_eq(d.state, DISK_DUMPING);
	ck_assert(!d.portable);
	ck_assert_int_eq(d.size_gib, 50);
	ck_assert_str_eq(d.zone, REGION "-3");
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(put_refuses_what_a_constraint_forbids_and_goes_on)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct disk d;
	size_t which;
	const char *why;
	put_disk(s, 123, "CLOUD_PREMIUM", REGION "-3");
	ck_assert_int_eq(TRY(s, "Disks", &which, &why, INT("DiskId", 123), TEXT("DiskState", "LOST")), PUT_FAILED);
	ck_assert_ptr_nonnull(strstr(why, "disk_state"));
	ck_assert_int_eq(TRY(s, "Disks", &which, &why, INT("DiskId", 123), TEXT("DiskSize", "wide")), PUT_FAILED);
	ck_assert_ptr_nonnull(strstr(why, "size_gib"));
	ck_assert_ptr_null(store_failed(s));
	PUT(s, "Disks", INT("DiskId", 123), INT("DiskSize", 60));
	ck_assert(store_commit(s));
	ck_assert(store_disk(s, a, 123, &d));
	ck_assert_int_eq(d.size_gib, 60);
	ck_assert_int_eq(d.state, DISK_UNATTACHED);
	arena_free(a);
	store_close(s);
}
END_TEST

START_TEST(put_refuses_references_to_nothing)
{
	struct store *s = open_world();
	size_t which;
	const char *why;
	ck_assert_int_eq(TRY(s, "Zones", &which, &why, TEXT("Zone", "mars-1"), TEXT("Region", "mars")), PUT_FAILED);
	ck_assert_str_eq(why, "Region \"mars\" does not exist");
	ck_assert_int_eq(TRY(s, "Projects", &which, &why, INT("Account", 5), INT("ProjectId", 1), TEXT("ProjectName", "")),
	                 PUT_FAILED);
	ck_assert_str_eq(why, "Account 5 does not exist");
	put_disk(s, 1, "CLOUD_PREMIUM", REGION "-3");
	ck_assert_int_eq(TRY(s, "Disks", &which, &why, INT("DiskId", 1), TEXT("DiskType", "PAPER")), PUT_FAILED);
	ck_assert_str_eq(why, "DiskType \"PAPER\" does not exist");
	ck_assert_ptr_null(store_failed(s));
	close_world(s);
}
END_TEST

START_TEST(put_after_a_failure_tells_that_failure)
{
	struct store *s = open_world();
	struct disk d = sample_disk(1);
	size_t which;
	const char *why;
	store_disk_insert(s, &d);
	store_disk_insert(s, &d);
	ck_assert_int_eq(TRY(s, "Accounts", &which, &why, INT("Uin", 9)), PUT_FAILED);
	ck_assert_str_eq(why, store_failed(s));
	store_rollback(s);
	store_close(s);
}
END_TEST

/* More kinds of statements than are kept, twice over. */
START_TEST(put_spells_any_number_of_statements)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	static const char *const fields[] = {
		"Certified", "PaymentRight", "CbsRole", "KmsAuthorized", "TradeConflict", "Refunds", "Rate",
	};
	const struct entity *e = entity_named("Accounts");
	struct account account;
	for (unsigned mask = 1; mask < 1U << LENGTH(fields); mask++) {
		struct value values[64] = { 0 };
		for (size_t i = 0; i < e->field_count; i++) {
			if (e->fields[i].key)
				values[i] = (struct value){ .set = true, .number = OWNER };
			for (size_t f = 0; f < LENGTH(fields); f++)
				if ((mask >> f & 1) && strcmp(e->fields[i].name, fields[f]) == 0)
					values[i] = (struct value){ .set = true, .number = mask & 1 };
		}
		size_t which;
		const char *why;
		ck_assert_int_eq(store_put(s, e, values, &which, &why), PUT_OK);
	}
	ck_assert(store_account(s, a, OWNER, &account));
	ck_assert(account.certified);
	ck_assert_int_eq(account.rate, 1);
	arena_free(a);
	close_world(s);
}
END_TEST

/* ---- counters and emptying ---------------------------------------------------------------------------------------------- */

static void put_resources(struct store *s)
{
	PUT(s, "Instances", INT("InstanceId", 11), INT("Account", OWNER), TEXT("Region", REGION), TEXT("Zone", REGION "-3"));
	for (int64_t no = 1; no <= 5; no++)
		put_disk(s, no, "CLOUD_PREMIUM", REGION "-3");
	PUT(s, "Disks", INT("DiskId", 1), INT("InstanceId", 11), TEXT("DiskState", "ATTACHED"));
	PUT(s, "Disks", INT("DiskId", 2), INT("InstanceId", 11), TEXT("DiskState", "ATTACHED"), TEXT("DiskUsage", "SYSTEM_DISK"));
	PUT(s, "Disks", INT("DiskId", 3), INT("InstanceId", 11), TEXT("DiskState", "DETACHING"));
	PUT(s, "Disks", INT("DiskId", 4), INT("InstanceId", 11), TEXT("DiskState", "ATTACHED"), INT("Portable", 0));
	PUT(s, "Disks", INT("DiskId", 5), INT("Hidden", 1), INT("ChainLength", 9));
	for (int64_t no = 1; no <= 3; no++)
		PUT(s, "Snapshots", INT("SnapshotId", no), INT("Account", OWNER), TEXT("Region", REGION), TEXT("Zone", REGION "-3"),
		    INT("DiskId", 1), TEXT("SnapshotName", "p"), INT("DiskSize", 50), INT("UsedMib", 10), INT("CreateTime", no));
	PUT(s, "Snapshots", INT("SnapshotId", 2), TEXT("SnapshotState", "CREATING"));
	PUT(s, "SnapshotShares", INT("SnapshotId", 3), INT("Account", STRANGER), INT("CreatedTime", 5));
	PUT(s, "Images", INT("ImageId", 1), TEXT("ImageName", "i"), INT("Account", OWNER), INT("SnapshotId", 3));
	PUT(s, "DiskBackups", INT("DiskBackupId", 1), INT("Account", OWNER), TEXT("Region", REGION), INT("DiskId", 2),
	    INT("DiskSize", 50), INT("CreateTime", 5));
	PUT(s, "Usage", INT("Account", STRANGER), TEXT("Region", OTHER_REGION), INT("SnapshotQuota", 17));
	store_usage_add(s, STRANGER, OTHER_REGION, 4, 4, 4);
	store_tag_set(s, TAG_DISK, 2, OWNER, "k", "v");
	store_tag_set(s, TAG_SNAPSHOT, 1, OWNER, "k", "v");
}

START_TEST(recount_finds_every_counter_in_the_rows)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	put_resources(s);
	for (int round = 0; round < 2; round++) {
		struct usage usage;
		struct disk d;
		struct snapshot p;
		struct instance instance;
		struct world w;
		store_recount(s);
		store_usage(s, OWNER, REGION, &usage);
		ck_assert_int_eq(usage.disks, 4);
		ck_assert_int_eq(usage.snapshots, 3);
		ck_assert_int_eq(usage.snapshot_mib, 30);
		ck_assert_int_eq(usage.snapshot_quota, 0);
		store_usage(s, STRANGER, OTHER_REGION, &usage);
		ck_assert_int_eq(usage.disks, 0);
		ck_assert_int_eq(usage.snapshots, 0);
		ck_assert_int_eq(usage.snapshot_quota, 17);
		ck_assert(store_disk(s, a, 1, &d));
		ck_assert_int_eq(d.snapshot_count, 3);
		ck_assert_int_eq(d.snapshot_mib, 30);
		ck_assert_int_eq(d.creating_snapshots, 1);
		ck_assert_int_eq(d.backup_count, 0);
		ck_assert(!d.tagged);
		ck_assert(store_disk(s, a, 2, &d));
		ck_assert_int_eq(d.snapshot_count, 0);
		ck_assert_int_eq(d.backup_count, 1);
		ck_assert(d.tagged);
		ck_assert(store_disk(s, a, 5, &d));
		ck_assert_int_eq(d.chain_length, 9);
		ck_assert(store_snapshot(s, a, 3, &p));
		ck_assert_int_eq(p.image_count, 1);
		ck_assert_int_eq(p.share_count, 1);
		ck_assert(!p.tagged);
		ck_assert(store_snapshot(s, a, 1, &p));
		ck_assert_int_eq(p.image_count, 0);
		ck_assert(p.tagged);
		ck_assert(store_instance(s, a, 11, &instance));
		ck_assert_int_eq(instance.attached, 2);
		ck_assert(store_world(s, &w));
		ck_assert_int_eq(w.creating_snapshots, 1);
	}
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(wiping_leaves_a_new_world)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct world w;
	struct disk d;
	struct tag *tags;
	struct credential *keys;
	struct vclock clock = { .frozen = true, .base_ms = 5, .set_ms = 6, .rate = 1000 };
	struct job job = { .due_ms = 5, .kind = "disk.show", .resource = 1, .goes_to = "" };
	const char *digest, *answer;
	put_resources(s);
	PUT(s, "Credentials", TEXT("SecretId", "x"), TEXT("SecretKey", "y"), INT("Account", OWNER));
	PUT(s, "World", INT("Seed", 42));
	int64_t first = store_next_no(s, SEQUENCE_DISK, OWNER, REGION);
	store_set_clock(s, &clock);
	store_job_add(s, &job);
	store_token_add(s, OWNER, REGION, "CreateDisks", "t", "d", "{}", 1);

	store_wipe(s);
	ck_assert_ptr_null(store_failed(s));
	ck_assert(store_world(s, &w));
	ck_assert_uint_eq(w.seed, 1);
	ck_assert_int_eq(w.snapshot_quota_base, 64);
	ck_assert(!store_disk(s, a, 1, &d));
	ck_assert_uint_eq(store_tags(s, a, TAG_DISK, 2, &tags), 0);
	ck_assert_uint_eq(store_credentials(s, a, &keys), 0);
	ck_assert(!store_shared_with(s, 3, STRANGER));
	ck_assert(!store_token(s, a, OWNER, REGION, "CreateDisks", "t", &digest, &answer));
	ck_assert_int_eq(store_next_due(s), INT64_MAX);
	store_get_clock(s, &clock, 77);
	ck_assert(!clock.frozen);
	ck_assert_int_eq(clock.set_ms, 77);

	put_places(s);
	PUT(s, "World", INT("Seed", 42));
	ck_assert_int_eq(store_next_no(s, SEQUENCE_DISK, OWNER, REGION), first);
	arena_free(a);
	close_world(s);
}
END_TEST

int main(void)
{
	const TTest *const transactions[] = {
		a_new_world_has_its_one_row_and_healthy_components,
		a_rollback_undoes_rows_counters_and_the_time_of_the_next_job,
		a_failure_sticks_until_the_end_of_the_transaction,
		the_first_failure_is_the_one_that_is_told,
		two_stores_in_memory_do_not_meet,
	};
	const TTest *const rows[] = {
		put_makes_a_row_and_then_changes_only_what_is_given,
		put_changes_the_world_without_a_key,
		put_says_which_field_a_new_row_lacks,
		put_writes_the_id_and_an_existing_row_needs_only_its_key,
		put_refuses_what_a_constraint_forbids_and_goes_on,
		put_refuses_references_to_nothing,
		put_after_a_failure_tells_that_failure,
		put_spells_any_number_of_statements,
	};
	const TTest *const whole[] = { recount_finds_every_counter_in_the_rows, wiping_leaves_a_new_world };
	Suite *suite = suite_create("store");
	add_case(suite, "transactions", transactions, LENGTH(transactions));
	add_case(suite, "put", rows, LENGTH(rows));
	add_case(suite, "world", whole, LENGTH(whole));
	return run_suite(suite);
}
