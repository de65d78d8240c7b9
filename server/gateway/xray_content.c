/* Mistakes of TC3 about what is sent: the query of the canonical request and the digest of the payload. */
#include <stdlib.h>
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/str.h"

enum { QUERY_WRITTEN_MAX = 4 * QUERY_MAX };

/* ---- query --------------------------------------------------------------------------------------------------------------- */

static bool query_included(struct recipe *p, size_t n)
{
	const struct request *r = p->of->r;
	return r->form != FORM_GET && *r->query &&
	       recipe_set(p, &p->query, n == 0 ? r->query : arena_printf(p->of->arena, "?%s", r->query));
}

static bool query_with_mark(struct recipe *p, size_t n)
{
	(void)n;
	return *p->query && recipe_set(p, &p->query, arena_printf(p->of->arena, "?%s", p->query));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The pieces of the query as they were sent, sorted. */
static bool query_sorted(struct recipe *p, size_t n)
{
	(void)n;
	size_t most = 1, count = 0;
	for (const char *c = p->query; *c; c++)
		most += *c == '&';
	const char **pieces = arena_alloc(p->of->arena, most * sizeof *pieces);
	for (const char *at = p->query; *at;) {
		size_t len = strcspn(at, "&");
		pieces[count++] = arena_strndup(p->of->arena, at, len);
		at += len;
		at += *at == '&';
	}
	qsort(pieces, count, sizeof *pieces, by_text);
	struct buf b;
	buf_init(&b, QUERY_WRITTEN_MAX);
	for (size_t i = 0; i < count; i++)
		buf_printf(&b, "%s%s", i > 0 ? "&" : "", pieces[i]);
	const char *sorted = arena_strndup(p->of->arena, b.data, b.len);
	buf_finish(&b);
	return recipe_set(p, &p->query, sorted);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name_value *)a)->name, ((const struct name_value *)b)->name);
}

/* The pairs of the query written anew, in an encoding and an order. */
static const char *written(struct recipe *p, enum encoding encoding, bool sorted)
{
	const struct request *r = p->of->r;
	struct name_value *pairs = arena_alloc(p->of->arena, (r->pair_count + 1) * sizeof *pairs);
	for (size_t i = 0; i < r->pair_count; i++)
		pairs[i] = r->pairs[i];
	if (sorted)
		qsort(pairs, r->pair_count, sizeof *pairs, by_name);
	struct buf b;
	buf_init(&b, QUERY_WRITTEN_MAX);
	for (size_t i = 0; i < r->pair_count; i++) {
		if (i > 0)
			buf_addc(&b, '&');
		encode_text(&b, pairs[i].name, encoding);
		buf_addc(&b, '=');
		encode_text(&b, pairs[i].value, encoding);
	}
	const char *text = arena_strndup(p->of->arena, b.data, b.len);
	buf_finish(&b);
	return text;
}

static const enum encoding encodings[] = { ENCODE_PERCENT, ENCODE_FORM, ENCODE_LOWER, ENCODE_NONE };

enum { N_ENCODINGS = sizeof encodings / sizeof encodings[0] };

/* As sent, then sorted. */
static bool query_encoded(struct recipe *p, size_t n)
{
	return p->of->r->form == FORM_GET && recipe_set(p, &p->query, written(p, encodings[n % N_ENCODINGS], n >= N_ENCODINGS));
}

/* ---- payload ------------------------------------------------------------------------------------------------------------- */

static bool payload_as(struct recipe *p, size_t n)
{
	const char *hash = payload_digest(p->of, (enum payload)n);
	return hash && recipe_set(p, &p->payload, hash);
}

/* What only a request without a payload can have signed in its place. */
static bool payload_of_get(struct recipe *p, size_t n)
{
	return p->of->r->form == FORM_GET && payload_as(p, n);
}

static bool payload_not_hashed(struct recipe *p, size_t n)
{
	enum { SHOWN_MAX = 64 * 1024 };
	const struct request *r = p->of->r;
	(void)n;
	if (r->body_len > SHOWN_MAX || strlen(r->body) != r->body_len)
		return false;
	p->payload = r->form == FORM_GET ? "" : r->body;
	return true;
}

static bool payload_hash_upper(struct recipe *p, size_t n)
{
	char *hash = arena_strdup(p->of->arena, p->payload);
	(void)n;
	text_upper(hash);
	return recipe_set(p, &p->payload, hash);
}

static bool payload_hash_twice(struct recipe *p, size_t n)
{
	char *hash = arena_alloc(p->of->arena, SHA256_HEX + 1);
	(void)n;
	sha256_hex(p->payload, strlen(p->payload), hash);
	return recipe_set(p, &p->payload, hash);
}

#define SERIALISE_ONCE " Serialise the body once, sign that text and send that text."

