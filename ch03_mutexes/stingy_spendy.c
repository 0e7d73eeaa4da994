/*
 * stingy_spendy.c - two threads change one balance; a mutex makes each change indivisible.
 *
 * Original  sync/stingy_spendy.go
 * Build     cc -pthread -o stingy_spendy stingy_spendy.c
 * Run       ./stingy_spendy
 * Expect    Stingy Done and Spendy Done, in either order, then 100
 * Beyond    beyond/stingy_spendy_unlocked.c loses money on every run
 */
#include "must.h"

#include <pthread.h>

static int money = 100;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: money

static void *stingy(void *unused)
{
    for (int i = 1; i <= 1000; i++) {
        MUST(pthread_mutex_lock(&lock));
        money += 10;
        MUST(pthread_mutex_unlock(&lock));
        pause_ms(1);
    }
    puts("Stingy Done");
    return unused;
}

static void *spendy(void *unused)
{
    for (int i = 1; i <= 1000; i++) {
        MUST(pthread_mutex_lock(&lock));
        money -= 10;
        MUST(pthread_mutex_unlock(&lock));
        pause_ms(1);
    }
    puts("Spendy Done");
    return unused;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "stingy_spendy");
    pthread_t stingy_thread, spendy_thread;
    MUST(pthread_create(&stingy_thread, NULL, stingy, NULL));
    MUST(pthread_create(&spendy_thread, NULL, spendy, NULL));
    MUST(pthread_join(stingy_thread, NULL)); // Go sleeps 3 s here and hopes; C joins
    MUST(pthread_join(spendy_thread, NULL));
    printf("%d\n", money);
}
