/* Retry tests: for each action a list of instructions, each met by one call, in order; and afterwards the question whether all were
 * met. A client takes part by the header x-retry-test-id. One that cannot send headers takes part by its sandbox: without the
 * header a call goes to the oldest test there that has an instruction left for its action (and for its key, if the test names one).
 *
 * An instruction is TYPE[:ARGUMENT][@PHASE], TYPE being an effect's of a fault rule: "error:RequestLimitExceeded", "http:503",
 * "latency:200", "reset@after_commit", "truncate:0.5", "pass". It is asked before the rules, and met when it happens: a call that
 * is refused before its phase leaves it to the next. */
#ifndef CBSMOCK_GATEWAY_RETRY_TEST_H
#define CBSMOCK_GATEWAY_RETRY_TEST_H

#include "gateway/fault.h"

/* {"instructions":{"CreateSnapshot":["error:RequestLimitExceeded"]},"secret_id":…}. A new tree: the test, as retry_test_get. NULL
 * is a refusal. */
cJSON *retry_test_add(struct faults *f, struct arena *a, const cJSON *body, struct fault_refusal *why);
/* {"id","completed","remaining",…}. A new tree; NULL: no such test. */
cJSON *retry_test_get(struct faults *f, const char *id);
cJSON *retry_test_list(struct faults *f);
bool retry_test_remove(struct faults *f, const char *id);

#endif
