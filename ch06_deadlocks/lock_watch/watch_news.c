/*
 * watch_news.c - when there is something to tell. See watch_news.h.
 *
 * A cycle of two or more threads is certainly a deadlock. So is a lock that a thread takes twice, if it is
 * used as a lock. But some programs use a mutex as a signal: a thread locks it twice, and so waits until
 * another thread unlocks it. (POSIX leaves that undefined; on Linux it works.) The mutex is a lock if its
 * owner has ever unlocked it, or if there is no other thread. Otherwise the watch waits for LATE_SECONDS, and
 * then reports it without ending the program. The same holds for a lock whose owner has ended, or is on the
 * other side of a fork.
 */
#define _GNU_SOURCE // the fields of glibc's mutex; syscall
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "watch_news.h"
#include "watch.h"
#include "watch_ask.h"
#include "watch_real.h"
#include "watch_report.h"
#include "watch_sleepers.h"
#include "watch_text.h"
#include "watch_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

enum { LATE_SECONDS = 2, REPORT_SECONDS = 30 };

static const uint64_t second = 1000000000;
static struct watch_options options;
static atomic_bool has_reports = true; // not in the children of fork, without -f
static pid_t process;
static atomic_bool has_dumped; // for -w

_Thread_local bool watch_is_reporting;

/* ---- making a report ---- */

static void begin_report(struct watch_thread *self, sigset_t *mask, int *cancel_state)
{
    if (self != NULL)
        self->busy++;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, cancel_state); // writing looks for it
    watch_graph_lock(mask);
    watch_is_reporting = true;
}

static void end_report(struct watch_thread *self, const sigset_t *mask, int cancel_state)
{
    watch_is_reporting = false;
    watch_graph_unlock(mask);
    pthread_setcancelstate(cancel_state, NULL);
    if (self != NULL)
        self->busy--;
}

/* ---- signals that ask for a report ---- */

static const int asking[] = {SIGQUIT, SIGINT, SIGTERM};
enum { ASKING = sizeof asking / sizeof asking[0] };

static void answer(int signal)
{
    int before = errno, cancel_state;
    sigset_t mask;
    bool reports = has_reports && getpid() == process; // a child of vfork has the parent's memory
    if (reports) {
        begin_report(this_thread, &mask, &cancel_state);
        if (signal != SIGQUIT &&
            process != 1) // the first process of a system, or container, goes on
            watch_ask_for_good();
        watch_report(&options, NEWS_DUMP, NULL, 0);
        end_report(this_thread, &mask, cancel_state);
    }
    if (signal != SIGQUIT || !reports) {
        const struct sigaction by_default = {.sa_handler = SIG_DFL};
        sigset_t only;
        if (reports)
            has_reports = false;
        real.sigaction(signal, &by_default, NULL);
        sigemptyset(&only);
        sigaddset(&only, signal);
        raise(signal);
        pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    }
    errno = before;
}

bool watch_is_own_signal(int signal)
{
    struct sigaction action;
    return signal == watch_asking_signal() ||
           (real.sigaction(signal, NULL, &action) == 0 && action.sa_handler == answer);
}

/* To the program it looks as if it were the default. */
int WATCHED(sigaction)(int signal, const struct sigaction *new, struct sigaction *old)
{
    if (!is_ready())
        return -1;
    int error = real.sigaction(signal, new, old);
    if (error == 0 && old != NULL && old->sa_handler == answer) {
        old->sa_handler = SIG_DFL;
        old->sa_flags = 0;
    }
    return error;
}
REPLACE(sigaction)

#ifndef __APPLE__
__attribute__((visibility("default"))) watch_handler *signal(int number, watch_handler *new)
{
    if (!is_ready())
        return SIG_ERR;
    watch_handler *old = real.signal(number, new);
    return old == answer ? SIG_DFL : old;
}
#endif

