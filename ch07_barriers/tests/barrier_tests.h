/*
 * test_barrier.c - the barrier, proved the hard way.
 *
 * It includes barrier.c itself, to see who waits: "a thread is blocked in wait" is then a fact to wait
 * for, and no sleep has to stand in for it. Four calls of barrier.c lead through this file, and so do
 * its atomic operations: what may come between two of them, comes.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static int broadcast_late(pthread_cond_t *condition);
static int signal_late(pthread_cond_t *condition);
static int sleep_and_count(pthread_cond_t *condition, pthread_mutex_t *lock);
static int yield_slowly(void);
static void now_and_then_yield(void);

#undef atomic_load
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_fetch_or
#undef atomic_compare_exchange_weak
#define atomic_load(object)                                                                        \
    (now_and_then_yield(), atomic_load_explicit(object, memory_order_seq_cst))
#define atomic_fetch_add(object, number)                                                           \
    (now_and_then_yield(), atomic_fetch_add_explicit(object, number, memory_order_seq_cst))
#define atomic_fetch_sub(object, number)                                                           \
    (now_and_then_yield(), atomic_fetch_sub_explicit(object, number, memory_order_seq_cst))
#define atomic_fetch_or(object, bits)                                                              \
    (now_and_then_yield(), atomic_fetch_or_explicit(object, bits, memory_order_seq_cst))
#define atomic_compare_exchange_weak(object, expected, desired)                                    \
    (now_and_then_yield(),                                                                         \
     atomic_compare_exchange_weak_explicit(object, expected, desired, memory_order_seq_cst,        \
                                           memory_order_seq_cst))
#define pthread_cond_broadcast broadcast_late
#define pthread_cond_signal signal_late
#define pthread_cond_wait sleep_and_count
#define sched_yield yield_slowly
#include "../barrier.c"
#undef sched_yield
#undef pthread_cond_wait
#undef pthread_cond_signal
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

static int signal_late(pthread_cond_t *condition)
{
    for (int i = 0; i < 3; i++)
        sched_yield();
    return pthread_cond_signal(condition);
}

/* How often a thread has gone to sleep. Who reads this under the lock knows that it does sleep. */
static atomic_int sleeps;

static int sleep_and_count(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    atomic_fetch_add(&sleeps, 1);
    return pthread_cond_wait(condition, lock);
}

/*
 * Wakes a thread a thousand times, though there is no reason. Each time it goes back to sleep, and it
 * does not say that it is through.
 */
static atomic_bool is_through;

