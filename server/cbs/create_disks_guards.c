/* The refusals of CreateDisks (cbs.md §3.3, §5.1, §6). Their order is inferred: the request itself, the account, what exists, what
 * is sold, quotas, the platform. */
#include "cbs/create_disks.h"

#include <inttypes.h>

#include "cbs/disk_request.h"
#include "util/str.h"

/* Extra throughput and burst performance are sold above this size only. */
enum { PERFORMANCE_MIN_GIB = 460 };

/* ---- the request ---------------------------------------------------------------------------------------------------------- */

static bool token_refused(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	return client_token_refused(c, &p->token);
}

static bool term_missing(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (!str_is(p->charge_type, "PREPAID") || p->months != 0)
		return false;
	call_fail_text(c, TEXT_MISSING_PARAMETER_NAMED, "DiskChargePrepaid", NULL);
	return true;
}

static bool size_missing(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (arg_given(c, "DiskSize") || p->from_snapshot)
		return false;
	call_fail_text(c, TEXT_MISSING_PARAMETER_NAMED, "DiskSize", NULL);
	return true;
}

/* A key or a generation without encryption; encryption of a disk that is shared or mounted. */
static bool encryption_contradicted(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (!p->encrypt && arg_given(c, "KmsKeyId"))
		call_fail_text(c, TEXT_VALUE_INVALID, arg_str(c, "KmsKeyId", ""), "KmsKeyId", NULL);
	else if (!p->encrypt && arg_given(c, "EncryptType"))
		call_fail_text(c, TEXT_VALUE_INVALID, arg_str(c, "EncryptType", ""), "EncryptType", NULL);
	else if (p->encrypt && arg_bool(c, "Shareable", false))
		call_fail_text(c, TEXT_VALUE_INVALID, "true", "Shareable", NULL);
	else if (p->encrypt && p->instance_count > 0)
		call_fail_text(c, TEXT_VALUE_INVALID, "{}", "AutoMountConfiguration", NULL);
	else
		return false;
	call_because(c, "the disk is %s", p->encrypt ? "encrypted" : "not encrypted");
	return true;
}

static bool mounts_do_not_match(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (p->instance_count <= 1 || (int64_t)p->instance_count == p->count)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, "[]", "AutoMountConfiguration.InstanceId", NULL);
	call_because(c, "%zu instances for %" PRId64 " disks", p->instance_count, p->count);
	return true;
}

static bool zone_elsewhere(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (p->zone_known)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, p->zone_name, "Placement.Zone", NULL);
	call_because(c, "%s is no zone of %s", p->zone_name, c->region);
	return true;
}

/* ---- the account ---------------------------------------------------------------------------------------------------------- */

static bool not_certified(struct call *c, const void *subject)
{
	(void)c;
	const struct purchase *p = subject;
	return !p->account.certified;
}

static bool no_payment_right(struct call *c, const void *subject)
{
	(void)c;
	const struct purchase *p = subject;
	return !p->account.payment_right;
}

/* Encryption works through the service role and its leave to use KMS. */
static bool no_role(struct call *c, const void *subject)
{
	(void)c;
	const struct purchase *p = subject;
	return p->encrypt && (!p->account.cbs_role || !p->account.kms_authorized);
}

static bool in_arrears(struct call *c, const void *subject)
{
	(void)c;
	const struct purchase *p = subject;
	return p->account.balance_cents < 0;
}

static bool trade_conflict(struct call *c, const void *subject)
{
	(void)c;
	const struct purchase *p = subject;
	return p->account.trade_conflict;
}

/* ---- what exists ---------------------------------------------------------------------------------------------------------- */

static bool project_unknown(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (store_project_exists(c->store, c->who->uin, p->project_id))
		return false;
	call_because(c, "no project %" PRId64, p->project_id);
	return true;
}

static bool snapshot_unknown(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (!p->from_snapshot || p->snapshot_known)
		return false;
	call_fail_text(c, TEXT_SNAPSHOT_NOT_FOUND, arg_str(c, "SnapshotId", ""), NULL);
	return true;
}

