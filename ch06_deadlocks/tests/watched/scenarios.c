/*
 * scenarios.c - what lock_watch is tested on: one small program for each scenario, chosen by its name.
 * It needs nothing but libc and pthreads, and is compiled by test_lock_watch.c, in several ways.
 */
#ifdef __linux__
#define _GNU_SOURCE // pthread_setname_np, and mutexes of other types made by a constant
#endif
#include <errno.h>
#include <libgen.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER,
                       third = PTHREAD_MUTEX_INITIALIZER, gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t *const locks[] = {&first, &second, &third};
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static atomic_int arrived, threads_in_cycle = 3;
static int is_there; // under first

static pthread_t start(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, function, argument);
    if (error != 0) {
        fprintf(stderr, "pthread_create: %s\n", strerror(error));
        exit(1);
    }
    return thread;
}

/* Starts a thread and waits for its end. */
static void alone(void *(*function)(void *), void *argument)
{
    pthread_join(start(function, argument), NULL);
}

/*
 * Starts a thread and waits until it has done what it has to; then the thread stays. So all threads are there
 * at the same time, though they work one after the other.
 */
static int has_done[2]; // a pipe

static void beside(void *(*function)(void *), void *argument)
{
    char done;
    if (has_done[1] == 0 && pipe(has_done) != 0)
        exit(99);
    start(function, argument);
    if (read(has_done[0], &done, 1) != 1)
        exit(99);
}

static void *stay(void)
{
    if (has_done[1] == 0)
        return NULL; // no thread waits for that
    if (write(has_done[1], "", 1) != 1)
        exit(99);
    for (;;)
        pause();
}

static void both(pthread_mutex_t *one, pthread_mutex_t *other)
{
    pthread_mutex_lock(one);
    pthread_mutex_lock(other);
    pthread_mutex_unlock(other);
    pthread_mutex_unlock(one);
}

static void arrive_and_wait(int others)
{
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < others)
        sched_yield();
}

/* ---- deadlocks ---- */

static void *cycle_member(void *argument)
{
    pthread_mutex_t *const *mine = argument;
    size_t next = (size_t)(mine - locks + 1) % (size_t)threads_in_cycle;
    pthread_mutex_lock(*mine);
    arrive_and_wait(threads_in_cycle);
    pthread_mutex_lock(locks[next]);
    return NULL;
}

static int cycle(int threads)
{
    pthread_t thread[3];
    threads_in_cycle = threads;
    puts("not lost"); // into a pipe or a file: so far only into the buffer
    for (int i = 0; i < threads; i++)
        thread[i] = start(cycle_member, (void *)&locks[i]);
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    return 0;
}

static int three(void)
{
    return cycle(3);
}

static int two(void)
{
    return cycle(2);
}

/* Main has the stream, and waits for the two. What is in its buffer is lost then. */
static int output_is_locked(void)
{
    flockfile(stdout);
    return cycle(2);
}

static int self(void)
{
    pthread_mutex_lock(&first);
    int error = pthread_mutex_lock(&first);
    puts("twice"); // otherwise that would be a tail call, of which the caller is not seen
    return error;
}

/* The same for a thread that is to be cancelled, at the next place where that may happen. */
static int cancelled_too_late(void)
{
    pthread_cancel(pthread_self());
    return self();
}

static void *locks_second_then_first(void *argument)
{
    (void)argument;
    both(&second, &first);
    return stay();
}

/* Main holds second, and sleeps until it gets news; the thread that wants second holds first. */
static int asleep(void)
{
    pthread_mutex_lock(&second);
    pthread_mutex_lock(&first);
    pthread_t thread = start(cycle_member, (void *)&locks[0]); // first, then second
    threads_in_cycle = 2;
    while (!is_there) {
        atomic_fetch_add(&arrived, 1);
        pthread_cond_wait(&news, &first);
    }
    return pthread_join(thread, NULL);
}

static int asleep_in_time(void)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 1000;
    pthread_mutex_lock(&second);
    pthread_mutex_lock(&first);
    pthread_t thread = start(cycle_member, (void *)&locks[0]);
    threads_in_cycle = 2;
    atomic_fetch_add(&arrived, 1);
    pthread_cond_timedwait(&news, &first, &deadline);
    return pthread_join(thread, NULL);
}

static void *names_itself(void *argument)
{
#ifdef __linux__
    pthread_setname_np(pthread_self(), "a \"b\\\n\xc3\xa9");
#endif
    return cycle_member(argument);
}

