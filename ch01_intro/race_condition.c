/*
 * race_condition.c - a bank that loses money: two tellers change one balance without a lock.
 *
 * Original  none: the course opens with a bank that such a bug brought down. Its software had run for
 *           months before anyone noticed
 * Build     cc -pthread -o race_condition race_condition.c
 * Run       ./race_condition [-m]       with -m the tellers take a mutex
 * Expect    about half of the money is missing, on every run; with -m nothing is missing
 * Beyond    beyond/forced_race.c loses one deposit step by step; beyond/rare_race.c runs well for days
 */
#include "must.h"

#include <pthread.h>

enum { deposits = 100, amount = 10 }; // of each teller

static int balance;
static bool with_mutex;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects: balance, but only with -m

/* Without -m this is a data race. It is the subject of the program, not an oversight. */
static void deposit(void)
{
    int seen = balance;      // read the balance,
    pause_ms(1);             // count the money,
    balance = seen + amount; // write the balance: what was written since the read is lost
}

static void *teller(void *unused)
{
    for (int i = 0; i < deposits; i++) {
        if (with_mutex)
            MUST(pthread_mutex_lock(&lock));
        deposit();
        if (with_mutex)
            MUST(pthread_mutex_unlock(&lock));
    }
    return unused;
}

int main(int argc, char *argv[])
{
    struct option_line options[] = {{'m', .flag = &with_mutex}, {0}};
    read_options(argc, argv, "race_condition [-m]", options, 0, 0);
    pthread_t anna, ben;
    MUST(pthread_create(&anna, NULL, teller, NULL));
    MUST(pthread_create(&ben, NULL, teller, NULL));
    MUST(pthread_join(anna, NULL));
    MUST(pthread_join(ben, NULL));
    int expected = 2 * deposits * amount;
    printf("Two tellers deposited %d. The balance is %d. Lost: %d\n", expected, balance,
           expected - balance);
}
