/*
 * watch_locks.c - the calls that lock: mutexes of POSIX and C11, read-write locks, spin locks. Each does
 * what the real one does, returns what that returns, and tells the graph and the trace of it.
 */
#define _GNU_SOURCE // pthread_mutex_clocklock
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "watch_real.h"
#include "watch_trace.h"

#include <limits.h>
#include <string.h>

struct deadline {
    const clockid_t *clock; // NULL: that of the calls without a clock
    const struct timespec *time;
};

/* A kind of lock: how to try it, and how to wait for it, without or with a deadline. */
typedef int try_call(void *);
typedef int wait_call(void *, const struct deadline *);

/*
 * For a thread that locks what it holds already. True: the real call would return at once, and with
 * what: a mutex is of the type that reports it, a read-write lock knows its writer. The type cannot be
 * seen from outside if it was initialised by a constant; but a deadline that has long passed makes
 * the real call tell. macOS has no such call, see is_made_to_report.
 */
static bool relock_returns(const struct watch_lock *lock, void *object, wait_call *wait, int *error)
{
    static const struct timespec long_ago;
    const struct deadline past = {NULL, &long_ago};
    *error = lock->reports_relocking ? EDEADLK : ETIMEDOUT;
    if (lock->kind == WATCH_SPIN_LOCK)
        return false;
#ifdef __APPLE__
    (void)object;
    (void)wait;
    (void)past;
#else
    *error = wait(object, &past);
#endif
    return *error != ETIMEDOUT;
}

/* On macOS a mutex shows by which constant it was made, until the first call that locks it overwrites that. */
static ALWAYS_INLINE bool is_made_to_report(const void *object, enum watch_kind kind)
{
#if defined __APPLE__ && defined PTHREAD_ERRORCHECK_MUTEX_INITIALIZER
    static const pthread_mutex_t constant = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER;
    return kind == WATCH_MUTEX && memcmp(object, &constant, sizeof constant.__sig) == 0;
#else
    (void)object;
    (void)kind;
    return false;
#endif
}

/* Locks what is locked by another thread, or by this one. */
static int wait_for(struct watch_thread *self, struct watch_lock *lock, enum watch_what what,
                    void *object, wait_call *wait, const struct deadline *deadline,
                    const struct watch_stack *place)
{
    int error, before = errno;
    if (deadline == NULL && watch_owns(self, lock) && relock_returns(lock, object, wait, &error))
        return error;
    struct watch_pending pending = {.wait = {.what = what,
                                             .lock = lock,
                                             .place = place,
                                             .since = watch_now(),
                                             .has_deadline = deadline != NULL}};
    watch_event(self, WATCH_WAITS, object, lock->number);
    watch_begin_wait(self, &pending);
    error = wait(object, deadline);
    watch_end_wait(self, &pending, is_got(error));
    watch_waited(lock, watch_now() - pending.wait.since);
    if (!is_got(error))
        watch_event(self, WATCH_GAVE_UP, object, lock->number);
    errno = before;
    return error;
}

/* Notes that the lock was got. */
static ALWAYS_INLINE void note_lock(struct watch_thread *self, struct watch_lock *lock,
                                    enum watch_what what, const struct watch_stack *place,
                                    enum watch_how how)
{
    WRITE(self->tried.count, 0);
    if (what == WATCH_TO_READ)
        watch_shares(self, lock, place, how);
    else
        watch_locked(self, lock, place, how);
    if (what == WATCH_TO_READ || lock->depth == 1)
        watch_event(self, WATCH_GOT, lock->address, lock->number);
}

/* Notes that it was not. Of many tries without success, a report tells. */
static void note_try(struct watch_thread *self, struct watch_lock *lock,
                     const struct watch_stack *place)
{
    struct watch_tried *tried = &self->tried;
    unsigned long count = READ(tried->lock) == lock ? READ(tried->count) : 0;
    WRITE(tried->lock, lock);
    WRITE(tried->number, READ(lock->number));
    WRITE(tried->place, place);
    WRITE(tried->count, count + 1);
}

static ALWAYS_INLINE int lock(void *object, enum watch_kind kind, enum watch_what what,
                              try_call *try, wait_call *wait, const struct deadline *deadline)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    if (self == NULL)
        return wait(object, deadline);
    const struct watch_stack *place = HERE;
    struct watch_lock *watched = watch_lock_at(object, kind, place);
    if (watched != NULL && is_made_to_report(object, kind))
        watched->reports_relocking = true;
    int error = watched == NULL ? EINVAL : try(object);
    if (error == EBUSY)
        error = wait_for(self, watched, what, object, wait, deadline,
                         place != NULL && place->count > 1 ? place : HERE_WAITING);
    else if (!is_got(error))
        error = wait(object, deadline); // to fail in its own way
    // A wait with a deadline ends by itself. So it is in no cycle, and makes no order.
    if (watched != NULL && is_got(error))
        note_lock(self, watched, what, place, deadline == NULL ? BY_WAITING : BY_TRYING);
    leave(self);
    return error;
}

