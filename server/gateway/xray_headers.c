/* Mistakes of TC3 about the headers that are signed: Content-Type above all, then how lines and names are written. */
#include <stdlib.h>
#include <string.h>

#include "api/model.h"
#include "gateway/xray_internal.h"
#include "util/str.h"

/* ---- Content-Type -------------------------------------------------------------------------------------------------------- */

static bool type_without_charset(struct recipe *p, size_t n)
{
	const char *type = p->content_type;
	size_t len = strcspn(type, ";");
	(void)n;
	while (len > 0 && type[len - 1] == ' ')
		len--;
	return recipe_set(p, &p->content_type, arena_strndup(p->of->arena, type, len));
}

static bool type_with_charset(struct recipe *p, size_t n)
{
	static const char *const charsets[] = { "; charset=utf-8", ";charset=utf-8", "; charset=UTF-8" };
	const char *type = p->content_type;
	if (n == 2)
		p->values = VALUES_RAW; /* in lower case it would be the first */
	return recipe_set(p, &p->content_type, arena_printf(p->of->arena, "%.*s%s", (int)strcspn(type, ";"), type, charsets[n]));
}

static bool type_other(struct recipe *p, size_t n)
{
	static const char *const types[] = {
		"application/json", "application/x-www-form-urlencoded", "text/plain", "application/octet-stream", "multipart/form-data",
	};
	return !str_is(types[n], p->of->r->media_type) && recipe_set(p, &p->content_type, types[n]);
}

/* ---- lines --------------------------------------------------------------------------------------------------------------- */

static bool values_as(struct recipe *p, size_t n)
{
	p->values = (enum values)n;
	return true;
}

static bool line_end_crlf(struct recipe *p, size_t n)
{
	(void)n;
	p->line_end = p->headers_end = "\r\n";
	return true;
}

/* ---- names --------------------------------------------------------------------------------------------------------------- */

/* "content-type" as "Content-Type". */
static char *capitalised(struct arena *a, const char *name)
{
	char *copy = arena_strdup(a, name);
	bool first = true;
	for (char *c = copy; *c; c++) {
		if (first && *c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
		first = *c == '-' || *c == ';';
	}
	return copy;
}

static struct name_value *copy_lines(struct recipe *p)
{
	struct name_value *lines = arena_alloc(p->of->arena, (p->line_count + 1) * sizeof *lines);
	for (size_t i = 0; i < p->line_count; i++)
		lines[i] = p->lines[i];
	return lines;
}

static bool names_capitalised(struct recipe *p, size_t n)
{
	struct name_value *lines = copy_lines(p);
	for (size_t i = 0; i < p->line_count; i++)
		lines[i].name = capitalised(p->of->arena, lines[i].name);
	if (n < 2)
		p->lines = lines;
	if (n > 0)
		p->signed_headers = capitalised(p->of->arena, p->signed_headers);
	return true;
}

static const char *sent_value(const struct recipe *p, const char *name)
{
	const char *value = request_header(p->of->r, name);
	return value ? value : "";
}

/* Signs these headers, in this order, under this list. */
static void use_lines(struct recipe *p, const char *names)
{
	struct name_value *lines = arena_alloc(p->of->arena, SIGNED_LINES_MAX * sizeof *lines);
	size_t count = 0;
	for (const char *at = names; *at && count < SIGNED_LINES_MAX;) {
		size_t len = strcspn(at, ";");
		const char *name = arena_strndup(p->of->arena, at, len);
		lines[count++] = (struct name_value){ name, sent_value(p, name) };
		at += len;
		at += *at == ';';
	}
	p->lines = lines;
	p->line_count = count;
}

static bool other_headers(struct recipe *p, size_t n)
{
	static const char *const sets[] = {
		"content-type;host", "content-type;host;x-tc-action", "content-type;host;x-tc-action;x-tc-timestamp",
		"content-type;host;x-tc-action;x-tc-timestamp;x-tc-version",
		"content-type;host;x-tc-action;x-tc-region;x-tc-timestamp;x-tc-version", "content-type;host;x-tc-timestamp", "host",
		"content-type", "host;x-tc-action", "",
	};
	if (!recipe_set(p, &p->signed_headers, sets[n]))
		return false;
	use_lines(p, sets[n]);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name_value *)a)->name, ((const struct name_value *)b)->name);
}

static const char *names_of(struct recipe *p, const struct name_value *lines)
{
	const char *text = "";
	for (size_t i = 0; i < p->line_count; i++)
		text = arena_printf(p->of->arena, "%s%s%s", text, i > 0 ? ";" : "", lines[i].name);
	return text;
}

