/* The states of a disk and the JSON of one. */
#include "cbs/disk.h"

#include <assert.h>

#include "cbs/policy.h"
#include "cbs/polls.h"
#include "cbs/settle.h"
#include "cbs/snapshot.h"
#include "cbs/tags.h"
#include "util/ident.h"
#include "util/json_field.h"
#include "util/str.h"
#include "util/wiretime.h"

#define TO(state) (1U << DISK_##state)

/* Which states a disk may go to next. TORECYCLE is open to all: the end of a prepaid term detaches by force. EXPANDING, ROLLBACKING
 * and DUMPING go back to where they came from, which their job remembers, and so do ATTACHING and DETACHING when they fail. A disk
 * leaves the recycle bin by being paid for again. */
static const unsigned moves[] = {
	[DISK_UNATTACHED] = TO(ATTACHING) | TO(EXPANDING) | TO(ROLLBACKING) | TO(DUMPING) | TO(TORECYCLE),
	[DISK_ATTACHING] = TO(ATTACHED) | TO(UNATTACHED) | TO(TORECYCLE),
	[DISK_ATTACHED] = TO(DETACHING) | TO(EXPANDING) | TO(ROLLBACKING) | TO(DUMPING) | TO(TORECYCLE),
	[DISK_DETACHING] = TO(UNATTACHED) | TO(ATTACHED) | TO(TORECYCLE),
	[DISK_EXPANDING] = TO(UNATTACHED) | TO(ATTACHED) | TO(TORECYCLE),
	[DISK_ROLLBACKING] = TO(UNATTACHED) | TO(ATTACHED) | TO(TORECYCLE),
	[DISK_TORECYCLE] = TO(UNATTACHED),
	[DISK_DUMPING] = TO(UNATTACHED) | TO(ATTACHED) | TO(TORECYCLE),
};

_Static_assert(sizeof moves / sizeof moves[0] == N_DISK_STATES, "a row for every state");

bool disk_can_move(enum disk_state from, enum disk_state to)
{
	return (moves[from] >> to & 1U) != 0;
}

static bool detached(enum disk_state state)
{
	return state == DISK_UNATTACHED || state == DISK_TORECYCLE;
}

/* Would the disk, in that state, take one of its instance's places for elastic data disks? */
static bool takes_place(const struct disk *d, enum disk_state state)
{
	return d->instance != 0 && !detached(state) && d->portable && str_is(d->usage, "DATA_DISK");
}

bool disk_move(struct store *s, struct disk *d, enum disk_state to, int64_t now_ms, int64_t until_ms)
{
	assert(disk_can_move(d->state, to));
	if (!disk_can_move(d->state, to))
		return false;
	int places = takes_place(d, to) - takes_place(d, d->state);
	if (places != 0)
		store_instance_attached(s, d->instance, places);
	if (to == DISK_ATTACHING)
		d->last_instance = d->instance;
	if (detached(to)) {
		d->instance = 0;
		d->attach_mode = "";
		d->delete_with_instance = false;
	}
	store_disk_save(s, d);
	d->state = to;
	d->state_since_ms = now_ms;
	d->state_until_ms = until_ms;
	store_disk_set_state(s, d->no, to, now_ms, until_ms);
	return true;
}

void disk_extend(struct store *s, struct disk *d, int64_t until_ms)
{
	d->state_until_ms = until_ms;
	store_disk_set_state(s, d->no, d->state, d->state_since_ms, until_ms);
}

bool disk_find(struct call *c, int64_t no, struct disk *out)
{
	struct disk d;
	if (!store_disk(c->store, c->arena, no, &d) || d.account != c->who->uin || !str_is(d.region, c->region) || d.hidden)
		return false;
	*out = d;
	return true;
}

bool disk_expired(const struct disk *d, int64_t now_ms)
{
	return str_is(d->charge_type, "PREPAID") && d->deadline_ms != 0 && d->deadline_ms <= now_ms;
}

void disk_watch_deadline(struct store *s, const struct disk *d)
{
	store_job_remove_all(s, "disk.expire", d->no);
	store_job_remove_all(s, "disk.recycle", d->no);
	if (!str_is(d->charge_type, "PREPAID") || d->deadline_ms == 0)
		return;
	struct job j = { .due_ms = d->deadline_ms, .kind = "disk.expire", .resource = d->no, .goes_to = "" };
	store_job_add(s, &j);
}

void disk_recycle(struct store *s, struct disk *d, int64_t now_ms)
{
	const int64_t stay_ms = INT64_C(7) * 24 * 60 * 60 * 1000;
	struct job j = { .due_ms = now_ms + stay_ms, .kind = "disk.release", .resource = d->no, .goes_to = "" };
	store_job_remove_all(s, "disk.", d->no);
	if (disk_move(s, d, DISK_TORECYCLE, now_ms, j.due_ms))
		store_job_add(s, &j);
}

