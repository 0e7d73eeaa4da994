/*
 * test_stingy_spendy_ends.c - no money is spent before it is there, and both threads end.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

START_TEST(test_ends_with_nothing)
{
    // Spendy may still see some balances after stingy is done.
    ck_assert_int_eq(run("stingy_spendy_ends | grep -v sees"), 0);
    ck_assert_str_eq(printed,
                     "Stingy Done\nSpendy could not make 495 withdrawals\nSpendy Done\n0\n");
}
END_TEST

/* Every line follows from the one before: plus 10 or minus 20, from 100 on, and never below 0. */
START_TEST(test_every_balance)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(run("stingy_spendy_ends -n 100 | awk 'BEGIN { balance = 100 } "
                             "/sees/ { balance += /^Stingy sees balance of  [0-9]+$/ ? 10 : "
                             "/^Spendy sees balance of  [0-9]+$/ ? -20 : 1; n[$1]++; "
                             "if ($5 != balance || balance < 0) exit 1 } "
                             "END { print n[\"Stingy\"], n[\"Spendy\"], $0 }'"),
                         0);
        ck_assert_str_eq(printed, "100 55 0\n");
    }
}
END_TEST

START_TEST(test_other_numbers_of_rounds)
{
    static const struct {
        int rounds, missing, balance;
    } cases[] = {{1, 0, 90}, {9, 0, 10}, {10, 0, 0}, {11, 1, 10}, {12, 1, 0}, {13, 2, 10}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(
            run("stingy_spendy_ends -n %d | grep -v -e 'Done' -e 'sees'", cases[i].rounds), 0);
        char expected[100];
        if (cases[i].missing == 0)
            snprintf(expected, sizeof expected, "%d\n", cases[i].balance);
        else
            snprintf(expected, sizeof expected, "Spendy could not make %d withdrawals\n%d\n",
                     cases[i].missing, cases[i].balance);
        ck_assert_str_eq(printed, expected);
    }
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] = "usage: stingy_spendy_ends [-n rounds]\n";
    static const char *const wrong[] = {"-n 0", "-n x", "-n ''", "-n 1000001", "-n",
                                        "-i",   "-x",   "a",     "-- -n"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("stingy_spendy_ends %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("stingy_spendy_ends -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("stingy_spendy_ends | head -n 1"), 0);
    ck_assert_int_eq(run("stingy_spendy_ends -n 20 >&-"), 1);
    ck_assert_str_eq(printed, "stingy_spendy_ends: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("stingy_spendy_ends -n 20 >/dev/full"), 1);
    ck_assert_str_eq(printed, "stingy_spendy_ends: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; stingy_spendy_ends"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *stingy_spendy_ends_cases(void)
{
    TCase *cases = tcase_create("stingy_spendy_ends");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_ends_with_nothing);
    tcase_add_test(cases, test_every_balance);
    tcase_add_test(cases, test_other_numbers_of_rounds);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    if (is_possible("stingy_spendy_ends on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("stingy_spendy_ends without a thread", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
