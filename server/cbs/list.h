/* What every Describe* shares: ids or filters, Offset, Limit, Order, OrderField (cbs.md §5.3). */
#ifndef CBSMOCK_CBS_LIST_H
#define CBSMOCK_CBS_LIST_H

#include "cbs/cbs.h"

/* Reads the list parameters of the call into a query. ids_param: "DiskIds"; ids and Filters exclude each other. A bad one fails
 * the call (InvalidFilter, InvalidParameterValue, InvalidParameter for ids of no shape). */
enum verdict list_read(struct call *c, const char *ids_param, const char *id_prefix,
                       const struct filter_kind *(*find_filter)(const char *name), struct list_query *q);

#endif
