/*
 * rw_lock.c - counts of threads inside and of threads that wait, a mutex, two conditions. See rw_lock.h.
 */
#include "rw_lock.h"

#include <errno.h>
#include <stdbool.h>

int rw_lock_init(struct rw_lock *lock)
{
    lock->readers = lock->writers = 0;
    lock->readers_waiting = lock->writers_waiting = 0;
    int error = pthread_mutex_init(&lock->lock, NULL);
    if (error != 0)
        return error;
    error = pthread_cond_init(&lock->may_read, NULL);
    if (error == 0) {
        error = pthread_cond_init(&lock->may_write, NULL);
        if (error == 0)
            return 0;
        pthread_cond_destroy(&lock->may_read);
    }
    pthread_mutex_destroy(&lock->lock);
    return error;
}

/* The rule. Only the test of writers_waiting keeps a writer from starving. */

static bool may_read(const struct rw_lock *lock)
{
    return lock->writers == 0 && lock->writers_waiting == 0;
}

static bool may_write(const struct rw_lock *lock)
{
    return lock->writers == 0 && lock->readers == 0;
}

/* A thread that was cancelled in its wait would still be counted, so cancellation is disabled. */
static void wait_for(pthread_cond_t *condition, size_t *waiting, struct rw_lock *lock)
{
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    ++*waiting;
    pthread_cond_wait(condition, &lock->lock);
    --*waiting;
    pthread_setcancelstate(cancel_state, &cancel_state);
}

int rw_lock_read_lock(struct rw_lock *lock)
{
    pthread_mutex_lock(&lock->lock);
    while (!may_read(lock))
        wait_for(&lock->may_read, &lock->readers_waiting, lock);
    lock->readers++;
    pthread_mutex_unlock(&lock->lock);
    return 0;
}

int rw_lock_try_read_lock(struct rw_lock *lock)
{
    pthread_mutex_lock(&lock->lock);
    int error = may_read(lock) ? 0 : EBUSY;
    if (error == 0)
        lock->readers++;
    pthread_mutex_unlock(&lock->lock);
    return error;
}

/*
 * Only the last reader lets a thread in, and only writers can be waiting for that. One of them can enter,
 * yet all are woken: glibc before 2.41 can lose a signal where several threads wait on a condition
 * (its bug 25847), and then no writer would ever enter.
 */
int rw_lock_read_unlock(struct rw_lock *lock)
{
    int error = 0;
    pthread_mutex_lock(&lock->lock);
    if (lock->readers == 0)
        error = EPERM;
    else if (--lock->readers == 0)
        pthread_cond_broadcast(&lock->may_write);
    pthread_mutex_unlock(&lock->lock);
    return error;
}

int rw_lock_write_lock(struct rw_lock *lock)
{
    pthread_mutex_lock(&lock->lock);
    while (!may_write(lock))
        wait_for(&lock->may_write, &lock->writers_waiting, lock);
    lock->writers++;
    pthread_mutex_unlock(&lock->lock);
    return 0;
}

int rw_lock_try_write_lock(struct rw_lock *lock)
{
    pthread_mutex_lock(&lock->lock);
    int error = may_write(lock) ? 0 : EBUSY;
    if (error == 0)
        lock->writers++;
    pthread_mutex_unlock(&lock->lock);
    return error;
}

/* Either one writer can enter or all readers. While a writer waits, no reader is woken for nothing. */
int rw_lock_write_unlock(struct rw_lock *lock)
{
    int error = 0;
    pthread_mutex_lock(&lock->lock);
    if (lock->writers == 0) {
        error = EPERM;
    } else {
        lock->writers--;
        if (lock->writers_waiting > 0)
            pthread_cond_broadcast(&lock->may_write);
        else
            pthread_cond_broadcast(&lock->may_read);
    }
    pthread_mutex_unlock(&lock->lock);
    return error;
}

size_t rw_lock_writers_waiting(struct rw_lock *lock)
{
    pthread_mutex_lock(&lock->lock);
    size_t waiting = lock->writers_waiting;
    pthread_mutex_unlock(&lock->lock);
    return waiting;
}

int rw_lock_destroy(struct rw_lock *lock)
{
    pthread_mutex_lock(&lock->lock);
    bool used = lock->readers + lock->writers + lock->readers_waiting + lock->writers_waiting > 0;
    pthread_mutex_unlock(&lock->lock);
    if (used)
        return EBUSY;
    pthread_cond_destroy(&lock->may_write);
    pthread_cond_destroy(&lock->may_read);
    return pthread_mutex_destroy(&lock->lock);
}
