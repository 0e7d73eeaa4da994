/*
 * times.h - deadlines for tests: times of CLOCK_MONOTONIC.
 */
#ifndef TIMES_H
#define TIMES_H

#include <stdbool.h>
#include <time.h>

static inline struct timespec in_microseconds(long microseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    long long nanoseconds = time.tv_nsec + microseconds * 1000LL; // a long may have 32 bits
    time.tv_sec += (time_t)(nanoseconds / 1000000000);
    time.tv_nsec = (long)(nanoseconds % 1000000000);
    return time;
}

static inline bool has_passed(const struct timespec *time)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > time->tv_sec ||
           (now.tv_sec == time->tv_sec && now.tv_nsec >= time->tv_nsec);
}

#endif
