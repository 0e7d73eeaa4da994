/*
 * test_speedup.c - the sum is right however it is shared out, the laws are, and so is what is printed.
 *
 * It includes the program itself, to look at its parts.
 */
#define main speedup_main
#include "../speedup.c"
#undef main

#include "cases.h"

#include <string.h>

/* Below 10^k each digit stands k * 10^(k-1) times: together 45 times as much. */
START_TEST(test_sums)
{
    uint64_t expected = 45;
    long end = 10;
    for (int k = 1; k <= 6; k++, end *= 10) {
        ck_assert_uint_eq(sum_of_digits(0, end), expected * (uint64_t)k);
        expected *= 10;
    }
    ck_assert_uint_eq(sum_of_digits(1999999999, 2000000000), 1 + 9 * 9);
    ck_assert_uint_eq(sum_of_digits(7, 7), 0);
}
END_TEST

/* All numbers are added, and none of them twice: also where there are more threads than numbers. */
START_TEST(test_shares)
{
    static const long threads[] = {1, 2, 3, 7, 8, 64};
    for (long end = 1; end < 300; end += 7) {
        uint64_t expected = sum_of_digits(0, end);
        for (long alone = 0; alone <= end; alone += 1 + end / 5) {
            for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
                ck_assert_uint_eq(parallel_sum(alone, end, threads[i]), expected);
        }
    }
}
END_TEST

/* A wrong sum ends the program with 1. */
START_TEST(test_wrong_sum)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    measure(0, 100, 2, sum_of_digits(0, 100) + 1);
}
END_TEST

START_TEST(test_laws)
{
    ck_assert_double_eq_tol(amdahl(0, 8), 8, 1e-9);
    ck_assert_double_eq_tol(amdahl(1, 8), 1, 1e-9);
    ck_assert_double_eq_tol(amdahl(0.5, 2), 4.0 / 3, 1e-9);
    ck_assert_double_eq_tol(amdahl(0.1, 1e9), 10, 1e-6); // the limit: 1 / serial share
    ck_assert_double_eq_tol(gustafson(0, 8), 8, 1e-9);
    ck_assert_double_eq_tol(gustafson(1, 8), 1, 1e-9);
    ck_assert_double_eq_tol(gustafson(0.5, 2), 1.5, 1e-9);
}
END_TEST

/* The first column of the table's rows. */
#define THREADS "| sed -n '/^threads/,/^[*]/s/^ *\\([0-9]*\\) .*ms.*/\\1/p;' | tr '\\n' ' '"

START_TEST(test_table)
{
    ck_assert_int_eq(run("speedup -n 100000 -t 6 -f 25"), 0);
    ck_assert(strncmp(printed,
                      "The digits of all numbers below 100000 have the sum 2250000.\n"
                      "Main adds up 25% of them alone, the threads share the rest.\n"
                      "\n"
                      "threads        time  speed-up    Amdahl  Gustafson\n"
                      "      1 ",
                      180) == 0);
    ck_assert(strstr(printed, "      1.00       1.00\n") != NULL);
    ck_assert(strstr(printed, "      1.60       1.75") != NULL);
    ck_assert(strstr(printed, "      2.29       3.25") != NULL);
    ck_assert(strstr(printed, "      2.67       4.75") != NULL);
    ck_assert_int_eq(run("speedup -n 1000 -t 6" THREADS), 0);
    ck_assert_str_eq(printed, "1 2 4 6 ");
    ck_assert_int_eq(run("speedup -n 1000 -t 1" THREADS), 0);
    ck_assert_str_eq(printed, "1 ");
    ck_assert_int_eq(run("speedup -n 1000" THREADS), 0);
    ck_assert_str_eq(printed, "1 2 4 8 ");
    ck_assert_int_eq(run("speedup -n 1 -f 50 -t 127" THREADS), 0);
    ck_assert_str_eq(printed, "1 2 4 8 16 32 64 127 ");
}
END_TEST

