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

/* Moved to a zone, and within the years there are. */
static int64_t zoned(int64_t ms, int64_t offset)
{
	if (ms > WIRETIME_MAX_MS - offset)
		ms = WIRETIME_MAX_MS - offset;
	return ms < 0 ? offset : ms + offset;
}

static struct calendar split(int64_t ms, int64_t offset)
{
	ms = zoned(ms, offset);
	struct calendar c = { .ms = (int)(ms % SECOND) };
	int of_day = (int)(ms % DAY);
	c.hour = of_day / HOUR;
	c.minute = of_day / MINUTE % 60;
	c.second = of_day / SECOND % 60;
	date_from_days(ms / DAY, &c);
	return c;
}

/* ---- writing: an answer may hold a thousand times -------------------------------------------------------------------------- */

enum { DATE_LEN = 10 };

static char *two_digits(char *at, unsigned value)
{
	static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
	                            "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
	memcpy(at, pairs + 2 * (size_t)value, 2);
	return at + 2;
}

static char *mark(char *at, char c)
{
	*at = c;
	return at + 1;
}

static void spell_date(int64_t days, char out[DATE_LEN])
{
	struct calendar c;
	date_from_days(days, &c);
	char *at = two_digits(two_digits(out, (unsigned)c.year / 100), (unsigned)c.year % 100);
	at = mark(two_digits(mark(at, '-'), (unsigned)c.month), '-');
	two_digits(at, (unsigned)c.day);
}

/* Without a NUL. Most times of an answer are of one day, so a thread keeps the last one spelled. */
static char *write_date(int64_t days, char *out)
{
	static _Thread_local struct {
		int64_t days;
		char text[DATE_LEN];
	} last = { -1, "" };
	if (last.days != days) {
		spell_date(days, last.text);
		last.days = days;
	}
	memcpy(out, last.text, DATE_LEN);
	return out + DATE_LEN;
}

/* Returns the end, where there is no NUL yet. */
static char *write_time(int64_t zoned_ms, char between, char *out)
{
	unsigned second = (unsigned)(zoned_ms % DAY) / SECOND, minute = second / 60;
	char *at = mark(write_date(zoned_ms / DAY, out), between);
	at = mark(two_digits(at, minute / 60), ':');
	at = mark(two_digits(at, minute % 60), ':');
	return two_digits(at, second % 60);
}

void wiretime_local(int64_t ms, char out[WIRETIME_SIZE])
{
	*write_time(zoned(ms, beijing), ' ', out) = '\0';
}

void wiretime_offset(int64_t ms, char out[WIRETIME_SIZE])
{
	static const char zone[] = "+08:00";
	memcpy(write_time(zoned(ms, beijing), 'T', out), zone, sizeof zone);
}

void wiretime_utc(int64_t ms, char out[WIRETIME_SIZE])
{
	char *at = write_time(zoned(ms, 0), 'T', out);
	unsigned fraction = (unsigned)(zoned(ms, 0) % SECOND);
	if (fraction) {
		at = mark(mark(at, '.'), (char)('0' + fraction / 100));
		at = two_digits(at, fraction % 100);
	}
	mark(mark(at, 'Z'), '\0');
}

void wiretime_date(int64_t ms, char out[WIRETIME_SIZE])
{
	*write_date(zoned(ms, beijing) / DAY, out) = '\0';
}

void wiretime_utc_date(int64_t ms, char out[WIRETIME_SIZE])
{
	*write_date(zoned(ms, 0) / DAY, out) = '\0';
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
