/*
 * atomic_stingy_spendy.c - two threads change one balance; each change is one atomic addition.
 *
 * Original  atomicstingyspendy/atomic_stingy_spendy.go
 * Build     cc -pthread -o atomic_stingy_spendy atomic_stingy_spendy.c
 * Run       ./atomic_stingy_spendy
 * Expect    Stingy Done and Spendy Done, in either order, then 100
 */
#include "must.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_int money = 100;

static void *stingy(void *unused)
{
    for (int i = 1; i <= 1000; i++) {
        atomic_fetch_add(&money, 10);
        pause_ms(1);
    }
    puts("Stingy Done");
    return unused;
}

static void *spendy(void *unused)
{
    for (int i = 1; i <= 1000; i++) {
        atomic_fetch_add(&money, -10);
        pause_ms(1);
    }
    puts("Spendy Done");
    return unused;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "atomic_stingy_spendy");
    pthread_t stingy_thread, spendy_thread;
    MUST(pthread_create(&stingy_thread, NULL, stingy, NULL));
    MUST(pthread_create(&spendy_thread, NULL, spendy, NULL));
    MUST(pthread_join(stingy_thread, NULL)); // Go sleeps 3 s here and hopes; C joins
    MUST(pthread_join(spendy_thread, NULL));
    printf("%d\n", money);
}
