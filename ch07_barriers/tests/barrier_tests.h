/*
 * barrier_tests.h - a barrier, proved the hard way. Included once for each of the two, barrier.c and
 * beyond/fast_barrier.c: test_barrier.c and test_fast_barrier.c define IMPLEMENTATION first, and then what
 * is declared below.
 *
 * It includes the implementation itself, to see which threads wait: "a thread is blocked in wait" is then a
 * fact to wait for, and no sleep has to stand in for it. Calls and atomic operations of the implementation
 * lead through this file: whatever may come between two of them, comes.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static int lock_late(pthread_mutex_t *mutex);
static int unlock_and_give_way(pthread_mutex_t *mutex);
static int condition_or_not(pthread_cond_t *condition, const pthread_condattr_t *attributes);
static int broadcast_late(pthread_cond_t *condition);
static int signal_late(pthread_cond_t *condition, const char *name);
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
#define pthread_mutex_lock lock_late
#define pthread_mutex_unlock unlock_and_give_way
#define pthread_cond_init condition_or_not
#define pthread_cond_broadcast broadcast_late
#define pthread_cond_signal(condition) signal_late(condition, #condition)
#define pthread_cond_wait sleep_and_count
#define sched_yield yield_slowly
#include IMPLEMENTATION
#undef sched_yield
#undef pthread_cond_wait
#undef pthread_cond_signal
#undef pthread_cond_broadcast
#undef pthread_cond_init
#undef pthread_mutex_unlock
#undef pthread_mutex_lock

#include "cases.h"
#include "must.h"

#include <limits.h>

/* What differs between the two barriers. */

/* All stress tests are run in several ways: from 0 to WAYS - 1. */
static void choose_way(int way);

/* The threads that have arrived in the round that is not complete; all threads inside; those that sleep. */
static unsigned int arrived(struct barrier *b);
static unsigned int are_inside(struct barrier *b);
static unsigned int asleep(struct barrier *b);

/*
 * The number of the round begins again at 0 after so many rounds. How many rounds there have been since
 * it did, or since the barrier was made, if that is later.
 */
static void wrap_after(struct barrier *b, unsigned int rounds);
static unsigned int rounds_since(struct barrier *b);

/* What threads do: complete the round and arrive once in the next; count one more inside; leave. */
static void complete_round_and_arrive(struct barrier *b);
static void count_inside(struct barrier *b);
static void leave_barrier(struct barrier *b);

/* The mutex, and the condition that barrier_wait and barrier_destroy wait for. */
static pthread_mutex_t *mutex_of(struct barrier *b);
static pthread_cond_t *wait_condition(struct barrier *b);
static pthread_cond_t *destroy_condition(struct barrier *b);

/* The calls. */

/* One or two of a hundred give way to other threads first. */
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

static int lock_late(pthread_mutex_t *mutex)
{
    now_and_then_yield();
    return pthread_mutex_lock(mutex);
}

static int unlock_and_give_way(pthread_mutex_t *mutex)
{
    int error = pthread_mutex_unlock(mutex);
    now_and_then_yield();
    return error;
}

/* A thread that left the barrier before the broadcast has time to destroy it. */
static int broadcast_late(pthread_cond_t *condition)
{
    for (int i = 0; i < 3; i++)
        sched_yield();
    return pthread_cond_broadcast(condition);
}

/* Only destroy waits on all_out. Elsewhere a signal is lost, the worst that glibc's bug 25847 can do. */
static inline int signal_late(pthread_cond_t *condition,
                              const char *name) // inline: barrier.c has none
{
    return strstr(name, "all_out") != NULL ? broadcast_late(condition) : 0;
}

/* The system has so many conditions left. */
static int conditions_left = INT_MAX;

static int condition_or_not(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    if (conditions_left == 0)
        return ENOMEM;
    conditions_left--;
    return pthread_cond_init(condition, attributes);
}

/* Every fourth wait fails at once, as winpthreads does while a cancel is pending. It changes nothing. */
static bool wait_fails(void)
{
    static atomic_uint waits;
    return atomic_fetch_add(&waits, 1) % 4 == 3;
}

