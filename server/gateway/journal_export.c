/* The journal as a file for other tools. */
#include <stdlib.h>
#include <string.h>

#include "gateway/journal_json.h"
#include "util/str.h"
#include "util/wiretime.h"

const char *const journal_format_names[N_JOURNAL_FORMATS] = { "ndjson", "har", "history" };
const char *const journal_format_types[N_JOURNAL_FORMATS] = { "application/x-ndjson", "application/json", "application/x-ndjson" };

/* ---- NDJSON ------------------------------------------------------------------------------------------------------------ */

static void export_ndjson(const struct journal_list *list, struct buf *out)
{
	for (size_t i = 0; i < list->count; i++) {
		struct json_out o;
		json_out_init(&o, out);
		out_object(&o, NULL);
		journal_write_whole(&o, list->entries[i]);
		out_end_object(&o);
		buf_addc(out, '\n');
	}
}

/* ---- HAR --------------------------------------------------------------------------------------------------------------- */

static void har_pair(struct json_out *o, const char *name, const char *value)
{
	out_object(o, NULL);
	out_str(o, "name", name);
	out_str(o, "value", value);
	out_end_object(o);
}

static const char *header_value(const struct journal_entry *e, const char *name)
{
	for (size_t i = 0; i < e->header_count; i++)
		if (str_case_is(e->headers[i].name, name))
			return e->headers[i].value;
	return "";
}

static void har_query(struct json_out *o, const char *target)
{
	const char *at = strchr(target, '?');
	out_array(o, "queryString");
	for (at = at ? at + 1 : ""; *at;) {
		size_t len = strcspn(at, "&"), name_len = strcspn(at, "=&");
		struct arena *a = arena_new();
		char *name = arena_strndup(a, at, name_len);
		char *value = name_len < len ? arena_strndup(a, at + name_len + 1, len - name_len - 1) : arena_strdup(a, "");
		size_t value_len = strlen(value);
		if (str_form_decode(name, &name_len) && str_form_decode(value, &value_len))
			har_pair(o, name, value);
		arena_free(a);
		at += len + (at[len] == '&');
	}
	out_end_array(o);
}

static void har_request(struct json_out *o, const struct journal_entry *e, const char *origin)
{
	out_object(o, "request");
	out_str(o, "method", e->method);
	struct arena *a = arena_new();
	out_str(o, "url", e->target[0] == '/' ? arena_printf(a, "%s%s", origin, e->target) : e->target);
	arena_free(a);
	out_str(o, "httpVersion", "HTTP/1.1");
	out_array(o, "cookies");
	out_end_array(o);
	out_array(o, "headers");
	for (size_t i = 0; i < e->header_count; i++)
		har_pair(o, e->headers[i].name, e->headers[i].value);
	out_end_array(o);
	har_query(o, e->target);
	if (e->body_size) {
		out_object(o, "postData");
		out_str(o, "mimeType", header_value(e, "Content-Type"));
		out_str(o, "text", e->body);
		out_end_object(o);
	}
	out_int(o, "headersSize", -1);
	out_int(o, "bodySize", (int64_t)e->body_size);
	out_end_object(o);
}

static void har_response(struct json_out *o, const struct journal_entry *e)
{
	out_object(o, "response");
	out_int(o, "status", e->http_status);
	out_str(o, "statusText", "");
	out_str(o, "httpVersion", "HTTP/1.1");
	out_array(o, "cookies");
	out_end_array(o);
	out_array(o, "headers");
	har_pair(o, "Content-Type", e->content_type);
	out_end_array(o);
	out_object(o, "content");
	out_int(o, "size", (int64_t)e->answer_size);
	out_str(o, "mimeType", e->content_type);
	out_str(o, "text", e->answer);
	out_end_object(o);
	out_str(o, "redirectURL", "");
	out_int(o, "headersSize", -1);
	out_int(o, "bodySize", (int64_t)e->answer_size);
	out_end_object(o);
}

static void har_entry(struct json_out *o, const struct journal_entry *e, const char *origin)
{
	char received[WIRETIME_SIZE];
	double took_ms = (double)(e->ended_us - e->begun_us) / 1000;
	wiretime_utc(e->wall_ms, received);
	out_object(o, NULL);
	out_str(o, "startedDateTime", received);
	out_double(o, "time", took_ms + (double)e->delay_ms);
	har_request(o, e, origin);
	har_response(o, e);
	out_object(o, "cache");
	out_end_object(o);
	out_object(o, "timings");
	out_int(o, "send", 0);
	out_double(o, "wait", took_ms + (double)e->delay_ms);
	out_int(o, "receive", 0);
	out_end_object(o);
	out_str(o, "_requestId", e->request_id);
	out_str(o, "_action", e->action);
	out_str(o, "_code", e->code);
	if (*e->delivery)
		out_str(o, "_delivery", e->delivery);
	out_end_object(o);
}

