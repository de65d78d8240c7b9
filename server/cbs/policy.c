/* A policy between its ticks: the job that keeps the next one, and the JSON of it. */
#include "cbs/policy.h"

#include "cbs/schedule.h"
#include "util/ident.h"
#include "util/json_field.h"
#include "util/str.h"
#include "util/wiretime.h"

int64_t policy_next(struct arena *a, const struct policy *p, int64_t now_ms)
{
	if (!p->activated || p->state != POLICY_NORMAL)
		return INT64_MAX;
	const char *wrong;
	const struct schedule *schedule = schedule_parse(a, p->schedule, &wrong);
	return schedule ? schedule_next(schedule, p->create_ms, now_ms) : INT64_MAX;
}

void policy_schedule_tick(struct store *s, struct arena *a, const struct policy *p, int64_t now_ms)
{
	struct job tick = { .due_ms = policy_next(a, p, now_ms), .kind = "policy.tick", .resource = p->no, .goes_to = "" };
	store_job_remove_all(s, "policy.", p->no);
	if (tick.due_ms != INT64_MAX)
		store_job_add(s, &tick);
}

void policies_schedule(struct store *s, struct arena *a, int64_t now_ms)
{
	struct policy *policies;
	size_t count = store_policies(s, a, &policies);
	for (size_t i = 0; i < count; i++)
		policy_schedule_tick(s, a, &policies[i], now_ms);
}

bool policy_find(struct call *c, int64_t no, struct policy *out)
{
	return no >= 0 && store_policy(c->store, c->arena, no, out) && out->account == c->who->uin && str_is(out->region, c->region);
}

const char *policy_id(struct arena *a, int64_t no)
{
	char text[IDENT_SIZE];
	ident_format(IDENT_POLICY, no, text);
	return arena_strdup(a, text);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static void write_disks(struct call *c, const struct policy *p, bool with_disks)
{
	int64_t *disks;
	size_t count = with_disks ? store_policy_disks(c->store, c->arena, p->no, &disks) : 0;
	out_array(c->out, "DiskIdSet");
	for (size_t i = 0; i < count; i++) {
		char id[IDENT_SIZE];
		ident_format(IDENT_DISK, disks[i], id);
		out_str(c->out, NULL, id);
	}
	out_end_array(c->out);
}

/* Policies here are bound to disks only, keep by days, and copy nowhere. */
void policy_view(struct call *c, const struct policy *p, bool with_disks)
{
	struct json_out *o = c->out;
	char time[WIRETIME_SIZE] = "";
	int64_t next_ms = policy_next(c->arena, p, c->now_ms);
	out_object(o, NULL);
	out_str(o, "AutoSnapshotPolicyId", policy_id(c->arena, p->no));
	FIELD_STR(o, "AutoSnapshotPolicyName", p->name);
	FIELD_PLAIN(o, "AutoSnapshotPolicyState", policy_state_names[p->state]);
	FIELD_BOOL(o, "IsActivated", p->activated);
	FIELD_BOOL(o, "IsPermanent", p->permanent);
	FIELD_INT(o, "RetentionDays", p->permanent ? 0 : p->retention_days);
	FIELD_INT(o, "RetentionAmount", 0);
	FIELD_INT(o, "RetentionMonths", 0);
	out_null(o, "AdvancedRetentionPolicy");
	out_raw(o, "Policy", p->schedule);
	if (next_ms != INT64_MAX)
		wiretime_local(next_ms, time);
	FIELD_PLAIN(o, "NextTriggerTime", time);
	wiretime_local(p->create_ms, time);
	FIELD_PLAIN(o, "CreateTime", time);
	write_disks(c, p, with_disks);
	FIELD_NO_ITEMS(o, "InstanceIdSet");
	FIELD_INT(o, "IsCopyToRemote", 0);
	out_null(o, "CopyToAccountUin");
	out_null(o, "CopyFromAccountUin");
	FIELD_NO_ITEMS(o, "Tags");
	out_end_object(o);
}
