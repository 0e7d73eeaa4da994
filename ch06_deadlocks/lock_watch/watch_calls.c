/*
 * watch_calls.c - the calls of pthreads that the watch puts itself in front of. Each does what the real
 * one does, returns what that returns, and tells the graph and the trace of it.
 *
 * The system's loader looks for every function in the libraries of LD_PRELOAD first, so that a program's
 * pthread_mutex_lock is the one below. The real one is the next in the loader's order.
 *
 * A call that comes while the thread is busy here already (from a signal handler, or from libc, called
 * by the watch) is passed on to the real call, and nothing is noted.
 */
#define _GNU_SOURCE // RTLD_NEXT, in POSIX since 2024; dlvsym and pthread_setname_np of Linux
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "watch.h"
#include "watch_graph.h"
#include "watch_report.h"
#include "watch_symbols.h"
#include "watch_text.h"
#include "watch_trace.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the real calls ---- */

typedef int mutex_call(pthread_mutex_t *);
typedef int timed_call(pthread_mutex_t *, const struct timespec *);
typedef int clock_call(pthread_mutex_t *, clockid_t, const struct timespec *);

static struct {
    int (*mutex_init)(pthread_mutex_t *, const pthread_mutexattr_t *);
    mutex_call *mutex_destroy, *mutex_lock, *mutex_trylock, *mutex_unlock;
    timed_call *mutex_timedlock;
    clock_call *mutex_clocklock;
    int (*cond_wait)(pthread_cond_t *, pthread_mutex_t *);
    int (*cond_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    int (*cond_clockwait)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int (*setname)(pthread_t, const char *);
    void (*exit)(int);
} real;

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

static void find_real_calls(void)
{
    real.mutex_init = pthread_mutex_init;
    real.mutex_destroy = pthread_mutex_destroy;
    real.mutex_lock = pthread_mutex_lock;
    real.mutex_trylock = pthread_mutex_trylock;
    real.mutex_unlock = pthread_mutex_unlock;
    real.cond_wait = pthread_cond_wait;
    real.cond_timedwait = pthread_cond_timedwait;
    real.create = pthread_create;
    real.exit = _exit;
}
#else
#define WATCHED(function) __attribute__((visibility("default"))) function
#define REPLACE(function)

/* ISO C has no conversion from the void * that dlsym returns; POSIX promises that the bits are right. */
static void find_real_call(void *pointer, const char *name)
{
    void *found = NULL;
#if defined __GLIBC__ && !defined __SANITIZE_THREAD__ // whose own calls come first in the tests
    // Of the calls for conditions there is an older version, which dlsym might return.
    if (strncmp(name, "pthread_cond_", strlen("pthread_cond_")) == 0)
        found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
#endif
    if (found == NULL)
        found = dlsym(RTLD_NEXT, name);
    memcpy(pointer, &found, sizeof found);
}

static void find_real_calls(void)
{
    find_real_call(&real.mutex_init, "pthread_mutex_init");
    find_real_call(&real.mutex_destroy, "pthread_mutex_destroy");
    find_real_call(&real.mutex_trylock, "pthread_mutex_trylock");
    find_real_call(&real.mutex_timedlock, "pthread_mutex_timedlock");
    find_real_call(&real.mutex_clocklock, "pthread_mutex_clocklock");
    find_real_call(&real.mutex_unlock, "pthread_mutex_unlock");
    find_real_call(&real.cond_wait, "pthread_cond_wait");
    find_real_call(&real.cond_timedwait, "pthread_cond_timedwait");
    find_real_call(&real.cond_clockwait, "pthread_cond_clockwait");
    find_real_call(&real.create, "pthread_create");
    find_real_call(&real.setname, "pthread_setname_np");
    find_real_call(&real.exit, "_exit");
    find_real_call(&real.mutex_lock, "pthread_mutex_lock");
}
#endif

/* ---- entering and leaving the watch ---- */

static enum { NOT_YET, BEGINNING, READY } stage; // changed while there is one thread
static struct watch_options options;
static bool has_reports = true; // not in the children of fork
static pid_t process;
static pthread_key_t end_of_thread;
static bool has_end_of_thread;

static _Thread_local struct watch_thread *this_thread;
static _Thread_local bool reports;      // and holds the graph's lock
static _Thread_local bool is_unwatched; // there was no room for it, or it has ended

/*
 * Before anything else: finds the real calls. Some program's malloc may lock mutexes as early as that,
 * even while dlsym runs. False: it does, and there is nothing yet to pass it on to; nor another thread.
 */
static bool is_ready(void)
{
    if (stage == NOT_YET) {
        stage = BEGINNING;
        find_real_calls();
        stage = READY;
    }
    return stage == READY;
}

static struct watch_thread *new_thread(void)
{
    int before = errno;
    this_thread = watch_thread_new(NULL);
    is_unwatched = this_thread == NULL;
    if (has_end_of_thread && this_thread != NULL) {
        this_thread->busy = 1;
        pthread_setspecific(end_of_thread, this_thread);
        this_thread->busy = 0;
    }
    errno = before;
    return this_thread;
}

/* The thread, which is busy now; NULL: it is to be passed on to the real call. */
static inline struct watch_thread *enter(void)
{
    struct watch_thread *self = this_thread;
    if (self == NULL && (is_unwatched || (self = new_thread()) == NULL))
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

static inline const void *caller(void *address)
{
    return __builtin_extract_return_addr(address);
}
#define CALLER caller(__builtin_return_address(0))

/* ---- the end ---- */

/* What the program has printed is not to be lost. But a thread that is stuck may hold the stream. */
static void flush_output(void)
{
    if (ftrylockfile(stdout) == 0) {
        fflush(stdout);
        funlockfile(stdout);
    }
}

static void give_up_report(int signal)
{
    (void)signal;
    real.exit(WATCH_DEADLOCK);
}

/* A long report can be ended by Ctrl-C, if the program can. */
static void let_be_ended(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action;
        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
            sigaddset(&set, signals[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Ends the process. By _exit: a handler of atexit might wait for those that are stuck. */
static _Noreturn void end_deadlock(const struct watch_thread *self, unsigned int length)
{
    // Should even the report get stuck (in the loader's lock, or a full pipe), this ends it.
    struct sigaction alarm_action = {.sa_handler = give_up_report};
    sigset_t alarm_only;
    int cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state); // writing looks for it
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigaction(SIGALRM, &alarm_action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
    let_be_ended();
    alarm(30);

    flush_output();
    reports = true;
    watch_report(&options, self, length);
    real.exit(WATCH_DEADLOCK);
    for (;;)
        pause();
}

/* The last report, if the process ends by itself. */
static void report_end(void)
{
    if (!has_reports || getpid() != process) // in a child, also of vfork
        return;
    has_reports = false;
    struct watch_thread *self = enter();
    int before = errno, cancel_state;
    sigset_t mask;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    watch_graph_lock(&mask);
    let_be_ended();
    reports = true;
    watch_report(&options, NULL, 0);
    reports = false;
    watch_graph_unlock(&mask);
    errno = before;
    if (self != NULL)
        leave(self);
}

/* ---- mutexes ---- */

int WATCHED(pthread_mutex_init)(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    int error = real.mutex_init(mutex, attributes);
    if (self == NULL)
        return error;
    if (error == 0) {
        int type = PTHREAD_MUTEX_DEFAULT;
        watch_mutex_end(mutex); // another one that was here, and was never destroyed
        struct watch_mutex *watched = watch_mutex_of(mutex, CALLER, true);
        if (watched != NULL && attributes != NULL &&
            pthread_mutexattr_gettype(attributes, &type) == 0)
            watched->reports_relocking = type == PTHREAD_MUTEX_ERRORCHECK;
    }
    leave(self);
    return error;
}

int WATCHED(pthread_mutex_destroy)(pthread_mutex_t *mutex)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    int error = real.mutex_destroy(mutex);
    if (self == NULL)
        return error;
    if (error == 0)
        watch_mutex_end(mutex);
    leave(self);
    return error;
}

/*
 * For a thread that locks a mutex which it holds already. True: the real call would return at once, and
 * with what: the mutex is of the type that reports it. Its type cannot be seen from outside if it was
 * initialised by a constant; but a deadline that has long passed makes the real call tell.
 */
static bool relock_returns(const struct watch_mutex *watched, pthread_mutex_t *mutex, int *error)
{
    static const struct timespec long_ago;
    *error = watched->reports_relocking ? EDEADLK : ETIMEDOUT;
    if (real.mutex_timedlock != NULL)
        *error = real.mutex_timedlock(mutex, &long_ago);
#if defined __APPLE__ && defined PTHREAD_ERRORCHECK_MUTEX_INITIALIZER
    static const pthread_mutex_t constant = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER;
    if (memcmp(mutex, &constant, sizeof constant.__sig) == 0)
        *error = EDEADLK;
#endif
    return *error != ETIMEDOUT;
}

/* Locks what is locked by another thread, or by this one. */
static int wait_for(struct watch_thread *self, struct watch_mutex *watched, pthread_mutex_t *mutex,
                    const void *place)
{
    int error, before = errno;
    if (watch_owns(self, watched) && relock_returns(watched, mutex, &error))
        return error;
    uint64_t start = watch_now();
    watch_event(self, WATCH_WAITS, mutex, watched->number);
    unsigned int cycle = watch_wait_begins(self, watched, place);
    if (cycle > 0)
        end_deadlock(self, cycle);
    error = real.mutex_lock(mutex);
    watch_wait_ends(self);
    watch_waited(watched, watch_now() - start);
    errno = before;
    return error;
}

/* Notes how an attempt to lock has ended. */
static inline void note_lock(struct watch_thread *self, struct watch_mutex *watched, int error,
                             const void *place, enum watch_how how)
{
    if (!is_got(error))
        return;
    watch_locked(self, watched, place, how);
    if (watched->depth == 1)
        watch_event(self, WATCH_GOT, watched->address, watched->number);
}

int WATCHED(pthread_mutex_lock)(pthread_mutex_t *mutex)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    if (self == NULL)
        return real.mutex_lock(mutex);
    struct watch_mutex *watched = watch_mutex_of(mutex, CALLER, true);
    int error = watched == NULL ? EINVAL : real.mutex_trylock(mutex);
    if (watched != NULL && error == EBUSY)
        error = wait_for(self, watched, mutex, CALLER);
    else if (!is_got(error))
        error = real.mutex_lock(mutex); // to fail in its own way
    if (watched != NULL)
        note_lock(self, watched, error, CALLER, BY_WAITING);
    leave(self);
    return error;
}

int WATCHED(pthread_mutex_trylock)(pthread_mutex_t *mutex)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    int error = real.mutex_trylock(mutex);
    if (self == NULL)
        return error;
    struct watch_mutex *watched = watch_mutex_of(mutex, CALLER, true);
    if (watched != NULL)
        note_lock(self, watched, error, CALLER, BY_TRYING);
    leave(self);
    return error;
}

int WATCHED(pthread_mutex_unlock)(pthread_mutex_t *mutex)
{
    if (!is_ready())
        return 0;
    struct watch_thread *self = enter();
    if (self == NULL)
        return real.mutex_unlock(mutex);
    struct watch_mutex *watched = watch_mutex_of(mutex, NULL, false);
    unsigned long owner = 0;
    if (watched != NULL && watch_owns(self, watched)) {
        if (watched->depth == 1)
            watch_event(self, WATCH_UNLOCKS, mutex, watched->number);
        watch_unlocks(self, watched);
        watched = NULL;
    } else if (watched != NULL) {
        owner = atomic_load(&watched->owner);
    }
    int error = real.mutex_unlock(mutex);
    if (watched != NULL && error == 0 && owner != 0)
        watch_lost(watched, owner);
    leave(self);
    return error;
}

#ifndef __APPLE__
/*
 * With a deadline: `clock` tells which one, NULL: that of timedlock. Such a wait ends by itself. So it is
 * in no cycle, and makes no order.
 */
static int lock_in_time(pthread_mutex_t *mutex, const clockid_t *clock,
                        const struct timespec *deadline, const void *place)
{
    struct watch_thread *self = enter();
    struct watch_mutex *watched = self == NULL ? NULL : watch_mutex_of(mutex, place, true);
    int error = watched == NULL ? EBUSY : real.mutex_trylock(mutex), before = errno;
    if (!is_got(error)) {
        bool waits = watched != NULL && error == EBUSY && !watch_owns(self, watched);
        uint64_t start = waits ? watch_now() : 0;
        if (waits)
            watch_event(self, WATCH_WAITS, mutex, watched->number);
        error = clock == NULL ? real.mutex_timedlock(mutex, deadline)
                              : real.mutex_clocklock(mutex, *clock, deadline);
        if (waits)
            watch_waited(watched, watch_now() - start);
        if (waits && !is_got(error))
            watch_event(self, WATCH_GAVE_UP, mutex, watched->number);
    }
    if (watched != NULL)
        note_lock(self, watched, error, place, BY_TRYING);
    if (self != NULL)
        leave(self);
    errno = before;
    return error;
}

int WATCHED(pthread_mutex_timedlock)(pthread_mutex_t *mutex, const struct timespec *deadline)
{
    return is_ready() ? lock_in_time(mutex, NULL, deadline, CALLER) : 0;
}

int WATCHED(pthread_mutex_clocklock)(pthread_mutex_t *mutex, clockid_t clock,
                                     const struct timespec *deadline)
{
    return is_ready() ? lock_in_time(mutex, &clock, deadline, CALLER) : 0;
}
#endif

/* ---- conditions ---- */

enum wait_kind { WAIT, TIMED_WAIT, CLOCK_WAIT };

struct cond_wait {
    struct watch_thread *self;
    struct watch_mutex *watched; // NULL: it is not this thread's, or it stays locked (see below)
    const void *cond, *place;
    int error;
};

/* Also called when the thread is cancelled in its wait; it has the mutex again then. */
static void wake_up(void *argument)
{
    struct cond_wait *wait = argument;
    watch_event(wait->self, WATCH_WAKES, wait->cond, 0);
    if (wait->watched != NULL) {
        watch_wait_ends(wait->self);
        watch_locked(wait->self, wait->watched, wait->place, BY_WAITING);
        watch_event(wait->self, WATCH_GOT, wait->watched->address, wait->watched->number);
    }
    leave(wait->self);
}

/* A recursive mutex that is locked twice stays locked in a wait, in most systems. So it does here. */
static void fall_asleep(struct cond_wait *wait, pthread_mutex_t *mutex)
{
    struct watch_mutex *watched = watch_mutex_of(mutex, NULL, false);
    if (watched != NULL && watch_owns(wait->self, watched) && watched->depth == 1) {
        wait->watched = watched;
        watch_event(wait->self, WATCH_UNLOCKS, mutex, watched->number);
        watch_unlocks(wait->self, watched);
        watch_sleep_begins(wait->self, watched, wait->place);
    }
    watch_event(wait->self, WATCH_SLEEPS, wait->cond, 0);
}

static int call_real_wait(enum wait_kind kind, pthread_cond_t *cond, pthread_mutex_t *mutex,
                          clockid_t clock, const struct timespec *deadline)
{
    switch (kind) {
    case WAIT:
        return real.cond_wait(cond, mutex);
    case TIMED_WAIT:
        return real.cond_timedwait(cond, mutex, deadline);
    default:
        return real.cond_clockwait(cond, mutex, clock, deadline);
    }
}

static int wait_on(enum wait_kind kind, pthread_cond_t *cond, pthread_mutex_t *mutex,
                   clockid_t clock, const struct timespec *deadline, const void *place)
{
    if (!is_ready())
        return 0;
    struct cond_wait wait = {.self = enter(), .cond = cond, .place = place};
    if (wait.self == NULL)
        return call_real_wait(kind, cond, mutex, clock, deadline);
    fall_asleep(&wait, mutex);
    pthread_cleanup_push(wake_up, &wait);
    wait.error = call_real_wait(kind, cond, mutex, clock, deadline);
    pthread_cleanup_pop(1);
    return wait.error;
}

int WATCHED(pthread_cond_wait)(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    return wait_on(WAIT, cond, mutex, CLOCK_REALTIME, NULL, CALLER);
}

int WATCHED(pthread_cond_timedwait)(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                    const struct timespec *deadline)
{
    return wait_on(TIMED_WAIT, cond, mutex, CLOCK_REALTIME, deadline, CALLER);
}

#ifndef __APPLE__
int WATCHED(pthread_cond_clockwait)(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                    const struct timespec *deadline)
{
    return wait_on(CLOCK_WAIT, cond, mutex, clock, deadline, CALLER);
}
#endif

/* ---- threads ---- */

/*
 * Called by the system as a thread ends, with other such functions of the program, which may lock
 * mutexes. So it asks to be called again, a last time but one: ThreadSanitizer, with which the tests
 * check this library, wants to be the last. What the thread locks after that is not watched.
 */
static void thread_ends(void *argument)
{
    static _Thread_local int rounds;
    struct watch_thread *self = argument;
    if (++rounds < PTHREAD_DESTRUCTOR_ITERATIONS - 1) {
        pthread_setspecific(end_of_thread, self);
        return;
    }
    self->busy = 1;
    watch_event(self, WATCH_END, NULL, 0);
    is_unwatched = true;
    this_thread = NULL;
    watch_thread_end(self);
}

static void *thread_starts(void *argument)
{
    struct watch_thread *self = argument;
    this_thread = self;
    pthread_setspecific(end_of_thread, self);
    watch_event(self, WATCH_START, NULL, 0);
    leave(self);
    return self->start(self->argument);
}

int WATCHED(pthread_create)(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*start)(void *), void *argument)
{
    if (!is_ready())
        return EAGAIN;
    struct watch_thread *self = enter();
    struct watch_thread *new = self == NULL || !has_end_of_thread ? NULL : watch_thread_new(start);
    if (new != NULL) {
        new->start = start;
        new->argument = argument;
        new->busy = 1; // until it is known as this_thread
    }
    int error = new == NULL ? real.create(thread, attributes, start, argument)
                            : real.create(thread, attributes, thread_starts, new);
    if (new != NULL && error != 0)
        watch_thread_end(new);
    if (self != NULL)
        leave(self);
    return error;
}

#ifdef __linux__
/* Only a thread's name for itself: of others, the watch does not know which they are. */
int WATCHED(pthread_setname_np)(pthread_t thread, const char *name)
{
    if (!is_ready())
        return 0;
    int error = real.setname(thread, name);
    struct watch_thread *self =
        error == 0 && pthread_equal(thread, pthread_self()) ? enter() : NULL;
    if (self != NULL) {
        struct watch_name *known = watch_name_of(self->number);
        if (known != NULL)
            snprintf(known->text, sizeof known->text, "%s", name);
        leave(self);
    }
    return error;
}
#endif

/* ---- the process ---- */

static sigset_t mask_before_fork;

/* A report forks, where vfork is the same as fork. */
static void before_fork(void)
{
    if (!reports)
        watch_graph_lock(&mask_before_fork);
}

static void after_fork(void)
{
    if (!reports)
        watch_graph_unlock(&mask_before_fork);
}

/* In the child there is this thread only. It is still guarded from deadlocks, but makes no reports. */
static void after_fork_in_child(void)
{
    if (reports)
        return;
    watch_graph_unlock(&mask_before_fork);
    watch_threads_forget_others(this_thread);
    watch_trace_stop();
    has_reports = false;
    options.draws_lanes = false;
    options.trace[0] = '\0';
}

__attribute__((noreturn)) void WATCHED(_exit)(int status)
{
    if (is_ready()) {
        report_end();
        real.exit(status);
    }
    for (;;)
        ;
}

__attribute__((noreturn)) void WATCHED(_Exit)(int status)
{
    _exit(status);
}

static bool is_own_name(const char *name, size_t size)
{
    const char *own = getenv(WATCH_NAME);
    size_t length = strlen(WATCH_LIBRARY);
    return (own != NULL && size == strlen(own) && strncmp(name, own, size) == 0) ||
           (size >= length && strncmp(name + size - length, WATCH_LIBRARY, length) == 0);
}

/*
 * Takes the library's own name out of the list of libraries, so that programs which this one starts are
 * not watched. The open file that was its name is not needed any more.
 */
static void leave_environment(void)
{
    const char *list = getenv(WATCH_PRELOAD), *own = getenv(WATCH_NAME);
    char kept[3 * 4096] = ""; // as much as the launcher makes
    size_t length = 0;
    for (; list != NULL && *list != '\0'; list += strspn(list, WATCH_SEPARATORS)) {
        size_t size = strcspn(list, WATCH_SEPARATORS);
        if (!is_own_name(list, size) && length + size + 2 < sizeof kept)
            length +=
                (size_t)sprintf(kept + length, "%s%.*s", length > 0 ? ":" : "", (int)size, list);
        list += size;
    }
    if (own != NULL && strncmp(own, WATCH_OPEN_FILE, strlen(WATCH_OPEN_FILE)) == 0)
        close(atoi(own + strlen(WATCH_OPEN_FILE)));
    if (length > 0)
        setenv(WATCH_PRELOAD, kept, 1);
    else
        unsetenv(WATCH_PRELOAD);
    unsetenv(WATCH_NAME);
    unsetenv(WATCH_LANES);
    unsetenv(WATCH_TRACE);
    unsetenv(WATCH_PROGRAM);
}

__attribute__((constructor)) static void begin(void)
{
    const char *trace = getenv(WATCH_TRACE), *path = getenv(WATCH_PROGRAM);
    if (!is_ready())
        return;
    process = getpid();
    options.draws_lanes = getenv(WATCH_LANES) != NULL;
    snprintf(options.trace, sizeof options.trace, "%s", trace != NULL ? trace : "");
    snprintf(options.program, sizeof options.program, "%s", path != NULL ? path : "");
    watch_symbols_program(options.program);
    leave_environment();
    if (options.draws_lanes || options.trace[0] != '\0')
        watch_trace_begin();
    has_end_of_thread = pthread_key_create(&end_of_thread, thread_ends) == 0;
#ifndef __APPLE__
    at_quick_exit(report_end);
#endif
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
    struct watch_thread *self = enter();
    if (self != NULL) {
        watch_event(self, WATCH_START, NULL, 0);
        leave(self);
    }
}

__attribute__((destructor)) static void end(void)
{
    report_end();
}

REPLACE(pthread_mutex_init)
REPLACE(pthread_mutex_destroy)
REPLACE(pthread_mutex_lock)
REPLACE(pthread_mutex_trylock)
REPLACE(pthread_mutex_unlock)
REPLACE(pthread_cond_wait)
REPLACE(pthread_cond_timedwait)
REPLACE(pthread_create)
REPLACE(_exit)
REPLACE(_Exit)
