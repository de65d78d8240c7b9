/* One mock for a whole process, made new by an image for each input; and the small formats that inputs are written in. */
#include "fuzz.h"

#include <string.h>

#include "gateway/control.h"
#include "gateway/fault.h"
#include "gateway/journal.h"
#include "gateway/mock_internal.h"
#include "gateway/request.h"
#include "gateway/state.h"
#include "util/json_check.h"
#include "util/log.h"
#include "util/str.h"

enum { SAID_MAX = 4096, SANDBOXES = 8, JOURNAL_ENTRIES = 64, JOURNAL_BYTES = 1024 * 1024 };

static const char fresh_world[] = "fresh";
static const char *const secrets[] = { "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "fuzz-secret-key" };

/* ---- worlds --------------------------------------------------------------------------------------------------------------- */

static void must(bool done, const struct buf *why)
{
	if (done)
		return;
	fprintf(stderr, "the fuzzer's own world: %s\n", why->data);
	abort();
}

static struct mock *open_mock(struct buf *why)
{
	struct mock_config config;
	struct clock_state clock;
	mock_config_default(&config);
	config.signature = SIGNATURE_OFF;
	config.secret_key = secrets[1];
	config.max_sandboxes = SANDBOXES;
	config.journal_entries = JOURNAL_ENTRIES;
	config.journal_bytes = JOURNAL_BYTES;
	struct mock *m = mock_open(&config, why);
	must(m != NULL, why);
	must(control_clock(m->sandbox, CLOCK_SET, FUZZ_WALL_MS, &clock, &(struct listener){ NULL, NULL }), why);
	must(control_clock(m->sandbox, CLOCK_FREEZE, 0, &clock, &(struct listener){ NULL, NULL }), why);
	must(state_save(m->sandbox, fresh_world, why), why);
	return m;
}

static void delete_others(struct mock *m)
{
	struct arena *a = arena_new();
	struct sandbox **list;
	size_t count = sandboxes_all(m, a, &list);
	for (size_t i = 0; i < count; i++)
		if (!list[i]->permanent)
			sandboxes_delete(m, list[i]->name);
	sandboxes_release(list, count);
	arena_free(a);
}

static void make_fresh(struct mock *m, struct buf *why)
{
	struct sandbox *s = m->sandbox;
	struct settings settings = s->initial;
	delete_others(m);
	faults_reset(m->faults);
	faults_reset(s->faults);
	must(state_restore(s, fresh_world, why), why);
	must(control_set_settings(s, &settings), why);
	journal_clear(s->journal);
}

static struct mock *the_mock;

static void close_mock(void)
{
	mock_close(the_mock);
	the_mock = NULL;
}

struct mock *fuzz_still_mock(void)
{
	if (the_mock)
		return the_mock;
	struct buf why;
	buf_init(&why, SAID_MAX);
	log_setup(LOG_OFF, LOG_TEXT);
	the_mock = open_mock(&why);
	atexit(close_mock);
	buf_finish(&why);
	return the_mock;
}

struct mock *fuzz_mock(void)
{
	struct mock *m = fuzz_still_mock();
	struct buf why;
	buf_init(&why, SAID_MAX);
	make_fresh(m, &why);
	buf_finish(&why);
	return m;
}

/* ---- what must hold ------------------------------------------------------------------------------------------------------- */

/* The counters of the first account's region and of its disks, as one text. */
static void write_counters(struct store *s, struct arena *a, struct buf *out)
{
	static const char region[] = "ap-guangzhou";
	struct list_query q = { .account = store_first_account(s), .region = region, .limit = 100 };
	struct disk *disks;
	struct usage usage;
	struct world world = { 0 };
	size_t count;
	store_usage(s, q.account, region, &usage);
	store_world(s, &world);
	uint64_t total = store_disk_list(s, a, &q, &disks, &count);
	buf_printf(out, "%llu of %lld disks, %lld snapshots of %lld MiB, %lld creating\n", (unsigned long long)total, (long long)usage.disks,
	           (long long)usage.snapshots, (long long)usage.snapshot_mib, (long long)world.creating_snapshots);
	for (const struct disk *d = disks; d < disks + count; d++)
		buf_printf(out, "%lld: %lld %lld %lld %lld %d\n", (long long)d->no, (long long)d->snapshot_count, (long long)d->snapshot_mib,
		           (long long)d->creating_snapshots, (long long)d->backup_count, d->tagged);
}

static void check_counters(struct store *s)
{
	enum { TEXT_MAX = 1024 * 1024 };
	struct arena *a = arena_new();
	struct buf kept, counted;
	buf_init(&kept, TEXT_MAX);
	buf_init(&counted, TEXT_MAX);
	write_counters(s, a, &kept);
	store_begin(s);
	store_recount(s);
	write_counters(s, a, &counted);
	store_rollback(s);
	if (!str_is(kept.data, counted.data)) {
		fprintf(stderr, "counters say\n%srows say\n%s", kept.data, counted.data);
		abort();
	}
	buf_finish(&kept);
	buf_finish(&counted);
	arena_free(a);
}

void fuzz_check_world(struct mock *m)
{
	struct sandbox *s = m->sandbox;
	sandbox_enter(s);
	FUZZ_CHECK(!store_in_transaction(s->store));
	FUZZ_CHECK(!store_failed(s->store));
	check_counters(s->store);
	sandbox_leave(s);
}

static bool holds(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);
	for (size_t i = 0; i + word_len <= len; i++)
		if (memcmp(text + i, word, word_len) == 0)
			return true;
	return false;
}

