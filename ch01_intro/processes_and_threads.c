/*
 * processes_and_threads.c - who sees a change: a process has memory of its own, threads share theirs.
 *
 * Original  none: the course explains both in its opening lectures
 * Run       ./processes_and_threads [-n times]       how many of each are created to measure the cost
 * Expect    the child process has changed only its own balance, though it stands at the same address;
 *           the thread has changed that of main. A thread costs a fraction of what a process costs
 * Try       fill 100 MB of memory before the measuring (calloc is not enough, write to it). Which of
 *           the two costs more now, and why?
 * Compare   race_condition.c (what it leads to that threads share everything)
 */
#include "must.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: processes_and_threads [-n times]\n";

/* Nobody else looks at the balance while a child has it: main waits for the end of each. No lock. */
static void *deposit(void *balance)
{
    *(long *)balance += 10;
    return NULL;
}

static void show(const char *who, const long *balance)
{
    printf("%-28s %ld   at %p\n", who, *balance, (const void *)balance);
}

static void *deposit_and_show(void *balance)
{
    deposit(balance);
    show("    it deposits 10, and has", balance);
    return NULL;
}

/*
 * Lets a child process call `function`, and waits for its end. False: it said what went wrong. What is
 * in the buffer of stdout is copied with all else, so it is written out first, or it would come out
 * twice. For the same reason the child leaves with _exit: exit does what main has to do once.
 */
static bool run_process(void *(*function)(void *), long *balance)
{
    if (finish_output(0, usage) != 0)
        return false;
    pid_t child = fork();
    if (child < 0) {
        complain(usage, "fork", strerror(errno));
        return false;
    }
    if (child == 0) {
        function(balance);
        _exit(finish_output(0, usage));
    }
    int status;
    if (waitpid(child, &status, 0) != child) {
        complain(usage, "waitpid", strerror(errno));
        return false;
    }
    if (WIFSIGNALED(status))
        raise(WTERMSIG(status)); // end as it did: quietly, if it was that nobody reads the pipe
    return WIFEXITED(status) && WEXITSTATUS(status) == 0; // otherwise it has said why
}

/* The same with a thread. */
static bool run_thread(void *(*function)(void *), long *balance)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, function, balance);
    if (error != 0) {
        complain(usage, "pthread_create", strerror(error));
        return false;
    }
    MUST(pthread_join(thread, NULL));
    return true;
}

static double microseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int compare_times(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

/*
 * Prints the median of the times that it takes: half of them are shorter, half longer. (A mean would be
 * spoiled by the few that were interrupted.)
 */
static bool measure(const char *what, bool (*run)(void *(*function)(void *), long *balance),
                    long number)
{
    double *times = MUST_HAVE(calloc((size_t)number, sizeof *times));
    long balance = 0;
    bool done = true;
    for (long i = 0; i < number && done; i++) {
        double start = microseconds();
        done = run(deposit, &balance);
        times[i] = microseconds() - start;
    }
    qsort(times, (size_t)number, sizeof *times, compare_times);
    if (done)
        printf("  %-11s %7.1fµs\n", what, times[number / 2]);
    free(times);
    return done;
}

int main(int argc, char *argv[])
{
    long number = 1000;
    int option;
    while ((option = getopt(argc, argv, "n:h")) != -1) {
        switch (option) {
        case 'n':
            number = number_from(optarg, 1, 100000, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (argc > optind)
        return show_usage('?', usage);

    long balance = 100;
    show("main begins with", &balance);
    if (!run_process(deposit_and_show, &balance))
        return 1;
    show("after the process, main has", &balance);
    if (!run_thread(deposit_and_show, &balance))
        return 1;
    show("after the thread, main has", &balance);

    printf("To create one and wait for its end takes (the median of %ld):\n", number);
    bool done =
        measure("a process", run_process, number) && measure("a thread", run_thread, number);
    return finish_output(done ? 0 : 1, usage);
}
