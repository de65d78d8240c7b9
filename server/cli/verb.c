/* The engine behind the verbs: finds the row, reads the words and options it takes, asks the server, shows the answer. */
#include "cli/verb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/verb_internal.h"
#include "util/str.h"
#include "util/wiretime.h"

enum { OUTPUT_MAX = 64 * 1024 * 1024, PATH_MAX_BYTES = 64 * 1024, USAGE_COLUMN = 44, WHY_MAX = 16 * 1024 };

static bool is_option(const struct verb_arg *arg)
{
	return arg->name[0] == '-';
}

/* ---- help ------------------------------------------------------------------------------------------------------------ */

static void add_usage(struct buf *out, const struct verb *v, const struct verb_row *row)
{
	buf_printf(out, "cbsmock %s%s%s", v->name, *row->word ? " " : "", row->word);
	for (const struct verb_arg *arg = row->args; arg->name; arg++) {
		if (is_option(arg) && !arg->required)
			continue;
		buf_printf(out, arg->required ? " %s" : " [%s]", arg->name);
		if (is_option(arg))
			buf_printf(out, " %s", arg->takes);
	}
}

static void print_verb_help(const struct verb *v)
{
	printf("usage: cbsmock %s VERB [options]\n\n%s\n\n", v->name, v->help);
	for (size_t i = 0; i < v->row_count; i++) {
		struct buf usage;
		buf_init(&usage, WHY_MAX);
		add_usage(&usage, v, &v->rows[i]);
		int pad = USAGE_COLUMN - (int)str_utf8_len(usage.data);
		printf("  %s%*s%s\n", usage.data, pad > 2 ? pad : 2, "", v->rows[i].help);
		buf_finish(&usage);
	}
	printf("\n\"cbsmock %s VERB --help\" tells more. Exit status: 0 fine, 1 the server answered with an error, 2 bad usage or no answer.\n",
	       v->name);
}

static void print_row_help(const struct verb *v, const struct verb_row *row, const struct option_row *options, size_t option_count)
{
	struct buf usage;
	buf_init(&usage, WHY_MAX);
	buf_adds(&usage, "usage: ");
	add_usage(&usage, v, row);
	buf_printf(&usage, " [options]\n\n%s: %s %s\n\n", row->help, row->method, row->path);
	for (const struct verb_arg *arg = row->args; arg->name; arg++)
		if (!is_option(arg) && arg->help)
			buf_printf(&usage, "  %s: %s\n", arg->name, arg->help);
	args_help(usage.data, options, option_count);
	buf_finish(&usage);
}

/* ---- reading the command line ---------------------------------------------------------------------------------------- */

static const struct verb_row *find_row(const struct verb *v, const char *word)
{
	for (size_t i = 0; i < v->row_count; i++)
		if (str_is(v->rows[i].word, word))
			return &v->rows[i];
	return NULL;
}

/* The row that the first word names, else the verb by itself, if it takes words. *skip becomes the number of words that name it. */
static const struct verb_row *choose_row(const struct verb *v, int argc, char **argv, int *skip, struct buf *why)
{
	const char *word = argc > 1 && argv[1][0] != '-' ? argv[1] : "";
	const struct verb_row *row = find_row(v, word);
	*skip = row && *word;
	if (!row)
		row = find_row(v, "");
	if (row && (*skip || !*word || row->args[0].name))
		return row;
	buf_printf(why, *word ? "there is no \"%s\"; there are " : "say which%s: ", word);
	for (size_t i = 0; i < v->row_count; i++)
		if (*v->rows[i].word)
			buf_printf(why, "%s%s", v->rows[i].word, i + 1 < v->row_count ? ", " : "");
	return NULL;
}

/* A first word that can only be a document is the option's that takes one. How many words that takes. */
static size_t take_document(struct verb_request *q, const char *const *words, size_t count)
{
	if (count == 0 || (!strchr("{[@", words[0][0]) && !str_is(words[0], "-")))
		return 0;
	for (size_t i = 0; q->row->args[i].name; i++) {
		const struct verb_arg *arg = &q->row->args[i];
		if (arg->type != AS_DOCUMENT || !is_option(arg) || q->values[i])
			continue;
		q->values[i] = words[0];
		return 1;
	}
	return 0;
}

