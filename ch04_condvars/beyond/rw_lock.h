/*
 * rw_lock.h - a readers-writer lock that prefers writers: many may read at a time, or one may write.
 *
 * To use it in a project of your own, copy rw_lock.h and rw_lock.c; they need libc and pthreads only.
 * It is for where it matters who comes first: POSIX leaves that to the system for pthread_rwlock_t, and
 * glibc lets readers pass waiting writers.
 *
 *   Rule       A reader enters when no writer is inside and none waits. A writer enters when nobody is
 *              inside.
 *   So         A writer waits for the readers that were inside when it came (and for writers); readers
 *              that come later wait for it. Writers without end keep readers out without end.
 *
 * A thread that reads must not ask for the lock again, in neither way: if a writer has come in the
 * meantime, each waits for the other for ever. Nor must one that writes. A read lock cannot become a
 * write lock.
 *
 * The calls return 0 or an error number. Any number of threads may make any of them on one lock at the
 * same time, but for init, and for destroy, after which none may begin. What was written under the lock
 * can be read by all who get it later.
 *
 * None of the calls is a cancellation point (asynchronous cancellation is not supported). None may be
 * made from a signal handler.
 *
 * Algorithm: the second readers-writers problem of P. J. Courtois, F. Heymans and D. L. Parnas
 * ("Concurrent Control with Readers and Writers", 1971), as a monitor.
 */
#ifndef RW_LOCK_H
#define RW_LOCK_H

#include <pthread.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rw_lock {
    pthread_mutex_t lock;     // protects all that follows. While nobody holds it:
    size_t readers;           // inside. readers == 0 or writers == 0
    size_t writers;           // inside: 0 or 1
    size_t readers_waiting;   // somebody waits: somebody is inside, or has been woken to enter
    size_t writers_waiting;   // the same
    pthread_cond_t may_read;  // no writer is inside and none waits; waits: rw_lock_read_lock
    pthread_cond_t may_write; // nobody is inside; waits: rw_lock_write_lock
};

/*
 * Makes a lock that nobody holds. The memory is the caller's; it must not be moved or copied until it is
 * destroyed. Errors: those of pthread_mutex_init and pthread_cond_init (ENOMEM, EAGAIN); there is
 * nothing to destroy then.
 */
int rw_lock_init(struct rw_lock *lock);

/* Waits until no writer is inside and none waits. Always 0. */
int rw_lock_read_lock(struct rw_lock *lock);

/* The same, but it never waits; EBUSY: it would have to. */
int rw_lock_try_read_lock(struct rw_lock *lock);

/* Ends what a read lock has begun, in the same thread. EPERM: nobody reads. */
int rw_lock_read_unlock(struct rw_lock *lock);

/* Waits until nobody is inside. Always 0. */
int rw_lock_write_lock(struct rw_lock *lock);

/* The same, but it never waits; EBUSY: somebody is inside. */
int rw_lock_try_write_lock(struct rw_lock *lock);

/* Ends what a write lock has begun, in the same thread. EPERM: nobody writes. */
int rw_lock_write_unlock(struct rw_lock *lock);

/* How many writers wait now (other threads may change that at any time). */
size_t rw_lock_writers_waiting(struct rw_lock *lock);

/*
 * Ends the lock. EBUSY, and nothing happens: somebody is inside or waits. Who was the last to hold it may
 * destroy it at once: the unlock of the one before may still be on its way out.
 */
int rw_lock_destroy(struct rw_lock *lock);

#ifdef __cplusplus
}
#endif

#endif
