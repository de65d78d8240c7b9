/* Reading a match under its closed list of fields: whatever is not known is refused with what is, for a rule or a question that can
 * never apply is a mistake nobody would notice. */
#include "gateway/match.h"

#include <string.h>

#include "api/model.h"
#include "gateway/fault.h"
#include "gateway/journal.h"
#include "gateway/match_internal.h"
#include "gateway/request.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { FOR_FAULT = 1 << MATCH_FAULT, FOR_JOURNAL = 1 << MATCH_JOURNAL, FOR_BOTH = FOR_FAULT | FOR_JOURNAL };

/* What is being read, and where it stands. */
struct reader {
	struct arena *arena;
	struct match *match;
	enum match_use use;
	struct match_refusal *why;
	const struct model_action *model; /* of the one action meant; NULL: several or any */
	const char *const *regions;       /* NULL-ended, those that there are; NULL: nobody knows */
};

struct field {
	const char *name;
	unsigned uses;
	bool (*read)(struct reader *r, const struct field *f, const char *pointer, const cJSON *value);
};

static bool read_text(struct reader *r, const struct field *f, const char *pointer, const cJSON *value);
static bool read_named(struct reader *r, const struct field *f, const char *pointer, const cJSON *value);
static bool read_phase(struct reader *r, const struct field *f, const char *pointer, const cJSON *value);
static bool read_since(struct reader *r, const struct field *f, const char *pointer, const cJSON *value);

static const struct field fields[N_MATCH_FIELDS] = {
	[MATCH_ACTION] = { "action", FOR_BOTH, read_text },
	[MATCH_REGION] = { "region", FOR_BOTH, read_text },
	[MATCH_SECRET_ID] = { "secret_id", FOR_BOTH, read_text },
	[MATCH_ACCOUNT] = { "account", FOR_BOTH, read_text },
	[MATCH_LANGUAGE] = { "language", FOR_BOTH, read_text },
	[MATCH_CLIENT] = { "client", FOR_BOTH, read_text },
	[MATCH_ADDRESS] = { "address", FOR_BOTH, read_text },
	[MATCH_TAG] = { "tag", FOR_BOTH, read_named },
	[MATCH_PARAM] = { "param", FOR_BOTH, read_named },
	[MATCH_RESOURCE_STATE] = { "resource_state", FOR_FAULT, read_text },
	[MATCH_CODE] = { "code", FOR_JOURNAL, read_text },
	[MATCH_PHASE] = { "phase_reached", FOR_JOURNAL, read_phase },
	[MATCH_STAGE] = { "stage", FOR_JOURNAL, read_text },
	[MATCH_GUARD] = { "guard", FOR_JOURNAL, read_text },
	[MATCH_FAULT_MET] = { "fault", FOR_JOURNAL, read_text },
	[MATCH_RESOURCE] = { "resource", FOR_JOURNAL, read_text },
	[MATCH_REQUEST_ID] = { "request_id", FOR_JOURNAL, read_text },
	[MATCH_SINCE] = { "since", FOR_JOURNAL, read_since },
};

static enum match_field field_no(const struct field *f)
{
	return (enum match_field)(f - fields);
}

/* ---- refusing ---------------------------------------------------------------------------------------------------------- */

static bool refuse_at(struct reader *r, const char *pointer, const char *why)
{
	*r->why = (struct match_refusal){ pointer, why };
	return false;
}

/* The pointer of a member, "~" and "/" in its name escaped. */
static const char *pointer_to(struct reader *r, const char *pointer, const char *name)
{
	size_t len = strlen(pointer);
	char *out = arena_alloc(r->arena, len + 2 * strlen(name) + 2), *at = out + len;
	memcpy(out, pointer, len);
	*at++ = '/';
	for (; *name; name++) {
		bool escape = *name == '~' || *name == '/';
		if (escape)
			*at++ = '~';
		*at++ = *name == '~' ? '0' : *name == '/' ? '1' : *name;
	}
	return out;
}

/* ---- parameters -------------------------------------------------------------------------------------------------------- */

static const struct param *find_param(const struct shape *shape, const char *name, size_t len)
{
	for (size_t i = 0; i < shape->count; i++)
		if (strlen(shape->params[i].name) == len && strncmp(shape->params[i].name, name, len) == 0)
			return &shape->params[i];
	return NULL;
}

static bool is_element(const char *segment, size_t len)
{
	return len > 0 && ((len == 1 && *segment == '*') || strspn(segment, "0123456789") >= len);
}

/* Does the path lead somewhere in the shape? Else *at is the shape in which it goes astray, NULL when it goes below a plain
 * value. */
