/* Routes of sandboxes: list, make, change, fork, delete. The id is the SecretId that selects it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "gateway/control.h"
#include "gateway/sandboxes.h"
#include "gateway/state.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { WHY_MAX = 4096, KEY_MAX = 128, KEYS_MAX = 64 };

static const double SEED_MAX = 9007199254740991.0;
static const char names_hint[] = "a name has letters, digits, - and _, at most 64";

/* ---- answers ------------------------------------------------------------------------------------------------------------- */

static void write_time_or_null(struct json_out *o, const char *name, int64_t ms)
{
	char text[WIRETIME_SIZE];
	wiretime_utc(ms, text);
	if (ms)
		out_str(o, name, text);
	else
		out_null(o, name);
}

static void write_sandbox(struct json_out *o, struct sandbox *s)
{
	struct sandbox_facts facts;
	state_facts(s, &facts);
	out_str(o, "id", s->name);
	out_str(o, "template", s->origin.template);
	write_time_or_null(o, "created", s->created_ms);
	write_time_or_null(o, "expires", atomic_load(&s->expires_ms));
	out_int(o, "bytes", facts.bytes);
	out_int(o, "checkpoints", facts.checkpoints);
	out_int(o, "seed", (int64_t)facts.seed);
	out_object(o, "clock");
	answer_clock(o, &facts.clock, facts.now_ms);
	out_end_object(o);
	settings_write(&facts.settings, o);
}

void sandbox_list(struct admin_call *c)
{
	struct sandbox **list;
	size_t count = sandboxes_all(c->mock, c->arena, &list);
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "sandboxes");
	for (size_t i = 0; i < count; i++) {
		out_object(&o, NULL);
		write_sandbox(&o, list[i]);
		out_end_object(&o);
	}
	out_end_array(&o);
	answer_end(&o);
	sandboxes_release(list, count);
}

/* Held; NULL when it has answered 404. */
static struct sandbox *find(struct admin_call *c)
{
	struct sandbox *s = sandboxes_find(c->mock, c->subject);
	if (!s)
		answer_error(c, 404, "NoSuchSandbox", "GET /_cbs/sandboxes lists them", "there is no sandbox \"%s\"", c->subject);
	return s;
}

void sandbox_show(struct admin_call *c)
{
	struct sandbox *s = find(c);
	if (!s)
		return;
	struct json_out o = answer_begin(c, 200);
	write_sandbox(&o, s);
	answer_end(&o);
	sandbox_release(s);
}

/* ---- what a body may say --------------------------------------------------------------------------------------------------- */

struct wish {
	struct sandbox_plan plan;
	const char *as;
	int64_t ttl_ms;
	struct credential *keys; /* the first is the sandbox's own */
	size_t key_count;
};

static bool invalid(struct admin_call *c, const char *field, const char *takes)
{
	answer_error(c, 400, "InvalidField", takes, "the field \"%s\" is not what it takes", field);
	return false;
}

static bool is_key_text(const cJSON *value)
{
	return cJSON_IsString(value) && *value->valuestring && strlen(value->valuestring) <= KEY_MAX;
}

static bool is_whole(const cJSON *value, double min, double max)
{
	return cJSON_IsNumber(value) && value->valuedouble >= min && value->valuedouble <= max &&
	       floor(value->valuedouble) == value->valuedouble;
}

static bool read_as(struct admin_call *c, struct wish *w, const cJSON *value)
{
	w->as = cJSON_GetStringValue(value);
	return (w->as && sandbox_name_fits(w->as)) || invalid(c, value->string, names_hint);
}

static bool read_secret_key(struct admin_call *c, struct wish *w, const cJSON *value)
{
	w->keys[0].secret_key = cJSON_GetStringValue(value);
	return is_key_text(value) || invalid(c, value->string, "a string of 1 to 128 bytes");
}

