/* The report card and the duplicates, as JSON. */
#include "gateway/report.h"

#include "gateway/journal_json.h"
#include "util/str.h"

enum { FINDINGS_MAX = 1000, CALLS_SHOWN = 1000 };

/* ---- duplicates -------------------------------------------------------------------------------------------------------- */

/* The first change after the attempt that took the thing away again; NULL: it is still there, for all the journal knows. */
static const struct journal_entry *taken_away(const struct journal_list *list, const struct journal_entry *maker, const char *id)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct journal_entry *e = list->entries[i];
		if (e->seq <= maker->seq || !e->committed || !(str_prefix(e->action, "Delete") || str_prefix(e->action, "Terminate")))
			continue;
		struct arena *a = arena_new();
		const char *const *ids = journal_resources(e, journal_params(e, a), a);
		bool names = false;
		for (; *ids && !names; ids++)
			names = str_is(*ids, id);
		arena_free(a);
		if (names)
			return e;
	}
	return NULL;
}

static void write_made(struct json_out *o, const struct journal_list *list, const struct logical_call *call)
{
	out_array(o, "resources");
	for (size_t i = 0; i < call->count; i++)
		for (const char *const *id = call->made[i]; *id; id++) {
			const struct journal_entry *gone = taken_away(list, call->attempts[i], *id);
			out_object(o, NULL);
			out_str(o, "id", *id);
			out_str(o, "made_by", call->attempts[i]->request_id);
			if (gone)
				out_str(o, "deleted_by", gone->request_id);
			out_end_object(o);
		}
	out_end_array(o);
}

static void write_attempts(struct json_out *o, const struct logical_call *call)
{
	out_array(o, "attempts");
	for (size_t i = 0; i < call->count; i++) {
		const struct journal_entry *e = call->attempts[i];
		out_object(o, NULL);
		out_str(o, "request_id", e->request_id);
		out_str(o, "code", e->code);
		out_bool(o, "committed", e->committed);
		if (*e->delivery)
			out_str(o, "delivery", e->delivery);
		if (e->http_status != 200)
			out_int(o, "http_status", e->http_status);
		if (i > 0)
			out_int(o, "waited_ms", call->waits_ms[i - 1]);
		out_end_object(o);
	}
	out_end_array(o);
}

static void write_call(struct json_out *o, const struct logical_call *call, struct arena *a)
{
	const struct journal_entry *e = call->attempts[0];
	char *params = cJSON_PrintUnformatted(journal_params(e, a));
	out_str(o, "action", e->action);
	out_str(o, "region", e->region);
	out_str(o, "secret_id", e->secret_id);
	if (params)
		out_raw(o, "params", params);
	cJSON_free(params);
	journal_write_ids(o, call->attempts, call->count);
}

void duplicates_write(struct json_out *o, const struct journal_list *list, struct arena *a)
{
	struct call_list calls;
	int64_t count = 0;
	calls_group(list, CALL_GAP_MS, a, &calls);
	out_array(o, "duplicates");
	for (size_t i = 0; i < calls.count; i++) {
		const struct logical_call *call = &calls.calls[i];
		if (call->makers < 2)
			continue;
		count++;
		out_object(o, NULL);
		write_call(o, call, a);
		write_made(o, list, call);
		write_attempts(o, call);
		out_end_object(o);
	}
	out_end_array(o);
	out_int(o, "count", count);
	out_int(o, "journal_dropped", (int64_t)list->stats.dropped);
}

/* ---- findings ---------------------------------------------------------------------------------------------------------- */

/* Things a person should look at, written as they are found. */
struct findings {
	struct json_out *o;
	struct arena *arena;
	size_t count;
};

static void find(struct findings *f, const char *kind, const struct journal_entry *const *entries, size_t count, const char *says)
{
	if (f->count++ >= FINDINGS_MAX)
		return;
	out_object(f->o, NULL);
	out_str(f->o, "kind", kind);
	out_str(f->o, "says", says);
	journal_write_ids(f->o, entries, count);
	out_end_object(f->o);
}

static void judge_call(struct findings *f, const struct logical_call *call)
{
	const char *action = call->attempts[0]->action;
	if (call->makers > 1)
		find(f, "duplicate", call->attempts, call->count,
		     arena_printf(f->arena, "one call of %s, tried %zu times, took effect %zu times", action, call->count, call->makers));
	if (call->count > 2 && call_backoff(call) == BACKOFF_NONE)
		find(f, "no_backoff", call->attempts, call->count,
		     arena_printf(f->arena, "%s was tried %zu times without a wait in between", action, call->count));
	for (size_t i = 0; i + 1 < call->count; i++) {
		const char *code = call->attempts[i]->code;
		if (!code_is_retryable(code))
			find(f, "retried_final_error", &call->attempts[i], 2,
			     arena_printf(f->arena, "%s was tried again after %s, which trying again cannot cure", action, code));
		if (ignores_limit(call, i))
			find(f, "ignored_rate_limit", &call->attempts[i], 2,
			     arena_printf(f->arena, "%s was tried again in the second whose limit had been reached", action));
	}
	for (size_t i = 0; i < call->count; i++)
		if (asks_behind_end(call->attempts[i]))
			find(f, "empty_page", &call->attempts[i], 1,
			     arena_printf(f->arena, "%s asked for a page behind the end of the list", action));
}

