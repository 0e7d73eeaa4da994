/*
 * fast_barrier.c - an atomic count of arrivals. A thread watches it for a while, and then sleeps on a
 * condition variable. See fast_barrier.h. (The clear way, with everything under one lock, is barrier.c.)
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 // for clock_gettime, where a compiler is told -std=c11
#endif

#include "fast_barrier.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdalign.h>
#include <stdbool.h>
#include <time.h>

/* How often a thread looks at the count before it yields, and yields before it sleeps. See those. */
enum { PEEKS = 200, YIELDS = 20, SLEEPS_AFTER_SLOW_YIELD = 1000 };

/* In nanoseconds: how long a yield takes at most where only the other threads are in the way. */
enum { SLOW_YIELD = 200000, SLOW_YIELD_FOR_EACH_THREAD = 5000 };

/* In `inside`, beside the number of threads. */
#define DESTROYING (UINT_MAX / 2 + 1)

_Static_assert(INT_MAX <= UINT_MAX / 2, "below the limit there must be two rounds at least");
_Static_assert(sizeof(atomic_uint) == sizeof(unsigned int),
               "C++ sees an unsigned int where C has an atomic_uint");
_Static_assert(alignof(atomic_uint) == alignof(unsigned int), "and it aligns that in the same way");

static atomic_int sleeps_to_come; // of all barriers: it is the machine that is busy

int fast_barrier_init(struct fast_barrier *barrier, int size)
{
    if (size <= 0)
        return EINVAL;
    barrier->threads = (unsigned int)size;
    barrier->limit = UINT_MAX - UINT_MAX % barrier->threads;
    atomic_init(&barrier->arrivals, 0);
    atomic_init(&barrier->inside, 0);
    atomic_init(&barrier->sleepers, 0);
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

/*
 * Arrives, and returns how many arrivals there were before. One number tells the round and the place in it:
 * with two numbers, extra threads could arrive for a round that is full. After the last whole round it
 * begins again at 0; a plain addition would overflow in the middle of a round.
 */
static unsigned int arrive(struct fast_barrier *barrier)
{
    unsigned int before = atomic_load(&barrier->arrivals), after;
    do {
        after = before + 1 < barrier->limit ? before + 1 : 0;
    } while (!atomic_compare_exchange_weak(&barrier->arrivals, &before, after));
    return before;
}

/*
 * Returns whether the round that began at `begin` arrivals is over. Until then arrivals - begin is less than
 * threads; later it is not. Once arrivals has begun again at 0 the difference is negative, so UINT_MAX + 1
 * is added: that makes it larger than threads, for begin is UINT_MAX - threads at most.
 */
static bool is_complete(const struct fast_barrier *barrier, unsigned int begin)
{
    return atomic_load(&barrier->arrivals) - begin >= barrier->threads;
}

/*
 * On two processors the other thread mostly arrives sooner than a yield would take. (A round of two
 * threads: 0.1 to 0.2 microseconds, and 1.6 without this or with 50 peeks. On one processor: 1.5 and 1.4.)
 */
static void peek_while_incomplete(const struct fast_barrier *barrier, unsigned int begin)
{
    for (int peeks = 0; peeks < PEEKS && !is_complete(barrier, begin); peeks++)
        continue;
}

static long long nanoseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/*
 * Lets the others run for a while, in case they arrive soon. Without this the barrier would be just as
 * correct, but slower: to fall asleep and be woken takes tens of microseconds. (A round of 251 threads: 500
 * microseconds, and 700 without the yields.)
 *
 * But where other programs keep all processors busy, a yield gives one of them a time slice,
 * milliseconds. (A round of two threads then took 1500 microseconds, and 30 without.) A single slow
 * yield shows that: the next thousand waits do without, then one tries again. Losing count now and then
 * does no harm. Many threads on few processors make yields slow, too, but those are worth it.
 */
static void yield_while_incomplete(const struct fast_barrier *barrier, unsigned int begin)
{
    int sleeps = atomic_load_explicit(&sleeps_to_come, memory_order_relaxed);
    if (sleeps > 0) {
        atomic_store_explicit(&sleeps_to_come, sleeps - 1, memory_order_relaxed);
        return;
    }
    long long slow = SLOW_YIELD + SLOW_YIELD_FOR_EACH_THREAD * (long long)barrier->threads;
    for (int yields = 0; yields < YIELDS && !is_complete(barrier, begin); yields++) {
        long long before = nanoseconds();
        sched_yield();
        if (nanoseconds() - before > slow) {
            atomic_store_explicit(&sleeps_to_come, SLEEPS_AFTER_SLOW_YIELD, memory_order_relaxed);
            return;
        }
    }
}

/*
 * The thread first says that it sleeps, and then looks once more. The last one to arrive does it the other
 * way round: it arrives, and then looks whether anyone sleeps. All threads see these operations in one
 * order, so one of the two sees the other. A thread that vanished here would still be counted, so there
 * is no cancellation.
 */
static void sleep_while_incomplete(struct fast_barrier *barrier, unsigned int begin)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&barrier->lock);
    atomic_fetch_add(&barrier->sleepers, 1);
    while (!is_complete(barrier, begin))
        pthread_cond_wait(&barrier->round_complete, &barrier->lock);
    atomic_fetch_sub(&barrier->sleepers, 1);
    pthread_mutex_unlock(&barrier->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
}

