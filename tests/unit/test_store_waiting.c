/* Changes that wait to be written, and rows that are remembered: nobody who asks the store, or opens its file, can tell. */
#include "folder.h"
#include "store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DISK = 7, FIRST = 1000 };

/* A new snapshot as an action makes it. */
static void add(struct store *s, int64_t no, int64_t create_ms)
{
	struct snapshot p = sample_snapshot(no, DISK);
	p.create_ms = create_ms;
	p.state = SNAPSHOT_CREATING;
	store_snapshot_insert(s, &p);
	store_usage_add(s, OWNER, REGION, 0, 1, 10);
	store_disk_count(s, DISK, 1, 10, 1, 1);
	store_creating_add(s, OWNER, REGION, 1);
	store_job_add(s, &(struct job){ .due_ms = create_ms + 5, .kind = "snapshot.create", .resource = no, .goes_to = "" });
}

static void put_world(struct store *s)
{
	struct disk d = sample_disk(DISK);
	store_begin(s);
	put_places(s);
	store_disk_insert(s, &d);
	ck_assert(store_commit(s));
}

static struct store *world_with_disk(void)
{
	struct store *s = open_memory();
	put_world(s);
	return s;
}

/* The kept counters, as text. */
static const char *counters(struct store *s, struct arena *a)
{
	struct usage usage;
	struct disk d;
	struct world w;
	store_usage(s, OWNER, REGION, &usage);
	ck_assert(store_disk(s, a, DISK, &d));
	ck_assert(store_world(s, &w));
	return arena_printf(a, "%d/%d mib, disk %d/%d mib, creating %d of %d, chain %d", (int)usage.snapshots, (int)usage.snapshot_mib,
	                    (int)d.snapshot_count, (int)d.snapshot_mib, (int)d.creating_snapshots, (int)w.creating_snapshots,
	                    (int)d.chain_length);
}

static size_t written(struct store *s, struct arena *a)
{
	struct snapshot *rows;
	return store_snapshots_of_disk(s, a, DISK, &rows);
}

START_TEST(what_waits_shows_at_once)
{
	struct store *s = world_with_disk();
	struct arena *a = arena_new();
	struct snapshot p;
	ck_assert_str_eq(counters(s, a), "0/0 mib, disk 0/0 mib, creating 0 of 0, chain 0");
	store_begin(s);
	add(s, FIRST, 50);
	ck_assert(store_snapshot(s, a, FIRST, &p));
	ck_assert_str_eq(p.zone, sample_snapshot(FIRST, DISK).zone);
	ck_assert_int_eq(store_next_due(s), 55);
	ck_assert_str_eq(counters(s, a), "1/10 mib, disk 1/10 mib, creating 1 of 1, chain 1");
	ck_assert(store_commit(s));
	ck_assert_str_eq(counters(s, a), "1/10 mib, disk 1/10 mib, creating 1 of 1, chain 1");
	ck_assert_uint_eq(written(s, a), 1);
	ck_assert_str_eq(counters(s, a), "1/10 mib, disk 1/10 mib, creating 1 of 1, chain 1");
	ck_assert_int_eq(store_next_due(s), 55);
	arena_free(a);
	close_world(s);
}
END_TEST