static bool place_words(struct verb_request *q, const char *const *words, size_t count, struct pair_list *pairs, struct buf *why)
{
	size_t used = take_document(q, words, count);
	for (size_t i = 0; q->row->args[i].name; i++) {
		const struct verb_arg *arg = &q->row->args[i];
		if (arg->type == AS_PAIRS || arg->type == AS_TEXTS) {
			for (; used < count; used++)
				if (!pair_parse(q->arena, words[used], pairs, why))
					return false;
			q->values[i] = pairs->count ? "" : NULL;
		} else if (!is_option(arg) && used < count) {
			q->values[i] = words[used++];
		}
		if (arg->required && !q->values[i]) {
			buf_printf(why, "%s is missing%s%s", arg->name, arg->help ? ": " : "", arg->help ? arg->help : "");
			return false;
		}
	}
	if (used == count)
		return true;
	buf_printf(why, "%s: nothing more is expected here; --help lists what is", words[used]);
	return false;
}

/* ---- the path -------------------------------------------------------------------------------------------------------- */

/* The path with its arguments in place of "{…}", in their order. */
static void add_path(struct buf *out, const struct verb_request *q)
{
	const char *path = q->row->path;
	for (size_t i = 0; q->row->args[i].name; i++) {
		if (q->row->args[i].place != IN_PATH)
			continue;
		buf_add(out, path, strcspn(path, "{"));
		add_encoded(out, q->values[i]);
		path = strchr(path, '}') + 1;
	}
	buf_adds(out, path);
}

static void add_query(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%c%s=", strchr(out->data, '?') ? '&' : '?', name);
	add_encoded(out, value);
}

static const char *path_of(const struct verb_request *q, const struct remote *r)
{
	struct buf out;
	buf_init(&out, PATH_MAX_BYTES);
	add_path(&out, q);
	for (size_t i = 0; q->row->args[i].name; i++)
		if (q->row->args[i].place == IN_QUERY && q->values[i])
			add_query(&out, q->row->args[i].field, q->row->args[i].type == AS_FLAG ? "1" : q->values[i]);
	if (r->sandbox && !q->row->everywhere)
		add_query(&out, "sandbox", r->sandbox);
	const char *copy = arena_strndup(q->arena, out.data, out.len);
	buf_finish(&out);
	return copy;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------ */

static void print_text(const struct http_reply *reply)
{
	fwrite(reply->body, 1, reply->body_len, stdout);
	if (reply->body_len == 0 || reply->body[reply->body_len - 1] != '\n')
		putchar('\n');
}

/* The file that the answer is to go to; NULL when the command line names none. */
static const char *file_for_answer(const struct verb_request *q)
{
	for (size_t i = 0; q->row->args[i].name; i++)
		if (q->row->args[i].place == TO_FILE)
			return q->values[i];
	return NULL;
}

/* Exactly its bytes. A database would upset a terminal. */
static bool write_answer(const struct verb_request *q, const struct http_reply *reply, struct buf *why)
{
	const char *path = file_for_answer(q);
	bool to_stdout = !path || str_is(path, "-");
	if (to_stdout && isatty(STDOUT_FILENO) && memchr(reply->body, '\0', reply->body_len)) {
		buf_adds(why, "the answer is no text: name a file for it");
		return false;
	}
	FILE *file = to_stdout ? stdout : fopen(path, "wb");
	bool done = file && fwrite(reply->body, 1, reply->body_len, file) == reply->body_len;
	if (file && !to_stdout)
		done = fclose(file) == 0 && done;
	if (!done)
		buf_printf(why, "cannot write %s: %s", to_stdout ? "the answer" : path, strerror(errno));
	return done;
}

/* {"error":{"code","message","hint"}} in a sentence. */
static void tell_error(const cJSON *answer, int status, struct buf *why)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(answer, "error");
	const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "code"));
	const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
	const char *hint = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "hint"));
	if (!code || !message) {
		buf_printf(why, "HTTP %d", status);
		return;
	}
	view_text(message, why);
	buf_printf(why, " (%s)", code);
	if (hint) {
		buf_adds(why, "; ");
		view_text(hint, why);
	}
}

