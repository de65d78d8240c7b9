/* The kinds of effects: a row each with its fields, the phases it can happen at, and what it does (fault_apply.c). A new kind is a
 * row, the members its fields fill, and a function of a few lines. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/model.h"
#include "cbs/atlas.h"
#include "gateway/fault_internal.h"
#include "util/rng.h"
#include "util/str.h"
#include "util/wiretime.h"

#define HOUR_MS 3600000.0
#define BYTES_MAX 1073741824.0

enum {
	CODE_MAX = 128,
	MESSAGE_MAX = 1024,
	BODY_TEXT_MAX = 256 * 1024,
	HEADERS_MOST = 32,
	HEADER_TEXT_MAX = 4096,
	STATUS_USUAL = 200,
};

/* ---- fields ------------------------------------------------------------------------------------------------------------- */

#define AT(member) .at = offsetof(struct effect, member)
#define FIELDS(...) \
	{ (const struct json_field[]){ __VA_ARGS__ }, sizeof((const struct json_field[]){ __VA_ARGS__ }) / sizeof(struct json_field) }

#define TYPE { "type", .kind = FIELD_TOLD }
#define CODE(need) { "code", FIELD_TEXT, AT(code), .required = need, .max = CODE_MAX }
#define FORCE { "force", FIELD_BOOL, AT(force) }
#define MESSAGE { "message", FIELD_TEXT, AT(message), .max = MESSAGE_MAX }

static const char *const distributions[] = {
	[DISTRIBUTION_UNIFORM] = "uniform", [DISTRIBUTION_NORMAL] = "normal", [DISTRIBUTION_LOGNORMAL] = "lognormal", NULL,
};
static const char *const clocks[] = { "wall", "sandbox", NULL };
static const char *const garbages[] = { "random", "malformed_json", "malformed_chunk", "wrong_content_type", "bom", NULL };

/* ---- phases ------------------------------------------------------------------------------------------------------------- */

#define BIT(phase) (1u << PHASE_##phase)
enum {
	WHILE_CHECKING = BIT(BEFORE_AUTH) | BIT(BEFORE_VALIDATE),
	WHILE_WORKING = WHILE_CHECKING | BIT(BEFORE_COMMIT),
	ANY_TIME = WHILE_WORKING | BIT(AFTER_COMMIT) | BIT(MID_BODY) | BIT(AFTER_BODY),
};

static bool check_error(const struct reading *at, struct effect *e, const char *const *actions);
static bool check_http(const struct reading *at, struct effect *e, const char *const *actions);
static bool check_slicer(const struct reading *at, struct effect *e, const char *const *actions);
static bool check_stale_read(const struct reading *at, struct effect *e, const char *const *actions);

