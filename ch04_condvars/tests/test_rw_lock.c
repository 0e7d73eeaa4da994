/*
 * test_rw_lock.c - the lock that prefers writers, and the one that starves them, proved the hard way.
 *
 * It includes rw_lock.c itself, to see which threads wait: "a writer is blocked" is then a fact to wait
 * for, and no sleep has to stand in for it. A signal wakes no thread, the worst that glibc's bug 25847
 * can do, as several threads may wait on each of the conditions.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

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

#define pthread_cond_signal(condition) ((void)(condition), 0)
#define pthread_cond_wait wait_or_fail
#include "../beyond/readers_first.c"
#include "../beyond/rw_lock.c"
#undef pthread_cond_wait
#undef pthread_cond_signal

#include "cases.h"
#include "must.h"

#include <sched.h>

/* One call made by a thread of its own, which then waits inside until it may leave. */
struct visit {
    struct rw_lock *lock;
    atomic_int *arrivals; // counts who is inside or was; may be NULL
    int arrival;          // its own number in that
    atomic_bool inside, may_leave;
    pthread_t thread;
};

static void stay(struct visit *visit)
{
    if (visit->arrivals != NULL)
        visit->arrival = atomic_fetch_add(visit->arrivals, 1) + 1;
    atomic_store(&visit->inside, true);
    while (!atomic_load(&visit->may_leave))
        sched_yield();
}

static void *read_visit(void *argument)
{
    struct visit *visit = argument;
    MUST(rw_lock_read_lock(visit->lock));
    stay(visit);
    MUST(rw_lock_read_unlock(visit->lock));
    return NULL;
}

static void *write_visit(void *argument)
{
    struct visit *visit = argument;
    MUST(rw_lock_write_lock(visit->lock));
    stay(visit);
    MUST(rw_lock_write_unlock(visit->lock));
    return NULL;
}

static void start(struct visit *visit, void *(*function)(void *))
{
    MUST(pthread_create(&visit->thread, NULL, function, visit));
}

static void finish(struct visit *visit)
{
    atomic_store(&visit->may_leave, true);
    MUST(pthread_join(visit->thread, NULL));
}

static void until_inside(struct visit *visit)
{
    while (!atomic_load(&visit->inside))
        sched_yield();
}

static size_t look(struct rw_lock *lock, const size_t *field)
{
    MUST(pthread_mutex_lock(&lock->lock));
    size_t value = *field;
    MUST(pthread_mutex_unlock(&lock->lock));
    return value;
}

static void until(struct rw_lock *lock, const size_t *field, size_t value)
{
    while (look(lock, field) != value)
        sched_yield();
}

START_TEST(test_try)
{
    struct rw_lock lock;
    ck_assert_int_eq(rw_lock_init(&lock), 0);
    ck_assert_int_eq(rw_lock_try_read_lock(&lock), 0);
    ck_assert_int_eq(rw_lock_try_read_lock(&lock), 0);
    ck_assert_int_eq(rw_lock_try_write_lock(&lock), EBUSY);
    ck_assert_int_eq(rw_lock_read_unlock(&lock), 0);
    ck_assert_int_eq(rw_lock_try_write_lock(&lock), EBUSY);
    ck_assert_int_eq(rw_lock_read_unlock(&lock), 0);
    ck_assert_int_eq(rw_lock_try_write_lock(&lock), 0);
    ck_assert_int_eq(rw_lock_try_write_lock(&lock), EBUSY);
    ck_assert_int_eq(rw_lock_try_read_lock(&lock), EBUSY);
    ck_assert_int_eq(rw_lock_write_unlock(&lock), 0);
    ck_assert_int_eq(rw_lock_write_lock(&lock), 0);
    ck_assert_int_eq(rw_lock_write_unlock(&lock), 0);
    ck_assert_int_eq(rw_lock_read_lock(&lock), 0);
    ck_assert_int_eq(rw_lock_read_unlock(&lock), 0);
    ck_assert_int_eq(rw_lock_destroy(&lock), 0);
}
END_TEST

START_TEST(test_misuse)
{
    struct rw_lock lock;
    MUST(rw_lock_init(&lock));
    ck_assert_int_eq(rw_lock_read_unlock(&lock), EPERM);
    ck_assert_int_eq(rw_lock_write_unlock(&lock), EPERM);
    MUST(rw_lock_read_lock(&lock));
    ck_assert_int_eq(rw_lock_write_unlock(&lock), EPERM);
    ck_assert_int_eq(rw_lock_destroy(&lock), EBUSY);
    MUST(rw_lock_read_unlock(&lock));
    MUST(rw_lock_write_lock(&lock));
    ck_assert_int_eq(rw_lock_read_unlock(&lock), EPERM);
    ck_assert_int_eq(rw_lock_destroy(&lock), EBUSY);
    MUST(rw_lock_write_unlock(&lock));
    // Refused calls have changed nothing.
    ck_assert_int_eq(rw_lock_try_write_lock(&lock), 0);
    MUST(rw_lock_write_unlock(&lock));
    ck_assert_int_eq(rw_lock_destroy(&lock), 0);
}
END_TEST

