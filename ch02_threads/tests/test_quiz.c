/*
 * test_quiz.c - the quiz runs its questions for real, and the race of Count shows on every run.
 */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

/* The race is meant, so that ThreadSanitizer need not say so in these tests; the last one asks it. */
#define QUIZ "TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" quiz "

START_TEST(test_wait_group_ques_a)
{
    ck_assert_int_eq(run("echo b | quiz WaitGroupQuesA"), 0);
    ck_assert(strstr(printed, "Running it:\nDone\n\nRight. The answer is b.") != NULL);
    ck_assert_int_eq(run("echo a | quiz 1"), 0);
    ck_assert(strstr(printed, "\n\nNo. The answer is b.") != NULL);
}
END_TEST

/* All five read 0 and write 1; so four of the 500 additions, or more, are lost every time. */
START_TEST(test_count)
{
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(run(QUIZ "-y Count | sed -n '/^Running/{n;p;}'"), 0);
        ck_assert_int_ge(atoi(printed), 100);
        ck_assert_int_le(atoi(printed), 496);
    }
}
END_TEST

START_TEST(test_all)
{
    ck_assert_int_eq(run(QUIZ "-y | grep ^Question"), 0);
    ck_assert_str_eq(printed, "Question 1: WaitGroupQuesA\nQuestion 2: Count\n");
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("quiz -h"), 0);
    ck_assert_str_eq(printed, "usage: quiz [-y] [QUESTION ...]\n  1  WaitGroupQuesA\n  2  Count\n");
    ck_assert_int_eq(run("quiz nonsense"), 2);
    ck_assert_str_eq(printed,
                     "quiz: nonsense: no such question\nusage: quiz [-y] [QUESTION ...]\n");
    ck_assert_int_eq(run("quiz 3"), 2);
    ck_assert_int_eq(run("quiz -x"), 2);
}
END_TEST

START_TEST(test_race_is_reported)
{
    ck_assert_int_eq(run("quiz -y WaitGroupQuesA"), 0);
    ck_assert_int_eq(run("quiz -y Count"), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: data race") != NULL);
}
END_TEST

TCase *quiz_cases(void)
{
    TCase *cases = tcase_create("quiz");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_wait_group_ques_a);
    tcase_add_test(cases, test_count);
    tcase_add_test(cases, test_all);
    tcase_add_test(cases, test_usage);
    if (is_possible("the race of Count, seen by ThreadSanitizer", TSAN_BUILD))
        tcase_add_test(cases, test_race_is_reported);
    return cases;
}