static bool instance_unknown(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (p->unknown_instance == NULL)
		return false;
	call_fail_text(c, TEXT_INSTANCE_NOT_FOUND, p->unknown_instance, NULL);
	return true;
}

/* ---- what is sold --------------------------------------------------------------------------------------------------------- */

static bool type_not_sold(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (p->type_known && p->type.sold)
		return false;
	call_because(c, "%s is not sold", arg_str(c, "DiskType", ""));
	return true;
}

static bool size_not_sold(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	const struct disk_type *t = &p->type;
	if (p->size_gib >= t->min_gib && p->size_gib <= t->max_gib && (p->size_gib - t->min_gib) % t->step_gib == 0)
		return false;
	call_because(c, "%s has %" PRId64 " to %" PRId64 " GiB in steps of %" PRId64, t->name, t->min_gib, t->max_gib, t->step_gib);
	return true;
}

/* 0 is fine for every type: Terraform always sends it. */
static bool performance_not_sold(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	bool burst = arg_bool(c, "BurstPerformance", false);
	if (p->throughput > p->type.throughput_max)
		call_because(c, "%s has up to %" PRId64 " MB/s of extra throughput", p->type.name, p->type.throughput_max);
	else if (p->throughput > 0 && p->size_gib <= PERFORMANCE_MIN_GIB)
		call_because(c, "extra throughput needs more than %d GiB", PERFORMANCE_MIN_GIB);
	else if (burst && !p->type.burst)
		call_because(c, "%s has no burst performance", p->type.name);
	else if (burst && p->size_gib < PERFORMANCE_MIN_GIB)
		call_because(c, "burst performance needs %d GiB", PERFORMANCE_MIN_GIB);
	else
		return false;
	return true;
}

static bool smaller_than_snapshot(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (!p->from_snapshot || p->size_gib >= p->snapshot.size_gib)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, arena_printf(c->arena, "%" PRId64, p->size_gib), "DiskSize", NULL);
	call_because(c, "the snapshot has %" PRId64 " GiB", p->snapshot.size_gib);
	return true;
}

static bool snapshot_rollbacking(struct call *c, const void *subject)
{
	(void)c;
	const struct purchase *p = subject;
	return p->from_snapshot && p->snapshot.state == SNAPSHOT_ROLLBACKING;
}

static bool snapshot_unusable(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (!p->from_snapshot)
		return false;
	if (str_is(p->snapshot.usage, "SYSTEM_DISK"))
		call_because(c, "the snapshot is of a system disk");
	else if (p->snapshot.state != SNAPSHOT_NORMAL)
		call_because(c, "the snapshot is %s", snapshot_state_names[p->snapshot.state]);
	else
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, arg_str(c, "SnapshotId", ""), "SnapshotId", NULL);
	return true;
}

static bool instance_unsuitable(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	for (size_t i = 0; i < p->instance_count; i++) {
		const struct instance *instance = &p->instances[i];
		if (instance->supported && str_is(instance->zone, p->zone_name) && !str_is(instance->state, "SHUTDOWN"))
			continue;
		call_fail_text(c, TEXT_VALUE_INVALID, instance->id, "AutoMountConfiguration.InstanceId", NULL);
		call_because(c, "%s is in another zone, or takes no disk", instance->id);
		return true;
	}
	return false;
}

/* ---- quotas, the platform ------------------------------------------------------------------------------------------------- */

static bool tag_quota_exceeded(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	int tags = cJSON_GetArraySize(arg_json(c, "Tags"));
	if (tags <= p->world.tag_max)
		return false;
	call_because(c, "%d tags of %" PRId64, tags, p->world.tag_max);
	return true;
}

/* How many of the disks go to that instance: all to a single one, else one for each time it is named. */
static int64_t disks_for(const struct purchase *p, int64_t no)
{
	int64_t named = 0;
	for (size_t i = 0; i < p->instance_count; i++)
		named += p->instances[i].no == no;
	return p->instance_count == 1 ? p->count : named;
}