/* The rule: a reader that comes after a waiting writer waits for it, a try as well. */
START_TEST(test_writers_first)
{
    for (int round = 0; round < ROUNDS / 50; round++) {
        struct rw_lock lock;
        atomic_int arrivals = 0;
        struct visit first = {.lock = &lock, .arrivals = &arrivals}, writer = first, late = first;
        MUST(rw_lock_init(&lock));
        start(&first, read_visit);
        until_inside(&first);
        start(&writer, write_visit);
        until(&lock, &lock.writers_waiting, 1);
        ck_assert_uint_eq(rw_lock_writers_waiting(&lock), 1);
        ck_assert_int_eq(rw_lock_try_read_lock(&lock), EBUSY);
        ck_assert_int_eq(rw_lock_try_write_lock(&lock), EBUSY);
        start(&late, read_visit);
        until(&lock, &lock.readers_waiting, 1);
        ck_assert_int_eq(rw_lock_destroy(&lock), EBUSY);
        finish(&first);
        finish(&writer);
        finish(&late);
        ck_assert_int_eq(first.arrival, 1);
        ck_assert_int_eq(writer.arrival, 2);
        ck_assert_int_eq(late.arrival, 3);
        ck_assert_uint_eq(rw_lock_writers_waiting(&lock), 0);
        MUST(rw_lock_destroy(&lock));
    }
}
END_TEST

/* Two writers wait and two readers behind them: all get in, the readers last, and both at once. */
START_TEST(test_nobody_sleeps_on)
{
    for (int round = 0; round < ROUNDS / 100; round++) {
        struct rw_lock lock;
        atomic_int arrivals = 0;
        struct visit visits[5];
        for (int i = 0; i < 5; i++)
            visits[i] = (struct visit){.lock = &lock, .arrivals = &arrivals};
        MUST(rw_lock_init(&lock));
        start(&visits[0], round % 2 == 0 ? read_visit : write_visit);
        until_inside(&visits[0]);
        for (size_t i = 1; i <= 2; i++) {
            start(&visits[i], write_visit);
            until(&lock, &lock.writers_waiting, i);
        }
        for (size_t i = 1; i <= 2; i++) {
            start(&visits[2 + i], read_visit);
            until(&lock, &lock.readers_waiting, i);
        }
        finish(&visits[0]);
        for (int i = 1; i <= 2; i++)
            atomic_store(&visits[i].may_leave, true);
        for (int i = 3; i <= 4; i++)
            until_inside(&visits[i]); // with both inside: neither may leave yet
        for (int i = 1; i <= 4; i++)
            finish(&visits[i]);
        for (int i = 3; i <= 4; i++)
            ck_assert_int_ge(visits[i].arrival, 4);
        MUST(rw_lock_destroy(&lock));
    }
}
END_TEST

/* Spurious wake-ups, which POSIX allows, let no thread in. */
START_TEST(test_spurious_wake_ups)
{
    struct rw_lock lock;
    MUST(rw_lock_init(&lock));
    struct visit writers[2] = {{.lock = &lock}, {.lock = &lock}}, reader = {.lock = &lock};
    start(&writers[0], write_visit);
    until_inside(&writers[0]);
    start(&writers[1], write_visit);
    until(&lock, &lock.writers_waiting, 1);
    start(&reader, read_visit);
    until(&lock, &lock.readers_waiting, 1);
    for (int i = 0; i < 1000; i++) {
        MUST(pthread_mutex_lock(&lock.lock));
        MUST(pthread_cond_broadcast(&lock.may_read));
        MUST(pthread_cond_broadcast(&lock.may_write));
        MUST(pthread_mutex_unlock(&lock.lock));
        sched_yield();
        ck_assert(!atomic_load(&writers[1].inside) && !atomic_load(&reader.inside));
    }
    finish(&writers[0]);
    finish(&writers[1]);
    finish(&reader);
    MUST(rw_lock_destroy(&lock));
}
END_TEST

/* Many threads, plain data under the lock: no update is lost, and no reader sees half of one. */
enum { MOST_THREADS = 64, WORDS = 8 };

struct shared {
    struct rw_lock lock;
    int rounds;
    bool with_try;
    long words[WORDS]; // all the same, while nobody writes
    atomic_long torn;  // times that a reader saw it otherwise
};

