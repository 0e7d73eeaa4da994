/*
 * test_counting_semaphore.c - the semaphore, proved the hard way.
 *
 * It includes counting_semaphore.c itself, to see which threads wait: "a thread is blocked in wait" is then
 * a fact to wait for, and no sleep has to stand in for it. Calls of the piece lead through this file: a
 * test may set the clock, and where several threads may wait a signal wakes none of them, the worst that
 * glibc's bug 25847 can do. test_counting_semaphore_on_macos.c includes all this once more.
 */
#define _DARWIN_C_SOURCE // for pthread_cond_timedwait_relative_np

#include "cases.h"
#include "must.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* By how many hours CLOCK_REALTIME has been set forward. */
static atomic_int hours_forward;

static int clock_that_is_set(clockid_t clock, struct timespec *time)
{
    int error = clock_gettime(clock, time);
    if (clock == CLOCK_REALTIME)
        time->tv_sec += 3600 * atomic_load(&hours_forward);
    return error;
}

/* Only destroy waits on all_out. */
static int signal_if_one_waits(pthread_cond_t *condition, const char *name)
{
    return strstr(name, "all_out") != NULL ? pthread_cond_signal(condition) : 0;
}

/* Every fourth wait fails at once, as winpthreads does while a cancel is pending. It changes nothing. */
static bool wait_fails(void)
{
    static atomic_uint waits;
    return atomic_fetch_add(&waits, 1) % 4 == 3;
}

static int wait_or_fail(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    return wait_fails() ? EINVAL : pthread_cond_wait(condition, lock);
}

#if !defined __APPLE__ && !defined _WIN32 // they have another call for it
static int timed_wait_or_fail(pthread_cond_t *condition, pthread_mutex_t *lock,
                              const struct timespec *deadline)
{
    return wait_fails() ? EINVAL : pthread_cond_timedwait(condition, lock, deadline);
}
#endif

#define clock_gettime clock_that_is_set
#define pthread_cond_signal(condition) signal_if_one_waits(condition, #condition)
#define pthread_cond_wait wait_or_fail
#define pthread_cond_timedwait timed_wait_or_fail
#include "../beyond/counting_semaphore.c"
#undef pthread_cond_timedwait
#undef pthread_cond_wait
#undef pthread_cond_signal
#undef clock_gettime

#ifndef CASES
#define CASES "counting_semaphore"
#endif

static unsigned int waiting(struct counting_semaphore *semaphore)
{
    MUST(pthread_mutex_lock(&semaphore->lock));
    unsigned int number = semaphore->waiting;
    MUST(pthread_mutex_unlock(&semaphore->lock));
    return number;
}

static void until_waiting(struct counting_semaphore *semaphore, unsigned int number)
{
    while (waiting(semaphore) != number)
        sched_yield();
}

static struct timespec in_microseconds(long microseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += microseconds * 1000;
    time.tv_sec += time.tv_nsec / 1000000000L;
    time.tv_nsec %= 1000000000L;
    return time;
}

