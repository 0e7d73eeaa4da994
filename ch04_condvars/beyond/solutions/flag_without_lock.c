/*
 * flag_without_lock.c - a flag that is set without the lock: the signal falls between the look and the sleep.
 *
 * Exercise 3 of chapter 4
 * Shows     that a predicate alone does not help: the flag is set, and main sleeps all the same
 * Build     make beyond/solutions/flag_without_lock
 * Run       beyond/solutions/flag_without_lock
 * Expect    without the lock main sleeps although it is ready, until it gives up after a second; with the
 *           lock the signaller has to wait until main sleeps
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static bool with_lock; // does not change while there are two threads

static atomic_bool ready;                                // atomic: no data race, and wrong all the same
static atomic_bool main_has_looked, signal_sent;         // force the order of events
static bool second_is_over;                              // main has waited long enough
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: ready, with_lock; second_is_over
static pthread_cond_t became_ready = PTHREAD_COND_INITIALIZER;

static void *signaller(void *unused)
{
    while (!main_has_looked)
        sched_yield();
    if (with_lock)
        MUST(pthread_mutex_lock(&lock));
    ready = true;
    puts("  signaller: ready, signals");
    MUST(pthread_cond_signal(&became_ready));
    if (with_lock)
        MUST(pthread_mutex_unlock(&lock));
    signal_sent = true;
    pause_ms(1000); // ends what would last forever
    MUST(pthread_mutex_lock(&lock));
    second_is_over = true;
    MUST(pthread_cond_signal(&became_ready));
    MUST(pthread_mutex_unlock(&lock));
    return unused;
}

static void show(bool lock_it, const char *title)
{
    pthread_t thread;
    with_lock = lock_it;
    ready = main_has_looked = signal_sent = second_is_over = false;
    puts(title);
    MUST(pthread_create(&thread, NULL, signaller, NULL));
    MUST(pthread_mutex_lock(&lock));
    bool was_ready = ready;
    puts("  main: not ready, so it will sleep");
    main_has_looked = true;
    while (!with_lock && !signal_sent) // with the lock this moment does not exist: main holds it
        sched_yield();
    if (!was_ready) {
        // One wait: `while (!ready)` has looked before, and looks again only when it is woken.
        bool woken = false;
        while (!second_is_over && !woken) {
            MUST(pthread_cond_wait(&became_ready, &lock));
            woken = with_lock ? ready : false;
        }
    }
    puts(second_is_over ? "  main: slept for a second, although it was ready" : "  main: woken, ready");
    MUST(pthread_mutex_unlock(&lock));
    MUST(pthread_join(thread, NULL));
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "flag_without_lock");
    show(false, "Without the lock:");
    show(true, "With the lock:");
}
