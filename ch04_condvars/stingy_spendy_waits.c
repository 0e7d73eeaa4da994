/*
 * stingy_spendy_waits.c - a thread that takes 20 waits, on a condition variable, until they are there.
 *
 * Original  condvariables/stingy_spendy_waits.go
 * Build     cc -pthread -o stingy_spendy_waits stingy_spendy_waits.c
 * Run       ./stingy_spendy_waits [SECONDS]
 * Expect    what each of them sees, then Stingy Done. After 505 withdrawals the money is gone, and
 *           spendy waits forever. After 3 seconds main ends the program and prints 0
 * Try       `if` in place of `while`: then spendy takes money that is not there
 * Beyond    beyond/stingy_spendy_if.c fails like that on every run; in beyond/stingy_spendy_ends.c
 *           spendy learns that no more money will come
 */
#include "must.h"

#include <pthread.h>

static int money = 100;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: money >= 0
static pthread_cond_t money_deposited = PTHREAD_COND_INITIALIZER;

static void *stingy(void *unused)
{
    MUST(pthread_detach(pthread_self()));
    for (int i = 1; i <= 1000; i++) {
        MUST(pthread_mutex_lock(&lock));
        money += 10;
        printf("Stingy sees balance of  %d\n", money);
        MUST(pthread_cond_signal(&money_deposited)); // enough: only one thread ever waits for it
        MUST(pthread_mutex_unlock(&lock));
        pause_ms(1);
    }
    puts("Stingy Done");
    return unused;
}

static void *spendy(void *unused)
{
    MUST(pthread_detach(pthread_self()));
    for (int i = 1; i <= 1000; i++) {
        MUST(pthread_mutex_lock(&lock));
        while (money - 20 < 0)
            MUST(pthread_cond_wait(&money_deposited, &lock));
        money -= 20;
        printf("Spendy sees balance of  %d\n", money);
        MUST(pthread_mutex_unlock(&lock));
        pause_ms(1);
    }
    puts("Spendy Done"); // never, as long as `while` stands there
    return unused;
}

int main(int argc, char *argv[])
{
    long seconds_to_run = seconds_or(3, argc, argv, "stingy_spendy_waits [SECONDS]");
    setvbuf(stdout, NULL, _IOLBF, 0);
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, stingy, NULL));
    MUST(pthread_create(&thread, NULL, spendy, NULL));
    pause_ms(1000 * seconds_to_run);
    MUST(pthread_mutex_lock(&lock)); // Go reads it without the lock
    printf("%d\n", money);
    MUST(pthread_mutex_unlock(&lock));
}
