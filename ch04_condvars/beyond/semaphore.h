/*
 * semaphore.h - a counting semaphore: a number of permits that threads take, wait for, and give back.
 *
 * To use it in a project of your own, copy semaphore.h and semaphore.c; they need libc and pthreads
 * only. It is for systems that have no sem_init, such as macOS, and shows how a semaphore is made.
 *
 *   struct semaphore connections;
 *   semaphore_init(&connections, 4);     // four threads at a time
 *   semaphore_wait(&connections);        // takes a permit, waits while there is none
 *   … use one of the four connections …
 *   semaphore_post(&connections);        // gives it back
 *   semaphore_destroy(&connections);
 *
 * Owner     A permit has none: one thread may wait and another one post. So a semaphore of 0 also
 *           serves as a signal that is not lost when no thread waits for it yet.
 * Order     What a thread wrote before its post can be read by the thread that took the permit.
 * Fairness  None: waiting threads are served in no particular order.
 * Fork      A child of fork must not use a semaphore that existed before it. Nor may processes share
 *           one.
 * Name      Many systems have a <semaphore.h> of their own. So never name the folder of this file by
 *           -I, only by -iquote, and include the file in quotation marks.
 *
 * The calls return 0 or an error number. Any number of threads may make any of them on one semaphore at
 * the same time, except init, and except destroy, after which none may begin. None is a cancellation
 * point (asynchronous cancellation is not supported). None may be made from a signal handler (sem_post
 * may).
 *
 * Algorithm: Dijkstra's P and V, as a monitor: a number, a mutex, and a condition that it has grown.
 */
#ifndef SEMAPHORE_H
#define SEMAPHORE_H

#include <pthread.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct semaphore {
    pthread_mutex_t lock;   // protects: everything below
    unsigned int permits;   // to be taken. While there are any, no thread sleeps on posted
    pthread_cond_t posted;  // permits is no longer 0. semaphore_wait waits for it
    unsigned int waiting;   // threads that wait, or were woken and have not left yet
    pthread_cond_t all_out; // waiting has fallen to 0. semaphore_destroy waits for it
};

/*
 * Makes a semaphore of that many permits. The memory is the caller's; it must not be moved or copied
 * until it is destroyed. Errors: those of pthread_mutex_init and pthread_cond_init (ENOMEM, EAGAIN);
 * then there is nothing to destroy.
 */
int semaphore_init(struct semaphore *semaphore, unsigned int permits);

/* Waits until there is a permit, and takes it. Always returns 0. */
int semaphore_wait(struct semaphore *semaphore);

/* Takes a permit if there is one, without waiting. EAGAIN: there is none. */
int semaphore_try_wait(struct semaphore *semaphore);

/*
 * Waits for a permit until `deadline` at the latest, an absolute time of CLOCK_REALTIME. ETIMEDOUT: none
 * came in time. A permit that is there is taken even after the deadline. EINVAL: the nanoseconds of
 * `deadline` are not from 0 to 999 999 999.
 */
int semaphore_timed_wait(struct semaphore *semaphore, const struct timespec *deadline);

/* Gives one permit, which a waiting thread then takes. Does not wait. EOVERFLOW: there are UINT_MAX. */
int semaphore_post(struct semaphore *semaphore);

/* How many permits there are now (other threads may change that at any time). */
unsigned int semaphore_value(struct semaphore *semaphore);

/*
 * Ends the semaphore. EBUSY: more threads wait than there are permits; then nothing happens. A thread
 * that has taken every posted permit may destroy the semaphore at once, even if the posts have not
 * returned yet; destroy waits for threads that are still leaving.
 */
int semaphore_destroy(struct semaphore *semaphore);

#ifdef __cplusplus
}
#endif

#endif
