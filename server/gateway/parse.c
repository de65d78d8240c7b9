/* From bytes to a request with names: the form it came in, its size, its pairs or tree, the common parameters (protocol.md §1,
 * §2). */
#include <string.h>

#include "api/json_tree.h"
#include "gateway/form.h"
#include "gateway/stages.h"
#include "util/json_check.h"
#include "util/str.h"

#define REAL_DOMAIN ".tencentcloudapi.com"
#define FORM_TYPE "application/x-www-form-urlencoded"
#define JSON_TYPE "application/json"

static const char *header_or_empty(const struct request *r, enum header which)
{
	return r->known[which] ? r->known[which] : "";
}

/* ---- target and host --------------------------------------------------------------------------------------------------- */

static const char *after_scheme(const char *text)
{
	const char *schemes[] = { "http://", "https://" };
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (str_prefix(text, schemes[i]))
			return text + strlen(schemes[i]);
	return text;
}

/* Fills path, query and, for a target that names a host itself, authority. */
static void split_target(struct request *r, const char **authority)
{
	const char *rest = r->target[0] == '/' ? r->target : after_scheme(r->target);
	*authority = NULL;
	if (rest != r->target) {
		size_t len = strcspn(rest, "/?");
		*authority = arena_strndup(r->arena, rest, len);
		rest += len;
	}
	size_t path_len = strcspn(rest, "?");
	r->path = path_len > 0 ? arena_strndup(r->arena, rest, path_len) : "/";
	r->query = rest[path_len] == '?' ? rest + path_len + 1 : "";
}

static void read_host(struct request *r, const char *authority)
{
	const char *host = r->known[HEADER_HOST];
	r->host = host ? host : authority ? authority : "";
	char *name = arena_strdup(r->arena, after_scheme(r->host));
	name[strcspn(name, "/")] = '\0';
	char *colon = strrchr(name, ':');
	if (colon && !strchr(colon, ']')) /* not inside [::1] */
		*colon = '\0';
	str_lower(name);
	r->host_name = name;
	r->real_host = str_suffix(name, REAL_DOMAIN);
}

/* cbs.ap-guangzhou.tencentcloudapi.com is reached in ap-guangzhou; cbs.tencentcloudapi.com wherever is nearest. */
static void read_access_region(struct request *r)
{
	r->access_region = "";
	const char *first = strchr(r->host_name, '.');
	if (!r->real_host || !first)
		return;
	size_t len = strlen(first + 1), tail = strlen(REAL_DOMAIN);
	if (len > tail)
		r->access_region = arena_strndup(r->arena, first + 1, len - tail);
}

/* ---- form and size ------------------------------------------------------------------------------------------------------ */

static void read_form(struct request *r)
{
	const char *type = header_or_empty(r, HEADER_CONTENT_TYPE);
	type += strspn(type, " \t");
	char *media = arena_strndup(r->arena, type, strcspn(type, "; \t"));
	str_lower(media);
	r->media_type = media;
	if (str_is(r->method, "GET"))
		r->form = FORM_GET;
	else if (str_is(media, FORM_TYPE))
		r->form = FORM_POST;
	else if (str_is(media, JSON_TYPE))
		r->form = FORM_POST_JSON;
	r->tc3 = r->form == FORM_POST_JSON || r->known[HEADER_AUTHORIZATION] || r->known[HEADER_ACTION];
}

static bool within_size(const struct request *r)
{
	if (r->body_told)
		return false;
	switch (r->form) {
	case FORM_GET:
		return strlen(r->query) <= QUERY_MAX;
	case FORM_POST:
		return r->body_len <= FORM_MAX;
	case FORM_POST_JSON:
	case FORM_NONE:
		break;
	}
	return r->body_len <= BODY_MAX;
}

static const struct language {
	const char *name;
	enum lang lang;
} languages[] = { { "en-US", LANG_EN }, { "zh-CN", LANG_ZH } };

