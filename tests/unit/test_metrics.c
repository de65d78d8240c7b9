/* The counters behind /metrics, and what may be changed of a mock while it is in use. */
#include "gateway/metrics.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "gateway/mock_internal.h"
#include "run.h"
#include "util/str.h"
#include "world.h"

enum { TEXT_MAX = 1024 * 1024 };

static struct test_world *w;

static void begin(void)
{
	w = world_open();
}

static void end(void)
{
	world_close(w);
}

/* The value of the sample that begins so; -1 when there is none. */
static double sample(const char *name)
{
	struct buf text;
	double value = -1;
	buf_init(&text, TEXT_MAX);
	mock_metrics(w->mock, &text);
	ck_assert(!text.overflow);
	for (char *line = text.data; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (str_prefix(line, name) && line[strlen(name)] == ' ')
			value = strtod(line + strlen(name), NULL);
	buf_finish(&text);
	return value;
}

#define ck_sample(name, wanted) ck_assert_double_eq_tol(sample(name), wanted, 1e-9)

START_TEST(requests_are_counted_by_action_and_code)
{
	ck_sample("cbsmock_requests_total{action=\"DescribeDisks\",code=\"OK\"}", -1);
	world_call(w, "DescribeDisks", "{}");
	world_call(w, "DescribeDisks", "{\"Limit\":1}");
	world_call(w, "CreateSnapshot", "{\"DiskId\":\"disk-nothere1\"}");
	world_call(w, "NoSuchAction", "{}");
	ck_sample("cbsmock_requests_total{action=\"DescribeDisks\",code=\"OK\"}", 2);
	ck_sample("cbsmock_requests_total{action=\"CreateSnapshot\",code=\"InvalidDiskId.NotFound\"}", 1);
	ck_sample("cbsmock_requests_total{action=\"other\",code=\"InvalidAction\"}", 1);
}
END_TEST

START_TEST(what_was_refused_early_is_counted_under_its_action)
{
	w->sender.secret_key = "wrong";
	world_call(w, "DescribeDisks", "{}");
	ck_sample("cbsmock_requests_total{action=\"DescribeDisks\",code=\"AuthFailure.SignatureFailure\"}", 1);
}
END_TEST

START_TEST(a_request_without_an_action_is_counted_too)
{
	world_send(w, world_bare(w, "POST", "/", ""));
	world_send(w, world_bare(w, "PUT", "/", ""));
	ck_sample("cbsmock_request_duration_seconds_count{action=\"other\"}", 2);
}
END_TEST

/* Each bucket holds those below it; the last one holds all. */
START_TEST(durations_add_up)
{
	struct metrics *t = w->mock->metrics;
	struct request *r = request_new();
	const int64_t took_us[] = { 10, 50, 51, 100000, 100001, 5000000 };
	r->action = "DescribeDisks";
	for (size_t i = 0; i < sizeof took_us / sizeof took_us[0]; i++) {
		r->took_us = took_us[i];
		metrics_count(t, r);
	}
	request_free(r);
	ck_sample("cbsmock_request_duration_seconds_bucket{action=\"DescribeDisks\",le=\"5e-05\"}", 2);
	ck_sample("cbsmock_request_duration_seconds_bucket{action=\"DescribeDisks\",le=\"0.0001\"}", 3);
	ck_sample("cbsmock_request_duration_seconds_bucket{action=\"DescribeDisks\",le=\"0.1\"}", 4);
	ck_sample("cbsmock_request_duration_seconds_bucket{action=\"DescribeDisks\",le=\"+Inf\"}", 6);
	ck_sample("cbsmock_request_duration_seconds_count{action=\"DescribeDisks\"}", 6);
	ck_sample("cbsmock_request_duration_seconds_sum{action=\"DescribeDisks\"}", 5.200112);
}
END_TEST

START_TEST(journals_are_summed)
{
	ck_sample("cbsmock_sandboxes", 1);
	world_call(w, "DescribeDisks", "{}");
	ck_sample("cbsmock_journal_entries", 1);
	ck_sample("cbsmock_journal_dropped", 0);
}
END_TEST

/* ---- another configuration ------------------------------------------------------------------------------------------- */

static struct mock_config configured(void)
{
	struct mock_config config;
	mock_config_default(&config);
	return config;
}

START_TEST(live_settings_change)
{
	struct mock_config config = configured();
	char hosts[] = "mock.example.com";
	w->sender.secret_key = "wrong";
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "AuthFailure.SignatureFailure");
	config.signature = SIGNATURE_OFF;
	config.public_hosts = hosts;
	mock_reconfigure(w->mock, &config);
	memset(hosts, 'x', sizeof hosts - 1); /* texts are copied */
	ck_assert_str_eq(world_call(w, "DescribeDisks", "{}").code, "");
	ck_assert_str_eq(w->mock->config->public_hosts, "mock.example.com");
}
END_TEST

START_TEST(sandboxes_follow_where_they_have_nothing_of_their_own)
{
	struct mock_config config = configured();
	config.dialect = DIALECT_CURRENT;
	config.transitions[TRANSITION_SNAPSHOT_CREATE] = (struct transition_rule){ .progression = PROGRESS_IMMEDIATE, .ms = 0 };
	mock_reconfigure(w->mock, &config);
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(world_call(w, "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\"}").response,
	                                                            "SnapshotId"));
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(w->mock->sandbox->settings.dialect, DIALECT_CURRENT);
	ck_assert_str_eq(world_call(w, "CreateSnapshot", "{\"DiskId\":\"disk-lzrg2pwi\"}").code, ""); /* the first one is no longer CREATING */
}
END_TEST

START_TEST(journals_are_bounded_anew)
{
	struct mock_config config = configured();
	for (int i = 0; i < 5; i++)
		world_call(w, "DescribeDisks", "{}");
	config.journal_entries = 2;
	mock_reconfigure(w->mock, &config);
	ck_sample("cbsmock_journal_entries", 2);
	ck_sample("cbsmock_journal_dropped", 3);
	world_call(w, "DescribeDisks", "{}");
	ck_sample("cbsmock_journal_entries", 2);
}
END_TEST

START_TEST(the_rest_stays)
{
	struct mock_config config = configured();
	config.data_dir = "elsewhere";
	config.fixture_path = "another.json";
	config.seed = 99;
	config.durability = DURABLE_POWER;
	mock_reconfigure(w->mock, &config);
	ck_assert_ptr_null(w->mock->config->data_dir);
	ck_assert_ptr_null(w->mock->config->fixture_path);
	ck_assert_uint_eq(w->mock->config->seed, 0);
	ck_assert_int_eq(w->mock->config->durability, DURABLE_OS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tc = tcase_create("metrics");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, requests_are_counted_by_action_and_code);
	tcase_add_test(tc, what_was_refused_early_is_counted_under_its_action);
	tcase_add_test(tc, a_request_without_an_action_is_counted_too);
	tcase_add_test(tc, durations_add_up);
	tcase_add_test(tc, journals_are_summed);
	tcase_add_test(tc, live_settings_change);
	tcase_add_test(tc, sandboxes_follow_where_they_have_nothing_of_their_own);
	tcase_add_test(tc, journals_are_bounded_anew);
	tcase_add_test(tc, the_rest_stays);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