static int quotes(void)
{
    threads_in_cycle = 2;
    pthread_t one = start(names_itself, (void *)&locks[0]),
              other = start(names_itself, (void *)&locks[1]);
    pthread_join(one, NULL);
    pthread_join(other, NULL);
    return 0;
}

/* ---- no deadlocks ---- */

static int errorcheck(void)
{
    pthread_mutexattr_t type;
    pthread_mutex_t mutex;
    pthread_mutexattr_init(&type);
    pthread_mutexattr_settype(&type, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &type);
    errno = 77;
    int unlocked = pthread_mutex_unlock(&mutex), locked = pthread_mutex_lock(&mutex),
        again = pthread_mutex_lock(&mutex), tried = pthread_mutex_trylock(&mutex);
    printf("%d %d %d %d %d\n", unlocked == EPERM, locked, again == EDEADLK, tried == EBUSY, errno);
    pthread_mutex_unlock(&mutex);
    printf("%d\n", pthread_mutex_destroy(&mutex));
#if defined __APPLE__ && !defined PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP
#define PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP PTHREAD_ERRORCHECK_MUTEX_INITIALIZER
#endif
#ifdef PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP
    static pthread_mutex_t constant = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
    pthread_mutex_lock(&constant);
    return pthread_mutex_lock(&constant) == EDEADLK ? 0 : 1;
#else
    return 0;
#endif
}

static int recursive(void)
{
    pthread_mutexattr_t type;
    pthread_mutex_t mutex;
    pthread_mutexattr_init(&type);
    pthread_mutexattr_settype(&type, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&mutex, &type);
    for (int i = 0; i < 3; i++)
        pthread_mutex_lock(&mutex);
    printf("%d\n", pthread_mutex_trylock(&mutex));
    for (int i = 0; i < 4; i++)
        pthread_mutex_unlock(&mutex);
    return pthread_mutex_destroy(&mutex);
}

/* In a cycle, but with deadlines: all give up. */
static void *gives_up(void *argument)
{
    pthread_mutex_t *const *mine = argument;
    pthread_mutex_lock(*mine);
    arrive_and_wait(2);
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += 50000000;
    deadline.tv_sec += deadline.tv_nsec / 1000000000;
    deadline.tv_nsec %= 1000000000;
    int error = ETIMEDOUT;
#ifndef __APPLE__
    error = pthread_mutex_timedlock(locks[1 - (mine - locks)], &deadline);
#endif
    arrive_and_wait(4);
    pthread_mutex_unlock(*mine);
    return error == ETIMEDOUT ? NULL : argument;
}

static int timed(void)
{
    pthread_t one = start(gives_up, (void *)&locks[0]), other = start(gives_up, (void *)&locks[1]);
    void *result, *other_result;
    pthread_join(one, &result);
    pthread_join(other, &other_result);
    return result == NULL && other_result == NULL ? 0 : 1;
}

/* Unlocked by a thread that has not locked it: undefined, but common. */
static void *unlocks_first(void *argument)
{
    pthread_mutex_unlock(&first);
    return argument;
}

static int handed_over(void)
{
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&first);
        alone(unlocks_first, NULL);
        pthread_mutex_lock(&second); // does not hold first any more
        pthread_mutex_unlock(&second);
    }
    alone(locks_second_then_first, NULL);
    return pthread_mutex_trylock(&first);
}

/* ---- orders ---- */

static void *locks_first_then_second(void *argument)
{
    (void)argument;
    both(&first, &second);
    return stay();
}

static int inversion(void)
{
    beside(locks_first_then_second, NULL);
    beside(locks_second_then_first, NULL);
    return 5;
}

static void *locks_two(void *argument)
{
    pthread_mutex_t *const *one = argument;
    both(*one, locks[(one - locks + 1) % 3]);
    return stay();
}

static int three_orders(void)
{
    for (int i = 0; i < 3; i++)
        beside(locks_two, (void *)&locks[i]);
    return 0;
}

static void *through_gate(void *locks_second_first)
{
    pthread_mutex_lock(&gate);
    if (locks_second_first != NULL)
        both(&second, &first);
    else
        both(&first, &second);
    pthread_mutex_unlock(&gate);
    return stay();
}

static int gated(void)
{
    for (int i = 0; i < 3; i++) {
        beside(through_gate, NULL);
        beside(through_gate, &gate);
    }
    return 0;
}