static void be_asked(void)
{
    struct sigaction action = {.sa_handler = answer, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (int i = 0; i < ASKING; i++) {
        struct sigaction before;
        if (real.sigaction(asking[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            real.sigaction(asking[i], &action, NULL);
    }
}

/* A long report can be ended by Ctrl-C, if the program can. */
static void let_be_ended(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < ASKING; i++) {
        const struct sigaction by_default = {.sa_handler = SIG_DFL};
        struct sigaction action;
        if (watch_is_own_signal(asking[i]))
            real.sigaction(asking[i], &by_default, NULL);
        if (real.sigaction(asking[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
            sigaddset(&set, asking[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- the end of a stuck program ---- */

/* What the program has printed must not be lost. But a stuck thread may hold the stream. */
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
    real._exit(WATCH_DEADLOCK);
}

/*
 * Reports, and ends the process. By _exit: a handler of atexit might wait for the stuck threads. Under the
 * graph's lock. With -k it returns.
 */
static void end_stuck(enum watch_news news, struct watch_thread *const threads[],
                      unsigned int count)
{
    if (options.keeps) {
        if (watch_report(&options, news, threads, count))
            watch_say("it is kept as it is: gdb -p %d", (int)getpid());
        return;
    }
    // Should even the report get stuck (in the loader's lock, or a full pipe), this ends it.
    const struct sigaction alarm_action = {.sa_handler = give_up_report};
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    real.sigaction(SIGALRM, &alarm_action, NULL);
    let_be_ended();
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
    alarm(REPORT_SECONDS);
    flush_output();
    if (watch_report(&options, news, threads, count))
        real._exit(WATCH_DEADLOCK);
    alarm(0);
}

/* ---- locks that nobody will unlock ---- */

int watch_dead_owner(const struct watch_lock *lock)
{
#if defined __GLIBC__ && defined SYS_tkill
    if (lock->kind != WATCH_MUTEX || READ(lock->owner) != 0)
        return 0;
    const pthread_mutex_t *mutex = READ(lock->address);
    int owner = *(const volatile int *)&mutex->__data.__owner & 0x3fffffff;
    return owner > 0 && syscall(SYS_tkill, owner, 0) != 0 && errno == ESRCH ? owner : 0;
#else
    (void)lock;
    return 0;
#endif
}

static bool is_alone(void)
{
    unsigned int count = 0;
    const struct watch_thread *thread;
    for (unsigned int i = 0; count < 2 && (thread = watch_thread_at(i)) != NULL; i++)
        count += READ(thread->identity) != 0;
    return count < 2;
}

/* It is used as a lock, and not as a signal. */
static bool is_surely_a_lock(const struct watch_lock *lock)
{
    return !READ(lock->is_handed_over) &&
           (lock->kind != WATCH_MUTEX || READ(lock->was_unlocked) || is_alone());
}

/* The thread waits for a lock that it holds itself, or whose holder no longer exists. */
static bool waits_in_vain(const struct watch_thread *thread)
{
    const struct watch_wait *wait = &thread->wait;
    const struct watch_lock *lock = wait->lock;
    if (lock == NULL || lock->kind > WATCH_LAST_OWNED || wait->has_deadline ||
        (wait->what != WATCH_TO_LOCK && wait->what != WATCH_TO_READ))
        return false;
    unsigned long owner = READ(lock->owner);
    return owner != 0 ? owner == READ(thread->identity) || watch_thread_of(owner) == NULL
                      : watch_dead_owner(lock) != 0;
}

void watch_begin_wait(struct watch_thread *self, struct watch_pending *pending)
{
    static struct watch_thread *cycle[MOST_THREADS]; // under the graph's lock
    sigset_t mask;
    int cancel_state;
    pending->has_outer = READ(self->waits);
    if (pending->has_outer)
        pending->outer = self->wait;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    watch_graph_lock(&mask);
    unsigned int length = watch_wait_begins(self, &pending->wait, cycle);
    const struct watch_lock *lock = pending->wait.lock;
    watch_is_reporting = true;
    if (length > 1 || (length == 1 && (lock == NULL || is_surely_a_lock(lock))))
        end_stuck(NEWS_CYCLE, cycle, length);
    else if (waits_in_vain(self) && is_surely_a_lock(lock))
        end_stuck(NEWS_IN_VAIN, &self, 1);
    watch_is_reporting = false;
    watch_graph_unlock(&mask);
    pthread_setcancelstate(cancel_state, NULL);
    watch_sleepers_start();
    leave(self);
}

void watch_end_wait(struct watch_thread *self, struct watch_pending *pending, bool is_over)
{
    self->busy = 1;
    if (is_over)
        WRITE(self->gave_up, 0);
    else if (READ(self->gave_up) == 0)
        WRITE(self->gave_up, pending->wait.since);
    if (pending->has_outer) {
        sigset_t mask;
        watch_graph_lock(&mask);
        self->wait = pending->outer;
        watch_graph_unlock(&mask);
    } else {
        WRITE(self->waits, false);
    }
}

/* ---- what the thread that looks tells ---- */

void watch_tell_what_is_late(void)
{
    static uint64_t told[MOST_THREADS]; // when the wait that was told of began, for each thread
    static struct watch_thread *late[MOST_THREADS];
    unsigned int count = 0;
    uint64_t now = watch_now(), longest = 0;
    struct watch_thread *thread;
    sigset_t mask;
    if (!has_reports)
        return;
    watch_graph_lock(&mask);
    for (unsigned int i = 0; (thread = watch_thread_at(i)) != NULL; i++) {
        if (READ(thread->identity) == 0)
            continue;
        uint64_t since = READ(thread->gave_up);
        if (READ(thread->waits) && (since == 0 || since > thread->wait.since))
            since = thread->wait.since;
        if (since != 0 && now > since && now - since > longest)
            longest = now - since;
        if (READ(thread->waits) && told[i] != thread->wait.since &&
            now > thread->wait.since + LATE_SECONDS * second && waits_in_vain(thread)) {
            told[i] = thread->wait.since;
            late[count++] = thread;
        }
    }
    watch_is_reporting = true;
    if (count > 0)
        watch_report(&options, NEWS_LATE, late, count);
    if (options.wait_seconds > 0 && !has_dumped && longest > options.wait_seconds * second) {
        has_dumped = true;
        watch_report(&options, NEWS_DUMP, NULL, 0);
    }
    watch_is_reporting = false;
    watch_graph_unlock(&mask);
}

void watch_tell_asleep(void)
{
    sigset_t mask;
    if (!has_reports)
        return;
    watch_graph_lock(&mask);
    watch_is_reporting = true;
    if (options.ends_asleep)
        end_stuck(NEWS_ASLEEP, NULL, 0);
    else
        watch_report(&options, NEWS_ASLEEP, NULL, 0);
    watch_is_reporting = false;
    watch_graph_unlock(&mask);
}

/* ---- the beginning and the end ---- */

void watch_news_begin(const struct watch_options *given)
{
    options = *given;
    process = getpid();
    be_asked();
}

bool watch_news_in_child(void)
{
    has_reports = options.follows;
    has_dumped = false;
    options.trace[0] = options.page[0] = '\0'; // the parent's
    options.draws_lanes = options.draws_lanes && options.follows;
    if (options.follows)
        process = getpid();
    return options.draws_lanes;
}

/* The last report, if the process ends by itself. */
void watch_news_end(void)
{
    if (!has_reports || getpid() != process) // in a child, also of vfork
        return;
    has_reports = false;
    int before = errno, cancel_state;
    sigset_t mask;
    begin_report(this_thread, &mask, &cancel_state);
    let_be_ended();
    bool has_warned = watch_report(&options, NEWS_LAST, NULL, 0);
    end_report(this_thread, &mask, cancel_state);
    errno = before;
    if (has_warned && options.status != 0) {
        fflush(NULL);
        real._exit(options.status);
    }
}
