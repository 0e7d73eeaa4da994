/*
 * readers_first.c - two counts, a mutex, and one condition for all threads. See readers_first.h.
 */
#include "readers_first.h"

#include <errno.h>

int readers_first_init(struct readers_first *lock)
{
    lock->readers = lock->writers = lock->writers_waiting = 0;
    int error = pthread_mutex_init(&lock->lock, NULL);
    if (error != 0)
        return error;
    error = pthread_cond_init(&lock->left, NULL);
    if (error != 0)
        pthread_mutex_destroy(&lock->lock);
    return error;
}

static void wait_until_one_left(struct readers_first *lock)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_cond_wait(&lock->left, &lock->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
}

int readers_first_read_lock(struct readers_first *lock)
{
    pthread_mutex_lock(&lock->lock);
    while (lock->writers > 0)
        wait_until_one_left(lock);
    lock->readers++;
    pthread_mutex_unlock(&lock->lock);
    return 0;
}

int readers_first_try_read_lock(struct readers_first *lock)
{
    pthread_mutex_lock(&lock->lock);
    int error = lock->writers > 0 ? EBUSY : 0;
    if (error == 0)
        lock->readers++;
    pthread_mutex_unlock(&lock->lock);
    return error;
}

int readers_first_write_lock(struct readers_first *lock)
{
    pthread_mutex_lock(&lock->lock);
    lock->writers_waiting++;
    while (lock->writers > 0 || lock->readers > 0)
        wait_until_one_left(lock);
    lock->writers_waiting--;
    lock->writers++;
    pthread_mutex_unlock(&lock->lock);
    return 0;
}

/* Readers and writers wait on one condition, so all are woken, and each looks whether it may enter. */
static int leave(struct readers_first *lock, size_t *inside)
{
    int error = 0;
    pthread_mutex_lock(&lock->lock);
    if (*inside == 0) {
        error = EPERM;
    } else {
        --*inside;
        pthread_cond_broadcast(&lock->left);
    }
    pthread_mutex_unlock(&lock->lock);
    return error;
}

int readers_first_read_unlock(struct readers_first *lock)
{
    return leave(lock, &lock->readers);
}

int readers_first_write_unlock(struct readers_first *lock)
{
    return leave(lock, &lock->writers);
}

size_t readers_first_writers_waiting(struct readers_first *lock)
{
    pthread_mutex_lock(&lock->lock);
    size_t waiting = lock->writers_waiting;
    pthread_mutex_unlock(&lock->lock);
    return waiting;
}

int readers_first_destroy(struct readers_first *lock)
{
    pthread_mutex_lock(&lock->lock);
    int error = lock->readers + lock->writers + lock->writers_waiting > 0 ? EBUSY : 0;
    pthread_mutex_unlock(&lock->lock);
    if (error != 0)
        return error;
    pthread_cond_destroy(&lock->left);
    return pthread_mutex_destroy(&lock->lock);
}
