/* When policies act: each kind of day by hand, and all of them against a walk through every hour. */
#include "cbs/schedule.h"

#include <stdio.h>
#include <stdlib.h>

#include "run.h"
#include "util/wiretime.h"

enum { HOUR = 60 * 60 * 1000, WALK_MAX = 500 * 24, DRAWS = 300 };

static struct arena *arena;

static void begin(void)
{
	arena = arena_new();
}

static void end(void)
{
	arena_free(arena);
}

static const struct schedule *parsed(const char *text)
{
	const char *wrong;
	const struct schedule *s = schedule_parse(arena, text, &wrong);
	ck_assert_msg(s != NULL, "%s: %s is wrong", text, wrong);
	return s;
}

/* "2026-11-24 18:00" in UTC+8. */
static int64_t at(const char *local)
{
	char text[WIRETIME_SIZE];
	int64_t ms;
	snprintf(text, sizeof text, "%.10sT%s:00+08:00", local, local + 11);
	ck_assert_msg(wiretime_parse(text, &ms), "%s", local);
	return ms;
}

/* ---- reading -------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text, *wrong;
} broken[] = {
	{ "", "" },
	{ "{}", "" },
	{ "[]", "" },
	{ "[7]", "0" },
	{ "[{}]", "0.Hour" },
	{ "[{\"Hour\":[]}]", "0.Hour" },
	{ "[{\"Hour\":7}]", "0.Hour" },
	{ "[{\"Hour\":[0,24]}]", "0.Hour.1" },
	{ "[{\"Hour\":[-1]}]", "0.Hour.0" },
	{ "[{\"Hour\":[1.5]}]", "0.Hour.0" },
	{ "[{\"Hour\":[1e99]}]", "0.Hour.0" },
	{ "[{\"Hour\":[\"7\"]}]", "0.Hour.0" },
	{ "[{\"Hour\":[7]},{\"DayOfWeek\":[1]}]", "1.Hour" },
	{ "[{\"Hour\":[7]},{\"Hour\":[7],\"DayOfWeek\":[0,6,7]}]", "1.DayOfWeek.2" },
	{ "[{\"Hour\":[7],\"DayOfMonth\":[0]}]", "0.DayOfMonth.0" },
	{ "[{\"Hour\":[7],\"DayOfMonth\":[31,32]}]", "0.DayOfMonth.1" },
	{ "[{\"Hour\":null}]", "0.Hour" },
	{ "[{\"Hour\":[7],\"DayOfMonth\":31}]", "0.DayOfMonth" },
	{ "[{\"Hour\":[7],\"IntervalDays\":0}]", "0.IntervalDays" },
	{ "[{\"Hour\":[7],\"IntervalDays\":366}]", "0.IntervalDays" },
	{ "[{\"Hour\":[7],\"IntervalDays\":[5]}]", "0.IntervalDays" },
	{ "[{\"Hour\":[7],\"Hours\":[5]}]", "0.Hours" },
};

START_TEST(what_is_wrong_is_named)
{
	const char *wrong;
	ck_assert_ptr_null(schedule_parse(arena, broken[_i].text, &wrong));
	ck_assert_str_eq(wrong, broken[_i].wrong);
}
END_TEST

START_TEST(as_many_entries_as_allowed_are_read_and_no_more)
{
	const char *text = "[{\"Hour\":[7]}", *wrong;
	for (int i = 1; i < SCHEDULE_ENTRIES_MAX; i++)
		text = arena_concat(arena, text, ",{\"Hour\":[7]}", NULL);
	ck_assert_ptr_nonnull(schedule_parse(arena, arena_concat(arena, text, "]", NULL), &wrong));
	ck_assert_ptr_null(schedule_parse(arena, arena_concat(arena, text, ",{\"Hour\":[7]}]", NULL), &wrong));
	ck_assert_str_eq(wrong, "");
}
END_TEST

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

START_TEST(what_was_read_is_kept_in_its_order)
{
	const char *wrong;
	cJSON *list = cJSON_Parse("[{\"DayOfMonth\":null,\"DayOfWeek\":[6,5,5],\"Hour\":[19,7]},"
	                          "{\"IntervalDays\":365,\"Hour\":[0],\"DayOfMonth\":[31,1],\"DayOfWeek\":[]}]");
	arena_defer(arena, delete_tree, list);
	ck_assert_ptr_nonnull(schedule_read(arena, list, &wrong));
	const char *text = schedule_text(arena, list);
	ck_assert_str_eq(text, "[{\"Hour\":[19,7],\"DayOfWeek\":[6,5,5]},"
	                       "{\"Hour\":[0],\"DayOfWeek\":[],\"DayOfMonth\":[31,1],\"IntervalDays\":365}]");
	ck_assert_ptr_nonnull(schedule_parse(arena, text, &wrong));
}
END_TEST

/* ---- by hand -------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text, *created, *after, *next;
} rows[] = {
	/* Every day. */
	{ "[{\"Hour\":[7]}]", "2026-11-24 06:59", "2026-11-24 06:59", "2026-11-24 07:00" },
	{ "[{\"Hour\":[7]}]", "2026-11-24 07:00", "2026-11-24 07:00", "2026-11-25 07:00" },
	{ "[{\"Hour\":[7]}]", "2026-11-24 07:01", "2026-12-31 07:00", "2027-01-01 07:00" },
	{ "[{\"Hour\":[7],\"DayOfWeek\":[],\"DayOfMonth\":[]}]", "2026-11-24 08:00", "2026-11-24 08:00", "2026-11-25 07:00" },
	{ "[{\"Hour\":[7],\"DayOfWeek\":null}]", "2026-11-24 08:00", "2026-11-24 08:00", "2026-11-25 07:00" },
	/* Hours out of order, doubled, at both ends of the day in UTC+8, where the date in UTC is another. */
	{ "[{\"Hour\":[19,7,7,13]}]", "2026-11-24 00:00", "2026-11-24 06:00", "2026-11-24 07:00" },
	{ "[{\"Hour\":[19,7,7,13]}]", "2026-11-24 00:00", "2026-11-24 07:00", "2026-11-24 13:00" },
	{ "[{\"Hour\":[19,7,7,13]}]", "2026-11-24 00:00", "2026-11-24 19:00", "2026-11-25 07:00" },
	{ "[{\"Hour\":[23,0]}]", "2026-11-24 00:00", "2026-11-24 00:00", "2026-11-24 23:00" },
	{ "[{\"Hour\":[23,0]}]", "2026-11-24 00:00", "2026-11-24 23:00", "2026-11-25 00:00" },
	{ "[{\"Hour\":[0],\"DayOfMonth\":[1]}]", "2026-11-30 12:00", "2026-11-30 23:59", "2026-12-01 00:00" },
	{ "[{\"Hour\":[7],\"DayOfMonth\":[1]}]", "2026-11-30 12:00", "2026-12-01 06:00", "2026-12-01 07:00" },
	/* Days of the week; 2026-11-24 is a Tuesday, 29 November a Sunday. */
	{ "[{\"Hour\":[7],\"DayOfWeek\":[2]}]", "2026-11-24 06:00", "2026-11-24 06:00", "2026-11-24 07:00" },
	{ "[{\"Hour\":[7],\"DayOfWeek\":[2]}]", "2026-11-24 06:00", "2026-11-24 07:00", "2026-12-01 07:00" },
	{ "[{\"Hour\":[7],\"DayOfWeek\":[6,5]}]", "2026-11-24 06:00", "2026-11-24 06:00", "2026-11-27 07:00" },
	{ "[{\"Hour\":[7],\"DayOfWeek\":[6,5]}]", "2026-11-24 06:00", "2026-11-27 07:00", "2026-11-28 07:00" },
	{ "[{\"Hour\":[0],\"DayOfWeek\":[0]}]", "2026-11-24 06:00", "2026-11-28 23:00", "2026-11-29 00:00" },
	/* Days of the month that some months lack. */
	{ "[{\"Hour\":[3],\"DayOfMonth\":[31]}]", "2026-01-01 00:00", "2026-01-31 03:00", "2026-03-31 03:00" },
	{ "[{\"Hour\":[3],\"DayOfMonth\":[31]}]", "2026-01-01 00:00", "2026-08-31 03:00", "2026-10-31 03:00" },
	{ "[{\"Hour\":[3],\"DayOfMonth\":[31]}]", "2026-01-01 00:00", "2026-12-31 03:00", "2027-01-31 03:00" },
	{ "[{\"Hour\":[3],\"DayOfMonth\":[30]}]", "2026-01-01 00:00", "2026-01-30 03:00", "2026-03-30 03:00" },
	{ "[{\"Hour\":[3],\"DayOfMonth\":[29]}]", "2026-01-01 00:00", "2028-01-29 03:00", "2028-02-29 03:00" },
	{ "[{\"Hour\":[3],\"DayOfMonth\":[29]}]", "2026-01-01 00:00", "2027-01-29 03:00", "2027-03-29 03:00" },
	{ "[{\"Hour\":[3],\"DayOfMonth\":[29]}]", "2026-01-01 00:00", "2100-01-29 03:00", "2100-03-29 03:00" },
	{ "[{\"Hour\":[3],\"DayOfMonth\":[15,1]}]", "2026-01-01 00:00", "2026-06-10 12:00", "2026-06-15 03:00" },
	/* Every so many days, from the day of creation on, whatever its hour. */
	{ "[{\"Hour\":[7],\"IntervalDays\":5}]", "2026-11-24 06:00", "2026-11-24 06:00", "2026-11-24 07:00" },
	{ "[{\"Hour\":[7],\"IntervalDays\":5}]", "2026-11-24 08:00", "2026-11-24 08:00", "2026-11-29 07:00" },
	{ "[{\"Hour\":[7,9],\"IntervalDays\":5}]", "2026-11-24 08:00", "2026-11-24 08:00", "2026-11-24 09:00" },
	{ "[{\"Hour\":[7],\"IntervalDays\":5}]", "2026-11-24 23:59", "2026-11-27 00:00", "2026-11-29 07:00" },
	{ "[{\"Hour\":[7],\"IntervalDays\":5}]", "2026-11-24 00:00", "2026-11-29 07:00", "2026-12-04 07:00" },
	{ "[{\"Hour\":[7],\"IntervalDays\":1}]", "2026-11-24 08:00", "2026-11-24 08:00", "2026-11-25 07:00" },
	{ "[{\"Hour\":[7],\"IntervalDays\":365}]", "2026-11-24 08:00", "2126-01-01 00:00", "2126-10-31 07:00" },
	/* Unions, of entries and within one. */
	{ "[{\"Hour\":[7],\"DayOfWeek\":[1]},{\"Hour\":[3],\"DayOfMonth\":[26]}]", "2026-11-24 08:00", "2026-11-24 08:00", "2026-11-26 03:00" },
	{ "[{\"Hour\":[7],\"DayOfWeek\":[1]},{\"Hour\":[3],\"DayOfMonth\":[26]}]", "2026-11-24 08:00", "2026-11-26 03:00", "2026-11-30 07:00" },
	{ "[{\"Hour\":[7],\"DayOfWeek\":[1],\"DayOfMonth\":[26]}]", "2026-11-24 08:00", "2026-11-24 08:00", "2026-11-26 07:00" },
	{ "[{\"Hour\":[7],\"DayOfWeek\":[1],\"DayOfMonth\":[26]}]", "2026-11-24 08:00", "2026-11-26 07:00", "2026-11-30 07:00" },
	{ "[{\"Hour\":[7],\"DayOfMonth\":[31],\"IntervalDays\":10}]", "2026-12-24 08:00", "2026-12-24 08:00", "2026-12-31 07:00" },
	{ "[{\"Hour\":[7],\"DayOfMonth\":[31],\"IntervalDays\":10}]", "2026-12-24 08:00", "2026-12-31 07:00", "2027-01-03 07:00" },
	{ "[{\"Hour\":[9]},{\"Hour\":[8]}]", "2026-11-24 06:00", "2026-11-24 06:00", "2026-11-24 08:00" },
	/* A policy that is not created yet begins then. */
	{ "[{\"Hour\":[7]}]", "2026-11-24 08:00", "2026-01-01 00:00", "2026-11-25 07:00" },
	/* Far away, and the end of time. */
	{ "[{\"Hour\":[7],\"DayOfMonth\":[29]}]", "1970-01-01 08:00", "9996-02-28 08:00", "9996-02-29 07:00" },
	{ "[{\"Hour\":[7,23]}]", "1970-01-01 08:00", "9999-12-31 07:00", "9999-12-31 23:00" },
	{ "[{\"Hour\":[7,23]}]", "1970-01-01 08:00", "9999-12-31 23:00", NULL },
	{ "[{\"Hour\":[0],\"IntervalDays\":365}]", "9999-12-31 22:00", "9999-12-31 22:00", NULL },
	{ "[{\"Hour\":[0],\"DayOfMonth\":[30]}]", "1970-01-01 08:00", "9999-12-30 00:00", NULL },
};

