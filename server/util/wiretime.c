/* Calendar sums in integers: no time zone files, no locale, no tm. A day count is turned into a date in years that begin in March,
 * so that the leap day is the last one of its year. */
#include "util/wiretime.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
enum { LAST_YEAR = 9999 };

static const int64_t beijing = 8 * HOUR;

struct calendar {
	int year, month, day, hour, minute, second, ms;
};

static const int64_t days_per_era = 146097;     /* 400 years */
static const int64_t days_before_1970 = 719468; /* from 1 March of year 0 */

static int64_t days_from_date(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = y / 400, of_era = y % 400;
	int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	return era * days_per_era + of_era * 365 + of_era / 4 - of_era / 100 + of_year - days_before_1970;
}

static void date_from_days(int64_t days, struct calendar *c)
{
	int64_t z = days + days_before_1970;
	int64_t era = z / days_per_era, of_era = z % days_per_era;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
	c->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	c->month = (int)(month < 10 ? month + 3 : month - 9);
	c->year = (int)(era * 400 + year + (c->month <= 2));
}

static struct calendar split(int64_t ms, int64_t offset)
{
	if (ms > WIRETIME_MAX_MS - offset)
		ms = WIRETIME_MAX_MS - offset;
	ms = ms < 0 ? offset : ms + offset;
	struct calendar c = { .ms = (int)(ms % SECOND) };
	int of_day = (int)(ms % DAY);
	c.hour = of_day / HOUR;
	c.minute = of_day / MINUTE % 60;
	c.second = of_day / SECOND % 60;
	date_from_days(ms / DAY, &c);
	return c;
}

/* Spelled out: an answer may hold a thousand times. */
static char *digits(char *from, size_t count, int value)
{
	for (char *at = from + count; at > from; value /= 10)
		*--at = (char)('0' + value % 10);
	return from + count;
}

static char *mark(char *at, char c)
{
	*at = c;
	return at + 1;
}

static char *write_date(const struct calendar *c, char out[WIRETIME_SIZE])
{
	char *at = mark(digits(out, 4, c->year), '-');
	at = mark(digits(at, 2, c->month), '-');
	at = digits(at, 2, c->day);
	*at = '\0';
	return at;
}

static void write_time(const struct calendar *c, char between, const char *zone, char out[WIRETIME_SIZE])
{
	char *at = mark(write_date(c, out), between);
	at = mark(digits(at, 2, c->hour), ':');
	at = mark(digits(at, 2, c->minute), ':');
	at = digits(at, 2, c->second);
	memcpy(at, zone, strlen(zone) + 1);
}

void wiretime_local(int64_t ms, char out[WIRETIME_SIZE])
{
	struct calendar c = split(ms, beijing);
	write_time(&c, ' ', "", out);
}

void wiretime_offset(int64_t ms, char out[WIRETIME_SIZE])
{
	struct calendar c = split(ms, beijing);
	write_time(&c, 'T', "+08:00", out);
}

void wiretime_utc(int64_t ms, char out[WIRETIME_SIZE])
{
	struct calendar c = split(ms, 0);
	char zone[8] = "Z";
	if (c.ms)
		snprintf(zone, sizeof zone, ".%03dZ", c.ms);
	write_time(&c, 'T', zone, out);
}

void wiretime_date(int64_t ms, char out[WIRETIME_SIZE])
{
	struct calendar c = split(ms, beijing);
	write_date(&c, out);
}

void wiretime_utc_date(int64_t ms, char out[WIRETIME_SIZE])
{
	struct calendar c = split(ms, 0);
	write_date(&c, out);
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && leap);
}

int64_t wiretime_add_months(int64_t ms, int64_t months)
{
	struct calendar c = split(ms, beijing);
	int64_t count = c.year * 12 + c.month - 1 + months;
	if (count / 12 > LAST_YEAR)
		return WIRETIME_MAX_MS;
	int year = (int)(count / 12), month = (int)(count % 12) + 1, last = days_in_month(year, month);
	int day = c.day < last ? c.day : last;
	int64_t later = ms + (days_from_date(year, month, day) - days_from_date(c.year, c.month, c.day)) * DAY;
	return later < WIRETIME_MAX_MS ? later : WIRETIME_MAX_MS;
}

