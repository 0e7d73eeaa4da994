/*
 * test_solutions.c - the solutions of the exercises: nothing missing, a signal lost, an order kept.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

#define SOLUTION OUT "/beyond/solutions/"

START_TEST(test_two_spendies)
{
    int small = -1, large = -1, left = -1, end = 0;
    ck_assert_int_eq(run(SOLUTION "two_spendies"), 0);
    ck_assert_int_eq(sscanf(printed,
                            "20 was withdrawn %d times\n50 was withdrawn %d times\n"
                            "%d left, 0 missing\n%n",
                            &small, &large, &left, &end),
                     3);
    ck_assert_int_eq(end, (int)strlen(printed));
    ck_assert_int_lt(left, 20); // neither sleeps while there is enough for it
    ck_assert_int_eq(20 * small + 50 * large + left, 10000);
}
END_TEST

START_TEST(test_flag_without_lock)
{
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(run(SOLUTION "flag_without_lock"), 0);
        ck_assert_str_eq(printed, "Without the lock:\n"
                                  "  main: not ready yet\n"
                                  "  signaller: ready, signals\n"
                                  "  main: slept for a second, though it was ready\n"
                                  "With the lock:\n"
                                  "  main: not ready yet\n"
                                  "  signaller: ready, signals\n"
                                  "  main: woken\n");
    }
}
END_TEST

START_TEST(test_fair_rw_lock)
{
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run(SOLUTION "fair_rw_lock"), 0);
        ck_assert_str_eq(printed, "reader 1 enters: 1 readers, 0 writers inside\n"
                                  "writer 1 enters: 0 readers, 1 writers inside\n"
                                  "reader 2 enters: 1 readers, 0 writers inside\n"
                                  "reader 3 enters: 2 readers, 0 writers inside\n"
                                  "writer 2 enters: 0 readers, 1 writers inside\n"
                                  "writer 3 enters: 0 readers, 1 writers inside\n"
                                  "reader 4 enters: 1 readers, 0 writers inside\n");
    }
}
END_TEST

TCase *solutions_cases(void)
{
    TCase *cases = tcase_create("solutions");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_two_spendies);
    tcase_add_test(cases, test_flag_without_lock);
    tcase_add_test(cases, test_fair_rw_lock);
    return cases;
}