static bool path_leads(const struct shape *shape, const char *path, const struct shape **at)
{
	*at = shape;
	size_t len = strcspn(path, ".");
	const struct param *p = find_param(shape, path, len);
	if (!p)
		return false;
	path += len + (path[len] == '.');
	len = strcspn(path, ".");
	if (p->list && *path) {
		*at = NULL;
		if (!is_element(path, len))
			return false;
		path += len + (path[len] == '.');
	}
	if (!*path)
		return true;
	*at = NULL;
	return p->shape && path_leads(p->shape, path, at);
}

static bool any_action_takes(const char *path)
{
	const struct shape *at;
	for (size_t i = 0; i < cbs_model_count; i++)
		if (path_leads(&cbs_model[i].input, path, &at))
			return true;
	return false;
}

static const char *astray(struct reader *r, const char *path, const struct shape *shape)
{
	if (!r->model)
		return arena_printf(r->arena, "no action takes a parameter \"%s\"; with an \"action\" beside it, its own are listed here",
		                    path);
	if (!shape)
		return arena_printf(r->arena,
		                    "%s takes no parameter \"%s\": elements of a list are 0, 1 … or *, plain values have no parts",
		                    r->model->name, path);
	const char *text = arena_printf(r->arena, "%s takes no parameter \"%s\"; accepted:", r->model->name, path);
	for (size_t i = 0; i < shape->count; i++)
		text = arena_printf(r->arena, "%s%s %s", text, i ? "," : "", shape->params[i].name);
	return text;
}

static bool path_exists(struct reader *r, const char *pointer, const char *path)
{
	const struct shape *at = NULL;
	if (r->model ? path_leads(&r->model->input, path, &at) : any_action_takes(path))
		return true;
	return refuse_at(r, pointer, astray(r, path, at));
}

/* ---- conditions -------------------------------------------------------------------------------------------------------- */

static void add_term(struct reader *r, struct match_term term)
{
	struct match *m = r->match;
	struct match_term *t = arena_alloc(r->arena, sizeof *t), **end = term.field == MATCH_PARAM ? &m->param_terms : &m->terms;
	*t = term;
	while (*end)
		end = &(*end)->next;
	*end = t;
	m->count++;
	m->asks |= 1u << term.field;
}

static bool is_scalar(const cJSON *value)
{
	return cJSON_IsString(value) || cJSON_IsNumber(value) || cJSON_IsBool(value);
}

/* What the operator takes; NULL when the value is that. */
static const char *operator_fault(enum match_operator op, const cJSON *value)
{
	switch (op) {
	case OP_EQUALS:
		return NULL;
	case OP_CONTAINS:
	case OP_PREFIX:
	case OP_SUFFIX:
	case OP_MATCHES:
		return cJSON_IsString(value) ? NULL : "must be a text";
	case OP_IN:
		return cJSON_IsArray(value) && value->child ? NULL : "must be a list with at least one value";
	case OP_PRESENT:
	case OP_ABSENT:
		return cJSON_IsBool(value) ? NULL : "must be true or false";
	case OP_GT:
	case OP_GTE:
	case OP_LT:
	case OP_LTE:
		return cJSON_IsNumber(value) ? NULL : "must be a number";
	case OP_REACHED:
	case OP_AFTER_SEQ:
	case OP_SINCE_TIME:
		break;
	}
	return "is no operator";
}

/* Does such a value exist? Any may where the field is open. */
static bool value_known(struct reader *r, const struct field *f, const char *pointer, const cJSON *value, bool pattern)
{
	const char *text = cJSON_GetStringValue(value);
	bool regions = r->regions && field_no(f) == MATCH_REGION;
	if (regions ? match_region_known(r->regions, text, pattern) : match_word_known(field_no(f), text, pattern))
		return true;
	return refuse_at(r, pointer,
	                 arena_printf(r->arena, "there is no %s %s%s%s; %s", f->name, text ? "\"" : "", text ? text : "of that kind",
	                              text ? "\"" : "",
	                              regions ? match_regions_text(r->regions, r->arena)
	                                      : match_words_text(field_no(f), r->arena, r->model)));
}

static bool values_known(struct reader *r, const struct field *f, const char *pointer, enum match_operator op, const cJSON *value)
{
	const cJSON *item;
	if (op == OP_EQUALS)
		return value_known(r, f, pointer, value, false);
	if (op == OP_IN)
		cJSON_ArrayForEach(item, value)
			if (!value_known(r, f, pointer, item, false))
				return false;
	return true;
}

static const char *accepted_operators(struct reader *r)
{
	const char *text = "operators:";
	for (int op = OP_EQUALS; op <= OP_LTE; op++)
		text = arena_printf(r->arena, "%s%s %s", text, op ? "," : "", match_operator_names[op]);
	return text;
}

static bool find_operator(const char *name, enum match_operator *op)
{
	for (int i = OP_EQUALS; i <= OP_LTE; i++)
		if (str_is(match_operator_names[i], name)) {
			*op = (enum match_operator)i;
			return true;
		}
	return false;
}