/* In the transaction that added it: as when a transition is immediate. */
START_TEST(what_waits_can_change)
{
	struct store *s = world_with_disk();
	struct arena *a = arena_new();
	struct snapshot p;
	struct job j;
	store_begin(s);
	add(s, FIRST, 50);
	ck_assert(!store_job_due(s, a, 54, &j));
	ck_assert(store_job_due(s, a, 55, &j));
	ck_assert_int_eq(j.resource, FIRST);
	store_job_remove(s, j.due_ms, j.kind, j.resource);
	store_snapshot_set_state(s, FIRST, SNAPSHOT_NORMAL, 55, 0);
	store_disk_count(s, DISK, 0, 0, -1, 0);
	store_creating_add(s, OWNER, REGION, -1);
	ck_assert_int_eq(store_next_due(s), INT64_MAX);
	ck_assert(store_commit(s));
	ck_assert_uint_eq(written(s, a), 1);
	ck_assert(store_snapshot(s, a, FIRST, &p));
	ck_assert_int_eq(p.state, SNAPSHOT_NORMAL);
	ck_assert_int_eq(p.state_since_ms, 55);
	ck_assert_str_eq(counters(s, a), "1/10 mib, disk 1/10 mib, creating 0 of 0, chain 1");
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(a_rollback_drops_its_own_and_no_more)
{
	struct store *s = world_with_disk();
	struct arena *a = arena_new();
	store_begin(s);
	add(s, FIRST, 50);
	ck_assert(store_commit(s));
	int64_t next = INT64_MAX;
	for (int written_before = 0; written_before < 2; written_before++) {
		store_begin(s);
		add(s, FIRST + 1, 40);
		if (written_before)
			ck_assert_uint_eq(written(s, a), 2);
		int64_t no = store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION);
		ck_assert(next == INT64_MAX || no == next); /* given again: nobody has it */
		next = no;
		store_rollback(s);
		ck_assert_str_eq(counters(s, a), "1/10 mib, disk 1/10 mib, creating 1 of 1, chain 1");
		ck_assert_uint_eq(written(s, a), 1);
		ck_assert_int_eq(store_next_due(s), 55);
	}
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(more_than_can_wait_is_written_meanwhile)
{
	enum { MANY = 300 };
	struct store *s = world_with_disk();
	struct arena *a = arena_new();
	store_begin(s); /* all in one */
	for (int i = 0; i < MANY; i++)
		add(s, FIRST + i, 50 + i);
	ck_assert(store_commit(s));
	for (int i = MANY; i < 2 * MANY; i++) { /* one each */
		store_begin(s);
		add(s, FIRST + i, 50 + i);
		ck_assert(store_commit(s));
	}
	ck_assert_str_eq(counters(s, a), "600/6000 mib, disk 600/6000 mib, creating 600 of 600, chain 600");
	ck_assert_uint_eq(written(s, a), 2 * MANY);
	store_begin(s);
	store_recount(s);
	ck_assert(store_commit(s));
	struct usage usage;
	store_usage(s, OWNER, REGION, &usage);
	ck_assert_int_eq(usage.snapshots, 2 * MANY);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(numbers_go_round_those_that_are_taken)
{
	struct store *s = world_with_disk();
	struct arena *a = arena_new();
	store_begin(s);
	int64_t first = store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION);
	add(s, first, 50);
	add(s, first + 1, 51);
	ck_assert_int_eq(store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION), first + 2);
	ck_assert(store_commit(s));
	ck_assert_uint_eq(written(s, a), 2);
	store_begin(s);
	add(s, first + 3, 52);
	ck_assert_int_eq(store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION), first + 4);
	ck_assert(store_commit(s));
	ck_assert_int_eq(store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION), first + 5);
	arena_free(a);
	close_world(s);
}
END_TEST

/* ---- files -------------------------------------------------------------------------------------------------------------- */

static char *file_name(struct arena *a)
{
	char dir[FOLDER_SIZE];
	folder_make(dir);
	return arena_printf(a, "%s/world.db", dir);
}

static struct store *open_file(const char *path)
{
	struct buf why;
	buf_init(&why, 4096);
	struct store *s = store_open(path, DURABLE_OS, &why);
	ck_assert_msg(s, "%s", why.data);
	buf_finish(&why);
	return s;
}

static void remove_file(const char *path)
{
	char dir[FOLDER_SIZE];
	snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
	folder_remove(dir);
}

static struct store *file_with_disk(const char *path)
{
	struct store *s = open_file(path);
	put_world(s);
	return s;
}

START_TEST(a_ticket_stands_until_it_is_written)
{
	struct arena *a = arena_new();
	const char *path = file_name(a);
	struct store *s = file_with_disk(path);
	uint64_t first, second, none;
	store_begin(s);
	add(s, FIRST, 50);
	ck_assert(store_commit_later(s, &first));
	store_begin(s);
	add(s, FIRST + 1, 51);
	ck_assert(store_commit_later(s, &second));
	ck_assert_uint_ne(first, 0);
	ck_assert_uint_eq(first, second);
	ck_assert(store_written(s, first));
	ck_assert(store_written(s, second));
	store_begin(s);
	ck_assert(store_commit_later(s, &none)); /* it changed nothing */
	ck_assert_uint_eq(none, 0);
	store_begin(s);
	add(s, FIRST + 2, 52);
	ck_assert(store_commit_later(s, &first));
	store_begin(s);
	add(s, FIRST + 3, 53);
	ck_assert(store_commit(s)); /* with what waited */
	store_begin(s);
	add(s, FIRST + 4, 54);
	ck_assert(store_commit_later(s, &second));
	ck_assert_uint_ne(first, second);
	ck_assert(store_written(s, first));
	ck_assert(store_written(s, second));
	store_close(s);
	s = open_file(path);
	ck_assert_uint_eq(written(s, a), 5);
	ck_assert_str_eq(counters(s, a), "5/50 mib, disk 5/50 mib, creating 5 of 5, chain 5");
	store_close(s);
	remove_file(path);
	arena_free(a);
}
END_TEST

