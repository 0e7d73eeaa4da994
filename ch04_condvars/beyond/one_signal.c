/*
 * one_signal.c - three threads wait at a gate; one signal lets one through, and two sleep on.
 *
 * Lecture   quiz.c
 * Adds      several threads that wait for the same change. It lets all of them go on, so a signal is
 *           wrong and a broadcast right
 * Build     cc -pthread -iquote . -o beyond/one_signal beyond/one_signal.c
 * Run       beyond/one_signal
 * Expect    after a second 1 of 3 is through, though the gate is open; after the broadcast all are
 * Try       pthread_cond_broadcast in open_gate
 */
#include "must.h"

#include <pthread.h>

enum { visitors = 3 };

static bool is_open;
static int waiting;                                      // have come to the gate
static int through;                                      // have passed it
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: is_open, waiting, through
static pthread_cond_t gate_opened = PTHREAD_COND_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER; // main waits for it

static void *visit(void *unused)
{
    MUST(pthread_mutex_lock(&lock));
    waiting++;
    MUST(pthread_cond_signal(&moved)); // right: only main waits for it
    while (!is_open)
        MUST(pthread_cond_wait(&gate_opened, &lock));
    through++;
    MUST(pthread_cond_signal(&moved));
    MUST(pthread_mutex_unlock(&lock));
    return unused;
}

// A visitor holds the lock until it sleeps, so here all of them do.
static void open_gate(void)
{
    MUST(pthread_mutex_lock(&lock));
    while (waiting < visitors)
        MUST(pthread_cond_wait(&moved, &lock));
    is_open = true;
    MUST(pthread_cond_signal(&gate_opened)); // the fault: several wait for it
    while (through == 0)
        MUST(pthread_cond_wait(&moved, &lock));
    MUST(pthread_mutex_unlock(&lock));
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "one_signal");
    pthread_t threads[visitors];
    for (int i = 0; i < visitors; i++)
        MUST(pthread_create(&threads[i], NULL, visit, NULL));
    open_gate();
    pause_ms(1000);
    MUST(pthread_mutex_lock(&lock));
    printf("After a second %d of %d are through, and %d sleep though the gate is open.\n", through,
           visitors, visitors - through);
    MUST(pthread_cond_broadcast(&gate_opened));
    MUST(pthread_mutex_unlock(&lock));
    for (int i = 0; i < visitors; i++)
        MUST(pthread_join(threads[i], NULL));
    printf("After a broadcast %d of %d are through.\n", through, visitors);
}