static void write_findings(struct json_out *o, const struct call_list *calls, const struct poll_list *polls, struct arena *a)
{
	struct findings f = { .o = o, .arena = a };
	out_array(o, "findings");
	for (size_t i = 0; i < calls->count; i++)
		judge_call(&f, &calls->calls[i]);
	for (size_t i = 0; i < polls->count; i++) {
		const struct poll *p = &polls->polls[i];
		if (poll_is_storm(p))
			find(&f, "poll_storm", p->requests, p->count,
			     arena_printf(a, "%s asked the same %zu times, every %lld ms", p->requests[0]->action, p->count,
			                  (long long)p->mean_ms));
	}
	out_end_array(o);
	if (f.count > FINDINGS_MAX)
		out_int(o, "findings_left_out", (int64_t)(f.count - FINDINGS_MAX));
}

/* ---- the card ---------------------------------------------------------------------------------------------------------- */

struct action_sum {
	const char *action;
	int64_t calls, attempts, succeeded, most_attempts;
};

static struct action_sum *sum_of(struct action_sum *sums, size_t *count, const char *action)
{
	for (size_t i = 0; i < *count; i++)
		if (str_is(sums[i].action, action))
			return &sums[i];
	sums[*count] = (struct action_sum){ .action = action };
	return &sums[(*count)++];
}

static void write_actions(struct json_out *o, const struct call_list *calls, struct arena *a)
{
	struct action_sum *sums = arena_alloc(a, calls->count * sizeof *sums);
	size_t count = 0;
	for (size_t i = 0; i < calls->count; i++) {
		const struct logical_call *call = &calls->calls[i];
		struct action_sum *sum = sum_of(sums, &count, call->attempts[0]->action);
		sum->calls++;
		sum->attempts += (int64_t)call->count;
		sum->succeeded += !attempt_failed(call->attempts[call->count - 1]);
		if ((int64_t)call->count > sum->most_attempts)
			sum->most_attempts = (int64_t)call->count;
	}
	out_array(o, "actions");
	for (size_t i = 0; i < count; i++) {
		out_object(o, NULL);
		out_str(o, "action", sums[i].action);
		out_int(o, "calls", sums[i].calls);
		out_int(o, "attempts", sums[i].attempts);
		out_int(o, "succeeded", sums[i].succeeded);
		out_int(o, "most_attempts", sums[i].most_attempts);
		out_end_object(o);
	}
	out_end_array(o);
}

static void write_retried(struct json_out *o, const struct call_list *calls, struct arena *a)
{
	size_t shown = 0, left_out = 0;
	out_array(o, "retried");
	for (size_t i = 0; i < calls->count; i++) {
		const struct logical_call *call = &calls->calls[i];
		if (call->count < 2 || (shown >= CALLS_SHOWN && ++left_out))
			continue;
		shown++;
		out_object(o, NULL);
		write_call(o, call, a);
		out_str(o, "backoff", backoff_names[call_backoff(call)]);
		write_attempts(o, call);
		out_end_object(o);
	}
	out_end_array(o);
	if (left_out)
		out_int(o, "retried_left_out", (int64_t)left_out);
}

static void write_polls(struct json_out *o, const struct poll_list *polls)
{
	out_array(o, "polls");
	for (size_t i = 0; i < polls->count; i++) {
		const struct poll *p = &polls->polls[i];
		out_object(o, NULL);
		out_str(o, "action", p->requests[0]->action);
		out_int(o, "count", (int64_t)p->count);
		out_int(o, "mean_ms", p->mean_ms);
		out_int(o, "least_ms", p->least_ms);
		journal_write_ids(o, p->requests, p->count);
		out_end_object(o);
	}
	out_end_array(o);
}

static void write_jitter(struct json_out *o, const struct call_list *calls)
{
	enum jitter jitter = calls_jitter(calls);
	if (jitter == JITTER_UNKNOWN)
		out_null(o, "jitter");
	else
		out_bool(o, "jitter", jitter == JITTER_PRESENT);
}

void report_write(struct json_out *o, const struct journal_list *list, struct arena *a)
{
	struct call_list calls;
	struct poll_list polls;
	calls_group(list, CALL_GAP_MS, a, &calls);
	polls_find(&calls, a, &polls);
	out_int(o, "requests", (int64_t)list->count);
	out_int(o, "calls", (int64_t)calls.count);
	out_int(o, "journal_dropped", (int64_t)list->stats.dropped);
	write_actions(o, &calls, a);
	write_jitter(o, &calls);
	write_retried(o, &calls, a);
	write_polls(o, &polls);
	write_findings(o, &calls, &polls, a);
}
