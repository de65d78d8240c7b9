/* The signature X-ray: which usual mistake made a signature that was refused? It signs the request anew under each mistake it
 * knows and names the one that gives the signature that was sent. What was refused before the signature is explained from the
 * request itself. For log, journal and the admin API; the client hears of it nothing. No secret key and no token stands in any
 * text made here. */
#ifndef CBSMOCK_GATEWAY_XRAY_H
#define CBSMOCK_GATEWAY_XRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/mock.h"
#include "gateway/request.h"
#include "util/json_out.h"

struct xray_difference {
	const char *part;             /* "canonical_headers", "parameters", "signing_key" …; NULL: nothing is known of one */
	bool located;                 /* the part is a place in a text: the next three are set */
	size_t offset;                /* byte of that text */
	const char *expected, *yours; /* what stands around it */
};

struct xray {
	const char *scheme;     /* "TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256" */
	const char *result;     /* the code answered; "OK" */
	const char *diagnosis;  /* "host_without_port"; two of them with "+" between; "unknown", "signature_correct" */
	const char *confidence; /* a sentence's end: "reproduces the signature you sent" */
	const char *hint;       /* for people, with what was signed and what was sent */
	size_t tried;           /* ways of signing */
	struct xray_difference difference;
	/* What the server signs and what the client must have signed; NULL where unknown. The first two are TC3's only. */
	const char *canonical_request, *your_canonical_request;
	const char *string_to_sign, *your_string_to_sign;
};

/* What there is to know beside the request. */
struct xray_context {
	enum signature_policy policy;
	int64_t now_ms;                /* by which the signature's age was judged */
	const struct credential *keys; /* of the request's sandbox, to recognise a mix-up among them */
	size_t key_count;
};

/* What the request's sandbox says; copies the keys into the arena and takes the sandbox's lock for that moment. */
void xray_context_init(struct xray_context *context, const struct request *r, enum signature_policy policy, struct arena *a);

/* Is what the request was refused for its signature, its key, its scope or its time? Then an X-ray says more. */
bool xray_concerns(const struct request *r);
/* Examines a request that has been through the stages up to the signature or was refused by one of them. Texts go into the arena. A
 * signature that is right is called so. Holds no lock and takes a few milliseconds at the most. */
void xray_examine(const struct request *r, const struct xray_context *context, struct arena *a, struct xray *out);
/* The same for the pipeline: with the keys of the request's sandbox, whose lock it takes for a moment; in the request's arena.
 * NULL when there is nothing to explain. */
const struct xray *xray_request(struct mock *m, struct request *r);

/* Writes the object "auth". */
void xray_json(const struct xray *x, struct json_out *o);

#endif
