/* The subcommand: reads the file, plays it, tells a person what moved. */
#include "replay.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "cli/args.h"
#include "cli/params.h"
#include "gateway/replay.h"
#include "util/arena.h"
#include "util/str.h"

enum { PLAYED, MOVED, FAILED, WHY_MAX = 4096, TOLD_MAX = 100, TEXT_MAX = 64 * 1024 * 1024 };

struct options {
	const char *file, *keys;
	bool check, json, help;
};

/* ---- reading ----------------------------------------------------------------------------------------------------------------- */

static bool read_options(struct arena *a, int argc, char **argv, struct options *out, struct buf *why)
{
	const struct option_row rows[] = {
		{ "--check", NULL, NULL, &out->check, "exit with 1 when anything is answered otherwise" },
		{ "--keys", "ID=SECRET,…", &out->keys, NULL, "secret keys at hand, to check signatures with" },
		{ "--json", NULL, NULL, &out->json, "tell it as JSON" },
		{ "--help", NULL, NULL, &out->help, "print this" },
	};
	const char **words = arena_alloc(a, (size_t)argc * sizeof *words);
	size_t count = 0;
	if (!args_read(rows, sizeof rows / sizeof rows[0], argc, argv, words, &count, why))
		return false;
	if (out->help) {
		args_help("usage: cbsmock replay FILE|- [options]\n\n"
		          "Plays a recording (\"cbsmock recording\") again and compares every byte of every answer.\n"
		          "Exit status: 0 fine, 1 with --check when something moved, 2 it cannot be played.\n\n",
		          rows, sizeof rows / sizeof rows[0]);
		return true;
	}
	out->file = count == 1 ? words[0] : NULL;
	if (!out->file)
		buf_adds(why, count ? "one recording at a time" : "which recording? FILE, or - for standard input");
	return out->file != NULL;
}

static bool read_keys(struct arena *a, const char *text, struct pair_list *keys, struct buf *why)
{
	while (text && *text) {
		size_t len = strcspn(text, ",");
		if (!pair_parse(a, arena_strndup(a, text, len), keys, why))
			return false;
		text += len + (text[len] == ',');
	}
	return true;
}

/* ---- telling ------------------------------------------------------------------------------------------------------------------- */

static const char *body_of(const cJSON *answer)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "body"));
}

/* "status, body at byte 17" */
static void print_parts(const cJSON *recorded, const cJSON *now)
{
	static const char *const parts[] = { "status", "type", "headers", "wire" };
	const char *between = "", *before = body_of(recorded), *after = body_of(now);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		const cJSON *a = cJSON_GetObjectItemCaseSensitive(recorded, parts[i]), *b = cJSON_GetObjectItemCaseSensitive(now, parts[i]);
		if (a != b && !cJSON_Compare(a, b, true)) {
			printf("%s%s", between, parts[i]);
			between = ", ";
		}
	}
	size_t same = 0;
	while (before && after && before[same] && before[same] == after[same])
		same++;
	if (before && after && !str_is(before, after))
		printf("%sbody at byte %zu", between, same);
	else if (!before || !after)
		printf("%sbody", between);
}

/* A line each; the first in full. */
static void print_moved(void *data, const struct replay_moved *m)
{
	size_t *told = data;
	if ((*told)++ >= TOLD_MAX)
		return;
	cJSON *recorded = cJSON_Parse(m->recorded), *now = cJSON_Parse(m->now);
	printf("request %zu %s %s: ", m->no, m->action, m->request_id);
	print_parts(recorded, now);
	putchar('\n');
	if (*told == 1)
		printf("  recorded %s\n  now      %s\n", m->recorded, m->now);
	cJSON_Delete(now);
	cJSON_Delete(recorded);
}

static void print_report(const struct replay_report *r)
{
	if (r->moved > TOLD_MAX)
		printf("… and %zu more\n", r->moved - TOLD_MAX);
	printf("%zu requests, %zu answered otherwise; %zu signatures checked, %zu believed without their key%s\n", r->requests, r->moved,
	       r->checked, r->believed, r->full ? "; the recording ended by itself, being too long" : "");
}

static bool play_as_json(const char *text, size_t len, const struct key_ring *ring, struct replay_report *report, struct buf *why)
{
	struct buf out;
	struct json_out o;
	buf_init(&out, TEXT_MAX);
	json_out_init(&o, &out);
	out_object(&o, NULL);
	bool played = replay_tell(text, len, ring, TOLD_MAX, &o, report, why);
	out_end_object(&o);
	if (played)
		puts(out.data);
	buf_finish(&out);
	return played;
}

/* ---- together ------------------------------------------------------------------------------------------------------------------ */

static int play(struct arena *a, const struct options *options, struct buf *why)
{
	struct pair_list keys = { 0 };
	struct replay_report report;
	size_t len, told = 0;
	const char *text = read_file(a, options->file, &len, why);
	if (!text || !read_keys(a, options->keys, &keys, why))
		return FAILED;
	const struct key_ring ring = { keys.items, keys.count };
	bool played = options->json ? play_as_json(text, len, &ring, &report, why)
	                            : replay_run(text, len, &ring, print_moved, &told, &report, why);
	if (!played)
		return FAILED;
	if (!options->json)
		print_report(&report);
	return options->check && report.moved ? MOVED : PLAYED;
}

int replay_command(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct options options = { .file = NULL };
	struct buf why;
	int status = FAILED;
	buf_init(&why, WHY_MAX);
	if (read_options(a, argc, argv, &options, &why))
		status = options.help ? PLAYED : play(a, &options, &why);
	if (why.len)
		fprintf(stderr, "cbsmock replay: %s\n", why.data);
	buf_finish(&why);
	arena_free(a);
	return status;
}
