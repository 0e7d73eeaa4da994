/*
 * check_chapter.c - runs the tests of this chapter, each in a process of its own.
 * CK_RUN_CASE=speedup tests/check_chapter runs the cases of one program.
 */
#include "cases.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("ch01_intro");
    suite_add_tcase(suite, race_condition_cases());
    suite_add_tcase(suite, processes_and_threads_cases());
    suite_add_tcase(suite, speedup_cases());

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    // None at all: CK_RUN_CASE names no case there is.
    bool passed = srunner_ntests_run(runner) > 0 && srunner_ntests_failed(runner) == 0;
    srunner_free(runner);
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
