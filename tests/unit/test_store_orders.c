/* Lists of snapshots whose order is kept in memory: whatever happens to the rows, they are the ones that are in the table. Each test begins
 * with a world whose lists were asked for, and changes it. */
#include "folder.h"
#include "store_world.h"

#include <sqlite3.h>
#include <stdio.h>

#include "store/image.h"
#include "store/revisions.h"
#include "util/rng.h"

enum { DISKS = 3, OLD = 990, FIRST = 1000, STEPS = 200, LAST = FIRST + 350, LISTED_MAX = 90 };

static struct store *s;
static struct arena *a;

static const int64_t accounts[] = { OWNER, STRANGER };
static const char *const regions[] = { REGION, OTHER_REGION };

static void commit(void)
{
	ck_assert(store_commit(s));
}

static struct snapshot made(int64_t no, int64_t create_ms)
{
	struct snapshot p = sample_snapshot(no, no % (DISKS + 1)); /* some of no disk */
	p.create_ms = create_ms;
	p.account = accounts[no % 2];
	p.region = regions[no / 2 % 2];
	p.encrypt = no % 3 == 0;
	return p;
}

static void add(int64_t no, int64_t create_ms)
{
	struct snapshot p = made(no, create_ms);
	store_snapshot_insert(s, &p);
	store_usage_add(s, p.account, p.region, 0, 1, p.used_mib);
}

static void take_away(int64_t no)
{
	struct snapshot p;
	ck_assert(store_snapshot(s, a, no, &p));
	store_snapshot_delete(s, no, true);
	store_usage_add(s, p.account, p.region, 0, -1, -p.used_mib);
}

/* ---- what the table says -------------------------------------------------------------------------------------------------- */

/* Rows that are asked for by number are sorted when they are found. */
static uint64_t found(const struct list_query *own, struct listed *page)
{
	struct list_query q = *own;
	q.numbers = all_numbers(a, OLD, LAST);
	return list_page(s, a, &q, page);
}

static void same_pages(const struct listed *one, const struct listed *other)
{
	ck_assert_uint_eq(one->count, other->count);
	for (size_t i = 0; i < one->count; i++)
		ck_assert_int_eq(one->numbers[i], other->numbers[i]);
}

static void compare_region(struct list_query q)
{
	struct listed kept, table;
	for (int ascending = 0; ascending < 2; ascending++) {
		uint64_t total = 1;
		for (q.offset = 0; q.offset < total; q.offset += 1 + total / 4) {
			q.ascending = ascending;
			q.term_count = 0;
			total = found(&q, &table);
			ck_assert_uint_eq(list_page(s, a, &q, &kept), total);
			same_pages(&kept, &table);
			q.terms[q.term_count++] = (struct list_term){ .kind = store_snapshot_filter("encrypt"), .values = "[0, 1]" };
			ck_assert_uint_eq(list_page(s, a, &q, &kept), total);
			same_pages(&kept, &table);
			q.terms[0].values = "[1]";
			ck_assert_uint_eq(list_page(s, a, &q, &kept), found(&q, &table));
			same_pages(&kept, &table);
		}
	}
}

/* Those of a disk, among all of an account's in a region. */
static void compare_disk(struct list_query q, int64_t disk)
{
	struct listed all, kept, of_disk = { 0 };
	q.ascending = true;
	found(&q, &all);
	for (size_t i = 0; i < all.count; i++) {
		struct snapshot p;
		ck_assert(store_snapshot(s, a, all.numbers[i], &p));
		if (p.disk == disk)
			of_disk.numbers[of_disk.count++] = p.no;
	}
	q.terms[q.term_count++] = (struct list_term){
		.kind = store_snapshot_filter("disk-id"), .values = arena_printf(a, "[%d,999999]", (int)disk),
	};
	ck_assert_uint_eq(list_page(s, a, &q, &kept), of_disk.count);
	same_pages(&kept, &of_disk);
}

static size_t of_any_disk(void)
{
	size_t count = 0;
	for (int64_t disk = 1; disk <= DISKS; disk++) {
		struct snapshot *rows;
		size_t found = store_snapshots_of_disk(s, a, disk, &rows);
		for (size_t i = 0; i < found; i++) {
			ck_assert_int_eq(rows[i].disk, disk);
			ck_assert(i == 0 || rows[i - 1].create_ms < rows[i].create_ms ||
			          (rows[i - 1].create_ms == rows[i].create_ms && rows[i - 1].no < rows[i].no));
		}
		count += found;
	}
	return count;
}

