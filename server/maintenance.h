/* The thread beside those that serve: it does what must not hold up a request. */
#ifndef CBSMOCK_MAINTENANCE_H
#define CBSMOCK_MAINTENANCE_H

#include <stdbool.h>

#include "gateway/mock.h"

struct maintenance;

/* NULL when no thread can be had. The mock must outlive it. */
struct maintenance *maintenance_start(struct mock *m);
/* NULL is fine. */
void maintenance_stop(struct maintenance *t);

#endif
