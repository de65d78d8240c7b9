/* The ticks of auto snapshot policies over long times, and whatever is done to a world on the way: it is copied, kept, written out,
 * gone back on, and ticks on as if nothing had been. */
#include "boxes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/control.h"
#include "gateway/history.h"
#include "gateway/state.h"
#include "util/clock.h"
#include "util/str.h"

enum { HEARD_MAX = 8 * 1024 * 1024 };

static const int64_t HOUR = INT64_C(60) * 60 * 1000, DAY = INT64_C(24) * 60 * 60 * 1000;

/* At 2 o'clock in UTC+8: the first one is 18 hours into the new year of UTC. */
static const char daily[] =
	"{\"AutoSnapshotPolicies\":[{\"AutoSnapshotPolicyId\":\"asp-daily000\",\"Account\":100000000001,\"Region\":\"ap-guangzhou\","
	"\"Policy\":[{\"Hour\":[2]}],\"RetentionDays\":7}],"
	"\"AutoSnapshotPolicyDisks\":[{\"AutoSnapshotPolicyId\":\"asp-daily000\",\"DiskId\":\"disk-attached\"}]}";

/* ---- steps ------------------------------------------------------------------------------------------------------------------- */

/* What was heard: of the ticks, and of the snapshots they took. */
static struct heard {
	int ticks, taken, done, skipped;
	int64_t last_ms;
	struct buf text; /* a line each; snapshots without their ids */
} heard;

static void hear(void *data, const struct cbs_event *e)
{
	struct heard *h = data;
	bool snapshot = str_prefix(e->resource, "snap-");
	ck_assert_int_ge(e->at_ms, h->last_ms);
	h->last_ms = e->at_ms;
	h->ticks += str_prefix(e->resource, "asp-");
	h->taken += snapshot && e->policy != NULL;
	h->done += snapshot && str_is(e->to, "NORMAL");
	h->skipped += e->skipped != NULL;
	buf_printf(&h->text, "%" PRId64 " %s %s %s %s %s\n", e->at_ms, snapshot ? "snap" : e->resource, e->from, e->to,
	           e->policy != NULL ? e->policy : "", e->skipped != NULL ? e->skipped : "");
}

static void listen_anew(void)
{
	buf_clear(&heard.text);
	heard = (struct heard){ .text = heard.text };
}

/* Listens from there on; false when the clock does not move. */
static bool move(const char *name, enum clock_change change, int64_t value, struct clock_state *state)
{
	struct sandbox *s = find(name);
	listen_anew();
	bool done = control_clock(s, change, value, state, &(struct listener){ hear, &heard });
	sandbox_release(s);
	return done;
}

static void advance(const char *name, int64_t ms)
{
	struct clock_state state;
	ck_assert(move(name, CLOCK_ADVANCE, ms, &state));
}

static void apply(const char *name, const char *fixture)
{
	struct sandbox *s = find(name);
	buf_clear(&boxes_why);
	ck_assert_msg(control_apply(s, fixture, strlen(fixture), &boxes_why), "%s", boxes_why.data);
	sandbox_release(s);
}

/* A world that stands at New Year, with a policy. */
static void make_ticking(const char *name, const char *policy)
{
	make(name, frozen_at(NEW_YEAR));
	apply(name, policy);
	use_key(name, "test");
}

static int snapshots_of_policies(const char *name, const char *disk)
{
	use_key(name, "test");
	const char *params = arena_printf(boxes->arena, "{\"Limit\":100,\"Filters\":[{\"Name\":\"disk-id\",\"Values\":[\"%s\"]}]}", disk);
	struct answer a = world_call(boxes, "DescribeSnapshots", params);
	ck_assert_str_eq(a.code, "");
	int count = 0;
	const cJSON *snapshot;
	cJSON_ArrayForEach(snapshot, cJSON_GetObjectItemCaseSensitive(a.response, "SnapshotSet"))
		count += member_text(snapshot, "AutoSnapshotPolicyId") != NULL;
	return count;
}

