/* When a matching call is spoilt: counted, scheduled, drawn by lot, within a window of time. All of it is a function of the rule
 * and of two counters, so that a preview on a copy of those is what then happens. */
#include <string.h>

#include "gateway/fault_internal.h"
#include "util/rng.h"
#include "util/wiretime.h"

enum { COUNT_MAX = 1000000000, SCHEDULE_MAX = 1024, TIME_TEXT_MAX = 64 };

static const char mark_fault = 'F', mark_pass = '.';

/* What the object says; 0 and NULL where it does not. */
struct spelled {
	int64_t skip, times, every, max_hits, seed, for_ms;
	const char *schedule, *from;
	double probability;
};

#define AT(member) .at = offsetof(struct spelled, member)
static const struct json_field fields[] = {
	{ "skip", FIELD_INT, AT(skip), .min = 0, .max = COUNT_MAX },
	{ "times", FIELD_INT, AT(times), .min = 1, .max = COUNT_MAX },
	{ "every", FIELD_INT, AT(every), .min = 1, .max = COUNT_MAX },
	{ "schedule", FIELD_TEXT, AT(schedule), .max = SCHEDULE_MAX },
	{ "probability", FIELD_NUMBER, AT(probability), .min = 0, .max = 1 },
	{ "seed", FIELD_INT, AT(seed), .min = 0, .max = 9007199254740992.0 }, /* 2^53: what a number in JSON holds exactly */
	{ "from", FIELD_TEXT, AT(from), .max = TIME_TEXT_MAX },
	{ "for", FIELD_MS, AT(for_ms), .min = 1, .max = (double)WIRETIME_MAX_MS },
	{ "max_hits", FIELD_INT, AT(max_hits), .min = 1, .max = COUNT_MAX },
};
#undef AT

const struct field_list when_fields = { fields, sizeof fields / sizeof fields[0] };

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static bool schedule_fits(const struct reading *at, const cJSON *object, const char *schedule)
{
	static const char *const replaced[] = { "skip", "times", "every" };
	struct reading here = reading_of(at, "schedule");
	if (!*schedule || strspn(schedule, "F.") != strlen(schedule))
		return reading_refuse(&here, "must be marks, one a matching call: F is a fault, . lets it pass; the last one repeats");
	for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++)
		if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(object, replaced[i]))) {
			here = reading_of(at, replaced[i]);
			return reading_refuse(&here, "a schedule takes the place of skip, times and every: give it or those");
		}
	return true;
}

/* "+30s" counts from when the rule was put. */
static bool read_from(const struct reading *at, const char *text, int64_t put_ms, int64_t *from_ms)
{
	struct reading here = reading_of(at, "from");
	int64_t ms;
	if (duration_parse(text, &ms))
		*from_ms = put_ms + ms;
	else if (!wiretime_parse(text, from_ms))
		return reading_refuse(&here, "must be a time (\"2026-01-01T00:00:00Z\"), or a duration after the rule was put (\"+30s\")");
	return true;
}

static uint64_t seed_of_name(const char *name)
{
	uint64_t seed = 0;
	for (; *name; name++)
		seed = rng_mix(seed, (unsigned char)*name);
	return seed;
}

static bool read_window(const struct reading *at, const struct spelled *s, int64_t put_ms, struct when *out)
{
	int64_t from_ms = put_ms;
	if (s->from && !read_from(at, s->from, put_ms, &from_ms))
		return false;
	if (s->from || s->for_ms)
		out->from_ms = from_ms;
	if (s->for_ms)
		out->until_ms = from_ms + s->for_ms;
	return true;
}

bool when_parse(const struct reading *at, const cJSON *object, const char *name, int64_t put_ms, struct when *out)
{
	struct spelled s = { .probability = 1, .seed = -1 };
	if (object && !fields_read(at, object, &when_fields, &s))
		return false;
	if (s.schedule && !schedule_fits(at, object, s.schedule))
		return false;
	*out = (struct when){
		.skip = s.skip, .times = s.times, .every = s.every, .max_hits = s.max_hits, .schedule = s.schedule,
		.probability = s.probability, .seed = s.seed >= 0 ? (uint64_t)s.seed : seed_of_name(name),
		.from_ms = INT64_MIN, .until_ms = INT64_MAX,
	};
	return read_window(at, &s, put_ms, out);
}

/* ---- deciding ----------------------------------------------------------------------------------------------------------- */

double chance(uint64_t seed, uint64_t ordinal, enum chance_use use)
{
	return (double)(rng_mix(rng_mix(seed, ordinal), use) >> 11) / 9007199254740992.0;
}

bool when_open(const struct when *w, int64_t now_ms)
{
	return now_ms >= w->from_ms && now_ms < w->until_ms;
}

/* The n-th call counts as one of those that are due; n starts at 1. */
static const char *why_not_due(const struct when *w, uint64_t n, uint64_t hits)
{
	if (w->schedule) {
		size_t marks = strlen(w->schedule);
		return w->schedule[n < marks ? n - 1 : marks - 1] == mark_fault ? NULL : "its schedule lets this call pass";
	}
	if (w->times && hits >= (uint64_t)w->times)
		return "its times are used up";
	if (n <= (uint64_t)w->skip)
		return "it skips this call";
	if (w->every && (n - (uint64_t)w->skip) % (uint64_t)w->every != 0)
		return "it waits for its every-th call";
	return NULL;
}

bool when_fires(const struct when *w, struct fault_count *count, const char **why_not)
{
	uint64_t n = ++count->matched;
	*why_not = why_not_due(w, n, count->hits);
	if (!*why_not && w->max_hits && count->hits >= (uint64_t)w->max_hits)
		*why_not = "its max_hits are used up";
	if (!*why_not && chance(w->seed, n, CHANCE_FIRE) >= w->probability)
		*why_not = "its probability spares this call";
	return !*why_not;
}

static int64_t marks_left(const char *schedule, uint64_t matched)
{
	size_t marks = strlen(schedule);
	int64_t left = 0;
	if (schedule[marks - 1] != mark_pass)
		return -1;
	for (size_t i = matched; i < marks; i++)
		left += schedule[i] == mark_fault;
	return left;
}

int64_t when_remaining(const struct when *w, const struct fault_count *count)
{
	int64_t left = w->times ? w->times - (int64_t)count->hits : -1;
	if (w->schedule)
		left = marks_left(w->schedule, count->matched);
	int64_t cap = w->max_hits ? w->max_hits - (int64_t)count->hits : -1;
	return cap >= 0 && (left < 0 || cap < left) ? cap : left;
}
