/*
 * flag_without_lock.c - a thread sets a flag without the lock: its signal comes between look and sleep.
 *
 * Exercise 3 of chapter 4
 * Shows     that a predicate alone does not help: the flag is set, and main sleeps all the same
 * Build     cc -pthread -iquote . -o beyond/solutions/flag_without_lock beyond/solutions/flag_without_lock.c
 * Run       beyond/solutions/flag_without_lock
 * Expect    without the lock main sleeps although it is ready, until it gives up after a second; with the
 *           lock the signaller has to wait until main sleeps
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static bool with_lock; // does not change while there are two threads

static atomic_bool ready;                        // atomic: no data race, and wrong all the same
static atomic_bool main_has_looked, signal_sent; // force the order of events
static bool second_is_over;                      // main has slept long enough
static pthread_mutex_t lock =
    PTHREAD_MUTEX_INITIALIZER; // protects: second_is_over, ready if with_lock
static pthread_cond_t became_ready = PTHREAD_COND_INITIALIZER;

static void wait_for(atomic_bool *flag)
{
    while (!*flag)
        sched_yield();
}

static void *signaller(void *unused)
{
    wait_for(&main_has_looked);
    if (with_lock)
        MUST(pthread_mutex_lock(&lock)); // main holds it until it sleeps
    puts("  signaller: ready, signals");
    ready = true;
    MUST(pthread_cond_signal(&became_ready));
    if (with_lock) {
        MUST(pthread_mutex_unlock(&lock));
        return unused;
    }
    signal_sent = true;
    pause_ms(1000);
    MUST(pthread_mutex_lock(&lock)); // ends what would last forever
    second_is_over = true;
    MUST(pthread_cond_signal(&became_ready));
    MUST(pthread_mutex_unlock(&lock));
    return unused;
}

static void show(bool lock_it, const char *title)
{
    puts(title);
    with_lock = lock_it;
    ready = main_has_looked = signal_sent = second_is_over = false;
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, signaller, NULL));
    MUST(pthread_mutex_lock(&lock));
    while (!ready) {
        puts("  main: not ready yet");
        main_has_looked = true;
        if (!with_lock)
            wait_for(
                &signal_sent); // forces the one bad moment: it is ready now, but main has looked
        do
            MUST(pthread_cond_wait(&became_ready, &lock));
        while (!with_lock && !second_is_over); // a spurious wake-up would spoil the show
    }
    puts(second_is_over ? "  main: slept for a second, though it was ready" : "  main: woken");
    MUST(pthread_mutex_unlock(&lock));
    MUST(pthread_join(thread, NULL));
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "flag_without_lock");
    show(false, "Without the lock:");
    show(true, "With the lock:");
}
