/*
 * test_ledger_locks.c - no money comes or goes, whatever the lock, and whenever main looks.
 */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ThreadSanitizer cannot follow the order of more than 64 locks held at once; it aborts there. */
#define MANY_LOCKS "TSAN_OPTIONS=\"$TSAN_OPTIONS detect_deadlocks=0\" "

static const char *const locks[] = {"spin", "mutex", "pthread-spin"};
enum { LOCKS = 3 };

static bool is_here(int lock)
{
    return lock != 2 || run("ledger_locks -l pthread-spin -i 0 -r 1 -a 2") == 0;
}

/* Runs it, and looks at each line that it prints. Returns how many transfers there were. */
static long long transfers_of(int lock, int threads, long accounts, long reports, int interval)
{
    ck_assert_int_eq(run("%sledger_locks -l %s -t %d -a %ld -r %ld -i %d",
                         accounts > 60 ? MANY_LOCKS : "", locks[lock], threads, accounts, reports,
                         interval),
                     0);
    const char *line = printed;
    long long transfers = 0;
    for (long i = 0; i < reports; i++) {
        char *end;
        long long before = transfers;
        transfers = strtoll(line, &end, 10);
        ck_assert(end > line && *end == ' ');
        ck_assert_int_ge(transfers, before);
        line = end + 1;
        ck_assert_int_eq(strtoll(line, &end, 10), 100LL * accounts);
        ck_assert(end > line && *end == '\n');
        line = end + 1;
    }
    double rate;
    int length = 0;
    ck_assert_int_eq(sscanf(line, "%lf million transfers a second\n%n", &rate, &length), 1);
    ck_assert_int_eq(line[length], '\0');
    ck_assert(rate >= 0);
    return transfers;
}

START_TEST(test_sums)
{
    static const int threads[] = {1, 2, 4, 64};
    static const long accounts[] = {2, 3, 50, 50000};
    if (!is_here(_i))
        return;
    for (int t = 0; t < 4; t++) {
        for (int a = 0; a < 4; a++) {
            // On a busy machine no thread may have run yet. Then main waits for longer.
            for (int interval = 10; transfers_of(_i, threads[t], accounts[a], 2, interval) == 0;)
                interval *= 2;
        }
    }
}
END_TEST

/*
 * Report upon report, and few accounts: main often finds the threads in the midst of a transfer, and
 * does not have to wait for long either.
 */
START_TEST(test_many_reports)
{
    if (!is_here(_i))
        return;
    transfers_of(_i, 4, 2, ROUNDS / 100, 0);
    transfers_of(_i, 4, 10, ROUNDS / 100, 0);
    transfers_of(_i, 64, 3, _i == 2 ? 4 : ROUNDS / 200,
                 0); // pthread-spin does not yield, and takes longer
}
END_TEST

START_TEST(test_defaults)
{
    static const char sums[] = " | awk '$2 == 5000000 || $2 == \"million\"' | wc -l";
    ck_assert_int_eq(run("ledger_locks -i 1%s", sums), 0);
    ck_assert_int_eq(atoi(printed), 4);
    ck_assert_int_eq(run("ledger_locks -r 1%s", sums), 0);
    ck_assert_int_eq(atoi(printed), 2);
}
END_TEST

/* Where it is no part of the system, it says so. */
START_TEST(test_no_pthread_spin)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("${CC:-cc} -std=c11 -D_XOPEN_SOURCE=700 -DNO_PTHREAD_SPIN -Wall -Wextra "
                         "-Werror -pthread -o %s/ledger_locks -iquote . beyond/ledger_locks.c && "
                         "%s/ledger_locks -i 1 -l mutex | grep -c ' 5000000$' && "
                         "%s/ledger_locks -i 1 -l pthread-spin",
                         folder, folder, folder),
                     1);
    ck_assert_str_eq(printed,
                     "3\nledger_locks: pthread-spin: this system has no pthread_spin_lock\n");
}
END_TEST

START_TEST(test_usage)
{
    static const char usage[] =
        "usage: ledger_locks [-t threads] [-a accounts] [-r reports]\n"
        "                    [-i milliseconds] [-l spin|mutex|pthread-spin]\n";
    static const char *const wrong[] = {
        "-t 0",  "-t 1001", "-t x", "-a 1",  "-a 0",     "-a -2",  "-a 10000001", "-r 0", "-r ''",
        "-i -1", "-i 1s",   "-l",   "-l ''", "-l Mutex", "-l spi", "-x",          "2",    "-t"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("ledger_locks %s", wrong[i]), 2);
        ck_assert(strstr(printed, usage) != NULL);
    }
    ck_assert_int_eq(run("ledger_locks -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, usage);
    ck_assert_int_eq(run("ledger_locks -l none"), 2);
    ck_assert(strncmp(printed, "ledger_locks: none: no such choice\n", 35) == 0);
}
END_TEST

/* It does not go on when it cannot print. */
START_TEST(test_full_disk)
{
    ck_assert_int_eq(run(MANY_LOCKS "ledger_locks -i 1 -r 1000000 >/dev/full"), 1);
    ck_assert_str_eq(printed, "ledger_locks: standard output: No space left on device\n");
    ck_assert_int_eq(run(MANY_LOCKS "ledger_locks -i 1 -r 1000000 >&-"), 1);
    ck_assert_str_eq(printed, "ledger_locks: standard output: Bad file descriptor\n");
}
END_TEST

START_TEST(test_closed_pipe)
{
    ck_assert_int_eq(
        run(MANY_LOCKS "ledger_locks -i 1 -r 1000000 | head -n 2 | grep -c ' 5000000$'"), 0);
    ck_assert_str_eq(printed, "2\n");
}
END_TEST

START_TEST(test_memory)
{
    ck_assert_int_eq(run("ulimit -s 8192; ulimit -v 200000; ledger_locks -t 1000 -i 1"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
    ck_assert_int_eq(run("ulimit -v 50000; ledger_locks -a 10000000 -i 1"), 1);
    ck_assert(strstr(printed, "calloc") != NULL);
    ck_assert(strstr(printed, ": Cannot allocate memory\n") != NULL);
}
END_TEST

TCase *ledger_locks_cases(void)
{
    TCase *cases = tcase_create("ledger_locks");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, test_sums, 0, LOCKS);
    tcase_add_loop_test(cases, test_many_reports, 0, LOCKS);
    tcase_add_test(cases, test_defaults);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_closed_pipe);
    if (is_possible("ledger_locks on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("ledger_locks without pthread_spin_lock", PLAIN_BUILD))
        tcase_add_test(cases, test_no_pthread_spin);
    if (is_possible("ledger_locks with little memory", MEMORY_LIMIT))
        tcase_add_test(cases, test_memory);
    return cases;
}
