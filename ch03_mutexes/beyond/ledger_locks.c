/*
 * ledger_locks.c - the ledger with three kinds of lock, side by side with the balances.
 *
 * Lecture   multi_ledger.c
 * Adds      a choice of locks; each lock in the same cache line as its balance; each thread counts its
 *           own transfers; random numbers that take a nanosecond
 * Build     cc -pthread -iquote . -o beyond/ledger_locks beyond/ledger_locks.c
 * Run       beyond/ledger_locks [-t threads] [-a accounts] [-r reports] [-i milliseconds]
 *                               [-l spin|mutex|pthread-spin]
 * Expect    a report after each -i milliseconds: how many transfers there were, and the sum of all
 *           accounts, always 5000000, though the threads go on in between; at the end, how fast it was
 * Try       -l mutex; then -a 2, so that all threads want the same accounts; then that with -t 64
 */
#include "must.h"
#include "spin_lock.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#if defined _POSIX_SPIN_LOCKS && _POSIX_SPIN_LOCKS > 0 && !defined NO_PTHREAD_SPIN
static const bool has_pthread_spin = true;
#else // as on macOS. main refuses -l pthread-spin then, so none of these is ever called
static const bool has_pthread_spin = false;
#define pthread_spinlock_t int
#define pthread_spin_init(lock, shared) ((void)(lock), ENOSYS)
#define pthread_spin_destroy(lock) ((void)(lock), ENOSYS)
#define pthread_spin_lock(lock) ((void)(lock), ENOSYS)
#define pthread_spin_unlock(lock) ((void)(lock), ENOSYS)
#endif

static const char usage[] = "ledger_locks [-t threads] [-a accounts] [-r reports]\n"
                            "                    [-i milliseconds] [-l spin|mutex|pthread-spin]";

enum { FIRST_BALANCE = 100, AMOUNTS = 10 }; // 0 to 9 are moved at a time

enum kind { SPIN, MUTEX, PTHREAD_SPIN };
static const char *const kind_names[] = {"spin", "mutex", "pthread-spin", NULL};

/* A lock lies beside what it protects: both come into the processor's cache together. */
struct spin_account {
    struct spin_lock lock; // protects: balance
    int balance;
};

struct mutex_account {
    pthread_mutex_t lock; // protects: balance
    int balance;
};

struct pthread_spin_account {
    pthread_spinlock_t lock; // protects: balance
    int balance;
};

/*
 * Money is only moved: while no lock is held, all balances add up to accounts * FIRST_BALANCE. A thread
 * that holds two accounts may break that, and restores it before it unlocks them. So a thread that
 * holds all accounts sees the right sum.
 *
 * Every thread takes its locks in the order of the accounts, even main, which takes all of them. So
 * no cycle of waiting threads can form: a thread that waits for an account holds only lower ones, and
 * of all waiting threads the one that wants the highest account waits for a thread that is running.
 */
struct ledger {
    int kind; // enum kind
    long accounts;
    struct spin_account *spin; // one of these three, as kind says; the others are NULL
    struct mutex_account *mutex;
    struct pthread_spin_account *pthread_spin;

    atomic_int command; // main tells the threads what to do
};

enum command { MOVE_MONEY, LET_MAIN_PASS, END };

/* A thread. It writes here all the time, so it has a cache line to itself. */
struct mover {
    alignas(64) struct ledger *ledger;
    uint64_t random;
    long transfers; // grows while the thread holds locks, so main may read it with all locks
    pthread_t thread;
};

static void create_accounts(struct ledger *ledger)
{
    size_t accounts = (size_t)ledger->accounts;
    switch (ledger->kind) {
    case SPIN:
        ledger->spin = MUST_HAVE(calloc(accounts, sizeof *ledger->spin));
        for (size_t i = 0; i < accounts; i++)
            ledger->spin[i] = (struct spin_account){SPIN_LOCK_INITIALIZER, FIRST_BALANCE};
        break;
    case MUTEX:
        ledger->mutex = MUST_HAVE(calloc(accounts, sizeof *ledger->mutex));
        for (size_t i = 0; i < accounts; i++) {
            MUST(pthread_mutex_init(&ledger->mutex[i].lock, NULL));
            ledger->mutex[i].balance = FIRST_BALANCE;
        }
        break;
    default:
        ledger->pthread_spin = MUST_HAVE(calloc(accounts, sizeof *ledger->pthread_spin));
        for (size_t i = 0; i < accounts; i++) {
            MUST(pthread_spin_init(&ledger->pthread_spin[i].lock, PTHREAD_PROCESS_PRIVATE));
            ledger->pthread_spin[i].balance = FIRST_BALANCE;
        }
    }
}

static void destroy_accounts(struct ledger *ledger)
{
    for (long i = 0; i < ledger->accounts; i++) {
        if (ledger->kind == MUTEX)
            MUST(pthread_mutex_destroy(&ledger->mutex[i].lock));
        if (ledger->kind == PTHREAD_SPIN)
            MUST(pthread_spin_destroy(&ledger->pthread_spin[i].lock));
    }
    free(ledger->spin);
    free(ledger->mutex);
    free(ledger->pthread_spin);
}

/* The processor soon predicts these branches, so their cost is too small to measure. */

