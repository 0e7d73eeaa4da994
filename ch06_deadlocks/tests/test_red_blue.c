/*
 * test_red_blue.c - each robot prints what it should until both are stuck, and main ends it all.
 * (In test_lock_watch.c, lock_watch sees that they do get stuck.)
 */
#include "robots.h"

START_TEST(test_lines)
{
    ck_assert_int_eq(run(RACES_ONLY "red_blue | tail -n 8000"), 0);
    ck_assert_int_eq(count("\nDone\n"), 1);
    ck_assert_int_eq(check_lines("Blue", "lock1", "lock2") + check_lines("Red", "lock2", "lock1"),
                     count("\n") - 1);
}
END_TEST

START_TEST(test_seconds)
{
    ck_assert_int_eq(run(RACES_ONLY "red_blue 0 | grep -c Done"), 0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-1", "1.5", "x", "''", "86401", "1 2", "-x", "-c"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("red_blue %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: red_blue [SECONDS]\n") != NULL);
    }
    ck_assert_int_eq(run("red_blue -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: red_blue [SECONDS]\n");
}
END_TEST

/* A reader sees each line at once, and may leave early. */
START_TEST(test_output)
{
    ck_assert_int_eq(run(RACES_ONLY "red_blue | head -n 1"), 0);
    ck_assert_int_eq(count("\n"), 1);
    ck_assert_int_eq(run(RACES_ONLY "red_blue 1 >&-"), 1);
    ck_assert_str_eq(printed, "red_blue: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run(RACES_ONLY "red_blue 1 >/dev/full"), 1);
    ck_assert_str_eq(printed, "red_blue: standard output: No space left on device\n");
}
END_TEST

/* The first thread, or the second, cannot be created. */
START_TEST(test_no_thread)
{
    static const int limits[] = {900000, 1100000};
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v %d; red_blue", limits[_i]), 1);
    ck_assert(strstr(printed, _i == 0 ? "(&red, " : "(&blue, ") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *red_blue_cases(void)
{
    TCase *cases = tcase_create("red_blue");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_lines);
    tcase_add_test(cases, test_seconds);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    if (is_possible("red_blue on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("red_blue without a thread", MEMORY_LIMIT))
        tcase_add_loop_test(cases, test_no_thread, 0, 2);
    return cases;
}
