/* The refusals of CreateSnapshot (cbs.md §4).
 *
 * Their order is inferred: the request itself, the account, what exists, what it can do, what it is doing, quotas, the platform. A
 * disk that is attaching or detaching is not refused: the documents allow a snapshot in any disk state. */
#include "cbs/create_snapshot.h"

#include <inttypes.h>

#include "cbs/disk.h"
#include "cbs/guard.h"
#include "cbs/snapshot.h"
#include "util/ident.h"
#include "util/str.h"

static bool client_token_not_offered(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	if (*s->token.text == '\0' || s->world.snapshot_client_token)
		return false;
	call_fail_text(c, TEXT_UNKNOWN_PARAMETER_NAMED, "ClientToken", NULL);
	return true;
}

static bool deadline_too_soon(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return snapshot_deadline_too_soon(c, s->deadline_ms);
}

/* The documented list of this action has no code for the quota of tags. */
static bool too_many_tags(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	int tags = cJSON_GetArraySize(arg_json(c, "Tags"));
	if (tags <= s->world.tag_max)
		return false;
	call_because(c, "%d tags of %" PRId64, tags, s->world.tag_max);
	return true;
}

static bool account_in_arrears(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->account.balance_cents < 0;
}

static bool disk_unknown(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	if (s->disk_no < 0 || s->disk_found)
		return false;
	char id[IDENT_SIZE];
	ident_format(IDENT_DISK, s->disk_no, id);
	call_fail_text(c, TEXT_DISK_NOT_FOUND, id, NULL);
	return true;
}

static bool backup_unknown(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	if (s->backup_no < 0 || s->backup_found)
		return false;
	call_fail_text(c, TEXT_BACKUP_NOT_FOUND, arg_str(c, "DiskBackupId", ""), NULL);
	return true;
}

static bool disk_local(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	struct disk_type type;
	return store_disk_type(c->store, c->arena, s->disk.type, &type) && type.local;
}

static bool disk_cannot_snapshot(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return !s->disk.snapshot_ability;
}

static bool disk_in_recycle(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->disk.state == DISK_TORECYCLE;
}

static bool disk_is_expired(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return disk_expired(&s->disk, c->now_ms);
}

static bool disk_isolated(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->disk.isolated;
}

static bool backup_of_another_disk(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->backup_found && s->backup.disk != s->disk.no;
}

static bool disk_encrypted_unsupported(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	if (!s->encrypt)
		return false;
	struct region region;
	if (!store_region(c->store, c->arena, c->region, &region) || !region.encrypted_snapshot)
		call_because(c, "the region takes no snapshots of encrypted disks");
	else if (!s->account.kms_authorized)
		call_because(c, "the account has not authorized KMS");
	else if (!str_is(arg_str(c, "DiskUsage", s->usage_name), s->usage_name))
		call_because(c, "the usage of an encrypted snapshot cannot differ from its disk's");
	else
		return false;
	return true;
}

static bool snapshot_creating(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->disk.creating_snapshots > 0;
}

static bool backup_creating(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->backup_found && s->backup.state == BACKUP_CREATING;
}

/* A backup point that is being rolled back occupies its disk in the same way. */
static bool disk_rollbacking(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->disk.state == DISK_ROLLBACKING || (s->backup_found && s->backup.state == BACKUP_ROLLBACKING);
}

static bool disk_migrating(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->disk.migrating || s->disk.state == DISK_DUMPING;
}

static bool disk_expanding(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->disk.state == DISK_EXPANDING;
}

static bool disk_held(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	if (*s->disk.held_by == '\0')
		return false;
	call_because(c, "the disk is held by %s", s->disk.held_by);
	return true;
}

static bool instance_over_limit(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	struct instance instance;
	if (s->disk.instance == 0 || !store_instance(c->store, c->arena, s->disk.instance, &instance))
		return false;
	int64_t most = instance.disk_max != 0 ? instance.disk_max : s->world.instance_disk_max;
	if (instance.attached <= most)
		return false;
	call_because(c, "%" PRId64 " disks on %s, which takes %" PRId64, instance.attached, instance.id, most);
	return true;
}

/* Has a count reached what it may be? */
static bool full(struct call *c, const char *what, int64_t count, int64_t most)
{
	if (count < most)
		return false;
	call_because(c, "%s: %" PRId64 " of %" PRId64, what, count, most);
	return true;
}

static bool region_quota_full(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return full(c, "snapshots in the region", s->usage.snapshots, snapshot_region_quota(&s->world, &s->usage));
}

static bool disk_quota_full(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return full(c, "snapshots of the disk", s->disk.snapshot_count, s->world.disk_snapshot_quota);
}

static bool chain_too_long(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return full(c, "snapshots in the chain", s->disk.chain_length, s->world.snapshot_chain_max);
}

