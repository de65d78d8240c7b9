/* Letting time pass, running the action, committing. The action's answer lies in r->fields and is thrown away when it refuses. */
#include "gateway/mock_internal.h"
#include "gateway/stages.h"

enum { FIELDS_MAX = 8 * 1024 * 1024 };

bool stage_execute(struct mock *m, struct request *r)
{
	struct sandbox *s = r->sandbox;
	if (!sandbox_settle(s, r->arena, r->now_ms, NULL, NULL))
		return refuse(r, ERR_INTERNAL_ERROR);

	struct json_out out;
	buf_init(&r->fields, FIELDS_MAX);
	json_out_init(&out, &r->fields);
	struct call call = {
		.store = s->store, .arena = r->arena, .now_ms = r->now_ms, .who = &r->caller, .region = r->region,
		.request_id = r->request_id, .lang = r->lang, .dialect = s->dialect, .transitions = m->config.transitions,
		.params = r->params, .action = r->action, .out = &out,
	};
	if (r->run->writes)
		store_begin(s->store);
	enum verdict verdict = r->run->run(&call);
	r->guard = call.guard;
	if (verdict == VERDICT_FAIL) {
		r->error = call.error;
		return false;
	}
	if (r->fields.overflow)
		return refuse(r, ERR_RESPONSE_SIZE_LIMIT_EXCEEDED);
	return true;
}

/* Immediate transitions end here, in the transaction that began them: the client never sees them under way. */
bool stage_commit(struct mock *m, struct request *r)
{
	(void)m;
	struct store *store = r->sandbox->store;
	if (!r->run->writes)
		return true;
	cbs_settle(store, r->arena, r->now_ms, NULL, NULL);
	const char *failed = store_failed(store);
	if (failed)
		failed = arena_strdup(r->arena, failed);
	if (store_commit(store))
		return true;
	because(r, "%s", failed ? failed : "the commit failed");
	return refuse(r, ERR_INTERNAL_ERROR);
}
