/*
 * test_watch_graph.c - the graphs of lock_watch by themselves, with and without sanitizers.
 */
#include "cases.h"

#include "../lock_watch/watch_graph.c"
#include "../lock_watch/watch_orders.c"
#include "../lock_watch/watch_tables.c"
#include "must.h"

#include <pthread.h>

static int mutexes[8]; // only their addresses are used
static const struct watch_stack *const here = &(struct watch_stack){.count = 0};

static struct watch_lock *get(int i)
{
    return watch_lock_at(&mutexes[i], WATCH_MUTEX, here);
}

/* The thread begins to wait for a lock; returns the length of the cycle that this closes. And it stops. */
static unsigned int begins_to_wait(struct watch_thread *thread, struct watch_lock *lock,
                                   enum watch_what what)
{
    static struct watch_thread *cycle[MOST_THREADS];
    const struct watch_wait wait = {.what = what, .lock = lock, .place = here};
    sigset_t mask;
    watch_graph_lock(&mask);
    unsigned int length = watch_wait_begins(thread, &wait, cycle);
    watch_graph_unlock(&mask);
    return length;
}

static void ends_to_wait(struct watch_thread *thread)
{
    WRITE(thread->waits, false);
}

/* The thread gets it; and locks two, one in the other. */
static void lock(struct watch_thread *thread, int i)
{
    watch_locked(thread, get(i), here, BY_WAITING);
}

static void lock_two(struct watch_thread *thread, int i, int j)
{
    lock(thread, i);
    lock(thread, j);
    watch_unlocks(thread, get(j));
    watch_unlocks(thread, get(i));
}

static unsigned int warnings(void)
{
    unsigned int count;
    watch_warnings(&count);
    return count;
}

START_TEST(test_cycles)
{
    enum { THREADS = 5 };
    struct watch_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        threads[i] = watch_thread_new(NULL);
        ck_assert_uint_eq(threads[i]->number, (unsigned int)i + 1);
        lock(threads[i], i);
    }
    // A chain is no cycle: 1 waits for 2, 2 for 3, and so on; nor is one beside the chain.
    for (int i = THREADS - 2; i >= 0; i--)
        ck_assert_uint_eq(begins_to_wait(threads[i], get(i + 1), WATCH_TO_LOCK), 0);
    ck_assert_uint_eq(begins_to_wait(threads[THREADS - 1], get(THREADS), WATCH_TO_LOCK), 0);
    ends_to_wait(threads[THREADS - 1]);

    // A thread that has given up waiting, or has ended, is in no cycle.
    ends_to_wait(threads[2]);
    ck_assert_uint_eq(begins_to_wait(threads[THREADS - 1], get(0), WATCH_TO_LOCK), 0);
    ends_to_wait(threads[THREADS - 1]);
    begins_to_wait(threads[2], get(3), WATCH_TO_LOCK);
    unsigned long identity = threads[3]->identity;
    watch_thread_end(threads[3]);
    ck_assert_ptr_null(watch_thread_of(identity));
    struct watch_thread *next = watch_thread_new(NULL); // in the same place
    ck_assert_ptr_eq(next, threads[3]);
    begins_to_wait(next, get(4), WATCH_TO_LOCK);
    ck_assert_uint_eq(begins_to_wait(threads[THREADS - 1], get(0), WATCH_TO_LOCK), 0);
    ends_to_wait(threads[THREADS - 1]);

    // The last arrow closes the cycle, wherever it is.
    watch_lock_end(&mutexes[3]);
    lock(next, 3);
    begins_to_wait(threads[2], get(3), WATCH_TO_LOCK);
    ck_assert_uint_eq(begins_to_wait(threads[THREADS - 1], get(0), WATCH_TO_LOCK), THREADS);
}
END_TEST

