/* Business parameters along the model of the action, before the action sees them: names, then types, then what is required, then
 * what the rules say. Values of a form are text and become what the model says they are; JSON is taken at its word. */
#include <math.h>
#include <string.h>

#include "gateway/form.h"
#include "gateway/mock_internal.h"
#include "gateway/stages.h"
#include "util/ident.h"
#include "util/str.h"
#include "util/wiretime.h"

enum pass { PASS_NAMES, PASS_TYPES, PASS_REQUIRED, PASS_RULES };

/* Where in the tree; a message wants it as "Filters.0.Name". */
struct place {
	const struct place *up;
	const char *name; /* NULL: `index` */
	size_t index;
};

struct walk {
	struct request *r;
	enum pass pass;
};

static const char *place_text(struct arena *a, const struct place *p)
{
	const char *above = p->up ? arena_printf(a, "%s.", place_text(a, p->up)) : "";
	return p->name ? arena_printf(a, "%s%s", above, p->name) : arena_printf(a, "%s%zu", above, p->index);
}

static const char *value_text(struct arena *a, const cJSON *item)
{
	if (cJSON_IsString(item))
		return item->valuestring;
	if (cJSON_IsNumber(item)) {
		double value = item->valuedouble; /* whole ones as they were written, as far as a double tells */
		return arena_printf(a, value > -1e18 && value < 1e18 && value == (double)(int64_t)value ? "%.0f" : "%.15g", value);
	}
	if (cJSON_IsBool(item))
		return cJSON_IsTrue(item) ? "true" : "false";
	return cJSON_IsArray(item) ? "[]" : "{}";
}

/* ---- types --------------------------------------------------------------------------------------------------------------- */

static bool wrong_type(struct walk *w, const struct place *place, const char *expected)
{
	return refuse_text(w->r, TEXT_INVALID_PARAMETER_TYPE_EXPECTED, place_text(w->r->arena, place), expected, NULL);
}

static bool wrong_value(struct walk *w, const struct place *place, const cJSON *item)
{
	struct arena *a = w->r->arena;
	return refuse_text(w->r, TEXT_INVALID_PARAMETER_TYPE_VALUE, place_text(a, place), value_text(a, item), NULL);
}

/* A text of a form becomes the value it spells. */
static void become(cJSON *item, int type, double number)
{
	cJSON_free(item->valuestring);
	item->valuestring = NULL;
	item->type = (item->type & ~0xff) | type;
	cJSON_SetNumberHelper(item, number);
}

static bool from_form(const struct request *r, const cJSON *item)
{
	return r->form != FORM_POST_JSON && cJSON_IsString(item);
}

static bool read_integer(struct walk *w, cJSON *item, const struct place *place, bool is_unsigned)
{
	int64_t number;
	if (from_form(w->r, item)) {
		if (!str_to_i64(item->valuestring, &number))
			return wrong_value(w, place, item);
		become(item, cJSON_Number, (double)number);
	}
	if (!cJSON_IsNumber(item))
		return wrong_type(w, place, "integer");
	const double edge = 9223372036854775808.0; /* 2^63 */
	double value = item->valuedouble;
	bool fits = value == floor(value) && value < edge && value >= (is_unsigned ? 0 : -edge);
	return fits ? true : wrong_value(w, place, item);
}

/* Decimal, as an integer or with a fraction. */
static bool parse_decimal(const char *text, double *out)
{
	cJSON *parsed = strspn(text, "-0123456789.eE") == strlen(text) ? cJSON_Parse(text) : NULL;
	bool number = cJSON_IsNumber(parsed);
	if (number)
		*out = parsed->valuedouble;
	cJSON_Delete(parsed);
	return number;
}

static bool read_float(struct walk *w, cJSON *item, const struct place *place)
{
	double number;
	if (from_form(w->r, item)) {
		if (!parse_decimal(item->valuestring, &number))
			return wrong_value(w, place, item);
		become(item, cJSON_Number, number);
	}
	return cJSON_IsNumber(item) ? true : wrong_type(w, place, "float");
}

