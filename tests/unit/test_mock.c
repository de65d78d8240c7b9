/* The mock as a whole: opening and refusing to, data that stays, reset, fixtures, time, RequestIds, many threads at once. */
#include "run.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/str.h"
#include "world.h"

#define DISK "{\"DiskId\":\"disk-lzrg2pwi\"}"

static struct arena *arena;
static const char *dir; /* of this test's own */

static void set_up(void)
{
	arena = arena_new();
	dir = mkdtemp(arena_strdup(arena, "/tmp/cbsmock-test-XXXXXX"));
	ck_assert_ptr_nonnull(dir);
}

static void tear_down(void)
{
	static const char *const files[] = {
		"data/default.db", "data/default.db-wal", "data/default.db-shm", "data/default.db-lock", "data/seal.key",
		"bad.json", "data"
	};
	for (size_t i = 0; i < LENGTH(files); i++)
		remove(arena_printf(arena, "%s/%s", dir, files[i]));
	ck_assert_msg(rmdir(dir) == 0, "%s is not empty", dir);
	arena_free(arena);
}

static const char *in_dir(const char *name)
{
	return arena_printf(arena, "%s/%s", dir, name);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static const char *write_file(const char *name, const char *content)
{
	const char *path = in_dir(name);
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	fputs(content, file);
	fclose(file);
	return path;
}

/* The complaint of an opening that must fail. */
static const char *refusal(const struct mock_config *config)
{
	struct buf why;
	buf_init(&why, 1024);
	struct mock *m = mock_open(config, &why);
	ck_assert_ptr_null(m);
	const char *said = arena_strdup(arena, why.data);
	buf_finish(&why);
	return said;
}

static struct mock_config config_with(const char *data_dir)
{
	struct mock_config config;
	mock_config_default(&config);
	config.data_dir = data_dir;
	return config;
}

static int count(struct answer a, const char *member)
{
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(a.response, member);
	ck_assert_msg(cJSON_IsNumber(number), "no %s: %s %s", member, a.code, a.message);
	return number->valueint;
}

static int snapshots(struct test_world *w)
{
	return count(world_call(w, "DescribeSnapshots", "{}"), "TotalCount");
}

/* ---- opening ------------------------------------------------------------------------------------------------------- */

START_TEST(a_bad_fixture_is_named_and_nothing_is_touched)
{
	struct mock_config config = config_with(in_dir("data"));
	config.fixture_path = in_dir("none.json");
	ck_assert(str_prefix(refusal(&config), arena_printf(arena, "%s: cannot be read", config.fixture_path)));
	ck_assert(!exists(config.data_dir));

	config.fixture_path = write_file("bad.json", "{\"Disks\":[{\"DiskId\":\"disk-1\"}]}");
	const char *said = refusal(&config);
	ck_assert_msg(str_prefix(said, arena_printf(arena, "%s: /Disks/0/DiskId: ", config.fixture_path)), "%s", said);
	ck_assert(!exists(config.data_dir));

	mkdir(config.data_dir, 0700);
	write_file("bad.json", "{");
	said = refusal(&config);
	ck_assert_msg(str_prefix(said, arena_printf(arena, "%s: ", config.fixture_path)), "%s", said);
	ck_assert(!exists(in_dir("data/default.db")));
	ck_assert(!exists(in_dir("data/default.db-wal")));
	ck_assert(exists(config.data_dir));
}
END_TEST

START_TEST(a_bad_data_directory_is_named)
{
	struct mock_config config = config_with(write_file("bad.json", "x"));
	ck_assert_str_eq(refusal(&config), arena_printf(arena, "%s: is not a directory", config.data_dir));
	config.data_dir = in_dir("none/data");
	ck_assert(str_prefix(refusal(&config), arena_printf(arena, "%s: cannot be made: ", config.data_dir)));
	config.data_dir = in_dir("data");
	mkdir(config.data_dir, 0700);
	write_file("data/default.db", "this is no database, and it stays as it is");
	const char *said = refusal(&config);
	ck_assert_msg(strstr(said, "default.db") != NULL, "%s", said);
	ck_assert(exists(in_dir("data/default.db")));
}
END_TEST

START_TEST(data_stays)
{
	struct mock_config config = config_with(in_dir("data"));
	struct test_world *w = world_open_with(&config);
	int before = snapshots(w);
	struct answer a = world_call(w, "CreateSnapshot", DISK);
	ck_assert_str_eq(a.code, "");
	const char *id = arena_strdup(arena, a.request_id);
	ck_assert_int_gt((int)mock_maintain(w->mock), 0);
	world_close(w);

	config.fixture_path = in_dir("none.json"); /* not looked at: the world is there */
	w = world_open_with(&config);
	ck_assert_int_eq(snapshots(w), before + 1);
	for (int i = 0; i < 10; i++)
		ck_assert_str_ne(world_call(w, "DescribeDisks", "{}").request_id, id);
	world_close(w);
}
END_TEST

/* Files may grow no further, as on a full disk; or they may again. */
static void fill_disk(bool full)
{
	struct rlimit limit;
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = full ? 1 : limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_is_an_internal_error_and_no_half_snapshot)
{
	struct mock_config config = config_with(in_dir("data"));
	struct test_world *w = world_open_with(&config);
	int before = snapshots(w);
	signal(SIGXFSZ, SIG_IGN);
	fill_disk(true);
	struct answer a = world_call(w, "CreateSnapshot", DISK);
	fill_disk(false);
	ck_assert_str_eq(a.code, "InternalError");
	ck_assert_str_eq(a.message, "An internal error has occurred. Retry your request, but if the problem persists, contact us.");
	ck_assert_ptr_nonnull(a.request->error.because);
	ck_assert_int_eq(snapshots(w), before);
	ck_assert_str_eq(world_call(w, "CreateSnapshot", DISK).code, "");
	ck_assert_int_eq(snapshots(w), before + 1);
	world_close(w);
}
END_TEST

START_TEST(a_clock_stays_too)
{
	struct mock_config config = config_with(in_dir("data"));
	struct test_world *w = world_open_with(&config);
	struct vclock clock, again;
	int64_t now, later;
	world_freeze(w);
	world_advance(w, 86400000);
	mock_clock(w->mock, "default", CLOCK_READ, 0, &clock, &now, NULL, NULL);
	world_close(w);
	w = world_open_with(&config);
	mock_clock(w->mock, "default", CLOCK_READ, 0, &again, &later, NULL, NULL);
	ck_assert(again.frozen);
	ck_assert_int_eq(now, later);
	world_close(w);
}
END_TEST

/* ---- reset and fixtures -------------------------------------------------------------------------------------------- */

static bool reset(struct test_world *w)
{
	struct buf why;
	buf_init(&why, 1024);
	bool done = mock_reset(w->mock, "default", &why);
	ck_assert_int_eq(done, why.len == 0);
	buf_finish(&why);
	return done;
}

START_TEST(reset_brings_everything_back)
{
	struct test_world *w = world_open();
	const char *first = world_call(w, "DescribeSnapshots", "{}").request_id;
	struct answer made = world_call(w, "CreateSnapshot", DISK);
	int with_it = snapshots(w);
	world_freeze(w);
	world_advance(w, INT64_C(1) << 32);
	world_apply(w, "{\"Credentials\":[{\"SecretId\":\"" WORLD_ID "\",\"Status\":\"DISABLED\"}]}");
	ck_assert(mock_set_dialect(w->mock, "default", DIALECT_CURRENT));
	ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").code, "AuthFailure.SecretIdNotFound");

	ck_assert(reset(w));
	ck_assert_str_eq(world_call(w, "DescribeSnapshots", "{}").request_id, first);
	struct answer again = world_call(w, "CreateSnapshot", DISK);
	ck_assert_str_eq(again.request->answer.data, made.request->answer.data);
	ck_assert_int_eq(snapshots(w), with_it);
	ck_assert_str_eq(world_call(w, "CreateSnapshot", DISK).code, "InvalidDisk.SnapshotCreating"); /* classic again */
	struct vclock clock;
	int64_t now;
	ck_assert(mock_clock(w->mock, "default", CLOCK_READ, 0, &clock, &now, NULL, NULL));
	ck_assert(!clock.frozen);
	ck_assert_int_lt(now - clock_wall_ms(), 60000);
	world_close(w);
}
END_TEST

START_TEST(a_failed_reset_or_fixture_changes_nothing)
{
	struct mock_config config = config_with(NULL);
	config.fixture_path = write_file("bad.json", "{\"Regions\":[{\"Region\":\"ap-guangzhou\",\"NameEn\":\"G\",\"NameZh\":\"G\"}],"
	                                             "\"Accounts\":[{\"Uin\":1}],\"Credentials\":[{\"SecretId\":\"" WORLD_ID
	                                             "\",\"SecretKey\":\"" WORLD_KEY "\",\"Account\":1}]}");
	struct test_world *w = world_open_with(&config);
	ck_assert_int_eq(count(world_call(w, "DescribeDisks", "{}"), "TotalCount"), 0);
	write_file("bad.json", "{\"Regions\":1}");
	ck_assert(!reset(w));
	ck_assert_int_eq(count(world_call(w, "DescribeDisks", "{}"), "TotalCount"), 0);

	struct buf why;
	buf_init(&why, 1024);
	const char *fixture = "{\"World\":{\"ServiceAvailable\":false},\"Disks\":[{\"DiskId\":7}]}";
	ck_assert(!mock_apply(w->mock, "default", fixture, strlen(fixture), &why));
	ck_assert_msg(str_prefix(why.data, "/Disks/0/DiskId: "), "%s", why.data);
	buf_finish(&why);
	ck_assert_int_eq(count(world_call(w, "DescribeDisks", "{}"), "TotalCount"), 0);
	world_close(w);
}
END_TEST

START_TEST(there_is_one_sandbox)
{
	struct test_world *w = world_open();
	struct buf why;
	struct vclock clock;
	int64_t now;
	buf_init(&why, 1024);
	ck_assert(mock_has_sandbox(w->mock, "default"));
	ck_assert(!mock_has_sandbox(w->mock, "other"));
	ck_assert(!mock_reset(w->mock, "other", &why));
	ck_assert_str_eq(why.data, "there is no sandbox other");
	ck_assert(!mock_apply(w->mock, "other", "{}", 2, &why));
	ck_assert(!mock_clock(w->mock, "other", CLOCK_READ, 0, &clock, &now, NULL, NULL));
	ck_assert(!mock_finish_transition(w->mock, "other", "disk-lzrg2pwi", NULL, NULL));
	ck_assert(!mock_set_dialect(w->mock, "other", DIALECT_CURRENT));
	buf_finish(&why);
	world_close(w);
}
END_TEST

START_TEST(the_seed_decides_ids)
{
	const char *ids[3], *names[3];
	for (uint64_t i = 0; i < 3; i++) {
		struct mock_config config = config_with(NULL);
		config.seed = i < 2 ? 42 : 43;
		struct test_world *w = world_open_with(&config);
		struct answer a = world_call(w, "CreateSnapshot", DISK);
		ids[i] = arena_strdup(arena, a.request_id);
		names[i] = arena_strdup(arena, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(a.response, "SnapshotId")));
		world_close(w);
	}
	ck_assert_str_eq(ids[0], ids[1]);
	ck_assert_str_eq(names[0], names[1]);
	ck_assert_str_ne(ids[0], ids[2]);
	ck_assert_str_ne(names[0], names[2]);
}
END_TEST