/* A policy that ticks every hour, and looks at so many disks that stand idle. */
static void apply_crowd(const char *name, int disks)
{
	struct buf text;
	buf_init(&text, 256 * 1024);
	buf_adds(&text, "{\"Disks\":[");
	for (int i = 0; i < disks; i++)
		buf_printf(&text, "%s{\"DiskId\":\"disk-crowd%03d\",\"Account\":100000000001,\"Region\":\"ap-guangzhou\","
		           "\"Zone\":\"ap-guangzhou-3\",\"DiskType\":\"CLOUD_SSD\",\"DiskSize\":20}", i ? "," : "", i);
	buf_adds(&text, "],\"AutoSnapshotPolicies\":[{\"AutoSnapshotPolicyId\":\"asp-crowd000\",\"Account\":100000000001,"
		"\"Region\":\"ap-guangzhou\",\"Policy\":[{\"Hour\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23]}]}],"
		"\"AutoSnapshotPolicyDisks\":[");
	for (int i = 0; i < disks; i++)
		buf_printf(&text, "%s{\"AutoSnapshotPolicyId\":\"asp-crowd000\",\"DiskId\":\"disk-crowd%03d\"}", i ? "," : "", i);
	buf_adds(&text, "]}");
	ck_assert(!text.overflow);
	apply(name, text.data);
	buf_finish(&text);
}

/* What a month brings from here on. */
static const char *next_month(const char *name)
{
	advance(name, 30 * DAY);
	ck_assert(!heard.text.overflow);
	ck_assert_int_eq(heard.ticks, 30);
	ck_assert_int_eq(heard.taken, 30);
	return arena_strndup(boxes->arena, heard.text.data, heard.text.len);
}

static const char *written(const char *name)
{
	struct sandbox *s = find(name);
	struct buf text;
	struct json_out o;
	buf_init(&text, HEARD_MAX);
	json_out_init(&o, &text);
	out_object(&o, NULL);
	state_write(s, NULL, false, &o);
	out_end_object(&o);
	ck_assert(!text.overflow);
	const char *copy = arena_strndup(boxes->arena, text.data, text.len);
	buf_finish(&text);
	sandbox_release(s);
	return copy;
}

static void set_up(void)
{
	boxes_open();
	buf_init(&heard.text, HEARD_MAX);
}

static void tear_down(void)
{
	buf_finish(&heard.text);
	boxes_close();
}

/* ---- long times -------------------------------------------------------------------------------------------------------------- */

/* The best of some, for the machine has other things to do; a sanitizer takes its time. */
START_TEST(a_month_is_one_quick_move)
{
	enum { TRIES = 5, MOST_US = 50 * 1000 };
	int64_t best_us = INT64_MAX, patience = 1;
	str_to_i64(getenv("CK_TIMEOUT_MULTIPLIER") ? getenv("CK_TIMEOUT_MULTIPLIER") : "", &patience);
	for (int i = 0; i < TRIES; i++) {
		const char *name = arena_printf(boxes->arena, "AKIDmonth%d", i);
		make_ticking(name, daily);
		int64_t began_us = clock_mono_us();
		advance(name, 30 * DAY);
		int64_t took_us = clock_mono_us() - began_us;
		best_us = took_us < best_us ? took_us : best_us;
		ck_assert_int_eq(heard.ticks, 30);
		ck_assert_int_eq(heard.taken, 30);
		ck_assert_int_eq(heard.done, 30);
		ck_assert_int_eq(snapshots_of_policies(name, "disk-attached"), 7);
	}
	ck_assert_int_lt(best_us, MOST_US * patience);
}
END_TEST

START_TEST(a_year_is_one_move)
{
	make_ticking("AKIDone", daily);
	for (int year = 0; year < 2; year++) {
		advance("AKIDone", 365 * DAY);
		ck_assert_int_eq(heard.ticks, 365);
		ck_assert_int_eq(heard.taken, 365);
		ck_assert_int_eq(heard.skipped, 0);
		ck_assert_int_eq(snapshots_of_policies("AKIDone", "disk-attached"), 7);
	}
}
END_TEST

/* How time was cut into pieces leaves no trace in a world. */
START_TEST(a_quarter_is_ninety_days)
{
	make_ticking("AKIDone", daily);
	make_ticking("AKIDtwo", daily);
	advance("AKIDone", 90 * DAY);
	for (int day = 0; day < 90; day++)
		advance("AKIDtwo", DAY);
	ck_assert_str_eq(written("AKIDone"), written("AKIDtwo"));
}
END_TEST

