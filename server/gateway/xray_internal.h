/* Shared by the files of the X-ray: a request as far as signing goes, a way of signing it, and the mistakes people make in that. */
#ifndef CBSMOCK_GATEWAY_XRAY_INTERNAL_H
#define CBSMOCK_GATEWAY_XRAY_INTERNAL_H

#include "gateway/xray.h"

enum {
	SIGNED_LINES_MAX = 64,
	KEY_STEPS = 3,
	SIGNATURE_SIZE = 256, /* bytes that any form of a signature takes, NUL included */
};

/* ---- ways to write a body ------------------------------------------------------------------------------------------------ */

enum payload {
	PAYLOAD_EMPTY, PAYLOAD_BRACES, PAYLOAD_NULL, PAYLOAD_UNSIGNED, PAYLOAD_QUERY, PAYLOAD_BODY,
	PAYLOAD_LINE_END, PAYLOAD_CRLF, PAYLOAD_STRIPPED, PAYLOAD_BOM,
	PAYLOAD_COMPACT, PAYLOAD_SPACED, PAYLOAD_SORTED, PAYLOAD_SORTED_SPACED, PAYLOAD_PRETTY_2, PAYLOAD_PRETTY_4, PAYLOAD_PRETTY_TAB,
	PAYLOAD_ASCII, PAYLOAD_ASCII_SPACED, PAYLOAD_PLAIN, PAYLOAD_PLAIN_SPACED, PAYLOAD_SLASHES, PAYLOAD_HTML,
	N_PAYLOADS,
};

enum strings {
	STRINGS_SENT,
	STRINGS_ASCII,   /* everything above ASCII as \uXXXX */
	STRINGS_PLAIN,   /* \uXXXX and \/ as the characters they stand for */
	STRINGS_SLASHES, /* plain, but \/ */
	STRINGS_HTML,    /* plain, but <, > and & as \uXXXX */
};

struct json_style {
	const char *comma, *colon;
	const char *indent; /* NULL: everything on one line */
	bool sorted;
	enum strings strings;
};

/* Appends valid JSON text, which ends in a NUL, in this style; false when it does not fit. */
bool json_restyle(const char *json, const struct json_style *style, struct buf *out);

/* Digests of the payload written otherwise, made when first asked for. */
struct payloads {
	const char *hash[N_PAYLOADS]; /* "" when there is none */
	size_t work;                  /* bytes written and digested so far */
};

/* ---- the request --------------------------------------------------------------------------------------------------------- */

struct recipe;

struct subject {
	const struct request *r;
	const struct xray_context *context;
	struct arena *arena;      /* for as long as the examination */
	const char *signature;    /* as sent, without line ends behind it */
	const char *payload_hash; /* of what the documentation tells to hash */
	struct name_value *lines; /* the signed headers, values as received */
	size_t line_count;
	struct name_value *pairs_as_sent; /* v1: undecoded; made when first asked for */
	struct name_value *list;  /* v1: room to sort in */
	struct payloads payloads;
	struct buf canonical, string; /* the latest texts */
	size_t tried, work;       /* signatures made; bytes signed for them */
	const struct recipe *usual;
	uint8_t usual_key[SHA256_SIZE]; /* TC3's signing key of the usual recipe */
};

/* ---- a way of signing it ------------------------------------------------------------------------------------------------- */

enum values { VALUES_LOWER, VALUES_RAW, VALUES_UNTRIMMED };
enum digest { DIGEST_HEX, DIGEST_UPPER, DIGEST_TWICE, DIGEST_NONE };
enum steps { STEPS_RAW, STEPS_HEX, STEPS_SWAPPED };
enum order { ORDER_BYTES, ORDER_SENT, ORDER_NO_CASE, ORDER_NUMBERS };
enum encoding {
	ENCODE_NONE,
	ENCODE_PERCENT, /* RFC 3986: a blank is %20 */
	ENCODE_FORM,    /* a blank is +, '~' is encoded, '*' is not */
	ENCODE_LOWER,   /* as ENCODE_PERCENT, hex digits in lower case */
	ENCODE_AS_SENT, /* the bytes that arrived */
};
/* What becomes of the last digest. */
enum output {
	OUTPUT_USUAL, /* TC3: lower-case hex; v1: base64 */
	OUTPUT_UPPER, OUTPUT_HEX, OUTPUT_BASE64, OUTPUT_BASE64_OF_HEX, OUTPUT_URL_SAFE, OUTPUT_UNPADDED, OUTPUT_ENCODED,
	OUTPUT_BLANKS, /* a '+' that the transport turned into a blank */
	OUTPUT_CUT,    /* as much of the usual text as was sent */
};
enum mac { MAC_USUAL, MAC_NO_KEY, MAC_SHA1, MAC_SWAPPED, MAC_OF_CANONICAL };

