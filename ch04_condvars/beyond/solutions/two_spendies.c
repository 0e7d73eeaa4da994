/*
 * two_spendies.c - two threads wait for money, one for 20 and one for 50: each deposit wakes both.
 *
 * Exercise 1 of chapter 4
 * Shows     why it takes a broadcast: a signal may wake only the one for which there is not enough yet
 * Build     cc -pthread -iquote . -o beyond/solutions/two_spendies beyond/solutions/two_spendies.c
 * Run       beyond/solutions/two_spendies
 * Expect    how often each withdrew, less than 20 left, and nothing missing. The one that wants 50 hardly
 *           gets anything: a broadcast is right, not fair
 */
#include "must.h"

#include <pthread.h>

enum { deposits = 1000, deposit = 10 };

static int money;
static bool no_more;                                     // deposits will come
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: money >= 0, no_more
static pthread_cond_t money_deposited = PTHREAD_COND_INITIALIZER;

/* A thread that withdraws `amount` as often as it can. */
struct spendy {
    int amount, withdrawals;
    pthread_t thread;
};

static void *spend(void *argument)
{
    struct spendy *spendy = argument;
    MUST(pthread_mutex_lock(&lock));
    for (;;) {
        while (money < spendy->amount && !no_more)
            MUST(pthread_cond_wait(&money_deposited, &lock));
        if (money < spendy->amount)
            break;
        money -= spendy->amount;
        spendy->withdrawals++;
    }
    MUST(pthread_mutex_unlock(&lock));
    return NULL;
}

static void *stingy(void *unused)
{
    for (int i = 1; i <= deposits; i++) {
        MUST(pthread_mutex_lock(&lock));
        money += deposit;
        no_more = i == deposits;
        MUST(pthread_cond_broadcast(&money_deposited)); // both look whether it is enough for them
        MUST(pthread_mutex_unlock(&lock));
        pause_ms(1);
    }
    return unused;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "two_spendies");
    struct spendy spendies[] = {{.amount = 20}, {.amount = 50}};
    pthread_t stingy_thread;
    int spent = 0;
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&spendies[i].thread, NULL, spend, &spendies[i]));
    MUST(pthread_create(&stingy_thread, NULL, stingy, NULL));
    MUST(pthread_join(stingy_thread, NULL));
    for (int i = 0; i < 2; i++) {
        MUST(pthread_join(spendies[i].thread, NULL));
        spent += spendies[i].amount * spendies[i].withdrawals;
        printf("%d was withdrawn %d times\n", spendies[i].amount, spendies[i].withdrawals);
    }
    printf("%d left, %d missing\n", money, deposits * deposit - spent - money);
}
