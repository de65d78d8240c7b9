/* The client of world.h: requests made as SDKs make them, signed with the library's own signers, which test_sign pins to published
 * vectors. */
#include "world.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/str.h"
#include "util/wiretime.h"

enum { HEADERS_MOST = 32, PAIRS_MOST = 256, TEXT_MOST = 1024 * 1024, WHY_MOST = 4096 };

static void free_request(void *r)
{
	request_free(r);
}

static void free_tree(void *tree)
{
	cJSON_Delete(tree);
}

/* ---- the world ----------------------------------------------------------------------------------------------------------- */

struct test_world *world_open_with(const struct mock_config *config)
{
	struct buf why;
	buf_init(&why, WHY_MOST);
	struct test_world *w = xcalloc(1, sizeof *w);
	w->mock = mock_open(config, &why);
	ck_assert_msg(w->mock != NULL, "mock_open: %s", why.data);
	buf_finish(&why);
	w->arena = arena_new();
	w->wall_ms = clock_wall_ms();
	w->sender = (struct sender){
		.secret_id = WORLD_ID, .secret_key = WORLD_KEY, .token = "", .region = "ap-guangzhou", .version = "2017-03-12",
		.language = "", .host = "127.0.0.1:9362", .service = "cbs", .signed_headers = "content-type;host", .address = "127.0.0.1",
	};
	return w;
}

struct test_world *world_open(void)
{
	struct mock_config config;
	mock_config_default(&config);
	return world_open_with(&config);
}

void world_close(struct test_world *w)
{
	arena_free(w->arena);
	mock_close(w->mock);
	free(w);
}

void world_apply(struct test_world *w, const char *fixture)
{
	struct buf why;
	buf_init(&why, WHY_MOST);
	bool applied = mock_apply(w->mock, "default", fixture, strlen(fixture), &why);
	ck_assert_msg(applied, "%s: %s", fixture, why.data);
	buf_finish(&why);
}

static void change_clock(struct test_world *w, enum clock_change change, int64_t value)
{
	struct vclock clock;
	int64_t now_ms;
	ck_assert(mock_clock(w->mock, "default", change, value, &clock, &now_ms, NULL, NULL));
}

void world_freeze(struct test_world *w)
{
	change_clock(w, CLOCK_FREEZE, 0);
}

void world_advance(struct test_world *w, int64_t ms)
{
	change_clock(w, CLOCK_ADVANCE, ms);
}

/* ---- requests ------------------------------------------------------------------------------------------------------------ */

struct request *world_bare(struct test_world *w, const char *method, const char *target, const char *body)
{
	struct request *r = request_new();
	arena_defer(w->arena, free_request, r);
	r->method = method;
	r->target = target;
	r->headers = arena_alloc(r->arena, HEADERS_MOST * sizeof *r->headers);
	r->body = body;
	r->body_len = strlen(body);
	r->address = w->sender.address;
	r->wall_ms = w->wall_ms;
	return r;
}

void world_header(struct request *r, const char *name, const char *value)
{
	size_t at = 0;
	while (at < r->header_count && !str_case_is(r->headers[at].name, name))
		at++;
	if (value) {
		ck_assert_uint_lt(at, HEADERS_MOST);
		r->headers[at] = (struct name_value){ name, value };
		r->header_count += at == r->header_count;
	} else if (at < r->header_count) {
		r->headers[at] = r->headers[--r->header_count];
	}
}

static void header_unless_empty(struct request *r, const char *name, const char *value)
{
	if (value && *value)
		world_header(r, name, value);
}

/* Name and value of each leaf, flattened as SDKs do. */
struct pairs {
	struct name_value list[PAIRS_MOST];
	size_t count;
};

static void add_pair(struct pairs *p, const char *name, const char *value)
{
	ck_assert_uint_lt(p->count, PAIRS_MOST);
	p->list[p->count++] = (struct name_value){ name, value };
}

