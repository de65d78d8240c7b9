/* DescribeDisks: the disks of the caller in a region. An id that is well-formed and unknown is simply not in the answer. */
#include "cbs/actions.h"
#include "cbs/disk.h"
#include "cbs/list.h"
#include "util/ident.h"

static enum verdict run(struct call *c)
{
	struct list_query q;
	struct disk *disks;
	size_t count;
	if (list_read(c, "DiskIds", IDENT_DISK, store_disk_filter, &q) != VERDICT_OK)
		return VERDICT_FAIL;
	uint64_t total = store_disk_list(c->store, c->arena, &q, &disks, &count);
	out_int(c->out, "TotalCount", (int64_t)total);
	out_array(c->out, "DiskSet");
	for (size_t i = 0; i < count; i++)
		disk_view(c, &disks[i]);
	out_end_array(c->out);
	return call_ok(c);
}

static const char *const volumes[] = { "DiskIds", NULL };

const struct action describe_disks = {
	.name = "DescribeDisks",
	.run = run,
	.volumes = volumes,
};
