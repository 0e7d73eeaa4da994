/*
 * watch_real.h - the real calls, in front of which the watch puts its own; and how a call of the program
 * enters the watch and leaves it again.
 *
 * The system's loader looks for every function in the libraries of LD_PRELOAD first, so that a program's
 * pthread_mutex_lock is the one of watch_locks.c. The real one is the next in the loader's order.
 *
 * A call that comes while the thread is busy here already (from a signal handler, or from libc, called
 * by the watch) is passed on to the real call, and nothing is noted.
 */
#ifndef WATCH_REAL_H
#define WATCH_REAL_H

#undef _TIME_BITS // this library has the calls for each size of time_t (see WATCH_TIMED_CALLS)
#include "watch_graph.h"
#include "watch_stacks.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#if defined __has_include && !defined __APPLE__
#if __has_include(<threads.h>)
#define HAS_C11_THREADS 1
#include <threads.h>
#endif
#endif

/* Every call that is replaced: what it returns, its name and its parameters. */
#define WATCH_CALLS(X)                                                                             \
    X(int, pthread_mutex_init, (pthread_mutex_t *, const pthread_mutexattr_t *))                   \
    X(int, pthread_mutex_destroy, (pthread_mutex_t *))                                             \
    X(int, pthread_mutex_trylock, (pthread_mutex_t *))                                             \
    X(int, pthread_mutex_unlock, (pthread_mutex_t *))                                              \
    X(int, pthread_rwlock_init, (pthread_rwlock_t *, const pthread_rwlockattr_t *))                \
    X(int, pthread_rwlock_destroy, (pthread_rwlock_t *))                                           \
    X(int, pthread_rwlock_rdlock, (pthread_rwlock_t *))                                            \
    X(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t *))                                         \
    X(int, pthread_rwlock_wrlock, (pthread_rwlock_t *))                                            \
    X(int, pthread_rwlock_trywrlock, (pthread_rwlock_t *))                                         \
    X(int, pthread_rwlock_unlock, (pthread_rwlock_t *))                                            \
    X(int, pthread_cond_init, (pthread_cond_t *, const pthread_condattr_t *))                      \
    X(int, pthread_cond_destroy, (pthread_cond_t *))                                               \
    X(int, pthread_cond_wait, (pthread_cond_t *, pthread_mutex_t *))                               \
    X(int, pthread_cond_signal, (pthread_cond_t *))                                                \
    X(int, pthread_cond_broadcast, (pthread_cond_t *))                                             \
    X(int, pthread_once, (pthread_once_t *, void (*)(void)))                                       \
    X(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))       \
    X(int, pthread_join, (pthread_t, void **))                                                     \
    X(int, sigaction, (int, const struct sigaction *, struct sigaction *))                         \
    X(void, _exit, (int))

typedef void watch_handler(int); // of a signal

/* Those that macOS does not have. */
#ifndef __APPLE__
#define WATCH_MORE_CALLS(X)                                                                        \
    X(watch_handler *, signal, (int, watch_handler *))                                             \
    X(int, pthread_spin_lock, (pthread_spinlock_t *))                                              \
    X(int, pthread_spin_trylock, (pthread_spinlock_t *))                                           \
    X(int, pthread_spin_unlock, (pthread_spinlock_t *))                                            \
    X(int, pthread_barrier_init,                                                                   \
      (pthread_barrier_t *, const pthread_barrierattr_t *, unsigned int))                          \
    X(int, pthread_barrier_destroy, (pthread_barrier_t *))                                         \
    X(int, pthread_barrier_wait, (pthread_barrier_t *))                                            \
    X(int, sem_init, (sem_t *, int, unsigned int))                                                 \
    X(int, sem_destroy, (sem_t *))                                                                 \
    X(int, sem_wait, (sem_t *))                                                                    \
    X(int, sem_trywait, (sem_t *))
#define WATCH_MORE_TIMED_CALLS(X)                                                                  \
    X(int, pthread_mutex_timedlock, (pthread_mutex_t *, const struct timespec *))                  \
    X(int, pthread_mutex_clocklock, (pthread_mutex_t *, clockid_t, const struct timespec *))       \
    X(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t *, const struct timespec *))              \
    X(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t *, const struct timespec *))              \
    X(int, pthread_cond_clockwait,                                                                 \
      (pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *))                   \
    X(int, sem_timedwait, (sem_t *, const struct timespec *))
#else
#define WATCH_MORE_CALLS(X)
#define WATCH_MORE_TIMED_CALLS(X)
#endif

#ifdef HAS_C11_THREADS
#define WATCH_C11_CALLS(X)                                                                         \
    X(int, mtx_lock, (mtx_t *))                                                                    \
    X(int, mtx_trylock, (mtx_t *))                                                                 \
    X(int, mtx_unlock, (mtx_t *))                                                                  \
    X(void, mtx_destroy, (mtx_t *))                                                                \
    X(int, cnd_wait, (cnd_t *, mtx_t *))                                                           \
    X(int, cnd_signal, (cnd_t *))                                                                  \
    X(int, cnd_broadcast, (cnd_t *))                                                               \
    X(void, cnd_destroy, (cnd_t *))                                                                \
    X(void, call_once, (once_flag *, void (*)(void)))                                              \
    X(int, thrd_create, (thrd_t *, thrd_start_t, void *))                                          \
    X(int, thrd_join, (thrd_t, int *))
