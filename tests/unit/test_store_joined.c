/* The log as others find it: whoever opens a file by SQLite's own file system, or what a sudden end left of it, sees every commit whole. */
#include "folder.h"
#include "store_world.h"

#include <stdio.h>
#include <unistd.h>

#include "store/store_internal.h"

struct place {
	char dir[FOLDER_SIZE], file[128], copy[128];
	sqlite3 *db;
};

static void run_all(sqlite3 *db, const char *script)
{
	char *why = NULL;
	int rc = sqlite3_exec(db, script, NULL, NULL, &why);
	ck_assert_msg(rc == SQLITE_OK, "%s: %s", script, why);
}

static void place_open(struct place *p)
{
	folder_make(p->dir);
	snprintf(p->file, sizeof p->file, "%s/world.db", p->dir);
	snprintf(p->copy, sizeof p->copy, "%s/copy.db", p->dir);
	sqlite_ready();
	ck_assert(database_connect(&p->db, p->file));
	run_all(p->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 8;"
	               "CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT); CREATE TABLE u (n INTEGER); INSERT INTO u VALUES (0)");
}

static void remove_file(const char *file)
{
	static const char *const endings[] = { "", "-wal", "-shm" };
	char path[160];
	for (size_t i = 0; i < LENGTH(endings); i++) {
		snprintf(path, sizeof path, "%s%s", file, endings[i]);
		remove(path);
	}
}

static void place_close(struct place *p)
{
	ck_assert_int_eq(sqlite3_close(p->db), SQLITE_OK);
	folder_remove(p->dir);
}

static void copy_file(const char *from, const char *to, const char *ending)
{
	char path[160], block[4096];
	snprintf(path, sizeof path, "%s%s", from, ending);
	FILE *in = fopen(path, "rb");
	snprintf(path, sizeof path, "%s%s", to, ending);
	FILE *out = fopen(path, "wb");
	ck_assert(in && out);
	for (size_t got = fread(block, 1, sizeof block, in); got > 0; got = fread(block, 1, sizeof block, in))
		ck_assert_uint_eq(fwrite(block, 1, got, out), got);
	fclose(in);
	ck_assert_int_eq(fclose(out), 0);
}

/* Not by way of what is tested. */
static int number(const char *file, const char *question)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	ck_assert_int_eq(sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, question, -1, &stmt, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	int found = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return found;
}

/* What is there if the process ends now: the file and the log, which the next opening reads frame by frame. */
static void check_left(struct place *p, int rows, int counted)
{
	remove_file(p->copy);
	copy_file(p->file, p->copy, "");
	copy_file(p->file, p->copy, "-wal");
	ck_assert_int_eq(number(p->copy, "SELECT COUNT(*) FROM t"), rows);
	ck_assert_int_eq(number(p->copy, "SELECT n FROM u"), counted);
	ck_assert_int_eq(number(p->copy, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

#define ROWS(count) \
	"INSERT INTO t (v) WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < " #count ") " \
	"SELECT hex(randomblob(300)) FROM c;"
#define COUNT "UPDATE u SET n = n + 1;"

START_TEST(each_commit_is_there_when_it_is_made)
{
	struct place p;
	place_open(&p);
	for (int i = 1; i <= 20; i++) {
		run_all(p.db, "BEGIN; " ROWS(9) COUNT "COMMIT");
		ck_assert_int_eq(number(p.file, "SELECT n FROM u"), i);
		check_left(&p, 9 * i, i);
	}
	place_close(&p);
}
END_TEST

/* More pages than the cache holds leave before the commit, and some of them change again. */
START_TEST(pages_that_leave_early_are_told_apart)
{
	struct place p;
	place_open(&p);
	run_all(p.db, ROWS(200));
	run_all(p.db, "BEGIN; " COUNT ROWS(300) COUNT "UPDATE t SET v = v || 'x'; DELETE FROM t WHERE n % 2 = 0");
	check_left(&p, 200, 0);
	ck_assert_int_eq(number(p.file, "SELECT n FROM u"), 0);
	run_all(p.db, "COMMIT");
	check_left(&p, 250, 2);
	place_close(&p);
}
END_TEST

START_TEST(what_is_rolled_back_leaves_nothing)
{
	struct place p;
	place_open(&p);
	for (int i = 1; i <= 5; i++) {
		run_all(p.db, "BEGIN; " ROWS(300) COUNT "ROLLBACK; BEGIN; " ROWS(1) COUNT "COMMIT");
		check_left(&p, i, i);
	}
	place_close(&p);
}
END_TEST

START_TEST(a_log_that_starts_over_is_read_alike)
{
	struct place p;
	place_open(&p);
	for (int i = 1; i <= 6; i++) {
		run_all(p.db, "BEGIN; " ROWS(30) COUNT "COMMIT");
		check_left(&p, 30 * i, i);
		if (i % 2 == 0)
			run_all(p.db, i % 4 == 0 ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(RESTART)");
	}
	place_close(&p);
}
END_TEST

/* Calls of the kernel that wrote something; -1: it does not tell. */
static long writes_so_far(void)
{
	char line[128];
	long count = -1;
	FILE *file = fopen("/proc/self/io", "r");
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "syscw: %ld", &count) == 1)
			break;
	if (file)
		fclose(file);
	return count;
}

START_TEST(a_commit_of_many_pages_is_one_write)
{
	struct place p;
	place_open(&p);
	run_all(p.db, "PRAGMA cache_size = 100;" ROWS(20));
	long before = writes_so_far(); /* between the two no assertion: those write too */
	int rc = sqlite3_exec(p.db, "BEGIN; " ROWS(9) COUNT "COMMIT", NULL, NULL, NULL);
	long after = writes_so_far();
	ck_assert_int_eq(rc, SQLITE_OK);
	if (before >= 0)
		ck_assert_int_eq(after - before, 1);
	place_close(&p);
}
END_TEST

int main(void)
{
	const TTest *const whole[] = {
		each_commit_is_there_when_it_is_made, pages_that_leave_early_are_told_apart, what_is_rolled_back_leaves_nothing,
		a_log_that_starts_over_is_read_alike, a_commit_of_many_pages_is_one_write,
	};
	Suite *suite = suite_create("store_joined");
	add_case(suite, "whole", whole, LENGTH(whole));
	return run_suite(suite);
}
