/*
 * test_speedup.c - the sum is right however it is shared out, the laws are, and so is what is printed.
 *
 * It includes the program itself, to look at its parts.
 */
// main needs no return at its end, a function of another name does.
#pragma GCC diagnostic ignored "-Wreturn-type"
#define main speedup_main
#include "../speedup.c"
#undef main

#include "cases.h"

#include <string.h>

/* Below 10^k each digit stands k * 10^(k-1) times: together 45 times as much. */
START_TEST(test_sums)
{
    long long expected = 45;
    long end = 10;
    for (int k = 1; k <= 6; k++, end *= 10) {
        ck_assert_int_eq(sum_of_digits(0, end), expected * k);
        expected *= 10;
    }
    ck_assert_int_eq(sum_of_digits(1999999999, 2000000000), 1 + 9 * 9);
    ck_assert_int_eq(sum_of_digits(7, 7), 0);
}
END_TEST

/* All numbers are added, and none of them twice: also where there are more threads than numbers. */
START_TEST(test_shares)
{
    static const long threads[] = {1, 2, 3, 7, 8, 64};
    for (long end = 1; end < 300; end += 7) {
        long long expected = sum_of_digits(0, end);
        for (long alone = 0; alone <= end; alone += 1 + end / 5) {
            for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++)
                ck_assert_int_eq(parallel_sum(alone, end, threads[i]), expected);
        }
    }
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

START_TEST(test_table)
{
    ck_assert_int_eq(run("speedup -n 100000 -t 8 -f 25 | sed 's/[0-9.]* ms *[0-9.]* / TIME /' |"
                         " tr -s ' '"),
                     0);
    static const char table[] = "The digits of all numbers below 100000 are added.\n"
                                "Main adds 25% of them alone, and the threads share the rest.\n"
                                "\n"
                                "threads time speed-up Amdahl Gustafson sum\n"
                                " 1 TIME 1.00 1.00 2250000\n"
                                " 2 TIME 1.60 1.75 2250000\n"
                                " 4 TIME 2.29 3.25 2250000\n"
                                " 8 TIME 2.91 6.25 2250000\n";
    ck_assert_msg(strncmp(printed, table, strlen(table)) == 0, "%s", printed);
    ck_assert_int_eq(run("speedup -n 1 -t 1 | grep -c ' 0$'"), 0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

/* The powers of two, and last the number that was asked for. All of them find the same sum. */
START_TEST(test_rows)
{
    static const char *const rows[][2] = {
        {"-t 1", "1 "},
        {"-t 6", "1 2 4 6 "},
        {"", "1 2 4 8 "},
        {"-f 50 -t 127", "1 2 4 8 16 32 64 127 "},
        {"-t 1023", "1 2 4 8 16 32 64 128 256 512 1023 "},
        {"-t 1024", "1 2 4 8 16 32 64 128 256 512 1024 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(
            run("speedup -n 1000 %s | awk '$NF == 13500 { printf \"%%s \", $1 }'", rows[i][0]), 0);
        ck_assert_str_eq(printed, rows[i][1]);
    }
}
END_TEST

/* The last line says how many processors there are, where the system tells. */
START_TEST(test_processors)
{
    ck_assert_int_eq(run("speedup -n 1000 | tail -n 1"), 0);
#ifdef _SC_NPROCESSORS_ONLN
    char line[100];
    snprintf(line, sizeof line, "This machine has %ld processors.\n",
             sysconf(_SC_NPROCESSORS_ONLN));
    ck_assert_str_eq(printed, line);
#endif
}
END_TEST

/* Nothing is wider than a terminal, whatever COLUMNS says. */
START_TEST(test_width)
{
    static const char *const columns[] = {"x", "-5", "0", "40", "200", "99999999999999999999", ""};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        ck_assert_int_eq(run("COLUMNS=%s speedup -n 1000 | grep '.\\{81\\}'", columns[i]), 1);
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
    ck_assert_str_eq(printed, "The digits of all numbers below 1000 are added.\n");
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
    ck_assert_int_eq(run("ulimit -s 8192; ulimit -v 100000; speedup -n 1000000 -t 1024"), 1);
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
    tcase_add_test(cases, test_laws);
    tcase_add_test(cases, test_table);
    tcase_add_test(cases, test_rows);
    tcase_add_test(cases, test_processors);
    tcase_add_test(cases, test_width);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    if (is_possible("speedup on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("speedup without memory for threads", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_more_threads);
    return cases;
}
