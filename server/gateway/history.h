/* What happened to a sandbox's world, change by change (store/revisions.h): told, compared, asked about one resource, and gone back on.
 * Kept while the setting "revisions" is not 0. */
#ifndef CBSMOCK_GATEWAY_HISTORY_H
#define CBSMOCK_GATEWAY_HISTORY_H

#include "gateway/sandbox.h"
#include "store/revisions.h"
#include "util/json_out.h"

struct request;

/* ---- from inside, for whoever changes the world ---------------------------------------------------------------------------- */

/* Whose the next commit is; the request is NULL unless the kind is REVISION_CALL. */
void history_because(struct sandbox *s, enum revision_kind kind, const struct request *r, int64_t now_ms);
/* Keeps as many as the settings say. */
void history_keep(struct sandbox *s);

/* ---- for the admin API: each enters the sandbox, acts, and leaves; the caller holds it ---------------------------------------- */

enum history_outcome {
	HISTORY_DONE,
	HISTORY_OFF,     /* revisions are not kept */
	HISTORY_UNKNOWN, /* there is no such revision, or not any more */
	HISTORY_FAILED,
};

/* What is asked for; -1 stands for the usual: of `from` the oldest (a list: the latest page), of `to` the newest. */
struct history_range {
	int64_t from, to;
	int64_t limit; /* of a list */
};

/* What there is; both -1 when nothing is kept. */
struct history_span {
	int64_t first, last;
};

/* Members of the open object, nothing unless it is done. `why` gets a sentence when it failed; *span is filled in any case. */
enum history_outcome history_list(struct sandbox *s, const struct history_range *range, struct json_out *o, struct history_span *span);
enum history_outcome history_diff(struct sandbox *s, const struct history_range *range, struct json_out *o, struct history_span *span,
                                  struct buf *why);
/* Every revision that touched the resource, with what it did to it. */
enum history_outcome history_blame(struct sandbox *s, const char *resource, struct json_out *o, struct history_span *span,
                                   struct buf *why);
/* The world's rows as of a revision; as state_write. */
enum history_outcome history_state(struct sandbox *s, int64_t no, const char *only, bool credentials, struct json_out *o,
                                   struct history_span *span, struct buf *why);
/* The world, its clock and its RequestIds as they were just after that revision; later ones are gone. Keys, settings and fault rules
 * stay; rate windows begin anew. A clock that runs goes on from that moment. */
enum history_outcome history_rewind(struct sandbox *s, int64_t no, struct history_span *span, struct buf *why);

#endif
