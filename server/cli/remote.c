/* One request to the admin API and its answer. */
#include "cli/remote.h"

#include <stdlib.h>
#include <string.h>

#include "util/str.h"

enum { MESSAGE_MAX = FILE_MAX + 64 * 1024, TIMEOUT_MAX_MS = 3600 * 1000 };

static const char *from_environment(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && *value ? value : fallback;
}

void remote_defaults(struct remote *r)
{
	*r = (struct remote){
		.endpoint = from_environment("CBSMOCK_ENDPOINT", DEFAULT_ENDPOINT),
		.token = from_environment("CBSMOCK_ADMIN_TOKEN", NULL),
		.sandbox = from_environment("CBSMOCK_SANDBOX", NULL),
		.timeout = "60",
	};
}

void remote_options(struct remote *r, struct option_row rows[REMOTE_OPTIONS])
{
	const struct option_row own[REMOTE_OPTIONS] = {
		{ "--sandbox", "NAME", &r->sandbox, NULL, "which; default $CBSMOCK_SANDBOX, else \"default\"" },
		{ "--endpoint", "URL", &r->endpoint, NULL, "the server; default $CBSMOCK_ENDPOINT, else " DEFAULT_ENDPOINT },
		{ "--admin-token", "TEXT", &r->token, NULL, "default $CBSMOCK_ADMIN_TOKEN" },
		{ "--timeout", "DURATION", &r->timeout, NULL, "500ms, 2s or 2; default 60s" },
		{ "--json", NULL, NULL, &r->json, "print the answer as the server gave it" },
		{ "--help", NULL, NULL, &r->help, "print this" },
	};
	memcpy(rows, own, sizeof own);
}

/* A header's value must not begin a line of its own. */
static bool is_header_text(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static void write_message(struct buf *out, const struct remote *r, const struct endpoint *e, const char *method, const char *path,
                          const struct remote_body *body)
{
	buf_printf(out, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, path, e->authority);
	if (r->token)
		buf_printf(out, "X-Cbs-Admin-Token: %s\r\n", r->token);
	if (body->data)
		buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n", body->type, body->len);
	buf_adds(out, "\r\n");
	if (body->data)
		buf_add(out, body->data, body->len);
}

bool remote_ask(struct arena *a, const struct remote *r, const char *method, const char *path, const struct remote_body *body,
                struct http_reply *reply, struct buf *why)
{
	struct endpoint endpoint;
	int64_t ms;
	if (!seconds_parse(r->timeout, &ms) || ms == 0 || ms > TIMEOUT_MAX_MS) {
		buf_printf(why, "--timeout takes a duration or seconds, as in 500ms, 2s or 2, at most an hour, not %s", r->timeout);
		return false;
	}
	if (r->token && !is_header_text(r->token)) {
		buf_adds(why, "--admin-token cannot hold control characters");
		return false;
	}
	if (!endpoint_parse(a, r->endpoint, &endpoint, why))
		return false;
	struct buf message;
	buf_init(&message, MESSAGE_MAX);
	write_message(&message, r, &endpoint, method, path, body);
	bool done = !message.overflow && http_exchange(a, &endpoint, message.data, message.len, (int)(ms + r->waits_ms), reply, why);
	if (message.overflow)
		buf_adds(why, "the body is too long to send");
	buf_finish(&message);
	return done;
}
