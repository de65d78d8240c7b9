/* Runs fixtures/cases: a file is a test, named by its path. README.md beside the cases tells what a file may say. */
#include <check.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"
#include "conform.h"
#include "match.h"
#include "util/str.h"
#include "util/wiretime.h"

enum {
	CASES_MOST = 1024,
	WHY_MAX = 3000, /* Check takes no longer message */
};

static struct arena *lasting; /* for what all tests share */
static const char *paths[CASES_MOST];
static int path_count;

/* ---- one case ------------------------------------------------------------------------------------------------------------ */

struct run {
	struct arena *arena;
	struct test_world *world;
	const cJSON *model, *file;
	cJSON *names; /* "$name": value */
	struct buf why;
	const char *path;
	int step;
};

/* Ends the test; `why` may have said something already. */
static void __attribute__((format(printf, 2, 3), noreturn)) stop(struct run *run, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vprintf(&run->why, format, args);
	va_end(args);
	ck_abort_msg("%s, step %d: %s", run->path, run->step, run->why.data);
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text_or(const cJSON *object, const char *name, const char *usual)
{
	const char *text = cJSON_GetStringValue(member(object, name));
	return text != NULL ? text : usual;
}

static enum dialect dialect_named(const char *name)
{
	ck_assert_msg(str_is(name, "classic") || str_is(name, "current"), "there is no dialect %s", name);
	return str_is(name, "classic") ? DIALECT_CLASSIC : DIALECT_CURRENT;
}

static struct transition_rule rule_named(const char *text)
{
	int64_t ms = 0;
	if (str_is(text, "immediate"))
		return (struct transition_rule){ .progression = PROGRESS_IMMEDIATE, .ms = 0 };
	if (str_is(text, "manual"))
		return (struct transition_rule){ .progression = PROGRESS_MANUAL, .ms = 0 };
	ck_assert_msg(duration_parse(text, &ms), "%s is no transition", text);
	return (struct transition_rule){ .progression = PROGRESS_TIME, .ms = ms };
}

static void set_transition(struct mock_config *config, const char *name, const char *text)
{
	for (int i = 0; i < N_TRANSITIONS; i++) {
		if (str_is(transition_names[i], name)) {
			config->transitions[i] = rule_named(text);
			return;
		}
	}
	ck_abort_msg("there is no transition %s", name);
}

static void open_world(struct run *run)
{
	struct mock_config config;
	mock_config_default(&config);
	config.fixture_path = client_path(run->arena, "fixtures/cases/world.json");
	config.dialect = dialect_named(text_or(run->file, "dialect", "classic"));
	config.rate_factor = cJSON_IsTrue(member(run->file, "rate_limits")) ? 1 : 0;
	config.seed = 1;
	const cJSON *transition;
	cJSON_ArrayForEach(transition, member(run->file, "transitions"))
		set_transition(&config, transition->string, cJSON_GetStringValue(transition));
	int64_t now = 0;
	const char *text = text_or(run->file, "now", "2026-01-01T00:00:00Z");
	ck_assert_msg(wiretime_parse(text, &now), "%s is no time", text);
	run->world = world_open_with(&config);
	client_freeze_at(run->world, now);
	client_apply(run->world, member(run->file, "fixture"));
}

/* ---- steps ----------------------------------------------------------------------------------------------------------------- */

static void keep_event(void *data, const struct cbs_event *e)
{
	char at[WIRETIME_SIZE];
	wiretime_utc(e->at_ms, at);
	cJSON *event = cJSON_CreateObject();
	cJSON_AddStringToObject(event, "At", at);
	cJSON_AddStringToObject(event, "Resource", e->resource);
	cJSON_AddStringToObject(event, "From", e->from);
	cJSON_AddStringToObject(event, "To", e->to);
	if (e->policy)
		cJSON_AddStringToObject(event, "Policy", e->policy);
	if (e->skipped)
		cJSON_AddStringToObject(event, "Skipped", e->skipped);
	cJSON_AddItemToArray(data, event);
}

static void check_events(struct run *run, const cJSON *step, cJSON *events)
{
	const cJSON *want = member(step, "events");
	if (want != NULL && !match(want, events, run->names, &run->why))
		stop(run, " (of the events)");
	cJSON_Delete(events);
}

static void do_advance(struct run *run, const cJSON *step)
{
	struct vclock clock;
	int64_t by = 0, now;
	cJSON *events = cJSON_CreateArray();
	if (!duration_parse(text_or(step, "advance", ""), &by) ||
	    !mock_clock(run->world->mock, "default", CLOCK_ADVANCE, by, &clock, &now, keep_event, events))
		stop(run, "the clock does not move by %s", text_or(step, "advance", "?"));
	check_events(run, step, events);
}

static void do_finish(struct run *run, const cJSON *step)
{
	cJSON *filled = fill_in(step, run->names);
	cJSON *events = cJSON_CreateArray();
	if (!mock_finish_transition(run->world->mock, "default", text_or(filled, "finish", ""), keep_event, events))
		stop(run, "%s is in no transition", text_or(filled, "finish", "?"));
	cJSON_Delete(filled);
	check_events(run, step, events);
}

static void do_fixture(struct run *run, const cJSON *step)
{
	cJSON *filled = fill_in(member(step, "fixture"), run->names);
	client_apply(run->world, filled);
	cJSON_Delete(filled);
}

static void do_dialect(struct run *run, const cJSON *step)
{
	mock_set_dialect(run->world->mock, "default", dialect_named(text_or(step, "dialect", "")));
}

static void check_success(struct run *run, const cJSON *step, const struct answer *answer)
{
	const cJSON *want = member(step, "expect");
	if (*answer->code != '\0')
		stop(run, "refused: %s", client_text(answer));
	cJSON *fields = cJSON_Duplicate(answer->response, true);
	cJSON_DeleteItemFromObjectCaseSensitive(fields, "RequestId");
	if (want != NULL && !match(want, fields, run->names, &run->why))
		stop(run, " in %s", client_text(answer));
	cJSON_Delete(fields);
}

static void check_refusal(struct run *run, const cJSON *step, const struct answer *answer)
{
	const char *code = text_or(step, "error", ""), *guard = text_or(step, "guard", NULL), *words = text_or(step, "says", "");
	if (*answer->code == '\0')
		stop(run, "not refused: %s", client_text(answer));
	if (!str_is(answer->code, code))
		stop(run, "expected %s, got %s", code, client_text(answer));
	if (guard != NULL && !str_is(guard, client_guard(answer)))
		stop(run, "refused by the guard %s", client_guard(answer));
	if (strstr(answer->message, words) == NULL)
		stop(run, "the message is: %s", answer->message);
}

static void set_caller(struct run *run, const cJSON *step)
{
	struct sender *s = &run->world->sender;
	const char *as = text_or(step, "as", NULL), *lang = text_or(step, "lang", text_or(run->file, "lang", "en"));
	s->secret_id = as != NULL ? as : WORLD_ID;
	s->secret_key = as != NULL ? as : WORLD_KEY; /* the other keys of the cases' world are their names */
	s->region = text_or(step, "region", "ap-guangzhou");
	s->language = str_is(lang, "zh") ? "zh-CN" : "en-US";
}

static void do_call(struct run *run, const cJSON *step)
{
	cJSON *params = fill_in(member(step, "params"), run->names);
	struct ask ask = { .action = text_or(step, "call", ""), .params = params };
	set_caller(run, step);
	struct answer answer = client_call(run->world, &ask);
	if (!conform(run->model, ask.action, answer.response, &run->why))
		stop(run, " in %s", client_text(&answer));
	if (member(step, "error") != NULL)
		check_refusal(run, step, &answer);
	else
		check_success(run, step, &answer);
	cJSON_Delete(params);
}

static const struct {
	const char *member;
	void (*run)(struct run *run, const cJSON *step);
} verbs[] = {
	{ "call", do_call }, { "advance", do_advance }, { "finish", do_finish }, { "fixture", do_fixture }, { "dialect", do_dialect },
};

static void do_step(struct run *run, const cJSON *step)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (member(step, verbs[i].member) != NULL) {
			verbs[i].run(run, step);
			return;
		}
	}
	stop(run, "says nothing to do");
}

