/* Explains refusals that come before any signature is compared: something is missing, malformed, too old, or of somebody unknown.
 * All of it is read from the request. */
#include <inttypes.h>
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/hash.h"
#include "util/str.h"
#include "util/wiretime.h"

enum {
	SKEW_SECONDS = 300,
	HALF_HOUR = 30 * 60,
	ZONE_MAX = 14 * 60 * 60, /* the clock farthest from UTC */
};

struct refusal {
	const struct request *r;
	const struct xray_context *context;
	struct arena *arena;
	struct xray *out;
};

static bool say(struct refusal *f, const char *diagnosis, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Always true: it is explained. */
static bool say(struct refusal *f, const char *diagnosis, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	f->out->diagnosis = diagnosis;
	f->out->confidence = READ_FROM_REQUEST;
	const char *hint = arena_vprintf(f->arena, format, args);
	f->out->hint = xray_covered(f->r, f->arena, hint, strlen(hint));
	va_end(args);
	return true;
}

/* ---- presence ------------------------------------------------------------------------------------------------------------ */

static bool is_signed(const struct request *r)
{
	if (r->tc3)
		return *r->timestamp || request_header(r, "Authorization");
	return *r->timestamp || *r->nonce || *r->secret_id || *r->signature;
}

static bool explain_missing(struct refusal *f)
{
	const struct request *r = f->r;
	const struct {
		const char *name, *header, *value;
		bool needed;
	} needs[] = {
		{ "Timestamp", "X-TC-Timestamp", r->timestamp, true }, { "Nonce", NULL, r->nonce, !r->tc3 },
		{ "SecretId", NULL, r->secret_id, true },              { "Signature", NULL, r->signature, true },
		{ "Action", "X-TC-Action", r->action, true },          { "Version", "X-TC-Version", r->version, true },
	};
	if (!is_signed(r))
		return say(f, "not_signed",
		           "The request has neither an Authorization header nor the parameters of HmacSHA1 and HmacSHA256.");
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
		if (!needs[i].needed || *needs[i].value)
			continue;
		if (r->tc3 && !needs[i].header)
			return say(f, "parameter_missing",
			           "%s is empty in the Authorization header: it may not have reached your program.", needs[i].name);
		return say(f, "parameter_missing",
		           "The request has no %s %s.", r->tc3 ? "header" : "parameter", r->tc3 ? needs[i].header : needs[i].name);
	}
	return false;
}

/* ---- the Authorization header -------------------------------------------------------------------------------------------- */

/* The first word is named only when it is a word of some scheme: it may be a secret. */
static bool explain_algorithm(struct refusal *f, const char *header)
{
	static const char *const others[] = {
		"AWS4-HMAC-SHA256", "ACS3-HMAC-SHA256", "HmacSHA256", "HmacSHA1", "Bearer", "Basic", "SKIP",
	};
	size_t len = strcspn(header, " \t,");
	const char *word = arena_strndup(f->arena, header, len);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (str_case_is(word, others[i]))
			return say(f, "authorization_malformed",
			           "The Authorization header begins with %s; it begins with TC3-HMAC-SHA256.", others[i]);
	if (str_case_is(word, "TC3-HMAC-SHA256"))
		return say(f, "authorization_malformed",
		           "TC3-HMAC-SHA256 is written in capitals at the start of the Authorization header.");
	return say(f, "authorization_malformed", "The Authorization header does not begin with TC3-HMAC-SHA256 and a blank.");
}

static size_t count_char(const char *text, size_t len, char c)
{
	size_t count = 0;
	for (size_t i = 0; i < len; i++)
		count += text[i] == c;
	return count;
}

static bool explain_credential(struct refusal *f, const char *header)
{
	static const char form[] = "Credential=SecretId/date/service/tc3_request";
	const char *at = strstr(header, "Credential=");
	if (!at)
		return say(f, "authorization_malformed", "The Authorization header has no Credential; it has the form %s.", form);
	size_t len = strcspn(at, " \t,"), slashes = count_char(at, len, '/');
	if (slashes != 3)
		return say(f, "authorization_malformed", "Credential has %zu parts; it has four, %s.", slashes + 1, form);
	return say(f, "authorization_malformed",
	           "Credential does not end in tc3_request, or stands there twice; it has the form %s.", form);
}

