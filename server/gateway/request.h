/* One request from bytes to verdict. http/ fills `in`; the stages of the pipeline fill the rest, each section once, in order; the
 * whole is one arena and goes with it. */
#ifndef CBSMOCK_GATEWAY_REQUEST_H
#define CBSMOCK_GATEWAY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "api/call.h"
#include "cbs/polls.h"
#include "gateway/fault.h"
#include "gateway/sign.h"
#include "gateway/trail.h"
#include "gateway/turns.h"
#include "gateway/wire.h"
#include "util/str.h"

enum {
	BODY_MAX = 10 * 1024 * 1024, /* bytes of a JSON body (protocol.md §1); http/ keeps no more than one byte above it */
	FORM_MAX = 1024 * 1024,
	QUERY_MAX = 32 * 1024,
	HEADERS_MAX = 100,
	PAIRS_MAX = 4096, /* parameters of a query or form */
	VALUES_MAX = 256 * 1024, /* values of a JSON body, counted generously */
};

enum form {
	FORM_NONE,
	FORM_GET,       /* query string; v1 or TC3 */
	FORM_POST,      /* x-www-form-urlencoded; v1 */
	FORM_POST_JSON, /* TC3 */
};

struct xray;

/* The headers that every request is looked through for. */
enum header {
	HEADER_HOST, HEADER_CONTENT_TYPE, HEADER_AUTHORIZATION, HEADER_ACTION, HEADER_VERSION, HEADER_REGION, HEADER_TIMESTAMP, HEADER_TOKEN,
	HEADER_CLIENT, HEADER_LANGUAGE, HEADER_CONTENT_SHA256, HEADER_TRACE_ID, HEADER_TAGS, N_HEADERS,
};

/* What the check of a signature is known to have found; zeroed: nothing. */
struct proof {
	bool given, good;
	bool always; /* it stands though the key be at hand */
	bool used;   /* it stood */
};

struct request {
	struct arena *arena;

	/* in: from http/ */
	const char *method;
	const char *target;       /* as on the request line; absolute when a client thinks we are a proxy */
	struct name_value *headers;
	size_t header_count;
	const char *body;         /* NUL after the last byte */
	size_t body_len;          /* BODY_MAX + 1 when there was more */
	uint64_t body_told;       /* length of one that is too large and was not read; 0: it was */
	const char *address;      /* peer's, text */
	int64_t wall_ms;          /* when it was received */
	bool may_wait;            /* the rest may be done by mock_finish: its change committed together with others', the journal written */
	struct proof proof;       /* of one that is played again */

	/* parsed */
	const char *known[N_HEADERS]; /* NULL when absent; of one that comes twice the first */
	const char *path, *query; /* query raw, "" when none */
	const char *host;         /* the Host header as received, else the authority of an absolute target */
	const char *host_name;    /* the same in lower case, without "http://" and port */
	bool real_host;           /* it is a *.tencentcloudapi.com name */
	enum form form;
	const char *media_type;   /* of Content-Type, lower case, without its parameters; "" when absent */
	bool tc3;
	struct name_value *pairs; /* decoded query or form, in order */
	size_t pair_count;
	const char *action, *version, *region, *timestamp, *token, *language, *client; /* "" when not sent */
	const char *secret_id, *signature, *nonce, *signature_method; /* the last two: v1 only */
	enum lang lang;           /* of messages */
	cJSON *params;            /* business parameters; an object from the stage "parameters" on */
	struct tc3_authorization authorization; /* tc3 */
	const char *authorization_fault; /* which part of the header cannot be read; NULL: none */
	const char *product;      /* "cbs" */
	const char *access_region;/* from the host name, "" for the nearest: one side of the rate bucket */

	/* who */
	struct credential credential; /* secret_key stays here: nothing prints this struct */
	struct caller caller;         /* nobody until the key is known */
	struct account account;       /* as of the last fixture: its limits and address lists, not its balance */
	struct turn turn;         /* in the sandbox, while it is handled */
	struct sandbox *sandbox;  /* the default one until a key selects another; held, and NULL again when mock_handle returns */
	bool key_known;           /* credential and account are the key's */
	bool key_promised;        /* it opens nothing, but a request that it signs rightly would make it a sandbox; this one did not */
	const char *signed_with;  /* the variant that matched: "host", "host without port, service of host" …; NULL: none; log */
	const char *string_to_sign; /* of the first variant tried, for explanations; NULL before the check */
	const char *canonical_request;
	const struct xray *xray;   /* why its signature or key was refused; NULL when neither was */

	/* what */
	const struct model_action *model;
	const struct action *run;
	int64_t now_ms;           /* sandbox time, read once */

	/* out */
	char request_id[37];
	struct error error;       /* ERR_NONE: success */
	const char *guard;
	const char *stage;        /* that refused it: "signature"; "" when none did; log */
	struct buf fields;        /* business fields of a success */
	int http_status;          /* 200, errors included */
	const char *content_type;
	struct buf answer;        /* the whole body */
	const struct name_value *answer_headers; /* beside the usual ones; one of the same name takes its place */
	size_t answer_header_count;
	struct wire wire;         /* what the connection suffers */
	int phase;                /* enum phase that it came to */
	bool committed;           /* it changed the world */
	struct trail trail;
	struct spoiling spoiling; /* what fault rules want beside that */
	struct polls polls;       /* what it described */
	const char *const *unread; /* NULL-ended: parameters sent that the action did not look at; NULL: not known */
	size_t heard;             /* checks that mock_hear made, and whether it passed them all */
	bool heard_well;
	bool unfinished;          /* mock_finish is to follow */
	uint64_t ticket;          /* of the store, when the change is not committed yet; 0: it is, or there was none */
	int64_t begun_us, took_us;
};

/* Texts that may be absent are "" from the start. */
struct request *request_new(void);
void request_free(struct request *r); /* once, when the answer has left; NULL is fine */
/* Fills `known`: what the checks look for in every request is looked for once. */
void request_pick_headers(struct request *r);
/* Has it this name, without case? Most that have not differ in their first byte. */
static inline bool header_is(const struct name_value *header, const char *name)
{
	enum { CASE_FREE = 0x5f }; /* of a letter: the bits that are not its case */
	return ((header->name[0] ^ name[0]) & CASE_FREE) == 0 && str_case_is(header->name, name);
}
/* Any header by its name, without case; NULL when absent. */
const char *request_header(const struct request *r, const char *name);

#endif