int64_t wiretime_day(int64_t ms)
{
	return (ms + beijing) / DAY;
}

int64_t wiretime_day_start(int64_t day)
{
	return day * DAY - beijing;
}

int wiretime_day_of_month(int64_t day)
{
	struct calendar c;
	date_from_days(day, &c);
	return c.day;
}

/* Exactly `width` digits with a value in range; *text moves past them. */
static bool read_number(const char **text, int width, int least, int most, int *out)
{
	int value = 0;
	for (int i = 0; i < width; i++, ++*text) {
		if (**text < '0' || **text > '9')
			return false;
		value = value * 10 + (**text - '0');
	}
	*out = value;
	return value >= least && value <= most;
}

static bool read_char(const char **text, char expected)
{
	if (**text != expected)
		return false;
	++*text;
	return true;
}

/* ".123": any number of digits, those past the third are below our precision. */
static bool read_fraction(const char **text, int *ms)
{
	*ms = 0;
	if (!read_char(text, '.'))
		return true;
	const char *start = *text;
	for (int unit = 100; **text >= '0' && **text <= '9'; ++*text, unit /= 10)
		*ms += unit * (**text - '0');
	return *text > start;
}

static bool read_zone(const char **text, int64_t *offset)
{
	*offset = 0;
	if (read_char(text, 'Z'))
		return true;
	bool west = **text == '-';
	int hours, minutes;
	if (!read_char(text, west ? '-' : '+') || !read_number(text, 2, 0, 23, &hours) || !read_char(text, ':') ||
	    !read_number(text, 2, 0, 59, &minutes))
		return false;
	int64_t size = (int64_t)hours * HOUR + (int64_t)minutes * MINUTE;
	*offset = west ? -size : size;
	return true;
}

bool wiretime_parse(const char *text, int64_t *ms)
{
	struct calendar c;
	int64_t offset;
	if (!text || !read_number(&text, 4, 1969, LAST_YEAR, &c.year) || !read_char(&text, '-') || !read_number(&text, 2, 1, 12, &c.month) ||
	    !read_char(&text, '-') || !read_number(&text, 2, 1, days_in_month(c.year, c.month), &c.day) || !read_char(&text, 'T') ||
	    !read_number(&text, 2, 0, 23, &c.hour) || !read_char(&text, ':') || !read_number(&text, 2, 0, 59, &c.minute) ||
	    !read_char(&text, ':') || !read_number(&text, 2, 0, 59, &c.second) || !read_fraction(&text, &c.ms) ||
	    !read_zone(&text, &offset) || *text)
		return false;
	int64_t value = days_from_date(c.year, c.month, c.day) * DAY + (int64_t)c.hour * HOUR + (int64_t)c.minute * MINUTE +
	                (int64_t)c.second * SECOND + c.ms - offset;
	if (value < 0 || value > WIRETIME_MAX_MS)
		return false;
	*ms = value;
	return true;
}

static const struct {
	const char *name;
	int64_t ms;
} units[] = { { "ms", 1 }, { "s", SECOND }, { "m", MINUTE }, { "h", HOUR }, { "d", DAY } };

bool duration_parse(const char *text, int64_t *ms)
{
	if (!text)
		return false;
	bool negative = *text == '-';
	if (negative || *text == '+')
		text++;
	int64_t count = 0;
	const char *start = text;
	for (; *text >= '0' && *text <= '9'; text++) {
		count = count * 10 + (*text - '0');
		if (count > WIRETIME_MAX_MS)
			return false;
	}
	if (text == start)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		if (count > WIRETIME_MAX_MS / units[i].ms)
			return false;
		*ms = (negative ? -count : count) * units[i].ms;
		return true;
	}
	return false;
}
