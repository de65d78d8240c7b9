/* The mistakes people make with HmacSHA1 and HmacSHA256, and requests that are refused before any signature counts, one function
 * each. */
#include "broken_signers.h"

#include <stdio.h>
#include <string.h>

#include "util/hash.h"

#define CLOUD "cbs.tencentcloudapi.com"
#define TEMPORARY_ID "AKIDTemporary0000000000000000EXAMPLE"
#define TEMPORARY_KEY "TemporaryKey0000000000000EXAMPLE"

/* ---- where it goes ------------------------------------------------------------------------------------------------------- */

static void host_of_cloud(struct letter *l)
{
	l->signed_host = CLOUD;
}

static void host_without_port(struct letter *l)
{
	l->policy = SIGNATURE_EXACT;
	l->host = CLOUD ":443";
	l->signed_host = CLOUD;
}

static void method_other(struct letter *l)
{
	l->method = "GET";
	l->signed_method = "POST";
}

static void path_missing(struct letter *l)
{
	l->signed_uri = "";
}

static void path_of_old(struct letter *l)
{
	l->signed_uri = "/v2/index.php";
}

/* ---- parameters ---------------------------------------------------------------------------------------------------------- */

/* The signed text, the names in this order; a NULL value is left to the caller. */
static void sign_in_order(struct letter *l, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < l->param_count; j++)
			if (strcmp(l->params[j].name, names[i]) == 0)
				l->signed_params[l->signed_count++] = l->params[j];
}

static const char *const sorted[] = {
	"Action", "DiskIds.12", "DiskIds.2", "Nonce", "Region", "RequestClient", "SecretId", "Timestamp", "Version", "lower",
};

enum { N_SORTED = sizeof sorted / sizeof sorted[0] };

static void sort_names(struct letter *l)
{
	sign_in_order(l, sorted, N_SORTED);
}

static void set_signed(struct letter *l, const char *name, const char *value)
{
	for (size_t i = 0; i < l->signed_count; i++)
		if (strcmp(l->signed_params[i].name, name) == 0)
			l->signed_params[i].value = value;
}

static void encoded_percent(struct letter *l)
{
	sort_names(l);
	set_signed(l, "DiskIds.12", "a%20b%2Fc~%2A%2B");
}

static void encoded_form(struct letter *l)
{
	sort_names(l);
	set_signed(l, "DiskIds.12", "a+b%2Fc%7E*%2B");
}

/* The bytes that are sent, which escape more than they must. */
static void encoded_as_sent(struct letter *l)
{
	sort_names(l);
	set_signed(l, "DiskIds.2", "disk%2Dlzrg2pw2");
	set_signed(l, "DiskIds.12", "a%20b%2Fc%7E%2A%2B");
	set_signed(l, "Region", "ap%2Dguangzhou");
	set_signed(l, "RequestClient", "SDK%5FC%5F1%2E0");
	set_signed(l, "Version", "2017%2D03%2D12");
}

static void unsorted(struct letter *l)
{
	memcpy(l->signed_params, l->params, sizeof l->params);
	l->signed_count = l->param_count;
}

static void sorted_without_case(struct letter *l)
{
	static const char *const order[] = {
		"Action", "DiskIds.12", "DiskIds.2", "lower", "Nonce", "Region", "RequestClient", "SecretId", "Timestamp", "Version",
	};
	sign_in_order(l, order, sizeof order / sizeof order[0]);
}

static void sorted_by_number(struct letter *l)
{
	static const char *const order[] = {
		"Action", "DiskIds.2", "DiskIds.12", "Nonce", "Region", "RequestClient", "SecretId", "Timestamp", "Version", "lower",
	};
	sign_in_order(l, order, sizeof order / sizeof order[0]);
}

static void without(struct letter *l, const char *name)
{
	for (size_t i = 0; i < N_SORTED; i++)
		if (strcmp(sorted[i], name) != 0)
			sign_in_order(l, &sorted[i], 1);
}

static void region_left_out(struct letter *l)
{
	without(l, "Region");
}

static void client_left_out(struct letter *l)
{
	without(l, "RequestClient");
}

static void nonce_left_out(struct letter *l)
{
	without(l, "Nonce");
}

static void empty_left_out(struct letter *l)
{
	l->params[l->param_count++] = (struct name_value){ "also", "" };
	without(l, "lower");
}

static void joined_with_entity(struct letter *l)
{
	struct letter right = *l;
	letter_seal(&right);
	const char *text = "";
	for (const char *at = right.v1_string; *at; at++)
		text = arena_printf(l->arena, "%s%s%.1s", text, *at == '&' ? "&amp;" : "", *at == '&' ? "" : at);
	l->v1_string = text;
}

