/* How well clients behave: rules over logical calls, a row each. */
#include "gateway/verify.h"

#include "gateway/journal_json.h"
#include "gateway/report.h"
#include "gateway/verify_internal.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { VIOLATIONS_MAX = 200, VIOLATIONS_TEXT_MAX = 16 * 1024 * 1024 };

/* What the rules look at, and where they write what they find. */
struct trial {
	struct arena *arena;
	struct call_list calls;
	struct poll_list polls;
	struct json_out *o;
	const char *rule;   /* the one being applied */
	const cJSON *limit; /* its value */
	size_t violations;
};

/* ---- violations -------------------------------------------------------------------------------------------------------- */

static void violate(struct trial *t, const struct journal_entry *const *entries, size_t count, const char *says)
{
	if (t->violations++ >= VIOLATIONS_MAX)
		return;
	out_object(t->o, NULL);
	out_str(t->o, "rule", t->rule);
	out_str(t->o, "says", says);
	journal_write_ids(t->o, entries, count);
	out_end_object(t->o);
}

static int64_t limit(const struct trial *t)
{
	return (int64_t)t->limit->valuedouble;
}

static bool in_patterns(const cJSON *patterns, const char *code)
{
	const cJSON *pattern;
	cJSON_ArrayForEach(pattern, patterns)
		if (str_glob(pattern->valuestring, code))
			return true;
	return false;
}

/* ---- rules on one call ------------------------------------------------------------------------------------------------- */

static void max_attempts(struct trial *t, const struct logical_call *call)
{
	if ((int64_t)call->count > limit(t))
		violate(t, call->attempts, call->count,
		        arena_printf(t->arena, "%s was tried %zu times, at most %lld are allowed", call->attempts[0]->action, call->count,
		                     (long long)limit(t)));
}

static void min_attempts(struct trial *t, const struct logical_call *call)
{
	if (attempt_failed(call->attempts[call->count - 1]) && (int64_t)call->count < limit(t))
		violate(t, call->attempts, call->count,
		        arena_printf(t->arena, "%s was given up after %zu tries, at least %lld are asked for", call->attempts[0]->action,
		                     call->count, (long long)limit(t)));
}

static void no_retry_on(struct trial *t, const struct logical_call *call)
{
	for (size_t i = 0; i + 1 < call->count; i++)
		if (in_patterns(t->limit, call->attempts[i]->code))
			violate(t, &call->attempts[i], 2,
			        arena_printf(t->arena, "%s was tried again after %s", call->attempts[i]->action, call->attempts[i]->code));
}

static void retry_on(struct trial *t, const struct logical_call *call)
{
	const struct journal_entry *last = call->attempts[call->count - 1];
	if (call->count == 1 && in_patterns(t->limit, last->code))
		violate(t, call->attempts, 1, arena_printf(t->arena, "%s was not tried again after %s", last->action, last->code));
}

static void no_final_retries(struct trial *t, const struct logical_call *call)
{
	for (size_t i = 0; cJSON_IsTrue(t->limit) && i + 1 < call->count; i++)
		if (!code_is_retryable(call->attempts[i]->code))
			violate(t, &call->attempts[i], 2,
			        arena_printf(t->arena, "%s was tried again after %s, which trying again cannot cure", call->attempts[i]->action,
			                     call->attempts[i]->code));
}

static void min_backoff(struct trial *t, const struct logical_call *call)
{
	for (size_t i = 0; i + 1 < call->count; i++)
		if (call->waits_ms[i] < limit(t))
			violate(t, &call->attempts[i], 2,
			        arena_printf(t->arena, "waited %lld ms before trying again, at least %lld are asked for",
			                     (long long)call->waits_ms[i], (long long)limit(t)));
}

static void max_backoff(struct trial *t, const struct logical_call *call)
{
	for (size_t i = 0; i + 1 < call->count; i++)
		if (call->waits_ms[i] > limit(t))
			violate(t, &call->attempts[i], 2,
			        arena_printf(t->arena, "waited %lld ms before trying again, at most %lld are allowed",
			                     (long long)call->waits_ms[i], (long long)limit(t)));
}

static void backoff(struct trial *t, const struct logical_call *call)
{
	enum { WAITS_THAT_SHOW = 2 };
	const char *shape = call->count > WAITS_THAT_SHOW ? backoff_names[call_backoff(call)] : t->limit->valuestring;
	if (!str_is(shape, t->limit->valuestring))
		violate(t, call->attempts, call->count, arena_printf(t->arena, "the waits are %s, not %s", shape, t->limit->valuestring));
}

static void respect_rate_limit(struct trial *t, const struct logical_call *call)
{
	for (size_t i = 0; cJSON_IsTrue(t->limit) && i + 1 < call->count; i++)
		if (ignores_limit(call, i))
			violate(
				t, &call->attempts[i], 2,
				arena_printf(t->arena, "%s was tried again in the second whose limit had been reached", call->attempts[i]->action));
}