static bool has_passed(const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline->tv_sec ||
           (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

static void *wait_once(void *argument)
{
    MUST(counting_semaphore_wait(argument));
    return NULL;
}

START_TEST(test_permits)
{
    struct counting_semaphore semaphore;
    ck_assert_int_eq(counting_semaphore_init(&semaphore, 2), 0);
    ck_assert_uint_eq(counting_semaphore_value(&semaphore), 2);
    ck_assert_int_eq(counting_semaphore_wait(&semaphore), 0);
    ck_assert_int_eq(counting_semaphore_try_wait(&semaphore), 0);
    ck_assert_int_eq(counting_semaphore_try_wait(&semaphore), EAGAIN);
    ck_assert_uint_eq(counting_semaphore_value(&semaphore), 0);
    ck_assert_int_eq(counting_semaphore_post(&semaphore), 0);
    ck_assert_int_eq(counting_semaphore_post(&semaphore), 0);
    ck_assert_int_eq(counting_semaphore_post(&semaphore), 0);
    ck_assert_uint_eq(counting_semaphore_value(&semaphore), 3);
    ck_assert_int_eq(counting_semaphore_destroy(&semaphore), 0);
}
END_TEST

START_TEST(test_most_permits)
{
    struct counting_semaphore semaphore;
    ck_assert_int_eq(counting_semaphore_init(&semaphore, UINT_MAX), 0);
    ck_assert_int_eq(counting_semaphore_post(&semaphore), EOVERFLOW);
    ck_assert_uint_eq(counting_semaphore_value(&semaphore), UINT_MAX);
    ck_assert_int_eq(counting_semaphore_wait(&semaphore), 0);
    ck_assert_int_eq(counting_semaphore_post(&semaphore), 0);
    ck_assert_uint_eq(counting_semaphore_value(&semaphore), UINT_MAX);
    ck_assert_int_eq(counting_semaphore_destroy(&semaphore), 0);
}
END_TEST

START_TEST(test_deadlines)
{
    struct counting_semaphore semaphore;
    struct timespec past = {.tv_nsec = 1}, negative_second = {-1, 999999999L},
                    bad = {.tv_nsec = 1000000000L}, negative = {.tv_nsec = -1};
    ck_assert_int_eq(counting_semaphore_init(&semaphore, 1), 0);
    // What is wrong is wrong, also where there is nothing to wait for.
    ck_assert_int_eq(counting_semaphore_timed_wait(&semaphore, &bad), EINVAL);
    ck_assert_int_eq(counting_semaphore_timed_wait(&semaphore, &negative), EINVAL);
    ck_assert_int_eq(counting_semaphore_timed_wait(&semaphore, &past), 0); // there is a permit
    ck_assert_int_eq(counting_semaphore_timed_wait(&semaphore, &past), ETIMEDOUT);
    ck_assert_int_eq(counting_semaphore_timed_wait(&semaphore, &negative_second), ETIMEDOUT);
    ck_assert_int_eq(counting_semaphore_timed_wait(&semaphore, &bad), EINVAL);
    ck_assert_uint_eq(counting_semaphore_value(&semaphore), 0);

    // It waits until the deadline, not less.
    for (long milliseconds = -1; milliseconds < 30; milliseconds += 10) {
        struct timespec deadline = counting_semaphore_deadline(milliseconds);
        ck_assert_int_eq(counting_semaphore_timed_wait(&semaphore, &deadline), ETIMEDOUT);
        ck_assert(has_passed(&deadline));
    }
    ck_assert_uint_eq(waiting(&semaphore), 0);
    ck_assert_int_eq(counting_semaphore_destroy(&semaphore), 0);
}
END_TEST

/* So many milliseconds from now, whatever their number. */
START_TEST(test_deadline)
{
    static const long numbers[] = {0,   1,     999,   1000,     86400001,     LONG_MAX,
                                   -1L, -999L, -1000, -1000001, LONG_MIN + 1, LONG_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct timespec before = in_microseconds(0),
                        deadline = counting_semaphore_deadline(numbers[i]),
                        after = in_microseconds(0);
        long long seconds = numbers[i] / 1000, nanoseconds = numbers[i] % 1000 * 1000000LL;
        ck_assert(deadline.tv_nsec >= 0 && deadline.tv_nsec <= 999999999L);
        nanoseconds = (deadline.tv_sec - seconds) * 1000000000LL + deadline.tv_nsec - nanoseconds;
        ck_assert(nanoseconds >= before.tv_sec * 1000000000LL + before.tv_nsec);
        ck_assert(nanoseconds <= after.tv_sec * 1000000000LL + after.tv_nsec);
    }
}
END_TEST

/* The lost wake-up: as many waiters as quick posts; none of them may sleep on. */
START_TEST(test_two_waiters_two_posts)
{
    for (int round = 0; round < ROUNDS / 20; round++) {
        struct counting_semaphore semaphore;
        pthread_t threads[2];
        MUST(counting_semaphore_init(&semaphore, 0));
        for (int i = 0; i < 2; i++)
            MUST(pthread_create(&threads[i], NULL, wait_once, &semaphore));
        until_waiting(&semaphore, 2);
        MUST(counting_semaphore_post(&semaphore));
        MUST(counting_semaphore_post(&semaphore));
        for (int i = 0; i < 2; i++)
            MUST(pthread_join(threads[i], NULL));
        ck_assert_uint_eq(counting_semaphore_value(&semaphore), 0);
        MUST(counting_semaphore_destroy(&semaphore));
    }
}
END_TEST

/* A spurious wake-up, which POSIX allows, is no permit. */
START_TEST(test_spurious_wake_ups)
{
    struct counting_semaphore semaphore;
    pthread_t thread;
    MUST(counting_semaphore_init(&semaphore, 0));
    MUST(pthread_create(&thread, NULL, wait_once, &semaphore));
    until_waiting(&semaphore, 1);
    for (int i = 0; i < 1000; i++) {
        MUST(pthread_mutex_lock(&semaphore.lock));
        MUST(pthread_cond_signal(&semaphore.posted));
        MUST(pthread_mutex_unlock(&semaphore.lock));
        sched_yield();
        ck_assert_uint_eq(waiting(&semaphore), 1);
    }
    ck_assert_uint_eq(counting_semaphore_value(&semaphore), 0);
    MUST(counting_semaphore_post(&semaphore));
    MUST(pthread_join(thread, NULL));
    MUST(counting_semaphore_destroy(&semaphore));
}
END_TEST

/* Threads that take a permit, do something, and give it back: never more of them than permits. */
enum { MOST_THREADS = 64 };

struct crowd {
    struct counting_semaphore semaphore;
    int permits, rounds;
    atomic_int inside, most_inside;
    long total; // where there is one permit, it guards this
};

static void *come_and_go(void *argument)
{
    struct crowd *crowd = argument;
    for (int i = 0; i < crowd->rounds; i++) {
        MUST(counting_semaphore_wait(&crowd->semaphore));
        int inside = atomic_fetch_add(&crowd->inside, 1) + 1;
        int most = atomic_load(&crowd->most_inside);
        while (inside > most && !atomic_compare_exchange_weak(&crowd->most_inside, &most, inside))
            continue;
        if (crowd->permits == 1)
            crowd->total++;
        if (i % 16 == 0)
            sched_yield();
        atomic_fetch_sub(&crowd->inside, 1);
        MUST(counting_semaphore_post(&crowd->semaphore));
    }
    return NULL;
}

static const struct {
    int permits, threads;
} crowds[] = {{1, 2}, {1, 8}, {3, 8}, {1, MOST_THREADS}, {5, MOST_THREADS}};

START_TEST(test_as_many_as_permits)
{
    int permits = crowds[_i].permits, threads = crowds[_i].threads, rounds = ROUNDS * 2 / threads;
    struct crowd crowd = {.permits = permits, .rounds = rounds};
    pthread_t members[MOST_THREADS];
    MUST(counting_semaphore_init(&crowd.semaphore, (unsigned int)permits));
    for (int i = 0; i < threads; i++)
        MUST(pthread_create(&members[i], NULL, come_and_go, &crowd));
    for (int i = 0; i < threads; i++)
        MUST(pthread_join(members[i], NULL));
    ck_assert_int_le(crowd.most_inside, permits);
    ck_assert_uint_eq(counting_semaphore_value(&crowd.semaphore), (unsigned int)permits);
    if (permits == 1)
        ck_assert_int_eq(crowd.total, (long)threads * rounds);
    MUST(counting_semaphore_destroy(&crowd.semaphore));
}
END_TEST

/* Some post, others take, in each of the three ways: every permit is taken once, and none is lost. */
struct exchange {
    struct counting_semaphore semaphore;
    atomic_long taken;
    long posts; // of all
};

static void *post_many(void *argument)
{
    struct exchange *exchange = argument;
    for (long i = 0; i < exchange->posts / 4; i++)
        MUST(counting_semaphore_post(&exchange->semaphore));
    return NULL;
}

/* Each takes one permit after the other, until all there will be are taken or promised to the others. */
static void *take_many(void *argument)
{
    struct exchange *exchange = argument;
    for (long i = 0; i < exchange->posts / 4; i++) {
        int error = 1;
        if (i % 3 == 0)
            error = counting_semaphore_try_wait(&exchange->semaphore);
        while (error != 0 && i % 3 != 2) {
            struct timespec deadline = in_microseconds(i % 50);
            error = counting_semaphore_timed_wait(&exchange->semaphore, &deadline);
            if (error != ETIMEDOUT)
                MUST(error);
        }
        if (error != 0)
            MUST(counting_semaphore_wait(&exchange->semaphore));
        atomic_fetch_add(&exchange->taken, 1);
    }
    return NULL;
}

START_TEST(test_every_permit_once)
{
    struct exchange exchange = {.posts = ROUNDS * 4};
    pthread_t threads[8];
    MUST(counting_semaphore_init(&exchange.semaphore, 0));
    for (int i = 0; i < 8; i++)
        MUST(pthread_create(&threads[i], NULL, i % 2 == 0 ? post_many : take_many, &exchange));
    for (int i = 0; i < 8; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(exchange.taken, exchange.posts);
    ck_assert_uint_eq(counting_semaphore_value(&exchange.semaphore), 0);
    MUST(counting_semaphore_destroy(&exchange.semaphore));
}
END_TEST

/*
 * A post in the moment of a deadline: the permit is taken or still there, and where another thread
 * waits without a deadline, it is not left asleep beside a permit.
 */
struct timed {
    struct counting_semaphore *semaphore;
    struct timespec deadline;
    int result;
};

static void *wait_timed(void *argument)
{
    struct timed *timed = argument;
    timed->result = counting_semaphore_timed_wait(timed->semaphore, &timed->deadline);
    return NULL;
}

START_TEST(test_post_at_the_deadline)
{
    for (int round = 0; round < ROUNDS / 20; round++) {
        struct counting_semaphore semaphore;
        pthread_t patient, impatient;
        MUST(counting_semaphore_init(&semaphore, 0));
        MUST(pthread_create(&patient, NULL, wait_once, &semaphore));
        until_waiting(&semaphore, 1);
        struct timespec moment = in_microseconds(150);
        struct timed timed = {&semaphore, in_microseconds(130 + round % 40), 0};
        MUST(pthread_create(&impatient, NULL, wait_timed, &timed));
        while (!has_passed(&moment))
            continue;
        MUST(counting_semaphore_post(&semaphore));
        MUST(pthread_join(impatient, NULL));
        ck_assert(timed.result == 0 || timed.result == ETIMEDOUT);
        if (timed.result == 0)
            MUST(counting_semaphore_post(&semaphore)); // the other one still waits for its own
        MUST(pthread_join(patient, NULL));
        ck_assert_uint_eq(counting_semaphore_value(&semaphore), 0);
        MUST(counting_semaphore_destroy(&semaphore));
    }
}
END_TEST

/* The clock is set by an hour while a thread waits. It waits no longer, and no less. */
START_TEST(test_clock_that_is_set)
{
    for (int hours = -1; hours <= 1; hours += 2) {
        struct counting_semaphore semaphore;
        pthread_t thread;
        MUST(counting_semaphore_init(&semaphore, 0));
        atomic_store(&hours_forward, 0);
        struct timed timed = {&semaphore, counting_semaphore_deadline(50), 0};
        MUST(pthread_create(&thread, NULL, wait_timed, &timed));
        while (waiting(&semaphore) == 0 && !has_passed(&timed.deadline))
            sched_yield();
        atomic_store(&hours_forward, hours);
        MUST(pthread_join(thread, NULL));
        ck_assert_int_eq(timed.result, ETIMEDOUT);
        ck_assert(has_passed(&timed.deadline));

        // A deadline that is far off does not end a wait.
        timed.deadline = counting_semaphore_deadline(hours < 0 ? 3000000 : LONG_MAX);
        MUST(pthread_create(&thread, NULL, wait_timed, &timed));
        until_waiting(&semaphore, 1);
        atomic_store(&hours_forward, 0);
        MUST(counting_semaphore_post(&semaphore));
        MUST(pthread_join(thread, NULL));
        ck_assert_int_eq(timed.result, 0);
        MUST(counting_semaphore_destroy(&semaphore));
    }
}
END_TEST

/*
 * The deadline has passed, and then a permit comes, before the thread can get the lock: it takes it.
 * (A signal may have been spent on it, and then no other thread is woken.)
 */
START_TEST(test_permit_after_the_deadline)
{
    struct counting_semaphore semaphore;
    struct timed timed = {.semaphore = &semaphore};
    bool in_time = false;
    MUST(counting_semaphore_init(&semaphore, 0));
    while (!in_time) {
        pthread_t thread;
        timed.deadline = in_microseconds(20000);
        MUST(pthread_create(&thread, NULL, wait_timed, &timed));
        while (waiting(&semaphore) == 0 && !has_passed(&timed.deadline))
            sched_yield();
        MUST(pthread_mutex_lock(&semaphore.lock));
        in_time = semaphore.waiting == 1; // it sleeps, and without the lock it cannot leave
        while (in_time && !has_passed(&timed.deadline))
            sched_yield();
        if (in_time)
            semaphore.permits++;
        MUST(pthread_mutex_unlock(&semaphore.lock));
        MUST(pthread_join(thread, NULL));
    }
    ck_assert_int_eq(timed.result, 0);
    ck_assert_uint_eq(counting_semaphore_value(&semaphore), 0);
    MUST(counting_semaphore_destroy(&semaphore));
}
END_TEST

/* The classic fault of sem_post: the semaphore is gone when the wait returns, and post must not mind. */
static void *post_once(void *argument)
{
    MUST(counting_semaphore_post(argument));
    return NULL;
}

START_TEST(test_destroy_right_after_wait)
{
    for (int i = 0; i < ROUNDS / 10; i++) {
        struct counting_semaphore *semaphore = MUST_HAVE(malloc(sizeof *semaphore));
        pthread_t threads[3];
        int posts = 1 + i % 3;
        MUST(counting_semaphore_init(semaphore, 0));
        for (int j = 0; j < posts; j++)
            MUST(pthread_create(&threads[j], NULL, post_once, semaphore));
        for (int j = 0; j < posts; j++)
            MUST(counting_semaphore_wait(semaphore));
        MUST(counting_semaphore_destroy(semaphore));
        memset(semaphore, 0xa5, sizeof *semaphore);
        free(semaphore);
        for (int j = 0; j < posts; j++)
            MUST(pthread_join(threads[j], NULL));
    }
}
END_TEST

/* One of several waiting threads is out first, and destroys: by then the others are out, too. */
START_TEST(test_destroy_with_others_on_their_way)
{
    for (int i = 0; i < ROUNDS / 20; i++) {
        struct counting_semaphore *semaphore = MUST_HAVE(malloc(sizeof *semaphore));
        pthread_t threads[3];
        MUST(counting_semaphore_init(semaphore, 0));
        for (int j = 0; j < 3; j++)
            MUST(pthread_create(&threads[j], NULL, wait_once, semaphore));
        until_waiting(semaphore, 3);
        for (int j = 0; j < 4; j++)
            MUST(counting_semaphore_post(semaphore));
        MUST(counting_semaphore_wait(semaphore));
        MUST(counting_semaphore_destroy(semaphore));
        memset(semaphore, 0xa5, sizeof *semaphore);
        free(semaphore);
        for (int j = 0; j < 3; j++)
            MUST(pthread_join(threads[j], NULL));
    }
}
END_TEST

static atomic_bool destroyed;

static void *destroy(void *argument)
{
    MUST(counting_semaphore_destroy(argument));
    atomic_store(&destroyed, true);
    return NULL;
}

/* Destroy waits for one that has its permit and is still inside, and no spurious wake-up ends it. */
START_TEST(test_destroy_waits)
{
    struct counting_semaphore semaphore;
    pthread_t thread;
    MUST(counting_semaphore_init(&semaphore, 1));
    MUST(pthread_mutex_lock(&semaphore.lock));
    semaphore.waiting++;
    MUST(pthread_mutex_unlock(&semaphore.lock));
    MUST(pthread_create(&thread, NULL, destroy, &semaphore));
    MUST(pthread_cancel(thread)); // it is no cancellation point
    for (int i = 0; i < 1000; i++) {
        sched_yield();
        ck_assert(!atomic_load(&destroyed));
        MUST(pthread_mutex_lock(&semaphore.lock));
        MUST(pthread_cond_signal(&semaphore.all_out));
        MUST(pthread_mutex_unlock(&semaphore.lock));
    }
    MUST(pthread_mutex_lock(&semaphore.lock));
    semaphore.waiting--;
    MUST(pthread_cond_signal(&semaphore.all_out));
    MUST(pthread_mutex_unlock(&semaphore.lock));
    MUST(pthread_join(thread, NULL));
    ck_assert(atomic_load(&destroyed));
}
END_TEST

/* Destroyed while a thread waits for what never came: refused, and the semaphore is still good. */
START_TEST(test_destroy_refused)
{
    struct counting_semaphore semaphore;
    pthread_t thread;
    MUST(counting_semaphore_init(&semaphore, 0));
    MUST(pthread_create(&thread, NULL, wait_once, &semaphore));
    until_waiting(&semaphore, 1);
    ck_assert_int_eq(counting_semaphore_destroy(&semaphore), EBUSY);
    MUST(counting_semaphore_post(&semaphore));
    MUST(pthread_join(thread, NULL));
    ck_assert_int_eq(counting_semaphore_destroy(&semaphore), 0);
}
END_TEST

/* A thread that is cancelled while it waits stays, takes its permit, and can be cancelled after that. */
static void *wait_and_look(void *argument)
{
    int states[] = {PTHREAD_CANCEL_DISABLE, PTHREAD_CANCEL_ENABLE}, state;
    for (int i = 0; i < 2; i++) {
        MUST(pthread_setcancelstate(states[i], &state));
        MUST(counting_semaphore_wait(argument));
        MUST(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state));
        ck_assert_int_eq(state, states[i]);
    }
    return argument;
}

START_TEST(test_no_cancellation_point)
{
    struct counting_semaphore semaphore;
    pthread_t thread;
    void *result;
    MUST(counting_semaphore_init(&semaphore, 0));
    MUST(pthread_create(&thread, NULL, wait_and_look, &semaphore));
    until_waiting(&semaphore, 1);
    MUST(pthread_cancel(thread));
    for (int i = 0; i < 1000; i++)
        sched_yield(); // where a cancel ends the wait inside, it goes back to sleep
    for (int i = 0; i < 2; i++) {
        until_waiting(&semaphore, 1);
        MUST(counting_semaphore_post(&semaphore));
    }
    MUST(pthread_join(thread, &result));
    ck_assert_ptr_eq(result, &semaphore);
    MUST(counting_semaphore_destroy(&semaphore));
}
END_TEST

TCase *counting_semaphore_cases(void)
{
    TCase *cases = tcase_create(CASES);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_permits);
    tcase_add_test(cases, test_most_permits);
    tcase_add_test(cases, test_deadlines);
    tcase_add_test(cases, test_deadline);
    tcase_add_test(cases, test_clock_that_is_set);
    tcase_add_test(cases, test_two_waiters_two_posts);
    tcase_add_test(cases, test_spurious_wake_ups);
    tcase_add_loop_test(cases, test_as_many_as_permits, 0, sizeof crowds / sizeof crowds[0]);
    tcase_add_test(cases, test_every_permit_once);
    tcase_add_test(cases, test_post_at_the_deadline);
    tcase_add_test(cases, test_permit_after_the_deadline);
    tcase_add_test(cases, test_destroy_right_after_wait);
    tcase_add_test(cases, test_destroy_with_others_on_their_way);
    tcase_add_test(cases, test_destroy_waits);
    tcase_add_test(cases, test_destroy_refused);
    tcase_add_test(cases, test_no_cancellation_point);
    return cases;
}
