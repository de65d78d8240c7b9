/* The two signature families as pure functions: what was sent and a key in, a signature out (protocol.md §3). The gateway checks
 * with them, the command-line client signs with them, and the published vectors pin them. Nothing here reads a clock. */
#ifndef CBSMOCK_GATEWAY_SIGN_H
#define CBSMOCK_GATEWAY_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/hash.h"

struct name_value {
	const char *name, *value;
};

/* ---- TC3-HMAC-SHA256 ----------------------------------------------------------------------------------------------- */

struct tc3_input {
	const char *method;         /* "POST" */
	const char *query;          /* raw, as sent, without "?"; "" for POST */
	const struct name_value *headers; /* the signed ones, in the order of SignedHeaders; values as received */
	size_t header_count;
	const char *signed_headers; /* "content-type;host" */
	const char *payload_hash;   /* 64 hex digits */
	const char *timestamp;      /* as sent */
	const char *date, *service; /* of the credential scope */
	bool raw_values;            /* sign header values as they are instead of lower-cased */
};

struct tc3_signature {
	char hex[SHA256_HEX + 1];
	const char *canonical_request; /* in the arena, for explanations */
	const char *string_to_sign;
};

void tc3_sign(struct arena *a, const struct tc3_input *in, const char *secret_key, struct tc3_signature *out);
/* The key of one (secret, date, service), which may be kept for the day; tc3_sign derives it itself. */
void tc3_signing_key(const char *secret_key, const char *date, const char *service, uint8_t out[SHA256_SIZE]);

struct tc3_authorization {
	const char *secret_id, *date, *service, *signed_headers, *signature;
	bool two_blanks; /* one after the other between its parts */
};
/* Takes an Authorization header apart; any number of blanks and commas between its parts (.NET sends two blanks). NULL when it is
 * well formed, else the name of the part that is not: "Algorithm", "Credential", "SignedHeaders", "Signature". */
const char *tc3_parse(struct arena *a, const char *header, struct tc3_authorization *out);

/* ---- HmacSHA1, HmacSHA256 ------------------------------------------------------------------------------------------ */

enum v1_method { V1_SHA1, V1_SHA256 };

struct v1_input {
	const char *method, *host, *path; /* path "/" */
	const struct name_value *params;  /* decoded, any order; `Signature` is left out by the function */
	size_t param_count;
	bool dots;                        /* '_' in names becomes '.', as Python and Java do */
	enum v1_method algorithm;
};

struct v1_signature {
	char base64[48];
	const char *string_to_sign;
};

void v1_sign(struct arena *a, const struct v1_input *in, const char *secret_key, struct v1_signature *out);

#endif
