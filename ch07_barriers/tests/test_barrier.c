/*
 * test_barrier.c - the barrier, proved the hard way.
 *
 * It includes barrier.c itself, to see who waits: "a thread is blocked in wait" is then a fact to wait
 * for, and no sleep has to stand in for it. Three calls of barrier.c lead through this file.
 */
#include <pthread.h>
#include <sched.h>

static int broadcast_late(pthread_cond_t *condition);
static int sleep_and_count(pthread_cond_t *condition, pthread_mutex_t *lock);
static int yield_slowly(void);

#define pthread_cond_broadcast broadcast_late
#define pthread_cond_wait sleep_and_count
#define sched_yield yield_slowly
#include "../barrier.c"
#undef sched_yield
#undef pthread_cond_wait
#undef pthread_cond_broadcast

#include "../must.h"
#include "cases.h"

#include <limits.h>

/* Who leaves the barrier before the broadcast has time to destroy it. */
static int broadcast_late(pthread_cond_t *condition)
{
    for (int i = 0; i < 3; i++)
        sched_yield();
    return pthread_cond_broadcast(condition);
}

/* How often a thread has gone to sleep. Who reads this under the lock knows that it does sleep. */
static atomic_int sleeps;

static int sleep_and_count(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    atomic_fetch_add(&sleeps, 1);
    return pthread_cond_wait(condition, lock);
}

/*
 * Wakes a thread a thousand times, though there is no reason. Each time it goes back to sleep, and it does
 * not say that it is through.
 */
static atomic_bool is_through;

static void wake_in_vain(pthread_mutex_t *lock, pthread_cond_t *condition)
{
    for (int i = 0; i <= 1000; i++) {
        while (atomic_load(&sleeps) <= i) {
            ck_assert(!atomic_load(&is_through));
            sched_yield();
        }
        MUST(pthread_mutex_lock(lock));
        MUST(pthread_cond_broadcast(condition));
        MUST(pthread_mutex_unlock(lock));
    }
}

static atomic_bool yields_are_slow;
static atomic_int yields;

static int yield_slowly(void)
{
    atomic_fetch_add(&yields, 1);
    if (atomic_load(&yields_are_slow))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    return sched_yield();
}

/* All stress tests are run twice: with yields (unless the machine is busy), and without. */
enum { WITHOUT_YIELDS = 1 };

static void choose_yields(int way)
{
    atomic_store(&sleeps_to_come, way == WITHOUT_YIELDS ? INT_MAX : 0);
}

static unsigned int arrived(struct barrier *barrier)
{
    MUST(pthread_mutex_lock(&barrier->lock));
    unsigned int number = barrier->arrived;
    MUST(pthread_mutex_unlock(&barrier->lock));
    return number;
}

static void until_arrived(struct barrier *barrier, unsigned int number)
{
    while (arrived(barrier) != number)
        sched_yield();
}

static void *wait_once(void *argument)
{
    barrier_wait(argument);
    return NULL;
}

START_TEST(test_alone)
{
    struct barrier barrier;
    ck_assert_int_eq(barrier_init(&barrier, 1), 0);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(barrier_wait(&barrier), BARRIER_SERIAL_THREAD);
    ck_assert_int_eq(barrier_destroy(&barrier), 0);
    ck_assert_int_lt(BARRIER_SERIAL_THREAD, 0);

    // Never used; and for nobody.
    ck_assert_int_eq(barrier_init(&barrier, UINT_MAX), 0);
    ck_assert_int_eq(barrier_destroy(&barrier), 0);
    ck_assert_int_eq(barrier_init(&barrier, 0), EINVAL);
}
END_TEST

/*
 * Each thread writes to its own place in plain memory, waits, and reads what all have written in this
 * round. There are two rows of places: who comes first to the next round writes to the other one. So if
 * somebody were more than a round ahead, or had been let through too early, a wrong number would be read.
 */
enum { MOST_THREADS = 300 };

struct crowd {
    struct barrier barrier;
    int threads, rounds;
    int written[2][MOST_THREADS];
    atomic_int *serial_threads; // of each round
    atomic_long wrong;
};

struct member {
    struct crowd *crowd;
    int number;
    pthread_t thread;
};

static void *write_and_read(void *argument)
{
    struct member *self = argument;
    struct crowd *crowd = self->crowd;
    long wrong = 0;
    for (int round = 0; round < crowd->rounds; round++) {
        int *row = crowd->written[round % 2];
        row[self->number] = round;
        int result = barrier_wait(&crowd->barrier);
        if (result == BARRIER_SERIAL_THREAD)
            atomic_fetch_add(&crowd->serial_threads[round], 1);
        else
            wrong += result != 0;
        for (int i = 0; i < crowd->threads; i++)
            wrong += row[i] != round;
    }
    atomic_fetch_add(&crowd->wrong, wrong);
    return NULL;
}

static const int crowds[] = {1, 2, 3, 8, 64, MOST_THREADS};
enum { CROWDS = sizeof crowds / sizeof crowds[0] };

