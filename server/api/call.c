/* Verdicts of an action, and the names and usual lengths of transitions. */
#include "api/call.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "util/str.h"
#include "util/wiretime.h"

const char *const transition_names[N_TRANSITIONS] = {
	[TRANSITION_DISK_CREATE] = "disk.create",
	[TRANSITION_DISK_ATTACH] = "disk.attach",
	[TRANSITION_DISK_DETACH] = "disk.detach",
	[TRANSITION_DISK_RESIZE] = "disk.resize",
	[TRANSITION_DISK_ROLLBACK] = "disk.rollback",
	[TRANSITION_SNAPSHOT_CREATE] = "snapshot.create",
};

/* Inferred: the documents give no numbers (cbs.md §3.4). */
const int64_t transition_default_ms[N_TRANSITIONS] = {
	[TRANSITION_DISK_CREATE] = 1000,
	[TRANSITION_DISK_ATTACH] = 1000,
	[TRANSITION_DISK_DETACH] = 1000,
	[TRANSITION_DISK_RESIZE] = 1000,
	[TRANSITION_DISK_ROLLBACK] = 2000,
	[TRANSITION_SNAPSHOT_CREATE] = 2000,
};

/* As long as a transition may take: ten years. */
static const int64_t transition_max_ms = INT64_C(10) * 365 * 24 * 3600 * 1000;

static bool parse_polls(const char *text, int64_t *times)
{
	char number[8] = "";
	size_t len = strspn(text, "0123456789");
	if (len == 0 || len >= sizeof number || (!str_is(text + len, " polls") && !str_is(text + len, " poll")))
		return false;
	memcpy(number, text, len);
	return str_to_i64(number, times) && *times >= 1 && *times <= TRANSITION_TIMES_MAX;
}

static bool parse_rule(const char *text, struct transition_rule *rule)
{
	int64_t ms = rule->ms, times = 0;
	enum progression how = PROGRESS_TIME;
	if (str_is(text, "immediate"))
		how = PROGRESS_IMMEDIATE;
	else if (str_is(text, "manual") || parse_polls(text, &times))
		how = PROGRESS_MANUAL;
	else if (!str_is(text, "time") && (!duration_parse(text, &ms) || ms < 0 || ms > transition_max_ms))
		return false;
	*rule = (struct transition_rule){ .progression = how, .ms = ms, .times = times };
	return true;
}

bool transition_rule_parse(const char *text, struct transition_rule *rule)
{
	static const char suffix[] = " steps";
	enum { TEXT_MAX = 64 };
	char whole[TEXT_MAX] = "";
	size_t len = strlen(text);
	bool steps = str_suffix(text, suffix);
	len -= steps ? strlen(suffix) : 0;
	if (len >= sizeof whole)
		return false;
	memcpy(whole, text, len);
	if (!parse_rule(whole, rule))
		return false;
	rule->steps = steps;
	return true;
}

const char *transition_rule_text(struct arena *a, const struct transition_rule *rule)
{
	const char *steps = rule->steps ? " steps" : "";
	bool whole = rule->ms % 1000 == 0;
	if (rule->progression == PROGRESS_IMMEDIATE)
		return arena_printf(a, "immediate%s", steps);
	if (rule->progression == PROGRESS_MANUAL && rule->times > 0)
		return arena_printf(a, "%" PRId64 " poll%s%s", rule->times, rule->times == 1 ? "" : "s", steps);
	if (rule->progression == PROGRESS_MANUAL)
		return arena_printf(a, "manual%s", steps);
	return arena_printf(a, "%" PRId64 "%s%s", whole ? rule->ms / 1000 : rule->ms, whole ? "s" : "ms", steps);
}

enum verdict call_ok(struct call *c)
{
	c->error.err = ERR_NONE;
	return VERDICT_OK;
}

enum verdict call_fail(struct call *c, enum err err)
{
	error_set(&c->error, c->arena, c->lang, err);
	return VERDICT_FAIL;
}

enum verdict call_fail_text(struct call *c, enum text text, ...)
{
	va_list args;
	va_start(args, text);
	error_vtext(&c->error, c->arena, c->lang, text, args);
	va_end(args);
	return VERDICT_FAIL;
}

const char *call_unnamed(const struct call *c)
{
	return c->lang == LANG_ZH ? "未命名" : "Unnamed";
}

void call_because(struct call *c, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	c->error.because = arena_vprintf(c->arena, format, args);
	va_end(args);
}
