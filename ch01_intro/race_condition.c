/*
 * race_condition.c - a bank that loses money: its tellers share one account and take no lock.
 *
 * Original  none: the course tells it in its opening lecture, as the outage of a bank
 * Run       ./race_condition [-m] [-t tellers] [-n days]    -m is the mended one: it takes a lock
 *           ./race_condition -f                             one lost deposit, forced, step by step
 * Expect    many days that come out right, and then one that does not, another one in every run;
 *           -f: 110 where 120 was deposited, always; -m: never a loss
 * Try       taskset -c 0 ./race_condition (one processor; on Linux). How can two tellers get in each
 *           other's way if only one of them runs at a time?
 * Compare   chapter 3, stingy_spendy.c (the mutex) and atomic_stingy_spendy.c (no lock at all)
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

static const char usage[] = "usage: race_condition -f | [-m] [-t tellers] [-n days]\n";

/*
 * A deposit is read, count, write; whoever writes in between is lost. Real programs spend nanoseconds
 * there, and run for months before it happens. Here a deposit takes microseconds, and a day ten
 * milliseconds: long enough to be interrupted, and still nearly all of it is talk with the customers.
 */
enum { DEPOSITS = 5, COINS = 2000, MOST_TALK = 400000 };

struct bank {
    bool mended;
    long tellers, days;

    pthread_mutex_t account; // protects the balance, but only if the bank is mended
    long balance;            // every evening day * tellers * DEPOSITS, or money is lost

    pthread_mutex_t lock;   // protects what follows
    long day;               // from 1
    long finished;          // tellers who have finished the day
    long lost;              // what was missing in the evening
    bool closed;            // there is no next day
    pthread_cond_t morning; // a new day, or closed; waits: who has finished before the others
};

struct teller {
    struct bank *bank;
    unsigned short random[3]; // of this teller alone: state that is not shared needs no lock
    pthread_t thread;
};

/*
 * Takes a while. The compiler cannot look into nrand48, which is in the C library: for all it knows it
 * uses the balance. So the balance is read before the call and written after it, each time; otherwise
 * all deposits of a day might become one addition, and nothing would be seen. (Volatile would do that,
 * too, and be taken for what it is not: it makes no deposit whole, and no thread wait for another.)
 */
static void pass_time(struct teller *teller, long steps)
{
    while (steps-- > 0)
        nrand48(teller->random);
}

static void deposit(struct teller *teller)
{
    struct bank *bank = teller->bank;
    if (bank->mended)
        MUST(pthread_mutex_lock(&bank->account));
    long seen = bank->balance;
    pass_time(teller, COINS);
    bank->balance = seen + 1;
    if (bank->mended)
        MUST(pthread_mutex_unlock(&bank->account));
}

/*
 * The last teller to finish the day adds up; the others wait for that, so that all begin the next day
 * together. False: the bank has closed. (This is a barrier: chapter 7.)
 */
static bool next_day(struct bank *bank)
{
    MUST(pthread_mutex_lock(&bank->lock));
    long today = bank->day;
    if (++bank->finished == bank->tellers) {
        bank->finished = 0;
        bank->lost = today * bank->tellers * DEPOSITS - bank->balance;
        if (bank->lost != 0 || today == bank->days)
            bank->closed = true;
        else
            bank->day++;
        MUST(pthread_cond_broadcast(&bank->morning));
    }
    while (bank->day == today && !bank->closed)
        MUST(pthread_cond_wait(&bank->morning, &bank->lock));
    bool open = !bank->closed;
    MUST(pthread_mutex_unlock(&bank->lock));
    return open;
}

static void *work(void *argument)
{
    struct teller *teller = argument;
    do {
        for (int i = 0; i < DEPOSITS; i++) {
            pass_time(teller, nrand48(teller->random) % MOST_TALK); // customers like to talk
            deposit(teller);
        }
    } while (next_day(teller->bank));
    return NULL;
}