static void flatten(struct arena *a, struct pairs *p, const char *prefix, const cJSON *item)
{
	if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
		size_t index = 0;
		for (const cJSON *child = item->child; child; child = child->next, index++) {
			const char *name = child->string ? child->string : arena_printf(a, "%zu", index);
			flatten(a, p, *prefix ? arena_printf(a, "%s.%s", prefix, name) : name, child);
		}
		return;
	}
	if (cJSON_IsString(item))
		add_pair(p, prefix, arena_strdup(a, item->valuestring));
	else if (cJSON_IsBool(item))
		add_pair(p, prefix, cJSON_IsTrue(item) ? "True" : "False"); /* as Python */
	else if (cJSON_IsNumber(item))
		add_pair(p, prefix, arena_printf(a, "%.15g", item->valuedouble));
}

static void flatten_params(struct request *r, struct pairs *p, const char *params)
{
	cJSON *tree = cJSON_Parse(params);
	ck_assert_msg(tree != NULL, "no JSON: %s", params);
	arena_defer(r->arena, free_tree, tree);
	flatten(r->arena, p, "", tree);
}

static void add_encoded(struct buf *b, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr("-_.~", c));
		if (plain)
			buf_addc(b, (char)c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

static const char *encoded(struct arena *a, const struct pairs *p)
{
	struct buf b;
	buf_init(&b, TEXT_MOST);
	for (size_t i = 0; i < p->count; i++) {
		if (i > 0)
			buf_addc(&b, '&');
		add_encoded(&b, p->list[i].name);
		buf_addc(&b, '=');
		add_encoded(&b, p->list[i].value);
	}
	const char *text = arena_strndup(a, b.data, b.len);
	buf_finish(&b);
	return text;
}

static const char *timestamp(struct test_world *w, struct request *r)
{
	return arena_printf(r->arena, "%" PRId64, w->wall_ms / 1000 + w->sender.skew_s);
}

static const char *signed_host(const struct sender *s)
{
	return s->signed_host ? s->signed_host : s->host;
}

/* ---- TC3 ------------------------------------------------------------------------------------------------------------------ */

static size_t signed_values(const struct sender *s, struct request *r, struct name_value *list)
{
	size_t count = 0;
	char *names = arena_strdup(r->arena, s->signed_headers), *rest = names;
	for (char *name; (name = strtok_r(rest, ";", &rest)) != NULL;) {
		const char *value = str_is(name, "host") ? signed_host(s) : request_header(r, name);
		list[count++] = (struct name_value){ name, value ? value : "" };
	}
	return count;
}

static void sign_tc3(struct test_world *w, struct request *r, const char *query)
{
	const struct sender *s = &w->sender;
	char date[WIRETIME_SIZE], hash[SHA256_HEX + 1];
	const char *payload = str_is(s->content_sha256, "UNSIGNED-PAYLOAD") ? s->content_sha256 : r->body;
	sha256_hex(payload, strlen(payload), hash);
	wiretime_utc_date((w->wall_ms / 1000 + s->skew_s) * 1000, date);
	struct name_value headers[HEADERS_MOST];
	struct tc3_input in = {
		.method = r->method, .query = query, .headers = headers, .header_count = signed_values(s, r, headers),
		.signed_headers = s->signed_headers, .payload_hash = hash, .timestamp = timestamp(w, r), .date = date,
		.service = s->service, .raw_values = s->raw_values,
	};
	struct tc3_signature made;
	tc3_sign(r->arena, &in, s->secret_key, &made);
	world_header(r, "Authorization",
	             arena_printf(r->arena, "TC3-HMAC-SHA256 Credential=%s/%s/%s/tc3_request, SignedHeaders=%s, Signature=%s",
	                          s->secret_id, date, s->service, s->signed_headers, made.hex));
}

static struct request *make_tc3(struct test_world *w, const char *action, const char *params)
{
	const struct sender *s = &w->sender;
	bool get = s->form == SEND_TC3_GET;
	struct request *r = world_bare(w, get ? "GET" : "POST", "/", "");
	const char *query = "";
	if (get) {
		struct pairs pairs = { .count = 0 };
		flatten_params(r, &pairs, params);
		query = encoded(r->arena, &pairs);
		r->target = arena_printf(r->arena, "/?%s", query);
	} else {
		r->body = arena_strdup(r->arena, params);
		r->body_len = strlen(params);
	}
	const char *type = get ? "application/x-www-form-urlencoded" : "application/json";
	world_header(r, "Host", s->host);
	world_header(r, "Content-Type", s->content_type ? s->content_type : type);
	world_header(r, "X-TC-Action", action);
	header_unless_empty(r, "X-TC-Version", s->version);
	header_unless_empty(r, "X-TC-Region", s->region);
	header_unless_empty(r, "X-TC-Language", s->language);
	header_unless_empty(r, "X-TC-Token", s->token);
	header_unless_empty(r, "X-TC-Content-SHA256", s->content_sha256);
	world_header(r, "X-TC-Timestamp", timestamp(w, r));
	sign_tc3(w, r, query);
	return r;
}

/* ---- v1 ------------------------------------------------------------------------------------------------------------------- */

static void pair_unless_empty(struct pairs *p, const char *name, const char *value)
{
	if (*value)
		add_pair(p, name, value);
}

static struct request *make_v1(struct test_world *w, const char *action, const char *params)
{
	const struct sender *s = &w->sender;
	bool get = s->form == SEND_V1_GET;
	struct request *r = world_bare(w, get ? "GET" : "POST", "/", "");
	struct pairs pairs = { .count = 0 };
	flatten_params(r, &pairs, params);
	add_pair(&pairs, "Action", action);
	add_pair(&pairs, "Timestamp", timestamp(w, r));
	add_pair(&pairs, "Nonce", "9223372036854775807");
	add_pair(&pairs, "SecretId", s->secret_id);
	pair_unless_empty(&pairs, "Version", s->version);
	pair_unless_empty(&pairs, "Region", s->region);
	pair_unless_empty(&pairs, "Language", s->language);
	pair_unless_empty(&pairs, "Token", s->token);
	if (s->method == V1_SHA256)
		add_pair(&pairs, "SignatureMethod", "HmacSHA256");
	struct v1_input in = {
		.method = r->method, .host = signed_host(s), .path = "/", .params = pairs.list, .param_count = pairs.count, .dots = s->dots,
		.algorithm = s->method,
	};
	struct v1_signature made;
	v1_sign(r->arena, &in, s->secret_key, &made);
	add_pair(&pairs, "Signature", made.base64);

	world_header(r, "Host", s->host);
	if (get) {
		r->target = arena_printf(r->arena, "/?%s", encoded(r->arena, &pairs));
	} else {
		r->body = encoded(r->arena, &pairs);
		r->body_len = strlen(r->body);
		world_header(r, "Content-Type", s->content_type ? s->content_type : "application/x-www-form-urlencoded; charset=utf-8");
	}
	return r;
}

/* ---- calls ---------------------------------------------------------------------------------------------------------------- */

struct request *world_request(struct test_world *w, const char *action, const char *params)
{
	bool tc3 = w->sender.form == SEND_TC3_JSON || w->sender.form == SEND_TC3_GET;
	return tc3 ? make_tc3(w, action, params) : make_v1(w, action, params);
}

static const char *member(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
	return text ? text : "";
}

struct answer world_send(struct test_world *w, struct request *r)
{
	mock_handle(w->mock, r);
	ck_assert_int_eq(r->http_status, 200);
	ck_assert_str_eq(r->content_type, "application/json");
	cJSON *tree = cJSON_ParseWithLength(r->answer.data, r->answer.len);
	ck_assert_msg(tree != NULL, "no JSON: %s", r->answer.data);
	arena_defer(r->arena, free_tree, tree);
	const cJSON *response = cJSON_GetObjectItemCaseSensitive(tree, "Response");
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(response, "Error");
	struct answer answer = {
		.request = r, .response = response, .code = member(error, "Code"), .message = member(error, "Message"),
		.request_id = member(response, "RequestId"),
	};
	ck_assert_uint_eq(strlen(answer.request_id), 36);
	return answer;
}

struct answer world_call(struct test_world *w, const char *action, const char *params)
{
	return world_send(w, world_request(w, action, params));
}
