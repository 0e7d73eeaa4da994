/*
 * test_fast_channel_on_macos.c - the same tests with what fast_channel.c does on macOS, where a condition
 * has no CLOCK_MONOTONIC.
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
enum { ON_MACOS = 1 };
#define CASES "fast_channel_on_macos"
#define pthread_cond_timedwait_relative_np wait_for
#define fast_channel_cases fast_channel_on_macos_cases
#define fast_channel_create fast_on_macos_create
#define fast_channel_destroy fast_on_macos_destroy
#define fast_channel_send fast_on_macos_send
#define fast_channel_receive fast_on_macos_receive
#define fast_channel_try_send fast_on_macos_try_send
#define fast_channel_try_receive fast_on_macos_try_receive
#define fast_channel_timed_send fast_on_macos_timed_send
#define fast_channel_timed_receive fast_on_macos_timed_receive
#define fast_channel_deadline fast_on_macos_deadline
#define fast_channel_close fast_on_macos_close
#define fast_channel_length fast_on_macos_length
#define fast_channel_capacity fast_on_macos_capacity
#include "test_fast_channel.c"