static bool platform_busy(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return full(c, "snapshots under way on the platform", s->world.creating_snapshots, s->world.creating_snapshot_max);
}

static bool disk_locked(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return s->disk.lock_until_ms > c->now_ms;
}

static bool project_gone(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return !store_project_exists(c->store, s->disk.account, s->disk.project_id);
}

static bool client_token_clash(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return client_token_refused(c, &s->token);
}

static bool component_down(struct call *c, const void *subject)
{
	const struct create_snapshot_subject *s = subject;
	return !store_component_healthy(c->store, "snapshot") || (s->encrypt && !store_component_healthy(c->store, "kms"));
}

static bool backend_failed(struct call *c, const void *subject)
{
	(void)c;
	const struct create_snapshot_subject *s = subject;
	return s->disk.backend_fault;
}

static const struct guard guards[] = {
	{ "client_token_not_offered", client_token_not_offered, BOTH_DIALECTS(ERR_UNKNOWN_PARAMETER) },
	{ "deadline_too_soon", deadline_too_soon, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "too_many_tags", too_many_tags, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "account_in_arrears", account_in_arrears, BOTH_DIALECTS(ERR_INVALID_ACCOUNT_INSUFFICIENT_BALANCE) },
	{ "disk_unknown", disk_unknown, BOTH_DIALECTS(ERR_INVALID_DISK_ID_NOT_FOUND) },
	{ "backup_unknown", backup_unknown, BOTH_DIALECTS(ERR_RESOURCE_NOT_FOUND_NOT_FOUND) },
	/* From here on there is a disk. */
	{ "disk_local", disk_local, BOTH_DIALECTS(ERR_INVALID_DISK_TYPE_ERROR) },
	{ "disk_cannot_snapshot", disk_cannot_snapshot, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORT_SNAPSHOT) },
	{ "disk_in_recycle", disk_in_recycle, ERR_INVALID_DISK_NOT_SUPPORTED, ERR_RESOURCE_UNAVAILABLE_NOT_SUPPORTED },
	{ "disk_expired", disk_is_expired, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "disk_isolated", disk_isolated, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "backup_of_another_disk", backup_of_another_disk, BOTH_DIALECTS(ERR_INVALID_DISK_NOT_SUPPORTED) },
	{ "disk_encrypted_unsupported", disk_encrypted_unsupported, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION_DISK_ENCRYPT) },
	{ "snapshot_creating", snapshot_creating, ERR_INVALID_DISK_SNAPSHOT_CREATING, ERR_RESOURCE_UNAVAILABLE_SNAPSHOT_CREATING },
	{ "backup_creating", backup_creating, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_DISK_BACKUP_CREATING) },
	{ "disk_rollbacking", disk_rollbacking, ERR_INVALID_DISK_BUSY, ERR_RESOURCE_IN_USE_DISK_ROLLBACKING },
	{ "disk_migrating", disk_migrating, ERR_INVALID_DISK_BUSY, ERR_RESOURCE_IN_USE_DISK_MIGRATING },
	{ "disk_expanding", disk_expanding, BOTH_DIALECTS(ERR_INVALID_DISK_BUSY) },
	{ "disk_held", disk_held, ERR_INVALID_DISK_BUSY, ERR_RESOURCE_IN_USE },
	{ "instance_over_limit", instance_over_limit, BOTH_DIALECTS(ERR_LIMIT_EXCEEDED_INSTANCE_ATTACHED_DISK) },
	{ "region_quota_full", region_quota_full, BOTH_DIALECTS(ERR_INSUFFICIENT_SNAPSHOT_QUOTA) },
	{ "disk_quota_full", disk_quota_full, BOTH_DIALECTS(ERR_RESOURCE_INSUFFICIENT_OVER_QUOTA) },
	{ "chain_too_long", chain_too_long, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_DISK_SNAPSHOT_CHAIN_TOO_LARGE) },
	{ "platform_busy", platform_busy, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_TOO_MANY_CREATING_SNAPSHOT) },
	{ "disk_locked", disk_locked, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
	{ "project_gone", project_gone, BOTH_DIALECTS(ERR_INVALID_PARAMETER_PROJECT_ID_NOT_EXIST) },
	{ "client_token_clash", client_token_clash, BOTH_DIALECTS(ERR_INVALID_PARAMETER_INVALID_CLIENT_TOKEN) },
	{ "component_down", component_down, BOTH_DIALECTS(ERR_INTERNAL_ERROR_COMPONENT_ERROR) },
	{ "backend_failed", backend_failed, BOTH_DIALECTS(ERR_INTERNAL_ERROR_RESOURCE_OP_FAILED) },
};

const struct guard_list create_snapshot_guards = { guards, sizeof guards / sizeof guards[0] };
