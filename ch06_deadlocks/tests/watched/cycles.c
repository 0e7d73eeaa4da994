/*
 * cycles.c - two threads that take two locks in opposite order, and so hang on every run: a function for each
 * kind of lock, chosen by its name. They need Linux.
 */
#define _GNU_SOURCE
#include "scenario.h"

#include <linux/futex.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#ifdef _OPENMP
#include <omp.h>
#endif

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static sem_t sent, connected;

static void *takes_sent_then_connected(void *argument)
{
    sem_wait(&sent);
    meet();
    sem_wait(&connected);
    return argument;
}

static void semaphores(void)
{
    sem_init(&sent, 0, 1);
    sem_init(&connected, 0, 1);
    pthread_t thread = start(takes_sent_then_connected, NULL);
    sem_wait(&connected);
    meet();
    sem_wait(&sent);
    join(thread);
}

static pthread_spinlock_t left, right;

static void *spins_left_then_right(void *argument)
{
    pthread_spin_lock(&left);
    meet();
    pthread_spin_lock(&right);
    return argument;
}

static void spin_locks(void)
{
    pthread_spin_init(&left, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&right, PTHREAD_PROCESS_PRIVATE);
    pthread_t thread = start(spins_left_then_right, NULL);
    pthread_spin_lock(&right);
    meet();
    pthread_spin_lock(&left);
    join(thread);
}

static void *locks_first_then_second(void *argument)
{
    pthread_mutex_lock(&first);
    meet();
    pthread_mutex_lock(&second);
    return argument;
}

static void robust(void)
{
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&first, &kind);
    pthread_mutex_init(&second, &kind);
    pthread_t thread = start(locks_first_then_second, NULL);
    pthread_mutex_lock(&second);
    meet();
    pthread_mutex_lock(&first);
    join(thread);
}

static mtx_t one, other;

static int locks_one_then_other(void *argument)
{
    (void)argument;
    mtx_lock(&one);
    meet();
    mtx_lock(&other);
    return 0;
}

static void c11(void)
{
    thrd_t thread;
    mtx_init(&one, mtx_plain);
    mtx_init(&other, mtx_plain);
    thrd_create(&thread, locks_one_then_other, NULL);
    mtx_lock(&other);
    meet();
    mtx_lock(&one);
    thrd_join(thread, NULL);
}

static once_flag once_left = ONCE_FLAG_INIT, once_right = ONCE_FLAG_INIT;

static void nothing(void)
{
}

static void init_left(void)
{
    meet();
    call_once(&once_right, nothing);
}

static void init_right(void)
{
    meet();
    call_once(&once_left, nothing);
}

static void *calls_left(void *argument)
{
    call_once(&once_left, init_left);
    return argument;
}

static void two_onces(void)
{
    pthread_t thread = start(calls_left, NULL);
    call_once(&once_right, init_right);
    join(thread);
}

/* A mutex as nobody should write it: 1 means locked, and every unlock would have to wake. */
static void futex_lock(atomic_int *word)
{
    while (atomic_exchange(word, 1) != 0)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
}

static atomic_int north, south;

static void *locks_north_then_south(void *argument)
{
    futex_lock(&north);
    meet();
    futex_lock(&south);
    return argument;
}

static void home_made(void)
{
    pthread_t thread = start(locks_north_then_south, NULL);
    futex_lock(&south);
    meet();
    futex_lock(&north);
    join(thread);
}

static void *holds_stdout(void *argument)
{
    flockfile(stdout);
    meet();
    pthread_mutex_lock(&first);
    return argument;
}

static void stdio(void)
{
    pthread_t thread = start(holds_stdout, NULL);
    pthread_mutex_lock(&first);
    meet();
    puts("changed");
    pthread_mutex_unlock(&first);
    join(thread);
}

static void lock_in_time(pthread_mutex_t *mutex)
{
    struct timespec deadline;
    do {
        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_nsec += 20000000;
        deadline.tv_sec += deadline.tv_nsec / 1000000000;
        deadline.tv_nsec %= 1000000000;
    } while (pthread_mutex_timedlock(mutex, &deadline) != 0);
}

static void *retries_second(void *argument)
{
    pthread_mutex_lock(&first);
    meet();
    lock_in_time(&second);
    return argument;
}

/* Each wait ends, and begins again. */
static void timed_retry(void)
{
    pthread_t thread = start(retries_second, NULL);
    pthread_mutex_lock(&second);
    meet();
    lock_in_time(&first);
    join(thread);
}

static void try_again_and_again(pthread_mutex_t *mutex)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    while (pthread_mutex_trylock(mutex) != 0)
        nanosleep(&millisecond, NULL);
}

static void *tries_second(void *argument)
{
    pthread_mutex_lock(&first);
    meet();
    try_again_and_again(&second);
    return argument;
}

/* No thread waits, and none gets on: a livelock. */
static void livelock(void)
{
    pthread_t thread = start(tries_second, NULL);
    pthread_mutex_lock(&second);
    meet();
    try_again_and_again(&first);
    join(thread);
}

#ifdef _OPENMP
static void omp_locks(void)
{
    omp_lock_t locks[2];
    omp_init_lock(&locks[0]);
    omp_init_lock(&locks[1]);
#pragma omp parallel num_threads(2)
    {
        int mine = omp_get_thread_num();
        omp_set_lock(&locks[mine]);
        meet();
        omp_set_lock(&locks[1 - mine]);
    }
}
#endif

int main(int argc, char *argv[])
{
    static const struct scenario all[] = {
        SCENARIO(semaphores), SCENARIO(spin_locks),  SCENARIO(robust),
        SCENARIO(c11),        SCENARIO(two_onces),   SCENARIO(home_made),
        SCENARIO(stdio),      SCENARIO(timed_retry), SCENARIO(livelock),
#ifdef _OPENMP
        SCENARIO(omp_locks),
#endif
    };
    return run_scenario(argc > 1 ? argv[1] : NULL, all, sizeof all / sizeof all[0]);
}