const char *disk_id(struct arena *a, int64_t no)
{
	char text[IDENT_SIZE];
	ident_format(IDENT_DISK, no, text);
	return arena_strdup(a, text);
}

/* Snapshots with a reader of their own stay: an image, another account, a lock. Permanent ones stay always (cbs.md §6). */
static bool goes_with_disk(const struct snapshot *p)
{
	return p->state == SNAPSHOT_NORMAL && p->deadline_ms != 0 && p->image_count == 0 && p->share_count == 0 && !p->locked;
}

void disk_remove(struct store *s, struct arena *a, const struct disk *d, bool with_snapshots)
{
	if (with_snapshots || d->delete_snapshot) {
		struct snapshot *snapshots;
		size_t count = store_snapshots_of_disk(s, a, d->no, &snapshots);
		for (size_t i = 0; i < count; i++) {
			if (goes_with_disk(&snapshots[i]))
				snapshot_remove(s, &snapshots[i], false);
		}
	}
	if (takes_place(d, d->state))
		store_instance_attached(s, d->instance, -1);
	if (!d->hidden)
		store_usage_add(s, d->account, d->region, -1, 0, 0);
	store_disk_delete(s, d->no);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------------- */

static const char *project_name(struct call *c, int64_t account, int64_t project_id)
{
	if (project_id == 0)
		return c->lang == LANG_ZH ? "默认项目" : "Default Project";
	const char *name = store_project_name(c->store, c->arena, account, project_id);
	return name != NULL ? name : "";
}

/* A snapshot's was seen without a cluster and with an empty project name; a disk's with both (cbs.md §2.1). */
void placement_view(struct call *c, const char *zone, int64_t account, int64_t project_id, const char *cluster_id, bool of_disk)
{
	struct json_out *o = c->out;
	out_object(o, "Placement");
	out_str(o, "Zone", zone);
	FIELD_EMPTY(o, "CageId");
	FIELD_INT(o, "ProjectId", project_id);
	FIELD_STR(o, "ProjectName", of_disk ? project_name(c, account, project_id) : "");
	FIELD_EMPTY(o, "CdcName");
	FIELD_EMPTY(o, "CdcId");
	if (of_disk)
		out_str(o, "DedicatedClusterId", str_is(cluster_id, "") ? NULL : cluster_id);
	out_end_object(o);
}

static void view_identity(struct call *c, const struct disk *d)
{
	struct json_out *o = c->out;
	char text[WIRETIME_SIZE];
	out_str(o, "DiskId", disk_id(c->arena, d->no));
	FIELD_STR(o, "DiskName", d->name);
	FIELD_STR(o, "DiskType", d->type);
	FIELD_PLAIN(o, "DiskUsage", d->usage);
	FIELD_INT(o, "DiskSize", d->size_gib);
	placement_view(c, d->zone, d->account, d->project_id, d->cluster_id, true);
	wiretime_local(d->create_ms, text);
	FIELD_PLAIN(o, "CreateTime", text);
	tags_view(c, TAG_DISK, d->no, d->tagged);
}

static bool is_under_way(enum disk_state state)
{
	return state == DISK_ATTACHING || state == DISK_DETACHING || state == DISK_EXPANDING || state == DISK_ROLLBACKING;
}

static void view_state(struct call *c, const struct disk *d)
{
	struct json_out *o = c->out;
	bool rolling = d->state == DISK_ROLLBACKING;
	if (is_under_way(d->state) && (d->state_until_ms == 0 || d->state_until_ms == INT64_MAX))
		polls_note_disk(c, d->no);
	FIELD_PLAIN(o, "DiskState", disk_state_names[d->state]);
	FIELD_BOOL(o, "Rollbacking", rolling);
	FIELD_INT(o, "RollbackPercent", rolling ? transition_percent(d->state_since_ms, d->state_until_ms, c->now_ms) : 0);
	FIELD_BOOL(o, "Migrating", d->migrating);
	FIELD_INT(o, "MigratePercent", d->migrate_percent);
	FIELD_EMPTY(o, "ErrorPrompt");
}

/* InstanceIdList is filled for an ordinary disk too: observed, against the documents. */
static void view_attachment(struct call *c, const struct disk *d)
{
	struct json_out *o = c->out;
	char id[IDENT_SIZE] = "";
	struct instance instance = { .type = "CVM" };
	if (d->instance != 0) {
		ident_format(IDENT_INSTANCE, d->instance, id);
		store_instance(c->store, c->arena, d->instance, &instance);
	}
	FIELD_BOOL(o, "Attached", d->instance != 0 && d->state != DISK_ATTACHING);
	FIELD_PLAIN(o, "InstanceId", id);
	out_array(o, "InstanceIdList");
	if (d->instance != 0)
		out_str(o, NULL, id);
	out_end_array(o);
	FIELD_STR(o, "InstanceType", d->instance != 0 ? instance.type : "");
	FIELD_STR(o, "AttachMode", d->attach_mode);
	FIELD_BOOL(o, "DeleteWithInstance", d->delete_with_instance);
	FIELD_BOOL(o, "Portable", d->portable);
	FIELD_BOOL(o, "Shareable", d->shareable);
	if (d->last_instance == 0) {
		out_null(o, "LastAttachInsId");
		return;
	}
	ident_format(IDENT_INSTANCE, d->last_instance, id);
	FIELD_PLAIN(o, "LastAttachInsId", id);
}

/* ReturnFailCode: why a disk cannot be returned for money. */
enum { RETURN_OK = 0, RETURN_DONE = 1, RETURN_EXPIRED = 2, RETURN_UNSUPPORTED = 3, RETURN_QUOTA = 8, RETURN_NOT_PREPAID = 10 };

static int return_fail_code(struct call *c, const struct disk *d)
{
	struct account account;
	struct world world;
	if (!d->portable || !str_is(d->charge_type, "PREPAID"))
		return RETURN_NOT_PREPAID;
	if (d->state == DISK_TORECYCLE)
		return RETURN_DONE;
	if (disk_expired(d, c->now_ms))
		return RETURN_EXPIRED;
	if (!d->refundable)
		return RETURN_UNSUPPORTED;
	if (store_account(c->store, c->arena, d->account, &account) && store_world(c->store, &world) &&
	    account.refunds >= world.refund_quota)
		return RETURN_QUOTA;
	return RETURN_OK;
}

static int64_t whole_days(int64_t ms)
{
	const int64_t day = 24 * 60 * 60 * 1000;
	return ms >= 0 ? ms / day : -((-ms + day - 1) / day);
}

static void view_charge(struct call *c, const struct disk *d)
{
	struct json_out *o = c->out;
	char deadline[WIRETIME_SIZE] = "";
	int fail = return_fail_code(c, d);
	if (d->deadline_ms != 0)
		wiretime_local(d->deadline_ms, deadline);
	FIELD_PLAIN(o, "DiskChargeType", d->charge_type);
	FIELD_PLAIN(o, "RenewFlag", d->renew_flag);
	FIELD_PLAIN(o, "DeadlineTime", deadline);
	if (d->deadline_ms != 0)
		FIELD_INT(o, "DifferDaysOfDeadline", whole_days(d->deadline_ms - c->now_ms));
	else
		out_null(o, "DifferDaysOfDeadline");
	FIELD_BOOL(o, "AutoRenewFlagError", false);
	FIELD_BOOL(o, "DeadlineError", false);
	FIELD_BOOL(o, "IsReturnable", fail == RETURN_OK);
	FIELD_INT(o, "ReturnFailCode", fail);
}

/* Null where the caller does not ask for them (observed). */
static void view_policies(struct call *c, const struct disk *d)
{
	struct policy *policies;
	if (!arg_bool(c, "ReturnBindAutoSnapshotPolicy", false)) {
		out_null(c->out, "AutoSnapshotPolicyIds");
		return;
	}
	size_t count = store_disk_policies(c->store, c->arena, d->no, &policies);
	out_array(c->out, "AutoSnapshotPolicyIds");
	for (size_t i = 0; i < count; i++)
		out_str(c->out, NULL, policy_id(c->arena, policies[i].no));
	out_end_array(c->out);
}

static void view_protection(struct call *c, const struct disk *d)
{
	struct json_out *o = c->out;
	FIELD_BOOL(o, "SnapshotAbility", d->snapshot_ability);
	FIELD_INT(o, "SnapshotCount", d->snapshot_count);
	FIELD_INT(o, "SnapshotSize", d->snapshot_mib);
	FIELD_INT(o, "DeleteSnapshot", d->delete_snapshot);
	view_policies(c, d);
	FIELD_BOOL(o, "BackupDisk", false);
	FIELD_INT(o, "DiskBackupQuota", d->backup_quota);
	FIELD_INT(o, "DiskBackupCount", d->backup_count);
	FIELD_BOOL(o, "Encrypt", d->encrypt);
	if (!d->encrypt)
		return;
	FIELD_PLAIN(o, "EncryptType", d->encrypt_type);
	FIELD_STR(o, "KmsKeyId", d->kms_key_id);
}

void disk_view(struct call *c, const struct disk *d)
{
	out_object(c->out, NULL);
	view_identity(c, d);
	view_state(c, d);
	view_attachment(c, d);
	view_charge(c, d);
	FIELD_INT(c->out, "ThroughputPerformance", d->throughput);
	FIELD_BOOL(c->out, "BurstPerformance", d->burst);
	view_protection(c, d);
	out_end_object(c->out);
}
