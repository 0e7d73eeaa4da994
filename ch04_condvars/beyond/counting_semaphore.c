/*
 * counting_semaphore.c - a number, a mutex, and a condition that it is not 0. See counting_semaphore.h.
 */
#if defined __APPLE__ && !defined _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE // for pthread_cond_timedwait_relative_np
#elif !defined _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 // for clock_gettime and others, where a compiler is told -std=c11
#endif

#include "counting_semaphore.h"

#include <errno.h>
#include <limits.h>

/* Deadlines are times of CLOCK_MONOTONIC, as the other clock may be set while a thread waits. */

static int make_condition(pthread_cond_t *condition)
{
#if defined __APPLE__ || defined _WIN32
    return pthread_cond_init(condition, NULL); // there it cannot have that clock
#else
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    if (error != 0)
        return error;
    error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (error == 0)
        error = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return error;
#endif
}

/* Waits once, like pthread_cond_timedwait. */
static int wait_until(pthread_cond_t *condition, pthread_mutex_t *lock,
                      const struct timespec *deadline)
{
#if defined __APPLE__ || defined _WIN32
    enum { LONGEST = 100000 }; // in seconds; some systems do not wait for thousands of years
    struct timespec left;
    clock_gettime(CLOCK_MONOTONIC, &left);
    left.tv_sec = deadline->tv_sec - left.tv_sec;
    left.tv_nsec = deadline->tv_nsec - left.tv_nsec;
    if (left.tv_nsec < 0) {
        left.tv_sec--;
        left.tv_nsec += 1000000000L;
    }
    if (left.tv_sec < 0 || (left.tv_sec == 0 && left.tv_nsec == 0))
        return ETIMEDOUT;
    if (left.tv_sec > LONGEST)
        left.tv_sec = LONGEST;
    int error = pthread_cond_timedwait_relative_np(condition, lock, &left);
    return error == ETIMEDOUT ? 0 : error; // the clock decides, in the next turn
#else
    return pthread_cond_timedwait(condition, lock, deadline);
#endif
}

/* No number of milliseconds is too large: time_t has room for a thousandth of a long, and the clock. */
struct timespec counting_semaphore_deadline(long milliseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += milliseconds / 1000;
    time.tv_nsec += milliseconds % 1000 * 1000000L;
    if (time.tv_nsec < 0) {
        time.tv_sec--;
        time.tv_nsec += 1000000000L;
    } else if (time.tv_nsec >= 1000000000L) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000L;
    }
    return time;
}

int counting_semaphore_init(struct counting_semaphore *semaphore, unsigned int permits)
{
    semaphore->permits = permits;
    semaphore->waiting = 0;
    int error = pthread_mutex_init(&semaphore->lock, NULL);
    if (error != 0)
        return error;
    error = make_condition(&semaphore->posted);
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
 * deadline, before this thread had the lock again. Only a timeout ends the wait: winpthreads reports EINVAL
 * when another thread cancels this one, which means no more than a spurious wake-up. A thread that was
 * cancelled in its wait would still be counted, so cancellation is disabled.
 */
static int take_permit(struct counting_semaphore *semaphore, const struct timespec *deadline)
{
    int error = 0, cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&semaphore->lock);
    semaphore->waiting++;
    while (semaphore->permits == 0 && error != ETIMEDOUT) {
        if (deadline == NULL)
            error = pthread_cond_wait(&semaphore->posted, &semaphore->lock);
        else
            error = wait_until(&semaphore->posted, &semaphore->lock, deadline);
    }
    if (semaphore->permits > 0) {
        semaphore->permits--;
        error = 0;
    }
    if (--semaphore->waiting == 0)
        pthread_cond_signal(&semaphore->all_out); // only destroy waits there
    pthread_mutex_unlock(&semaphore->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return error;
}

int counting_semaphore_wait(struct counting_semaphore *semaphore)
{
    return take_permit(semaphore, NULL);
}

int counting_semaphore_timed_wait(struct counting_semaphore *semaphore,
                                  const struct timespec *deadline)
{
    static const struct timespec begin;
    if (deadline->tv_nsec < 0 || deadline->tv_nsec > 999999999L)
        return EINVAL;
    // Times before the clock began have passed as well, and some systems refuse them.
    return take_permit(semaphore, deadline->tv_sec < 0 ? &begin : deadline);
}

int counting_semaphore_try_wait(struct counting_semaphore *semaphore)
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
 * had that fault for years, its bug 12674.) So the unlock is the last access. POSIX requires that the
 * thread that locks a mutex next may unlock and destroy it.
 */
int counting_semaphore_post(struct counting_semaphore *semaphore)
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

unsigned int counting_semaphore_value(struct counting_semaphore *semaphore)
{
    pthread_mutex_lock(&semaphore->lock);
    unsigned int permits = semaphore->permits;
    pthread_mutex_unlock(&semaphore->lock);
    return permits;
}

int counting_semaphore_destroy(struct counting_semaphore *semaphore)
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
