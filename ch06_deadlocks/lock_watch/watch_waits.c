/*
 * watch_waits.c - the calls that wait for what other threads do: conditions of POSIX and C11,
 * semaphores, barriers, pthread_once, and the end of a thread. Each does what the real one does, returns
 * what that returns, and tells the graph and the trace of it.
 */
#define _GNU_SOURCE // pthread_cond_clockwait
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "watch_real.h"
#include "watch_trace.h"

/* ---- conditions ---- */

struct cond_wait {
    struct watch_thread *self;
    struct watch_pending pending; // with a mutex only if the wait unlocks it (see below)
    const void *cond;
    int error;
};

typedef int real_cond_wait(void *cond, void *mutex, const struct deadline *);

/* Also called when the thread is cancelled in its wait; it has the mutex again then. */
static void wake_up(void *argument)
{
    struct cond_wait *wait = argument;
    struct watch_lock *mutex = wait->pending.wait.mutex;
    watch_end_wait(wait->self, &wait->pending, wait->error == 0);
    watch_event(wait->self, WATCH_WAKES, wait->cond, 0);
    if (mutex != NULL) {
        watch_locked(wait->self, mutex, wait->pending.wait.place, BY_WAITING);
        watch_event(wait->self, WATCH_GOT, mutex->address, mutex->number);
    }
    leave(wait->self);
}

/* On most systems a recursive mutex that is locked twice stays locked in a wait. So it does here. */
static void fall_asleep(struct cond_wait *wait, const void *mutex)
{
    struct watch_lock *watched = watch_lock_of(mutex);
    if (watched != NULL && watch_owns(wait->self, watched) && watched->depth == 1) {
        wait->pending.wait.mutex = watched;
        watch_event(wait->self, WATCH_UNLOCKS, mutex, watched->number);
        watch_unlocks(wait->self, watched);
    }
    watch_event(wait->self, WATCH_SLEEPS, wait->cond, 0);
    watch_begin_wait(wait->self, &wait->pending);
}

static ALWAYS_INLINE int wait_on(void *cond, void *mutex, real_cond_wait *really,
                                 const struct deadline *deadline)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    if (self == NULL)
        return really(cond, mutex, deadline);
    const struct watch_stack *place = HERE;
    struct cond_wait wait = {.self = self,
                             .cond = cond,
                             .pending.wait = {.what = WATCH_TO_WAKE,
                                              .lock = watch_lock_at(cond, WATCH_CONDITION, place),
                                              .place = place,
                                              .since = watch_now(),
                                              .has_deadline = deadline != NULL}};
    fall_asleep(&wait, mutex);
    pthread_cleanup_push(wake_up, &wait);
    wait.error = really(cond, mutex, deadline);
    pthread_cleanup_pop(1);
    return wait.error;
}

static int wait_cond(void *cond, void *mutex, const struct deadline *deadline)
{
#ifndef __APPLE__
    if (deadline != NULL && deadline->clock != NULL)
        return deadline->real->pthread_cond_clockwait(cond, mutex, *deadline->clock,
                                                      deadline->time);
#endif
    return deadline == NULL ? real.pthread_cond_wait(cond, mutex)
                            : deadline->real->pthread_cond_timedwait(cond, mutex, deadline->time);
}

/* A condition's `owner` is the thread that has signalled it last. */
static ALWAYS_INLINE void note_signal(void *cond)
{
    struct watch_thread *self = enter();
    if (self == NULL)
        return;
    const struct watch_stack *place = HERE;
    struct watch_lock *watched = watch_lock_at(cond, WATCH_CONDITION, place);
    if (watched != NULL) {
        WRITE(watched->owner, READ(self->identity));
        WRITE(watched->place, place);
        ADD(watched->signals, 1);
    }
    leave(self);
}

static ALWAYS_INLINE int end_after(void *object, int error)
{
    struct watch_thread *self = error == 0 ? enter() : NULL;
    if (self != NULL) {
        watch_lock_end(object);
        leave(self);
    }
    return error;
}

int WATCHED(pthread_cond_init)(pthread_cond_t *cond, const pthread_condattr_t *attributes)
{
    return is_ready() ? end_after(cond, real.pthread_cond_init(cond, attributes)) : 0;
}