/* What the gateway speaks to those who do not say (protocol.md §4). */
static const enum lang default_language = LANG_EN;

static const struct language *find_language(const char *name)
{
	for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
		if (str_is(languages[i].name, name))
			return &languages[i];
	return NULL;
}

const char *language_name(size_t i)
{
	return i < sizeof languages / sizeof languages[0] ? languages[i].name : NULL;
}

static void read_language(struct request *r, const char *name)
{
	const struct language *language = find_language(name);
	r->language = name;
	r->lang = language ? language->lang : default_language;
}

bool stage_transport(struct mock *m, struct request *r)
{
	(void)m;
	const char *authority;
	request_pick_headers(r);
	read_language(r, header_or_empty(r, HEADER_LANGUAGE));
	split_target(r, &authority);
	read_host(r, authority);
	read_access_region(r);
	if (!str_is(r->method, "GET") && !str_is(r->method, "POST"))
		return refuse_text(r, TEXT_METHOD_UNSUPPORTED, r->method, NULL);
	if (!str_is(r->path, "/")) { /* inferred: the documents know no other path */
		because(r, "the path is %s, the API's is always /", r->path);
		return refuse(r, ERR_UNSUPPORTED_PROTOCOL);
	}
	read_form(r);
	if (within_size(r))
		return true;
	if (r->tc3 || r->form == FORM_NONE)
		return refuse(r, ERR_REQUEST_SIZE_LIMIT_EXCEEDED);
	return refuse_text(r, TEXT_SIGNATURE_TOO_LARGE, NULL);
}

/* ---- contents ----------------------------------------------------------------------------------------------------------- */

static bool parse_pairs(struct request *r, const char *text, size_t len)
{
	struct form_fault fault;
	if (form_pairs(r->arena, text, len, PAIRS_MAX, &r->pairs, &r->pair_count, &fault))
		return true;
	return fault.err ? refuse(r, fault.err) : refuse_text(r, fault.text, fault.name, NULL);
}