static void *write_many(void *argument)
{
    struct shared *shared = argument;
    for (int i = 0; i < shared->rounds; i++) {
        if (!shared->with_try)
            MUST(rw_lock_write_lock(&shared->lock));
        else
            while (rw_lock_try_write_lock(&shared->lock) != 0)
                sched_yield();
        for (int j = 0; j < WORDS; j++)
            shared->words[j]++;
        MUST(rw_lock_write_unlock(&shared->lock));
    }
    return NULL;
}

static void *read_many(void *argument)
{
    struct shared *shared = argument;
    for (int i = 0; i < shared->rounds; i++) {
        if (!shared->with_try)
            MUST(rw_lock_read_lock(&shared->lock));
        else
            while (rw_lock_try_read_lock(&shared->lock) != 0)
                sched_yield();
        for (int j = 1; j < WORDS; j++) {
            if (shared->words[j] != shared->words[0])
                atomic_fetch_add(&shared->torn, 1);
        }
        MUST(rw_lock_read_unlock(&shared->lock));
    }
    return NULL;
}

static const struct {
    int readers, writers;
    bool with_try; // of every second thread that writes or reads
} crowds[] = {{1, 1, false}, {3, 1, false},   {1, 3, false},
              {4, 4, false}, {32, 32, false}, {2, 2, true}};

