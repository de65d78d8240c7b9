/* Work that rules spoil: jobs that end late, badly or never, and reads that lag behind changes. */
#include "fault_world.h"

/* ---- work that goes wrong ----------------------------------------------------------------------------------------------- */

static const char *state_of(const char *action, const char *set, const char *state)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(world_call(w, action, "{}").response, set);
	return cJSON_GetArraySize(list) ? text_of(list->child, state) : "";
}

static const char *snapshot_state(void)
{
	return state_of("DescribeSnapshots", "SnapshotSet", "SnapshotState");
}

static void create_with(const char *effect)
{
	world_freeze(w);
	put(arena_printf(w->arena, "{\"name\":\"j\",\"match\":{\"action\":\"CreateSnapshot\"},\"do\":%s}", effect));
	ck_assert_str_eq(world_call(w, "CreateSnapshot", CREATE).code, "");
	ck_assert_int_eq(int_of(rule_now("j"), "hits"), 1);
	ck_assert_str_eq(snapshot_state(), "CREATING");
}

START_TEST(job_delay)
{
	create_with("{\"type\":\"job_delay\",\"by\":\"1h\"}");
	world_advance(w, 3600000);
	ck_assert_str_eq(snapshot_state(), "CREATING");
	world_advance(w, 3600000);
	ck_assert_str_eq(snapshot_state(), "NORMAL");
}
END_TEST

/* A snapshot that fails is gone, and no counter remembers it. */
START_TEST(job_fail)
{
	create_with("{\"type\":\"job_fail\"}");
	world_advance(w, 10000);
	ck_assert_int_eq(snapshots(), 0);
	clear();
	ck_assert_str_eq(world_call(w, "CreateSnapshot", CREATE).code, "");
	world_advance(w, 10000);
	ck_assert_str_eq(snapshot_state(), "NORMAL");
}
END_TEST

START_TEST(stuck)
{
	create_with("{\"type\":\"stuck\"}");
	world_advance(w, INT64_C(1000) * 3600 * 24 * 365);
	ck_assert_str_eq(snapshot_state(), "CREATING");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(world_call(w, "DescribeSnapshots", "{}").response, "SnapshotSet");
	ck_assert(mock_finish_transition(w->mock, "default", text_of(list->child, "SnapshotId"), NULL, NULL));
	ck_assert_str_eq(snapshot_state(), "NORMAL");
}
END_TEST

static const char *disk_state(const char *disk)
{
	const char *params = arena_printf(w->arena, "{\"DiskIds\":[\"%s\"]}", disk);
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(world_call(w, "DescribeDisks", params).response, "DiskSet");
	return cJSON_GetArraySize(list) ? text_of(list->child, "DiskState") : "";
}

#define ATTACH "{\"DiskIds\":[\"" DISK "\"],\"InstanceId\":\"ins-r8hr2upy\"}"

/* Disks go back to where they came from. */
START_TEST(disk_jobs_fail)
{
	static const struct {
		const char *action, *params, *meanwhile, *at_last;
		bool attached;
	} cases[] = {
		{ "AttachDisks", ATTACH, "ATTACHING", "UNATTACHED", false },
		{ "DetachDisks", "{\"DiskIds\":[\"" DISK "\"]}", "DETACHING", "ATTACHED", true },
		{ "ResizeDisk", "{\"DiskId\":\"" DISK "\",\"DiskSize\":100}", "EXPANDING", "UNATTACHED", false },
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		start_afresh();
		world_freeze(w);
		if (cases[i].attached) {
			ck_assert_str_eq(world_call(w, "AttachDisks", ATTACH).code, "");
			world_advance(w, 10000);
		}
		put(arena_printf(w->arena, "{\"match\":{\"action\":\"%s\"},\"do\":{\"type\":\"job_fail\"}}", cases[i].action));
		struct answer a = world_call(w, cases[i].action, cases[i].params);
		ck_assert_msg(str_is(a.code, ""), "%s: %s %s", cases[i].action, a.code, a.message);
		ck_assert_str_eq(disk_state(DISK), cases[i].meanwhile);
		world_advance(w, 10000);
		ck_assert_str_eq(disk_state(DISK), cases[i].at_last);
	}
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(
		world_call(w, "DescribeDisks", "{\"DiskIds\":[\"" DISK "\"]}").response, "DiskSet");
	ck_assert_int_eq(int_of(list->child, "DiskSize"), 50);
}
END_TEST

