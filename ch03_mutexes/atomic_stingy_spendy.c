/*
 * atomic_stingy_spendy.c - two threads share one balance; each update is one atomic addition.
 *
 * Original  atomicstingyspendy/atomic_stingy_spendy.go
 * Run       ./atomic_stingy_spendy [-n rounds]
 * Expect    Stingy Done, Spendy Done, 100
 * Try       refuse to let the balance fall below 0. Why is one atomic_fetch_add not enough for that?
 *           (atomic_compare_exchange_weak in a loop is.)
 * Compare   stingy_spendy.c (with a lock); spin_lock.c (a lock made of such an operation)
 */
#include "must.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: atomic_stingy_spendy [-n rounds]\n";

enum { FIRST_BALANCE = 100, AMOUNT = 10 };

/* No lock: an operation on an atomic variable is never cut in two. */
struct account {
    _Atomic int32_t balance;
    long rounds; // never changes
};

struct person {
    const char *name;
    int32_t amount; // what is added to the balance each time
    struct account *account;
    pthread_t thread;
};

static void add(struct account *account, int32_t amount)
{
    atomic_fetch_add(&account->balance, amount);
}

static void *change_balance(void *argument)
{
    static const struct timespec millisecond = {.tv_nsec = 1000000};
    struct person *person = argument;
    for (long round = 0; round < person->account->rounds; round++) {
        add(person->account, person->amount);
        nanosleep(&millisecond, NULL);
    }
    printf("%s Done\n", person->name);
    return NULL;
}

int main(int argc, char *argv[])
{
    struct account account = {.balance = FIRST_BALANCE, .rounds = 1000};
    int option;
    while ((option = getopt(argc, argv, "n:h")) != -1) {
        switch (option) {
        case 'n':
            account.rounds = number_from(optarg, 1, 1000000, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (optind < argc)
        return show_usage('?', usage);

    struct person stingy = {.name = "Stingy", .amount = AMOUNT, .account = &account},
                  spendy = {.name = "Spendy", .amount = -AMOUNT, .account = &account};
    MUST(pthread_create(&stingy.thread, NULL, change_balance, &stingy));
    MUST(pthread_create(&spendy.thread, NULL, change_balance, &spendy));
    MUST(pthread_join(stingy.thread, NULL));
    MUST(pthread_join(spendy.thread, NULL));

    printf("%" PRId32 "\n", account.balance);
    return finish_output(0, usage);
}
