/*
 * watch_locks.c - the calls that lock: mutexes of POSIX and C11, read-write locks, spin locks. Each does
 * what the real one does, returns what that returns, and tells the graph and the trace of it.
 */
#define _GNU_SOURCE // pthread_mutex_clocklock
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "watch_locks.h"

#include <limits.h>

/* ---- mutexes ---- */

static ALWAYS_INLINE int try_mutex(void *mutex)
{
    return real.pthread_mutex_trylock(mutex);
}

static ALWAYS_INLINE int unlock_mutex(void *mutex)
{
    return real.pthread_mutex_unlock(mutex);
}

static int destroy_mutex(void *mutex)
{
    return real.pthread_mutex_destroy(mutex);
}

static int wait_mutex(void *mutex, const struct deadline *deadline)
{
#ifndef __APPLE__
    if (deadline != NULL && deadline->clock != NULL)
        return deadline->real->pthread_mutex_clocklock(mutex, *deadline->clock, deadline->time);
    if (deadline != NULL)
        return deadline->real->pthread_mutex_timedlock == NULL
                   ? ETIMEDOUT
                   : deadline->real->pthread_mutex_timedlock(mutex, deadline->time);
#endif
    (void)deadline;
    return real.pthread_mutex_lock(mutex);
}

int WATCHED(pthread_mutex_init)(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    int error = real.pthread_mutex_init(mutex, attributes);
    if (self == NULL)
        return error;
    if (error == 0) {
        int type = PTHREAD_MUTEX_DEFAULT;
        struct watch_lock *lock = begin_lock(self, mutex, WATCH_MUTEX);
        if (lock != NULL && attributes != NULL && pthread_mutexattr_gettype(attributes, &type) == 0)
            lock->reports_relocking = type == PTHREAD_MUTEX_ERRORCHECK;
    }
    leave(self);
    return error;
}

int WATCHED(pthread_mutex_destroy)(pthread_mutex_t *mutex)
{
    return destroy(mutex, destroy_mutex);
}

int WATCHED(pthread_mutex_lock)(pthread_mutex_t *mutex)
{
    return lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mutex, wait_mutex, NULL);
}

int WATCHED(pthread_mutex_trylock)(pthread_mutex_t *mutex)
{
    return try_lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mutex);
}

int WATCHED(pthread_mutex_unlock)(pthread_mutex_t *mutex)
{
    return unlock(mutex, unlock_mutex);
}

REPLACE(pthread_mutex_init)
REPLACE(pthread_mutex_destroy)
REPLACE(pthread_mutex_lock)
REPLACE(pthread_mutex_trylock)
REPLACE(pthread_mutex_unlock)

#ifndef __APPLE__
#define TIMED_LOCK(name, real)                                                                     \
    int WATCHED(name)(pthread_mutex_t *restrict mutex, const struct timespec *restrict time)       \
    {                                                                                              \
        const struct deadline deadline = {NULL, time, &real};                                      \
        return lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mutex, wait_mutex, &deadline);          \
    }
FOR_EACH_TIME(TIMED_LOCK, pthread_mutex_timedlock)

#define CLOCK_LOCK(name, real)                                                                     \
    int WATCHED(name)(pthread_mutex_t *restrict mutex, clockid_t clock,                            \
                      const struct timespec *restrict time)                                        \
    {                                                                                              \
        const struct deadline deadline = {&clock, time, &real};                                    \
        return lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mutex, wait_mutex, &deadline);          \
    }
FOR_EACH_TIME(CLOCK_LOCK, pthread_mutex_clocklock)
#endif

/* ---- read-write locks ---- */

static int try_read(void *rwlock)
{
    return real.pthread_rwlock_tryrdlock(rwlock);
}

static int try_write(void *rwlock)
{
    return real.pthread_rwlock_trywrlock(rwlock);
}

static int unlock_rwlock(void *rwlock)
{
    return real.pthread_rwlock_unlock(rwlock);
}

static int destroy_rwlock(void *rwlock)
{
    return real.pthread_rwlock_destroy(rwlock);
}

static int wait_read(void *rwlock, const struct deadline *deadline)
{
#ifndef __APPLE__
    if (deadline != NULL)
        return deadline->real->pthread_rwlock_timedrdlock(rwlock, deadline->time);
#endif
    (void)deadline;
    return real.pthread_rwlock_rdlock(rwlock);
}

static int wait_write(void *rwlock, const struct deadline *deadline)
{
#ifndef __APPLE__
    if (deadline != NULL)
        return deadline->real->pthread_rwlock_timedwrlock(rwlock, deadline->time);
#endif
    (void)deadline;
    return real.pthread_rwlock_wrlock(rwlock);
}

int WATCHED(pthread_rwlock_init)(pthread_rwlock_t *rwlock, const pthread_rwlockattr_t *attributes)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    int error = real.pthread_rwlock_init(rwlock, attributes);
    if (self == NULL)
        return error;
    if (error == 0)
        begin_lock(self, rwlock, WATCH_RWLOCK);
    leave(self);
    return error;
}

int WATCHED(pthread_rwlock_destroy)(pthread_rwlock_t *rwlock)
{
    return destroy(rwlock, destroy_rwlock);
}

int WATCHED(pthread_rwlock_rdlock)(pthread_rwlock_t *rwlock)
{
    return lock(rwlock, WATCH_RWLOCK, WATCH_TO_READ, try_read, wait_read, NULL);
}

