/* The mistakes people make with TC3-HMAC-SHA256, one function each. */
#include "broken_signers.h"

#include <stdio.h>
#include <string.h>

#include "util/hash.h"

#define COMPACT "{\"DiskId\":\"disk-lzrg2pwi\",\"SnapshotName\":\"a/b <\\u672a>\",\"DiskBackupQuota\":1}"
#define SPACED "{\"DiskId\": \"disk-lzrg2pwi\", \"SnapshotName\": \"a/b <\\u672a>\", \"DiskBackupQuota\": 1}"
#define PLAIN "{\"DiskId\": \"disk-lzrg2pwi\", \"SnapshotName\": \"a/b <\xe6\x9c\xaa>\", \"DiskBackupQuota\": 1}"
#define CLOUD "cbs.tencentcloudapi.com"

/* ---- host, method, path -------------------------------------------------------------------------------------------------- */

static void host_without_port(struct letter *l)
{
	l->policy = SIGNATURE_EXACT; /* "local" lets it pass */
	l->host = CLOUD ":8443";
	l->signed_host = CLOUD;
}

static void host_with_port(struct letter *l)
{
	l->host = "127.0.0.1";
	l->signed_host = "127.0.0.1:9362";
}

static void host_of_cloud(struct letter *l)
{
	l->signed_host = CLOUD;
}

static void host_of_region(struct letter *l)
{
	l->signed_host = "cbs.ap-guangzhou.tencentcloudapi.com";
}

static void host_of_other_product(struct letter *l)
{
	l->signed_host = "cvm.tencentcloudapi.com";
}

static void host_with_scheme(struct letter *l)
{
	l->signed_host = "https://127.0.0.1:9362";
}

static void host_by_other_name(struct letter *l)
{
	l->signed_host = "localhost:9362";
}

static void host_upper_case(struct letter *l)
{
	l->host = "localhost:9362";
	l->signed_host = "LOCALHOST:9362";
}

static void values_not_lowered(struct letter *l)
{
	l->policy = SIGNATURE_EXACT;
	l->host = "CBS.TencentCloudAPI.com";
	l->signed_host = l->host;
}

static void method_other(struct letter *l)
{
	l->signed_method = "GET";
}

static void method_lower_case(struct letter *l)
{
	l->signed_method = "post";
}

static void path_missing(struct letter *l)
{
	l->signed_uri = "";
}

/* ---- headers ------------------------------------------------------------------------------------------------------------- */

static void type_without_charset(struct letter *l)
{
	l->type = "application/json; charset=utf-8";
	l->signed_type = "application/json";
}

static void type_with_charset(struct letter *l)
{
	l->signed_type = "application/json; charset=utf-8";
}

static void type_with_charset_in_capitals(struct letter *l)
{
	l->signed_type = "application/json; charset=UTF-8";
}

static void type_other(struct letter *l)
{
	l->signed_type = "application/x-www-form-urlencoded";
}

static void type_empty(struct letter *l)
{
	l->signed_type = "";
}

static void colon_with_blank(struct letter *l)
{
	l->signed_headers = "content-type: application/json\nhost: 127.0.0.1:9362\n";
}

static void values_not_trimmed(struct letter *l)
{
	l->type = "application/json ";
	l->signed_type = "application/json ";
}

static void names_not_lowered(struct letter *l)
{
	l->signed_headers = "Content-Type:application/json\nHost:127.0.0.1:9362\n";
}

static void action_signed_but_not_declared(struct letter *l)
{
	l->signed_headers = "content-type:application/json\nhost:127.0.0.1:9362\nx-tc-action:createsnapshot\n";
	l->signed_list = "content-type;host;x-tc-action";
}

static void headers_in_other_order(struct letter *l)
{
	l->signed_headers = "host:127.0.0.1:9362\ncontent-type:application/json\n";
}

static void blank_line_missing(struct letter *l)
{
	char hash[SHA256_HEX + 1];
	sha256_hex(l->body, strlen(l->body), hash);
	l->canonical =
		arena_printf(l->arena, "POST\n/\n\ncontent-type:application/json\nhost:127.0.0.1:9362\ncontent-type;host\n%s", hash);
}

static void action_other(struct letter *l)
{
	l->list = "content-type;host;x-tc-action";
	l->signed_headers = "content-type:application/json\nhost:127.0.0.1:9362\nx-tc-action:describedisks\n";
}

static void header_not_sent(struct letter *l)
{
	l->list = "content-type;host;x-tc-nonce";
	l->signed_headers = "content-type:application/json\nhost:127.0.0.1:9362\nx-tc-nonce:4711\n";
}