START_TEST(test_rounds)
{
    static struct crowd crowd;
    static struct member members[MOST_THREADS];
    choose_yields(_i % 2);
    int threads = crowds[_i / 2], rounds = ROUNDS * 2 / (threads + 2);
    crowd = (struct crowd){.threads = threads, .rounds = rounds};
    crowd.serial_threads = MUST_HAVE(calloc((size_t)rounds, sizeof crowd.serial_threads[0]));
    // The number of the round also wraps around.
    MUST(barrier_init(&crowd.barrier, (unsigned int)threads));
    atomic_store(&crowd.barrier.round, UINT_MAX - (unsigned int)rounds / 2);
    for (int i = 0; i < threads; i++) {
        members[i] = (struct member){.crowd = &crowd, .number = i};
        MUST(pthread_create(&members[i].thread, NULL, write_and_read, &members[i]));
    }
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(members[i].thread, NULL));
    ck_assert_int_eq(crowd.wrong, 0);
    for (int round = 0; round < rounds; round++)
        ck_assert_int_eq(crowd.serial_threads[round], 1);
    ck_assert_uint_eq(crowd.barrier.arrived, 0);
    ck_assert_uint_eq(crowd.barrier.inside, 0);
    MUST(barrier_destroy(&crowd.barrier));
    free(crowd.serial_threads);
}
END_TEST

/* Six threads at a barrier for three: two rounds. */
static atomic_int serial_threads;

static void *wait_and_count(void *argument)
{
    if (barrier_wait(argument) == BARRIER_SERIAL_THREAD)
        atomic_fetch_add(&serial_threads, 1);
    return NULL;
}

START_TEST(test_more_threads_than_meet)
{
    choose_yields(_i);
    for (int i = 0; i < ROUNDS / 100; i++) {
        struct barrier barrier;
        pthread_t threads[6];
        serial_threads = 0;
        MUST(barrier_init(&barrier, 3));
        for (int j = 0; j < 6; j++)
            MUST(pthread_create(&threads[j], NULL, wait_and_count, &barrier));
        for (int j = 0; j < 6; j++)
            MUST(pthread_join(threads[j], NULL));
        ck_assert_int_eq(serial_threads, 2);
        MUST(barrier_destroy(&barrier));
    }
}
END_TEST

/*
 * A thread that is slow: before it runs, its round is over and another thread has come for the next one.
 * It is through all the same. (What main does here, under the lock, is what two other threads would do.)
 */
START_TEST(test_back_before_others_have_left)
{
    choose_yields(_i);
    for (int i = 0; i < ROUNDS / 100; i++) {
        struct barrier barrier;
        pthread_t thread;
        MUST(barrier_init(&barrier, 2));
        MUST(pthread_create(&thread, NULL, wait_once, &barrier));
        until_arrived(&barrier, 1);
        MUST(pthread_mutex_lock(&barrier.lock));
        atomic_fetch_add(&barrier.round, 1);
        barrier.inside++;
        barrier.arrived = 1;
        MUST(pthread_cond_broadcast(&barrier.round_complete));
        MUST(pthread_mutex_unlock(&barrier.lock));
        MUST(pthread_join(thread, NULL));
        ck_assert_uint_eq(barrier.inside, 1);
        barrier.inside = barrier.arrived = 0;
        MUST(barrier_destroy(&barrier));
    }
}
END_TEST

static void *wait_and_say(void *argument)
{
    barrier_wait(argument);
    atomic_store(&is_through, true);
    return NULL;
}

/* A wake-up that nobody sent, which POSIX allows, completes no round. */
START_TEST(test_stray_wake_ups)
{
    struct barrier barrier;
    pthread_t thread;
    choose_yields(_i);
    MUST(barrier_init(&barrier, 2));
    MUST(pthread_create(&thread, NULL, wait_and_say, &barrier));
    wake_in_vain(&barrier.lock, &barrier.round_complete);
    ck_assert_uint_eq(arrived(&barrier), 1);
    ck_assert_int_eq(barrier_wait(&barrier), BARRIER_SERIAL_THREAD);
    MUST(pthread_join(thread, NULL));
    MUST(barrier_destroy(&barrier));
}
END_TEST

/* Who returns first from the last wait destroys, and frees, while the others are on their way out. */
struct last_meeting {
    struct barrier *barrier;
    int rounds;
    atomic_bool somebody_is_out;
};

static void *wait_and_destroy(void *argument)
{
    struct last_meeting *meeting = argument;
    for (int i = 0; i < meeting->rounds; i++)
        barrier_wait(meeting->barrier);
    if (!atomic_exchange(&meeting->somebody_is_out, true)) {
        MUST(barrier_destroy(meeting->barrier));
        memset(meeting->barrier, 0xa5, sizeof *meeting->barrier);
        free(meeting->barrier);
    }
    return NULL;
}

