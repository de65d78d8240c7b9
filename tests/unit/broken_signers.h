/* Clients that sign wrongly, each in one way that people do, written from the description of the signatures and sharing no code
 * with the server's signers or its X-ray. */
#ifndef CBSMOCK_TESTS_UNIT_BROKEN_SIGNERS_H
#define CBSMOCK_TESTS_UNIT_BROKEN_SIGNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/mock.h"
#include "gateway/sign.h"
#include "util/arena.h"

#define LETTER_ID "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
#define LETTER_KEY "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"

enum {
	LETTER_TIME = 1772389800, /* 2026-03-01T18:30:00Z, already 2 March in UTC+8 */
	LETTER_HEADERS_MAX = 16,
	LETTER_PARAMS_MAX = 32,
};

/* A request as a client sends it, and what it signs in its place. A signer changes either side. */
struct letter {
	struct arena *arena;
	enum signature_policy policy; /* of the server that gets it */
	const char *id, *key;         /* sent, used */
	size_t key_len;
	int64_t now;                  /* of the server */

	/* sent */
	const char *method, *query, *host, *type, *body;
	const char *timestamp, *date, *service, *list; /* TC3: of Authorization and X-TC-Timestamp */
	const char *authorization;    /* NULL: made of the above; "": not sent */
	const char *action, *token, *content_sha256;   /* the last two may be NULL */

	/* TC3: signed */
	const char *signed_method, *signed_uri, *signed_query, *signed_type, *signed_host;
	const char *signed_headers, *signed_list, *signed_payload;
	const char *payload_hash;     /* NULL: that of signed_payload */
	const char *canonical;        /* NULL: made of the above */
	const char *string_to_sign;   /* NULL: made of the canonical request and the next ones */
	const char *signed_timestamp, *signed_scope, *key_date, *key_service;
	const uint8_t *signing_key;   /* NULL: derived */
	size_t signing_key_len;
	const char *signature;        /* NULL: made of the above */

	/* v1: sent in this order, Signature behind them; signed, once sorted */
	struct name_value params[LETTER_PARAMS_MAX], signed_params[LETTER_PARAMS_MAX];
	size_t param_count, signed_count;
	bool v1, sha256;
	const char *v1_string;        /* NULL: made */
	bool signature_raw;           /* put into the query as it is */
};

struct broken_signer {
	const char *diagnosis;
	void (*sign)(struct letter *l); /* makes the mistake and leaves what depends on it to letter_seal */
};

/* broken_early: TC3 letters that are refused before their signature is looked at. */
extern const struct broken_signer broken_tc3[], broken_v1[], broken_early[];
extern const size_t broken_tc3_count, broken_v1_count, broken_early_count;

void letter_tc3(struct letter *l, struct arena *a);
void letter_v1(struct letter *l, struct arena *a);
/* Signs with what was not set otherwise. Done before sending. */
void letter_seal(struct letter *l);
/* The headers that are sent. */
size_t letter_headers(const struct letter *l, struct name_value headers[LETTER_HEADERS_MAX]);
const char *letter_target(const struct letter *l);
const char *letter_body(const struct letter *l);

#endif
