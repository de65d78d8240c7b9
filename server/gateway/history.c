/* Between a world's revisions and the admin API: who made a change, and what follows around the world when it is taken back. */
#include "gateway/history.h"

#include <inttypes.h>

#include "cbs/changes.h"
#include "cbs/export.h"
#include "gateway/mock_internal.h"
#include "gateway/recording.h"
#include "gateway/request.h"
#include "util/wiretime.h"

/* ---- keeping --------------------------------------------------------------------------------------------------------------- */

static struct revision_cause cause_of(struct sandbox *s, enum revision_kind kind, const struct request *r, int64_t now_ms)
{
	return (struct revision_cause){
		.kind = kind, .request_id = r ? r->request_id : "", .action = r ? r->action : "", .now_ms = now_ms,
		.ids_given = atomic_load(&s->ids_given),
	};
}

void history_because(struct sandbox *s, enum revision_kind kind, const struct request *r, int64_t now_ms)
{
	const struct revision_cause cause = cause_of(s, kind, r, now_ms);
	store_because(s->store, &cause);
}

void history_keep(struct sandbox *s)
{
	if (!s->store)
		return;
	const struct revision_cause now = cause_of(s, REVISION_OTHER, NULL, sandbox_now(s, clock_wall_ms()));
	store_keep_revisions(s->store, (size_t)s->settings.revisions, &now);
}

/* ---- coming in --------------------------------------------------------------------------------------------------------------- */

/* Enters, and lets happen what is due, which makes a revision too. */
static bool enter(struct sandbox *s, struct arena *a, struct history_span *span)
{
	int64_t now_ms = sandbox_enter(s);
	sandbox_settle(s, a, now_ms, NULL, NULL);
	*span = (struct history_span){ -1, -1 };
	return store_revisions(s->store, &span->first, &span->last);
}

static bool has(const struct history_span *span, int64_t no)
{
	return no >= span->first && no <= span->last;
}

/* ---- telling ----------------------------------------------------------------------------------------------------------------- */

static void write_revision(struct json_out *o, const struct revision *r)
{
	char at[WIRETIME_SIZE];
	wiretime_utc(r->cause.now_ms, at);
	out_int(o, "rev", r->no);
	out_str(o, "kind", revision_kind_names[r->cause.kind]);
	if (*r->cause.action)
		out_str(o, "action", r->cause.action);
	if (*r->cause.request_id)
		out_str(o, "request_id", r->cause.request_id);
	out_str(o, "at", at);
}

static void write_span(struct json_out *o, const struct history_span *span)
{
	out_int(o, "first", span->first);
	out_int(o, "last", span->last);
}

static void write_list(struct sandbox *s, const struct history_range *range, const struct history_span *span, struct json_out *o)
{
	int64_t latest = span->last - range->limit + 1, from = range->from < 0 ? latest : range->from;
	struct revision r;
	if (from <= span->first)
		from = span->first + 1;
	write_span(o, span);
	out_array(o, "revisions");
	int64_t no = from;
	for (; no < from + range->limit && no <= span->last && store_revision(s->store, no, &r); no++) {
		out_object(o, NULL);
		write_revision(o, &r);
		out_int(o, "bytes", (int64_t)r.bytes);
		out_end_object(o);
	}
	out_end_array(o);
	if (no <= span->last)
		out_int(o, "next", no);
	else
		out_null(o, "next");
}

enum history_outcome history_list(struct sandbox *s, const struct history_range *range, struct json_out *o, struct history_span *span)
{
	struct arena *a = arena_new();
	bool kept = enter(s, a, span);
	if (kept)
		write_list(s, range, span, o);
	sandbox_leave(s);
	arena_free(a);
	return kept ? HISTORY_DONE : HISTORY_OFF;
}

static enum history_outcome diff(struct sandbox *s, struct arena *a, int64_t from, int64_t to, const struct history_span *span,
                                 struct json_out *o, struct buf *why)
{
	struct changes *changes = changes_new(a, NULL);
	if (!has(span, from) || !has(span, to))
		return HISTORY_UNKNOWN;
	if (!store_diff(s->store, from, to, changes_add, changes, why))
		return HISTORY_FAILED;
	out_int(o, "from", from);
	out_int(o, "to", to);
	changes_write(changes, o, "changes");
	return HISTORY_DONE;
}