START_TEST(a_clock_goes_from_tick_to_tick)
{
	struct clock_state state;
	make_ticking("AKIDone", daily);
	struct sandbox *s = find("AKIDone");
	for (int day = 0; day < 3;) {
		listen_anew();
		ck_assert(control_next_event(s, &state, &(struct listener){ hear, &heard }));
		if (heard.ticks == 0) /* the end of a snapshot, or what else there is in this world */
			continue;
		ck_assert_int_eq(state.now_ms, NEW_YEAR + day++ * DAY + 18 * HOUR);
		ck_assert_int_eq(heard.taken, 1);
	}
	sandbox_release(s);
}
END_TEST

/* ---- bounds ------------------------------------------------------------------------------------------------------------------ */

START_TEST(a_policy_is_never_idle_and_time_stops_all_the_same)
{
	struct clock_state state;
	make_ticking("AKIDone", daily);
	struct sandbox *s = find("AKIDone");
	listen_anew();
	ck_assert(control_run_until_idle(s, 30 * DAY, &state, &(struct listener){ hear, &heard }));
	ck_assert_int_eq(state.now_ms, NEW_YEAR + 30 * DAY);
	ck_assert_int_eq(state.next_ms, NEW_YEAR + 30 * DAY + 18 * HOUR);
	ck_assert_int_eq(heard.ticks, 30);
	apply("AKIDone", "{\"AutoSnapshotPolicies\":[{\"AutoSnapshotPolicyId\":\"asp-daily000\",\"IsActivated\":false}]}");
	ck_assert(control_run_until_idle(s, INT64_MAX, &state, &(struct listener){ NULL, NULL }));
	ck_assert_int_eq(state.next_ms, INT64_MAX);
	sandbox_release(s);
	ck_assert_int_eq(snapshots_of_policies("AKIDone", "disk-attached"), 0);
}
END_TEST

/* Of a tick counts each disk, so that a crowd of them cannot keep the world busy for ever. */
START_TEST(too_far_at_once_is_refused_whole)
{
	enum { CROWD = 500 };
	const int64_t hours = CLOCK_TICKS_MAX / (CROWD + 1);
	struct clock_state state;
	make("AKIDone", frozen_at(NEW_YEAR));
	apply_crowd("AKIDone", CROWD);
	const char *before = written("AKIDone");
	ck_assert(!move("AKIDone", CLOCK_ADVANCE, 100 * 365 * DAY, &state));
	ck_assert(state.too_far);
	ck_assert_int_eq(state.now_ms, NEW_YEAR);
	ck_assert_int_le(heard.ticks, hours + 1);
	struct sandbox *s = find("AKIDone");
	ck_assert(!control_run_until_idle(s, INT64_MAX, &state, &(struct listener){ NULL, NULL }));
	ck_assert(state.too_far);
	ck_assert_int_eq(state.now_ms, NEW_YEAR);
	sandbox_release(s);
	ck_assert_str_eq(written("AKIDone"), before);
	ck_assert(move("AKIDone", CLOCK_ADVANCE, DAY, &state));
	ck_assert(!state.too_far);
	ck_assert_int_eq(heard.ticks, 24);
	ck_assert_int_eq(heard.skipped, 24 * CROWD);
}
END_TEST

