/* Digests and their text forms against the published vectors: FIPS 180-4, RFC 2202, RFC 4231, RFC 4648. */
#include "run.h"

#include <string.h>

#include "util/arena.h"
#include "util/hash.h"

static const struct {
	const char *text, *hex;
} sha256_vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

START_TEST(sha256_agrees_with_fips)
{
	char hex[SHA256_HEX + 1];
	sha256_hex(sha256_vectors[_i].text, strlen(sha256_vectors[_i].text), hex);
	ck_assert_str_eq(hex, sha256_vectors[_i].hex);
}
END_TEST

START_TEST(sha256_of_a_million)
{
	enum { MILLION = 1000000 };
	char *text = xmalloc(MILLION), hex[SHA256_HEX + 1];
	memset(text, 'a', MILLION);
	sha256_hex(text, MILLION, hex);
	free(text);
	ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(sha256_takes_nul_bytes)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX + 1];
	sha256("\0", 1, digest);
	hex_encode(digest, sizeof digest, hex);
	ck_assert_str_eq(hex, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}
END_TEST

struct mac_vector {
	int key_byte, key_len;  /* a key of one byte repeated … */
	const char *key;        /* … unless it is given */
	int data_byte, data_len;
	const char *data, *hex;
};

static const struct mac_vector hmac256_vectors[] = {
	{ 0x0b, 20, NULL, 0, 0, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ 0, 0, "Jefe", 0, 0, "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ 0xaa, 20, NULL, 0xdd, 50, NULL, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	{ 0xaa, 131, NULL, 0, 0, "Test Using Larger Than Block-Size Key - Hash Key First",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ 0xaa, 131, NULL, 0, 0,
	  "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before "
	  "being used by the HMAC algorithm.",
	  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

static const struct mac_vector hmac1_vectors[] = {
	{ 0x0b, 20, NULL, 0, 0, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00" },
	{ 0, 0, "Jefe", 0, 0, "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	{ 0xaa, 20, NULL, 0xdd, 50, NULL, "125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
	{ 0xaa, 80, NULL, 0, 0, "Test Using Larger Than Block-Size Key - Hash Key First", "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
};

struct mac_input {
	char key[256], data[256];
	size_t key_len, data_len;
};

static struct mac_input expand(const struct mac_vector *v)
{
	struct mac_input in = { .key_len = (size_t)v->key_len, .data_len = (size_t)v->data_len };
	memset(in.key, v->key_byte, in.key_len);
	memset(in.data, v->data_byte, in.data_len);
	if (v->key)
		memcpy(in.key, v->key, in.key_len = strlen(v->key));
	if (v->data)
		memcpy(in.data, v->data, in.data_len = strlen(v->data));
	return in;
}

START_TEST(hmac_sha256_agrees_with_rfc_4231)
{
	struct mac_input in = expand(&hmac256_vectors[_i]);
	uint8_t mac[SHA256_SIZE];
	char hex[SHA256_HEX + 1];
	hmac_sha256(in.key, in.key_len, in.data, in.data_len, mac);
	hex_encode(mac, sizeof mac, hex);
	ck_assert_str_eq(hex, hmac256_vectors[_i].hex);
}
END_TEST

START_TEST(hmac_sha1_agrees_with_rfc_2202)
{
	struct mac_input in = expand(&hmac1_vectors[_i]);
	uint8_t mac[SHA1_SIZE];
	char hex[2 * SHA1_SIZE + 1];
	hmac_sha1(in.key, in.key_len, in.data, in.data_len, mac);
	hex_encode(mac, sizeof mac, hex);
	ck_assert_str_eq(hex, hmac1_vectors[_i].hex);
}
END_TEST

START_TEST(hmac_takes_empty_key_and_data)
{
	uint8_t mac[SHA256_SIZE], mac1[SHA1_SIZE];
	char hex[SHA256_HEX + 1];
	hmac_sha256("", 0, "", 0, mac);
	hex_encode(mac, sizeof mac, hex);
	ck_assert_str_eq(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	hmac_sha1("", 0, "", 0, mac1);
	hex_encode(mac1, sizeof mac1, hex);
	ck_assert_str_eq(hex, "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}
END_TEST

static const struct {
	const char *text, *base64;
} base64_vectors[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }, { "\xff\xff\xff", "////" }, { "\xfb\xef\xbe", "++++" }, { "\xff", "/w==" },
};

START_TEST(base64_agrees_with_rfc_4648)
{
	char out[16];
	uint8_t back[16];
	size_t len;
	base64_encode((const uint8_t *)base64_vectors[_i].text, strlen(base64_vectors[_i].text), out);
	ck_assert_str_eq(out, base64_vectors[_i].base64);
	ck_assert(base64_decode(out, back, &len));
	ck_assert_uint_eq(len, strlen(base64_vectors[_i].text));
	ck_assert_str_eq((const char *)back, base64_vectors[_i].text);
}
END_TEST

/* Only what is written in one way is read. */
START_TEST(base64_that_nobody_writes_is_refused)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zg===", "Zm8", "Z===", "====", "Zg==Zg==", "Zm 8", "Zm9v\n", "Zm9-", "Zh==", "Zm9=",
	};
	uint8_t out[16];
	size_t len;
	for (size_t i = 0; i < LENGTH(bad); i++)
		ck_assert_msg(!base64_decode(bad[i], out, &len), "%s", bad[i]);
}
END_TEST

START_TEST(hex_is_lower_case)
{
	char out[9];
	hex_encode((const uint8_t *)"\x00\x0f\xf0\xff", 4, out);
	ck_assert_str_eq(out, "000ff0ff");
	hex_encode(NULL, 0, out);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(constant_time_comparison_compares)
{
	ck_assert(equal_constant_time("", ""));
	ck_assert(equal_constant_time("abc", "abc"));
	ck_assert(!equal_constant_time("abc", "abd"));
	ck_assert(!equal_constant_time("abc", "xbc"));
	ck_assert(!equal_constant_time("abc", "ab"));
	ck_assert(!equal_constant_time("", "a"));
	ck_assert(!equal_constant_time("\x01", "\x81")); /* one bit, the highest */
	ck_assert(!equal_constant_time("ab", "ba"));     /* differences must not cancel out */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("util hash");
	const TTest *const once[] = {
		sha256_of_a_million, sha256_takes_nul_bytes, hmac_takes_empty_key_and_data, hex_is_lower_case,
		constant_time_comparison_compares, base64_that_nobody_writes_is_refused,
	};
	add_case(suite, "hash", once, LENGTH(once));
	TCase *vectors = tcase_create("vectors");
	tcase_add_loop_test(vectors, sha256_agrees_with_fips, 0, (int)LENGTH(sha256_vectors));
	tcase_add_loop_test(vectors, hmac_sha256_agrees_with_rfc_4231, 0, (int)LENGTH(hmac256_vectors));
	tcase_add_loop_test(vectors, hmac_sha1_agrees_with_rfc_2202, 0, (int)LENGTH(hmac1_vectors));
	tcase_add_loop_test(vectors, base64_agrees_with_rfc_4648, 0, (int)LENGTH(base64_vectors));
	suite_add_tcase(suite, vectors);
	return run_suite(suite);
}