static bool read_template(struct admin_call *c, struct wish *w, const cJSON *value)
{
	struct origin *o = &w->plan.origin;
	if (!cJSON_IsString(value) || strlen(value->valuestring) >= sizeof o->template || !*value->valuestring)
		return invalid(c, value->string, "default, empty, quota, a sandbox, or SANDBOX/CHECKPOINT");
	snprintf(o->template, sizeof o->template, "%s", value->valuestring);
	return true;
}

static bool read_seed(struct admin_call *c, struct wish *w, const cJSON *value)
{
	if (!is_whole(value, 0, SEED_MAX))
		return invalid(c, value->string, "a whole number from 0 to 9007199254740991");
	w->plan.origin.seeded = true;
	w->plan.origin.seed = (uint64_t)value->valuedouble;
	return true;
}

static bool read_ttl(struct admin_call *c, struct wish *w, const cJSON *value)
{
	w->ttl_ms = 0;
	if (cJSON_IsNull(value))
		return true;
	return (cJSON_IsString(value) && duration_parse(value->valuestring, &w->ttl_ms) && w->ttl_ms > 0) ||
	       invalid(c, value->string, "a duration, \"10m\", or null for ever");
}

static bool clock_field_known(struct admin_call *c, const cJSON *clock)
{
	const cJSON *field;
	cJSON_ArrayForEach(field, clock)
	{
		if (str_is(field->string, "mode") || str_is(field->string, "now") || str_is(field->string, "factor"))
			continue;
		answer_error(c, 400, "UnknownField", "accepted fields: mode, now, factor", "the field \"clock.%s\" is not known here",
		             field->string);
		return false;
	}
	return true;
}

/* {"mode":"real|frozen|offset|scaled","now":TIME,"factor":60}: the words that GET /_cbs/clock answers with. */
static bool read_clock(struct admin_call *c, struct wish *w, const cJSON *value)
{
	static const char takes[] = "{\"mode\":\"real\"}, or frozen, offset or scaled with \"now\":TIME, and \"factor\" for scaled";
	struct origin *o = &w->plan.origin;
	const cJSON *now = cJSON_GetObjectItemCaseSensitive(value, "now"), *factor = cJSON_GetObjectItemCaseSensitive(value, "factor");
	const cJSON *given = cJSON_GetObjectItemCaseSensitive(value, "mode");
	const char *mode = given ? cJSON_GetStringValue(given) : now ? "offset" : "real";
	if (!cJSON_IsObject(value) || !mode)
		return invalid(c, value->string, takes);
	if (!clock_field_known(c, value))
		return false;
	bool frozen = str_is(mode, "frozen"), offset = str_is(mode, "offset"), scaled = str_is(mode, "scaled"), real = str_is(mode, "real");
	bool fits = (frozen || offset || scaled || (real && !now)) && scaled == (factor != NULL);
	if (!fits || (now && !(cJSON_IsString(now) && wiretime_parse(now->valuestring, &o->clock.now_ms))))
		return invalid(c, value->string, takes);
	if (factor && !(cJSON_IsNumber(factor) && factor->valuedouble >= 0.001 && factor->valuedouble <= 1e6))
		return invalid(c, "clock.factor", "a number between 0.001 and 1000000");
	o->clocked = true;
	o->clock.frozen = frozen;
	o->clock.rate = factor ? (int64_t)(factor->valuedouble * 1000 + 0.5) : 0;
	return true;
}