static void check(void)
{
	size_t listed = 0;
	for (size_t i = 0; i < LENGTH(accounts); i++)
		for (size_t j = 0; j < LENGTH(regions); j++) {
			struct list_query q = { .account = accounts[i], .region = regions[j], .limit = LISTED_MAX };
			compare_region(q);
			for (int64_t disk = 1; disk <= DISKS; disk++) {
				struct listed page;
				compare_disk(q, disk);
				q.terms[q.term_count++] = (struct list_term){
					.kind = store_snapshot_filter("disk-id"), .values = arena_printf(a, "[%d]", (int)disk),
				};
				listed += list_page(s, a, &q, &page);
				q.term_count = 0;
			}
		}
	ck_assert_uint_eq(of_any_disk(), listed);
}

static void fill(void)
{
	store_begin(s);
	put_places(s);
	for (int64_t no = FIRST; no < FIRST + 20; no++)
		add(no, no * 10);
	commit();
	check();
}

static void open_filled(void)
{
	a = arena_new();
	s = open_memory();
	fill();
}

static void close_filled(void)
{
	close_world(s);
	arena_free(a);
}

/* ---- what happens to rows ------------------------------------------------------------------------------------------------- */

/* One that is taken back makes the lists be found anew, so what was noted before is looked at first. */
START_TEST(however_they_come_and_go)
{
	int64_t numbers[STEPS + 20], next = FIRST + 20;
	size_t count = 0;
	uint64_t chance = 7;
	for (int64_t no = FIRST; no < next; no++)
		numbers[count++] = no;
	for (int step = 0; step < STEPS; step++) {
		chance = rng_mix(chance, (uint64_t)step);
		bool goes = count > 60 || (count > 0 && chance % 5 == 0), undone = step % 20 == 19;
		size_t which = chance / 64 % (count ? count : 1);
		if (undone)
			check();
		store_begin(s);
		if (goes)
			take_away(numbers[which]);
		else /* the last, nearly always; else in the midst, and sometimes at a moment that others have too */
			add(next, chance % 4 == 0 ? FIRST * 10 + (int64_t)(chance / 8 % 40) * 10 : next * 10);
		if (undone) {
			store_rollback(s);
			check();
			continue;
		}
		commit();
		if (goes)
			numbers[which] = numbers[--count];
		else
			numbers[count++] = next++;
	}
	check();
}
END_TEST

START_TEST(the_oldest_go_first)
{
	for (int64_t no = FIRST; no < FIRST + 300; no++) {
		store_begin(s);
		take_away(no);
		add(no + 20, (no + 20) * 10);
		commit();
		if (no % 50 == 0)
			check();
	}
	check();
}
END_TEST

/* What the lists are found from in the midst of it is taken back too. */
START_TEST(a_fixture_that_is_taken_back)
{
	store_begin(s);
	PUT(s, "Snapshots", INT("SnapshotId", FIRST + 3), INT("CreateTime", 1), INT("DiskId", 2));
	of_any_disk();
	store_rollback(s);
	check();
}
END_TEST

START_TEST(a_fixture_changes_them)
{
	store_begin(s);
	PUT(s, "Snapshots", INT("SnapshotId", FIRST + 3), INT("CreateTime", 1), INT("DiskId", 2));
	PUT(s, "Snapshots", INT("SnapshotId", OLD), INT("Account", OWNER), TEXT("Region", REGION), TEXT("Zone", REGION "-3"), INT("DiskId", 1),
	    TEXT("SnapshotName", "old"), INT("DiskSize", 10), INT("CreateTime", 15000));
	store_recount(s);
	commit();
	check();
}
END_TEST

/* Between what the times were and what they are. */
START_TEST(all_times_are_moved)
{
	store_begin(s);
	store_shift(s, 500000);
	commit();
	store_begin(s);
	add(FIRST + 40, 300000);
	commit();
	check();
}
END_TEST

START_TEST(all_is_wiped_and_made_anew)
{
	store_begin(s);
	store_wipe(s);
	put_places(s);
	for (int64_t no = FIRST; no < FIRST + 20; no++)
		add(no, (FIRST + 20 - no) * 10);
	commit();
	check();
}
END_TEST

