/* Shared by the files of admin/: one call of the control API, and the tools its routes answer with. */
#ifndef CBSMOCK_ADMIN_ADMIN_INTERNAL_H
#define CBSMOCK_ADMIN_ADMIN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "admin/admin.h"
#include "util/arena.h"
#include "util/json_out.h"

enum { QUERY_NAMES = 3 };

struct admin_call {
	struct mock *mock;
	const struct admin_config *config;
	const struct admin_request *in;
	struct arena *arena;
	const char *sandbox;
	const char *subject; /* what stood for "{…}" in the path */
	const char *values[QUERY_NAMES]; /* of the route's query names; NULL when not given */
	struct admin_answer *out;
};

struct route {
	const char *method, *path;  /* "{…}" in the path stands for one segment */
	void (*run)(struct admin_call *c);
	const char *help;
	bool open;                  /* answers without the token: it tells nothing and changes nothing */
	bool sandboxed;             /* takes ?sandbox= */
	const char *query[QUERY_NAMES];
};

/* In the order of the listing. */
extern const struct route routes[];
extern const size_t route_count;

/* ---- routes, one function each --------------------------------------------------------------------------------------- */

void about_index(struct admin_call *c);
void about_health(struct admin_call *c);
void about_ready(struct admin_call *c);
void about_version(struct admin_call *c);
void about_ca(struct admin_call *c);
void about_coverage(struct admin_call *c);
void world_reset(struct admin_call *c);
void world_seed(struct admin_call *c);
void world_transition(struct admin_call *c);
void time_read(struct admin_call *c);
void time_change(struct admin_call *c);
void time_advance(struct admin_call *c);
void atlas_list(struct admin_call *c);
void atlas_arrange(struct admin_call *c);

/* ---- answers --------------------------------------------------------------------------------------------------------- */

/* Opens the answer's JSON object; answer_end closes it. */
struct json_out answer_begin(struct admin_call *c, int status);
void answer_end(struct json_out *o);
/* {"error":{"code","message","hint"}}; hint may be NULL. */
void answer_error(struct admin_call *c, int status, const char *code, const char *hint, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* ---- bodies ---------------------------------------------------------------------------------------------------------- */

/* A field a body may have; exactly one target is set. */
struct body_field {
	const char *name;
	bool required;
	const char **text;
	double *number;
	bool *given; /* may be NULL */
};

/* Reads a JSON object with these fields and no others; an empty body is an empty object. False when it has answered 400. */
bool body_read(struct admin_call *c, const struct body_field *fields, size_t count);

/* ---- events ---------------------------------------------------------------------------------------------------------- */

enum { EVENTS_MAX = 10000 };

/* State changes as they happen, for an answer; beyond EVENTS_MAX they are only counted. */
struct event_list {
	struct buf text; /* a JSON array once closed */
	struct json_out out;
	size_t count;
};

void events_begin(struct event_list *e);
/* For mock_clock and mock_finish_transition; `list` is a struct event_list. */
void events_add(void *list, const char *resource, const char *from, const char *to, int64_t at_ms);
/* Writes "events" (and "events_left_out" when there were too many) and frees the list. */
void events_end(struct event_list *e, struct json_out *o);

#endif