static inline void lock(struct ledger *ledger, long i)
{
    switch (ledger->kind) {
    case SPIN:
        spin_lock_lock(&ledger->spin[i].lock);
        break;
    case MUTEX:
        MUST(pthread_mutex_lock(&ledger->mutex[i].lock));
        break;
    default:
        MUST(pthread_spin_lock(&ledger->pthread_spin[i].lock));
    }
}

static inline void unlock(struct ledger *ledger, long i)
{
    switch (ledger->kind) {
    case SPIN:
        spin_lock_unlock(&ledger->spin[i].lock);
        break;
    case MUTEX:
        MUST(pthread_mutex_unlock(&ledger->mutex[i].lock));
        break;
    default:
        MUST(pthread_spin_unlock(&ledger->pthread_spin[i].lock));
    }
}

static inline int *balance(struct ledger *ledger, long i)
{
    switch (ledger->kind) {
    case SPIN:
        return &ledger->spin[i].balance;
    case MUTEX:
        return &ledger->mutex[i].balance;
    default:
        return &ledger->pthread_spin[i].balance;
    }
}

/*
 * A random number from 0 to limit - 1. The state is the thread's own: all threads would wait for a
 * common one. (SplitMix64 by Sebastiano Vigna, prng.di.unimi.it/splitmix64.c. With nrand48 the
 * program makes a third fewer transfers.)
 */
static inline long random_below(uint64_t *state, long limit)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    z ^= z >> 31;
    return (long)((z >> 32) * (uint64_t)limit >> 32);
}

static void transfer(struct mover *mover)
{
    struct ledger *ledger = mover->ledger;
    long from = random_below(&mover->random, ledger->accounts);
    long to = random_below(&mover->random, ledger->accounts - 1);
    if (to >= from)
        to++; // another account, each as likely as the next
    int amount = (int)random_below(&mover->random, AMOUNTS);
    long lower = from < to ? from : to, higher = from < to ? to : from;

    lock(ledger, lower);
    lock(ledger, higher);
    *balance(ledger, from) -= amount;
    *balance(ledger, to) += amount;
    mover->transfers++;
    unlock(ledger, higher);
    unlock(ledger, lower);
}

static void *move_money(void *argument)
{
    struct mover *mover = argument;
    for (;;) {
        switch (atomic_load_explicit(&mover->ledger->command, memory_order_relaxed)) {
        case MOVE_MONEY:
            transfer(mover);
            break;
        case LET_MAIN_PASS:
            sched_yield();
            break;
        default:
            return NULL;
        }
    }
}

static void command(struct ledger *ledger, enum command to_do)
{
    atomic_store_explicit(&ledger->command, to_do, memory_order_relaxed);
}

/*
 * Holding all locks is what makes the sum right. The command only makes the report come soon: none of
 * these locks is fair, and where many threads want few accounts, main might wait for seconds.
 */
static void report(struct ledger *ledger, const struct mover *movers, long threads)
{
    long long transfers = 0, sum = 0;
    command(ledger, LET_MAIN_PASS);
    for (long i = 0; i < ledger->accounts; i++)
        lock(ledger, i);
    for (long i = 0; i < threads; i++)
        transfers += movers[i].transfers;
    for (long i = 0; i < ledger->accounts; i++)
        sum += *balance(ledger, i);
    for (long i = 0; i < ledger->accounts; i++)
        unlock(ledger, i);
    command(ledger, MOVE_MONEY);
    printf("%lld %lld\n", transfers, sum);
    fflush(stdout);
}

int main(int argc, char *argv[])
{
    struct ledger ledger = {.kind = SPIN, .accounts = 50000};
    long threads = 4, reports = 3, interval = 2000;
    struct option_line options[] = {
        {'t', .number = &threads, .least = 1, .most = 1000},
        {'a', .number = &ledger.accounts, .least = 2, .most = 10000000},
        {'r', .number = &reports, .least = 1, .most = 1000000},
        {'i', .number = &interval, .least = 0, .most = 3600000},
        {'l', .choice = &ledger.kind, .words = kind_names},
        {0},
    };
    read_options(argc, argv, usage, options, 0, 0);
    if (ledger.kind == PTHREAD_SPIN && !has_pthread_spin)
        give_up(usage, kind_names[PTHREAD_SPIN], "this system has no pthread_spin_lock");
    create_accounts(&ledger);
    void *memory;
    MUST(posix_memalign(&memory, alignof(struct mover), (size_t)threads * sizeof(struct mover)));
    struct mover *movers = memory;
    double start = seconds();
    for (long i = 0; i < threads; i++) {
        movers[i] = (struct mover){.ledger = &ledger, .random = (uint64_t)i};
        MUST(pthread_create(&movers[i].thread, NULL, move_money, &movers[i]));
    }
    for (long i = 0; i < reports && !ferror(stdout); i++) {
        pause_ms(interval);
        report(&ledger, movers, threads);
    }
    command(&ledger, END);
    double transfers = 0;
    for (long i = 0; i < threads; i++) {
        MUST(pthread_join(movers[i].thread, NULL));
        transfers += (double)movers[i].transfers;
    }
    printf("%.1f million transfers a second\n", transfers / (seconds() - start) / 1e6);
    free(movers);
    destroy_accounts(&ledger);
}
