/* Mistakes of TC3 between the canonical request and the signature: the string to sign, its time and scope, and the way from the
 * secret key to the signing key. */
#include <inttypes.h>
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, N_SERVICES = 10 };

static const char terminator[] = "tc3_request";

/* Where a wrong part of the scope went: into both places, the signing key alone, the string to sign alone. */
enum place { IN_BOTH, IN_KEY, IN_STRING, N_PLACES };

static bool set_date(struct recipe *p, const char *date, enum place place)
{
	const struct tc3_authorization *a = &p->of->r->authorization;
	if (str_is(date, a->date))
		return false;
	p->sent = a->date;
	p->made = date;
	if (place != IN_STRING)
		p->step[0] = date;
	if (place != IN_KEY)
		p->scope = arena_printf(p->of->arena, "%s/%s/%s", date, a->service, terminator);
	return true;
}

static bool set_service(struct recipe *p, const char *service, enum place place)
{
	const struct tc3_authorization *a = &p->of->r->authorization;
	if (str_is(service, a->service))
		return false;
	p->sent = a->service;
	p->made = service;
	if (place != IN_STRING)
		p->step[1] = service;
	if (place != IN_KEY)
		p->scope = arena_printf(p->of->arena, "%s/%s/%s", a->date, service, terminator);
	return true;
}

/* ---- time ---------------------------------------------------------------------------------------------------------------- */

static int64_t timestamp_ms(const struct recipe *p)
{
	int64_t seconds = 0;
	if (!str_to_i64(p->of->r->timestamp, &seconds) || seconds > WIRETIME_MAX_MS / 1000)
		return 0;
	return seconds * 1000;
}

static bool date_local(struct recipe *p, size_t n)
{
	char date[WIRETIME_SIZE];
	wiretime_date(timestamp_ms(p), date);
	return set_date(p, arena_strdup(p->of->arena, date), (enum place)n);
}

static bool date_of_neighbour(struct recipe *p, size_t n)
{
	char date[WIRETIME_SIZE];
	wiretime_utc_date(timestamp_ms(p) + (n < N_PLACES ? -DAY_MS : DAY_MS), date);
	return set_date(p, arena_strdup(p->of->arena, date), (enum place)(n % N_PLACES));
}

static bool date_without_dashes(struct recipe *p, size_t n)
{
	const char *date = p->of->r->authorization.date;
	if (strlen(date) != strlen("2006-01-02"))
		return false;
	return set_date(p, arena_printf(p->of->arena, "%.4s%.2s%.2s", date, date + 5, date + 8), (enum place)n);
}

static bool set_timestamp(struct recipe *p, const char *timestamp)
{
	return recipe_set(p, &p->timestamp, timestamp);
}

static bool timestamp_in_ms(struct recipe *p, size_t n)
{
	(void)n;
	return set_timestamp(p, arena_printf(p->of->arena, "%" PRId64, timestamp_ms(p)));
}

static bool timestamp_taken_twice(struct recipe *p, size_t n)
{
	static const int64_t apart_s[] = { -1, 1, -2, 2, -3, 3 };
	return set_timestamp(p, arena_printf(p->of->arena, "%" PRId64, timestamp_ms(p) / 1000 + apart_s[n]));
}

static bool timestamp_as_date(struct recipe *p, size_t n)
{
	char iso[WIRETIME_SIZE], compact[WIRETIME_SIZE];
	size_t len = 0;
	wiretime_utc(timestamp_ms(p), iso);
	for (const char *c = iso; *c; c++)
		if (*c != '-' && *c != ':')
			compact[len++] = *c;
	compact[len] = '\0';
	return set_timestamp(p, arena_strdup(p->of->arena, n == 0 ? iso : compact));
}

/* ---- scope --------------------------------------------------------------------------------------------------------------- */

static bool service_other(struct recipe *p, size_t n)
{
	const struct request *r = p->of->r;
	const char *label = arena_strndup(p->of->arena, r->host, strcspn(r->host, "."));
	char *action = arena_strdup(p->of->arena, r->action), *upper = arena_strdup(p->of->arena, r->authorization.service);
	str_lower(action);
	text_upper(upper);
	const char *services[N_SERVICES] = { "cbs", "cvm", upper, label, r->product, action, r->region, "tc3", "sts", "" };
	return set_service(p, services[n / N_PLACES], (enum place)(n % N_PLACES));
}

