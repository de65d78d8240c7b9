/* Reading one field of a fixture: JSON to what the store takes, one reader a type. */
#include "cbs/fixture.h"

#include <inttypes.h>
#include <string.h>

#include "util/ident.h"
#include "util/str.h"
#include "util/wiretime.h"

/* Integers that JSON readers agree on: ±(2^53 - 1). */
static const double integer_max = 9007199254740991.0;

static const char *const time_rule = "must be an ISO 8601 time with a zone, or count from now like \"+30d\"";

static const char *quoted_list(struct loader *l, const char *const *values)
{
	const char *text = "";
	for (size_t i = 0; values[i] != NULL; i++)
		text = arena_printf(l->arena, "%s%s\"%s\"", text, i > 0 ? ", " : "", values[i]);
	return text;
}

/* Which word of the field's enum it is. */
static bool find_word(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, int64_t *place)
{
	const char *text = cJSON_GetStringValue(json);
	for (*place = 0; f->values[*place] != NULL && text != NULL; ++*place)
		if (str_is(f->values[*place], text))
			return true;
	return load_fail(l, pointer, "must be one of %s", quoted_list(l, f->values));
}

static bool read_choice(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	return find_word(l, f, json, pointer, &out->number);
}

static bool read_word(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	int64_t place;
	if (!find_word(l, f, json, pointer, &place))
		return false;
	out->text = f->values[place];
	return true;
}

static bool read_text(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	if (f->values != NULL)
		return read_word(l, f, json, pointer, out);
	const char *text = cJSON_GetStringValue(json);
	if (text == NULL)
		return load_fail(l, pointer, "must be a string");
	int64_t length = (int64_t)str_utf8_len(text);
	if (f->max > 0 && (length < f->min || length > f->max))
		return load_fail(l, pointer, "must have %" PRId64 " to %" PRId64 " characters", f->min, f->max);
	out->text = text;
	return true;
}

static bool read_int(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	double number = json->valuedouble;
	if (!cJSON_IsNumber(json) || number < -integer_max || number > integer_max || number != (double)(int64_t)number)
		return load_fail(l, pointer, "must be an integer");
	out->number = (int64_t)number;
	if ((f->min != 0 || f->max != 0) && (out->number < f->min || out->number > f->max))
		return load_fail(l, pointer, "must be between %" PRId64 " and %" PRId64, f->min, f->max);
	return true;
}

static bool read_bool(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	(void)f;
	if (!cJSON_IsBool(json))
		return load_fail(l, pointer, "must be true or false");
	out->number = cJSON_IsTrue(json) ? 1 : 0;
	return true;
}

/* May the field be "", which stands for none? */
static bool may_be_empty(const struct field *f)
{
	return !f->key && !f->required;
}

static bool read_time(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	const char *text = cJSON_GetStringValue(json);
	if (text == NULL)
		return load_fail(l, pointer, "must be a string");
	if (*text == '\0' && may_be_empty(f))
		return true;
	if (*text != '+' && *text != '-')
		return wiretime_parse(text, &out->number) || load_fail(l, pointer, "%s", time_rule);
	int64_t offset;
	if (!duration_parse(text, &offset))
		return load_fail(l, pointer, "%s", time_rule);
	out->number = l->now_ms + offset;
	return out->number >= 0 || load_fail(l, pointer, "must not be before 1970");
}

/* Number 0 is no resource's: it stands for none. */
static bool read_id(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	const char *text = cJSON_GetStringValue(json);
	if (text != NULL && *text == '\0' && may_be_empty(f))
		return true;
	if (text == NULL || !ident_parse(f->prefix, text, &out->number))
		return load_fail(l, pointer, "must be \"%s\" and eight characters of 0-9 and a-z", f->prefix);
	return out->number != 0 || load_fail(l, pointer, "is kept for no resource at all");
}

static bool check_items(struct loader *l, const struct field *f, const cJSON *json, const char *pointer)
{
	if (!cJSON_IsArray(json))
		return load_fail(l, pointer, "must be an array");
	if (cJSON_GetArraySize(json) > f->max)
		return load_fail(l, pointer, "must have at most %" PRId64 " items", f->max);
	return true;
}

