/* DescribeDisks: the disks of the caller in a region. An id that is well-formed and unknown is simply not in the answer. */
#include "cbs/actions.h"
#include "cbs/disk.h"
#include "cbs/list.h"
#include "cbs/polls.h"
#include "util/ident.h"
#include "util/str.h"

/* One that is bought and not there yet is asked for in vain, which is a describe of it too. */
static void note_unborn(struct call *c)
{
	const char *const *ids = NULL;
	struct disk d;
	int64_t no;
	size_t count = arg_list(c, "DiskIds", &ids);
	for (size_t i = 0; i < count; i++)
		if (ident_parse(IDENT_DISK, ids[i], &no) && store_disk(c->store, c->arena, no, &d) && d.hidden &&
		    d.account == c->who->uin && str_is(d.region, c->region))
			polls_note_disk(c, no);
}

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
	note_unborn(c);
	return call_ok(c);
}

static const char *const volumes[] = { "DiskIds", NULL };

const struct action describe_disks = {
	.name = "DescribeDisks",
	.run = run,
	.volumes = volumes,
};
