/* Routes of fault rules: the list of a sandbox, or with sandbox=* the one behind all of them. */
#include "gateway/fault.h"

#include <ctype.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "gateway/match.h"
#include "util/clock.h"
#include "util/str.h"

enum { PLAN_USUAL = 10 };

static const char hint_targets[] = "GET /_cbs/faults/targets lists what a rule may name";

/* ---- the list in question ----------------------------------------------------------------------------------------------- */

static struct fault_list asked_list(struct admin_call *c, int64_t wall_ms)
{
	if (!c->box)
		return (struct fault_list){ mock_faults(c->mock), wall_ms };
	return (struct fault_list){ c->box->faults, sandbox_now(c->box, wall_ms) };
}

static void answer_refusal(struct admin_call *c, const struct fault_refusal *why)
{
	answer_error(c, 400, "InvalidRule", hint_targets, "%s%s%s", why->pointer, *why->pointer ? ": " : "", why->why);
}

/* Does the world have the regions that a rule, or each of a list of rules, names? */
static bool places_fit(struct admin_call *c, const cJSON *rules)
{
	struct match_refusal unknown;
	if (regions_known(c, cJSON_GetObjectItemCaseSensitive(rules, "match"), "/match", &unknown) &&
	    regions_known_in(c, rules, "", "match", &unknown))
		return true;
	answer_refusal(c, &(struct fault_refusal){ unknown.pointer, unknown.why });
	return false;
}

static void answer_stored(struct admin_call *c, cJSON *stored, const struct fault_refusal *why)
{
	if (stored)
		answer_tree(c, 200, stored);
	else
		answer_refusal(c, why);
}

static void no_such_rule(struct admin_call *c)
{
	answer_error(c, 404, "NoSuchRule", "GET /_cbs/faults lists the rules", "there is no rule \"%s\"", c->subject);
}

static void answer_list(struct admin_call *c, cJSON *rules)
{
	cJSON *out = cJSON_CreateObject();
	cJSON_AddItemToObject(out, "faults", rules);
	answer_tree(c, 200, out);
}

/* ---- all of them -------------------------------------------------------------------------------------------------------- */

void fault_list(struct admin_call *c)
{
	int64_t wall_ms = clock_wall_ms();
	answer_list(c, faults_list(asked_list(c, wall_ms).faults, wall_ms));
}

/* What GET answers is taken back as it is. */
void fault_replace_all(struct admin_call *c)
{
	int64_t wall_ms = clock_wall_ms();
	struct fault_list list = asked_list(c, wall_ms);
	struct fault_refusal why;
	const cJSON *body = body_json(c, "[RULE,…]"), *wrapped = cJSON_GetObjectItemCaseSensitive(body, "faults");
	if (!body)
		return;
	if (wrapped && cJSON_GetArraySize(body) == 1)
		body = wrapped;
	if (!places_fit(c, body))
		return;
	cJSON *stored = faults_replace(list.faults, c->arena, body, list.now_ms, wall_ms, &why);
	if (stored)
		answer_list(c, stored);
	else
		answer_refusal(c, &why);
}

void fault_add(struct admin_call *c)
{
	int64_t wall_ms = clock_wall_ms();
	struct fault_list list = asked_list(c, wall_ms);
	struct fault_refusal why;
	const cJSON *body = body_json(c, "a rule: {\"match\":{\"action\":\"CreateSnapshot\"},\"do\":{\"type\":\"reset_peer\"}}");
	if (body && places_fit(c, body))
		answer_stored(c, faults_put(list.faults, c->arena, body, list.now_ms, wall_ms, &why), &why);
}

void fault_change_all(struct admin_call *c)
{
	int64_t wall_ms = clock_wall_ms();
	struct fault_list list = asked_list(c, wall_ms);
	struct fault_refusal why;
	const cJSON *body = body_json(c, "[{\"name\":NAME,…},…]");
	if (body && places_fit(c, body))
		answer_stored(c, faults_merge(list.faults, c->arena, body, list.now_ms, wall_ms, &why), &why);
}

/* "key" or "key=value". */
void fault_remove_all(struct admin_call *c)
{
	char *key = c->values[0] ? arena_strdup(c->arena, c->values[0]) : NULL;
	char *value = key ? strchr(key, '=') : NULL;
	if (!body_read(c, NULL, 0))
		return;
	if (value)
		*value++ = '\0';
	size_t removed = faults_clear(asked_list(c, 0).faults, key, value);
	struct json_out o = answer_begin(c, 200);
	out_int(&o, "removed", (int64_t)removed);
	answer_end(&o);
}

void fault_targets(struct admin_call *c)
{
	answer_tree(c, 200, faults_targets());
}

void fault_activity(struct admin_call *c)
{
	answer_tree(c, 200, faults_activity(asked_list(c, 0).faults));
}

/* ---- what is to come ---------------------------------------------------------------------------------------------------- */

static bool read_next(struct admin_call *c, int64_t *next)
{
	*next = PLAN_USUAL;
	if (!c->values[0] || (str_to_i64(c->values[0], next) && *next >= 1 && *next <= PREVIEW_MAX))
		return true;
	answer_error(c, 400, "InvalidQuery", NULL, "next must be a number from 1 to %d", PREVIEW_MAX);
	return false;
}