/* ---- query --------------------------------------------------------------------------------------------------------------- */

static void make_get(struct letter *l)
{
	l->method = "GET";
	l->action = "DescribeDisks";
	l->type = "application/x-www-form-urlencoded";
	l->body = "";
	l->query = "Offset=0&Filters.0.Name=disk+name&Limit=10";
}

static void query_sorted(struct letter *l)
{
	make_get(l);
	l->signed_query = "Filters.0.Name=disk+name&Limit=10&Offset=0";
}

static void query_encoded(struct letter *l)
{
	make_get(l);
	l->signed_query = "Offset=0&Filters.0.Name=disk%20name&Limit=10";
}

static void query_missing(struct letter *l)
{
	make_get(l);
	l->signed_query = "";
}

static void payload_of_get(struct letter *l)
{
	make_get(l);
	l->signed_payload = l->query;
}

static void query_included(struct letter *l)
{
	l->query = "debug=1";
	l->signed_query = "debug=1";
}

/* ---- payload ------------------------------------------------------------------------------------------------------------- */

static void payload_empty(struct letter *l)
{
	l->signed_payload = "";
}

static void payload_compact(struct letter *l)
{
	l->signed_payload = COMPACT;
}

static void payload_spaced(struct letter *l)
{
	l->body = COMPACT;
	l->signed_payload = SPACED;
}

static void payload_sorted(struct letter *l)
{
	l->signed_payload = "{\"DiskBackupQuota\": 1, \"DiskId\": \"disk-lzrg2pwi\", \"SnapshotName\": \"a/b <\\u672a>\"}";
}

static void payload_pretty(struct letter *l)
{
	l->signed_payload = "{\n  \"DiskId\": \"disk-lzrg2pwi\",\n  \"SnapshotName\": \"a/b <\\u672a>\",\n  \"DiskBackupQuota\": 1\n}";
}

static void payload_decoded(struct letter *l)
{
	l->signed_payload = PLAIN;
}

static void payload_escaped(struct letter *l)
{
	l->body = PLAIN;
	l->signed_payload = SPACED;
}

static void payload_slashes(struct letter *l)
{
	l->body = "{\"DiskId\":\"a/b\"}";
	l->signed_payload = "{\"DiskId\":\"a\\/b\"}";
}

static void payload_html(struct letter *l)
{
	l->body = "{\"DiskId\":\"<&>\"}";
	l->signed_payload = "{\"DiskId\":\"\\u003c\\u0026\\u003e\"}";
}

static void payload_with_line_end(struct letter *l)
{
	l->signed_payload = arena_printf(l->arena, "%s\n", l->body);
}

static void payload_unsigned(struct letter *l)
{
	l->signed_payload = "UNSIGNED-PAYLOAD";
}

static void payload_not_hashed(struct letter *l)
{
	l->payload_hash = l->body;
}

/* ---- time and scope ------------------------------------------------------------------------------------------------------ */

static void date_local(struct letter *l)
{
	l->key_date = "2026-03-02";
	l->signed_scope = "2026-03-02/cbs/tc3_request";
}

static void date_local_in_key(struct letter *l)
{
	l->key_date = "2026-03-02";
}

static void timestamp_in_ms(struct letter *l)
{
	l->signed_timestamp = arena_printf(l->arena, "%s000", l->timestamp);
}

static void timestamp_taken_twice(struct letter *l)
{
	l->signed_timestamp = arena_printf(l->arena, "%d", LETTER_TIME - 1);
}

static void service_other(struct letter *l)
{
	l->key_service = "cvm";
}

static void service_is_action(struct letter *l)
{
	l->key_service = "createsnapshot";
	l->signed_scope = "2026-03-01/createsnapshot/tc3_request";
}

static void scope_with_id(struct letter *l)
{
	l->signed_scope = LETTER_ID "/2026-03-01/cbs/tc3_request";
}

static void scope_missing(struct letter *l)
{
	char hash[SHA256_HEX + 1];
	const char *text = arena_printf(l->arena, "POST\n/\n\ncontent-type:%s\nhost:%s\n\ncontent-type;host\n", l->type, l->host);
	sha256_hex(l->body, strlen(l->body), hash);
	l->canonical = arena_printf(l->arena, "%s%s", text, hash);
	sha256_hex(l->canonical, strlen(l->canonical), hash);
	l->string_to_sign = arena_printf(l->arena, "TC3-HMAC-SHA256\n%s\n%s", l->timestamp, hash);
}