enum history_outcome history_diff(struct sandbox *s, const struct history_range *range, struct json_out *o, struct history_span *span,
                                  struct buf *why)
{
	struct arena *a = arena_new();
	enum history_outcome outcome = HISTORY_OFF;
	if (enter(s, a, span))
		outcome = diff(s, a, range->from < 0 ? span->first : range->from, range->to < 0 ? span->last : range->to, span, o, why);
	sandbox_leave(s);
	arena_free(a);
	return outcome;
}

static bool blame(struct sandbox *s, const char *resource, const struct history_span *span, struct json_out *o, struct buf *why)
{
	struct revision r;
	bool fine = true;
	for (int64_t no = span->first + 1; no <= span->last && fine; no++) {
		struct arena *a = arena_new();
		struct changes *changes = changes_new(a, resource);
		fine = store_diff(s->store, no - 1, no, changes_add, changes, why) && store_revision(s->store, no, &r);
		if (fine && changes_count(changes) > 0) {
			out_object(o, NULL);
			write_revision(o, &r);
			changes_write_ended(changes, o, "ended");
			changes_write(changes, o, "changes");
			out_end_object(o);
		}
		arena_free(a);
	}
	return fine;
}

enum history_outcome history_blame(struct sandbox *s, const char *resource, struct json_out *o, struct history_span *span,
                                   struct buf *why)
{
	struct arena *a = arena_new();
	enum history_outcome outcome = HISTORY_OFF;
	if (enter(s, a, span)) {
		out_str(o, "resource", resource);
		write_span(o, span);
		out_array(o, "revisions");
		outcome = blame(s, resource, span, o, why) ? HISTORY_DONE : HISTORY_FAILED;
		out_end_array(o);
	}
	sandbox_leave(s);
	arena_free(a);
	return outcome;
}

enum history_outcome history_state(struct sandbox *s, int64_t no, const char *only, bool credentials, struct json_out *o,
                                   struct history_span *span, struct buf *why)
{
	struct arena *a = arena_new();
	enum history_outcome outcome = HISTORY_OFF;
	struct store *copy = NULL;
	if (enter(s, a, span)) {
		copy = has(span, no) ? store_open_revision(s->store, no, why) : NULL;
		outcome = copy ? HISTORY_DONE : has(span, no) ? HISTORY_FAILED : HISTORY_UNKNOWN;
	}
	sandbox_leave(s);
	if (copy)
		world_write(copy, a, o, only, credentials);
	store_close(copy);
	arena_free(a);
	return outcome;
}

/* ---- going back -------------------------------------------------------------------------------------------------------------- */

/* The world is as it was; so is what surrounds it. A clock that runs would be at the present already, and what was under way then
 * long over. */
static void follow(struct sandbox *s, const struct revision *r)
{
	struct world world = { 0 };
	store_world(s->store, &world);
	sandbox_take_up(s, world.epoch - 1, r->cause.ids_given);
	if (!s->clock.frozen) {
		struct vclock clock = s->clock;
		vclock_set(&clock, clock_wall_ms(), r->cause.now_ms);
		store_amend(s->store);
		sandbox_set_clock(s, &clock);
	}
	registry_begin(&s->mock->registry);
	registry_take(&s->mock->registry, s, s->store);
	registry_end(&s->mock->registry);
}

static enum history_outcome rewind_to(struct sandbox *s, int64_t no, struct history_span *span, struct buf *why)
{
	struct revision r;
	*span = (struct history_span){ -1, -1 };
	if (!store_revisions(s->store, &span->first, &span->last))
		return HISTORY_OFF;
	if (!store_revision(s->store, no, &r))
		return HISTORY_UNKNOWN;
	if (!store_rewind(s->store, no, why) || !store_revision(s->store, no, &r))
		return HISTORY_FAILED;
	span->last = no;
	follow(s, &r);
	return HISTORY_DONE;
}

enum history_outcome history_rewind(struct sandbox *s, int64_t no, struct history_span *span, struct buf *why)
{
	struct turn turn;
	recording_take(s, &turn);
	sandbox_enter(s);
	enum history_outcome outcome = rewind_to(s, no, span, why);
	sandbox_leave(s);
	turn_give(&turn);
	return outcome;
}
