/* ModifyAutoSnapshotPolicyAttribute: another name, schedule or time to keep, or a pause; what is not named stays (cbs.md §7.2). */
#include "cbs/actions.h"
#include "cbs/policy_request.h"
#include "util/str.h"

static bool nothing_to_change(struct call *c, const void *subject)
{
	static const char *const params[] = { "AutoSnapshotPolicyName", "Policy", "IsActivated", "IsPermanent", "RetentionDays" };
	(void)subject;
	for (size_t i = 0; i < COUNT(params); i++) {
		if (arg_given(c, params[i]))
			return false;
	}
	call_fail_text(c, TEXT_MISSING_PARAMETER_NAMED, params[0], NULL);
	return true;
}

static bool name_empty(struct call *c, const void *subject)
{
	(void)subject;
	if (!str_is(arg_str(c, "AutoSnapshotPolicyName", "-"), ""))
		return false;
	call_fail_text(c, TEXT_INVALID_PARAMETER_FORMAT, "AutoSnapshotPolicyName", NULL);
	return true;
}

static bool list_wrong(struct call *c, const void *subject)
{
	const struct policy_request *r = subject;
	if (!r->list_wrong)
		return false;
	call_fail_text(c, TEXT_INVALID_PARAMETER_FORMAT, r->list_wrong, NULL);
	return true;
}

/* The documented list of this action has InvalidParameter and not InvalidParameterValue. */
static const struct guard guards[] = {
	{ "nothing_to_change", nothing_to_change, BOTH_DIALECTS(ERR_MISSING_PARAMETER) },
	{ "name_empty", name_empty, BOTH_DIALECTS(ERR_INVALID_PARAMETER) },
	{ "list_wrong", list_wrong, BOTH_DIALECTS(ERR_INVALID_PARAMETER) },
	{ "retention_of_permanent", retention_of_permanent, BOTH_DIALECTS(ERR_INVALID_PARAMETER) },
	{ "account_in_arrears", account_in_arrears, BOTH_DIALECTS(ERR_INVALID_ACCOUNT_INSUFFICIENT_BALANCE) },
	{ "policy_unknown", names_unknown_policy, BOTH_DIALECTS(ERR_INVALID_AUTO_SNAPSHOT_POLICY_ID_NOT_FOUND) },
	{ "policy_isolated", policy_isolated, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION_STATE_ERROR) },
};

static enum verdict run(struct call *c)
{
	struct policy_request r;
	policy_request_read(c, &r);
	if (guards_check(c, guards, COUNT(guards), &r) != VERDICT_OK)
		return VERDICT_FAIL;
	policy_take_params(c, &r, &r.policy);
	store_policy_save(c->store, &r.policy);
	policy_schedule_tick(c->store, c->arena, &r.policy, c->now_ms);
	return call_ok(c);
}

const struct action modify_auto_snapshot_policy_attribute = {
	.name = "ModifyAutoSnapshotPolicyAttribute",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, COUNT(guards) } },
	.run = run,
};