static void canonical_not_hashed(struct letter *l)
{
	char hash[SHA256_HEX + 1];
	sha256_hex(l->body, strlen(l->body), hash);
	l->string_to_sign = arena_printf(l->arena,
	                                 "TC3-HMAC-SHA256\n%s\n2026-03-01/cbs/tc3_request\nPOST\n/\n\ncontent-type:application/json\n"
	                                 "host:127.0.0.1:9362\n\ncontent-type;host\n%s", l->timestamp, hash);
}

/* ---- keys ---------------------------------------------------------------------------------------------------------------- */

/* A chain of HMACs over the texts, from a first key. */
static void chain(struct letter *l, const char *first, const char *const *texts, size_t count)
{
	uint8_t *key = arena_alloc(l->arena, SHA256_SIZE);
	hmac_sha256(first, strlen(first), texts[0], strlen(texts[0]), key);
	for (size_t i = 1; i < count; i++)
		hmac_sha256(key, SHA256_SIZE, texts[i], strlen(texts[i]), key);
	l->signing_key = key;
	l->signing_key_len = SHA256_SIZE;
}

static void prefix_missing(struct letter *l)
{
	chain(l, LETTER_KEY, (const char *const[]){ "2026-03-01", "cbs", "tc3_request" }, 3);
}

static void step_missing(struct letter *l)
{
	chain(l, "TC3" LETTER_KEY, (const char *const[]){ "2026-03-01", "cbs" }, 2);
}

static void step_order(struct letter *l)
{
	chain(l, "TC3" LETTER_KEY, (const char *const[]){ "cbs", "2026-03-01", "tc3_request" }, 3);
}

static void not_derived(struct letter *l)
{
	l->signing_key = (const uint8_t *)LETTER_KEY;
	l->signing_key_len = strlen(LETTER_KEY);
}

static void steps_in_hex(struct letter *l)
{
	uint8_t mac[SHA256_SIZE];
	char *hex = arena_alloc(l->arena, SHA256_HEX + 1);
	hmac_sha256("TC3" LETTER_KEY, strlen("TC3" LETTER_KEY), "2026-03-01", 10, mac);
	hex_encode(mac, sizeof mac, hex);
	hmac_sha256(hex, SHA256_HEX, "cbs", 3, mac);
	hex_encode(mac, sizeof mac, hex);
	hmac_sha256(hex, SHA256_HEX, "tc3_request", 11, mac);
	hex_encode(mac, sizeof mac, hex);
	l->signing_key = (const uint8_t *)hex;
	l->signing_key_len = SHA256_HEX;
}

static void use_key(struct letter *l, const char *key)
{
	l->key = key;
	l->key_len = strlen(key);
}

static void key_with_line_end(struct letter *l)
{
	use_key(l, LETTER_KEY "\n");
}

static void key_of_another(struct letter *l)
{
	use_key(l, "SubAccountKey000000000000EXAMPLE");
}

static void key_of_documentation(struct letter *l)
{
	use_key(l, "********************************");
}

static void key_is_id(struct letter *l)
{
	use_key(l, LETTER_ID);
}

static void key_cut(struct letter *l)
{
	use_key(l, "Gu5t9xGARNpq86cd98joQYCN3EXAMPL");
}

static void key_decoded(struct letter *l)
{
	/* LETTER_KEY read as base64. */
	static const uint8_t bytes[] = { 0x1a, 0xee, 0x6d, 0xf7, 0x11, 0x80, 0x44, 0xda, 0x6a, 0xf3, 0xa7, 0x1d,
	                                 0xf7, 0xc8, 0xe8, 0x41, 0x80, 0x8d, 0xdc, 0x45, 0xc0, 0x30, 0xf2, 0xc4 };
	l->key = (const char *)bytes;
	l->key_len = sizeof bytes;
}

/* ---- output -------------------------------------------------------------------------------------------------------------- */

static void seal_first(struct letter *l)
{
	letter_seal(l);
	l->authorization = NULL;
}

static void upper_case(struct letter *l)
{
	seal_first(l);
	char *signature = arena_strdup(l->arena, l->signature);
	for (char *c = signature; *c; c++)
		if (*c >= 'a')
			*c = (char)(*c - 'a' + 'A');
	l->signature = signature;
}

static void in_base64(struct letter *l)
{
	uint8_t mac[SHA256_SIZE];
	char *base64 = arena_alloc(l->arena, 64);
	seal_first(l);
	hmac_sha256(l->signing_key, l->signing_key_len, l->string_to_sign, strlen(l->string_to_sign), mac);
	base64_encode(mac, sizeof mac, base64);
	l->signature = base64;
}

static void cut_short(struct letter *l)
{
	seal_first(l);
	l->signature = arena_strndup(l->arena, l->signature, 40);
}