/* How often a thread has gone to sleep. A thread that reads this under the lock knows that it does. */
static atomic_int sleeps;

static int sleep_and_count(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    if (wait_fails())
        return EINVAL;
    atomic_fetch_add(&sleeps, 1);
    return pthread_cond_wait(condition, lock);
}

static atomic_bool yields_are_slow;
static atomic_int yields;

static inline int yield_slowly(void) // inline: the plain barrier does not yield
{
    atomic_fetch_add(&yields, 1);
    if (atomic_load(&yields_are_slow))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    return sched_yield();
}

/* The tests. */

/*
 * Wakes a thread a thousand times, though there is no reason. Each time it goes back to sleep, and it
 * does not say that it has left.
 */
static atomic_bool has_left;

static void wake_for_no_reason(pthread_mutex_t *mutex, pthread_cond_t *condition)
{
    int before = atomic_load(&sleeps) > 0 ? atomic_load(&sleeps) - 1 : 0;
    for (int i = 0; i <= 1000; i++) {
        while (atomic_load(&sleeps) <= before + i) {
            ck_assert(!atomic_load(&has_left));
            sched_yield();
        }
        MUST(pthread_mutex_lock(mutex));
        MUST(pthread_cond_broadcast(condition));
        MUST(pthread_mutex_unlock(mutex));
    }
}

static void until_arrived(struct barrier *b, unsigned int number)
{
    while (arrived(b) != number)
        sched_yield();
}

/* All that have arrived sleep: a thread that is counted as a sleeper holds the mutex until it does. */
static void until_asleep(struct barrier *b, unsigned int number)
{
    until_arrived(b, number);
    while (asleep(b) != number)
        sched_yield();
    MUST(pthread_mutex_lock(mutex_of(b)));
    MUST(pthread_mutex_unlock(mutex_of(b)));
}

static void *wait_once(void *argument)
{
    barrier_wait(argument);
    return NULL;
}

START_TEST(test_alone)
{
    struct barrier b;
    ck_assert_int_eq(barrier_init(&b, 1), 0);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(barrier_wait(&b), BARRIER_SERIAL_THREAD);
    ck_assert_int_eq(barrier_destroy(&b), 0);
    ck_assert_int_lt(BARRIER_SERIAL_THREAD, 0);

    // Never used; and for no thread.
    ck_assert_int_eq(barrier_init(&b, INT_MAX), 0);
    ck_assert_int_eq(barrier_destroy(&b), 0);
    ck_assert_int_eq(barrier_init(&b, 0), EINVAL);
    ck_assert_int_eq(barrier_init(&b, -1), EINVAL);
    ck_assert_int_eq(barrier_init(&b, INT_MIN), EINVAL);
}
END_TEST

/* When the system has no condition left, that is what barrier_init returns; with one more it works. */
START_TEST(test_no_condition)
{
    struct barrier b;
    int error = ENOMEM, conditions = 0;
    for (; error == ENOMEM; conditions++) {
        ck_assert_int_lt(conditions, 3);
        conditions_left = conditions;
        error = barrier_init(&b, 1);
    }
    ck_assert_int_eq(error, 0);
    ck_assert_int_gt(conditions, 1);
    ck_assert_int_eq(barrier_wait(&b), BARRIER_SERIAL_THREAD);
    ck_assert_int_eq(barrier_destroy(&b), 0);
}
END_TEST

