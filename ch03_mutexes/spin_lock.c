/*
 * spin_lock.c - what a thread does that finds the lock held. See spin_lock.h.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 // for sched_yield, where a compiler is told -std=c11
#endif

#include "spin_lock.h"

#include <sched.h>
#include <stdalign.h>

/* How often a thread tries before it lets another one run. */
#ifndef SPIN_LOCK_TRIES
#define SPIN_LOCK_TRIES 20
#endif

_Static_assert(sizeof(atomic_int) == sizeof(int) && alignof(atomic_int) == alignof(int),
               "C++ sees an int where C has an atomic_int");

/* For C++, and wherever the compiler makes a call after all. */
extern inline int spin_lock_try_lock(struct spin_lock *lock);
extern inline void spin_lock_lock(struct spin_lock *lock);
extern inline void spin_lock_unlock(struct spin_lock *lock);

/*
 * The thread that holds the lock may not be running; it may even need this very processor. So yield
 * now and then, and soon: while this thread is away, the others are not disturbed by its tries.
 */
void spin_lock_wait(struct spin_lock *lock)
{
    for (long tries = 1; spin_lock_try_lock(lock) != 0; tries++) {
        if (tries % SPIN_LOCK_TRIES == 0)
            sched_yield();
    }
}
