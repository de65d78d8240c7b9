/* A request packed into one block: its secrets masked, its long texts cut. An entry costs one allocation, and as one is made for every
 * request, it is kept small: the block is as large as the last request's texts were, and when these are others, packing has measured
 * them and runs again over the same steps. */
#include "gateway/journal_internal.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/fault.h"
#include "gateway/sandbox.h"
#include "gateway/xray.h"
#include "util/json_out.h"
#include "util/str.h"

#define MASK "***"

enum {
	SHOWN_OF_UNKNOWN_KEY = 8, /* bytes of a SecretId that may be a real one */
	KEY_MIN = 12,             /* a shorter key cannot be told from ordinary text */
	NAME_MAX_BYTES = 32,      /* of the form parameters that are masked */
	AUTH_MAX = 256 * 1024,
};

/* ---- the packer -------------------------------------------------------------------------------------------------------- */

struct packer {
	char *block;
	size_t room;      /* in it: what would go beyond is only measured */
	size_t at, start; /* end of what was packed; where the text under way began */
	bool key_known;
};

static void pack(struct packer *p, const char *text, size_t len)
{
	if (len && p->at + len <= p->room)
		memcpy(p->block + p->at, text, len);
	p->at += len;
}

/* Ends the text under way. What is returned points nowhere when it did not fit. */
static const char *pack_end(struct packer *p)
{
	const char *text = p->start < p->room ? p->block + p->start : NULL;
	pack(p, "", 1);
	p->start = p->at;
	return text;
}

static const char *pack_bytes(struct packer *p, const char *text, size_t len)
{
	pack(p, text, len);
	return pack_end(p);
}

/* Called so often in a row that its code, spelled out each time, would push the rest of a request's out of the first cache. */
__attribute__((noinline)) static const char *pack_text(struct packer *p, const char *text)
{
	return text && *text ? pack_bytes(p, text, strlen(text)) : "";
}

/* In all texts at once: a key has no NUL in it. */
static void blot(char *text, size_t len, const char *key)
{
	size_t key_len = key ? strlen(key) : 0;
	if (key_len < KEY_MIN)
		return;
	for (char *end = text + len; (size_t)(end - text) >= key_len;) {
		char *found = memchr(text, key[0], (size_t)(end - text) - key_len + 1);
		if (!found)
			return;
		if (memcmp(found, key, key_len) == 0)
			memset(found, '*', key_len);
		text = found + 1;
	}
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- masks ------------------------------------------------------------------------------------------------------------- */

static void pack_secret_id(struct packer *p, const char *id, size_t len)
{
	if (p->key_known || !len) {
		pack(p, id, len);
		return;
	}
	pack(p, id, least(len, SHOWN_OF_UNKNOWN_KEY));
	pack(p, "…", strlen("…"));
}

/* What stands before the id, the id, and no more. */
static const char *pack_authorization(struct packer *p, const char *value)
{
	static const char before[] = "Credential=";
	const char *credential = strstr(value, before);
	if (credential) {
		const char *id = credential + strlen(before);
		pack(p, value, (size_t)(id - value));
		pack_secret_id(p, id, strcspn(id, "/, "));
		pack(p, "/", 1);
	}
	return pack_text(p, MASK);
}

/* Most names differ in length already. */
static bool is_named(const char *name, size_t len, const char *wanted)
{
	return len == strlen(wanted) && str_case_is(name, wanted);
}

static const char *pack_header(struct packer *p, const struct name_value *header)
{
	static const char *const masked[] = { "X-TC-Token", "X-Cbs-Admin-Token", "Proxy-Authorization", "Cookie" };
	size_t len = strlen(header->name);
	if (is_named(header->name, len, "Authorization"))
		return pack_authorization(p, header->value);
	for (size_t i = 0; i < sizeof masked / sizeof masked[0]; i++)
		if (is_named(header->name, len, masked[i]))
			return pack_text(p, MASK);
	return pack_text(p, header->value);
}

/* Is this (perhaps encoded) name of a form the wanted one? */
static bool names(const char *name, size_t len, const char *wanted)
{
	char text[NAME_MAX_BYTES * 3 + 1];
	if (len >= sizeof text)
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	return str_form_decode(text, &len) && str_is(text, wanted);
}

/* "a=1&Signature=…&b=2", the values of secrets masked. */
static void pack_form(struct packer *p, const char *text, size_t len)
{
	for (const char *end = text + len; text < end;) {
		const char *stop = memchr(text, '&', (size_t)(end - text));
		size_t size = (size_t)((stop ? stop + 1 : end) - text);
		const char *equals = memchr(text, '=', size);
		size_t name = equals ? (size_t)(equals - text) : size, value = size - name - (equals != NULL) - (stop != NULL);
		bool secret = equals && (names(text, name, "Signature") || names(text, name, "Token"));
		if (secret || (equals && !p->key_known && names(text, name, "SecretId"))) {
			pack(p, text, name + 1);
			if (secret)
				pack(p, MASK, strlen(MASK));
			else
				pack_secret_id(p, equals + 1, value);
			pack(p, "&", stop != NULL);
		} else {
			pack(p, text, size);
		}
		text += size;
	}
}

static const char *pack_target(struct packer *p, const char *target)
{
	size_t path = strcspn(target, "?");
	path += target[path] == '?';
	pack(p, target, path);
	pack_form(p, target + path, strlen(target + path));
	return pack_end(p);
}

/* A multipart body is not taken apart by anybody here, so what is secret in it cannot be told: none of it is kept. */
static void pack_body(struct packer *p, const struct request *r, struct journal_entry *e)
{
	size_t len = str_prefix(r->media_type, "multipart/") ? 0 : least(r->body_len, JOURNAL_BODY_MAX);
	size_t blank = strspn(r->body, " \t\r\n"), start = p->at;
	if (len > blank && (r->body[blank] == '{' || r->body[blank] == '['))
		pack(p, r->body, len);
	else
		pack_form(p, r->body, len);
	e->body_len = p->at - start;
	e->body_cut = r->body_told || len < r->body_len;
	e->body = pack_end(p);
}

/* ---- tags -------------------------------------------------------------------------------------------------------------- */

static bool has_tag(const struct name_value *tags, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(tags[i].name, name))
			return true;
	return false;
}

