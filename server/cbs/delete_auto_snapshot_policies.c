/* DeleteAutoSnapshotPolicies: all of them or none. Disks that are bound do not keep a policy, and its snapshots outlive it (cbs.md
 * §6). */
#include "cbs/actions.h"
#include "cbs/guard.h"
#include "cbs/policy.h"
#include "util/ident.h"

struct subject {
	size_t count;
	struct policy *policies;
	const char *unknown, *repeated; /* the first such id; NULL: there is none */
};

static bool policy_named_twice(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	if (!s->repeated)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, s->repeated, "AutoSnapshotPolicyIds", NULL);
	call_because(c, "%s is named twice", s->repeated);
	return true;
}

static bool policy_unknown(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	if (!s->unknown)
		return false;
	call_fail_text(c, TEXT_POLICY_NOT_FOUND, s->unknown, NULL);
	return true;
}

static const struct guard guards[] = {
	{ "policy_named_twice", policy_named_twice, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "policy_unknown", policy_unknown, BOTH_DIALECTS(ERR_INVALID_AUTO_SNAPSHOT_POLICY_ID_NOT_FOUND) },
};

static bool named_before(const struct subject *s, int64_t no)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->policies[i].no == no)
			return true;
	}
	return false;
}

static void subject_read(struct call *c, struct subject *s)
{
	const char *const *ids = NULL;
	size_t count = arg_list(c, "AutoSnapshotPolicyIds", &ids);
	*s = (struct subject){ .policies = arena_alloc(c->arena, (count + 1) * sizeof *s->policies) };
	for (size_t i = 0; i < count; i++) {
		int64_t no;
		struct policy p;
		if (!ident_parse(IDENT_POLICY, ids[i], &no) || !policy_find(c, no, &p)) {
			s->unknown = s->unknown ? s->unknown : ids[i];
			continue;
		}
		if (named_before(s, no))
			s->repeated = s->repeated ? s->repeated : ids[i];
		s->policies[s->count++] = p;
	}
}

static enum verdict run(struct call *c)
{
	struct subject s;
	subject_read(c, &s);
	if (guards_check(c, guards, sizeof guards / sizeof guards[0], &s) != VERDICT_OK)
		return VERDICT_FAIL;
	for (size_t i = 0; i < s.count; i++)
		store_policy_delete(c->store, s.policies[i].no);
	return call_ok(c);
}

const struct action delete_auto_snapshot_policies = {
	.name = "DeleteAutoSnapshotPolicies",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, sizeof guards / sizeof guards[0] } },
	.run = run,
};
