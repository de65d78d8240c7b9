/* Between verb.c and verb_body.c. */
#ifndef CBSMOCK_CLI_VERB_INTERNAL_H
#define CBSMOCK_CLI_VERB_INTERNAL_H

#include "cli/params.h"
#include "cli/verb.h"

/* Fills q->body or q->whole from q->values and the words that were NAME=VALUE. False with one sentence in `why`. */
bool fill_body(struct verb_request *q, const struct pair_list *pairs, struct buf *why);
struct remote_body body_to_send(const struct verb_request *q);

#endif