/* A tree takes far more memory than the text of many small values. What opens or follows a value is counted, in strings too. */
static bool too_many_values(const char *text, size_t len)
{
	size_t count = 0;
	if (len <= VALUES_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		count += text[i] == ',' || text[i] == '[' || text[i] == '{';
	return count > VALUES_MAX;
}

/* An empty body is a request without parameters (inferred). */
static bool parse_json(struct request *r)
{
	struct json_report report;
	if (too_many_values(r->body, r->body_len))
		return refuse(r, ERR_REQUEST_SIZE_LIMIT_EXCEEDED);
	if (r->body_len > 0 && !json_check(r->body, r->body_len, &report)) {
		because(r, "%s at byte %zu of the body", json_fault_text(report.fault), report.offset);
		if (report.fault == JSON_DUPLICATE_KEY)
			return refuse_text(r, TEXT_INVALID_PARAMETER_REPEATED, report.key, NULL);
		return refuse_text(r, TEXT_BODY_NOT_JSON, NULL);
	}
	bool empty = r->body_len == 0;
	r->params = json_tree_parse(r->arena, empty ? "{}" : r->body, empty ? 2 : r->body_len);
	return cJSON_IsObject(r->params) ? true : refuse_text(r, TEXT_BODY_NOT_JSON, NULL);
}

static const char *pair_or_empty(const struct request *r, const char *name)
{
	const char *value = form_value(r->pairs, r->pair_count, name);
	return value ? value : "";
}

static void read_v1(struct request *r)
{
	r->action = pair_or_empty(r, "Action");
	r->version = pair_or_empty(r, "Version");
	r->region = pair_or_empty(r, "Region");
	r->timestamp = pair_or_empty(r, "Timestamp");
	r->nonce = pair_or_empty(r, "Nonce");
	r->secret_id = pair_or_empty(r, "SecretId");
	r->signature = pair_or_empty(r, "Signature");
	r->signature_method = pair_or_empty(r, "SignatureMethod");
	r->token = pair_or_empty(r, "Token");
	r->client = pair_or_empty(r, "RequestClient");
	if (form_value(r->pairs, r->pair_count, "Language"))
		read_language(r, pair_or_empty(r, "Language"));
}

static void read_tc3(struct request *r)
{
	r->action = header_or_empty(r, HEADER_ACTION);
	r->version = header_or_empty(r, HEADER_VERSION);
	r->region = header_or_empty(r, HEADER_REGION);
	r->timestamp = header_or_empty(r, HEADER_TIMESTAMP);
	r->token = header_or_empty(r, HEADER_TOKEN);
	r->client = header_or_empty(r, HEADER_CLIENT);
	r->nonce = r->signature_method = "";
	const char *authorization = r->known[HEADER_AUTHORIZATION];
	if (!authorization)
		return;
	r->authorization_fault = tc3_parse(r->arena, authorization, &r->authorization);
	if (r->authorization_fault)
		return;
	r->secret_id = r->authorization.secret_id;
	r->signature = r->authorization.signature;
}

bool stage_parse(struct mock *m, struct request *r)
{
	(void)m;
	bool parsed = true;
	if (r->form == FORM_NONE || (r->form == FORM_POST && r->tc3))
		return refuse_text(r, TEXT_CONTENT_TYPE_UNSUPPORTED, r->media_type, NULL);
	if (r->form == FORM_GET)
		parsed = parse_pairs(r, r->query, strlen(r->query));
	else if (r->form == FORM_POST)
		parsed = parse_pairs(r, r->body, r->body_len);
	else
		parsed = parse_json(r);
	if (!parsed)
		return false;
	if (r->tc3)
		read_tc3(r);
	else
		read_v1(r);
	return true;
}

/* ---- what must be there ------------------------------------------------------------------------------------------------- */

static bool present(struct request *r, const char *name, const char *value)
{
	return *value ? true : refuse_text(r, TEXT_MISSING_PARAMETER_NAMED, name, NULL);
}

static bool is_number(struct request *r, const char *name, const char *value)
{
	uint64_t number;
	return str_to_u64(value, &number) ? true : refuse_text(r, TEXT_INVALID_PARAMETER_TYPE_VALUE, name, value, NULL);
}

static bool read_authorization(struct request *r)
{
	const char *header = r->known[HEADER_AUTHORIZATION];
	if (!header) {
		because(r, "no Authorization header");
		return refuse(r, ERR_AUTH_FAILURE_INVALID_AUTHORIZATION);
	}
	if (r->authorization_fault)
		return refuse_text(r, TEXT_AUTHORIZATION_SHAPE, r->authorization_fault, NULL);
	return present(r, "SecretId", r->secret_id);
}

static bool read_signature(struct request *r)
{
	return present(r, "Nonce", r->nonce) && is_number(r, "Nonce", r->nonce) && present(r, "SecretId", r->secret_id) &&
	       present(r, "Signature", r->signature);
}

/* The order is protocol.md §5 (a), (c), (d): Timestamp first, Version last. */
bool stage_presence(struct mock *m, struct request *r)
{
	(void)m;
	if (!present(r, "Timestamp", r->timestamp) || !is_number(r, "Timestamp", r->timestamp))
		return false;
	if (r->tc3 ? !read_authorization(r) : !read_signature(r))
		return false;
	if (!*r->action)
		return r->tc3 ? refuse_text(r, TEXT_MISSING_HEADER_NAMED, "X-TC-Action", NULL) : present(r, "Action", r->action);
	if (!present(r, "Version", r->version))
		return false;
	if (*r->language && !find_language(r->language))
		return refuse_text(r, TEXT_REGION_INVALID, r->tc3 ? "X-TC-Language" : "Language", NULL);
	return true;
}
