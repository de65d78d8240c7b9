/* Assertions about what clients did, over the journal: how often, in which order, and how well they retry. An assertion that
 * could come out otherwise if the journal had not dropped entries fails and says so.
 *
 * `body` is the question; the members of the answer are written into `o`, "ok" first. When the question is refused, `why` says
 * where and for what, and nothing in `o` counts. */
#ifndef CBSMOCK_GATEWAY_VERIFY_H
#define CBSMOCK_GATEWAY_VERIFY_H

#include <cjson/cJSON.h>

#include "gateway/journal.h"
#include "util/json_out.h"

enum outcome_of_test { VERIFY_HOLDS, VERIFY_FAILS, VERIFY_REFUSED };

/* {"match":{…}, "count":{"exactly":1}, "phase_reached":"after_commit"}; a count is a number or an object of exactly, at_least,
 * at_most, never. Without one: at least once. */
enum outcome_of_test verify_count(struct journal *j, struct arena *a, const cJSON *body, struct json_out *o,
                                  struct match_refusal *why);
/* {"sequence":[{…},{…}], "strict":false, "match":{…}}: requests that match the one and then the other; strict: with nothing
 * between them. "match" narrows down what is looked at. */
enum outcome_of_test verify_sequence(struct journal *j, struct arena *a, const cJSON *body, struct json_out *o,
                                     struct match_refusal *why);
/* {"match":{…}, "gap":"60s", "max_attempts":3, "no_retry_on":["InvalidDiskId.NotFound"]}; the rules are a table in
 * verify_client.c. */
enum outcome_of_test verify_client(struct journal *j, struct arena *a, const cJSON *body, struct json_out *o,
                                   struct match_refusal *why);

#endif
