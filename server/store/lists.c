/* Pages of disks, snapshots and policies. Their SQL is put together from the constant pieces below; what a client sent is only ever
 * bound, as JSON arrays that json_each takes apart. The same filters make the same text, so a statement is prepared once. */
#include "store/orders.h"
#include "store/store_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/ident.h"
#include "util/str.h"

#define ANY " IN (SELECT value FROM json_each(?))"
#define OF_INSTANCE(column) "instance <> 0 AND instance IN (SELECT no FROM instance WHERE " column ANY ")"
#define TAGGED(condition) "EXISTS (SELECT 1 FROM tag WHERE kind = '" TAG_DISK "' AND resource = disk.no AND " condition ")"

/* Rows are found at once for filters by id. (cbs.md §5.3) */
static const struct filter_kind disk_filters[] = {
	{ "disk-id", FILTER_ID, IDENT_DISK, 0, "no" ANY },
	{ "disk-name", FILTER_TEXT, NULL, 0, "name" ANY },
	{ "disk-type", FILTER_TEXT, NULL, 0, "type" ANY },
	{ "disk-state", FILTER_TEXT, NULL, 0, "disk_state" ANY },
	{ "disk-usage", FILTER_TEXT, NULL, 0, "usage" ANY },
	{ "disk-charge-type", FILTER_TEXT, NULL, 0, "charge_type" ANY },
	{ "zone", FILTER_TEXT, NULL, 0, "zone" ANY },
	{ "project-id", FILTER_INT, NULL, 0, "project_id" ANY },
	{ "instance-id", FILTER_ID, IDENT_INSTANCE, 0, "instance <> 0 AND instance" ANY },
	{ "instance-name", FILTER_TEXT, NULL, 0, OF_INSTANCE("name") },
	{ "instance-ip-address", FILTER_TEXT, NULL, 0, OF_INSTANCE("private_ip") },
	{ "dedicated-cluster-id", FILTER_TEXT, NULL, 0, "cluster_id" ANY },
	{ "cluster-group-id", FILTER_TEXT, NULL, 0, "''" ANY }, /* no disk is in a group */
	{ "portable", FILTER_BOOL, NULL, 0, "portable" ANY },
	{ "tag-key", FILTER_TEXT, NULL, 0, TAGGED("key" ANY) },
	{ "tag-value", FILTER_TEXT, NULL, 0, TAGGED("value" ANY) },
	{ "tag:", FILTER_TEXT, NULL, 0, TAGGED("key = ? AND value" ANY) },
};

#define SNAPSHOT_TYPE "snapshot-type"

enum { OF_IDS, OF_DISKS };

static const struct filter_kind snapshot_filters[] = {
	[OF_IDS] = { "snapshot-id", FILTER_ID, IDENT_SNAPSHOT, 0, "no" ANY },
	[OF_DISKS] = { "disk-id", FILTER_ID, IDENT_DISK, 10, "disk <> 0 AND disk" ANY },
	{ "snapshot-name", FILTER_TEXT, NULL, 0, "name" ANY },
	{ "snapshot-state", FILTER_TEXT, NULL, 0, "snapshot_state" ANY },
	{ SNAPSHOT_TYPE, FILTER_TEXT, NULL, 0, "CASE account WHEN ?1 THEN 'PRIVATE_SNAPSHOT' ELSE 'SHARED_SNAPSHOT' END" ANY },
	{ "disk-usage", FILTER_TEXT, NULL, 0, "usage" ANY },
	{ "project-id", FILTER_INT, NULL, 0, "project_id" ANY },
	{ "encrypt", FILTER_BOOL, NULL, 0, "encrypt" ANY },
	{ "zone", FILTER_TEXT, NULL, 0, "zone" ANY },
};

static const struct filter_kind policy_filters[] = {
	{ "auto-snapshot-policy-id", FILTER_ID, IDENT_POLICY, 0, "no" ANY },
	{ "auto-snapshot-policy-state", FILTER_TEXT, NULL, 0, "policy_state" ANY },
	{ "auto-snapshot-policy-name", FILTER_TEXT, NULL, 0, "name" ANY },
};

static bool takes_argument(const struct filter_kind *kind)
{
	return str_suffix(kind->name, ":");
}