/* Nobody can refuse time that passes by itself: a call does as much of it as one move may, and the next one goes on. */
START_TEST(a_clock_that_ran_for_ages_is_caught_up_with_in_steps)
{
	enum { CROWD = 500, HOURS = 600, ROUNDS_MOST = 8 };
	struct clock_state state;
	clock_hold(NEW_YEAR);
	make("AKIDone", frozen_at(NEW_YEAR));
	apply_crowd("AKIDone", CROWD);
	use_key("AKIDone", "test");
	ck_assert(move("AKIDone", CLOCK_SCALE, INT64_C(1000) * 1000, &state));
	ck_assert(move("AKIDone", CLOCK_RESUME, 0, &state));
	boxes->wall_ms = NEW_YEAR + HOURS * HOUR / 1000;
	clock_hold(boxes->wall_ms);
	const int64_t now_ms = NEW_YEAR + HOURS * HOUR;
	int rounds = 0;
	struct sandbox *s = find("AKIDone");
	do {
		ck_assert_str_eq(world_call(boxes, "DescribeDisks", "{\"Limit\":1}").code, "");
		ck_assert(control_clock(s, CLOCK_READ, 0, &state, &(struct listener){ NULL, NULL }));
		ck_assert_int_eq(state.now_ms, now_ms);
		rounds++;
	} while (state.next_ms <= now_ms && rounds < ROUNDS_MOST);
	sandbox_release(s);
	clock_let_go();
	ck_assert_int_eq(rounds, HOURS * (CROWD + 1) / CLOCK_TICKS_MAX + 1);
}
END_TEST

/* ---- other ways for a world to go ---------------------------------------------------------------------------------------------- */

START_TEST(a_fork_ticks_on)
{
	make_ticking("AKIDone", daily);
	advance("AKIDone", 10 * DAY + HOUR);
	make("AKIDfork", from("AKIDone"));
	const char *month = next_month("AKIDone");
	ck_assert_str_eq(next_month("AKIDfork"), month);
}
END_TEST

START_TEST(a_fork_may_begin_earlier)
{
	make_ticking("AKIDone", daily);
	advance("AKIDone", 10 * DAY);
	struct sandbox_plan plan = frozen_at(NEW_YEAR + DAY);
	snprintf(plan.origin.template, sizeof plan.origin.template, "AKIDone");
	make("AKIDfork", plan);
	advance("AKIDfork", 2 * DAY);
	ck_assert_int_eq(heard.ticks, 2);
}
END_TEST

START_TEST(a_checkpoint_ticks_on)
{
	make_ticking("AKIDone", daily);
	advance("AKIDone", 10 * DAY + HOUR);
	struct sandbox *s = find("AKIDone");
	ck_assert_msg(state_save(s, "then", &boxes_why), "%s", boxes_why.data);
	const char *month = next_month("AKIDone");
	ck_assert_msg(state_restore(s, "then", &boxes_why), "%s", boxes_why.data);
	sandbox_release(s);
	ck_assert_str_eq(next_month("AKIDone"), month);
}
END_TEST

START_TEST(a_rewound_world_ticks_on)
{
	make_ticking("AKIDone", daily);
	set("AKIDone", "{\"revisions\":10000}");
	advance("AKIDone", 10 * DAY + HOUR);
	struct sandbox *s = find("AKIDone");
	int64_t first, then;
	struct history_span span;
	sandbox_enter(s);
	store_revisions(s->store, &first, &then);
	sandbox_leave(s);
	const char *month = next_month("AKIDone");
	ck_assert_msg(history_rewind(s, then, &span, &boxes_why) == HISTORY_DONE, "%s", boxes_why.data);
	sandbox_release(s);
	ck_assert_str_eq(next_month("AKIDone"), month);
}
END_TEST

START_TEST(a_world_written_as_a_fixture_ticks_on)
{
	make_ticking("AKIDone", daily);
	advance("AKIDone", 10 * DAY + HOUR);
	const char *world = written("AKIDone"), *month = next_month("AKIDone");
	make("AKIDtwo", frozen_at(NEW_YEAR + 10 * DAY + HOUR));
	struct sandbox *s = find("AKIDtwo");
	ck_assert_msg(state_import(s, world, strlen(world), IMPORT_OVERWRITE, &boxes_why), "%s", boxes_why.data);
	sandbox_release(s);
	ck_assert_str_eq(written("AKIDtwo"), world);
	ck_assert_str_eq(next_month("AKIDtwo"), month);
}
END_TEST

START_TEST(an_exported_image_ticks_on)
{
	make_ticking("AKIDone", daily);
	advance("AKIDone", 10 * DAY + HOUR);
	struct sandbox *s = find("AKIDone");
	struct world_image *image = state_export(s, &boxes_why);
	ck_assert_msg(image != NULL, "%s", boxes_why.data);
	sandbox_release(s);
	const char *month = next_month("AKIDone");
	make("AKIDtwo", frozen_at(NEW_YEAR));
	s = find("AKIDtwo");
	ck_assert_msg(state_import(s, image_data(image), image_size(image), IMPORT_OVERWRITE, &boxes_why), "%s", boxes_why.data);
	image_release(image);
	sandbox_release(s);
	ck_assert_str_eq(next_month("AKIDtwo"), month);
}
END_TEST

