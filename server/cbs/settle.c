/* Running what is due, in due order: a discrete-event simulation with the database as its queue. */
#include "cbs/settle.h"

#include "cbs/job_fault.h"
#include "util/ident.h"
#include "util/str.h"

static const struct family {
	const char *prefix; /* of its job kinds */
	const char *ident;  /* of its resources' ids */
	void (*finish)(struct settling *s, const struct job *j);
	const char *const *transitions; /* kinds that end a state under way, not a life; NULL-ended */
} families[] = {
	{ "disk.", IDENT_DISK, disk_job,
	  (const char *const[]){ "disk.show", "disk.attach", "disk.detach", "disk.expand", "disk.rollback", "disk.migrate", NULL } },
	{ "snapshot.", IDENT_SNAPSHOT, snapshot_job, (const char *const[]){ "snapshot.create", "snapshot.rollback", NULL } },
	{ "backup.", IDENT_BACKUP, backup_job, (const char *const[]){ "backup.create", NULL } },
	{ "policy.", IDENT_POLICY, policy_job, (const char *const[]){ NULL } },
};

enum { N_FAMILIES = sizeof families / sizeof families[0] };

static void run_job(struct settling *s, const struct job *j)
{
	if (job_fails(j)) {
		job_fail(s, j);
		return;
	}
	for (size_t i = 0; i < N_FAMILIES; i++) {
		if (str_prefix(j->kind, families[i].prefix))
			families[i].finish(s, j);
	}
}

size_t cbs_settle(struct store *s, struct arena *a, int64_t now_ms, const struct passing *how)
{
	struct settling settling = { .store = s, .arena = a, .how = how };
	struct job j;
	while ((how->most == 0 || settling.ticks < how->most) && store_next_due(s) <= now_ms && store_job_due(s, a, now_ms, &j)) {
		store_job_remove(s, j.due_ms, j.kind, j.resource);
		run_job(&settling, &j);
	}
	return how->most != 0 && settling.ticks > how->most ? how->most : settling.ticks;
}

/* The job that ends what the resource is in. A snapshot being rolled back has none of its own: its disk's is it. */
static bool find_transition(struct store *s, struct arena *a, const struct family *f, int64_t no, struct job *out)
{
	struct snapshot p;
	for (const char *const *kind = f->transitions; *kind != NULL; kind++) {
		if (store_job_of(s, a, *kind, no, out))
			return true;
	}
	return str_is(f->ident, IDENT_SNAPSHOT) && store_snapshot(s, a, no, &p) && p.state == SNAPSHOT_ROLLBACKING &&
	       store_job_of(s, a, "disk.rollback", p.disk, out);
}

bool cbs_finish(struct store *s, struct arena *a, const char *resource_id, int64_t now_ms, const struct passing *how)
{
	struct settling settling = { .store = s, .arena = a, .how = how };
	int64_t no;
	struct job j;
	for (size_t i = 0; i < N_FAMILIES; i++) {
		if (!ident_parse(families[i].ident, resource_id, &no) || !find_transition(s, a, &families[i], no, &j))
			continue;
		store_job_remove(s, j.due_ms, j.kind, j.resource);
		j.due_ms = now_ms;
		run_job(&settling, &j);
		cbs_settle(s, a, now_ms, how); /* what that made due */
		return true;
	}
	return false;
}

void settle_event(struct settling *s, int64_t at_ms, const char *resource_id, const char *from, const char *to)
{
	settle_tell(s, &(struct cbs_event){ .at_ms = at_ms, .resource = resource_id, .from = from, .to = to });
}

void settle_tell(struct settling *s, const struct cbs_event *e)
{
	if (s->how->on_event != NULL)
		s->how->on_event(s->how->data, e);
}

int64_t transition_end(const struct call *c, enum transition t)
{
	const struct transition_rule *rule = &c->transitions[t];
	switch (rule->progression) {
	case PROGRESS_TIME:
		return c->now_ms + rule->ms;
	case PROGRESS_IMMEDIATE:
		return c->now_ms;
	case PROGRESS_MANUAL:
		break;
	}
	return INT64_MAX;
}

int64_t transition_percent(int64_t since_ms, int64_t until_ms, int64_t now_ms)
{
	if (until_ms == INT64_MAX || until_ms <= since_ms || now_ms <= since_ms)
		return 0;
	if (now_ms >= until_ms)
		return 99;
	return (now_ms - since_ms) * 100 / (until_ms - since_ms);
}
