/*
 * signal_before_wait.c - a signal wakes who waits, and nobody else: one that comes too early is lost.
 *
 * Original  none; a lesson beside those of condvariables/
 * Run       ./signal_before_wait
 * Expect    without a predicate the waiter misses the early signal and would wait for ever (after a
 *           second it gives up); with one it need not wait at all. In the other order both go well
 * Try       set ready without taking the lock. The waiter may miss the signal again: in which moment?
 * Compare   stingy_spendy_waits.c (a predicate and `while`); semaphore.h (a signal that is kept)
 */
#include "must.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: signal_before_wait\n";

struct news {
    bool signal_first; // never changes

    pthread_mutex_t lock;     // protects all that follows
    bool ready;               // the news is there
    pthread_cond_t has_come;  // ready has become true; waits: main
    bool main_waits;          // to force the order, where the signal is not first
    pthread_cond_t main_goes; // main_waits has become true; waits: the signaller
};

static void *signaller(void *argument)
{
    struct news *news = argument;
    MUST(pthread_mutex_lock(&news->lock));
    while (!news->signal_first && !news->main_waits)
        MUST(pthread_cond_wait(&news->main_goes, &news->lock));
    puts("  signaller: ready, signals");
    news->ready = true;
    MUST(pthread_cond_signal(&news->has_come));
    MUST(pthread_mutex_unlock(&news->lock));
    return NULL;
}

/* With main_waits the signaller may go on; but it gets the lock only when main sleeps. */
static void say_that_main_waits(struct news *news)
{
    puts("  main: waits");
    news->main_waits = true;
    MUST(pthread_cond_signal(&news->main_goes));
}

/*
 * The fault: sleeps without a look at what is so already. The rest keeps the show honest: a wake-up that
 * nobody has sent does not count, and a deadline ends what would last for ever.
 */
static void wait_without_predicate(struct news *news)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += news->signal_first ? 1 : 60;
    bool ready_before = news->ready;
    int error = 0;
    say_that_main_waits(news);
    do
        error = pthread_cond_timedwait(&news->has_come, &news->lock, &deadline);
    while (error == 0 && news->ready == ready_before);
    puts(error == 0 ? "  main: woken"
                    : "  main: nothing in a second, and nothing will come any more");
}

/* The cure: waits for something to be so. If it is so already, there is nothing to wait for. */
static void wait_with_predicate(struct news *news)
{
    if (!news->ready)
        say_that_main_waits(news);
    while (!news->ready)
        MUST(pthread_cond_wait(&news->has_come, &news->lock));
    puts("  main: it is ready");
}

static void show(bool signal_first, const char *title, void (*wait)(struct news *))
{
    struct news news = {.signal_first = signal_first};
    MUST(pthread_mutex_init(&news.lock, NULL));
    MUST(pthread_cond_init(&news.has_come, NULL));
    MUST(pthread_cond_init(&news.main_goes, NULL));
    puts(title);
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, signaller, &news));
    if (signal_first)
        MUST(pthread_join(thread, NULL)); // its signal is over, for certain
    MUST(pthread_mutex_lock(&news.lock));
    wait(&news);
    MUST(pthread_mutex_unlock(&news.lock));
    if (!signal_first)
        MUST(pthread_join(thread, NULL));
    MUST(pthread_cond_destroy(&news.main_goes));
    MUST(pthread_cond_destroy(&news.has_come));
    MUST(pthread_mutex_destroy(&news.lock));
}

int main(int argc, char *argv[])
{
    int option = getopt(argc, argv, "h");
    if (option != -1 || optind < argc)
        return show_usage(option, usage);
    show(false, "Without a predicate, the wait comes first:", wait_without_predicate);
    show(true, "Without a predicate, the signal comes first:", wait_without_predicate);
    show(false, "With a predicate, the wait comes first:", wait_with_predicate);
    show(true, "With a predicate, the signal comes first:", wait_with_predicate);
    return finish_output(0, usage);
}
