/* A list of rules at work: which of them a request meets at a phase, what is counted, what is remembered of it. A preview asks by
 * the same functions, on a copy of the counters. */
#include "gateway/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/fault_internal.h"
#include "gateway/fault_states.h"
#include "gateway/request.h"
#include "gateway/sandbox.h"
#include "gateway/stages.h"
#include "gateway/trail.h"
#include "util/str.h"

const char *const phase_names[N_PHASES + 1] = {
	[PHASE_BEFORE_AUTH] = "before_auth",   [PHASE_BEFORE_VALIDATE] = "before_validate", [PHASE_BEFORE_COMMIT] = "before_commit",
	[PHASE_AFTER_COMMIT] = "after_commit", [PHASE_MID_BODY] = "mid_body",               [PHASE_AFTER_BODY] = "after_body",
};

/* ---- birth and end ------------------------------------------------------------------------------------------------------ */

struct faults *faults_new(void)
{
	struct faults *f = xcalloc(1, sizeof *f);
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

static void drop_all(struct faults *f)
{
	for (size_t i = 0; i < f->count; i++)
		rule_free(f->rules[i]);
	f->count = 0;
	retry_tests_drop_all(f);
	free(f->activity);
	f->activity = NULL;
	f->activity_count = 0;
}

void faults_free(struct faults *f)
{
	if (!f)
		return;
	drop_all(f);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

void faults_reset(struct faults *f)
{
	pthread_mutex_lock(&f->lock);
	drop_all(f);
	memset(&f->tally, 0, sizeof f->tally);
	f->named = f->tests_made = 0;
	faults_note_phases(f);
	pthread_mutex_unlock(&f->lock);
}

struct faults *faults_copy(struct faults *f)
{
	struct faults *copy = faults_new();
	pthread_mutex_lock(&f->lock);
	for (; copy->count < f->count; copy->count++)
		copy->rules[copy->count] = rule_copy(f->rules[copy->count]);
	retry_tests_copy(copy, f);
	copy->tally = f->tally;
	copy->named = f->named;
	pthread_mutex_unlock(&f->lock);
	faults_note_phases(copy);
	return copy;
}

/* ---- what waits where --------------------------------------------------------------------------------------------------- */

void faults_note_phases(struct faults *f)
{
	unsigned phases = 0;
	for (size_t i = 0; i < f->count; i++)
		phases |= 1u << f->rules[i]->phase;
	for (size_t i = 0; i < f->queue_count; i++)
		for (size_t k = 0; k < f->queues[i].count; k++)
			phases |= 1u << f->queues[i].rules[k]->phase;
	atomic_store_explicit(&f->phases, phases, memory_order_relaxed);
	atomic_fetch_add(&f->version, 1);
}

uint64_t faults_version(const struct faults *f)
{
	return atomic_load(&f->version);
}

bool faults_wait_at(const struct faults *f, enum phase phase)
{
	return atomic_load_explicit(&f->phases, memory_order_relaxed) & 1u << phase;
}

void faults_expire(struct faults *f, int64_t wall_ms)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->count; i++) {
		if (f->rules[i]->expires_ms <= wall_ms) {
			rule_free(f->rules[i]);
			continue;
		}
		f->rules[kept] = f->rules[i];
		f->tally.rules[kept++] = f->tally.rules[i];
	}
	if (kept == f->count)
		return;
	f->count = kept;
	faults_note_phases(f);
}

/* ---- asking ------------------------------------------------------------------------------------------------------------- */

bool fault_walk_comes_to(const struct fault_walk *walk, enum phase phase)
{
	if (walk->over)
		return false;
	return phase <= PHASE_AFTER_COMMIT ? !walk->ended : !walk->silent;
}

static struct quota_count *find_quota(struct tally *t, const char *name)
{
	struct quota_count *oldest = &t->quotas[0];
	for (size_t i = 0; i < t->quota_count; i++) {
		if (str_is(t->quotas[i].name, name))
			return &t->quotas[i];
		if (t->quotas[i].since_ms < oldest->since_ms)
			oldest = &t->quotas[i];
	}
	struct quota_count *q = t->quota_count < QUOTAS_MAX ? &t->quotas[t->quota_count++] : oldest;
	*q = (struct quota_count){ .since_ms = INT64_MIN };
	snprintf(q->name, sizeof q->name, "%s", name);
	return q;
}

