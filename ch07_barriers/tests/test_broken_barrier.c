/*
 * test_broken_barrier.c - each broken barrier fails on every run, and the right one on none. (It is part of
 * this that ThreadSanitizer reports nothing: they use the mutex correctly.)
 */
#include "cases.h"

#include <string.h>

static const char expected[] =
    "No generation, and a slow thread:\n"
    "  red waits in round 1\n"
    "  blue arrives, and leaves round 1\n"
    "  blue waits in round 2\n"
    "  red is slow, and looks only now\n"
    "  nothing in a second: red waits in round 1, and blue for red, forever\n"
    "The right barrier, and a slow thread:\n"
    "  red waits in round 1\n"
    "  blue arrives, and leaves round 1\n"
    "  blue waits in round 2\n"
    "  red is slow, and looks only now\n"
    "  red leaves round 1, and arrives for round 2\n"
    "`if` for `while`, and a stray wake-up:\n"
    "  red waits in round 1\n"
    "  red is woken, though blue has not arrived\n"
    "  red leaves round 1, alone\n"
    "  blue arrives, and leaves round 1\n"
    "The right barrier, and a stray wake-up:\n"
    "  red waits in round 1\n"
    "  red is woken, though blue has not arrived\n"
    "  nothing in a second and a hundred wake-ups: red waits in round 1\n"
    "  blue arrives, and leaves round 1\n";

/*
 * Many at once: they wait most of the time, and on a busy machine every thread is slow now and then. One
 * of them prints to a full disk, where there is such a thing.
 */
START_TEST(test_every_run)
{
    const int runs = ROUNDS < 20000 ? 20 : 100;
    const char *folder = new_folder(), *next = printed;
    ck_assert_int_eq(run("i=0; while [ $i -lt %d ]; do i=$((i + 1)); broken_barrier >%s/$i || echo "
                         "fails & done; "
                         "! " FULL_DISK
                         " || { broken_barrier >/dev/full; echo $?; } >%s/full 2>&1 & "
                         "wait; cat %s/*",
                         runs, folder, folder, folder),
                     0);
    for (int i = 0; i < runs; i++, next += strlen(expected))
        ck_assert_msg(strncmp(next, expected, strlen(expected)) == 0, "run %d: %s", i, next);
    ck_assert_str_eq(next, is_possible("broken_barrier on a full disk", FULL_DISK)
                               ? "broken_barrier: standard output: No space left on device\n1\n"
                               : "");
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("broken_barrier -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: broken_barrier\n");
    ck_assert_int_eq(run("broken_barrier --help 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: broken_barrier\n");
    ck_assert_int_eq(run("broken_barrier x"), 2);
    ck_assert_str_eq(printed, "broken_barrier: x: one argument too many\nusage: broken_barrier\n");
    ck_assert_int_eq(run("broken_barrier -n 5"), 2);
    ck_assert_str_eq(printed, "broken_barrier: -n: no such option\nusage: broken_barrier\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 8192; ulimit -v 8000; broken_barrier"), 1);
    ck_assert(strstr(printed, "Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *broken_barrier_cases(void)
{
    TCase *cases = tcase_create("broken_barrier");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_every_run);
    tcase_add_test(cases, test_usage);
    if (is_possible("broken_barrier with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