/* Even n: sorted, odd n: the other way round; the list as sent, then in the order of the lines. */
static bool other_order(struct recipe *p, size_t n)
{
	struct name_value *lines = copy_lines(p);
	qsort(lines, p->line_count, sizeof *lines, by_name);
	for (size_t i = 0; n % 2 == 1 && i < p->line_count / 2; i++) {
		struct name_value first = lines[i];
		lines[i] = lines[p->line_count - 1 - i];
		lines[p->line_count - 1 - i] = first;
	}
	const char *names = names_of(p, lines);
	if (str_is(names, p->signed_headers))
		return false;
	p->sent = p->signed_headers;
	p->made = names;
	p->lines = lines;
	if (n >= 2)
		p->signed_headers = names;
	return true;
}

static bool list_with_commas(struct recipe *p, size_t n)
{
	char *list = arena_strdup(p->of->arena, p->signed_headers);
	(void)n;
	text_replace(list, ';', ',');
	return recipe_set(p, &p->signed_headers, list);
}

static bool action_other(struct recipe *p, size_t n)
{
	for (size_t i = 0; i < p->line_count; i++)
		if (str_case_is(p->lines[i].name, "x-tc-action"))
			return n < cbs_model_count && recipe_set(p, &p->action, cbs_model[n].name);
	return false;
}

enum { ACTIONS_MAX = 128 };

#define TYPE_AS_SENT "You signed content-type:{made} but sent Content-Type: {sent}. Sign what your HTTP library really sends."

static const struct hypothesis rows[] = {
	{ "content_type_without_charset", FOR_TC3, GROUP_TYPE, 1, 1, .apply = type_without_charset, .hint = TYPE_AS_SENT },
	{ "content_type_with_charset", FOR_TC3, GROUP_TYPE, 3, 2, .apply = type_with_charset, .hint = TYPE_AS_SENT },
	{ "content_type_other", FOR_TC3, GROUP_TYPE, 5, 2, .apply = type_other, .hint = TYPE_AS_SENT },
	{ "content_type_empty", FOR_TC3, GROUP_TYPE, 1, 1, .field = FIELD(content_type), .texts = { "" },
	  .hint = "You signed an empty content-type but sent Content-Type: {sent}. Set the header before you sign." },
	{ "header_values_not_lower_cased", FOR_TC3, GROUP_HEADERS, 1, 0, .apply = values_as, .first = VALUES_RAW,
	  .hint = "You signed header values as they are; they are signed in lower case." },
	{ "header_values_not_trimmed", FOR_TC3, GROUP_HEADERS, 1, 0, .apply = values_as, .first = VALUES_UNTRIMMED,
	  .hint = "You signed header values with the blanks around them; they are signed without." },
	{ "header_blank_after_colon", FOR_TC3, GROUP_HEADERS, 1, 1, .field = FIELD(colon), .texts = { ": " },
	  .hint = "You put a blank behind the colon of the canonical headers; there is none: host:cbs.tencentcloudapi.com." },
	{ "header_names_not_lower_cased", FOR_TC3, GROUP_HEADERS, 3, 0, .apply = names_capitalised,
	  .hint = "You signed header names with capitals; they are signed in lower case." },
	{ "signed_headers_other", FOR_TC3, GROUP_HEADERS, 10, 2, .apply = other_headers,
	  .hint = "You signed the headers {made} but declared SignedHeaders={sent}. Both must be the same list." },
	{ "signed_headers_order", FOR_TC3, GROUP_HEADERS, 4, 0, .apply = other_order,
	  .hint = "You signed the headers in the order {made} but declared SignedHeaders={sent}. They go by the alphabet." },
	{ "signed_headers_missing", FOR_TC3, GROUP_HEADERS, 1, 0, .field = FIELD(signed_headers), .texts = { "" },
	  .hint = "The line with the names of the signed headers, {sent}, is empty in your canonical request." },
	{ "signed_headers_with_commas", FOR_TC3, GROUP_HEADERS, 1, 0, .apply = list_with_commas,
	  .hint = "You joined the names of the signed headers as {made}; they are joined as {sent}." },
	{ "canonical_blank_line_missing", FOR_TC3, GROUP_HEADERS, 1, 1, .field = FIELD(headers_end), .texts = { "" },
	  .hint = "There is no blank line behind the canonical headers: each of them ends in a line feed, and one more follows." },
	{ "canonical_blank_line_twice", FOR_TC3, GROUP_HEADERS, 1, 0, .field = FIELD(headers_end), .texts = { "\n\n" },
	  .hint = "There is one blank line too many behind the canonical headers." },
	{ "canonical_line_end_behind", FOR_TC3, GROUP_HEADERS, 1, 1, .field = FIELD(canonical_end), .texts = { "\n" },
	  .hint = "Your canonical request ends in a line feed; it ends with the digest of the payload." },
	{ "canonical_line_ends_crlf", FOR_TC3, GROUP_HEADERS, 1, 0, .apply = line_end_crlf,
	  .hint = "Your lines end in carriage return and line feed; a line feed alone is signed." },
	{ "action_other", FOR_TC3, GROUP_HEADERS, ACTIONS_MAX, 0, .apply = action_other,
	  .hint = "You signed x-tc-action:{made} but sent X-TC-Action: {sent}." },
};

const struct hypothesis_list xray_header_rows = LIST_OF(rows);