const struct effect_kind effect_kinds[] = {
	{ .name = "latency", .help = "the answer comes later; drawn from latency ± jitter (uniform), or with jitter as the deviation",
	  .phases = WHILE_WORKING | BIT(AFTER_COMMIT), .usual = PHASE_BEFORE_VALIDATE, .brief_field = "latency", .apply = apply_latency,
	  .fields = FIELDS(TYPE, { "latency", FIELD_MS, AT(latency_ms), .required = true, .min = 0, .max = HOUR_MS },
	                   { "jitter", FIELD_MS, AT(jitter_ms), .min = 0, .max = HOUR_MS },
	                   { "distribution", FIELD_CHOICE, AT(distribution), .choices = distributions },
	                   { "clock", FIELD_CHOICE, AT(sandbox_clock), .choices = clocks }) },
	{ .name = "error", .help = "this error in place of the answer", .phases = WHILE_WORKING | BIT(AFTER_COMMIT),
	  .usual = PHASE_BEFORE_VALIDATE, .ends = true, .brief_field = "code", .check = check_error, .apply = apply_error,
	  .fields = FIELDS(TYPE, CODE(true), MESSAGE, FORCE,
	                   { "http_status", FIELD_INT, AT(status), .min = 200, .max = 599 }) },
	{ .name = "http", .help = "an answer as of something between client and cloud", .phases = WHILE_WORKING | BIT(AFTER_COMMIT),
	  .usual = PHASE_BEFORE_VALIDATE, .ends = true, .brief_field = "status", .check = check_http, .apply = apply_http,
	  .fields = FIELDS(TYPE, { "status", FIELD_INT, AT(status), .required = true, .min = 200, .max = 599 },
	                   { "body", FIELD_TEXT, AT(body), .max = BODY_TEXT_MAX }, { "headers", FIELD_JSON, AT(headers) }) },
	{ .name = "reset_peer", .brief = "reset", .help = "the connection is reset (RST)", .phases = ANY_TIME,
	  .usual = PHASE_BEFORE_VALIDATE, .ends = true, .silent = true, .apply = apply_reset, .fields = FIELDS(TYPE) },
	{ .name = "timeout", .help = "no more bytes, until the client gives up or `timeout` has passed",
	  .phases = WHILE_WORKING | BIT(AFTER_COMMIT) | BIT(MID_BODY), .usual = PHASE_BEFORE_VALIDATE, .ends = true, .silent = true,
	  .brief_field = "timeout", .apply = apply_timeout,
	  .fields = FIELDS(TYPE, { "timeout", FIELD_MS, AT(timeout_ms), .min = 0, .max = HOUR_MS }) },
	{ .name = "empty_response", .brief = "empty", .help = "the connection is closed without a byte",
	  .phases = WHILE_WORKING | BIT(AFTER_COMMIT), .usual = PHASE_BEFORE_VALIDATE, .ends = true, .silent = true,
	  .apply = apply_empty, .fields = FIELDS(TYPE) },
	{ .name = "limit_data", .help = "the connection is closed after so many bytes of the body",
	  .phases = BIT(AFTER_COMMIT) | BIT(MID_BODY), .usual = PHASE_MID_BODY, .brief_field = "bytes", .apply = apply_limit_data,
	  .fields = FIELDS(TYPE, { "bytes", FIELD_INT, AT(bytes), .required = true, .min = 0, .max = BYTES_MAX }) },
	{ .name = "truncate", .help = "the body ends after this part of it; its Content-Length tells of the whole, or is honest",
	  .phases = BIT(AFTER_COMMIT) | BIT(MID_BODY), .usual = PHASE_MID_BODY, .brief_field = "fraction", .apply = apply_truncate,
	  .fields = FIELDS(TYPE, { "fraction", FIELD_NUMBER, AT(fraction), .min = 0, .max = 1 },
	                   { "lie_about_length", FIELD_BOOL, AT(lies) }) },
	{ .name = "garbage", .help = "an answer that cannot be read", .phases = BIT(AFTER_COMMIT) | BIT(MID_BODY),
	  .usual = PHASE_MID_BODY, .brief_field = "mode", .apply = apply_garbage,
	  .fields = FIELDS(TYPE, { "mode", FIELD_CHOICE, AT(garbage), .choices = garbages }) },
	{ .name = "slicer", .help = "the body leaves in pieces, all of one size drawn around the average",
	  .phases = ANY_TIME & ~BIT(AFTER_BODY), .usual = PHASE_MID_BODY, .brief_field = "average_size", .check = check_slicer,
	  .apply = apply_slicer,
	  .fields = FIELDS(TYPE, { "average_size", FIELD_INT, AT(average_size), .required = true, .min = 1, .max = BYTES_MAX },
	                   { "size_variation", FIELD_INT, AT(size_variation), .min = 0, .max = BYTES_MAX },
	                   { "delay_us", FIELD_INT, AT(slice_delay_us), .min = 0, .max = 60e6 }) },
	{ .name = "bandwidth", .help = "the body leaves at so many KB (1000 bytes) a second", .phases = ANY_TIME & ~BIT(AFTER_BODY),
	  .usual = PHASE_MID_BODY, .brief_field = "rate", .apply = apply_bandwidth,
	  .fields = FIELDS(TYPE, { "rate", FIELD_NUMBER, AT(rate), .required = true, .min = 0.001, .max = 1e6 }) },
	{ .name = "slow_close", .help = "the connection is closed, and that late", .phases = ANY_TIME, .usual = PHASE_AFTER_BODY,
	  .brief_field = "delay", .apply = apply_slow_close,
	  .fields = FIELDS(TYPE, { "delay", FIELD_MS, AT(close_ms), .required = true, .min = 0, .max = HOUR_MS }) },
	{ .name = "quota", .help = "the error, for calls beyond the limit of a window of time; rules may share a quota by its name",
	  .phases = WHILE_WORKING, .usual = PHASE_BEFORE_VALIDATE, .ends = true, .check = check_error, .apply = apply_error,
	  .fields = FIELDS(TYPE, { "name", FIELD_TEXT, AT(quota), .max = RULE_NAME_MAX },
	                   { "limit", FIELD_INT, AT(limit), .required = true, .min = 0, .max = 1e9 },
	                   { "window", FIELD_MS, AT(window_ms), .required = true, .min = 1, .max = (double)WIRETIME_MAX_MS },
	                   CODE(false), MESSAGE, FORCE) },
	{ .name = "stale_read", .help = "for so many reads, or so long, reads see the world as it was before this call",
	  .phases = BIT(BEFORE_COMMIT) | BIT(AFTER_COMMIT), .usual = PHASE_AFTER_COMMIT, .brief_field = "reads",
	  .check = check_stale_read, .apply = apply_stale_read,
	  .fields = FIELDS(TYPE, { "reads", FIELD_INT, AT(reads), .min = 1, .max = 1e9 },
	                   { "for", FIELD_MS, AT(for_ms), .min = 1, .max = (double)WIRETIME_MAX_MS }) },
	{ .name = "job_delay", .help = "what this call started ends that much later", .phases = BIT(BEFORE_COMMIT),
	  .usual = PHASE_BEFORE_COMMIT, .brief_field = "by", .apply = apply_job_delay,
	  .fields = FIELDS(TYPE, { "by", FIELD_MS, AT(by_ms), .required = true, .min = 1, .max = (double)WIRETIME_MAX_MS }) },
	{ .name = "job_fail", .help = "what this call started ends in failure", .phases = BIT(BEFORE_COMMIT),
	  .usual = PHASE_BEFORE_COMMIT, .apply = apply_job_fail, .fields = FIELDS(TYPE) },
	{ .name = "stuck", .help = "what this call started does not end", .phases = BIT(BEFORE_COMMIT), .usual = PHASE_BEFORE_COMMIT,
	  .apply = apply_stuck, .fields = FIELDS(TYPE) },
	{ .name = "pass", .help = "nothing: spares the call from the rules behind", .phases = ANY_TIME, .usual = PHASE_BEFORE_VALIDATE,
	  .apply = apply_pass, .fields = FIELDS(TYPE) },
};

