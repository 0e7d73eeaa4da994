/*
 * watch_sleepers.c - do all threads sleep? See watch_sleepers.h.
 *
 * A thread of the watch looks at the others in /proc/self/task. All waits of pthreads, C11 and C++ are waits
 * for a futex. A thread that waits for one without a deadline needs another thread to wake it. So does a
 * thread that reads or writes a pipe whose ends only this process has. If all threads sleep like that, and
 * nothing can come from outside, they sleep forever.
 *
 * But the watch looks at one thread after the other. A thread that slept may have been woken by one that was
 * looked at later. So the watch looks twice, and believes what it saw only if no thread has run meanwhile:
 * the kernel counts how often each has left a processor. Then all slept between the first look's end and the
 * second's beginning.
 *
 * Three things can wake a thread from outside: a signal that a timer or another process sends, if its handler
 * calls sem_post or write, the only calls that may do so in a handler; memory that another process shares;
 * and a pipe of which another process has an end.
 *
 * Without /proc, and on systems other than Linux, no thread looks: only cycles and orders are found.
 */
#define _GNU_SOURCE // prctl
#include "watch_sleepers.h"
#include "watch_news.h"
#include "watch_proc.h"
#include "watch_real.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 100 };

#ifdef __linux__
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/time.h>

static atomic_bool has_begun;
static struct watch_look look = {.only_asleep = true};

/* ---- what can come from outside ---- */

/* The futex lies in memory that another process may have, too. */
static bool is_shared(unsigned long address)
{
    static char text[16384];
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t got = 0;
    bool shared = false;
    while (!shared && file >= 0 &&
           (got = read(file, text + length, sizeof text - 1 - length)) > 0) {
        length += (size_t)got;
        text[length] = '\0';
        char *line = text, *end;
        for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            unsigned long from, to;
            char rights[5];
            shared = shared || (sscanf(line, "%lx-%lx %4s", &from, &to, rights) == 3 &&
                                from <= address && address < to && rights[3] == 's');
        }
        length = strlen(line);
        memmove(text, line, length);
    }
    if (file >= 0)
        close(file);
    return shared;
}

struct pipe_search {
    char pipe[64];
    int process;
};

static bool has_other_pipe(int number, void *context)
{
    struct pipe_search *search = context;
    char path[64], target[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", search->process, number);
    ssize_t size = readlink(path, target, sizeof target - 1);
    target[size > 0 ? size : 0] = '\0';
    return strcmp(target, search->pipe) != 0;
}

static bool has_other_process(int process, void *context)
{
    struct pipe_search *search = context;
    char folder[64];
    if (process == getpid())
        return true;
    search->process = process;
    snprintf(folder, sizeof folder, "/proc/%d/fd", process);
    // One that cannot be looked into is another user's: it has no pipe of this process. And 0 is no
    // number for watch_each_number.
    return (access(folder, R_OK | X_OK) != 0 ||
            watch_each_number(folder, has_other_pipe, search)) &&
           has_other_pipe(0, search);
}

/* Another process has an end of the pipe that the thread reads or writes. */
static bool is_pipe_of_others(const struct watch_sleeper *sleeper)
{
    struct pipe_search search = {.pipe = ""};
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", (int)sleeper->arguments[0]);
    ssize_t size = readlink(path, search.pipe, sizeof search.pipe - 1);
    return size <= 0 || !watch_each_number("/proc", has_other_process, &search);
}

/* The signals that have a handler of the program's, and that some thread lets through. */
static unsigned long long signals_that_come(void)
{
    static char text[4096];
    watch_read_file(text, sizeof text, "/proc/self/status");
    unsigned long long caught = watch_number_after(text, "SigCgt:", 16), blocked_by_all = ~0ULL;
    static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL, SIGTRAP, SIGABRT, SIGSYS,
                                 SIGPIPE, SIGXCPU, SIGXFSZ, 32,     33,      34};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        caught &= ~(1ULL << (faults[i] - 1));
    for (int signal = 1; signal <= 64; signal++) {
        if (watch_is_own_signal(signal))
            caught &= ~(1ULL << (signal - 1));
    }
    for (unsigned int i = 0; i < look.count; i++)
        blocked_by_all &= look.sleepers[i].blocked;
    return caught & ~blocked_by_all;
}

