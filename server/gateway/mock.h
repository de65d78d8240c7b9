/* The whole cloud, without a socket: open it, hand it requests, close it. The server is one caller, the tests are another. Two of
 * them in one process do not meet. */
#ifndef CBSMOCK_GATEWAY_MOCK_H
#define CBSMOCK_GATEWAY_MOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/call.h"
#include "cbs/cbs.h"
#include "store/store.h"
#include "util/buf.h"
#include "util/clock.h"

struct faults;
struct journal;
struct mock;
struct request;

enum signature_policy {
	SIGNATURE_LOCAL, /* strict, plus the host and service variants clients produce against a local address (protocol.md §9) */
	SIGNATURE_EXACT, /* only what the real gateway accepts */
	SIGNATURE_OFF,   /* keys must exist, signatures are not looked at */
};

enum finance_policy {
	FINANCE_NAMED,  /* a finance region and its host must agree when the Host is a real tencentcloudapi.com name */
	FINANCE_STRICT, /* always */
	FINANCE_OFF,
};

struct mock_config {
	const char *data_dir;      /* NULL: in memory */
	enum durability durability;
	const char *fixture_path;  /* NULL: the built-in default world */
	enum signature_policy signature;
	enum dialect dialect;
	enum finance_policy finance;
	double rate_factor;        /* of the documented rate limits; 0 turns them off */
	struct transition_rule transitions[N_TRANSITIONS];
	const char *public_hosts;  /* further names the server goes by, "," between; may be NULL */
	uint64_t seed;
	const char *first_use;     /* glob: an unknown key it matches makes a sandbox of its own; NULL: none does */
	const char *first_use_template;
	const char *secret_key;    /* of sandboxes that are made without one */
	int max_sandboxes;         /* beside "default" */
	int journal_entries;       /* requests that a sandbox remembers, */
	int journal_bytes;         /* and the memory they may take; 0: none */
	int revisions;             /* changes of a world that are kept to go back on; 0: none */
};

/* The documented defaults. */
void mock_config_default(struct mock_config *config);
/* NULL on failure, with one sentence in `why`. The config is copied; its strings must outlive the mock. */
struct mock *mock_open(const struct mock_config *config, struct buf *why);
void mock_close(struct mock *m);
/* Takes over what may change while requests are served: signature, finance, public hosts, journal bounds, what new sandboxes begin as,
 * and for sandboxes that have none of their own dialect, rate limit and transitions. Texts are copied. The rest stays. Any thread. */
void mock_reconfigure(struct mock *m, const struct mock_config *config);
/* The part of mock_handle that needs nothing but the request, which may be done beforehand: of several that come together all are heard
 * before the first is handled, since the code for either does not fit into the first cache at once. */
void mock_hear(struct mock *m, struct request *r);
/* Takes a request from its `in` to its `out`. Any thread, any number at once. */
void mock_handle(struct mock *m, struct request *r);
/* The rest for a request that came back unfinished: its change is committed, or its answer becomes an error; and the journal has it. Any
 * thread. */
void mock_finish(struct mock *m, struct request *r);
/* Files that its worlds may have open at once, by the settings as they are. */
size_t mock_files(const struct mock *m);
/* Work off the request path: checkpoints, sandboxes whose time is over. Returns ms until it wants to be called again. */
int64_t mock_maintain(struct mock *m);

/* Fault rules that hold in every sandbox, asked after its own; theirs is wall time. They live as long as the mock. */
struct faults *mock_faults(struct mock *m);

/* ---- one sandbox by its name; an unknown one is answered with false. For more see sandboxes.h, control.h, state.h ------ */

bool mock_has_sandbox(struct mock *m, const char *sandbox);
/* Held for the caller, who lets go of it with journal_free; NULL when there is no such sandbox. */
struct journal *mock_journal(struct mock *m, const char *sandbox);
/* Back to the fixture, counters and clock included. False with a sentence in `why` when the fixture cannot be loaded: then nothing
 * changed. */
bool mock_reset(struct mock *m, const char *sandbox, struct buf *why);
/* Merges a fixture (JSON text) into the world; nothing changes on false. `why` names pointer and rule. */
bool mock_apply(struct mock *m, const char *sandbox, const char *fixture, size_t len, struct buf *why);

enum clock_change { CLOCK_READ, CLOCK_FREEZE, CLOCK_RESUME, CLOCK_SET, CLOCK_ADVANCE, CLOCK_SCALE, CLOCK_REAL };
/* Changes sandbox time (`value`: ms for set and advance, thousandths for scale) and runs what became due; each event is handed to
 * on_event (may be NULL) as it happened. */
bool mock_clock(struct mock *m, const char *sandbox, enum clock_change change, int64_t value, struct vclock *clock, int64_t *now_ms,
                void (*on_event)(void *data, const struct cbs_event *e), void *data);
/* Ends the transition a resource is in. False when the resource is in none. */
bool mock_finish_transition(struct mock *m, const char *sandbox, const char *resource_id,
                            void (*on_event)(void *data, const struct cbs_event *e), void *data);
bool mock_set_dialect(struct mock *m, const char *sandbox, enum dialect dialect);

#endif
