/*
 * test_quiz.c - the quiz shows the code that runs, and runs it: with its data race, as it is meant.
 */
#include "cases.h"

#include <stdlib.h>
#include <string.h>

/* The race is meant, so ThreadSanitizer need not say so in these tests; the last one asks it. */
#define QUIZ "TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" quiz "

START_TEST(test_wait_group_ques_a)
{
    ck_assert_int_eq(run("echo b | quiz 1"), 0);
    ck_assert(strstr(printed, "\n    MUST(wait_group_wait(&wg));\n") != NULL);
    ck_assert(strstr(printed, "\nIt runs:\nDone\n\nRight. The answer is b.\n") != NULL);
    ck_assert_int_eq(run("echo a | quiz 1"), 0);
    ck_assert(strstr(printed, "\nIt runs:\nDone\n\nNo. The answer is b.\n") != NULL);
}
END_TEST

/* What it prints is left to chance; but it is a sum, and of no more than there is to add. */
START_TEST(test_count)
{
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(run("echo b | " QUIZ "2 | sed '1,/^It runs/d; /^$/,$d'"), 0);
        char *end;
        long count = strtol(printed, &end, 10);
        ck_assert_str_eq(end, "\n");
        ck_assert_int_ge(count, 1);
        ck_assert_int_le(count, 500);
    }
}
END_TEST

START_TEST(test_answers)
{
    ck_assert_int_eq(run("printf 'x\\n\\nab\\ne\\nB\\n' | " QUIZ "2"), 0);
    ck_assert(strstr(printed, "Your answer (a to d): x\n\"x\" is not a letter from a to d.\n"
                              "Your answer (a to d): \n\"\" is not a letter from a to d.\n"
                              "Your answer (a to d): ab\n\"ab\" is not a letter from a to d.\n"
                              "Your answer (a to d): e\n\"e\" is not a letter from a to d.\n"
                              "Your answer (a to d): B\nIt runs:\n") != NULL);
    ck_assert(strstr(printed, "\n\nRight. The answer is b.") != NULL);
}
END_TEST

/* Without an answer nothing is given away. */
START_TEST(test_no_answer)
{
    ck_assert_int_eq(run("quiz </dev/null"), 0);
    ck_assert(strstr(printed, "Question 1\n\nstatic void wait_group_ques_a(void)\n") == printed);
    ck_assert(strstr(printed, "\nQuestion 2\n") != NULL);
    ck_assert(strstr(printed, "The answer is") == NULL);
    ck_assert(strstr(printed, "It runs") == NULL);
}
END_TEST

/* What is shown stands in the source, and is narrow enough; so is all that is printed. */
START_TEST(test_shown_code)
{
    ck_assert_int_eq(
        run("quiz </dev/null | grep -v -e '^Question' -e '^What' -e '^Nothing' -e '^  [a-d])' "
            "-e '^Your' | grep . | grep -vxF -f quiz.c"),
        1);
    ck_assert_str_eq(printed, "");
    ck_assert_int_eq(run("quiz </dev/null | grep -c ^static"), 0);
    ck_assert_str_eq(printed, "3\n");
    ck_assert_int_eq(run("while echo b; do :; done | " QUIZ "| grep '.\\{81\\}'"), 1);
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("quiz -h"), 0);
    ck_assert_str_eq(printed, "usage: quiz [NUMBER]\n");
    static const char *const wrong[] = {"3", "0", "''", "x", "-x", "1 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("quiz %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: quiz [NUMBER]\n") != NULL);
    }
}
END_TEST

START_TEST(test_race_is_reported)
{
    ck_assert_int_eq(run("echo b | quiz 1"), 0);
    ck_assert_int_eq(run("echo b | quiz 2"), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: data race") != NULL);
    ck_assert(strstr(printed, "#0 increment ") != NULL);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("echo b | quiz 1 >/dev/full"), 1);
    ck_assert_str_eq(printed, "quiz: standard output: No space left on device\n");
}
END_TEST

/* No thread in the other process: it says so, and the question is not answered by guessing. */
START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; echo b | quiz 2"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
    ck_assert(strstr(printed, "The answer is") == NULL);
}
END_TEST

TCase *quiz_cases(void)
{
    TCase *cases = tcase_create("quiz");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_wait_group_ques_a);
    tcase_add_test(cases, test_count);
    tcase_add_test(cases, test_answers);
    tcase_add_test(cases, test_no_answer);
    tcase_add_test(cases, test_shown_code);
    tcase_add_test(cases, test_usage);
    if (is_possible("the race of count, seen by ThreadSanitizer", TSAN_BUILD))
        tcase_add_test(cases, test_race_is_reported);
    if (is_possible("quiz on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("quiz without a thread", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
