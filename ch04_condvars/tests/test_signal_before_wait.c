/*
 * test_signal_before_wait.c - the early signal is lost on every run, and with a predicate on none.
 */
#include "cases.h"

#include <string.h>

START_TEST(test_every_run)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(run("signal_before_wait"), 0);
        ck_assert_str_eq(printed, "Without a predicate, the wait comes first:\n"
                                  "  main: waits\n"
                                  "  signaller: ready, signals\n"
                                  "  main: woken\n"
                                  "Without a predicate, the signal comes first:\n"
                                  "  signaller: ready, signals\n"
                                  "  main: waits\n"
                                  "  main: nothing in a second, and nothing will come any more\n"
                                  "With a predicate, the wait comes first:\n"
                                  "  main: waits\n"
                                  "  signaller: ready, signals\n"
                                  "  main: it is ready\n"
                                  "With a predicate, the signal comes first:\n"
                                  "  signaller: ready, signals\n"
                                  "  main: it is ready\n");
    }
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("signal_before_wait -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: signal_before_wait\n");
    ck_assert_int_eq(run("signal_before_wait x"), 2);
    ck_assert_str_eq(printed, "usage: signal_before_wait\n");
    ck_assert_int_eq(run("signal_before_wait -n 5"), 2);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("signal_before_wait >/dev/full"), 1);
    ck_assert_str_eq(printed, "signal_before_wait: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -v 8000; signal_before_wait"), 1);
    ck_assert(strstr(printed, "Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *signal_before_wait_cases(void)
{
    TCase *cases = tcase_create("signal_before_wait");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_every_run);
    tcase_add_test(cases, test_usage);
    if (is_possible("signal_before_wait on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("signal_before_wait with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
