/*
 * processes_and_threads.c - a process has memory of its own; threads share theirs.
 *
 * Original  none: the course explains both in its opening lectures
 * Build     cc -pthread -o processes_and_threads processes_and_threads.c
 * Run       ./processes_and_threads
 * Expect    the child process changes only its own balance, though that has the same address; the thread
 *           changes that of main. A thread costs a fraction of what a process costs
 * Try       fill 100 MB of memory first (calloc is not enough, write to it). Which of the two costs
 *           more now, and why?
 */
#include "must.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static const char usage[] = "processes_and_threads";

static const int times = 1000; // how many are created and waited for, to measure one

static void show(const char *when, const int *balance)
{
    printf("%-28s %d   at %p\n", when, *balance, (const void *)balance);
}

static void *deposit(void *balance)
{
    *(int *)balance += 10;
    return NULL;
}

static void *deposit_and_show(void *balance)
{
    deposit(balance);
    show("    it deposits 10, and has", balance);
    return NULL;
}

/* Calls the function in a child process, and waits for its end. */
static void run_process(void *(*function)(void *), int *balance)
{
    fflush(stdout); // the child gets a copy of what is in the buffer, too, and would print it again
    pid_t child = fork();
    if (child < 0)
        give_up(usage, "fork", strerror(errno));
    if (child == 0) {
        function(balance);
        exit(EXIT_SUCCESS);
    }
    int status;
    if (waitpid(child, &status, 0) < 0)
        give_up(usage, "waitpid", strerror(errno));
    if (WIFSIGNALED(status))
        raise(WTERMSIG(status)); // end as the child did
    if (status != 0)
        _exit(EXIT_FAILURE); // the child has said why
}

/* The same in a thread. Main waits meanwhile, so the balance needs no lock. */
static void run_thread(void *(*function)(void *), int *balance)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, function, balance));
    MUST(pthread_join(thread, NULL));
}

static void measure(const char *what, void (*run)(void *(*function)(void *), int *balance))
{
    int balance = 0;
    double start = seconds();
    for (int i = 0; i < times; i++)
        run(deposit, &balance);
    printf("  %-11s %7.1f µs\n", what, (seconds() - start) / times * 1e6);
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, usage);
    int balance = 100;
    show("main begins with", &balance);
    run_process(deposit_and_show, &balance);
    show("after the process, main has", &balance);
    run_thread(deposit_and_show, &balance);
    show("after the thread, main has", &balance);

    printf("To create one and wait for its end takes, on average of %d:\n", times);
    measure("a process", run_process);
    measure("a thread", run_thread);
}