static char *trimmed(struct arena *a, const char *text, size_t len)
{
	while (len && strchr(" \t", text[0])) {
		text++;
		len--;
	}
	while (len && strchr(" \t", text[len - 1]))
		len--;
	return arena_strndup(a, text, len);
}

size_t tags_of(const struct request *r, const struct name_value *in_force, size_t in_force_count, struct arena *a,
               struct name_value *out)
{
	size_t count = 0;
	const char *header = r->known[HEADER_TAGS];
	while (header && *header && count < JOURNAL_TAGS_MAX) {
		size_t len = strcspn(header, ","), name = strcspn(header, "=,");
		const char *value = header + name + (header[name] == '=');
		out[count] = (struct name_value){ trimmed(a, header, name), trimmed(a, value, (size_t)(header + len - value)) };
		count += *out[count].name != '\0';
		header += len + (header[len] == ',');
	}
	for (size_t i = 0; i < in_force_count && count < JOURNAL_TAGS_MAX; i++)
		if (!has_tag(out, count, in_force[i].name))
			out[count++] = in_force[i];
	return count;
}

/* ---- what it came to --------------------------------------------------------------------------------------------------- */

static const char *scheme_of(const struct request *r)
{
	if (r->tc3)
		return "TC3-HMAC-SHA256";
	if (r->form == FORM_NONE)
		return "";
	return str_is(r->signature_method, "HmacSHA256") ? "HmacSHA256" : "HmacSHA1";
}

/* What the client gets to see in place of the whole answer; "" when it is the answer. */
static const char *delivery_of(const struct wire *w)
{
	static const char *const ends[] = {
		[WIRE_SEND] = "",
		[WIRE_RESET] = "reset",
		[WIRE_CLOSE] = "closed",
		[WIRE_SILENCE] = "silence",
	};
	if (w->cut)
		return "cut";
	if (w->end_after_body)
		return "";
	return w->bad_chunk ? "bad chunk" : ends[w->end];
}

/* The gateway's part ends with the commit; how far the body then goes is the connection's. */
static int phase_of(const struct request *r, const char *delivery)
{
	if (r->phase < PHASE_AFTER_COMMIT)
		return r->phase;
	if (!*delivery)
		return PHASE_AFTER_BODY;
	return str_is(delivery, "cut") ? PHASE_MID_BODY : PHASE_AFTER_COMMIT;
}

