/*
 * test_quiz.c - the quiz runs its questions for real, and gets over those that block.
 */
#include "cases.h"

#include <string.h>

START_TEST(test_answers)
{
    ck_assert_int_eq(run("quiz -y RunProducer"), 0);
    ck_assert(strstr(printed, "Running it:\nHello\nBye\n") != NULL);
    ck_assert(strstr(printed, "Your answer") == NULL);
    ck_assert_int_eq(run("echo C | quiz buffsender"), 0);
    ck_assert(strstr(printed, "Running it:\nDone\n\nRight. The answer is c.") != NULL);
    ck_assert_int_eq(run("echo a | quiz 2"), 0);
    ck_assert(strstr(printed, "\n\nNo. The answer is c.") != NULL);
    ck_assert_int_eq(run("printf '5\\nwhat?\\n%%0200d\\n C\\n' 0 | quiz 2"), 0);
    ck_assert(strstr(printed, "\n\nNo. The answer is c.") == NULL);
    ck_assert(strstr(printed, "\n\nRight. The answer is c.") != NULL);
    ck_assert_int_eq(run("quiz 2 </dev/null"), 0);
    ck_assert(strstr(printed, "\n\nThe answer is c.") != NULL);
}
END_TEST

START_TEST(test_blocked)
{
    ck_assert_int_eq(run("quiz -y 3"), 0);
    ck_assert(strstr(printed, "The sender waits in channel_send for room: 3 of 3") != NULL);
    ck_assert(strstr(printed, "\nDone\n") == NULL);
}
END_TEST

START_TEST(test_all)
{
    ck_assert_int_eq(run("quiz -y | grep -c ^Question"), 0);
    ck_assert_str_eq(printed, "3\n");
    ck_assert_int_eq(run("quiz -y 2 1 2 | grep ^Question"), 0);
    ck_assert_str_eq(printed,
                     "Question 2: BuffSender\nQuestion 1: RunProducer\nQuestion 2: BuffSender\n");
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("quiz -h"), 0);
    ck_assert_str_eq(printed, "usage: quiz [-y] [QUESTION ...]\n  1  RunProducer\n"
                              "  2  BuffSender\n  3  BuffSenderFour\n");
    ck_assert_int_eq(run("quiz -y 1 nonsense"), 2);
    ck_assert_str_eq(printed,
                     "quiz: nonsense: no such question\nusage: quiz [-y] [QUESTION ...]\n");
    ck_assert_int_eq(run("quiz 4"), 2);
    ck_assert_int_eq(run("quiz ''"), 2);
    ck_assert_int_eq(run("quiz -x"), 2);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("quiz -y 1 >/dev/full"), 1);
    ck_assert_str_eq(printed, "quiz: standard output: No space left on device\n");
}
END_TEST

TCase *quiz_cases(void)
{
    TCase *cases = tcase_create("quiz");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_answers);
    tcase_add_test(cases, test_blocked);
    tcase_add_test(cases, test_all);
    tcase_add_test(cases, test_usage);
    if (is_possible("quiz on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
