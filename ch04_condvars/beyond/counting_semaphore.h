/*
 * counting_semaphore.h - a number of permits that threads take, wait for, and give back.
 *
 * To use it in a project of your own, copy counting_semaphore.h and counting_semaphore.c; they need libc
 * and pthreads only. It is for systems without sem_init, such as macOS, and shows how a semaphore is made.
 *
 *   struct counting_semaphore connections;
 *   counting_semaphore_init(&connections, 4); // four threads at a time
 *   counting_semaphore_wait(&connections);    // takes a permit, waits while there is none
 *   … use one of the four connections …
 *   counting_semaphore_post(&connections);    // gives it back
 *   counting_semaphore_destroy(&connections);
 *
 *   struct timespec soon = counting_semaphore_deadline(500); // half a second from now
 *   if (counting_semaphore_timed_wait(&connections, &soon) == ETIMEDOUT)
 *       … all four are still in use …
 *
 * Owner     A permit has none: one thread may wait for it and another one post it. So a semaphore of 0
 *           also serves as a signal that is not lost when no thread waits for it yet.
 * Order     What a thread wrote before its post can be read by the thread that took the permit.
 * Fairness  None: waiting threads are served in no particular order, and a newcomer may take a permit
 *           before a thread that sleeps.
 * Fork      A child of fork must not use a semaphore that existed before it: another thread may have held
 *           its lock at that moment, and then every call, even try_wait, waits forever. Processes must
 *           not share one.
 * Checkers  ThreadSanitizer, helgrind and drd understand it.
 * C++20     <semaphore> has a std::counting_semaphore. Include this header before any `using namespace
 *           std`, and after that write ::counting_semaphore.
 *
 * The calls return 0 or an error number. Any number of threads may make any of them on one semaphore at
 * the same time, except init and destroy. No call may begin after destroy. None is a cancellation point
 * (asynchronous cancellation is not supported). None may be made from a signal handler (sem_post may).
 *
 * Algorithm: Dijkstra's P and V, as a monitor: a number, a mutex, and a condition variable on which threads
 * wait until the number has grown.
 */
#ifndef COUNTING_SEMAPHORE_H
#define COUNTING_SEMAPHORE_H

#include <pthread.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct counting_semaphore {
    pthread_mutex_t lock;   // protects: everything below
    unsigned int permits;   // to be taken. While there are any, no thread sleeps on posted
    pthread_cond_t posted;  // permits is no longer 0; waits: counting_semaphore_wait
    unsigned int waiting;   // threads that wait, or were woken and have not left yet
    pthread_cond_t all_out; // waiting has fallen to 0; waits: counting_semaphore_destroy
};

/*
 * Makes a semaphore of that many permits. The memory is the caller's; it must not be moved or copied
 * until it is destroyed. Errors: those of pthread_mutex_init and pthread_cond_init (ENOMEM, EAGAIN);
 * then there is nothing to destroy.
 */
int counting_semaphore_init(struct counting_semaphore *semaphore, unsigned int permits);

/* Waits until there is a permit, and takes it. Always returns 0. */
int counting_semaphore_wait(struct counting_semaphore *semaphore);

/* Takes a permit if there is one, without waiting. EAGAIN: there is none. */
int counting_semaphore_try_wait(struct counting_semaphore *semaphore);

/*
 * Waits for a permit until `deadline` at the latest, an absolute time of CLOCK_MONOTONIC; NULL is not
 * allowed. ETIMEDOUT: none came in time. A permit that is there is taken even after the deadline. EINVAL:
 * the nanoseconds of `deadline` are not from 0 to 999 999 999. A time with negative seconds has passed.
 */
int counting_semaphore_timed_wait(struct counting_semaphore *semaphore,
                                  const struct timespec *deadline);

/* The deadline that many milliseconds from now; with a negative number, one that has passed. */
struct timespec counting_semaphore_deadline(long milliseconds);

/* Gives one permit, which a waiting thread then takes. Does not wait. EOVERFLOW: there are UINT_MAX. */
int counting_semaphore_post(struct counting_semaphore *semaphore);

/* How many permits there are now (other threads may change that at any time). */
unsigned int counting_semaphore_value(struct counting_semaphore *semaphore);

/*
 * Ends the semaphore. EBUSY: more threads wait than there are permits; then nothing happens. A thread
 * that has taken every posted permit may destroy the semaphore at once, even if the posts have not
 * returned yet; destroy waits for threads that are still leaving.
 */
int counting_semaphore_destroy(struct counting_semaphore *semaphore);

#ifdef __cplusplus
}
#endif

#endif
