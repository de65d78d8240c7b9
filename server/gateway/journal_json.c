/* An entry as JSON: short in lists, whole by itself, explained. */
#include "gateway/journal_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/fault.h"
#include "gateway/stages.h"
#include "gateway/unmatched.h"
#include "util/str.h"
#include "util/wiretime.h"

static void out_time(struct json_out *o, const char *key, int64_t ms)
{
	char text[WIRETIME_SIZE];
	wiretime_utc(ms, text);
	out_str(o, key, text);
}

/* What is not there is left out. */
static void out_given(struct json_out *o, const char *key, const char *text)
{
	if (text && *text)
		out_str(o, key, text);
}

static void out_list(struct json_out *o, const char *key, const char *const *texts)
{
	if (!texts || !*texts)
		return;
	out_array(o, key);
	for (; *texts; texts++)
		out_str(o, NULL, *texts);
	out_end_array(o);
}

static void out_tree(struct json_out *o, const char *key, const cJSON *tree)
{
	char *text = cJSON_PrintUnformatted(tree);
	if (text)
		out_raw(o, key, text);
	cJSON_free(text);
}

static void out_tags(struct json_out *o, const struct journal_entry *e)
{
	if (!e->tag_count)
		return;
	out_object(o, "tags");
	for (size_t i = 0; i < e->tag_count; i++)
		out_str(o, e->tags[i].name, e->tags[i].value);
	out_end_object(o);
}

/* ---- in short ---------------------------------------------------------------------------------------------------------- */

static void write_who(struct json_out *o, const struct journal_entry *e)
{
	out_int(o, "seq", (int64_t)e->seq);
	out_str(o, "request_id", e->request_id);
	out_time(o, "received", e->wall_ms);
	out_time(o, "now", e->now_ms);
	out_int(o, "took_us", e->ended_us - e->begun_us);
	out_given(o, "scheme", e->scheme);
	out_given(o, "secret_id", e->secret_id);
	if (e->account)
		out_int(o, "account", e->account);
	out_given(o, "address", e->address);
	out_given(o, "client", e->client);
	out_tags(o, e);
}

static void write_what(struct json_out *o, const struct journal_entry *e, struct arena *a)
{
	const cJSON *params = journal_params(e, a);
	out_given(o, "action", e->action);
	out_given(o, "version", e->version);
	out_given(o, "region", e->region);
	out_given(o, "language", e->language);
	if (params)
		out_tree(o, "params", params);
	out_list(o, "unread", e->unread);
	out_list(o, "resources", journal_resources(e, params, a));
}

static void write_outcome(struct json_out *o, const struct journal_entry *e, struct arena *a)
{
	out_str(o, "code", e->code);
	out_given(o, "message", e->message);
	out_given(o, "stage", e->stage);
	out_given(o, "guard", e->guard);
	out_given(o, "because", e->because);
	out_given(o, "signed_with", e->signed_with);
	out_int(o, "http_status", e->http_status);
	out_str(o, "phase_reached", phase_names[e->phase]);
	out_bool(o, "committed", e->committed);
	out_list(o, "made", journal_made(e, a));
	out_list(o, "faults", e->faults);
	out_given(o, "delivery", e->delivery);
	if (e->delay_ms)
		out_int(o, "delay_ms", e->delay_ms);
}

static void write_members(struct json_out *o, const struct journal_entry *e)
{
	struct arena *a = arena_new();
	write_who(o, e);
	write_what(o, e, a);
	write_outcome(o, e, a);
	arena_free(a);
}

void journal_write_brief(struct json_out *o, const struct journal_entry *e)
{
	out_object(o, NULL);
	write_members(o, e);
	out_end_object(o);
}

void journal_write_unmatched(struct json_out *o, const struct journal_entry *e)
{
	const char *nearest = action_nearest(e->action);
	out_object(o, NULL);
	write_members(o, e);
	out_str(o, "method", e->method);
	out_str(o, "target", e->target);
	if (nearest)
		out_str(o, "did_you_mean", nearest);
	out_end_object(o);
}

void journal_write_ids(struct json_out *o, const struct journal_entry *const *entries, size_t count)
{
	enum { IDS_SHOWN = 1000 };
	out_array(o, "request_ids");
	for (size_t i = 0; i < count && i < IDS_SHOWN; i++)
		out_str(o, NULL, entries[i]->request_id);
	out_end_array(o);
	if (count > IDS_SHOWN)
		out_int(o, "request_ids_left_out", (int64_t)(count - IDS_SHOWN));
}

/* ---- whole ------------------------------------------------------------------------------------------------------------- */

static void write_body(struct json_out *o, const char *text, size_t size, bool cut)
{
	out_str(o, "body", text);
	out_int(o, "bytes", (int64_t)size);
	if (cut)
		out_bool(o, "truncated", true);
}