/* ---- time ---------------------------------------------------------------------------------------------------------- */

static void note(void *data, const struct cbs_event *e)
{
	const char **all = data;
	*all = arena_printf(arena, "%s%s %s>%s @%lld;", *all, str_prefix(e->resource, "snap-") ? "snap" : e->resource, e->from, e->to,
	                    (long long)e->at_ms);
}

static const char *state(struct test_world *w)
{
	struct answer a =
		world_call(w, "DescribeSnapshots", "{\"Filters\":[{\"Name\":\"disk-id\",\"Values\":[\"disk-lzrg2pwi\"]}],\"Limit\":1}");
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(a.response, "SnapshotSet");
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(set, 0), "SnapshotState"));
}

START_TEST(advancing_runs_what_is_due)
{
	struct test_world *w = world_open();
	struct vclock clock;
	int64_t start, now;
	const char *events = "";
	ck_assert(mock_clock(w->mock, "default", CLOCK_FREEZE, 0, &clock, &start, note, &events));
	ck_assert_str_eq(world_call(w, "CreateSnapshot", DISK).code, "");
	ck_assert_str_eq(state(w), "CREATING");
	ck_assert(mock_clock(w->mock, "default", CLOCK_ADVANCE, 1999, &clock, &now, note, &events));
	ck_assert_str_eq(events, "");
	ck_assert_str_eq(state(w), "CREATING");
	ck_assert(mock_clock(w->mock, "default", CLOCK_ADVANCE, 60001, &clock, &now, note, &events));
	ck_assert_int_eq(now, start + 62000);
	ck_assert_str_eq(events, arena_printf(arena, "snap CREATING>NORMAL @%lld;", (long long)(start + 2000)));
	ck_assert_str_eq(state(w), "NORMAL");
	ck_assert(mock_clock(w->mock, "default", CLOCK_SET, start, &clock, &now, NULL, NULL));
	ck_assert_int_eq(now, start);
	ck_assert(mock_clock(w->mock, "default", CLOCK_RESUME, 0, &clock, &now, NULL, NULL));
	ck_assert(!clock.frozen);
	ck_assert(mock_clock(w->mock, "default", CLOCK_SCALE, 60000, &clock, &now, NULL, NULL));
	ck_assert_int_eq(clock.rate, 60000);
	ck_assert(mock_clock(w->mock, "default", CLOCK_REAL, 0, &clock, &now, NULL, NULL));
	ck_assert_int_eq(clock.rate, 1000);
	world_close(w);
}
END_TEST

