/* Routes of the journal: what was asked, what came of it and why. */
#include "admin/requests.h"

#include <math.h>
#include <string.h>

#include "gateway/journal_json.h"
#include "gateway/unmatched.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 100000 };

static void let_go(void *journal)
{
	journal_free(journal);
}

struct journal *asked_journal(struct admin_call *c)
{
	struct journal *j = mock_journal(c->mock, c->sandbox);
	if (j)
		arena_defer(c->arena, let_go, j);
	else
		answer_error(c, 404, "NoSuchSandbox", NULL, "there is no sandbox \"%s\"", c->sandbox);
	return j;
}

void answer_refused(struct admin_call *c, const struct match_refusal *why)
{
	const char *hint = "matches: {\"action\":\"CreateSnapshot\",\"param\":{\"DiskId\":{\"prefix\":\"disk-\"}},\"code\":\"OK\"}";
	answer_error(c, 400, "InvalidField", hint, "%s%s%s", why->pointer, *why->pointer ? ": " : "", why->why);
}

bool whole_field(struct admin_call *c, const char *name, double value, int64_t least, int64_t most, int64_t *out)
{
	bool fits = value >= (double)least && value <= (double)most && !(floor(value) < value);
	if (fits)
		*out = (int64_t)value;
	else
		answer_error(c, 400, "InvalidField", NULL, "the field \"%s\" must be a whole number from %lld to %lld", name,
		             (long long)least, (long long)most);
	return fits;
}

static const struct match *parsed_match(struct admin_call *c, const cJSON *object, const char *pointer)
{
	struct match_refusal why;
	const struct match *m = match_parse(c->arena, object, MATCH_JOURNAL, pointer, &why);
	if (m && regions_known(c, object, pointer, &why))
		return m;
	answer_refused(c, &why);
	return NULL;
}

/* ---- questions in the query -------------------------------------------------------------------------------------------- */

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

const struct match *asked_match(struct admin_call *c)
{
	static const char *const names[ASKED_OTHER] = { "action", "code", "region", "secret_id", "since" };
	int64_t seq;
	cJSON *object = cJSON_CreateObject();
	arena_defer(c->arena, delete_tree, object);
	for (size_t i = 0; i < ASKED_OTHER; i++) {
		const char *value = c->values[i];
		if (value && str_is(names[i], "since") && str_to_i64(value, &seq))
			cJSON_AddNumberToObject(object, names[i], (double)seq);
		else if (value)
			cJSON_AddStringToObject(object, names[i], value);
	}
	return parsed_match(c, object, "");
}

bool asked_limit(struct admin_call *c, int64_t *limit)
{
	const char *text = c->values[ASKED_OTHER];
	*limit = LIMIT_DEFAULT;
	if (!text || (str_to_i64(text, limit) && *limit >= 0 && *limit <= LIMIT_MAX))
		return true;
	answer_error(c, 400, "InvalidQuery", NULL, "limit must be a number from 0 to %d", LIMIT_MAX);
	return false;
}

/* ---- lists ------------------------------------------------------------------------------------------------------------- */

static void write_stats(struct json_out *o, const struct journal_stats *stats)
{
	out_int(o, "total", (int64_t)stats->total);
	out_int(o, "dropped", (int64_t)stats->dropped);
	out_int(o, "kept", (int64_t)stats->entries);
	out_int(o, "bytes", (int64_t)stats->bytes);
	out_int(o, "last_seq", (int64_t)stats->last_seq);
}

void refuse_too_many(struct admin_call *c, size_t count)
{
	if (c->out->body.overflow)
		answer_error(c, 413, "AnswerTooLarge", "ask for fewer with a limit", "%zu requests are more than one answer can hold", count);
}

/* Which of those that match, and how each is told. */
struct listing {
	bool (*wanted)(const struct journal_entry *e); /* NULL: all */
	void (*write)(struct json_out *o, const struct journal_entry *e);
};

static const struct listing in_short = { NULL, journal_write_brief }, unmatched = { entry_is_unmatched, journal_write_unmatched };

/* The newest `limit` are shown, the newest last. */
static void answer_list(struct admin_call *c, struct journal *j, const struct match *m, int64_t limit, const struct listing *how)
{
	struct journal_list list;
	journal_read(j, &list);
	journal_list_filter(&list, m);
	if (how->wanted)
		journal_list_keep(&list, how->wanted);
	size_t count = list.count;
	journal_list_limit(&list, (size_t)limit);
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "requests");
	for (size_t i = 0; i < list.count; i++)
		how->write(&o, list.entries[i]);
	out_end_array(&o);
	out_int(&o, "count", (int64_t)count);
	write_stats(&o, &list.stats);
	answer_end(&o);
	refuse_too_many(c, list.count);
	journal_list_finish(&list);
}

