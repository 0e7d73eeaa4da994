/*
 * test_processes_and_threads.c - whether main sees the change, what it says of the costs, and what happens
 * when there can be no more processes or threads.
 *
 * It includes the program itself, and refuses it what the system would not refuse.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

static int forks_left, threads_left;

static pid_t fork_or_refuse(void)
{
    if (forks_left-- > 0)
        return fork();
    errno = EAGAIN;
    return -1;
}

static int create_or_refuse(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*function)(void *), void *argument)
{
    return threads_left-- > 0 ? pthread_create(thread, attributes, function, argument) : EAGAIN;
}

// main needs no return at its end, a function of another name does.
#pragma GCC diagnostic ignored "-Wreturn-type"
#define main processes_and_threads_main
#define fork fork_or_refuse
#define pthread_create create_or_refuse
#include "../processes_and_threads.c"
#undef main
#undef fork
#undef pthread_create

#include "cases.h"

START_TEST(test_who_sees_it)
{
    // The same through a pipe, where what is printed stays in the buffer for longer.
    for (int through_pipe = 0; through_pipe <= 1; through_pipe++) {
        ck_assert_int_eq(run("processes_and_threads %s", through_pipe ? "| cat"
                                                                      : ">f.$$; s=$?; cat f.$$;"
                                                                        "rm f.$$; exit $s"),
                         0);
        char places[5][40], costs[2][2][40];
        long number = 0;
        ck_assert_int_eq(sscanf(printed,
                                "main begins with 100 at %39s it deposits 10, and has 110 at %39s "
                                "after the process, main has 100 at %39s it deposits 10, and has "
                                "110 at %39s after the thread, main has 110 at %39s To create one "
                                "and wait for its end takes, on average of %ld: "
                                "a process %39[0-9.]%39s a thread %39[0-9.]%39s",
                                places[0], places[1], places[2], places[3], places[4], &number,
                                costs[0][0], costs[0][1], costs[1][0], costs[1][1]),
                         10);
        for (int i = 1; i < 5; i++)
            ck_assert_str_eq(places[i], places[0]);
        ck_assert_int_eq(number, 1000);
        for (int i = 0; i < 2; i++) {
            ck_assert(atof(costs[i][0]) > 0);
            ck_assert_str_eq(costs[i][1], "µs");
        }
        // Each line once, though two processes had the buffer.
        int lines = 0;
        for (const char *at = printed; (at = strchr(at, '\n')) != NULL; at++)
            lines++;
        ck_assert_int_eq(lines, 8);
    }
}
END_TEST

/* Runs the program in a process of its own, with limits on forks and threads. */
static void expect_refused(int forks, int threads, const char *complaint)
{
    static char name[] = "processes_and_threads";
    char *arguments[] = {name, NULL}, path[300];
    snprintf(path, sizeof path, "%s/printed", new_folder());
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        forks_left = forks;
        threads_left = threads;
        optind = 1;
        if (freopen(path, "w", stdout) == NULL || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
            _exit(2);
        setbuf(stdout, NULL);
        processes_and_threads_main(1, arguments);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    run("grep '%s' %s", complaint, path);
    ck_assert_str_ne(printed, "");
}

#define UNAVAILABLE ": Resource temporarily unavailable$"

START_TEST(test_refused)
{
    static const struct {
        int forks, threads;
        const char *complaint;
    } refusals[] = {
        {0, 10000, "^processes_and_threads: fork" UNAVAILABLE},
        {5, 10000, "^processes_and_threads: fork" UNAVAILABLE},
        {10000, 0, "processes_and_threads.c:[0-9]*: pthread_create.*" UNAVAILABLE},
        {10000, 5, "processes_and_threads.c:[0-9]*: pthread_create.*" UNAVAILABLE},
    };
    expect_refused(refusals[_i].forks, refusals[_i].threads, refusals[_i].complaint);
}
END_TEST

static void *end_by_signal(void *balance)
{
    raise(SIGUSR1);
    return balance;
}

/* Main ends in the same way: the test expects the signal. */
START_TEST(test_child_is_killed)
{
    int balance = 100;
    forks_left = 1;
    run_process(end_by_signal, &balance);
}
END_TEST

static void *exit_with_1(void *balance)
{
    (void)balance;
    _exit(1);
}

/* Main ends with 1, too. */
START_TEST(test_child_fails)
{
    int balance = 100;
    forks_left = 1;
    run_process(exit_with_1, &balance);
}
END_TEST

START_TEST(test_usage)
{
    static const char *const wrong[] = {"-n 5", "-x", "1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(run("processes_and_threads %s", wrong[i]), 2);
        ck_assert(strstr(printed, "usage: processes_and_threads\n") != NULL);
    }
    ck_assert_int_eq(run("processes_and_threads -h 2>/dev/null"), 0);
    ck_assert_str_eq(printed, "usage: processes_and_threads\n");
}
END_TEST

START_TEST(test_output)
{
    ck_assert_int_eq(run("processes_and_threads >&-"), 1);
    ck_assert_str_eq(printed, "processes_and_threads: standard output: Bad file descriptor\n");
    ck_assert_int_eq(run("processes_and_threads | head -n 1 | grep -c 100"), 0);
    ck_assert_str_eq(printed, "1\n");
}
END_TEST

/* It says so once: it makes no child when it cannot print. */
START_TEST(test_full_disk)
{
    ck_assert_int_eq(run("processes_and_threads >/dev/full"), 1);
    ck_assert_str_eq(printed, "processes_and_threads: standard output: No space left on device\n");
}
END_TEST

TCase *processes_and_threads_cases(void)
{
    TCase *cases = tcase_create("processes_and_threads");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_who_sees_it);
    tcase_add_loop_test(cases, test_refused, 0, 4);
    tcase_add_test_raise_signal(cases, test_child_is_killed, SIGUSR1);
    tcase_add_exit_test(cases, test_child_fails, EXIT_FAILURE);
    tcase_add_test(cases, test_usage);
    tcase_add_test(cases, test_output);
    if (is_possible("processes_and_threads on a full disk", FULL_DISK))
        tcase_add_test(cases, test_full_disk);
    return cases;
}