/* All that the table can hold fits in. */
START_TEST(test_most_rows)
{
    ck_assert_int_eq(run("speedup -n 1000 -t 1023" THREADS), 0);
    ck_assert_str_eq(printed, "1 2 4 8 16 32 64 128 256 512 1023 ");
    ck_assert_int_eq(run("speedup -n 1000 -t 1024" THREADS), 0);
    ck_assert_str_eq(printed, "1 2 4 8 16 32 64 128 256 512 1024 ");
}
END_TEST

START_TEST(test_more_threads_than_processors)
{
    long online = processors();
    ck_assert_int_gt(online, 0);
    ck_assert_int_eq(run("speedup -n 1000 -t %ld", online + 1), 0);
    char note[100];
    snprintf(note, sizeof note, " *\n* more threads than processors (%ld): they take turns\n",
             online);
    ck_assert(strstr(printed, note) != NULL);
    ck_assert_int_eq(run("speedup -n 1000 -t %ld", online), 0);
    ck_assert(strstr(printed, "*") == NULL);
}
END_TEST

/* How long the longest line with a bar is. */
static long longest_bar(const char *environment)
{
    ck_assert_int_eq(run("%s speedup -n 100000 -t 2 | "
                         "awk '/#/ && length($0) > longest { longest = length($0) } "
                         "END { print longest + 0 }'",
                         environment),
                     0);
    return atol(printed);
}

START_TEST(test_bars)
{
    ck_assert_int_eq(longest_bar("unset COLUMNS;"), 80); // no terminal
    ck_assert_int_eq(longest_bar("COLUMNS=40"), 40);
    ck_assert_int_eq(longest_bar("COLUMNS=200"), 200);
    ck_assert_int_eq(longest_bar("COLUMNS=26"), 0); // no room for any
    ck_assert_int_eq(longest_bar("COLUMNS=1"), 0);
    static const char *const nonsense[] = {"COLUMNS=", "COLUMNS=x", "COLUMNS=-5", "COLUMNS=0",
                                           "COLUMNS=99999999999999999999"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++)
        ck_assert_int_eq(longest_bar(nonsense[i]), 80);
    // Bars are as long as their figures say: half of the speed-up, half as long.
    ck_assert_int_eq(run("speedup -f 0 -n 100000 -t 2 | sed -n '/Amdahl.*#/s/[^#]//gp' | "
                         "awk '{ print length($0) }'"),
                     0);
    int one, two;
    ck_assert_int_eq(sscanf(printed, "%d %d", &one, &two), 2);
    ck_assert_int_gt(one, 0);
    ck_assert_int_eq(two / 2, one);
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {
        "-t 0",   "-t 1025", "-t x", "-t ''", "-t",     "-f -1", "-f 101",
        "-f 0.5", "-f 10%",  "-f",   "-n 0",  "-n 1e6", "-n",    "-n 99999999999999999999",
        "-x",     "8"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("speedup %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: speedup [-t threads] [-f percent] [-n numbers]\n") !=
                  NULL);
    }
    ck_assert_int_eq(run("speedup -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: speedup [-t threads] [-f percent] [-n numbers]\n");
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("speedup -n 1000 >&-"), 1);
    ck_assert_str_eq(printed, "speedup: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("speedup -n 1000 | head -n 1"), 0);
    ck_assert_str_eq(printed, "The digits of all numbers below 1000 have the sum 13500.\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("speedup -n 1000 >/dev/full"), 1);
    ck_assert_str_eq(printed, "speedup: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_more_threads)
{
    ck_assert_int_eq(run("ulimit -v 100000; speedup -n 1000000 -t 1024"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, "Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *speedup_cases(void)
{
    TCase *cases = tcase_create("speedup");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_sums);
    tcase_add_test(cases, test_shares);
    tcase_add_exit_test(cases, test_wrong_sum, EXIT_FAILURE);
    tcase_add_test(cases, test_laws);
    tcase_add_test(cases, test_table);
    tcase_add_test(cases, test_most_rows);
    tcase_add_test(cases, test_more_threads_than_processors);
    tcase_add_test(cases, test_bars);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    if (is_possible("speedup on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("speedup without memory for threads", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_more_threads);
    return cases;
}
