/* The world around the resources: its one row, numbers, places, accounts, instances, client tokens. */
#include "store_world.h"

#include "util/ident.h"

#include "util/ident.h"

/* ---- the world's one row and what surrounds it -------------------------------------------------------------------------- */

START_TEST(the_clock_is_real_until_it_is_set)
{
	struct store *s = open_world();
	struct vclock clock, set = { .frozen = true, .base_ms = 10, .set_ms = 20, .rate = 2000 };
	store_get_clock(s, &clock, 123456);
	ck_assert(!clock.frozen);
	ck_assert_int_eq(vclock_now(&clock, 123456), 123456);
	ck_assert_int_eq(clock.rate, 1000);
	store_set_clock(s, &set);
	store_get_clock(s, &clock, 123456);
	ck_assert(clock.frozen);
	ck_assert_int_eq(clock.base_ms, 10);
	ck_assert_int_eq(clock.set_ms, 20);
	ck_assert_int_eq(clock.rate, 2000);
	close_world(s);
}
END_TEST

START_TEST(epochs_and_creating_snapshots_are_counted)
{
	struct store *s = open_world();
	struct world w;
	store_next_epoch(s);
	store_next_epoch(s);
	store_creating_add(s, OWNER, REGION, 3);
	store_creating_add(s, OWNER, REGION, -1);
	store_creating_add(s, STRANGER, OTHER_REGION, 4);
	ck_assert(store_world(s, &w));
	ck_assert_int_eq(w.epoch, 2);
	ck_assert_int_eq(w.creating_snapshots, 6);
	store_creating_add(s, OWNER, REGION, -5);
	ck_assert(store_world(s, &w));
	ck_assert_int_eq(w.creating_snapshots, 4);
	close_world(s);
}
END_TEST

START_TEST(numbers_count_up_from_a_place_the_seed_decides)
{
	struct store *one = open_world(), *two = open_world(), *three = open_world();
	PUT(two, "World", INT("Seed", 2));
	int64_t disk = store_next_no(one, SEQUENCE_DISK, OWNER, REGION);
	int64_t snapshot = store_next_no(one, SEQUENCE_SNAPSHOT, OWNER, REGION);
	ck_assert_int_ge(disk, IDENT_NUMBERS - (INT64_C(1) << 34));
	ck_assert_int_lt(disk, IDENT_NUMBERS - (INT64_C(1) << 33));
	ck_assert_int_ne(disk, snapshot);
	ck_assert_int_ne(disk, store_next_no(two, SEQUENCE_DISK, OWNER, REGION));
	ck_assert_int_eq(disk, store_next_no(three, SEQUENCE_DISK, OWNER, REGION));
	ck_assert_int_eq(store_next_no(one, SEQUENCE_DISK, STRANGER, OTHER_REGION), disk + 1);
	ck_assert_int_eq(store_next_no(one, SEQUENCE_DISK, OWNER, REGION), disk + 2);
	ck_assert_int_eq(store_next_no(one, SEQUENCE_SNAPSHOT, STRANGER, REGION), snapshot + 1);
	close_world(one);
	close_world(two);
	close_world(three);
}
END_TEST

/* Whatever else is there. */
START_TEST(numbers_begin_anew_with_the_seed)
{
	struct store *s = open_world();
	int64_t first = store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION);
	const int64_t others[] = { 7, first - 1, first + 10, IDENT_NUMBERS - 1 };
	for (size_t i = 0; i < LENGTH(others); i++) {
		struct snapshot p = sample_snapshot(others[i], 0);
		store_snapshot_insert(s, &p);
		store_set_seed(s, 1);
		ck_assert_int_eq(store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION), first);
	}
	close_world(s);
}
END_TEST

START_TEST(numbers_a_fixture_took_are_passed_over)
{
	struct store *s = open_world(), *same = open_world();
	int64_t first = store_next_no(same, SEQUENCE_DISK, OWNER, REGION);
	struct disk d = sample_disk(first);
	store_disk_insert(s, &d);
	d.no = first + 1;
	store_disk_insert(s, &d);
	ck_assert_int_eq(store_next_no(s, SEQUENCE_DISK, OWNER, REGION), first + 2);
	d.no = first + 3;
	store_disk_insert(s, &d);
	ck_assert_int_eq(store_next_no(s, SEQUENCE_DISK, OWNER, REGION), first + 4);

	int64_t snapshot = store_next_no(same, SEQUENCE_SNAPSHOT, OWNER, REGION);
	struct snapshot p = sample_snapshot(snapshot, 0);
	store_snapshot_insert(s, &p);
	ck_assert_int_eq(store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION), snapshot + 1);
	close_world(s);
	close_world(same);
}
END_TEST

