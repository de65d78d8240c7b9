/* The tables and small rules behind the snapshot actions: moves, percent, quota, and that tables agree with the model. */
#include <string.h>

#include "run.h"

#include "cbs/cbs.h"
#include "cbs/create_snapshot.h"
#include "cbs/guard.h"
#include "cbs/settle.h"
#include "cbs/snapshot.h"
#include "util/str.h"

START_TEST(moves)
{
	static const enum snapshot_state legal[][2] = {
		{ SNAPSHOT_CREATING, SNAPSHOT_NORMAL },
		{ SNAPSHOT_NORMAL, SNAPSHOT_ROLLBACKING },
		{ SNAPSHOT_ROLLBACKING, SNAPSHOT_NORMAL },
		{ SNAPSHOT_NORMAL, SNAPSHOT_TORECYCLE },
		{ SNAPSHOT_TORECYCLE, SNAPSHOT_NORMAL },
		{ SNAPSHOT_COPYING_FROM_REMOTE, SNAPSHOT_CHECKING_COPIED },
		{ SNAPSHOT_CHECKING_COPIED, SNAPSHOT_NORMAL },
	};
	size_t count = 0;
	for (enum snapshot_state from = 0; from < N_SNAPSHOT_STATES; from++) {
		for (enum snapshot_state to = 0; to < N_SNAPSHOT_STATES; to++)
			count += snapshot_can_move(from, to);
	}
	for (size_t i = 0; i < LENGTH(legal); i++)
		ck_assert(snapshot_can_move(legal[i][0], legal[i][1]));
	ck_assert_uint_eq(count, LENGTH(legal));
}
END_TEST

START_TEST(percent)
{
	ck_assert_int_eq(transition_percent(1000, 3000, 1000), 0);
	ck_assert_int_eq(transition_percent(1000, 3000, 1019), 0);
	ck_assert_int_eq(transition_percent(1000, 3000, 1020), 1);
	ck_assert_int_eq(transition_percent(1000, 3000, 2000), 50);
	ck_assert_int_eq(transition_percent(1000, 3000, 2999), 99);
	/* A clock that was set back, or moved on before anything settled. */
	ck_assert_int_eq(transition_percent(1000, 3000, 0), 0);
	ck_assert_int_eq(transition_percent(1000, 3000, 9000), 99);
	/* No end. */
	ck_assert_int_eq(transition_percent(1000, INT64_MAX, 9000), 0);
	ck_assert_int_eq(transition_percent(1000, 0, 9000), 0);
	ck_assert_int_eq(transition_percent(1000, 1000, 9000), 0);
}
END_TEST

START_TEST(ends)
{
	struct transition_rule rules[N_TRANSITIONS] = { { .progression = PROGRESS_TIME } };
	struct call c = { .now_ms = 5000, .transitions = rules };
	rules[TRANSITION_SNAPSHOT_CREATE] = (struct transition_rule){ .progression = PROGRESS_TIME, .ms = 2000 };
	ck_assert_int_eq(transition_end(&c, TRANSITION_SNAPSHOT_CREATE), 7000);
	rules[TRANSITION_SNAPSHOT_CREATE] = (struct transition_rule){ .progression = PROGRESS_IMMEDIATE, .ms = 2000 };
	ck_assert_int_eq(transition_end(&c, TRANSITION_SNAPSHOT_CREATE), 5000);
	rules[TRANSITION_SNAPSHOT_CREATE] = (struct transition_rule){ .progression = PROGRESS_MANUAL, .ms = 2000 };
	ck_assert(transition_end(&c, TRANSITION_SNAPSHOT_CREATE) == INT64_MAX);
}
END_TEST

START_TEST(region_quota)
{
	struct world w = { .snapshot_quota_base = 64, .snapshot_quota_per_disk = 64 };
	ck_assert_int_eq(snapshot_region_quota(&w, &(struct usage){ .disks = 0 }), 64);
	ck_assert_int_eq(snapshot_region_quota(&w, &(struct usage){ .disks = 3 }), 256);
	ck_assert_int_eq(snapshot_region_quota(&w, &(struct usage){ .disks = 3, .snapshot_quota = 7 }), 7);
}
END_TEST

/* ---- tables -------------------------------------------------------------------------------------------------------------- */

