/*
 * watch_threads.c - threads: how each begins and ends. And the process: its beginning, fork, its end.
 */
#define _GNU_SOURCE // prctl's constants
#ifdef __APPLE__
#define _DARWIN_C_SOURCE
#endif
#include "watch_news.h"
#include "watch_options.h"
#include "watch_proc.h"
#include "watch_real.h"
#include "watch_sleepers.h"
#include "watch_symbols.h"
#include "watch_text.h"
#include "watch_trace.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

static pthread_key_t end_of_thread;
static bool has_end_of_thread;

_Thread_local struct watch_thread *this_thread;
_Thread_local bool is_unwatched;

/* ---- threads ---- */

/* What the thread is called now. */
static void note_name(const struct watch_thread *self, bool is_new)
{
    struct watch_name *name = watch_name_of(self->number);
#ifdef __linux__
    if (name != NULL)
        prctl(PR_GET_NAME, is_new ? name->given : name->text);
#else
    (void)name;
    (void)is_new;
#endif
}

struct watch_thread *watch_new_thread(void)
{
    int before = errno;
    this_thread = watch_thread_new(NULL);
    is_unwatched = this_thread == NULL;
    if (this_thread != NULL) {
        watch_thread_is(this_thread, pthread_self(), watch_tid());
        note_name(this_thread, true);
        this_thread->busy = 1;
        if (has_end_of_thread)
            pthread_setspecific(end_of_thread, this_thread);
        this_thread->busy = 0;
    }
    errno = before;
    return this_thread;
}

/*
 * The system calls this as a thread ends, among other such functions of the program, which may lock mutexes.
 * So it asks to be called again, until the last round but one: ThreadSanitizer, with which the tests check
 * this library, wants the last. What the thread locks after that is not watched.
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
    note_name(self, false);
    watch_event(self, WATCH_END, NULL, 0);
    is_unwatched = true;
    this_thread = NULL;
    watch_thread_end(self);
}

static void begin_thread(struct watch_thread *self)
{
    this_thread = self;
    watch_thread_is(self, pthread_self(), watch_tid());
    note_name(self, true);
    pthread_setspecific(end_of_thread, self);
    watch_event(self, WATCH_START, NULL, 0);
    leave(self);
}

static void *thread_starts(void *argument)
{
    struct watch_thread *self = argument;
    begin_thread(self);
    return self->start(self->argument);
}

/* The thread that is about to be created. NULL: it is not to be watched. */
static struct watch_thread *new_thread(struct watch_thread *self, void *(*start)(void *),
                                       void *argument)
{
    struct watch_thread *new = self == NULL || !has_end_of_thread ? NULL : watch_thread_new(start);
    if (new != NULL) {
        new->start = start;
        new->argument = argument;
        new->busy = 1; // until it is known as this_thread
    }
    return new;
}

int WATCHED(pthread_create)(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*start)(void *), void *argument)
{
    if (!is_ready())
        return EAGAIN;
    struct watch_thread *self = enter();
    if (self != NULL)
        watch_sleepers_start();
    struct watch_thread *new = new_thread(self, start, argument);
    int error = new == NULL ? real.pthread_create(thread, attributes, start, argument)
                            : real.pthread_create(thread, attributes, thread_starts, new);
    if (new != NULL && error != 0)
        watch_thread_end(new);
    if (self != NULL)
        leave(self);
    return error;
}
REPLACE(pthread_create)

#ifdef HAS_C11_THREADS
static int c11_thread_starts(void *argument)
{
    struct watch_thread *self = argument;
    begin_thread(self);
    return self->c11_start(self->argument);
}

int WATCHED(thrd_create)(thrd_t *thread, thrd_start_t start, void *argument)
{
    if (!is_ready())
        return thrd_error;
    struct watch_thread *self = enter();
    void *(*function)(void *);
    memcpy(&function, &start, sizeof function); // for its name only
    if (self != NULL)
        watch_sleepers_start();
    struct watch_thread *new = new_thread(self, function, argument);
    if (new != NULL)
        new->c11_start = start;
    int error = new == NULL ? real.thrd_create(thread, start, argument)
                            : real.thrd_create(thread, c11_thread_starts, new);
    if (new != NULL && error != thrd_success)
        watch_thread_end(new);
    if (self != NULL)
        leave(self);
    return error;
}
#endif

/* ---- the process ---- */

static sigset_t mask_before_fork;

/* A report forks, where vfork is the same as fork. */
static void before_fork(void)
{
    if (!watch_is_reporting)
        watch_graph_lock(&mask_before_fork);
}

static void after_fork(void)
{
    if (!watch_is_reporting)
        watch_graph_unlock(&mask_before_fork);
}

/* In the child there is this thread only. It is still guarded from deadlocks. */
static void after_fork_in_child(void)
{
    if (watch_is_reporting)
        return;
    watch_graph_unlock(&mask_before_fork);
    watch_threads_forget_others(this_thread);
    if (this_thread != NULL)
        watch_thread_is(this_thread, pthread_self(), watch_tid());
    watch_sleepers_stop();
    watch_text_in_child();
    watch_trace_stop();
    if (watch_news_in_child() && this_thread != NULL)
        watch_trace_begin_in_child(this_thread);
}

static _Noreturn void end_process(int status)
{
    if (is_ready()) {
        watch_news_end();
        real._exit(status);
    }
    for (;;)
        ;
}

__attribute__((noreturn)) void WATCHED(_exit)(int status)
{
    end_process(status);
}

__attribute__((noreturn)) void WATCHED(_Exit)(int status)
{
    end_process(status);
}
REPLACE(_exit)
REPLACE(_Exit)

__attribute__((constructor)) static void begin(void)
{
    static struct watch_options options;
    if (!is_ready())
        return;
    watch_options_read(&options);
    watch_text_begin(options.output);
    watch_symbols_program(options.program);
    if (options.draws_lanes || options.trace[0] != '\0' || options.page[0] != '\0')
        watch_trace_begin();
    has_end_of_thread = pthread_key_create(&end_of_thread, thread_ends) == 0;
#ifndef __APPLE__
    int at_quick_exit(void (*)(void)); // of C11, which FreeBSD hides where _XOPEN_SOURCE is defined
    at_quick_exit(watch_news_end);
#endif
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
    struct watch_thread *self = enter();
    if (self != NULL) {
        watch_stacks_begin();
        watch_event(self, WATCH_START, NULL, 0);
        leave(self);
    }
    watch_news_begin(&options);
}

__attribute__((destructor)) static void end(void)
{
    watch_news_end();
}
