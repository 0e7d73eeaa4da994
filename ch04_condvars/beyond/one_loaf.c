/*
 * one_loaf.c - two hungry threads, one loaf, a broadcast: both are woken, and with `if` both eat.
 *
 * Lecture   quiz.c
 * Adds      two threads are woken, but there is enough for only one: each of them has to look again
 * Build     cc -pthread -iquote . -o beyond/one_loaf beyond/one_loaf.c
 * Run       beyond/one_loaf
 * Expect    both have eaten, and -1 loaves are left
 * Try       `while` in place of `if`: one of them eats, the other waits for the next loaf
 */
#include "must.h"

#include <pthread.h>

enum { hungry = 2 };

static int loaves;
static int waiting;                                      // have come to eat
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: loaves >= 0, waiting
static pthread_cond_t loaf_baked = PTHREAD_COND_INITIALIZER;
static pthread_cond_t hungry_came = PTHREAD_COND_INITIALIZER; // main waits for it

static void *eat(void *argument)
{
    MUST(pthread_mutex_lock(&lock));
    waiting++;
    MUST(pthread_cond_signal(&hungry_came));
    if (loaves == 0) // the fault
        MUST(pthread_cond_wait(&loaf_baked, &lock));
    loaves--;
    printf("One has eaten: loaves %d\n", loaves);
    MUST(pthread_mutex_unlock(&lock));
    return argument;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "one_loaf");
    setvbuf(stdout, NULL, _IOLBF, 0); // with `while` it gets stuck
    pthread_t threads[hungry];
    for (int i = 0; i < hungry; i++)
        MUST(pthread_create(&threads[i], NULL, eat, NULL));

    // A thread holds the lock until it sleeps, so here both do.
    MUST(pthread_mutex_lock(&lock));
    while (waiting < hungry)
        MUST(pthread_cond_wait(&hungry_came, &lock));
    loaves++;
    puts("A loaf is baked");
    MUST(pthread_cond_broadcast(&loaf_baked));
    MUST(pthread_mutex_unlock(&lock));
    for (int i = 0; i < hungry; i++)
        MUST(pthread_join(threads[i], NULL));
    printf("Loaves left: %d\n", loaves);
}
