/*
 * test_lost_additions.c - additions are lost on every run, and the race is reported.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

/* ThreadSanitizer would end the program with an error. */
#define UNREPORTED "TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" "
#define LOST " of 500 additions were lost: all five threads read the same 0.\n"

/* All five read 0 and write 1; so four of the 500 additions, or more, are lost every time. */
static void must_lose(const char *command)
{
    int count, lost, end = 0;
    ck_assert_int_eq(run(UNREPORTED "%s", command), 0);
    ck_assert_int_eq(sscanf(printed, "%d\n%d" LOST "%n", &count, &lost, &end), 2);
    ck_assert_uint_eq((size_t)end, strlen(printed));
    ck_assert_int_ge(count, 100);
    ck_assert_int_le(count, 496);
    ck_assert_int_eq(count + lost, 500);
}

START_TEST(test_every_run)
{
    for (int i = 0; i < 50; i++)
        must_lose("lost_additions");
}
END_TEST

START_TEST(test_on_one_processor)
{
    must_lose("taskset -c 0 lost_additions");
}
END_TEST

START_TEST(test_race_is_reported)
{
    ck_assert_int_eq(run("lost_additions"), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: data race") != NULL);
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("lost_additions -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: lost_additions\n");
    ck_assert_int_eq(run("lost_additions 5"), 2);
    ck_assert_str_eq(printed, "lost_additions: 5: one argument too many\nusage: lost_additions\n");
    ck_assert_int_eq(run("lost_additions -x"), 2);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run(UNREPORTED "lost_additions >/dev/full"), 1);
    ck_assert_str_eq(printed, "lost_additions: standard output: No space left on device\n");
}
END_TEST

TCase *lost_additions_cases(void)
{
    TCase *cases = tcase_create("lost_additions");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_every_run);
    tcase_add_test(cases, test_usage);
    if (is_possible("lost_additions on one processor", "taskset -c 0 true 2>/dev/null"))
        tcase_add_test(cases, test_on_one_processor);
    if (is_possible("lost_additions: the race is reported", TSAN_BUILD))
        tcase_add_test(cases, test_race_is_reported);
    if (is_possible("lost_additions on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
