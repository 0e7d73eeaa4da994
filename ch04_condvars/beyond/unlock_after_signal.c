/*
 * unlock_after_signal.c - the quiz, repaired: the child runs as soon as main unlocks, and not before.
 *
 * Lecture   quiz.c
 * Adds      the unlocks that the quiz lacks, a predicate for each wait, and a condition for each thread:
 *           for a moment both wait, and a signal must not go to the wrong one
 * Build     cc -pthread -iquote . -o beyond/unlock_after_signal beyond/unlock_after_signal.c
 * Run       beyond/unlock_after_signal
 * Expect    both threads run. But main keeps the lock for a second after its signal, and for that second
 *           the child, though woken, cannot run
 * Try       leave out the flags, and start the child before main locks. What may happen then?
 */
#include "must.h"

#include <pthread.h>

static bool child_has_signalled, main_has_signalled;
static pthread_mutex_t mlock = PTHREAD_MUTEX_INITIALIZER;  // protects: the two flags
static pthread_cond_t to_main = PTHREAD_COND_INITIALIZER;  // main waits for it
static pthread_cond_t to_child = PTHREAD_COND_INITIALIZER; // the child waits for it

static void *run_child_thread(void *unused)
{
    MUST(pthread_mutex_lock(&mlock));
    puts("RunChildThread, lock acquired");
    child_has_signalled = true;
    MUST(pthread_cond_signal(&to_main));
    puts("RunChildThread, Waiting");
    while (!main_has_signalled)
        MUST(pthread_cond_wait(&to_child, &mlock));
    puts("RunChildThread, Running");
    MUST(pthread_mutex_unlock(&mlock));
    return unused;
}

static void run_main_thread(void)
{
    MUST(pthread_mutex_lock(&mlock));
    puts("RunMainThread, lock acquired");
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, run_child_thread, NULL));
    puts("RunMainThread, Waiting");
    while (!child_has_signalled)
        MUST(pthread_cond_wait(&to_main, &mlock));
    puts("RunMainThread, Running");
    main_has_signalled = true;
    MUST(pthread_cond_signal(&to_child));
    pause_ms(1000);
    puts("RunMainThread, a second after its signal: unlocks");
    MUST(pthread_mutex_unlock(&mlock));
    MUST(pthread_join(thread, NULL));
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "unlock_after_signal");
    run_main_thread();
}
