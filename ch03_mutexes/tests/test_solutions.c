/*
 * test_solutions.c - the solutions of the exercises: no money is missing, and each lock excludes.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

#define SOLUTION OUT "/beyond/solutions/"

START_TEST(test_never_below_zero)
{
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run(SOLUTION "never_below_zero"), 0);
        ck_assert_str_eq(printed, "Test, then subtract: -10\n"
                                  "Compare and swap: 0\n"
                                  "Deposited: 100000. Withdrawn and left: 100000\n");
    }
}
END_TEST

START_TEST(test_ledger_tries)
{
    for (int i = 0; i < 5; i++) {
        long given_back = -1;
        int end = 0;
        ck_assert_int_eq(run(SOLUTION "ledger_tries"), 0);
        ck_assert_int_eq(sscanf(printed,
                                "400000 transfers, a sum of 300\n"
                                "%ld times a first lock was given back\n%n",
                                &given_back, &end),
                         1);
        ck_assert_int_ge(given_back, 0);
        ck_assert_int_eq(end, (int)strlen(printed));
    }
}
END_TEST

START_TEST(test_ticket_lock)
{
    static const char *const kinds[] = {"spin", "ticket", "spin", "ticket"};
    ck_assert_int_eq(run(SOLUTION "ticket_lock"), 0);
    const char *line = printed;
    for (int i = 0; i < 4; i++) {
        char kind[10];
        int threads = 0, sum = 0, length = 0;
        long transfers = 0;
        ck_assert_int_eq(sscanf(line, "%9s lock %d threads %ld transfers, a sum of %d\n%n", kind,
                                &threads, &transfers, &sum, &length),
                         4);
        ck_assert_str_eq(kind, kinds[i]);
        ck_assert_int_eq(threads, i < 2 ? 4 : 64);
        ck_assert_int_ge(transfers, threads); // each thread makes one at least
        ck_assert_int_eq(sum, 1000);
        line += length;
    }
    ck_assert_str_eq(line, "");
}
END_TEST

TCase *solutions_cases(void)
{
    TCase *cases = tcase_create("solutions");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_never_below_zero);
    tcase_add_test(cases, test_ledger_tries);
    tcase_add_test(cases, test_ticket_lock);
    return cases;
}