static bool explain_shape(struct refusal *f, const char *header, const char *part)
{
	if (str_is(part, "Algorithm"))
		return explain_algorithm(f, header);
	if (str_is(part, "Credential"))
		return explain_credential(f, header);
	const char *label = arena_printf(f->arena, "%s=", part);
	if (!strstr(header, label))
		return say(f, "authorization_malformed", "The Authorization header has no %s.", part);
	return say(f, "authorization_malformed", "%s is empty in the Authorization header, or stands there twice.", part);
}

static bool explain_host(struct refusal *f)
{
	return say(f, "host_not_of_the_cloud",
	           "Host: %s is no name of the cloud's; the signature policy \"exact\" takes only those.", f->r->host);
}

static bool explain_service(struct refusal *f)
{
	const struct request *r = f->r;
	if (f->context->policy == SIGNATURE_EXACT && !r->real_host)
		return explain_host(f);
	return say(f, "service_invalid",
	           "Credential names the service \"%s\"; by Host: %s it is \"%s\". SDKs take it from the endpoint's name.",
	           r->authorization.service, r->host, r->product);
}

static bool explain_date(struct refusal *f)
{
	const struct request *r = f->r;
	char utc[WIRETIME_SIZE], local[WIRETIME_SIZE];
	int64_t seconds = 0;
	str_to_i64(r->timestamp, &seconds); /* a time without a date was let pass */
	wiretime_utc_date(seconds * 1000, utc);
	wiretime_date(seconds * 1000, local);
	if (str_is(r->authorization.date, local))
		return say(f, "date_local",
		           "Credential has the local date %s (UTC+8); the timestamp %s is on %s in UTC, and that date is taken.",
		           local, r->timestamp, utc);
	if (!strchr(r->authorization.date, '-'))
		return say(f, "date_without_dashes", "Credential has the date %s; it is written %s.", r->authorization.date, utc);
	return say(f, "date_mismatch",
	           "Credential has the date %s; the timestamp %s is on %s in UTC.", r->authorization.date, r->timestamp, utc);
}

static bool explain_signed_headers(struct refusal *f)
{
	const char *list = f->r->authorization.signed_headers;
	char *lowered = arena_strdup(f->arena, list);
	str_lower(lowered);
	if (strcmp(lowered, list) != 0)
		return say(f, "signed_headers_not_lower_case", "SignedHeaders=%s has capitals; the names are in lower case.", list);
	return say(f, "signed_headers_incomplete",
	           "SignedHeaders=%s; content-type and host must be signed, with ; between the names.", list);
}

/* Which part a refusal is about stands in its message, in either language. */
static bool is_about(const struct refusal *f, const char *part)
{
	return f->r->error.message && strstr(f->r->error.message, arena_printf(f->arena, "`%s`", part));
}

static bool explain_authorization(struct refusal *f)
{
	struct tc3_authorization parsed;
	const char *header = request_header(f->r, "Authorization");
	if (!header)
		return say(f, "authorization_missing", "The request has X-TC headers or a JSON body, but no Authorization header.");
	const char *part = tc3_parse(f->arena, header, &parsed);
	if (part)
		return explain_shape(f, header, part);
	if (is_about(f, "Service"))
		return explain_service(f);
	if (is_about(f, "Date"))
		return explain_date(f);
	return explain_signed_headers(f);
}

/* ---- time ---------------------------------------------------------------------------------------------------------------- */

static bool near(int64_t a, int64_t b)
{
	return (a > b ? a - b : b - a) <= SKEW_SECONDS;
}

/* What zone's clock shows this many seconds too much, to the half hour; 0: none does. */
static int64_t zone_of(int64_t skew)
{
	int64_t zone = (skew + (skew < 0 ? -HALF_HOUR / 2 : HALF_HOUR / 2)) / HALF_HOUR * HALF_HOUR;
	return near(skew, zone) && zone >= -ZONE_MAX && zone <= ZONE_MAX ? zone : 0;
}

