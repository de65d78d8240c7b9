/* Shared by the files of faults: what a rule is parsed into, what is counted, and how a list is asked. */
#ifndef CBSMOCK_GATEWAY_FAULT_INTERNAL_H
#define CBSMOCK_GATEWAY_FAULT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/fault.h"
#include "gateway/match.h"

enum {
	RULES_MAX = 256,       /* of one list */
	RULE_NAME_MAX = 64,
	EFFECTS_MAX = 16,      /* of one rule */
	QUOTAS_MAX = 64,       /* of one list; beyond, the one that was opened first starts anew */
	QUEUES_MAX = 256,      /* actions of all retry tests of a list */
	INSTRUCTIONS_MAX = 64, /* of one of them */
	LAST_IDS = 10,         /* RequestIds a rule remembers */
	ACTIVITY_MAX = 256,
};

/* ---- objects under a closed list of fields: fault_read.c ---------------------------------------------------------------- */

enum field_kind {
	FIELD_TEXT,   /* const char *; `max` bounds its bytes */
	FIELD_INT,    /* int64_t */
	FIELD_NUMBER, /* double */
	FIELD_BOOL,   /* bool */
	FIELD_MS,     /* int64_t: milliseconds as a number, or "5s" */
	FIELD_CHOICE, /* int: index of the text in `choices` */
	FIELD_JSON,   /* const cJSON *, read by whoever asked */
	FIELD_TOLD,   /* told by us; taken back without a look, so that a list can be sent as it was got */
};

struct json_field {
	const char *name;
	enum field_kind kind;
	size_t at;                  /* offset of the member that takes it */
	bool required;
	double min, max;
	const char *const *choices; /* NULL-ended */
};

struct field_list {
	const struct json_field *fields;
	size_t count;
};

/* Where in what came in something stands, and where a refusal goes. */
struct reading {
	struct arena *arena;
	const char *pointer;
	struct fault_refusal *why;
};

