/*
 * ledger_tries.c - a transfer tries its second lock, and gives back the first if it does not get it.
 *
 * Exercise 2 of chapter 3
 * Shows     that locks in any order cause no deadlock as long as no thread waits while it holds one
 * Build     cc -pthread -iquote . -o beyond/solutions/ledger_tries beyond/solutions/ledger_tries.c
 * Run       beyond/solutions/ledger_tries
 * Expect    400000 transfers, a sum of 300, and how often a thread had to give its first lock back
 * Try       spin_lock_lock in place of the loop's try: it soon stops, as each thread holds what another wants
 */
#include "must.h"
#include "spin_lock.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    total_accounts = 3,
    max_amount_moved = 10,
    initial_money = 100,
    threads = 4,
    transfers = 100000
};

static int ledger[total_accounts];
static struct spin_lock locks[total_accounts]; // locks[i] protects: ledger[i]
static atomic_long total_trans, given_back;

/* Holds nothing while it waits: of the four conditions of a deadlock, "hold and wait" is gone. */
static void lock_both(int account_a, int account_b)
{
    for (;;) {
        spin_lock_lock(&locks[account_a]);
        if (spin_lock_try_lock(&locks[account_b]) == 0)
            return;
        spin_lock_unlock(&locks[account_a]);
        given_back++;
        sched_yield(); // else both might go on to take and give back, in step: a livelock
    }
}

static void *perform_movements(void *argument)
{
    unsigned short random[3] = {(unsigned short)(long)argument};
    for (int i = 0; i < transfers; i++) {
        int account_a = (int)(nrand48(random) % total_accounts);
        int account_b = (int)(nrand48(random) % total_accounts);
        while (account_a == account_b)
            account_b = (int)(nrand48(random) % total_accounts);
        int amount_to_move = (int)(nrand48(random) % max_amount_moved);

        lock_both(account_a, account_b);
        ledger[account_a] -= amount_to_move;
        ledger[account_b] += amount_to_move;
        total_trans += 1;
        spin_lock_unlock(&locks[account_b]);
        spin_lock_unlock(&locks[account_a]);
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "ledger_tries");
    pthread_t movers[threads];
    int sum = 0;
    for (int i = 0; i < total_accounts; i++)
        ledger[i] = initial_money;
    for (long i = 0; i < threads; i++)
        MUST(pthread_create(&movers[i], NULL, perform_movements, (void *)i));
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(movers[i], NULL));
    for (int i = 0; i < total_accounts; i++)
        sum += ledger[i];
    printf("%ld transfers, a sum of %d\n", total_trans, sum);
    printf("%ld times a first lock was given back\n", given_back);
}