/* "+08:00" */
static const char *zone_text(struct arena *a, int64_t zone)
{
	int minutes = (int)((zone < 0 ? -zone : zone) / 60);
	return arena_printf(a, "%c%02d:%02d", zone < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static bool explain_expiry(struct refusal *f)
{
	const struct request *r = f->r;
	int64_t sent, now = f->context->now_ms / 1000;
	if (!str_to_i64(r->timestamp, &sent) || sent > INT64_MAX / 2)
		return say(f, "timestamp_out_of_range", "The timestamp is no time in seconds since 1970.");
	if (near(sent / 1000, now))
		return say(f, "timestamp_in_milliseconds", "The timestamp %s is in milliseconds; it is taken in seconds.", r->timestamp);
	int64_t skew = sent - now, size = skew < 0 ? -skew : skew, zone = zone_of(skew);
	const char *side = skew < 0 ? "behind" : "ahead of";
	if (zone != 0)
		return say(f, "timestamp_local",
		           "The timestamp %s is %" PRId64 " s %s the server's clock: it looks like the local time of UTC%s. "
		           "The timestamp counts seconds since 1970 in UTC.",
		           r->timestamp, size, side, zone_text(f->arena, zone));
	return say(f, "timestamp_expired",
	           "The timestamp %s is %" PRId64 " s %s the server's clock, %" PRId64 "; at most %d are allowed.",
	           r->timestamp, size, side, now, SKEW_SECONDS);
}

/* ---- key and token ------------------------------------------------------------------------------------------------------- */

static bool trimmed_is(const char *text, const char *wanted)
{
	text += strspn(text, " \t\"'");
	size_t len = strlen(wanted);
	return strncmp(text, wanted, len) == 0 && strspn(text + len, " \t\r\n\"'") == strlen(text + len);
}

static bool explain_secret_id(struct refusal *f)
{
	const char *id = f->r->secret_id;
	for (size_t i = 0; i < f->context->key_count; i++) {
		const struct credential *key = &f->context->keys[i];
		if (str_is(id, key->secret_id))
			return say(f, "secret_id_disabled", "The SecretId %s is known, but its key is disabled.", xray_masked_id(f->arena, id));
		if (str_is(id, key->secret_key))
			return say(f, "secret_key_in_place_of_id",
			           "What stands in the place of the SecretId is a SecretKey of this world. It has been sent in the clear: "
			           "where this happens in earnest, disable it.");
		if (trimmed_is(id, key->secret_id))
			return say(f, "secret_id_with_blank", "The SecretId is right but for blanks or quotes around it.");
		if (str_case_is(id, key->secret_id))
			return say(f, "secret_id_in_other_case", "The SecretId is right but for its capitals.");
	}
	if (!str_prefix(id, "AKID"))
		return say(f, "secret_id_unknown",
		           "There is no SecretId %s here. One of the cloud's begins with AKID: the SecretKey may stand in its place.",
		           xray_masked_id(f->arena, id));
	return say(f, "secret_id_unknown", "There is no SecretId %s in the worlds of this server.", xray_masked_id(f->arena, id));
}

static bool explain_secret_id_kind(struct refusal *f)
{
	return say(f, "secret_id_of_other_kind",
	           "The SecretId %s is known, but its key is not one for this API.", xray_masked_id(f->arena, f->r->secret_id));
}

static bool explain_token(struct refusal *f)
{
	const struct request *r = f->r;
	const char *sent = r->token, *own = r->credential.token, *name = r->tc3 ? "X-TC-Token" : "Token";
	if (!*sent)
		return say(f, "token_missing", "The key is a temporary one, but its token was not sent as %s.", name);
	if (!*own)
		return say(f, "token_with_permanent_key", "%s was sent, but the key is a permanent one, which has no token.", name);
	if (str_is(sent, own))
		return say(f, "token_expired", "The token is right, but the temporary key has expired.");
	for (size_t i = 0; i < f->context->key_count; i++)
		if (str_is(sent, f->context->keys[i].token))
			return say(f, "token_of_another_id", "%s is the token of another SecretId. Id, key and token belong together.", name);
	if (trimmed_is(sent, own))
		return say(f, "token_with_blank", "%s is right but for blanks or quotes around it.", name);
	return say(f, "token_other",
	           "%s has %zu characters and is not this key's token, which has %zu.", name, strlen(sent), strlen(own));
}

/* ---- the signature, before it is compared -------------------------------------------------------------------------------- */

static bool explain_signature(struct refusal *f)
{
	const struct request *r = f->r;
	if (!r->tc3 && (r->body_told || r->body_len > FORM_MAX || strlen(r->query) > QUERY_MAX))
		return say(f, "request_too_large",
		           "The request is larger than %s takes; TC3-HMAC-SHA256 with a JSON body takes 10 MiB.", f->out->scheme);
	return explain_host(f);
}

static bool explain_content_hash(struct refusal *f)
{
	const char *named = request_header(f->r, "X-TC-Content-SHA256");
	if (!named || f->r->model || !f->r->key_known)
		return false;
	struct subject s = { .r = f->r, .context = f->context, .arena = f->arena };
	for (int payload = 0; payload < N_PAYLOADS; payload++) {
		const char *hash = payload_digest(&s, (enum payload)payload);
		if (hash && str_case_is(hash, named))
			return say(f, "content_sha256_of_other_text",
			           "X-TC-Content-SHA256 is the digest of this body written otherwise (or of an empty one). Serialise the "
			           "body once, hash that text and send that text.");
	}
	return say(f, "content_sha256_mismatch", "X-TC-Content-SHA256 is not the SHA-256 of the body that was sent.");
}

static bool explain_timestamp_type(struct refusal *f)
{
	uint64_t number;
	if (f->r->model || !*f->r->timestamp || str_to_u64(f->r->timestamp, &number))
		return false;
	return say(f, "timestamp_not_a_number", "The timestamp is not a whole number of seconds since 1970.");
}

/* ---- together ------------------------------------------------------------------------------------------------------------ */

static const struct explanation {
	enum err err;
	bool (*explain)(struct refusal *f);
} explanations[] = {
	{ ERR_MISSING_PARAMETER, explain_missing },
	{ ERR_INVALID_PARAMETER, explain_timestamp_type },
	{ ERR_INVALID_PARAMETER_VALUE, explain_content_hash },
	{ ERR_AUTH_FAILURE_INVALID_AUTHORIZATION, explain_authorization },
	{ ERR_AUTH_FAILURE_SIGNATURE_EXPIRE, explain_expiry },
	{ ERR_AUTH_FAILURE_SECRET_ID_NOT_FOUND, explain_secret_id },
	{ ERR_AUTH_FAILURE_INVALID_SECRET_ID, explain_secret_id_kind },
	{ ERR_AUTH_FAILURE_TOKEN_FAILURE, explain_token },
	{ ERR_AUTH_FAILURE_SIGNATURE_FAILURE, explain_signature },
};

enum { N_EXPLANATIONS = sizeof explanations / sizeof explanations[0] };

bool xray_refused(const struct request *r, const struct xray_context *context, struct arena *a, struct xray *out)
{
	struct refusal f = { r, context, a, out };
	if (r->error.err == ERR_NONE || r->string_to_sign || r->signed_with)
		return false;
	for (size_t i = 0; i < N_EXPLANATIONS; i++)
		if (explanations[i].err == r->error.err && explanations[i].explain(&f))
			return true;
	return say(&f, XRAY_NOT_ITS_MATTER,
	           "The request is refused before anything about its signature is looked at: %s", r->error.message);
}

/* Missing and malformed parameters are business as well: those of who sends it are refused before the key is known. */
bool xray_concerns(const struct request *r)
{
	bool early = !r->signed_with && !r->model;
	for (size_t i = 0; i < N_EXPLANATIONS; i++)
		if (explanations[i].err == r->error.err && r->error.err != ERR_NONE)
			return early;
	return false;
}
