/* Worlds in files: made, opened again, survived, refused with one sentence and left as they were. */
#include "folder.h"
#include "store_world.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A directory of one test, emptied and removed at its end. */
struct place {
	char dir[FOLDER_SIZE];
	char file[128];
};

static void place_open(struct place *p)
{
	folder_make(p->dir);
	snprintf(p->file, sizeof p->file, "%s/default.db", p->dir);
}

static void place_close(struct place *p)
{
	folder_remove(p->dir);
}

static struct store *open_well(const char *path)
{
	struct buf why;
	buf_init(&why, 1024);
	struct store *s = store_open(path, DURABLE_OS, &why);
	ck_assert_msg(s, "%s", why.data);
	buf_finish(&why);
	return s;
}

/* Opening must fail with one sentence that names the file and says this. */
static void check_refused(const char *path, const char *says)
{
	struct buf why;
	buf_init(&why, 1024);
	ck_assert_ptr_null(store_open(path, DURABLE_OS, &why));
	ck_assert_msg(strstr(why.data, path), "%s", why.data);
	ck_assert_msg(strstr(why.data, says), "%s", why.data);
	ck_assert_ptr_null(strchr(why.data, '\n'));
	buf_finish(&why);
}

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

static char *read_whole(struct arena *a, const char *path, size_t *len)
{
	struct stat st;
	FILE *f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fstat(fileno(f), &st), 0);
	*len = (size_t)st.st_size;
	char *data = arena_alloc(a, *len + 1);
	ck_assert_uint_eq(fread(data, 1, *len, f), *len);
	fclose(f);
	return data;
}

/* Refused, and neither changed nor given company. */
static void check_untouched(struct place *p, const void *data, size_t len, const char *says)
{
	struct arena *a = arena_new();
	size_t now;
	write_file(p->file, data, len);
	check_refused(p->file, says);
	const char *found = read_whole(a, p->file, &now);
	ck_assert_uint_eq(now, len);
	ck_assert_int_eq(memcmp(found, data, len), 0);
	ck_assert_uint_eq(folder_files(p->dir, false), 1);
	arena_free(a);
}

static void make_world(const char *path)
{
	struct store *s = open_well(path);
	store_begin(s);
	put_places(s);
	for (int64_t no = 1; no <= 200; no++) {
		struct disk d = sample_disk(no);
		store_disk_insert(s, &d);
	}
	ck_assert(store_commit(s));
	store_close(s);
}

/* ---- making and opening again ------------------------------------------------------------------------------------------- */

START_TEST(a_file_keeps_the_world)
{
	struct place p;
	struct arena *a = arena_new();
	struct disk d;
	struct world w;
	place_open(&p);
	make_world(p.file);
	ck_assert_uint_eq(folder_files(p.dir, false), 1);

	struct store *s = open_well(p.file);
	ck_assert(!store_is_new(s));
	ck_assert(store_disk(s, a, 200, &d));
	ck_assert_str_eq(d.name, "d");
	store_begin(s);
	store_next_epoch(s);
	int64_t no = store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION);
	ck_assert(store_commit(s));
	store_close(s);

	s = open_well(p.file);
	ck_assert(store_world(s, &w));
	ck_assert_int_eq(w.epoch, 1);
	store_begin(s);
	ck_assert_int_eq(store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION), no + 1);
	store_close(s); /* in the middle of a transaction, which is undone */

	s = open_well(p.file);
	ck_assert_int_eq(store_next_no(s, SEQUENCE_SNAPSHOT, OWNER, REGION), no + 1);
	store_close(s);
	arena_free(a);
	place_close(&p);
}
END_TEST

START_TEST(a_world_that_was_never_filled_is_new)
{
	struct place p;
	place_open(&p);
	write_file(p.file, "", 0);
	for (int i = 0; i < 2; i++) {
		struct store *s = open_well(p.file);
		ck_assert(store_is_new(s));
		store_close(s);
	}
	make_world(p.file);
	struct store *s = open_well(p.file);
	ck_assert(!store_is_new(s));
	store_close(s);
	place_close(&p);
}
END_TEST