static const struct filter_kind *filter_by_name(const struct filter_kind *kinds, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (takes_argument(&kinds[i]) ? str_prefix(name, kinds[i].name) : str_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

const struct filter_kind *store_disk_filter(const char *name)
{
	return filter_by_name(disk_filters, sizeof disk_filters / sizeof *disk_filters, name);
}

const struct filter_kind *store_snapshot_filter(const char *name)
{
	return filter_by_name(snapshot_filters, sizeof snapshot_filters / sizeof *snapshot_filters, name);
}

const struct filter_kind *store_policy_filter(const char *name)
{
	return filter_by_name(policy_filters, sizeof policy_filters / sizeof *policy_filters, name);
}

/* ---- the text ----------------------------------------------------------------------------------------------------------- */

struct source {
	const char *table;
	const char *owned;  /* whose rows; ?1 is the account, ?2 the region */
	const char *picked; /* the same when ids narrow the list: "+" keeps SQLite from walking the index of the account instead; NULL when
	                     * there is none */
};

static const struct source disk_source = {
	.table = "disk",
	.owned = "account = ?1 AND region = ?2 AND hidden = 0",
	.picked = "+account = ?1 AND +region = ?2 AND hidden = 0",
};

static const struct source snapshot_source = {
	.table = "snapshot",
	.owned = "account = ?1 AND region = ?2",
};

static const struct source policy_source = {
	.table = "policy",
	.owned = "account = ?1 AND region = ?2",
	.picked = "+account = ?1 AND +region = ?2",
};

#define SHARED "no IN (SELECT snapshot FROM snapshot_share WHERE account = ?1)"

static const struct source shared_source = {
	.table = "snapshot",
	.owned = SHARED " AND region = ?2",
};

static const struct source visible_source = {
	.table = "snapshot",
	.owned = "(account = ?1 OR " SHARED ") AND region = ?2",
};

static bool is_picked(const struct list_query *l)
{
	for (size_t i = 0; i < l->term_count; i++)
		if (l->terms[i].kind->type == FILTER_ID)
			return true;
	return l->numbers != NULL;
}

static void spell_terms(struct buf *text, const struct list_query *l)
{
	for (size_t i = 0; i < l->term_count; i++)
		buf_printf(text, " AND %s", l->terms[i].kind->sql);
}

static void spell_where(struct buf *text, const struct source *from, const struct list_query *l)
{
	buf_printf(text, " FROM %s WHERE %s", from->table, from->picked && is_picked(l) ? from->picked : from->owned);
	if (l->numbers)
		buf_adds(text, " AND no" ANY);
	spell_terms(text, l);
}

static void spell_order(struct buf *text, const struct list_query *l)
{
	const char *way = l->ascending ? "ASC" : "DESC";
	if (l->by_deadline) /* those without one come last, whichever way */
		buf_printf(text, " ORDER BY deadline_ms = 0, deadline_ms %s, no %s", way, way);
	else
		buf_printf(text, " ORDER BY create_ms %s, no %s", way, way);
	buf_adds(text, " LIMIT ? OFFSET ?");
}

static void bind_where(struct query *q, const struct list_query *l)
{
	bind_int(q, l->account);
	bind_text(q, l->region);
	if (l->numbers)
		bind_text(q, l->numbers);
	for (size_t i = 0; i < l->term_count; i++) {
		if (takes_argument(l->terms[i].kind))
			bind_text(q, l->terms[i].argument);
		bind_text(q, l->terms[i].values);
	}
}

/* ---- counting and paging ------------------------------------------------------------------------------------------------ */

static uint64_t count_matches(struct store *s, const struct source *from, const struct list_query *l)
{
	buf_clear(&s->text);
	buf_adds(&s->text, "SELECT COUNT(*)");
	spell_where(&s->text, from, l);
	struct query q = query_text(s);
	bind_where(&q, l);
	uint64_t count = query_row(&q) ? (uint64_t)col_int(&q) : 0;
	query_end(&q);
	return count;
}

static size_t page_size(const struct list_query *l, uint64_t total)
{
	if (l->offset >= total)
		return 0;
	return (size_t)(l->limit < total - l->offset ? l->limit : total - l->offset);
}

/* Ready to be stepped through: at most `size` rows. */
static struct query open_page(struct store *s, const struct source *from, const char *columns, const struct list_query *l, size_t size)
{
	buf_clear(&s->text);
	buf_printf(&s->text, "SELECT %s", columns);
	spell_where(&s->text, from, l);
	spell_order(&s->text, l);
	struct query q = query_text(s);
	bind_where(&q, l);
	bind_int(&q, (int64_t)size);
	bind_int(&q, (int64_t)l->offset);
	return q;
}

/* Without a filter the counter that is kept answers at once. */
static uint64_t count_list(struct store *s, const struct source *from, const struct list_query *l)
{
	if (l->term_count > 0 || l->numbers)
		return count_matches(s, from, l);
	struct usage usage;
	store_usage(s, l->account, l->region, &usage);
	return (uint64_t)(from == &disk_source ? usage.disks : usage.snapshots);
}

uint64_t store_disk_list(struct store *s, struct arena *a, const struct list_query *l, struct disk **out, size_t *count)
{
	uint64_t total = count_list(s, &disk_source, l);
	size_t size = page_size(l, total), n = 0;
	struct disk *rows = arena_alloc(a, size * sizeof *rows);
	if (size > 0) {
		struct query q = open_page(s, &disk_source, disk_columns, l, size);
		while (query_row(&q))
			disk_read(&q, a, &rows[n++]);
	}
	*out = rows;
	*count = n;
	return total;
}

/* The narrowest source that holds all that is asked for; the filter itself decides about each row. */
static const struct source *snapshot_source_of(const struct list_query *l)
{
	for (size_t i = 0; i < l->term_count; i++) {
		const struct list_term *term = &l->terms[i];
		if (!str_is(term->kind->name, SNAPSHOT_TYPE))
			continue;
		if (!strstr(term->values, "SHARED_SNAPSHOT"))
			return &snapshot_source;
		return strstr(term->values, "PRIVATE_SNAPSHOT") ? &visible_source : &shared_source;
	}
	return l->numbers ? &visible_source : &snapshot_source;
}

/* The snapshots that need more than the plain columns. To find sixteen takes as long as the other columns of thirty rows: when they are
 * that many, all columns are read of each row instead. */
enum { RARE_MAX = 16 };

struct rare {
	size_t count; /* RARE_MAX: or more */
	int64_t numbers[RARE_MAX];
};

static bool reads_plain(const struct rare *r)
{
	return r->count < RARE_MAX;
}

static const char *columns_of(const struct rare *r)
{
	return reads_plain(r) ? snapshot_plain : snapshot_listed;
}

static void read_listed(struct query *q, struct arena *a, const struct list_query *l, const struct rare *r, struct snapshot *out)
{
	*out = (struct snapshot){ .region = l->region, .copying_to = "" };
	snapshot_lend(q, reads_plain(r), out);
	for (size_t i = 0; reads_plain(r) && i < r->count; i++)
		if (r->numbers[i] == out->no)
			store_snapshot(q->store, a, out->no, out);
}

/* Rows by their numbers. Snapshots that were made one after another stand side by side in the table, so a few steps are tried before the
 * way down from the root. */
struct walk {
	struct query q;
	int bound; /* parameters that stay */
	bool ascending, on_row;
};

/* The last column tells whether a row belongs in the list: all do when there is no filter. */
static struct walk open_walk(struct store *s, const char *columns, const struct list_query *l)
{
	bool all = l->term_count == 0;
	buf_clear(&s->text);
	buf_printf(&s->text, "SELECT %s, %s", columns, all ? "1" : snapshot_source.owned);
	spell_terms(&s->text, l);
	buf_printf(&s->text, " FROM snapshot WHERE no %s ? ORDER BY no %s", l->ascending ? ">=" : "<=", l->ascending ? "ASC" : "DESC");
	struct walk w = { .q = query_text(s), .ascending = l->ascending };
	if (!all)
		bind_where(&w.q, l);
	w.bound = w.q.at;
	return w;
}

/* Of the row it is on. */
static int64_t number_of(const struct walk *w)
{
	return sqlite3_column_int64(w->q.stmt, 0);
}

static bool belongs(const struct walk *w)
{
	return sqlite3_column_int(w->q.stmt, sqlite3_column_count(w->q.stmt) - 1) != 0;
}

static bool step(struct walk *w)
{
	w->on_row = query_row(&w->q);
	return w->on_row;
}

static bool walk_to(struct walk *w, int64_t no)
{
	enum { STEPS_MAX = 3 };
	for (int i = 0; i < STEPS_MAX && w->on_row && step(w); i++) {
		int64_t at = number_of(w);
		if (at == no)
			return true;
		if (w->ascending == (at > no))
			break;
	}
	query_end(&w->q);
	w->q.at = w->bound;
	bind_int(&w->q, no);
	return step(w) && number_of(w) == no;
}

/* An account's own in a region, as their order says. */
struct own {
	struct order order;
	struct walk walk;
	uint64_t at; /* in the direction of the list */
};

static struct own open_own(struct store *s, const char *columns, const struct list_query *l)
{
	const struct order order = order_of_region(s, l->account, l->region);
	return (struct own){ .order = order, .walk = open_walk(s, columns, l) };
}

/* To the next one that belongs in the list. */
static bool next_own(struct own *o)
{
	while (o->at < o->order.count) {
		size_t at = o->walk.ascending ? o->at : o->order.count - 1 - o->at;
		o->at++;
		if (walk_to(&o->walk, o->order.places[at].no) && belongs(&o->walk))
			return true;
	}
	return false;
}

struct show {
	void (*on_row)(void *data, const struct snapshot *row);
	void *data;
};

/* A page of all of them begins where it begins. */
static void show_own(struct store *s, struct arena *a, const struct list_query *l, const struct rare *r, size_t size,
                     const struct show *show)
{
	struct own o = open_own(s, columns_of(r), l);
	uint64_t skip = l->offset;
	struct snapshot row;
	if (l->term_count == 0) {
		o.at = skip;
		skip = 0;
	}
	for (size_t shown = 0; shown < size && next_own(&o);) {
		if (skip > 0) {
			skip--;
			continue;
		}
		read_listed(&o.walk.q, a, l, r, &row);
		show->on_row(show->data, &row);
		shown++;
	}
	query_end(&o.walk.q);
}

static void show_found(struct store *s, struct arena *a, const struct list_query *l, const struct rare *r, size_t size,
                       const struct show *show)
{
	struct snapshot row;
	struct query q = open_page(s, snapshot_source_of(l), columns_of(r), l, size);
	while (query_row(&q)) {
		read_listed(&q, a, l, r, &row);
		show->on_row(show->data, &row);
	}
}

/* The numbers of some disks' snapshots, as a JSON array; NULL when they are so many that looking at every row is as good. `disks` is one
 * too. */
static const char *snapshots_of(struct store *s, struct arena *a, const char *disks)
{
	enum { MOST = 4096, DIGITS = 21 };
	struct buf text;
	size_t count = 0;
	buf_init_in(&text, a, MOST * DIGITS);
	const char *between = "[";
	for (const char *at = disks; *at && *at != ']'; at++) {
		char *end;
		int64_t disk = strtoll(at + 1, &end, 10);
		if (end == at + 1)
			break;
		const struct order order = order_of_disk(s, disk);
		count += order.count;
		for (size_t i = 0; i < order.count && count <= MOST; i++, between = ",")
			buf_printf(&text, "%s%" PRId64, between, order.places[i].no);
		at = end - 1;
	}
	buf_adds(&text, *between == '[' ? "[]" : "]");
	return count <= MOST ? text.data : NULL;
}

/* A filter by disks as one by their snapshots, which are found at once. */
static struct list_query narrowed(struct store *s, struct arena *a, const struct list_query *l)
{
	struct list_query n = *l;
	for (size_t i = 0; i < n.term_count; i++) {
		const char *numbers = n.terms[i].kind == &snapshot_filters[OF_DISKS] ? snapshots_of(s, a, n.terms[i].values) : NULL;
		if (numbers)
			n.terms[i] = (struct list_term){ .kind = &snapshot_filters[OF_IDS], .values = numbers };
	}
	return n;
}

/* Those are found at once, and are few. */
static bool names_ids(const struct list_query *l)
{
	for (size_t i = 0; i < l->term_count; i++)
		if (l->terms[i].kind == &snapshot_filters[OF_IDS])
			return true;
	return l->numbers != NULL;
}

static bool lists_own(const struct list_query *l)
{
	return snapshot_source_of(l) == &snapshot_source && !names_ids(l);
}

/* Few among many are found one by one; when they are not, to look at every row costs less. */
static bool are_few(struct store *s, const struct list_query *l)
{
	enum { FEW = 4 };
	const struct order order = order_of_region(s, l->account, l->region);
	return order.count < order.all / FEW;
}

uint64_t store_snapshot_count(struct store *s, struct arena *a, const struct list_query *l)
{
	const struct list_query n = narrowed(s, a, l);
	if (n.term_count == 0 || !lists_own(&n) || !are_few(s, &n))
		return count_list(s, snapshot_source_of(&n), &n);
	struct own o = open_own(s, "no", &n);
	uint64_t count = 0;
	while (next_own(&o))
		count++;
	query_end(&o.walk.q);
	return count;
}

void store_snapshot_page(struct store *s, struct arena *a, const struct list_query *l, uint64_t total,
                         void (*on_row)(void *data, const struct snapshot *row), void *data)
{
	const struct show show = { on_row, data };
	struct rare rare;
	size_t size = page_size(l, total);
	if (size == 0)
		return;
	rare.count = snapshots_rare(s, rare.numbers, RARE_MAX);
	const struct list_query n = narrowed(s, a, l);
	if (lists_own(&n) && !n.by_deadline)
		show_own(s, a, &n, &rare, size, &show);
	else
		show_found(s, a, &n, &rare, size, &show);
}

uint64_t store_policy_list(struct store *s, struct arena *a, const struct list_query *l, struct policy **out, size_t *count)
{
	uint64_t total = count_matches(s, &policy_source, l);
	size_t size = page_size(l, total), n = 0;
	struct policy *rows = arena_alloc(a, size * sizeof *rows);
	if (size > 0) {
		struct query q = open_page(s, &policy_source, policy_columns, l, size);
		while (query_row(&q))
			policy_read(&q, a, &rows[n++]);
	}
	*out = rows;
	*count = n;
	return total;
}
