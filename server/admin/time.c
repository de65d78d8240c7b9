/* Routes of sandbox time: read it, stop it, move it, and hear what happened meanwhile. */
#include "admin/admin_internal.h"
#include "gateway/control.h"
#include "util/clock.h"
#include "util/str.h"
#include "util/wiretime.h"

enum argument { NO_ARGUMENT, ARGUMENT_TO, ARGUMENT_BY, ARGUMENT_FACTOR };

static const char *const argument_names[] = { "", "to", "by", "factor" };

static const struct clock_action {
	const char *name;
	enum clock_change change;
	enum argument takes;
} actions[] = {
	{ "freeze", CLOCK_FREEZE, NO_ARGUMENT },   { "resume", CLOCK_RESUME, NO_ARGUMENT },   { "set", CLOCK_SET, ARGUMENT_TO },
	{ "advance", CLOCK_ADVANCE, ARGUMENT_BY }, { "scale", CLOCK_SCALE, ARGUMENT_FACTOR }, { "reset", CLOCK_REAL, NO_ARGUMENT },
};

static const double FACTOR_MAX = 1e6;

/* A real clock stood at the wall's time when it was last changed. */
static const char *mode_of(const struct vclock *clock)
{
	if (clock->frozen)
		return "frozen";
	if (clock->rate != 1000)
		return "scaled";
	return clock->set_ms == clock->base_ms ? "real" : "offset";
}

void answer_clock(struct json_out *o, const struct vclock *clock, int64_t now_ms)
{
	char now[WIRETIME_SIZE];
	wiretime_utc(now_ms, now);
	out_str(o, "now", now);
	out_str(o, "mode", mode_of(clock));
	out_double(o, "factor", (double)clock->rate / 1000);
}

/* What is overdue happens with the next call, and so not before now. */
static void write_next(struct json_out *o, int64_t next_ms, int64_t now_ms)
{
	char next[WIRETIME_SIZE];
	wiretime_utc(next_ms > now_ms ? next_ms : now_ms, next);
	if (next_ms == INT64_MAX)
		out_null(o, "next_event");
	else
		out_str(o, "next_event", next);
}

/* How the clock stands after a change, and what happened meanwhile; `done` is false when it could not be kept. */
static void answer_change(struct admin_call *c, bool done, const struct clock_state *state, struct event_list *events)
{
	if (!done) {
		buf_finish(&events->text);
		if (state->too_far) {
			answer_error(c, 409, "TooFar", "nothing changed; go there in smaller steps, or deactivate the policies that tick on the way",
			             "policies would tick more than %d times on the way, each disk counted", CLOCK_TICKS_MAX);
			return;
		}
		answer_error(c, 500, "ClockFailed", NULL, "the clock could not be changed: the sandbox's file cannot be written");
		return;
	}
	struct json_out o = answer_begin(c, 200);
	answer_clock(&o, &state->clock, state->now_ms);
	write_next(&o, state->next_ms, state->now_ms);
	events_end(events, &o);
	answer_end(&o);
}

/* Changes the clock, or reads it. */
static void change_clock(struct admin_call *c, enum clock_change change, int64_t value)
{
	struct clock_state state;
	struct event_list events;
	events_begin(&events);
	bool done = control_clock(c->box, change, value, &state, &(struct listener){ events_add, &events });
	answer_change(c, done, &state, &events);
}

void time_read(struct admin_call *c)
{
	change_clock(c, CLOCK_READ, 0);
}

static bool read_by(struct admin_call *c, const char *by, int64_t *value)
{
	if (duration_parse(by, value) && *value >= 0)
		return true;
	answer_error(c, 400, "InvalidField", "durations: \"250ms\", \"5s\", \"10m\", \"2h\", \"7d\"",
	             "the field \"by\" must be a duration and not negative");
	return false;
}

static bool read_to(struct admin_call *c, const char *to, int64_t *value)
{
	if (wiretime_parse(to, value))
		return true;
	answer_error(c, 400, "InvalidField", "times: \"2026-01-01T00:00:00Z\"", "the field \"to\" must be a time");
	return false;
}

