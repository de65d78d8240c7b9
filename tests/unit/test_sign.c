/* The two signature families against every published vector (protocol.md §3), which are files, and the reading of Authorization. */
#include "run.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "gateway/sign.h"
#include "util/str.h"

enum { VECTOR_MAX = 64 * 1024, MIN_VECTORS = 13 };

static const char *text(const cJSON *vector, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(vector, name));
	ck_assert_msg(value != NULL, "a vector without %s", name);
	return value;
}

/* The members of an object, in order. */
static struct name_value *members(struct arena *a, const cJSON *object, size_t *count)
{
	struct name_value *list = arena_alloc(a, (size_t)cJSON_GetArraySize(object) * sizeof *list);
	const cJSON *item;
	*count = 0;
	cJSON_ArrayForEach(item, object)
		list[(*count)++] = (struct name_value){ item->string, item->valuestring };
	return list;
}

static void check_tc3(struct arena *a, const cJSON *vector)
{
	char hash[SHA256_HEX + 1];
	const char *body = text(vector, "body");
	sha256_hex(body, strlen(body), hash);
	ck_assert_str_eq(hash, text(vector, "payload_sha256"));

	size_t count;
	struct name_value *headers = members(a, cJSON_GetObjectItemCaseSensitive(vector, "headers"), &count);
	struct tc3_input in = {
		.method = text(vector, "method"), .query = text(vector, "query"), .headers = headers, .header_count = count,
		.signed_headers = text(vector, "signed_headers"), .payload_hash = hash, .timestamp = text(vector, "timestamp"),
		.date = text(vector, "date"), .service = text(vector, "service"),
	};
	struct tc3_signature made;
	tc3_sign(a, &in, text(vector, "secret_key"), &made);
	sha256_hex(made.canonical_request, strlen(made.canonical_request), hash);
	ck_assert_str_eq(hash, text(vector, "canonical_request_sha256"));
	ck_assert_str_eq(made.hex, text(vector, "signature"));
}

static void check_v1(struct arena *a, const cJSON *vector)
{
	size_t count;
	struct name_value *params = members(a, cJSON_GetObjectItemCaseSensitive(vector, "params"), &count);
	struct v1_input in = {
		.method = text(vector, "method"), .host = text(vector, "host"), .path = "/", .params = params, .param_count = count,
		.algorithm = str_is(text(vector, "scheme"), "HmacSHA256") ? V1_SHA256 : V1_SHA1,
	};
	struct v1_signature made;
	v1_sign(a, &in, text(vector, "secret_key"), &made);
	ck_assert_str_eq(made.string_to_sign, text(vector, "string_to_sign"));
	ck_assert_str_eq(made.base64, text(vector, "signature"));
}

static void check_file(struct arena *a, const char *path)
{
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "cannot read %s", path);
	char *content = arena_alloc(a, VECTOR_MAX);
	size_t len = fread(content, 1, VECTOR_MAX - 1, file);
	fclose(file);
	cJSON *vector = cJSON_ParseWithLength(content, len);
	ck_assert_msg(cJSON_IsObject(vector), "%s is not a vector", path);
	if (str_is(text(vector, "scheme"), "TC3-HMAC-SHA256"))
		check_tc3(a, vector);
	else
		check_v1(a, vector);
	cJSON_Delete(vector);
}

START_TEST(published_vectors_agree)
{
	const char *root = getenv("CBSMOCK_SOURCE_ROOT");
	struct arena *a = arena_new();
	const char *folder = arena_printf(a, "%s/fixtures/sign", root ? root : ".");
	DIR *dir = opendir(folder);
	ck_assert_msg(dir != NULL, "cannot read %s", folder);
	size_t checked = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (!str_suffix(entry->d_name, ".json"))
			continue;
		check_file(a, arena_printf(a, "%s/%s", folder, entry->d_name));
		checked++;
	}
	closedir(dir);
	arena_free(a);
	ck_assert_uint_ge(checked, MIN_VECTORS);
}
END_TEST

START_TEST(header_values_are_trimmed_and_lowered)
{
	struct arena *a = arena_new();
	struct name_value headers[] = { { "Content-Type", "  Application/JSON " }, { "Host", "CBS.Example" } };
	struct tc3_input in = {
		.method = "POST", .query = "", .headers = headers, .header_count = 2, .signed_headers = "content-type;host",
		.payload_hash = "-", .timestamp = "1", .date = "1970-01-01", .service = "cbs",
	};
	struct tc3_signature lowered, raw;
	tc3_sign(a, &in, "key", &lowered);
	ck_assert_str_eq(lowered.canonical_request,
	                 "POST\n/\n\ncontent-type:application/json\nhost:cbs.example\n\ncontent-type;host\n-");
	in.raw_values = true;
	tc3_sign(a, &in, "key", &raw);
	ck_assert_str_eq(raw.canonical_request, "POST\n/\n\ncontent-type:Application/JSON\nhost:CBS.Example\n\ncontent-type;host\n-");
	ck_assert_str_ne(lowered.hex, raw.hex);
	arena_free(a);
}
END_TEST

START_TEST(v1_sorts_by_bytes_and_may_dot_names)
{
	struct arena *a = arena_new();
	struct name_value params[] = { { "b_2", "x" }, { "Ids.2", "c" }, { "Signature", "no" }, { "Ids.12", "b&=" }, { "Z", "" } };
	struct v1_input in = { .method = "POST", .host = "h:1", .path = "/", .params = params, .param_count = LENGTH(params) };
	struct v1_signature made;
	v1_sign(a, &in, "key", &made);
	ck_assert_str_eq(made.string_to_sign, "POSTh:1/?Ids.12=b&=&Ids.2=c&Z=&b_2=x");
	in.dots = true;
	v1_sign(a, &in, "key", &made);
	ck_assert_str_eq(made.string_to_sign, "POSTh:1/?Ids.12=b&=&Ids.2=c&Z=&b.2=x");
	arena_free(a);
}
END_TEST