const size_t effect_kind_count = sizeof effect_kinds / sizeof effect_kinds[0];

const struct effect_kind *effect_kind_find(const char *name)
{
	for (size_t i = 0; i < effect_kind_count; i++)
		if (str_is(effect_kinds[i].name, name) || (effect_kinds[i].brief && str_is(effect_kinds[i].brief, name)))
			return &effect_kinds[i];
	return NULL;
}

/* ---- what the fields alone do not say ----------------------------------------------------------------------------------- */

static bool has_code(const char *const *codes, const char *code)
{
	for (; codes && *codes; codes++)
		if (str_is(*codes, code))
			return true;
	return false;
}

static bool is_common(const char *code)
{
	enum err err = err_by_code(code);
	return (err != ERR_NONE && err_kind(err) == GATEWAY) || atlas_find(NULL, code);
}

static const char *codes_text(struct arena *a, const char *const *codes)
{
	const char *text = "";
	for (size_t i = 0; codes && codes[i]; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", codes[i]);
	return text;
}

/* Of a rule for several actions all must document the code; the refusal names those that do. */
static bool code_documented(const struct reading *at, const char *code, const char *const *actions)
{
	const struct model_action *lacking = NULL;
	const char *having = "";
	size_t count = 0;
	for (; *actions; actions++) {
		const struct model_action *model = model_find(cbs_model, cbs_model_count, *actions);
		count += model != NULL;
		if (model && !has_code(model->errors, code))
			lacking = lacking ? lacking : model;
		else if (model)
			having = arena_printf(at->arena, "%s%s%s", having, *having ? ", " : "", model->name);
	}
	if (!lacking)
		return true;
	if (*having)
		return reading_refuse(at, "%s, which the rule is for too, does not document %s; say in match.action which do: %s; "
		                          "\"force\":true sends it all the same", lacking->name, code, having);
	if (count > 1)
		return reading_refuse(at, "no action that the rule is for documents %s; GET /_cbs/errors lists the codes; "
		                          "\"force\":true sends it all the same", code);
	return reading_refuse(at, "%s does not document %s; it documents %s, and any action the common codes (GET /_cbs/errors); "
	                          "\"force\":true sends it all the same", lacking->name, code, codes_text(at->arena, lacking->errors));
}

static bool check_error(const struct reading *at, struct effect *e, const char *const *actions)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
	struct reading here = reading_of(at, "code");
	if (!e->code)
		e->code = err_code(ERR_REQUEST_LIMIT_EXCEEDED);
	if (!*e->code || strspn(e->code, letters) != strlen(e->code))
		return reading_refuse(&here, "must be a code: letters, digits and dots");
	return e->force || is_common(e->code) || code_documented(&here, e->code, actions);
}

