/* What the main of every unit test does: run one suite, print what failed, say whether all is well. */
#ifndef CBSMOCK_TESTS_UNIT_RUN_H
#define CBSMOCK_TESTS_UNIT_RUN_H

#include <check.h>
#include <stdlib.h>

static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A test case that runs each function once. */
static inline void add_case(Suite *suite, const char *name, const TTest *const *tests, size_t count)
{
	TCase *tc = tcase_create(name);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