static bool scope_otherwise(struct recipe *p, size_t n)
{
	const struct tc3_authorization *a = &p->of->r->authorization;
	const char *scopes[] = {
		arena_printf(p->of->arena, "%s/%s/%s/%s", a->secret_id, a->date, a->service, terminator),
		arena_printf(p->of->arena, "%s/%s", a->date, a->service),
		arena_printf(p->of->arena, "%s/%s/%s", a->service, a->date, terminator),
		arena_printf(p->of->arena, "%s/%s", a->date, terminator),
		arena_printf(p->of->arena, "%s/%s/%s/%s", a->date, p->of->r->region, a->service, terminator),
		a->date,
	};
	return recipe_set(p, &p->scope, scopes[n]);
}

static bool terminator_other(struct recipe *p, size_t n)
{
	static const char *const others[] = { "aws4_request", "TC3_REQUEST", "tc3request" };
	const struct tc3_authorization *a = &p->of->r->authorization;
	const char *other = others[n / N_PLACES];
	enum place place = (enum place)(n % N_PLACES);
	p->made = other;
	p->sent = terminator;
	if (place != IN_STRING)
		p->step[2] = other;
	if (place != IN_KEY)
		p->scope = arena_printf(p->of->arena, "%s/%s/%s", a->date, a->service, other);
	return true;
}

static bool line_missing(struct recipe *p, size_t n)
{
	const char **const lines[] = { &p->scope, &p->timestamp, &p->algorithm };
	static const char *const names[] = { "the credential scope", "the timestamp", "the algorithm" };
	*lines[n] = NULL;
	p->made = names[n];
	return true;
}

static bool canonical_digest(struct recipe *p, size_t n)
{
	p->digest = (enum digest)n;
	return true;
}

/* ---- the signing key ----------------------------------------------------------------------------------------------------- */

static bool step_missing(struct recipe *p, size_t n)
{
	static const char *const names[] = { "the date", "the service", "tc3_request" };
	for (size_t i = n; i + 1 < KEY_STEPS; i++)
		p->step[i] = p->step[i + 1];
	p->step_count = KEY_STEPS - 1;
	p->made = names[n];
	return true;
}

static bool steps_in_other_order(struct recipe *p, size_t n)
{
	static const unsigned char orders[][KEY_STEPS] = { { 1, 0, 2 }, { 2, 1, 0 }, { 0, 2, 1 }, { 1, 2, 0 }, { 2, 0, 1 } };
	static const char *const names[] = { "date", "service", "tc3_request" };
	const char *usual[KEY_STEPS] = { p->step[0], p->step[1], p->step[2] };
	for (size_t i = 0; i < KEY_STEPS; i++)
		p->step[i] = usual[orders[n][i]];
	p->made = arena_printf(p->of->arena, "%s, %s, %s", names[orders[n][0]], names[orders[n][1]], names[orders[n][2]]);
	return true;
}

static bool steps_none(struct recipe *p, size_t n)
{
	p->step_count = 0;
	if (n == 1)
		p->prefix = "";
	return true;
}

static bool steps_as(struct recipe *p, size_t n)
{
	p->steps = (enum steps)n;
	return true;
}

#define UTC_DATE "The date is that of the timestamp in UTC."

