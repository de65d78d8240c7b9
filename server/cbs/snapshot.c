/* Snapshots: the table of legal moves, the counters they are part of, and their JSON. */
#include "cbs/snapshot.h"

#include <assert.h>
#include <string.h>

#include "cbs/disk.h"
#include "cbs/polls.h"
#include "cbs/settle.h"
#include "cbs/tags.h"
#include "util/ident.h"
#include "util/json_field.h"
#include "util/wiretime.h"

enum {
	SECOND_MS = 1000,
	DAY_MS = 24 * 60 * 60 * 1000,
};

/* moves[from] has a bit for each state that may follow (cbs.md §3.2). */
#define TO(state) (1U << (state))
static const unsigned moves[N_SNAPSHOT_STATES] = {
	[SNAPSHOT_NORMAL] = TO(SNAPSHOT_ROLLBACKING) | TO(SNAPSHOT_TORECYCLE),
	[SNAPSHOT_CREATING] = TO(SNAPSHOT_NORMAL),
	[SNAPSHOT_ROLLBACKING] = TO(SNAPSHOT_NORMAL),
	[SNAPSHOT_COPYING_FROM_REMOTE] = TO(SNAPSHOT_CHECKING_COPIED),
	[SNAPSHOT_CHECKING_COPIED] = TO(SNAPSHOT_NORMAL),
	[SNAPSHOT_TORECYCLE] = TO(SNAPSHOT_NORMAL),
};

bool snapshot_can_move(enum snapshot_state from, enum snapshot_state to)
{
	return (moves[from] & TO(to)) != 0;
}

static void add_expiry(struct store *s, const struct snapshot *p, int64_t not_before_ms)
{
	int64_t due_ms = p->deadline_ms > not_before_ms ? p->deadline_ms : not_before_ms;
	struct job j = { .due_ms = due_ms, .kind = "snapshot.expire", .resource = p->no, .goes_to = "" };
	if (p->deadline_ms != 0)
		store_job_add(s, &j);
}

/* A deadline that passes while the snapshot is busy takes it as soon as it is not. */
bool snapshot_move(struct store *s, struct snapshot *p, enum snapshot_state to, int64_t now_ms, int64_t until_ms)
{
	assert(snapshot_can_move(p->state, to));
	if (!snapshot_can_move(p->state, to))
		return false;
	store_snapshot_set_state(s, p->no, to, now_ms, until_ms);
	if (p->state == SNAPSHOT_CREATING) {
		if (p->disk != 0)
			store_disk_count(s, p->disk, 0, 0, -1, 0);
		store_creating_add(s, p->account, p->region, -1);
	}
	p->state = to;
	p->state_since_ms = now_ms;
	p->state_until_ms = until_ms;
	if (to == SNAPSHOT_NORMAL && p->deadline_ms != 0) {
		store_job_remove_all(s, "snapshot.expire", p->no);
		add_expiry(s, p, now_ms);
	}
	return true;
}

void snapshot_extend(struct store *s, struct snapshot *p, int64_t until_ms)
{
	p->state_until_ms = until_ms;
	store_snapshot_set_state(s, p->no, p->state, p->state_since_ms, until_ms);
}

/* Counts a snapshot in everywhere, or out (`by` -1). */
static void count(struct store *s, const struct snapshot *p, int64_t by)
{
	int64_t creating = p->state == SNAPSHOT_CREATING ? by : 0;
	store_usage_add(s, p->account, p->region, 0, by, by * p->used_mib);
	if (p->disk != 0)
		store_disk_count(s, p->disk, by, by * p->used_mib, creating, by);
	if (creating != 0)
		store_creating_add(s, p->account, p->region, creating);
}

void snapshot_add(struct store *s, const struct snapshot *p)
{
	store_snapshot_insert(s, p);
	count(s, p, 1);
	add_expiry(s, p, 0);
}

void snapshot_remove(struct store *s, const struct snapshot *p, bool images)
{
	store_snapshot_delete(s, p->no, images);
	store_job_remove_all(s, "snapshot.", p->no);
	count(s, p, -1);
}

int64_t snapshot_deadline_arg(const struct call *c)
{
	int64_t ms;
	if (!wiretime_parse(arg_str(c, "Deadline", NULL), &ms))
		return 0;
	return ms != 0 ? ms : 1;
}

/* The present is cut to a second: clients send whole ones. */
bool snapshot_deadline_too_soon(struct call *c, int64_t deadline_ms)
{
	if (deadline_ms == 0 || deadline_ms >= c->now_ms - c->now_ms % SECOND_MS + DAY_MS)
		return false;
	call_fail_text(c, TEXT_VALUE_INVALID, arg_str(c, "Deadline", ""), "Deadline", NULL);
	call_because(c, "the deadline is less than a day away");
	return true;
}