static int show(const struct verb_request *q, const struct remote *r, const struct http_reply *reply, struct buf *why)
{
	bool refused = reply->status < 200 || reply->status > 299;
	if (q->row->as_it_is && !refused)
		return write_answer(q, reply, why) ? STATUS_OK : STATUS_FAILED;
	cJSON *answer = cJSON_ParseWithLength(reply->body, reply->body_len);
	bool error = refused && cJSON_HasObjectItem(answer, "error");
	if (r->json || (!answer && !refused)) {
		print_text(reply);
	} else if (answer && !error) {
		struct buf out;
		buf_init(&out, OUTPUT_MAX);
		view_print(answer, &q->row->view, &out);
		fwrite(out.data, 1, out.len, stdout);
		buf_finish(&out);
	}
	if (error || (refused && !answer))
		tell_error(answer, reply->status, why);
	cJSON_Delete(answer);
	return refused ? STATUS_REFUSED : STATUS_OK;
}

/* ---- together -------------------------------------------------------------------------------------------------------- */

static bool has_arg(const struct verb_row *row, const char *name)
{
	for (size_t i = 0; row->args[i].name; i++)
		if (str_is(row->args[i].name, name))
			return true;
	return false;
}

/* The options of the row, then those that every verb has and it has not itself. */
static size_t list_options(struct verb_request *q, bool flags[VERB_ARGS], struct remote *r, struct option_row *rows)
{
	struct option_row common[REMOTE_OPTIONS];
	size_t n = 0;
	for (size_t i = 0; q->row->args[i].name; i++) {
		const struct verb_arg *arg = &q->row->args[i];
		bool flag = arg->type == AS_FLAG;
		if (is_option(arg))
			rows[n++] = (struct option_row){ arg->name, arg->takes, flag ? NULL : &q->values[i], flag ? &flags[i] : NULL, arg->help };
	}
	remote_options(r, common);
	for (size_t i = q->row->everywhere; i < REMOTE_OPTIONS; i++) /* --sandbox comes first */
		if (!has_arg(q->row, common[i].name))
			rows[n++] = common[i];
	return n;
}

/* How long the server may take to answer. */
static int64_t asked_wait_ms(const struct verb_request *q)
{
	enum { USUAL_MS = 10 * 1000, MOST_MS = 10 * 60 * 1000 };
	int64_t ms = USUAL_MS;
	const char *told = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(q->body, "timeout"));
	if (!q->row->waits)
		return 0;
	return told && duration_parse(told, &ms) && ms > MOST_MS ? MOST_MS : ms;
}

static int run_row(struct arena *a, const struct verb *v, const struct verb_row *row, int argc, char **argv, struct buf *why)
{
	struct verb_request q = { .arena = a, .row = row };
	struct option_row options[VERB_ARGS + REMOTE_OPTIONS];
	struct http_reply reply;
	struct pair_list pairs = { 0 };
	struct remote r;
	bool flags[VERB_ARGS] = { false };
	const char **words = arena_alloc(a, ((size_t)argc + 1) * sizeof *words);
	size_t word_count = 0;

	remote_defaults(&r);
	size_t option_count = list_options(&q, flags, &r, options);
	if (!args_read(options, option_count, argc, argv, words, &word_count, why))
		return STATUS_FAILED;
	if (r.help) {
		print_row_help(v, row, options, option_count);
		return STATUS_OK;
	}
	for (size_t i = 0; row->args[i].name; i++)
		if (flags[i])
			q.values[i] = "";
	if (!place_words(&q, words, word_count, &pairs, why) || !fill_body(&q, &pairs, why))
		return STATUS_FAILED;
	const struct remote_body body = body_to_send(&q);
	r.waits_ms = asked_wait_ms(&q);
	if (!remote_ask(a, &r, row->method, path_of(&q, &r), &body, &reply, why))
		return STATUS_FAILED;
	return show(&q, &r, &reply, why);
}

static int run(struct arena *a, const struct verb *v, int argc, char **argv, struct buf *why)
{
	int skip;
	if (argc > 1 && str_is(argv[1], "--help") && v->row_count > 1) {
		print_verb_help(v);
		return STATUS_OK;
	}
	const struct verb_row *row = choose_row(v, argc, argv, &skip, why);
	return row ? run_row(a, v, row, argc - skip, argv + skip, why) : STATUS_FAILED;
}

int verb_run(const struct verb *v, int argc, char **argv)
{
	struct arena *a = arena_new();
	struct buf why;
	buf_init(&why, WHY_MAX);
	int status = run(a, v, argc, argv, &why);
	if (why.len)
		fprintf(stderr, "cbsmock %s: %s\n", v->name, why.data);
	buf_finish(&why);
	arena_free(a);
	return status;
}
