/*
 * lost_additions.c - five threads add to one counter without a lock, and lose additions on every run.
 *
 * Lecture   quiz.c, its second question
 * Adds      makes all five threads read the same count first, so that the fault needs no bad luck
 * Build     cc -pthread -iquote . -o beyond/lost_additions beyond/lost_additions.c wait_group.c
 * Run       beyond/lost_additions
 * Expect    a count from 100 to 496, and how many additions were lost
 */
#include "must.h"
#include "wait_group.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { threads = 5, additions = 100 };

struct counter {
    int count;          // the fault: nothing protects it
    atomic_int readers; // how many threads have read `count` for their first addition
    struct wait_group wg;
};

/*
 * Waits until all five have read the same count. Without that, it would happen once in a while. The
 * atomic is relaxed on purpose: it decides which thread runs when, but orders nothing, so the data race
 * is still a data race. (The call to sched_yield keeps the compiler from merging the additions.)
 */
static void let_others_read(struct counter *counter)
{
    atomic_fetch_add_explicit(&counter->readers, 1, memory_order_relaxed);
    while (atomic_load_explicit(&counter->readers, memory_order_relaxed) < threads)
        sched_yield();
}

static void *increment(void *argument)
{
    struct counter *counter = argument;
    for (int i = 0; i < additions; i++) {
        int count = counter->count; // the two steps of counter->count += 1
        let_others_read(counter);
        counter->count = count + 1;
    }
    MUST(wait_group_done(&counter->wg));
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "lost_additions");
    struct counter counter = {.count = 0};
    pthread_t running[threads];
    MUST(wait_group_init(&counter.wg));
    MUST(wait_group_add(&counter.wg, threads));
    for (int i = 0; i < threads; i++)
        MUST(pthread_create(&running[i], NULL, increment, &counter));
    MUST(wait_group_wait(&counter.wg));
    printf("%d\n%d of %d additions were lost: all five threads read the same 0.\n", counter.count,
           threads * additions - counter.count, threads * additions);
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(running[i], NULL));
    MUST(wait_group_destroy(&counter.wg));
}