START_TEST(places_are_found_by_name)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct region region;
	struct zone zone;
	struct disk_type type;
	ck_assert(store_region(s, a, REGION, &region));
	ck_assert_str_eq(region.name, REGION);
	ck_assert_str_eq(region.name_en, "Guangzhou");
	ck_assert_str_eq(region.name_zh, "广州");
	ck_assert(region.cbs && !region.finance && region.encrypted_snapshot);
	ck_assert(store_region(s, a, OTHER_REGION, &region));
	ck_assert(!region.encrypted_snapshot);
	ck_assert_str_eq(region.name_en, "");
	ck_assert(!store_region(s, a, "mars", &region));
	ck_assert(store_zone(s, a, REGION "-3", &zone));
	ck_assert_str_eq(zone.region, REGION);
	ck_assert_str_eq(zone.sold_out, "CLOUD_SSD,CLOUD_HSSD");
	ck_assert(!store_zone(s, a, REGION, &zone));
	ck_assert(store_disk_type(s, a, "CLOUD_PREMIUM", &type));
	ck_assert_int_eq(type.min_gib, 10);
	ck_assert_int_eq(type.max_gib, 32000);
	ck_assert_int_eq(type.step_gib, 10);
	ck_assert(type.sold && !type.local && !type.burst);
	ck_assert(!store_disk_type(s, a, "PAPER", &type));
	ck_assert(store_component_healthy(s, "unheard of"));
	ck_assert(!store_action_offline(s, "CreateDisks"));
	PUT(s, "OfflineActions", TEXT("Action", "CreateDisks"));
	ck_assert(store_action_offline(s, "CreateDisks"));
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(credentials_come_all_at_once)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct credential *keys;
	ck_assert_uint_eq(store_credentials(s, a, &keys), 0);
	for (char id[] = "A"; id[0] < 'A' + 9; id[0]++)
		PUT(s, "Credentials", TEXT("SecretId", arena_strdup(a, id)), TEXT("SecretKey", "k"), INT("Account", OWNER));
	PUT(s, "Credentials", TEXT("SecretId", "I"), TEXT("Token", "t"), INT("SubUin", 5), INT("Expiration", 77), TEXT("Mfa", "FAILED"),
	    TEXT("Status", "DISABLED"), TEXT("Kind", "OTHER"));
	ck_assert_uint_eq(store_credentials(s, a, &keys), 9);
	for (int i = 0; i < 9; i++)
		ck_assert_int_eq(keys[i].secret_id[0], 'A' + i);
	ck_assert_str_eq(keys[0].token, "");
	ck_assert_str_eq(keys[0].status, "ENABLED");
	ck_assert_str_eq(keys[0].kind, "API");
	ck_assert_str_eq(keys[0].mfa, "NONE");
	ck_assert_str_eq(keys[8].secret_key, "k");
	ck_assert_str_eq(keys[8].token, "t");
	ck_assert_str_eq(keys[8].status, "DISABLED");
	ck_assert_str_eq(keys[8].kind, "OTHER");
	ck_assert_str_eq(keys[8].mfa, "FAILED");
	ck_assert_int_eq(keys[8].account, OWNER);
	ck_assert_int_eq(keys[8].sub_uin, 5);
	ck_assert_int_eq(keys[8].expires_ms, 77);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(permissions_are_globs_over_action_and_resource)
{
	struct store *s = open_world();
	const char *disk = "qcs::cvm:ap-guangzhou:uin/100001:volume/disk-1";
	bool product = true;
	ck_assert(!store_denied(s, OWNER, 0, "cvm:CreateSnapshot", disk, &product));
	PUT(s, "Permissions", INT("Account", OWNER), INT("SubUin", 5), TEXT("Action", "cvm:Create*"), TEXT("Resource", "*volume/*"));
	ck_assert(store_denied(s, OWNER, 5, "cvm:CreateSnapshot", disk, &product));
	ck_assert(!product);
	ck_assert(!store_denied(s, OWNER, 6, "cvm:CreateSnapshot", disk, &product));
	ck_assert(!store_denied(s, OWNER, 0, "cvm:CreateSnapshot", disk, &product));
	ck_assert(!store_denied(s, STRANGER, 5, "cvm:CreateSnapshot", disk, &product));
	ck_assert(!store_denied(s, OWNER, 5, "cvm:DeleteSnapshots", disk, &product));
	ck_assert(!store_denied(s, OWNER, 5, "cvm:CreateSnapshot", "qcs::cvm:x:uin/1:snapshot/s", &product));
	PUT(s, "Permissions", INT("Account", OWNER), INT("SubUin", 0), TEXT("Action", "cvm:DeleteSnapshots"), TEXT("Resource", "*"),
	    INT("ProductLevel", 1));
	ck_assert(store_denied(s, OWNER, 6, "cvm:DeleteSnapshots", disk, &product));
	ck_assert(product);
	ck_assert(store_denied(s, OWNER, 0, "cvm:DeleteSnapshots", disk, &product));
	close_world(s);
}
END_TEST