/* A window begins with the first call that the one before does not hold; time that was set back begins one too. */
static bool beyond_quota(struct tally *t, const struct effect *e, int64_t now_ms)
{
	struct quota_count *q = find_quota(t, e->quota);
	bool open = q->calls > 0 && now_ms >= q->since_ms && now_ms - q->since_ms < e->window_ms;
	if (!open) {
		q->since_ms = now_ms;
		q->calls = 0;
	}
	return ++q->calls > e->limit;
}

static size_t decide_effects(struct tally *t, const struct fault_rule *rule, uint64_t ordinal, int64_t now_ms, struct outcome *out)
{
	size_t count = 0;
	for (size_t i = 0; i < rule->effect_count; i++)
		if (!rule->effects[i].window_ms || beyond_quota(t, &rule->effects[i], now_ms))
			effect_decide(&rule->effects[i], rule->when.seed, ordinal, &out[count++]);
	return count;
}

static const char *difference(const struct fault_rule *rule, const struct asking *q)
{
	struct match_difference d;
	if (!q->passed || !match_differences(rule->match, q->view, q->arena, &d, 1))
		return "it does not match";
	return arena_printf(q->arena, "%s: %s is wanted, it is %s", d.field, d.want, d.got && *d.got ? d.got : "not there");
}

static void go_on(struct fault_walk *walk, const struct fault_rule *rule, const struct outcome *outcomes, size_t count)
{
	walk->over = walk->over || !rule->goes_on;
	for (size_t i = 0; i < count && rule->phase <= PHASE_AFTER_COMMIT; i++) {
		walk->ended = walk->ended || outcomes[i].effect->kind->ends;
		walk->silent = walk->silent || outcomes[i].effect->kind->silent;
	}
}

/* True when it was taken. */
static bool ask_rule(struct tally *t, struct fault_count *count, struct fault_walk *walk, struct fault_rule *rule,
                     const struct asking *q)
{
	struct outcome outcomes[EFFECTS_MAX];
	size_t outcome_count = 0;
	const char *why_not = NULL;
	if (rule->phase != q->phase)
		return false;
	if (!match_holds(rule->match, q->view)) {
		why_not = difference(rule, q);
	} else if (!when_open(&rule->when, q->now_ms)) {
		why_not = "it is not the time of its window";
	} else if (when_fires(&rule->when, count, &why_not)) {
		outcome_count = decide_effects(t, rule, count->matched, q->now_ms, outcomes);
		why_not = outcome_count ? NULL : "the call is within the quota";
	}
	if (why_not) {
		if (q->passed)
			q->passed(q->data, rule, why_not);
		return false;
	}
	count->hits++;
	go_on(walk, rule, outcomes, outcome_count);
	if (q->taken)
		q->taken(q->data, rule, outcomes, outcome_count);
	return true;
}

/* An instruction is met once, so it needs no count of its own. */
static void ask_queue(struct tally *t, struct fault_walk *walk, struct retry_queue *queue, size_t *next, const struct asking *q)
{
	struct fault_count count = { 0 };
	if (!ask_rule(t, &count, walk, queue->rules[*next], q))
		return;
	if (q->request_id)
		snprintf(queue->request_ids[*next], sizeof queue->request_ids[*next], "%s", q->request_id);
	++*next;
}

void faults_ask(struct faults *f, struct tally *t, struct fault_walk *walk, const struct asking *q)
{
	struct retry_queue *queue = retry_queue_for(f, t, q);
	if (queue)
		ask_queue(t, walk, queue, &t->queues[queue - f->queues], q);
	for (size_t i = 0; i < f->count && !walk->over; i++)
		ask_rule(t, &t->rules[i], walk, f->rules[i], q);
}

/* ---- a request ---------------------------------------------------------------------------------------------------------- */

/* A request that asks. */
struct live {
	struct faults *faults;
	struct request *request;
	const struct asking *asking;
	bool ended;           /* as the walk was before */
	const char *ended_by; /* in the request's arena; NULL: by none of these rules */
};

static void remember(struct faults *f, const struct live *l, struct fault_rule *rule, const char *effects)
{
	if (!f->activity)
		f->activity = xcalloc(ACTIVITY_MAX, sizeof *f->activity);
	struct activity *a = &f->activity[f->activity_count++ % ACTIVITY_MAX];
	a->wall_ms = l->asking->wall_ms;
	a->now_ms = l->asking->now_ms;
	a->phase = rule->phase;
	snprintf(a->rule, sizeof a->rule, "%s", rule->name);
	snprintf(a->request_id, sizeof a->request_id, "%s", l->request->request_id);
	snprintf(a->action, sizeof a->action, "%s", l->request->action);
	snprintf(a->effects, sizeof a->effects, "%s", effects);
	snprintf(rule->last_ids[rule->id_count++ % LAST_IDS], sizeof rule->last_ids[0], "%s", l->request->request_id);
}

