/*
 * test_multi_ledger.c - no money comes or goes while the threads move it, and the lecturer's edit of
 * the lock works.
 */
#include "cases.h"

#include <stdio.h>
#include <string.h>

/* ThreadSanitizer cannot follow the order of more than 64 locks held at once; it aborts there. */
#define MANY_LOCKS "TSAN_OPTIONS=\"$TSAN_OPTIONS detect_deadlocks=0\" "
#define HEADLINE "Total accounts: 50000  total threads: 4 using SpinLocks\n"

/* Runs it, looks at each line, and returns how many transfers there were. */
static long transfers(void)
{
    ck_assert_int_eq(run(MANY_LOCKS "multi_ledger"), 0);
    const char *line = printed;
    ck_assert(strncmp(line, HEADLINE, strlen(HEADLINE)) == 0);
    line += strlen(HEADLINE);
    long before = 0;
    for (int report = 0; report < 3; report++) {
        long transactions;
        int length = 0;
        ck_assert_int_eq(sscanf(line, "%ld 5000000\n%n", &transactions, &length), 1);
        ck_assert_int_gt(length, 0);
        ck_assert_int_ge(transactions, before);
        before = transactions;
        line += length;
    }
    ck_assert_str_eq(line, "");
    return before;
}

START_TEST(test_reports)
{
    while (transfers() == 0)
        ; // on a busy machine no thread may have run yet
}
END_TEST

/* As in the video: the type of the locks, and the calls. (A mutex that is all zero is ready on Linux.) */
START_TEST(test_with_a_mutex)
{
    const char *folder = new_folder();
    ck_assert_int_eq(
        run("sed 's/struct spin_lock locks/pthread_mutex_t locks/; s/spin_lock_lock/"
            "pthread_mutex_lock/; s/spin_lock_unlock/pthread_mutex_unlock/' multi_ledger.c "
            ">%s/ledger.c && ! grep 'spin_lock_' %s/ledger.c && ${CC:-cc} -DPACE=20 "
            "-Wall -Wextra -Werror -pthread -iquote . -o %s/ledger %s/ledger.c && "
            "%s/ledger | grep -c ' 5000000$'",
            folder, folder, folder, folder, folder),
        0);
    ck_assert_str_eq(printed, "3\n");
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run(MANY_LOCKS "multi_ledger | head -n 2 | grep -c ' 5000000$'"), 0);
    ck_assert_str_eq(printed, "1\n");
    ck_assert_int_eq(run(MANY_LOCKS "multi_ledger >&-"), 1);
    ck_assert_str_eq(printed, "multi_ledger: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("multi_ledger 4"), 2);
    ck_assert_str_eq(printed, "multi_ledger: 4: one argument too many\nusage: multi_ledger\n");
}
END_TEST

TCase *multi_ledger_cases(void)
{
    TCase *cases = tcase_create("multi_ledger");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_reports);
    tcase_add_test(cases, test_output);
    if (is_possible("multi_ledger with a mutex", MEMORY_LIMIT))
        tcase_add_test(cases, test_with_a_mutex);
    return cases;
}
