/*
 * test_stingy_spendy.c - with the lock no money is lost, without it some is in every round.
 */
#define main stingy_spendy_main
#include "../stingy_spendy.c"
#undef main

#include "cases.h"

/* Many additions at once, without a pause. Called by a pointer, so that the compiler keeps them. */
static void (*volatile add_to)(struct account *, int) = add;

enum { ADDERS = 4 };
static atomic_int here;

static void *add_often(void *argument)
{
    struct person *person = argument;
    atomic_fetch_add(&here, 1);
    while (atomic_load(&here) < ADDERS)
        sched_yield();
    for (int i = 0; i < 100 * ROUNDS; i++)
        add_to(person->account, person->amount);
    return NULL;
}

START_TEST(test_lock)
{
    struct account account = {.lock = PTHREAD_MUTEX_INITIALIZER, .balance = FIRST_BALANCE};
    struct person persons[ADDERS];
    for (int i = 0; i < ADDERS; i++) {
        persons[i] = (struct person){.amount = i, .account = &account};
        MUST(pthread_create(&persons[i].thread, NULL, add_often, &persons[i]));
    }
    for (int i = 0; i < ADDERS; i++)
        MUST(pthread_join(persons[i].thread, NULL));
    ck_assert_int_eq(account.balance, FIRST_BALANCE + 100 * ROUNDS * (0 + 1 + 2 + 3));
    MUST(pthread_mutex_destroy(&account.lock));
}
END_TEST

/* Runs a program and looks at all that it prints. The two may be done in any order. */
static void must_print(const char *command, const char *end)
{
    char stingy_first[200], spendy_first[200];
    snprintf(stingy_first, sizeof stingy_first, "Stingy Done\nSpendy Done\n%s", end);
    snprintf(spendy_first, sizeof spendy_first, "Spendy Done\nStingy Done\n%s", end);
    ck_assert_int_eq(run("%s", command), 0);
    if (strcmp(printed, spendy_first) != 0)
        ck_assert_str_eq(printed, stingy_first);
}

START_TEST(test_balance)
{
    must_print("stingy_spendy", "100\n");
    must_print("stingy_spendy -n 1", "100\n");
    must_print("atomic_stingy_spendy", "100\n");
    must_print("atomic_stingy_spendy -n 1", "100\n");
}
END_TEST

/* Every deposit is lost, on every run. (ThreadSanitizer would end the program with an error.) */
#define UNLOCKED "TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" stingy_spendy -u"
#define REASON " went missing: each round both read the same balance, and the last to write won.\n"

START_TEST(test_unlocked)
{
    must_print(UNLOCKED, "-9900\n10000" REASON);
    for (int i = 0; i < 20; i++)
        must_print(UNLOCKED " -n 20", "-100\n200" REASON);
    must_print(UNLOCKED " -n 1", "90\n10" REASON);
}
END_TEST

START_TEST(test_unlocked_on_one_processor)
{
    must_print("TSAN_OPTIONS=\"$TSAN_OPTIONS report_bugs=0\" taskset -c 0 stingy_spendy -u -n 20",
               "-100\n200" REASON);
}
END_TEST

/* What is a race is reported. (That the rest is not, the other tests see: a report ends them with 66.) */
START_TEST(test_race)
{
    ck_assert_int_eq(run("stingy_spendy -u -n 5"), 66);
    ck_assert(strstr(printed, "WARNING: ThreadSanitizer: data race") != NULL);
}
END_TEST

static const char *const programs[] = {"stingy_spendy", "atomic_stingy_spendy"};
enum { PROGRAMS = 2 };

START_TEST(test_usage)
{
    static const char *const usages[PROGRAMS] = {"usage: stingy_spendy [-u] [-n rounds]\n",
                                                 "usage: atomic_stingy_spendy [-n rounds]\n"};
    static const char *const wrong[] = {"-n 0",  "-n -1", "-n 1000001", "-n x", "-n 1x",
                                        "-n ''", "-n",    "-x",         "10"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("%s %s", programs[_i], wrong[i]), 2);
        ck_assert(strstr(printed, usages[_i]) != NULL);
    }
    ck_assert_int_eq(run("%s -h 2>/dev/null", programs[_i]), 0);
    ck_assert_str_eq(printed, usages[_i]);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("%s -n 1 >/dev/full", programs[_i]), 1);
    ck_assert(strstr(printed, "spendy: standard output: No space left on device\n") != NULL);
    ck_assert_int_eq(run("%s -n 1 >&-", programs[_i]), 1);
    ck_assert(strstr(printed, "spendy: standard output: Bad file descriptor\n") != NULL);
}
END_TEST

START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; %s -n 1", programs[_i]), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
}
END_TEST

TCase *stingy_spendy_cases(void)
{
    TCase *cases = tcase_create("stingy_spendy");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_lock);
    tcase_add_test(cases, test_balance);
    tcase_add_test(cases, test_unlocked);
    tcase_add_loop_test(cases, test_usage, 0, PROGRAMS);
    if (is_possible("stingy_spendy on one processor", "taskset -c 0 true 2>/dev/null"))
        tcase_add_test(cases, test_unlocked_on_one_processor);
    if (is_possible("stingy_spendy: the race is reported", TSAN_BUILD))
        tcase_add_test(cases, test_race);
    if (is_possible("stingy_spendy on a full disk", FULL_DISK))
        tcase_add_loop_test(cases, test_full_disk, 0, PROGRAMS);
    if (is_possible("stingy_spendy without a thread", MEMORY_LIMIT))
        tcase_add_loop_test(cases, test_no_thread, 0, PROGRAMS);
    return cases;
}
