/* Reading the disks a call names, and the refusals that actions on disks share. */
#include "cbs/disk_request.h"

#include "util/ident.h"
#include "util/str.h"

/* ---- reading -------------------------------------------------------------------------------------------------------------- */

static size_t disk_ids(struct call *c, const char *param, const char *const **ids)
{
	if (cJSON_IsArray(arg_json(c, param)))
		return arg_list(c, param, ids);
	const char *one = arg_str(c, param, NULL);
	if (one == NULL)
		return 0;
	const char **list = arena_alloc(c->arena, sizeof *list);
	list[0] = one;
	*ids = list;
	return 1;
}

static bool named_before(const struct disk_request *r, int64_t no)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->disks[i].no == no)
			return true;
	}
	return false;
}

static void read_disk(struct call *c, struct disk_request *r, const char *id)
{
	int64_t no;
	struct disk d;
	if (!ident_parse(IDENT_DISK, id, &no) || !store_disk(c->store, c->arena, no, &d) || d.account != c->who->uin ||
	    !str_is(d.region, c->region)) {
		r->unknown = r->unknown != NULL ? r->unknown : id;
		return;
	}
	if (d.hidden)
		r->unborn = r->unborn != NULL ? r->unborn : id;
	if (named_before(r, no))
		r->repeated = r->repeated != NULL ? r->repeated : id;
	r->disks[r->count++] = d;
}

void disk_request_read(struct call *c, struct disk_request *r, const char *param)
{
	const char *const *ids = NULL;
	size_t count = disk_ids(c, param, &ids);
	*r = (struct disk_request){ .count = 0 };
	store_account(c->store, c->arena, c->who->uin, &r->account);
	store_world(c->store, &r->world);
	if (count == 0)
		return;
	r->disks = arena_alloc(c->arena, count * sizeof *r->disks);
	for (size_t i = 0; i < count; i++)
		read_disk(c, r, ids[i]);
}

void disk_request_instance(struct call *c, struct disk_request *r, int64_t no)
{
	struct instance instance;
	if (no <= 0 || !store_instance(c->store, c->arena, no, &instance) || instance.account != c->who->uin ||
	    !str_is(instance.region, c->region))
		return;
	r->instance_known = true;
	r->instance = instance;
}

enum verdict disk_request_check(struct call *c, struct disk_request *r, const struct guard *guards, size_t count)
{
	for (size_t row = 0; row < count; row++) {
		size_t i = 0;
		do {
			r->disk = i < r->count ? &r->disks[i] : NULL;
			if (guards_check(c, &guards[row], 1, r) != VERDICT_OK)
				return VERDICT_FAIL;
		} while (++i < r->count);
	}
	return VERDICT_OK;
}

/* ---- the request ---------------------------------------------------------------------------------------------------------- */

bool names_disk_twice(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->repeated == NULL)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, r->repeated, "DiskIds", NULL);
	call_because(c, "%s is named twice", r->repeated);
	return true;
}

bool names_unknown_disk(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->unknown != NULL)
		call_fail_text(c, TEXT_DISK_NOT_FOUND, r->unknown, NULL);
	return r->unknown != NULL || r->count == 0;
}

bool names_unborn_disk(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->unborn == NULL)
		return false;
	call_fail_text(c, TEXT_DISK_NOT_FOUND, r->unborn, NULL);
	call_because(c, "%s is bought but not visible yet", r->unborn);
	return true;
}

/* ---- the account ---------------------------------------------------------------------------------------------------------- */

bool account_in_arrears(struct call *c, const void *subject)
{
	(void)c;
	const struct disk_request *r = subject;
	return r->account.balance_cents < 0;
}

bool account_without_payment_right(struct call *c, const void *subject)
{
	(void)c;
	const struct disk_request *r = subject;
	return !r->account.payment_right;
}

bool account_trade_conflict(struct call *c, const void *subject)
{
	(void)c;
	const struct disk_request *r = subject;
	return r->account.trade_conflict;
}

bool caller_mfa_expired(struct call *c, const void *subject)
{
	(void)subject;
	return str_is(c->who->mfa, "EXPIRED");
}

/* ---- what the disk is ------------------------------------------------------------------------------------------------------- */

static void because_of(struct call *c, const struct disk *d, const char *what)
{
	call_because(c, "%s %s", disk_id(c->arena, d->no), what);
}

bool disk_not_portable(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->disk->portable)
		return false;
	because_of(c, r->disk, "is not elastic");
	return true;
}