START_TEST(a_transition_can_be_ended_by_hand)
{
	struct mock_config config = config_with(NULL);
	config.transitions[TRANSITION_SNAPSHOT_CREATE].progression = PROGRESS_MANUAL;
	struct test_world *w = world_open_with(&config);
	world_freeze(w);
	struct answer a = world_call(w, "CreateSnapshot", DISK);
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(a.response, "SnapshotId")), *events = "";
	world_advance(w, INT64_C(1) << 33);
	ck_assert_str_eq(state(w), "CREATING");
	ck_assert(mock_finish_transition(w->mock, "default", id, note, &events));
	ck_assert(str_prefix(events, "snap CREATING>NORMAL @"));
	ck_assert(!mock_finish_transition(w->mock, "default", id, NULL, NULL));
	ck_assert(!mock_finish_transition(w->mock, "default", "disk-00000000", NULL, NULL));
	ck_assert_str_eq(state(w), "NORMAL");
	world_close(w);
}
END_TEST

START_TEST(an_immediate_transition_is_over_at_once)
{
	struct mock_config config = config_with(NULL);
	config.transitions[TRANSITION_SNAPSHOT_CREATE].progression = PROGRESS_IMMEDIATE;
	struct test_world *w = world_open_with(&config);
	world_freeze(w);
	ck_assert_str_eq(world_call(w, "CreateSnapshot", DISK).code, "");
	ck_assert_str_eq(state(w), "NORMAL");
	ck_assert_str_eq(world_call(w, "CreateSnapshot", DISK).code, "");
	world_close(w);
}
END_TEST

