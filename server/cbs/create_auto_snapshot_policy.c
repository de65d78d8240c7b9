/* CreateAutoSnapshotPolicy: when snapshots are taken of the disks that will be bound to it, or only when the first would be (cbs.md
 * §6). */
#include <inttypes.h>

#include "cbs/actions.h"
#include "cbs/policy_request.h"
#include "util/wiretime.h"

enum { RETENTION_DAYS = 7 };

static bool list_wrong(struct call *c, const void *subject)
{
	const struct policy_request *r = subject;
	if (!r->list_wrong)
		return false;
	call_fail_text(c, TEXT_PARAMETER_WRONG, r->list_wrong, NULL);
	return true;
}

/* Nothing is made, so nothing has to be paid for or counted (inferred). */
static bool dry(const struct call *c)
{
	return arg_bool(c, "DryRun", false);
}

static bool cannot_pay(struct call *c, const void *subject)
{
	return !dry(c) && account_in_arrears(c, subject);
}

static bool quota_full(struct call *c, const void *subject)
{
	const struct policy_request *r = subject;
	int64_t count = store_policy_count(c->store, c->who->uin, c->region), most = r->on.world.policy_max;
	if (dry(c) || count < most)
		return false;
	call_because(c, "%" PRId64 " of %" PRId64 " policies in the region", count, most);
	return true;
}

static const struct guard guards[] = {
	{ "list_wrong", list_wrong, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "retention_of_permanent", retention_of_permanent, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "account_in_arrears", cannot_pay, BOTH_DIALECTS(ERR_INVALID_ACCOUNT_INSUFFICIENT_BALANCE) },
	{ "quota_full", quota_full, BOTH_DIALECTS(ERR_LIMIT_EXCEEDED_AUTO_SNAPSHOT_POLICY_OUT_OF_QUOTA) },
};

static struct policy policy_from(struct call *c, const struct policy_request *r)
{
	struct policy p = {
		.account = c->who->uin,
		.region = c->region,
		.name = call_unnamed(c), /* as disks and snapshots are (inferred) */
		.state = POLICY_NORMAL,
		.activated = true,
		.retention_days = RETENTION_DAYS,
		.create_ms = c->now_ms,
	};
	policy_take_params(c, r, &p);
	return p;
}

/* The id of what was not made is "", as a client may not be ready for null (inferred). */
static enum verdict answer(struct call *c, const struct policy *p, const char *id)
{
	char next[WIRETIME_SIZE] = "";
	int64_t next_ms = policy_next(c->arena, p, c->now_ms);
	if (next_ms != INT64_MAX)
		wiretime_local(next_ms, next);
	out_str(c->out, "AutoSnapshotPolicyId", id);
	out_str(c->out, "NextTriggerTime", next);
	return call_ok(c);
}

static enum verdict run(struct call *c)
{
	struct policy_request r;
	policy_request_read(c, &r);
	if (guards_check(c, guards, COUNT(guards), &r) != VERDICT_OK)
		return VERDICT_FAIL;
	struct policy p = policy_from(c, &r);
	if (dry(c)) {
		p.activated = true; /* who asks when it would tick wants to know, even if it is not to tick yet */
		return answer(c, &p, "");
	}
	p.no = store_next_no(c->store, SEQUENCE_POLICY, p.account, p.region);
	store_policy_insert(c->store, &p);
	policy_schedule_tick(c->store, c->arena, &p, c->now_ms);
	return answer(c, &p, policy_id(c->arena, p.no));
}

const struct action create_auto_snapshot_policy = {
	.name = "CreateAutoSnapshotPolicy",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, COUNT(guards) } },
	.run = run,
};