static bool read_key(struct admin_call *c, const cJSON *object, struct credential *key)
{
	static const char takes[] = "{\"secret_id\":ID,\"secret_key\":KEY,\"account\":UIN,\"sub_uin\":UIN}, of which only the first must be";
	const double uin_max = 999999999999.0;
	const cJSON *field;
	cJSON_ArrayForEach(field, object)
	{
		bool fits = false;
		if (str_is(field->string, "secret_id")) {
			fits = is_key_text(field);
			key->secret_id = cJSON_GetStringValue(field);
		} else if (str_is(field->string, "secret_key")) {
			fits = is_key_text(field);
			key->secret_key = cJSON_GetStringValue(field);
		} else if (str_is(field->string, "account")) {
			fits = is_whole(field, 1, uin_max);
			key->account = (int64_t)field->valuedouble;
		} else if (str_is(field->string, "sub_uin")) {
			fits = is_whole(field, 0, uin_max);
			key->sub_uin = (int64_t)field->valuedouble;
		}
		if (!fits)
			return invalid(c, arena_printf(c->arena, "keys.%s", field->string), takes);
	}
	return key->secret_id || invalid(c, "keys", takes);
}

static bool read_keys(struct admin_call *c, struct wish *w, const cJSON *value)
{
	const cJSON *item;
	if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) >= KEYS_MAX)
		return invalid(c, value->string, "a list of at most 63 keys");
	cJSON_ArrayForEach(item, value)
	{
		if (!cJSON_IsObject(item) || !read_key(c, item, &w->keys[w->key_count]))
			return cJSON_IsObject(item) ? false : invalid(c, value->string, "a list of objects");
		for (size_t i = 1; i < w->key_count; i++)
			if (str_is(w->keys[i].secret_id, w->keys[w->key_count].secret_id))
				return invalid(c, value->string, "each key once");
		w->key_count++;
	}
	return true;
}

struct wish_field {
	const char *name;
	bool (*read)(struct admin_call *c, struct wish *w, const cJSON *value);
};

/* NULL-ended; what is not here is a setting. */
static const struct wish_field put_fields[] = {
	{ "secret_key", read_secret_key }, { "template", read_template }, { "seed", read_seed }, { "ttl", read_ttl },
	{ "clock", read_clock },           { "keys", read_keys },         { NULL, NULL },
};
static const struct wish_field fork_fields[] = {
	{ "as", read_as },       { "secret_key", read_secret_key }, { "seed", read_seed }, { "ttl", read_ttl },
	{ "clock", read_clock }, { "keys", read_keys },             { NULL, NULL },
};
static const struct wish_field change_fields[] = { { "ttl", read_ttl }, { NULL, NULL } };

enum { WISH_FIELDS = 8 };

/* Reads the body; settings are merged into *settings, and *configured tells whether there were any. False when it has answered. */
static bool read_wish(struct admin_call *c, const cJSON *body, const struct wish_field *fields, struct wish *w, struct settings *settings,
                      bool *configured)
{
	const char *others[WISH_FIELDS] = { NULL };
	const cJSON *value;
	for (size_t i = 0; fields[i].name; i++)
		others[i] = fields[i].name;
	*configured = false;
	cJSON_ArrayForEach(value, body)
	{
		const struct wish_field *f = fields;
		while (f->name && !str_is(f->name, value->string))
			f++;
		*configured |= !f->name;
		if (f->name && !f->read(c, w, value))
			return false;
	}
	return answer_settings(c, body, others, settings);
}

static struct wish new_wish(struct admin_call *c)
{
	return (struct wish){ .keys = arena_alloc(c->arena, KEYS_MAX * sizeof(struct credential)), .key_count = 1 };
}

/* ---- changes ----------------------------------------------------------------------------------------------------------------- */

static const struct {
	int status;
	const char *code;
} refusals[] = {
	[SANDBOX_UNKNOWN] = { 404, "NoSuchSandbox" },     [SANDBOX_PERMANENT] = { 409, "PermanentSandbox" },
	[SANDBOX_CLASH] = { 409, "KeyInUse" },            [SANDBOX_FULL] = { 409, "TooManySandboxes" },
	[SANDBOX_TEMPLATE] = { 404, "NoSuchTemplate" },   [SANDBOX_FAILED] = { 409, "CannotMake" },
};

