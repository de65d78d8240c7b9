/* Objects read field by field under a closed list: what is not known is refused with what is, for a fault with a misspelt field
 * would be one that silently never fires. */
#include <math.h>
#include <string.h>

#include "gateway/fault_internal.h"
#include "util/str.h"
#include "util/wiretime.h"

/* ---- places ------------------------------------------------------------------------------------------------------------- */

/* "~" and "/" in a name are escaped in a JSON pointer. */
struct reading reading_of(const struct reading *at, const char *name)
{
	size_t len = strlen(at->pointer);
	char *pointer = arena_alloc(at->arena, len + 2 * strlen(name) + 2), *end = pointer + len;
	memcpy(pointer, at->pointer, len);
	*end++ = '/';
	for (; *name; name++) {
		if (*name != '~' && *name != '/') {
			*end++ = *name;
			continue;
		}
		*end++ = '~';
		*end++ = *name == '~' ? '0' : '1';
	}
	return (struct reading){ at->arena, pointer, at->why };
}

struct reading reading_of_item(const struct reading *at, size_t index)
{
	return (struct reading){ at->arena, arena_printf(at->arena, "%s/%zu", at->pointer, index), at->why };
}

bool reading_refuse(const struct reading *at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	*at->why = (struct fault_refusal){ at->pointer, arena_vprintf(at->arena, format, args) };
	va_end(args);
	return false;
}

/* ---- what is accepted --------------------------------------------------------------------------------------------------- */

static const char *choices_text(struct arena *a, const char *const *choices)
{
	const char *text = "one of:";
	for (const char *const *choice = choices; *choice; choice++)
		text = arena_printf(a, "%s%s %s", text, choice == choices ? "" : ",", *choice);
	return text;
}

const char *field_accepts(struct arena *a, const struct json_field *f)
{
	switch (f->kind) {
	case FIELD_TEXT:
		return arena_printf(a, "a text of at most %.15g bytes", f->max);
	case FIELD_INT:
		return arena_printf(a, "a whole number from %.15g to %.15g", f->min, f->max);
	case FIELD_NUMBER:
		return arena_printf(a, "a number from %.15g to %.15g", f->min, f->max);
	case FIELD_BOOL:
		return "true or false";
	case FIELD_MS:
		return arena_printf(a, "milliseconds as a number, or a duration (\"250ms\", \"5s\", \"2h\"), from %.15g to %.15g ms",
		                    f->min, f->max);
	case FIELD_CHOICE:
		return choices_text(a, f->choices);
	case FIELD_JSON:
		return "an object";
	case FIELD_TOLD:
		break;
	}
	return "anything: the server tells it";
}

static const char *names_text(struct arena *a, const struct field_list *list)
{
	const char *text = list->count ? "accepted:" : "none is accepted";
	for (size_t i = 0; i < list->count; i++)
		text = arena_printf(a, "%s%s %s", text, i ? "," : "", list->fields[i].name);
	return text;
}

/* ---- values ------------------------------------------------------------------------------------------------------------- */

static bool read_text(const struct json_field *f, const cJSON *value, const char **out)
{
	if (!cJSON_IsString(value) || strlen(value->valuestring) > (size_t)f->max)
		return false;
	*out = value->valuestring;
	return true;
}

static bool within(const struct json_field *f, double number)
{
	return number >= f->min && number <= f->max;
}

static bool read_int(const struct json_field *f, const cJSON *value, int64_t *out)
{
	if (!cJSON_IsNumber(value) || !within(f, value->valuedouble) || value->valuedouble != floor(value->valuedouble))
		return false;
	*out = (int64_t)value->valuedouble;
	return true;
}

static bool read_number(const struct json_field *f, const cJSON *value, double *out)
{
	if (!cJSON_IsNumber(value) || !within(f, value->valuedouble))
		return false;
	*out = value->valuedouble;
	return true;
}

static bool read_bool(const cJSON *value, bool *out)
{
	if (!cJSON_IsBool(value))
		return false;
	*out = cJSON_IsTrue(value) != 0;
	return true;
}

static bool read_ms(const struct json_field *f, const cJSON *value, int64_t *out)
{
	int64_t ms;
	if (!cJSON_IsString(value))
		return read_int(f, value, out);
	if (!duration_parse(value->valuestring, &ms) || !within(f, (double)ms))
		return false;
	*out = ms;
	return true;
}

static bool read_choice(const struct json_field *f, const cJSON *value, int *out)
{
	for (int i = 0; f->choices[i]; i++)
		if (cJSON_IsString(value) && str_is(f->choices[i], value->valuestring)) {
			*out = i;
			return true;
		}
	return false;
}

static bool read_value(const struct json_field *f, const cJSON *value, void *into)
{
	void *member = (char *)into + f->at;
	switch (f->kind) {
	case FIELD_TEXT:
		return read_text(f, value, member);
	case FIELD_INT:
		return read_int(f, value, member);
	case FIELD_NUMBER:
		return read_number(f, value, member);
	case FIELD_BOOL:
		return read_bool(value, member);
	case FIELD_MS:
		return read_ms(f, value, member);
	case FIELD_CHOICE:
		return read_choice(f, value, member);
	case FIELD_JSON:
		*(const cJSON **)member = value;
		return true;
	case FIELD_TOLD:
		break;
	}
	return true;
}

/* ---- objects ------------------------------------------------------------------------------------------------------------ */

static const struct json_field *find_field(const struct field_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_is(list->fields[i].name, name))
			return &list->fields[i];
	return NULL;
}

static bool has_required(const struct reading *at, const cJSON *object, const struct field_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct json_field *f = &list->fields[i];
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, f->name);
		if (f->required && (!value || cJSON_IsNull(value)))
			return reading_refuse(at, "the field \"%s\" is required: %s", f->name, field_accepts(at->arena, f));
	}
	return true;
}

bool fields_read(const struct reading *at, const cJSON *object, const struct field_list *list, void *into)
{
	const cJSON *value;
	if (!cJSON_IsObject(object))
		return reading_refuse(at, "must be an object; %s", names_text(at->arena, list));
	cJSON_ArrayForEach(value, object) {
		const struct json_field *f = find_field(list, value->string);
		struct reading here = reading_of(at, value->string);
		if (!f)
			return reading_refuse(&here, "the field \"%s\" is not known here; %s", value->string, names_text(at->arena, list));
		if (!cJSON_IsNull(value) && !read_value(f, value, into))
			return reading_refuse(&here, "must be %s", field_accepts(at->arena, f));
	}
	return has_required(at, object, list);
}