static void underscores(struct letter *l)
{
	static const char *const names[] = { "DiskIds_12", "DiskIds_2" };
	sort_names(l);
	l->signed_params[1].name = names[0];
	l->signed_params[2].name = names[1];
}

/* ---- keys and digests ---------------------------------------------------------------------------------------------------- */

static void digest_other(struct letter *l)
{
	l->sha256 = true;
}

static void digest_named_other(struct letter *l)
{
	l->params[l->param_count++] = (struct name_value){ "SignatureMethod", "HmacSHA256" };
}

static void use_key(struct letter *l, const char *key)
{
	l->key = key;
	l->key_len = strlen(key);
}

static void key_of_tc3(struct letter *l)
{
	use_key(l, "TC3" LETTER_KEY);
}

static void key_with_blank(struct letter *l)
{
	use_key(l, LETTER_KEY " ");
}

static void in_hex(struct letter *l)
{
	uint8_t mac[SHA1_SIZE];
	char *hex = arena_alloc(l->arena, 2 * SHA1_SIZE + 1);
	letter_seal(l);
	hmac_sha1(l->key, l->key_len, l->v1_string, strlen(l->v1_string), mac);
	hex_encode(mac, sizeof mac, hex);
	l->signature = hex;
}

static void base64_of_hex(struct letter *l)
{
	char *base64 = arena_alloc(l->arena, 64);
	in_hex(l);
	base64_encode((const uint8_t *)l->signature, strlen(l->signature), base64);
	l->signature = base64;
}

/* A signature with a '+' in it, by trying Nonces. */
static void seal_with_plus(struct letter *l)
{
	for (int nonce = 1;; nonce++) {
		struct letter tried = *l;
		tried.params[3].value = arena_printf(l->arena, "%d", nonce);
		letter_seal(&tried);
		if (strchr(tried.signature, '+')) {
			*l = tried;
			return;
		}
	}
}

static void plus_not_encoded(struct letter *l)
{
	seal_with_plus(l);
	l->signature_raw = true;
}

static void encoded_twice(struct letter *l)
{
	const char *text = "";
	seal_with_plus(l);
	for (const char *at = l->signature; *at; at++)
		text = arena_printf(l->arena, "%s%s%.1s", text, *at == '+' ? "%2B" : *at == '/' ? "%2F" : *at == '=' ? "%3D" : "",
		                    strchr("+/=", *at) ? "" : at);
	l->signature = text;
}

static void unsorted_and_encoded(struct letter *l)
{
	unsorted(l);
	set_signed(l, "DiskIds.12", "a%20b%2Fc~%2A%2B");
}

const struct broken_signer broken_v1[] = {
	{ "host_of_cloud", host_of_cloud },
	{ "host_without_port", host_without_port },
	{ "method_other", method_other },
	{ "path_missing", path_missing },
	{ "path_other", path_of_old },
	{ "params_encoded", encoded_percent },
	{ "params_encoded", encoded_form },
	{ "params_encoded", encoded_as_sent },
	{ "params_unsorted", unsorted },
	{ "params_sorted_without_case", sorted_without_case },
	{ "params_sorted_by_number", sorted_by_number },
	{ "param_left_out", region_left_out },
	{ "param_left_out", client_left_out },
	{ "param_left_out", nonce_left_out },
	{ "params_empty_left_out", empty_left_out },
	{ "params_joined_otherwise", joined_with_entity },
	{ "names_with_underscores", underscores },
	{ "signature_method_other", digest_other },
	{ "signature_method_other", digest_named_other },
	{ "key_of_tc3", key_of_tc3 },
	{ "secret_key_with_blank", key_with_blank },
	{ "signature_in_hex", in_hex },
	{ "signature_base64_of_hex", base64_of_hex },
	{ "signature_plus_not_encoded", plus_not_encoded },
	{ "signature_encoded_twice", encoded_twice },
	{ "params_encoded+params_unsorted", unsorted_and_encoded },
};

const size_t broken_v1_count = sizeof broken_v1 / sizeof broken_v1[0];

/* ---- refused before ------------------------------------------------------------------------------------------------------ */

static void late(struct letter *l)
{
	l->now += 1000;
}

static void local_time(struct letter *l)
{
	l->now -= 8 * 3600 - 20;
}

static void milliseconds(struct letter *l)
{
	l->timestamp = arena_printf(l->arena, "%s123", l->timestamp);
}

static void not_a_number(struct letter *l)
{
	l->timestamp = "yesterday";
}

static void no_timestamp(struct letter *l)
{
	l->timestamp = "";
}