int WATCHED(pthread_rwlock_tryrdlock)(pthread_rwlock_t *rwlock)
{
    return try_lock(rwlock, WATCH_RWLOCK, WATCH_TO_READ, try_read);
}

int WATCHED(pthread_rwlock_wrlock)(pthread_rwlock_t *rwlock)
{
    return lock(rwlock, WATCH_RWLOCK, WATCH_TO_LOCK, try_write, wait_write, NULL);
}

int WATCHED(pthread_rwlock_trywrlock)(pthread_rwlock_t *rwlock)
{
    return try_lock(rwlock, WATCH_RWLOCK, WATCH_TO_LOCK, try_write);
}

int WATCHED(pthread_rwlock_unlock)(pthread_rwlock_t *rwlock)
{
    return unlock(rwlock, unlock_rwlock);
}

REPLACE(pthread_rwlock_init)
REPLACE(pthread_rwlock_destroy)
REPLACE(pthread_rwlock_rdlock)
REPLACE(pthread_rwlock_tryrdlock)
REPLACE(pthread_rwlock_wrlock)
REPLACE(pthread_rwlock_trywrlock)
REPLACE(pthread_rwlock_unlock)

#ifndef __APPLE__
#define TIMED_READ_LOCK(name, real)                                                                \
    int WATCHED(name)(pthread_rwlock_t *restrict rwlock, const struct timespec *restrict time)     \
    {                                                                                              \
        const struct deadline deadline = {NULL, time, &real};                                      \
        return lock(rwlock, WATCH_RWLOCK, WATCH_TO_READ, try_read, wait_read, &deadline);          \
    }
FOR_EACH_TIME(TIMED_READ_LOCK, pthread_rwlock_timedrdlock)

#define TIMED_WRITE_LOCK(name, real)                                                               \
    int WATCHED(name)(pthread_rwlock_t *restrict rwlock, const struct timespec *restrict time)     \
    {                                                                                              \
        const struct deadline deadline = {NULL, time, &real};                                      \
        return lock(rwlock, WATCH_RWLOCK, WATCH_TO_LOCK, try_write, wait_write, &deadline);        \
    }
FOR_EACH_TIME(TIMED_WRITE_LOCK, pthread_rwlock_timedwrlock)

/* ---- spin locks. POSIX lets them be volatile; here they are addresses. ---- */

static int try_spin(void *spin)
{
    return real.pthread_spin_trylock(spin);
}

static int unlock_spin(void *spin)
{
    return real.pthread_spin_unlock(spin);
}

static int wait_spin(void *spin, const struct deadline *deadline)
{
    (void)deadline;
    return real.pthread_spin_lock(spin);
}

int WATCHED(pthread_spin_lock)(pthread_spinlock_t *spin)
{
    return lock((void *)(uintptr_t)spin, WATCH_SPIN_LOCK, WATCH_TO_LOCK, try_spin, wait_spin, NULL);
}

int WATCHED(pthread_spin_trylock)(pthread_spinlock_t *spin)
{
    return try_lock((void *)(uintptr_t)spin, WATCH_SPIN_LOCK, WATCH_TO_LOCK, try_spin);
}

int WATCHED(pthread_spin_unlock)(pthread_spinlock_t *spin)
{
    return unlock((void *)(uintptr_t)spin, unlock_spin);
}
#endif

/* ---- mutexes of C11 ---- */

#ifdef HAS_C11_THREADS
static int to_errno(int result)
{
    return result == thrd_success    ? 0
           : result == thrd_busy     ? EBUSY
           : result == thrd_timedout ? ETIMEDOUT
           : result == thrd_nomem    ? ENOMEM
                                     : EINVAL;
}

static int from_errno(int error)
{
    return error == 0           ? thrd_success
           : error == EBUSY     ? thrd_busy
           : error == ETIMEDOUT ? thrd_timedout
           : error == ENOMEM    ? thrd_nomem
                                : thrd_error;
}

static int try_mtx(void *mutex)
{
    return to_errno(real.mtx_trylock(mutex));
}

static int unlock_mtx(void *mutex)
{
    return to_errno(real.mtx_unlock(mutex));
}

static int destroy_mtx(void *mutex)
{
    real.mtx_destroy(mutex);
    return 0;
}

static int wait_mtx(void *mutex, const struct deadline *deadline)
{
    return to_errno(deadline == NULL ? real.mtx_lock(mutex)
                                     : deadline->real->mtx_timedlock(mutex, deadline->time));
}

int WATCHED(mtx_lock)(mtx_t *mutex)
{
    return from_errno(lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mtx, wait_mtx, NULL));
}

int WATCHED(mtx_trylock)(mtx_t *mutex)
{
    return from_errno(try_lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mtx));
}

#define TIMED_MTX_LOCK(name, real)                                                                 \
    int WATCHED(name)(mtx_t *restrict mutex, const struct timespec *restrict time)                 \
    {                                                                                              \
        const struct deadline deadline = {NULL, time, &real};                                      \
        return from_errno(lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mtx, wait_mtx, &deadline));  \
    }
FOR_EACH_TIME(TIMED_MTX_LOCK, mtx_timedlock)

int WATCHED(mtx_unlock)(mtx_t *mutex)
{
    return from_errno(unlock(mutex, unlock_mtx));
}

void WATCHED(mtx_destroy)(mtx_t *mutex)
{
    destroy(mutex, destroy_mtx);
}
#endif
