/*
 * barrier.h - a meeting point: no thread goes on before all have arrived. Then the next round begins.
 *
 * Original  barriers/barrier.go
 * Copy      barrier.h and barrier.c: they need libc and pthreads only. From C++11 or later, include the
 *           header as it is.
 *
 *   struct barrier barrier;
 *   barrier_init(&barrier, 4);                           // four threads meet here
 *
 *   for (int step = 0; step < steps; step++) {           // in each of the four
 *       compute_my_part(step);                           // may read what all wrote in the step before
 *       if (barrier_wait(&barrier) == BARRIER_SERIAL_THREAD)
 *           printf("step %d\n", step);                   // in one of them
 *   }
 *
 *   barrier_destroy(&barrier);                           // after the last wait
 *
 * Order     What a thread wrote before its wait, every thread of the round can read after its own.
 * Rounds    The barrier counts arrivals, not threads. When `size` have arrived, the round is complete
 *           and the next one begins; a thread may come back for it before the others have left. If
 *           more threads use the barrier than meet in a round, those that arrive first make up the round.
 * Threads   Any number of threads may call barrier_wait on one barrier at the same time. No call may begin
 *           before barrier_init has returned, or after barrier_destroy was called.
 * Cancel    None of the calls is a cancellation point: a thread that has arrived stays until the round
 *           is complete. (Asynchronous cancellation is not supported.) A thread that ends
 *           instead of arriving leaves the others waiting forever.
 * Signals   None of the calls may be made from a signal handler.
 * Processes A barrier belongs to one process, and does not work in memory that several share. A child of
 *           fork must not use its copy, because the threads that would meet there do not exist in the
 *           child; it may make a new one elsewhere.
 * Checkers  ThreadSanitizer, helgrind and drd understand it. The last two call the broadcast without the
 *           mutex dubious; POSIX allows it.
 * C++20     <barrier> has a std::barrier. Include this header before any `using namespace std`, and after
 *           that write ::barrier.
 *
 * Algorithm: a count of the threads that are missing, and a generation, the number of the round. A thread
 * waits until the generation changes. It cannot wait for the count: that is `total` again as soon as the
 * round is complete. The generation is the "sense" of the sense-reversing barrier (Hensgen, Finkel and
 * Manber, "Two algorithms for barrier synchronization", 1988). The results are those of
 * pthread_barrier_wait in POSIX, which macOS lacks.
 */
#ifndef BARRIER_H
#define BARRIER_H

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What barrier_wait returns in one thread of each round. No error number is negative. */
#define BARRIER_SERIAL_THREAD (-1)

struct barrier {
    int total;                // threads that meet in a round; never changes
    int count;                // threads that the round still waits for: 0 < count <= total
    unsigned long generation; // rounds that are complete. Go's barrier has none
    int inside;               // threads that have arrived and not left yet; Go's has none
    pthread_mutex_t mutex;    // protects: count, generation, inside
    pthread_cond_t cond;      // generation has grown, or inside is 0
};

/*
 * Makes a barrier at which `size` threads meet. The memory is the caller's; it must not be moved or
 * copied until the barrier is destroyed. Errors: EINVAL: size is 0 or less; those of
 * pthread_mutex_init and pthread_cond_init (ENOMEM, EAGAIN). Then there is nothing to destroy.
 */
int barrier_init(struct barrier *b, int size);

/*
 * Waits until `size` threads have arrived. Returns BARRIER_SERIAL_THREAD in one of them and 0 in the
 * others; there are no errors.
 */
int barrier_wait(struct barrier *b);

/*
 * Ends the barrier. EBUSY: threads wait in a round that is not complete; then nothing happens. A thread may
 * call this as soon as its own last wait has returned; destroy waits until the others have left.
 */
int barrier_destroy(struct barrier *b);

#ifdef __cplusplus
}
#endif

#endif
