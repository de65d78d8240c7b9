/* Who sends this, and is it really them? Scope, time, key, token, signature, in the order of protocol.md §5; the variants that
 * clients produce against a local address are those of §9. */
#include <inttypes.h>
#include <string.h>

#include "gateway/mock_internal.h"
#include "gateway/recording.h"
#include "gateway/stages.h"
#include "util/str.h"
#include "util/wiretime.h"

#define DEFAULT_PRODUCT "cbs"
#define UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

enum {
	SKEW_SECONDS = 300,
	HOSTS_MAX = 16, /* names of ours that a client may have signed */
	SIGNED_HEADERS_MAX = 64,
};

static bool signature_holds(struct mock *m, struct request *r);

/* ---- the sandbox -------------------------------------------------------------------------------------------------------- */

static void find_key(struct mock *m, struct request *r)
{
	struct sandbox *found = NULL;
	r->key_known = registry_find(&m->registry, r->arena, r->secret_id, r->wall_ms, &found, &r->credential, &r->account);
	if (r->key_known)
		r->sandbox = found;
}

/* Would all checks up to the signature let it pass? Found out on a copy, so that the request itself goes through them as any other. */
static bool proves_itself(struct mock *m, const struct request *r)
{
	struct request trial = *r;
	return stage_presence(m, &trial) && stage_scope(m, &trial) && stage_expiry(m, &trial) && stage_token(m, &trial) &&
	       signature_holds(m, &trial);
}

/* The first request with a key may make it a sandbox, but not one that somebody else could have signed. Of a request that is played
 * again it is known that its key was promised one, or its signature would not have been looked at. */
static void take_first_use(struct mock *m, struct request *r)
{
	struct credential key = { .secret_id = r->secret_id, .secret_key = "", .token = "", .status = "ENABLED", .kind = "API", .mfa = "" };
	if (!sandboxes_first_use_key(m, r->secret_id, &key) && !(r->proof.given && !r->proof.good))
		return;
	r->credential = key;
	r->key_promised = !proves_itself(m, r);
	if (r->key_promised)
		return;
	sandbox_release(sandboxes_first_use(m, r->secret_id));
	find_key(m, r);
}

bool stage_sandbox(struct mock *m, struct request *r)
{
	find_key(m, r);
	if (!r->key_known)
		take_first_use(m, r);
	recording_take_request(r);
	return true;
}

/* ---- scope -------------------------------------------------------------------------------------------------------------- */

/* The text of a host up to its first dot, which is what most SDKs take for the service; with its port when there is no dot. */
static const char *first_label(struct arena *a, const char *host)
{
	return arena_strndup(a, host, strcspn(host, "."));
}

/* A real name, and an alias such as cbs.mock.test, say which product they are; an address does not. */
static const char *product_of_host(const struct request *r)
{
	const char *label = first_label(r->arena, r->host_name);
	return r->real_host || product_exists(label) ? label : DEFAULT_PRODUCT;
}

static bool service_fits(const struct mock *m, const struct request *r, const char *service)
{
	if (m->config->signature == SIGNATURE_EXACT && !r->real_host)
		return false;
	if (str_is(service, r->product))
		return true;
	return m->config->signature != SIGNATURE_EXACT && !r->real_host &&
	       (str_is(service, first_label(r->arena, r->host)) || str_is(service, first_label(r->arena, r->host_name)));
}

/* A timestamp that has no date is left to the check of its age. */
static bool date_fits(const struct request *r)
{
	char date[WIRETIME_SIZE];
	int64_t seconds;
	if (!str_to_i64(r->timestamp, &seconds) || seconds > WIRETIME_MAX_MS / 1000)
		return true;
	wiretime_utc_date(seconds * 1000, date);
	return str_is(date, r->authorization.date);
}

/* Is `name` one of the ';'-separated names? */
static bool signs_header(const char *signed_headers, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = signed_headers; *at;) {
		size_t size = strcspn(at, ";");
		if (size == len && strncmp(at, name, len) == 0)
			return true;
		at += size;
		at += *at == ';';
	}
	return false;
}

