/* Shared by the files of admin/: one call of the control API, and the tools its routes answer with. */
#ifndef CBSMOCK_ADMIN_ADMIN_INTERNAL_H
#define CBSMOCK_ADMIN_ADMIN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "admin/admin.h"
#include "gateway/sandbox.h"
#include "util/arena.h"
#include "util/json_out.h"

enum { QUERY_NAMES = 6 };

struct admin_call {
	struct mock *mock;
	const struct admin_config *config;
	const struct admin_request *in;
	struct arena *arena;
	const char *sandbox;  /* name of the one in question */
	bool sandbox_given;   /* the query names it; else it is "default" */
	struct sandbox *box;  /* the same, held until the call ends; NULL for all of them and where a route takes none */
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
	bool all;                   /* takes ?sandbox=* too, or "all" where none is called so: then it means all of them */
	bool text;                  /* its body may be text/plain as well */
	bool image;                 /* its body may be a database as well, and large */
	bool lines;                 /* its body may be lines of JSON as well, and large */
	bool apart;                 /* only on a port of its own: elsewhere the path is the cloud's */
	bool own_turn;              /* it takes the turns in the sandbox that it needs itself */
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
void ui_show(struct admin_call *c);
void shutdown_server(struct admin_call *c);
void world_reset(struct admin_call *c);
void world_seed(struct admin_call *c);
void world_transition(struct admin_call *c);
void time_read(struct admin_call *c);
void time_change(struct admin_call *c);
void time_advance(struct admin_call *c);
void time_run(struct admin_call *c);
void sandbox_list(struct admin_call *c);
void sandbox_show(struct admin_call *c);
void sandbox_put(struct admin_call *c);
void sandbox_change(struct admin_call *c);
void sandbox_fork(struct admin_call *c);
void sandbox_remove(struct admin_call *c);
void settings_show(struct admin_call *c);
void settings_change(struct admin_call *c);
void settings_seed(struct admin_call *c);
void transition_list(struct admin_call *c);
void transition_show(struct admin_call *c);
void transition_set(struct admin_call *c);
void transition_reset(struct admin_call *c);
void recording_begin(struct admin_call *c);
void recording_end(struct admin_call *c);
void recording_list(struct admin_call *c);
void recording_send(struct admin_call *c);
void recording_remove(struct admin_call *c);
void recording_replay(struct admin_call *c);
void revision_list(struct admin_call *c);
void revision_diff(struct admin_call *c);
void revision_blame(struct admin_call *c);
void revision_rewind(struct admin_call *c);
void state_show(struct admin_call *c);
void state_send(struct admin_call *c);
void state_take(struct admin_call *c);
void checkpoint_list(struct admin_call *c);
void checkpoint_show(struct admin_call *c);
void checkpoint_make(struct admin_call *c);
void checkpoint_drop(struct admin_call *c);
void checkpoint_back(struct admin_call *c);
void atlas_list(struct admin_call *c);
void atlas_arrange(struct admin_call *c);
void requests_list(struct admin_call *c);
void requests_unmatched(struct admin_call *c);
void requests_clear(struct admin_call *c);
void requests_find(struct admin_call *c);
void requests_count(struct admin_call *c);
void requests_remove(struct admin_call *c);
void requests_wait(struct admin_call *c);
void requests_export(struct admin_call *c);
void requests_tags(struct admin_call *c);
void requests_set_tags(struct admin_call *c);
void requests_show(struct admin_call *c);
void requests_why(struct admin_call *c);
void requests_as(struct admin_call *c);
void verify_requests(struct admin_call *c);
void verify_order(struct admin_call *c);
void verify_behaviour(struct admin_call *c);
void verify_report(struct admin_call *c);
void verify_duplicates(struct admin_call *c);
void verify_conformance(struct admin_call *c);
void auth_diagnose(struct admin_call *c);
void config_show(struct admin_call *c);
void config_change_some(struct admin_call *c);
void config_read_again(struct admin_call *c);
void metrics_show(struct admin_call *c);
void openapi_show(struct admin_call *c);
void openapi_schema(struct admin_call *c);
void fault_list(struct admin_call *c);
void fault_replace_all(struct admin_call *c);
void fault_add(struct admin_call *c);
void fault_change_all(struct admin_call *c);
void fault_remove_all(struct admin_call *c);
void fault_targets(struct admin_call *c);
void fault_activity(struct admin_call *c);
void fault_plan(struct admin_call *c);
void fault_show(struct admin_call *c);
void fault_put(struct admin_call *c);
void fault_change(struct admin_call *c);
void fault_remove(struct admin_call *c);
void fault_force(struct admin_call *c);
void retry_list(struct admin_call *c);
void retry_add(struct admin_call *c);
void retry_show(struct admin_call *c);
void retry_remove(struct admin_call *c);

void alias_localstack_health(struct admin_call *c);
void alias_wiremock_health(struct admin_call *c);
void alias_wiremock_requests(struct admin_call *c);
void alias_moto_reset(struct admin_call *c);

/* Goes back to the start, but for what the first value of the query keeps. False when it has answered why not. */
bool world_back(struct admin_call *c);
/* The world's rows as of the revision that a value of the query names. */
void revision_rows(struct admin_call *c, int which, const char *only);

/* ---- answers --------------------------------------------------------------------------------------------------------- */

/* Opens the answer's JSON object; answer_end closes it. */
struct json_out answer_begin(struct admin_call *c, int status);
void answer_end(struct json_out *o);
/* {"error":{"code","message","hint"}}; hint may be NULL. */
void answer_error(struct admin_call *c, int status, const char *code, const char *hint, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* A tree as the whole answer; deletes it. */
void answer_tree(struct admin_call *c, int status, cJSON *tree);
/* "now", "mode" and "factor" of a clock, as members of the open object. */
void answer_clock(struct json_out *o, const struct vclock *clock, int64_t now_ms);
/* Settings of a sandbox from the members of a body that are not in `others` (NULL-ended); false when it has answered 400. */
bool answer_settings(struct admin_call *c, const cJSON *object, const char *const *others, struct settings *settings);

/* ---- regions: regions.c ----------------------------------------------------------------------------------------------- */

struct match_refusal;

/* Does the world in question have the regions that the match names? `pointer` is where it stands; NULL matches are fine. */
bool regions_known(struct admin_call *c, const cJSON *match, const char *pointer, struct match_refusal *why);
/* The same of a list of matches, or of the member of each element that is one ("": the element itself). */
bool regions_known_in(struct admin_call *c, const cJSON *list, const char *pointer, const char *member, struct match_refusal *why);

/* ---- bodies ---------------------------------------------------------------------------------------------------------- */

/* A field a body may have; exactly one target is set. */
struct body_field {
	const char *name;
	bool required;
	const char **text;
	double *number;
	const cJSON **json;   /* any value, for who asks to judge */
	bool *given; /* may be NULL */
};

/* Reads a JSON object with these fields and no others; an empty body is an empty object. False when it has answered 400. */
bool body_read(struct admin_call *c, const struct body_field *fields, size_t count);
/* Any JSON, of which there must be some. NULL when it has answered 400. */
const cJSON *body_json(struct admin_call *c, const char *hint);
/* The whole object, whose fields somebody else knows; an empty body is an empty object. NULL when it has answered 400. */
const cJSON *body_object(struct admin_call *c);

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
void events_add(void *list, const struct cbs_event *event);
/* Writes "events" (and "events_left_out" when there were too many) and frees the list. */
void events_end(struct event_list *e, struct json_out *o);

#endif
