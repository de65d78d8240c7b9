/* Pages of disks and snapshots: every filter, order with ties, offsets, and who sees what. */
#include "store_world.h"

/* The numbers of a page as text: "1 2 3 of 5". */
static const char *seen(struct arena *a, const int64_t *numbers, size_t count, uint64_t total)
{
	char *text = arena_strdup(a, "");
	for (size_t i = 0; i < count; i++)
		text = arena_printf(a, "%s%d ", text, (int)numbers[i]);
	return arena_printf(a, "%sof %d", text, (int)total);
}

static const char *list_disks(struct store *s, struct arena *a, const struct list_query *q)
{
	struct disk *rows;
	size_t count;
	uint64_t total = store_disk_list(s, a, q, &rows, &count);
	int64_t *numbers = arena_alloc(a, (count + 1) * sizeof *numbers);
	for (size_t i = 0; i < count; i++)
		numbers[i] = rows[i].no;
	ck_assert_ptr_null(store_failed(s));
	return seen(a, numbers, count, total);
}

static const char *list_snapshots(struct store *s, struct arena *a, const struct list_query *q)
{
	struct listed page;
	uint64_t total = list_page(s, a, q, &page);
	return seen(a, page.numbers, page.count, total);
}

static struct list_query all(void)
{
	return (struct list_query){ .account = OWNER, .region = REGION, .ascending = true, .limit = 100 };
}

/* Splits "tag:app" as the reader of a request does. */
static void add_term(struct list_query *q, const struct filter_kind *kind, const char *name, const char *values)
{
	ck_assert_msg(kind, "no filter %s", name);
	const char *colon = strchr(kind->name, ':');
	struct list_term term = { .kind = kind, .values = values };
	if (colon)
		term.argument = name + (colon - kind->name) + 1;
	q->terms[q->term_count++] = term;
}

struct filter_case {
	const char *name, *values, *expected;
};

/* ---- disks -------------------------------------------------------------------------------------------------------------- */

/* Six disks; each filter picks some of them. Two are made in the same millisecond. */
static struct store *world_of_disks(void)
{
	struct store *s = open_world();
	PUT(s, "DiskTypes", TEXT("DiskType", "CLOUD_SSD"), INT("MinDiskSize", 20), INT("MaxDiskSize", 32000));
	PUT(s, "Instances", INT("InstanceId", 71), INT("Account", OWNER), TEXT("Region", REGION), TEXT("Zone", REGION "-3"),
	    TEXT("InstanceName", "web"), TEXT("PrivateIp", "10.0.0.2"));
	PUT(s, "Instances", INT("InstanceId", 72), INT("Account", OWNER), TEXT("Region", REGION), TEXT("Zone", REGION "-3"),
	    TEXT("InstanceName", ""), TEXT("PrivateIp", "10.0.0.3"));
	for (int64_t no = 1; no <= 6; no++) {
		struct disk d = sample_disk(no);
		d.create_ms = no <= 2 ? 1000 : 1000 + no;
		d.name = no == 3 ? "it's \"quoted\"" : no == 4 ? "" : "plain";
		d.zone = no == 5 ? REGION "-4" : d.zone;
		d.type = no == 5 ? "CLOUD_SSD" : d.type;
		d.usage = no == 6 ? "SYSTEM_DISK" : d.usage;
		d.portable = no != 6;
		d.charge_type = no >= 4 ? "PREPAID" : d.charge_type;
		d.deadline_ms = no == 4 ? 9000 : no >= 5 ? 8000 : 0;
		d.project_id = no == 2 ? 12 : 0;
		d.cluster_id = no == 2 ? "cluster-1" : "";
		d.instance = no == 3 ? 71 : no == 6 ? 72 : 0;
		d.state = no == 3 || no == 6 ? DISK_ATTACHED : DISK_UNATTACHED;
		store_disk_insert(s, &d);
	}
	struct disk hidden = sample_disk(7), elsewhere = sample_disk(8), foreign = sample_disk(9);
	hidden.hidden = true;
	elsewhere.region = OTHER_REGION;
	foreign.account = STRANGER;
	store_disk_insert(s, &hidden);
	store_disk_insert(s, &elsewhere);
	store_disk_insert(s, &foreign);
	store_tag_set(s, TAG_DISK, 1, OWNER, "app", "shop");
	store_tag_set(s, TAG_DISK, 1, OWNER, "team", "blue");
	store_tag_set(s, TAG_DISK, 2, OWNER, "app", "blue");
	store_tag_set(s, TAG_SNAPSHOT, 3, OWNER, "app", "shop");
	store_recount(s);
	return s;
}

