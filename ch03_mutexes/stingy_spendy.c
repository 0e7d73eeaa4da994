/*
 * stingy_spendy.c - two threads share one balance; a mutex keeps every update whole.
 *
 * Original  sync/stingy_spendy.go
 * Run       ./stingy_spendy [-u] [-n rounds]      -u leaves the lock out: money goes missing, always
 * Expect    Stingy Done, Spendy Done, 100; with -u -9900
 * Try       take the lock once, around the whole loop. What does the pause cost now, and whom?
 * Compare   atomic_stingy_spendy.c (no lock at all); chapter 4, stingy_spendy_waits.c (waits for money)
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: stingy_spendy [-u] [-n rounds]\n";

enum { FIRST_BALANCE = 100, AMOUNT = 10 };

struct account {
    pthread_mutex_t lock; // protects: balance
    int balance;

    long rounds;   // never changes
    bool unlocked; // never changes: leave the lock out

    // Then: the steps made so far. Stingy reads, spendy reads, stingy writes, spendy writes, …
    atomic_long step;
};

struct person {
    const char *name;
    int amount; // what is added to the balance each time
    int place;  // 0 or 1: the first or the second to make its step
    struct account *account;
    pthread_t thread;
};

static void add(struct account *account, int amount)
{
    MUST(pthread_mutex_lock(&account->lock));
    account->balance += amount;
    MUST(pthread_mutex_unlock(&account->lock));
}

/*
 * The same without the lock. Even `balance += amount` is two steps, read and write, and another thread
 * may come in between. It seldom does, so here the two are made to meet in the worst way in each
 * round: both read, and then both write. Who writes last wins; what the other one did is lost.
 *
 * The gate only looks at how many steps there were. That makes an order in time, no more: as the atomics
 * are relaxed, nothing says that what one thread wrote is seen by the other, and the data race is still
 * one. (ThreadSanitizer reports it. sched_yield is a call that the compiler cannot look into, so it
 * does not move reads and writes of the balance past it.) This shows a fault; it is no way to wait.
 */
static void wait_for_step(struct account *account, long step)
{
    do
        sched_yield();
    while (atomic_load_explicit(&account->step, memory_order_relaxed) != step);
}

static void step_is_done(struct account *account)
{
    sched_yield();
    atomic_fetch_add_explicit(&account->step, 1, memory_order_relaxed);
}

static void add_without_lock(struct account *account, int amount, long round, int place)
{
    wait_for_step(account, 4 * round + place);
    int balance = account->balance;
    step_is_done(account);

    wait_for_step(account, 4 * round + 2 + place);
    account->balance = balance + amount;
    step_is_done(account);
}

static void *change_balance(void *argument)
{
    static const struct timespec millisecond = {.tv_nsec = 1000000};
    struct person *person = argument;
    struct account *account = person->account;
    for (long round = 0; round < account->rounds; round++) {
        if (account->unlocked)
            add_without_lock(account, person->amount, round, person->place);
        else
            add(account, person->amount);
        nanosleep(&millisecond, NULL);
    }
    printf("%s Done\n", person->name);
    return NULL;
}

int main(int argc, char *argv[])
{
    struct account account = {.balance = FIRST_BALANCE, .rounds = 1000};
    int option;
    while ((option = getopt(argc, argv, "un:h")) != -1) {
        switch (option) {
        case 'u':
            account.unlocked = true;
            break;
        case 'n':
            account.rounds = number_from(optarg, 1, 1000000, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (optind < argc)
        return show_usage('?', usage);

    MUST(pthread_mutex_init(&account.lock, NULL));
    struct person stingy = {.name = "Stingy", .amount = AMOUNT, .place = 0, .account = &account},
                  spendy = {.name = "Spendy", .amount = -AMOUNT, .place = 1, .account = &account};
    MUST(pthread_create(&stingy.thread, NULL, change_balance, &stingy));
    MUST(pthread_create(&spendy.thread, NULL, change_balance, &spendy));
    MUST(pthread_join(stingy.thread, NULL));
    MUST(pthread_join(spendy.thread, NULL));
    MUST(pthread_mutex_destroy(&account.lock));

    printf("%d\n", account.balance);
    if (account.unlocked)
        printf(
            "%d went missing: each round both read the same balance, and the last to write won.\n",
            FIRST_BALANCE - account.balance);
    return finish_output(0, usage);
}
