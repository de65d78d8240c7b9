/* The README's example: each test of a tool has a cloud of its own, inside the test program. */
#include <stdlib.h>

#include <check.h>
#include <libcbsmock.h>

#include "backup.h"

static struct cbsmock *cloud;

static void start_cloud(void)
{
	const char *const settings[] = { "rate-limit=off", "transition=snapshot.create=2m", NULL };
	char *why;
	cloud = cbsmock_start(settings, &why); /* on a free port, with disk-lzrg2pwi in it */
	ck_assert_msg(cloud != NULL, "%s", why);
}

static void stop_cloud(void)
{
	cbsmock_stop(cloud);
}

START_TEST(backup_waits_for_the_snapshot)
{
	char snapshot[SNAPSHOT_ID_SIZE];
	ck_assert(backup_begin(cbsmock_url(cloud), "disk-lzrg2pwi", snapshot));
	ck_assert(!backup_is_complete(cbsmock_url(cloud), snapshot));
	ck_assert(cbsmock_clock_advance(cloud, "2m", NULL)); /* two minutes of the cloud's time, none of ours */
	ck_assert(backup_is_complete(cbsmock_url(cloud), snapshot));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("backup");
	TCase *group = tcase_create("backup");
	tcase_add_checked_fixture(group, start_cloud, stop_cloud);
	tcase_add_test(group, backup_waits_for_the_snapshot);
	suite_add_tcase(suite, group);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
