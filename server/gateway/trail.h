/* Why an answer came out as it did: the decisions of a request in their order, kept in its arena and handed to the journal. An
 * entry costs an allocation from the arena and no formatting: pass texts that are constant or in the arena already. The checks that
 * it passed are always those of pipeline.c in their order, so only their number is kept; journal_json.c tells them one by one. */
#ifndef CBSMOCK_GATEWAY_TRAIL_H
#define CBSMOCK_GATEWAY_TRAIL_H

#include <stdbool.h>
#include <stddef.h>

struct request;

enum { TRAIL_MAX = 256 }; /* entries of one request; further ones are only counted */

enum trail_verdict {
	TRAIL_PASSED,  /* a check let it pass */
	TRAIL_REFUSED, /* a check ended it */
	TRAIL_SKIPPED, /* a fault rule was tried and not taken; detail says why */
	TRAIL_APPLIED, /* a fault rule was taken */
	TRAIL_NOTED,   /* neither: what was found out on the way */
	N_TRAIL_VERDICTS,
};

extern const char *const trail_verdict_names[N_TRAIL_VERDICTS];

struct trail_step {
	struct trail_step *next;
	const char *kind; /* "stage", "fault", "guard", "sandbox" … */
	const char *what; /* name of the stage, rule, guard */
	enum trail_verdict verdict;
	unsigned passed;    /* checks before it */
	const char *detail; /* NULL: nothing to add */
};

/* Embedded in the request. */
struct trail {
	struct trail_step *first, *last;
	size_t count;    /* those beyond TRAIL_MAX included */
	unsigned passed; /* checks, all in all */
};

void trail_add(struct request *r, const char *kind, const char *what, enum trail_verdict verdict, const char *detail);
/* The next check of the pipeline let it pass. */
void trail_passed(struct request *r);
/* A check refused it, for the reason that the request holds. */
void trail_refused(struct request *r, const char *stage);

#endif
