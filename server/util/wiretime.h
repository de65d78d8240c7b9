/* The time formats of the wire (protocol.md §10, cbs.md fact 11) and of fixtures. All values are ms since 1970, UTC. Years run
 * from 1970 to 9999: the writers pull other times to the nearer end, the readers refuse them. */
#ifndef CBSMOCK_UTIL_WIRETIME_H
#define CBSMOCK_UTIL_WIRETIME_H

#include <stdbool.h>
#include <stdint.h>

enum { WIRETIME_SIZE = 40 }; /* bytes any of the writers needs */

#define WIRETIME_MAX_MS INT64_C(253402300799999) /* the last ms of 9999 */

/* "2026-11-24 18:00:00": UTC+8, no zone. Disk, Snapshot and policy times. */
void wiretime_local(int64_t ms, char out[WIRETIME_SIZE]);
/* "2026-11-24T18:00:00+08:00": LatestModifyTime and group times. */
void wiretime_offset(int64_t ms, char out[WIRETIME_SIZE]);
/* "2026-11-24T10:00:00Z", with ".123" when the ms are not zero: fixtures and the admin API. */
void wiretime_utc(int64_t ms, char out[WIRETIME_SIZE]);
/* "2026-11-24": UTC+8. */
void wiretime_date(int64_t ms, char out[WIRETIME_SIZE]);
/* "2026-11-24": UTC, the date in a TC3 credential scope. */
void wiretime_utc_date(int64_t ms, char out[WIRETIME_SIZE]);
/* So many months later (0 or more), on the calendar of UTC+8: the same day and hour, or the last day of a shorter month. */
int64_t wiretime_add_months(int64_t ms, int64_t months);
/* Days of that calendar, counted from 1970-01-01: the one a time is on, the time it begins at, the day of the month it is (1 to 31).
 * Not before 1970. */
int64_t wiretime_day(int64_t ms);
int64_t wiretime_day_start(int64_t day);
int wiretime_day_of_month(int64_t day);
/* ISO 8601 with Z or ±hh:mm, optional fraction; a date that does not exist is refused. */
bool wiretime_parse(const char *text, int64_t *ms);
/* "250ms", "5s", "10m", "2h", "7d"; a bare number is refused. Negative with a leading '-' and "+5s" are fine. No longer than
 * WIRETIME_MAX_MS, so that adding one to a time cannot overflow. */
bool duration_parse(const char *text, int64_t *ms);

#endif