static void on_taken(void *data, struct fault_rule *rule, const struct outcome *outcomes, size_t count)
{
	struct live *l = data;
	struct request *r = l->request;
	const char *name = arena_strdup(r->arena, rule->name), *effects = "";
	for (size_t i = 0; i < count; i++) {
		outcomes[i].effect->kind->apply(&outcomes[i], r, rule->phase);
		r->spoiling.effects |= 1u << (outcomes[i].effect->kind - effect_kinds);
		effects = arena_printf(r->arena, "%s%s%s", effects, i ? ", " : "", outcome_text(r->arena, &outcomes[i]));
	}
	if (r->spoiling.walk.ended && !l->ended)
		l->ended_by = name;
	l->ended = r->spoiling.walk.ended;
	remember(l->faults, l, rule, effects);
	trail_add(r, "fault", name, TRAIL_APPLIED, arena_printf(r->arena, "%s: %s", phase_names[rule->phase], effects));
}

static void on_passed(void *data, const struct fault_rule *rule, const char *why)
{
	struct live *l = data;
	trail_add(l->request, "fault", arena_strdup(l->request->arena, rule->name), TRAIL_SKIPPED, why);
}

/* Work that is not to be done is answered by an error, though the answer may never leave. */
static void end_request(struct request *r, enum phase phase, const char *rule)
{
	if (!r->error.code && phase < PHASE_AFTER_COMMIT)
		refuse(r, ERR_INTERNAL_ERROR);
	if (r->error.code)
		because(r, "the fault rule %s at %s", rule, phase_names[phase]);
}

void faults_at(struct faults *f, struct request *r, enum phase phase, int64_t now_ms)
{
	struct match_view view;
	struct fault_walk *walk = &r->spoiling.walk;
	if (walk->over)
		return;
	if (!*r->request_id)
		sandbox_request_id(r->sandbox, r->request_id);
	match_view_request(r, &view);
	struct resource_states states = { .request = r };
	if (phase != PHASE_BEFORE_AUTH) {
		view.states = resource_states;
		view.states_data = &states;
	}
	struct live live = { .faults = f, .request = r, .ended = walk->ended };
	const struct asking q = {
		.phase = phase, .view = &view, .now_ms = now_ms, .wall_ms = r->wall_ms, .request_id = r->request_id, .arena = r->arena,
		.retry_test = request_header(r, "x-retry-test-id"), .taken = on_taken, .passed = on_passed, .data = &live,
	};
	live.asking = &q;
	pthread_mutex_lock(&f->lock);
	faults_expire(f, r->wall_ms);
	faults_ask(f, &f->tally, walk, &q);
	pthread_mutex_unlock(&f->lock);
	if (live.ended_by)
		end_request(r, phase, live.ended_by);
}

/* ---- lagging reads ------------------------------------------------------------------------------------------------------ */

static bool makes_reads_lag(const struct fault_rule *rule)
{
	for (size_t i = 0; i < rule->effect_count; i++)
		if (rule->effects[i].kind->apply == apply_stale_read)
			return true;
	return false;
}

bool faults_may_lag(struct faults *f, const struct request *r, int64_t now_ms)
{
	struct match_view view;
	bool may = false;
	if (r->spoiling.walk.over || !(faults_wait_at(f, PHASE_BEFORE_COMMIT) || faults_wait_at(f, PHASE_AFTER_COMMIT)))
		return false;
	match_view_request(r, &view);
	const struct asking q = { .view = &view, .retry_test = request_header(r, "x-retry-test-id") };
	pthread_mutex_lock(&f->lock);
	const struct retry_queue *queue = retry_queue_for(f, &f->tally, &q);
	if (queue)
		may = makes_reads_lag(queue->rules[f->tally.queues[queue - f->queues]]);
	for (size_t i = 0; i < f->count && !may; i++) {
		const struct fault_rule *rule = f->rules[i];
		may = makes_reads_lag(rule) && when_open(&rule->when, now_ms) && when_remaining(&rule->when, &f->tally.rules[i]) != 0 &&
		      (match_asks(rule->match, MATCH_RESOURCE_STATE) || match_holds(rule->match, &view));
	}
	pthread_mutex_unlock(&f->lock);
	return may;
}
