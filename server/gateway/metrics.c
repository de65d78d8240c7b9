/* Plain counters, bumped with relaxed atomics: a scrape that sees one a moment before its neighbour does no harm. */
#include "gateway/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "api/model.h"
#include "gateway/fault_internal.h"
#include "gateway/journal.h"
#include "gateway/mock_internal.h"
#include "gateway/request.h"
#include "util/arena.h"

/* Upper ends, in µs; what takes longer is only in +Inf. */
static const int64_t bounds_us[] = { 50, 100, 250, 500, 1000, 2500, 5000, 10000, 100000 };
enum { N_BOUNDS = sizeof bounds_us / sizeof bounds_us[0], CODE_OTHER = N_ERRS, N_CODES, EFFECTS_MOST = 32 };

/* Of one action. */
struct series {
	_Atomic uint64_t codes[N_CODES];             /* ERR_NONE: success; CODE_OTHER: a code that the table does not have */
	_Atomic uint64_t buckets[N_BOUNDS], sum_us;  /* a bucket counts what no smaller one does */
};

struct metrics {
	_Atomic uint64_t effects[EFFECTS_MOST]; /* as in effect_kinds */
	struct series actions[];       /* as in cbs_model, and one more for what is no action */
};

struct metrics *metrics_new(void)
{
	return xcalloc(1, sizeof(struct metrics) + (cbs_model_count + 1) * sizeof(struct series));
}

void metrics_free(struct metrics *t)
{
	free(t);
}

/* ---- counting -------------------------------------------------------------------------------------------------------- */

static void add(_Atomic uint64_t *c, uint64_t by)
{
	atomic_fetch_add_explicit(c, by, memory_order_relaxed);
}

static uint64_t value(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

/* What was refused early has only the name it came with. */
static size_t action_index(const struct request *r)
{
	const struct model_action *model = r->model ? r->model : model_find(cbs_model, cbs_model_count, r->action);
	return model ? (size_t)(model - cbs_model) : cbs_model_count;
}

static size_t code_index(const struct request *r)
{
	if (!r->error.code)
		return ERR_NONE;
	return r->error.err == ERR_NONE ? CODE_OTHER : (size_t)r->error.err;
}

void metrics_count(struct metrics *t, const struct request *r)
{
	struct series *s = &t->actions[action_index(r)];
	size_t bound = 0;
	while (bound < N_BOUNDS && r->took_us > bounds_us[bound])
		bound++;
	add(&s->codes[code_index(r)], 1);
	add(&s->sum_us, (uint64_t)r->took_us);
	if (bound < N_BOUNDS)
		add(&s->buckets[bound], 1);
	for (unsigned left = r->spoiling.effects, i = 0; left; left >>= 1, i++)
		if (left & 1)
			add(&t->effects[i], 1);
}

/* ---- telling --------------------------------------------------------------------------------------------------------- */

static void begin_family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_sample(struct buf *out, const char *name, const char *type, const char *help, double number)
{
	begin_family(out, name, type, help);
	buf_printf(out, "%s %.15g\n", name, number);
}

static const char *action_name(size_t i)
{
	return i < cbs_model_count ? cbs_model[i].name : "other";
}

static const char *code_name(size_t i)
{
	return i == ERR_NONE ? "OK" : i == CODE_OTHER ? "other" : err_code((enum err)i);
}

static uint64_t total(const struct series *s)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < N_CODES; i++)
		sum += value(&s->codes[i]);
	return sum;
}

static void write_requests(const struct metrics *t, struct buf *out)
{
	static const char name[] = "cbsmock_requests_total";
	begin_family(out, name, "counter", "Requests answered, by action and code.");
	for (size_t i = 0; i <= cbs_model_count; i++)
		for (size_t code = 0; code < N_CODES; code++) {
			uint64_t count = value(&t->actions[i].codes[code]);
			if (count)
				buf_printf(out, "%s{action=\"%s\",code=\"%s\"} %" PRIu64 "\n", name, action_name(i), code_name(code), count);
		}
}

static void write_duration(const struct series *s, const char *name, const char *action, struct buf *out)
{
	uint64_t so_far = 0, count = total(s);
	if (!count)
		return;
	for (size_t i = 0; i < N_BOUNDS; i++) {
		so_far += value(&s->buckets[i]);
		buf_printf(out, "%s_bucket{action=\"%s\",le=\"%g\"} %" PRIu64 "\n", name, action, (double)bounds_us[i] / 1e6, so_far);
	}
	count = so_far > count ? so_far : count;
	buf_printf(out, "%s_bucket{action=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, action, count);
	buf_printf(out, "%s_sum{action=\"%s\"} %.6f\n", name, action, (double)value(&s->sum_us) / 1e6);
	buf_printf(out, "%s_count{action=\"%s\"} %" PRIu64 "\n", name, action, count);
}

static void write_durations(const struct metrics *t, struct buf *out)
{
	static const char name[] = "cbsmock_request_duration_seconds";
	begin_family(out, name, "histogram", "Time from the complete request to its answer, injected delays not counted.");
	for (size_t i = 0; i <= cbs_model_count; i++)
		write_duration(&t->actions[i], name, action_name(i), out);
}

static void write_effects(const struct metrics *t, struct buf *out)
{
	static const char name[] = "cbsmock_faults_total";
	begin_family(out, name, "counter", "Requests that met a fault, by effect.");
	for (size_t i = 0; i < effect_kind_count && i < EFFECTS_MOST; i++)
		buf_printf(out, "%s{effect=\"%s\"} %" PRIu64 "\n", name, effect_kinds[i].name, value(&t->effects[i]));
}

/* A journal that was cleared counts anew and a sandbox goes, so these are no counters. */
static void write_sandboxes(struct mock *m, struct buf *out)
{
	struct arena *a = arena_new();
	struct sandbox **list;
	struct journal_stats sum = { 0 };
	size_t count = sandboxes_all(m, a, &list);
	for (size_t i = 0; i < count; i++) {
		struct journal_stats stats;
		journal_stats(list[i]->journal, &stats);
		sum.entries += stats.entries;
		sum.bytes += stats.bytes;
		sum.dropped += stats.dropped;
	}
	sandboxes_release(list, count);
	arena_free(a);
	metrics_sample(out, "cbsmock_sandboxes", "gauge", "Sandboxes, \"default\" among them.", (double)count);
	metrics_sample(out, "cbsmock_journal_entries", "gauge", "Requests that journals hold.", (double)sum.entries);
	metrics_sample(out, "cbsmock_journal_bytes", "gauge", "Memory that they take.", (double)sum.bytes);
	metrics_sample(out, "cbsmock_journal_dropped", "gauge", "Requests that journals have dropped since they were last cleared.",
	               (double)sum.dropped);
}

void mock_metrics(struct mock *m, struct buf *out)
{
	write_requests(m->metrics, out);
	write_durations(m->metrics, out);
	write_effects(m->metrics, out);
	write_sandboxes(m, out);
}
