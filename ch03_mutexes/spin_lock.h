/*
 * spin_lock.h - a lock that never sleeps: who finds it taken tries again, and again.
 *
 * To use it in a project of your own, copy spin_lock.h and spin_lock.c; they need libc only.
 *
 *   struct spin_lock lock = SPIN_LOCK_INITIALIZER;
 *
 *   spin_lock_lock(&lock);
 *   balance += 10;                    // a few instructions; nothing that waits
 *   spin_lock_unlock(&lock);
 *
 * When      Only where the lock is held for a moment, and rarely wanted by two at once: many small
 *           things with a lock each, say. Then it is smaller than a mutex (4 bytes, not 40) and
 *           somewhat faster. In all other cases take a mutex: its waiters sleep, these burn.
 * Never     sleep, read a file, or wait for another lock that may be held for long, while holding one.
 * Order     Taking it acquires and giving it back releases: who takes the lock sees all that those
 *           before did while they held it.
 * Fairness  None. Who comes last may go first; with many threads on one lock some wait for long.
 * Priority  A thread of real-time priority (SCHED_FIFO) must not share it with one of a lower
 *           priority: it would never let that one run to give it back.
 * Twice     A thread that takes a lock it holds waits for ever.
 *
 * Size      Two locks that are busy at the same time should not share a cache line (64 bytes on most
 *           machines, 128 on Apple's): each taking of the one throws the other out of the other
 *           processor's cache. For a handful of busy locks, pad them:
 *               struct { alignas(128) struct spin_lock lock; int what_it_protects; } ...
 *           For thousands of rarely contended ones it does not pay: they fill the cache sooner. What
 *           does pay always is to put a lock beside the few bytes that it protects.
 *
 * There is nothing to destroy. The memory of a lock may be freed as soon as nobody holds it and nobody
 * is going to take it; in particular right after one has taken it oneself as the last of all, even
 * if the thread that held it before has not yet returned from spin_lock_unlock.
 *
 * Any number of threads may make these calls on one lock at the same time. None of them is a
 * cancellation point. spin_lock_try_lock and spin_lock_unlock may be used in a signal handler.
 *
 * Algorithm: test and test-and-set (Rudolph and Segall, 1984), with a compare-and-swap as the second
 * test, and a yield now and then: the thread that holds the lock may need this very processor.
 */
#ifndef SPIN_LOCK_H
#define SPIN_LOCK_H

#ifdef __cplusplus
extern "C" {
#define SPIN_LOCK_INLINE // it calls the functions in spin_lock.c
#else
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#define SPIN_LOCK_INLINE inline
#endif

/* Unlocked: SPIN_LOCK_INITIALIZER, or all bytes zero, as from calloc. Not to be copied. */
struct spin_lock {
#ifdef __cplusplus
    int held; // C++ before 23 has no atomic_int. It is as large, and only C touches it
#else
    atomic_int held; // 0 or 1
#endif
};

/* clang-format off */
#define SPIN_LOCK_INITIALIZER {0}
/* clang-format on */

/* Waits until nobody holds the lock, and takes it. */
SPIN_LOCK_INLINE void spin_lock_lock(struct spin_lock *lock);

/* Takes the lock if nobody holds it: 0. Otherwise EBUSY, without waiting. */
SPIN_LOCK_INLINE int spin_lock_try_lock(struct spin_lock *lock);

/* Gives it back. The thread that calls has taken it before. */
SPIN_LOCK_INLINE void spin_lock_unlock(struct spin_lock *lock);

#ifdef __cplusplus
}
#else

/*
 * How it is done. C compilers get to see it, so that a lock that is free takes no call: a tenth to a
 * quarter more transfers in multi_ledger.
 */

void spin_lock_wait(struct spin_lock *lock); // the rest of spin_lock_lock, when the lock is held

inline int spin_lock_try_lock(struct spin_lock *lock)
{
    int free = 0;
    // Look first: as long as somebody holds it, every processor looks at a copy of its own.
    bool taken = atomic_load_explicit(&lock->held, memory_order_relaxed) == free &&
                 atomic_compare_exchange_strong_explicit(
                     &lock->held, &free, 1, memory_order_acquire, memory_order_relaxed);
    return taken ? 0 : EBUSY;
}

inline void spin_lock_lock(struct spin_lock *lock)
{
    if (spin_lock_try_lock(lock) != 0)
        spin_lock_wait(lock);
}

inline void spin_lock_unlock(struct spin_lock *lock)
{
    atomic_store_explicit(&lock->held, 0, memory_order_release);
}

#endif

#endif
