/* Routes of what happened to a world: its revisions, what differs between two, who shaped a resource, and the way back. */
#include <inttypes.h>

#include "admin/admin_internal.h"
#include "cbs/changes.h"
#include "gateway/history.h"
#include "util/str.h"

enum { WHY_MAX = 4096, PAGE = 100, PAGE_MAX = 1000 };

/* ---- the query --------------------------------------------------------------------------------------------------------------- */

/* A number in the query; `usual` when it is not given. False when it has answered 400. */
static bool read_number(struct admin_call *c, int which, const char *name, int64_t usual, int64_t max, int64_t *out)
{
	const char *text = c->values[which];
	*out = usual;
	if (!text || (str_to_i64(text, out) && *out >= 0 && *out <= max))
		return true;
	answer_error(c, 400, "InvalidQuery", NULL, "%s must be a whole number, 0 to %" PRId64, name, max);
	return false;
}

static bool read_revision(struct admin_call *c, int which, const char *name, int64_t *out)
{
	return read_number(c, which, name, -1, INT64_MAX, out);
}

/* ---- answers ----------------------------------------------------------------------------------------------------------------- */

static void refuse(struct admin_call *c, enum history_outcome outcome, const struct history_span *span, const char *why)
{
	switch (outcome) {
	case HISTORY_OFF:
		answer_error(c, 409, "RevisionsOff", "start with --revisions 1000, or PATCH /_cbs/settings {\"revisions\":1000}",
		             "no revisions are kept of the sandbox \"%s\"", c->sandbox);
		break;
	case HISTORY_UNKNOWN:
		answer_error(c, 404, "NoSuchRevision", "GET /_cbs/revisions lists them", "revisions are kept from %" PRId64 " to %" PRId64,
		             span->first, span->last);
		break;
	case HISTORY_FAILED:
		answer_error(c, 409, "RevisionFailed", "nothing changed", "%s", why);
		break;
	case HISTORY_DONE:
		break;
	}
}

/* Ends an answer that was begun as if all would go well. */
static void answer_outcome(struct admin_call *c, struct json_out *o, enum history_outcome outcome, const struct history_span *span,
                           struct buf *why)
{
	if (outcome == HISTORY_DONE)
		answer_end(o);
	else
		refuse(c, outcome, span, why->data);
	if (c->out->body.overflow)
		answer_error(c, 413, "TooLarge", "ask for less at once", "that is too much for one answer");
	buf_finish(why);
}

/* ---- routes ------------------------------------------------------------------------------------------------------------------ */

void revision_list(struct admin_call *c)
{
	struct history_range range;
	struct history_span span;
	struct buf why;
	if (!read_revision(c, 0, "from", &range.from) || !read_number(c, 1, "limit", PAGE, PAGE_MAX, &range.limit))
		return;
	buf_init(&why, WHY_MAX);
	struct json_out o = answer_begin(c, 200);
	answer_outcome(c, &o, history_list(c->box, &range, &o, &span), &span, &why);
}

void revision_diff(struct admin_call *c)
{
	struct history_range range;
	struct history_span span;
	struct buf why;
	if (!read_revision(c, 0, "from", &range.from) || !read_revision(c, 1, "to", &range.to))
		return;
	buf_init(&why, WHY_MAX);
	struct json_out o = answer_begin(c, 200);
	answer_outcome(c, &o, history_diff(c->box, &range, &o, &span, &why), &span, &why);
}

void revision_rows(struct admin_call *c, int which, const char *only)
{
	struct history_span span;
	struct buf why;
	int64_t no;
	if (!read_revision(c, which, "rev", &no))
		return;
	buf_init(&why, WHY_MAX);
	struct json_out o = answer_begin(c, 200);
	answer_outcome(c, &o, history_state(c->box, no, only, true, &o, &span, &why), &span, &why);
}

void revision_blame(struct admin_call *c)
{
	struct history_span span;
	struct buf why;
	if (!changes_knows(c->subject)) {
		answer_error(c, 400, "NoResource", "ids: disk-…, snap-…, dbp-…, ins-…, img-…, and eight letters or digits",
		             "\"%s\" is not the id of a resource", c->subject);
		return;
	}
	buf_init(&why, WHY_MAX);
	struct json_out o = answer_begin(c, 200);
	answer_outcome(c, &o, history_blame(c->box, c->subject, &o, &span, &why), &span, &why);
}

void revision_rewind(struct admin_call *c)
{
	double wanted = 0;
	const struct body_field fields[] = { { "rev", .required = true, .number = &wanted } };
	struct history_span span;
	struct buf why;
	if (!body_read(c, fields, 1))
		return;
	if (wanted < 0 || wanted > 1e15 || (double)(int64_t)wanted != wanted) {
		answer_error(c, 400, "InvalidField", "GET /_cbs/revisions lists them", "the field \"rev\" must be a whole number and not negative");
		return;
	}
	buf_init(&why, WHY_MAX);
	enum history_outcome outcome = history_rewind(c->box, (int64_t)wanted, &span, &why);
	struct json_out o = answer_begin(c, 200);
	out_str(&o, "status", "rewound");
	out_int(&o, "rev", (int64_t)wanted);
	answer_outcome(c, &o, outcome, &span, &why);
}
