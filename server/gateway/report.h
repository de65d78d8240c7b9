/* What the journal shows of the clients: how they retry and wait, what they leave behind, how they poll. Facts for a person to read
 * (GET /_cbs/report, GET /_cbs/duplicates), and the ground that verify_client's rules stand on. */
#ifndef CBSMOCK_GATEWAY_REPORT_H
#define CBSMOCK_GATEWAY_REPORT_H

#include "gateway/calls.h"
#include "util/json_out.h"

enum backoff { BACKOFF_NONE, BACKOFF_CONSTANT, BACKOFF_GROWING, BACKOFF_EXPONENTIAL, BACKOFF_IRREGULAR, N_BACKOFFS };
enum jitter { JITTER_UNKNOWN, JITTER_ABSENT, JITTER_PRESENT };

extern const char *const backoff_names[N_BACKOFFS];

/* Of one call; one wait cannot show a shape, so it counts as constant (or none). */
enum backoff call_backoff(const struct logical_call *call);
/* Do waits before the same retry of different calls differ? */
enum jitter calls_jitter(const struct call_list *calls);
/* Is trying the same again of any use after this code? Inferred from the words of the codes and from what the SDKs retry. */
bool code_is_retryable(const char *code);
/* Was the rate limit answered and the next attempt made within the same second, which must fail too? */
bool ignores_limit(const struct logical_call *call, size_t attempt);
/* Does it ask for a page behind the end of the list? */
bool asks_behind_end(const struct journal_entry *e);

/* Successful reads of the same thing, one after the other. */
struct poll {
	const struct journal_entry **requests;
	size_t count;
	int64_t mean_ms, least_ms; /* between them */
};

struct poll_list {
	struct poll *polls;
	size_t count;
};

enum { POLL_MIN = 3, STORM_MIN = 10, STORM_MEAN_MS = 100 };

void polls_find(const struct call_list *calls, struct arena *a, struct poll_list *out);
bool poll_is_storm(const struct poll *p);

/* The members of an object. report_write.c */
void report_write(struct json_out *o, const struct journal_list *list, struct arena *a);
/* Logical calls that made more than one thing. */
void duplicates_write(struct json_out *o, const struct journal_list *list, struct arena *a);

#endif
