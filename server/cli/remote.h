/* Where the server is and how it is spoken to: the options that every verb has, and one exchange with the admin API. */
#ifndef CBSMOCK_CLI_REMOTE_H
#define CBSMOCK_CLI_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/args.h"
#include "cli/http_client.h"
#include "util/arena.h"
#include "util/buf.h"

#define DEFAULT_ENDPOINT "http://127.0.0.1:9362"

enum { REMOTE_OPTIONS = 6 };

struct remote {
	const char *endpoint, *token, *sandbox, *timeout;
	int64_t waits_ms; /* that the server itself may take beside that */
	bool json, help;
};

/* As the environment has it: CBSMOCK_ENDPOINT, CBSMOCK_ADMIN_TOKEN, CBSMOCK_SANDBOX. */
void remote_defaults(struct remote *r);
/* Fills the first REMOTE_OPTIONS rows. */
void remote_options(struct remote *r, struct option_row rows[REMOTE_OPTIONS]);
/* What to send; `data` NULL: nothing. */
struct remote_body {
	const char *data, *type;
	size_t len;
};

/* False with one sentence in `why`. */
bool remote_ask(struct arena *a, const struct remote *r, const char *method, const char *path, const struct remote_body *body,
                struct http_reply *reply, struct buf *why);
#endif
