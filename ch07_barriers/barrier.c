/*
 * barrier.c - a count, a generation, a mutex and a condition. See barrier.h.
 */
#include "barrier.h"

#include <errno.h>

int barrier_init(struct barrier *b, int size)
{
    if (size <= 0)
        return EINVAL;
    *b = (struct barrier){.total = size, .count = size};
    int error = pthread_mutex_init(&b->mutex, NULL);
    if (error != 0)
        return error;
    error = pthread_cond_init(&b->cond, NULL);
    if (error != 0)
        pthread_mutex_destroy(&b->mutex);
    return error;
}

int barrier_wait(struct barrier *b)
{
    int result = 0, cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&b->mutex);
    unsigned long generation = b->generation;
    b->inside += 1;
    b->count -= 1;
    if (b->count == 0) {
        b->count = b->total;
        b->generation += 1;
        // Threads that are woken while the mutex is locked would only have to wait once more.
        pthread_mutex_unlock(&b->mutex);
        pthread_cond_broadcast(&b->cond);
        pthread_mutex_lock(&b->mutex);
        result = BARRIER_SERIAL_THREAD;
    } else {
        while (b->generation == generation) // Go waits once; POSIX may wake a thread for no reason
            pthread_cond_wait(&b->cond, &b->mutex);
    }
    // The unlock is the last access. So a thread that holds the mutex and finds that no thread is inside
    // may destroy the barrier.
    b->inside -= 1;
    if (b->inside == 0)
        pthread_cond_broadcast(&b->cond);
    pthread_mutex_unlock(&b->mutex);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return result;
}

int barrier_destroy(struct barrier *b)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&b->mutex);
    int error = b->count < b->total ? EBUSY : 0;
    while (error == 0 && b->inside > 0)
        pthread_cond_wait(&b->cond, &b->mutex);
    pthread_mutex_unlock(&b->mutex);
    pthread_setcancelstate(cancel_state, &cancel_state);
    if (error != 0)
        return error;
    pthread_cond_destroy(&b->cond);
    return pthread_mutex_destroy(&b->mutex);
}