struct recipe {
	struct subject *of;
	const char *made, *sent;  /* for the hint: what was signed, what was sent instead of it */

	/* both families */
	const char *method, *host, *path;
	const char *secret;
	size_t secret_len;
	const char *prefix;       /* before the secret */
	enum mac mac;
	enum output output;
	const char *end;          /* behind the string to sign */

	/* TC3: the canonical request */
	const char *query, *content_type, *action;
	const struct name_value *lines;
	size_t line_count;
	const char *colon, *headers_end, *line_end, *canonical_end;
	enum values values;
	const char *signed_headers, *payload;
	/* TC3: the string to sign and its key */
	const char *algorithm, *timestamp, *scope; /* a NULL line is left out */
	enum digest digest;
	const char *step[KEY_STEPS];
	size_t step_count;
	enum steps steps;

	/* v1 */
	const char *mark, *between;
	enum order order;
	enum encoding encoding;   /* of values */
	bool encode_names, encode_whole, dots, underscores, drop_empty, with_signature;
	const char *left_out;     /* a parameter's name */
	enum v1_method v1_method;
};

/* As documented. */
void tc3_recipe(struct subject *s, struct recipe *p);
void v1_recipe(struct subject *s, struct recipe *p);
/* Write s->canonical (TC3) and s->string, then the signature in the form that is sent. */
void tc3_follow(struct subject *s, const struct recipe *p, char out[SIGNATURE_SIZE]);
void v1_follow(struct subject *s, const struct recipe *p, char out[SIGNATURE_SIZE]);
/* What both end in: the digest of s->string with the key. */
void signature_make(struct subject *s, const struct recipe *p, const void *key, size_t key_len, bool sha1,
                    char out[SIGNATURE_SIZE]);

/* Appends the text encoded. */
void encode_text(struct buf *b, const char *text, enum encoding encoding);
void text_replace(char *text, char from, char to);
void text_upper(char *text);

/* ---- mistakes ------------------------------------------------------------------------------------------------------------ */

enum schemes { FOR_TC3 = 1, FOR_V1 = 2, FOR_BOTH = 3 };
/* Two mistakes of one group are never looked for together. */
enum group { GROUP_HOST, GROUP_METHOD, GROUP_TYPE, GROUP_HEADERS, GROUP_QUERY, GROUP_PAYLOAD, GROUP_TIME, GROUP_KEY, GROUP_OUTPUT };

struct hypothesis {
	const char *name;
	enum schemes schemes;
	enum group group;
	size_t variants; /* ways to make the mistake */
	size_t paired;   /* the first so many are common enough to be tried together with another mistake */
	/* Changes the recipe to the n-th way, n counting from `first`; false when this request would not change by it. */
	bool (*apply)(struct recipe *p, size_t n);
	size_t first;
	/* Where there is no apply: the text of the recipe that becomes the n-th of these. */
	size_t field;
	const char *texts[6];
	const char *hint; /* {made} and {sent} stand for what apply left there */
};

#define FIELD(name) offsetof(struct recipe, name)

struct hypothesis_list {
	const struct hypothesis *rows;
	size_t count;
};

/* In the order in which they are tried. */
extern const struct hypothesis_list xray_host_rows, xray_header_rows, xray_content_rows, xray_v1_rows, xray_scope_rows,
	xray_key_rows, xray_output_rows;

#define LIST_OF(rows) { (rows), sizeof(rows) / sizeof((rows)[0]) }

/* Sets a text of the recipe and what the hint says of it; false, and nothing changes, when it is the same already. */
bool recipe_set(struct recipe *p, const char **field, const char *value);
/* NULL when the payload cannot be written that way, or when enough has been written. */
const char *payload_digest(struct subject *s, enum payload payload);

/* ---- results ------------------------------------------------------------------------------------------------------------- */

#define READ_FROM_REQUEST "read from the request"
#define XRAY_NOT_ITS_MATTER "refused_before_signature"

/* Explains a refusal that came before any signature was compared; false when there was none. */
bool xray_refused(const struct request *r, const struct xray_context *context, struct arena *a, struct xray *out);
/* Fills texts and difference: `match` is the recipe that gives the signature sent, or NULL. */
void xray_compare(struct subject *s, const struct recipe *usual, const struct recipe *match, struct arena *a, struct xray *out);
/* A copy in which secrets of the request are covered with '*', byte for byte. */
char *xray_covered(const struct request *r, struct arena *a, const char *text, size_t len);
/* As much of a SecretId as may be shown. */
const char *xray_masked_id(struct arena *a, const char *secret_id);

#endif
