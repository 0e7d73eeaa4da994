/*
 * test_race_condition.c - without the mutex money is lost, with it never; and the race is reported.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

// What is racy runs without reports, also under ThreadSanitizer; test_reported is for those.
#define RACY "TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" race_condition"

#define TOLD "Two tellers deposited 2000. The balance is %d. Lost: %d\n"
#define NOTHING_LOST "Two tellers deposited 2000. The balance is 2000. Lost: 0\n"

/* Chance decides how much. Ten runs that lose nothing would be a miracle. */
START_TEST(test_loses_money)
{
    int total = 0;
    for (int i = 0; i < 10; i++) {
        int balance, lost;
        ck_assert_int_eq(run(RACY), 0);
        ck_assert_int_eq(sscanf(printed, TOLD, &balance, &lost), 2);
        ck_assert_int_eq(balance + lost, 2000);
        ck_assert_int_ge(lost, 0);
        ck_assert_int_le(lost, 2000 - 10); // the last deposit of all is there
        total += lost;
    }
    ck_assert_int_gt(total, 0);
}
END_TEST

START_TEST(test_with_the_mutex)
{
    for (int i = 0; i < ROUNDS / 100; i++) {
        ck_assert_int_eq(run("race_condition -m"), 0);
        ck_assert_str_eq(printed, NOTHING_LOST);
    }
}
END_TEST

/* As it is built by hand, with the pauses that a learner sees; on one processor, too. */
START_TEST(test_at_the_original_pace)
{
    static const char *const ways[] = {"", "taskset -c 0"};
    const char *folder = new_folder();
    ck_assert_int_eq(run("${CC:-cc} -pthread -o %s/program race_condition.c", folder), 0);
    for (int way = 0; way < 2; way++) {
        int total = 0;
        for (int i = 0; i < 3; i++) {
            int balance, lost;
            ck_assert_int_eq(run("%s %s/program", ways[way], folder), 0);
            ck_assert_int_eq(sscanf(printed, TOLD, &balance, &lost), 2);
            total += lost;
        }
        ck_assert_int_gt(total, 0);
        ck_assert_int_eq(run("%s %s/program -m", ways[way], folder), 0);
        ck_assert_str_eq(printed, NOTHING_LOST);
    }
}
END_TEST

START_TEST(test_reported)
{
    ck_assert_int_eq(run("race_condition"), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: data race") != NULL);
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] = "usage: race_condition [-m]\n";
    static const char *const wrong[] = {"-x", "-m -x", "2", "--mutex"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("race_condition %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("race_condition -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("race_condition --help 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("race_condition -m >&-"), 1);
    ck_assert_str_eq(printed, "race_condition: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("race_condition -m | head -n 1"), 0);
    ck_assert_str_eq(printed, NOTHING_LOST);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("race_condition -m >/dev/full"), 1);
    ck_assert_str_eq(printed, "race_condition: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; race_condition"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *race_condition_cases(void)
{
    TCase *cases = tcase_create("race_condition");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_loses_money);
    tcase_add_test(cases, test_with_the_mutex);
    tcase_add_test(cases, test_usage);
    if (is_possible("race_condition at the original pace",
                    PLAIN_BUILD " && taskset -c 0 true 2>/dev/null"))
        tcase_add_test(cases, test_at_the_original_pace);
    tcase_add_test(cases, test_output);
    if (is_possible("race_condition: the race is reported", TSAN_BUILD))
        tcase_add_test(cases, test_reported);
    if (is_possible("race_condition on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("race_condition without a thread", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
