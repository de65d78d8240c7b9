/* When a policy takes its snapshots: entries of hours and days, on the calendar of UTC+8 (cbs.md §6). Pure sums: no store, no clock.
 *
 * Several entries are a union, and so are the kinds of day within one entry; an entry without any kind of day means every day
 * (inferred). IntervalDays counts from the day of creation, which is the first of its days (inferred). A day that a month lacks is
 * skipped. */
#ifndef CBSMOCK_CBS_SCHEDULE_H
#define CBSMOCK_CBS_SCHEDULE_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "util/arena.h"

enum { SCHEDULE_ENTRIES_MAX = 100 }; /* a bound of ours */

struct schedule;

/* Reads the Policy of a request or a fixture: an array of {Hour, DayOfWeek?, DayOfMonth?, IntervalDays?}, with hours of 0 to 23, days
 * of the week of 0 (Sunday) to 6, days of the month of 1 to 31, and an interval of 1 to 365 days; a null counts as not given. Made in
 * the arena; NULL when something is wrong, and then *wrong names it in the arena: "0.DayOfWeek.2", or "" for the array as a whole. */
const struct schedule *schedule_read(struct arena *a, const cJSON *list, const char **wrong);
/* The same from JSON text; NULL when it is none. */
const struct schedule *schedule_parse(struct arena *a, const char *text, const char **wrong);
/* What was read as JSON text to keep, in the arena: numbers in the order they came (clients compare), members in one order, those
 * that are null left out. */
const char *schedule_text(struct arena *a, const cJSON *list);

/* The first time to act strictly after after_ms, and after create_ms (both from 1970 on); INT64_MAX when there is none before the end
 * of the year 9999. The work does not grow with the time between. */
int64_t schedule_next(const struct schedule *s, int64_t create_ms, int64_t after_ms);

#endif
