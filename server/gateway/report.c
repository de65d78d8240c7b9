/* Judging attempts, and telling what was found. */
#include "gateway/report.h"

#include <stdlib.h>

#include "util/str.h"

enum {
	AT_ONCE_MS = 50,      /* a wait this short is none: it is what sending takes */
	JITTER_FLOOR_MS = 10, /* clocks and schedulers make no two waits equal */
	POLL_GAP_MS = 60 * 1000,
};

const char *const backoff_names[N_BACKOFFS] = {
	[BACKOFF_NONE] = "none",           [BACKOFF_CONSTANT] = "constant",
	[BACKOFF_GROWING] = "growing",     [BACKOFF_EXPONENTIAL] = "exponential",
	[BACKOFF_IRREGULAR] = "irregular",
};

/* ---- waiting ----------------------------------------------------------------------------------------------------------- */

static bool all_at_once(const int64_t *waits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (waits[i] >= AT_ONCE_MS)
			return false;
	return true;
}

/* Is each at least `tenths` tenths of the one before? */
static bool grows(const int64_t *waits, size_t count, int64_t tenths)
{
	for (size_t i = 1; i < count; i++)
		if (waits[i] * 10 < waits[i - 1] * tenths)
			return false;
	return true;
}

static bool near_mean(const int64_t *waits, size_t count)
{
	int64_t sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += waits[i];
	for (size_t i = 0; i < count; i++) {
		int64_t off = waits[i] * (int64_t)count - sum;
		if ((off < 0 ? -off : off) * 4 > sum)
			return false;
	}
	return true;
}

enum backoff call_backoff(const struct logical_call *call)
{
	size_t count = call->count - 1;
	if (all_at_once(call->waits_ms, count))
		return BACKOFF_NONE;
	if (near_mean(call->waits_ms, count))
		return BACKOFF_CONSTANT;
	if (grows(call->waits_ms, count, 15))
		return BACKOFF_EXPONENTIAL;
	return grows(call->waits_ms, count, 10) ? BACKOFF_GROWING : BACKOFF_IRREGULAR;
}

/* The least and greatest wait before a retry; returns how many calls came to it. */
static size_t spread(const struct call_list *calls, size_t retry, int64_t *least, int64_t *most)
{
	size_t count = 0;
	for (size_t i = 0; i < calls->count; i++) {
		if (calls->calls[i].count <= retry + 1)
			continue;
		int64_t wait = calls->calls[i].waits_ms[retry];
		*least = count == 0 || wait < *least ? wait : *least;
		*most = count == 0 || wait > *most ? wait : *most;
		count++;
	}
	return count;
}

enum jitter calls_jitter(const struct call_list *calls)
{
	enum jitter found = JITTER_UNKNOWN;
	int64_t least = 0, most = 0;
	for (size_t retry = 0; spread(calls, retry, &least, &most) > 1; retry++) {
		int64_t noise = most / 20 > JITTER_FLOOR_MS ? most / 20 : JITTER_FLOOR_MS;
		if (most - least > noise)
			return JITTER_PRESENT;
		found = JITTER_ABSENT;
	}
	return found;
}

/* ---- retrying ---------------------------------------------------------------------------------------------------------- */

bool code_is_retryable(const char *code)
{
	static const char *const patterns[] = {
		"InternalError*",
		"RequestLimitExceeded*",
		"ResourceBusy*",
		"ResourceInUse*",
		"ResourceUnavailable*",
		"ServiceUnavailable*",
		"*Busy",
		"*SnapshotCreating",
		"AuthFailure.SignatureExpire",
		"ResponseSizeLimitExceeded",
	};
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
		if (str_glob(patterns[i], code))
			return true;
	return str_is(code, "OK"); /* the answer was lost */
}

bool ignores_limit(const struct logical_call *call, size_t attempt)
{
	if (attempt + 1 >= call->count || !str_prefix(call->attempts[attempt]->code, "RequestLimitExceeded"))
		return false;
	return call->attempts[attempt + 1]->wall_ms / 1000 == call->attempts[attempt]->wall_ms / 1000;
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

static bool is_read(const struct journal_entry *e)
{
	return str_prefix(e->action, "Describe") || str_prefix(e->action, "Inquir") || str_prefix(e->action, "Get");
}

static int64_t number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
}

bool asks_behind_end(const struct journal_entry *e)
{
	if (!is_read(e) || attempt_failed(e) || e->answer_len < e->answer_size)
		return false;
	struct arena *a = arena_new();
	int64_t offset = number(journal_params(e, a), "Offset");
	bool behind = false;
	if (offset > 0) {
		cJSON *answer = cJSON_ParseWithLength(e->answer, e->answer_len);
		const cJSON *response = cJSON_GetObjectItemCaseSensitive(answer, "Response");
		const cJSON *total = cJSON_GetObjectItemCaseSensitive(response, "TotalCount");
		behind = cJSON_IsNumber(total) && offset >= (int64_t)total->valuedouble;
		cJSON_Delete(answer);
	}
	arena_free(a);
	return behind;
}

static const struct journal_entry *last_of(const struct logical_call *call)
{
	return call->attempts[call->count - 1];
}

static void measure(struct poll *p)
{
	int64_t sum = 0;
	for (size_t i = 1; i < p->count; i++) {
		int64_t gap = p->requests[i]->wall_ms - p->requests[i - 1]->wall_ms;
		sum += gap;
		p->least_ms = i == 1 || gap < p->least_ms ? gap : p->least_ms;
	}
	p->mean_ms = sum / (int64_t)(p->count - 1);
}

/* The same things side by side, in the order of their calls. */
static int by_sameness(const void *left, const void *right)
{
	const struct logical_call *a = *(const struct logical_call *const *)left, *b = *(const struct logical_call *const *)right;
	if (a->same != b->same)
		return a->same < b->same ? -1 : 1;
	return last_of(a)->seq < last_of(b)->seq ? -1 : last_of(a)->seq > last_of(b)->seq;
}

static bool polls_on(const struct logical_call *before, const struct logical_call *call)
{
	return call->same == before->same && !attempt_failed(last_of(call)) &&
	       last_of(call)->wall_ms - last_of(before)->wall_ms <= POLL_GAP_MS;
}

void polls_find(const struct call_list *calls, struct arena *a, struct poll_list *out)
{
	const struct logical_call **sorted = arena_alloc(a, calls->count * sizeof *sorted);
	const struct journal_entry **requests = arena_alloc(a, calls->count * sizeof *requests);
	for (size_t i = 0; i < calls->count; i++)
		sorted[i] = &calls->calls[i];
	if (calls->count)
		qsort(sorted, calls->count, sizeof *sorted, by_sameness);
	for (size_t i = 0; i < calls->count; i++)
		requests[i] = last_of(sorted[i]);
	*out = (struct poll_list){ .polls = arena_alloc(a, calls->count * sizeof *out->polls) };
	for (size_t first = 0, next; first < calls->count; first = next) {
		next = first + 1;
		if (!is_read(requests[first]) || attempt_failed(requests[first]))
			continue;
		while (next < calls->count && polls_on(sorted[next - 1], sorted[next]))
			next++;
		if (next - first < POLL_MIN)
			continue;
		struct poll *p = &out->polls[out->count++];
		*p = (struct poll){ .requests = requests + first, .count = next - first };
		measure(p);
	}
}

bool poll_is_storm(const struct poll *p)
{
	return p->count >= STORM_MIN && p->mean_ms < STORM_MEAN_MS;
}
