/* Routes under the names that other local clouds have for them, answered as their users expect: so that a script which waits for one,
 * or resets it between tests, need not change. No more than that: half of another tool's API would only mislead. */
#include "admin/requests.h"
#include "gateway/unmatched.h"
#include "util/clock.h"
#include "util/str.h"
#include "util/wiretime.h"

void alias_localstack_health(struct admin_call *c)
{
	struct json_out o = answer_begin(c, 200);
	out_object(&o, "services");
	out_str(&o, "cbs", "running");
	out_end_object(&o);
	out_str(&o, "edition", "cbsmock");
	out_str(&o, "version", CBSMOCK_VERSION);
	answer_end(&o);
}

static void out_time(struct json_out *o, const char *key, int64_t ms)
{
	char text[WIRETIME_SIZE];
	wiretime_utc(ms, text);
	out_str(o, key, text);
}

void alias_wiremock_health(struct admin_call *c)
{
	int64_t now_ms = clock_wall_ms();
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "healthy");
	out_str(&o, "message", "cbsmock is ok");
	out_str(&o, "version", CBSMOCK_VERSION);
	out_int(&o, "uptimeInSeconds", (now_ms - c->config->started_ms) / 1000);
	out_time(&o, "timestamp", now_ms);
	answer_end(&o);
}

void alias_moto_reset(struct admin_call *c)
{
	if (!world_back(c))
		return;
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "ok");
	answer_end(&o);
}

/* ---- what was asked ---------------------------------------------------------------------------------------------------- */

/* Of the headers from one place to another. */
static size_t count_named(const struct journal_entry *e, size_t from, size_t to, const char *name)
{
	size_t count = 0;
	for (size_t i = from; i < to; i++)
		count += str_case_is(e->headers[i].name, name);
	return count;
}

/* A name with one value has a text, one with several a list, in the place of its first. */
static void write_header(struct json_out *o, const struct journal_entry *e, size_t i)
{
	const char *name = e->headers[i].name;
	if (count_named(e, 0, i, name))
		return;
	if (!count_named(e, i + 1, e->header_count, name)) {
		out_str(o, name, e->headers[i].value);
		return;
	}
	out_array(o, name);
	for (; i < e->header_count; i++)
		if (str_case_is(e->headers[i].name, name))
			out_str(o, NULL, e->headers[i].value);
	out_end_array(o);
}

static void write_event(struct json_out *o, const struct journal_entry *e)
{
	out_object(o, NULL);
	out_str(o, "id", e->request_id);
	out_object(o, "request");
	out_str(o, "url", e->target);
	out_str(o, "method", e->method);
	out_str(o, "clientIp", e->address);
	out_object(o, "headers");
	for (size_t i = 0; i < e->header_count; i++)
		write_header(o, e, i);
	out_end_object(o);
	out_str(o, "body", e->body);
	out_int(o, "loggedDate", e->wall_ms);
	out_time(o, "loggedDateString", e->wall_ms);
	out_end_object(o);
	out_object(o, "response");
	out_int(o, "status", e->http_status);
	out_str(o, "body", e->answer);
	out_end_object(o);
	out_bool(o, "wasMatched", !entry_is_unmatched(e));
	out_end_object(o);
}

void alias_wiremock_requests(struct admin_call *c)
{
	struct journal_list list;
	int64_t limit;
	struct journal *j = asked_journal(c);
	const struct match *m = j ? asked_match(c) : NULL;
	if (!m || !asked_limit(c, &limit))
		return;
	journal_read(j, &list);
	journal_list_filter(&list, m);
	size_t total = list.count;
	journal_list_limit(&list, (size_t)limit);
	struct json_out o = answer_begin(c, 200);
	out_array(&o, "requests");
	for (size_t i = list.count; i > 0; i--)
		write_event(&o, list.entries[i - 1]);
	out_end_array(&o);
	out_object(&o, "meta");
	out_int(&o, "total", (int64_t)total);
	out_end_object(&o);
	out_bool(&o, "requestJournalDisabled", !journal_is_on(j));
	answer_end(&o);
	refuse_too_many(c, list.count);
	journal_list_finish(&list);
}
