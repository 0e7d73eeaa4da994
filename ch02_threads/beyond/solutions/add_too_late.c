/*
 * add_too_late.c - a task that adds itself to its wait group: main may wait before it has done so.
 *
 * Exercise 1 of chapter 2
 * Shows     the order of events in which main misses a task; and that it misses none when main adds it
 * Build     cc -pthread -iquote . -o beyond/solutions/add_too_late \
 *           beyond/solutions/add_too_late.c wait_group.c
 * Run       beyond/solutions/add_too_late
 * Expect    main has waited, and has 0 of 1 results; then the same with 1 of 1
 */
#include "must.h"
#include "wait_group.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static struct wait_group waitgroup;
static atomic_int results;
static atomic_bool main_has_waited; // forces the order that is rare otherwise

static void *search(void *unused)
{
    results++;
    MUST(wait_group_done(&waitgroup));
    return unused;
}

static void *add_and_search(void *unused)
{
    while (!main_has_waited) // a thread that was created need not run at once
        sched_yield();
    MUST(wait_group_add(&waitgroup, 1)); // the fault: too late
    return search(unused);
}

static void show(bool too_late)
{
    pthread_t thread;
    results = 0;
    if (!too_late)
        MUST(wait_group_add(&waitgroup, 1));
    MUST(pthread_create(&thread, NULL, too_late ? add_and_search : search, NULL));
    MUST(wait_group_wait(&waitgroup)); // the count is 0, so this returns at once
    printf("Added %s: main has waited, and has %d of 1 results\n",
           too_late ? "by the thread" : "by main", results);
    main_has_waited = true;
    MUST(pthread_join(thread, NULL));
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "add_too_late");
    MUST(wait_group_init(&waitgroup));
    show(true);
    show(false);
    MUST(wait_group_destroy(&waitgroup));
}