static bool is_fault(const struct trail_step *step)
{
	return step->verdict == TRAIL_APPLIED && str_is(step->kind, "fault");
}

static size_t count_names(const char *const *names)
{
	size_t count = 0;
	while (names && names[count])
		count++;
	return count;
}

/* As JSON text in the request's arena; NULL when there is no X-ray. It is written with its name, which the journal gives it
 * itself. */
static const char *auth_of(const struct request *r)
{
	static const char name[] = "\"auth\":";
	struct buf text;
	struct json_out o;
	if (!r->xray)
		return NULL;
	buf_init(&text, AUTH_MAX);
	json_out_init(&o, &text);
	xray_json(r->xray, &o);
	const char *copy = text.overflow ? NULL : arena_strdup(r->arena, text.data + strlen(name));
	buf_finish(&text);
	return copy;
}

/* ---- the entry --------------------------------------------------------------------------------------------------------- */

/* The lists of an entry, which stand before its texts. */
struct lists {
	struct name_value *headers, *tags;
	struct trail_step *trail;
	const char **faults, **unread;
};

struct counts {
	size_t headers, tags, trail, faults, unread;
};

static struct counts count_lists(const struct request *r, size_t tags)
{
	struct counts n = { .headers = r->header_count, .tags = tags, .unread = count_names(r->unread) };
	for (const struct trail_step *step = r->trail.first; step; step = step->next) {
		n.trail++;
		n.faults += is_fault(step);
	}
	return n;
}

static size_t lists_size(const struct counts *n)
{
	return (n->headers + n->tags) * sizeof(struct name_value) + n->trail * sizeof(struct trail_step) +
	       (n->faults + 1 + n->unread + 1) * sizeof(char *);
}

static void place_lists(struct lists *l, const struct counts *n, void *memory)
{
	l->headers = memory;
	l->tags = l->headers + n->headers;
	l->trail = (struct trail_step *)(void *)(l->tags + n->tags);
	l->faults = (const char **)(void *)(l->trail + n->trail);
	l->unread = l->faults + n->faults + 1;
}

static void pack_trail(struct packer *p, const struct request *r, struct lists *l)
{
	size_t i = 0, faults = 0;
	for (const struct trail_step *step = r->trail.first; step; step = step->next, i++) {
		struct trail_step copy = {
			.kind = step->kind,
			.what = pack_text(p, step->what),
			.verdict = step->verdict,
			.passed = step->passed,
			.detail = step->detail ? pack_text(p, step->detail) : NULL,
		};
		if (i > 0)
			l->trail[i - 1].next = &l->trail[i];
		l->trail[i] = copy;
		if (is_fault(step))
			l->faults[faults++] = copy.what;
	}
}

static void pack_lists(struct packer *p, const struct request *r, const struct name_value *tags, size_t tag_count, struct lists *l)
{
	for (size_t i = 0; i < r->header_count; i++) {
		l->headers[i].name = pack_text(p, r->headers[i].name);
		l->headers[i].value = pack_header(p, &r->headers[i]);
	}
	for (size_t i = 0; i < tag_count; i++) {
		l->tags[i].name = pack_text(p, tags[i].name);
		l->tags[i].value = pack_text(p, tags[i].value);
	}
	for (size_t i = 0; r->unread && r->unread[i]; i++)
		l->unread[i] = pack_text(p, r->unread[i]);
	pack_trail(p, r, l);
}

static void pack_texts(struct packer *p, const struct request *r, struct journal_entry *e)
{
	bool failed = r->error.code != NULL;
	e->method = pack_text(p, r->method);
	e->target = pack_target(p, r->target);
	e->address = pack_text(p, r->address);
	pack_body(p, r, e);
	e->action = pack_text(p, r->action);
	e->version = pack_text(p, r->version);
	e->region = pack_text(p, r->region);
	e->language = pack_text(p, r->language);
	e->client = pack_text(p, r->client);
	pack_secret_id(p, r->secret_id, strlen(r->secret_id));
	e->secret_id = pack_end(p);
	e->sandbox = pack_text(p, r->sandbox ? r->sandbox->name : NULL);
	e->request_id = pack_text(p, r->request_id);
	e->code = pack_text(p, failed ? r->error.code : "OK");
	e->message = pack_text(p, failed ? r->error.message : "");
	e->stage = pack_text(p, r->stage);
	e->guard = pack_text(p, r->guard);
	e->because = pack_text(p, r->error.because);
	e->signed_with = pack_text(p, r->signed_with);
	e->auth = pack_text(p, e->auth);
	e->made = pack_bytes(p, r->fields.data, e->committed ? least(r->fields.len, JOURNAL_MADE_MAX) : 0);
	e->content_type = pack_text(p, r->content_type);
	e->answer = pack_bytes(p, r->answer.data, e->answer_len);
}

