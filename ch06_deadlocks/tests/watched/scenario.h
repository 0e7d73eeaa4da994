/*
 * scenario.h - what hangs.c, cycles.c and harmless.c share: threads that meet without a pause or a lock, and
 * a main that calls the function whose name it is given.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_int arrived;

static inline pthread_t start(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, function, argument);
    if (error != 0) {
        fprintf(stderr, "pthread_create: %s\n", strerror(error));
        exit(99);
    }
    return thread;
}

static inline void join(pthread_t thread)
{
    pthread_join(thread, NULL);
}

static inline void wait_until(int threads)
{
    while (atomic_load(&arrived) < threads)
        sched_yield();
}

/* Returns when both threads have called it. */
static inline void meet(void)
{
    atomic_fetch_add(&arrived, 1);
    wait_until(2);
}

struct scenario {
    const char *name;
    void (*function)(void);
};

#define SCENARIO(function)                                                                         \
    {                                                                                              \
#function, function                                                                        \
    }

/* Prints a line and returns 0 if the scenario ends; returns 99 for an unknown name. */
static inline int run_scenario(const char *name, const struct scenario *all, size_t count)
{
    for (size_t i = 0; name != NULL && i < count; i++)
        if (strcmp(all[i].name, name) == 0) {
            all[i].function();
            puts("finished");
            return 0;
        }
    return 99;
}

#endif
