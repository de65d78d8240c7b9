/* The model's types, walked along an answer. */
#include "conform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/error.h"
#include "util/str.h"
#include "util/wiretime.h"

/* Where the real service was seen to differ from the model (cbs.md §2.1, §2.2). */
static const struct {
	const char *type, *field;
	bool null, absent;
} seen[] = {
	{ "Placement", "DedicatedClusterId", true, true },
	{ "Snapshot", "TimeStartShare", false, true },
};

static bool say(struct buf *why, const char *place, const char *what)
{
	buf_printf(why, "%s: %s", place, what);
	return false;
}

static bool seen_otherwise(const char *type, const char *field, bool null)
{
	for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
		if (str_is(type, seen[i].type) && str_is(field, seen[i].field))
			return null ? seen[i].null : seen[i].absent;
	}
	return false;
}

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static bool flag_of(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* ---- values -------------------------------------------------------------------------------------------------------------- */

/* '0' stands for a digit. */
static bool has_shape(const char *text, const char *shape)
{
	for (; *text != '\0' && *shape != '\0'; text++, shape++) {
		if (*shape == '0' ? *text < '0' || *text > '9' : *text != *shape)
			return false;
	}
	return *text == *shape;
}

static bool is_integer(const cJSON *value, double least)
{
	return cJSON_IsNumber(value) && floor(value->valuedouble) == value->valuedouble && value->valuedouble >= least;
}

static bool fits_simple(const char *type, const cJSON *value, bool *known)
{
	const char *text = cJSON_GetStringValue(value);
	int64_t ms;
	*known = true;
	if (str_is(type, "string"))
		return text != NULL;
	if (str_is(type, "uint64"))
		return is_integer(value, 0);
	if (str_is(type, "int64"))
		return is_integer(value, -INFINITY);
	if (str_is(type, "float"))
		return cJSON_IsNumber(value);
	if (str_is(type, "bool"))
		return cJSON_IsBool(value);
	if (str_is(type, "datetime"))
		return text != NULL && (*text == '\0' || has_shape(text, "0000-00-00 00:00:00"));
	if (str_is(type, "datetime_iso"))
		return text != NULL && wiretime_parse(text, &ms);
	if (str_is(type, "date"))
		return text != NULL && has_shape(text, "0000-00-00");
	*known = false;
	return false;
}

static bool fits_fields(const cJSON *model, const char *type, const cJSON *fields, const cJSON *object, const char *place,
                        struct buf *why);

static bool fits(const cJSON *model, const char *type, const cJSON *value, const char *place, struct buf *why)
{
	size_t len = strlen(type);
	bool known;
	if (str_prefix(type, "list<")) {
		char inner[64] = "";
		if (!cJSON_IsArray(value) || len - 6 >= sizeof inner)
			return say(why, place, "is not a list");
		memcpy(inner, type + 5, len - 6);
		const cJSON *item;
		cJSON_ArrayForEach(item, value) {
			if (!fits(model, inner, item, place, why))
				return false;
		}
		return true;
	}
	if (fits_simple(type, value, &known))
		return true;
	if (known) {
		buf_printf(why, "%s: is not of type %s", place, type);
		return false;
	}
	const cJSON *shape = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(model, "types"), type);
	if (shape == NULL || !cJSON_IsObject(value))
		return say(why, place, "is not an object of a known type");
	return fits_fields(model, type, cJSON_GetObjectItemCaseSensitive(shape, "fields"), value, place, why);
}

static bool fits_field(const cJSON *model, const char *type, const cJSON *field, const cJSON *value, struct buf *why)
{
	const char *name = text_of(field, "name");
	if (value == NULL)
		return flag_of(field, "absent") || seen_otherwise(type, name, false) || say(why, name, "is missing");
	if (cJSON_IsNull(value))
		return flag_of(field, "nullable") || seen_otherwise(type, name, true) || say(why, name, "is null");
	return fits(model, text_of(field, "type"), value, name, why);
}

static bool is_field(const cJSON *fields, const char *name)
{
	const cJSON *field;
	cJSON_ArrayForEach(field, fields) {
		if (str_is(text_of(field, "name"), name))
			return true;
	}
	return false;
}

static bool fits_fields(const cJSON *model, const char *type, const cJSON *fields, const cJSON *object, const char *place,
                        struct buf *why)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, fields) {
		if (!fits_field(model, type, item, cJSON_GetObjectItemCaseSensitive(object, text_of(item, "name")), why)) {
			buf_printf(why, " (in %s)", place);
			return false;
		}
	}
	cJSON_ArrayForEach(item, object) {
		if (!is_field(fields, item->string))
			return say(why, item->string, "is not known to the model");
		if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item)
			return say(why, item->string, "stands there twice");
	}
	return true;
}

/* ---- answers ------------------------------------------------------------------------------------------------------------- */

static bool documented(const cJSON *action, const char *code)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(action, "errors")) {
		if (str_is(item->valuestring, code))
			return true;
	}
	/* Common to all actions, though they read as the product's (protocol.md §4). */
	if (str_is(code, "UnauthorizedOperation") || str_is(code, "UnsupportedOperation"))
		return true;
	enum err err = err_by_code(code);
	return err != ERR_NONE && err_kind(err) == GATEWAY;
}

/* A business error's words carry the end of the RequestId (cbs.md fact 4). */
static bool tagged_rightly(const char *code, const char *message, const char *request_id)
{
	char tag[16] = "(";
	memcpy(tag + 1, request_id + strlen(request_id) - 12, 12);
	memcpy(tag + 13, ")", 2);
	enum err err = err_by_code(code);
	bool tagged = strstr(message, tag) != NULL;
	return tagged == (err == ERR_NONE || err_kind(err) == BUSINESS);
}

static bool conform_error(const cJSON *action, const cJSON *response, const char *request_id, struct buf *why)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(response, "Error");
	const char *code = text_of(error, "Code"), *message = text_of(error, "Message");
	if (cJSON_GetArraySize(response) != 2 || cJSON_GetArraySize(error) != 2 || code == NULL || message == NULL)
		return say(why, "Error", "is not Code and Message, beside a RequestId and nothing else");
	if (*message == '\0')
		return say(why, code, "has no message");
	if (action != NULL && !documented(action, code))
		return say(why, code, "is not documented for this action");
	if (!tagged_rightly(code, message, request_id))
		return say(why, message, "has a tag and should not, or has none and should");
	return true;
}

bool conform(const cJSON *model, const char *action, const cJSON *response, struct buf *why)
{
	const cJSON *row = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(model, "actions"), action);
	const char *request_id = text_of(response, "RequestId");
	if (request_id == NULL || strlen(request_id) != 36)
		return say(why, "RequestId", "is not a UUID");
	if (cJSON_GetObjectItemCaseSensitive(response, "Error") != NULL)
		return conform_error(row, response, request_id, why);
	if (row == NULL)
		return say(why, action, "is not in the model");
	cJSON *fields = cJSON_Duplicate(response, true);
	cJSON_DeleteItemFromObjectCaseSensitive(fields, "RequestId");
	bool well = fits_fields(model, "", cJSON_GetObjectItemCaseSensitive(row, "response"), fields, "Response", why);
	cJSON_Delete(fields);
	return well;
}