/* A name or value that could end a line would let a rule write what it likes onto the connection. */
static bool header_fits(const struct reading *at, const cJSON *header)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~";
	static const char *const ours[] = { "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Trailer" };
	const char *name = header->string, *value = cJSON_GetStringValue(header);
	if (!*name || strspn(name, token) != strlen(name))
		return reading_refuse(at, "must be the name of a header");
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (str_case_is(name, ours[i]))
			return reading_refuse(at, "is the server's own header: the effects truncate, garbage and slow_close are made for this");
	if (!value || strlen(value) > HEADER_TEXT_MAX)
		return reading_refuse(at, "must be a text of at most %d bytes", HEADER_TEXT_MAX);
	for (; *value; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return reading_refuse(at, "must not hold control characters");
	return true;
}

static bool check_http(const struct reading *at, struct effect *e, const char *const *actions)
{
	(void)actions;
	struct reading here = reading_of(at, "headers");
	const cJSON *header;
	if (!e->headers)
		return true;
	if (!cJSON_IsObject(e->headers) || cJSON_GetArraySize(e->headers) > HEADERS_MOST)
		return reading_refuse(&here, "must be an object of at most %d names and texts", HEADERS_MOST);
	cJSON_ArrayForEach(header, e->headers) {
		struct reading there = reading_of(&here, header->string);
		if (!header_fits(&there, header))
			return false;
		if (str_case_is(header->string, "Content-Type"))
			e->content_type = header->valuestring;
	}
	return true;
}

static bool check_slicer(const struct reading *at, struct effect *e, const char *const *actions)
{
	(void)actions;
	struct reading here = reading_of(at, "size_variation");
	return e->size_variation < e->average_size || reading_refuse(&here, "must be less than the average size");
}