/* Makes the sandbox and answers. */
static void make(struct admin_call *c, struct wish *w, const char *name)
{
	struct sandbox *s = NULL;
	struct buf why;
	buf_init(&why, WHY_MAX);
	w->keys[0].secret_id = name;
	w->plan.name = name;
	w->plan.keys = w->keys;
	w->plan.key_count = w->key_count;
	w->plan.ttl_ms = w->ttl_ms;
	enum sandbox_outcome outcome = sandboxes_create(c->mock, &w->plan, &s, &why);
	if (s) {
		struct json_out o = answer_begin(c, 200);
		out_str(&o, "status", outcome == SANDBOX_REPLACED ? "replaced" : "created");
		write_sandbox(&o, s);
		answer_end(&o);
	} else {
		answer_error(c, refusals[outcome].status, refusals[outcome].code, "nothing changed", "%s", why.data);
	}
	sandbox_release(s);
	buf_finish(&why);
}

static bool name_fits(struct admin_call *c, const char *name)
{
	if (sandbox_name_fits(name))
		return true;
	answer_error(c, 400, "InvalidName", names_hint, "\"%s\" cannot be a sandbox's name", name);
	return false;
}

void sandbox_put(struct admin_call *c)
{
	const cJSON *body = body_object(c);
	struct wish w = new_wish(c);
	if (!body || !name_fits(c, c->subject))
		return;
	settings_init(&w.plan.settings, sandboxes_config(c->mock));
	if (read_wish(c, body, put_fields, &w, &w.plan.settings, &w.plan.configured))
		make(c, &w, c->subject);
}

/* It has the settings of the other one, but for those in the body. */
void sandbox_fork(struct admin_call *c)
{
	const cJSON *body = body_object(c);
	struct wish w = new_wish(c);
	struct sandbox *source = body ? find(c) : NULL;
	if (!source)
		return;
	control_settings(source, &w.plan.settings);
	snprintf(w.plan.origin.template, sizeof w.plan.origin.template, "%s", source->name);
	w.plan.origin.copy = true;
	if (read_wish(c, body, fork_fields, &w, &w.plan.settings, &w.plan.configured)) {
		w.plan.configured = true;
		if (w.as)
			make(c, &w, w.as);
		else
			answer_error(c, 400, "MissingField", names_hint, "the field \"as\" is required: the id of the new sandbox");
	}
	sandbox_release(source);
}

void sandbox_change(struct admin_call *c)
{
	const cJSON *body = body_object(c);
	struct wish w = new_wish(c);
	struct sandbox *s = body ? find(c) : NULL;
	struct settings settings;
	bool configured;
	if (!s)
		return;
	bool timed = cJSON_GetObjectItemCaseSensitive(body, "ttl") != NULL;
	control_settings(s, &settings);
	if (timed && s->permanent) {
		answer_error(c, 409, "PermanentSandbox", NULL, "the sandbox \"default\" is there as long as the server");
	} else if (read_wish(c, body, change_fields, &w, &settings, &configured)) {
		if ((configured && !control_set_settings(s, &settings)) || (timed && !control_set_ttl(s, w.ttl_ms))) {
			answer_error(c, 500, "NotKept", NULL, "the sandbox's file could not be written");
		} else {
			struct json_out o = answer_begin(c, 200);
			write_sandbox(&o, s);
			answer_end(&o);
		}
	}
	sandbox_release(s);
}

void sandbox_remove(struct admin_call *c)
{
	enum sandbox_outcome outcome = sandboxes_delete(c->mock, c->subject);
	if (outcome != SANDBOX_DONE) {
		answer_error(c, refusals[outcome].status, refusals[outcome].code, "GET /_cbs/sandboxes lists them",
		             outcome == SANDBOX_UNKNOWN ? "there is no sandbox \"%s\"" : "the sandbox \"%s\" is there as long as the server",
		             c->subject);
		return;
	}
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "deleted");
	out_str(&o, "id", c->subject);
	answer_end(&o);
}