START_TEST(actions)
{
	for (size_t i = 0; i < cbs_action_count; i++) {
		const struct action *row = cbs_actions[i];
		ck_assert(row->run != NULL);
		ck_assert_ptr_eq(cbs_action_find(row->name), row);
		ck_assert_msg(model_find(cbs_model, cbs_model_count, row->name) != NULL, "%s is not in the model", row->name);
		ck_assert(i == 0 || strcmp(cbs_actions[i - 1]->name, row->name) < 0);
		ck_assert_msg(row->writes != str_prefix(row->name, "Describe"), "does %s write?", row->name);
	}
	ck_assert_ptr_null(cbs_action_find("CreateSnapshots"));
	ck_assert_ptr_null(cbs_action_find(""));
}
END_TEST

static bool documented(const char *code)
{
	const struct model_action *action = model_find(cbs_model, cbs_model_count, "CreateSnapshot");
	for (const char *const *row = action->errors; *row != NULL; row++) {
		if (str_is(*row, code))
			return true;
	}
	return false;
}

static bool has_guard(const char *code)
{
	const struct guard *guards = create_snapshot_guards.rows;
	for (size_t i = 0; i < create_snapshot_guards.count; i++) {
		if (str_is(err_code(guards[i].classic), code) || str_is(err_code(guards[i].current), code))
			return true;
	}
	return false;
}

START_TEST(guards_and_documents)
{
	size_t codes = 0;
	const struct guard *guards = create_snapshot_guards.rows;
	for (size_t i = 0; i < create_snapshot_guards.count; i++) {
		ck_assert(documented(err_code(guards[i].classic)) || err_kind(guards[i].classic) == GATEWAY);
		ck_assert(documented(err_code(guards[i].current)) || err_kind(guards[i].current) == GATEWAY);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(guards[i].name, guards[j].name);
	}
	/* MissingParameter is the gateway's: it holds the call against the model before the action sees it. */
	const char *const *row = model_find(cbs_model, cbs_model_count, "CreateSnapshot")->errors;
	for (; *row != NULL; row++, codes++)
		ck_assert_msg(has_guard(*row) || str_is(*row, "MissingParameter"), "no guard gives %s", *row);
	ck_assert_uint_eq(codes, 26);
}
END_TEST

/* ---- the walk along a table ------------------------------------------------------------------------------------------------ */

static bool never(struct call *c, const void *subject)
{
	(void)c, (void)subject;
	return false;
}

static bool when_set(struct call *c, const void *subject)
{
	const bool *set = subject;
	if (*set)
		call_because(c, "it is set");
	return *set;
}

static bool in_own_words(struct call *c, const void *subject)
{
	(void)subject;
	call_fail_text(c, TEXT_DISK_NOT_FOUND, "disk-12345678", NULL);
	return true;
}

START_TEST(walk)
{
	static const struct guard table[] = {
		{ "never", never, BOTH_DIALECTS(ERR_RESOURCE_BUSY) },
		{ "when_set", when_set, ERR_INVALID_DISK_BUSY, ERR_RESOURCE_IN_USE },
		{ "in_own_words", in_own_words, BOTH_DIALECTS(ERR_INVALID_DISK_ID_NOT_FOUND) },
	};
	struct arena *a = arena_new();
	bool set = true, unset = false;
	struct call classic = { .arena = a, .dialect = DIALECT_CLASSIC }, current = { .arena = a, .dialect = DIALECT_CURRENT };
	ck_assert_int_eq(guards_check(&classic, table, LENGTH(table), &set), VERDICT_FAIL);
	ck_assert_int_eq(guards_check(&current, table, LENGTH(table), &set), VERDICT_FAIL);
	ck_assert_str_eq(classic.error.code, "InvalidDisk.Busy");
	ck_assert_str_eq(current.error.code, "ResourceInUse");
	ck_assert_str_eq(current.guard, "when_set");
	ck_assert_str_eq(current.error.because, "it is set");

	struct call worded = { .arena = a };
	ck_assert_int_eq(guards_check(&worded, table, LENGTH(table), &unset), VERDICT_FAIL);
	ck_assert_str_eq(worded.error.message, "The disk `disk-12345678` does not exist.");
	struct call passed = { .arena = a };
	ck_assert_int_eq(guards_check(&passed, table, 2, &unset), VERDICT_OK);
	ck_assert_ptr_null(passed.guard);
	arena_free(a);
}
END_TEST

int main(void)
{
	const TTest *const rules[] = { moves, percent, ends, region_quota };
	const TTest *const tables[] = { actions, guards_and_documents, walk };
	Suite *suite = suite_create("snapshots");
	add_case(suite, "rules", rules, LENGTH(rules));
	add_case(suite, "tables", tables, LENGTH(tables));
	return run_suite(suite);
}