/* Day after day, until money is missing. False: the mended bank has lost some, which cannot be. */
static bool run_bank(struct bank *bank)
{
    MUST(pthread_mutex_init(&bank->account, NULL));
    MUST(pthread_mutex_init(&bank->lock, NULL));
    MUST(pthread_cond_init(&bank->morning, NULL));
    struct teller *tellers = MUST_HAVE(calloc((size_t)bank->tellers, sizeof *tellers));
    for (long i = 0; i < bank->tellers; i++) {
        tellers[i] = (struct teller){.bank = bank, .random = {(unsigned short)i}};
        MUST(pthread_create(&tellers[i].thread, NULL, work, &tellers[i]));
    }
    for (long i = 0; i < bank->tellers; i++)
        MUST(pthread_join(tellers[i].thread, NULL));
    free(tellers);
    MUST(pthread_cond_destroy(&bank->morning));
    MUST(pthread_mutex_destroy(&bank->lock));
    MUST(pthread_mutex_destroy(&bank->account));

    printf("%ld tellers, %d deposits of 1 each a day, %s.\n", bank->tellers, DEPOSITS,
           bank->mended ? "under a lock" : "no lock");
    printf("Days that came out right: %ld\n", bank->lost == 0 ? bank->day : bank->day - 1);
    if (bank->lost != 0)
        printf("Day %ld: the balance is %ld, and should be %ld. Lost: %ld\n", bank->day,
               bank->balance, bank->balance + bank->lost, bank->lost);
    else if (!bank->mended)
        printf("Nothing was lost this time. It will be.\n");
    return bank->lost == 0 || !bank->mended;
}

/* The forced version. */

struct forced {
    long balance;
    atomic_int step;
};

/*
 * Relaxed: the steps come in their order (sched_yield is another function that the compiler knows
 * nothing about), but no thread is promised to see what the others did. An acquiring load here and a
 * releasing store below would promise it; then ThreadSanitizer would not call this a data race.
 */
static void wait_for_step(struct forced *forced, int step)
{
    do
        sched_yield();
    while (atomic_load_explicit(&forced->step, memory_order_relaxed) != step);
}

static void finish_step(struct forced *forced)
{
    atomic_fetch_add_explicit(&forced->step, 1, memory_order_relaxed);
}

static void *anna(void *argument)
{
    struct forced *forced = argument;
    wait_for_step(forced, 0);
    long seen = forced->balance;
    printf("Anna reads  %ld\n", seen);
    finish_step(forced);
    wait_for_step(forced, 3);
    forced->balance = seen + 10;
    printf("Anna writes %ld\n", seen + 10);
    finish_step(forced);
    return NULL;
}

static void *ben(void *argument)
{
    struct forced *forced = argument;
    wait_for_step(forced, 1);
    long seen = forced->balance;
    printf("                  Ben reads  %ld\n", seen);
    finish_step(forced);
    wait_for_step(forced, 2);
    forced->balance = seen + 10;
    printf("                  Ben writes %ld\n", seen + 10);
    finish_step(forced);
    return NULL;
}

static void force(void)
{
    struct forced forced = {.balance = 100};
    pthread_t threads[2];
    printf("The balance is 100. Anna and Ben deposit 10 each.\n");
    MUST(pthread_create(&threads[0], NULL, anna, &forced));
    MUST(pthread_create(&threads[1], NULL, ben, &forced));
    MUST(pthread_join(threads[0], NULL));
    MUST(pthread_join(threads[1], NULL));
    printf("The balance is %ld, and should be 120. Lost: %ld\n", forced.balance,
           120 - forced.balance);
}

int main(int argc, char *argv[])
{
    struct bank bank = {.tellers = 2, .days = 365, .day = 1};
    bool forced = false;
    int option, options = 0;
    while ((option = getopt(argc, argv, "fmt:n:h")) != -1) {
        options++;
        switch (option) {
        case 'f':
            forced = true;
            break;
        case 'm':
            bank.mended = true;
            break;
        case 't':
            bank.tellers = number_from(optarg, 2, 1000, usage);
            break;
        case 'n':
            bank.days = number_from(optarg, 1, 1000000, usage);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (argc > optind || (forced && options > 1))
        return show_usage('?', usage);
    if (forced) {
        force();
        return finish_output(0, usage);
    }
    bool right = run_bank(&bank);
    return finish_output(right ? 0 : 1, usage);
}