START_TEST(the_next_time_is)
{
	char text[WIRETIME_SIZE];
	int64_t next = schedule_next(parsed(rows[_i].text), at(rows[_i].created), at(rows[_i].after));
	if (rows[_i].next == NULL) {
		ck_assert_int_eq(next, INT64_MAX);
		return;
	}
	wiretime_local(next, text);
	ck_assert_msg(next == at(rows[_i].next), "%s after %s: %s, not %s", rows[_i].text, rows[_i].after, text, rows[_i].next);
}
END_TEST

START_TEST(to_the_millisecond)
{
	const struct schedule *s = parsed("[{\"Hour\":[7]}]");
	int64_t seven = at("2026-11-24 07:00"), day = 24 * HOUR;
	ck_assert_int_eq(schedule_next(s, 0, seven - 1), seven);
	ck_assert_int_eq(schedule_next(s, 0, seven), seven + day);
	ck_assert_int_eq(schedule_next(s, 0, seven + day - 1), seven + day);
}
END_TEST

START_TEST(there_is_an_end_for_any_time)
{
	const struct schedule *s = parsed("[{\"Hour\":[7],\"IntervalDays\":365}]");
	ck_assert_int_eq(schedule_next(s, 0, WIRETIME_MAX_MS), INT64_MAX);
	ck_assert_int_eq(schedule_next(s, 0, INT64_MAX), INT64_MAX);
	ck_assert_int_eq(schedule_next(s, INT64_MAX, 0), INT64_MAX);
}
END_TEST

