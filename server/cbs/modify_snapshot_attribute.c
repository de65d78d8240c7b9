/* ModifySnapshotAttribute: a new name, a deadline, or none any more (cbs.md §3.3). */
#include "cbs/actions.h"
#include "cbs/guard.h"
#include "cbs/snapshot.h"
#include "util/ident.h"

struct subject {
	bool visible;        /* own or shared with the caller */
	struct snapshot snapshot;
	int64_t deadline_ms; /* snapshot_deadline_arg */
};

/* ---- refusals -------------------------------------------------------------------------------------------------------- */

static bool nothing_to_change(struct call *c, const void *subject)
{
	(void)subject;
	if (arg_given(c, "SnapshotName") || arg_given(c, "IsPermanent") || arg_given(c, "Deadline"))
		return false;
	call_fail_text(c, TEXT_MISSING_PARAMETER_NAMED, "SnapshotName", NULL);
	return true;
}

static bool name_empty(struct call *c, const void *subject)
{
	(void)subject;
	if (*arg_str(c, "SnapshotName", "-") != '\0')
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, "", "SnapshotName", NULL);
	return true;
}

static bool deadline_too_soon(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	return snapshot_deadline_too_soon(c, s->deadline_ms);
}

static bool deadline_of_permanent(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	if (s->deadline_ms == 0 || !arg_bool(c, "IsPermanent", false))
		return false;
	call_because(c, "a permanent snapshot has no deadline");
	return true;
}

static bool snapshot_unknown(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	if (s->visible)
		return false;
	call_fail_text(c, TEXT_SNAPSHOT_NOT_FOUND, arg_str(c, "SnapshotId", ""), NULL);
	return true;
}

static bool snapshot_foreign(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	return s->snapshot.account != c->who->uin;
}

static bool snapshot_shared(struct call *c, const void *subject)
{
	(void)c;
	const struct subject *s = subject;
	return s->snapshot.share_count > 0;
}

static bool deadline_missing(struct call *c, const void *subject)
{
	const struct subject *s = subject;
	if (arg_bool(c, "IsPermanent", true) || s->deadline_ms != 0 || s->snapshot.deadline_ms != 0)
		return false;
	call_because(c, "a snapshot that is not permanent needs a Deadline");
	return true;
}

static bool snapshot_has_image(struct call *c, const void *subject)
{
	(void)c;
	const struct subject *s = subject;
	return s->snapshot.image_count > 0 && s->deadline_ms != 0;
}

static const struct guard guards[] = {
	{ "nothing_to_change", nothing_to_change, BOTH_DIALECTS(ERR_MISSING_PARAMETER) },
	{ "name_empty", name_empty, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "deadline_too_soon", deadline_too_soon, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "deadline_of_permanent", deadline_of_permanent, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "snapshot_unknown", snapshot_unknown, BOTH_DIALECTS(ERR_INVALID_SNAPSHOT_ID_NOT_FOUND) },
	{ "snapshot_foreign", snapshot_foreign, BOTH_DIALECTS(ERR_INVALID_SNAPSHOT_NOT_SUPPORTED) },
	{ "snapshot_shared", snapshot_shared, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION_SNAP_HAS_SHARED) },
	{ "deadline_missing", deadline_missing, BOTH_DIALECTS(ERR_INVALID_PARAMETER_VALUE) },
	{ "snapshot_has_image", snapshot_has_image, BOTH_DIALECTS(ERR_UNSUPPORTED_OPERATION_SNAPSHOT_HAS_BINDED_IMAGE) },
};

static void change(struct call *c, const struct subject *s)
{
	struct snapshot p = s->snapshot;
	p.name = arg_str(c, "SnapshotName", p.name);
	if (arg_bool(c, "IsPermanent", false))
		p.deadline_ms = 0;
	else if (s->deadline_ms != 0)
		p.deadline_ms = s->deadline_ms;
	p.modify_ms = c->now_ms;
	store_snapshot_save(c->store, &p);
	if (p.deadline_ms != s->snapshot.deadline_ms)
		snapshot_schedule_expiry(c->store, &p);
}

static enum verdict run(struct call *c)
{
	struct subject s = { .deadline_ms = snapshot_deadline_arg(c) };
	s.visible = snapshot_find_visible(c, arg_id(c, "SnapshotId", IDENT_SNAPSHOT), &s.snapshot);
	if (guards_check(c, guards, sizeof guards / sizeof guards[0], &s) != VERDICT_OK)
		return VERDICT_FAIL;
	change(c, &s);
	return call_ok(c);
}

const struct action modify_snapshot_attribute = {
	.name = "ModifySnapshotAttribute",
	.writes = true,
	.guards = { &(const struct guard_list){ guards, sizeof guards / sizeof guards[0] } },
	.run = run,
	.snapshots = (const char *const[]){ "SnapshotId", NULL },
};
