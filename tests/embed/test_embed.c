/* The library: many servers in one process, what can go wrong at the start, what is left at the end. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libcbsmock.h>

#include "backup.h"
#include "run.h"

#define DISK "disk-lzrg2pwi"

static struct cbsmock *start(const char *const settings[])
{
	char *why;
	struct cbsmock *c = cbsmock_start(settings, &why);
	ck_assert_msg(c != NULL, "%s", why);
	ck_assert_ptr_null(why);
	return c;
}

/* The words must be in the sentence; frees it. */
static void expect_sentence(char *sentence, const char *words)
{
	ck_assert_ptr_nonnull(sentence);
	ck_assert_msg(strstr(sentence, words) != NULL, "\"%s\" is not in: %s", words, sentence);
	free(sentence);
}

static void expect_refused(const char *setting, const char *words)
{
	const char *const settings[] = { setting, NULL };
	char *why = NULL;
	ck_assert_ptr_null(cbsmock_start(settings, &why));
	expect_sentence(why, words);
}

static int count_entries(const char *folder)
{
	int count = 0;
	DIR *dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* ---- one server ------------------------------------------------------------------------------------------------------ */

START_TEST(the_defaults_give_a_server_on_a_free_port)
{
	char url[64], snapshot[SNAPSHOT_ID_SIZE];
	struct cbsmock *c = start(NULL);
	snprintf(url, sizeof url, "http://127.0.0.1:%d", cbsmock_port(c));
	ck_assert_str_eq(cbsmock_url(c), url);
	ck_assert_int_eq(cbsmock_tls_port(c), -1);
	ck_assert(backup_begin(url, DISK, snapshot));
	cbsmock_stop(c);
}
END_TEST

START_TEST(mistakes_are_told_in_a_sentence)
{
	expect_refused("color=red", "color");
	expect_refused("rate-limit", "name=value");
	expect_refused("dialect=old", "classic|current");
	expect_refused("config=/dev/null", "config");
	expect_refused("fixture=/nonexistent.json", "/nonexistent.json");
	ck_assert_ptr_null(cbsmock_start((const char *const[]){ "port=no", NULL }, NULL));
}
END_TEST

START_TEST(a_port_in_use_is_told)
{
	char port[32];
	struct cbsmock *c = start(NULL);
	snprintf(port, sizeof port, "port=%d", cbsmock_port(c));
	expect_refused(port, "in use");
	cbsmock_stop(c);
}
END_TEST

START_TEST(the_environment_does_not_count)
{
	setenv("CBSMOCK_DIALECT", "nonsense", 1);
	cbsmock_stop(start(NULL));
	unsetenv("CBSMOCK_DIALECT");
}
END_TEST

START_TEST(reset_and_seed_change_the_world)
{
	char snapshot[SNAPSHOT_ID_SIZE], *why = NULL;
	struct cbsmock *c = start(NULL);
	int before = backup_count(cbsmock_url(c));
	ck_assert(backup_begin(cbsmock_url(c), DISK, snapshot));
	ck_assert_int_eq(backup_count(cbsmock_url(c)), before + 1);
	ck_assert(cbsmock_reset(c, &why));
	ck_assert_ptr_null(why);
	ck_assert_int_eq(backup_count(cbsmock_url(c)), before);

	ck_assert(!cbsmock_seed(c, "{\"disks\":7}", &why));
	expect_sentence(why, "disks");
	ck_assert(!cbsmock_clock_advance(c, "soon", &why));
	ck_assert_ptr_nonnull(why);
	free(why);
	cbsmock_stop(c);
}
END_TEST

START_TEST(the_admin_api_is_at_hand)
{
	/* Reachable from outside, so it wants the token; on a port of its own. */
	const char *const settings[] = { "host=0.0.0.0", "admin-token=let-me-in", "admin-port=0", "tls-port=0", NULL };
	char *answer;
	struct cbsmock *c = start(settings);
	ck_assert_int_eq(cbsmock_admin(c, "GET", "/_cbs/clock", NULL, &answer), 200);
	ck_assert_ptr_nonnull(strstr(answer, "now"));
	free(answer);
	ck_assert_int_eq(cbsmock_admin(c, "PUT", "/_cbs/clock", "{\"action\":\"freeze\"}", NULL), 200);
	ck_assert_int_eq(cbsmock_admin(c, "GET", "/_cbs/no-such-thing", NULL, NULL), 404);
	ck_assert_int_eq(cbsmock_admin(c, "GET", "/_cbs/ca.pem", NULL, &answer), 200);
	ck_assert_ptr_nonnull(strstr(answer, "BEGIN CERTIFICATE"));
	free(answer);
	ck_assert_int_gt(cbsmock_tls_port(c), 0);
	cbsmock_stop(c);
}
END_TEST

/* A request must not be able to end the process, nor the server under the pointer that its program holds. */
START_TEST(only_the_program_stops_it)
{
	char snapshot[SNAPSHOT_ID_SIZE], *answer;
	struct cbsmock *c = start(NULL);
	ck_assert_int_eq(cbsmock_admin(c, "POST", "/_cbs/shutdown", NULL, &answer), 409);
	expect_sentence(answer, "cbsmock_stop");
	ck_assert(backup_begin(cbsmock_url(c), DISK, snapshot));
	cbsmock_stop(c);
}
END_TEST

START_TEST(a_data_folder_outlives_the_server)
{
	char folder[] = "/tmp/cbsmock-embed-XXXXXX", data[64], snapshot[SNAPSHOT_ID_SIZE], command[96];
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(data, sizeof data, "data=%s", folder);
	const char *const settings[] = { data, NULL };
	struct cbsmock *c = start(settings);
	ck_assert(backup_begin(cbsmock_url(c), DISK, snapshot));
	cbsmock_stop(c);
	c = start(settings);
	ck_assert(cbsmock_clock_advance(c, "1h", NULL));
	ck_assert(backup_is_complete(cbsmock_url(c), snapshot));
	cbsmock_stop(c);
	snprintf(command, sizeof command, "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

/* ---- many, and what they leave --------------------------------------------------------------------------------------- */

START_TEST(many_servers_do_not_meet)
{
	enum { MANY = 12 };
	struct cbsmock *clouds[MANY];
	char snapshot[SNAPSHOT_ID_SIZE];
	for (int i = 0; i < MANY; i++)
		clouds[i] = start(NULL);
	int before = backup_count(cbsmock_url(clouds[0]));
	for (int i = 0; i < MANY; i++)
		for (int n = 0; n < i % 3; n++) {
			ck_assert(backup_begin(cbsmock_url(clouds[i]), DISK, snapshot));
			ck_assert(cbsmock_clock_advance(clouds[i], "1m", NULL));
		}
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(backup_count(cbsmock_url(clouds[i])), before + i % 3);
	for (int i = 0; i < MANY; i += 2)
		cbsmock_stop(clouds[i]);
	for (int i = 1; i < MANY; i += 2) {
		ck_assert(backup_begin(cbsmock_url(clouds[i]), DISK, snapshot));
		cbsmock_stop(clouds[i]);
	}
}
END_TEST

START_TEST(nothing_is_left_behind)
{
	const char *const settings[] = { "tls-port=0", NULL };
	cbsmock_stop(start(settings)); /* what libraries open once, they may keep */
	int files = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task");
	for (int i = 0; i < 5; i++)
		cbsmock_stop(start(settings));
	expect_refused("fixture=/nonexistent.json", "cannot");
	ck_assert_int_eq(count_entries("/proc/self/fd"), files);
	ck_assert_int_eq(count_entries("/proc/self/task"), threads);
}
END_TEST

/* A signal that the caller blocks waits for the caller: a thread of ours that would take it would end the process. */
START_TEST(signals_stay_with_the_caller)
{
	sigset_t ours, before;
	int taken = 0;
	struct cbsmock *c = start(NULL);
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ours, &before);
	ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
	ck_assert_int_eq(sigwait(&ours, &taken), 0);
	ck_assert_int_eq(taken, SIGTERM);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	cbsmock_stop(c);
}
END_TEST

START_TEST(stopping_nothing_is_fine)
{
	cbsmock_stop(NULL);
	ck_assert_str_ne(cbsmock_version(), "");
}
END_TEST

int main(void)
{
	const TTest *const one[] = {
		the_defaults_give_a_server_on_a_free_port, mistakes_are_told_in_a_sentence, a_port_in_use_is_told,
		the_environment_does_not_count, reset_and_seed_change_the_world, the_admin_api_is_at_hand, only_the_program_stops_it,
		a_data_folder_outlives_the_server,
	};
	const TTest *const many[] = {
		many_servers_do_not_meet, nothing_is_left_behind, signals_stay_with_the_caller, stopping_nothing_is_fine,
	};
	Suite *suite = suite_create("embed");
	add_case(suite, "one", one, LENGTH(one));
	add_case(suite, "many", many, LENGTH(many));
	return run_suite(suite);
}