bool stage_scope(struct mock *m, struct request *r)
{
	r->product = product_of_host(r);
	if (!r->tc3 || m->config->signature == SIGNATURE_OFF)
		return true;
	if (!service_fits(m, r, r->authorization.service)) {
		because(r, "service %s in the credential scope, %s by the host %s", r->authorization.service, r->product, r->host);
		return refuse_text(r, TEXT_AUTHORIZATION_PART, "Service", NULL);
	}
	if (!date_fits(r)) {
		because(r, "date %s in the credential scope is not the UTC date of timestamp %s", r->authorization.date, r->timestamp);
		return refuse_text(r, TEXT_AUTHORIZATION_PART, "Date", NULL);
	}
	if (!signs_header(r->authorization.signed_headers, "content-type") || !signs_header(r->authorization.signed_headers, "host"))
		return refuse_text(r, TEXT_AUTHORIZATION_SHAPE, "SignedHeaders", NULL);
	return true;
}

bool stage_expiry(struct mock *m, struct request *r)
{
	if (m->config->signature == SIGNATURE_OFF)
		return true;
	bool sandbox_time = r->key_known && atomic_load(&r->sandbox->signs_by_clock);
	uint64_t sent = 0, now = (uint64_t)((sandbox_time ? sandbox_now(r->sandbox, r->wall_ms) : r->wall_ms) / 1000);
	if (str_to_u64(r->timestamp, &sent) && (sent > now ? sent - now : now - sent) <= SKEW_SECONDS)
		return true;
	because(r, "timestamp %s, server time %" PRIu64, r->timestamp, now);
	return refuse_text(r, TEXT_SIGNATURE_EXPIRED, arena_printf(r->arena, "%" PRIu64, now), NULL);
}

/* ---- key and token ------------------------------------------------------------------------------------------------------- */

/* A key we do not know may be a real one: it is named nowhere. */
bool stage_key(struct mock *m, struct request *r)
{
	(void)m;
	if (!r->key_known && !r->key_promised)
		return refuse(r, ERR_AUTH_FAILURE_SECRET_ID_NOT_FOUND);
	r->caller = (struct caller){
		.uin = r->credential.account, .sub_uin = r->credential.sub_uin,
		.secret_id = r->credential.secret_id, .mfa = r->credential.mfa, .address = r->address ? r->address : "",
	};
	if (!*r->request_id)
		sandbox_request_id(r->sandbox, r->request_id);
	if (!str_is(r->credential.status, "ENABLED")) {
		because(r, "the key is disabled");
		return refuse(r, ERR_AUTH_FAILURE_SECRET_ID_NOT_FOUND);
	}
	if (!str_is(r->credential.kind, "API"))
		return refuse(r, ERR_AUTH_FAILURE_INVALID_SECRET_ID);
	return true;
}

/* A token beside a permanent key is refused (inferred). Expiry goes by sandbox time, so that a test can let it come. */
bool stage_token(struct mock *m, struct request *r)
{
	(void)m;
	if (!equal_constant_time(r->token, r->credential.token)) {
		because(r, "%s", !*r->token ? "a temporary key without its token"
		                 : !*r->credential.token ? "a token with a permanent key" : "the token is another key's");
		return refuse(r, ERR_AUTH_FAILURE_TOKEN_FAILURE);
	}
	if (r->credential.expires_ms != 0 && sandbox_now(r->sandbox, r->wall_ms) >= r->credential.expires_ms) {
		because(r, "the temporary key has expired");
		return refuse(r, ERR_AUTH_FAILURE_TOKEN_FAILURE);
	}
	return true;
}

/* ---- signature ----------------------------------------------------------------------------------------------------------- */

/* A host the client may have signed, and what to call it in the log. */
struct host_variant {
	const char *host, *name;
};

struct host_variants {
	struct host_variant list[HOSTS_MAX];
	size_t count;
};

static void add_variant(struct host_variants *v, const char *host, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (str_is(v->list[i].host, host))
			return;
	if (v->count < HOSTS_MAX)
		v->list[v->count++] = (struct host_variant){ host, name };
}

