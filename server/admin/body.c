/* What routes read and write with: JSON bodies under a closed list of fields, JSON answers, errors. */
#include <stdarg.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "util/json_check.h"
#include "util/str.h"
#include "util/wiretime.h"

/* ---- answers --------------------------------------------------------------------------------------------------------- */

struct json_out answer_begin(struct admin_call *c, int status)
{
	struct json_out o;
	c->out->status = status;
	c->out->content_type = "application/json";
	buf_clear(&c->out->body);
	json_out_init(&o, &c->out->body);
	out_object(&o, NULL);
	return o;
}

void answer_end(struct json_out *o)
{
	out_end_object(o);
	buf_addc(o->buf, '\n');
}

void answer_error(struct admin_call *c, int status, const char *code, const char *hint, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	const char *message = arena_vprintf(c->arena, format, args);
	va_end(args);
	struct json_out o = answer_begin(c, status);
	out_object(&o, "error");
	out_str(&o, "code", code);
	out_str(&o, "message", message);
	if (hint)
		out_str(&o, "hint", hint);
	out_end_object(&o);
	answer_end(&o);
}

void answer_tree(struct admin_call *c, int status, cJSON *tree)
{
	char *text = cJSON_PrintUnformatted(tree);
	c->out->status = status;
	c->out->content_type = "application/json";
	buf_clear(&c->out->body);
	buf_adds(&c->out->body, text ? text : "null");
	buf_addc(&c->out->body, '\n');
	cJSON_free(text);
	cJSON_Delete(tree);
}

/* ---- events ---------------------------------------------------------------------------------------------------------- */

void events_begin(struct event_list *e)
{
	enum { EVENT_MAX = 512 };
	*e = (struct event_list){ .count = 0 };
	buf_init(&e->text, (size_t)EVENTS_MAX * EVENT_MAX);
	json_out_init(&e->out, &e->text);
	out_array(&e->out, NULL);
}

void events_add(void *list, const struct cbs_event *event)
{
	struct event_list *e = list;
	char at[WIRETIME_SIZE];
	if (e->count++ >= EVENTS_MAX)
		return;
	wiretime_utc(event->at_ms, at);
	out_object(&e->out, NULL);
	out_str(&e->out, "at", at);
	out_str(&e->out, "resource", event->resource);
	out_str(&e->out, "from", event->from);
	out_str(&e->out, "to", event->to);
	if (event->policy)
		out_str(&e->out, "policy", event->policy);
	if (event->skipped)
		out_str(&e->out, "skipped", event->skipped);
	out_end_object(&e->out);
}

void events_end(struct event_list *e, struct json_out *o)
{
	out_end_array(&e->out);
	out_raw(o, "events", e->text.data);
	if (e->count > EVENTS_MAX)
		out_int(o, "events_left_out", (int64_t)(e->count - EVENTS_MAX));
	buf_finish(&e->text);
}

/* ---- bodies ---------------------------------------------------------------------------------------------------------- */

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* The names of the fields, for a hint: "accepted: by, to". */
static const char *accepted(struct admin_call *c, const struct body_field *fields, size_t count)
{
	const char *text = "accepted fields:";
	if (!count)
		return "accepted: no body, or {}";
	for (size_t i = 0; i < count; i++)
		text = arena_printf(c->arena, "%s%s %s", text, i ? "," : "", fields[i].name);
	return text;
}

static bool store_field(const struct body_field *f, const cJSON *value)
{
	if (f->given)
		*f->given = true;
	if (f->json) {
		*f->json = value;
		return true;
	}
	if (f->text ? !cJSON_IsString(value) : !cJSON_IsNumber(value))
		return false;
	if (f->text)
		*f->text = value->valuestring;
	else
		*f->number = value->valuedouble;
	return true;
}

static const struct body_field *find_field(const struct body_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(fields[i].name, name))
			return &fields[i];
	return NULL;
}

static const cJSON *parse(struct admin_call *c, const char *hint)
{
	struct json_report report;
	if (!json_check(c->in->body, c->in->body_len, &report)) {
		answer_error(c, 400, "InvalidJson", hint, "the body is not JSON: %s at byte %zu",
		             json_fault_text(report.fault), report.offset);
		return NULL;
	}
	cJSON *tree = cJSON_ParseWithLength(c->in->body, c->in->body_len);
	arena_defer(c->arena, delete_tree, tree);
	return tree;
}

static const cJSON *parse_object(struct admin_call *c, const char *hint)
{
	const cJSON *tree = parse(c, hint);
	if (!tree || cJSON_IsObject(tree))
		return tree;
	answer_error(c, 400, "InvalidJson", hint, "the body must be a JSON object");
	return NULL;
}

static bool has_required(struct admin_call *c, const cJSON *object, const struct body_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fields[i].required && !cJSON_GetObjectItemCaseSensitive(object, fields[i].name)) {
			answer_error(c, 400, "MissingField", accepted(c, fields, count), "the field \"%s\" is required", fields[i].name);
			return false;
		}
	return true;
}

bool body_read(struct admin_call *c, const struct body_field *fields, size_t count)
{
	const cJSON *object = NULL, *value;
	if (c->in->body_len) {
		object = parse_object(c, accepted(c, fields, count));
		if (!object)
			return false;
	}
	cJSON_ArrayForEach(value, object)
	{
		const struct body_field *f = find_field(fields, count, value->string);
		if (!f) {
			answer_error(c, 400, "UnknownField", accepted(c, fields, count), "the field \"%s\" is not known here", value->string);
			return false;
		}
		if (!store_field(f, value)) {
			answer_error(c, 400, "InvalidField", accepted(c, fields, count), "the field \"%s\" must be a %s", f->name,
			             f->text ? "string" : "number");
			return false;
		}
	}
	return has_required(c, object, fields, count);
}

const cJSON *body_json(struct admin_call *c, const char *hint)
{
	return parse(c, hint);
}

const cJSON *body_object(struct admin_call *c)
{
	if (c->in->body_len)
		return parse_object(c, NULL);
	cJSON *empty = cJSON_CreateObject();
	arena_defer(c->arena, delete_tree, empty);
	return empty;
}