static void export_har(const struct journal_list *list, const char *origin, struct buf *out)
{
	struct json_out o;
	json_out_init(&o, out);
	out_object(&o, NULL);
	out_object(&o, "log");
	out_str(&o, "version", "1.2");
	out_object(&o, "creator");
	out_str(&o, "name", "cbsmock");
	out_str(&o, "version", "1");
	out_end_object(&o);
	out_array(&o, "entries");
	for (size_t i = 0; i < list->count; i++)
		har_entry(&o, list->entries[i], origin);
	out_end_array(&o);
	out_end_object(&o);
	out_end_object(&o);
	buf_addc(out, '\n');
}

/* ---- history ----------------------------------------------------------------------------------------------------------- */

/* A request begins or ends. */
struct moment {
	const struct journal_entry *entry;
	int64_t us;
	bool returns;
	size_t process;
};

/* At one instant what began comes first: they overlap, which is the weaker claim. */
static int by_time(const void *left, const void *right)
{
	const struct moment *a = left, *b = right;
	if (a->us != b->us)
		return a->us < b->us ? -1 : 1;
	if (a->returns != b->returns)
		return a->returns ? 1 : -1;
	return a->entry->seq < b->entry->seq ? -1 : a->entry->seq > b->entry->seq;
}

/* Gives each request the lowest number that no request under way has: a process does one thing at a time. `busy` has room for as
 * many as there are requests. */
static void number_processes(struct moment *moments, size_t count, const struct journal_entry **busy)
{
	for (size_t i = 0; i < count; i++) {
		struct moment *m = &moments[i];
		const struct journal_entry *wanted = m->returns ? m->entry : NULL;
		while (busy[m->process] != wanted)
			m->process++;
		busy[m->process] = m->returns ? NULL : m->entry;
	}
}

/* "info": it may have happened or not as far as the client can tell. */
static const char *moment_type(const struct moment *m)
{
	if (!m->returns)
		return "invoke";
	if (*m->entry->delivery)
		return "info";
	return str_is(m->entry->code, "OK") ? "ok" : "fail";
}

static void write_moment(const struct moment *m, size_t index, int64_t origin_us, struct buf *out)
{
	struct arena *a = arena_new();
	const cJSON *params = m->returns ? NULL : journal_params(m->entry, a);
	char *text = params ? cJSON_PrintUnformatted(params) : NULL;
	struct json_out o;
	json_out_init(&o, out);
	out_object(&o, NULL);
	out_int(&o, "index", (int64_t)index);
	out_int(&o, "process", (int64_t)m->process);
	out_str(&o, "type", moment_type(m));
	out_str(&o, "f", m->entry->action);
	if (m->returns)
		out_str(&o, "value", m->entry->answer);
	else
		out_raw(&o, "value", text ? text : "null");
	out_int(&o, "time", (m->us - origin_us) * 1000);
	out_str(&o, "request_id", m->entry->request_id);
	out_end_object(&o);
	buf_addc(out, '\n');
	cJSON_free(text);
	arena_free(a);
}

static void export_history(const struct journal_list *list, struct buf *out)
{
	size_t count = 2 * list->count;
	struct moment *moments = xcalloc(count, sizeof *moments);
	const struct journal_entry **busy = xcalloc(list->count, sizeof *busy);
	for (size_t i = 0; i < list->count; i++) {
		const struct journal_entry *e = list->entries[i];
		moments[2 * i] = (struct moment){ .entry = e, .us = e->begun_us };
		moments[2 * i + 1] = (struct moment){ .entry = e, .us = e->ended_us, .returns = true };
	}
	qsort(moments, count, sizeof *moments, by_time);
	number_processes(moments, count, busy);
	for (size_t i = 0; i < count; i++)
		write_moment(&moments[i], i, moments[0].us, out);
	free(busy);
	free(moments);
}

void journal_export(const struct journal_list *list, enum journal_format format, const char *origin, struct buf *out)
{
	switch (format) {
	case JOURNAL_NDJSON:
		export_ndjson(list, out);
		break;
	case JOURNAL_HAR:
		export_har(list, origin, out);
		break;
	case JOURNAL_HISTORY:
		export_history(list, out);
		break;
	case N_JOURNAL_FORMATS:
		break;
	}
}
