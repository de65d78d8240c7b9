/* A mock in memory and a client that signs: what the tests of the gateway share. Change `sender`, then call; everything handed out
 * lives until world_close. Failures of the helper itself end the test. */
#ifndef CBSMOCK_TESTS_UNIT_WORLD_H
#define CBSMOCK_TESTS_UNIT_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "gateway/mock.h"
#include "gateway/request.h"

#define WORLD_ID "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
#define WORLD_KEY "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"

enum sending { SEND_TC3_JSON, SEND_TC3_GET, SEND_V1_GET, SEND_V1_POST };

/* How the next request is made; the first values are those of an ordinary SDK. */
struct sender {
	enum sending form;
	enum v1_method method;       /* v1 */
	const char *secret_id, *secret_key, *token; /* token "": none */
	const char *region, *version, *language;    /* "": not sent */
	const char *host;            /* the Host header */
	const char *signed_host;     /* NULL: the same */
	const char *service;         /* in the credential scope */
	const char *signed_headers;
	const char *content_type;
	const char *content_sha256;  /* X-TC-Content-SHA256; NULL: not sent */
	const char *address;         /* the peer's */
	int64_t skew_s;              /* added to the timestamp */
	bool raw_values, dots;       /* as in sign.h */
};

struct test_world {
	struct mock *mock;
	struct sender sender;
	int64_t wall_ms;             /* when requests are received; does not move by itself */
	struct arena *arena;
};

struct answer {
	const struct request *request;
	const cJSON *response;       /* the object under "Response" */
	const char *code, *message;  /* "" on success */
	const char *request_id;
};

struct test_world *world_open(void);
struct test_world *world_open_with(const struct mock_config *config);
void world_close(struct test_world *w);

/* Signs and sends; params is JSON text, an object. */
struct answer world_call(struct test_world *w, const char *action, const char *params);

/* The two halves of world_call, to change the request between signing and sending. */
struct request *world_request(struct test_world *w, const char *action, const char *params);
struct answer world_send(struct test_world *w, struct request *r);
/* NULL takes the header away. */
void world_header(struct request *r, const char *name, const char *value);
/* A request without anything but these. */
struct request *world_bare(struct test_world *w, const char *method, const char *target, const char *body);

/* Merges a fixture into the world. */
void world_apply(struct test_world *w, const char *fixture);
/* Sandbox time no longer moves; then it moves on by so much. */
void world_freeze(struct test_world *w);
void world_advance(struct test_world *w, int64_t ms);

#endif