/* Remembered, each key is still its own secret's, date's and service's: more than are kept, some that differ only at the end of a text
 * longer than what is kept of it, each signed with twice. */
START_TEST(signing_key_is_the_one_signing_uses)
{
	enum { LONG = 400, MANY = 24 };
	struct arena *a = arena_new();
	char *lengthy = arena_alloc(a, LONG + 1);
	memset(lengthy, 'k', LONG);
	for (int i = 0; i < 2 * MANY; i++) {
		int n = i % MANY;
		const char *secret = n < MANY - 4 ? arena_strndup(a, lengthy, (size_t)(130 + n % 8)) : lengthy;
		struct tc3_input in = {
			.method = "GET", .query = "", .signed_headers = "", .payload_hash = "-", .timestamp = "1",
			.date = n % 3 ? "1970-01-01" : arena_concat(a, "1970-01-01", lengthy, NULL), .service = n % 2 ? "cbs" : "cvm",
		};
		struct tc3_signature made;
		uint8_t key[SHA256_SIZE], signature[SHA256_SIZE];
		char hex[SHA256_HEX + 1];
		tc3_sign(a, &in, secret, &made);
		tc3_signing_key(secret, in.date, in.service, key);
		hmac_sha256(key, sizeof key, made.string_to_sign, strlen(made.string_to_sign), signature);
		hex_encode(signature, sizeof signature, hex);
		ck_assert_str_eq(hex, made.hex);
	}
	arena_free(a);
}
END_TEST

/* What was wrong with a header, "" for nothing; fills *out. */
static const char *parse(struct arena *a, const char *header, struct tc3_authorization *out)
{
	const char *wrong = tc3_parse(a, header, out);
	return wrong ? wrong : "";
}

#define SCOPE "Credential=AKID/2019-02-25/cbs/tc3_request"

static const struct {
	const char *header, *wrong;
} headers[] = {
	{ "TC3-HMAC-SHA256 " SCOPE ", SignedHeaders=content-type;host, Signature=ab", "" },
	{ "TC3-HMAC-SHA256  " SCOPE ", SignedHeaders=content-type;host, Signature=ab", "" },
	{ "TC3-HMAC-SHA256 " SCOPE ",SignedHeaders=content-type;host,Signature=ab", "" },
	{ "  TC3-HMAC-SHA256\t" SCOPE " , , SignedHeaders=content-type;host Signature=ab ", "" },
	{ "TC3-HMAC-SHA256 Signature=ab, SignedHeaders=content-type;host, " SCOPE, "" },
	{ "TC3-HMAC-SHA256 Credential=/2019-02-25/cbs/tc3_request, SignedHeaders=a, Signature=ab", "" },
	{ "", "Algorithm" },
	{ "SKIP", "Algorithm" },
	{ "AWS4-HMAC-SHA256 " SCOPE ", SignedHeaders=a, Signature=b", "Algorithm" },
	{ "tc3-hmac-sha256 " SCOPE ", SignedHeaders=a, Signature=b", "Algorithm" },
	{ "TC3-HMAC-SHA256", "Credential" },
	{ "TC3-HMAC-SHA256 SignedHeaders=a, Signature=b", "Credential" },
	{ "TC3-HMAC-SHA256 Credential=AKID, SignedHeaders=a, Signature=b", "Credential" },
	{ "TC3-HMAC-SHA256 Credential=AKID/2019-02-25/cbs, SignedHeaders=a, Signature=b", "Credential" },
	{ "TC3-HMAC-SHA256 Credential=AKID/2019-02-25/cbs/aws4_request, SignedHeaders=a, Signature=b", "Credential" },
	{ "TC3-HMAC-SHA256 Credential=AKID/2019-02-25/cbs/tc3_request/more, SignedHeaders=a, Signature=b", "Credential" },
	{ "TC3-HMAC-SHA256 " SCOPE ", " SCOPE ", SignedHeaders=a, Signature=b", "Credential" },
	{ "TC3-HMAC-SHA256 " SCOPE ", Signature=b", "SignedHeaders" },
	{ "TC3-HMAC-SHA256 " SCOPE ", SignedHeaders=, Signature=b", "SignedHeaders" },
	{ "TC3-HMAC-SHA256 " SCOPE ", SignedHeaders=a", "Signature" },
	{ "TC3-HMAC-SHA256 " SCOPE ", SignedHeaders=a, Signature=", "Signature" },
};

START_TEST(authorization_is_taken_apart)
{
	struct arena *a = arena_new();
	struct tc3_authorization out;
	ck_assert_str_eq(parse(a, headers[_i].header, &out), headers[_i].wrong);
	if (!*headers[_i].wrong) {
		ck_assert_str_eq(out.date, "2019-02-25");
		ck_assert_str_eq(out.service, "cbs");
		ck_assert_ptr_nonnull(out.secret_id);
		ck_assert_str_eq(out.signature, "ab");
	}
	arena_free(a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sign");
	const TTest *const vectors[] = {
		published_vectors_agree, header_values_are_trimmed_and_lowered, v1_sorts_by_bytes_and_may_dot_names,
		signing_key_is_the_one_signing_uses,
	};
	add_case(suite, "vectors", vectors, LENGTH(vectors));
	TCase *parsing = tcase_create("authorization");
	tcase_add_loop_test(parsing, authorization_is_taken_apart, 0, (int)LENGTH(headers));
	suite_add_tcase(suite, parsing);
	return run_suite(suite);
}
