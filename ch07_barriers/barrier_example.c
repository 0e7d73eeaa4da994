/*
 * barrier_example.c - red needs 4 seconds for a round, blue 10: at the barrier red waits for blue.
 *
 * Original  barriers/barrier_example.go
 * Build     cc -pthread -o barrier_example barrier_example.c barrier.c
 * Run       ./barrier_example [SECONDS]
 * Expect    in each round both run, red waits, and six seconds later blue arrives and both run on;
 *           main ends the program after 100 seconds
 * Try       a third thread, green, that needs 7 seconds. What happens while barrier_init still says 2?
 * Watch     ../ch06_deadlocks/lock_watch/lock_watch -g ./barrier_example 18
 *           draws a lane for each thread: when it runs, and when it waits
 * Beyond    beyond/broken_barrier.c
 */
#include "barrier.h"
#include "must.h"

#include <pthread.h>

struct runner {
    const char *name;
    int time_to_sleep;
    struct barrier *barrier;
};

static void *wait_on_barrier(void *argument)
{
    struct runner *r = argument;
    for (;;) {
        printf("%s running\n", r->name);
        pause_ms(1000 * r->time_to_sleep);
        printf("%s is waiting on barrier\n", r->name);
        barrier_wait(r->barrier);
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    long seconds_to_run = seconds_or(100, argc, argv, "barrier_example [SECONDS]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    static struct barrier barrier; // static, as the threads still use it when main returns
    MUST(barrier_init(&barrier, 2));
    static struct runner red = {"red", 4, &barrier}, blue = {"blue", 10, &barrier};
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, wait_on_barrier, &red));
    MUST(pthread_create(&thread, NULL, wait_on_barrier, &blue));
    pause_ms(1000 * seconds_to_run);
}
