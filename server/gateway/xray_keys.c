/* Mistakes about the secret key and about the form of the signature, which both families share. What a hint says of a key is never
 * the key. */
#include <stdlib.h>
#include <string.h>

#include "gateway/xray_internal.h"
#include "util/str.h"

enum { KEYS_MAX = 64, BASE64_BITS = 6 };

/* ---- the secret key ------------------------------------------------------------------------------------------------------ */

static bool use_secret(struct recipe *p, const char *secret, size_t len)
{
	if (len == p->secret_len && memcmp(secret, p->secret, len) == 0)
		return false;
	p->secret = secret;
	p->secret_len = len;
	return true;
}

static bool use_text(struct recipe *p, const char *secret)
{
	return use_secret(p, secret, strlen(secret));
}

static const struct wrapping {
	const char *before, *behind, *name;
} wrappings[] = {
	{ "", "\n", "a line feed behind it" },
	{ "", "\r\n", "carriage return and line feed behind it" },
	{ "", " ", "a blank behind it" },
	{ " ", "", "a blank before it" },
	{ "", "\r", "a carriage return behind it" },
	{ "", "\t", "a tab behind it" },
	{ "\"", "\"", "quotes around it" },
	{ "'", "'", "quotes around it" },
	{ "<", ">", "angle brackets around it" },
};

enum { N_WRAPPINGS = sizeof wrappings / sizeof wrappings[0] };

static bool secret_wrapped(struct recipe *p, size_t n)
{
	const struct wrapping *w = &wrappings[n];
	p->made = w->name;
	return use_text(p, arena_printf(p->of->arena, "%s%s%s", w->before, p->secret, w->behind));
}

static bool secret_cut(struct recipe *p, size_t n)
{
	p->made = n == 0 ? "last" : "first";
	return p->secret_len > 0 && use_secret(p, p->secret + n, p->secret_len - 1);
}

static bool secret_is_id(struct recipe *p, size_t n)
{
	(void)n;
	return use_text(p, p->of->r->secret_id);
}