START_TEST(test_sleeper_in_cycle)
{
    struct watch_thread *one = watch_thread_new(NULL), *other = watch_thread_new(NULL);
    lock(one, 0);
    lock(one, 1);
    watch_unlocks(one, get(1));
    const struct watch_wait asleep = {.what = WATCH_TO_WAKE, .mutex = get(1), .place = here};
    static struct watch_thread *cycle[MOST_THREADS];
    ck_assert_uint_eq(watch_wait_begins(one, &asleep, cycle), 0);
    lock(other, 1);
    ck_assert_uint_eq(begins_to_wait(other, get(0), WATCH_TO_LOCK), 2);
}
END_TEST

START_TEST(test_orders)
{
    struct watch_thread *one = watch_thread_new(NULL), *other = watch_thread_new(NULL);
    lock_two(one, 0, 1);
    lock_two(one, 1, 0);
    ck_assert_uint_eq(warnings(), 0); // by one thread only
    lock_two(other, 0, 1);
    ck_assert_uint_eq(warnings(), 1);
    lock_two(other, 1, 0);
    ck_assert_uint_eq(warnings(), 1); // the same one again

    lock(one, 7); // a gate
    lock_two(one, 2, 3);
    watch_unlocks(one, get(7));
    lock(other, 7);
    lock_two(other, 3, 2);
    watch_unlocks(other, get(7));
    ck_assert_uint_eq(warnings(), 1);
    lock_two(other, 3, 2); // once without the gate: now the two orders can meet
    ck_assert_uint_eq(warnings(), 2);

    lock(one, 4);
    watch_locked(one, get(5), here, BY_TRYING);
    watch_unlocks(one, get(5));
    watch_unlocks(one, get(4));
    lock_two(other, 5, 4);
    ck_assert_uint_eq(warnings(), 2);
    watch_locked(one, get(4), here, BY_TRYING); // got without waiting, but then held while it waits
    lock(one, 5);
    ck_assert_uint_eq(warnings(), 3);
}
END_TEST

START_TEST(test_sets_are_not_mixed_up)
{
    // The same mutex with the same number of others, but other ones: each is an order of its own.
    struct watch_thread *one = watch_thread_new(NULL), *other = watch_thread_new(NULL);
    for (int i = 0; i < 7; i++)
        lock_two(one, i, 7);
    lock_two(other, 7, 3);
    ck_assert_uint_eq(warnings(), 1);
    ck_assert_uint_eq(watch_warnings(&(unsigned int){0})[0].length, 2);
}
END_TEST

START_TEST(test_tables_fill)
{
    static char many[MOST_LOCKS + 10];
    for (size_t i = 0; i < sizeof many; i++) {
        bool is_there = watch_lock_at(&many[i], WATCH_MUTEX, here) != NULL;
        ck_assert(is_there == (i < MOST_LOCKS - 1));
    }
    ck_assert(watch_totals().were_too_many);
    watch_lock_end(&many[5]);
    ck_assert_ptr_nonnull(watch_lock_at(&many[MOST_LOCKS + 1], WATCH_MUTEX, here));
    ck_assert_ptr_null(watch_lock_of(&many[5]));

    struct watch_thread *first = watch_thread_new(NULL), *thread = first;
    for (int i = 1; i < MOST_THREADS; i++)
        thread = watch_thread_new(NULL);
    ck_assert_ptr_nonnull(thread);
    ck_assert_ptr_null(watch_thread_new(NULL));
    watch_thread_end(first);
    ck_assert_ptr_eq(watch_thread_new(NULL), first);

    for (int i = 0; i < MOST_ORDERS / MOST_HELD + 1; i++) {
        for (int j = 0; j < MOST_HELD; j++) // one more is not in the list; it does no harm
            watch_locked(thread, watch_lock_of(&many[100 + i + j]), here, BY_WAITING);
        for (int j = 0; j < MOST_HELD; j++)
            watch_unlocks(thread, watch_lock_of(&many[100 + i + j]));
    }
    for (int i = 0; i < 2 * MOST_ORDERS; i++) {
        watch_locked(thread,
                     i == 5 ? watch_lock_at(&many[i], WATCH_MUTEX, here) : watch_lock_of(&many[i]),
                     here, BY_WAITING);
        watch_locked(thread, watch_lock_at(&many[MOST_LOCKS - 2], WATCH_MUTEX, here), here,
                     BY_WAITING);
        watch_unlocks(thread, watch_lock_of(&many[i]));
        watch_unlocks(thread, watch_lock_of(&many[MOST_LOCKS - 2]));
        if (i == 3)
            i = 5; // that one has ended
    }
    ck_assert_uint_gt(watch_orders_unwatched(), 0);
    for (int i = 0; i < MOST_ORDERS / 2; i++) // makes room again
        watch_lock_end(&many[1000 + i]);
    unsigned int used = all.used;
    lock_two(thread, 0, 1);
    ck_assert_uint_lt(all.used, used);
}
END_TEST

