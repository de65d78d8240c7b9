/* Matching entries: what a match asks for is looked up, and nothing else. */
#include "gateway/journal.h"

#include "gateway/journal_internal.h"

static void view_plain(const struct journal_entry *e, struct match_view *v)
{
	*v = (struct match_view){
		.action = e->action,
		.region = e->region,
		.secret_id = e->secret_id,
		.language = e->language,
		.client = e->client,
		.address = e->address,
		.account = e->account,
		.tags = e->tags,
		.tag_count = e->tag_count,
		.code = e->code,
		.phase = e->phase,
		.stage = e->stage,
		.guard = e->guard,
		.request_id = e->request_id,
		.faults = e->faults,
		.seq = e->seq,
		.wall_ms = e->wall_ms,
	};
}

void journal_view(const struct journal_entry *e, const struct match *m, struct arena *a, struct match_view *v)
{
	view_plain(e, v);
	if (!m || match_asks(m, MATCH_PARAM) || match_asks(m, MATCH_RESOURCE))
		v->params = journal_params(e, a);
	if (!m || match_asks(m, MATCH_RESOURCE))
		v->resources = journal_resources(e, v->params, a);
}

/* The parameters may have had what is asked for, but they were not kept. */
static bool unknowable(const struct journal_entry *e, const struct match *m, const struct match_view *v)
{
	return !v->params && e->body_cut && (match_asks(m, MATCH_PARAM) || match_asks(m, MATCH_RESOURCE));
}

/* Parameters are read only when all else holds. */
bool journal_matches(const struct journal_entry *e, const struct match *m, size_t *unknown)
{
	struct match_view v;
	if (!m)
		return true;
	bool deep = match_asks(m, MATCH_PARAM) || match_asks(m, MATCH_RESOURCE);
	view_plain(e, &v);
	if (!deep)
		return match_holds(m, &v);
	if (!match_asks(m, MATCH_RESOURCE) && !match_may_hold(m, &v))
		return false;
	struct arena *a = arena_new();
	journal_view(e, m, a, &v);
	bool holds = match_holds(m, &v);
	if (!holds && unknown && unknowable(e, m, &v))
		++*unknown;
	arena_free(a);
	return holds;
}

size_t journal_list_filter(struct journal_list *list, const struct match *m)
{
	size_t kept = 0, unknown = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (journal_matches(list->entries[i], m, &unknown))
			list->entries[kept++] = list->entries[i];
		else
			entry_release(list->entries[i]);
	}
	list->count = kept;
	return unknown;
}

void journal_list_keep(struct journal_list *list, bool (*wanted)(const struct journal_entry *e))
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (wanted(list->entries[i]))
			list->entries[kept++] = list->entries[i];
		else
			entry_release(list->entries[i]);
	}
	list->count = kept;
}

bool journal_list_forgot(const struct journal_list *list, const struct match *m)
{
	uint64_t seq = 0;
	int64_t wall_ms = INT64_MIN;
	if (m)
		match_since(m, &seq, &wall_ms);
	return list->stats.dropped > 0 && list->stats.dropped_seq > seq && list->stats.dropped_ms >= wall_ms;
}
