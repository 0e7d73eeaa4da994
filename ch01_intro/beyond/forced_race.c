/*
 * forced_race.c - one lost deposit, step by step, the same on every run.
 *
 * Lecture   race_condition.c
 * Adds      each step waits for its turn, so that the two tellers always clash in the worst way
 * Build     cc -pthread -iquote . -o beyond/forced_race beyond/forced_race.c
 * Run       beyond/forced_race
 * Expect    110 where 120 should be
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static int balance = 100;
static atomic_int step;

/*
 * Relaxed: the steps happen in their order (sched_yield is a function that the compiler cannot look
 * into), but nothing promises that one thread sees what the other wrote. An acquiring load here and a
 * releasing store below would promise it, and then ThreadSanitizer would not call this a data race.
 */
static void wait_for_step(int wanted)
{
    do
        sched_yield();
    while (atomic_load_explicit(&step, memory_order_relaxed) != wanted);
}

static void finish_step(void)
{
    atomic_fetch_add_explicit(&step, 1, memory_order_relaxed);
}

static void *anna(void *unused)
{
    wait_for_step(0);
    int seen = balance;
    printf("Anna reads  %d\n", seen);
    finish_step();
    wait_for_step(3);
    balance = seen + 10;
    printf("Anna writes %d\n", seen + 10);
    finish_step();
    return unused;
}

static void *ben(void *unused)
{
    wait_for_step(1);
    int seen = balance;
    printf("                  Ben reads  %d\n", seen);
    finish_step();
    wait_for_step(2);
    balance = seen + 10;
    printf("                  Ben writes %d\n", seen + 10);
    finish_step();
    return unused;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "forced_race");
    pthread_t threads[2];
    printf("The balance is %d. Anna and Ben deposit 10 each.\n", balance);
    MUST(pthread_create(&threads[0], NULL, anna, NULL));
    MUST(pthread_create(&threads[1], NULL, ben, NULL));
    MUST(pthread_join(threads[0], NULL));
    MUST(pthread_join(threads[1], NULL));
    printf("The balance is %d, and should be 120. Lost: %d\n", balance, 120 - balance);
}
