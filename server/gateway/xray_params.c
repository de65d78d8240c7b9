/* Mistakes of HmacSHA1 and HmacSHA256: which parameters are signed, in which order, in which encoding. */
#include <stddef.h>

#include "gateway/form.h"
#include "gateway/xray_internal.h"
#include "util/str.h"

enum { LEFT_OUT_MAX = 64 };

static bool has_value(const struct subject *s, const char *name)
{
	return form_value(s->r->pairs, s->r->pair_count, name) != NULL;
}

/* An encoding, of values first, of names as well then. */
static bool encoded_as(struct recipe *p, size_t n)
{
	static const enum encoding encodings[] = { ENCODE_PERCENT, ENCODE_FORM, ENCODE_LOWER, ENCODE_AS_SENT };
	p->encoding = encodings[n / 2];
	p->encode_names = n % 2 == 1;
	return true;
}

static bool encoded_whole(struct recipe *p, size_t n)
{
	(void)n;
	p->encode_whole = true;
	return true;
}

static bool order_as(struct recipe *p, size_t n)
{
	p->order = (enum order)n;
	return true;
}

static bool common_left_out(struct recipe *p, size_t n)
{
	static const char *const names[] = { "Region", "Token", "RequestClient", "Language", "SignatureMethod", "Version" };
	p->made = p->left_out = names[n];
	return has_value(p->of, names[n]);
}

static bool any_left_out(struct recipe *p, size_t n)
{
	if (n >= p->of->r->pair_count || str_is(p->of->r->pairs[n].name, "Signature"))
		return false;
	p->made = p->left_out = p->of->r->pairs[n].name;
	return true;
}

static bool empty_left_out(struct recipe *p, size_t n)
{
	(void)n;
	p->drop_empty = true;
	return true;
}

static bool signature_included(struct recipe *p, size_t n)
{
	(void)n;
	p->with_signature = true;
	return true;
}

static bool other_digest(struct recipe *p, size_t n)
{
	static const char *const names[] = { [V1_SHA1] = "HmacSHA1", [V1_SHA256] = "HmacSHA256" };
	enum v1_method other = p->v1_method == V1_SHA1 ? V1_SHA256 : V1_SHA1;
	(void)n;
	p->made = names[other];
	p->sent = *p->of->r->signature_method ? p->of->r->signature_method : "no SignatureMethod, which means HmacSHA1";
	p->v1_method = other;
	return true;
}

static bool names_with_underscores(struct recipe *p, size_t n)
{
	(void)n;
	p->underscores = true;
	return true;
}

static bool key_of_tc3(struct recipe *p, size_t n)
{
	(void)n;
	return recipe_set(p, &p->prefix, "TC3");
}

static const struct hypothesis rows[] = {
	{ "params_encoded", FOR_V1, GROUP_QUERY, 8, 4, .apply = encoded_as,
	  .hint = "You signed the parameters URL-encoded; their values are signed raw and encoded only on the wire." },
	{ "params_unsorted", FOR_V1, GROUP_HEADERS, 1, 1, .apply = order_as, .first = ORDER_SENT,
	  .hint = "You signed the parameters in the order in which you sent them; they are sorted by name." },
	{ "params_sorted_without_case", FOR_V1, GROUP_HEADERS, 1, 1, .apply = order_as, .first = ORDER_NO_CASE,
	  .hint = "You sorted the parameters without regard to case; they are sorted by their bytes, capitals first." },
	{ "params_sorted_by_number", FOR_V1, GROUP_HEADERS, 1, 1, .apply = order_as, .first = ORDER_NUMBERS,
	  .hint = "You sorted the indices of lists by number; names are sorted as text: Ids.12 comes before Ids.2." },
	{ "param_left_out", FOR_V1, GROUP_TYPE, 6, 6, .apply = common_left_out,
	  .hint = "You sent {made} but did not sign it. Every parameter but Signature is signed." },
	{ "param_left_out", FOR_V1, GROUP_TYPE, LEFT_OUT_MAX, 0, .apply = any_left_out,
	  .hint = "You sent {made} but did not sign it. Every parameter but Signature is signed." },
	{ "params_empty_left_out", FOR_V1, GROUP_TYPE, 1, 0, .apply = empty_left_out,
	  .hint = "You signed without the parameters whose value is empty but sent them." },
	{ "signature_included", FOR_V1, GROUP_TYPE, 1, 0, .apply = signature_included,
	  .hint = "You signed an empty parameter Signature as well; it is the one that is left out." },
	{ "signature_method_other", FOR_V1, GROUP_PAYLOAD, 1, 1, .apply = other_digest,
	  .hint = "You signed with {made} but sent {sent}." },
	{ "params_joined_otherwise", FOR_V1, GROUP_PAYLOAD, 3, 0, .field = FIELD(between), .texts = { "&amp;", "%26", "" },
	  .hint = "You joined the parameters with \"{made}\"; they are joined with \"{sent}\"." },
	{ "params_encoded_whole", FOR_V1, GROUP_PAYLOAD, 1, 0, .apply = encoded_whole,
	  .hint = "You URL-encoded the whole of the joined parameters; they are signed raw." },
	{ "question_mark_missing", FOR_V1, GROUP_PAYLOAD, 2, 0, .field = FIELD(mark), .texts = { "", "&" },
	  .hint = "There is no ? between path and parameters in what you signed." },
	{ "names_with_underscores", FOR_V1, GROUP_PAYLOAD, 1, 0, .apply = names_with_underscores,
	  .hint = "You signed names with _ where they have a dot, as PHP's own parsing of a query leaves them." },
	{ "key_of_tc3", FOR_V1, GROUP_KEY, 1, 1, .apply = key_of_tc3,
	  .hint = "You put \"TC3\" before the SecretKey, as TC3-HMAC-SHA256 asks; HmacSHA1 and HmacSHA256 take it as it is." },
};

const struct hypothesis_list xray_v1_rows = LIST_OF(rows);