/* A handler may wake it: it does not wait in a call that only another thread can end. */
static bool may_be_woken_by_handler(const struct watch_sleeper *sleeper)
{
    for (unsigned int i = 0;; i++) {
        const struct watch_thread *thread = watch_thread_at(i);
        if (thread == NULL)
            return true;
        if (READ(thread->identity) == 0 || thread->tid != sleeper->tid)
            continue;
        const struct watch_wait *wait = &thread->wait;
        return !READ(thread->waits) || wait->lock == NULL
                   ? wait->what != WATCH_FOR_END || !READ(thread->waits)
                   : wait->lock->kind == WATCH_SEMAPHORE;
    }
}

/* Something from outside can wake one of them. */
static bool can_be_woken(void)
{
    struct itimerval timer;
    char timers[16];
    unsigned long long signals = signals_that_come();
    if (signals != 0 && ((getitimer(ITIMER_REAL, &timer) == 0 &&
                          (timer.it_value.tv_sec != 0 || timer.it_value.tv_usec != 0)) ||
                         watch_read_file(timers, sizeof timers, "/proc/self/timers") > 0))
        return true;
    for (unsigned int i = 0; i < look.count; i++) {
        const struct watch_sleeper *sleeper = &look.sleepers[i];
        if (signals != 0 && may_be_woken_by_handler(sleeper))
            return true;
        if (watch_is_futex(sleeper) ? is_shared(sleeper->arguments[0]) : is_pipe_of_others(sleeper))
            return true;
    }
    return false;
}

/* ---- looking now and then ---- */

/* Whether all sleep now; and a sum that changes as soon as one of them has run. */
static bool do_all_sleep(unsigned long long *sum)
{
    static struct watch_sleeper last; // that did not: most often it still does not
    if (last.tid != 0 && watch_look_at(&last, last.tid) && !watch_is_asleep(&last))
        return false;
    if (!watch_look(&look) || look.count == 0) {
        last = look.sleepers[look.count];
        return false;
    }
    last.tid = 0;
    *sum = look.count;
    for (unsigned int i = 0; i < look.count; i++)
        *sum = *sum * 31 + look.sleepers[i].switches + (unsigned long long)look.sleepers[i].tid;
    return true;
}

static bool count_others(int tid, void *count)
{
    static struct watch_sleeper other;
    if (tid != watch_own_tid && watch_look_at(&other, tid))
        ++*(unsigned int *)count;
    return true;
}

static void *look_now_and_then(void *unused)
{
    (void)unused;
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    unsigned long long sum, before = 0, told = 0;
    unsigned long patience = 0, ticks = 0; // until it is asked again what can wake them
    bool has_told = false;
    is_unwatched = true;
    watch_own_tid = watch_tid();
    prctl(PR_SET_NAME, "lock_watch");
    for (;;) {
        nanosleep(&tick, NULL);
        unsigned int others = 0;
        watch_tell_what_is_late();
        if (!do_all_sleep(&sum)) {
            before = 0;
            has_told = false;
            watch_each_number("/proc/self/task", count_others, &others);
            if (others == 0) // main and all others have called pthread_exit: the process ends
                exit(0);
            continue;
        }
        if (has_told) { // what they have run since, to answer, is no news
            told = sum;
            has_told = sum != before;
        } else if (sum != before) {
            patience = ticks = 0;
        } else if (sum != told && ticks++ == patience) {
            // To look for processes that have a pipe takes a while: the longer all sleep, the less often.
            patience = patience < 100 ? 2 * patience + 1 : patience;
            has_told = !can_be_woken();
            if (has_told)
                watch_tell_asleep();
        }
        before = sum;
    }
}

void watch_sleepers_start(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, mask;
    if (READ(has_begun) || atomic_exchange(&has_begun, true))
        return;
    if (access("/proc/self/task", R_OK) != 0 || pthread_attr_init(&attributes) != 0)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &mask);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    real.pthread_create(&thread, &attributes, look_now_and_then, NULL);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    pthread_attr_destroy(&attributes);
}

void watch_sleepers_stop(void)
{
    watch_own_tid = 0; // in a child of fork there is no such thread
    atomic_store(&has_begun, false);
}

#else

void watch_sleepers_start(void)
{
}

void watch_sleepers_stop(void)
{
}

#endif
