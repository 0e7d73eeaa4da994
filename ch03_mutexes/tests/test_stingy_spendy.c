/*
 * test_stingy_spendy.c - no money is lost, with the mutex and with the atomic variable.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

static const char *const programs[] = {"stingy_spendy", "atomic_stingy_spendy"};
enum { PROGRAMS = 2 };

/* Each runs a few times. The two threads may end in either order. */
START_TEST(test_lines)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(run("%s", programs[_i]), 0);
        if (strcmp(printed, "Spendy Done\nStingy Done\n100\n") != 0)
            ck_assert_str_eq(printed, "Stingy Done\nSpendy Done\n100\n");
    }
}
END_TEST

/* The lecturer's pauses, on one core too. */
START_TEST(test_at_the_original_pace)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("${CC:-cc} -std=c11 -D_XOPEN_SOURCE=700 -pthread -o %s/program %s.c && "
                         "%s/program | tail -n 1 && taskset -c 0 %s/program | tail -n 1",
                         folder, programs[_i], folder, folder),
                     0);
    ck_assert_str_eq(printed, "100\n100\n");
}
END_TEST

START_TEST(test_usage)
{
    char usage[100];
    snprintf(usage, sizeof usage, "usage: %s\n", programs[_i]);
    ck_assert_int_eq(run("%s -h 2>/dev/null", programs[_i]), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("%s --help 2>/dev/null", programs[_i]), 0);
    ck_assert_str_eq(printed, usage);
    static const char *const wrong[] = {"-x", "10", "--nonsense"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("%s %s", programs[_i], wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
        ck_assert(strstr(printed, wrong[i]) != NULL);
    }
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("%s >/dev/full", programs[_i]), 1);
    ck_assert(strstr(printed, "spendy: standard output: No space left on device\n") != NULL);
    ck_assert_int_eq(run("%s >&-", programs[_i]), 1);
    ck_assert(strstr(printed, "spendy: standard output: Bad file descriptor\n") != NULL);
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; %s", programs[_i]), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *stingy_spendy_cases(void)
{
    TCase *cases = tcase_create("stingy_spendy");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, test_lines, 0, PROGRAMS);
    tcase_add_loop_test(cases, test_usage, 0, PROGRAMS);
    if (is_possible("stingy_spendy on one processor", "taskset -c 0 true 2>/dev/null"))
        tcase_add_loop_test(cases, test_at_the_original_pace, 0, PROGRAMS);
    if (is_possible("stingy_spendy on a full disk", FULL_DISK))
        tcase_add_loop_test(cases, test_full_disk, 0, PROGRAMS);
    if (is_possible("stingy_spendy without a thread", MEMORY_LIMIT))
        tcase_add_loop_test(cases, test_no_thread, 0, PROGRAMS);
    return cases;
}
