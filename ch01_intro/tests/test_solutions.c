/*
 * test_solutions.c - the solutions of the exercises: what is lost, and sums that are right.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

#define SOLUTION OUT "/beyond/solutions/"

/* Under ThreadSanitizer, too: there is no data race, and it is silent. */
START_TEST(test_race_without_data_race)
{
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run(SOLUTION "race_without_data_race"), 0);
        ck_assert_str_eq(printed, "Deposited: 2000. The balance is 1000. Lost: 1000\n");
    }
}
END_TEST

/* Where two threads are faster depends on the machine. The numbers double until then. */
START_TEST(test_break_even)
{
    ck_assert_int_eq(run(SOLUTION "break_even"), 0);
    const char *line = strchr(printed, '\n') + 1;
    long last = 0, wanted = 0;
    double one = 0, two = 0;
    long long sum = -1;
    int length = 0;
    while (sscanf(line, "%ld %lf µs %lf µs %lld\n%n", &last, &one, &two, &sum, &length) == 4) {
        ck_assert_int_eq(last, wanted);
        wanted = wanted == 0 ? 1024 : 2 * wanted;
        ck_assert(one > 0 && two > 0);
        if (last == 1024)
            ck_assert_int_eq(sum, 13638); // the digits of all numbers below 1024
        line += length;
    }
    ck_assert_int_ge(last, 1024);
    if (strcmp(line, "Two threads are never faster: is there only one processor?\n") == 0) {
        ck_assert_int_eq(last, 1 << 20);
    } else {
        long found = 0;
        ck_assert_int_eq(sscanf(line, "Two threads are faster from %ld numbers on\n", &found), 1);
        ck_assert_int_eq(found, last);
        ck_assert(two < one);
    }
}
END_TEST

/* The digits of all numbers below 10^k are 45 * k * 10^(k-1) together. */
START_TEST(test_gustafson)
{
    ck_assert_int_eq(run(SOLUTION "gustafson -t 8 -n 1000 | sed 's/[0-9.]* ms *[0-9.]*/TIME/' | "
                                  "tr -s ' '"),
                     0);
    ck_assert_str_eq(printed, "threads numbers time speed-up Gustafson sum\n"
                              " 1 1000 TIME 1.00 13500\n"
                              " 2 1900 TIME 1.90 26100\n"
                              " 4 3700 TIME 3.70 54000\n"
                              " 8 7300 TIME 7.30 120600\n");
    ck_assert_int_eq(run(SOLUTION "gustafson -t 1 -n 1000000 | tail -n 1 | awk '{ print $NF }'"),
                     0);
    ck_assert_str_eq(printed, "27000000\n");
    ck_assert_int_eq(run(SOLUTION "gustafson -n 99"), 2);
}
END_TEST

TCase *solutions_cases(void)
{
    TCase *cases = tcase_create("solutions");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_race_without_data_race);
    tcase_add_test(cases, test_break_even);
    tcase_add_test(cases, test_gustafson);
    return cases;
}