/*
 * Each thread writes to its own place in plain memory, waits, and reads what all have written in this
 * round. There are two rows of places: a thread that is first in the next round writes to the other one. So
 * if one were more than a round ahead, or had left too early, a wrong number would be read.
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
    chance = (unsigned int)self->number;
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
    int threads = crowds[_i / WAYS], rounds = 2 + ROUNDS * 4 / (threads + 2);
    crowd = (struct crowd){.threads = threads, .rounds = rounds};
    crowd.serial_threads = MUST_HAVE(calloc((size_t)rounds, sizeof crowd.serial_threads[0]));
    MUST(barrier_init(&crowd.barrier, threads));
    wrap_after(&crowd.barrier, (unsigned int)rounds / 2);
    for (int i = 0; i < threads; i++) {
        members[i] = (struct member){.crowd = &crowd, .number = i};
        MUST(pthread_create(&members[i].thread, NULL, write_and_read, &members[i]));
    }
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(members[i].thread, NULL));
    ck_assert_int_eq(crowd.wrong, 0);
    for (int round = 0; round < rounds; round++)
        ck_assert_int_eq(crowd.serial_threads[round], 1);
    ck_assert_uint_eq(rounds_since(&crowd.barrier), (unsigned int)(rounds - rounds / 2));
    ck_assert_uint_eq(arrived(&crowd.barrier), 0);
    ck_assert_uint_eq(are_inside(&crowd.barrier), 0);
    ck_assert_uint_eq(asleep(&crowd.barrier), 0);
    MUST(barrier_destroy(&crowd.barrier));
    free(crowd.serial_threads);
}
END_TEST

/* A thread that is free arrives. As often as there are rounds, and in all, three of the seven meet. */
static struct barrier for_three;
static atomic_int serial_threads;
static atomic_long to_come, begun, finished, too_early;

static void *come_while_wanted(void *argument)
{
    while (atomic_fetch_sub(&to_come, 1) > 0) {
        atomic_fetch_add(&begun, 1);
        if (barrier_wait(&for_three) == BARRIER_SERIAL_THREAD)
            atomic_fetch_add(&serial_threads, 1);
        long are_finished = atomic_fetch_add(&finished, 1) + 1;
        if (are_finished > atomic_load(&begun) / 3 * 3)
            atomic_fetch_add(&too_early, 1);
    }
    return argument;
}

