/* CreateDisks: one disk or many, which show when they are ready (cbs.md §6); before that only the buyer knows their ids. */
#include "cbs/create_disks.h"

#include "cbs/actions.h"
#include "cbs/disk.h"
#include "cbs/polls.h"
#include "cbs/settle.h"
#include "cbs/snapshot.h"
#include "cbs/tags.h"
#include "util/ident.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { ANSWER_MAX = 64 * 1024 };

/* ---- what is asked for -------------------------------------------------------------------------------------------------- */

static const char *member_str(const cJSON *object, const char *name, const char *fallback)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
	return text != NULL ? text : fallback;
}

/* Numbers above what a double holds exactly are all the same: larger than anything here. */
static int64_t member_int(const cJSON *object, const char *name)
{
	const double exact_max = 9007199254740992.0;
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	if (!cJSON_IsNumber(item))
		return 0;
	return item->valuedouble < exact_max ? (int64_t)item->valuedouble : INT64_MAX;
}

static void read_place(struct call *c, struct purchase *p)
{
	const cJSON *placement = arg_json(c, "Placement");
	p->zone_name = member_str(placement, "Zone", "");
	p->cluster_id = member_str(placement, "DedicatedClusterId", "");
	p->project_id = member_int(placement, "ProjectId");
	p->zone_known = store_zone(c->store, c->arena, p->zone_name, &p->zone) && str_is(p->zone.region, c->region);
}

/* Only a prepaid disk has a term and a flag for its renewal. */
static void read_charge(struct call *c, struct purchase *p)
{
	p->charge_type = arg_str(c, "DiskChargeType", "");
	p->renew_flag = "";
	if (!str_is(p->charge_type, "PREPAID"))
		return;
	const cJSON *prepaid = arg_json(c, "DiskChargePrepaid");
	p->months = member_int(prepaid, "Period");
	p->renew_flag = member_str(prepaid, "RenewFlag", "NOTIFY_AND_MANUAL_RENEW");
}

static void read_source(struct call *c, struct purchase *p)
{
	p->from_snapshot = arg_given(c, "SnapshotId");
	p->snapshot_known = p->from_snapshot && snapshot_find_visible(c, arg_id(c, "SnapshotId", IDENT_SNAPSHOT), &p->snapshot);
	p->size_gib = arg_int(c, "DiskSize", p->snapshot_known ? p->snapshot.size_gib : 0);
	p->encrypt = arg_given(c, "Encrypt") || (p->snapshot_known && p->snapshot.encrypt);
}

static void read_instances(struct call *c, struct purchase *p)
{
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(arg_json(c, "AutoMountConfiguration"), "InstanceId");
	const cJSON *name;
	int64_t no;
	p->instance_count = (size_t)cJSON_GetArraySize(names);
	p->instances = arena_alloc(c->arena, (p->instance_count + 1) * sizeof *p->instances);
	size_t i = 0;
	cJSON_ArrayForEach(name, names) {
		const char *id = cJSON_GetStringValue(name);
		struct instance *instance = &p->instances[i++];
		if (!ident_parse(IDENT_INSTANCE, id, &no) || !store_instance(c->store, c->arena, no, instance) ||
		    instance->account != c->who->uin || !str_is(instance->region, c->region)) {
			p->unknown_instance = id;
			return;
		}
	}
}

static void purchase_read(struct call *c, struct purchase *p)
{
	static const char *const params[] = {
		"Placement", "DiskChargeType", "DiskType", "DiskName", "Tags", "SnapshotId", "DiskCount", "ThroughputPerformance",
		"KmsKeyId", "DiskSize", "Shareable", "Encrypt", "DiskChargePrepaid", "DeleteSnapshot", "AutoMountConfiguration",
		"DiskBackupQuota", "BurstPerformance", "EncryptType", NULL,
	};
	*p = (struct purchase){
		.count = arg_int(c, "DiskCount", 1),
		.throughput = arg_int(c, "ThroughputPerformance", 0),
	};
	store_world(c->store, &p->world);
	store_account(c->store, c->arena, c->who->uin, &p->account);
	client_token_read(c, params, &p->token);
	p->type_known = store_disk_type(c->store, c->arena, arg_str(c, "DiskType", ""), &p->type);
	read_place(c, p);
	read_charge(c, p);
	read_source(c, p);
	read_instances(c, p);
}

/* ---- the change --------------------------------------------------------------------------------------------------------- */

