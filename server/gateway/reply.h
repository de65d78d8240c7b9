/* The answer's body, in the shape every SDK expects (protocol.md §1, §9). */
#ifndef CBSMOCK_GATEWAY_REPLY_H
#define CBSMOCK_GATEWAY_REPLY_H

#include "gateway/request.h"

/* From the verdict: r->error, r->fields, r->request_id into r->answer, r->content_type, r->http_status. */
void reply_write(struct request *r);

#endif