/* ---- against a walk ------------------------------------------------------------------------------------------------------- */

/* What is drawn, in the words of the rule and not in sets of bits. */
struct draw {
	int hours[2], weekday, month_day, interval; /* -1: none */
};

static uint32_t dice;

static int drawn(int most)
{
	dice = dice * UINT32_C(1664525) + UINT32_C(1013904223);
	return (int)((dice >> 8) % (uint32_t)(most + 1));
}

static struct draw draw_entry(void)
{
	struct draw d = { .hours = { drawn(23), drawn(23) }, .weekday = -1, .month_day = -1, .interval = -1 };
	int kinds = drawn(7);
	if (kinds & 1)
		d.weekday = drawn(6);
	if (kinds & 2)
		d.month_day = 1 + drawn(30);
	if (kinds & 4)
		d.interval = 1 + drawn(364);
	return d;
}

static const char *draw_text(const struct draw *d)
{
	const char *text = arena_printf(arena, "{\"Hour\":[%d,%d]", d->hours[0], d->hours[1]);
	if (d->weekday >= 0)
		text = arena_printf(arena, "%s,\"DayOfWeek\":[%d]", text, d->weekday);
	if (d->month_day >= 0)
		text = arena_printf(arena, "%s,\"DayOfMonth\":[%d]", text, d->month_day);
	if (d->interval >= 0)
		text = arena_printf(arena, "%s,\"IntervalDays\":%d", text, d->interval);
	return arena_printf(arena, "%s}", text);
}

