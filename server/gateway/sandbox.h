/* A world with its lock, its clock and its counters. One thread at a time is inside; time passes when somebody enters to act. Sandboxes
 * do not meet: whatever two threads do in two of them, neither waits for the other. */
#ifndef CBSMOCK_GATEWAY_SANDBOX_H
#define CBSMOCK_GATEWAY_SANDBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cbs/cbs.h"
#include "gateway/lag.h"
#include "gateway/limit.h"
#include "gateway/mock.h"
#include "gateway/origin.h"
#include "gateway/registry.h"
#include "gateway/settings.h"
#include "gateway/turns.h"
#include "util/rng.h"

#define DEFAULT_SANDBOX "default"

struct checkpoints;
struct journal;
struct faults;
struct recording;

enum { SANDBOX_NAME_MAX = 64 };

struct sandbox {
	char name[SANDBOX_NAME_MAX + 1];
	struct mock *mock;
	bool permanent;                /* "default": lives as long as the mock, and nobody counts its holders */
	atomic_size_t holders;
	int64_t created_ms;            /* wall time */
	_Atomic int64_t expires_ms;    /* wall time; 0: never */
	struct registry_keys *keys;    /* the registry's */
	bool dropped;                  /* the registry has forgotten it for good */

	struct turns turns;            /* of all that happens to it; taken before every lock */
	struct recording *recording;   /* the latest, for whoever has a turn alone */
	int64_t recordings;            /* how many there were */

	pthread_mutex_t lock;          /* of all that has no other rule beside it */
	struct store *store;           /* in memory another one after a reset or an import */
	struct origin origin;          /* what a reset goes back to */
	struct settings initial, settings;
	struct checkpoints *checkpoints;
	atomic_bool has_files;         /* of checkpoints, or had */
	struct limiter limiter;
	struct lag lag;                /* readers that do not see the latest changes */
	int64_t epoch;                 /* of this opening of the database */
	bool service_available;        /* of the world, as of the last fixture */
	int64_t ip_rate;
	uint64_t worlds, settings_changes; /* how often another world was taken up or rows were merged in; and other settings */

	struct faults *faults;         /* rules; has a lock of its own, taken after `lock` */

	pthread_mutex_t clock_lock;    /* of clock, which is read outside `lock` too; taken after it */
	struct vclock clock;

	struct journal *journal;       /* has a lock of its own */

	atomic_bool signs_by_clock;    /* a signature's age counts in sandbox time */

	_Atomic uint64_t id_base;      /* RequestIds come from this and from how many were given */
	_Atomic uint64_t ids_given;
};

/* What a new sandbox is to be. Zeroed means as usual; texts are copied. */
struct sandbox_plan {
	const char *name;
	struct origin origin;           /* its image is given away: the sandbox releases it, also when it is not made */
	int64_t ttl_ms;                 /* 0: for ever */
	bool configured;                /* it has the settings below, not the server's */
	struct settings settings;
	const struct credential *keys;  /* that open it, in place of the template's: secret_id, secret_key (NULL: the usual one), account (0: */
	size_t key_count;               /* the first), sub_uin. None: the template's own */
};

/* Makes it; with --data in a file, for which `replaced` (may be NULL) gives up its own. NULL with a sentence, and then no file is left that
 * was not there before. The registry does not know it yet. */
struct sandbox *sandbox_make(struct mock *m, const struct sandbox_plan *plan, struct sandbox *replaced, struct buf *why);
/* Takes up one whose file exists. */
struct sandbox *sandbox_reopen(struct mock *m, const char *name, struct buf *why);

/* Whoever uses a sandbox holds it; it goes with its last holder. */
struct sandbox *sandbox_hold(struct sandbox *s);
void sandbox_release(struct sandbox *s); /* NULL is fine */
void sandbox_close(struct sandbox *s);   /* for the one that nobody counts; NULL is fine */
/* Removes its files; those who hold it go on. */
void sandbox_unlink(struct sandbox *s);
bool sandbox_expired(const struct sandbox *s, int64_t wall_ms);
/* Letters, digits, '-' and '_', at most SANDBOX_NAME_MAX: it may become a file's name. */
bool sandbox_name_fits(const char *name);

/* Takes the lock; returns the sandbox time of the visit. */
int64_t sandbox_enter(struct sandbox *s);
void sandbox_leave(struct sandbox *s);

/* ---- from anywhere ----------------------------------------------------------------------------------------------------- */

int64_t sandbox_now(struct sandbox *s, int64_t wall_ms);
struct vclock sandbox_clock(struct sandbox *s);
void sandbox_request_id(struct sandbox *s, char out[UUID_TEXT + 1]);

/* ---- from inside ------------------------------------------------------------------------------------------------------- */

/* Of policies in one go, counted as in struct passing: more is ages, or a slip. */
enum { CLOCK_TICKS_MAX = 250000 };

/* How time passes here, with nobody listening. */
struct passing sandbox_passing(const struct sandbox *s);
/* Finishes what is due, in a transaction of its own. False when the store could not. A clock that ran on unattended for ages may leave
 * ticks to the next time. */
bool sandbox_settle(struct sandbox *s, struct arena *a, int64_t now_ms, void (*on_event)(void *data, const struct cbs_event *e),
                    void *data);
/* Keeps the clock with the world. False when the store could not; then it stays as it was. */
bool sandbox_set_clock(struct sandbox *s, const struct vclock *clock);
/* Ends a transaction in which time passed: what happened is kept together with the clock, or neither is. */
bool sandbox_commit_time(struct sandbox *s, const struct vclock *clock);
/* Another state of the world is in the store. What surrounds it begins anew, with so many RequestIds given. */
void sandbox_take_up(struct sandbox *s, int64_t epoch, uint64_t ids_given);
/* Begins ids and RequestIds anew. False when the store could not. */
bool sandbox_set_seed(struct sandbox *s, uint64_t seed);
/* False when they could not be kept with the world; then they stay as they were. */
bool sandbox_set_settings(struct sandbox *s, const struct settings *settings);
bool sandbox_set_ttl(struct sandbox *s, int64_t ttl_ms);
/* A fixture merged into the world; nothing changes on false. */
bool sandbox_apply(struct sandbox *s, const char *fixture, size_t len, int64_t now_ms, struct buf *why);
enum carry {
	CARRY_OWN, /* the keys that the sandbox was made with, and no others */
	CARRY_ALL, /* all that open it now, beside those that the world brings */
};
/* Gives a world that is about to take the sandbox's place its keys. One whose account it does not have opens its first. */
bool sandbox_carry_keys(struct sandbox *s, struct store *fresh, enum carry which, struct buf *why);
/* Puts the world in `fresh`, which this takes over and closes, in place of the sandbox's. Everything around it starts anew: clock and
 * seed are those of that world. Nothing changes on false. */
bool sandbox_replace(struct sandbox *s, struct store *fresh, struct buf *why);
/* As it was when it was made, settings included; with keep_clock at the time that it is. Nothing changes on false. */
bool sandbox_reset(struct sandbox *s, bool keep_clock, struct buf *why);
/* "DIR/NAME" and the suffix, on the heap; NULL in memory. */
char *sandbox_path(const struct sandbox *s, const char *suffix);

#endif
