/* The states of the resources that a request's parameters name, for rules that match on them. */
#ifndef CBSMOCK_GATEWAY_FAULT_STATES_H
#define CBSMOCK_GATEWAY_FAULT_STATES_H

struct request;

/* Zeroed but for its request; remembers what it found. */
struct resource_states {
	struct request *request;
	const char *const *found;
};

/* For match_view.states; `data` is a struct resource_states. The request's sandbox is held. What is due is settled first, unless a
 * transaction is open: then this request has settled already. */
const char *const *resource_states(void *data);

#endif
