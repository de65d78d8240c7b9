/* Routes of what may be set for one sandbox while it lives, and of where its ids begin. */
#include <math.h>

#include "admin/admin_internal.h"
#include "gateway/control.h"
#include "gateway/sandboxes.h"
#include "util/str.h"

bool answer_settings(struct admin_call *c, const cJSON *object, const char *const *others, struct settings *settings)
{
	struct settings_fault fault;
	if (settings_read(settings, sandboxes_config(c->mock), object, others, &fault))
		return true;
	if (fault.takes) {
		answer_error(c, 400, "InvalidField", arena_printf(c->arena, "it takes %s", fault.takes), "the field \"%s\" is not what it takes",
		             fault.name);
		return false;
	}
	const char *names = "accepted fields:";
	for (; others && *others; others++)
		names = arena_printf(c->arena, "%s %s,", names, *others);
	answer_error(c, 400, "UnknownField", arena_printf(c->arena, "%s %s", names, settings_names()),
	             "the field \"%s\" is not known here", fault.name);
	return false;
}

static void answer(struct admin_call *c, const struct settings *settings)
{
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "sandbox", c->sandbox);
	settings_write(settings, &o);
	answer_end(&o);
}

static void change(struct admin_call *c, const struct settings *settings)
{
	if (control_set_settings(c->box, settings))
		answer(c, settings);
	else
		answer_error(c, 500, "NotKept", NULL, "the sandbox's file could not be written");
}

void settings_show(struct admin_call *c)
{
	struct settings settings;
	control_settings(c->box, &settings);
	answer(c, &settings);
}

void settings_change(struct admin_call *c)
{
	const cJSON *body = body_object(c);
	struct settings settings;
	if (!body)
		return;
	control_settings(c->box, &settings);
	if (answer_settings(c, body, NULL, &settings))
		change(c, &settings);
}

/* ---- transitions ------------------------------------------------------------------------------------------------------------ */

static const char *const progressions[] = {
	[PROGRESS_TIME] = "time", [PROGRESS_IMMEDIATE] = "immediate", [PROGRESS_MANUAL] = "manual",
};

static void write_rule(struct json_out *o, enum transition t, const struct transition_rule *rule)
{
	out_object(o, NULL);
	out_str(o, "model", transition_names[t]);
	out_str(o, "progression", progressions[rule->progression]);
	out_double(o, "seconds", (double)rule->ms / 1000);
	if (rule->times > 0)
		out_int(o, "times", rule->times);
	if (rule->steps)
		out_str(o, "percent", "steps");
	out_end_object(o);
}

static void answer_rules(struct admin_call *c, const struct settings *settings, const enum transition *named, size_t count)
{
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "transitions");
	for (size_t i = 0; i < count; i++)
		write_rule(&o, named[i], &settings->transitions[named[i]]);
	out_end_array(&o);
	answer_end(&o);
}

/* 0 when it has answered 404. */
static size_t find_models(struct admin_call *c, enum transition named[N_TRANSITIONS])
{
	size_t count = transitions_named(c->subject, named);
	const char *hint = "accepted: cbs::disk, cbs::snapshot";
	if (count > 0)
		return count;
	for (int i = 0; i < N_TRANSITIONS; i++)
		hint = arena_printf(c->arena, "%s, %s", hint, transition_names[i]);
	answer_error(c, 404, "NoSuchModel", hint, "there is no transition \"%s\"", c->subject);
	return 0;
}

void transition_list(struct admin_call *c)
{
	struct settings settings;
	enum transition all[N_TRANSITIONS];
	for (int i = 0; i < N_TRANSITIONS; i++)
		all[i] = (enum transition)i;
	control_settings(c->box, &settings);
	answer_rules(c, &settings, all, N_TRANSITIONS);
}

void transition_show(struct admin_call *c)
{
	struct settings settings;
	enum transition named[N_TRANSITIONS];
	size_t count = find_models(c, named);
	control_settings(c->box, &settings);
	if (count > 0)
		answer_rules(c, &settings, named, count);
}

static void change_rules(struct admin_call *c, const struct settings *settings, const enum transition *named, size_t count)
{
	if (control_set_settings(c->box, settings))
		answer_rules(c, settings, named, count);
	else
		answer_error(c, 500, "NotKept", NULL, "the sandbox's file could not be written");
}

/* What a body says of rules; NULL and negative: nothing. */
struct asked_rule {
	const char *progression, *percent;
	double seconds, times;
};

