/* The route that explains a signature offline: a request pasted as text, or given in parts, is examined as if it had just come,
 * and nothing else happens to it. */
#include <math.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "gateway/diagnose.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { WHY_MAX = 1024 };

static bool refuse_field(struct admin_call *c, const char *name, const char *should)
{
	answer_error(c, 400, "InvalidField", NULL, "the field \"%s\" must be %s", name, should);
	return false;
}

/* ---- fields -------------------------------------------------------------------------------------------------------------- */

/* What a body said, before it is a request. */
struct pasted {
	struct diagnose_input in;
	const char *raw, *method, *url, *body;
	const cJSON *headers;
};

/* "2026-01-01T00:00:00Z", or seconds since 1970. */
static bool take_now(struct admin_call *c, const cJSON *now, struct diagnose_input *in)
{
	if (!now)
		return true;
	in->now_given = true;
	if (cJSON_IsString(now) && wiretime_parse(now->valuestring, &in->now_ms))
		return true;
	if (!cJSON_IsNumber(now) || now->valuedouble < 0 || now->valuedouble > (double)(WIRETIME_MAX_MS / 1000))
		return refuse_field(c, "now", "a time, \"2026-01-01T00:00:00Z\" or seconds since 1970");
	in->now_ms = (int64_t)(now->valuedouble * 1000);
	return true;
}

static bool take_policy(struct admin_call *c, const char *policy, struct diagnose_input *in)
{
	if (!policy)
		return true;
	in->policy_given = true;
	in->policy = str_is(policy, "exact") ? SIGNATURE_EXACT : SIGNATURE_LOCAL;
	return str_is(policy, "exact") || str_is(policy, "local") ? true : refuse_field(c, "signature", "\"local\" or \"exact\"");
}

static bool read_fields(struct admin_call *c, struct pasted *p)
{
	const char *policy = NULL;
	const cJSON *now = NULL;
	const struct body_field fields[] = {
		{ "raw", .text = &p->raw },
		{ "method", .text = &p->method },
		{ "url", .text = &p->url },
		{ "headers", .json = &p->headers },
		{ "body", .text = &p->body },
		{ "secret_key", .text = &p->in.secret_key },
		{ "now", .json = &now },
		{ "signature", .text = &policy },
	};
	if (!body_read(c, fields, sizeof fields / sizeof fields[0]))
		return false;
	return take_now(c, now, &p->in) && take_policy(c, policy, &p->in);
}

/* ---- the request --------------------------------------------------------------------------------------------------------- */

static bool read_text(struct admin_call *c, struct pasted *p, const char *text, size_t len)
{
	struct buf why;
	buf_init(&why, WHY_MAX);
	bool read = diagnose_read(&p->in, text, len, &why);
	if (!read)
		answer_error(c, 400, "NoRequest", "it has: POST / HTTP/1.1, a line a header, an empty line, the body",
		             "this is no HTTP request: %s", why.data);
	buf_finish(&why);
	return read;
}

/* A number stands for its digits: people write X-TC-Timestamp so. */
static const char *header_text(struct admin_call *c, const cJSON *item)
{
	if (cJSON_IsNumber(item) && floor(item->valuedouble) == item->valuedouble)
		return arena_printf(c->arena, "%.0f", item->valuedouble);
	return cJSON_GetStringValue(item);
}

static bool read_headers(struct admin_call *c, struct pasted *p)
{
	const cJSON *item;
	if (p->headers && !cJSON_IsObject(p->headers))
		return refuse_field(c, "headers", "an object of names and values");
	p->in.headers = arena_alloc(c->arena, HEADERS_MAX * sizeof *p->in.headers);
	cJSON_ArrayForEach(item, p->headers) {
		const char *value = header_text(c, item);
		if (!value)
			return refuse_field(c, "headers", "an object whose values are strings");
		if (p->in.header_count == HEADERS_MAX)
			return refuse_field(c, "headers", "an object of at most 100 names");
		p->in.headers[p->in.header_count++] = (struct name_value){ item->string, value };
	}
	return true;
}

static bool read_parts(struct admin_call *c, struct pasted *p)
{
	const char *url = p->url ? p->url : "/";
	if (*url != '/' && !str_prefix(url, "http://") && !str_prefix(url, "https://"))
		return refuse_field(c, "url", "an address, http://127.0.0.1:9362/?…, or its part from the path on, /?…");
	p->in.method = p->method ? p->method : "POST";
	p->in.target = url;
	p->in.body = p->body ? p->body : "";
	p->in.body_len = strlen(p->in.body);
	return read_headers(c, p);
}

static bool is_json(const struct admin_call *c)
{
	size_t blanks = strspn(c->in->body, " \t\r\n");
	return c->in->body[blanks] == '{';
}

static bool read_pasted(struct admin_call *c, struct pasted *p)
{
	if (!is_json(c))
		return read_text(c, p, c->in->body, c->in->body_len);
	if (!read_fields(c, p))
		return false;
	if (!p->raw)
		return read_parts(c, p);
	if (p->method || p->url || p->body || p->headers) {
		answer_error(c, 400, "InvalidField", "raw, or method, url, headers and body",
		             "\"raw\" is the whole request: the fields of its parts do not go with it");
		return false;
	}
	return read_text(c, p, p->raw, strlen(p->raw));
}

void auth_diagnose(struct admin_call *c)
{
	struct pasted p = { .in = { .arena = c->arena, .sandbox = c->sandbox } };
	struct xray x;
	if (!read_pasted(c, &p))
		return;
	mock_diagnose(c->mock, &p.in, &x);
	struct json_out o = answer_begin(c, 200);
	xray_json(&x, &o);
	answer_end(&o);
}