static const struct hypothesis rows[] = {
	{ "query_included", FOR_TC3, GROUP_QUERY, 2, 1, .apply = query_included,
	  .hint = "You signed the query {made} of a POST; the canonical request of a POST has an empty query." },
	{ "query_missing", FOR_TC3, GROUP_QUERY, 1, 1, .field = FIELD(query), .texts = { "" },
	  .hint = "You signed an empty query but sent {sent}; the query of a GET is signed exactly as sent." },
	{ "query_sorted", FOR_TC3, GROUP_QUERY, 1, 1, .apply = query_sorted,
	  .hint = "You signed the query sorted, {made}, but sent {sent}; it is signed exactly as sent." },
	{ "query_encoded_otherwise", FOR_TC3, GROUP_QUERY, 2 * N_ENCODINGS, 2, .apply = query_encoded,
	  .hint = "You signed the query {made} but sent {sent}; it is signed with the encoding and the order in which it is sent." },
	{ "query_with_question_mark", FOR_TC3, GROUP_QUERY, 1, 0, .apply = query_with_mark,
	  .hint = "You signed the query with its question mark; it is signed without." },
	{ "payload_empty", FOR_TC3, GROUP_PAYLOAD, 1, 1, .apply = payload_as, .first = PAYLOAD_EMPTY,
	  .hint = "You signed an empty payload but sent a body; the digest is that of the body as sent." },
	{ "payload_spaced", FOR_TC3, GROUP_PAYLOAD, 1, 1, .apply = payload_as, .first = PAYLOAD_SPACED,
	  .hint = "You signed the body with a blank behind \",\" and \":\", as Python does, but sent it otherwise." SERIALISE_ONCE },
	{ "payload_compact", FOR_TC3, GROUP_PAYLOAD, 1, 1, .apply = payload_as, .first = PAYLOAD_COMPACT,
	  .hint = "You signed the body written without blanks but sent it with some." SERIALISE_ONCE },
	{ "payload_sorted", FOR_TC3, GROUP_PAYLOAD, 2, 2, .apply = payload_as, .first = PAYLOAD_SORTED,
	  .hint = "You signed the body with its keys sorted but sent them in another order." SERIALISE_ONCE },
	{ "payload_pretty", FOR_TC3, GROUP_PAYLOAD, 3, 0, .apply = payload_as, .first = PAYLOAD_PRETTY_2,
	  .hint = "You signed the body indented over several lines but sent it otherwise." SERIALISE_ONCE },
	{ "payload_unicode_escaped", FOR_TC3, GROUP_PAYLOAD, 2, 2, .apply = payload_as, .first = PAYLOAD_ASCII,
	  .hint = "You signed the body with characters escaped as \\uXXXX but sent the characters themselves." SERIALISE_ONCE },
	{ "payload_unicode_decoded", FOR_TC3, GROUP_PAYLOAD, 2, 2, .apply = payload_as, .first = PAYLOAD_PLAIN,
	  .hint = "You signed the body with its characters as such but sent escapes such as \\uXXXX or \\/." SERIALISE_ONCE },
	{ "payload_slashes_escaped", FOR_TC3, GROUP_PAYLOAD, 1, 0, .apply = payload_as, .first = PAYLOAD_SLASHES,
	  .hint = "You signed the body with / written as \\/, as PHP does, but sent it otherwise." SERIALISE_ONCE },
	{ "payload_html_escaped", FOR_TC3, GROUP_PAYLOAD, 1, 0, .apply = payload_as, .first = PAYLOAD_HTML,
	  .hint = "You signed the body with <, > and & escaped as \\uXXXX, as Go does, but sent it otherwise." SERIALISE_ONCE },
	{ "payload_with_line_end", FOR_TC3, GROUP_PAYLOAD, 2, 1, .apply = payload_as, .first = PAYLOAD_LINE_END,
	  .hint = "You signed the body with a line end behind it but sent it without." },
	{ "payload_without_line_end", FOR_TC3, GROUP_PAYLOAD, 1, 1, .apply = payload_as, .first = PAYLOAD_STRIPPED,
	  .hint = "You signed the body without the line end that you sent behind it." },
	{ "payload_with_bom", FOR_TC3, GROUP_PAYLOAD, 1, 0, .apply = payload_as, .first = PAYLOAD_BOM,
	  .hint = "You signed the body with a byte order mark before it but sent it without." },
	{ "payload_other_nothing", FOR_TC3, GROUP_PAYLOAD, 2, 1, .apply = payload_as, .first = PAYLOAD_BRACES,
	  .hint = "You signed {} or null for a request without parameters but sent something else." },
	{ "payload_unsigned", FOR_TC3, GROUP_PAYLOAD, 1, 0, .apply = payload_as, .first = PAYLOAD_UNSIGNED,
	  .hint = "You signed UNSIGNED-PAYLOAD without sending the header X-TC-Content-SHA256: UNSIGNED-PAYLOAD." },
	{ "payload_of_get", FOR_TC3, GROUP_PAYLOAD, 2, 1, .apply = payload_of_get, .first = PAYLOAD_QUERY,
	  .hint = "You signed a payload for a GET; its payload is empty, and its parameters are in the query." },
	{ "payload_not_hashed", FOR_TC3, GROUP_PAYLOAD, 1, 0, .apply = payload_not_hashed,
	  .hint = "You put the payload itself at the end of the canonical request; its SHA-256 belongs there." },
	{ "payload_hash_upper_case", FOR_TC3, GROUP_PAYLOAD, 1, 0, .apply = payload_hash_upper,
	  .hint = "You wrote the payload's digest in capitals; its hex digits are in lower case." },
	{ "payload_hashed_twice", FOR_TC3, GROUP_PAYLOAD, 1, 0, .apply = payload_hash_twice,
	  .hint = "You hashed the payload's digest once more; it is hashed once." },
};

const struct hypothesis_list xray_content_rows = LIST_OF(rows);
