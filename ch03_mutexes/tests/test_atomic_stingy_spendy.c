/*
 * test_atomic_stingy_spendy.c - no addition is lost, and no lock is there. (The program as a whole is
 * tested in test_stingy_spendy.c.)
 */
#define main atomic_stingy_spendy_main
#include "../atomic_stingy_spendy.c"
#undef main

#include "cases.h"

#include <sched.h>

/* Many additions at once, without a pause. Called by a pointer, so that the compiler keeps them. */
static void (*volatile add_to)(struct account *, int32_t) = add;

enum { ADDERS = 4 };
static atomic_int here;

static void *add_often(void *argument)
{
    struct person *person = argument;
    atomic_fetch_add(&here, 1);
    while (atomic_load(&here) < ADDERS)
        sched_yield();
    for (int i = 0; i < 100 * ROUNDS; i++)
        add_to(person->account, person->amount);
    return NULL;
}

START_TEST(test_add)
{
    struct account account = {.balance = FIRST_BALANCE};
    struct person persons[ADDERS];
    for (int i = 0; i < ADDERS; i++) {
        persons[i] = (struct person){.amount = i, .account = &account};
        MUST(pthread_create(&persons[i].thread, NULL, add_often, &persons[i]));
    }
    for (int i = 0; i < ADDERS; i++)
        MUST(pthread_join(persons[i].thread, NULL));
    ck_assert_int_eq(account.balance, FIRST_BALANCE + 100 * ROUNDS * (0 + 1 + 2 + 3));
}
END_TEST

TCase *atomic_stingy_spendy_cases(void)
{
    TCase *cases = tcase_create("atomic_stingy_spendy");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_add);
    return cases;
}
