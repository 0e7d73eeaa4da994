/*
 * never_below_zero.c - a test and a subtraction are two steps; compare and swap makes them one.
 *
 * Exercise 1 of chapter 3
 * Shows     two threads that both see 10 and both withdraw it; then the loop in which only one can
 * Build     cc -pthread -iquote . -o beyond/solutions/never_below_zero beyond/solutions/never_below_zero.c
 * Run       beyond/solutions/never_below_zero
 * Expect    -10 after the test and the subtraction, 0 after compare and swap; then stingy deposits, spendy
 *           withdraws what it can, and no money is missing
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { changes = 10000 };

static atomic_int money, lookers, withdrawn;

/* Forces the worst order: goes on when both threads have seen the money. */
static void let_both_look(void)
{
    atomic_fetch_add(&lookers, 1);
    while (lookers < 2)
        sched_yield();
}

/* The fault: between the test and the subtraction another thread may take the money. */
static void *test_then_subtract(void *unused)
{
    bool enough = money >= 10;
    let_both_look();
    if (enough)
        atomic_fetch_sub(&money, 10);
    return unused;
}

/* The cure: subtracts only from the balance that was tested. If it has changed, tests the new one. */
static void *compare_and_swap(void *unused)
{
    int balance = money;
    let_both_look();
    while (balance >= 10) {
        // On failure `balance` becomes what `money` is now.
        if (atomic_compare_exchange_weak(&money, &balance, balance - 10)) {
            atomic_fetch_add(&withdrawn, 10);
            break;
        }
    }
    return unused;
}

static void *stingy(void *unused)
{
    for (int i = 0; i < changes; i++)
        atomic_fetch_add(&money, 10);
    return unused;
}

static void *spendy(void *unused)
{
    for (int i = 0; i < changes; i++)
        compare_and_swap(NULL);
    return unused;
}

static void run_both(void *(*one)(void *), void *(*other)(void *))
{
    pthread_t threads[2];
    MUST(pthread_create(&threads[0], NULL, one, NULL));
    MUST(pthread_create(&threads[1], NULL, other, NULL));
    MUST(pthread_join(threads[0], NULL));
    MUST(pthread_join(threads[1], NULL));
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "never_below_zero");
    money = 10;
    run_both(test_then_subtract, test_then_subtract);
    printf("Test, then subtract: %d\n", money);

    money = 10;
    lookers = 0;
    run_both(compare_and_swap, compare_and_swap);
    printf("Compare and swap: %d\n", money);

    money = 0;
    withdrawn = 0;
    run_both(stingy, spendy);
    printf("Deposited: %d. Withdrawn and left: %d\n", changes * 10, withdrawn + money);
}
