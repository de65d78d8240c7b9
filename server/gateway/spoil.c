/* What fault rules planned for a request is carried out here, around the work and around the answer. */
#include <string.h>

#include "cbs/job_fault.h"
#include "gateway/fault_internal.h"
#include "gateway/lag.h"
#include "gateway/mock_internal.h"
#include "gateway/request.h"
#include "gateway/trail.h"
#include "util/rng.h"

/* ---- meeting rules ------------------------------------------------------------------------------------------------------- */

bool faults_meet(struct mock *m, struct request *r, enum phase phase)
{
	struct faults *own = r->sandbox->faults, *shared = m->faults;
	bool own_waits = faults_wait_at(own, phase), shared_waits = faults_wait_at(shared, phase);
	if (!(own_waits || shared_waits) || !fault_walk_comes_to(&r->spoiling.walk, phase))
		return false;
	if (own_waits)
		faults_at(own, r, phase, r->now_ms ? r->now_ms : sandbox_now(r->sandbox, r->wall_ms));
	if (shared_waits)
		faults_at(shared, r, phase, r->wall_ms);
	return r->spoiling.walk.ended;
}

/* ---- the work ------------------------------------------------------------------------------------------------------------ */

void spoil_begin(struct mock *m, struct request *r)
{
	if (r->run->writes && (faults_may_lag(r->sandbox->faults, r, r->now_ms) || faults_may_lag(m->faults, r, r->wall_ms)))
		r->spoiling.before = lag_copy(r->sandbox->store);
}

void spoil_jobs(struct request *r)
{
	const struct spoiling *s = &r->spoiling;
	const struct job_spoiling how = { .by_ms = s->jobs_by_ms, .fails = s->jobs_fail, .stuck = s->jobs_stuck };
	if (!(how.by_ms || how.fails || how.stuck))
		return;
	size_t count = cbs_spoil_jobs(r->sandbox->store, r->arena, &how);
	trail_add(r, "fault", "jobs", TRAIL_NOTED, arena_printf(r->arena, "%zu of this call were spoilt", count));
}

void spoil_reads(struct request *r)
{
	struct spoiling *s = &r->spoiling;
	if (!s->before)
		return;
	if (!r->committed || (!s->stale_reads && !s->stale_ms))
		store_close(s->before);
	else if (!lag_keep(&r->sandbox->lag, s->before, s->stale_reads, s->stale_ms, r->now_ms))
		trail_add(r, "fault", "stale_read", TRAIL_NOTED, "as many changes as can be kept from reads are kept already");
	s->before = NULL;
}

/* ---- the clock ----------------------------------------------------------------------------------------------------------- */

/* A clock that stands is moved, for nothing else would move it; else it is waited for. */
void spoil_clock(struct mock *m, struct request *r)
{
	int64_t ms = r->spoiling.sandbox_delay_ms, now_ms;
	if (!ms)
		return;
	struct vclock clock = sandbox_clock(r->sandbox);
	if (!clock.frozen)
		r->wire.delay_ms += ms * 1000 / clock.rate;
	else
		mock_clock(m, r->sandbox->name, CLOCK_ADVANCE, ms, &clock, &now_ms, NULL, NULL);
}

/* ---- the answer, once it is written -------------------------------------------------------------------------------------- */

static void fill_with_noise(struct request *r)
{
	struct rng rng;
	rng_init(&rng, r->spoiling.garbage_seed);
	for (size_t i = 0; i < r->answer.len; i++)
		r->answer.data[i] = (char)(rng_next(&rng) & 0xff);
}

/* The last brace becomes a bracket: all is there, and still it is no JSON. */
static void break_json(struct request *r)
{
	if (r->answer.len > 0)
		r->answer.data[r->answer.len - 1] = ']';
}

static void prepend(struct request *r, const char *bytes)
{
	struct buf whole;
	buf_init(&whole, r->answer.len + strlen(bytes));
	buf_adds(&whole, bytes);
	buf_add(&whole, r->answer.data, r->answer.len);
	buf_finish(&r->answer);
	r->answer = whole;
}

static void mangle(struct request *r)
{
	switch ((enum garbage)r->spoiling.garbage) {
	case GARBAGE_NONE:
		break;
	case GARBAGE_RANDOM:
		fill_with_noise(r);
		break;
	case GARBAGE_JSON:
		break_json(r);
		break;
	case GARBAGE_CHUNK:
		r->wire.bad_chunk = true;
		break;
	case GARBAGE_TYPE:
		r->content_type = "text/html";
		break;
	case GARBAGE_BOM:
		prepend(r, "\xef\xbb\xbf");
		break;
	}
}

/* An honest end is just a shorter answer. */
static void cut(struct request *r)
{
	const struct spoiling *s = &r->spoiling;
	size_t whole = r->answer.len, kept = (size_t)((double)whole * s->cut_fraction);
	if (s->cut_bytes >= 0)
		kept = (size_t)s->cut_bytes < whole ? (size_t)s->cut_bytes : whole;
	if (s->honest) {
		r->answer.len = kept;
		r->answer.data[kept] = '\0';
		return;
	}
	r->wire.cut = true;
	r->wire.cut_at = kept;
	r->wire.lie_about_length = true;
	if (r->wire.end == WIRE_SEND)
		r->wire.end = WIRE_CLOSE;
}

void spoil_answer(struct request *r)
{
	mangle(r);
	if (r->spoiling.cut)
		cut(r);
}