/* Several are told apart by a number. */
static const char *disk_name(struct call *c, const struct purchase *p, int64_t i)
{
	const char *given = arg_str(c, "DiskName", "");
	if (str_is(given, ""))
		return call_unnamed(c);
	return p->count == 1 ? given : arena_printf(c->arena, "%s_%d", given, (int)i);
}

/* One that is to be attached is on its way from the start, so that its place is taken. All go to one instance, or one to each. */
static void attach_at_birth(struct call *c, const struct purchase *p, struct disk *d, int64_t i, int64_t until_ms)
{
	if (p->instance_count == 0)
		return;
	d->instance = p->instances[p->instance_count == 1 ? 0 : i].no;
	disk_move(c->store, d, DISK_ATTACHING, c->now_ms, until_ms);
}

static int64_t buy_disk(struct call *c, const struct purchase *p, int64_t i)
{
	struct disk d = {
		.no = store_next_no(c->store, SEQUENCE_DISK, c->who->uin, c->region),
		.account = c->who->uin,
		.region = c->region,
		.zone = p->zone_name,
		.project_id = p->project_id,
		.cluster_id = p->cluster_id,
		.name = disk_name(c, p, i),
		.type = p->type.name,
		.usage = "DATA_DISK",
		.charge_type = p->charge_type,
		.renew_flag = p->renew_flag,
		.deadline_ms = p->months != 0 ? wiretime_add_months(c->now_ms, p->months) : 0,
		.create_ms = c->now_ms,
		.size_gib = p->size_gib,
		.state = DISK_UNATTACHED,
		.state_since_ms = c->now_ms,
		.hidden = true,
		.portable = true,
		.refundable = true,
		.snapshot_ability = !p->type.local,
		.shareable = arg_bool(c, "Shareable", false),
		.attach_mode = "",
		.encrypt = p->encrypt,
		.encrypt_type = p->encrypt ? arg_str(c, "EncryptType", "ENCRYPT_V2") : "",
		.kms_key_id = p->encrypt ? arg_str(c, "KmsKeyId", "") : "",
		.throughput = p->throughput,
		.burst = arg_bool(c, "BurstPerformance", false),
		.backup_quota = arg_int(c, "DiskBackupQuota", 0),
		.delete_snapshot = arg_int(c, "DeleteSnapshot", 0) != 0,
		.from_snapshot = p->from_snapshot ? p->snapshot.no : 0,
		.used_mib = p->from_snapshot ? p->snapshot.used_mib : 0,
		.tagged = cJSON_GetArraySize(arg_json(c, "Tags")) > 0,
		.held_by = "",
	};
	int64_t due_ms = transition_end(c, TRANSITION_DISK_CREATE);
	struct job show = { .due_ms = due_ms, .kind = "disk.show", .resource = d.no, .goes_to = "",
	                    .polls = transition_polls(c, TRANSITION_DISK_CREATE) };
	store_disk_insert(c->store, &d);
	tags_set(c->store, TAG_DISK, d.no, d.account, arg_json(c, "Tags"));
	disk_watch_deadline(c->store, &d);
	attach_at_birth(c, p, &d, i, due_ms);
	store_job_add(c->store, &show);
	return d.no;
}

/* The JSON array of the new ids. */
static const char *buy_all(struct call *c, const struct purchase *p)
{
	struct buf text;
	struct json_out ids;
	buf_init(&text, ANSWER_MAX);
	json_out_init(&ids, &text);
	out_array(&ids, NULL);
	for (int64_t i = 0; i < p->count; i++)
		out_str(&ids, NULL, disk_id(c->arena, buy_disk(c, p, i)));
	out_end_array(&ids);
	const char *answer = arena_strndup(c->arena, text.data, text.len);
	buf_finish(&text);
	return answer;
}

static enum verdict run(struct call *c)
{
	struct purchase p;
	purchase_read(c, &p);
	if (client_token_repeats(&p.token)) {
		out_raw(c->out, "DiskIdSet", p.token.earlier_answer);
		return call_ok(c);
	}
	if (guards_check(c, create_disks_guards.rows, create_disks_guards.count, &p) != VERDICT_OK)
		return VERDICT_FAIL;
	const char *answer = buy_all(c, &p);
	client_token_keep(c, &p.token, answer);
	out_raw(c->out, "DiskIdSet", answer);
	return call_ok(c);
}

const struct action create_disks = {
	.name = "CreateDisks",
	.writes = true,
	.guards = { &create_disks_guards },
	.run = run,
};
