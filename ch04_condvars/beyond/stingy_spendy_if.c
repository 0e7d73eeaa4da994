/*
 * stingy_spendy_if.c - with `if` in place of `while`, money is spent before it is there, on every run.
 *
 * Lecture   stingy_spendy_waits.c
 * Adds      `if`; and a deposit that comes when spendy waits, so that the fault needs no bad luck
 * Build     cc -pthread -iquote . -o beyond/stingy_spendy_if beyond/stingy_spendy_if.c
 * Run       beyond/stingy_spendy_if
 * Expect    five withdrawals, a deposit of 10, a withdrawal of 20, and a balance of -10
 * Try       `while` in place of `if`: spendy is woken, sees that 10 are not enough, and waits again
 */
#include "must.h"

#include <pthread.h>

static int money = 100;
static bool spendy_waits;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: money >= 0, spendy_waits
static pthread_cond_t money_deposited = PTHREAD_COND_INITIALIZER;    // spendy waits for it
static pthread_cond_t spendy_fell_asleep = PTHREAD_COND_INITIALIZER; // stingy waits for it

static void *stingy(void *unused)
{
    MUST(pthread_mutex_lock(&lock));
    while (!spendy_waits)
        MUST(pthread_cond_wait(&spendy_fell_asleep, &lock));
    money += 10;
    printf("Stingy sees balance of  %d\n", money);
    MUST(pthread_cond_signal(&money_deposited));
    puts("Stingy Done");
    MUST(pthread_mutex_unlock(&lock));
    return unused;
}

// Stingy may go on once spendy_waits is true, but it gets the lock only when spendy sleeps.
static void wait_for_money(void)
{
    spendy_waits = true;
    MUST(pthread_cond_signal(&spendy_fell_asleep));
    MUST(pthread_cond_wait(&money_deposited, &lock));
}

static void *spendy(void *unused)
{
    MUST(pthread_mutex_lock(&lock));
    while (money >= 0) {
        if (money - 20 < 0) // the fault: after the wait nobody looks again
            wait_for_money();
        money -= 20;
        printf("Spendy sees balance of  %d\n", money);
    }
    printf("Spendy was woken, did not look again, and took 20 where there were %d\n", money + 20);
    puts("Spendy Done");
    MUST(pthread_mutex_unlock(&lock));
    return unused;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "stingy_spendy_if");
    setvbuf(stdout, NULL, _IOLBF, 0); // with `while` it gets stuck
    pthread_t stingy_thread, spendy_thread;
    MUST(pthread_create(&stingy_thread, NULL, stingy, NULL));
    MUST(pthread_create(&spendy_thread, NULL, spendy, NULL));
    MUST(pthread_join(stingy_thread, NULL));
    MUST(pthread_join(spendy_thread, NULL));
    printf("%d\n", money);
}