static void wake_in_vain(pthread_mutex_t *lock, pthread_cond_t *condition)
{
    int before = atomic_load(&sleeps) > 0 ? atomic_load(&sleeps) - 1 : 0;
    for (int i = 0; i <= 1000; i++) {
        while (atomic_load(&sleeps) <= before + i) {
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

/*
 * All stress tests are run three times: with yields (unless the machine is busy); without; and without,
 * but one or two of a hundred atomic operations give way to others first.
 */
enum { WITH_YIELDS, WITHOUT_YIELDS, GIVING_WAY, WAYS };

static atomic_bool gives_way;
static _Thread_local unsigned int chance;

static void now_and_then_yield(void)
{
    if (!atomic_load_explicit(&gives_way, memory_order_relaxed))
        return;
    chance = chance * 1103515245u + 12345u;
    if (chance >> 26 == 0)
        sched_yield();
    else if (chance >> 20 == 4095)
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
}

static void choose_way(int way)
{
    atomic_store(&sleeps_to_come, way == WITH_YIELDS ? 0 : INT_MAX);
    atomic_store(&gives_way, way == GIVING_WAY);
}

/* Those in the round that is not complete. */
static unsigned int arrived(struct barrier *barrier)
{
    return atomic_load(&barrier->arrivals) % barrier->threads;
}

static void until_arrived(struct barrier *barrier, unsigned int number)
{
    while (arrived(barrier) != number)
        sched_yield();
}

/* All who have come to the round sleep. (Who is counted as a sleeper has the lock until it does.) */
static void until_asleep(struct barrier *barrier, unsigned int number)
{
    until_arrived(barrier, number);
    while (atomic_load(&barrier->sleepers) != number)
        sched_yield();
    MUST(pthread_mutex_lock(&barrier->lock));
    MUST(pthread_mutex_unlock(&barrier->lock));
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

    // Never used; for nobody; for too many.
    ck_assert_int_eq(barrier_init(&barrier, UINT_MAX / 2), 0);
    ck_assert_int_eq(barrier_destroy(&barrier), 0);
    ck_assert_int_eq(barrier_init(&barrier, 0), EINVAL);
    ck_assert_int_eq(barrier_init(&barrier, UINT_MAX / 2 + 1), EINVAL);
    ck_assert_int_eq(barrier_init(&barrier, UINT_MAX), EINVAL);
}
END_TEST

/*
 * Every round there is has its numbers, also the first and the last one: nobody is through before the
 * last of them, and everybody after.
 */
static const unsigned int numbers[] = {1, 2, 3, 4, 7, 251, 65536, UINT_MAX / 3, UINT_MAX / 2};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

START_TEST(test_numbers)
{
    struct barrier barrier;
    unsigned int threads = numbers[_i], limit = UINT_MAX - UINT_MAX % threads;
    unsigned int begins[] = {0, threads, limit - 2 * threads, limit - threads};
    MUST(barrier_init(&barrier, threads));
    ck_assert_uint_eq(barrier.limit, limit);
    for (int i = 0; i < 4; i++) {
        unsigned int begin = begins[i], last = begin + threads - 1;
        unsigned int others[] = {0, 1, begin - 1, last + 1, last + 2, limit - 2, limit - 1};
        atomic_store(&barrier.arrivals, begin);
        ck_assert(!is_complete(&barrier, begin));
        atomic_store(&barrier.arrivals, last);
        ck_assert(!is_complete(&barrier, begin));
        ck_assert_uint_eq(arrive(&barrier), last);
        ck_assert_uint_eq(atomic_load(&barrier.arrivals), last + 1 == limit ? 0 : last + 1);
        ck_assert(is_complete(&barrier, begin));
        for (int j = 0; j < 7; j++) {
            if (others[j] < limit && (others[j] < begin || others[j] > last)) {
                atomic_store(&barrier.arrivals, others[j]);
                ck_assert(is_complete(&barrier, begin));
            }
        }
    }
    atomic_store(&barrier.arrivals, 0);
    MUST(barrier_destroy(&barrier));
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

static const int crowds[] = {1, 2, 3, 8, 64, 251, MOST_THREADS};
enum { CROWDS = sizeof crowds / sizeof crowds[0] };

START_TEST(test_rounds)
{
    static struct crowd crowd;
    static struct member members[MOST_THREADS];
    choose_way(_i % WAYS);
    int threads = crowds[_i / WAYS], rounds = ROUNDS * 2 / (threads + 2);
    crowd = (struct crowd){.threads = threads, .rounds = rounds};
    crowd.serial_threads = MUST_HAVE(calloc((size_t)rounds, sizeof crowd.serial_threads[0]));
    // In the middle arrivals begins again at 0.
    unsigned int before = (unsigned int)(rounds / 2 * threads),
                 all = (unsigned int)(rounds * threads);
    MUST(barrier_init(&crowd.barrier, (unsigned int)threads));
    atomic_store(&crowd.barrier.arrivals, before > 0 ? crowd.barrier.limit - before : 0);
    for (int i = 0; i < threads; i++) {
        members[i] = (struct member){.crowd = &crowd, .number = i};
        MUST(pthread_create(&members[i].thread, NULL, write_and_read, &members[i]));
    }
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(members[i].thread, NULL));
    ck_assert_int_eq(crowd.wrong, 0);
    for (int round = 0; round < rounds; round++)
        ck_assert_int_eq(crowd.serial_threads[round], 1);
    ck_assert_uint_eq(crowd.barrier.arrivals, all - before);
    ck_assert_uint_eq(crowd.barrier.inside, 0);
    ck_assert_uint_eq(crowd.barrier.sleepers, 0);
    MUST(barrier_destroy(&crowd.barrier));
    free(crowd.serial_threads);
}
END_TEST

/* Who is free comes. As often as there are rounds, and in all, three of the seven make up a round. */
static struct barrier for_three;
static atomic_int serial_threads;
static atomic_long to_come, begun, through, too_early;

static void *come_while_wanted(void *argument)
{
    while (atomic_fetch_sub(&to_come, 1) > 0) {
        atomic_fetch_add(&begun, 1);
        if (barrier_wait(&for_three) == BARRIER_SERIAL_THREAD)
            atomic_fetch_add(&serial_threads, 1);
        long are_through = atomic_fetch_add(&through, 1) + 1;
        if (are_through > atomic_load(&begun) / 3 * 3)
            atomic_fetch_add(&too_early, 1);
    }
    return argument;
}

START_TEST(test_more_threads_than_meet)
{
    pthread_t threads[7];
    const int rounds = ROUNDS / 2;
    choose_way(_i);
    MUST(barrier_init(&for_three, 3));
    atomic_store(&for_three.arrivals, for_three.limit - (unsigned int)rounds / 2 * 3);
    atomic_store(&to_come, 3L * rounds);
    for (int i = 0; i < 7; i++)
        MUST(pthread_create(&threads[i], NULL, come_while_wanted, NULL));
    for (int i = 0; i < 7; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(serial_threads, rounds);
    ck_assert_int_eq(through, 3L * rounds);
    ck_assert_int_eq(too_early, 0);
    MUST(barrier_destroy(&for_three));
}
END_TEST

/*
 * A thread that is slow: before it runs, its round is over and another thread has come for the next one.
 * It is through all the same. (What main does here, under the lock, is what two other threads would do.)
 */
START_TEST(test_back_before_others_have_left)
{
    choose_way(_i);
    for (int i = 0; i < ROUNDS / 100; i++) {
        struct barrier barrier;
        pthread_t thread;
        MUST(barrier_init(&barrier, 2));
        MUST(pthread_create(&thread, NULL, wait_once, &barrier));
        until_asleep(&barrier, 1);
        MUST(pthread_mutex_lock(&barrier.lock));
        atomic_fetch_add(&barrier.inside, 1);
        atomic_fetch_add(&barrier.arrivals, 2);
        MUST(pthread_cond_broadcast(&barrier.round_complete));
        MUST(pthread_mutex_unlock(&barrier.lock));
        MUST(pthread_join(thread, NULL));
        ck_assert_uint_eq(barrier.inside, 1);
        atomic_store(&barrier.inside, 0);
        atomic_store(&barrier.arrivals, 0);
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
    choose_way(_i);
    MUST(barrier_init(&barrier, 2));
    MUST(pthread_create(&thread, NULL, wait_and_say, &barrier));
    wake_in_vain(&barrier.lock, &barrier.round_complete);
    ck_assert_uint_eq(arrived(&barrier), 1);
    ck_assert_int_eq(barrier_wait(&barrier), BARRIER_SERIAL_THREAD);
    MUST(pthread_join(thread, NULL));
    MUST(barrier_destroy(&barrier));
}
END_TEST

/*
 * Who returns first from a wait destroys the barrier, while the others are on their way out, and fills
 * its memory. In the next round nobody has touched it, and a new barrier is made there. The gate sees to it
 * that all come to the same one.
 */
enum { LEAVERS = 5 };

static struct {
    struct barrier gate, short_lived;
    unsigned char *memory; // of short_lived
    int rounds;
    atomic_int left; // of short_lived, in this round
    int touched; // by somebody who had left; between the two meetings at the gate one thread uses it
} place;

/* Who waits in a barrier made of this is never through. */
static unsigned char filler(size_t byte)
{
    return (unsigned char)(255 - byte);
}

static void fill(struct barrier *barrier)
{
    for (size_t byte = 0; byte < sizeof *barrier; byte++)
        ((unsigned char *)barrier)[byte] = filler(byte);
}

static void *wait_and_destroy(void *argument)
{
    for (int i = 0; i < place.rounds; i++) {
        if (barrier_wait(&place.gate) == BARRIER_SERIAL_THREAD) {
            for (size_t byte = 0; byte < sizeof place.short_lived; byte++)
                place.touched += place.memory[byte] != filler(byte);
            MUST(barrier_init(&place.short_lived, LEAVERS));
            atomic_store(&place.short_lived.arrivals,
                         LEAVERS); // its first round would suit the filler
            atomic_store(&place.left, 0);
        }
        barrier_wait(&place.gate);
        for (int j = 0; j <= i % 2; j++)
            barrier_wait(&place.short_lived);
        if (atomic_fetch_add(&place.left, 1) == 0) {
            MUST(barrier_destroy(&place.short_lived));
            fill(&place.short_lived);
        }
    }
    return argument;
}

START_TEST(test_destroy_right_after_wait)
{
    pthread_t threads[LEAVERS];
    choose_way(_i);
    place.rounds = ROUNDS / 4;
    place.memory = (unsigned char *)&place.short_lived;
    fill(&place.short_lived);
    MUST(barrier_init(&place.gate, LEAVERS));
    for (int i = 0; i < LEAVERS; i++)
        MUST(pthread_create(&threads[i], NULL, wait_and_destroy, NULL));
    for (int i = 0; i < LEAVERS; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(place.touched, 0);
    MUST(barrier_destroy(&place.gate));
}
END_TEST

/* The same with many threads, and the memory is freed. */
struct last_meeting {
    struct barrier *barrier;
    int rounds;
    atomic_bool somebody_is_out;
};

static void *wait_and_free(void *argument)
{
    struct last_meeting *meeting = argument;
    for (int i = 0; i < meeting->rounds; i++)
        barrier_wait(meeting->barrier);
    if (!atomic_exchange(&meeting->somebody_is_out, true)) {
        MUST(barrier_destroy(meeting->barrier));
        fill(meeting->barrier);
        free(meeting->barrier);
    }
    return NULL;
}

START_TEST(test_free_right_after_wait)
{
    choose_way(_i);
    for (int i = 0; i < ROUNDS / 100; i++) {
        pthread_t threads[30];
        int number = 2 + i % 29;
        struct last_meeting meeting = {.rounds = 1 + i % 5};
        meeting.barrier = MUST_HAVE(malloc(sizeof *meeting.barrier));
        MUST(barrier_init(meeting.barrier, (unsigned int)number));
        for (int j = 0; j < number; j++)
            MUST(pthread_create(&threads[j], NULL, wait_and_free, &meeting));
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
    atomic_store(&barrier.inside, 2);
    MUST(pthread_create(&thread, NULL, destroy, &barrier));
    MUST(pthread_cancel(thread)); // it is no cancellation point
    wake_in_vain(&barrier.lock, &barrier.all_out);
    leave(&barrier);
    wake_in_vain(&barrier.lock, &barrier.all_out); // one is still inside
    leave(&barrier);
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
        ck_assert_uint_eq(barrier.inside, i + 1);
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
    choose_way(_i);
    MUST(barrier_init(&barrier, 2));
    MUST(pthread_create(&thread, NULL, wait_and_look, &barrier));
    until_arrived(&barrier, 1);
    MUST(pthread_cancel(thread));
    for (int i = 0; i < 2; i++) {
        until_asleep(&barrier, 1);
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
    tcase_add_loop_test(cases, test_numbers, 0, NUMBERS);
    tcase_add_loop_test(cases, test_rounds, 0, WAYS * CROWDS);
    tcase_add_loop_test(cases, test_more_threads_than_meet, 0, WAYS);
    tcase_add_loop_test(cases, test_back_before_others_have_left, 0, WAYS);
    tcase_add_loop_test(cases, test_stray_wake_ups, 0, WAYS);
    tcase_add_loop_test(cases, test_destroy_right_after_wait, 0, WAYS);
    tcase_add_loop_test(cases, test_free_right_after_wait, 0, WAYS);
    tcase_add_test(cases, test_destroy_waits);
    tcase_add_test(cases, test_destroy_refused);
    tcase_add_loop_test(cases, test_no_cancellation_point, 0, WAYS);
    tcase_add_test(cases, test_busy_machine);
    return cases;
}
