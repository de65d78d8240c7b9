/* A request's way through the checks. The order decides which of several errors a client hears of, and is the cloud's as far as it
 * is known (protocol.md §5): moving a check is moving its row. */
#include "gateway/fault.h"
#include "gateway/journal.h"
#include "gateway/mock_internal.h"
#include "gateway/recording.h"
#include "gateway/reply.h"
#include "gateway/stages.h"
#include "gateway/xray.h"

struct stage {
	const char *name;
	bool (*run)(struct mock *m, struct request *r);
	enum {
		HEARS,  /* it needs nothing but the request */
		JUDGES, /* it looks at what is known of the sandbox, from the outside or, behind ENTERS, from inside */
		ENTERS, /* from here on the sandbox is locked and its time is fixed */
	} nature;
	enum phase phase; /* that the request comes to before it */
};

static const struct stage pipeline[] = {
	{ "transport", stage_transport, HEARS, NO_PHASE },
	{ "parse", stage_parse, HEARS, NO_PHASE },
	{ "sandbox", stage_sandbox, JUDGES, NO_PHASE },
	{ "presence", stage_presence, JUDGES, PHASE_BEFORE_AUTH },
	{ "scope", stage_scope, JUDGES, NO_PHASE },
	{ "expiry", stage_expiry, JUDGES, NO_PHASE },
	{ "key", stage_key, JUDGES, NO_PHASE },
	{ "token", stage_token, JUDGES, NO_PHASE },
	{ "signature", stage_signature, JUDGES, NO_PHASE },
	{ "identity", stage_identity, JUDGES, NO_PHASE },
	{ "resolve", stage_resolve, ENTERS, PHASE_BEFORE_VALIDATE },
	{ "region", stage_region, JUDGES, NO_PHASE },
	{ "limit", stage_limit, JUDGES, NO_PHASE },
	{ "parameters", stage_parameters, JUDGES, NO_PHASE },
	{ "permit", stage_permit, JUDGES, NO_PHASE },
	{ "execute", stage_execute, JUDGES, NO_PHASE },
	{ "commit", stage_commit, JUDGES, PHASE_BEFORE_COMMIT },
};

enum { N_STAGES = sizeof pipeline / sizeof pipeline[0] };

/* What else can be said to have refused. */
#define STAGE_STORE "store"
#define STAGE_FAULT "fault"

const char *stage_name(size_t i)
{
	static const char *const others[] = { STAGE_STORE, STAGE_FAULT };
	if (i < N_STAGES)
		return pipeline[i].name;
	i -= N_STAGES;
	return i < sizeof others / sizeof others[0] ? others[i] : NULL;
}

/* Nothing is left open, whoever refused; and what looked like a refusal is none when the store itself failed. */
static void leave(struct request *r)
{
	struct store *store = r->sandbox->store;
	const char *failed = store_failed(store);
	if (failed) {
		because(r, "%s", failed);
		refuse(r, ERR_INTERNAL_ERROR);
		r->stage = STAGE_STORE;
		trail_refused(r, r->stage);
	}
	if (failed || store_in_transaction(store))
		store_rollback(store);
	sandbox_leave(r->sandbox);
}

/* False when a fault rule ends the request here. */
static bool reach(struct mock *m, struct request *r, enum phase phase)
{
	r->phase = phase;
	if (!faults_meet(m, r, phase))
		return true;
	if (r->error.code)
		r->stage = STAGE_FAULT;
	return false;
}

static bool pass(struct mock *m, struct request *r, const struct stage *stage)
{
	if (stage->phase != NO_PHASE && !reach(m, r, stage->phase))
		return false;
	if (stage->run(m, r)) {
		trail_passed(r);
		return true;
	}
	r->stage = stage->name;
	trail_refused(r, r->stage);
	return false;
}

/* All that the sandbox has to do with it; true when it was entered. */
static bool work(struct mock *m, struct request *r)
{
	bool inside = false, passed = r->heard_well;
	for (size_t i = r->heard; i < N_STAGES && passed; i++) {
		if (pipeline[i].nature == ENTERS) {
			r->now_ms = sandbox_enter(r->sandbox);
			inside = true;
		}
		passed = pass(m, r, &pipeline[i]);
	}
	recording_take_request(r); /* of one that came to no sandbox by itself */
	if (passed)
		reach(m, r, PHASE_AFTER_COMMIT);
	faults_meet(m, r, PHASE_MID_BODY);
	faults_meet(m, r, PHASE_AFTER_BODY);
	spoil_reads(r);
	if (inside)
		leave(r);
	return inside;
}

/* The request as it was is written down. */
static void end(struct mock *m, struct request *r)
{
	journal_add(r->sandbox->journal, r, r->begun_us);
	metrics_count(m->metrics, r);
	recording_note_request(r);
	turn_give(&r->turn);
	sandbox_release(r->sandbox);
	r->sandbox = NULL;
}

void mock_hear(struct mock *m, struct request *r)
{
	r->begun_us = clock_mono_us();
	r->sandbox = m->sandbox;
	r->heard_well = true;
	while (r->heard_well && pipeline[r->heard].nature == HEARS)
		r->heard_well = pass(m, r, &pipeline[r->heard++]);
}

void mock_handle(struct mock *m, struct request *r)
{
	if (!r->heard)
		mock_hear(m, r);
	if (!work(m, r))
		r->xray = xray_request(m, r);
	spoil_clock(m, r);
	if (!*r->request_id)
		sandbox_request_id(r->sandbox, r->request_id);
	reply_write(r);
	spoil_answer(r);
	r->took_us = clock_mono_us() - r->begun_us;
	r->unfinished = r->may_wait && !turn_is_told(&r->turn);
	if (r->unfinished)
		turn_give(&r->turn);
	else
		end(m, r);
}

/* Its change is committed, or its answer becomes an error. */
static void finish_commit(struct request *r)
{
	sandbox_enter(r->sandbox);
	r->committed = store_written(r->sandbox->store, r->ticket);
	sandbox_leave(r->sandbox);
	r->ticket = 0;
	if (!r->committed) {
		because(r, "the commit failed");
		refuse(r, ERR_INTERNAL_ERROR);
		r->stage = "commit";
		trail_refused(r, r->stage);
		reply_write(r);
	}
	r->took_us = clock_mono_us() - r->begun_us;
}

void mock_finish(struct mock *m, struct request *r)
{
	if (r->ticket)
		finish_commit(r);
	r->unfinished = false;
	end(m, r);
}

bool refuse(struct request *r, enum err err)
{
	error_set(&r->error, r->arena, r->lang, err);
	return false;
}

bool refuse_text(struct request *r, enum text text, ...)
{
	va_list args;
	va_start(args, text);
	error_vtext(&r->error, r->arena, r->lang, text, args);
	va_end(args);
	return false;
}

void because(struct request *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	r->error.because = arena_vprintf(r->arena, format, args);
	va_end(args);
}
