/*
 * test_quiz.c - the quiz runs its questions for real, and gets over the one that never ends.
 */
#include "cases.h"

#include <string.h>

START_TEST(test_double_lock)
{
    ck_assert_int_eq(run("quiz -y RunAndWait"), 0);
    ck_assert(strstr(printed, "Running it:\nNothing in a second. The thread waits in "
                              "pthread_mutex_lock") != NULL);
    ck_assert(strstr(printed, "The same with an error-checking mutex:\nThe second "
                              "pthread_mutex_lock returns EDEADLK: ") != NULL);
    ck_assert(strstr(printed, "\nHello there") == NULL);
    ck_assert(strstr(printed, "\n\nThe answer is b.\n") != NULL);
}
END_TEST

START_TEST(test_mutex)
{
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(run("quiz -y StartThreadsA"), 0);
        ck_assert(strstr(printed, "Running it:\n1\n2\n3\n1\n2\n3\n\nThe answer is b.\n") != NULL);
    }
}
END_TEST

/* Each counts to three; how the two mix is open, but that both hold the lock at the end is not. */
START_TEST(test_read_lock)
{
    int mixed = 0;
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(run("quiz -y StartThreadsB | awk '/^Running/ { on = 1 } /^Both/ { on = 0 "
                             "} on && /^[1-3]$/'"),
                         0);
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
    ck_assert_int_gt(mixed, 0); // ten times not mixed: they would have excluded each other
    ck_assert_int_eq(run("quiz -y StartThreadsB"), 0);
    ck_assert(strstr(printed,
                     "\nBoth are done.\npthread_rwlock_trywrlock: EBUSY, a writer would wait\n"
                     "Each of the two has unlocked twice.\npthread_rwlock_trywrlock: 0, it "
                     "has the lock\n\nThe answer is c.\n") != NULL);
}
END_TEST

START_TEST(test_answers)
{
    ck_assert_int_eq(run("echo B | quiz startthreadsa"), 0);
    ck_assert(strstr(printed, "\n\nRight. The answer is b.") != NULL);
    ck_assert_int_eq(run("echo a | quiz 3"), 0);
    ck_assert(strstr(printed, "\n\nNo. The answer is c.") != NULL);
}
END_TEST

START_TEST(test_all)
{
    ck_assert_int_eq(run("quiz -y | grep ^Question"), 0);
    ck_assert_str_eq(printed, "Question 1: RunAndWait\nQuestion 2: StartThreadsA\n"
                              "Question 3: StartThreadsB\n");
}
END_TEST

START_TEST(test_usage)
{
    ck_assert_int_eq(run("quiz -h"), 0);
    ck_assert_str_eq(printed, "usage: quiz [-y] [QUESTION ...]\n  1  RunAndWait\n"
                              "  2  StartThreadsA\n  3  StartThreadsB\n");
    ck_assert_int_eq(run("quiz -y 2 nonsense"), 2);
    ck_assert_str_eq(printed,
                     "quiz: nonsense: no such question\nusage: quiz [-y] [QUESTION ...]\n");
    ck_assert_int_eq(run("quiz 4"), 2);
    ck_assert_int_eq(run("quiz ''"), 2);
    ck_assert_int_eq(run("quiz -x"), 2);
}
END_TEST

START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("quiz -y 2 >/dev/full"), 1);
    ck_assert_str_eq(printed, "quiz: standard output: No space left on device\n");
}
END_TEST

/* No thread in the other process, and it says so: the question is not answered by guessing. */
START_TEST(test_no_thread)
{
    ck_assert_int_eq(run("ulimit -s 1000000; ulimit -v 900000; quiz -y 1"), 1);
    ck_assert(strstr(printed, "pthread_create") != NULL);
    ck_assert(strstr(printed, ": Resource temporarily unavailable\n") != NULL);
    ck_assert(strstr(printed, "Nothing in a second") == NULL);
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
    tcase_add_test(cases, test_all);
    tcase_add_test(cases, test_usage);
    if (is_possible("quiz on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    if (is_possible("quiz without a thread", MEMORY_LIMIT))
        tcase_add_test(cases, test_no_thread);
    return cases;
}