static const struct filter_case disk_cases[] = {
	{ "disk-id", "[2,5,7,8,9,4711]", "2 5 of 2" },
	{ "disk-name", "[\"plain\"]", "1 2 5 6 of 4" },
	{ "disk-name", "[\"it's \\\"quoted\\\"\",\"\"]", "3 4 of 2" },
	{ "disk-type", "[\"CLOUD_SSD\"]", "5 of 1" },
	{ "disk-state", "[\"ATTACHED\",\"EXPANDING\"]", "3 6 of 2" },
	{ "disk-usage", "[\"SYSTEM_DISK\"]", "6 of 1" },
	{ "disk-charge-type", "[\"PREPAID\"]", "4 5 6 of 3" },
	{ "zone", "[\"" REGION "-4\"]", "5 of 1" },
	{ "project-id", "[12,13]", "2 of 1" },
	{ "project-id", "[0]", "1 3 4 5 6 of 5" },
	{ "instance-id", "[71]", "3 of 1" },
	{ "instance-id", "[0]", "of 0" },
	{ "instance-name", "[\"web\"]", "3 of 1" },
	{ "instance-name", "[\"\"]", "6 of 1" },
	{ "instance-ip-address", "[\"10.0.0.2\",\"10.0.0.3\"]", "3 6 of 2" },
	{ "dedicated-cluster-id", "[\"cluster-1\"]", "2 of 1" },
	{ "cluster-group-id", "[\"group-1\"]", "of 0" },
	{ "cluster-group-id", "[\"\"]", "1 2 3 4 5 6 of 6" },
	{ "portable", "[0]", "6 of 1" },
	{ "portable", "[1]", "1 2 3 4 5 of 5" },
	{ "tag-key", "[\"app\",\"none\"]", "1 2 of 2" },
	{ "tag-value", "[\"blue\"]", "1 2 of 2" },
	{ "tag:app", "[\"shop\"]", "1 of 1" },
	{ "tag:app", "[\"shop\",\"blue\"]", "1 2 of 2" },
	{ "tag:team", "[\"shop\"]", "of 0" },
	{ "tag:", "[\"shop\"]", "of 0" },
	{ "disk-name", "[]", "of 0" },
};

