/* Counters for a monitoring system, in Prometheus' text format: what was answered and how long it took. Labels come from closed lists
 * (actions of the model, codes of the table, kinds of effects), so no client can make them grow. */
#ifndef CBSMOCK_GATEWAY_METRICS_H
#define CBSMOCK_GATEWAY_METRICS_H

#include "util/buf.h"

struct mock;
struct request;
struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *t); /* NULL is fine */
/* One finished request; any thread, no lock. */
void metrics_count(struct metrics *t, const struct request *r);

/* One family of one sample without labels. `type`: "counter", "gauge". */
void metrics_sample(struct buf *out, const char *name, const char *type, const char *help, double value);
/* All that the gateway counts, its sandboxes' journals included. */
void mock_metrics(struct mock *m, struct buf *out);

#endif