static void date_local(struct letter *l)
{
	l->date = "2026-03-02";
}

static void date_wrong(struct letter *l)
{
	l->date = "2026-02-11";
}

static void date_compact(struct letter *l)
{
	l->date = "20260301";
}

static void service_wrong(struct letter *l)
{
	l->service = "cvm";
}

static void host_exact(struct letter *l)
{
	l->policy = SIGNATURE_EXACT;
}

static void list_incomplete(struct letter *l)
{
	l->list = "host";
}

static void list_in_capitals(struct letter *l)
{
	l->list = "Content-Type;Host";
}

static void no_authorization(struct letter *l)
{
	l->authorization = "";
}

static void scheme_of_others(struct letter *l)
{
	letter_seal(l);
	l->authorization = arena_printf(l->arena, "AWS4%s", l->authorization + strlen("TC3"));
}

static void credential_short(struct letter *l)
{
	l->authorization = "TC3-HMAC-SHA256 Credential=" LETTER_ID "/2026-03-01/tc3_request, SignedHeaders=host, Signature=00";
}

static void signature_missing(struct letter *l)
{
	l->authorization = "TC3-HMAC-SHA256 Credential=" LETTER_ID "/2026-03-01/cbs/tc3_request, SignedHeaders=content-type;host";
}

static void id_unknown(struct letter *l)
{
	l->id = "AKIDnobodyKnowsThisOne00000000EXAMPLE";
}

static void id_disabled(struct letter *l)
{
	l->id = "AKIDDisabled00000000000000000EXAMPLE";
}

static void id_of_other_kind(struct letter *l)
{
	l->id = "AKIDNotAnApiKey00000000000000EXAMPLE";
}

static void id_is_key(struct letter *l)
{
	l->id = LETTER_KEY;
}

static void id_in_other_case(struct letter *l)
{
	l->id = "AKIDZ8KRBSJ5YKBZQPN74WFKMLPX3EXAMPLE";
}

static void token_missing(struct letter *l)
{
	l->id = TEMPORARY_ID;
	use_key(l, TEMPORARY_KEY);
}

static void token_superfluous(struct letter *l)
{
	l->token = "SomeTokenThatNobodyAskedFor";
}

static void token_of_another(struct letter *l)
{
	token_missing(l);
	l->token = "ExampleTokenThatHasExpired";
}

static void token_other(struct letter *l)
{
	token_missing(l);
	l->token = "ExampleTokenOfATemporaryKeyAndMore";
}

/* Years later, that is: the key expired an hour before the world was made. */
static void token_expired(struct letter *l)
{
	l->now = 1900000000;
	l->timestamp = "1900000000";
	l->date = "2030-03-17";
	l->id = "AKIDExpired000000000000000000EXAMPLE";
	l->token = "ExampleTokenThatHasExpired";
	use_key(l, "ExpiredKey000000000000000EXAMPLE");
}

static void content_hash_of_other_text(struct letter *l)
{
	l->content_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
}

static void content_hash_wrong(struct letter *l)
{
	l->content_sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
}

const struct broken_signer broken_early[] = {
	{ "timestamp_expired", late },
	{ "timestamp_local", local_time },
	{ "timestamp_in_milliseconds", milliseconds },
	{ "timestamp_not_a_number", not_a_number },
	{ "parameter_missing", no_timestamp },
	{ "date_local", date_local },
	{ "date_mismatch", date_wrong },
	{ "date_without_dashes", date_compact },
	{ "service_invalid", service_wrong },
	{ "host_not_of_the_cloud", host_exact },
	{ "signed_headers_incomplete", list_incomplete },
	{ "signed_headers_not_lower_case", list_in_capitals },
	{ "authorization_missing", no_authorization },
	{ "authorization_malformed", scheme_of_others },
	{ "authorization_malformed", credential_short },
	{ "authorization_malformed", signature_missing },
	{ "secret_id_unknown", id_unknown },
	{ "secret_id_disabled", id_disabled },
	{ "secret_id_of_other_kind", id_of_other_kind },
	{ "secret_key_in_place_of_id", id_is_key },
	{ "secret_id_in_other_case", id_in_other_case },
	{ "token_missing", token_missing },
	{ "token_with_permanent_key", token_superfluous },
	{ "token_of_another_id", token_of_another },
	{ "token_other", token_other },
	{ "token_expired", token_expired },
	{ "content_sha256_of_other_text", content_hash_of_other_text },
	{ "content_sha256_mismatch", content_hash_wrong },
};

const size_t broken_early_count = sizeof broken_early / sizeof broken_early[0];
