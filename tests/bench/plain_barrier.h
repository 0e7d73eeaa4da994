/*
 * plain_barrier.h - the barrier that one writes first, and a right one. What barrier.c is measured against.
 */
#ifndef PLAIN_BARRIER_H
#define PLAIN_BARRIER_H

#include <pthread.h>

struct plain_barrier {
    unsigned int threads; // that meet in a round; never changes

    pthread_mutex_t lock;          // protects all that follows
    unsigned int arrived;          // in this round
    unsigned int round;            // its number
    pthread_cond_t round_complete; // round has grown; waits: plain_barrier_wait
};

void plain_barrier_init(struct plain_barrier *barrier, unsigned int threads);
void plain_barrier_wait(struct plain_barrier *barrier);
void plain_barrier_destroy(struct plain_barrier *barrier); // nobody waits, and all have left

#endif