START_TEST(test_more_threads_than_meet)
{
    pthread_t threads[7];
    const int rounds = ROUNDS;
    choose_way(_i);
    MUST(barrier_init(&for_three, 3));
    wrap_after(&for_three, (unsigned int)rounds / 2);
    atomic_store(&to_come, 3L * rounds);
    for (int i = 0; i < 7; i++)
        MUST(pthread_create(&threads[i], NULL, come_while_wanted, NULL));
    for (int i = 0; i < 7; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(serial_threads, rounds);
    ck_assert_int_eq(finished, 3L * rounds);
    ck_assert_int_eq(too_early, 0);
    MUST(barrier_destroy(&for_three));
}
END_TEST

/*
 * A thread that is slow: before it runs, its round is over and another thread has arrived for the next
 * one. It leaves all the same. (Main does here, under the mutex, what two other threads would do.)
 */
START_TEST(test_back_before_others_have_left)
{
    choose_way(_i);
    for (int i = 0; i < ROUNDS / 20; i++) {
        struct barrier b;
        pthread_t thread;
        MUST(barrier_init(&b, 2));
        MUST(pthread_create(&thread, NULL, wait_once, &b));
        until_asleep(&b, 1);
        MUST(pthread_mutex_lock(mutex_of(&b)));
        complete_round_and_arrive(&b);
        MUST(pthread_cond_broadcast(wait_condition(&b)));
        MUST(pthread_mutex_unlock(mutex_of(&b)));
        MUST(pthread_join(thread, NULL));
        ck_assert_uint_eq(are_inside(&b), 1);
        ck_assert_int_eq(barrier_destroy(&b), EBUSY);
        ck_assert_int_eq(barrier_wait(&b), BARRIER_SERIAL_THREAD);
        leave_barrier(&b);
        MUST(barrier_destroy(&b));
    }
}
END_TEST

static void *wait_and_say(void *argument)
{
    barrier_wait(argument);
    atomic_store(&has_left, true);
    return NULL;
}

/* A wake-up that no thread sent, which POSIX allows, completes no round. */
START_TEST(test_stray_wake_ups)
{
    struct barrier b;
    pthread_t thread;
    choose_way(_i);
    MUST(barrier_init(&b, 2));
    MUST(pthread_create(&thread, NULL, wait_and_say, &b));
    wake_for_no_reason(mutex_of(&b), wait_condition(&b));
    ck_assert_uint_eq(arrived(&b), 1);
    ck_assert_int_eq(barrier_wait(&b), BARRIER_SERIAL_THREAD);
    MUST(pthread_join(thread, NULL));
    MUST(barrier_destroy(&b));
}
END_TEST

/*
 * The first thread to return from a wait destroys the barrier while the others are on their way out, and
 * fills its memory. In the next round nothing has touched it, and a new barrier is made there. The gate sees
 * to it that all come to the same one.
 */
enum { LEAVERS = 5 };

static struct {
    struct barrier gate, short_lived;
    unsigned char *memory; // of short_lived
    int rounds;
    atomic_int left; // short_lived, in this round
    int touched; // by a thread that had left; between the two meetings at the gate one thread uses it
} place;

/* A thread that waits in a barrier made of this does not leave. */
static unsigned char filler(size_t byte)
{
    return (unsigned char)(255 - byte);
}

static void fill(struct barrier *b)
{
    for (size_t byte = 0; byte < sizeof *b; byte++)
        ((unsigned char *)b)[byte] = filler(byte);
}

static void *wait_and_destroy(void *argument)
{
    chance = (unsigned int)(size_t)argument;
    for (int i = 0; i < place.rounds; i++) {
        if (barrier_wait(&place.gate) == BARRIER_SERIAL_THREAD) {
            for (size_t byte = 0; byte < sizeof place.short_lived; byte++)
                place.touched += place.memory[byte] != filler(byte);
            MUST(barrier_init(&place.short_lived, LEAVERS));
            wrap_after(&place.short_lived, 100); // so that no round looks like one of the filler
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
    return NULL;
}

START_TEST(test_destroy_right_after_wait)
{
    pthread_t threads[LEAVERS];
    choose_way(_i);
    place.rounds = ROUNDS / 2;
    place.memory = (unsigned char *)&place.short_lived;
    fill(&place.short_lived);
    MUST(barrier_init(&place.gate, LEAVERS));
    for (size_t i = 0; i < LEAVERS; i++)
        MUST(pthread_create(&threads[i], NULL, wait_and_destroy, (void *)i));
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
    atomic_bool one_is_out;
};

static void *wait_and_free(void *argument)
{
    struct last_meeting *meeting = argument;
    for (int i = 0; i < meeting->rounds; i++)
        barrier_wait(meeting->barrier);
    if (!atomic_exchange(&meeting->one_is_out, true)) {
        MUST(barrier_destroy(meeting->barrier));
        fill(meeting->barrier);
        free(meeting->barrier);
    }
    return NULL;
}

START_TEST(test_free_right_after_wait)
{
    choose_way(_i);
    for (int i = 0; i < ROUNDS / 20; i++) {
        pthread_t threads[30];
        int number = 2 + i % 29;
        struct last_meeting meeting = {.rounds = 1 + i % 5};
        meeting.barrier = MUST_HAVE(malloc(sizeof *meeting.barrier));
        MUST(barrier_init(meeting.barrier, number));
        for (int j = 0; j < number; j++)
            MUST(pthread_create(&threads[j], NULL, wait_and_free, &meeting));
        for (int j = 0; j < number; j++)
            MUST(pthread_join(threads[j], NULL));
        ck_assert(meeting.one_is_out);
    }
}
END_TEST

static void *destroy(void *argument)
{
    MUST(barrier_destroy(argument));
    atomic_store(&has_left, true);
    return NULL;
}

/* Destroy waits for threads that have still to leave a complete round, and no stray wake-up ends that. */
START_TEST(test_destroy_waits)
{
    struct barrier b;
    pthread_t thread;
    MUST(barrier_init(&b, 2));
    count_inside(&b);
    count_inside(&b);
    MUST(pthread_create(&thread, NULL, destroy, &b));
    MUST(pthread_cancel(thread)); // it is no cancellation point
    wake_for_no_reason(mutex_of(&b), destroy_condition(&b));
    leave_barrier(&b);
    wake_for_no_reason(mutex_of(&b), destroy_condition(&b)); // one is still inside
    leave_barrier(&b);
    MUST(pthread_join(thread, NULL));
    ck_assert(atomic_load(&has_left));
}
END_TEST

/* Destroyed while a thread waits in a round that is not complete: refused, and it still works. */
START_TEST(test_destroy_refused)
{
    struct barrier b;
    pthread_t threads[2];
    MUST(barrier_init(&b, 3));
    for (unsigned int i = 0; i < 2; i++) {
        MUST(pthread_create(&threads[i], NULL, wait_once, &b));
        until_arrived(&b, i + 1);
        ck_assert_int_eq(barrier_destroy(&b), EBUSY);
        ck_assert_uint_eq(are_inside(&b), i + 1);
    }
    barrier_wait(&b);
    ck_assert_int_eq(barrier_destroy(&b), 0);
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
    struct barrier b;
    pthread_t thread;
    void *result;
    choose_way(_i);
    MUST(barrier_init(&b, 2));
    MUST(pthread_create(&thread, NULL, wait_and_look, &b));
    until_arrived(&b, 1);
    MUST(pthread_cancel(thread));
    for (int i = 0; i < 2; i++) {
        until_asleep(&b, 1);
        ck_assert_int_eq(barrier_wait(&b), BARRIER_SERIAL_THREAD);
    }
    MUST(pthread_join(thread, &result));
    ck_assert_ptr_eq(result, &b);
    MUST(barrier_destroy(&b));
}
END_TEST

/* The piece alone, compiled as nothing but C11; and a program in C++ that uses it. */
#define CXX "${CXX:-c++}"
#define HAVE_CXX PLAIN_BUILD " && echo 'int main() {}' | " CXX " -x c++ -o /dev/null - 2>/dev/null"
#define STRICT " -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -pthread "

static void check_from_cpp(const char *path, const char *prefix, const char *constant)
{
    const char *folder = new_folder();
    ck_assert_int_eq(run("cp %s.[ch] %s && cd %s && cat >cpp.cpp <<'end'\n"
                         "#include \"%sbarrier.h\"\n"
                         "#include <cstdio>\n"
                         "#include <thread>\n"
                         "static struct %sbarrier b;\n"
                         "static int serial_threads;\n"
                         "static void meet() {\n"
                         "    for (int i = 0; i < 1000; i++)\n"
                         "        if (%sbarrier_wait(&b) == %sBARRIER_SERIAL_THREAD)\n"
                         "            serial_threads++;\n"
                         "}\n"
                         "int main() {\n"
                         "    if (%sbarrier_init(&b, 2) != 0) return 1;\n"
                         "    std::thread first(meet), second(meet);\n"
                         "    first.join(); second.join();\n"
                         "    std::printf(\"%%d %%d\\n\", serial_threads, %sbarrier_destroy(&b));\n"
                         "}\n"
                         "end\n"
                         "${CC:-cc} -std=c11" STRICT "-c *.c && " CXX " -std=c++11" STRICT
                         "-o cpp *.cpp *.o && ./cpp",
                         path, folder, folder, prefix, prefix, prefix, constant, prefix, prefix),
                     0);
    ck_assert_str_eq(printed, "1000 0\n");
}

static void add_barrier_tests(TCase *cases)
{
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_alone);
    tcase_add_test(cases, test_no_condition);
    tcase_add_loop_test(cases, test_rounds, 0, WAYS * CROWDS);
    tcase_add_loop_test(cases, test_more_threads_than_meet, 0, WAYS);
    tcase_add_loop_test(cases, test_back_before_others_have_left, 0, WAYS);
    tcase_add_loop_test(cases, test_stray_wake_ups, 0, WAYS);
    tcase_add_loop_test(cases, test_destroy_right_after_wait, 0, WAYS);
    tcase_add_loop_test(cases, test_free_right_after_wait, 0, WAYS);
    tcase_add_test(cases, test_destroy_waits);
    tcase_add_test(cases, test_destroy_refused);
    tcase_add_loop_test(cases, test_no_cancellation_point, 0, WAYS);
}
