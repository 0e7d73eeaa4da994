/*
 * race_without_data_race.c - the bank locks for the read and again for the write, and loses money.
 *
 * Exercise 1 of chapter 1
 * Shows     a race condition without a data race: ThreadSanitizer is silent, and the balance is wrong
 * Build     cc -pthread -iquote . -o beyond/solutions/race_without_data_race \
 *           beyond/solutions/race_without_data_race.c
 * Run       beyond/solutions/race_without_data_race
 * Expect    half of the money is missing: in each round both tellers have read before either writes
 */
#include "must.h"

#include <pthread.h>

enum { deposits = 100, amount = 10, tellers = 2 };

static int balance;
static int looks;                                        // how often a teller has read the balance
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: balance, looks
static pthread_cond_t looked = PTHREAD_COND_INITIALIZER;

static int read_balance(void)
{
    MUST(pthread_mutex_lock(&lock));
    int seen = balance;
    looks++;
    MUST(pthread_cond_broadcast(&looked));
    MUST(pthread_mutex_unlock(&lock));
    return seen;
}

/* The fault: whatever happened since the read, also under the lock, is overwritten. */
static void write_balance(int value)
{
    MUST(pthread_mutex_lock(&lock));
    balance = value;
    MUST(pthread_mutex_unlock(&lock));
}

/* Forces what is rare otherwise: waits until both tellers have read in this round. */
static void let_the_other_look(int round)
{
    MUST(pthread_mutex_lock(&lock));
    while (looks < tellers * round)
        MUST(pthread_cond_wait(&looked, &lock));
    MUST(pthread_mutex_unlock(&lock));
}

static void *teller(void *unused)
{
    for (int round = 1; round <= deposits; round++) {
        int seen = read_balance();
        let_the_other_look(round);
        write_balance(seen + amount);
    }
    return unused;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "race_without_data_race");
    pthread_t threads[tellers];
    for (int i = 0; i < tellers; i++)
        MUST(pthread_create(&threads[i], NULL, teller, NULL));
    for (int i = 0; i < tellers; i++)
        MUST(pthread_join(threads[i], NULL));
    int expected = tellers * deposits * amount;
    printf("Deposited: %d. The balance is %d. Lost: %d\n", expected, balance, expected - balance);
}
