/* The X-ray's search: sign as documented, then with each mistake of the tables, then with two of them, until the signature that
 * was sent comes out. What bounds it is the number of bytes signed. */
#include "gateway/xray.h"

#include <string.h>

#include "gateway/mock_internal.h"
#include "gateway/xray_internal.h"
#include "util/str.h"

enum {
	WORK_MAX = 2 * 1024 * 1024,  /* bytes signed for one examination */
	PAIRS_TRIED_MAX = 1500,
	CANDIDATES_MAX = 128,        /* mistakes that are tried in pairs */
	TEXT_MAX = 4 * 1024 * 1024,  /* of anything that is signed */
	VALUE_SHOWN_MAX = 200,       /* bytes of a value in a hint */
	HINT_MAX = 4096,
};

static const struct hypothesis_list *const tables[] = {
	&xray_host_rows, &xray_header_rows, &xray_content_rows, &xray_v1_rows, &xray_scope_rows, &xray_key_rows, &xray_output_rows,
};

enum { N_TABLES = sizeof tables / sizeof tables[0] };

/* Up to two mistakes that together give the signature, and the recipe they make. */
struct finding {
	const struct hypothesis *row[2];
	const char *made[2], *sent[2];
	struct recipe recipe;
};

bool recipe_set(struct recipe *p, const char **field, const char *value)
{
	if (str_is(*field, value))
		return false;
	p->sent = *field;
	p->made = value;
	*field = value;
	return true;
}

/* ---- the request as a subject -------------------------------------------------------------------------------------------- */

static void read_lines(struct subject *s)
{
	const struct request *r = s->r;
	s->lines = arena_alloc(s->arena, SIGNED_LINES_MAX * sizeof *s->lines);
	for (const char *at = r->authorization.signed_headers; *at && s->line_count < SIGNED_LINES_MAX;) {
		size_t len = strcspn(at, ";");
		char *name = arena_strndup(s->arena, at, len);
		const char *value = request_header(r, name);
		str_lower(name);
		s->lines[s->line_count++] = (struct name_value){ name, value ? value : "" };
		at += len;
		at += *at == ';';
	}
}

/* The gateway has made the digest already: it is the last line of its canonical request. */
static const char *documented_payload(struct subject *s)
{
	const char *canonical = s->r->canonical_request, *last = canonical ? strrchr(canonical, '\n') : NULL;
	if (last)
		return last + 1;
	bool unsigned_payload = str_is(request_header(s->r, "X-TC-Content-SHA256"), "UNSIGNED-PAYLOAD");
	enum payload payload = unsigned_payload ? PAYLOAD_UNSIGNED : s->r->form == FORM_GET ? PAYLOAD_EMPTY : PAYLOAD_BODY;
	const char *hash = payload_digest(s, payload);
	return hash ? hash : "";
}

static void subject_init(struct subject *s, const struct request *r, const struct xray_context *context)
{
	*s = (struct subject){ .r = r, .context = context, .arena = arena_new() };
	buf_init(&s->canonical, TEXT_MAX);
	buf_init(&s->string, TEXT_MAX);
	size_t len = strlen(r->signature);
	while (len > 0 && strchr("\r\n", r->signature[len - 1])) /* Ruby's base64 ends in one, and is taken */
		len--;
	s->signature = arena_strndup(s->arena, r->signature, len);
	if (r->tc3) {
		read_lines(s);
		s->payload_hash = documented_payload(s);
	}
}

static void subject_finish(struct subject *s)
{
	buf_finish(&s->canonical);
	buf_finish(&s->string);
	arena_free(s->arena);
}

/* ---- the search ---------------------------------------------------------------------------------------------------------- */

static bool reproduces(struct subject *s, const struct recipe *p)
{
	char made[SIGNATURE_SIZE];
	if (s->r->tc3)
		tc3_follow(s, p, made);
	else
		v1_follow(s, p, made);
	return equal_constant_time(made, s->signature);
}

static bool concerns_scheme(const struct subject *s, const struct hypothesis *row)
{
	return (row->schemes & (s->r->tc3 ? FOR_TC3 : FOR_V1)) != 0;
}

