/* ClientToken: a call repeated with the same token is answered like the first; the same token with other parameters is refused. */
#ifndef CBSMOCK_CBS_CLIENT_TOKEN_H
#define CBSMOCK_CBS_CLIENT_TOKEN_H

#include "api/call.h"

struct client_token {
	const char *text;           /* "" when the call has none */
	const char *digest;         /* of the parameters that make the call what it is */
	const char *earlier_digest; /* of the call that used the token first; NULL without one */
	const char *earlier_answer; /* as handed to client_token_keep */
};

/* `params`: the names the digest covers, NULL-ended. A parameter that is not given counts as empty. */
void client_token_read(struct call *c, const char *const *params, struct client_token *t);
/* The call was made before. */
bool client_token_repeats(const struct client_token *t);
/* Not ASCII, too long, or used before with other parameters. */
bool client_token_refused(struct call *c, const struct client_token *t);
/* Remembers the answer; nothing to do for a call without a token. */
void client_token_keep(struct call *c, const struct client_token *t, const char *answer);

#endif
