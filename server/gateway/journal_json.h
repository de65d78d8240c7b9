/* Entries of the journal as people and programs read them: JSON for the admin API, files for other tools, text to run again. */
#ifndef CBSMOCK_GATEWAY_JOURNAL_JSON_H
#define CBSMOCK_GATEWAY_JOURNAL_JSON_H

#include "gateway/journal.h"
#include "util/json_out.h"

/* An object of an array: who asked what, and what came of it. */
void journal_write_brief(struct json_out *o, const struct journal_entry *e);
/* The same of one that reached no action: where it was sent, and which action it may have meant. */
void journal_write_unmatched(struct json_out *o, const struct journal_entry *e);
/* "request_ids", and how many are left out when there are very many. */
void journal_write_ids(struct json_out *o, const struct journal_entry *const *entries, size_t count);
/* The members of an object: the same with headers, bodies and trail. */
void journal_write_whole(struct json_out *o, const struct journal_entry *e);
/* The members of an object: what decided the answer, in a sentence and step by step. */
void journal_write_why(struct json_out *o, const struct journal_entry *e);

enum journal_format {
	JOURNAL_NDJSON,  /* an entry a line, whole */
	JOURNAL_HAR,     /* HTTP Archive 1.2 */
	JOURNAL_HISTORY, /* an invocation or return a line, in the order of the server's clock: for checkers of linearizability */
	N_JOURNAL_FORMATS,
};

extern const char *const journal_format_names[N_JOURNAL_FORMATS];
extern const char *const journal_format_types[N_JOURNAL_FORMATS]; /* media types */
/* `origin` is what URLs begin with: "http://127.0.0.1:9362". */
void journal_export(const struct journal_list *list, enum journal_format format, const char *origin, struct buf *out);

enum paste {
	PASTE_CBSMOCK,
	PASTE_TCCLI,
	PASTE_PYTHON,
	PASTE_CURL,
	PASTE_GO,
	PASTE_JAVA,
	PASTE_NODE,
	N_PASTES,
};

extern const char *const paste_names[N_PASTES];
/* Text that makes the same call, signed anew when it runs: keys are taken from TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.
 * `endpoint` is HOST:PORT. False with a sentence in `why` when the entry holds no call that could be made. */
bool journal_paste(const struct journal_entry *e, enum paste how, const char *endpoint, struct buf *out, const char **why);

#endif
