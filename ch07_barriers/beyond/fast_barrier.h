/*
 * fast_barrier.h - the barrier of barrier.h, made fast: a thread that arrives in time takes no lock.
 *
 * Lecture   barrier.[ch]
 * Copy      fast_barrier.h and fast_barrier.c: they need libc and pthreads only. From C++11 or later,
 *           include the header as it is.
 *
 *   struct fast_barrier barrier;
 *   fast_barrier_init(&barrier, 4);                      // four threads meet here
 *
 *   for (int step = 0; step < steps; step++) {           // in each of the four
 *       compute_my_part(step);                           // may read what all wrote in the step before
 *       if (fast_barrier_wait(&barrier) == FAST_BARRIER_SERIAL_THREAD)
 *           printf("step %d\n", step);                   // in one of them
 *   }
 *
 *   fast_barrier_destroy(&barrier);                      // after the last wait
 *
 * Order     What a thread wrote before its wait, every thread of the round can read after its own.
 * Rounds    The barrier counts arrivals, not threads. When `size` have arrived, the round is complete
 *           and the next one begins; a thread may come back for it before the others have left. If
 *           more threads use the barrier than meet in a round, those that arrive first make up the round.
 *           (Then no thread may be so slow that 4 thousand million others arrive before it looks: it
 *           would find the number of its own round again. That takes minutes.)
 * Threads   Any number of threads may call fast_barrier_wait on one barrier at the same time. No call may
 *           begin before fast_barrier_init has returned, or after fast_barrier_destroy was called.
 * Cancel    None of the calls is a cancellation point: a thread that has arrived stays until the round
 *           is complete. (Asynchronous cancellation is not supported.) A thread that ends
 *           instead of arriving leaves the others waiting forever.
 * Signals   None of the calls may be made from a signal handler.
 * Processes A barrier belongs to one process, and does not work in memory that several share. A child of
 *           fork must not use its copy, because the threads that would meet there do not exist in the
 *           child; it may make a new one elsewhere.
 * Checkers  Use ThreadSanitizer. helgrind and drd do not understand atomic operations, and report the data
 *           that the barrier keeps in order.
 *
 * Algorithm: one number counts all arrivals, and so says which round it is and how many have arrived for
 * it. The round plays the part of the "sense" in the sense-reversing barrier (Hensgen, Finkel and Manber,
 * "Two algorithms for barrier synchronization", 1988; Mellor-Crummey and Scott, "Algorithms for scalable
 * synchronization on shared-memory multiprocessors", 1991). A thread that has to wait long sleeps on a
 * condition variable. The results are those of pthread_barrier_wait in POSIX, which macOS lacks.
 */
#ifndef FAST_BARRIER_H
#define FAST_BARRIER_H

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
// C++ before 23 has no atomic_uint. It has the same size, and only C touches it.
typedef unsigned int fast_barrier_number;
#else
#include <stdatomic.h>
typedef atomic_uint fast_barrier_number;
#endif

/* What fast_barrier_wait returns in one thread of each round. No error number is negative. */
#define FAST_BARRIER_SERIAL_THREAD (-1)

struct fast_barrier {
    unsigned int threads; // that meet in a round; never changes
    unsigned int limit;   // the largest multiple of threads that there is; never changes

    // Arrivals so far; from 0 again at the limit: 0 <= arrivals < limit. arrivals / threads is the round,
    // which is complete when that changes; arrivals % threads have arrived for it.
    fast_barrier_number arrivals;
    fast_barrier_number inside;   // threads that have arrived and not left; top bit: destroy waits
    fast_barrier_number sleepers; // threads that sleep, or are about to

    pthread_mutex_t lock;          // protects: changes of sleepers; and the last look before sleep
    pthread_cond_t round_complete; // arrivals is in another round; waits: fast_barrier_wait
    pthread_cond_t all_out;        // inside is 0; waits: fast_barrier_destroy
};

/*
 * Makes a barrier at which `size` threads meet. The memory is the caller's; it must not be moved or
 * copied until the barrier is destroyed. Errors: EINVAL: size is 0 or less; those of
 * pthread_mutex_init and pthread_cond_init (ENOMEM, EAGAIN). Then there is nothing to destroy.
 */
int fast_barrier_init(struct fast_barrier *barrier, int size);

/*
 * Waits until `size` threads have arrived. Returns FAST_BARRIER_SERIAL_THREAD in one of them and 0 in
 * the others; there are no errors.
 */
int fast_barrier_wait(struct fast_barrier *barrier);

/*
 * Ends the barrier. EBUSY: threads wait in a round that is not complete; then nothing happens. A thread may
 * call this as soon as its own last wait has returned; destroy waits until the others have left.
 */
int fast_barrier_destroy(struct fast_barrier *barrier);

#ifdef __cplusplus
}
#endif

#endif
