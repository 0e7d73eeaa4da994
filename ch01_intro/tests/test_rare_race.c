/*
 * test_rare_race.c - the bank loses money in the end, and with the mutex never.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

// What is racy is run without reports, also under ThreadSanitizer; test_reported is for those.
#define RACY "TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" rare_race "

/*
 * The story adds up. Whether money is lost in a year is chance: so close to certain, though, that it
 * never takes five runs to see it.
 */
START_TEST(test_story)
{
    long lost = 0;
    for (int attempt = 0; attempt < 5 && lost == 0; attempt++) {
        long right = 0, day = 0, balance = 0, should = 0;
        ck_assert_int_eq(run(RACY), 0);
        ck_assert_int_ge(sscanf(printed,
                                "2 tellers, 5 deposits of 1 each a day, no lock.\n"
                                "Days that came out right: %ld\n"
                                "Day %ld: the balance is %ld, and should be %ld. Lost: %ld\n",
                                &right, &day, &balance, &should, &lost),
                         1);
        if (lost == 0) {
            ck_assert_int_eq(right, 365);
            ck_assert(strstr(printed, "\nNothing was lost this time. It will be.\n") != NULL);
        } else {
            ck_assert_int_eq(day, right + 1);
            ck_assert_int_eq(should, day * 2 * 5);
            ck_assert_int_eq(balance, should - lost);
            ck_assert_int_gt(lost, 0);
            ck_assert_int_lt(lost, 2 * 5);
        }
    }
    ck_assert_int_gt(lost, 0);
}
END_TEST

/* It goes well for a day, mostly: otherwise somebody would have noticed in the first week. */
START_TEST(test_most_days_are_right)
{
    int right = 0;
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(run(RACY "-n 1"), 0);
        right += strstr(printed, "right: 1\nNothing was lost this time. It will be.\n") != NULL;
    }
    ck_assert_int_gt(right, 0);
}
END_TEST

/* Without the lock, eight tellers would get to the third day, and fifty not to the second. */
START_TEST(test_mended)
{
    ck_assert_int_eq(run("rare_race -m -n 100"), 0);
    ck_assert_str_eq(printed, "2 tellers, 5 deposits of 1 each a day, under a lock.\n"
                              "Days that came out right: 100\n");
    ck_assert_int_eq(run("rare_race -m -t 8 -n 20"), 0);
    ck_assert_str_eq(printed, "8 tellers, 5 deposits of 1 each a day, under a lock.\n"
                              "Days that came out right: 20\n");
    ck_assert_int_eq(run("rare_race -m -t 50 -n 5"), 0);
    ck_assert_str_eq(printed, "50 tellers, 5 deposits of 1 each a day, under a lock.\n"
                              "Days that came out right: 5\n");
}
END_TEST

START_TEST(test_reported)
{
    static const char *const racy[] = {"", "-t 3"};
    for (size_t i = 0; i < sizeof racy / sizeof racy[0]; i++) {
        ck_assert_int_eq(run("rare_race %s", racy[i]), 66);
        ck_assert(strstr(printed, "WARNING: ThreadSanitizer: data race") != NULL);
    }
    ck_assert_int_eq(run("rare_race -m -t 3 -n 20"), 0);
    ck_assert(strstr(printed, "ThreadSanitizer") == NULL);
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] = "usage: rare_race [-m] [-t tellers] [-n days]\n";
    static const char *const wrong[] = {"-t 1",  "-t 1001", "-t x", "-t ''", "-t",  "-n 0",
                                        "-n -1", "-n 1x",   "-n",   "-x",    "days"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("rare_race %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("rare_race -n 0"), 2);
    ck_assert(strstr(printed, "rare_race: 0: not a whole number from 1 to 1000000\n") == printed);
    ck_assert_int_eq(run("rare_race -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("rare_race -m -n 1 >&-"), 1);
    ck_assert_str_eq(printed, "rare_race: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("rare_race -m -n 1 | head -n 1"), 0);
    ck_assert_str_eq(printed, "2 tellers, 5 deposits of 1 each a day, under a lock.\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("rare_race -m -n 1 >/dev/full"), 1);
    ck_assert_str_eq(printed, "rare_race: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_more_threads)
{
    ck_assert_int_eq(run("ulimit -s 8192; ulimit -v 200000; rare_race -m -t 1000"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, "Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *rare_race_cases(void)
{
    TCase *cases = tcase_create("rare_race");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_story);
    tcase_add_test(cases, test_most_days_are_right);
    tcase_add_test(cases, test_mended);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    if (is_possible("rare_race reported by ThreadSanitizer", TSAN_BUILD))
        tcase_add_test(cases, test_reported);
    if (is_possible("rare_race on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("rare_race without memory for threads", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_more_threads);
    return cases;
}