void fuzz_check_secrets(const uint8_t *data, size_t size, const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		FUZZ_CHECK(holds((const char *)data, size, secrets[i]) || !holds(text, len, secrets[i]));
}

/* ---- inputs --------------------------------------------------------------------------------------------------------------- */

struct fuzz_text fuzz_text(const uint8_t *data, size_t size)
{
	static const char nothing[] = "";
	const char *at = size ? (const char *)data : nothing;
	return (struct fuzz_text){ at, at + size };
}

static const char *line_end(const struct fuzz_text *t)
{
	size_t left = (size_t)(t->end - t->at);
	const char *stop = left ? memchr(t->at, '\n', left) : NULL;
	return stop ? stop : t->end;
}

char *fuzz_line(struct arena *a, struct fuzz_text *t)
{
	const char *stop = line_end(t);
	char *line = arena_strndup(a, t->at, (size_t)(stop - t->at));
	t->at = stop + (stop < t->end);
	return line;
}

char *fuzz_rest(struct arena *a, struct fuzz_text *t, size_t *len)
{
	*len = (size_t)(t->end - t->at);
	char *rest = arena_strndup(a, t->at, *len);
	t->at = t->end;
	return rest;
}

bool fuzz_part(struct fuzz_text *t, struct fuzz_text *part)
{
	if (t->at == t->end)
		return false;
	part->at = t->at;
	while (t->at < t->end) {
		const char *line = t->at, *stop = line_end(t);
		t->at = stop + (stop < t->end);
		part->end = line;
		if (stop - line == 3 && memcmp(line, "%%%", 3) == 0)
			return true;
	}
	part->end = t->end;
	return true;
}

static void delete_tree(void *tree)
{
	cJSON_Delete(tree);
}

cJSON *fuzz_json(struct arena *a, const char *text, size_t len)
{
	struct json_report report;
	if (!json_check(text, len, &report))
		return NULL;
	cJSON *tree = cJSON_ParseWithLength(text, len);
	FUZZ_CHECK(tree != NULL);
	arena_defer(a, delete_tree, tree);
	return tree;
}

static void take_header(struct fuzz_request *r, char *line)
{
	char *colon = strchr(line, ':');
	if (!colon || colon == line || r->header_count == HEADERS_MAX)
		return;
	*colon = '\0';
	r->headers[r->header_count++] = (struct name_value){ line, colon + 1 + strspn(colon + 1, " \t") };
}

void fuzz_request(struct arena *a, struct fuzz_text t, struct fuzz_request *out)
{
	char *line = fuzz_line(a, &t), *blank = strchr(line, ' ');
	*out = (struct fuzz_request){ .method = line, .target = "/" };
	out->headers = arena_alloc(a, HEADERS_MAX * sizeof *out->headers);
	if (blank) {
		*blank = '\0';
		out->target = blank + 1;
	}
	while (*(line = fuzz_line(a, &t)))
		take_header(out, line);
	out->body = fuzz_rest(a, &t, &out->body_len);
}

const char *fuzz_header(const struct fuzz_request *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (str_case_is(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}
