/* A request examined without being handled: the stages up to the signature run on a request of their own. The look-up of the key
 * is done here, since that stage also takes a RequestId, and the next real request must get the one it would have got. */
#include "gateway/diagnose.h"

#include <string.h>

#include "gateway/mock_internal.h"
#include "gateway/stages.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { TARGET_MAX = 64 * 1024, HEADER_MAX = 64 * 1024 };

/* ---- reading text -------------------------------------------------------------------------------------------------------- */

/* Text that is read line by line. */
struct reader {
	struct arena *arena;
	const char *at, *end;
};

/* The next line without its end; NULL behind the last. */
static char *next_line(struct reader *t)
{
	if (t->at == t->end)
		return NULL;
	const char *stop = memchr(t->at, '\n', (size_t)(t->end - t->at));
	size_t len = (size_t)((stop ? stop : t->end) - t->at);
	char *line = arena_strndup(t->arena, t->at, len);
	t->at = stop ? stop + 1 : t->end;
	if (len > 0 && line[len - 1] == '\r')
		line[len - 1] = '\0';
	return line;
}

static bool is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", text[i]))
			return false;
	return len > 0;
}

/* "POST / HTTP/1.1"; the version may be missing. */
static bool read_request_line(struct diagnose_input *in, char *line, struct buf *why)
{
	char *blank = strchr(line, ' ');
	if (!blank || *line == '*' || !is_token(line, (size_t)(blank - line))) {
		buf_printf(why, "the first line is no request line such as \"POST / HTTP/1.1\"%s",
		           strchr(">*", *line) ? "; of what curl -v prints, paste the lines that begin with \">\", without this mark" : "");
		return false;
	}
	*blank = '\0';
	char *target = blank + 1 + strspn(blank + 1, " ");
	target[strcspn(target, " ")] = '\0';
	if (!*target || strlen(target) > TARGET_MAX) {
		buf_printf(why, "the request line has no target, such as /, or too long a one");
		return false;
	}
	in->method = line;
	in->target = target;
	return true;
}

/* As a server takes a field: without the blanks around the value. */
static bool read_header(struct diagnose_input *in, char *line, struct buf *why)
{
	char *colon = strchr(line, ':');
	if (!colon || !is_token(line, (size_t)(colon - line)) || strlen(line) > HEADER_MAX) {
		buf_printf(why, "header line %zu is no \"Name: value\"", in->header_count + 1);
		return false;
	}
	if (in->header_count == HEADERS_MAX) {
		buf_printf(why, "there are more than %d headers", HEADERS_MAX);
		return false;
	}
	*colon = '\0';
	char *value = colon + 1 + strspn(colon + 1, " \t");
	size_t len = strlen(value);
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		value[--len] = '\0';
	in->headers[in->header_count++] = (struct name_value){ line, value };
	return true;
}

static const char *header_value(const struct diagnose_input *in, const char *name)
{
	for (size_t i = 0; i < in->header_count; i++)
		if (str_case_is(in->headers[i].name, name))
			return in->headers[i].value;
	return NULL;
}

/* Content-Length counts when there is as much. Without it, line ends behind the body are taken for the paste's. */
static void read_body(struct diagnose_input *in, const char *text, size_t len)
{
	const char *length = header_value(in, "Content-Length");
	uint64_t named;
	if (length && str_to_u64(length, &named) && named <= len)
		len = (size_t)named;
	else
		while (len > 0 && strchr("\r\n", text[len - 1]))
			len--;
	in->body = arena_strndup(in->arena, text, len);
	in->body_len = len;
}

bool diagnose_read(struct diagnose_input *in, const char *text, size_t len, struct buf *why)
{
	struct reader t = { in->arena, text, text + len };
	in->headers = arena_alloc(in->arena, HEADERS_MAX * sizeof *in->headers);
	in->header_count = 0;
	char *line;
	do
		line = next_line(&t);
	while (line && !line[strspn(line, " \t")]);
	if (!line) {
		buf_printf(why, "there is no request in it");
		return false;
	}
	if (!read_request_line(in, line, why))
		return false;
	while ((line = next_line(&t)) != NULL && *line)
		if (!read_header(in, line, why))
			return false;
	read_body(in, t.at, (size_t)(t.end - t.at));
	return true;
}