static bool check_stale_read(const struct reading *at, struct effect *e, const char *const *actions)
{
	(void)actions;
	return (e->reads != 0) != (e->for_ms != 0) ||
	       reading_refuse(at, "needs \"reads\" (a number of reads) or \"for\" (a duration), not both");
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

static bool no_such_kind(const struct reading *at)
{
	const char *text = "";
	for (size_t i = 0; i < effect_kind_count; i++)
		text = arena_printf(at->arena, "%s%s%s", text, i ? ", " : "", effect_kinds[i].name);
	struct reading here = reading_of(at, "type");
	return reading_refuse(&here, "must be a type of effect: %s", text);
}

bool effect_parse(const struct reading *at, const cJSON *object, const char *rule_name, const char *const *actions,
                  struct effect *out)
{
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "type"));
	if (!cJSON_IsObject(object))
		return reading_refuse(at, "must be an object with a \"type\"");
	const struct effect_kind *kind = type ? effect_kind_find(type) : NULL;
	if (!kind)
		return no_such_kind(at);
	*out = (struct effect){
		.kind = kind, .status = STATUS_USUAL, .body = "", .content_type = "text/html", .fraction = 0.5, .lies = true,
		.quota = rule_name,
	};
	return fields_read(at, object, &kind->fields, out) && (!kind->check || kind->check(at, out, actions));
}

/* ---- chance ------------------------------------------------------------------------------------------------------------- */

/* Standard normal, from two even ones (Box and Muller). */
static double normal(uint64_t seed, uint64_t ordinal)
{
	const double turn = 6.283185307179586;
	return sqrt(-2 * log(1 - chance(seed, ordinal, CHANCE_FIRST))) * cos(turn * chance(seed, ordinal, CHANCE_SECOND));
}

/* Latency is the middle of all three; jitter the half width, the deviation, or what one deviation adds to the median. */
static double draw_latency(const struct effect *e, uint64_t seed, uint64_t ordinal)
{
	double middle = (double)e->latency_ms, jitter = (double)e->jitter_ms;
	switch ((enum distribution)e->distribution) {
	case DISTRIBUTION_UNIFORM:
		return middle + jitter * (2 * chance(seed, ordinal, CHANCE_FIRST) - 1);
	case DISTRIBUTION_NORMAL:
		return middle + jitter * normal(seed, ordinal);
	case DISTRIBUTION_LOGNORMAL:
		break;
	}
	return middle > 0 ? middle * exp(log(1 + jitter / middle) * normal(seed, ordinal)) : 0;
}

static int64_t bounded(double value, double min, double max)
{
	return (int64_t)(value < min ? min : value > max ? max : value + 0.5);
}

void effect_decide(const struct effect *e, uint64_t seed, uint64_t ordinal, struct outcome *out)
{
	double around = 2 * chance(seed, ordinal, CHANCE_FIRST) - 1;
	*out = (struct outcome){
		.effect = e,
		.ms = bounded(draw_latency(e, seed, ordinal), 0, HOUR_MS),
		.size = bounded((double)e->average_size + around * (double)e->size_variation, 0, BYTES_MAX),
		.seed = rng_mix(rng_mix(seed, ordinal), CHANCE_GARBAGE),
	};
}

/* ---- telling ------------------------------------------------------------------------------------------------------------ */

const char *outcome_text(struct arena *a, const struct outcome *o)
{
	const struct effect *e = o->effect;
	if (e->code)
		return arena_printf(a, "%s %s", e->kind->name, e->code);
	if (e->kind->apply == apply_latency)
		return arena_printf(a, "%s %" PRId64 " ms", e->kind->name, o->ms);
	if (e->kind->apply == apply_http)
		return arena_printf(a, "%s %" PRId64, e->kind->name, e->status);
	return e->kind->name;
}

cJSON *outcome_json(const struct outcome *o)
{
	const struct effect *e = o->effect;
	cJSON *out = cJSON_CreateObject();
	cJSON_AddStringToObject(out, "type", e->kind->name);
	if (e->code)
		cJSON_AddStringToObject(out, "code", e->code);
	if (e->kind->apply == apply_latency)
		cJSON_AddNumberToObject(out, "latency", (double)o->ms);
	if (e->kind->apply == apply_http)
		cJSON_AddNumberToObject(out, "status", (double)e->status);
	if (e->kind->apply == apply_slicer)
		cJSON_AddNumberToObject(out, "size", (double)o->size);
	return out;
}
