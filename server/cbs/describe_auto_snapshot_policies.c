/* DescribeAutoSnapshotPolicies: by ids or by filters, a page at a time; an unknown id is an empty answer and no error (cbs.md fact 5). */
#include "cbs/actions.h"
#include "cbs/list.h"
#include "cbs/policy.h"
#include "util/ident.h"

static enum verdict run(struct call *c)
{
	struct list_query query;
	if (list_read(c, "AutoSnapshotPolicyIds", IDENT_POLICY, store_policy_filter, &query) != VERDICT_OK)
		return VERDICT_FAIL;
	struct policy *page = NULL;
	size_t count = 0;
	uint64_t total = store_policy_list(c->store, c->arena, &query, &page, &count);
	out_int(c->out, "TotalCount", (int64_t)total);
	out_array(c->out, "AutoSnapshotPolicySet");
	for (size_t i = 0; i < count; i++)
		policy_view(c, &page[i], true);
	out_end_array(c->out);
	return call_ok(c);
}

const struct action describe_auto_snapshot_policies = {
	.name = "DescribeAutoSnapshotPolicies",
	.run = run,
};
