/*
 * watch_ask.c - asks a thread where it is. See watch_ask.h.
 */
#define _GNU_SOURCE // syscall
#include "watch_ask.h"
#include "watch_real.h"

#include <unistd.h>

static unsigned int answer_count;
static int asking_signal;
static atomic_bool is_for_good;

void watch_ask_begin(void)
{
    answer_count = 0;
}

void watch_ask_for_good(void)
{
    is_for_good = true;
}

int watch_asking_signal(void)
{
    return asking_signal;
}

#ifdef __linux__
#include <sys/syscall.h>

enum { MOST_ASKED_THREADS = 64, PATIENCE_MS = 100 };

static struct {
    int tid;
    struct watch_stack stack;
} answers[MOST_ASKED_THREADS];

static atomic_int asked; // the thread that has not answered yet; 0: it has
static struct watch_stack answer;

static void tell(int signal)
{
    int before = errno, own = watch_tid(), writing = -1;
    bool was_unwatched = is_unwatched;
    struct watch_thread *self = this_thread;
    (void)signal;
    is_unwatched = true; // the unwinder uses pthread_once
    this_thread = NULL;
    // Only the thread that is still expected may write; no other is asked before it has written.
    if (atomic_compare_exchange_strong(&asked, &own, writing)) {
        watch_unwind_interrupted(&answer);
        atomic_store(&asked, 0);
    }
    while (is_for_good)
        pause();
    this_thread = self;
    is_unwatched = was_unwatched;
    errno = before;
}

/* Finds a signal that the program does not use. */
static bool has_signal(void)
{
    const struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART | SA_ONSTACK};
    for (int i = SIGRTMAX - 1; i > SIGRTMIN && asking_signal == 0; i--) {
        struct sigaction before;
        if (real.sigaction(i, NULL, &before) == 0 && before.sa_handler == SIG_DFL &&
            real.sigaction(i, &action, NULL) == 0)
            asking_signal = i;
    }
    return asking_signal != 0;
}

static bool ask(int tid)
{
    const struct timespec ms = {.tv_nsec = 1000000};
    atomic_store(&asked, tid);
    if (syscall(SYS_tgkill, getpid(), tid, asking_signal) != 0)
        atomic_store(&asked, 0);
    for (int i = 0; i < PATIENCE_MS && atomic_load(&asked) == tid; i++)
        nanosleep(&ms, NULL);
    if (atomic_compare_exchange_strong(&asked, &(int){tid}, 0))
        return false; // it has not even begun
    while (atomic_load(&asked) != 0)
        nanosleep(&ms, NULL);
    return true;
}

const struct watch_stack *watch_stack_of(const struct watch_sleeper *sleeper)
{
    for (unsigned int i = 0; i < answer_count; i++) {
        if (answers[i].tid == sleeper->tid)
            return answers[i].stack.count > 0 ? &answers[i].stack : NULL;
    }
    if (answer_count == MOST_ASKED_THREADS)
        return NULL;
    struct watch_stack *stack = &answers[answer_count].stack;
    answers[answer_count++].tid = sleeper->tid;
    stack->count = 0;
    if (sleeper->tid == watch_tid()) {
        watch_unwind_interrupted(stack); // by the signal that has asked for the report
    } else if ((watch_is_asleep(sleeper) || sleeper->call < 0 || is_for_good) && has_signal() &&
               (sleeper->blocked >> (asking_signal - 1) & 1) == 0 && ask(sleeper->tid)) {
        *stack = answer;
    }
    return stack->count > 0 ? stack : NULL;
}

#else

const struct watch_stack *watch_stack_of(const struct watch_sleeper *sleeper)
{
    (void)sleeper;
    return NULL;
}

#endif
