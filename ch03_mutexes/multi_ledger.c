/*
 * multi_ledger.c - a lock for each account: threads wait only when they want the same one.
 *
 * Original  spinlocks/multi_ledger.go
 * Run       ./multi_ledger [-t threads] [-a accounts] [-r reports] [-i milliseconds] [-l LOCK]
 *                        a report after each -i milliseconds; LOCK is spin, mutex or pthread-spin
 * Expect    three reports: how many transfers there were, and the sum of all accounts, which is always
 *           5000000, though the threads go on in between; at last how fast it went
 * Try       -l mutex; then -a 2, so that all threads want the same accounts; then -t 64 with it
 * Compare   stingy_spendy.c (one account, one lock); chapter 6 (what happens without an order)
 */
#include "must.h"
#include "spin_lock.h"

#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#if defined _POSIX_SPIN_LOCKS && _POSIX_SPIN_LOCKS > 0 && !defined NO_PTHREAD_SPIN
enum { HAVE_PTHREAD_SPIN = 1 };
#else // as on macOS. main refuses -l pthread-spin then, so none of these is ever called
enum { HAVE_PTHREAD_SPIN = 0 };
#define pthread_spinlock_t int
#define pthread_spin_init(lock, shared) ((void)(lock), ENOSYS)
#define pthread_spin_destroy(lock) ((void)(lock), ENOSYS)
#define pthread_spin_lock(lock) ((void)(lock), ENOSYS)
#define pthread_spin_unlock(lock) ((void)(lock), ENOSYS)
#endif

static const char usage[] = "usage: multi_ledger [-t threads] [-a accounts] [-r reports] "
                            "[-i milliseconds] [-l spin|mutex|pthread-spin]\n";

enum { FIRST_BALANCE = 100, AMOUNTS = 10 }; // 0 to 9 are moved at a time

enum kind { SPIN, MUTEX, PTHREAD_SPIN, KINDS };
static const char *const kind_names[KINDS] = {"spin", "mutex", "pthread-spin"};

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
 * Money is only moved: while nobody holds a lock, all balances add up to accounts * FIRST_BALANCE. Who
 * holds two accounts may break that, and mends it before giving them back. So who holds all accounts
 * sees it whole.
 *
 * Everybody takes locks in the order of the accounts, main, which takes all of them, too. That is why
 * no circle of threads can wait for each other: whoever waits for account i holds only lower ones. So
 * of those who wait, the one that wants the highest account waits for a thread that does not wait.
 */
struct ledger {
    enum kind kind;
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
    long transfers; // grows while the thread holds locks, so who holds all of them may read it
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

/* The processor learns soon which way these go; they cost nothing that could be measured. */

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
 * A random number from 0 to limit - 1. The state is the thread's own: for a common one they would all
 * wait. (SplitMix64 by Sebastiano Vigna, prng.di.unimi.it/splitmix64.c. With nrand48, and a state of
 * the thread's own as well, the program makes a third less.)
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
 * Holding all locks is what makes the sum right. The command only makes it come soon: none of these
 * locks is fair, and where many threads want few accounts, main might not get its turn for seconds.
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

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void pause_for(long milliseconds)
{
    struct timespec rest = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        ;
}

static enum kind kind_from(const char *name)
{
    for (int kind = 0; kind < KINDS; kind++) {
        if (strcmp(name, kind_names[kind]) == 0)
            return (enum kind)kind;
    }
    wrong_usage(name, "no such kind of lock", usage);
}

int main(int argc, char *argv[])
{
    struct ledger ledger = {.kind = SPIN, .accounts = 50000};
    long threads = 4, reports = 3, interval = 2000;
    int option;
    while ((option = getopt(argc, argv, "t:a:r:i:l:h")) != -1) {
        switch (option) {
        case 't':
            threads = number_from(optarg, 1, 1000, usage);
            break;
        case 'a':
            ledger.accounts = number_from(optarg, 2, 10000000, usage);
            break;
        case 'r':
            reports = number_from(optarg, 1, 1000000, usage);
            break;
        case 'i':
            interval = number_from(optarg, 0, 3600000, usage);
            break;
        case 'l':
            ledger.kind = kind_from(optarg);
            break;
        default:
            return show_usage(option, usage);
        }
    }
    if (optind < argc)
        return show_usage('?', usage);
    if (ledger.kind == PTHREAD_SPIN && !HAVE_PTHREAD_SPIN) {
        complain(usage, kind_names[PTHREAD_SPIN], "this system has no pthread_spin_lock");
        return 1;
    }
    create_accounts(&ledger);
    struct mover *movers = MUST_HAVE(aligned_alloc(64, (size_t)threads * sizeof *movers));
    double start = now();
    for (long i = 0; i < threads; i++) {
        movers[i] = (struct mover){.ledger = &ledger, .random = (uint64_t)i};
        MUST(pthread_create(&movers[i].thread, NULL, move_money, &movers[i]));
    }
    for (long i = 0; i < reports && !ferror(stdout); i++) {
        pause_for(interval);
        report(&ledger, movers, threads);
    }
    command(&ledger, END);
    double transfers = 0;
    for (long i = 0; i < threads; i++) {
        MUST(pthread_join(movers[i].thread, NULL));
        transfers += (double)movers[i].transfers;
    }
    printf("%.1f million transfers a second\n", transfers / (now() - start) / 1e6);
    free(movers);
    destroy_accounts(&ledger);
    return finish_output(0, usage);
}