static void add_public_hosts(struct arena *a, struct host_variants *v, const char *names)
{
	while (names && *names) {
		size_t len = strcspn(names, ",");
		if (len > 0)
			add_variant(v, arena_strndup(a, names, len), "public host");
		names += len;
		names += *names == ',';
	}
}

/* What was sent comes first: it is the one an explanation shows. */
static void host_variants(const struct mock *m, const struct request *r, struct host_variants *v)
{
	const char *scheme = strchr(r->host, '/') ? strstr(r->host, "://") : NULL;
	v->count = 0;
	add_variant(v, r->host, scheme && str_prefix(r->host, "http") ? "host with scheme" : "host");
	if (m->config->signature == SIGNATURE_EXACT)
		return;
	if (scheme)
		add_variant(v, scheme + 3, "host without scheme");
	add_variant(v, r->host_name, "host without port"); /* Node sends the port and signs without */
	add_public_hosts(r->arena, v, m->config->public_hosts);
}

static void add_quirk(struct request *r, const char *quirk)
{
	r->signed_with = arena_printf(r->arena, "%s, %s", r->signed_with, quirk);
}

/* The hash of the body, or what the client put in its place. False when the client named a hash and it is another. */
static bool payload_hash(struct request *r, char out[SHA256_HEX + 1])
{
	const char *named = r->known[HEADER_CONTENT_SHA256];
	if (str_is(named, UNSIGNED_PAYLOAD)) {
		sha256_hex(UNSIGNED_PAYLOAD, strlen(UNSIGNED_PAYLOAD), out);
		return true;
	}
	if (r->form == FORM_GET)
		sha256_hex("", 0, out);
	else
		sha256_hex(r->body, r->body_len, out);
	return !named || !*named || str_case_is(named, out);
}

/* The signed headers with their values; a name that was not sent has an empty one. */
static struct name_value *signed_headers(const struct request *r, size_t *count)
{
	struct name_value *list = arena_alloc(r->arena, SIGNED_HEADERS_MAX * sizeof *list);
	*count = 0;
	for (const char *at = r->authorization.signed_headers; *at && *count < SIGNED_HEADERS_MAX;) {
		size_t len = strcspn(at, ";");
		const char *name = arena_strndup(r->arena, at, len), *value = request_header(r, name);
		list[(*count)++] = (struct name_value){ name, value ? value : "" };
		at += len;
		at += *at == ';';
	}
	return list;
}

static void remember(struct request *r, const char *string_to_sign, const char *canonical_request)
{
	if (r->string_to_sign)
		return;
	r->string_to_sign = string_to_sign;
	r->canonical_request = canonical_request;
}

static bool try_tc3(struct request *r, struct tc3_input *in, struct name_value *headers, const struct host_variants *hosts)
{
	for (size_t i = 0; i < hosts->count; i++) {
		struct tc3_signature made;
		for (size_t h = 0; h < in->header_count; h++)
			if (str_case_is(headers[h].name, "host"))
				headers[h].value = hosts->list[i].host;
		tc3_sign(r->arena, in, r->credential.secret_key, &made);
		remember(r, made.string_to_sign, made.canonical_request);
		if (equal_constant_time(made.hex, r->signature)) {
			r->signed_with = hosts->list[i].name;
			return true;
		}
	}
	return false;
}

static bool check_tc3(const struct mock *m, struct request *r, const struct host_variants *hosts, const char *hash)
{
	size_t count;
	struct name_value *headers = signed_headers(r, &count);
	struct tc3_input in = {
		.method = r->method, .query = r->form == FORM_GET ? r->query : "", .headers = headers, .header_count = count,
		.signed_headers = r->authorization.signed_headers, .payload_hash = hash, .timestamp = r->timestamp,
		.date = r->authorization.date, .service = r->authorization.service,
	};
	bool matched = try_tc3(r, &in, headers, hosts);
	if (!matched && m->config->signature != SIGNATURE_EXACT) {
		in.raw_values = true; /* SDKs do not lower-case what they sign; a host in capitals shows it */
		matched = try_tc3(r, &in, headers, hosts);
		if (matched)
			add_quirk(r, "raw values");
	}
	if (!matched)
		return false;
	if (!str_is(r->authorization.service, r->product))
		add_quirk(r, "service of host");
	if (r->authorization.two_blanks)
		add_quirk(r, "two blanks");
	return true;
}

