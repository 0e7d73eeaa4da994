/*
 * stingy_spendy_waits.c - a thread that needs 20 waits, on a condition variable, until they are there.
 *
 * Original  condvariables/stingy_spendy_waits.go
 * Run       ./stingy_spendy_waits [-i] [-n rounds] [-q]
 *                                        -i asks for the money with `if` instead of `while`: it is
 *                                        spent before it is there, every time; -q prints only the end
 * Expect    what each of them sees, that spendy could not make 495 withdrawals, and a balance of 0
 * Try       let stingy signal only when the balance has reached 20. Is `if` enough then? And with two
 *           spendies?
 * Compare   chapter 3, stingy_spendy.c (never waits for money); signal_before_wait.c
 */
#include "must.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static const char usage[] = "usage: stingy_spendy_waits [-i] [-n rounds] [-q]\n";

enum { START = 100, DEPOSIT = 10, WITHDRAWAL = 20, ROUNDS_UNTIL_EMPTY = START / WITHDRAWAL };

struct account {
    int rounds;      // never changes
    bool quiet;      // -q
    bool looks_once; // -i

    pthread_mutex_t lock; // protects all that follows
    int balance;          // >= 0 while nobody holds the lock; with -i it falls below
    bool stingy_done;     // no more money will come
    // balance has grown, or stingy_done. Waits: spendy, while there are less than 20.
    pthread_cond_t money_came;

    // To force the order with -i: stingy deposits only while spendy waits.
    bool spendy_waits; // and has not been signalled since
    bool spendy_done;
    pthread_cond_t spendy_moved; // one of these two has become true; waits: stingy
};

/* Gives the other one a turn, as the original does. Nothing depends on it. */
static void pause_a_millisecond(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void report(const struct account *account, const char *who)
{
    if (!account->quiet)
        printf("%s sees balance of  %d\n", who, account->balance);
}

/* With -i: waits until spendy waits. False: spendy has ended instead, and has shown what it should. */
static bool may_deposit(struct account *account)
{
    while (account->looks_once && !account->spendy_waits && !account->spendy_done)
        MUST(pthread_cond_wait(&account->spendy_moved, &account->lock));
    return !account->looks_once || !account->spendy_done;
}

static void *stingy(void *argument)
{
    struct account *account = argument;
    bool more = true;
    for (int i = 0; i < account->rounds && more; i++) {
        MUST(pthread_mutex_lock(&account->lock));
        more = may_deposit(account);
        if (more) {
            account->balance += DEPOSIT;
            report(account, "Stingy");
            account->spendy_waits = false;
            MUST(pthread_cond_signal(&account->money_came));
        }
        MUST(pthread_mutex_unlock(&account->lock));
        pause_a_millisecond();
    }
    MUST(pthread_mutex_lock(&account->lock));
    puts("Stingy Done");
    account->stingy_done = true;
    MUST(pthread_cond_signal(&account->money_came));
    MUST(pthread_mutex_unlock(&account->lock));
    return NULL;
}

/* Unlocks, sleeps until it is woken, and locks again. Then it is time to look, and not yet to spend. */
static void wait_for_money(struct account *account)
{
    account->spendy_waits = true;
    MUST(pthread_cond_signal(&account->spendy_moved));
    MUST(pthread_cond_wait(&account->money_came, &account->lock));
}

/* Spends 20, when they are there. False: there is no more to do. */
static bool withdraw(struct account *account, int withdrawals_left)
{
    if (account->looks_once) {
        if (account->balance < WITHDRAWAL) // the fault
            wait_for_money(account);
    } else {
        while (account->balance < WITHDRAWAL && !account->stingy_done)
            wait_for_money(account);
        if (account->balance < WITHDRAWAL) {
            printf("Spendy could not make %d withdrawals\n", withdrawals_left);
            return false;
        }
    }
    account->balance -= WITHDRAWAL;
    report(account, "Spendy");
    if (account->balance < 0) {
        printf("Spendy was woken, did not look again, and took %d where %d were there\n",
               WITHDRAWAL, account->balance + WITHDRAWAL);
        return false;
    }
    return withdrawals_left > 1;
}

static void *spendy(void *argument)
{
    struct account *account = argument;
    bool more = true;
    for (int i = 0; i < account->rounds && more; i++) {
        MUST(pthread_mutex_lock(&account->lock));
        more = withdraw(account, account->rounds - i);
        MUST(pthread_mutex_unlock(&account->lock));
        pause_a_millisecond();
    }
    MUST(pthread_mutex_lock(&account->lock));
    puts("Spendy Done");
    account->spendy_done = true;
    MUST(pthread_cond_signal(&account->spendy_moved));
    MUST(pthread_mutex_unlock(&account->lock));
    return NULL;
}

int main(int argc, char *argv[])
{
    struct account account = {.rounds = 1000, .balance = START};
    int option;
    while ((option = getopt(argc, argv, "in:qh")) != -1) {
        switch (option) {
        case 'i':
            account.looks_once = true;
            break;
        case 'n':
            account.rounds = (int)number_from(optarg, 1, 1000000, usage);
            break;
        case 'q':
            account.quiet = true;
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (optind < argc)
        return show_usage('?', usage);
    if (account.looks_once && account.rounds <= ROUNDS_UNTIL_EMPTY)
        wrong_usage("-i", "takes 6 rounds or more: in the first 5 nobody has to wait", usage);

    MUST(pthread_mutex_init(&account.lock, NULL));
    MUST(pthread_cond_init(&account.money_came, NULL));
    MUST(pthread_cond_init(&account.spendy_moved, NULL));
    pthread_t threads[2];
    MUST(pthread_create(&threads[0], NULL, stingy, &account));
    MUST(pthread_create(&threads[1], NULL, spendy, &account));
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL));
    printf("%d\n", account.balance);
    MUST(pthread_cond_destroy(&account.spendy_moved));
    MUST(pthread_cond_destroy(&account.money_came));
    MUST(pthread_mutex_destroy(&account.lock));
    return finish_output(0, usage);
}
