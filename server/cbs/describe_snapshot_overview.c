/* DescribeSnapshotOverview: how many snapshots the account has in the region and what they weigh (cbs.md §5.4). */
#include "cbs/actions.h"

static enum verdict run(struct call *c)
{
	struct world world;
	struct usage usage;
	if (!store_world(c->store, &world))
		return call_fail(c, ERR_INTERNAL_ERROR);
	store_usage(c->store, c->who->uin, c->region, &usage);
	double total_gib = (double)usage.snapshot_mib / 1024;
	double free_gib = (double)world.free_snapshot_gib;
	out_int(c->out, "TotalNums", usage.snapshots);
	out_double(c->out, "TotalSize", total_gib);
	out_double(c->out, "FreeQuota", free_gib);
	out_double(c->out, "RealTradeSize", total_gib > free_gib ? total_gib - free_gib : 0);
	return call_ok(c);
}

const struct action describe_snapshot_overview = {
	.name = "DescribeSnapshotOverview",
	.run = run,
};