int WATCHED(pthread_cond_destroy)(pthread_cond_t *cond)
{
    return is_ready() ? end_after(cond, real.pthread_cond_destroy(cond)) : 0;
}

int WATCHED(pthread_cond_wait)(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    return wait_on(cond, mutex, wait_cond, NULL);
}

#define COND_TIMED_WAIT(name, real)                                                                \
    int WATCHED(name)(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,              \
                      const struct timespec *restrict time)                                        \
    {                                                                                              \
        const struct deadline deadline = {NULL, time, &real};                                      \
        return wait_on(cond, mutex, wait_cond, &deadline);                                         \
    }
FOR_EACH_TIME(COND_TIMED_WAIT, pthread_cond_timedwait)

int WATCHED(pthread_cond_signal)(pthread_cond_t *cond)
{
    if (!is_ready())
        return 0;
    note_signal(cond);
    return real.pthread_cond_signal(cond);
}

int WATCHED(pthread_cond_broadcast)(pthread_cond_t *cond)
{
    if (!is_ready())
        return 0;
    note_signal(cond);
    return real.pthread_cond_broadcast(cond);
}

REPLACE(pthread_cond_init)
REPLACE(pthread_cond_destroy)
REPLACE(pthread_cond_wait)
REPLACE(pthread_cond_timedwait)
REPLACE(pthread_cond_signal)
REPLACE(pthread_cond_broadcast)

/* ---- what has nothing but a number of threads that wait: a wait, and its end ---- */

struct other_wait {
    struct watch_thread *self;
    struct watch_pending pending;
    const void *object;
    bool is_over;
};

/* Also called when the thread is cancelled. */
static void end_other_wait(void *argument)
{
    struct other_wait *wait = argument;
    watch_end_wait(wait->self, &wait->pending, wait->is_over);
    watch_event(wait->self, WATCH_WAKES, wait->object, 0);
    leave(wait->self);
}

#ifndef __APPLE__
#define COND_CLOCK_WAIT(name, real)                                                                \
    int WATCHED(name)(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,              \
                      clockid_t clock, const struct timespec *restrict time)                       \
    {                                                                                              \
        const struct deadline deadline = {&clock, time, &real};                                    \
        return wait_on(cond, mutex, wait_cond, &deadline);                                         \
    }
FOR_EACH_TIME(COND_CLOCK_WAIT, pthread_cond_clockwait)

static ALWAYS_INLINE void begin_wait_at(struct watch_thread *self, struct watch_pending *pending,
                                        const void *object, enum watch_kind kind,
                                        const struct deadline *deadline)
{
    const struct watch_stack *place = HERE;
    pending->wait = (struct watch_wait){.what = WATCH_TO_WAKE,
                                        .lock = watch_lock_at(object, kind, place),
                                        .place = place,
                                        .since = watch_now(),
                                        .has_deadline = deadline != NULL};
    watch_event(self, WATCH_SLEEPS, object, 0);
    watch_begin_wait(self, pending);
}

/* ---- semaphores. The `owner` of one is the thread that has got it last. ---- */

static ALWAYS_INLINE void note_semaphore(struct watch_thread *self, sem_t *semaphore)
{
    const struct watch_stack *place = HERE;
    struct watch_lock *watched = watch_lock_at(semaphore, WATCH_SEMAPHORE, place);
    if (watched == NULL)
        return;
    WRITE(watched->owner, READ(self->identity));
    WRITE(watched->place, place);
}

static int really_wait_semaphore(sem_t *semaphore, const struct deadline *deadline)
{
    return deadline == NULL ? real.sem_wait(semaphore)
                            : deadline->real->sem_timedwait(semaphore, deadline->time);
}

static ALWAYS_INLINE int wait_semaphore(sem_t *semaphore, const struct deadline *deadline)
{
    if (!is_ready())
        return 0;
    struct other_wait wait = {.self = enter(), .object = semaphore};
    struct watch_thread *self = wait.self;
    if (self == NULL)
        return really_wait_semaphore(semaphore, deadline);
    int before = errno, error = real.sem_trywait(semaphore);
    if (error == 0 || errno != EAGAIN) {
        if (error == 0)
            note_semaphore(self, semaphore);
        leave(self);
        return error;
    }
    errno = before;
    begin_wait_at(self, &wait.pending, semaphore, WATCH_SEMAPHORE, deadline);
    pthread_cleanup_push(end_other_wait, &wait);
    error = really_wait_semaphore(semaphore, deadline);
    wait.is_over = error == 0;
    if (error == 0) {
        self->busy = 1;
        note_semaphore(self, semaphore);
    }
    pthread_cleanup_pop(1);
    return error;
}

