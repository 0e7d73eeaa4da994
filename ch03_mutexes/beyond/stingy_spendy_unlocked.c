/*
 * stingy_spendy_unlocked.c - without the lock, money is lost: in every round, on every run.
 *
 * Lecture   stingy_spendy.c
 * Adds      makes the two threads clash in the worst way, so that the fault needs no bad luck
 * Build     cc -pthread -iquote . -o beyond/stingy_spendy_unlocked beyond/stingy_spendy_unlocked.c
 * Run       beyond/stingy_spendy_unlocked [-n rounds]
 * Expect    Stingy Done, Spendy Done, -9900, and how much went missing
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static const char usage[] = "stingy_spendy_unlocked [-n rounds]";

enum { first_balance = 100 };

static int money = first_balance;
static long rounds = 1000;

// The steps so far: stingy reads, spendy reads, stingy writes, spendy writes, and so on.
static atomic_long step;

/*
 * `money += 10` is two steps, a read and a write, and another thread may come between them. That seldom
 * happens, so here it is forced: in each round both threads read, and then both write. The last to write
 * wins; what the other one did is lost.
 *
 * The steps only order the two threads in time. As the atomics are relaxed, nothing promises that one
 * thread sees what the other one wrote, so the data race is still a data race, and ThreadSanitizer
 * reports it. (The compiler does not move reads and writes of money past sched_yield, a call that
 * it cannot look into.) This shows a fault; it is no way to wait.
 */
static void wait_for_step(long wanted)
{
    do
        sched_yield();
    while (atomic_load_explicit(&step, memory_order_relaxed) != wanted);
}

static void finish_step(void)
{
    sched_yield();
    atomic_fetch_add_explicit(&step, 1, memory_order_relaxed);
}

/* `place`: 0 for the thread that goes first in each round, 1 for the other. */
static void add(int amount, long round, int place)
{
    wait_for_step(4 * round + place);
    int balance = money;
    finish_step();

    wait_for_step(4 * round + 2 + place);
    money = balance + amount;
    finish_step();
}

static void *stingy(void *unused)
{
    for (long round = 0; round < rounds; round++)
        add(10, round, 0);
    puts("Stingy Done");
    return unused;
}

static void *spendy(void *unused)
{
    for (long round = 0; round < rounds; round++)
        add(-10, round, 1);
    puts("Spendy Done");
    return unused;
}

int main(int argc, char *argv[])
{
    struct option_line options[] = {{'n', .number = &rounds, .least = 1, .most = 1000000}, {0}};
    read_options(argc, argv, usage, options, 0, 0);
    pthread_t stingy_thread, spendy_thread;
    MUST(pthread_create(&stingy_thread, NULL, stingy, NULL));
    MUST(pthread_create(&spendy_thread, NULL, spendy, NULL));
    MUST(pthread_join(stingy_thread, NULL));
    MUST(pthread_join(spendy_thread, NULL));
    printf("%d\n", money);
    printf("%d went missing: both read the same balance, and the last to write won.\n",
           first_balance - money);
}
