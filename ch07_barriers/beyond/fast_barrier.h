/*
 * barrier.h - a meeting point: nobody goes on before all have come. Then it serves the next round.
 *
 * To use it in a project of your own, copy barrier.h and barrier.c; they need libc and pthreads only.
 * It is for systems that have no pthread_barrier_t, such as macOS, and to see how one is made.
 *
 *   struct barrier barrier;
 *   barrier_init(&barrier, 4);               // four threads meet here
 *
 *   for (int step = 0; step < steps; step++) {   // each of the four
 *       … computes its part, and reads those of the others from the step before …
 *       if (barrier_wait(&barrier) == BARRIER_SERIAL_THREAD)
 *           printf("step %d\n", step);       // one of them, whichever
 *   }
 *
 *   barrier_destroy(&barrier);               // after the last wait
 *
 * What any of the threads has written before its wait can be read by all of them after theirs.
 *
 * The barrier counts arrivals, not threads: when as many have come as barrier_init was told, a round is
 * complete, and the next one begins. A thread may be back for the next round while others have not
 * yet left the last one; nobody is mixed up. If more threads use it than meet in a round, those who come
 * first make up the round. (Then none may be so slow that 4 thousand million others come before it looks,
 * which takes minutes: its round would seem to have begun again.)
 *
 * Any number of threads may call barrier_wait on one barrier at the same time. After barrier_init has
 * returned they may begin, and after barrier_destroy was called none may begin any more.
 *
 * None of the calls is a cancellation point (asynchronous cancellation is not supported): who has come
 * stays until the round is complete. So a thread that ends instead of coming leaves the others waiting
 * for ever. None of the calls may be made from a signal handler.
 *
 * Algorithm: one number counts all arrivals, and so says which round it is and how many have come to it.
 * The round takes the part of the "sense" in the sense-reversing barrier (Hensgen, Finkel and Manber,
 * "Two algorithms for barrier synchronization", 1988; Mellor-Crummey and Scott, "Algorithms for scalable
 * synchronization on shared-memory multiprocessors", 1991). Who waits for long sleeps on a condition. The
 * results are those of pthread_barrier_wait in POSIX.
 */
#ifndef BARRIER_H
#define BARRIER_H

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
// C++ before 23 has no atomic_uint. It is as large, and only C touches it.
typedef unsigned int barrier_number;
#else
#include <stdatomic.h>
typedef atomic_uint barrier_number;
#endif

/* What barrier_wait returns in one thread of each round. No error number is negative. */
#define BARRIER_SERIAL_THREAD (-1)

struct barrier {
    unsigned int threads; // that meet in a round; never changes
    unsigned int limit;   // the largest multiple of threads that there is; never changes

    // How many have come; from 0 again at the limit: 0 <= arrivals < limit. arrivals / threads is the
    // round, which is complete when that changes; arrivals % threads have come to it.
    barrier_number arrivals;
    barrier_number inside;   // threads that have come and not left yet; top bit: destroy waits
    barrier_number sleepers; // threads that sleep, or are about to; changes under the lock only

    pthread_mutex_t lock;          // who goes to sleep looks once more while it has it
    pthread_cond_t round_complete; // arrivals is in another round; waits: barrier_wait
    pthread_cond_t all_out;        // inside is 0; waits: barrier_destroy
};

/*
 * Makes a barrier for that many threads. The memory is the caller's; it must not be moved or copied
 * until it is destroyed. Errors: EINVAL: 0 threads, or more than UINT_MAX / 2; those of
 * pthread_mutex_init and pthread_cond_init (ENOMEM, EAGAIN). There is nothing to destroy then.
 */
int barrier_init(struct barrier *barrier, unsigned int threads);

/*
 * Waits until as many threads have come as meet in a round. BARRIER_SERIAL_THREAD in one of them, 0 in
 * the others; there are no errors.
 */
int barrier_wait(struct barrier *barrier);

/*
 * Ends the barrier. EBUSY, and nothing happens: threads wait in a round that is not complete. Who has
 * returned from the last wait may destroy it at once: it waits itself until all others have left.
 */
int barrier_destroy(struct barrier *barrier);

#ifdef __cplusplus
}
#endif

#endif