/* ---- rules on all calls ------------------------------------------------------------------------------------------------ */

static void max_duplicates(struct trial *t)
{
	int64_t found = 0;
	for (size_t i = 0; i < t->calls.count; i++) {
		const struct logical_call *call = &t->calls.calls[i];
		if (call->makers > 1 && ++found > limit(t))
			violate(t, call->attempts, call->count,
			        arena_printf(t->arena, "one call of %s took effect %zu times", call->attempts[0]->action, call->makers));
	}
}

static void jitter(struct trial *t)
{
	enum jitter found = calls_jitter(&t->calls);
	if (found == JITTER_UNKNOWN)
		violate(t, NULL, 0, "no two calls were retried, so jitter cannot be seen");
	else if ((found == JITTER_PRESENT) != cJSON_IsTrue(t->limit))
		violate(t, NULL, 0,
		        found == JITTER_PRESENT ? "waits before the same retry differ" : "waits before the same retry are equal");
}

static void max_polls_per_second(struct trial *t)
{
	for (size_t i = 0; i < t->polls.count; i++) {
		const struct poll *p = &t->polls.polls[i];
		if ((double)p->mean_ms * t->limit->valuedouble < 1000)
			violate(t, p->requests, p->count,
			        arena_printf(t->arena, "%s asked the same %zu times, every %lld ms", p->requests[0]->action, p->count,
			                     (long long)p->mean_ms));
	}
}

static void max_empty_pages(struct trial *t)
{
	int64_t found = 0;
	for (size_t i = 0; i < t->calls.count; i++) {
		const struct logical_call *call = &t->calls.calls[i];
		for (size_t k = 0; k < call->count; k++)
			if (asks_behind_end(call->attempts[k]) && ++found > limit(t))
				violate(t, &call->attempts[k], 1,
				        arena_printf(t->arena, "%s asked for a page behind the end of the list", call->attempts[k]->action));
	}
}

/* ---- the table --------------------------------------------------------------------------------------------------------- */

enum takes { TAKES_NUMBER, TAKES_FLAG, TAKES_CODES, TAKES_SHAPE };

static const struct rule_row {
	const char *name;
	enum takes takes;
	void (*on_call)(struct trial *t, const struct logical_call *call);
	void (*on_all)(struct trial *t);
} rules[] = {
	{ "max_attempts", TAKES_NUMBER, max_attempts, NULL },
	{ "min_attempts", TAKES_NUMBER, min_attempts, NULL },
	{ "no_retry_on", TAKES_CODES, no_retry_on, NULL },
	{ "retry_on", TAKES_CODES, retry_on, NULL },
	{ "no_final_retries", TAKES_FLAG, no_final_retries, NULL },
	{ "min_backoff_ms", TAKES_NUMBER, min_backoff, NULL },
	{ "max_backoff_ms", TAKES_NUMBER, max_backoff, NULL },
	{ "backoff", TAKES_SHAPE, backoff, NULL },
	{ "jitter", TAKES_FLAG, NULL, jitter },
	{ "respect_rate_limit", TAKES_FLAG, respect_rate_limit, NULL },
	{ "max_duplicates", TAKES_NUMBER, NULL, max_duplicates },
	{ "max_polls_per_second", TAKES_NUMBER, NULL, max_polls_per_second },
	{ "max_empty_pages", TAKES_NUMBER, NULL, max_empty_pages },
};

enum { N_RULES = sizeof rules / sizeof rules[0] };

static bool takes_codes(struct arena *a, const cJSON *value, const char *pointer, struct match_refusal *why)
{
	const cJSON *code;
	if (!cJSON_IsArray(value) || !value->child)
		return refuse_question(why, pointer, "must be a list of codes: [\"InvalidDiskId.NotFound\",\"InvalidParameter*\"]");
	cJSON_ArrayForEach(code, value) {
		if (!cJSON_IsString(code))
			return refuse_question(why, pointer, "must be a list of codes, which are texts");
		cJSON *asked = cJSON_CreateObject();
		cJSON_AddStringToObject(asked, "code", code->valuestring);
		struct match_refusal unknown;
		bool known = match_parse(a, asked, MATCH_JOURNAL, "", &unknown) != NULL;
		cJSON_Delete(asked);
		if (!known)
			return refuse_question(why, pointer, unknown.why);
	}
	return true;
}

static bool takes_shape(struct arena *a, const cJSON *value, const char *pointer, struct match_refusal *why)
{
	const char *accepted = "accepted:";
	for (int i = 0; i < N_BACKOFFS; i++) {
		if (cJSON_IsString(value) && str_is(backoff_names[i], value->valuestring))
			return true;
		accepted = arena_printf(a, "%s%s %s", accepted, i ? "," : "", backoff_names[i]);
	}
	return refuse_question(why, pointer, accepted);
}