int WATCHED(sem_init)(sem_t *semaphore, int is_shared, unsigned int value)
{
    return is_ready() ? end_after(semaphore, real.sem_init(semaphore, is_shared, value)) : 0;
}

int WATCHED(sem_destroy)(sem_t *semaphore)
{
    return is_ready() ? end_after(semaphore, real.sem_destroy(semaphore)) : 0;
}

int WATCHED(sem_wait)(sem_t *semaphore)
{
    return wait_semaphore(semaphore, NULL);
}

#define SEM_TIMED_WAIT(name, real)                                                                 \
    int WATCHED(name)(sem_t *restrict semaphore, const struct timespec *restrict time)             \
    {                                                                                              \
        const struct deadline deadline = {NULL, time, &real};                                      \
        return wait_semaphore(semaphore, &deadline);                                               \
    }
FOR_EACH_TIME(SEM_TIMED_WAIT, sem_timedwait)

int WATCHED(sem_trywait)(sem_t *semaphore)
{
    if (!is_ready())
        return 0;
    int error = real.sem_trywait(semaphore);
    struct watch_thread *self = error == 0 ? enter() : NULL;
    if (self != NULL) {
        note_semaphore(self, semaphore);
        leave(self);
    }
    return error;
}

/* ---- barriers ---- */

int WATCHED(pthread_barrier_init)(pthread_barrier_t *barrier,
                                  const pthread_barrierattr_t *attributes, unsigned int count)
{
    if (!is_ready())
        return 0;
    int error = end_after(barrier, real.pthread_barrier_init(barrier, attributes, count));
    struct watch_thread *self = error == 0 ? enter() : NULL;
    if (self != NULL) {
        struct watch_lock *watched = watch_lock_at(barrier, WATCH_BARRIER, HERE);
        if (watched != NULL)
            WRITE(watched->limit, count);
        leave(self);
    }
    return error;
}

int WATCHED(pthread_barrier_destroy)(pthread_barrier_t *barrier)
{
    return is_ready() ? end_after(barrier, real.pthread_barrier_destroy(barrier)) : 0;
}

int WATCHED(pthread_barrier_wait)(pthread_barrier_t *barrier)
{
    if (!is_ready())
        return 0;
    struct other_wait wait = {.self = enter(), .object = barrier, .is_over = true};
    struct watch_thread *self = wait.self;
    if (self == NULL)
        return real.pthread_barrier_wait(barrier);
    begin_wait_at(self, &wait.pending, barrier, WATCH_BARRIER, NULL);
    int error = real.pthread_barrier_wait(barrier);
    end_other_wait(&wait);
    return error;
}
#endif

/* ---- once. Its owner is the thread that runs the function. ---- */

struct once {
    void (*routine)(void);
    struct watch_lock *lock;
    struct watch_pending *pending; // that is over when the routine begins
    const struct watch_stack *place;
};
static _Thread_local struct once *current_once;

static void end_once(void *argument)
{
    const struct once *once = argument;
    struct watch_thread *self = enter();
    if (self != NULL && watch_owns(self, once->lock))
        watch_unlocks(self, once->lock);
    if (self != NULL)
        leave(self);
}

/* The real call calls this in place of the program's function. */
static void run_once(void)
{
    struct once *once = current_once;
    struct watch_thread *self = this_thread;
    self->busy = 1;
    watch_end_wait(self, once->pending, true);
    once->pending = NULL;
    watch_locked(self, once->lock, once->place, BY_TRYING);
    leave(self);
    pthread_cleanup_push(end_once, once);
    once->routine();
    pthread_cleanup_pop(1);
}

