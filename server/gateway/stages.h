/* The checks a request passes, one function a check, in the order pipeline.c gives them. A stage reads what earlier ones wrote
 * into the request, writes its own section, and answers whether to go on; to refuse, it ends in `return refuse(…)`. */
#ifndef CBSMOCK_GATEWAY_STAGES_H
#define CBSMOCK_GATEWAY_STAGES_H

#include <stdbool.h>

#include "gateway/request.h"

struct mock;

/* Method, target, host, form and its size. parse.c */
bool stage_transport(struct mock *m, struct request *r);
/* Query or body into pairs or a tree; the common parameters. */
bool stage_parse(struct mock *m, struct request *r);
/* What every request must carry. */
bool stage_presence(struct mock *m, struct request *r);

/* Which sandbox the key selects, proven or not: from here on that one is asked. Never refuses. */
bool stage_sandbox(struct mock *m, struct request *r);
/* The credential scope: service, date, signed headers. auth.c */
bool stage_scope(struct mock *m, struct request *r);
bool stage_expiry(struct mock *m, struct request *r);
/* The key and with it the caller. */
bool stage_key(struct mock *m, struct request *r);
bool stage_token(struct mock *m, struct request *r);
bool stage_signature(struct mock *m, struct request *r);
/* What keeps even a well-proven caller out: MFA, address lists. */
bool stage_identity(struct mock *m, struct request *r);

/* Product, version, action. */
bool stage_resolve(struct mock *m, struct request *r);
bool stage_region(struct mock *m, struct request *r);
bool stage_limit(struct mock *m, struct request *r);
/* Business parameters along the model. validate.c */
bool stage_parameters(struct mock *m, struct request *r);
/* CAM. */
bool stage_permit(struct mock *m, struct request *r);
/* Lets time pass in the sandbox, then runs the action, inside a transaction when it writes. execute.c */
bool stage_execute(struct mock *m, struct request *r);
bool stage_commit(struct mock *m, struct request *r);

/* What refused, as `stage` of the request: the checks in their order, then "store" and "fault". NULL past the last. pipeline.c */
const char *stage_name(size_t i);
/* Languages a request may ask for; NULL past the last. parse.c */
const char *language_name(size_t i);

/* Is it in the table of products? resolve.c */
bool product_exists(const char *product);

/* Set the request's error, in its language; always false. */
bool refuse(struct request *r, enum err err) __attribute__((cold));
/* Arguments as in error_text. */
bool refuse_text(struct request *r, enum text text, ...) __attribute__((sentinel, cold));
/* Says in English, for log and journal only, what led to the refusal that follows. `format` as printf. */
void because(struct request *r, const char *format, ...) __attribute__((format(printf, 2, 3), cold));

#endif