START_TEST(accounts_projects_and_usage)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct account account;
	struct usage usage;
	store_add_refunds(s, OWNER, 3);
	store_add_refunds(s, OWNER, 1);
	ck_assert(store_account(s, a, OWNER, &account));
	ck_assert_int_eq(account.refunds, 4);

	PUT(s, "Projects", INT("Account", OWNER), INT("ProjectId", 12), TEXT("ProjectName", "blue"));
	ck_assert(store_project_exists(s, OWNER, 0));
	ck_assert(store_project_exists(s, OWNER, 12));
	ck_assert(!store_project_exists(s, STRANGER, 12));
	ck_assert_str_eq(store_project_name(s, a, OWNER, 12), "blue");
	ck_assert_ptr_null(store_project_name(s, a, OWNER, 0));

	store_usage(s, OWNER, REGION, &usage);
	ck_assert_int_eq(usage.snapshots, 0);
	store_usage_add(s, OWNER, REGION, 1, 2, 300);
	store_usage_add(s, OWNER, REGION, 0, -1, -100);
	store_usage(s, OWNER, REGION, &usage);
	ck_assert_int_eq(usage.disks, 1);
	ck_assert_int_eq(usage.snapshots, 1);
	ck_assert_int_eq(usage.snapshot_mib, 200);
	store_usage_add(s, OWNER, REGION, -9, -9, -900);
	store_usage(s, OWNER, REGION, &usage);
	ck_assert_int_eq(usage.disks, 0);
	ck_assert_int_eq(usage.snapshot_mib, 0);
	store_usage(s, OWNER, OTHER_REGION, &usage);
	ck_assert_int_eq(usage.disks, 0);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(instances_count_their_disks)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	struct instance i;
	int64_t no;
	ck_assert(ident_parse(IDENT_INSTANCE, "ins-r8hr2upy", &no));
	ck_assert(!store_instance(s, a, no, &i));
	PUT(s, "Instances", INT("InstanceId", no), INT("Account", OWNER), TEXT("Region", REGION), TEXT("Zone", REGION "-3"),
	    TEXT("InstanceName", "web"), TEXT("PrivateIp", "10.0.0.2"), INT("MaxAttachCount", 4), INT("OnlineResize", 0));
	store_instance_attached(s, no, 2);
	store_instance_attached(s, no, -1);
	store_instance_state(s, no, "STOPPED");
	ck_assert(store_instance(s, a, no, &i));
	ck_assert_int_eq(i.no, no);
	ck_assert_str_eq(i.id, "ins-r8hr2upy");
	ck_assert_int_eq(i.account, OWNER);
	ck_assert_str_eq(i.region, REGION);
	ck_assert_str_eq(i.zone, REGION "-3");
	ck_assert_str_eq(i.name, "web");
	ck_assert_str_eq(i.private_ip, "10.0.0.2");
	ck_assert_str_eq(i.type, "CVM");
	ck_assert_str_eq(i.state, "STOPPED");
	ck_assert_int_eq(i.disk_max, 4);
	ck_assert_int_eq(i.attached, 1);
	ck_assert(!i.online_resize);
	ck_assert(i.supported);
	store_instance_attached(s, no, -9);
	ck_assert(store_instance(s, a, no, &i));
	ck_assert_int_eq(i.attached, 0);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(a_client_token_remembers_its_answer)
{
	struct store *s = open_world();
	struct arena *a = arena_new();
	const char *digest = NULL, *answer = NULL;
	ck_assert(!store_token(s, a, OWNER, REGION, "CreateDisks", "t", &digest, &answer));
	ck_assert_ptr_null(digest);
	store_token_add(s, OWNER, REGION, "CreateDisks", "t", "d1", "{\"DiskIdSet\":[]}", 10);
	store_token_add(s, OWNER, OTHER_REGION, "CreateDisks", "t", "d2", "{}", 10);
	ck_assert(store_token(s, a, OWNER, REGION, "CreateDisks", "t", &digest, &answer));
	ck_assert_str_eq(digest, "d1");
	ck_assert_str_eq(answer, "{\"DiskIdSet\":[]}");
	ck_assert(!store_token(s, a, STRANGER, REGION, "CreateDisks", "t", &digest, &answer));
	ck_assert(!store_token(s, a, OWNER, REGION, "CreateSnapshot", "t", &digest, &answer));
	ck_assert(!store_token(s, a, OWNER, REGION, "CreateDisks", "T", &digest, &answer));
	arena_free(a);
	close_world(s);
}
END_TEST

int main(void)
{
	const TTest *const world[] = {
		the_clock_is_real_until_it_is_set, epochs_and_creating_snapshots_are_counted,
		numbers_count_up_from_a_place_the_seed_decides, numbers_begin_anew_with_the_seed,
		numbers_a_fixture_took_are_passed_over, places_are_found_by_name,
		credentials_come_all_at_once, permissions_are_globs_over_action_and_resource, accounts_projects_and_usage,
		instances_count_their_disks, a_client_token_remembers_its_answer,
	};
	Suite *suite = suite_create("store_world");
	add_case(suite, "world", world, LENGTH(world));
	return run_suite(suite);
}