/* Reads the day of the month from the written date; a known Sunday tells the day of the week. */
static bool draw_fits(const struct draw *d, int64_t create_ms, int64_t ms)
{
	char date[WIRETIME_SIZE], created[WIRETIME_SIZE];
	wiretime_local(ms, date);
	wiretime_local(create_ms, created);
	int64_t day = 24 * HOUR, of_day = strtol(date + 11, NULL, 10);
	if (of_day != d->hours[0] && of_day != d->hours[1])
		return false;
	if (d->weekday < 0 && d->month_day < 0 && d->interval < 0)
		return true;
	int64_t sunday = at("2026-11-29 00:00"), days_on = (ms - sunday) / day;
	if (d->weekday >= 0 && ((ms < sunday ? days_on - ((ms - sunday) % day != 0) : days_on) % 7 + 7) % 7 == d->weekday)
		return true;
	if (d->month_day >= 0 && strtol(date + 8, NULL, 10) == d->month_day)
		return true;
	created[10] = date[10] = '\0';
	int64_t since = at(arena_concat(arena, date, " 00:00", NULL)) - at(arena_concat(arena, created, " 00:00", NULL));
	return d->interval >= 0 && since % (d->interval * day) == 0;
}

START_TEST(as_a_walk_through_every_hour_finds_it)
{
	dice = (uint32_t)_i + 1;
	struct draw draws[2] = { draw_entry(), draw_entry() };
	const char *text = arena_printf(arena, "[%s,%s]", draw_text(&draws[0]), draw_text(&draws[1]));
	const struct schedule *s = parsed(text);
	int64_t create_ms = at("2026-01-01 00:00") + (int64_t)drawn(4 * 365 * 24 * 60) * 60 * 1000;
	int64_t after_ms = create_ms + (int64_t)drawn(800 * 24 * 60) * 60 * 1000;
	int64_t next = schedule_next(s, create_ms, after_ms), walked = after_ms - after_ms % HOUR + HOUR;
	for (int i = 0; i < WALK_MAX; i++, walked += HOUR) {
		if (draw_fits(&draws[0], create_ms, walked) || draw_fits(&draws[1], create_ms, walked))
			break;
	}
	ck_assert_msg(next == walked, "%s, created %lld, after %lld: %lld, not %lld", text, (long long)create_ms, (long long)after_ms,
	              (long long)next, (long long)walked);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schedule");
	TCase *tc = tcase_create("schedule");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(tc, what_is_wrong_is_named, 0, (int)LENGTH(broken));
	tcase_add_test(tc, as_many_entries_as_allowed_are_read_and_no_more);
	tcase_add_test(tc, what_was_read_is_kept_in_its_order);
	tcase_add_loop_test(tc, the_next_time_is, 0, (int)LENGTH(rows));
	tcase_add_test(tc, to_the_millisecond);
	tcase_add_test(tc, there_is_an_end_for_any_time);
	tcase_add_loop_test(tc, as_a_walk_through_every_hour_finds_it, 0, DRAWS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
