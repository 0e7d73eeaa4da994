/*
 * rw_lock.h - a readers-writer lock that prefers writers: many may read at a time, or one may write.
 *
 * To use it in a project of your own, copy rw_lock.h and rw_lock.c; they need libc and pthreads only.
 * It is for programs in which writers must not wait behind readers that come later. For pthread_rwlock_t
 * POSIX leaves that order to the system, and glibc lets readers pass waiting writers.
 *
 *   struct rw_lock lock;
 *   rw_lock_init(&lock);
 *   rw_lock_read_lock(&lock);            // many at a time
 *   … look at the data …
 *   rw_lock_read_unlock(&lock);
 *   rw_lock_write_lock(&lock);           // alone
 *   … change the data …
 *   rw_lock_write_unlock(&lock);
 *   rw_lock_destroy(&lock);
 *
 * Rule      A reader enters when no writer is inside and none waits. A writer enters when no thread is
 *           inside. So a writer waits for the readers that were inside when it came, and for other
 *           writers; readers that come later wait for it.
 * Fairness  None among writers. Writers that keep coming keep readers out.
 * Twice     A thread that holds the lock must not ask for it again, neither to read nor to write: two
 *           threads, or the thread itself, may then wait forever. A read lock cannot become a write
 *           lock.
 * Order     What was written under the lock can be read by every thread that gets it later.
 * Fork      A child of fork must not use a lock that existed before it: a thread may have been inside, or
 *           in a call, at that moment, and then every call, even a try call, may wait forever. Processes
 *           must not share one.
 * Checkers  ThreadSanitizer, helgrind and drd understand it.
 *
 * The calls return 0 or an error number. Any number of threads may make any of them on one lock at the
 * same time, except init and destroy. No call may begin after destroy. None is a cancellation point
 * (asynchronous cancellation is not supported). None may be made from a signal handler.
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
    pthread_mutex_t lock;     // protects: everything below. While no thread holds it:
    size_t readers;           // inside: readers == 0 or writers == 0
    size_t writers;           // inside: 0 or 1
    size_t readers_waiting;   // if any wait, a thread is inside, or was woken to enter
    size_t writers_waiting;   // the same
    pthread_cond_t may_read;  // no writer is inside and none waits. rw_lock_read_lock waits for it
    pthread_cond_t may_write; // no thread is inside. rw_lock_write_lock waits for it
};

/*
 * Makes a lock that no thread holds. The memory is the caller's; it must not be moved or copied until it
 * is destroyed. Errors: those of pthread_mutex_init and pthread_cond_init (ENOMEM, EAGAIN); then there
 * is nothing to destroy.
 */
int rw_lock_init(struct rw_lock *lock);

/* Waits until no writer is inside and none waits. Always returns 0. */
int rw_lock_read_lock(struct rw_lock *lock);

/* The same, but never waits. EBUSY: it would have to. */
int rw_lock_try_read_lock(struct rw_lock *lock);

/* Gives back a read lock, in the thread that took it. EPERM: no thread reads. */
int rw_lock_read_unlock(struct rw_lock *lock);

/* Waits until no thread is inside. Always returns 0. */
int rw_lock_write_lock(struct rw_lock *lock);

/* The same, but never waits. EBUSY: a thread is inside. */
int rw_lock_try_write_lock(struct rw_lock *lock);

/* Gives back the write lock, in the thread that took it. EPERM: no thread writes. */
int rw_lock_write_unlock(struct rw_lock *lock);

/* How many writers wait now (other threads may change that at any time). */
size_t rw_lock_writers_waiting(struct rw_lock *lock);

/*
 * Ends the lock. EBUSY: a thread is inside or waits; then nothing happens. The last thread to hold the
 * lock may destroy it at once, even if the unlock before its own has not returned yet.
 */
int rw_lock_destroy(struct rw_lock *lock);

#ifdef __cplusplus
}
#endif

#endif
