/* Routes of assertions and of the report card: 200 when they hold, 409 with the reason when not. */
#include "gateway/verify.h"

#include "admin/requests.h"
#include "gateway/conformance.h"
#include "gateway/report.h"

static void verify(struct admin_call *c, enum outcome_of_test (*ask)(struct journal *j, struct arena *a, const cJSON *body,
                                                                     struct json_out *o, struct match_refusal *why))
{
	struct match_refusal why;
	struct journal *j = asked_journal(c);
	const cJSON *body = j ? body_object(c) : NULL;
	if (!body)
		return;
	if (!regions_known(c, cJSON_GetObjectItemCaseSensitive(body, "match"), "/match", &why) ||
	    !regions_known_in(c, cJSON_GetObjectItemCaseSensitive(body, "sequence"), "/sequence", "", &why)) {
		answer_refused(c, &why);
		return;
	}
	struct json_out o = answer_begin(c, 200);
	switch (ask(j, c->arena, body, &o, &why)) {
	case VERIFY_REFUSED:
		answer_refused(c, &why);
		return;
	case VERIFY_FAILS:
		c->out->status = 409;
		break;
	case VERIFY_HOLDS:
		break;
	}
	answer_end(&o);
}

void verify_requests(struct admin_call *c)
{
	verify(c, verify_count);
}

void verify_order(struct admin_call *c)
{
	verify(c, verify_sequence);
}

void verify_behaviour(struct admin_call *c)
{
	verify(c, verify_client);
}

static void report(struct admin_call *c, void (*write)(struct json_out *o, const struct journal_list *list, struct arena *a))
{
	struct journal_list list;
	struct journal *j = asked_journal(c);
	if (!j)
		return;
	journal_read(j, &list);
	struct json_out o = answer_begin(c, 200);
	write(&o, &list, c->arena);
	answer_end(&o);
	if (c->out->body.overflow)
		answer_error(c, 413, "AnswerTooLarge", "DELETE /_cbs/requests before a test keeps it small",
		             "the report is more than one answer can hold");
	journal_list_finish(&list);
}

void verify_report(struct admin_call *c)
{
	report(c, report_write);
}

void verify_conformance(struct admin_call *c)
{
	report(c, conformance_write);
}

void verify_duplicates(struct admin_call *c)
{
	report(c, duplicates_write);
}