/* Whoever holds a ticket may come late: others have long gone on, well or badly. */
START_TEST(a_late_ticket_is_known_as_well)
{
	enum { OTHERS = 200 };
	struct arena *a = arena_new();
	const char *path = file_name(a);
	struct store *s = file_with_disk(path);
	uint64_t kept, lost, other;
	store_begin(s);
	add(s, FIRST, 50);
	ck_assert(store_commit_later(s, &kept));
	ck_assert(store_written(s, kept));
	store_begin(s);
	add(s, FIRST, 51); /* the number is taken */
	ck_assert(store_commit_later(s, &lost));
	ck_assert(!store_written(s, lost));
	for (int i = 1; i <= OTHERS; i++) {
		store_begin(s);
		add(s, i % 50 ? FIRST + i : FIRST, 100 + i);
		ck_assert(store_commit_later(s, &other));
		ck_assert(store_written(s, other) == (i % 50 != 0));
		ck_assert(store_written(s, kept) && !store_written(s, lost));
	}
	store_close(s);
	remove_file(path);
	arena_free(a);
}
END_TEST

/* The number of one of them is another's already, so none can be written. */
START_TEST(what_cannot_be_written_is_lost_as_a_whole)
{
	struct arena *a = arena_new();
	const char *path = file_name(a);
	struct store *s = file_with_disk(path);
	uint64_t lost, kept;
	store_begin(s);
	add(s, FIRST, 50);
	ck_assert(store_commit(s));
	store_begin(s);
	add(s, FIRST + 1, 51);
	ck_assert(store_commit_later(s, &lost));
	store_begin(s);
	add(s, FIRST, 52);
	ck_assert(store_commit_later(s, &lost));
	ck_assert(!store_written(s, lost));
	ck_assert_ptr_null(store_failed(s));
	ck_assert_str_eq(counters(s, a), "1/10 mib, disk 1/10 mib, creating 1 of 1, chain 1");
	store_begin(s);
	add(s, FIRST + 2, 53);
	ck_assert(store_commit_later(s, &kept));
	ck_assert(store_written(s, kept));
	ck_assert(!store_written(s, lost));
	ck_assert_uint_eq(written(s, a), 2);
	store_close(s);
	remove_file(path);
	arena_free(a);
}
END_TEST

/* Rows are written several at a time: it does not matter which of them cannot be, nor whether the transaction is its own. */
START_TEST(one_that_cannot_be_written_takes_all_with_it)
{
	enum { ROWS = 20 };
	struct store *s = world_with_disk();
	struct arena *a = arena_new();
	store_begin(s);
	add(s, FIRST + _i, 50);
	ck_assert(store_commit(s));
	ck_assert_uint_eq(written(s, a), 1);
	store_begin(s);
	for (int i = 0; i < ROWS; i++)
		add(s, FIRST + i, 60 + i);
	struct snapshot *rows;
	ck_assert_uint_le(store_snapshots_of_disk(s, a, DISK, &rows), 1);
	ck_assert_ptr_nonnull(strstr(store_failed(s), "UNIQUE"));
	store_rollback(s);
	ck_assert_uint_eq(written(s, a), 1);
	ck_assert_str_eq(counters(s, a), "1/10 mib, disk 1/10 mib, creating 1 of 1, chain 1");
	store_begin(s);
	for (int i = 0; i < ROWS; i++)
		add(s, FIRST + ROWS + i, 90 + i);
	ck_assert(store_commit(s));
	ck_assert_uint_eq(written(s, a), 1 + ROWS);
	ck_assert_ptr_null(store_failed(s));
	arena_free(a);
	close_world(s);
}
END_TEST

