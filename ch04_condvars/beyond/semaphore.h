/*
 * semaphore.h - a counting semaphore: a number of permits that threads take, wait for, and give back.
 *
 * To use it in a project of your own, copy semaphore.h and semaphore.c; they need libc and pthreads
 * only. It is for systems that have no sem_init, such as macOS, and to see how one is made.
 *
 *   struct semaphore connections;
 *   semaphore_init(&connections, 4);     // four threads at a time
 *   semaphore_wait(&connections);        // takes a permit, waits while there is none
 *   … use one of the four connections …
 *   semaphore_post(&connections);        // gives it back
 *   semaphore_destroy(&connections);
 *
 * A permit has no owner: one thread may wait and another one post. So a semaphore of 0 also serves as a
 * signal that is not lost when nobody waits for it yet. What a thread has written before its post can be
 * read by the one that took the permit. Waiting threads are served in no certain order.
 *
 * The calls return 0 or an error number. Any number of threads may make any of them on one semaphore at
 * the same time, but for init, and for destroy, after which none may begin.
 *
 * None of the calls is a cancellation point (asynchronous cancellation is not supported). None may be
 * made from a signal handler (sem_post may).
 *
 * Many systems have a <semaphore.h> of their own. So never name the folder of this file by -I, only by
 * -iquote, and include the file in quotation marks.
 *
 * Algorithm: Dijkstra's P and V, as a monitor: a number, a lock, and a condition that it has grown.
 */
#ifndef SEMAPHORE_H
#define SEMAPHORE_H

#include <pthread.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct semaphore {
    pthread_mutex_t lock;   // protects all that follows
    unsigned int permits;   // to be taken
    pthread_cond_t posted;  // permits has grown by one; waits: semaphore_wait, while permits is 0
    unsigned int waiting;   // threads that wait, or were woken and have not left yet
    pthread_cond_t all_out; // waiting has fallen to 0; waits: semaphore_destroy
};

/*
 * Makes a semaphore of that many permits. The memory is the caller's; it must not be moved or copied
 * until it is destroyed. Errors: those of pthread_mutex_init and pthread_cond_init (ENOMEM, EAGAIN);
 * there is nothing to destroy then.
 */
int semaphore_init(struct semaphore *semaphore, unsigned int permits);

/* Waits until there is a permit, and takes it. Always 0. */
int semaphore_wait(struct semaphore *semaphore);

/* Takes a permit if there is one; EAGAIN: there is none. */
int semaphore_try_wait(struct semaphore *semaphore);

/*
 * Waits for a permit until `deadline` at the latest, an absolute time of CLOCK_REALTIME; ETIMEDOUT after
 * it. A permit that is there is taken, however late it is. EINVAL: the nanoseconds of `deadline` are not
 * from 0 to 999 999 999.
 */
int semaphore_timed_wait(struct semaphore *semaphore, const struct timespec *deadline);

/* Gives one permit, and wakes a thread that waits for it. Does not wait. EOVERFLOW: there are UINT_MAX. */
int semaphore_post(struct semaphore *semaphore);

/* How many permits there are now (other threads may change that at any time). */
unsigned int semaphore_value(struct semaphore *semaphore);

/*
 * Ends the semaphore. EBUSY, and nothing happens: more threads wait than there are permits for. Who has
 * taken the permits of all posts there are may destroy it at once: it waits itself until others who wait
 * have got theirs and left, and the posts may still be on their way out.
 */
int semaphore_destroy(struct semaphore *semaphore);

#ifdef __cplusplus
}
#endif

#endif