static bool read_factor(struct admin_call *c, double factor, int64_t *value)
{
	if (factor >= 0.001 && factor <= FACTOR_MAX) {
		*value = (int64_t)(factor * 1000 + 0.5);
		return true;
	}
	answer_error(c, 400, "InvalidField", "60: a minute passes in a second",
	             "the field \"factor\" must be between 0.001 and 1000000");
	return false;
}

static const struct clock_action *find_action(const char *name)
{
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (str_is(actions[i].name, name))
			return &actions[i];
	return NULL;
}

/* Is exactly the argument given that the action takes? Answers when not. */
static bool fits(struct admin_call *c, const struct clock_action *a, const bool given[])
{
	for (int i = ARGUMENT_TO; i <= ARGUMENT_FACTOR; i++)
		if (given[i] != (a->takes == (enum argument)i)) {
			answer_error(c, 400, given[i] ? "UnknownField" : "MissingField", "set takes to, advance takes by, scale takes factor",
			             "the action \"%s\" %s \"%s\"", a->name, given[i] ? "does not take" : "needs", argument_names[i]);
			return false;
		}
	return true;
}

void time_change(struct admin_call *c)
{
	const char *name = NULL, *by = NULL, *to = NULL;
	double factor = 0;
	bool given[4] = { false };
	int64_t value = 0;
	const struct body_field fields[] = {
		{ "action", .required = true, .text = &name },
		{ "to", .text = &to, .given = &given[ARGUMENT_TO] },
		{ "by", .text = &by, .given = &given[ARGUMENT_BY] },
		{ "factor", .number = &factor, .given = &given[ARGUMENT_FACTOR] },
	};
	if (!body_read(c, fields, sizeof fields / sizeof fields[0]))
		return;
	const struct clock_action *action = find_action(name);
	if (!action) {
		answer_error(c, 400, "InvalidField", "accepted: freeze, resume, set, advance, scale, reset",
		             "there is no clock action \"%s\"", name);
		return;
	}
	if (!fits(c, action, given) || (by && !read_by(c, by, &value)) || (to && !read_to(c, to, &value)) ||
	    (given[ARGUMENT_FACTOR] && !read_factor(c, factor, &value)))
		return;
	change_clock(c, action->change, value);
}

static void go_to_next_event(struct admin_call *c)
{
	struct clock_state state;
	struct event_list events;
	events_begin(&events);
	bool done = control_next_event(c->box, &state, &(struct listener){ events_add, &events });
	answer_change(c, done, &state, &events);
}

void time_advance(struct admin_call *c)
{
	const char *by = NULL, *to = NULL;
	int64_t value;
	const struct body_field fields[] = { { "by", .text = &by }, { "to", .text = &to } };
	if (!body_read(c, fields, sizeof fields / sizeof fields[0]))
		return;
	if (!by == !to) {
		answer_error(c, 400, "MissingField", "{\"by\":\"1h\"}, {\"to\":\"next_event\"}, {\"to\":TIME}", "give either \"by\" or \"to\"");
	} else if (to && str_is(to, "next_event")) {
		go_to_next_event(c);
	} else if (by) {
		if (read_by(c, by, &value))
			change_clock(c, CLOCK_ADVANCE, value);
	} else if (read_to(c, to, &value)) {
		if (value < sandbox_now(c->box, clock_wall_ms()))
			answer_error(c, 400, "InvalidField", "PUT /_cbs/clock sets any time", "the time is past: an advance goes forward");
		else
			change_clock(c, CLOCK_SET, value);
	}
}

void time_run(struct admin_call *c)
{
	const char *max = "30d";
	int64_t max_ms;
	struct clock_state state;
	struct event_list events;
	const struct body_field fields[] = { { "max", .text = &max } };
	if (!body_read(c, fields, 1))
		return;
	if (!duration_parse(max, &max_ms) || max_ms < 0) {
		answer_error(c, 400, "InvalidField", "durations: \"250ms\", \"5s\", \"10m\", \"2h\", \"7d\"",
		             "the field \"max\" must be a duration and not negative");
		return;
	}
	events_begin(&events);
	bool done = control_run_until_idle(c->box, max_ms, &state, &(struct listener){ events_add, &events });
	answer_change(c, done, &state, &events);
}