static void without_key(struct letter *l)
{
	char *hex = arena_alloc(l->arena, SHA256_HEX + 1);
	seal_first(l);
	sha256_hex(l->string_to_sign, strlen(l->string_to_sign), hex);
	l->signature = hex;
}

static void of_nothing_known(struct letter *l)
{
	l->signature = "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168";
}

/* ---- two at once --------------------------------------------------------------------------------------------------------- */

static void host_and_type(struct letter *l)
{
	l->signed_host = CLOUD;
	l->signed_type = "application/json; charset=utf-8";
}

static void host_and_payload(struct letter *l)
{
	l->signed_host = "127.0.0.1"; /* which alone would be let pass */
	l->signed_payload = COMPACT;
}

static void prefix_and_date(struct letter *l)
{
	chain(l, LETTER_KEY, (const char *const[]){ "2026-03-02", "cbs", "tc3_request" }, 3);
	l->signed_scope = "2026-03-02/cbs/tc3_request";
}

const struct broken_signer broken_tc3[] = {
	{ "host_without_port", host_without_port },
	{ "host_with_port", host_with_port },
	{ "host_of_cloud", host_of_cloud },
	{ "host_of_region", host_of_region },
	{ "host_of_other_product", host_of_other_product },
	{ "host_with_scheme", host_with_scheme },
	{ "host_by_other_name", host_by_other_name },
	{ "host_upper_case", host_upper_case },
	{ "header_values_not_lower_cased", values_not_lowered },
	{ "method_other", method_other },
	{ "method_lower_case", method_lower_case },
	{ "path_missing", path_missing },
	{ "content_type_without_charset", type_without_charset },
	{ "content_type_with_charset", type_with_charset },
	{ "content_type_with_charset", type_with_charset_in_capitals },
	{ "content_type_other", type_other },
	{ "content_type_empty", type_empty },
	{ "header_blank_after_colon", colon_with_blank },
	{ "header_values_not_trimmed", values_not_trimmed },
	{ "header_names_not_lower_cased", names_not_lowered },
	{ "signed_headers_other", action_signed_but_not_declared },
	{ "signed_headers_order", headers_in_other_order },
	{ "canonical_blank_line_missing", blank_line_missing },
	{ "action_other", action_other },
	{ "signed_header_not_sent", header_not_sent },
	{ "query_sorted", query_sorted },
	{ "query_encoded_otherwise", query_encoded },
	{ "query_missing", query_missing },
	{ "payload_of_get", payload_of_get },
	{ "query_included", query_included },
	{ "payload_empty", payload_empty },
	{ "payload_compact", payload_compact },
	{ "payload_spaced", payload_spaced },
	{ "payload_sorted", payload_sorted },
	{ "payload_pretty", payload_pretty },
	{ "payload_unicode_decoded", payload_decoded },
	{ "payload_unicode_escaped", payload_escaped },
	{ "payload_slashes_escaped", payload_slashes },
	{ "payload_html_escaped", payload_html },
	{ "payload_with_line_end", payload_with_line_end },
	{ "payload_unsigned", payload_unsigned },
	{ "payload_not_hashed", payload_not_hashed },
	{ "date_local", date_local },
	{ "date_local", date_local_in_key },
	{ "timestamp_in_milliseconds", timestamp_in_ms },
	{ "timestamp_taken_twice", timestamp_taken_twice },
	{ "service_other", service_other },
	{ "service_other", service_is_action },
	{ "scope_otherwise", scope_with_id },
	{ "string_to_sign_line_missing", scope_missing },
	{ "canonical_request_not_hashed", canonical_not_hashed },
	{ "key_prefix_missing", prefix_missing },
	{ "key_step_missing", step_missing },
	{ "key_step_order", step_order },
	{ "key_not_derived", not_derived },
	{ "key_steps_in_hex", steps_in_hex },
	{ "secret_key_with_blank", key_with_line_end },
	{ "secret_key_of_another_id", key_of_another },
	{ "secret_key_of_documentation", key_of_documentation },
	{ "secret_key_is_the_id", key_is_id },
	{ "secret_key_cut_short", key_cut },
	{ "secret_key_base64_decoded", key_decoded },
	{ "signature_upper_case", upper_case },
	{ "signature_in_base64", in_base64 },
	{ "signature_cut_short", cut_short },
	{ "signature_without_key", without_key },
	{ "unknown", of_nothing_known },
	{ "host_of_cloud+content_type_with_charset", host_and_type },
	{ "host_without_port+payload_compact", host_and_payload },
	{ "date_local+key_prefix_missing", prefix_and_date },
};

const size_t broken_tc3_count = sizeof broken_tc3 / sizeof broken_tc3[0];
