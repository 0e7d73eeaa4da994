/*
 * signal_before_wait.c - a signal wakes a thread that waits; one that comes too early is lost.
 *
 * Lecture   stingy_spendy_waits.c
 * Adds      a wait without a predicate and one with a predicate, each with the signal before and after it
 * Build     cc -pthread -iquote . -o beyond/signal_before_wait beyond/signal_before_wait.c
 * Run       beyond/signal_before_wait
 * Expect    without a predicate main misses the early signal, and would wait forever if it did not give
 *           up after a second; with one it need not wait at all. If the wait comes first, both work
 * Try       set ready without the lock. Main may miss the signal again: between which two steps?
 */
#include "must.h"

#include <pthread.h>

static bool signal_first; // does not change while there are two threads

static bool ready;                                       // what main waits for
static bool main_waits;                                  // forces the order with the wait first
static bool second_is_over;                              // main has waited long enough
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: the three flags
static pthread_cond_t became_ready = PTHREAD_COND_INITIALIZER; // main waits for it
static pthread_cond_t main_sleeps = PTHREAD_COND_INITIALIZER;  // the signaller waits for it

static void *signaller(void *unused)
{
    MUST(pthread_mutex_lock(&lock));
    while (!signal_first && !main_waits)
        MUST(pthread_cond_wait(&main_sleeps, &lock));
    puts("  signaller: ready, signals");
    ready = true;
    MUST(pthread_cond_signal(&became_ready));
    MUST(pthread_mutex_unlock(&lock));
    return unused;
}

// Now the signaller may go on; but it gets the lock only when main sleeps.
static void say_that_main_waits(void)
{
    puts("  main: waits");
    main_waits = true;
    MUST(pthread_cond_signal(&main_sleeps));
}

// Ends what would last forever.
static void *end_wait(void *unused)
{
    MUST(pthread_detach(pthread_self()));
    pause_ms(1000);
    MUST(pthread_mutex_lock(&lock));
    second_is_over = true;
    MUST(pthread_cond_signal(&became_ready));
    MUST(pthread_mutex_unlock(&lock));
    return unused;
}

// The fault: sleeps without looking whether it is ready already. (The loop only keeps the show honest: a
// spurious wake-up does not count.)
static void wait_without_predicate(void)
{
    pthread_t thread;
    bool was_ready = ready;
    if (signal_first)
        MUST(pthread_create(&thread, NULL, end_wait, NULL));
    say_that_main_waits();
    while (ready == was_ready && !second_is_over)
        MUST(pthread_cond_wait(&became_ready, &lock));
    puts(second_is_over ? "  main: nothing in a second, and nothing will come any more"
                        : "  main: woken");
}

// The cure: waits for something to be true. If it is true already, there is nothing to wait for.
static void wait_with_predicate(void)
{
    if (!ready)
        say_that_main_waits();
    while (!ready)
        MUST(pthread_cond_wait(&became_ready, &lock));
    puts("  main: it is ready");
}

static void show(bool with_signal_first, const char *title, void (*wait)(void))
{
    signal_first = with_signal_first;
    ready = main_waits = false;
    puts(title);
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, signaller, NULL));
    if (signal_first)
        MUST(pthread_join(thread, NULL)); // its signal has certainly been sent
    MUST(pthread_mutex_lock(&lock));
    wait();
    MUST(pthread_mutex_unlock(&lock));
    if (!signal_first)
        MUST(pthread_join(thread, NULL));
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "signal_before_wait");
    show(false, "Without a predicate, the wait comes first:", wait_without_predicate);
    show(true, "Without a predicate, the signal comes first:", wait_without_predicate);
    show(false, "With a predicate, the wait comes first:", wait_with_predicate);
    show(true, "With a predicate, the signal comes first:", wait_with_predicate);
}
