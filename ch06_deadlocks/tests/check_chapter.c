/*
 * check_chapter.c - runs the tests of this chapter, each in a process of its own.
 * CK_RUN_CASE=red_blue tests/check_chapter runs the cases of one piece.
 */
#include "cases.h"

#include <stdlib.h>

int main(void)
{
    Suite *suite = suite_create("ch06_deadlocks");
    suite_add_tcase(suite, red_blue_cases());
    suite_add_tcase(suite, trains_cases());
    suite_add_tcase(suite, lock_watch_cases());

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    // None at all: CK_RUN_CASE names no case there is.
    bool passed = srunner_ntests_run(runner) > 0 && srunner_ntests_failed(runner) == 0;
    srunner_free(runner);
    return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
