/*
 * deadlines.c - each call with a deadline, one after the other, for something that another thread keeps. None
 * may return before its deadline. test_launcher.c compiles it for 32 bits, with either size of time_t.
 */
#define _GNU_SOURCE // pthread_mutex_clocklock, pthread_cond_clockwait
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <threads.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, own = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static mtx_t mtx, own_mtx;
static cnd_t cnd;
static sem_t never, kept, enough;

static void *keep_all(void *argument)
{
    pthread_mutex_lock(&mutex);
    pthread_rwlock_wrlock(&rwlock);
    mtx_lock(&mtx);
    sem_post(&kept);
    sem_wait(&enough);
    mtx_unlock(&mtx);
    pthread_rwlock_unlock(&rwlock);
    pthread_mutex_unlock(&mutex);
    return argument;
}

static struct timespec soon(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_nsec += 20000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static int early;

static void check(const char *call, int error, int timeout, clockid_t clock,
                  struct timespec deadline)
{
    struct timespec now;
    clock_gettime(clock, &now);
    if (error == timeout && (now.tv_sec > deadline.tv_sec ||
                             (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec)))
        return;
    printf("%s returns %d too early\n", call, error);
    early = 1;
}

#define TRY(call, timeout, clock, ...)                                                             \
    do {                                                                                           \
        struct timespec deadline = soon(clock);                                                    \
        check(#call, call(__VA_ARGS__, &deadline), timeout, clock, deadline);                      \
    } while (0)

int main(void)
{
    pthread_t keeper;
    mtx_init(&mtx, mtx_timed);
    mtx_init(&own_mtx, mtx_plain);
    cnd_init(&cnd);
    sem_init(&never, 0, 0);
    sem_init(&kept, 0, 0);
    sem_init(&enough, 0, 0);
    if (pthread_create(&keeper, NULL, keep_all, NULL) != 0)
        return 99;
    sem_wait(&kept);
    pthread_mutex_lock(&own);
    mtx_lock(&own_mtx);
    TRY(pthread_mutex_timedlock, ETIMEDOUT, CLOCK_REALTIME, &mutex);
    TRY(pthread_mutex_clocklock, ETIMEDOUT, CLOCK_MONOTONIC, &mutex, CLOCK_MONOTONIC);
    TRY(pthread_rwlock_timedrdlock, ETIMEDOUT, CLOCK_REALTIME, &rwlock);
    TRY(pthread_rwlock_timedwrlock, ETIMEDOUT, CLOCK_REALTIME, &rwlock);
    TRY(pthread_cond_timedwait, ETIMEDOUT, CLOCK_REALTIME, &news, &own);
    TRY(pthread_cond_clockwait, ETIMEDOUT, CLOCK_MONOTONIC, &news, &own, CLOCK_MONOTONIC);
    TRY(sem_timedwait, -1, CLOCK_REALTIME, &never);
    TRY(mtx_timedlock, thrd_timedout, CLOCK_REALTIME, &mtx);
    TRY(cnd_timedwait, thrd_timedout, CLOCK_REALTIME, &cnd, &own_mtx);
    mtx_unlock(&own_mtx);
    pthread_mutex_unlock(&own);
    sem_post(&enough);
    pthread_join(keeper, NULL);
    printf("%d bits of time\n", (int)sizeof(time_t) * 8);
    return early;
}
