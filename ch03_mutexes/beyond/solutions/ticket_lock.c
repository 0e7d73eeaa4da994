/*
 * ticket_lock.c - a fair spin lock in the ledger, beside the lecture's, with 4 threads and with 64.
 *
 * Exercise 3 of chapter 3
 * Shows     what fairness costs when the thread whose turn it is has no processor
 * Build     cc -pthread -iquote . -o beyond/solutions/ticket_lock beyond/solutions/ticket_lock.c
 * Run       beyond/solutions/ticket_lock
 * Expect    four lines: the lock, the threads, the transfers in half a second, and the sum, always 1000.
 *           With 64 threads the fair lock makes far fewer transfers, the other one hardly fewer
 */
#include "must.h"
#include "spin_lock.h"

#include <pthread.h>
#include <stdatomic.h>

enum { total_accounts = 10, initial_money = 100, most_threads = 64 };

/* Each thread draws a number and waits until it is served: first come, first served. */
struct ticket_lock {
    atomic_uint next, served;
};

static void ticket_lock_lock(struct ticket_lock *lock)
{
    unsigned mine = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
    while (atomic_load_explicit(&lock->served, memory_order_acquire) != mine)
        sched_yield();
}

static void ticket_lock_unlock(struct ticket_lock *lock)
{
    // Only the holder changes `served`, so a load and a store are enough.
    unsigned mine = atomic_load_explicit(&lock->served, memory_order_relaxed);
    atomic_store_explicit(&lock->served, mine + 1, memory_order_release);
}

static struct account {
    struct spin_lock spin_lock; // one of the two protects: money
    struct ticket_lock ticket_lock;
    int money;
} ledger[total_accounts];
static bool fair; // which one
static atomic_long total_trans;
static atomic_bool over;

static void lock(struct account *account)
{
    fair ? ticket_lock_lock(&account->ticket_lock) : spin_lock_lock(&account->spin_lock);
}

static void unlock(struct account *account)
{
    fair ? ticket_lock_unlock(&account->ticket_lock) : spin_lock_unlock(&account->spin_lock);
}

static void *perform_movements(void *argument)
{
    unsigned short random[3] = {(unsigned short)(long)argument};
    long transfers = 0;
    do {
        long lower = nrand48(random) % (total_accounts - 1);
        long higher = lower + 1 + nrand48(random) % (total_accounts - 1 - lower);
        int amount_to_move = (int)(nrand48(random) % 19) - 9; // below 0: the other way round
        lock(&ledger[lower]);
        lock(&ledger[higher]);
        ledger[lower].money -= amount_to_move;
        ledger[higher].money += amount_to_move;
        unlock(&ledger[higher]);
        unlock(&ledger[lower]);
        transfers++;
    } while (!over);
    total_trans += transfers;
    return NULL;
}

static void measure(bool with_tickets, int threads)
{
    pthread_t movers[most_threads];
    int sum = 0;
    fair = with_tickets;
    over = false;
    total_trans = 0;
    for (long i = 0; i < threads; i++)
        MUST(pthread_create(&movers[i], NULL, perform_movements, (void *)i));
    pause_ms(500);
    over = true;
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(movers[i], NULL));
    for (int i = 0; i < total_accounts; i++)
        sum += ledger[i].money;
    printf("%-11s %2d threads %9ld transfers, a sum of %d\n", fair ? "ticket lock" : "spin lock",
           threads, total_trans, sum);
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "ticket_lock");
    for (int i = 0; i < total_accounts; i++)
        ledger[i].money = initial_money;
    measure(false, 4);
    measure(true, 4);
    measure(false, 64);
    measure(true, 64);
}