START_TEST(disk_never_comes)
{
	world_freeze(w);
	int before = int_of(world_call(w, "DescribeDisks", "{}").response, "TotalCount");
	put("{\"match\":{\"action\":\"CreateDisks\"},\"do\":{\"type\":\"job_fail\"}}");
	struct answer a = world_call(w, "CreateDisks", "{\"Placement\":{\"Zone\":\"ap-guangzhou-3\"},\"DiskType\":\"CLOUD_PREMIUM\","
	                                               "\"DiskSize\":50,\"DiskChargeType\":\"POSTPAID_BY_HOUR\"}");
	ck_assert_msg(str_is(a.code, ""), "%s %s", a.code, a.message);
	world_advance(w, 100000);
	ck_assert_int_eq(int_of(world_call(w, "DescribeDisks", "{}").response, "TotalCount"), before);
}
END_TEST

/* ---- reads that lag ----------------------------------------------------------------------------------------------------- */

START_TEST(stale_by_reads)
{
	static const char *const phases[] = { "before_commit", "after_commit" };
	for (size_t i = 0; i < LENGTH(phases); i++) {
		start_afresh();
		put(arena_printf(w->arena, "{\"match\":{\"action\":\"CreateSnapshot\"},\"phase\":\"%s\",\"do\":{\"type\":\"stale_read\","
		                              "\"reads\":3}}", phases[i]));
		const char *id = text_of(world_call(w, "CreateSnapshot", CREATE).response, "SnapshotId");
		ck_assert_int_eq(snapshots(), 0);
		ck_assert_int_eq(snapshots(), 0);
		ck_assert_int_eq(snapshots(), 0);
		ck_assert_int_eq(snapshots(), 1);
		ck_assert_str_ne(id, "");
	}
}
END_TEST

/* A change is kept back as well as something new, and changes themselves see the world as it is. */
START_TEST(stale_by_time)
{
	const char *id = text_of(world_call(w, "CreateSnapshot", CREATE).response, "SnapshotId");
	world_freeze(w);
	world_advance(w, 10000);
	put("{\"match\":{\"action\":\"ModifySnapshotAttribute\"},\"do\":{\"type\":\"stale_read\",\"for\":\"5s\"}}");
	const char *params = arena_printf(w->arena, "{\"SnapshotId\":\"%s\",\"SnapshotName\":\"renamed\"}", id);
	ck_assert_str_eq(world_call(w, "ModifySnapshotAttribute", params).code, "");
	ck_assert_str_ne(state_of("DescribeSnapshots", "SnapshotSet", "SnapshotName"), "renamed");
	world_advance(w, 4999);
	ck_assert_str_ne(state_of("DescribeSnapshots", "SnapshotSet", "SnapshotName"), "renamed");
	world_advance(w, 1);
	ck_assert_str_eq(state_of("DescribeSnapshots", "SnapshotSet", "SnapshotName"), "renamed");
}
END_TEST

/* Time passes in what is seen: a snapshot that is being made becomes one. */
START_TEST(stale_worlds_age)
{
	world_freeze(w);
	world_call(w, "CreateSnapshot", CREATE);
	put("{\"match\":{\"action\":\"CreateDisks\"},\"do\":{\"type\":\"stale_read\",\"reads\":10}}");
	world_call(w, "CreateDisks", "{\"Placement\":{\"Zone\":\"ap-guangzhou-3\"},\"DiskType\":\"CLOUD_PREMIUM\",\"DiskSize\":50,"
	                             "\"DiskChargeType\":\"POSTPAID_BY_HOUR\"}");
	ck_assert_str_eq(snapshot_state(), "CREATING");
	world_advance(w, 10000);
	ck_assert_str_eq(snapshot_state(), "NORMAL");
}
END_TEST

/* A change that was refused, or undone, is kept from nobody. */
START_TEST(stale_after_nothing)
{
	put("{\"continue\":true,\"do\":{\"type\":\"stale_read\",\"reads\":3},\"phase\":\"before_commit\","
	    "\"match\":{\"action\":\"CreateSnapshot\"}}");
	put("{\"name\":\"undo\",\"do\":{\"type\":\"error\",\"code\":\"InternalError\"},\"phase\":\"before_commit\","
	       "\"match\":{\"action\":\"CreateSnapshot\"}}");
	ck_assert_str_eq(world_call(w, "CreateSnapshot", CREATE).code, "InternalError");
	int64_t now_ms;
	faults_clear(list_of("default", &now_ms), NULL, NULL);
	ck_assert_str_eq(world_call(w, "CreateSnapshot", CREATE).code, "");
	ck_assert_int_eq(snapshots(), 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		job_delay, job_fail, stuck, disk_jobs_fail, disk_never_comes, stale_by_reads, stale_by_time, stale_worlds_age,
		stale_after_nothing,
	};
	return run_with_world("fault_work", tests, LENGTH(tests));
}
