/* A request's way through the checks. The order decides which of several errors a client hears of, and is the cloud's as far as it
 * is known (protocol.md §5): moving a check is moving its row. */
#include "gateway/mock_internal.h"
#include "gateway/reply.h"
#include "gateway/stages.h"

struct stage {
	const char *name;
	bool (*run)(struct mock *m, struct request *r);
	bool enters; /* from here on the sandbox is locked and its time is fixed */
};

static const struct stage pipeline[] = {
	{ "transport", stage_transport, false },
	{ "parse", stage_parse, false },
	{ "presence", stage_presence, false },
	{ "scope", stage_scope, false },
	{ "expiry", stage_expiry, false },
	{ "key", stage_key, false },
	{ "token", stage_token, false },
	{ "signature", stage_signature, false },
	{ "identity", stage_identity, false },
	{ "resolve", stage_resolve, true },
	{ "region", stage_region, false },
	{ "limit", stage_limit, false },
	{ "parameters", stage_parameters, false },
	{ "permit", stage_permit, false },
	{ "execute", stage_execute, false },
	{ "commit", stage_commit, false },
};

enum { N_STAGES = sizeof pipeline / sizeof pipeline[0] };

/* Nothing is left open, whoever refused; and what looked like a refusal is none when the store itself failed. */
static void leave(struct request *r)
{
	struct store *store = r->sandbox->store;
	const char *failed = store_failed(store);
	if (failed) {
		because(r, "%s", failed);
		refuse(r, ERR_INTERNAL_ERROR);
		r->stage = "store";
	}
	if (failed || store_in_transaction(store))
		store_rollback(store);
	sandbox_leave(r->sandbox);
}

void mock_handle(struct mock *m, struct request *r)
{
	int64_t started = clock_mono_us();
	bool inside = false;
	r->sandbox = m->sandbox;
	for (size_t i = 0; i < N_STAGES; i++) {
		if (pipeline[i].enters) {
			r->now_ms = sandbox_enter(r->sandbox);
			inside = true;
		}
		if (!pipeline[i].run(m, r)) {
			r->stage = pipeline[i].name;
			break;
		}
	}
	if (inside)
		leave(r);
	if (!*r->request_id)
		sandbox_request_id(r->sandbox, r->request_id);
	reply_write(r);
	r->took_us = clock_mono_us() - started;
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
