/* The dice, and a table of what they may fall on. */
#include "mixed_calls.h"

#include <stdio.h>
#include <string.h>

#include "util/str.h"

void mixed_begin(struct mixed *m, uint64_t seed)
{
	*m = (struct mixed){ .snapshot_count = 0 };
	rng_init(&m->rng, seed);
	snprintf(m->disks[m->disk_count++], MIXED_ID_SIZE, "disk-lzrg2pwi");
	snprintf(m->snapshots[m->snapshot_count++], MIXED_ID_SIZE, "snap-weekly01");
}

static unsigned roll(struct mixed *m, unsigned sides)
{
	return (unsigned)(rng_next(&m->rng) % sides);
}

static const char *some(struct mixed *m, char ids[MIXED_IDS][MIXED_ID_SIZE], size_t count)
{
	return ids[roll(m, count < MIXED_IDS ? (unsigned)count : MIXED_IDS)];
}

static const char *disk(struct mixed *m)
{
	return some(m, m->disks, m->disk_count);
}

static const char *snapshot(struct mixed *m)
{
	return some(m, m->snapshots, m->snapshot_count);
}

/* ---- calls ----------------------------------------------------------------------------------------------------------------- */

static const char *create_snapshot(struct arena *a, struct mixed *m)
{
	if (roll(m, 4))
		return arena_printf(a, "{\"DiskId\":\"%s\",\"SnapshotName\":\"backup-%u\"}", disk(m), roll(m, 1000));
	return arena_printf(a, "{\"DiskId\":\"%s\",\"Tags\":[{\"Key\":\"team\",\"Value\":\"t%u\"}]}", disk(m), roll(m, 5));
}

static const char *delete_snapshots(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"SnapshotIds\":[\"%s\"]}", snapshot(m));
}

static const char *rename_snapshot(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"SnapshotId\":\"%s\",\"SnapshotName\":\"renamed-%u\"}", snapshot(m), roll(m, 1000));
}

static const char *describe_snapshots(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"Filters\":[{\"Name\":\"disk-id\",\"Values\":[\"%s\"]}],\"Limit\":5}", disk(m));
}

static const char *create_disks(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"Placement\":{\"Zone\":\"ap-guangzhou-3\"},\"DiskChargeType\":\"POSTPAID_BY_HOUR\","
	                       "\"DiskType\":\"CLOUD_PREMIUM\",\"DiskSize\":%u,\"DiskCount\":%u,\"ClientToken\":\"token-%u\"}",
	                    50 + 10 * roll(m, 3), 1 + roll(m, 2), roll(m, 200));
}

static const char *describe_disks(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"DiskIds\":[\"%s\"]}", disk(m));
}

static const char *attach_disks(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"InstanceId\":\"ins-r8hr2upy\",\"DiskIds\":[\"%s\"]}", disk(m));
}

static const char *name_disks(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"DiskIds\":[\"%s\"]}", disk(m));
}

static const char *resize_disk(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"DiskId\":\"%s\",\"DiskSize\":%u}", disk(m), 60 + 10 * roll(m, 10));
}

static const char *apply_snapshot(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"SnapshotId\":\"%s\",\"DiskId\":\"%s\"}", snapshot(m), disk(m));
}

/* ---- the same about policies; in the world they begin with there is none ---------------------------------------------------- */

static const char *policy(struct mixed *m)
{
	return m->policy_count > 0 ? some(m, m->policies, m->policy_count) : "asp-00000000";
}

static const char *create_policy(struct arena *a, struct mixed *m)
{
	static const char *const days[] = { "", ",\"DayOfWeek\":[6,5,1]", ",\"DayOfMonth\":[31,2]", ",\"IntervalDays\":2" };
	return arena_printf(a, "{\"Policy\":[{\"Hour\":[%u,%u]%s}],\"RetentionDays\":%u}", roll(m, 24), roll(m, 24), days[roll(m, 4)],
	                    1 + roll(m, 3));
}

static const char *change_policy(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"AutoSnapshotPolicyId\":\"%s\",\"IsActivated\":%s}", policy(m), roll(m, 4) ? "true" : "false");
}

static const char *tie_policy(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"AutoSnapshotPolicyId\":\"%s\",\"DiskIds\":[\"%s\"]}", policy(m), roll(m, 2) ? disk(m) : "disk-attached");
}

static const char *name_policies(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"AutoSnapshotPolicyIds\":[\"%s\"]}", policy(m));
}

static const char *describe_policies(struct arena *a, struct mixed *m)
{
	return roll(m, 2) ? arena_strdup(a, "{}") : name_policies(a, m);
}

static const char *policies_of_disk(struct arena *a, struct mixed *m)
{
	return arena_printf(a, "{\"DiskId\":\"%s\"}", disk(m));
}