START_TEST(every_filter_of_disks)
{
	struct store *s = world_of_disks();
	struct arena *a = arena_new();
	for (size_t i = 0; i < LENGTH(disk_cases); i++) {
		const struct filter_case *c = &disk_cases[i];
		struct list_query q = all();
		add_term(&q, store_disk_filter(c->name), c->name, c->values);
		const char *got = list_disks(s, a, &q);
		ck_assert_msg(strcmp(got, c->expected) == 0, "%s %s: %s, not %s", c->name, c->values, got, c->expected);
	}
	ck_assert_ptr_null(store_disk_filter("disk-size"));
	ck_assert_ptr_null(store_disk_filter("disk-idx"));
	ck_assert_ptr_null(store_disk_filter(""));
	ck_assert_ptr_null(store_disk_filter("tag"));
	ck_assert_ptr_null(store_disk_filter("snapshot-id"));
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(filters_narrow_each_other)
{
	struct store *s = world_of_disks();
	struct arena *a = arena_new();
	struct list_query q = all();
	add_term(&q, store_disk_filter("disk-charge-type"), "disk-charge-type", "[\"PREPAID\"]");
	add_term(&q, store_disk_filter("disk-name"), "disk-name", "[\"plain\"]");
	ck_assert_str_eq(list_disks(s, a, &q), "5 6 of 2");
	add_term(&q, store_disk_filter("tag:app"), "tag:app", "[\"shop\"]");
	ck_assert_str_eq(list_disks(s, a, &q), "of 0");
	for (size_t i = q.term_count; i < LIST_TERMS_MAX; i++)
		add_term(&q, store_disk_filter("tag:app"), "tag:app", "[\"shop\"]");
	ck_assert_str_eq(list_disks(s, a, &q), "of 0");
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(numbers_restrict_and_page)
{
	struct store *s = world_of_disks();
	struct arena *a = arena_new();
	struct list_query q = all();
	q.numbers = "[6,1,1,3,7,9,77]";
	ck_assert_str_eq(list_disks(s, a, &q), "1 3 6 of 3");
	q.offset = 1;
	q.limit = 1;
	ck_assert_str_eq(list_disks(s, a, &q), "3 of 3");
	q.numbers = "[]";
	ck_assert_str_eq(list_disks(s, a, &q), "of 0");
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(order_breaks_ties_by_number)
{
	struct store *s = world_of_disks();
	struct arena *a = arena_new();
	struct list_query q = all();
	ck_assert_str_eq(list_disks(s, a, &q), "1 2 3 4 5 6 of 6");
	q.ascending = false;
	ck_assert_str_eq(list_disks(s, a, &q), "6 5 4 3 2 1 of 6");
	q.by_deadline = true;
	ck_assert_str_eq(list_disks(s, a, &q), "4 6 5 3 2 1 of 6");
	q.ascending = true;
	ck_assert_str_eq(list_disks(s, a, &q), "5 6 4 1 2 3 of 6");
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(pages_cut_the_list_and_keep_its_total)
{
	struct store *s = world_of_disks();
	struct arena *a = arena_new();
	struct list_query q = all();
	q.limit = 4;
	ck_assert_str_eq(list_disks(s, a, &q), "1 2 3 4 of 6");
	q.offset = 4;
	ck_assert_str_eq(list_disks(s, a, &q), "5 6 of 6");
	q.offset = 6;
	ck_assert_str_eq(list_disks(s, a, &q), "of 6");
	q.offset = UINT64_MAX;
	q.limit = UINT64_MAX;
	ck_assert_str_eq(list_disks(s, a, &q), "of 6");
	q.offset = 0;
	ck_assert_str_eq(list_disks(s, a, &q), "1 2 3 4 5 6 of 6");
	q.limit = 0;
	ck_assert_str_eq(list_disks(s, a, &q), "of 6");
	add_term(&q, store_disk_filter("portable"), "portable", "[1]");
	ck_assert_str_eq(list_disks(s, a, &q), "of 5");
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(an_unfiltered_list_takes_its_total_from_the_counter)
{
	struct store *s = world_of_disks();
	struct arena *a = arena_new();
	struct list_query q = all();
	struct disk d = sample_disk(60);
	d.create_ms = 5000;
	store_disk_insert(s, &d);
	store_usage_add(s, OWNER, REGION, 1, 0, 0);
	ck_assert_str_eq(list_disks(s, a, &q), "1 2 3 4 5 6 60 of 7");
	q.region = "mars";
	ck_assert_str_eq(list_disks(s, a, &q), "of 0");
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(a_listed_row_is_a_whole_row)
{
	struct store *s = world_of_disks();
	struct arena *a = arena_new();
	struct list_query q = all();
	struct disk *rows, one;
	size_t count;
	add_term(&q, store_disk_filter("instance-id"), "instance-id", "[71]");
	ck_assert_uint_eq(store_disk_list(s, a, &q, &rows, &count), 1);
	ck_assert(store_disk(s, a, 3, &one));
	ck_assert_str_eq(rows[0].name, one.name);
	ck_assert_str_eq(rows[0].held_by, one.held_by);
	ck_assert_int_eq(rows[0].state, DISK_ATTACHED);
	ck_assert_int_eq(rows[0].refundable, one.refundable);
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(hostile_text_stays_text)
{
	struct store *s = world_of_disks();
	struct arena *a = arena_new();
	static const char *const names[] = { "tag:a' OR '1'='1", "tag:\") --", "tag:?1" };
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct list_query q = all();
		add_term(&q, store_disk_filter(names[i]), names[i], "[\"') OR 1=1 --\"]");
		ck_assert_str_eq(list_disks(s, a, &q), "of 0");
	}
	arena_free(a);
	close_world(s);
}
END_TEST

/* ---- snapshots ---------------------------------------------------------------------------------------------------------- */

/* Five of the owner's; 11 and 12 are the stranger's and shared with the owner, 12 in another region; 13 is not shared. */
static struct store *world_of_snapshots(void)
{
	struct store *s = open_world();
	for (int64_t no = 1; no <= 5; no++) {
		struct snapshot p = sample_snapshot(no, no <= 3 ? 21 : 22);
		p.create_ms = no <= 2 ? 1000 : 1000 + no;
		p.name = no == 2 ? "two" : "p";
		p.usage = no == 5 ? "SYSTEM_DISK" : p.usage;
		p.state = no == 3 ? SNAPSHOT_CREATING : p.state;
		p.project_id = no == 4 ? 12 : 0;
		p.encrypt = no == 1;
		p.zone = no == 4 ? REGION "-4" : p.zone;
		p.disk = no == 5 ? 0 : p.disk;
		p.deadline_ms = no == 3 ? 7000 : no == 4 ? 6000 : 0;
		store_snapshot_insert(s, &p);
	}
	for (int64_t no = 11; no <= 13; no++) {
		struct snapshot p = sample_snapshot(no, 23);
		p.account = STRANGER;
		p.region = no == 12 ? OTHER_REGION : REGION;
		p.create_ms = 900;
		store_snapshot_insert(s, &p);
		if (no != 13)
			PUT(s, "SnapshotShares", INT("SnapshotId", no), INT("Account", OWNER), INT("CreatedTime", 5));
	}
	store_recount(s);
	return s;
}

static const struct filter_case snapshot_cases[] = {
	{ "snapshot-id", "[5,1,11]", "1 5 of 2" },
	{ "snapshot-name", "[\"two\"]", "2 of 1" },
	{ "snapshot-state", "[\"CREATING\"]", "3 of 1" },
	{ "disk-usage", "[\"SYSTEM_DISK\"]", "5 of 1" },
	{ "project-id", "[12]", "4 of 1" },
	{ "disk-id", "[21]", "1 2 3 of 3" },
	{ "disk-id", "[21,22,23]", "1 2 3 4 of 4" },
	{ "disk-id", "[0]", "of 0" },
	{ "snapshot-type", "[\"PRIVATE_SNAPSHOT\"]", "1 2 3 4 5 of 5" },
	{ "snapshot-type", "[\"SHARED_SNAPSHOT\"]", "11 of 1" },
	{ "snapshot-type", "[\"PRIVATE_SNAPSHOT\",\"SHARED_SNAPSHOT\"]", "11 1 2 3 4 5 of 6" },
	{ "snapshot-type", "[\"OTHER\"]", "of 0" },
	{ "encrypt", "[1]", "1 of 1" },
	{ "encrypt", "[0]", "2 3 4 5 of 4" },
	{ "zone", "[\"" REGION "-4\"]", "4 of 1" },
};

START_TEST(every_filter_of_snapshots)
{
	struct store *s = world_of_snapshots();
	struct arena *a = arena_new();
	for (size_t i = 0; i < LENGTH(snapshot_cases); i++) {
		const struct filter_case *c = &snapshot_cases[i];
		struct list_query q = all();
		add_term(&q, store_snapshot_filter(c->name), c->name, c->values);
		const char *got = list_snapshots(s, a, &q);
		ck_assert_msg(strcmp(got, c->expected) == 0, "%s %s: %s, not %s", c->name, c->values, got, c->expected);
	}
	ck_assert_uint_eq(store_snapshot_filter("disk-id")->values_max, 10);
	ck_assert_uint_eq(store_disk_filter("disk-id")->values_max, 0);
	ck_assert_int_eq(store_snapshot_filter("encrypt")->type, FILTER_BOOL);
	ck_assert_int_eq(store_snapshot_filter("project-id")->type, FILTER_INT);
	ck_assert_str_eq(store_snapshot_filter("snapshot-id")->prefix, "snap-");
	ck_assert_ptr_null(store_snapshot_filter("tag:app"));
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(shared_snapshots_show_when_they_are_asked_for)
{
	struct store *s = world_of_snapshots();
	struct arena *a = arena_new();
	struct list_query q = all();
	ck_assert_str_eq(list_snapshots(s, a, &q), "1 2 3 4 5 of 5");
	q.numbers = "[1,11,12,13]";
	ck_assert_str_eq(list_snapshots(s, a, &q), "11 1 of 2");
	q.account = STRANGER;
	ck_assert_str_eq(list_snapshots(s, a, &q), "11 13 of 2");
	q.numbers = NULL;
	add_term(&q, store_snapshot_filter("snapshot-type"), "snapshot-type", "[\"SHARED_SNAPSHOT\"]");
	ck_assert_str_eq(list_snapshots(s, a, &q), "of 0");
	q.account = OWNER;
	add_term(&q, store_snapshot_filter("disk-id"), "disk-id", "[23]");
	ck_assert_str_eq(list_snapshots(s, a, &q), "11 of 1");
	arena_free(a);
	close_world(s);
}
END_TEST

START_TEST(snapshots_are_ordered_and_paged)
{
	struct store *s = world_of_snapshots();
	struct arena *a = arena_new();
	struct list_query q = all();
	q.ascending = false;
	q.limit = 3;
	ck_assert_str_eq(list_snapshots(s, a, &q), "5 4 3 of 5");
	q.offset = 3;
	ck_assert_str_eq(list_snapshots(s, a, &q), "2 1 of 5");
	q.offset = 0;
	q.by_deadline = true;
	ck_assert_str_eq(list_snapshots(s, a, &q), "3 4 5 of 5");
	q.ascending = true;
	ck_assert_str_eq(list_snapshots(s, a, &q), "4 3 1 of 5");
	arena_free(a);
	close_world(s);
}
END_TEST

/* Each has one thing of its own. */
static void make_rare(struct snapshot *p, int64_t which)
{
	p->image_count = which % 9 == 0;
	p->share_count = which % 9 == 1;
	p->share_ms = which % 9 == 2;
	p->encrypt = which % 9 == 3;
	p->copied = which % 9 == 4;
	p->instant = which % 9 == 5;
	p->locked = which % 9 == 6;
	p->policy = which % 9 == 7 ? 99 : 0;
	p->copying_to = which % 9 == 8 ? OTHER_REGION : "";
}

START_TEST(rare_rows_are_listed_whole_be_they_few_or_many)
{
	enum { FEW = 15, LIMIT = 16, MANY = 80, ALL = 100 }; /* sixteen are many (lists.c) */
	struct arena *a = arena_new();
	const int64_t counts[] = { 0, FEW, LIMIT, MANY };
	for (size_t i = 0; i < LENGTH(counts); i++) {
		struct store *s = open_world();
		for (int64_t no = 1; no <= ALL; no++) {
			struct snapshot p = sample_snapshot(no, 1);
			p.create_ms = no;
			if (no <= counts[i])
				make_rare(&p, no);
			store_snapshot_insert(s, &p);
		}
		struct list_query q = all();
		struct listed page;
		q.terms[q.term_count++] = (struct list_term){ .kind = store_snapshot_filter("snapshot-state"), .values = "[\"NORMAL\"]" };
		ck_assert_uint_eq(list_page(s, a, &q, &page), ALL);
		ck_assert_uint_eq(page.count, ALL);
		for (size_t row = 0; row < ALL; row++)
			ck_assert_int_eq(page.numbers[row], (int64_t)row + 1);
		close_world(s);
	}
	arena_free(a);
}
END_TEST

int main(void)
{
	const TTest *const disks[] = {
		every_filter_of_disks, filters_narrow_each_other, numbers_restrict_and_page, order_breaks_ties_by_number,
		pages_cut_the_list_and_keep_its_total, an_unfiltered_list_takes_its_total_from_the_counter, a_listed_row_is_a_whole_row,
		hostile_text_stays_text,
	};
	const TTest *const snapshots[] = {
		every_filter_of_snapshots, shared_snapshots_show_when_they_are_asked_for, snapshots_are_ordered_and_paged,
		rare_rows_are_listed_whole_be_they_few_or_many,
	};
	Suite *suite = suite_create("store_lists");
	add_case(suite, "disks", disks, LENGTH(disks));
	add_case(suite, "snapshots", snapshots, LENGTH(snapshots));
	return run_suite(suite);
}