/* What was taken stays; the days to come have their ticks again. */
START_TEST(a_clock_set_back_ticks_on_from_there)
{
	struct clock_state state;
	make_ticking("AKIDone", daily);
	advance("AKIDone", 5 * DAY);
	ck_assert(move("AKIDone", CLOCK_SET, NEW_YEAR + 2 * DAY, &state));
	ck_assert_int_eq(heard.ticks, 0);
	ck_assert_int_eq(state.next_ms, NEW_YEAR + 2 * DAY + 18 * HOUR);
	advance("AKIDone", 2 * DAY);
	ck_assert_int_eq(heard.ticks, 2);
	ck_assert_int_eq(snapshots_of_policies("AKIDone", "disk-attached"), 7);
}
END_TEST

/* The built-in world and a policy, as a file of its own. */
static void write_fixture(char *path)
{
	const char *root = getenv("CBSMOCK_SOURCE_ROOT");
	FILE *from = fopen(arena_printf(boxes->arena, "%s/fixtures/default.json", root != NULL ? root : "."), "rb");
	FILE *to = fdopen(mkstemp(path), "wb");
	char line[1024];
	ck_assert(from != NULL && to != NULL);
	while (fgets(line, sizeof line, from) != NULL)
		if (!str_is(line, "}\n")) /* the last one */
			fputs(line, to);
	fprintf(to, ",%s\n", daily + 1);
	ck_assert(fclose(from) == 0 && fclose(to) == 0);
}

/* The times of a preset move along with a sandbox's own clock; the hours of its policies stay those of the day. */
START_TEST(the_policies_of_a_preset_keep_their_hours)
{
	char path[] = "/tmp/cbsmock-test-XXXXXX";
	const int64_t starts[] = { NEW_YEAR, NEW_YEAR + 100 * DAY + 5 * HOUR, NEW_YEAR + 50 * DAY + 20 * HOUR };
	struct mock_config config;
	mock_config_default(&config);
	config.fixture_path = path;
	write_fixture(path);
	world_close(boxes);
	boxes = world_open_with(&config);
	for (size_t i = 0; i < LENGTH(starts); i++) {
		const char *name = arena_printf(boxes->arena, "AKIDpreset%zu", i);
		make(name, frozen_at(starts[i]));
		advance(name, DAY);
		ck_assert_int_eq(heard.ticks, 1);
		ck_assert_int_eq(heard.taken, 1);
		int64_t at_ms = NEW_YEAR + (starts[i] - NEW_YEAR + 6 * HOUR) / DAY * DAY + 18 * HOUR;
		ck_assert(strstr(heard.text.data, arena_printf(boxes->arena, "%" PRId64 " asp-daily000", at_ms)) != NULL);
	}
	remove(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	const TTest *const long_times[] = {
		a_month_is_one_quick_move, a_year_is_one_move, a_quarter_is_ninety_days, a_clock_goes_from_tick_to_tick,
	};
	const TTest *const bounds[] = {
		a_policy_is_never_idle_and_time_stops_all_the_same, too_far_at_once_is_refused_whole,
		a_clock_that_ran_for_ages_is_caught_up_with_in_steps,
	};
	const TTest *const ways[] = {
		a_fork_ticks_on, a_fork_may_begin_earlier, a_checkpoint_ticks_on, a_rewound_world_ticks_on, a_world_written_as_a_fixture_ticks_on,
		an_exported_image_ticks_on, a_clock_set_back_ticks_on_from_there, the_policies_of_a_preset_keep_their_hours,
	};
	add_group(suite, "long times", set_up, tear_down, long_times, LENGTH(long_times));
	add_group(suite, "bounds", set_up, tear_down, bounds, LENGTH(bounds));
	add_group(suite, "ways", set_up, tear_down, ways, LENGTH(ways));
	return run_suite(suite);
}