static bool check_v1(struct request *r, const struct host_variants *hosts)
{
	size_t len = strlen(r->signature);
	while (len > 0 && strchr("\r\n", r->signature[len - 1])) /* Ruby's base64 ends in one */
		len--;
	const char *sent = arena_strndup(r->arena, r->signature, len);
	struct v1_input in = {
		.method = r->method, .path = "/", .params = r->pairs, .param_count = r->pair_count,
		.algorithm = str_is(r->signature_method, "HmacSHA256") ? V1_SHA256 : V1_SHA1,
	};
	for (size_t i = 0; i < 2 * hosts->count; i++) {
		struct v1_signature made;
		in.host = hosts->list[i / 2].host;
		in.dots = i % 2 == 1; /* Python and Java sign '.' for '_' in names */
		v1_sign(r->arena, &in, r->credential.secret_key, &made);
		remember(r, made.string_to_sign, NULL);
		if (!equal_constant_time(made.base64, sent))
			continue;
		r->signed_with = hosts->list[i / 2].name;
		if (in.dots)
			add_quirk(r, "dots for underscores");
		if (sent[len] != r->signature[len])
			add_quirk(r, "line end in signature");
		return true;
	}
	return false;
}

static bool signature_holds(struct mock *m, struct request *r)
{
	if (m->config->signature == SIGNATURE_OFF) {
		r->signed_with = "not checked";
		return true;
	}
	char hash[SHA256_HEX + 1];
	if (r->tc3 && !payload_hash(r, hash))
		return refuse_text(r, TEXT_CONTENT_SHA256_INVALID, NULL);
	if (!r->tc3 && m->config->signature == SIGNATURE_EXACT && !r->real_host) {
		because(r, "the host %s is no name of the cloud's", r->host);
		return refuse(r, ERR_AUTH_FAILURE_SIGNATURE_FAILURE);
	}
	r->proof.used = r->proof.given && (r->proof.always || !*r->credential.secret_key);
	if (r->proof.used) {
		r->signed_with = r->proof.good ? "known from before" : NULL;
		return r->proof.good ? true : refuse(r, ERR_AUTH_FAILURE_SIGNATURE_FAILURE);
	}
	struct host_variants hosts;
	host_variants(m, r, &hosts);
	bool matched = r->tc3 ? check_tc3(m, r, &hosts, hash) : check_v1(r, &hosts);
	return matched ? true : refuse(r, ERR_AUTH_FAILURE_SIGNATURE_FAILURE);
}

/* A promised key got no sandbox, so nothing that it signs comes further than this, though the settings may have changed meanwhile. */
bool stage_signature(struct mock *m, struct request *r)
{
	if (!signature_holds(m, r))
		return false;
	return r->key_promised ? refuse(r, ERR_AUTH_FAILURE_SECRET_ID_NOT_FOUND) : true;
}

/* ---- identity ------------------------------------------------------------------------------------------------------------ */

/* Does one of the ','-separated patterns match? */
static bool in_list(struct arena *a, const char *patterns, const char *address)
{
	while (*patterns) {
		size_t len = strcspn(patterns, ",");
		if (str_glob(arena_strndup(a, patterns, len), address))
			return true;
		patterns += len;
		patterns += *patterns == ',';
	}
	return false;
}

bool stage_identity(struct mock *m, struct request *r)
{
	(void)m;
	if (str_is(r->caller.mfa, "FAILED"))
		return refuse(r, ERR_AUTH_FAILURE_MFA_FAILURE);
	if (in_list(r->arena, r->account.ip_deny, r->caller.address))
		return refuse(r, ERR_IP_IN_BLACKLIST);
	if (*r->account.ip_allow && !in_list(r->arena, r->account.ip_allow, r->caller.address))
		return refuse(r, ERR_IP_NOT_IN_WHITELIST);
	return true;
}