/* An object of operators. `name` is the field's, or the path or key within it. */
static bool read_operators(struct reader *r, const struct field *f, const char *pointer, const char *name, const cJSON *object)
{
	const cJSON *value;
	if (!object->child)
		return refuse_at(r, pointer, accepted_operators(r));
	cJSON_ArrayForEach(value, object) {
		enum match_operator op;
		const char *at = pointer_to(r, pointer, value->string);
		if (!find_operator(value->string, &op))
			return refuse_at(r, at,
			                 arena_printf(r->arena, "there is no operator \"%s\"; %s", value->string, accepted_operators(r)));
		const char *fault = operator_fault(op, value);
		if (fault)
			return refuse_at(r, at, fault);
		if (!values_known(r, f, at, op, value))
			return false;
		add_term(r, (struct match_term){ .field = field_no(f), .op = op, .name = name, .value = value });
	}
	return true;
}

/* A text with wildcards, a value, a list of them, or operators. */
static bool read_text(struct reader *r, const struct field *f, const char *pointer, const cJSON *value)
{
	const char *text = cJSON_GetStringValue(value);
	bool pattern = text && strpbrk(text, "*?");
	enum match_operator op = pattern ? OP_MATCHES : cJSON_IsArray(value) ? OP_IN : OP_EQUALS;
	if (cJSON_IsObject(value))
		return read_operators(r, f, pointer, f->name, value);
	if (op == OP_IN ? !value->child : !is_scalar(value))
		return refuse_at(r, pointer,
		                 arena_printf(r->arena, "must be a value, a list of values, or an object of %s", accepted_operators(r)));
	if (pattern ? !value_known(r, f, pointer, value, true) : !values_known(r, f, pointer, op, value))
		return false;
	add_term(r, (struct match_term){ .field = field_no(f), .op = op, .name = f->name, .value = value });
	return true;
}

/* Conditions by name: paths of parameters, keys of tags. */
static bool read_named(struct reader *r, const struct field *f, const char *pointer, const cJSON *object)
{
	const cJSON *value;
	if (!cJSON_IsObject(object))
		return refuse_at(r, pointer,
		                 f == &fields[MATCH_PARAM] ? "must be an object: {\"DiskId\":\"disk-…\", \"Filters.0.Name\":{\"in\":[…]}}"
		                                           : "must be an object: {\"test\":\"retry_17\"}");
	cJSON_ArrayForEach(value, object) {
		const char *at = pointer_to(r, pointer, value->string);
		if (f == &fields[MATCH_PARAM] && !path_exists(r, at, value->string))
			return false;
		if (cJSON_IsObject(value)) {
			if (!read_operators(r, f, at, value->string, value))
				return false;
			continue;
		}
		if (!is_scalar(value) && !cJSON_IsArray(value))
			return refuse_at(r, at, "must be a value or an object of operators; {\"absent\":true} where none is to be there");
		add_term(r, (struct match_term){ .field = field_no(f), .op = OP_EQUALS, .name = value->string, .value = value });
	}
	return true;
}

static bool read_phase(struct reader *r, const struct field *f, const char *pointer, const cJSON *value)
{
	const char *accepted = "accepted:";
	for (int i = 0; i < N_PHASES; i++) {
		if (cJSON_IsString(value) && str_is(phase_names[i], value->valuestring)) {
			add_term(r, (struct match_term){ .field = field_no(f), .op = OP_REACHED, .name = f->name, .number = i });
			return true;
		}
		accepted = arena_printf(r->arena, "%s%s %s", accepted, i ? "," : "", phase_names[i]);
	}
	return refuse_at(r, pointer, arena_printf(r->arena, "must be a phase; %s", accepted));
}

static bool read_since(struct reader *r, const struct field *f, const char *pointer, const cJSON *value)
{
	int64_t ms;
	const double exact = 9007199254740992.0; /* 2^53 */
	if (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= exact) {
		add_term(r, (struct match_term){
						.field = field_no(f), .op = OP_AFTER_SEQ, .name = f->name, .number = (int64_t)value->valuedouble });
		return true;
	}
	if (cJSON_IsString(value) && wiretime_parse(value->valuestring, &ms)) {
		add_term(r, (struct match_term){ .field = field_no(f), .op = OP_SINCE_TIME, .name = f->name, .number = ms });
		return true;
	}
	return refuse_at(r, pointer, "must be a \"seq\" (requests after that one) or a time, \"2026-01-01T00:00:00Z\"");
}

/* ---- the object -------------------------------------------------------------------------------------------------------- */

