/*
 * test_forced_race.c - the same deposit is lost on every run, and the race is reported.
 */
#include "cases.h"

#include <string.h>

#define RACY "TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" forced_race"

START_TEST(test_every_run)
{
    for (int i = 0; i < ROUNDS / 20; i++) {
        ck_assert_int_eq(run(RACY), 0);
        ck_assert_str_eq(printed, "The balance is 100. Anna and Ben deposit 10 each.\n"
                                  "Anna reads  100\n"
                                  "                  Ben reads  100\n"
                                  "                  Ben writes 110\n"
                                  "Anna writes 110\n"
                                  "The balance is 110, and should be 120. Lost: 10\n");
    }
}
END_TEST

START_TEST(test_reported)
{
    ck_assert_int_eq(run("forced_race"), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: data race") != NULL);
}
END_TEST

START_TEST(test_usage_and_output)
{
    static const char *const wrong[] = {"-f", "-m", "-n 9", "1", "--nonsense"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("forced_race %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: forced_race\n") != NULL);
    }
    ck_assert_int_eq(run("forced_race -f"), 2);
    ck_assert_str_eq(printed, "forced_race: -f: no such option\nusage: forced_race\n");
    ck_assert_int_eq(run("forced_race -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: forced_race\n");
    ck_assert_int_eq(run(RACY " >&-"), 1);
    ck_assert_str_eq(printed, "forced_race: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run(RACY " >/dev/full"), 1);
    ck_assert_str_eq(printed, "forced_race: standard output: No space left on device\n");
}
END_TEST

TCase *forced_race_cases(void)
{
    TCase *cases = tcase_create("forced_race");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_every_run);
    tcase_add_test(cases, test_usage_and_output);
    if (is_possible("forced_race: the race is reported", TSAN_BUILD))
        tcase_add_test(cases, test_reported);
    if (is_possible("forced_race on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