/*
 * A thread that has looked too early keeps the lock until it sleeps. So once the lock was free, the
 * broadcast reaches it. Threads that are woken while the lock is held would only have to wait once
 * more. A late broadcast may wake threads that wait in the next round already: they look, and sleep on.
 */
static void wake_sleepers(struct fast_barrier *barrier)
{
    if (atomic_load(&barrier->sleepers) > 0) {
        pthread_mutex_lock(&barrier->lock);
        pthread_mutex_unlock(&barrier->lock);
        pthread_cond_broadcast(&barrier->round_complete);
    }
}

/*
 * A thread that has counted itself out does not touch the barrier again, as it may be gone. The exception is
 * the last one, if destroy waits: destroy stays until that thread has set inside to 0, under the lock.
 */
static void leave(struct fast_barrier *barrier)
{
    if (atomic_fetch_sub(&barrier->inside, 1) == (DESTROYING | 1)) {
        pthread_mutex_lock(&barrier->lock);
        atomic_store(&barrier->inside, 0);
        pthread_cond_signal(&barrier->all_out); // only destroy waits there
        pthread_mutex_unlock(&barrier->lock);
    }
}

int fast_barrier_wait(struct fast_barrier *barrier)
{
    atomic_fetch_add(&barrier->inside, 1);
    unsigned int before = arrive(barrier);
    unsigned int place = before % barrier->threads, begin = before - place;
    bool is_last = place == barrier->threads - 1;
    if (is_last) {
        wake_sleepers(barrier);
    } else {
        peek_while_incomplete(barrier, begin);
        if (!is_complete(barrier, begin))
            yield_while_incomplete(barrier, begin);
        if (!is_complete(barrier, begin))
            sleep_while_incomplete(barrier, begin);
    }
    leave(barrier);
    return is_last ? FAST_BARRIER_SERIAL_THREAD : 0;
}

int fast_barrier_destroy(struct fast_barrier *barrier)
{
    if (atomic_load(&barrier->arrivals) % barrier->threads != 0)
        return EBUSY;
    if (atomic_fetch_or(&barrier->inside, DESTROYING) > 0) {
        int cancel_state;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
        pthread_mutex_lock(&barrier->lock);
        while (atomic_load(&barrier->inside) > 0)
            pthread_cond_wait(&barrier->all_out, &barrier->lock);
        pthread_mutex_unlock(&barrier->lock);
        pthread_setcancelstate(cancel_state, &cancel_state);
    }
    pthread_cond_destroy(&barrier->all_out);
    pthread_cond_destroy(&barrier->round_complete);
    return pthread_mutex_destroy(&barrier->lock);
}