static bool read_list(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	if (!check_items(l, f, json, pointer))
		return false;
	const char *joined = "";
	size_t index = 0;
	const cJSON *item;
	cJSON_ArrayForEach(item, json)
	{
		const char *text = cJSON_GetStringValue(item);
		if (text == NULL || *text == '\0' || strchr(text, ',') != NULL)
			return load_fail(l, pointer_to_item(l, pointer, index), "must be a string without a comma, and not empty");
		joined = arena_printf(l->arena, "%s%s%s", joined, index > 0 ? "," : "", text);
		index++;
	}
	out->text = joined;
	return true;
}

/* Nothing in a fixture is null: what is not said is left out. */
static bool holds_no_null(struct loader *l, const cJSON *json, const char *pointer)
{
	size_t index = 0;
	const cJSON *part;
	if (cJSON_IsNull(json))
		return load_fail(l, pointer, "must not be null");
	cJSON_ArrayForEach(part, json)
	{
		const char *at = part->string != NULL ? pointer_to(l, pointer, part->string) : pointer_to_item(l, pointer, index++);
		if (!holds_no_null(l, part, at))
			return false;
	}
	return true;
}

static bool read_json(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	if (!check_items(l, f, json, pointer) || !holds_no_null(l, json, pointer))
		return false;
	char *text = cJSON_PrintUnformatted(json);
	out->text = arena_strdup(l->arena, text);
	cJSON_free(text);
	return true;
}

static bool check_tag_text(struct loader *l, const cJSON *tag, const char *pointer, const char *name, size_t least, size_t most)
{
	const cJSON *json = cJSON_GetObjectItemCaseSensitive(tag, name);
	if (json == NULL)
		return load_fail(l, pointer, "%s is missing", name);
	const char *text = cJSON_GetStringValue(json);
	if (text == NULL || str_utf8_len(text) < least || str_utf8_len(text) > most)
		return load_fail(l, pointer_to(l, pointer, name), "must be a string of %zu to %zu characters", least, most);
	return true;
}

/* Only checked here: tags become rows of their own when their resource has one. */
static bool read_tags(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	enum { KEY_MAX = 127, VALUE_MAX = 255 };
	(void)out;
	if (!check_items(l, f, json, pointer))
		return false;
	size_t index = 0;
	const cJSON *tag;
	cJSON_ArrayForEach(tag, json)
	{
		const char *at = pointer_to_item(l, pointer, index++);
		if (!cJSON_IsObject(tag))
			return load_fail(l, at, "must be an object of Key and Value");
		const cJSON *part;
		cJSON_ArrayForEach(part, tag)
		{
			if (!str_is(part->string, "Key") && !str_is(part->string, "Value"))
				return load_fail(l, pointer_to(l, at, part->string), "is not a part of a tag");
		}
		if (!check_tag_text(l, tag, at, "Key", 1, KEY_MAX) || !check_tag_text(l, tag, at, "Value", 0, VALUE_MAX))
			return false;
	}
	return true;
}

static bool (*const readers[])(struct loader *l, const struct field *f, const cJSON *json, const char *pointer,
                               struct value *out) = {
	[FIELD_TEXT] = read_text, [FIELD_INT] = read_int,       [FIELD_BOOL] = read_bool, [FIELD_TIME] = read_time,
	[FIELD_ID] = read_id,     [FIELD_CHOICE] = read_choice, [FIELD_LIST] = read_list, [FIELD_JSON] = read_json,
	[FIELD_TAGS] = read_tags,
};

bool field_read(struct loader *l, const struct field *f, const cJSON *json, const char *pointer, struct value *out)
{
	out->set = f->type != FIELD_TAGS;
	return readers[f->type](l, f, json, pointer, out);
}

/* A fallback time is always the moment of loading. */
bool field_fall_back(struct loader *l, const struct field *f, struct value *out)
{
	if (f->fallback == NULL)
		return false;
	out->set = true;
	if (f->type == FIELD_TEXT)
		out->text = f->fallback;
	else if (f->type == FIELD_TIME)
		out->number = l->now_ms;
	else
		str_to_i64(f->fallback, &out->number);
	return true;
}