static const char *nothing(struct arena *a, struct mixed *m)
{
	(void)m;
	return arena_strdup(a, "{}");
}

static const struct {
	unsigned weight;
	const char *action;
	const char *(*params)(struct arena *a, struct mixed *m);
} calls[] = {
	{ 12, "CreateSnapshot", create_snapshot },   { 5, "DeleteSnapshots", delete_snapshots },
	{ 6, "ModifySnapshotAttribute", rename_snapshot }, { 8, "DescribeSnapshots", describe_snapshots },
	{ 4, "CreateDisks", create_disks },          { 5, "DescribeDisks", describe_disks },
	{ 4, "AttachDisks", attach_disks },          { 4, "DetachDisks", name_disks },
	{ 3, "ResizeDisk", resize_disk },            { 3, "ApplySnapshot", apply_snapshot },
	{ 2, "TerminateDisks", name_disks },         { 1, "DescribeSnapshotOverview", nothing },
	{ 2, "CreateAutoSnapshotPolicy", create_policy }, { 2, "ModifyAutoSnapshotPolicyAttribute", change_policy },
	{ 4, "BindAutoSnapshotPolicy", tie_policy }, { 1, "UnbindAutoSnapshotPolicy", tie_policy },
	{ 1, "DeleteAutoSnapshotPolicies", name_policies }, { 1, "DescribeAutoSnapshotPolicies", describe_policies },
	{ 1, "DescribeDiskAssociatedAutoSnapshotPolicy", policies_of_disk }, { 1, "NoSuchAction", nothing },
};

/* ---- senders --------------------------------------------------------------------------------------------------------------- */

static void choose_sender(struct test_world *w, struct mixed *m)
{
	struct sender usual = {
		.secret_id = WORLD_ID, .secret_key = WORLD_KEY, .token = "", .region = "ap-guangzhou", .version = "2017-03-12",
		.language = "", .host = "127.0.0.1:9362", .service = "cbs", .signed_headers = "content-type;host", .address = "127.0.0.1",
	};
	unsigned how = roll(m, 40);
	w->sender = usual;
	w->sender.form = how < 4 ? SEND_TC3_GET : how < 6 ? SEND_V1_GET : how < 9 ? SEND_V1_POST : SEND_TC3_JSON;
	w->sender.language = how == 10 ? "zh-CN" : "";
	if (how == 11) {
		w->sender.secret_key = "not the key of anybody";
	} else if (how == 12) {
		w->sender.secret_id = "AKIDunknownAndPerhapsARealOne00000001";
	} else if (how == 13) {
		w->sender.secret_id = "AKIDTemporary0000000000000000EXAMPLE";
		w->sender.secret_key = "TemporaryKey0000000000000EXAMPLE";
		w->sender.token = roll(m, 3) ? "ExampleTokenOfATemporaryKey" : "another";
	} else if (how == 14) {
		w->sender.skew_s = -4000;
	}
}

struct request *mixed_next(struct test_world *w, struct mixed *m)
{
	unsigned total = 0, at = 0;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		total += calls[i].weight;
	unsigned dice = roll(m, total);
	while (dice >= calls[at].weight)
		dice -= calls[at++].weight;
	choose_sender(w, m);
	return world_request(w, calls[at].action, calls[at].params(w->arena, m));
}

/* ---- answers --------------------------------------------------------------------------------------------------------------- */

static void remember(char ids[MIXED_IDS][MIXED_ID_SIZE], size_t *count, const char *id)
{
	if (id)
		snprintf(ids[(*count)++ % MIXED_IDS], MIXED_ID_SIZE, "%s", id);
}

void mixed_note(struct mixed *m, const struct request *r)
{
	cJSON *tree = cJSON_ParseWithLength(r->answer.data, r->answer.len);
	const cJSON *response = cJSON_GetObjectItemCaseSensitive(tree, "Response"), *id;
	remember(m->snapshots, &m->snapshot_count, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(response, "SnapshotId")));
	id = cJSON_GetObjectItemCaseSensitive(response, "AutoSnapshotPolicyId");
	remember(m->policies, &m->policy_count, cJSON_GetStringValue(id));
	cJSON_ArrayForEach(id, cJSON_GetObjectItemCaseSensitive(response, "DiskIdSet"))
		remember(m->disks, &m->disk_count, cJSON_GetStringValue(id));
	cJSON_Delete(tree);
}

void mixed_run(struct test_world *w, struct mixed *m, int count)
{
	for (int i = 0; i < count; i++) {
		struct request *r = mixed_next(w, m);
		mock_handle(w->mock, r);
		mixed_note(m, r);
		if (roll(m, 3) == 0)
			world_advance(w, roll(m, 20) ? 700 : 86400000);
		arena_free(w->arena); /* with all requests so far */
		w->arena = arena_new();
	}
}
