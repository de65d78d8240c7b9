/* Inside of journal_paste: one call, ready to be written in any form. */
#ifndef CBSMOCK_GATEWAY_PASTE_H
#define CBSMOCK_GATEWAY_PASTE_H

#include "gateway/journal_json.h"

struct paste_job {
	const struct journal_entry *entry;
	const struct shape *shape; /* of the action's parameters */
	const char *endpoint;      /* goes between quotes and into URLs as it is */
	const cJSON *params;
	const char *json;          /* the parameters */
	const char *secret_id;     /* NULL: it is not known whole */
	bool token;                /* the call had one */
	const char *language;      /* for clients that always name one: who names none gets English, the SDKs ask for Chinese */
	struct buf *out;
};

/* A whole program with the vendor's SDK; `how` is one of those languages. It calls as the journal's call did, GET or POST and signature
 * alike, through the typed request of the action; where that could not say all that was sent, through the SDK's common client. */
void paste_program(const struct paste_job *job, enum paste how);

#endif