/* ---- examining ----------------------------------------------------------------------------------------------------------- */

static void give_key(struct request *r, const char *secret_key)
{
	r->credential.secret_id = r->secret_id;
	r->credential.secret_key = secret_key;
	r->credential.token = r->token; /* there is none to compare it with */
	r->credential.expires_ms = 0;
}

/* *held is a sandbox to release, or NULL. */
static bool find_key(struct mock *m, struct request *r, const char *secret_key, struct sandbox **held)
{
	bool known = registry_find(&m->registry, r->arena, r->secret_id, clock_wall_ms(), held, &r->credential, &r->account);
	r->key_known = known || secret_key;
	if (known)
		r->sandbox = *held;
	else
		known = sandboxes_first_use_key(m, r->secret_id, &r->credential);
	if (secret_key) {
		give_key(r, secret_key);
		return true;
	}
	if (!known || !str_is(r->credential.status, "ENABLED"))
		return refuse(r, ERR_AUTH_FAILURE_SECRET_ID_NOT_FOUND);
	return str_is(r->credential.kind, "API") ? true : refuse(r, ERR_AUTH_FAILURE_INVALID_SECRET_ID);
}

/* A timestamp that is no time in seconds is judged by the real clock. */
static int64_t received_ms(const struct request *r, const struct diagnose_input *in)
{
	int64_t seconds;
	if (in->now_given)
		return in->now_ms;
	if (str_to_i64(r->timestamp, &seconds) && seconds >= 0 && seconds <= WIRETIME_MAX_MS / 1000)
		return seconds * 1000;
	return clock_wall_ms();
}

/* In the order of the pipeline, but that the age of the signature is judged by the time given, whatever the sandbox does: it is not
 * known yet. `view` has the policy, `m` the keys; *held as in find_key. */
static void judge(struct mock *m, struct mock *view, struct request *r, const struct diagnose_input *in, struct sandbox **held)
{
	if (!stage_transport(view, r) || !stage_parse(view, r))
		return;
	r->wall_ms = received_ms(r, in);
	if (!stage_presence(view, r) || !stage_scope(view, r) || !stage_expiry(view, r) || !find_key(m, r, in->secret_key, held))
		return;
	if (stage_token(view, r))
		stage_signature(view, r);
}

static enum signature_policy policy_of(const struct mock *m, const struct diagnose_input *in)
{
	if (in->policy_given)
		return in->policy;
	return m->config->signature == SIGNATURE_OFF ? SIGNATURE_LOCAL : m->config->signature;
}

static struct request *take_request(const struct diagnose_input *in)
{
	struct request *r = request_new();
	r->method = in->method;
	r->target = in->target;
	r->headers = in->headers;
	r->header_count = in->header_count;
	r->body = in->body;
	r->body_len = in->body_len;
	r->address = "";
	r->wall_ms = clock_wall_ms();
	return r;
}

void mock_diagnose(struct mock *m, const struct diagnose_input *in, struct xray *out)
{
	struct mock_config config = *m->config;
	struct mock view = { .config = &config, .sandbox = m->sandbox };
	struct sandbox *named = sandboxes_find(m, in->sandbox ? in->sandbox : DEFAULT_SANDBOX), *held = NULL;
	struct request *r = take_request(in);
	config.signature = policy_of(m, in);
	r->sandbox = named ? named : m->sandbox;
	judge(m, &view, r, in, &held);

	struct xray_context context;
	xray_context_init(&context, r, config.signature, r->arena);
	xray_examine(r, &context, in->arena, out);
	request_free(r);
	sandbox_release(held);
	sandbox_release(named);
}
