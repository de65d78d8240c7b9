/* Which requests are meant: one JSON object that fault rules, the journal and verification share, so that a request which one
 * finds, the others find too. Parsed once under a closed list of fields, then held against neutral views.
 *
 *   {"action":"CreateSnapshot", "region":"ap-*", "param":{"DiskId":{"prefix":"disk-"}, "Filters.*.Name":"zone"}}
 *
 * All fields must hold. A field takes a value (equal; `*` and `?` are wildcards in a text outside "param" and "tag"), a list
 * (one of them; inside "param": that very list), or an object of operators, which must all hold: equals, contains, prefix,
 * suffix, matches (wildcards), in, present, absent, gt, gte, lt, lte. In the path of a parameter `*` stands for any element of a
 * list, and a list itself satisfies what one of its elements does. Numbers compare as numbers though they be texts: a form has
 * nothing else. A value of a field that has only so many (action, code, stage, guard, resource_state, language, region) must be one of
 * them, and a text with wildcards must fit one; the operators that name no whole value are free. */
#ifndef CBSMOCK_GATEWAY_MATCH_H
#define CBSMOCK_GATEWAY_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "gateway/sign.h"
#include "util/arena.h"

struct request;
struct match;

enum match_use {
	MATCH_FAULT,   /* requests on their way: no code, phase or resource made yet, but the state of the resources they name */
	MATCH_JOURNAL, /* requests that were answered */
};

enum match_field {
	MATCH_ACTION,
	MATCH_REGION,
	MATCH_SECRET_ID,
	MATCH_ACCOUNT,
	MATCH_LANGUAGE,
	MATCH_CLIENT,
	MATCH_ADDRESS,
	MATCH_TAG,
	MATCH_PARAM,
	MATCH_RESOURCE_STATE, /* faults only */
	MATCH_CODE,
	MATCH_PHASE,
	MATCH_STAGE,
	MATCH_GUARD,
	MATCH_FAULT_MET,
	MATCH_RESOURCE,
	MATCH_REQUEST_ID,
	MATCH_SINCE, /* journal only */
	N_MATCH_FIELDS,
};

/* JSON pointer into the object, and a sentence that lists what is accepted. */
struct match_refusal {
	const char *pointer, *why;
};

/* What is known of a request; texts "" and numbers 0 where nothing is. */
struct match_view {
	const char *action, *region, *secret_id, *language, *client, *address;
	int64_t account;
	const struct name_value *tags;
	size_t tag_count;
	const cJSON *params;            /* NULL: not read, or only as pairs */
	const struct name_value *pairs; /* of a query or form, used when params is NULL */
	size_t pair_count;
	/* NULL-ended: the states of the resources that the parameters name; called only when the match asks. NULL: none. */
	const char *const *(*states)(void *data);
	void *states_data;

	/* answered requests */
	const char *code; /* "OK" on success */
	int phase;        /* enum phase that it came to */
	const char *stage, *guard, *request_id;
	const char *const *faults;    /* NULL-ended: names of the rules it met; NULL: none */
	const char *const *resources; /* NULL-ended: ids in its parameters and its answer; NULL: none */
	uint64_t seq;
	int64_t wall_ms;
};

struct match_difference {
	const char *field; /* "action"; of a parameter its path */
	const char *want;  /* in words, or the value itself */
	const char *got;   /* NULL: absent */
};

/* The object (NULL: every request) must live as long as the match, which is in the arena. `pointer` is where the object itself
 * stands ("/match"). NULL when it is refused. */
struct match *match_parse(struct arena *a, const cJSON *object, enum match_use use, const char *pointer, struct match_refusal *why);
/* Are the regions it names among these (NULL-ended)? match_parse does not know any: they are a world's, and rules outlive it. */
bool match_check_regions(struct arena *a, const cJSON *object, const char *const *regions, const char *pointer,
                         struct match_refusal *why);
bool match_holds(const struct match *m, const struct match_view *v);
/* Does it say anything about this field? So that a view need not be filled with what nobody asks for. */
bool match_asks(const struct match *m, enum match_field field);
/* False when something other than the parameters does not hold: to be asked before they are read. */
bool match_may_hold(const struct match *m, const struct match_view *v);
/* How many conditions do not hold; the first `max` are told, in the arena. 0 exactly when match_holds. */
size_t match_differences(const struct match *m, const struct match_view *v, struct arena *a, struct match_difference *out,
                         size_t max);
size_t match_conditions(const struct match *m);
/* Only requests with a higher number and received at or after this are meant; 0 and INT64_MIN when it does not say. */
void match_since(const struct match *m, uint64_t *seq, int64_t *wall_ms);

/* What a request on its way shows, as far as its stages have come. `states` is left NULL. */
void match_view_request(const struct request *r, struct match_view *v);

#endif