static const char *accepted_fields(struct reader *r)
{
	const char *text = "accepted:";
	bool first = true;
	for (size_t i = 0; i < N_MATCH_FIELDS; i++) {
		if (!(fields[i].uses & 1u << r->use))
			continue;
		text = arena_printf(r->arena, "%s%s %s", text, first ? "" : ",", fields[i].name);
		first = false;
	}
	return text;
}

static bool read_member(struct reader *r, const char *pointer, const cJSON *value)
{
	const char *at = pointer_to(r, pointer, value->string);
	for (size_t i = 0; i < N_MATCH_FIELDS; i++) {
		if (!str_is(fields[i].name, value->string))
			continue;
		if (fields[i].uses & 1u << r->use)
			return fields[i].read(r, &fields[i], at, value);
		return refuse_at(r, at,
		                 arena_printf(r->arena, "\"%s\" can only be asked of %s; %s", value->string,
		                              r->use == MATCH_FAULT ? "requests that were answered" : "requests on their way",
		                              accepted_fields(r)));
	}
	return refuse_at(r, at, arena_printf(r->arena, "the field \"%s\" is not known here; %s", value->string, accepted_fields(r)));
}

/* The action is what parameters and codes are checked against, wherever in the object it stands. */
static const struct model_action *one_action(const cJSON *object)
{
	const cJSON *action = cJSON_GetObjectItemCaseSensitive(object, fields[MATCH_ACTION].name);
	const cJSON *equals = cJSON_GetObjectItemCaseSensitive(action, match_operator_names[OP_EQUALS]);
	const char *name = cJSON_GetStringValue(equals ? equals : action);
	return name ? model_find(cbs_model, cbs_model_count, name) : NULL;
}

struct match *match_parse(struct arena *a, const cJSON *object, enum match_use use, const char *pointer, struct match_refusal *why)
{
	struct reader r = { .arena = a, .match = arena_alloc(a, sizeof *r.match), .use = use, .why = why, .model = one_action(object) };
	const cJSON *value;
	if (object && !cJSON_IsObject(object)) {
		refuse_at(&r, pointer, arena_printf(a, "must be an object; %s", accepted_fields(&r)));
		return NULL;
	}
	cJSON_ArrayForEach(value, object)
		if (!read_member(&r, pointer, value))
			return NULL;
	return r.match;
}

bool match_check_regions(struct arena *a, const cJSON *object, const char *const *regions, const char *pointer,
                         struct match_refusal *why)
{
	struct reader r = { .arena = a, .match = arena_alloc(a, sizeof *r.match), .why = why, .regions = regions };
	const cJSON *region = cJSON_GetObjectItemCaseSensitive(object, fields[MATCH_REGION].name);
	return !region || fields[MATCH_REGION].read(&r, &fields[MATCH_REGION], pointer_to(&r, pointer, region->string), region);
}

/* ---- asking ------------------------------------------------------------------------------------------------------------ */

static bool all_hold(const struct match_term *t, const struct match_view *v)
{
	for (; t; t = t->next)
		if (!term_holds(t, v))
			return false;
	return true;
}

bool match_may_hold(const struct match *m, const struct match_view *v)
{
	return all_hold(m->terms, v);
}

bool match_holds(const struct match *m, const struct match_view *v)
{
	return all_hold(m->terms, v) && all_hold(m->param_terms, v);
}

bool match_asks(const struct match *m, enum match_field field)
{
	return m->asks & 1u << field;
}

size_t match_conditions(const struct match *m)
{
	return m->count;
}

void match_since(const struct match *m, uint64_t *seq, int64_t *wall_ms)
{
	*seq = 0;
	*wall_ms = INT64_MIN;
	for (const struct match_term *t = m->terms; t; t = t->next) {
		if (t->op == OP_AFTER_SEQ)
			*seq = (uint64_t)t->number;
		if (t->op == OP_SINCE_TIME)
			*wall_ms = t->number;
	}
}

size_t match_differences(const struct match *m, const struct match_view *v, struct arena *a, struct match_difference *out,
                         size_t max)
{
	size_t count = 0;
	for (int params = 0; params < 2; params++)
		for (const struct match_term *t = params ? m->param_terms : m->terms; t; t = t->next) {
			if (term_holds(t, v))
				continue;
			if (count < max)
				term_difference(t, v, a, &out[count]);
			count++;
		}
	return count;
}

void match_view_request(const struct request *r, struct match_view *v)
{
	*v = (struct match_view){
		.action = r->action,
		.region = r->region,
		.secret_id = r->secret_id,
		.language = r->language,
		.client = r->client,
		.address = r->address ? r->address : "",
		.account = r->caller.uin,
		.params = r->params,
		.pairs = r->pairs,
		.pair_count = r->pair_count,
		.code = "",
		.stage = "",
		.guard = "",
		.request_id = r->request_id,
		.wall_ms = r->wall_ms,
	};
	v->tag_count = journal_tags_of(r, &v->tags);
}
