/* The signature X-ray of a request that was never sent here: one pasted from a log or another machine. It goes through the checks
 * up to the signature and no further; nothing is executed, counted or kept. */
#ifndef CBSMOCK_GATEWAY_DIAGNOSE_H
#define CBSMOCK_GATEWAY_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/xray.h"
#include "util/arena.h"
#include "util/buf.h"

struct diagnose_input {
	struct arena *arena;      /* of the answer's texts; everything below lives as long */
	const char *method, *target;
	struct name_value *headers;
	size_t header_count;
	const char *body;         /* NUL after the last byte */
	size_t body_len;
	const char *sandbox;      /* whose keys count when the server does not know the key; NULL: the default one's */
	const char *secret_key;   /* in place of the key the server knows, if it knows one; NULL: none */
	bool now_given;           /* else it is received at its own timestamp */
	int64_t now_ms;
	bool policy_given;        /* else as the server is set; where that is "off", "local" */
	enum signature_policy policy;
};

/* Takes a request written as HTTP/1 text apart: lines may end in LF alone, what precedes the request line is blank at most, the
 * length of the body need not be given. False with a sentence in `why` when it is none. The arena must be set. */
bool diagnose_read(struct diagnose_input *in, const char *text, size_t len, struct buf *why);
void mock_diagnose(struct mock *m, const struct diagnose_input *in, struct xray *out);

#endif