/* ---- threads ------------------------------------------------------------------------------------------------------- */

enum { THREADS = 6, CALLS = 120 };

struct worker {
	struct test_world world; /* the mock is shared; arena and sender are the worker's own */
	int number, made;
	char ids[CALLS][37];
};

/* Reads, writes and mistakes. Nothing is asserted here: Check speaks from the main thread only. */
static void *work(void *data)
{
	struct worker *me = data;
	for (int i = 0; i < CALLS; i++) {
		struct test_world *w = &me->world;
		w->sender.form = (enum sending)(i % 4);
		w->sender.secret_key = i % 5 == 4 ? "wrong" : WORLD_KEY;
		struct request *r = world_request(w, i % 3 ? "DescribeSnapshots" : "CreateSnapshot", i % 3 ? "{\"Limit\":1}" : DISK);
		mock_handle(w->mock, r);
		memcpy(me->ids[i], r->request_id, sizeof me->ids[i]);
		me->made += i % 3 == 0 && r->error.err == ERR_NONE;
	}
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

START_TEST(any_thread_at_any_time)
{
	struct mock_config config = config_with(NULL);
	config.rate_factor = 0;
	config.transitions[TRANSITION_SNAPSHOT_CREATE].progression = PROGRESS_IMMEDIATE;
	struct test_world *w = world_open_with(&config);
	int before = snapshots(w), made = 0;
	static struct worker workers[THREADS];
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .world = *w, .number = i };
		workers[i].world.arena = arena_new();
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < 40; i++) { /* the admin API meanwhile */
		world_apply(w, "{\"Accounts\":[{\"Uin\":100000000001,\"Rate\":0}]}");
		world_advance(w, 10);
		mock_maintain(w->mock);
	}
	static char ids[THREADS * CALLS][37];
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		made += workers[i].made;
		memcpy(ids[i * CALLS], workers[i].ids, sizeof workers[i].ids);
		arena_free(workers[i].world.arena);
	}
	qsort(ids, THREADS * CALLS, sizeof ids[0], by_text);
	for (int i = 1; i < THREADS * CALLS; i++)
		ck_assert_str_ne(ids[i - 1], ids[i]);
	ck_assert_int_gt(made, 0);
	ck_assert_int_eq(snapshots(w), before + made);
	world_close(w);
}
END_TEST

START_TEST(two_mocks_do_not_meet)
{
	struct test_world *one = world_open(), *two = world_open();
	ck_assert_str_eq(world_call(one, "CreateSnapshot", DISK).code, "");
	ck_assert_int_eq(snapshots(two) + 1, snapshots(one));
	world_close(one);
	ck_assert_str_eq(world_call(two, "CreateSnapshot", DISK).code, "");
	world_close(two);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mock");
	TCase *tc = tcase_create("mock");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	const TTest *const tests[] = {
		a_bad_fixture_is_named_and_nothing_is_touched,
		a_bad_data_directory_is_named,
		data_stays,
		a_full_disk_is_an_internal_error_and_no_half_snapshot,
		a_clock_stays_too,
		reset_brings_everything_back,
		a_failed_reset_or_fixture_changes_nothing,
		there_is_one_sandbox,
		the_seed_decides_ids,
		advancing_runs_what_is_due,
		a_transition_can_be_ended_by_hand,
		an_immediate_transition_is_over_at_once,
		any_thread_at_any_time,
		two_mocks_do_not_meet,
	};
	for (size_t i = 0; i < LENGTH(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
