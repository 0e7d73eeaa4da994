/*
 * test_stingy_spendy_waits.c - no money is spent before it is there, spendy waits forever in the end, and
 * the lecturer's edit goes wrong.
 */
#include "cases.h"

#include "must.h"

/*
 * Checks that each line follows from the one before: plus 10 or minus 20, from 100 on, and never below 0;
 * a number alone is the balance. Prints how often each has changed it, how many numbers there were,
 * and the balance at the end.
 */
#define FOLLOWED                                                                                   \
    "awk 'BEGIN { balance = 100 } /sees/ { balance += /^Stingy sees balance of  [0-9]+$/ ? 10 : "  \
    "/^Spendy sees balance of  [0-9]+$/ ? -20 : 1; n[$1]++; if ($5 != balance || balance < 0) "    \
    "exit 1 } /^[0-9]*$/ { numbers++; if ($1 != balance) exit 1 } /Done/ { print } "               \
    "END { print n[\"Stingy\"], n[\"Spendy\"], numbers + 0, balance }'"

/* Ended from outside, once nothing more can happen. A pipe or a file has seen every line by then. */
START_TEST(test_gets_stuck)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cd %s; : >lines; stingy_spendy_waits 86400 >lines & pid=$!; "
                         "until grep -q 'Stingy Done' lines && "
                         "[ $(grep -c '^Spendy sees' lines) = 505 ]; do sleep 0.1; done; "
                         "kill $pid; wait $pid 2>/dev/null; echo $?; " FOLLOWED " lines",
                         folder),
                     0);
    ck_assert_str_eq(printed, "143\nStingy Done\n1000 505 0 0\n");
}
END_TEST

/* Main prints what it finds after so many seconds: in the end that is 0. */
START_TEST(test_end)
{
    for (long seconds_to_run = 0; strcmp(printed, "Stingy Done\n1000 505 1 0\n") != 0;
         seconds_to_run = 2 * seconds_to_run + 1) {
        ck_assert_int_eq(run("stingy_spendy_waits %ld | " FOLLOWED, seconds_to_run), 0);
        ck_assert_ptr_nonnull(strstr(printed, " 1 "));
        ck_assert(strstr(printed, "Spendy Done") == NULL);
    }
}
END_TEST

START_TEST(test_three_seconds)
{
    double start = seconds();
    ck_assert_int_eq(run("stingy_spendy_waits | " FOLLOWED), 0);
    ck_assert_double_ge(seconds() - start, 3.0 / PACE);
}
END_TEST

/* As in the video. Spendy does not look again, and takes 20 where 10 are. */
START_TEST(test_if_instead_of_while)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("sed 's/while (money/if (money/' stingy_spendy_waits.c >%s/edited.c && "
                         "${CC:-cc} -DPACE=20 -Wall -Wextra -Werror -pthread -iquote . "
                         "-o %s/edited %s/edited.c && "
                         "until %s/edited | grep -q 'balance of  -10$'; do :; done",
                         folder, folder, folder, folder),
                     0);
    ck_assert_str_eq(printed, "");
}
END_TEST

/* The head's line builds it. */
START_TEST(test_build)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cp *.[ch] %s && cd %s && "
                         "eval \"$(sed -n 's/^ \\* Build *//p' stingy_spendy_waits.c)\" && "
                         "./stingy_spendy_waits 0 | " FOLLOWED " | grep -c ' 1 '",
                         folder, folder),
                     0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] = "usage: stingy_spendy_waits [SECONDS]\n";
    static const char *const wrong[] = {"-x", "-1", "x", "''", "1.5", "86401", "1 2", "--nonsense"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("stingy_spendy_waits %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("stingy_spendy_waits -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("stingy_spendy_waits --help 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("stingy_spendy_waits | head -n 1 | grep -c 'sees balance of'"), 0);
    ck_assert_str_eq(printed, "1\n");
    ck_assert_int_eq(run("stingy_spendy_waits 0 >&-"), 1);
    ck_assert_str_eq(printed, "stingy_spendy_waits: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("stingy_spendy_waits 0 >/dev/full"), 1);
    ck_assert_str_eq(printed, "stingy_spendy_waits: standard output: No space left on device\n");
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; stingy_spendy_waits"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *stingy_spendy_waits_cases(void)
{
    TCase *cases = tcase_create("stingy_spendy_waits");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_gets_stuck);
    tcase_add_test(cases, test_end);
    tcase_add_test(cases, test_three_seconds);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    if (is_possible("stingy_spendy_waits with `if`", PLAIN_BUILD)) {
        tcase_add_test(cases, test_if_instead_of_while);
        tcase_add_test(cases, test_build);
    }
    if (is_possible("stingy_spendy_waits on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("stingy_spendy_waits without a thread", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
