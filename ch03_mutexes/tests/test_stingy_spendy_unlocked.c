/*
 * test_stingy_spendy_unlocked.c - every deposit is lost, on every run, and the race is reported.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

/* ThreadSanitizer would end the program with an error. */
#define UNREPORTED "TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" "
#define REASON " went missing: both read the same balance, and the last to write won.\n"

static void must_print(const char *command, const char *end)
{
    char stingy_first[200], spendy_first[200];
    snprintf(stingy_first, sizeof stingy_first, "Stingy Done\nSpendy Done\n%s", end);
    snprintf(spendy_first, sizeof spendy_first, "Spendy Done\nStingy Done\n%s", end);
    ck_assert_int_eq(run(UNREPORTED "%s", command), 0);
    if (strcmp(printed, spendy_first) != 0)
        ck_assert_str_eq(printed, stingy_first);
}

START_TEST(test_every_run)
{
    must_print("stingy_spendy_unlocked", "-9900\n10000" REASON);
    for (int i = 0; i < 20; i++)
        must_print("stingy_spendy_unlocked -n 20", "-100\n200" REASON);
    must_print("stingy_spendy_unlocked -n 1", "90\n10" REASON);
}
END_TEST

START_TEST(test_on_one_processor)
{
    must_print("taskset -c 0 stingy_spendy_unlocked -n 20", "-100\n200" REASON);
}
END_TEST

START_TEST(test_race_is_reported)
{
    ck_assert_int_eq(run("stingy_spendy_unlocked -n 5"), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: data race") != NULL);
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] = "usage: stingy_spendy_unlocked [-n rounds]\n";
    static const char *const wrong[] = {"-n 0",  "-n -1", "-n 1000001", "-n x", "-n 1x",
                                        "-n ''", "-n",    "-x",         "10"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("stingy_spendy_unlocked %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("stingy_spendy_unlocked -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run(UNREPORTED "stingy_spendy_unlocked -n 1 >/dev/full"), 1);
    ck_assert_str_eq(printed, "stingy_spendy_unlocked: standard output: No space left on device\n");
}
END_TEST

TCase *stingy_spendy_unlocked_cases(void)
{
    TCase *cases = tcase_create("stingy_spendy_unlocked");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_every_run);
    tcase_add_test(cases, test_usage);
    if (is_possible("stingy_spendy_unlocked on one processor", "taskset -c 0 true 2>/dev/null"))
        tcase_add_test(cases, test_on_one_processor);
    if (is_possible("stingy_spendy_unlocked: the race is reported", TSAN_BUILD))
        tcase_add_test(cases, test_race_is_reported);
    if (is_possible("stingy_spendy_unlocked on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