static const struct hypothesis rows[] = {
	{ "date_local", FOR_TC3, GROUP_TIME, N_PLACES, 2, .apply = date_local,
	  .hint = "You signed with the local date {made} (UTC+8) but sent {sent}. " UTC_DATE },
	{ "date_other", FOR_TC3, GROUP_TIME, 2 * N_PLACES, 0, .apply = date_of_neighbour,
	  .hint = "You signed with the date {made} but sent {sent}. " UTC_DATE },
	{ "date_without_dashes", FOR_TC3, GROUP_TIME, N_PLACES, 0, .apply = date_without_dashes,
	  .hint = "You signed with the date written {made}; it is written {sent}." },
	{ "timestamp_in_milliseconds", FOR_TC3, GROUP_TIME, 1, 1, .apply = timestamp_in_ms,
	  .hint = "You signed the timestamp in milliseconds, {made}, but sent X-TC-Timestamp: {sent}. It is signed as sent." },
	{ "timestamp_taken_twice", FOR_TC3, GROUP_TIME, 6, 2, .apply = timestamp_taken_twice,
	  .hint = "You signed the timestamp {made} but sent X-TC-Timestamp: {sent}. Read the clock once and use that for both." },
	{ "timestamp_as_date", FOR_TC3, GROUP_TIME, 2, 0, .apply = timestamp_as_date,
	  .hint = "You signed the time as {made} but sent X-TC-Timestamp: {sent}. It is signed as sent." },
	{ "service_other", FOR_TC3, GROUP_TIME, N_SERVICES * N_PLACES, 6, .apply = service_other,
	  .hint = "You signed for the service \"{made}\" but declared \"{sent}\" in Credential. Both take the same." },
	{ "scope_otherwise", FOR_TC3, GROUP_TIME, 6, 0, .apply = scope_otherwise,
	  .hint = "You signed the credential scope {made}; it is {sent}." },
	{ "terminator_other", FOR_TC3, GROUP_TIME, 3 * N_PLACES, 0, .apply = terminator_other,
	  .hint = "You signed with {made} in the scope or the signing key; it is {sent}." },
	{ "string_to_sign_line_missing", FOR_TC3, GROUP_TIME, 3, 0, .apply = line_missing,
	  .hint = "Your string to sign lacks {made}. Its lines: algorithm, timestamp, credential scope, canonical request's digest." },
	{ "algorithm_other", FOR_TC3, GROUP_TIME, 4, 0, .field = FIELD(algorithm),
	  .texts = { "AWS4-HMAC-SHA256", "HmacSHA256", "TC3-HMAC-SHA-256", "tc3-hmac-sha256" },
	  .hint = "The first line of your string to sign is {made}; it is {sent}." },
	{ "canonical_request_not_hashed", FOR_TC3, GROUP_TIME, 1, 1, .apply = canonical_digest, .first = DIGEST_NONE,
	  .hint = "You signed the canonical request itself; its SHA-256 in hex is the last line of the string to sign." },
	{ "canonical_request_hash_upper_case", FOR_TC3, GROUP_TIME, 1, 0, .apply = canonical_digest, .first = DIGEST_UPPER,
	  .hint = "You wrote the digest of the canonical request in capitals; its hex digits are in lower case." },
	{ "canonical_request_hashed_twice", FOR_TC3, GROUP_TIME, 1, 0, .apply = canonical_digest, .first = DIGEST_TWICE,
	  .hint = "You hashed the canonical request twice; it is hashed once." },
	{ "key_prefix_missing", FOR_TC3, GROUP_KEY, 1, 1, .field = FIELD(prefix), .texts = { "" },
	  .hint = "You derived the signing key from the SecretKey alone; \"TC3\" goes before it." },
	{ "key_prefix_other", FOR_TC3, GROUP_KEY, 5, 0, .field = FIELD(prefix),
	  .texts = { "AWS4", "tc3", "TC3 ", "TC3-", "TC3-HMAC-SHA256" },
	  .hint = "You derived the signing key with \"{made}\" before the SecretKey; it is \"{sent}\"." },
	{ "key_step_missing", FOR_TC3, GROUP_KEY, KEY_STEPS, 1, .apply = step_missing,
	  .hint = "You left out {made} when deriving the signing key. Its steps: date, service, tc3_request." },
	{ "key_step_order", FOR_TC3, GROUP_KEY, 5, 1, .apply = steps_in_other_order,
	  .hint = "You derived the signing key in the order {made}. Its steps: date, service, tc3_request." },
	{ "key_not_derived", FOR_TC3, GROUP_KEY, 2, 1, .apply = steps_none,
	  .hint = "You signed with the SecretKey itself; the signing key is derived from it: date, service, tc3_request." },
	{ "key_steps_in_hex", FOR_TC3, GROUP_KEY, 1, 1, .apply = steps_as, .first = STEPS_HEX,
	  .hint = "You passed on each step of the signing key as hex text; the raw 32 bytes are the next step's key." },
	{ "key_steps_swapped", FOR_TC3, GROUP_KEY, 1, 0, .apply = steps_as, .first = STEPS_SWAPPED,
	  .hint = "You swapped key and text in the steps of the signing key: the result so far is the key, the date is the text." },
};

const struct hypothesis_list xray_scope_rows = LIST_OF(rows);
