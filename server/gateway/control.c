/* Changes from outside the API: to settings, to the world as a whole, to its time. */
#include "gateway/control.h"

#include "cbs/policy.h"
#include "gateway/fault.h"
#include "gateway/history.h"
#include "gateway/journal.h"
#include "gateway/mock_internal.h"
#include "gateway/recording.h"
#include "util/wiretime.h"

bool control_reset(struct sandbox *s, unsigned keep, struct buf *why)
{
	struct turn turn;
	recording_take(s, &turn);
	sandbox_enter(s);
	bool done = sandbox_reset(s, keep & KEEP_CLOCK, why);
	if (done && !(keep & KEEP_FAULTS))
		faults_reset(s->faults);
	if (done && !(keep & KEEP_JOURNAL)) {
		journal_clear(s->journal);
		journal_set_tags(s->journal, NULL, 0);
	}
	sandbox_leave(s);
	turn_give(&turn);
	return done;
}

bool control_apply(struct sandbox *s, const char *fixture, size_t len, struct buf *why)
{
	struct turn turn;
	recording_take(s, &turn);
	int64_t now_ms = sandbox_enter(s);
	bool done = sandbox_apply(s, fixture, len, now_ms, why);
	sandbox_leave(s);
	turn_give(&turn);
	return done;
}

bool control_apply_preset(struct sandbox *s, enum preset which, struct buf *why)
{
	struct buf text;
	buf_init(&text, PRESET_TEXT_MAX);
	bool done = preset_rows(&s->mock->presets, which, &text, why) && control_apply(s, text.data, text.len, why);
	buf_finish(&text);
	return done;
}

void control_settings(struct sandbox *s, struct settings *out)
{
	sandbox_enter(s);
	*out = s->settings;
	sandbox_leave(s);
}

bool control_set_settings(struct sandbox *s, const struct settings *settings)
{
	struct turn turn;
	recording_take(s, &turn);
	sandbox_enter(s);
	bool done = sandbox_set_settings(s, settings);
	sandbox_leave(s);
	turn_give(&turn);
	return done;
}

bool control_set_ttl(struct sandbox *s, int64_t ttl_ms)
{
	sandbox_enter(s);
	bool done = sandbox_set_ttl(s, ttl_ms);
	sandbox_leave(s);
	return done;
}

bool control_set_seed(struct sandbox *s, uint64_t seed)
{
	struct turn turn;
	recording_take(s, &turn);
	sandbox_enter(s);
	bool done = sandbox_set_seed(s, seed);
	sandbox_leave(s);
	turn_give(&turn);
	return done;
}

/* ---- time ------------------------------------------------------------------------------------------------------------------ */

/* What time brings about: who listens, how much there was to hear, and whether it was too much to let it happen. */
struct hearing {
	struct listener to;
	size_t told;
	bool too_far;
};

/* Hands events of the domain on in the shape the admin API asked for. */
static void tell(void *data, const struct cbs_event *e)
{
	struct hearing *h = data;
	h->told++;
	if (h->to.on_event)
		h->to.on_event(h->to.data, e);
}

static struct passing passing_of(const struct sandbox *s, struct hearing *h)
{
	struct passing how = sandbox_passing(s);
	how.on_event = tell;
	how.data = h;
	return how;
}

static void change_clock(struct vclock *clock, enum clock_change change, int64_t value, int64_t wall_ms)
{
	switch (change) {
	case CLOCK_READ:
		break;
	case CLOCK_FREEZE:
		vclock_freeze(clock, wall_ms);
		break;
	case CLOCK_RESUME:
		vclock_resume(clock, wall_ms);
		break;
	case CLOCK_SET:
		vclock_set(clock, wall_ms, value);
		break;
	case CLOCK_ADVANCE:
		vclock_advance(clock, wall_ms, value);
		break;
	case CLOCK_SCALE:
		vclock_scale(clock, wall_ms, value);
		break;
	case CLOCK_REAL:
		vclock_init(clock, wall_ms);
		break;
	}
}

/* From inside. */
static void read_clock(struct sandbox *s, int64_t wall_ms, const struct hearing *h, struct clock_state *out)
{
	*out = (struct clock_state){
		.clock = s->clock, .now_ms = vclock_now(&s->clock, wall_ms), .next_ms = store_next_due(s->store), .too_far = h->too_far,
	};
}

