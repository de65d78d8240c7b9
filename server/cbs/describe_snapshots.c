/* DescribeSnapshots: by ids or by filters, a page at a time; an unknown id is an empty answer and no error (cbs.md fact 5). */
#include "cbs/actions.h"
#include "cbs/list.h"
#include "cbs/snapshot.h"
#include "util/ident.h"

static void write_row(void *data, const struct snapshot *row)
{
	snapshot_view(data, row);
}

static enum verdict run(struct call *c)
{
	struct list_query query;
	if (list_read(c, "SnapshotIds", IDENT_SNAPSHOT, store_snapshot_filter, &query) != VERDICT_OK)
		return VERDICT_FAIL;
	enum { USUAL_SIZE = 640 }; /* of an element; the room for a page is made once */
	struct snapshot_page page = { .call = c };
	uint64_t total = store_snapshot_count(c->store, c->arena, &query);
	out_int(c->out, "TotalCount", (int64_t)total);
	out_array(c->out, "SnapshotSet");
	buf_reserve(c->out->buf, (size_t)(total < query.limit ? total : query.limit) * USUAL_SIZE);
	store_snapshot_page(c->store, c->arena, &query, total, write_row, &page);
	out_end_array(c->out);
	return call_ok(c);
}

const struct action describe_snapshots = {
	.name = "DescribeSnapshots",
	.run = run,
	.snapshots = (const char *const[]){ "SnapshotIds", NULL },
};
