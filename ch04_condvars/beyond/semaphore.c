/*
 * semaphore.c - a number, a lock, and a condition that the number has grown. See semaphore.h.
 */
#include "semaphore.h"

#include <errno.h>
#include <limits.h>

int semaphore_init(struct semaphore *semaphore, unsigned int permits)
{
    semaphore->permits = permits;
    semaphore->waiting = 0;
    int error = pthread_mutex_init(&semaphore->lock, NULL);
    if (error != 0)
        return error;
    error = pthread_cond_init(&semaphore->posted, NULL);
    if (error == 0) {
        error = pthread_cond_init(&semaphore->all_out, NULL);
        if (error == 0)
            return 0;
        pthread_cond_destroy(&semaphore->posted);
    }
    pthread_mutex_destroy(&semaphore->lock);
    return error;
}

/*
 * Waits for a permit until the deadline (NULL: for ever), and takes it.
 *
 * What decides in the end is whether there is a permit, not how the wait has ended: a post in the very
 * moment of the deadline may have woken this thread and nobody else. A thread that vanished in its
 * wait would still be counted, so there is no cancellation meanwhile.
 */
static int take_permit(struct semaphore *semaphore, const struct timespec *deadline)
{
    int error = 0, cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&semaphore->lock);
    semaphore->waiting++;
    while (semaphore->permits == 0 && error == 0) {
        if (deadline == NULL)
            error = pthread_cond_wait(&semaphore->posted, &semaphore->lock);
        else
            error = pthread_cond_timedwait(&semaphore->posted, &semaphore->lock, deadline);
    }
    if (semaphore->permits > 0) {
        semaphore->permits--;
        error = 0;
    }
    if (--semaphore->waiting == 0)
        pthread_cond_signal(&semaphore->all_out);
    pthread_mutex_unlock(&semaphore->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return error;
}

int semaphore_wait(struct semaphore *semaphore)
{
    return take_permit(semaphore, NULL);
}

int semaphore_timed_wait(struct semaphore *semaphore, const struct timespec *deadline)
{
    static const struct timespec epoch;
    if (deadline->tv_nsec < 0 || deadline->tv_nsec > 999999999L)
        return EINVAL;
    // Times before 1970 are as long past as 1970 is, and some systems refuse them.
    return take_permit(semaphore, deadline->tv_sec < 0 ? &epoch : deadline);
}

int semaphore_try_wait(struct semaphore *semaphore)
{
    int error = EAGAIN;
    pthread_mutex_lock(&semaphore->lock);
    if (semaphore->permits > 0) {
        semaphore->permits--;
        error = 0;
    }
    pthread_mutex_unlock(&semaphore->lock);
    return error;
}

/*
 * Every post signals, not only the one that finds no permits: of two quick posts the second one would
 * wake nobody then, though two wait.
 *
 * The signal is sent under the lock. Sent after it, it could reach a semaphore that is no longer there:
 * the permit was seen without it, its taker was the last user, and has destroyed the semaphore. (With
 * glibc's own sem_post that happened for years, bug 12674.) So the unlock is the last thing that
 * touches it, and POSIX demands of a mutex that whoever gets it next may unlock and destroy it.
 */
int semaphore_post(struct semaphore *semaphore)
{
    int error = 0;
    pthread_mutex_lock(&semaphore->lock);
    if (semaphore->permits == UINT_MAX) {
        error = EOVERFLOW;
    } else {
        semaphore->permits++;
        pthread_cond_signal(&semaphore->posted);
    }
    pthread_mutex_unlock(&semaphore->lock);
    return error;
}

unsigned int semaphore_value(struct semaphore *semaphore)
{
    pthread_mutex_lock(&semaphore->lock);
    unsigned int permits = semaphore->permits;
    pthread_mutex_unlock(&semaphore->lock);
    return permits;
}

int semaphore_destroy(struct semaphore *semaphore)
{
    int error = 0, cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&semaphore->lock);
    while (semaphore->waiting > 0 && error == 0) {
        if (semaphore->waiting > semaphore->permits)
            error = EBUSY;
        else
            pthread_cond_wait(&semaphore->all_out, &semaphore->lock);
    }
    pthread_mutex_unlock(&semaphore->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    if (error != 0)
        return error;
    pthread_cond_destroy(&semaphore->all_out);
    pthread_cond_destroy(&semaphore->posted);
    return pthread_mutex_destroy(&semaphore->lock);
}