void snapshot_schedule_expiry(struct store *s, const struct snapshot *p)
{
	store_job_remove_all(s, "snapshot.expire", p->no);
	add_expiry(s, p, 0);
}

bool snapshot_find_visible(struct call *c, int64_t no, struct snapshot *out)
{
	struct snapshot p;
	if (!store_snapshot(c->store, c->arena, no, &p) || strcmp(p.region, c->region) != 0)
		return false;
	if (p.account != c->who->uin && !store_shared_with(c->store, no, c->who->uin))
		return false;
	*out = p;
	return true;
}

int64_t snapshot_region_quota(const struct world *w, const struct usage *u)
{
	if (u->snapshot_quota != 0)
		return u->snapshot_quota;
	return w->snapshot_quota_base + w->snapshot_quota_per_disk * u->disks;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

static void write_regions(struct call *c, const char *regions)
{
	if (*regions == '\0') {
		FIELD_NO_ITEMS(c->out, "CopyingToRegions");
		return;
	}
	out_array(c->out, "CopyingToRegions");
	while (*regions != '\0') {
		size_t len = strcspn(regions, ",");
		out_str(c->out, NULL, arena_strndup(c->arena, regions, len));
		regions += len;
		regions += *regions == ',';
	}
	out_end_array(c->out);
}

static void write_images(struct call *c, int64_t no, bool any)
{
	struct image *images = NULL;
	size_t count = any ? store_images(c->store, c->arena, no, &images) : 0;
	FIELD_INT(c->out, "ImageCount", (int64_t)count);
	if (count == 0) {
		FIELD_NO_ITEMS(c->out, "Images");
		return;
	}
	out_array(c->out, "Images");
	for (size_t i = 0; i < count; i++) {
		out_object(c->out, NULL);
		out_str(c->out, "ImageId", images[i].id);
		out_str(c->out, "ImageName", images[i].name);
		out_end_object(c->out);
	}
	out_end_array(c->out);
}

/* Not stored: 100 but while the snapshot comes into being. */
static int64_t percent(struct call *c, const struct snapshot *p)
{
	enum { STEP = 25 };
	const struct transition_rule *rule = &c->transitions[TRANSITION_SNAPSHOT_CREATE];
	struct job j;
	int64_t part;
	switch (p->state) {
	case SNAPSHOT_CREATING:
	case SNAPSHOT_COPYING_FROM_REMOTE:
	case SNAPSHOT_CHECKING_COPIED:
		part = transition_percent(p->state_since_ms, p->state_until_ms, c->now_ms);
		if (rule->times > 0 && store_job_polled(c->store, c->arena, "snapshot.", p->no, &j) && j.polls < rule->times)
			part = (rule->times - j.polls) * 100 / rule->times;
		return rule->steps ? part / STEP * STEP : part;
	case SNAPSHOT_NORMAL:
	case SNAPSHOT_ROLLBACKING:
	case SNAPSHOT_TORECYCLE:
	case N_SNAPSHOT_STATES:
		break;
	}
	return 100;
}

static bool copy_piece(struct snapshot_page *page, const struct snapshot_piece *piece)
{
	struct buf *b = page->call->out->buf;
	if (buf_reserve(b, piece->len)) /* which may move what is copied */
		buf_add(b, b->data + piece->at, piece->len);
	page->call->out->comma = true;
	return true;
}

static void keep_piece(struct snapshot_page *page, struct snapshot_piece *piece, size_t at, const struct snapshot *p)
{
	struct arena *a = page->call->arena;
	bool new_zone = !str_is(piece->of.zone, p->zone), new_usage = !str_is(piece->of.usage, p->usage);
	const char *zone = new_zone ? arena_strdup(a, p->zone) : piece->of.zone;
	const char *usage = new_usage ? arena_strdup(a, p->usage) : piece->of.usage;
	*piece = (struct snapshot_piece){ .at = at, .len = page->call->out->buf->len - at, .of = *p };
	piece->of.zone = zone;
	piece->of.usage = usage;
}

static bool placement_again(struct snapshot_page *page, const struct snapshot *p)
{
	const struct snapshot_piece *piece = &page->placement;
	return piece->len > 0 && piece->of.project_id == p->project_id && str_is(piece->of.zone, p->zone) && copy_piece(page, piece);
}

static void view_placement(struct snapshot_page *page, const struct snapshot *p)
{
	size_t at = page->call->out->buf->len;
	if (placement_again(page, p))
		return;
	placement_view(page->call, p->zone, p->account, p->project_id, "", false);
	keep_piece(page, &page->placement, at, p);
}

/* One that comes into being has another Percent each time. */
static bool middle_again(struct snapshot_page *page, const struct snapshot *p)
{
	const struct snapshot *of = &page->middle.of;
	return page->middle.len > 0 && p->state == SNAPSHOT_NORMAL && of->state == p->state && of->account == p->account &&
	       of->disk == p->disk && of->size_gib == p->size_gib && of->deadline_ms == p->deadline_ms && of->instant == p->instant &&
	       of->encrypt == p->encrypt && str_is(of->usage, p->usage) && copy_piece(page, &page->middle);
}

/* From the state to the deadline. */
static void view_middle(struct snapshot_page *page, const struct snapshot *p)
{
	struct call *c = page->call;
	struct json_out *o = c->out;
	size_t at = o->buf->len;
	char id[IDENT_SIZE] = "", time[WIRETIME_SIZE] = "";
	if (middle_again(page, p))
		return;
	FIELD_PLAIN(o, "SnapshotState", snapshot_state_names[p->state]);
	FIELD_INT(o, "Percent", percent(c, p));
	FIELD_PLAIN(o, "SnapshotType", p->account == c->who->uin ? "PRIVATE_SNAPSHOT" : "SHARED_SNAPSHOT");
	FIELD_PLAIN(o, "SnapshotMode", p->instant ? "INSTANT_SNAPSHOT" : "STANDARD_SNAPSHOT");
	if (p->disk != 0)
		ident_format(IDENT_DISK, p->disk, id);
	FIELD_PLAIN(o, "DiskId", id);
	FIELD_PLAIN(o, "DiskUsage", p->usage);
	FIELD_INT(o, "DiskSize", p->size_gib);
	FIELD_BOOL(o, "Encrypt", p->encrypt);
	FIELD_BOOL(o, "IsPermanent", p->deadline_ms == 0);
	if (p->deadline_ms != 0)
		wiretime_local(p->deadline_ms, time);
	FIELD_PLAIN(o, "DeadlineTime", time);
	keep_piece(page, &page->middle, at, p);
}

static bool ends_plainly(const struct snapshot *p)
{
	return !p->locked && !p->copied && !p->tagged && *p->copying_to == '\0' && p->image_count == 0 && p->share_count == 0 &&
	       p->share_ms == 0 && p->policy == 0;
}

/* Behind the times. The owner's tags, images, shares and policies are nobody else's business (inferred). TimeStartShare belongs to those
 * that were ever shared, AutoSnapshotPolicyId to those that a policy had taken: else the fields are absent (cbs.md §2.2). */
static void view_end(struct snapshot_page *page, const struct snapshot *p)
{
	struct call *c = page->call;
	struct json_out *o = c->out;
	size_t at = o->buf->len;
	bool own = p->account == c->who->uin, plain = ends_plainly(p);
	if (plain && page->end.len > 0 && copy_piece(page, &page->end))
		return;
	FIELD_BOOL(o, "IsLocked", p->locked);
	FIELD_BOOL(o, "CopyFromRemote", p->copied);
	write_regions(c, own ? p->copying_to : "");
	write_images(c, p->no, own && p->image_count > 0);
	FIELD_INT(o, "ShareReference", own ? p->share_count : 0);
	if (p->share_ms != 0) {
		char time[WIRETIME_SIZE];
		wiretime_date(p->share_ms, time);
		FIELD_PLAIN(o, "TimeStartShare", time);
	}
	if (own && p->policy != 0) {
		char id[IDENT_SIZE];
		ident_format(IDENT_POLICY, p->policy, id);
		FIELD_PLAIN(o, "AutoSnapshotPolicyId", id);
	}
	tags_view(c, TAG_SNAPSHOT, p->no, own && p->tagged);
	if (plain)
		keep_piece(page, &page->end, at, p);
}

void snapshot_view(struct snapshot_page *page, const struct snapshot *p)
{
	struct call *c = page->call;
	struct json_out *o = c->out;
	char id[IDENT_SIZE], time[WIRETIME_SIZE];
	bool endless = p->state_until_ms == 0 || p->state_until_ms == INT64_MAX;
	if (endless && p->state == SNAPSHOT_ROLLBACKING)
		polls_note_disk(c, p->disk);
	else if (endless && p->state == SNAPSHOT_CREATING)
		polls_note_snapshot(c, p->no);
	out_object(o, NULL);
	view_placement(page, p);
	ident_format(IDENT_SNAPSHOT, p->no, id);
	FIELD_PLAIN(o, "SnapshotId", id);
	FIELD_STR(o, "SnapshotName", p->name);
	view_middle(page, p);
	wiretime_local(p->create_ms, time);
	FIELD_PLAIN(o, "CreateTime", time);
	if (p->modify_ms != 0) {
		wiretime_offset(p->modify_ms, time);
		FIELD_PLAIN(o, "LatestModifyTime", time);
	}
	view_end(page, p);
	out_end_object(o);
}