/* The example pair of the documentation, in its two prints. */
static bool secret_of_documentation(struct recipe *p, size_t n)
{
	static const char *const printed[] = { "********************************", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE" };
	return use_text(p, printed[n]);
}

static bool secret_of_another(struct recipe *p, size_t n)
{
	const struct xray_context *context = p->of->context;
	const struct credential *own = &p->of->r->credential;
	if (n >= context->key_count || str_is(context->keys[n].secret_id, own->secret_id))
		return false;
	const struct credential *other = &context->keys[n];
	p->made = arena_printf(p->of->arena, "another SecretId of %s account, %s", other->account == own->account ? "this" : "another",
	                       xray_masked_id(p->of->arena, other->secret_id));
	return use_text(p, other->secret_key);
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

static bool secret_from_base64(struct recipe *p, size_t n)
{
	char *bytes = arena_alloc(p->of->arena, p->secret_len + 1);
	unsigned bits = 0, have = 0;
	size_t len = 0;
	(void)n;
	for (const char *c = p->secret; *c && *c != '='; c++) {
		int digit = base64_digit(*c);
		if (digit < 0)
			return false;
		bits = bits << BASE64_BITS | (unsigned)digit;
		have += BASE64_BITS;
		if (have >= 8) {
			have -= 8;
			bytes[len++] = (char)(bits >> have & 0xff);
		}
	}
	return use_secret(p, bytes, len);
}

static bool secret_from_hex(struct recipe *p, size_t n)
{
	char *bytes = arena_alloc(p->of->arena, p->secret_len / 2 + 1);
	(void)n;
	if (p->secret_len % 2 != 0 || strspn(p->secret, "0123456789abcdefABCDEF") != p->secret_len)
		return false;
	for (size_t i = 0; i < p->secret_len / 2; i++) {
		char pair[3] = { p->secret[2 * i], p->secret[2 * i + 1], '\0' };
		bytes[i] = (char)strtoul(pair, NULL, 16);
	}
	return use_secret(p, bytes, p->secret_len / 2);
}

static bool secret_to_base64(struct recipe *p, size_t n)
{
	char *text = arena_alloc(p->of->arena, 4 * ((p->secret_len + 2) / 3) + 1);
	(void)n;
	base64_encode((const uint8_t *)p->secret, p->secret_len, text);
	return use_text(p, text);
}

static bool secret_to_hex(struct recipe *p, size_t n)
{
	char *text = arena_alloc(p->of->arena, 2 * p->secret_len + 1);
	(void)n;
	hex_encode((const uint8_t *)p->secret, p->secret_len, text);
	return use_text(p, text);
}

static bool secret_in_other_case(struct recipe *p, size_t n)
{
	char *text = arena_strdup(p->of->arena, p->secret);
	if (n == 0)
		str_lower(text);
	else
		text_upper(text);
	p->made = n == 0 ? "lower case" : "capitals";
	return use_text(p, text);
}

static bool secret_empty(struct recipe *p, size_t n)
{
	(void)n;
	return use_text(p, "");
}

/* ---- the signature ------------------------------------------------------------------------------------------------------- */

static bool output_as(struct recipe *p, size_t n)
{
	p->output = (enum output)n;
	return true;
}

static bool output_cut(struct recipe *p, size_t n)
{
	enum { WORTH_COMPARING = 8 };
	(void)n;
	p->output = OUTPUT_CUT;
	return strlen(p->of->signature) >= WORTH_COMPARING;
}

static bool mac_as(struct recipe *p, size_t n)
{
	p->mac = (enum mac)n;
	return true;
}

static const struct hypothesis key_rows[] = {
	{ "secret_key_with_blank", FOR_BOTH, GROUP_KEY, N_WRAPPINGS, 3, .apply = secret_wrapped,
	  .hint = "You signed with the right SecretKey but with {made}. Trim it where you read it." },
	{ "secret_key_of_another_id", FOR_BOTH, GROUP_KEY, KEYS_MAX, 8, .apply = secret_of_another,
	  .hint = "You signed with the key of {made}. Id and key belong together." },
	{ "secret_key_of_documentation", FOR_BOTH, GROUP_KEY, 2, 2, .apply = secret_of_documentation,
	  .hint = "You signed with the example key of the documentation, not with your own." },
	{ "secret_key_is_the_id", FOR_BOTH, GROUP_KEY, 1, 1, .apply = secret_is_id,
	  .hint = "You signed with the SecretId in the place of the SecretKey." },
	{ "secret_key_cut_short", FOR_BOTH, GROUP_KEY, 2, 0, .apply = secret_cut,
	  .hint = "You signed with the right SecretKey without its {made} character." },
	{ "secret_key_base64_decoded", FOR_BOTH, GROUP_KEY, 1, 0, .apply = secret_from_base64,
	  .hint = "You decoded the SecretKey from base64 before signing; it is used as the text it is." },
	{ "secret_key_hex_decoded", FOR_BOTH, GROUP_KEY, 1, 0, .apply = secret_from_hex,
	  .hint = "You decoded the SecretKey from hex before signing; it is used as the text it is." },
	{ "secret_key_base64_encoded", FOR_BOTH, GROUP_KEY, 1, 0, .apply = secret_to_base64,
	  .hint = "You encoded the SecretKey as base64 before signing; it is used as the text it is." },
	{ "secret_key_hex_encoded", FOR_BOTH, GROUP_KEY, 1, 0, .apply = secret_to_hex,
	  .hint = "You encoded the SecretKey as hex before signing; it is used as the text it is." },
	{ "secret_key_in_other_case", FOR_BOTH, GROUP_KEY, 2, 0, .apply = secret_in_other_case,
	  .hint = "You signed with the SecretKey in {made}; its case matters." },
	{ "secret_key_empty", FOR_BOTH, GROUP_KEY, 1, 1, .apply = secret_empty,
	  .hint = "You signed with an empty SecretKey: it may not have reached your program." },
};

static const struct hypothesis output_rows[] = {
	{ "signature_upper_case", FOR_BOTH, GROUP_OUTPUT, 1, 1, .apply = output_as, .first = OUTPUT_UPPER,
	  .hint = "Your signature is right but for its form: hex digits in capitals. TC3 takes lower case, the others base64." },
	{ "signature_in_base64", FOR_TC3, GROUP_OUTPUT, 1, 1, .apply = output_as, .first = OUTPUT_BASE64,
	  .hint = "Your signature is right but for its form: base64. TC3 takes hex digits in lower case." },
	{ "signature_in_hex", FOR_V1, GROUP_OUTPUT, 1, 1, .apply = output_as, .first = OUTPUT_HEX,
	  .hint = "Your signature is right but for its form: hex. HmacSHA1 and HmacSHA256 take base64 of the raw bytes." },
	{ "signature_base64_of_hex", FOR_BOTH, GROUP_OUTPUT, 1, 1, .apply = output_as, .first = OUTPUT_BASE64_OF_HEX,
	  .hint = "Your signature is base64 of hex text: the function you signed with gives hex unless told to give raw bytes." },
	{ "signature_url_safe", FOR_V1, GROUP_OUTPUT, 1, 0, .apply = output_as, .first = OUTPUT_URL_SAFE,
	  .hint = "Your signature is right but for its form: base64 with - and _. The usual alphabet with + and / is taken." },
	{ "signature_unpadded", FOR_V1, GROUP_OUTPUT, 1, 0, .apply = output_as, .first = OUTPUT_UNPADDED,
	  .hint = "Your signature is right but for the = that base64 ends in." },
	{ "signature_encoded_twice", FOR_V1, GROUP_OUTPUT, 1, 1, .apply = output_as, .first = OUTPUT_ENCODED,
	  .hint = "Your signature was URL-encoded twice; your HTTP library encodes it already." },
	{ "signature_plus_not_encoded", FOR_V1, GROUP_OUTPUT, 1, 1, .apply = output_as, .first = OUTPUT_BLANKS,
	  .hint = "Your signature was not URL-encoded: its + arrived as a blank. Encode it, + as %2B." },
	{ "signature_cut_short", FOR_BOTH, GROUP_OUTPUT, 1, 0, .apply = output_cut,
	  .hint = "Your signature is right as far as it goes, but it is cut short." },
	{ "signature_without_key", FOR_BOTH, GROUP_OUTPUT, 1, 0, .apply = mac_as, .first = MAC_NO_KEY,
	  .hint = "You sent a plain SHA-256 of the string to sign; it is an HMAC with the key." },
	{ "signature_with_sha1", FOR_TC3, GROUP_OUTPUT, 1, 0, .apply = mac_as, .first = MAC_SHA1,
	  .hint = "The last HMAC was made with SHA-1; TC3 uses SHA-256." },
	{ "signature_arguments_swapped", FOR_BOTH, GROUP_OUTPUT, 1, 0, .apply = mac_as, .first = MAC_SWAPPED,
	  .hint = "You swapped key and text in the last HMAC." },
	{ "signature_of_canonical_request", FOR_TC3, GROUP_OUTPUT, 1, 0, .apply = mac_as, .first = MAC_OF_CANONICAL,
	  .hint = "You signed the canonical request; the string to sign, which has its digest, is signed." },
	{ "string_to_sign_line_end_behind", FOR_BOTH, GROUP_OUTPUT, 1, 0, .field = FIELD(end), .texts = { "\n" },
	  .hint = "Your string to sign ends in a line feed; it has none." },
};

const struct hypothesis_list xray_key_rows = LIST_OF(key_rows);
const struct hypothesis_list xray_output_rows = LIST_OF(output_rows);