/* At last once without the gate; and then the two orders can meet. */
static int gate_open(void)
{
    gated();
    beside(locks_second_then_first, NULL);
    return 0;
}

static int one_thread(void)
{
    both(&first, &second);
    both(&second, &first);
    return 0;
}

static void *tries_second(void *argument)
{
    pthread_mutex_lock(&first);
    if (pthread_mutex_trylock(&second) == 0)
        pthread_mutex_unlock(&second);
    pthread_mutex_unlock(&first);
    (void)argument;
    return stay();
}

static int tried(void)
{
    beside(tries_second, NULL);
    beside(locks_second_then_first, NULL);
    return 0;
}

static int reused(void)
{
    pthread_mutex_t *memory = malloc(2 * sizeof *memory);
    for (int i = 0; i < 3; i++) {
        pthread_mutex_init(&memory[0], NULL);
        pthread_mutex_init(&memory[1], NULL);
        both(&memory[i % 2], &memory[1 - i % 2]);
        if (i < 2) { // else the program forgets it, and the memory is used again
            pthread_mutex_destroy(&memory[0]);
            pthread_mutex_destroy(&memory[1]);
        }
    }
    free(memory);
    return 0;
}

static void *reuse(void *argument)
{
    (void)argument;
    reused();
    return NULL;
}

static int reused_by_threads(void)
{
    for (int i = 0; i < 10; i++)
        alone(reuse, NULL);
    return 0;
}

/* More orders than there is room for, most of them of mutexes that are gone. */
static int many_orders(void)
{
    for (int i = 0; i < 200000; i++) {
        pthread_mutex_t mutex;
        pthread_mutex_init(&mutex, NULL);
        both(&first, &mutex);
        pthread_mutex_destroy(&mutex);
    }
    return inversion();
}

/* Many at a time, upwards, and each order new. */
static int many_held(void)
{
    enum { MANY = 3000 };
    static pthread_mutex_t many[MANY];
    for (int i = 0; i < MANY; i++)
        pthread_mutex_init(&many[i], NULL);
    for (int step = 1; step < 60; step++) {
        for (int i = 0; i < MANY; i += step)
            pthread_mutex_lock(&many[i]);
        for (int i = 0; i < MANY; i += step)
            pthread_mutex_unlock(&many[i]);
    }
    for (int i = 0; i < MANY; i++)
        pthread_mutex_destroy(&many[i]);
    return 0;
}

#include "runs.h" // uses what stands above

#define SCENARIO(function)                                                                         \
    {                                                                                              \
#function, function                                                                        \
    }
static const struct {
    const char *name;
    int (*run)(void);
} scenarios[] = {
    SCENARIO(three),
    SCENARIO(two),
    SCENARIO(self),
    SCENARIO(cancelled_too_late),
    SCENARIO(asleep),
    SCENARIO(asleep_in_time),
    SCENARIO(quotes),
    SCENARIO(output_is_locked),
    SCENARIO(errorcheck),
    SCENARIO(recursive),
    SCENARIO(timed),
    SCENARIO(handed_over),
    SCENARIO(inversion),
    SCENARIO(three_orders),
    SCENARIO(gated),
    SCENARIO(gate_open),
    SCENARIO(one_thread),
    SCENARIO(tried),
    SCENARIO(reused_by_threads),
    SCENARIO(many_orders),
    SCENARIO(many_held),
    SCENARIO(conditions),
    SCENARIO(cancelled),
    SCENARIO(cancelled_and_stuck),
    SCENARIO(comings),
    SCENARIO(left_locked),
    SCENARIO(signals),
    SCENARIO(forks),
    SCENARIO(killed),
    SCENARIO(underscore_exit),
    SCENARIO(quick),
    SCENARIO(environment),
    SCENARIO(moved),
    SCENARIO(million),
    SCENARIO(states),
    SCENARIO(no_locks),
};

int main(int argc, char *argv[])
{
    if (argc > 1 && strcmp(argv[1], "renamed") == 0) {
        dirname(argv[0]); // writes into it, and the loader calls the program by it
        return self();
    }
    for (size_t i = 0; argc > 1 && i < sizeof scenarios / sizeof scenarios[0]; i++) {
        if (strcmp(argv[1], scenarios[i].name) == 0)
            return scenarios[i].run();
    }
    return 99;
}