/* ---- far pages ---------------------------------------------------------------------------------------------------------- */

/* As the table has them, and as the order that is kept. */
static void compare_pages(struct store *s, struct arena *a, uint64_t total)
{
	const char *numbers = all_numbers(a, FIRST, FIRST + 2500);
	for (int ascending = 0; ascending < 2; ascending++)
		for (uint64_t offset = 0; offset < total + 50; offset += 197) {
			struct list_query q = { .account = OWNER, .region = REGION, .ascending = ascending, .offset = offset, .limit = 30 };
			struct listed far, near;
			ck_assert_uint_eq(list_page(s, a, &q, &far), total);
			q.numbers = numbers;
			ck_assert_uint_eq(list_page(s, a, &q, &near), total);
			ck_assert_uint_eq(far.count, near.count);
			for (size_t i = 0; i < far.count; i++)
				ck_assert_int_eq(far.numbers[i], near.numbers[i]);
		}
}

START_TEST(far_pages_are_the_same)
{
	enum { ROWS = 2000 };
	struct store *s = world_with_disk();
	struct arena *a = arena_new();
	store_begin(s);
	for (int i = 0; i < ROWS; i++)
		add(s, FIRST + i, 1000000 + i / 3); /* three a millisecond */
	ck_assert(store_commit(s));
	compare_pages(s, a, ROWS);
	store_begin(s);
	add(s, FIRST + ROWS, 2000000);
	ck_assert(store_commit(s));
	compare_pages(s, a, ROWS + 1);
	store_begin(s);
	add(s, FIRST + ROWS + 1, 1000500); /* in the midst: a clock was set back */
	ck_assert(store_commit(s));
	compare_pages(s, a, ROWS + 2);
	store_begin(s);
	store_snapshot_delete(s, FIRST + 17, true);
	store_usage_add(s, OWNER, REGION, 0, -1, -10);
	ck_assert(store_commit(s));
	compare_pages(s, a, ROWS + 1);
	store_begin(s);
	add(s, FIRST + ROWS + 2, 1000100);
	store_rollback(s);
	compare_pages(s, a, ROWS + 1);
	arena_free(a);
	close_world(s);
}
END_TEST

/* However many come together, and where among them one gives a column that most leave out. */
START_TEST(any_number_is_written_row_by_row)
{
	struct store *s = world_with_disk();
	struct arena *a = arena_new();
	const int64_t count = _i + 1, unusual = FIRST + _i / 2;
	store_begin(s);
	for (int64_t no = FIRST; no < FIRST + count; no++) {
		struct snapshot p = sample_snapshot(no, DISK);
		p.name = arena_printf(a, "snapshot %d", (int)no);
		p.encrypt = no == unusual;
		store_snapshot_insert(s, &p);
	}
	ck_assert(store_commit(s));
	ck_assert_uint_eq(written(s, a), (size_t)count);
	for (int64_t no = FIRST; no < FIRST + count; no++) {
		struct snapshot p;
		ck_assert(store_snapshot(s, a, no, &p));
		ck_assert_str_eq(p.name, arena_printf(a, "snapshot %d", (int)no));
		ck_assert_int_eq(p.encrypt, no == unusual);
	}
	arena_free(a);
	close_world(s);
}
END_TEST

int main(void)
{
	const TTest *const waiting[] = {
		what_waits_shows_at_once, what_waits_can_change, a_rollback_drops_its_own_and_no_more,
		more_than_can_wait_is_written_meanwhile, numbers_go_round_those_that_are_taken,
	};
	const TTest *const files[] = {
		a_ticket_stands_until_it_is_written, a_late_ticket_is_known_as_well, what_cannot_be_written_is_lost_as_a_whole,
	};
	const TTest *const pages[] = { far_pages_are_the_same };
	Suite *suite = suite_create("store_waiting");
	add_case(suite, "waiting", waiting, LENGTH(waiting));
	add_case(suite, "files", files, LENGTH(files));
	add_case(suite, "far pages", pages, LENGTH(pages));
	TCase *several = tcase_create("several at a time");
	tcase_add_loop_test(several, one_that_cannot_be_written_takes_all_with_it, 0, 20);
	tcase_add_loop_test(several, any_number_is_written_row_by_row, 0, 20);
	suite_add_tcase(suite, several);
	return run_suite(suite);
}
