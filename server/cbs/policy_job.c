/* The tick of an auto snapshot policy: a snapshot of each of its disks, on the terms of CreateSnapshot. A disk that this would refuse is
 * passed over, not queued (cbs.md §6, note 17), and whoever listens hears why. */
#include "cbs/settle.h"

#include "cbs/create_snapshot.h"
#include "cbs/disk.h"
#include "cbs/guard.h"
#include "cbs/policy.h"
#include "util/ident.h"
#include "util/str.h"

static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

/* ---- what keeps a policy, but not a call, from a snapshot ------------------------------------------------------------------ */

/* "Inactive" disks, as the documents say (note 18). */
static bool disk_detached(struct call *c, const struct disk *d)
{
	(void)c;
	return d->instance == 0;
}

static bool instance_off(struct call *c, const struct disk *d)
{
	struct instance instance;
	return store_instance(c->store, c->arena, d->instance, &instance) && !str_is(instance.state, "RUNNING");
}

static const struct {
	const char *name;
	bool (*holds)(struct call *c, const struct disk *d);
} inactive[] = {
	{ "disk_detached", disk_detached },
	{ "instance_off", instance_off },
};

/* NULL: nothing. */
static const char *what_forbids(struct call *c, const struct create_snapshot_subject *s)
{
	for (size_t i = 0; s->disk_found && i < sizeof inactive / sizeof inactive[0]; i++)
		if (inactive[i].holds(c, &s->disk))
			return inactive[i].name;
	if (guards_check(c, create_snapshot_guards.rows, create_snapshot_guards.count, s) != VERDICT_OK)
		return c->guard;
	return NULL;
}

/* ---- the tick ------------------------------------------------------------------------------------------------------------- */

static void tell_taken(struct settling *s, struct call *c, const struct policy *p, int64_t no)
{
	char id[IDENT_SIZE];
	ident_format(IDENT_SNAPSHOT, no, id);
	settle_tell(s, &(struct cbs_event){
		.at_ms = c->now_ms, .resource = id, .from = "", .to = snapshot_state_names[SNAPSHOT_CREATING],
		.policy = policy_id(c->arena, p->no),
	});
}

static void tell_skipped(struct settling *s, struct call *c, const struct policy *p, const struct create_snapshot_subject *subject,
                         const char *why)
{
	const char *state = subject->disk_found ? disk_state_names[subject->disk.state] : "";
	settle_tell(s, &(struct cbs_event){
		.at_ms = c->now_ms, .resource = disk_id(c->arena, subject->disk_no), .from = state, .to = state,
		.policy = policy_id(c->arena, p->no), .skipped = why,
	});
}

/* Names: inferred, the model has an example. */
static void take_of(struct settling *s, struct call *c, const struct policy *p, int64_t disk_no)
{
	struct create_snapshot_subject subject = {
		.disk_no = disk_no,
		.backup_no = -1,
		.name = arena_printf(c->arena, "auto_%s", disk_id(c->arena, disk_no)),
		.deadline_ms = p->permanent ? 0 : c->now_ms + p->retention_days * day_ms,
		.policy = p->no,
		.token = { .text = "" },
	};
	if (!create_snapshot_look(c, &subject))
		return;
	const char *forbids = what_forbids(c, &subject);
	if (forbids)
		tell_skipped(s, c, p, &subject, forbids);
	else
		tell_taken(s, c, p, create_snapshot_take(c, &subject));
}

static void tick(struct settling *s, struct arena *a, const struct policy *p, int64_t at_ms)
{
	const struct caller owner = { .uin = p->account, .secret_id = "", .mfa = "NONE", .address = "" };
	const char *state = policy_state_names[p->state];
	int64_t *disks;
	size_t count = store_policy_disks(s->store, a, p->no, &disks);
	settle_event(s, at_ms, policy_id(a, p->no), state, state);
	s->ticks += 1 + count;
	for (size_t i = 0; i < count; i++) {
		struct call c = {
			.store = s->store, .arena = a, .now_ms = at_ms, .who = &owner, .region = p->region, .request_id = "",
			.lang = LANG_EN, .dialect = DIALECT_CLASSIC, .transitions = s->how->transitions, .action = "CreateSnapshot",
		};
		take_of(s, &c, p, disks[i]);
	}
}

/* A year of them may come in one run: each cleans up behind itself. */
void policy_job(struct settling *s, const struct job *j)
{
	struct arena *a = arena_new();
	struct policy p;
	if (store_policy(s->store, a, j->resource, &p) && p.activated && p.state == POLICY_NORMAL) {
		policy_schedule_tick(s->store, a, &p, j->due_ms);
		tick(s, a, &p, j->due_ms);
	}
	arena_free(a);
}
