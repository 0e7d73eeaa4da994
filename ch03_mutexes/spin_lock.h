/*
 * spin_lock.h - a lock that never sleeps: a thread that finds it held tries again, and again.
 *
 * Original  spinlocks/spin_lock.go
 * Copy      this file alone: it needs libc only. From C++11 or later, include it as it is.
 *
 *   struct spin_lock lock = SPIN_LOCK_INITIALIZER;
 *
 *   spin_lock_lock(&lock);
 *   balance += 10;                    // a few instructions; nothing that waits
 *   spin_lock_unlock(&lock);
 *
 * When      Only where the lock is held for a moment, and two threads seldom want it at once: many
 *           small things with a lock each, say. Then it is smaller than a mutex (4 bytes, not 40) and
 *           somewhat faster. In all other cases take a mutex: its waiters sleep, these keep trying.
 * Never     sleep, read a file, or wait for another lock that may be held for long, while holding one.
 * Order     Locking acquires and unlocking releases: a thread that takes the lock sees everything
 *           that earlier holders wrote while they held it.
 * Fairness  None. With many threads on one lock, one of them may wait for long.
 * Priority  A thread with real-time priority (SCHED_FIFO) must not share a lock with one of lower
 *           priority: it would never let that one run and unlock.
 * Twice     A thread that locks a lock it holds waits forever.
 * Size      Two busy locks should not share a cache line (64 bytes on most machines, 128 on Apple's).
 *           Pad a handful of them (C++ has alignas for _Alignas):
 *               struct account { _Alignas(128) struct spin_lock lock; int balance; };
 *           For thousands that are seldom wanted, padding does not pay: put each beside the few bytes that
 *           it protects.
 * Checkers  Use ThreadSanitizer. helgrind and drd do not understand atomic operations, and report the lock
 *           and the data that it protects.
 *
 * There is nothing to destroy. The memory of a lock may be freed as soon as no thread holds it and none
 * is going to take it. The last thread to take it may free it right after unlocking, even if the thread
 * that held it before has not yet returned from spin_lock_unlock.
 *
 * Any number of threads may make these calls on one lock at the same time. None of them is a
 * cancellation point. spin_lock_try_lock and spin_lock_unlock may be used in a signal handler.
 * A child of fork finds a lock as it was at that moment: held for good, if another thread held it.
 * Processes should not share one: one that is killed leaves it held for good.
 *
 * Algorithm: test-and-set by compare-and-swap, and a yield, because the thread that holds the lock may
 * need this very processor.
 */
#ifndef SPIN_LOCK_H
#define SPIN_LOCK_H

#include <errno.h>
#include <sched.h>

#ifdef __cplusplus
#include <atomic>
using std::atomic_compare_exchange_strong_explicit;
using std::atomic_int;
using std::atomic_store_explicit;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
#define SPIN_LOCK_INITIALIZER                                                                      \
    {                                                                                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }
#else
#include <stdatomic.h>
/* Unlocked. All bytes zero, as from calloc, mean the same. */
#define SPIN_LOCK_INITIALIZER                                                                      \
    {                                                                                              \
        0                                                                                          \
    }
#endif

/* Must not be copied. */
struct spin_lock {
    atomic_int held; // 0 or 1
};

/* Takes the lock if no thread holds it, and returns 0. Otherwise returns EBUSY, without waiting. */
static inline int spin_lock_try_lock(struct spin_lock *lock)
{
    int free = 0;
    return atomic_compare_exchange_strong_explicit(&lock->held, &free, 1, memory_order_acquire,
                                                   memory_order_relaxed)
               ? 0
               : EBUSY;
}

/* Waits until no thread holds the lock, and takes it. */
static inline void spin_lock_lock(struct spin_lock *lock)
{
    while (spin_lock_try_lock(lock) != 0)
        sched_yield();
}

/* Unlocks. The calling thread holds the lock. */
static inline void spin_lock_unlock(struct spin_lock *lock)
{
    atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif
