/* Policies in sets of bits: a day is asked whether it is one, and the gaps between days are short enough to walk. */
#include "cbs/schedule.h"

#include "util/json_out.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { HOUR = 60 * 60 * 1000, DAYS_OF_WEEK = 7, THURSDAY = 4 /* 1970-01-01 */ };
enum { GAP_MAX = 61 }; /* days at most from a day of the month to the next such one: from 31 August to 31 October */

struct entry {
	uint32_t hours, days_of_week, days_of_month; /* bit n: the number n */
	int64_t interval;                            /* 0: none */
};

struct schedule {
	size_t count;
	struct entry entries[];
};

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

static bool read_number(const cJSON *item, int least, int most, int *out)
{
	if (!cJSON_IsNumber(item) || item->valuedouble < least || item->valuedouble > most || item->valuedouble != (int)item->valuedouble)
		return false;
	*out = (int)item->valuedouble;
	return true;
}

static bool read_set(struct arena *a, const cJSON *member, int least, int most, uint32_t *set, const char **wrong)
{
	*wrong = member->string;
	if (!cJSON_IsArray(member))
		return false;
	int i = 0, number;
	const cJSON *item;
	cJSON_ArrayForEach(item, member) {
		if (!read_number(item, least, most, &number)) {
			*wrong = arena_printf(a, "%s.%d", member->string, i);
			return false;
		}
		*set |= UINT32_C(1) << number;
		i++;
	}
	return true;
}

static bool read_member(struct arena *a, const cJSON *member, struct entry *e, const char **wrong)
{
	int interval;
	if (cJSON_IsNull(member))
		return true;
	if (str_is(member->string, "Hour"))
		return read_set(a, member, 0, 23, &e->hours, wrong);
	if (str_is(member->string, "DayOfWeek"))
		return read_set(a, member, 0, 6, &e->days_of_week, wrong);
	if (str_is(member->string, "DayOfMonth"))
		return read_set(a, member, 1, 31, &e->days_of_month, wrong);
	*wrong = member->string;
	if (!str_is(member->string, "IntervalDays") || !read_number(member, 1, 365, &interval))
		return false;
	e->interval = interval;
	return true;
}

static bool read_entry(struct arena *a, const cJSON *object, struct entry *e, const char **wrong)
{
	*wrong = "";
	if (!cJSON_IsObject(object))
		return false;
	const cJSON *member;
	cJSON_ArrayForEach(member, object) {
		if (!read_member(a, member, e, wrong))
			return false;
	}
	*wrong = "Hour";
	if (e->hours == 0)
		return false;
	if (e->days_of_week == 0 && e->days_of_month == 0 && e->interval == 0)
		e->interval = 1;
	return true;
}

const struct schedule *schedule_read(struct arena *a, const cJSON *list, const char **wrong)
{
	int count = cJSON_GetArraySize(list);
	*wrong = "";
	if (!cJSON_IsArray(list) || count == 0 || count > SCHEDULE_ENTRIES_MAX)
		return NULL;
	struct schedule *s = arena_alloc(a, sizeof *s + (size_t)count * sizeof s->entries[0]);
	const cJSON *object;
	cJSON_ArrayForEach(object, list) {
		const char *member;
		if (!read_entry(a, object, &s->entries[s->count], &member)) {
			*wrong = arena_printf(a, *member != '\0' ? "%zu.%s" : "%zu", s->count, member);
			return NULL;
		}
		s->count++;
	}
	return s;
}

const struct schedule *schedule_parse(struct arena *a, const char *text, const char **wrong)
{
	cJSON *list = cJSON_Parse(text);
	const struct schedule *s = schedule_read(a, list, wrong);
	cJSON_Delete(list);
	return s;
}

/* ---- writing ---------------------------------------------------------------------------------------------------------------- */

static void write_entry(struct json_out *o, const cJSON *object)
{
	static const char *const sets[] = { "Hour", "DayOfWeek", "DayOfMonth" };
	const cJSON *item;
	out_object(o, NULL);
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		const cJSON *set = cJSON_GetObjectItemCaseSensitive(object, sets[i]);
		if (!cJSON_IsArray(set))
			continue;
		out_array(o, sets[i]);
		cJSON_ArrayForEach(item, set)
			out_int(o, NULL, (int64_t)item->valuedouble);
		out_end_array(o);
	}
	item = cJSON_GetObjectItemCaseSensitive(object, "IntervalDays");
	if (cJSON_IsNumber(item))
		out_int(o, "IntervalDays", (int64_t)item->valuedouble);
	out_end_object(o);
}

const char *schedule_text(struct arena *a, const cJSON *list)
{
	enum { TEXT_MAX = 16 * 1024 * 1024 };
	struct buf text;
	struct json_out o;
	const cJSON *object;
	buf_init(&text, TEXT_MAX);
	json_out_init(&o, &text);
	out_array(&o, NULL);
	cJSON_ArrayForEach(object, list)
		write_entry(&o, object);
	out_end_array(&o);
	const char *kept = arena_strndup(a, text.data, text.len);
	buf_finish(&text);
	return kept;
}

/* ---- asking ----------------------------------------------------------------------------------------------------------------- */

static bool falls_on(const struct entry *e, int64_t day)
{
	return (e->days_of_week >> ((day + THURSDAY) % DAYS_OF_WEEK) & 1) != 0 ||
	       (e->days_of_month >> wiretime_day_of_month(day) & 1) != 0;
}

/* The first day of the entry that is not before `from`, which is not before the day of creation; INT64_MAX when none is near. */
static int64_t next_day(const struct entry *e, int64_t create_day, int64_t from)
{
	int64_t best = INT64_MAX;
	if (e->interval != 0)
		best = create_day + (from - create_day + e->interval - 1) / e->interval * e->interval;
	if (e->days_of_week == 0 && e->days_of_month == 0)
		return best;
	for (int64_t day = from; day <= from + GAP_MAX && day < best; day++) {
		if (falls_on(e, day))
			return day;
	}
	return best;
}

/* The entry's first hour of that day after so many ms of it; INT64_MAX when there is none left. */
static int64_t next_hour(const struct entry *e, int64_t day, int64_t of_day)
{
	for (int hour = 0; hour < 24; hour++) {
		int64_t at = (int64_t)hour * HOUR;
		if (at > of_day && (e->hours >> hour & 1) != 0)
			return wiretime_day_start(day) + at;
	}
	return INT64_MAX;
}

static int64_t entry_next(const struct entry *e, int64_t create_day, int64_t after_ms)
{
	int64_t today = wiretime_day(after_ms), next = INT64_MAX;
	if (next_day(e, create_day, today) == today)
		next = next_hour(e, today, after_ms - wiretime_day_start(today));
	if (next != INT64_MAX)
		return next;
	int64_t day = next_day(e, create_day, today + 1);
	return day != INT64_MAX ? next_hour(e, day, -1) : INT64_MAX;
}

int64_t schedule_next(const struct schedule *s, int64_t create_ms, int64_t after_ms)
{
	if (after_ms < create_ms)
		after_ms = create_ms;
	if (after_ms >= WIRETIME_MAX_MS)
		return INT64_MAX;
	int64_t first = INT64_MAX;
	for (size_t i = 0; i < s->count; i++) {
		int64_t next = entry_next(&s->entries[i], wiretime_day(create_ms), after_ms);
		if (next < first)
			first = next;
	}
	int64_t end_ms = wiretime_day_start(wiretime_day(WIRETIME_MAX_MS)); /* in UTC+8 the year 10000 begins before 9999 ends in UTC */
	return first < end_ms ? first : INT64_MAX;
}