static bool apply(struct finding *f, int which, const struct hypothesis *row, size_t n)
{
	struct recipe *p = &f->recipe;
	const char **field = (const char **)(void *)((char *)p + row->field);
	p->made = p->sent = "";
	if (!(row->apply ? row->apply(p, row->first + n) : recipe_set(p, field, row->texts[n])))
		return false;
	f->row[which] = row;
	f->made[which] = p->made;
	f->sent[which] = p->sent;
	return true;
}

static bool try_row(struct subject *s, const struct recipe *usual, const struct hypothesis *row, struct finding *f)
{
	for (size_t n = 0; n < row->variants && s->work < WORK_MAX; n++) {
		*f = (struct finding){ .recipe = *usual };
		if (apply(f, 0, row, n) && reproduces(s, &f->recipe))
			return true;
	}
	return false;
}

static bool find_one(struct subject *s, const struct recipe *usual, struct finding *f)
{
	for (size_t t = 0; t < N_TABLES; t++)
		for (size_t i = 0; i < tables[t]->count; i++)
			if (concerns_scheme(s, &tables[t]->rows[i]) && try_row(s, usual, &tables[t]->rows[i], f))
				return true;
	return false;
}

struct candidate {
	const struct hypothesis *row;
	size_t n;
};

/* The common mistakes that this request can have. */
static size_t candidates(struct subject *s, const struct recipe *usual, struct candidate list[CANDIDATES_MAX])
{
	size_t count = 0;
	for (size_t t = 0; t < N_TABLES; t++)
		for (size_t i = 0; i < tables[t]->count; i++) {
			const struct hypothesis *row = &tables[t]->rows[i];
			for (size_t n = 0; concerns_scheme(s, row) && n < row->paired && count < CANDIDATES_MAX; n++) {
				struct finding f = { .recipe = *usual };
				if (apply(&f, 0, row, n))
					list[count++] = (struct candidate){ row, n };
			}
		}
	return count;
}

static bool find_two(struct subject *s, const struct recipe *usual, struct finding *f)
{
	struct candidate list[CANDIDATES_MAX];
	size_t count = candidates(s, usual, list), tried = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count && s->work < WORK_MAX && tried < PAIRS_TRIED_MAX; j++) {
			if (list[i].row->group == list[j].row->group)
				continue;
			*f = (struct finding){ .recipe = *usual };
			if (!apply(f, 0, list[i].row, list[i].n) || !apply(f, 1, list[j].row, list[j].n))
				continue;
			tried++;
			if (reproduces(s, &f->recipe))
				return true;
		}
	return false;
}

/* ---- what is said of it -------------------------------------------------------------------------------------------------- */

/* A value as it stands in a hint: cut when long, and never a secret. */
static void add_shown(const struct request *r, struct arena *a, struct buf *b, const char *value)
{
	size_t len = strlen(value), shown = len;
	if (len > VALUE_SHOWN_MAX)
		for (shown = VALUE_SHOWN_MAX; shown > 0 && ((unsigned char)value[shown] & 0xc0) == 0x80;)
			shown--;
	buf_adds(b, arena_strndup(a, xray_covered(r, a, value, len), shown));
	if (shown < len)
		buf_adds(b, "…");
}

static void add_hint(const struct request *r, struct arena *a, struct buf *b, const struct finding *f, int which)
{
	static const char made[] = "{made}", sent[] = "{sent}";
	for (const char *at = f->row[which]->hint; *at;) {
		if (str_prefix(at, made)) {
			add_shown(r, a, b, f->made[which]);
			at += sizeof made - 1;
		} else if (str_prefix(at, sent)) {
			add_shown(r, a, b, f->sent[which]);
			at += sizeof sent - 1;
		} else {
			buf_addc(b, *at++);
		}
	}
}

static void describe(const struct request *r, struct arena *a, const struct finding *f, struct xray *out)
{
	struct buf hint;
	buf_init(&hint, HINT_MAX);
	if (f->row[1])
		buf_adds(&hint, "Two mistakes. ");
	add_hint(r, a, &hint, f, 0);
	if (f->row[1]) {
		buf_adds(&hint, " And: ");
		add_hint(r, a, &hint, f, 1);
	}
	out->diagnosis = f->row[1] ? arena_printf(a, "%s+%s", f->row[0]->name, f->row[1]->name) : f->row[0]->name;
	out->confidence = "reproduces the signature you sent";
	out->hint = arena_strndup(a, hint.data, hint.len);
	buf_finish(&hint);
}

