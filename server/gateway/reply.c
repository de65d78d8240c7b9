/* {"Response":{…,"RequestId"}}, status 200 for errors too, Content-Type without a charset: else the Python SDK reads no error. */
#include "gateway/reply.h"

#include <string.h>

#include "util/json_out.h"

enum {
	ENVELOPE_MAX = 64 * 1024, /* all but the business fields */
	TAG_DIGITS = 12,          /* of the RequestId, in the message of a business error (cbs.md fact 4) */
};

/* Before the message; behind it for ResourceBusy, as observed. */
static const char *tagged(const struct request *r)
{
	const struct error *e = &r->error;
	const char *tag = r->request_id + strlen(r->request_id) - TAG_DIGITS;
	if (e->kind != BUSINESS)
		return e->message;
	if (e->err == ERR_RESOURCE_BUSY)
		return arena_printf(r->arena, "%s (%s)", e->message, tag);
	return arena_printf(r->arena, "(%s)%s", tag, e->message);
}

/* As a fault rule would have it. */
static void write_canned(struct request *r)
{
	const struct spoiling *s = &r->spoiling;
	buf_init_in(&r->answer, r->arena, strlen(s->body));
	buf_adds(&r->answer, s->body);
	r->content_type = s->content_type;
	r->http_status = s->status;
}

void reply_write(struct request *r)
{
	struct json_out out;
	buf_finish(&r->answer);
	if (r->spoiling.canned) {
		write_canned(r);
		return;
	}
	buf_init_in(&r->answer, r->arena, r->fields.len + ENVELOPE_MAX);
	json_out_init(&out, &r->answer);
	out_object(&out, NULL);
	out_object(&out, "Response");
	if (r->error.code) {
		out_object(&out, "Error");
		out_str(&out, "Code", r->error.code);
		out_str(&out, "Message", tagged(r));
		out_end_object(&out);
	} else if (r->fields.len > 0) {
		buf_add(&r->answer, r->fields.data, r->fields.len);
		out.comma = true;
	}
	out_str(&out, "RequestId", r->request_id);
	out_end_object(&out);
	out_end_object(&out);
	r->content_type = "application/json";
	r->http_status = r->spoiling.status ? r->spoiling.status : 200;
}