START_TEST(what_cannot_be_written_is_in_no_list)
{
	store_begin(s);
	add(FIRST + 20, 1);
	add(FIRST + 4, 2);
	ck_assert_uint_eq(of_any_disk(), 0);
	ck_assert_ptr_nonnull(store_failed(s));
	store_rollback(s);
	check();
}
END_TEST

START_TEST(what_waits_and_cannot_be_written_is_in_no_list)
{
	store_begin(s);
	struct snapshot p;
	add(FIRST + 4, 2);
	commit();
	store_begin(s);
	ck_assert(!store_snapshot(s, a, FIRST, &p));
	ck_assert_ptr_nonnull(store_failed(s));
	store_rollback(s);
	check();
}
END_TEST

START_TEST(another_world_takes_their_place)
{
	const struct revision_cause cause = { .request_id = "", .action = "" };
	struct buf why;
	buf_init(&why, 512);
	store_keep_revisions(s, 10, &cause);
	struct world_image *before = image_of(s, &why);
	store_begin(s);
	store_because(s, &cause);
	add(FIRST + 20, 1);
	take_away(FIRST);
	commit();
	check();
	ck_assert_msg(store_rewind(s, 0, &why), "%s", why.data);
	check();
	store_keep_revisions(s, 0, &cause);
	store_begin(s);
	add(FIRST + 21, 1);
	commit();
	check();
	ck_assert(store_load_image(s, before, &why));
	check();
	image_release(before);
	buf_finish(&why);
}
END_TEST

START_TEST(another_program_writes)
{
	char dir[FOLDER_SIZE], file[FOLDER_SIZE + 16];
	struct buf why;
	store_close(s);
	folder_make(dir);
	snprintf(file, sizeof file, "%s/world.db", dir);
	buf_init(&why, 512);
	s = store_open(file, DURABLE_OS, &why);
	ck_assert_msg(s, "%s", why.data);
	fill();
	size_t count = of_any_disk();
	sqlite3 *other;
	ck_assert_int_eq(sqlite3_open(file, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "UPDATE snapshot SET disk = 2 WHERE disk = 0", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_changes(other), 5);
	ck_assert_uint_eq(of_any_disk(), count + 5);
	check();
	sqlite3_close(other);
	buf_finish(&why);
	store_close(s);
	folder_remove(dir);
	s = open_memory();
}
END_TEST

/* Then every row is looked at. */
START_TEST(a_disk_may_have_more_than_a_list_takes)
{
	enum { MANY = 5000 };
	struct listed page;
	struct list_query q = { .account = OWNER, .region = REGION, .limit = 5, .offset = MANY - 5 };
	store_begin(s);
	for (int64_t no = 0; no < MANY; no++) {
		struct snapshot p = sample_snapshot(FIRST * 2 + no, DISKS + 1);
		p.create_ms = 1000000 - no / 2;
		store_snapshot_insert(s, &p);
	}
	commit();
	q.terms[q.term_count++] = (struct list_term){ .kind = store_snapshot_filter("disk-id"), .values = "[4]" };
	ck_assert_uint_eq(list_page(s, a, &q, &page), MANY);
	ck_assert_uint_eq(page.count, 5);
	ck_assert_int_eq(page.numbers[4], FIRST * 2 + MANY - 2);
	ck_assert_int_eq(page.numbers[3], FIRST * 2 + MANY - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_orders");
	TCase *orders = tcase_create("orders");
	tcase_add_checked_fixture(orders, open_filled, close_filled);
	tcase_add_test(orders, however_they_come_and_go);
	tcase_add_test(orders, the_oldest_go_first);
	tcase_add_test(orders, a_fixture_that_is_taken_back);
	tcase_add_test(orders, a_fixture_changes_them);
	tcase_add_test(orders, all_times_are_moved);
	tcase_add_test(orders, all_is_wiped_and_made_anew);
	tcase_add_test(orders, what_cannot_be_written_is_in_no_list);
	tcase_add_test(orders, what_waits_and_cannot_be_written_is_in_no_list);
	tcase_add_test(orders, another_world_takes_their_place);
	tcase_add_test(orders, another_program_writes);
	tcase_add_test(orders, a_disk_may_have_more_than_a_list_takes);
	suite_add_tcase(suite, orders);
	return run_suite(suite);
}
