/*
 * test_quiz.c - the quiz shows the code that runs, and runs it: main goes on, and the child does not.
 */
#include "cases.h"

#include <string.h>

/* These lines, in this order, and no more: on every run. */
#define LINES                                                                                      \
    "\nIt runs:\nRunMainThread, lock acquired\nRunMainThread, Waiting\n"                           \
    "RunChildThread, lock acquired\nRunChildThread, Waiting\nRunMainThread, Running\n\n"

START_TEST(test_run_main_thread)
{
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(run("echo b | quiz 1"), 0);
        ck_assert(strstr(printed, LINES "Right. The answer is b.\n") != NULL);
    }
}
END_TEST

START_TEST(test_answers)
{
    ck_assert_int_eq(run("printf 'e\\n\\nbc\\nC\\n' | quiz"), 0);
    ck_assert(strstr(printed, "Your answer (a to d): e\n\"e\" is not a letter from a to d.\n"
                              "Your answer (a to d): \n\"\" is not a letter from a to d.\n"
                              "Your answer (a to d): bc\n\"bc\" is not a letter from a to d.\n"
                              "Your answer (a to d): C\nIt runs:\n") != NULL);
    ck_assert(strstr(printed, LINES "No. The answer is b.\n") != NULL);
}
END_TEST

/* Without an answer nothing is given away. */
START_TEST(test_no_answer)
{
    ck_assert_int_eq(run("quiz </dev/null"), 0);
    ck_assert(strstr(printed, "Question 1\n\nstatic pthread_mutex_t mlock = ") == printed);
    ck_assert(strstr(printed, "The answer is") == NULL);
    ck_assert(strstr(printed, "It runs") == NULL);
}
END_TEST

/* What is shown stands in the source, and is narrow enough; so is everything that is printed. */
START_TEST(test_shown_code)
{
    ck_assert_int_eq(
        run("quiz </dev/null | grep -v -e '^Question' -e '^Each' -e '^  [a-d])' -e '^Your' | "
            "grep . | grep -vxF -f quiz.c"),
        1);
    ck_assert_str_eq(printed, "");
    ck_assert_int_eq(run("quiz </dev/null | grep -e '^static void' -e '(10000)' -e '^}'"), 0);
    ck_assert_str_eq(printed, "static void *run_child_thread(void *unused)\n}\n"
                              "static void run_main_thread(void)\n    pause_ms(10000);\n}\n");
    ck_assert_int_eq(run("echo b | quiz | grep '.\\{81\\}'"), 1);
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("quiz -h"), 0);
    ck_assert_str_eq(printed, "usage: quiz [NUMBER]\n");
    static const char *const wrong[] = {"2", "0", "''", "x", "-x", "-y", "1 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("quiz %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: quiz [NUMBER]\n") != NULL);
    }
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("echo b | quiz >/dev/full"), 1);
    ck_assert_str_eq(printed, "quiz: standard output: No space left on device\n");
}
END_TEST

/* No thread in the other process: it says so, and the question is not answered by guessing. */
START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; echo b | quiz 1"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
    ck_assert(strstr(printed, "The answer is") == NULL);
}
END_TEST

TCase *quiz_cases(void)
{
    TCase *cases = tcase_create("quiz");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_run_main_thread);
    tcase_add_test(cases, test_answers);
    tcase_add_test(cases, test_no_answer);
    tcase_add_test(cases, test_shown_code);
    tcase_add_test(cases, test_usage);
    if (is_possible("quiz on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("quiz without a thread", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