static ALWAYS_INLINE int try_lock(void *object, enum watch_kind kind, enum watch_what what,
                                  try_call *try)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    bool reports_relocking = is_made_to_report(object, kind);
    int error = try(object);
    if (self == NULL)
        return error;
    const struct watch_stack *place = HERE;
    struct watch_lock *watched = watch_lock_at(object, kind, place);
    if (watched != NULL && reports_relocking)
        watched->reports_relocking = true;
    if (watched != NULL && is_got(error))
        note_lock(self, watched, what, place, BY_TRYING);
    else if (watched != NULL && error == EBUSY)
        note_try(self, watched, place);
    leave(self);
    return error;
}

static ALWAYS_INLINE int unlock(void *object, try_call *really)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    if (self == NULL)
        return really(object);
    struct watch_lock *lock = watch_lock_of(object);
    unsigned long owner = 0;
    bool is_lost = false;
    if (lock != NULL && watch_owns(self, lock)) {
        if (lock->depth == 1)
            watch_event(self, WATCH_UNLOCKS, object, lock->number);
        watch_unlocks(self, lock);
    } else if (lock != NULL && lock->kind == WATCH_RWLOCK && watch_unshares(self, lock)) {
        watch_event(self, WATCH_UNLOCKS, object, lock->number);
    } else if (lock != NULL) {
        owner = atomic_load(&lock->owner);
        is_lost = owner != 0 || lock->kind == WATCH_RWLOCK;
    }
    int error = really(object);
    if (is_lost && error == 0)
        watch_lost(lock, owner);
    leave(self);
    return error;
}

static ALWAYS_INLINE struct watch_lock *begin_lock(struct watch_thread *self, void *object,
                                                   enum watch_kind kind)
{
    watch_lock_end(object); // another one that was here, and was never destroyed
    return watch_lock_at(object, kind, HERE);
}

static ALWAYS_INLINE int destroy(void *object, try_call *really)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    int error = really(object);
    if (self != NULL && error == 0)
        watch_lock_end(object);
    if (self != NULL)
        leave(self);
    return error;
}

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
        return real.pthread_mutex_clocklock(mutex, *deadline->clock, deadline->time);
    if (deadline != NULL)
        return real.pthread_mutex_timedlock == NULL
                   ? ETIMEDOUT
                   : real.pthread_mutex_timedlock(mutex, deadline->time);
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
int WATCHED(pthread_mutex_timedlock)(pthread_mutex_t *mutex, const struct timespec *time)
{
    const struct deadline deadline = {NULL, time};
    return lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mutex, wait_mutex, &deadline);
}

int WATCHED(pthread_mutex_clocklock)(pthread_mutex_t *mutex, clockid_t clock,
                                     const struct timespec *time)
{
    const struct deadline deadline = {&clock, time};
    return lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mutex, wait_mutex, &deadline);
}
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
        return real.pthread_rwlock_timedrdlock(rwlock, deadline->time);
#endif
    (void)deadline;
    return real.pthread_rwlock_rdlock(rwlock);
}

static int wait_write(void *rwlock, const struct deadline *deadline)
{
#ifndef __APPLE__
    if (deadline != NULL)
        return real.pthread_rwlock_timedwrlock(rwlock, deadline->time);
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
int WATCHED(pthread_rwlock_timedrdlock)(pthread_rwlock_t *rwlock, const struct timespec *time)
{
    const struct deadline deadline = {NULL, time};
    return lock(rwlock, WATCH_RWLOCK, WATCH_TO_READ, try_read, wait_read, &deadline);
}

int WATCHED(pthread_rwlock_timedwrlock)(pthread_rwlock_t *rwlock, const struct timespec *time)
{
    const struct deadline deadline = {NULL, time};
    return lock(rwlock, WATCH_RWLOCK, WATCH_TO_LOCK, try_write, wait_write, &deadline);
}

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
                                     : real.mtx_timedlock(mutex, deadline->time));
}

int WATCHED(mtx_lock)(mtx_t *mutex)
{
    return from_errno(lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mtx, wait_mtx, NULL));
}

int WATCHED(mtx_trylock)(mtx_t *mutex)
{
    return from_errno(try_lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mtx));
}

int WATCHED(mtx_timedlock)(mtx_t *restrict mutex, const struct timespec *restrict time)
{
    const struct deadline deadline = {NULL, time};
    return from_errno(lock(mutex, WATCH_MUTEX, WATCH_TO_LOCK, try_mtx, wait_mtx, &deadline));
}

int WATCHED(mtx_unlock)(mtx_t *mutex)
{
    return from_errno(unlock(mutex, unlock_mtx));
}

void WATCHED(mtx_destroy)(mtx_t *mutex)
{
    destroy(mutex, destroy_mtx);
}
#endif