#define WATCH_C11_TIMED_CALLS(X)                                                                   \
    X(int, mtx_timedlock, (mtx_t *, const struct timespec *))                                      \
    X(int, cnd_timedwait, (cnd_t *, mtx_t *, const struct timespec *))
#else
#define WATCH_C11_CALLS(X)
#define WATCH_C11_TIMED_CALLS(X)
#endif

/*
 * Calls with a time. glibc for 32 bits has each of them twice: a program whose time_t has 64 bits calls
 * __pthread_cond_timedwait64 and so on. The watch has both, too. It only hands the time on.
 */
#define WATCH_TIMED_CALLS(X)                                                                       \
    X(int, pthread_cond_timedwait, (pthread_cond_t *, pthread_mutex_t *, const struct timespec *)) \
    WATCH_MORE_TIMED_CALLS(X) WATCH_C11_TIMED_CALLS(X)

#if defined __TIMESIZE && __TIMESIZE == 32
#define HAS_TWO_TIMES 1
#define FOR_EACH_TIME(DEFINE, name) DEFINE(name, real) DEFINE(__##name##64, real_64)
#else
#define FOR_EACH_TIME(DEFINE, name) DEFINE(name, real)
#endif

#define WATCH_ALL_CALLS(X)                                                                         \
    WATCH_CALLS(X) WATCH_MORE_CALLS(X) WATCH_C11_CALLS(X) WATCH_TIMED_CALLS(X)

struct watch_real {
#define X(type, name, parameters) type(*(name)) parameters;
    WATCH_ALL_CALLS(X)
#undef X
    int (*pthread_mutex_lock)(pthread_mutex_t *);
};
extern struct watch_real real;
#ifdef HAS_TWO_TIMES
extern struct watch_real real_64; // the same, but its calls with a time are those for 64 bits
#endif

/* How long a call waits, and by which of the real calls. */
struct deadline {
    const clockid_t *clock; // NULL: that of the calls without a clock
    const struct timespec *time;
    const struct watch_real *real;
};

#ifdef __APPLE__
/*
 * macOS replaces functions by a table in the library, and the original ones keep their names there. (This
 * part has not been tried.)
 */
#define WATCHED(function) static watched_##function
#define REPLACE(function)                                                                          \
    __attribute__((used, section("__DATA,__interpose"))) static const struct {                     \
        const void *by, *original;                                                                 \
    } replace_##function = {(const void *)watched_##function, (const void *)function};
#else
#define WATCHED(function) __attribute__((visibility("default"))) function
#define REPLACE(function)
#endif

/*
 * Finds the real calls, before anything else. A program's malloc may lock mutexes even then, while dlsym
 * runs. Returns false in that case: there is no real call yet to pass the lock on to, and no other thread.
 */
bool watch_find_real_calls(void);
extern atomic_bool watch_has_real_calls;

static inline bool is_ready(void)
{
    return atomic_load_explicit(&watch_has_real_calls, memory_order_relaxed) ||
           watch_find_real_calls();
}

extern _Thread_local struct watch_thread *this_thread;
extern _Thread_local bool is_unwatched; // there was no room for it, or it has ended

struct watch_thread *
watch_new_thread(void); // the calling one, which was not created by the program

/* Returns the thread, which is busy now. NULL: pass the call on to the real one. */
static inline struct watch_thread *enter(void)
{
    struct watch_thread *self = this_thread;
    if (self == NULL && (is_unwatched || (self = watch_new_thread()) == NULL))
        return NULL;
    if (self->busy)
        return NULL;
    self->busy = 1;
    return self;
}

static inline void leave(struct watch_thread *self)
{
    self->busy = 0;
}

static inline bool is_got(int error)
{
    return error == 0 || error == EOWNERDEAD;
}

/* Inlined, so that HERE is where the program has called, and a free lock stays quick. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Where the program has called the function that uses this. */
#define HERE                                                                                       \
    watch_stack_here(&self->stacks, __builtin_extract_return_addr(__builtin_return_address(0)),    \
                     __builtin_frame_address(0))

/* The same for a thread that waits now: its whole stack. */
#define HERE_WAITING                                                                               \
    watch_unwind(&self->stacks, __builtin_extract_return_addr(__builtin_return_address(0)),        \
                 __builtin_frame_address(0), true)

/*
 * The thread begins to wait; and it waits no longer (`is_over`: it has got what it waited for). Between the
 * two it is not busy: a signal handler that runs meanwhile is watched, too. If the wait closes a cycle, that
 * is reported (see watch_news.c). Then the first call does not return, unless the user wants to keep the
 * process.
 */
struct watch_pending {
    struct watch_wait wait;
    struct watch_wait outer; // interrupted by the signal handler that waits now
    bool has_outer;
};
void watch_begin_wait(struct watch_thread *self, struct watch_pending *pending);
void watch_end_wait(struct watch_thread *self, struct watch_pending *pending, bool is_over);

#endif