static bool refuse_rule(struct admin_call *c, const char *why)
{
	answer_error(c, 400, "InvalidField",
	             "{\"progression\":\"immediate\"}, {\"progression\":\"manual\",\"times\":3}, "
	             "{\"progression\":\"time\",\"seconds\":30}, {\"percent\":\"steps\"}", "%s", why);
	return false;
}

/* The rule as it is becomes as it is asked for; false when it has answered that this cannot be. */
static bool change_rule(struct admin_call *c, const struct asked_rule *asked, enum transition t, struct transition_rule *rule)
{
	const double seconds_max = 10.0 * 365 * 24 * 3600;
	size_t how = 0;
	while (asked->progression && how < 3 && !str_is(progressions[how], asked->progression))
		how++;
	if (how == 3 || (!asked->progression && !asked->percent && asked->seconds < 0 && asked->times < 0))
		return refuse_rule(c, "a transition has a progression: \"time\", \"immediate\" or \"manual\"");
	if (asked->seconds >= 0 && (how != PROGRESS_TIME || asked->seconds > seconds_max))
		return refuse_rule(c, "one by time may have seconds, up to ten years");
	if (asked->times >= 0 && (how != PROGRESS_MANUAL || asked->times < 1 || asked->times > TRANSITION_TIMES_MAX ||
	                          floor(asked->times) < asked->times))
		return refuse_rule(c, arena_printf(c->arena, "a manual one may have times, a whole number from 1 to %d", TRANSITION_TIMES_MAX));
	if (asked->percent && !str_is(asked->percent, "linear") && !str_is(asked->percent, "steps"))
		return refuse_rule(c, "percent is \"linear\" or \"steps\"");
	if (asked->percent && t != TRANSITION_SNAPSHOT_CREATE)
		return refuse_rule(c, "only snapshots have a Percent; name cbs::snapshot");
	if (asked->progression || asked->seconds >= 0)
		*rule = (struct transition_rule){ .progression = (enum progression)how, .ms = rule->ms, .steps = rule->steps };
	if (asked->seconds >= 0)
		rule->ms = (int64_t)(asked->seconds * 1000 + 0.5);
	if (asked->times >= 0)
		rule->times = (int64_t)asked->times;
	if (asked->percent)
		rule->steps = str_is(asked->percent, "steps");
	return true;
}

void transition_set(struct admin_call *c)
{
	struct settings settings;
	enum transition named[N_TRANSITIONS];
	struct asked_rule asked = { .seconds = -1, .times = -1 };
	bool timed = false, counted = false;
	const struct body_field fields[] = {
		{ "progression", .text = &asked.progression },
		{ "seconds", .number = &asked.seconds, .given = &timed },
		{ "times", .number = &asked.times, .given = &counted },
		{ "percent", .text = &asked.percent },
	};
	size_t count = find_models(c, named);
	if (count == 0 || !body_read(c, fields, sizeof fields / sizeof fields[0]))
		return;
	if ((timed && !(asked.seconds >= 0)) || (counted && !(asked.times >= 0))) {
		refuse_rule(c, "neither seconds nor times can be negative");
		return;
	}
	control_settings(c->box, &settings);
	for (size_t i = 0; i < count; i++) {
		struct transition_rule rule = settings.transitions[named[i]];
		if (!change_rule(c, &asked, named[i], &rule))
			return;
		settings_set_transition(&settings, named[i], rule);
	}
	change_rules(c, &settings, named, count);
}

void transition_reset(struct admin_call *c)
{
	struct settings settings;
	enum transition named[N_TRANSITIONS];
	size_t count = find_models(c, named);
	if (count == 0)
		return;
	control_settings(c->box, &settings);
	for (size_t i = 0; i < count; i++)
		settings_reset_transition(&settings, sandboxes_config(c->mock), named[i]);
	change_rules(c, &settings, named, count);
}

/* ---- the seed ----------------------------------------------------------------------------------------------------------------- */

void settings_seed(struct admin_call *c)
{
	const double seed_max = 9007199254740991.0;
	double seed = 0;
	const struct body_field fields[] = { { "seed", .required = true, .number = &seed } };
	if (!body_read(c, fields, 1))
		return;
	if (!(seed >= 0 && seed <= seed_max) || (double)(uint64_t)seed != seed) {
		answer_error(c, 400, "InvalidField", NULL, "the field \"seed\" must be a whole number from 0 to 9007199254740991");
		return;
	}
	if (!control_set_seed(c->box, (uint64_t)seed)) {
		answer_error(c, 500, "NotKept", NULL, "the sandbox's file could not be written");
		return;
	}
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "sandbox", c->sandbox);
	out_int(&o, "seed", (int64_t)seed);
	answer_end(&o);
}
