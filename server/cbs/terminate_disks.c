/* TerminateDisks: postpaid disks are gone at once, prepaid ones go to the recycle bin, those in the bin are released; all of them
 * or none (cbs.md §3.1, §6). Whatever becomes of them, they leave their policies. The documented list of this action has no code for an
 * unknown disk: InvalidParameterValue stands in (inferred). */
#include <inttypes.h>

#include "cbs/actions.h"
#include "cbs/disk_request.h"
#include "util/str.h"

/* Is it returned for money? */
static bool refunds(const struct disk *d)
{
	return str_is(d->charge_type, "PREPAID") && d->state != DISK_TORECYCLE;
}

static bool names_unusable_disk(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!names_unknown_disk(c, subject) && !names_unborn_disk(c, subject))
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, r->unknown != NULL ? r->unknown : r->unborn, "DiskIds", NULL);
	return true;
}

static bool disk_not_elastic(struct call *c, const void *subject)
{
	return disk_of_wrong_type(c, subject) || disk_not_portable(c, subject);
}

static bool refund_too_late(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	return refunds(r->disk) && disk_past_deadline(c, subject);
}

static bool refund_excluded(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!refunds(r->disk) || r->disk->refundable)
		return false;
	call_because(c, "%s is not refundable", disk_id(c->arena, r->disk->no));
	return true;
}

static bool disk_not_free(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->disk->state == DISK_UNATTACHED || r->disk->state == DISK_TORECYCLE)
		return disk_migrating(c, subject);
	say_disk_state(c, r->disk);
	return true;
}

static bool refund_quota_used_up(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	int64_t more = 0;
	for (size_t i = 0; i < r->count; i++)
		more += refunds(&r->disks[i]);
	if (more == 0 || r->account.refunds + more <= r->world.refund_quota)
		return false;
	call_because(c, "%" PRId64 " of %" PRId64 " refunds are used", r->account.refunds, r->world.refund_quota);
	return true;
}

static bool disk_busy(struct call *c, const void *subject)
{
	return disk_held(c, subject) || disk_locked(c, subject);
}

static bool backend_down(struct call *c, const void *subject)
{
	return storage_down(c, subject) || disk_backend_fault(c, subject);
}

static const struct guard guards[] = {
	{ "disk_named_twice", names_disk_twice, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_REPEAT_REFUND) },
	{ "trade_conflict", account_trade_conflict, BOTH_DIALECTS(ERR_TRADE_DEAL_CONFLICT) },
	{ "disk_unknown", names_unusable_disk, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "disk_not_elastic", disk_not_elastic, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "disk_isolated", disk_isolated, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION) },
	{ "disk_expired", refund_too_late, ERR_INVALID_DISK_EXPIRE, ERR_RESOURCE_UNAVAILABLE_EXPIRE },
	{ "not_refundable", refund_excluded, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORT_REFUND) },
	{ "snapshot_creating", disk_snapshot_creating, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
	{ "disk_not_free", disk_not_free, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED) },
	{ "refund_quota", refund_quota_used_up, ERR_INSUFFICIENT_REFUND_QUOTA, ERR_RESOURCE_INSUFFICIENT_OVER_REFUND_QUOTA },
	{ "disk_busy", disk_busy, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
	{ "backend_down", backend_down, BOTH_DIALECTS(ERR_INTERNAL_ERROR_FAIL_QUERY_RESOURCE) },
};

static void recycle(struct call *c, struct disk *d, bool with_snapshots)
{
	d->delete_snapshot = d->delete_snapshot || with_snapshots;
	disk_recycle(c->store, d, c->now_ms);
	store_disk_unbind(c->store, d->no);
	store_add_refunds(c->store, d->account, 1);
}

static enum verdict run(struct call *c)
{
	struct disk_request r;
	disk_request_read(c, &r, "DiskIds");
	if (disk_request_check(c, &r, guards, COUNT(guards)) != VERDICT_OK)
		return VERDICT_FAIL;
	bool with_snapshots = arg_int(c, "DeleteSnapshot", 0) != 0;
	for (size_t i = 0; i < r.count; i++) {
		if (refunds(&r.disks[i]))
			recycle(c, &r.disks[i], with_snapshots);
		else
			disk_remove(c->store, c->arena, &r.disks[i], with_snapshots);
	}
	return call_ok(c);
}

const struct action terminate_disks = {
	.name = "TerminateDisks",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, COUNT(guards) } },
	.run = run,
	.volumes = (const char *const[]){ "DiskIds", NULL },
};