static void list_by_query(struct admin_call *c, const struct listing *how)
{
	int64_t limit;
	struct journal *j = asked_journal(c);
	const struct match *m = j ? asked_match(c) : NULL;
	if (m && asked_limit(c, &limit))
		answer_list(c, j, m, limit, how);
}

void requests_list(struct admin_call *c)
{
	list_by_query(c, &in_short);
}

void requests_unmatched(struct admin_call *c)
{
	list_by_query(c, &unmatched);
}

/* A body {"match":{…}} and perhaps more; NULL when it has answered. */
static const struct match *body_match(struct admin_call *c, const struct body_field *more, bool *given)
{
	const cJSON *match = NULL;
	const struct body_field fields[] = { { "match", .json = &match, .given = given }, more ? *more : (struct body_field){ 0 } };
	if (!body_read(c, fields, more ? 2 : 1))
		return NULL;
	return parsed_match(c, match, "/match");
}

void requests_find(struct admin_call *c)
{
	double wanted = LIMIT_DEFAULT;
	int64_t limit;
	const struct body_field field = { "limit", .number = &wanted };
	struct journal *j = asked_journal(c);
	const struct match *m = j ? body_match(c, &field, NULL) : NULL;
	if (m && whole_field(c, "limit", wanted, 0, LIMIT_MAX, &limit))
		answer_list(c, j, m, limit, &in_short);
}

void requests_count(struct admin_call *c)
{
	struct journal_list list;
	struct journal *j = asked_journal(c);
	const struct match *m = j ? body_match(c, NULL, NULL) : NULL;
	if (!m)
		return;
	journal_read(j, &list);
	journal_list_filter(&list, m);
	struct json_out o = answer_begin(c, 200);
	out_int(&o, "count", (int64_t)list.count);
	write_stats(&o, &list.stats);
	answer_end(&o);
	journal_list_finish(&list);
}

/* ---- removal ----------------------------------------------------------------------------------------------------------- */

static void answer_removed(struct admin_call *c, size_t removed)
{
	struct json_out o = answer_begin(c, 200);
	out_int(&o, "removed", (int64_t)removed);
	answer_end(&o);
}

void requests_remove(struct admin_call *c)
{
	bool given = false;
	struct journal *j = asked_journal(c);
	const struct match *m = j ? body_match(c, NULL, &given) : NULL;
	if (!m)
		return;
	if (given)
		answer_removed(c, journal_remove(j, m));
	else
		answer_error(c, 400, "MissingField", "DELETE /_cbs/requests removes all", "the field \"match\" is required");
}

/* Without a match everything goes, the count of what was dropped too. */
void requests_clear(struct admin_call *c)
{
	bool given = false;
	struct journal_stats before;
	struct journal *j = asked_journal(c);
	const struct match *m = j ? body_match(c, NULL, &given) : NULL;
	if (!m)
		return;
	if (given) {
		answer_removed(c, journal_remove(j, m));
		return;
	}
	journal_stats(j, &before);
	journal_clear(j);
	answer_removed(c, before.entries);
}

/* ---- one request ------------------------------------------------------------------------------------------------------- */

/* False when it has answered that there is none. */
static bool find_one(struct admin_call *c, struct journal_list *list)
{
	struct journal *j = asked_journal(c);
	if (!j)
		return false;
	journal_read_one(j, c->subject, list);
	if (list->count)
		return true;
	answer_error(c, 404, "NoSuchRequest",
	             list->stats.dropped ? "the journal has dropped older ones: --journal-entries, --journal-bytes"
	                                 : "GET /_cbs/requests lists them",
	             "the journal has no request \"%s\"", c->subject);
	journal_list_finish(list);
	return false;
}

static void answer_one(struct admin_call *c, void (*write)(struct json_out *o, const struct journal_entry *e))
{
	struct journal_list list;
	if (!find_one(c, &list))
		return;
	struct json_out o = answer_begin(c, 200);
	write(&o, list.entries[0]);
	answer_end(&o);
	journal_list_finish(&list);
}

void requests_show(struct admin_call *c)
{
	answer_one(c, journal_write_whole);
}

void requests_why(struct admin_call *c)
{
	answer_one(c, journal_write_why);
}

/* ---- pasting back ------------------------------------------------------------------------------------------------------ */