START_TEST(commits_survive_kill_9_and_the_rest_does_not)
{
	struct place p;
	struct arena *a = arena_new();
	struct disk d;
	place_open(&p);
	make_world(p.file);
	pid_t child = fork();
	if (child == 0) {
		struct store *s = open_well(p.file);
		for (int64_t no = 1001; no <= 1050; no++) {
			d = sample_disk(no);
			store_begin(s);
			store_disk_insert(s, &d);
			store_usage_add(s, OWNER, REGION, 1, 0, 0);
			if (no < 1050)
				store_commit(s);
			if (no == 1020)
				store_checkpoint(s);
		}
		raise(SIGKILL);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	struct store *s = open_well(p.file);
	struct usage usage;
	store_usage(s, OWNER, REGION, &usage);
	ck_assert_int_eq(usage.disks, 49);
	ck_assert(store_disk(s, a, 1049, &d));
	ck_assert(!store_disk(s, a, 1050, &d));
	store_close(s);
	ck_assert_uint_eq(folder_files(p.dir, false), 1);
	arena_free(a);
	place_close(&p);
}
END_TEST

START_TEST(power_durability_works_alike)
{
	struct place p;
	struct buf why;
	struct arena *a = arena_new();
	struct disk d = sample_disk(5);
	place_open(&p);
	buf_init(&why, 1024);
	struct store *s = store_open(p.file, DURABLE_POWER, &why);
	ck_assert_msg(s, "%s", why.data);
	store_begin(s);
	store_disk_insert(s, &d);
	ck_assert(store_commit(s));
	store_close(s);
	s = open_well(p.file);
	ck_assert(store_disk(s, a, 5, &d));
	store_close(s);
	buf_finish(&why);
	arena_free(a);
	place_close(&p);
}
END_TEST

/* ---- the log ------------------------------------------------------------------------------------------------------------ */

static int64_t log_size(const struct place *p)
{
	char path[160];
	struct stat st;
	snprintf(path, sizeof path, "%s-wal", p->file);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void commit_much(struct store *s, int64_t no, size_t bytes)
{
	char *answer = xmalloc(bytes + 1), token[32];
	memset(answer, 'x', bytes);
	answer[bytes] = '\0';
	snprintf(token, sizeof token, "%d", (int)no);
	store_begin(s);
	store_token_add(s, OWNER, REGION, "CreateDisks", token, "d", answer, no);
	ck_assert(store_commit(s));
	free(answer);
}

START_TEST(a_checkpoint_lets_the_log_start_over)
{
	struct place p;
	place_open(&p);
	struct store *s = open_well(p.file);
	int64_t largest = 0;
	for (int64_t no = 0; no < 10; no++) {
		commit_much(s, no, 1024 * 1024);
		store_checkpoint(s);
		if (log_size(&p) > largest)
			largest = log_size(&p);
	}
	ck_assert_int_gt(largest, 1024 * 1024);
	ck_assert_int_lt(largest, 4 * 1024 * 1024);
	store_close(s);
	place_close(&p);
}
END_TEST

/* Whoever writes all the time leaves no checkpoint the time to be the last word; here a reader holds it up a little. */
START_TEST(a_checkpoint_that_is_nearly_done_is_ended_by_a_commit)
{
	struct place p;
	sqlite3 *reader;
	place_open(&p);
	struct store *s = open_well(p.file);
	commit_much(s, 0, 6 * 1024 * 1024);
	ck_assert_int_eq(sqlite3_open(p.file, &reader), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(reader, "BEGIN; SELECT * FROM world", NULL, NULL, NULL), SQLITE_OK);
	commit_much(s, 1, 1000);
	store_checkpoint(s);
	sqlite3_close(reader);
	commit_much(s, 2, 1000);
	int64_t size = log_size(&p);
	ck_assert_int_gt(size, 6 * 1024 * 1024);
	commit_much(s, 3, 5 * 1024 * 1024);
	ck_assert_int_eq(log_size(&p), size);
	store_close(s);
	place_close(&p);
}
END_TEST

START_TEST(without_a_checkpoint_the_log_is_still_bounded)
{
	struct place p;
	place_open(&p);
	struct store *s = open_well(p.file);
	for (int64_t no = 0; no < 20; no++)
		commit_much(s, no, 8 * 1024 * 1024);
	ck_assert_int_lt(log_size(&p), 90 * 1024 * 1024);
	store_close(s);
	place_close(&p);
}
END_TEST

struct checkpoints {
	struct store *store;
	pthread_mutex_t lock;
	bool stop;
};

static void *checkpoint_until_told(void *data)
{
	struct checkpoints *c = data;
	bool stop = false;
	while (!stop) {
		store_checkpoint(c->store);
		pthread_mutex_lock(&c->lock);
		stop = c->stop;
		pthread_mutex_unlock(&c->lock);
	}
	return NULL;
}

START_TEST(another_thread_may_checkpoint)
{
	struct place p;
	place_open(&p);
	struct store *s = open_well(p.file);
	struct checkpoints c = { .store = s, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, checkpoint_until_told, &c), 0);
	for (int64_t no = 0; no < 500; no++)
		commit_much(s, no, 2000);
	pthread_mutex_lock(&c.lock);
	c.stop = true;
	pthread_mutex_unlock(&c.lock);
	pthread_join(thread, NULL);
	store_close(s);
	place_close(&p);
}
END_TEST

START_TEST(a_full_disk_undoes_the_transaction)
{
	struct place p;
	struct arena *a = arena_new();
	struct disk d = sample_disk(1);
	place_open(&p);
	struct store *s = open_well(p.file);
	store_begin(s);
	store_disk_insert(s, &d);
	ck_assert(store_commit(s));

	struct rlimit before, tight;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	tight.rlim_cur = (rlim_t)log_size(&p);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (int i = 0; i < 3; i++) {
		store_begin(s);
		store_disk_set_state(s, 1, DISK_DUMPING, 1, 1);
		ck_assert_ptr_null(store_failed(s));
		ck_assert(!store_commit(s));
		ck_assert_ptr_null(store_failed(s));
		ck_assert(!store_in_transaction(s));
		ck_assert(store_disk(s, a, 1, &d));
		ck_assert_int_eq(d.state, DISK_UNATTACHED);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	store_begin(s);
	store_disk_set_state(s, 1, DISK_DUMPING, 1, 1);
	ck_assert(store_commit(s));
	store_close(s);

	s = open_well(p.file);
	ck_assert(store_disk(s, a, 1, &d));
	ck_assert_int_eq(d.state, DISK_DUMPING);
	store_close(s);
	arena_free(a);
	place_close(&p);
}
END_TEST

/* ---- refusals ----------------------------------------------------------------------------------------------------------- */

START_TEST(what_is_not_a_file_is_refused)
{
	struct place p;
	char path[256];
	place_open(&p);
	check_refused(p.dir, "is a directory");
	check_refused("/dev/null", "not a regular file");
	snprintf(path, sizeof path, "%s/no/such.db", p.dir);
	check_refused(path, "No such file or directory");
	snprintf(path, sizeof path, "%s/x", p.file);
	write_file(p.file, "", 0);
	check_refused(path, "Not a directory");
	ck_assert_uint_eq(folder_files(p.dir, false), 1);
	place_close(&p);
}
END_TEST

START_TEST(a_foreign_file_is_left_alone)
{
	struct place p;
	unsigned char header[4096] = "SQLite format 3";
	place_open(&p);
	check_untouched(&p, "hello\n", 6, "not a world of cbsmock");
	check_untouched(&p, header, 50, "not a world of cbsmock");
	check_untouched(&p, header, sizeof header, "not a world of cbsmock");
	place_close(&p);
}
END_TEST

START_TEST(another_version_is_refused)
{
	struct place p;
	struct arena *a = arena_new();
	size_t len;
	place_open(&p);
	make_world(p.file);
	char *data = read_whole(a, p.file, &len);
	data[63] = 7;
	check_untouched(&p, data, len, "version 7");
	arena_free(a);
	place_close(&p);
}
END_TEST

START_TEST(a_damaged_file_is_refused_and_kept)
{
	struct place p;
	struct arena *a = arena_new();
	size_t len;
	place_open(&p);
	make_world(p.file);
	char *data = read_whole(a, p.file, &len);
	check_untouched(&p, data, len - 8192, "cannot be used");
	memset(data + len - 8192, 0x5a, 4096);
	check_untouched(&p, data, len, "cannot be used");
	memset(data + 100, 0x5a, 3996);
	check_untouched(&p, data, len, "cannot be used");
	arena_free(a);
	place_close(&p);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_refused)
{
	struct place p;
	place_open(&p);
	make_world(p.file);
	ck_assert_int_eq(chmod(p.file, 0444), 0);
	if (geteuid() != 0) /* root may write anyway */
		check_refused(p.file, "Permission denied");
	ck_assert_uint_eq(folder_files(p.dir, false), 1);
	place_close(&p);
}
END_TEST

START_TEST(a_file_in_use_is_refused_until_it_is_free)
{
	struct place p;
	place_open(&p);
	struct store *s = open_well(p.file);
	check_refused(p.file, "in use by another cbsmock");
	commit_much(s, 1, 100);

	pid_t child = fork();
	if (child == 0) {
		struct buf why;
		buf_init(&why, 1024);
		_exit(store_open(p.file, DURABLE_OS, &why) ? 1 : 0);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);

	commit_much(s, 2, 100);
	store_close(s);
	s = open_well(p.file);
	store_close(s);
	ck_assert_uint_eq(folder_files(p.dir, false), 1);
	place_close(&p);
}
END_TEST

/* What a killed process leaves of its lock says nothing. */
START_TEST(a_lock_file_alone_locks_nothing)
{
	struct place p;
	char path[160];
	place_open(&p);
	make_world(p.file);
	snprintf(path, sizeof path, "%s-lock", p.file);
	write_file(path, "", 0);
	struct store *s = open_well(p.file);
	check_refused(p.file, "in use by another cbsmock");
	store_close(s);
	ck_assert_uint_eq(folder_files(p.dir, false), 1);
	place_close(&p);
}
END_TEST

int main(void)
{
	const TTest *const files[] = {
		a_file_keeps_the_world, a_world_that_was_never_filled_is_new, commits_survive_kill_9_and_the_rest_does_not,
		power_durability_works_alike,
	};
	const TTest *const log[] = {
		a_checkpoint_lets_the_log_start_over, a_checkpoint_that_is_nearly_done_is_ended_by_a_commit,
		without_a_checkpoint_the_log_is_still_bounded, another_thread_may_checkpoint,
		a_full_disk_undoes_the_transaction,
	};
	const TTest *const refusals[] = {
		what_is_not_a_file_is_refused, a_foreign_file_is_left_alone, another_version_is_refused,
		a_damaged_file_is_refused_and_kept, a_file_that_cannot_be_written_is_refused,
		a_file_in_use_is_refused_until_it_is_free, a_lock_file_alone_locks_nothing,
	};
	Suite *suite = suite_create("store_file");
	add_case(suite, "files", files, LENGTH(files));
	add_case(suite, "log", log, LENGTH(log));
	add_case(suite, "refusals", refusals, LENGTH(refusals));
	return run_suite(suite);
}
