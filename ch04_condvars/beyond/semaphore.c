/*
 * semaphore.c - a number, a mutex, and a condition that the number is not 0. See semaphore.h.
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
 * Waits for a permit until the deadline (NULL: forever), and takes it.
 *
 * In the end the number of permits decides, not how the wait ended: a post may have come after the
 * deadline, before this thread had the lock again. A thread that was cancelled in its wait would still
 * be counted, so here none can be.
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
 * The post that finds no permits wakes all waiting threads. So none sleeps while there are permits, and
 * other posts need not wake any. To wake only one for each post looks cheaper, but glibc before 2.41
 * can lose a signal where several threads wait on a condition (its bug 25847).
 *
 * The broadcast comes before the unlock. After it, the semaphore might be gone: a thread may have found
 * the permit without being woken, and destroyed the semaphore as its last user. (glibc's own sem_post
 * had that fault for years, its bug 12674.) So the unlock is the last access, and POSIX demands of a
 * mutex that the thread that gets it next may unlock and destroy it.
 */
int semaphore_post(struct semaphore *semaphore)
{
    int error = 0;
    pthread_mutex_lock(&semaphore->lock);
    if (semaphore->permits == UINT_MAX) {
        error = EOVERFLOW;
    } else if (semaphore->permits++ == 0) {
        pthread_cond_broadcast(&semaphore->posted);
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