/* Members that are absent or null keep what `into` holds. */
bool fields_read(const struct reading *at, const cJSON *object, const struct field_list *list, void *into);
/* The reading one step further down. */
struct reading reading_of(const struct reading *at, const char *name);
struct reading reading_of_item(const struct reading *at, size_t index);
/* Always false. `format` as printf. */
bool reading_refuse(const struct reading *at, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "a number from 0 to 1", in the arena. */
const char *field_accepts(struct arena *a, const struct json_field *f);

/* ---- when: fault_when.c -------------------------------------------------------------------------------------------------- */

struct when {
	int64_t skip, times, every; /* 0: not given */
	int64_t max_hits;           /* 0: no limit */
	const char *schedule;       /* NULL: skip, times, every */
	double probability;
	uint64_t seed;
	int64_t from_ms, until_ms;  /* from ≤ now < until */
};

struct fault_count {
	uint64_t matched; /* calls that matched within the window */
	uint64_t hits;    /* those that were spoilt */
};

extern const struct field_list when_fields;
/* `object` NULL: always. put_ms is when the rule was put; `name` gives the seed when none is given. */
bool when_parse(const struct reading *at, const cJSON *object, const char *name, int64_t put_ms, struct when *out);
bool when_open(const struct when *w, int64_t now_ms);
/* Counts one matching call: is it to be spoilt? Else *why_not says why. The hit is for the caller to count. */
bool when_fires(const struct when *w, struct fault_count *count, const char **why_not);
/* Hits still to come; -1: without end. */
int64_t when_remaining(const struct when *w, const struct fault_count *count);

/* A number of 0 … 1 (1 not reached) that depends on these alone. `use` keeps the numbers of one call apart. */
enum chance_use { CHANCE_FIRE, CHANCE_FIRST, CHANCE_SECOND, CHANCE_GARBAGE };
double chance(uint64_t seed, uint64_t ordinal, enum chance_use use);

/* ---- effects: fault_effects.c, fault_apply.c ----------------------------------------------------------------------------- */

enum distribution { DISTRIBUTION_UNIFORM, DISTRIBUTION_NORMAL, DISTRIBUTION_LOGNORMAL };
enum garbage { GARBAGE_NONE, GARBAGE_RANDOM, GARBAGE_JSON, GARBAGE_CHUNK, GARBAGE_TYPE, GARBAGE_BOM };

struct effect_kind;

/* One element of "do"; each kind uses the members its fields fill. */
struct effect {
	const struct effect_kind *kind;
	int64_t latency_ms, jitter_ms;
	int distribution, sandbox_clock; /* enum distribution; 0: wall clock */
	const char *code, *message;      /* message NULL: the table's words */
	bool force;
	int64_t status;
	const char *body, *content_type;
	const cJSON *headers;            /* an object of texts; NULL: none */
	int64_t timeout_ms, bytes;
	double fraction;
	bool lies;
	int garbage;
	int64_t average_size, size_variation, slice_delay_us;
	double rate;                     /* KB/s */
	int64_t close_ms;
	const char *quota;
	int64_t limit, window_ms;
	int64_t reads, for_ms, by_ms;
};

/* What an effect comes to for one call, chance decided. */
struct outcome {
	const struct effect *effect;
	int64_t ms, size; /* of a latency, of a slice */
	uint64_t seed;    /* of random bytes */
};

struct effect_kind {
	const char *name, *brief;      /* `brief` in instructions of retry tests; NULL: the name alone */
	const char *help;
	unsigned phases;               /* a bit each */
	enum phase usual;              /* when the rule names none */
	bool ends;                     /* the request gets no further than this; from the body on nothing is left to end */
	bool silent;                   /* and no byte of an answer leaves */
	struct field_list fields;
	const char *brief_field;       /* takes what follows the ":" of an instruction; NULL: nothing may */
	/* What the fields alone do not say; `actions` are those the rule matches, NULL-ended. May be NULL. */
	bool (*check)(const struct reading *at, struct effect *e, const char *const *actions);
	void (*apply)(const struct outcome *o, struct request *r, enum phase phase); /* fault_apply.c */
};

extern const struct effect_kind effect_kinds[];
extern const size_t effect_kind_count;

/* NULL when there is none; takes brief names too. */
const struct effect_kind *effect_kind_find(const char *name);
bool effect_parse(const struct reading *at, const cJSON *object, const char *rule_name, const char *const *actions,
                  struct effect *out);
void effect_decide(const struct effect *e, uint64_t seed, uint64_t ordinal, struct outcome *out);
/* A sentence for the trail: "latency 213 ms". In the arena. */
const char *outcome_text(struct arena *a, const struct outcome *o);
cJSON *outcome_json(const struct outcome *o);

void apply_latency(const struct outcome *o, struct request *r, enum phase phase);
void apply_error(const struct outcome *o, struct request *r, enum phase phase);
void apply_http(const struct outcome *o, struct request *r, enum phase phase);
void apply_reset(const struct outcome *o, struct request *r, enum phase phase);
void apply_timeout(const struct outcome *o, struct request *r, enum phase phase);
void apply_empty(const struct outcome *o, struct request *r, enum phase phase);
void apply_limit_data(const struct outcome *o, struct request *r, enum phase phase);
void apply_truncate(const struct outcome *o, struct request *r, enum phase phase);
void apply_garbage(const struct outcome *o, struct request *r, enum phase phase);
void apply_slicer(const struct outcome *o, struct request *r, enum phase phase);
void apply_bandwidth(const struct outcome *o, struct request *r, enum phase phase);
void apply_slow_close(const struct outcome *o, struct request *r, enum phase phase);
void apply_stale_read(const struct outcome *o, struct request *r, enum phase phase);
void apply_job_delay(const struct outcome *o, struct request *r, enum phase phase);
void apply_job_fail(const struct outcome *o, struct request *r, enum phase phase);
void apply_stuck(const struct outcome *o, struct request *r, enum phase phase);
void apply_pass(const struct outcome *o, struct request *r, enum phase phase);

/* ---- rules: fault_rule.c ------------------------------------------------------------------------------------------------- */

struct fault_rule {
	struct arena *arena;       /* holds it and all that it points to */
	cJSON *object;             /* as it was put, name and phase filled in */
	const char *name;
	int64_t put_ms, put_wall_ms;
	int64_t expires_ms;        /* wall time; INT64_MAX: never */
	struct match *match;
	struct when when;
	enum phase phase;
	bool goes_on;
	struct effect *effects;
	size_t effect_count;
	char last_ids[LAST_IDS][37];
	size_t id_count;           /* ever */
};

/* A rule in that arena, from its own copy of the object. `name` is for one that has none. NULL when refused. */
struct fault_rule *rule_parse(const struct reading *at, struct arena *into, const cJSON *object, const char *name, int64_t put_ms,
                              int64_t put_wall_ms);
/* The same in an arena of its own, which goes with rule_free. */
struct fault_rule *rule_new(const struct reading *at, const cJSON *object, const char *name, int64_t put_ms, int64_t put_wall_ms);
void rule_free(struct fault_rule *rule);
struct fault_rule *rule_copy(const struct fault_rule *rule);
/* With what is counted of it. A new tree. */
cJSON *rule_view(const struct fault_rule *rule, const struct fault_count *count);
/* Letters, digits, '.', '_', '-', ':'. */
bool rule_name_fits(const char *name);

/* ---- lists: fault.c ------------------------------------------------------------------------------------------------------ */

struct quota_count {
	char name[RULE_NAME_MAX + 1];
	int64_t since_ms, calls;
};

/* All that asking changes: a preview works on a copy. */
struct tally {
	struct fault_count rules[RULES_MAX]; /* by place in the list */
	struct quota_count quotas[QUOTAS_MAX];
	size_t quota_count;
	size_t queues[QUEUES_MAX];           /* instructions consumed, by queue */
};

struct activity {
	int64_t wall_ms, now_ms;
	char rule[RULE_NAME_MAX + 1], request_id[37], action[64], effects[160];
	enum phase phase;
};

/* Holds all that its queues point to. */
struct retry_test {
	struct arena *arena;
	char id[32];
	const char *secret_id; /* NULL: any */
	cJSON *instructions;   /* as they came */
};

/* Instructions for one action of a retry test. */
struct retry_queue {
	struct retry_test *test;
	const char *action;        /* "*": any */
	struct fault_rule **rules; /* one an instruction */
	const char **texts;        /* the instructions */
	char (*request_ids)[37];   /* of the calls that met them */
	size_t count;
};

struct faults {
	pthread_mutex_t lock;
	atomic_uint phases;                  /* a bit each: something waits there */
	_Atomic uint64_t version;            /* counts changes of the rules and queues */
	struct fault_rule *rules[RULES_MAX];
	size_t count;
	uint64_t named;                      /* rules that we gave a name */
	struct tally tally;
	struct retry_queue queues[QUEUES_MAX]; /* of a test one after another, oldest test first */
	size_t queue_count;
	uint64_t tests_made;
	struct activity *activity;           /* a ring; NULL until the first */
	uint64_t activity_count;             /* ever */
};

/* One question to a list: what matches at this phase? */
struct asking {
	enum phase phase;
	const struct match_view *view;
	int64_t now_ms, wall_ms;
	const char *retry_test;    /* the one that the request names; NULL: none */
	const char *request_id;    /* NULL: a preview */
	struct arena *arena;       /* of the reasons that `passed` is told */
	/* Told of each rule that was taken (with what its effects come to), and of each that was not, with the reason. May be NULL. */
	void (*taken)(void *data, struct fault_rule *rule, const struct outcome *outcomes, size_t count);
	void (*passed)(void *data, const struct fault_rule *rule, const char *why);
	void *data;
};

/* Asks the list under its lock; changes the tally and the walk only. */
void faults_ask(struct faults *f, struct tally *t, struct fault_walk *walk, const struct asking *q);
/* After any change of the rules or queues. */
void faults_note_phases(struct faults *f);
/* Rules past their ttl go. */
void faults_expire(struct faults *f, int64_t wall_ms);

/* ---- retry tests: retry_test.c, under the list's lock -------------------------------------------------------------------- */

/* The queue whose next instruction is meant for this request, whatever its phase; NULL: none. */
struct retry_queue *retry_queue_for(struct faults *f, const struct tally *t, const struct asking *q);
void retry_tests_drop_all(struct faults *f);
void retry_tests_copy(struct faults *to, const struct faults *from);

#endif
