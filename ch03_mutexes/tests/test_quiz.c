/*
 * test_quiz.c - the quiz shows the code that runs, runs it, and gets over the one that never ends.
 */
#include "cases.h"

#include <string.h>

START_TEST(test_double_lock)
{
    ck_assert_int_eq(run("echo b | quiz 1"), 0);
    ck_assert(strstr(printed, "\n    printf(\"Hello there\");\n") != NULL);
    ck_assert(strstr(printed, "\nIt runs:\n\nRight. The answer is b.\n") != NULL);
    ck_assert(strstr(printed, "\nHello there") == NULL);
}
END_TEST

START_TEST(test_mutex)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(run("echo c | quiz 2"), 0);
        ck_assert(strstr(printed, "\nIt runs:\n1\n2\n3\n1\n2\n3\n\nNo. The answer is b.\n"));
    }
}
END_TEST

/* Each counts to three; they may mix in any way, and do. */
START_TEST(test_read_lock)
{
    int mixed = 0;
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run("echo c | quiz 3 | sed '1,/^It runs/d; /^$/,$d'"), 0);
        int next[2] = {1, 1};
        for (const char *line = printed; *line != '\0'; line += 2) {
            int number = line[0] - '0';
            ck_assert(number == next[0] || number == next[1]);
            next[number == next[0] ? 0 : 1]++;
        }
        ck_assert_int_eq(next[0], 4);
        ck_assert_int_eq(next[1], 4);
        mixed += strcmp(printed, "1\n2\n3\n1\n2\n3\n") != 0;
    }
    ck_assert_int_gt(mixed, 0); // twenty times not mixed: they would have excluded each other
}
END_TEST

START_TEST(test_answers)
{
    ck_assert_int_eq(run("printf 'x\\n\\nab\\nB\\n' | quiz 2"), 0);
    ck_assert(strstr(printed, "Your answer (a to c): x\n\"x\" is not a letter from a to c.\n"
                              "Your answer (a to c): \n\"\" is not a letter from a to c.\n"
                              "Your answer (a to c): ab\n\"ab\" is not a letter from a to c.\n"
                              "Your answer (a to c): B\nIt runs:\n1\n") != NULL);
    ck_assert(strstr(printed, "\n\nRight. The answer is b.") != NULL);
}
END_TEST

/* Without an answer nothing is given away. */
START_TEST(test_no_answer)
{
    ck_assert_int_eq(run("quiz </dev/null"), 0);
    ck_assert(strstr(printed, "Question 1\n\nstatic pthread_mutex_t lock;") == printed);
    ck_assert(strstr(printed, "\nQuestion 2\n") != NULL);
    ck_assert(strstr(printed, "\nQuestion 3\n") != NULL);
    ck_assert(strstr(printed, "The answer is") == NULL);
    ck_assert(strstr(printed, "It runs") == NULL);
}
END_TEST

/* What is shown stands in the source, and is narrow enough; so is all that is printed. */
START_TEST(test_shown_code)
{
    ck_assert_int_eq(
        run("quiz </dev/null | grep -v -e '^Question' -e '^What' -e '^  [a-d])' -e '^Your' | "
            "grep . | grep -vxF -f quiz.c"),
        1);
    ck_assert_str_eq(printed, "");
    ck_assert_int_eq(run("quiz </dev/null | grep -c ^static"), 0);
    ck_assert_str_eq(printed, "9\n");
    ck_assert_int_eq(run("while echo b; do :; done | quiz | grep '.\\{81\\}'"), 1);
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("quiz -h"), 0);
    ck_assert_str_eq(printed, "usage: quiz [NUMBER]\n");
    static const char *const wrong[] = {"4", "0", "''", "x", "-x", "1 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("quiz %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: quiz [NUMBER]\n") != NULL);
    }
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("echo b | quiz 2 >/dev/full"), 1);
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
    tcase_add_test(cases, test_double_lock);
    tcase_add_test(cases, test_mutex);
    tcase_add_test(cases, test_read_lock);
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