/* Together, so that a failure leaves neither the clock where it may not be nor half of what it brought about. */
static bool move_clock(struct sandbox *s, struct arena *a, const struct vclock *next, int64_t wall_ms, struct hearing *h)
{
	int64_t now_ms = vclock_now(next, wall_ms);
	bool back = now_ms < vclock_now(&s->clock, wall_ms);
	if (store_next_due(s->store) > now_ms && !back)
		return sandbox_set_clock(s, next);
	const struct passing how = passing_of(s, h);
	store_begin(s->store);
	if (back)
		policies_schedule(s->store, a, now_ms);
	h->too_far = cbs_settle(s->store, a, now_ms, &how) == how.most;
	if (h->too_far) {
		store_rollback(s->store);
		return false;
	}
	history_because(s, back ? REVISION_CLOCK : REVISION_TIME, NULL, now_ms);
	return sandbox_commit_time(s, next);
}

bool control_clock(struct sandbox *s, enum clock_change change, int64_t value, struct clock_state *out, const struct listener *l)
{
	struct turn turn;
	struct hearing hearing = { .to = *l };
	struct arena *a = arena_new();
	recording_take(s, &turn);
	sandbox_enter(s);
	int64_t wall_ms = clock_wall_ms();
	struct vclock next = s->clock;
	change_clock(&next, change, value, wall_ms);
	bool done = change == CLOCK_READ || move_clock(s, a, &next, wall_ms, &hearing);
	read_clock(s, wall_ms, &hearing, out);
	sandbox_leave(s);
	if (done)
		recording_note_clock(s, &turn, change, value);
	turn_give(&turn);
	arena_free(a);
	return done;
}

/* Lets everything happen that is due by `until_ms`, or only up to the first moment that shows, within a transaction; returns the
 * moment of the last. What is due may change no state (a disk that expires is isolated days later): that is passed over. */
static int64_t play(struct sandbox *s, struct arena *a, int64_t now_ms, int64_t until_ms, bool once, struct hearing *h)
{
	struct passing how = passing_of(s, h);
	int64_t at_ms = now_ms;
	while (store_next_due(s->store) <= until_ms) {
		int64_t due_ms = store_next_due(s->store);
		at_ms = due_ms > at_ms ? due_ms : at_ms;
		how.most -= cbs_settle(s->store, a, at_ms, &how);
		h->too_far = how.most == 0;
		if (h->too_far || (once && h->told > 0))
			break;
	}
	return at_ms;
}

static bool run(struct sandbox *s, int64_t max_ms, bool once, struct clock_state *out, const struct listener *l)
{
	struct turn turn;
	struct hearing hearing = { .to = *l };
	struct arena *a = arena_new();
	recording_take(s, &turn);
	sandbox_enter(s);
	int64_t wall_ms = clock_wall_ms(), now_ms = vclock_now(&s->clock, wall_ms);
	int64_t until_ms = max_ms < WIRETIME_MAX_MS - now_ms ? now_ms + max_ms : WIRETIME_MAX_MS;
	struct vclock next = s->clock;
	store_begin(s->store);
	int64_t at_ms = play(s, a, now_ms, until_ms, once, &hearing);
	if (!once && store_next_due(s->store) != INT64_MAX)
		at_ms = until_ms;
	vclock_set(&next, wall_ms, at_ms);
	history_because(s, REVISION_TIME, NULL, at_ms);
	if (hearing.too_far)
		store_rollback(s->store);
	bool done = !hearing.too_far && sandbox_commit_time(s, &next);
	read_clock(s, wall_ms, &hearing, out);
	sandbox_leave(s);
	if (done && once)
		recording_note_next_event(s, &turn);
	else if (done)
		recording_note_run(s, &turn, max_ms);
	turn_give(&turn);
	arena_free(a);
	return done;
}

bool control_next_event(struct sandbox *s, struct clock_state *out, const struct listener *l)
{
	return run(s, WIRETIME_MAX_MS, true, out, l);
}

bool control_run_until_idle(struct sandbox *s, int64_t max_ms, struct clock_state *out, const struct listener *l)
{
	return run(s, max_ms, false, out, l);
}

bool control_finish(struct sandbox *s, const char *resource_id, const struct listener *l)
{
	struct turn turn;
	struct hearing hearing = { .to = *l };
	struct arena *a = arena_new();
	recording_take(s, &turn);
	int64_t now_ms = sandbox_enter(s);
	bool done = sandbox_settle(s, a, now_ms, tell, &hearing);
	if (done) {
		store_begin(s->store);
		const struct passing how = passing_of(s, &hearing);
		done = cbs_finish(s->store, a, resource_id, now_ms, &how);
		history_because(s, REVISION_TRANSITION, NULL, now_ms);
		if (done)
			done = store_commit(s->store);
		else
			store_rollback(s->store);
	}
	sandbox_leave(s);
	recording_note_finish(s, &turn, resource_id);
	turn_give(&turn);
	arena_free(a);
	return done;
}