/* A slip in a member's name would make a case that checks nothing. */
static void check_members(struct run *run, const cJSON *object, const char *const *known)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, object) {
		const char *const *name = known;
		while (*name != NULL && !str_is(*name, item->string))
			name++;
		if (*name == NULL)
			stop(run, "the member %s is not known", item->string);
	}
}

static const char *const file_members[] = {
	"about", "now", "dialect", "lang", "transitions", "fixture", "rate_limits", "steps", NULL,
};
static const char *const step_members[] = {
	"call", "params", "as", "region", "lang", "expect", "error", "guard", "says", "advance", "events", "finish", "fixture",
	"dialect", NULL,
};

START_TEST(case_file)
{
	struct run run = { .arena = arena_new(), .names = cJSON_CreateObject(), .path = paths[_i] };
	buf_init(&run.why, WHY_MAX);
	run.model = client_read_json(run.arena, "schema/cbs-model.json");
	run.file = client_read_json(run.arena, run.path);
	check_members(&run, run.file, file_members);
	open_world(&run);
	const cJSON *step;
	cJSON_ArrayForEach(step, member(run.file, "steps")) {
		run.step++;
		check_members(&run, step, step_members);
		do_step(&run, step);
	}
	ck_assert_msg(run.step > 0, "%s has no steps", run.path);
	world_close(run.world);
	cJSON_Delete(run.names);
	buf_finish(&run.why);
	arena_free(run.arena);
}
END_TEST

/* ---- all of them ------------------------------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void find_files(const char *folder, bool inside)
{
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return;
	const struct dirent *entry;
	while ((entry = readdir(dir)) != NULL) {
		struct stat st;
		const char *path = arena_printf(lasting, "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] == '.' || stat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			find_files(path, true);
		else if (inside && str_suffix(path, ".json") && path_count < CASES_MOST)
			paths[path_count++] = path;
	}
	closedir(dir);
}

int main(void)
{
	lasting = arena_new();
	const char *folder = client_path(lasting, "fixtures/cases");
	find_files(folder, false);
	if (path_count == 0) {
		fprintf(stderr, "no cases in %s\n", folder);
		return EXIT_FAILURE;
	}
	qsort(paths, (size_t)path_count, sizeof paths[0], by_text);
	Suite *suite = suite_create("cases");
	for (int i = 0; i < path_count; i++) {
		TCase *tc = tcase_create(paths[i] + strlen(folder) + 1);
		tcase_add_loop_test(tc, case_file, i, i + 1);
		suite_add_tcase(suite, tc);
	}
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	arena_free(lasting);
	return failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
