/* DeleteSnapshots: all or none; the first snapshot that cannot go, in the order they were named, gives the error (cbs.md §3.3). */
#include "cbs/actions.h"
#include "cbs/guard.h"
#include "cbs/snapshot.h"
#include "util/ident.h"
#include "util/str.h"

struct subject {
	const char *id;
	bool visible; /* own or shared with the caller */
	struct snapshot snapshot;
};

/* ---- refusals: of the whole call ----------------------------------------------------------------------------------------- */

static bool mfa_expired(struct call *c, const void *subject)
{
	(void)subject;
	return str_is(c->who->mfa, "EXPIRED");
}

static bool component_down(struct call *c, const void *subject)
{
	(void)subject;
	return !store_component_healthy(c->store, "snapshot");
}

static const struct guard call_guards[] = {
	{ "mfa_expired", mfa_expired, BOTH_DIALECTS(ERR_UNAUTHORIZED_OPERATION_MFA_EXPIRED) },
	{ "component_down", component_down, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
};

/* ---- refusals: of one snapshot ----------------------------------------------------------------------------------------- */

static bool snapshot_unknown(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	if (s->visible)
		return false;
	call_fail_text(c, TEXT_SNAPSHOT_NOT_FOUND, s->id, NULL);
	return true;
}

static bool snapshot_foreign(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	return s->snapshot.account != c->who->uin;
}

static bool snapshot_creating(struct call *c, const void *subject)
{
	(void)c;
	const struct subject *s = subject;
	return s->snapshot.state == SNAPSHOT_CREATING;
}

static bool snapshot_in_use(struct call *c, const void *subject)
{
	(void)c;
	const struct subject *s = subject;
	return s->snapshot.state != SNAPSHOT_NORMAL || *s->snapshot.copying_to != '\0';
}

static bool snapshot_locked(struct call *c, const void *subject)
{
	(void)c;
	const struct subject *s = subject;
	return s->snapshot.locked;
}

static bool snapshot_shared(struct call *c, const void *subject)
{
	(void)c;
	const struct subject *s = subject;
	return s->snapshot.share_count > 0;
}

static bool snapshot_has_image(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	return s->snapshot.image_count > 0 && !arg_bool(c, "DeleteBindImages", false);
}

static bool disk_locked(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	struct disk d;
	return store_disk(c->store, c->arena, s->snapshot.disk, &d) && d.lock_until_ms > c->now_ms;
}

static const struct guard snapshot_guards[] = {
	{ "snapshot_unknown", snapshot_unknown, BOTH_DIALECTS(ERR_INVALID_SNAPSHOT_ID_NOT_FOUND) },
	{ "snapshot_foreign", snapshot_foreign, BOTH_DIALECTS(ERR_INVALID_SNAPSHOT_NOT_SUPPORTED) },
	{ "snapshot_creating", snapshot_creating, BOTH_DIALECTS(ERR_RESOURCE_UNAVAILABLE_SNAPSHOT_CREATING) },
	{ "snapshot_in_use", snapshot_in_use, BOTH_DIALECTS(ERR_INVALID_SNAPSHOT_NOT_SUPPORTED) },
	{ "snapshot_locked", snapshot_locked, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION) },
	{ "snapshot_shared", snapshot_shared, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION_SNAP_HAS_SHARED) },
	{ "snapshot_has_image", snapshot_has_image, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION_SNAPSHOT_HAS_BINDED_IMAGE) },
	{ "disk_locked", disk_locked, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
};

static const struct guard_list of_call = { call_guards, sizeof call_guards / sizeof call_guards[0] };
static const struct guard_list of_snapshot = { snapshot_guards, sizeof snapshot_guards / sizeof snapshot_guards[0] };

/* ---- the change -------------------------------------------------------------------------------------------------------- */

static void subject_read(struct call *c, const char *id, struct subject *s)
{
	int64_t no;
	*s = (struct subject){ .id = id };
	s->visible = ident_parse(IDENT_SNAPSHOT, id, &no) && snapshot_find_visible(c, no, &s->snapshot);
}

static enum verdict run(struct call *c)
{
	const char *const *ids = NULL;
	size_t count = arg_list(c, "SnapshotIds", &ids);
	struct subject s;
	if (guards_check(c, of_call.rows, of_call.count, NULL) != VERDICT_OK)
		return VERDICT_FAIL;
	for (size_t i = 0; i < count; i++) {
		subject_read(c, ids[i], &s);
		if (guards_check(c, of_snapshot.rows, of_snapshot.count, &s) != VERDICT_OK)
			return VERDICT_FAIL;
	}
	for (size_t i = 0; i < count; i++) {
		subject_read(c, ids[i], &s);
		if (s.visible) /* else it was named twice and is gone */
			snapshot_remove(c->store, &s.snapshot, arg_bool(c, "DeleteBindImages", false));
	}
	return call_ok(c);
}

const struct action delete_snapshots = {
	.name = "DeleteSnapshots",
	.writes = true,
	.guards = { &of_call, &of_snapshot },
	.run = run,
	.snapshots = (const char *const[]){ "SnapshotIds", NULL },
};
