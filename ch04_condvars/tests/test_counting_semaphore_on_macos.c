/*
 * test_counting_semaphore_on_macos.c - the same tests with what counting_semaphore.c does on macOS, where a
 * condition has no CLOCK_MONOTONIC.
 */
#define _DARWIN_C_SOURCE // for pthread_cond_timedwait_relative_np

#include "cases.h"
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* A stand-in: waits that long; or half as long, and says all the same that the time is over. */
static int wait_for(pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *time)
{
    static atomic_uint calls;
    struct timespec deadline;
    long part = atomic_fetch_add(&calls, 1) % 2 + 1;
    ck_assert(time->tv_sec >= 0 && time->tv_sec <= 1000000 && time->tv_nsec >= 0 &&
              time->tv_nsec <= 999999999L);
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += time->tv_sec / part;
    deadline.tv_nsec += time->tv_nsec / part;
    deadline.tv_sec += deadline.tv_nsec / 1000000000L;
    deadline.tv_nsec %= 1000000000L;
    return pthread_cond_timedwait(condition, lock, &deadline);
}

#ifndef __APPLE__
#define __APPLE__
#endif
#define pthread_cond_timedwait_relative_np wait_for
#define counting_semaphore_init on_macos_init
#define counting_semaphore_wait on_macos_wait
#define counting_semaphore_try_wait on_macos_try_wait
#define counting_semaphore_timed_wait on_macos_timed_wait
#define counting_semaphore_deadline on_macos_deadline
#define counting_semaphore_post on_macos_post
#define counting_semaphore_value on_macos_value
#define counting_semaphore_destroy on_macos_destroy
#define counting_semaphore_cases counting_semaphore_on_macos_cases
#define CASES "counting_semaphore_on_macos"
#include "test_counting_semaphore.c"