START_TEST(test_exclusion)
{
    int readers = crowds[_i].readers, writers = crowds[_i].writers;
    struct shared shared = {.rounds = ROUNDS / (readers + writers),
                            .with_try = crowds[_i].with_try};
    pthread_t threads[MOST_THREADS];
    MUST(rw_lock_init(&shared.lock));
    for (int i = 0; i < readers + writers; i++)
        MUST(pthread_create(&threads[i], NULL, i < readers ? read_many : write_many, &shared));
    for (int i = 0; i < readers + writers; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(shared.torn, 0);
    for (int i = 0; i < WORDS; i++)
        ck_assert_int_eq(shared.words[i], (long)writers * shared.rounds);
    MUST(rw_lock_destroy(&shared.lock));
}
END_TEST

/* The last to hold it frees it at once, though the unlock before that may still be on its way out. */
static void *hold_once(void *argument)
{
    struct visit *visit = argument;
    MUST(rw_lock_read_lock(visit->lock));
    atomic_store(&visit->inside, true);
    MUST(rw_lock_read_unlock(visit->lock));
    return NULL;
}

START_TEST(test_destroy_right_after_unlock)
{
    for (int i = 0; i < ROUNDS / 10; i++) {
        struct rw_lock *lock = MUST_HAVE(malloc(sizeof *lock));
        struct visit visit = {.lock = lock};
        MUST(rw_lock_init(lock));
        start(&visit, hold_once);
        until_inside(&visit);
        MUST(rw_lock_write_lock(lock));
        MUST(rw_lock_write_unlock(lock));
        MUST(rw_lock_destroy(lock));
        memset(lock, 0xa5, sizeof *lock);
        free(lock);
        finish(&visit);
    }
}
END_TEST

/* A thread that is cancelled while it waits stays, and holds the lock after that. */
START_TEST(test_no_cancellation_point)
{
    struct rw_lock lock;
    MUST(rw_lock_init(&lock));
    MUST(rw_lock_write_lock(&lock));
    struct visit writer = {.lock = &lock, .may_leave = true}, reader = writer;
    start(&writer, write_visit);
    until(&lock, &lock.writers_waiting, 1);
    start(&reader, read_visit);
    until(&lock, &lock.readers_waiting, 1);
    MUST(pthread_cancel(writer.thread));
    MUST(pthread_cancel(reader.thread));
    MUST(rw_lock_write_unlock(&lock));
    finish(&writer);
    finish(&reader);
    ck_assert(writer.inside && reader.inside);
    MUST(rw_lock_destroy(&lock));
}
END_TEST

/* The other rule. */

static void *write_readers_first(void *argument)
{
    MUST(readers_first_write_lock(argument));
    MUST(readers_first_write_unlock(argument));
    return NULL;
}

START_TEST(test_readers_first)
{
    struct readers_first lock;
    pthread_t writer;
    MUST(readers_first_init(&lock));
    MUST(readers_first_read_lock(&lock));
    MUST(pthread_create(&writer, NULL, write_readers_first, &lock));
    while (readers_first_writers_waiting(&lock) == 0)
        sched_yield();
    // Reader after reader passes it.
    for (int i = 0; i < 1000; i++) {
        MUST(readers_first_try_read_lock(&lock));
        MUST(readers_first_read_unlock(&lock));
        MUST(readers_first_read_lock(&lock));
        MUST(readers_first_read_unlock(&lock));
        ck_assert_uint_eq(readers_first_writers_waiting(&lock), 1);
    }
    ck_assert_int_eq(readers_first_destroy(&lock), EBUSY);
    MUST(readers_first_read_unlock(&lock));
    MUST(pthread_join(writer, NULL));
    ck_assert_int_eq(readers_first_read_unlock(&lock), EPERM);
    ck_assert_int_eq(readers_first_write_unlock(&lock), EPERM);
    MUST(readers_first_write_lock(&lock));
    ck_assert_int_eq(readers_first_try_read_lock(&lock), EBUSY);
    ck_assert_int_eq(readers_first_destroy(&lock), EBUSY);
    MUST(readers_first_write_unlock(&lock));
    ck_assert_int_eq(readers_first_destroy(&lock), 0);
}
END_TEST

/* Two readers wait for a writer: no spurious wake-up lets them in, and then they are inside together. */
struct meeting {
    struct readers_first lock;
    atomic_int inside;
};

static void *meet(void *argument)
{
    struct meeting *meeting = argument;
    MUST(readers_first_read_lock(&meeting->lock));
    atomic_fetch_add(&meeting->inside, 1);
    while (atomic_load(&meeting->inside) < 2)
        sched_yield();
    MUST(readers_first_read_unlock(&meeting->lock));
    return NULL;
}

START_TEST(test_two_readers_readers_first)
{
    for (int round = 0; round < 20; round++) {
        struct meeting meeting = {.inside = 0};
        pthread_t threads[2];
        MUST(readers_first_init(&meeting.lock));
        MUST(readers_first_write_lock(&meeting.lock));
        for (int i = 0; i < 2; i++)
            MUST(pthread_create(&threads[i], NULL, meet, &meeting));
        for (int i = 0; i < 100; i++) {
            sched_yield();
            MUST(pthread_mutex_lock(&meeting.lock.lock));
            MUST(pthread_cond_broadcast(&meeting.lock.left));
            MUST(pthread_mutex_unlock(&meeting.lock.lock));
            ck_assert_int_eq(atomic_load(&meeting.inside), 0);
        }
        MUST(readers_first_write_unlock(&meeting.lock));
        for (int i = 0; i < 2; i++)
            MUST(pthread_join(threads[i], NULL));
        MUST(readers_first_destroy(&meeting.lock));
    }
}
END_TEST

struct shared_readers_first {
    struct readers_first lock;
    long words[2];
    atomic_long torn;
};

static void *write_many_readers_first(void *argument)
{
    struct shared_readers_first *shared = argument;
    for (int i = 0; i < ROUNDS / 10; i++) {
        MUST(readers_first_write_lock(&shared->lock));
        shared->words[0]++;
        shared->words[1]++;
        MUST(readers_first_write_unlock(&shared->lock));
    }
    return NULL;
}

static void *read_many_readers_first(void *argument)
{
    struct shared_readers_first *shared = argument;
    for (int i = 0; i < ROUNDS / 10; i++) {
        MUST(readers_first_read_lock(&shared->lock));
        if (shared->words[0] != shared->words[1])
            atomic_fetch_add(&shared->torn, 1);
        MUST(readers_first_read_unlock(&shared->lock));
    }
    return NULL;
}

START_TEST(test_exclusion_readers_first)
{
    struct shared_readers_first shared = {.torn = 0};
    pthread_t threads[6];
    MUST(readers_first_init(&shared.lock));
    for (int i = 0; i < 6; i++)
        MUST(pthread_create(&threads[i], NULL,
                            i % 2 == 0 ? write_many_readers_first : read_many_readers_first,
                            &shared));
    for (int i = 0; i < 6; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_int_eq(shared.torn, 0);
    ck_assert_int_eq(shared.words[0], 3L * (ROUNDS / 10));
    MUST(readers_first_destroy(&shared.lock));
}
END_TEST

TCase *rw_lock_cases(void)
{
    TCase *cases = tcase_create("rw_lock");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, test_try);
    tcase_add_test(cases, test_misuse);
    tcase_add_test(cases, test_writers_first);
    tcase_add_test(cases, test_nobody_sleeps_on);
    tcase_add_test(cases, test_spurious_wake_ups);
    tcase_add_loop_test(cases, test_exclusion, 0, sizeof crowds / sizeof crowds[0]);
    tcase_add_test(cases, test_destroy_right_after_unlock);
    tcase_add_test(cases, test_no_cancellation_point);
    tcase_add_test(cases, test_readers_first);
    tcase_add_test(cases, test_two_readers_readers_first);
    tcase_add_test(cases, test_exclusion_readers_first);
    return cases;
}
