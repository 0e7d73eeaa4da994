/*
 * watch_locks.h - what all calls that lock have in common: the real one is called, and the graph and the
 * trace are told. Only for watch_locks.c.
 */
#ifndef WATCH_LOCKS_H
#define WATCH_LOCKS_H

#include "watch_real.h"
#include "watch_trace.h"

#include <string.h>

/* A kind of lock: how to try it, and how to wait for it, without or with a deadline. */
typedef int try_call(void *);
typedef int wait_call(void *, const struct deadline *);

/*
 * For a thread that locks what it already holds. Returns whether the real call would return at once, and with
 * what: a mutex may be of the type that reports this, and a read-write lock knows its writer. A mutex that
 * was initialised by a constant does not show its type; but with a deadline that has long passed, the real
 * call tells. macOS has no such call, see is_made_to_report.
 */
static bool relock_returns(const struct watch_lock *lock, void *object, wait_call *wait, int *error)
{
    static const struct timespec long_ago;
    const struct deadline past = {NULL, &long_ago, &real};
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

/* On macOS a mutex shows which constant initialised it, until the first call that locks it. */
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

/* Notes that the lock was not got. A report tells of many tries without success. */
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

#endif
