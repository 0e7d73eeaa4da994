/*
 * test_select_programs.c - the programs that select: fan_in, first_answer, quit_channel and prime_sieve.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

static const char *const programs[] = {"fan_in", "first_answer", "quit_channel", "prime_sieve"};

/* Every line of both, those of each in order. */
START_TEST(test_fan_in)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s && fan_in >lines; tail -n 1 lines; grep -c . lines; "
                         "grep Ann lines; grep Joe lines",
                         folder),
                     0);
    ck_assert_str_eq(printed, "Both have ended\n11\n"
                              "Ann says 1\nAnn says 2\nAnn says 3\nAnn says 4\nAnn says 5\n"
                              "Joe says 1\nJoe says 2\nJoe says 3\nJoe says 4\nJoe says 5\n");
}
END_TEST

START_TEST(test_first_answer)
{
    ck_assert_int_eq(run("first_answer"), 0);
    ck_assert_str_eq(printed, "Server 2 has answered\nNo other answer within a second\n"
                              "Answers that came too late: 1\n");
}
END_TEST

START_TEST(test_quit_channel)
{
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(run("quit_channel"), 0);
        ck_assert_str_eq(printed, "0\n1\n1\n2\n3\n5\n8\n13\n21\n34\nQuit\n");
    }
}
END_TEST

START_TEST(test_prime_sieve)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(run("prime_sieve"), 0);
        ck_assert_str_eq(printed, "2\n3\n5\n7\n11\n13\n17\n19\n23\n29\n");
    }
    ck_assert_int_eq(run("prime_sieve -n 1"), 0);
    ck_assert_str_eq(printed, "2\n");
    ck_assert_int_eq(run("prime_sieve -n 100 | tail -n 1"), 0);
    ck_assert_str_eq(printed, "541\n");
}
END_TEST

START_TEST(test_usage_and_output)
{
    const char *program = programs[_i];
    char message[200];
    ck_assert_int_eq(run("%s -h 2>/dev/null", program), 0);
    ck_assert_int_eq(run("%s 4 2>&1 >/dev/null | head -n 1", program), 0);
    snprintf(message, sizeof message, "%s: 4: one argument too many\n", program);
    ck_assert_str_eq(printed, message);
    ck_assert_int_eq(run("%s >&-", program), 1);
    snprintf(message, sizeof message, "%s: standard output: Bad file descriptor\n", program);
    ck_assert_str_eq(printed, message);
    ck_assert_int_eq(run("%s | head -n 1 | grep -c .", program), 0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

START_TEST(test_full_disk)
{
    char message[200];
    ck_assert_int_eq(run("%s >/dev/full", programs[_i]), 1);
    snprintf(message, sizeof message, "%s: standard output: No space left on device\n",
             programs[_i]);
    ck_assert_str_eq(printed, message);
}
END_TEST

TCase *select_programs_cases(void)
{
    TCase *cases = tcase_create("select_programs");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_fan_in);
    tcase_add_test(cases, test_first_answer);
    tcase_add_test(cases, test_quit_channel);
    tcase_add_test(cases, test_prime_sieve);
    tcase_add_loop_test(cases, test_usage_and_output, 0, 4);
    if (is_possible("the programs that select on a full disk", FULL_DISK))
        tcase_add_loop_test(cases, test_full_disk, 0, 4);
    return cases;
}
