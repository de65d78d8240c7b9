/* Letting time pass, running the action, committing. The action's answer lies in r->fields and is thrown away when it refuses. */
#include "gateway/history.h"
#include "gateway/mock_internal.h"
#include "gateway/stages.h"
#include "util/str.h"

enum { FIELDS_MAX = 8 * 1024 * 1024 };

static bool was_read(const struct arg_reads *reads, const char *name)
{
	for (size_t i = 0; i < reads->count; i++)
		if (str_is(reads->names[i], name))
			return true;
	return false;
}

/* What the client sent in vain. */
static void note_unread(struct request *r, const struct arg_reads *reads)
{
	size_t count = 0;
	const cJSON *param;
	const char **unread = arena_alloc(r->arena, ((size_t)cJSON_GetArraySize(r->params) + 1) * sizeof *unread);
	cJSON_ArrayForEach(param, r->params)
		if (!was_read(reads, param->string))
			unread[count++] = param->string;
	r->unread = unread;
}

bool stage_execute(struct mock *m, struct request *r)
{
	struct sandbox *s = r->sandbox;
	if (!sandbox_settle(s, r->arena, r->now_ms, NULL, NULL))
		return refuse(r, ERR_INTERNAL_ERROR);

	struct json_out out;
	buf_init_in(&r->fields, r->arena, FIELDS_MAX);
	json_out_init(&out, &r->fields);
	struct arg_reads reads = { .count = 0 };
	const struct passing how = sandbox_passing(s);
	struct call call = {
		.store = r->run->writes ? s->store : lag_read(&s->lag, s->store, r->arena, r->now_ms, &how),
		.arena = r->arena, .now_ms = r->now_ms, .who = &r->caller, .region = r->region,
		.request_id = r->request_id, .lang = r->lang, .dialect = s->settings.dialect, .transitions = s->settings.transitions,
		.params = r->params, .action = r->action, .reads = &reads, .polls = &r->polls,
		.out = &out,
	};
	spoil_begin(m, r);
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
	note_unread(r, &reads);
	return true;
}

/* After the answer, which shows what was before. */
static bool count_polls(struct request *r)
{
	struct store *store = r->sandbox->store;
	if (r->polls.count == 0 || !polls_matter(store, r->arena, &r->polls))
		return true;
	const struct passing how = sandbox_passing(r->sandbox);
	store_begin(store);
	polls_count(store, r->arena, &r->polls, r->now_ms, &how);
	history_because(r->sandbox, REVISION_CALL, r, r->now_ms);
	if (store_commit(store))
		return true;
	because(r, "the count of describes could not be kept");
	return refuse(r, ERR_INTERNAL_ERROR);
}

/* Immediate transitions end here, in the transaction that began them: the client never sees them under way. */
bool stage_commit(struct mock *m, struct request *r)
{
	(void)m;
	struct store *store = r->sandbox->store;
	if (!r->run->writes)
		return count_polls(r);
	const struct passing how = sandbox_passing(r->sandbox);
	spoil_jobs(r);
	cbs_settle(store, r->arena, r->now_ms, &how);
	const char *failed = store_failed(store);
	if (failed)
		failed = arena_strdup(r->arena, failed);
	history_because(r->sandbox, REVISION_CALL, r, r->now_ms);
	bool may_wait = r->may_wait && !turn_is_told(&r->turn) && !r->spoiling.before;
	r->committed = may_wait ? store_commit_later(store, &r->ticket) : store_commit(store);
	if (r->committed)
		return true;
	because(r, "%s", failed ? failed : "the commit failed");
	return refuse(r, ERR_INTERNAL_ERROR);
}