/* Many threads lock real mutexes and tell the graph. They keep the order, so no cycle is ever closed. */
enum { STRESS_THREADS = 8, STRESS_MUTEXES = 6 };
static pthread_mutex_t stress[STRESS_MUTEXES];
static atomic_int cycles;

static void stress_lock(struct watch_thread *self, pthread_mutex_t *mutex)
{
    struct watch_lock *watched = watch_lock_at(mutex, WATCH_MUTEX, here);
    if (pthread_mutex_trylock(mutex) != 0) {
        if (begins_to_wait(self, watched, WATCH_TO_LOCK) != 0)
            atomic_fetch_add(&cycles, 1);
        MUST(pthread_mutex_lock(mutex));
        ends_to_wait(self);
        watch_waited(watched, 1);
    }
    watch_locked(self, watched, here, BY_WAITING);
}

static void *stress_run(void *argument)
{
    unsigned int random = (unsigned int)(size_t)argument;
    for (int i = 0; i < ROUNDS; i += 100) {
        struct watch_thread *self = watch_thread_new(NULL);
        for (int j = 0; j < 100; j++) {
            random = random * 1103515245 + 12345;
            unsigned int low = random >> 16 & 3, high = low + 1 + (random >> 18 & 1);
            stress_lock(self, &stress[low]);
            stress_lock(self, &stress[high]);
            watch_unlocks(self, watch_lock_of(&stress[low]));
            MUST(pthread_mutex_unlock(&stress[low]));
            watch_unlocks(self, watch_lock_of(&stress[high]));
            MUST(pthread_mutex_unlock(&stress[high]));
            watch_lock_at(&stress[low] + 1000 + j, WATCH_MUTEX, here); // others come and go
            watch_lock_end(&stress[low] + 1000 + j);
        }
        watch_thread_end(self);
    }
    return NULL;
}

START_TEST(test_stress)
{
    pthread_t threads[STRESS_THREADS];
    for (int i = 0; i < STRESS_MUTEXES; i++) {
        MUST(pthread_mutex_init(&stress[i], NULL));
        watch_lock_at(&stress[i], WATCH_MUTEX, here);
    }
    for (size_t i = 0; i < STRESS_THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, stress_run, (void *)i));
    for (int i = 0; i < STRESS_THREADS; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(atomic_load(&cycles), 0);
    ck_assert_uint_eq(warnings(), 0);
    ck_assert_uint_eq(watch_totals().locked, 2 * STRESS_THREADS * (unsigned long)ROUNDS);
    for (int i = 0; i < STRESS_MUTEXES; i++)
        MUST(pthread_mutex_destroy(&stress[i]));
}
END_TEST

TCase *watch_graph_cases(void)
{
    TCase *cases = tcase_create("watch_graph");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_cycles);
    tcase_add_test(cases, test_sleeper_in_cycle);
    tcase_add_test(cases, test_orders);
    tcase_add_test(cases, test_sets_are_not_mixed_up);
    tcase_add_test(cases, test_tables_fill);
    tcase_add_test(cases, test_stress);
    return cases;
}