static bool instance_full(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	for (size_t i = 0; i < p->instance_count; i++) {
		const struct instance *instance = &p->instances[i];
		int64_t max = instance->disk_max != 0 ? instance->disk_max : p->world.instance_disk_max;
		if (instance->attached + disks_for(p, instance->no) <= max)
			continue;
		call_because(c, "%s has %" PRId64 " of %" PRId64 " disks", instance->id, instance->attached, max);
		return true;
	}
	return false;
}

static bool sold_out(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	if (!str_listed(p->zone.sold_out, p->type.name))
		return false;
	call_because(c, "%s has no %s left", p->zone.name, p->type.name);
	return true;
}

static bool backend_down(struct call *c, const void *subject)
{
	const struct purchase *p = subject;
	return component_down(c, "billing") || component_down(c, "storage") || (p->encrypt && component_down(c, "kms"));
}

static const struct guard guards[] = {
	{ "token_refused", token_refused, BOTH_DIALECTS(ERR_INVALID_PARAMETER_INVALID_CLIENT_TOKEN) },
	{ "term_missing", term_missing, BOTH_DIALECTS(ERR_MISSING_PARAMETER) },
	{ "size_missing", size_missing, BOTH_DIALECTS(ERR_MISSING_PARAMETER) },
	{ "encryption_contradicted", encryption_contradicted, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "mounts_do_not_match", mounts_do_not_match, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "zone_elsewhere", zone_elsewhere, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "not_certified", not_certified, BOTH_DIALECTS(ERR_UNAUTHORIZED_OPERATION_NOT_CERTIFICATION) },
	{ "no_payment_right", no_payment_right, BOTH_DIALECTS(ERR_UNAUTHORIZED_OPERATION_NOT_HAVE_PAYMENT_RIGHT) },
	{ "no_role", no_role, BOTH_DIALECTS(ERR_UNAUTHORIZED_OPERATION_ROLE_NOT_EXISTS) },
	{ "in_arrears", in_arrears, BOTH_DIALECTS(ERR_INVALID_ACCOUNT_INSUFFICIENT_BALANCE) },
	{ "trade_conflict", trade_conflict, BOTH_DIALECTS(ERR_TRADE_DEAL_CONFLICT) },
	{ "project_unknown", project_unknown, BOTH_DIALECTS(ERR_INVALID_PARAMETER_PROJECT_ID_NOT_EXIST) },
	{ "snapshot_unknown", snapshot_unknown, BOTH_DIALECTS(ERR_INVALID_SNAPSHOT_ID_NOT_FOUND) },
	{ "instance_unknown", instance_unknown, BOTH_DIALECTS(ERR_INVALID_INSTANCE_ID_NOT_FOUND) },
	{ "type_not_sold", type_not_sold, BOTH_DIALECTS(ERR_INVALID_PARAMETER_DISK_CONFIG_NOT_SUPPORTED) },
	{ "smaller_than_snapshot", smaller_than_snapshot, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "size_not_sold", size_not_sold, BOTH_DIALECTS(ERR_INVALID_PARAMETER_DISK_CONFIG_NOT_SUPPORTED) },
	{ "performance_not_sold", performance_not_sold, BOTH_DIALECTS(ERR_INVALID_PARAMETER_DISK_CONFIG_NOT_SUPPORTED) },
	{ "snapshot_rollbacking", snapshot_rollbacking, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
	{ "snapshot_unusable", snapshot_unusable, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "instance_unsuitable", instance_unsuitable, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "tag_quota_exceeded", tag_quota_exceeded, BOTH_DIALECTS(ERR_LIMIT_EXCEEDED_TAG_QUOTA_LIMIT_EXCEEDED) },
	{ "instance_full", instance_full, BOTH_DIALECTS(ERR_LIMIT_EXCEEDED_INSTANCE_ATTACHED_DISK) },
	{ "sold_out", sold_out, BOTH_DIALECTS(ERR_RESOURCE_INSUFFICIENT) },
	{ "backend_down", backend_down, BOTH_DIALECTS(ERR_INTERNAL_ERROR_COMPONENT_ERROR) },
};

const struct guard_list create_disks_guards = { guards, COUNT(guards) };