static void write_request(struct json_out *o, const struct journal_entry *e)
{
	out_object(o, "request");
	out_str(o, "method", e->method);
	out_str(o, "target", e->target);
	out_array(o, "headers");
	for (size_t i = 0; i < e->header_count; i++) {
		out_object(o, NULL);
		out_str(o, "name", e->headers[i].name);
		out_str(o, "value", e->headers[i].value);
		out_end_object(o);
	}
	out_end_array(o);
	write_body(o, e->body, e->body_size, e->body_cut);
	out_end_object(o);
}

static void write_step(struct json_out *o, const char *kind, const char *what, enum trail_verdict verdict, const char *detail)
{
	out_object(o, NULL);
	out_str(o, "kind", kind);
	out_str(o, "what", what);
	out_str(o, "verdict", trail_verdict_names[verdict]);
	out_given(o, "detail", detail);
	out_end_object(o);
}

enum { LEARNED_MAX = 64 };

/* What a check that let the request pass learned about it; NULL: nothing. */
static const char *learned(const struct journal_entry *e, const char *stage, char room[LEARNED_MAX])
{
	if (str_is(stage, "sandbox"))
		return e->sandbox;
	if (str_is(stage, "key")) {
		snprintf(room, LEARNED_MAX, "account %" PRId64, e->account);
		return room;
	}
	return str_is(stage, "signature") ? e->signed_with : NULL;
}

static void write_passed(struct json_out *o, const struct journal_entry *e, unsigned from, unsigned to)
{
	char room[LEARNED_MAX];
	for (unsigned i = from; i < to; i++)
		write_step(o, "stage", stage_name(i), TRAIL_PASSED, learned(e, stage_name(i), room));
}

static void write_trail(struct json_out *o, const struct journal_entry *e)
{
	unsigned told = 0;
	out_array(o, "trail");
	for (const struct trail_step *step = e->trail; step; step = step->next) {
		write_passed(o, e, told, step->passed);
		write_step(o, step->kind, step->what, step->verdict, step->detail);
		told = step->passed;
	}
	write_passed(o, e, told, e->passed);
	out_end_array(o);
}

void journal_write_whole(struct json_out *o, const struct journal_entry *e)
{
	write_members(o, e);
	write_request(o, e);
	out_object(o, "answer");
	out_str(o, "content_type", e->content_type);
	write_body(o, e->answer, e->answer_size, e->answer_len < e->answer_size);
	out_end_object(o);
	if (*e->auth)
		out_raw(o, "auth", e->auth);
	write_trail(o, e);
}

/* ---- why --------------------------------------------------------------------------------------------------------------- */

/* The first refusal, a guard's before its stage's; else the last fault. NULL: nothing stood in the way. */
static const struct trail_step *deciding_step(const struct journal_entry *e)
{
	const struct trail_step *fault = NULL;
	for (const struct trail_step *step = e->trail; step; step = step->next) {
		if (step->verdict == TRAIL_REFUSED)
			return step;
		if (step->verdict == TRAIL_APPLIED)
			fault = step;
	}
	return fault;
}

static const char *call_name(const struct journal_entry *e)
{
	return *e->action ? e->action : "the request";
}

static const char *success(const struct journal_entry *e, struct arena *a)
{
	const char *const *made = journal_made(e, a);
	const char *text = arena_printf(a, "%s passed every check", call_name(e));
	if (e->committed)
		text = arena_printf(a, "%s and was committed", text);
	for (size_t i = 0; made[i]; i++)
		text = arena_printf(a, "%s%s %s", text, i ? "," : "; it made", made[i]);
	return text;
}

static const char *summary(const struct journal_entry *e, const struct trail_step *step, struct arena *a)
{
	const char *reason = *e->because ? e->because : e->message;
	if (!step)
		return success(e, a);
	if (step->verdict == TRAIL_REFUSED)
		return arena_printf(a, "%s was refused with %s by the %s \"%s\": %s", call_name(e), e->code,
		                    str_is(step->kind, "guard") ? "guard" : "check", step->what, reason);
	if (!str_is(e->code, "OK"))
		return arena_printf(a, "%s was answered with %s by the fault rule \"%s\"%s", call_name(e), e->code, step->what,
		                    e->committed ? ", after it was committed" : "");
	return arena_printf(a, "%s; the fault rule \"%s\" applied%s%s", success(e, a), step->what, *e->delivery ? ", delivery: " : "",
	                    e->delivery);
}

void journal_write_why(struct json_out *o, const struct journal_entry *e)
{
	const struct trail_step *step = deciding_step(e);
	struct arena *a = arena_new();
	out_str(o, "request_id", e->request_id);
	out_given(o, "action", e->action);
	out_str(o, "code", e->code);
	out_str(o, "summary", summary(e, step, a));
	out_object(o, "decided_by");
	out_str(o, "kind", step ? step->kind : "action");
	out_str(o, "what", step ? step->what : e->action);
	out_end_object(o);
	out_time(o, "now", e->now_ms);
	if (*e->auth)
		out_raw(o, "auth", e->auth);
	write_trail(o, e);
	arena_free(a);
}
