/* Reading calls about policies, and the refusals that such actions share. */
#include "cbs/policy_request.h"

#include "cbs/schedule.h"
#include "util/ident.h"

void policy_request_read(struct call *c, struct policy_request *r)
{
	const char *wrong;
	*r = (struct policy_request){ .list = arg_json(c, "Policy") };
	disk_request_read(c, &r->on, "DiskIds");
	r->known = policy_find(c, arg_id(c, "AutoSnapshotPolicyId", IDENT_POLICY), &r->policy);
	if (!r->list || schedule_read(c->arena, r->list, &wrong))
		return;
	r->list_wrong = *wrong != '\0' ? arena_concat(c->arena, "Policy.", wrong, NULL) : "Policy";
}

/* Snapshots that were kept for ever are kept for a while again as soon as the while is named (inferred). */
void policy_take_params(struct call *c, const struct policy_request *r, struct policy *p)
{
	p->name = arg_str(c, "AutoSnapshotPolicyName", p->name);
	p->schedule = r->list ? schedule_text(c->arena, r->list) : p->schedule;
	p->activated = arg_bool(c, "IsActivated", p->activated);
	p->permanent = arg_bool(c, "IsPermanent", p->permanent && !arg_given(c, "RetentionDays"));
	p->retention_days = arg_int(c, "RetentionDays", p->retention_days);
}

/* ---- refusals -------------------------------------------------------------------------------------------------------------- */

bool names_unknown_policy(struct call *c, const void *subject)
{
	const struct policy_request *r = subject;
	if (r->known)
		return false;
	call_fail_text(c, TEXT_POLICY_NOT_FOUND, arg_str(c, "AutoSnapshotPolicyId", ""), NULL);
	return true;
}

bool policy_isolated(struct call *c, const void *subject)
{
	const struct policy_request *r = subject;
	if (r->policy.state != POLICY_ISOLATED)
		return false;
	call_because(c, "%s is isolated", policy_id(c->arena, r->policy.no));
	return true;
}

bool retention_of_permanent(struct call *c, const void *subject)
{
	(void)subject;
	if (!arg_bool(c, "IsPermanent", false) || !arg_given(c, "RetentionDays"))
		return false;
	call_because(c, "snapshots that are kept for ever have no RetentionDays");
	return true;
}
