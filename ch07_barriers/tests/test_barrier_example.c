/*
 * test_barrier_example.c - red and blue wait for each other in every round.
 */
#include "cases.h"

#include "must.h"

#include <signal.h>

/* Two rounds. It would go on for a day, but ends because no program reads any more. */
START_TEST(test_lines)
{
    signal(SIGPIPE, SIG_DFL); // the tests may have been started with it ignored
    double begin = seconds();
    ck_assert_int_eq(run("barrier_example 86400 | head -n 8"), 0);
    ck_assert_int_eq(check_rounds(printed), 2);
    ck_assert(seconds() - begin >= 2 * 10.0 / PACE); // blue is not early
}
END_TEST

/* Main ends it after the original's 100 seconds; here the whole is a thousand times as fast. */
START_TEST(test_hundred_seconds)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("${CC:-cc} -std=c11 -D_XOPEN_SOURCE=700 -DPACE=1000 -pthread -o %s/program "
            "barrier_example.c barrier.c",
            folder),
        0);
    double begin = seconds();
    ck_assert_int_eq(run("%s/program", folder), 0);
    ck_assert(seconds() - begin >= 0.1);
    ck_assert_int_ge(check_rounds(printed), 1);
}
END_TEST

START_TEST(test_no_seconds)
{
    ck_assert_int_eq(run("barrier_example 0"), 0);
    ck_assert_int_eq(check_rounds(printed), 0);
}
END_TEST

/* The third one: all three run before any of them runs again. */
START_TEST(test_with_green)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("sed 's/barrier_init(&barrier, 2)/barrier_init(\\&barrier, 3)/; "
            "s/blue = {\"blue\", 10, &barrier}/&, green = {\"green\", 7, \\&barrier}/; "
            "s/^.*pthread_create.*&blue.*$/&\\n    MUST(pthread_create(\\&thread, NULL, "
            "wait_on_barrier, \\&green));/' barrier_example.c >%s/green.c && "
            "${CC:-cc} -std=c11 -D_XOPEN_SOURCE=700 -DPACE=20 -Wall -Wextra -Werror -pthread "
            "-iquote . -o %s/green %s/green.c barrier.c && %s/green | head -n 9 >%s/lines && "
            "for range in 1,3 4,6 7,9; do sed -n ${range}p %s/lines | sort; done",
            folder, folder, folder, folder, folder, folder),
        0);
#define RUNNING "blue running\ngreen running\nred running\n"
#define WAITING                                                                                    \
    "blue is waiting on barrier\ngreen is waiting on barrier\nred is waiting on barrier\n"
    ck_assert_str_eq(printed, RUNNING WAITING RUNNING);
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] = "usage: barrier_example [SECONDS]\n";
    ck_assert_int_eq(run("barrier_example -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("barrier_example --help 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    static const char *const wrong[] = {"-n", "x", "''", "-1", "1.5", "86401", "1 2", "--nonsense"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("barrier_example %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("barrier_example 1 >/dev/full"), 1);
    ck_assert_str_eq(printed, "barrier_example: standard output: No space left on device\n");
    ck_assert_int_eq(run("barrier_example 1 >&-"), 1);
    ck_assert_str_eq(printed, "barrier_example: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; barrier_example"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *barrier_example_cases(void)
{
    TCase *cases = tcase_create("barrier_example");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_no_seconds);
    tcase_add_test(cases, test_usage);
    if (is_possible("barrier_example built anew", PLAIN_BUILD)) {
        tcase_add_test(cases, test_hundred_seconds);
        tcase_add_test(cases, test_with_green);
    }
    if (is_possible("barrier_example on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("barrier_example without a thread", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
