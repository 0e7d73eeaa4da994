/*
 * rare_race.c - a bank that loses money after many days on which all goes well.
 *
 * Lecture   race_condition.c
 * Adds      a gap between read and write that is short compared with everything else, as in real programs
 * Build     cc -pthread -iquote . -o beyond/rare_race beyond/rare_race.c
 * Run       beyond/rare_race [-m] [-t tellers] [-n days]       with -m the tellers take a mutex
 * Expect    many days that come out right, and then one that does not: a different one on every run
 * Try       taskset -c 0 beyond/rare_race (one processor, on Linux). How can two tellers get in each
 *           other's way if only one of them runs at a time?
 */
#include "must.h"

#include <pthread.h>

static const char usage[] = "rare_race [-m] [-t tellers] [-n days]";

/*
 * A deposit is read, count, write; another deposit written in between is lost. Real programs spend
 * nanoseconds there, and run for months before it happens. Here a deposit takes microseconds and a day
 * ten milliseconds: long enough to be interrupted, and still nearly all of it is talk with customers.
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
    pthread_cond_t morning; // a new day, or closed; waits: a teller that has finished the day
};

struct teller {
    struct bank *bank;
    unsigned short random[3]; // of this teller alone: state that is not shared needs no lock
    pthread_t thread;
};

/*
 * Takes a while. The compiler cannot look into nrand48, which is in the C library, so it reads the
 * balance before the call and writes it after, each time. Otherwise all deposits of a day might become
 * one addition, and no loss would be seen. (volatile would do the same, and is often mistaken for a cure:
 * it makes no deposit indivisible, and no thread wait for another.)
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
 * together. Returns false when the bank has closed. (This is a barrier: chapter 7.)
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

/* Day after day, until money is missing. Returns false if the mended bank has lost some. */
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

int main(int argc, char *argv[])
{
    struct bank bank = {.tellers = 2, .days = 365, .day = 1};
    struct option_line options[] = {
        {'m', .flag = &bank.mended},
        {'t', .number = &bank.tellers, .least = 2, .most = 1000},
        {'n', .number = &bank.days, .least = 1, .most = 1000000},
        {0},
    };
    read_options(argc, argv, usage, options, 0, 0);
    return run_bank(&bank) ? 0 : 1;
}
