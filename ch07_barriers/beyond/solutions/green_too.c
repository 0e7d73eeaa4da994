/*
 * green_too.c - a third runner, and a barrier for all three, or for only two of them.
 *
 * Exercise 1 of chapter 7
 * Shows     a barrier counts arrivals, not threads: with -n 2 any two that meet complete a round
 * Build     cc -pthread -iquote . -o beyond/solutions/green_too beyond/solutions/green_too.c barrier.c
 * Run       beyond/solutions/green_too [-n meet] [SECONDS]      3 meet, and it ends after 42 seconds
 * Expect    each runner is at the barrier as often as the others; with -n 2 red runs ahead of blue
 * Watch     ../ch06_deadlocks/lock_watch/lock_watch -g beyond/solutions/green_too [-n 2]
 */
#include "barrier.h"
#include "must.h"

#include <pthread.h>

static const char usage[] = "green_too [-n meet] [SECONDS]";

struct runner {
    const char *name;
    int time_to_sleep;
    struct barrier *barrier;
};

static void *wait_on_barrier(void *argument)
{
    struct runner *r = argument;
    for (int round = 1;; round++) {
        printf("%s runs its round %d\n", r->name, round);
        pause_ms(1000 * r->time_to_sleep);
        printf("%s waits after round %d\n", r->name, round);
        barrier_wait(r->barrier);
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    long meet = 3;
    struct option_line options[] = {{'n', .number = &meet, .least = 1, .most = 3}, {0}};
    int first = read_options(argc, argv, usage, options, 0, 1);
    long seconds_to_run = first < argc ? number_from(argv[first], 0, 86400, usage) : 42;
    setvbuf(stdout, NULL, _IOLBF, 0);
    static struct barrier barrier; // static, as the threads still use it when main returns
    MUST(barrier_init(&barrier, (int)meet));
    static struct runner runners[] = {
        {"red", 4, &barrier}, {"green", 7, &barrier}, {"blue", 10, &barrier}};
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, wait_on_barrier, &runners[i]));
    }
    pause_ms(1000 * seconds_to_run);
}