/* A sandbox's rules and those behind it, as its requests meet them. */
void fault_plan(struct admin_call *c)
{
	int64_t wall_ms = clock_wall_ms(), next;
	const struct fault_list lists[] = { asked_list(c, wall_ms), { mock_faults(c->mock), wall_ms } };
	struct fault_refusal why;
	if (!read_next(c, &next))
		return;
	const cJSON *calls = body_json(c, "a call: {\"action\":\"CreateSnapshot\",\"params\":{\"DiskId\":\"disk-lzrg2pwi\"}}");
	if (!calls)
		return;
	struct match_refusal unknown;
	if (!regions_known(c, calls, "", &unknown) || !regions_known_in(c, calls, "", "", &unknown)) {
		answer_error(c, 400, "InvalidCall", NULL, "%s: %s", unknown.pointer, unknown.why);
		return;
	}
	cJSON *plan = faults_preview(lists, c->box ? 2 : 1, c->arena, calls, (int)next, wall_ms, &why);
	if (!plan) {
		answer_error(c, 400, "InvalidCall", "accepted: action, region, secret_id, account, params, resource_state …", "%s%s%s",
		             why.pointer, *why.pointer ? ": " : "", why.why);
		return;
	}
	cJSON *out = cJSON_CreateObject();
	cJSON_AddItemToObject(out, "plan", plan);
	answer_tree(c, 200, out);
}

/* ---- one of them -------------------------------------------------------------------------------------------------------- */

void fault_show(struct admin_call *c)
{
	int64_t wall_ms = clock_wall_ms();
	cJSON *rule = faults_get(asked_list(c, wall_ms).faults, c->subject, wall_ms);
	if (rule)
		answer_tree(c, 200, rule);
	else
		no_such_rule(c);
}

void fault_put(struct admin_call *c)
{
	int64_t wall_ms = clock_wall_ms();
	struct fault_list list = asked_list(c, wall_ms);
	struct fault_refusal why;
	const cJSON *body = body_json(c, "a rule: {\"do\":{\"type\":\"reset_peer\"}}");
	const cJSON *given = cJSON_GetObjectItemCaseSensitive(body, "name");
	if (!body || !places_fit(c, body))
		return;
	if (given && !str_is(cJSON_GetStringValue(given), c->subject)) {
		answer_error(c, 400, "InvalidRule", NULL, "/name: must be the name in the path, or absent");
		return;
	}
	cJSON *rule = cJSON_Duplicate(body, true);
	if (cJSON_IsObject(rule) && !given)
		cJSON_AddStringToObject(rule, "name", c->subject);
	answer_stored(c, faults_put(list.faults, c->arena, rule, list.now_ms, wall_ms, &why), &why);
	cJSON_Delete(rule);
}

void fault_change(struct admin_call *c)
{
	int64_t wall_ms = clock_wall_ms();
	struct fault_list list = asked_list(c, wall_ms);
	struct fault_refusal why;
	const cJSON *patch = body_json(c, "members to change: {\"when\":{\"times\":3}}");
	if (!patch || !places_fit(c, patch))
		return;
	cJSON *rule = faults_patch(list.faults, c->arena, c->subject, patch, list.now_ms, wall_ms, &why);
	if (!rule && !why.pointer)
		no_such_rule(c);
	else
		answer_stored(c, rule, &why);
}

void fault_remove(struct admin_call *c)
{
	if (!body_read(c, NULL, 0))
		return;
	if (!faults_remove(asked_list(c, 0).faults, c->subject)) {
		no_such_rule(c);
		return;
	}
	struct json_out o = answer_begin(c, 200);
	out_int(&o, "removed", 1);
	answer_end(&o);
}

/* ---- a code by force ---------------------------------------------------------------------------------------------------- */

/* "CreateSnapshot:ResourceBusy": of a long code its end, which tells it from others. */
static const char *name_of_force(struct admin_call *c, const char *action)
{
	enum { CODE_SHOWN = 30, ACTION_SHOWN = 33 };
	size_t len = strlen(c->subject);
	char *name = arena_printf(c->arena, "%.*s:%s", ACTION_SHOWN, action, c->subject + (len > CODE_SHOWN ? len - CODE_SHOWN : 0));
	for (char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '.' && *at != ':')
			*at = '-';
	return name;
}

/* A rule that can be looked at and taken away like any other; forcing the same again begins anew. */
static cJSON *forcing_rule(struct admin_call *c, const char *action, double times, bool force)
{
	cJSON *rule = cJSON_CreateObject(), *effect;
	cJSON_AddStringToObject(rule, "name", name_of_force(c, action ? action : "any"));
	cJSON *match = cJSON_AddObjectToObject(rule, "match");
	if (action)
		cJSON_AddStringToObject(match, "action", action);
	cJSON_AddNumberToObject(cJSON_AddObjectToObject(rule, "when"), "times", times);
	effect = cJSON_AddObjectToObject(rule, "do");
	cJSON_AddStringToObject(effect, "type", "error");
	cJSON_AddStringToObject(effect, "code", c->subject);
	if (force)
		cJSON_AddTrueToObject(effect, "force");
	return rule;
}

void fault_force(struct admin_call *c)
{
	const char *action = NULL;
	const cJSON *force = NULL;
	double times = 1;
	const struct body_field fields[] = {
		{ "action", .text = &action }, { "times", .number = &times }, { "force", .json = &force },
	};
	if (!body_read(c, fields, sizeof fields / sizeof fields[0]))
		return;
	if (force && !cJSON_IsBool(force)) {
		answer_error(c, 400, "InvalidField", NULL, "the field \"force\" must be true or false");
		return;
	}
	int64_t wall_ms = clock_wall_ms();
	struct fault_list list = asked_list(c, wall_ms);
	struct fault_refusal why;
	cJSON *rule = forcing_rule(c, action, times, cJSON_IsTrue(force));
	answer_stored(c, faults_put(list.faults, c->arena, rule, list.now_ms, wall_ms, &why), &why);
	cJSON_Delete(rule);
}
