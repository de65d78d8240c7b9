/* All that an action may know: the caller, the moment, validated parameters, the world. An action returns a verdict; it never
 * replies, commits, logs, sleeps, reads a clock or rolls dice. */
#ifndef CBSMOCK_API_CALL_H
#define CBSMOCK_API_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "api/error.h"
#include "api/model.h"
#include "store/store.h"
#include "util/arena.h"
#include "util/json_out.h"

enum dialect {
	DIALECT_CLASSIC, /* where an original and a newer code name one condition: the original */
	DIALECT_CURRENT,
};

/* How a kind of transition moves on. */
enum progression {
	PROGRESS_TIME,      /* after `ms` of sandbox time */
	PROGRESS_IMMEDIATE, /* done before the answer is sent */
	PROGRESS_MANUAL,    /* only when told through the admin API */
};

enum transition {
	TRANSITION_DISK_CREATE, TRANSITION_DISK_ATTACH, TRANSITION_DISK_DETACH, TRANSITION_DISK_RESIZE, TRANSITION_DISK_ROLLBACK,
	TRANSITION_SNAPSHOT_CREATE, N_TRANSITIONS,
};

struct transition_rule {
	enum progression progression;
	int64_t ms;
	int64_t times;  /* PROGRESS_MANUAL: ends after so many describes of the resource too; 0: it does not */
	bool steps;     /* Percent moves in quarters */
};
enum { TRANSITION_TIMES_MAX = 1000 };

/* "immediate", "manual", "3 polls", or a duration; with " steps" behind it where Percent moves so. "time" keeps the duration that the
 * rule has. False when the text is none of these. */
bool transition_rule_parse(const char *text, struct transition_rule *rule);
/* The same back; a duration for PROGRESS_TIME. */
const char *transition_rule_text(struct arena *a, const struct transition_rule *rule);

/* Names as users write them: "disk.create", "snapshot.create" …; defaults of cbs.md §3.4. */
extern const char *const transition_names[N_TRANSITIONS];
extern const int64_t transition_default_ms[N_TRANSITIONS];

struct caller {
	int64_t uin, sub_uin;   /* sub_uin 0: the root account */
	const char *secret_id;
	const char *mfa;        /* credential.mfa */
	const char *address;    /* peer's, text */
};

/* Which parameters an action looked at: the others are told to whoever reads the journal. */
enum { ARG_READS_MAX = 48 };

struct arg_reads {
	const char *names[ARG_READS_MAX];
	size_t count;
};

struct polls;

struct call {
	/* in */
	struct store *store;
	struct arena *arena;
	int64_t now_ms;                       /* sandbox time, read once */
	const struct caller *who;
	const char *region;
	const char *request_id;
	enum lang lang;
	enum dialect dialect;
	const struct transition_rule *transitions; /* N_TRANSITIONS of them */
	const cJSON *params;                  /* an object, validated along the model */
	const char *action;
	struct arg_reads *reads;              /* the readers below note here; NULL: nobody asks */
	struct polls *polls;                  /* what it describes is noted here (cbs/polls.h); NULL: nobody counts */
	/* out */
	struct json_out *out;                 /* business fields, in order; thrown away on an error */
	struct error error;
	const char *guard;                    /* name of the guard that refused, for log and journal */
};

/* The verdict of an action. */
enum verdict { VERDICT_OK, VERDICT_FAIL };

struct guard_list; /* cbs/guard.h */
enum { ACTION_TABLES = 2 };

struct action {
	const char *name;
	bool writes; /* runs inside a transaction */
	const struct guard_list *guards[ACTION_TABLES]; /* its refusals; NULL where there are no more tables */
	enum verdict (*run)(struct call *c);
	/* cvm:<name> is checked by CAM against these resources: the ids in these parameters (NULL-ended, may be NULL). */
	const char *const *volumes, *const *snapshots;
};

enum verdict call_ok(struct call *c);
enum verdict call_fail(struct call *c, enum err err) __attribute__((cold));
/* With a further wording; arguments as in error_text. */
enum verdict call_fail_text(struct call *c, enum text text, ...) __attribute__((sentinel, cold));
/* The name of a resource that is made without one: stored, so it is not translated when it is read (cbs.md §4.1). */
const char *call_unnamed(const struct call *c);
/* Sets error.because; `format` as printf. */
void call_because(struct call *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- parameters: they passed validation, so a reader cannot meet a wrong type ----------------------------------------- */

bool arg_given(const struct call *c, const char *name);
const char *arg_str(const struct call *c, const char *name, const char *fallback);
int64_t arg_int(const struct call *c, const char *name, int64_t fallback);
bool arg_bool(const struct call *c, const char *name, bool fallback);
/* The number of an id parameter; -1 when not given. */
int64_t arg_id(const struct call *c, const char *name, const char *prefix);
/* Strings of a list parameter, in the arena; 0 when not given. */
size_t arg_list(const struct call *c, const char *name, const char *const **out);
const cJSON *arg_json(const struct call *c, const char *name);
/* Of an object, names with case; NULL when it has none of that name or is no object. */
cJSON *json_member(const cJSON *object, const char *name);

#endif
