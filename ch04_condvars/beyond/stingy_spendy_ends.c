/*
 * stingy_spendy_ends.c - spendy learns that no more money will come, so that no thread waits forever.
 *
 * Lecture   stingy_spendy_waits.c
 * Adds      a second thing that spendy waits for: no more will come. So both threads end and are joined
 * Build     cc -pthread -iquote . -o beyond/stingy_spendy_ends beyond/stingy_spendy_ends.c
 * Run       beyond/stingy_spendy_ends [-n rounds]
 * Expect    what each of them sees, that spendy could not make 495 withdrawals, and a balance of 0
 * Try       a second spendy. Is a signal for each deposit still enough? And one when stingy is done?
 */
#include "must.h"

#include <pthread.h>

static long rounds = 1000;

static int money = 100;
static bool stingy_done;                                 // no more money will come
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: money >= 0, stingy_done
static pthread_cond_t money_deposited = PTHREAD_COND_INITIALIZER; // or stingy_done; waits: spendy

static void *stingy(void *unused)
{
    for (long i = 1; i <= rounds; i++) {
        MUST(pthread_mutex_lock(&lock));
        money += 10;
        printf("Stingy sees balance of  %d\n", money);
        MUST(pthread_cond_signal(&money_deposited));
        MUST(pthread_mutex_unlock(&lock));
        pause_ms(1);
    }
    // A change of what spendy waits for, like a deposit: under the lock, and with a signal.
    MUST(pthread_mutex_lock(&lock));
    puts("Stingy Done");
    stingy_done = true;
    MUST(pthread_cond_signal(&money_deposited));
    MUST(pthread_mutex_unlock(&lock));
    return unused;
}

static void *spendy(void *unused)
{
    long i = 1;
    bool goes_on = true;
    while (goes_on && i <= rounds) {
        MUST(pthread_mutex_lock(&lock));
        while (money - 20 < 0 && !stingy_done)
            MUST(pthread_cond_wait(&money_deposited, &lock));
        // Stingy may be done and the money there all the same.
        goes_on = money - 20 >= 0;
        if (goes_on) {
            money -= 20;
            i++;
            printf("Spendy sees balance of  %d\n", money);
        }
        MUST(pthread_mutex_unlock(&lock));
        pause_ms(1);
    }
    if (!goes_on)
        printf("Spendy could not make %ld withdrawals\n", rounds - i + 1);
    puts("Spendy Done");
    return unused;
}

int main(int argc, char *argv[])
{
    struct option_line options[] = {{'n', .number = &rounds, .least = 1, .most = 1000000}, {0}};
    read_options(argc, argv, "stingy_spendy_ends [-n rounds]", options, 0, 0);
    pthread_t stingy_thread, spendy_thread;
    MUST(pthread_create(&stingy_thread, NULL, stingy, NULL));
    MUST(pthread_create(&spendy_thread, NULL, spendy, NULL));
    MUST(pthread_join(stingy_thread, NULL));
    MUST(pthread_join(spendy_thread, NULL));
    printf("%d\n", money);
}