START_TEST(test_destroy_right_after_wait)
{
    choose_yields(_i);
    for (int i = 0; i < ROUNDS / 20; i++) {
        pthread_t threads[4];
        int number = 2 + i % 3;
        struct last_meeting meeting = {.rounds = 1 + i % 2};
        meeting.barrier = MUST_HAVE(malloc(sizeof *meeting.barrier));
        MUST(barrier_init(meeting.barrier, (unsigned int)number));
        for (int j = 0; j < number; j++)
            MUST(pthread_create(&threads[j], NULL, wait_and_destroy, &meeting));
        for (int j = 0; j < number; j++)
            MUST(pthread_join(threads[j], NULL));
        ck_assert(meeting.somebody_is_out);
    }
}
END_TEST

static void *destroy(void *argument)
{
    MUST(barrier_destroy(argument));
    atomic_store(&is_through, true);
    return NULL;
}

/* Destroy waits for one that has still to leave a complete round, and no stray wake-up ends that. */
START_TEST(test_destroy_waits)
{
    struct barrier barrier;
    pthread_t thread;
    MUST(barrier_init(&barrier, 2));
    barrier.inside = 1;
    MUST(pthread_create(&thread, NULL, destroy, &barrier));
    MUST(pthread_cancel(thread)); // it is no cancellation point
    wake_in_vain(&barrier.lock, &barrier.all_out);
    MUST(pthread_mutex_lock(&barrier.lock));
    barrier.inside = 0;
    MUST(pthread_cond_signal(&barrier.all_out));
    MUST(pthread_mutex_unlock(&barrier.lock));
    MUST(pthread_join(thread, NULL));
    ck_assert(atomic_load(&is_through));
}
END_TEST

/* Destroyed while a thread waits in a round that is not complete: refused, and it is still good. */
START_TEST(test_destroy_refused)
{
    struct barrier barrier;
    pthread_t threads[2];
    MUST(barrier_init(&barrier, 3));
    for (unsigned int i = 0; i < 2; i++) {
        MUST(pthread_create(&threads[i], NULL, wait_once, &barrier));
        until_arrived(&barrier, i + 1);
        ck_assert_int_eq(barrier_destroy(&barrier), EBUSY);
    }
    barrier_wait(&barrier);
    ck_assert_int_eq(barrier_destroy(&barrier), 0);
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL));
}
END_TEST

/* A thread that is cancelled while it waits stays for the round, and can be cancelled after that. */
static void *wait_and_look(void *argument)
{
    int states[] = {PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE}, state;
    for (int i = 0; i < 2; i++) {
        MUST(pthread_setcancelstate(states[i], &state));
        barrier_wait(argument);
        MUST(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state));
        ck_assert_int_eq(state, states[i]);
    }
    return argument;
}

START_TEST(test_no_cancellation_point)
{
    struct barrier barrier;
    pthread_t thread;
    void *result;
    choose_yields(_i);
    MUST(barrier_init(&barrier, 2));
    MUST(pthread_create(&thread, NULL, wait_and_look, &barrier));
    until_arrived(&barrier, 1);
    MUST(pthread_cancel(thread));
    for (int i = 0; i < 2; i++) {
        until_arrived(&barrier, 1);
        ck_assert_int_eq(barrier_wait(&barrier), BARRIER_SERIAL_THREAD);
    }
    MUST(pthread_join(thread, &result));
    ck_assert_ptr_eq(result, &barrier);
    MUST(barrier_destroy(&barrier));
}
END_TEST

/* One slow yield, and there is none for a thousand waits. Then one thread tries again. */
START_TEST(test_busy_machine)
{
    struct barrier barrier;
    MUST(barrier_init(&barrier, 2));
    for (int i = 0; i < 2; i++) {
        atomic_store(&yields_are_slow, true);
        yield_while_incomplete(&barrier, 0);
        atomic_store(&yields_are_slow, false);
        ck_assert_int_eq(yields, i + 1);
        for (int j = SLEEPS_AFTER_SLOW_YIELD; j > 0; j--) {
            ck_assert_int_eq(sleeps_to_come, j);
            yield_while_incomplete(&barrier, 0);
        }
        ck_assert_int_eq(sleeps_to_come, 0);
    }
    // Where yields are fast there are not many either, and none when the round is complete.
    yield_while_incomplete(&barrier, 1);
    ck_assert_int_eq(yields, 2);
    yield_while_incomplete(&barrier, 0);
    ck_assert_int_gt(yields, 2);
    ck_assert_int_le(yields, 2 + YIELDS);
    MUST(barrier_destroy(&barrier));
}
END_TEST

TCase *barrier_cases(void)
{
    TCase *cases = tcase_create("barrier");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_alone);
    tcase_add_loop_test(cases, test_rounds, 0, 2 * CROWDS);
    tcase_add_loop_test(cases, test_more_threads_than_meet, 0, 2);
    tcase_add_loop_test(cases, test_back_before_others_have_left, 0, 2);
    tcase_add_loop_test(cases, test_stray_wake_ups, 0, 2);
    tcase_add_loop_test(cases, test_destroy_right_after_wait, 0, 2);
    tcase_add_test(cases, test_destroy_waits);
    tcase_add_test(cases, test_destroy_refused);
    tcase_add_loop_test(cases, test_no_cancellation_point, 0, 2);
    tcase_add_test(cases, test_busy_machine);
    return cases;
}