/* Where the call went, unless it was meant for the cloud: text to run again must not reach it. */
static const char *endpoint_of(struct admin_call *c, const struct journal_entry *e)
{
	for (size_t i = 0; i < e->header_count; i++) {
		const char *host = e->headers[i].value, *scheme = strstr(host, "://");
		host = scheme ? scheme + 3 : host;
		if (str_case_is(e->headers[i].name, "Host") && !strstr(host, "tencentcloudapi") && *host)
			return host;
	}
	return c->in->host;
}

static bool find_paste(const char *name, enum paste *how)
{
	for (int i = 0; i < N_PASTES; i++)
		if (str_is(paste_names[i], name)) {
			*how = (enum paste)i;
			return true;
		}
	return false;
}

static const char *accepted_names(struct admin_call *c, const char *const *names, int count)
{
	const char *text = "accepted:";
	for (int i = 0; i < count; i++)
		text = arena_printf(c->arena, "%s%s %s", text, i ? "," : "", names[i]);
	return text;
}

void requests_as(struct admin_call *c)
{
	enum paste how;
	const char *why, *form = strrchr(c->in->path, '/') + 1;
	struct journal_list list;
	if (!find_paste(form, &how)) {
		answer_error(c, 400, "UnknownForm", accepted_names(c, paste_names, N_PASTES), "a request cannot be written as \"%s\"",
		             form);
		return;
	}
	if (!find_one(c, &list))
		return;
	if (journal_paste(list.entries[0], how, endpoint_of(c, list.entries[0]), &c->out->body, &why)) {
		c->out->status = 200;
		c->out->content_type = "text/plain; charset=utf-8";
	} else {
		answer_error(c, 409, "NoSuchCall", NULL, "this request cannot be made again: %s", why);
	}
	journal_list_finish(&list);
}

/* ---- export ------------------------------------------------------------------------------------------------------------ */

static bool find_format(struct admin_call *c, const char *name, enum journal_format *format)
{
	*format = JOURNAL_NDJSON;
	for (int i = 0; i < N_JOURNAL_FORMATS; i++)
		if (!name || str_is(journal_format_names[i], name)) {
			*format = (enum journal_format)i;
			return true;
		}
	answer_error(c, 400, "UnknownFormat", accepted_names(c, journal_format_names, N_JOURNAL_FORMATS), "there is no format \"%s\"",
	             name);
	return false;
}

void requests_export(struct admin_call *c)
{
	enum journal_format format;
	struct journal_list list;
	struct journal *j = asked_journal(c);
	const struct match *m = j ? asked_match(c) : NULL;
	if (!m || !find_format(c, c->values[ASKED_OTHER], &format))
		return;
	journal_read(j, &list);
	journal_list_filter(&list, m);
	journal_export(&list, format, arena_printf(c->arena, "http://%s", c->in->host), &c->out->body);
	c->out->status = 200;
	c->out->content_type = journal_format_types[format];
	if (c->out->body.overflow)
		answer_error(c, 413, "AnswerTooLarge", "ask for fewer: since, action, code",
		             "%zu requests are more than one answer can hold", list.count);
	journal_list_finish(&list);
}

/* ---- tags -------------------------------------------------------------------------------------------------------------- */

static void answer_tags(struct admin_call *c, struct journal *j)
{
	const struct name_value *tags;
	size_t count = journal_tags(j, c->arena, &tags);
	struct json_out o = answer_begin(c, 200);
	out_object(&o, "tags");
	for (size_t i = 0; i < count; i++)
		out_str(&o, tags[i].name, tags[i].value);
	out_end_object(&o);
	answer_end(&o);
}

void requests_tags(struct admin_call *c)
{
	struct journal *j = asked_journal(c);
	if (j)
		answer_tags(c, j);
}

void requests_set_tags(struct admin_call *c)
{
	struct name_value tags[JOURNAL_TAGS_MAX];
	size_t count = 0;
	const cJSON *object, *value;
	struct journal *j = asked_journal(c);
	if (!j || !(object = body_object(c)))
		return;
	cJSON_ArrayForEach(value, object) {
		if (!cJSON_IsString(value) || !*value->string || count == JOURNAL_TAGS_MAX) {
			answer_error(c, 400, "InvalidField", "{\"test\":\"retry_17\"}", "tags are names with texts, at most %d",
			             JOURNAL_TAGS_MAX);
			return;
		}
		tags[count++] = (struct name_value){ value->string, value->valuestring };
	}
	journal_set_tags(j, tags, count);
	answer_tags(c, j);
}