static void set_numbers(struct journal_entry *e, const struct request *r, int64_t begun_us)
{
	e->wall_ms = r->wall_ms;
	e->now_ms = r->now_ms || !r->sandbox ? r->now_ms : sandbox_now(r->sandbox, r->wall_ms);
	e->begun_us = begun_us;
	e->ended_us = begun_us + r->took_us;
	e->form = r->form;
	e->scheme = scheme_of(r);
	e->body_size = r->body_told ? (size_t)r->body_told : r->body_len;
	e->account = r->caller.uin;
	e->delivery = delivery_of(&r->wire);
	e->delay_ms = r->wire.delay_ms;
	e->auth = auth_of(r);
	e->phase = phase_of(r, e->delivery);
	e->committed = r->committed;
	e->passed = r->trail.passed;
	e->http_status = r->http_status;
	e->answer_size = r->answer.len;
	e->answer_len = least(r->answer.len, JOURNAL_BODY_MAX);
}

static bool fits(const struct journal_entry *e, size_t size)
{
	return size <= e->size && e->size - size <= size / 4;
}

/* The spare one where that is about as large. */
static struct journal_entry *entry_block(size_t size, struct journal_entry *spare)
{
	if (spare && fits(spare, size))
		return spare;
	free(spare);
	spare = xmalloc(size);
	spare->size = size;
	return spare;
}

/* All of it into a block that has room for its lists at least; bytes of texts, whether they found room or not. */
static size_t fill(struct journal_entry *e, const struct request *r, const struct journal_entry *numbers, const struct counts *n,
                   const struct name_value *tags)
{
	size_t fixed = sizeof *e + lists_size(n), size = e->size;
	struct packer p = { .block = (char *)e + fixed, .room = size - fixed, .key_known = r->caller.uin != 0 };
	struct lists lists;
	memcpy(e, numbers, sizeof *e);
	e->size = size;
	place_lists(&lists, n, e + 1);
	lists.faults[n->faults] = lists.unread[n->unread] = NULL;
	pack_texts(&p, r, e);
	pack_lists(&p, r, tags, n->tags, &lists);
	e->headers = lists.headers;
	e->header_count = n->headers;
	e->tags = lists.tags;
	e->tag_count = n->tags;
	e->faults = lists.faults;
	e->unread = lists.unread;
	e->trail = n->trail ? lists.trail : NULL;
	return p.at;
}

struct journal_entry *entry_make(const struct request *r, const struct tag_set *in_force, int64_t begun_us, struct journal_entry *spare)
{
	static _Thread_local size_t texts; /* of the last entry: most requests are about as long as those before them */
	struct name_value tags[JOURNAL_TAGS_MAX];
	size_t tag_count = tags_of(r, in_force ? in_force->tags : NULL, in_force ? in_force->count : 0, r->arena, tags);
	struct counts n = count_lists(r, tag_count);
	struct journal_entry numbers = { .size = 0 };
	set_numbers(&numbers, r, begun_us);

	size_t fixed = sizeof numbers + lists_size(&n);
	struct journal_entry *e = entry_block(fixed + texts, spare);
	texts = fill(e, r, &numbers, &n, tags);
	if (!fits(e, fixed + texts)) {
		e = entry_block(fixed + texts, e);
		fill(e, r, &numbers, &n, tags);
	}
	atomic_init(&e->holders, 1);
	blot((char *)e + fixed, texts, r->credential.secret_key);
	return e;
}

bool entry_let_go(const struct journal_entry *e)
{
	struct journal_entry *mine = (struct journal_entry *)(uintptr_t)e;
	return atomic_fetch_sub_explicit(&mine->holders, 1, memory_order_acq_rel) == 1;
}

void entry_release(const struct journal_entry *e)
{
	if (entry_let_go(e))
		free((struct journal_entry *)(uintptr_t)e);
}