static void say_correct(const struct request *r, struct arena *a, struct xray *out)
{
	out->diagnosis = "signature_correct";
	out->confidence = "reproduces the signature you sent";
	out->hint = "The signature is correct.";
	if (r->signed_with && !str_is(r->signed_with, "host"))
		out->hint = arena_printf(a, "The signature is accepted as: %s. A host or service other than the Host header's is accepted "
		                            "here only, not by the cloud.", r->signed_with);
}

static const char *header_not_sent(const struct subject *s)
{
	for (size_t i = 0; i < s->line_count; i++)
		if (!request_header(s->r, s->lines[i].name) && !str_is(s->lines[i].name, "host"))
			return s->lines[i].name;
	return NULL;
}

static bool of_length(const struct subject *s, size_t len)
{
	return strlen(s->signature) == len;
}

/* When no recipe gives the signature, its own form may tell something. */
static void say_unknown(const struct subject *s, struct arena *a, struct xray *out)
{
	const char *absent = header_not_sent(s);
	size_t usual = s->r->tc3 ? 64 : str_is(s->r->signature_method, "HmacSHA256") ? 44 : 28;
	out->confidence = "nothing tried reproduces it";
	if (absent) {
		out->diagnosis = "signed_header_not_sent";
		out->confidence = READ_FROM_REQUEST;
		out->hint = arena_printf(a, "SignedHeaders names %s, but the request has no such header.", absent);
	} else if (!of_length(s, usual)) {
		out->diagnosis = "signature_of_other_length";
		out->hint = arena_printf(a, "A signature of %s has %zu characters, yours has %zu.", out->scheme, usual,
		                         strlen(s->signature));
	} else {
		out->diagnosis = "unknown";
		out->hint = "None of the usual mistakes gives this signature. Compare what you sign with what is expected; where both "
		            "are the same, the SecretKey is not that of this SecretId.";
	}
}

void xray_examine(const struct request *r, const struct xray_context *context, struct arena *a, struct xray *out)
{
	*out = (struct xray){
		.scheme = r->tc3 ? "TC3-HMAC-SHA256" : str_is(r->signature_method, "HmacSHA256") ? "HmacSHA256" : "HmacSHA1",
		.result = r->error.err != ERR_NONE ? r->error.code : "OK",
	};
	if (xray_refused(r, context, a, out))
		return;
	struct subject s;
	struct recipe usual;
	struct finding f;
	subject_init(&s, r, context);
	if (r->tc3)
		tc3_recipe(&s, &usual);
	else
		v1_recipe(&s, &usual);
	if (reproduces(&s, &usual) || r->signed_with) {
		say_correct(r, a, out);
		xray_compare(&s, &usual, NULL, a, out);
	} else if (find_one(&s, &usual, &f) || find_two(&s, &usual, &f)) {
		describe(r, a, &f, out);
		out->tried = s.tried;
		xray_compare(&s, &usual, &f.recipe, a, out);
	} else {
		say_unknown(&s, a, out);
		out->tried = s.tried;
		xray_compare(&s, &usual, NULL, a, out);
	}
	subject_finish(&s);
}

/* ---- for the pipeline ---------------------------------------------------------------------------------------------------- */

void xray_context_init(struct xray_context *context, const struct request *r, enum signature_policy policy, struct arena *a)
{
	struct sandbox *s = r->sandbox;
	struct credential *keys = NULL;
	bool sandbox_time = r->key_known && atomic_load(&s->signs_by_clock);
	*context = (struct xray_context){ .policy = policy, .now_ms = sandbox_time ? sandbox_now(s, r->wall_ms) : r->wall_ms };
	pthread_mutex_lock(&s->lock);
	context->key_count = store_credentials(s->store, a, &keys);
	pthread_mutex_unlock(&s->lock);
	context->keys = keys;
}

const struct xray *xray_request(struct mock *m, struct request *r)
{
	if (!xray_concerns(r))
		return NULL;
	struct xray_context context;
	xray_context_init(&context, r, m->config->signature, r->arena);
	struct xray *x = arena_alloc(r->arena, sizeof *x);
	xray_examine(r, &context, r->arena, x);
	return str_is(x->diagnosis, XRAY_NOT_ITS_MATTER) ? NULL : x;
}