static ALWAYS_INLINE int once(void *control, void (*routine)(void),
                              int (*really)(void *, void (*)(void)))
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    if (self == NULL)
        return really(control, routine);
    struct watch_pending pending;
    struct once this = {.routine = routine, .pending = &pending, .place = HERE}, *outer;
    this.lock = watch_lock_at(control, WATCH_ONCE, this.place);
    if (this.lock == NULL || READ(this.lock->limit) != 0) { // no room; or it is done already
        leave(self);
        return really(control, routine);
    }
    pending.wait = (struct watch_wait){
        .what = WATCH_TO_LOCK, .lock = this.lock, .place = this.place, .since = watch_now()};
    outer = current_once;
    current_once = &this;
    watch_begin_wait(self, &pending);
    int error = really(control, run_once);
    current_once = outer;
    if (this.pending != NULL)
        watch_end_wait(self, &pending, true);
    if (error == 0)
        WRITE(this.lock->limit, 1);
    leave(self);
    return error;
}

static int call_real_once(void *control, void (*routine)(void))
{
    return real.pthread_once(control, routine);
}

int WATCHED(pthread_once)(pthread_once_t *control, void (*routine)(void))
{
    return once(control, routine, call_real_once);
}
REPLACE(pthread_once)

/* ---- the end of a thread ---- */

static ALWAYS_INLINE int join(pthread_t thread, int (*really)(pthread_t, void *), void *result)
{
    if (!is_ready())
        return 0;
    struct other_wait wait = {.self = enter()};
    struct watch_thread *self = wait.self;
    if (self == NULL)
        return really(thread, result);
    unsigned long target = watch_identity_of(thread);
    if (target == 0 || target == READ(self->identity)) { // it has ended; or is this one, an error
        leave(self);
        return really(thread, result);
    }
    int error;
    wait.pending.wait = (struct watch_wait){
        .what = WATCH_FOR_END, .target = target, .place = HERE, .since = watch_now()};
    watch_event(self, WATCH_SLEEPS, NULL, 0);
    watch_begin_wait(self, &wait.pending);
    pthread_cleanup_push(end_other_wait, &wait);
    error = really(thread, result);
    wait.is_over = true;
    pthread_cleanup_pop(1);
    return error;
}

static int really_join(pthread_t thread, void *result)
{
    return real.pthread_join(thread, result);
}

int WATCHED(pthread_join)(pthread_t thread, void **result)
{
    return join(thread, really_join, result);
}
REPLACE(pthread_join)

/* ---- the same in C11 ---- */

#ifdef HAS_C11_THREADS
static int wait_cnd(void *cond, void *mutex, const struct deadline *deadline)
{
    return deadline == NULL ? real.cnd_wait(cond, mutex)
                            : deadline->real->cnd_timedwait(cond, mutex, deadline->time);
}

int WATCHED(cnd_wait)(cnd_t *cond, mtx_t *mutex)
{
    return wait_on(cond, mutex, wait_cnd, NULL);
}

#define CND_TIMED_WAIT(name, real)                                                                 \
    int WATCHED(name)(cnd_t *restrict cond, mtx_t *restrict mutex,                                 \
                      const struct timespec *restrict time)                                        \
    {                                                                                              \
        const struct deadline deadline = {NULL, time, &real};                                      \
        return wait_on(cond, mutex, wait_cnd, &deadline);                                          \
    }
FOR_EACH_TIME(CND_TIMED_WAIT, cnd_timedwait)

int WATCHED(cnd_signal)(cnd_t *cond)
{
    if (!is_ready())
        return thrd_success;
    note_signal(cond);
    return real.cnd_signal(cond);
}

int WATCHED(cnd_broadcast)(cnd_t *cond)
{
    if (!is_ready())
        return thrd_success;
    note_signal(cond);
    return real.cnd_broadcast(cond);
}

void WATCHED(cnd_destroy)(cnd_t *cond)
{
    if (is_ready())
        real.cnd_destroy(cond);
    end_after(cond, 0);
}

static int call_real_call_once(void *control, void (*routine)(void))
{
    real.call_once(control, routine);
    return 0;
}

void WATCHED(call_once)(once_flag *flag, void (*routine)(void))
{
    once(flag, routine, call_real_call_once);
}

static int really_thrd_join(pthread_t thread, void *result)
{
    return real.thrd_join((thrd_t)thread, result);
}

int WATCHED(thrd_join)(thrd_t thread, int *result)
{
    return join((pthread_t)thread, really_thrd_join, result);
}
#endif
