/* Ids are recognized by their shape wherever they stand in the parameters, so no list of parameter names is needed. */
#include "gateway/fault_states.h"

#include "gateway/request.h"
#include "gateway/sandbox.h"
#include "util/ident.h"

enum { STATES_MAX = 256 };

struct found {
	struct store *store;
	struct arena *arena;
	const char **list; /* room for STATES_MAX and the NULL */
	size_t count;
};

static const char *disk_state(struct found *f, int64_t no)
{
	struct disk d;
	return store_disk(f->store, f->arena, no, &d) ? disk_state_names[d.state] : NULL;
}

static const char *snapshot_state(struct found *f, int64_t no)
{
	struct snapshot p;
	return store_snapshot(f->store, f->arena, no, &p) ? snapshot_state_names[p.state] : NULL;
}

static const char *backup_state(struct found *f, int64_t no)
{
	struct backup b;
	return store_backup(f->store, f->arena, no, &b) ? backup_state_names[b.state] : NULL;
}

static const char *policy_state(struct found *f, int64_t no)
{
	struct policy p;
	return store_policy(f->store, f->arena, no, &p) ? policy_state_names[p.state] : NULL;
}

static const char *instance_state(struct found *f, int64_t no)
{
	struct instance i;
	return store_instance(f->store, f->arena, no, &i) ? i.state : NULL;
}

static const struct {
	const char *prefix;
	const char *(*state)(struct found *f, int64_t no);
} kinds[] = {
	{ IDENT_DISK, disk_state },
	{ IDENT_SNAPSHOT, snapshot_state },
	{ IDENT_BACKUP, backup_state },
	{ IDENT_POLICY, policy_state },
	{ IDENT_INSTANCE, instance_state },
};

static void look_at(struct found *f, const char *text)
{
	int64_t no;
	for (size_t i = 0; text && i < sizeof kinds / sizeof kinds[0] && f->count < STATES_MAX; i++) {
		const char *state = ident_parse(kinds[i].prefix, text, &no) ? kinds[i].state(f, no) : NULL;
		if (state)
			f->list[f->count++] = state;
	}
}

static void look_through(struct found *f, const cJSON *node)
{
	const cJSON *child;
	look_at(f, cJSON_GetStringValue(node));
	cJSON_ArrayForEach(child, node)
		look_through(f, child);
}

const char *const *resource_states(void *data)
{
	struct resource_states *s = data;
	struct request *r = s->request;
	struct store *store = r->sandbox->store;
	if (s->found)
		return s->found;
	if (!store_in_transaction(store))
		sandbox_settle(r->sandbox, r->arena, r->now_ms, NULL, NULL);
	struct found f = { store, r->arena, arena_alloc(r->arena, (STATES_MAX + 1) * sizeof *f.list), 0 };
	if (r->params)
		look_through(&f, r->params);
	else
		for (size_t i = 0; i < r->pair_count; i++)
			look_at(&f, r->pairs[i].value);
	s->found = f.list;
	return s->found;
}
