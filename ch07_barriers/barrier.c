/*
 * barrier.c - a count of who has come, the number of the round, and a condition that it is complete.
 * See barrier.h.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 // for clock_gettime, where a compiler is told -std=c11
#endif

#include "barrier.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <time.h>

/* How often a thread yields before it goes to sleep. See yield_while_incomplete. */
enum { YIELDS = 20, SLEEPS_AFTER_SLOW_YIELD = 1000 };

/* In nanoseconds: how long a yield takes at most where nobody but the other threads is in the way. */
enum { SLOW_YIELD = 200000, SLOW_YIELD_FOR_EACH_THREAD = 5000 };

static atomic_int sleeps_to_come; // of all barriers: it is the machine that is busy

int barrier_init(struct barrier *barrier, unsigned int threads)
{
    if (threads == 0)
        return EINVAL;
    barrier->threads = threads;
    barrier->arrived = barrier->inside = 0;
    atomic_init(&barrier->round, 0);
    int error = pthread_mutex_init(&barrier->lock, NULL);
    if (error != 0)
        return error;
    error = pthread_cond_init(&barrier->round_complete, NULL);
    if (error == 0) {
        error = pthread_cond_init(&barrier->all_out, NULL);
        if (error == 0)
            return 0;
        pthread_cond_destroy(&barrier->round_complete);
    }
    pthread_mutex_destroy(&barrier->lock);
    return error;
}

static bool is_complete(const struct barrier *barrier, unsigned int round)
{
    return atomic_load(&barrier->round) != round;
}

static long long nanoseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/*
 * Lets the others run for a while, in case that they come soon. Without this the barrier would be as
 * right, and slower: to fall asleep and be woken takes tens of microseconds. (A round of two threads
 * on two cores: 0.3 microseconds, and 20 without the yields; of 251 threads: 400 and 690.)
 *
 * But where other programs keep all processors busy, a yield gives one of them a time slice,
 * milliseconds. (A round of two threads then took 1500 microseconds, and 30 without.) A single slow yield
 * shows that: the next thousand waits are without, then one tries again. Losing count now and then does no
 * harm. Many threads on few processors make yields slow, too, but those are worth it.
 */
static void yield_while_incomplete(const struct barrier *barrier, unsigned int round)
{
    int sleeps = atomic_load_explicit(&sleeps_to_come, memory_order_relaxed);
    if (sleeps > 0) {
        atomic_store_explicit(&sleeps_to_come, sleeps - 1, memory_order_relaxed);
        return;
    }
    long long slow = SLOW_YIELD + SLOW_YIELD_FOR_EACH_THREAD * (long long)barrier->threads;
    for (int yields = 0; yields < YIELDS && !is_complete(barrier, round); yields++) {
        long long before = nanoseconds();
        sched_yield();
        if (nanoseconds() - before > slow) {
            atomic_store_explicit(&sleeps_to_come, SLEEPS_AFTER_SLOW_YIELD, memory_order_relaxed);
            return;
        }
    }
}

/*
 * The predicate is the number of the round and not the count: before a thread that was woken runs, others
 * may have come for the next round, and the count is no longer 0. (See broken_barrier.c.) A thread that
 * vanished in its wait would still be counted, so there is no cancellation meanwhile.
 *
 * Who comes last broadcasts after the unlock. Under the lock each thread would wake up only to find the
 * lock taken, and sleep a second time. It is still counted as inside, so the barrier is still there. A late
 * broadcast may wake threads that wait in the next round already: they look, and sleep on.
 */
int barrier_wait(struct barrier *barrier)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&barrier->lock);
    unsigned int round = atomic_load(&barrier->round);
    bool is_last = ++barrier->arrived == barrier->threads;
    barrier->inside++;
    if (is_last) {
        barrier->arrived = 0;
        atomic_store(&barrier->round, round + 1);
        pthread_mutex_unlock(&barrier->lock);
        pthread_cond_broadcast(&barrier->round_complete);
        pthread_mutex_lock(&barrier->lock);
    } else {
        pthread_mutex_unlock(&barrier->lock);
        yield_while_incomplete(barrier, round);
        pthread_mutex_lock(&barrier->lock);
        while (!is_complete(barrier, round))
            pthread_cond_wait(&barrier->round_complete, &barrier->lock);
    }
    if (--barrier->inside == 0)
        pthread_cond_signal(&barrier->all_out);
    pthread_mutex_unlock(&barrier->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return is_last ? BARRIER_SERIAL_THREAD : 0;
}

int barrier_destroy(struct barrier *barrier)
{
    int error = 0, cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&barrier->lock);
    while (barrier->inside > 0 && error == 0) {
        if (barrier->arrived > 0)
            error = EBUSY;
        else
            pthread_cond_wait(&barrier->all_out, &barrier->lock);
    }
    pthread_mutex_unlock(&barrier->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    if (error != 0)
        return error;
    pthread_cond_destroy(&barrier->all_out);
    pthread_cond_destroy(&barrier->round_complete);
    return pthread_mutex_destroy(&barrier->lock);
}