static bool rule_fits(struct arena *a, const struct rule_row *rule, const cJSON *value, struct match_refusal *why)
{
	const char *pointer = arena_printf(a, "/%s", rule->name);
	switch (rule->takes) {
	case TAKES_NUMBER:
		return (cJSON_IsNumber(value) && value->valuedouble >= 0) || refuse_question(why, pointer, "must be a number, 0 or more");
	case TAKES_FLAG:
		return cJSON_IsBool(value) || refuse_question(why, pointer, "must be true or false");
	case TAKES_CODES:
		return takes_codes(a, value, pointer, why);
	case TAKES_SHAPE:
		break;
	}
	return takes_shape(a, value, pointer, why);
}

/* ---- the question ------------------------------------------------------------------------------------------------------ */

static bool read_gap(const cJSON *value, int64_t *gap_ms, struct match_refusal *why)
{
	*gap_ms = CALL_GAP_MS;
	if (!value || (cJSON_IsString(value) && duration_parse(value->valuestring, gap_ms) && *gap_ms >= 0))
		return true;
	return refuse_question(why, "/gap", "must be a duration, \"60s\": the longest wait before a retry");
}

static bool read_rules(struct arena *a, const cJSON *body, struct match_refusal *why)
{
	const char *names[N_RULES + 3] = { "match", "gap" };
	size_t asked = 0;
	for (size_t i = 0; i < N_RULES; i++)
		names[i + 2] = rules[i].name;
	if (!only_fields(a, body, names, "", why))
		return false;
	for (size_t i = 0; i < N_RULES; i++) {
		const cJSON *value = field(body, rules[i].name);
		if (value && !rule_fits(a, &rules[i], value, why))
			return false;
		asked += value != NULL;
	}
	if (asked)
		return true;
	const char *accepted = "name at least one rule:";
	for (size_t i = 0; i < N_RULES; i++)
		accepted = arena_printf(a, "%s%s %s", accepted, i ? "," : "", rules[i].name);
	return refuse_question(why, "", accepted);
}

static void apply_rules(struct trial *t, const cJSON *body)
{
	for (size_t i = 0; i < N_RULES; i++) {
		t->rule = rules[i].name;
		t->limit = field(body, rules[i].name);
		if (!t->limit)
			continue;
		for (size_t k = 0; rules[i].on_call && k < t->calls.count; k++)
			rules[i].on_call(t, &t->calls.calls[k]);
		if (rules[i].on_all)
			rules[i].on_all(t);
	}
}

/* What cannot be judged is not good: no request at all, or one that was forgotten. */
static const char *not_shown(struct arena *a, const struct journal_list *list, const struct match *m, size_t unknown)
{
	if (journal_list_forgot(list, m))
		return arena_printf(a, "the journal has dropped %llu requests, so attempts may be missing",
		                    (unsigned long long)list->stats.dropped);
	if (unknown)
		return arena_printf(a, "%zu requests have parameters that were too long to be kept", unknown);
	return list->count ? NULL : "no request matches, so nothing is shown";
}

static enum outcome_of_test answer_client(struct journal_list *list, struct arena *a, const cJSON *body, const struct match *m,
                                          int64_t gap_ms, struct json_out *o)
{
	struct buf text;
	struct json_out violations;
	struct trial t = { .arena = a, .o = &violations };
	buf_init(&text, VIOLATIONS_TEXT_MAX);
	json_out_init(&violations, &text);
	size_t unknown = journal_list_filter(list, m);
	const char *doubt = not_shown(a, list, m, unknown);
	calls_group(list, gap_ms, a, &t.calls);
	polls_find(&t.calls, a, &t.polls);
	out_array(&violations, NULL);
	apply_rules(&t, body);
	out_end_array(&violations);
	bool holds = !t.violations && !doubt;
	out_bool(o, "ok", holds);
	out_int(o, "calls", (int64_t)t.calls.count);
	out_int(o, "attempts", (int64_t)list->count);
	out_raw(o, "violations", text.data);
	if (t.violations > VIOLATIONS_MAX)
		out_int(o, "violations_left_out", (int64_t)(t.violations - VIOLATIONS_MAX));
	out_int(o, "journal_dropped", (int64_t)list->stats.dropped);
	if (doubt)
		out_str(o, "uncertain", doubt);
	buf_finish(&text);
	return holds ? VERIFY_HOLDS : VERIFY_FAILS;
}

enum outcome_of_test verify_client(struct journal *j, struct arena *a, const cJSON *body, struct json_out *o,
                                   struct match_refusal *why)
{
	struct journal_list list;
	int64_t gap_ms;
	if (!read_rules(a, body, why) || !read_gap(field(body, "gap"), &gap_ms, why))
		return VERIFY_REFUSED;
	const struct match *m = match_parse(a, field(body, "match"), MATCH_JOURNAL, "/match", why);
	if (!m)
		return VERIFY_REFUSED;
	journal_read(j, &list);
	enum outcome_of_test verdict = answer_client(&list, a, body, m, gap_ms, o);
	journal_list_finish(&list);
	return verdict;
}
