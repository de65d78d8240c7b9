/* A request as it may be given away: what it was made of, but for secrets. Each is replaced by something that keeps the request's shape and
 * its fate, so that the veiled one is answered as the true one was: a token by a name for it, which a veiled world knows too; a SecretId
 * that nobody knows by its first letters, and the signature with it; a secret key, wherever one strayed, by stars. A signature by a key
 * that is known stays: it is worth nothing without the key. */
#ifndef CBSMOCK_GATEWAY_VEIL_H
#define CBSMOCK_GATEWAY_VEIL_H

#include "gateway/request.h"

struct veiled {
	const char *target;
	const struct name_value *headers;
	size_t header_count;
	const char *body; /* NUL after the last byte */
	size_t body_len;
	bool touched;     /* something that may have been signed is not what it was */
};

/* Of a request that was handled; in its arena. */
void veil_request(const struct request *r, struct veiled *out);
/* What stands for a key's token; "" for a key without one. */
const char *veil_token(struct arena *a, const char *secret_id, const char *token);
/* Blots out the key of a request that was handled in a copy of the text, in its arena. */
const char *veil_text(const struct request *r, const char *text, size_t len);

#endif
