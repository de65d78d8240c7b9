/* A request of the cloud's API, signed and written out as the bytes to send. */
#ifndef CBSMOCK_CLI_ASK_H
#define CBSMOCK_CLI_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/params.h"
#include "util/arena.h"
#include "util/buf.h"

/* The documentation's example pair, and where its disk is. */
#define EXAMPLE_SECRET_ID "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
#define EXAMPLE_SECRET_KEY "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
#define EXAMPLE_REGION "ap-guangzhou"

enum ask_signature { ASK_TC3, ASK_SHA1, ASK_SHA256 };

struct ask {
	const char *action, *version;
	const char *region, *language, *token; /* NULL or "": not sent */
	const char *secret_id, *secret_key;
	const char *host; /* the Host header, which is signed */
	enum ask_signature signature;
	bool get;
	const char *json;              /* the body of a TC3 POST */
	const struct pair_list *pairs; /* the parameters of every other form */
	int64_t wall_ms;
	uint64_t nonce; /* of the older signatures */
};

struct signed_ask {
	struct buf message;            /* head and body; the caller finishes it */
	const char *canonical_request; /* NULL for the older signatures, which have none */
	const char *string_to_sign;
};

void ask_sign(struct arena *a, const struct ask *ask, struct signed_ask *out);

#endif
