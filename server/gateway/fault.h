/* Faults on purpose: rules that match a request at a phase and spoil it. Rules are data (the JSON object of README, "Faults"); an
 * ordered list a sandbox, and one list behind all of them. The pipeline asks at each phase and nowhere else; no check and no action
 * knows that faults exist. What a rule does is written into the request (error, answer, wire, what becomes of its jobs), so a test
 * can look at it without a socket.
 *
 * A list has a lock of its own, taken after its sandbox's where both are held: the first phase is asked outside of that. Chance
 * comes from the rule's own seed and the number of times it matched, so the same calls meet the same faults, and a preview knows
 * them. */
#ifndef CBSMOCK_GATEWAY_FAULT_H
#define CBSMOCK_GATEWAY_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "util/arena.h"

struct faults;
struct mock;
struct request;
struct store;

enum phase {
	PHASE_BEFORE_AUTH,     /* it can be read; rules of the sandbox that the claimed key selects */
	PHASE_BEFORE_VALIDATE, /* it is who it says; nothing else was looked at */
	PHASE_BEFORE_COMMIT,   /* the work is done and can still be undone */
	PHASE_AFTER_COMMIT,    /* the work is done for good */
	PHASE_MID_BODY,        /* whatever the answer is, while it leaves */
	PHASE_AFTER_BODY,
	N_PHASES,
	NO_PHASE = N_PHASES,
};
extern const char *const phase_names[N_PHASES + 1]; /* "before_auth" …; NULL-ended */

struct faults *faults_new(void);
void faults_free(struct faults *f); /* NULL is fine */
/* Rules, retry tests and all counters; not what happened (fork). */
struct faults *faults_copy(struct faults *f);
/* As new. */
void faults_reset(struct faults *f);

/* All that decides what later requests meet, counters included, as a tree the caller deletes; and as it was from such a tree, in a list
 * of this program's own. */
cJSON *faults_save(struct faults *f);
bool faults_load(struct faults *f, const cJSON *saved);
/* Another one after each change of the rules, none after a request has met them. */
uint64_t faults_version(const struct faults *f);

/* Why something was not taken: JSON pointer into it and a sentence that lists what is accepted. */
struct fault_refusal {
	const char *pointer, *why;
};

/* ---- the list, for the admin API; JSON in the shape of a rule, results are new trees the caller deletes ---------------- */

/* now_ms is the time of the rules' windows (sandbox time; wall time for the list behind all sandboxes), wall_ms that of their ttl.
 * NULL is a refusal, its texts are in the arena; then nothing changed. */

/* Adds a rule, or each of a list of rules, at the end; one of the same name is replaced in its place. A rule without a name gets
 * one. Answers what was stored, in the shape that came. */
cJSON *faults_put(struct faults *f, struct arena *a, const cJSON *rules, int64_t now_ms, int64_t wall_ms,
                  struct fault_refusal *why);
/* These are all the rules there are ("/3/when/times" is a pointer into them). */
cJSON *faults_replace(struct faults *f, struct arena *a, const cJSON *rules, int64_t now_ms, int64_t wall_ms,
                      struct fault_refusal *why);
/* JSON merge patch of the rule of that name; its counters stay. why->pointer is NULL when there is no such rule. */
cJSON *faults_patch(struct faults *f, struct arena *a, const char *name, const cJSON *patch, int64_t now_ms, int64_t wall_ms,
                    struct fault_refusal *why);
/* As faults_put, but a rule of the same name is patched. */
cJSON *faults_merge(struct faults *f, struct arena *a, const cJSON *patches, int64_t now_ms, int64_t wall_ms,
                    struct fault_refusal *why);
bool faults_remove(struct faults *f, const char *name);
/* Those with the tag; a NULL value is any, a NULL key is every rule. Returns how many. */
size_t faults_clear(struct faults *f, const char *tag_key, const char *tag_value);
cJSON *faults_list(struct faults *f, int64_t wall_ms);
cJSON *faults_get(struct faults *f, const char *name, int64_t wall_ms); /* NULL: no such rule */
/* The latest firings, oldest first, and how many were dropped before them. */
cJSON *faults_activity(struct faults *f);
/* Everything a rule may name: phases, effects with their fields, actions with their codes, fields of a match. */
cJSON *faults_targets(void);

/* ---- preview ------------------------------------------------------------------------------------------------------------ */

enum { PREVIEW_MAX = 1000 };

/* A list and its time. */
struct fault_list {
	struct faults *faults;
	int64_t now_ms;
};

/* What the next `next` calls would meet, without consuming anything, if all came now and nothing else refused them. `calls` is one
 * example ({"action","region","secret_id","params" …}) or a list of them, taken in turn. The lists are asked in their order, as a
 * request asks its sandbox's and the one behind. NULL is a refusal. */
cJSON *faults_preview(const struct fault_list *lists, size_t count, struct arena *a, const cJSON *calls, int next, int64_t wall_ms,
                      struct fault_refusal *why);

/* ---- for the pipeline --------------------------------------------------------------------------------------------------- */

/* How far the asking of rules has come for one request; zeroed at its start. */
struct fault_walk {
	bool over;   /* a rule that does not continue was taken: no other is asked */
	bool ended;  /* the request goes no further than this phase: an error, another answer, a dead connection */
	bool silent; /* no byte of an answer leaves */
};

/* What rules did to a request beside its error and its wire. Embedded in the request, zeroed at its start. */
struct spoiling {
	struct fault_walk walk;
	unsigned effects;            /* a bit for each kind that was applied, for metrics.c */

	/* the answer */
	int status;                  /* of HTTP, with an error of ours; 0: as usual */
	bool canned;                 /* `body` in place of what would be answered */
	const char *body, *content_type;
	int garbage;                 /* enum garbage; 0: none */
	uint64_t garbage_seed;
	bool cut, honest;            /* the body ends early; with or without a Content-Length that says so */
	int64_t cut_bytes;           /* after so many bytes, or */
	double cut_fraction;         /* after this part of it when cut_bytes is -1 */

	/* the work */
	int64_t jobs_by_ms;          /* jobs that this call started end later by this much, */
	bool jobs_fail, jobs_stuck;  /* in failure, or never */
	int64_t stale_reads, stale_ms; /* reads that still see the world as it was, or for how long they do */
	struct store *before;        /* the world as it was, in case a rule wants that; NULL */
	int64_t sandbox_delay_ms;    /* the answer takes so long by the sandbox's clock */
};

/* The request comes to a phase: the rules of its sandbox are asked, then those behind all sandboxes. True when it ends here. */
bool faults_meet(struct mock *m, struct request *r, enum phase phase);

/* What rules planned is carried out (spoil.c): before the work begins and after it, in the sandbox; once it was left; and when the
 * answer is written. */
void spoil_begin(struct mock *m, struct request *r);
void spoil_jobs(struct request *r);
void spoil_reads(struct request *r);
void spoil_clock(struct mock *m, struct request *r);
void spoil_answer(struct request *r);

/* ---- one list ------------------------------------------------------------------------------------------------------------ */

/* Is there anything to ask at this phase? Costs nothing. */
bool faults_wait_at(const struct faults *f, enum phase phase);
/* Is the phase still to come for such a request? */
bool fault_walk_comes_to(const struct fault_walk *walk, enum phase phase);
/* Applies what matches, unless a rule was taken that does not continue. */
void faults_at(struct faults *f, struct request *r, enum phase phase, int64_t now_ms);
/* Could a rule of this list still make reads lag behind what this request changes? To be asked before it changes anything. */
bool faults_may_lag(struct faults *f, const struct request *r, int64_t now_ms);

#endif
