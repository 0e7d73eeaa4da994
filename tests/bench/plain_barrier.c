/*
 * plain_barrier.c - a count, the number of the round, a lock and a condition. See plain_barrier.h.
 */
#include "plain_barrier.h"
#include "must.h"

void plain_barrier_init(struct plain_barrier *barrier, unsigned int threads)
{
    *barrier = (struct plain_barrier){.threads = threads};
    MUST(pthread_mutex_init(&barrier->lock, NULL));
    MUST(pthread_cond_init(&barrier->round_complete, NULL));
}

void plain_barrier_wait(struct plain_barrier *barrier)
{
    MUST(pthread_mutex_lock(&barrier->lock));
    unsigned int round = barrier->round;
    if (++barrier->arrived == barrier->threads) {
        barrier->arrived = 0;
        barrier->round++;
        MUST(pthread_cond_broadcast(&barrier->round_complete));
    } else {
        while (barrier->round == round)
            MUST(pthread_cond_wait(&barrier->round_complete, &barrier->lock));
    }
    MUST(pthread_mutex_unlock(&barrier->lock));
}

void plain_barrier_destroy(struct plain_barrier *barrier)
{
    MUST(pthread_cond_destroy(&barrier->round_complete));
    MUST(pthread_mutex_destroy(&barrier->lock));
}