static bool read_bool(struct walk *w, cJSON *item, const struct place *place)
{
	bool yes;
	if (from_form(w->r, item)) {
		if (!str_to_bool(item->valuestring, &yes))
			return wrong_value(w, place, item);
		become(item, yes ? cJSON_True : cJSON_False, 0);
	}
	return cJSON_IsBool(item) ? true : wrong_type(w, place, "boolean");
}

static bool check_type(struct walk *w, const struct param *p, cJSON *item, const struct place *place)
{
	switch (p->type) {
	case PARAM_UINT:
		return read_integer(w, item, place, true);
	case PARAM_INT:
		return read_integer(w, item, place, false);
	case PARAM_FLOAT:
		return read_float(w, item, place);
	case PARAM_BOOL:
		return read_bool(w, item, place);
	case PARAM_STRUCT:
		return cJSON_IsObject(item) ? true : wrong_type(w, place, "object");
	case PARAM_STRING:
	case PARAM_TIME:
		break;
	}
	return cJSON_IsString(item) ? true : wrong_type(w, place, "string");
}

/* ---- rules --------------------------------------------------------------------------------------------------------------- */

/* The words of a wording under the code of a rule. */
static bool under_code(struct request *r, enum err err)
{
	r->error.err = err;
	r->error.code = err_code(err);
	r->error.kind = err_kind(err);
	return false;
}

static bool number_follows(const struct rule *rule, int64_t number)
{
	if (rule->ranged && (number < rule->min || number > rule->max))
		return false;
	if (!rule->numbers)
		return true;
	for (const int64_t *allowed = rule->numbers; *allowed != INT64_MIN; allowed++)
		if (*allowed == number)
			return true;
	return false;
}

static bool string_follows(const struct rule *rule, const char *text)
{
	int64_t no;
	size_t bytes = strlen(text), chars = str_utf8_len(text);
	if (chars < rule->min_chars || (rule->max_chars && chars > rule->max_chars) || (rule->max_bytes && bytes > rule->max_bytes))
		return false;
	if (rule->prefix && !ident_parse(rule->prefix, text, &no))
		return false;
	if (!rule->values)
		return true;
	for (const char *const *allowed = rule->values; *allowed; allowed++)
		if (str_is(*allowed, text))
			return true;
	return false;
}

static bool follows(const struct param *p, const cJSON *item)
{
	int64_t ms;
	if (p->type == PARAM_TIME && !wiretime_parse(item->valuestring, &ms))
		return false;
	if (!p->rule)
		return true;
	if (cJSON_IsNumber(item))
		return number_follows(p->rule, (int64_t)item->valuedouble);
	return cJSON_IsString(item) ? string_follows(p->rule, item->valuestring) : true;
}

static bool check_rule(struct walk *w, const struct param *p, const cJSON *item, const struct place *place)
{
	struct arena *a = w->r->arena;
	if (follows(p, item))
		return true;
	refuse_text(w->r, TEXT_VALUE_INVALID, value_text(a, item), place_text(a, place), NULL);
	return under_code(w->r, p->rule && p->rule->err ? p->rule->err : ERR_INVALID_PARAMETER_VALUE);
}

