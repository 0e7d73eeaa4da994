/*
 * test_quiz.c - the quiz runs its questions for real, and gets over those that block.
 */
#include "cases.h"

#include <string.h>

/* Main is woken, the child is not let go before main unlocks; then it is. On every run. */
START_TEST(test_run_main_thread)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(run("quiz -y RunMainThread"), 0);
        ck_assert(strstr(printed,
                         "Running it:\nRunMainThread, Running\nNothing more in a second.") != NULL);
        ck_assert(strstr(printed, "to end this:\nRunChildThread, Running\n\nThe answer is b.") !=
                  NULL);
    }
}
END_TEST

START_TEST(test_ours)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(run("quiz -y OneSignal"), 0);
        ck_assert(strstr(printed, "After a second 1 of 3 are through, and 2 sleep") != NULL);
    }
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(run("quiz -y OneLoaf"), 0);
        ck_assert(strstr(printed, "Running it:\nloaves: -1\n") != NULL);
    }
}
END_TEST

START_TEST(test_answers)
{
    ck_assert_int_eq(run("echo C | quiz oneloaf"), 0);
    ck_assert(strstr(printed, "loaves: -1\n\nRight. The answer is c.") != NULL);
    ck_assert_int_eq(run("echo a | quiz 3"), 0);
    ck_assert(strstr(printed, "\n\nNo. The answer is c.") != NULL);
    ck_assert_int_eq(run("quiz 3 </dev/null"), 0);
    ck_assert(strstr(printed, "\n\nThe answer is c.") != NULL);
    ck_assert_int_eq(run("quiz -y | grep ^Question"), 0);
    ck_assert_str_eq(printed,
                     "Question 1: RunMainThread\nQuestion 2: OneSignal\nQuestion 3: OneLoaf\n");
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("quiz -h"), 0);
    ck_assert_str_eq(printed, "usage: quiz [-y] [QUESTION ...]\n  1  RunMainThread\n"
                              "  2  OneSignal\n  3  OneLoaf\n");
    ck_assert_int_eq(run("quiz -y 1 nonsense"), 2);
    ck_assert_str_eq(printed,
                     "quiz: nonsense: no such question\nusage: quiz [-y] [QUESTION ...]\n");
    ck_assert_int_eq(run("quiz 4"), 2);
    ck_assert_int_eq(run("quiz ''"), 2);
    ck_assert_int_eq(run("quiz -x"), 2);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("quiz -y 3 >/dev/full"), 1);
    ck_assert_str_eq(printed, "quiz: standard output: No space left on device\n");
}
END_TEST

TCase *quiz_cases(void)
{
    TCase *cases = tcase_create("quiz");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_run_main_thread);
    tcase_add_test(cases, test_ours);
    tcase_add_test(cases, test_answers);
    tcase_add_test(cases, test_usage);
    if (is_possible("quiz on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
