/*
 * yields.c - gives way to other threads at random moments; interleavings.sh links it into tests.
 *
 * Before and after each call that locks, unlocks, waits, signals, starts or joins, a thread yields once in
 * a while, or sleeps for an instant. So other threads run in between, where they seldom would. YIELD_SEED
 * chooses one of the many ways to do so; 0, or no seed, changes nothing.
 *
 * The linker redirects the calls here (--wrap=pthread_mutex_lock: the real one is __real_pthread_mutex_lock).
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static atomic_uint threads;
static _Thread_local uint32_t state;

/* Marsaglia's xorshift; each thread goes a way of its own. */
static uint32_t next_random(void)
{
    if (state == 0) {
        const char *seed = getenv("YIELD_SEED");
        if (seed == NULL || atoi(seed) == 0)
            return 1;
        state = (uint32_t)atoi(seed) * 2654435761u + atomic_fetch_add(&threads, 1) * 40503u + 1;
    }
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static void perturb(void)
{
    uint32_t random = next_random();
    if (random % 256 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (random % 4 == 0)
        sched_yield();
}

#define WRAP(name, parameters, arguments)                                                          \
    int __real_##name parameters;                                                                  \
    int __wrap_##name parameters;                                                                  \
    int __wrap_##name parameters                                                                   \
    {                                                                                              \
        perturb();                                                                                 \
        int returned = __real_##name arguments;                                                    \
        perturb();                                                                                 \
        return returned;                                                                           \
    }

/* After these the lock, and what it lies in, may be gone; but nothing here touches it then. */
WRAP(pthread_mutex_lock, (pthread_mutex_t * lock), (lock))
WRAP(pthread_mutex_trylock, (pthread_mutex_t * lock), (lock))
WRAP(pthread_mutex_unlock, (pthread_mutex_t * lock), (lock))
WRAP(pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
WRAP(pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
WRAP(pthread_rwlock_unlock, (pthread_rwlock_t * lock), (lock))
WRAP(pthread_cond_signal, (pthread_cond_t * condition), (condition))
WRAP(pthread_cond_broadcast, (pthread_cond_t * condition), (condition))
WRAP(pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t *lock), (condition, lock))
WRAP(pthread_cond_timedwait,
     (pthread_cond_t * condition, pthread_mutex_t *lock, const struct timespec *deadline),
     (condition, lock, deadline))
WRAP(pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
     (thread, attributes, run, argument))
WRAP(pthread_join, (pthread_t thread, void **result), (thread, result))