static bool check_length(struct walk *w, const struct param *p, const cJSON *list, const struct place *place)
{
	struct arena *a = w->r->arena;
	if (!p->rule || !p->rule->max_items || (size_t)cJSON_GetArraySize(list) <= p->rule->max_items)
		return true;
	refuse_text(w->r, TEXT_LIST_TOO_LONG, place_text(a, place), arena_printf(a, "%zu", p->rule->max_items), NULL);
	return under_code(w->r, p->rule->items_err ? p->rule->items_err : ERR_INVALID_PARAMETER_VALUE_LIMIT_EXCEEDED);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------------ */

static bool walk_object(struct walk *w, const struct shape *shape, const cJSON *object, const struct place *up);

static bool walk_value(struct walk *w, const struct param *p, cJSON *item, const struct place *place)
{
	if (w->pass == PASS_TYPES && !check_type(w, p, item, place))
		return false;
	if (p->type == PARAM_STRUCT)
		return cJSON_IsObject(item) ? walk_object(w, p->shape, item, place) : true;
	return w->pass == PASS_RULES ? check_rule(w, p, item, place) : true;
}

static bool walk_list(struct walk *w, const struct param *p, const cJSON *list, const struct place *place)
{
	if (!cJSON_IsArray(list))
		return w->pass == PASS_TYPES ? wrong_type(w, place, "array") : true;
	if (w->pass == PASS_RULES && !check_length(w, p, list, place))
		return false;
	struct place here = { .up = place };
	for (cJSON *item = list->child; item; item = item->next, here.index++)
		if (!walk_value(w, p, item, &here))
			return false;
	return true;
}

static bool check_names(struct walk *w, const struct shape *shape, const cJSON *object, const struct place *up)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, object) {
		struct place here = { .up = up, .name = item->string };
		if (!shape_find(shape, item->string))
			return refuse_text(w->r, TEXT_UNKNOWN_PARAMETER_NAMED, place_text(w->r->arena, &here), NULL);
	}
	return true;
}

/* An explicit null counts as not given: SDKs leave such members out (inferred). So does an empty list where one is required. */
static cJSON *given(const cJSON *object, const struct param *p)
{
	cJSON *item = json_member(object, p->name);
	if (!item || cJSON_IsNull(item))
		return NULL;
	return p->required && p->list && cJSON_IsArray(item) && !item->child ? NULL : item;
}

static bool walk_object(struct walk *w, const struct shape *shape, const cJSON *object, const struct place *up)
{
	if (w->pass == PASS_NAMES && !check_names(w, shape, object, up))
		return false;
	size_t left = w->pass == PASS_REQUIRED ? SIZE_MAX : (size_t)cJSON_GetArraySize(object); /* members to come, all named in the shape */
	for (size_t i = 0; i < shape->count && left > 0; i++) {
		const struct param *p = &shape->params[i];
		struct place here = { .up = up, .name = p->name };
		cJSON *item = given(object, p);
		left -= item != NULL;
		if (!item && p->required && w->pass == PASS_REQUIRED)
			return refuse_text(w->r, TEXT_MISSING_PARAMETER_NAMED, place_text(w->r->arena, &here), NULL);
		if (item && !(p->list ? walk_list(w, p, item, &here) : walk_value(w, p, item, &here)))
			return false;
	}
	return true;
}

static bool check_choice(struct request *r, const struct choice *choice)
{
	size_t count = 0;
	for (const char *const *name = choice->names; *name; name++) {
		const cJSON *item = json_member(r->params, *name);
		count += item && !cJSON_IsNull(item);
	}
	if (count >= choice->min && count <= choice->max)
		return true;
	because(r, "%zu of %s and its alternatives given", count, choice->names[0]);
	if (choice->err == ERR_MISSING_PARAMETER)
		return refuse_text(r, TEXT_MISSING_PARAMETER_NAMED, choice->names[0], NULL);
	return refuse(r, choice->err);
}

/* ---- the stage ----------------------------------------------------------------------------------------------------------- */

static bool walk(struct request *r, enum pass pass)
{
	struct walk w = { .r = r, .pass = pass };
	return walk_object(&w, &r->model->input, r->params, NULL);
}

bool stage_parameters(struct mock *m, struct request *r)
{
	(void)m;
	if (r->form != FORM_POST_JSON) {
		struct form_fault fault;
		r->params = form_tree(r->arena, r->pairs, r->pair_count, form_is_common, &fault);
		if (!r->params)
			return refuse_text(r, fault.text, fault.name, NULL);
	}
	if (!walk(r, PASS_NAMES) || !walk(r, PASS_TYPES) || !walk(r, PASS_REQUIRED))
		return false;
	for (size_t i = 0; i < r->model->choice_count; i++)
		if (!check_choice(r, &r->model->choices[i]))
			return false;
	return walk(r, PASS_RULES);
}
