/* Many threads in many sandboxes, and in one that goes under them; and how long it takes to make one. */
#include "boxes.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "gateway/control.h"
#include "gateway/mock_internal.h"
#include "gateway/state.h"

enum { WORKERS = 6, CALLS = 60 };

struct worker {
	struct test_world world; /* the mock is shared; arena and sender are the worker's own */
	char name[32];
	int made, wrong;
};

/* Each counts its own snapshots and sees no others. Nothing is asserted here: Check speaks from the main thread only. */
static void *work(void *data)
{
	struct worker *me = data;
	for (int i = 0; i < CALLS; i++) {
		struct request *r = world_request(&me->world, i % 3 ? "DescribeSnapshots" : "CreateSnapshot", i % 3 ? "{\"Limit\":1}" : DISK);
		mock_handle(me->world.mock, r);
		me->made += i % 3 == 0;
		me->wrong += r->error.err != ERR_NONE;
	}
	return NULL;
}

START_TEST(threads_in_their_own_worlds_do_not_meet)
{
	static struct worker workers[WORKERS];
	pthread_t threads[WORKERS];
	struct mock_config config = *sandboxes_config(boxes->mock);
	config.rate_factor = 0;
	config.transitions[TRANSITION_SNAPSHOT_CREATE].progression = PROGRESS_IMMEDIATE;
	mock_reconfigure(boxes->mock, &config);
	for (int i = 0; i < WORKERS; i++) {
		struct worker *me = &workers[i];
		*me = (struct worker){ .world = *boxes };
		snprintf(me->name, sizeof me->name, "AKIDworker%d", i);
		make(me->name, frozen_at(NEW_YEAR + i * INT64_C(86400000)));
		me->world.sender.secret_id = me->name;
		me->world.sender.secret_key = "test";
		me->world.arena = arena_new();
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, me), 0);
	}
	for (int i = 0; i < 20; i++) { /* others come and go meanwhile, and one is copied while it is used */
		ck_assert_int_eq(try_make("AKIDone", from("AKIDworker0")), i ? SANDBOX_REPLACED : SANDBOX_DONE);
		make("AKIDtwo", from("empty"));
		ck_assert(mock_reset(boxes->mock, "AKIDtwo", &boxes_why));
		struct sandbox *s = find("AKIDworker1");
		ck_assert(control_apply(s, "{\"World\":{\"TagMax\":50}}", 23, &boxes_why));
		ck_assert(state_save(s, "moment", &boxes_why));
		sandbox_release(s);
		ck_assert_int_eq(sandboxes_delete(boxes->mock, "AKIDtwo"), SANDBOX_DONE);
		mock_maintain(boxes->mock);
	}
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
		arena_free(workers[i].world.arena);
	}
	int start = 0;
	for (int i = 0; i < WORKERS; i++) {
		use_key(workers[i].name, "test");
		ck_assert_int_eq(workers[i].wrong, 0);
		start = start ? start : snapshots() - workers[i].made;
		ck_assert_int_eq(snapshots(), start + workers[i].made);
	}
}
END_TEST

/* Requests in a world that is reset and deleted under them get an answer, whichever. */
START_TEST(a_world_may_go_under_requests)
{
	static struct worker workers[WORKERS];
	pthread_t threads[WORKERS];
	make("AKIDone", from("default"));
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .world = *boxes };
		workers[i].world.sender.secret_id = "AKIDone";
		workers[i].world.sender.secret_key = "test";
		workers[i].world.arena = arena_new();
		ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < 20; i++) {
		struct sandbox *s = sandboxes_find(boxes->mock, "AKIDone");
		if (s)
			ck_assert(control_reset(s, i % 2 ? KEEP_CLOCK : 0, &boxes_why));
		sandbox_release(s);
		if (i % 5 == 4)
			sandboxes_delete(boxes->mock, "AKIDone");
		else if (i % 5 == 0)
			try_make("AKIDone", from("default"));
	}
	for (int i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
		arena_free(workers[i].world.arena);
	}
}
END_TEST

/* ---- how long it takes -------------------------------------------------------------------------------------------------------------- */

static void fill(const char *name, int rows)
{
	struct sandbox *s = find(name);
	sandbox_enter(s);
	store_begin(s->store);
	for (int i = 0; i < rows; i++) {
		struct snapshot p = {
			.no = INT64_C(5000000000) + i, .account = 100000000001, .size_gib = 50, .used_mib = 7, .create_ms = NEW_YEAR,
			.region = "ap-guangzhou", .zone = "ap-guangzhou-3", .name = "one of many", .usage = "DATA_DISK", .copying_to = "",
		};
		store_snapshot_insert(s->store, &p);
	}
	ck_assert(store_commit(s->store));
	sandbox_leave(s);
	sandbox_release(s);
}

/* Loose: the machine may be busy, and a sanitizer slows everything down. */
START_TEST(making_and_copying_is_quick)
{
	enum { MADE = 50, COPIED = 10, ROWS = 10000 };
	char name[32];
	make("AKIDfirst", from("default"));
	int64_t begun = clock_mono_us();
	for (int i = 0; i < MADE; i++) {
		snprintf(name, sizeof name, "AKIDmade%d", i);
		make(name, frozen_at(NEW_YEAR));
	}
	int64_t made_us = (clock_mono_us() - begun) / MADE;
	fill("AKIDfirst", ROWS);
	begun = clock_mono_us();
	for (int i = 0; i < COPIED; i++) {
		snprintf(name, sizeof name, "AKIDcopy%d", i);
		make(name, from("AKIDfirst"));
	}
	int64_t copied_us = (clock_mono_us() - begun) / COPIED;
	printf("# a sandbox is made in %lld us, one of %d rows copied in %lld us\n", (long long)made_us, ROWS, (long long)copied_us);
	ck_assert_int_lt(made_us, 100 * 1000);
	ck_assert_int_lt(copied_us, 500 * 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sandboxes_threads");
	const TTest *const threads[] = {
		threads_in_their_own_worlds_do_not_meet, a_world_may_go_under_requests, making_and_copying_is_quick,
	};
	add_group(suite, "threads", boxes_open, boxes_close, threads, LENGTH(threads));
	return run_suite(suite);
}
