/*
 * multi_ledger.c - a lock for each of 50 000 accounts: threads wait only when they want the same one.
 *
 * Original  spinlocks/multi_ledger.go
 * Build     cc -pthread -O2 -o multi_ledger multi_ledger.c
 * Run       ./multi_ledger
 * Expect    three reports, two seconds apart: the transfers so far, and the sum, always 5000000
 * Try       pthread_mutex_t, with pthread_mutex_lock and _unlock, in place of the spin lock
 * Beyond    beyond/ledger_locks.c compares three kinds of lock
 */
#include "must.h"
#include "spin_lock.h"

#include <pthread.h>
#include <stdatomic.h>

enum { total_accounts = 50000, max_amount_moved = 10, initial_money = 100, threads = 4 };

static int ledger[total_accounts];
static struct spin_lock locks[total_accounts]; // locks[i] protects: ledger[i]
static atomic_long total_trans;

static void *perform_movements(void *argument)
{
    unsigned short random[3] = {(unsigned short)(long)argument}; // each thread has its own
    for (;;) {
        int account_a = (int)(nrand48(random) % total_accounts);
        int account_b = (int)(nrand48(random) % total_accounts);
        while (account_a == account_b)
            account_b = (int)(nrand48(random) % total_accounts);
        int amount_to_move = (int)(nrand48(random) % max_amount_moved);
        int lower = account_a < account_b ? account_a : account_b;
        int higher = account_a < account_b ? account_b : account_a;

        spin_lock_lock(&locks[lower]);
        spin_lock_lock(&locks[higher]);

        ledger[account_a] -= amount_to_move;
        ledger[account_b] += amount_to_move;
        total_trans += 1;

        spin_lock_unlock(&locks[higher]);
        spin_lock_unlock(&locks[lower]);
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "multi_ledger");
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("Total accounts: %d  total threads: %d using SpinLocks\n", total_accounts, threads);
    for (int i = 0; i < total_accounts; i++)
        ledger[i] = initial_money;
    for (long i = 0; i < threads; i++) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, perform_movements, (void *)i));
    }
    for (int report = 1; report <= 3; report++) { // Go's loop has no end
        pause_ms(2000);
        int sum = 0;
        for (int i = 0; i < total_accounts; i++)
            spin_lock_lock(&locks[i]);
        for (int i = 0; i < total_accounts; i++)
            sum += ledger[i];
        long transactions = total_trans; // all locks are held, so it belongs to this sum
        for (int i = 0; i < total_accounts; i++)
            spin_lock_unlock(&locks[i]);
        printf("%ld %d\n", transactions, sum);
    }
}