bool disk_of_wrong_type(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	struct disk_type type;
	if (str_is(r->disk->usage, "SYSTEM_DISK"))
		because_of(c, r->disk, "is a system disk");
	else if (store_disk_type(c->store, c->arena, r->disk->type, &type) && type.local)
		because_of(c, r->disk, "is a local disk");
	else
		return false;
	return true;
}

bool disk_isolated(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!r->disk->isolated)
		return false;
	because_of(c, r->disk, "is isolated");
	return true;
}

/* Encrypted disks need KMS and a balance that is not negative (cbs.md §6). */
bool disk_out_of_reach(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (disk_isolated(c, subject))
		return true;
	if (!r->disk->encrypt || (r->account.kms_authorized && r->account.balance_cents >= 0))
		return false;
	because_of(c, r->disk, "is encrypted and KMS is not authorized, or the account in arrears");
	return true;
}

bool disk_past_deadline(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!disk_expired(r->disk, c->now_ms))
		return false;
	because_of(c, r->disk, "has expired");
	return true;
}

/* ---- what it is doing ------------------------------------------------------------------------------------------------------- */

void say_disk_state(struct call *c, const struct disk *d)
{
	const char *id = disk_id(c->arena, d->no);
	char *state = arena_strdup(c->arena, disk_state_names[d->state]);
	str_lower(state);
	call_fail_text(c, TEXT_DISK_STATE, id, id, d->state == DISK_TORECYCLE ? "in the recycle bin" : state, NULL);
	call_because(c, "%s is %s", id, disk_state_names[d->state]);
}

bool disk_in_recycle_bin(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->disk->state != DISK_TORECYCLE)
		return false;
	say_disk_state(c, r->disk);
	return true;
}

bool disk_migrating(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!r->disk->migrating && r->disk->state != DISK_DUMPING)
		return false;
	because_of(c, r->disk, "is changing its type");
	return true;
}

bool disk_rollbacking(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->disk->state != DISK_ROLLBACKING)
		return false;
	because_of(c, r->disk, "is being rolled back");
	return true;
}

bool disk_snapshot_creating(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->disk->creating_snapshots == 0)
		return false;
	because_of(c, r->disk, "is being snapshotted");
	return true;
}

bool disk_in_transition(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	enum disk_state state = r->disk->state;
	if (state == DISK_UNATTACHED || state == DISK_ATTACHED || state == DISK_TORECYCLE)
		return false;
	because_of(c, r->disk, "is in transition");
	return true;
}

bool disk_held(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (str_is(r->disk->held_by, ""))
		return false;
	call_because(c, "%s is held by %s", disk_id(c->arena, r->disk->no), r->disk->held_by);
	return true;
}

bool disk_locked(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (r->disk->lock_until_ms <= c->now_ms)
		return false;
	const char *id = disk_id(c->arena, r->disk->no);
	call_fail_text(c, TEXT_INSTANCE_BUSY, id, NULL);
	call_because(c, "the back end holds the lock of %s", id);
	return true;
}

/* ---- the instance ----------------------------------------------------------------------------------------------------------- */

bool names_unknown_instance(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	const char *id = arg_str(c, "InstanceId", NULL);
	if (id == NULL || r->instance_known)
		return false;
	call_fail_text(c, TEXT_INSTANCE_NOT_FOUND, id, NULL);
	return true;
}

bool instance_unsupported(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!r->instance_known)
		return false;
	if (!r->instance.supported)
		call_because(c, "the family of %s takes no elastic disks", r->instance.id);
	else if (str_is(r->instance.state, "SHUTDOWN"))
		call_because(c, "%s is shut down", r->instance.id);
	else
		return false;
	return true;
}

/* ---- the platform ----------------------------------------------------------------------------------------------------------- */

bool type_sold_out(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	struct zone zone;
	if (!store_zone(c->store, c->arena, r->disk->zone, &zone) || !str_listed(zone.sold_out, r->disk->type))
		return false;
	call_because(c, "%s has no %s left", zone.name, r->disk->type);
	return true;
}

bool component_down(struct call *c, const char *name)
{
	if (store_component_healthy(c->store, name))
		return false;
	call_because(c, "component %s is down", name);
	return true;
}

bool storage_down(struct call *c, const void *subject)
{
	(void)subject;
	return component_down(c, "storage");
}

bool storage_or_key_down(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	return component_down(c, "storage") || (r->disk->encrypt && component_down(c, "kms"));
}

bool disk_backend_fault(struct call *c, const void *subject)
{
	const struct disk_request *r = subject;
	if (!r->disk->backend_fault)
		return false;
	because_of(c, r->disk, "has a failing back end");
	return true;
}
