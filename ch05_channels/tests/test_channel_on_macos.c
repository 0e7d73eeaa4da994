/*
 * test_channel_on_macos.c - the same tests with what channel.c does on macOS, where a condition has no
 * CLOCK_MONOTONIC.
 */
#define _DARWIN_C_SOURCE // for pthread_cond_timedwait_relative_np

#include "cases.h"
#include "must.h"

#include <pthread.h>
#include <stdatomic.h>

/* A stand-in: waits that long; or half as long, and says all the same that the time is over. */
static int wait_for(pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *time)
{
    static atomic_uint calls;
    struct timespec deadline;
    long part = atomic_fetch_add(&calls, 1) % 2 + 1;
    ck_assert(time->tv_sec >= 0 && time->tv_nsec >= 0 && time->tv_nsec <= 999999999L);
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
#define channel_create on_macos_create
#define channel_destroy on_macos_destroy
#define channel_send on_macos_send
#define channel_receive on_macos_receive
#define channel_try_send on_macos_try_send
#define channel_try_receive on_macos_try_receive
#define channel_timed_send on_macos_timed_send
#define channel_timed_receive on_macos_timed_receive
#define channel_deadline on_macos_deadline
#define channel_select on_macos_select
#define channel_try_select on_macos_try_select
#define channel_timed_select on_macos_timed_select
#define channel_close on_macos_close
#define channel_length on_macos_length
#define channel_capacity on_macos_capacity
#define channel_cases channel_on_macos_cases
#define CASES "channel_on_macos"
#include "test_channel.c"
