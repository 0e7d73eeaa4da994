/*
 * test_channel.c - the channel, proved the hard way.
 *
 * It includes channel.c itself, to see which threads wait: "a thread is blocked in receive" is then a
 * fact to wait for, and no sleep has to stand in for it.
 */
#define _DARWIN_C_SOURCE // for pthread_cond_timedwait_relative_np

#include "cases.h"
#include "must.h"
#include "times.h"
#include "waiting.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* The clock that people see may be set at any time, and there may be no memory. */
static atomic_int hours_ahead;
static atomic_bool is_refused;

static int read_clock(clockid_t clock, struct timespec *time)
{
    int result = clock_gettime(clock, time);
    if (clock == CLOCK_REALTIME)
        time->tv_sec += 3600 * atomic_load(&hours_ahead);
    return result;
}

static void *allocate(size_t count, size_t size)
{
    return atomic_load(&is_refused) ? NULL : calloc(count, size);
}

static void set_refused(bool refuse)
{
    atomic_store(&is_refused, refuse);
}

static int init_condition(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    return atomic_load(&is_refused) ? EAGAIN : pthread_cond_init(condition, attributes);
}

/*
 * Every fourth wait fails at once, as winpthreads does while a cancel is pending. It changes nothing. Or all
 * of them fail, as where a static condition needs memory at its first wait, and there is none.
 */
static atomic_bool all_waits_fail;

static bool wait_fails(void)
{
    static atomic_uint waits;
    return atomic_load(&all_waits_fail) || atomic_fetch_add(&waits, 1) % 4 == 3;
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

#define clock_gettime read_clock
#define calloc allocate
#define pthread_cond_init init_condition
#define pthread_cond_wait wait_or_fail
#define pthread_cond_timedwait timed_wait_or_fail
#include "../channel.c"
#undef pthread_cond_timedwait
#undef pthread_cond_wait
#undef clock_gettime
#undef calloc
#undef pthread_cond_init

/* One call made by a thread of its own. */
struct caller {
    struct channel *channel;
    uint64_t value;
    const struct timespec *deadline; // NULL: none
    int result;
    pthread_t thread;
};

static void *call_send(void *argument)
{
    struct caller *call = argument;
    call->result = call->deadline == NULL
                       ? channel_send(call->channel, &call->value)
                       : channel_timed_send(call->channel, &call->value, call->deadline);
    return NULL;
}

static void *call_receive(void *argument)
{
    struct caller *call = argument;
    call->result = call->deadline == NULL
                       ? channel_receive(call->channel, &call->value)
                       : channel_timed_receive(call->channel, &call->value, call->deadline);
    return NULL;
}

static void start(struct caller *call, void *(*function)(void *))
{
    MUST(pthread_create(&call->thread, NULL, function, call));
}

static void finish(struct caller *call)
{
    MUST(pthread_join(call->thread, NULL));
}

static int count(struct channel *channel, const struct link *queue)
{
    int number = 0;
    lock(channel);
    for (const struct link *link = queue->next; link != queue; link = link->next)
        number++;
    unlock(channel);
    return number;
}

static void until_waiting(struct channel *channel, const struct link *queue, int number)
{
    while (count(channel, queue) != number)
        sched_yield();
}

static struct channel *create(size_t capacity, size_t element_size)
{
    return MUST_HAVE(channel_create(capacity, element_size));
}

static void until_waiting_or_past(struct channel *channel, const struct timespec *deadline)
{
    while (count(channel, &channel->receivers) == 0 && !has_passed(deadline))
        sched_yield();
}

/* Whether the last thread in the queue is the one that receives into `destination`. */
static bool is_last(struct channel *channel, const struct link *queue, const void *destination)
{
    lock(channel);
    bool last = queue->previous != queue &&
                ((const struct waiter *)queue->previous)->element == destination;
    unlock(channel);
    return last;
}

START_TEST(test_too_large)
{
    errno = 0;
    ck_assert_ptr_null(channel_create(SIZE_MAX / 4, 8));
    ck_assert_int_eq(errno, ENOMEM);
    errno = 0;
    ck_assert_ptr_null(channel_create(SIZE_MAX, 1));
    ck_assert_int_eq(errno, ENOMEM);
    errno = 0;
    ck_assert_ptr_null(channel_create(2, SIZE_MAX / 2 + 1));
    ck_assert_int_eq(errno, ENOMEM);
    channel_destroy(NULL);
}
END_TEST

START_TEST(test_first_in_first_out)
{
    struct channel *channel = create(7, sizeof(uint64_t));
    uint64_t sent = 0, received = 0, value;
    ck_assert_uint_eq(channel_capacity(channel), 7);
    // Runs of different lengths, so that the ring wraps around at every slot.
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i <= round % 7; i++, sent++)
            ck_assert_int_eq(channel_send(channel, &sent), 0);
        ck_assert_uint_eq(channel_length(channel), sent - received);
        while (received < sent) {
            ck_assert_int_eq(channel_receive(channel, &value), 0);
            ck_assert_uint_eq(value, received++);
        }
    }
    channel_destroy(channel);
}
END_TEST

START_TEST(test_try)
{
    struct channel *channel = create(2, sizeof(uint64_t));
    uint64_t value = 1;
    ck_assert_int_eq(channel_try_receive(channel, &value), EAGAIN);
    ck_assert_int_eq(channel_try_send(channel, &value), 0);
    ck_assert_int_eq(channel_try_send(channel, &value), 0);
    ck_assert_int_eq(channel_try_send(channel, &value), EAGAIN);
    ck_assert_int_eq(channel_try_receive(channel, NULL), 0);
    ck_assert_uint_eq(channel_length(channel), 1);
    channel_close(channel);
    ck_assert_int_eq(channel_try_send(channel, &value), EPIPE);
    ck_assert_int_eq(channel_try_receive(channel, &value), 0);
    ck_assert_int_eq(channel_try_receive(channel, &value), EPIPE);
    channel_destroy(channel);

    // Without a buffer they need a waiting partner.
    channel = create(0, sizeof(uint64_t));
    ck_assert_int_eq(channel_try_send(channel, &value), EAGAIN);
    ck_assert_int_eq(channel_try_receive(channel, &value), EAGAIN);
    struct caller call = {.channel = channel};
    start(&call, call_receive);
    until_waiting(channel, &channel->receivers, 1);
    value = 42;
    ck_assert_int_eq(channel_try_send(channel, &value), 0);
    finish(&call);
    ck_assert_uint_eq(call.value, 42);
    start(&call, call_send);
    until_waiting(channel, &channel->senders, 1);
    ck_assert_int_eq(channel_try_receive(channel, &value), 0);
    finish(&call);
    ck_assert_int_eq(call.result, 0);
    channel_destroy(channel);
}
END_TEST

/* A rendezvous: the send does not return before another thread has the element. */
START_TEST(test_rendezvous_waits)
{
    struct channel *channel = create(0, sizeof(uint64_t));
    for (uint64_t i = 0; i < 100; i++) {
        struct caller call = {.channel = channel, .value = i, .result = -1};
        start(&call, call_send);
        until_waiting(channel, &channel->senders, 1);
        ck_assert_uint_eq(channel_length(channel), 0);
        uint64_t value = 0;
        ck_assert_int_eq(channel_receive(channel, &value), 0);
        ck_assert_uint_eq(value, i);
        finish(&call);
        ck_assert_int_eq(call.result, 0);
    }
    channel_destroy(channel);
}
END_TEST

/* The lost wake-up: as many waiters as quick partners; none of them may sleep on. */
START_TEST(test_two_waiters_two_partners)
{
    for (int round = 0; round < 200; round++) {
        struct channel *channel = create((size_t)(round % 2), sizeof(uint64_t));
        struct caller calls[2] = {{.channel = channel}, {.channel = channel}};
        start(&calls[0], call_receive);
        until_waiting(channel, &channel->receivers, 1);
        start(&calls[1], call_receive);
        until_waiting(channel, &channel->receivers, 2);
        for (uint64_t value = 1; value <= 2; value++)
            ck_assert_int_eq(channel_try_send(channel, &value), 0);
        finish(&calls[0]);
        finish(&calls[1]);
        // First come, first served.
        ck_assert_uint_eq(calls[0].value, 1);
        ck_assert_uint_eq(calls[1].value, 2);
        channel_destroy(channel);
    }
    for (int round = 0; round < 200; round++) {
        struct channel *channel = create(0, sizeof(uint64_t));
        struct caller calls[2] = {{.channel = channel, .value = 1},
                                  {.channel = channel, .value = 2}};
        start(&calls[0], call_send);
        until_waiting(channel, &channel->senders, 1);
        start(&calls[1], call_send);
        until_waiting(channel, &channel->senders, 2);
        for (uint64_t i = 1; i <= 2; i++) {
            uint64_t value = 0;
            ck_assert_int_eq(channel_try_receive(channel, &value), 0);
            ck_assert_uint_eq(value, i);
        }
        finish(&calls[0]);
        finish(&calls[1]);
        channel_destroy(channel);
    }
}
END_TEST

/* A sender that waits for room keeps its place behind what is in the buffer. */
START_TEST(test_waiting_senders_keep_the_order)
{
    struct channel *channel = create(1, sizeof(uint64_t));
    uint64_t value = 0;
    ck_assert_int_eq(channel_send(channel, &value), 0);
    struct caller calls[3];
    for (int i = 0; i < 3; i++) {
        calls[i] = (struct caller){.channel = channel, .value = (uint64_t)i + 1};
        start(&calls[i], call_send);
        until_waiting(channel, &channel->senders, i + 1);
    }
    for (uint64_t i = 0; i < 4; i++) {
        ck_assert_int_eq(channel_receive(channel, &value), 0);
        ck_assert_uint_eq(value, i);
    }
    for (int i = 0; i < 3; i++)
        finish(&calls[i]);
    ck_assert_int_eq(channel_try_receive(channel, &value), EAGAIN);
    channel_destroy(channel);
}
END_TEST

/* The sender that waits is served by the receive that makes room for it, not by the next one. */
START_TEST(test_room_for_a_waiting_sender)
{
    struct channel *channel = create(1, sizeof(uint64_t));
    uint64_t value = 1;
    ck_assert_int_eq(channel_send(channel, &value), 0);
    struct caller call = {.channel = channel, .value = 2};
    start(&call, call_send);
    until_waiting(channel, &channel->senders, 1);
    ck_assert_int_eq(channel_receive(channel, &value), 0);
    ck_assert_uint_eq(value, 1);
    finish(&call);
    ck_assert_uint_eq(channel_length(channel), 1);
    ck_assert_int_eq(channel_try_send(channel, &value), EAGAIN);
    ck_assert_int_eq(channel_receive(channel, &value), 0);
    ck_assert_uint_eq(value, 2);
    channel_destroy(channel);
}
END_TEST

/* A spurious wake-up, which POSIX allows, is no reason to return. */
START_TEST(test_spurious_wake_ups)
{
    struct channel *channel = create(0, sizeof(uint64_t));
    struct caller call = {.channel = channel, .result = -1};
    start(&call, call_receive);
    until_waiting(channel, &channel->receivers, 1);
    for (int i = 0; i < 1000; i++) {
        lock(channel);
        pthread_cond_signal(&((struct waiter *)channel->receivers.next)->call->wake);
        unlock(channel);
        sched_yield();
        ck_assert_int_eq(count(channel, &channel->receivers), 1);
    }
    uint64_t value = 3;
    ck_assert_int_eq(channel_send(channel, &value), 0);
    finish(&call);
    ck_assert_uint_eq(call.value, 3);
    channel_destroy(channel);
}
END_TEST

/* A closed channel is drained first, and then returns EPIPE on every call. */
START_TEST(test_drain_after_close)
{
    struct channel *channel = create(7, sizeof(uint64_t));
    uint64_t value;
    for (value = 0; value < 5; value++)
        ck_assert_int_eq(channel_send(channel, &value), 0);
    ck_assert_int_eq(channel_close(channel), 0);
    ck_assert_int_eq(channel_close(channel), EPIPE);
    ck_assert_int_eq(channel_send(channel, &value), EPIPE);
    for (uint64_t i = 0; i < 5; i++) {
        ck_assert_int_eq(channel_receive(channel, &value), 0);
        ck_assert_uint_eq(value, i);
    }
    value = 99;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(channel_receive(channel, &value), EPIPE);
    ck_assert_uint_eq(value, 99);
    channel_destroy(channel);
}
END_TEST

/* Close wakes all waiting threads, on either side, and their elements are not received. */
START_TEST(test_close_wakes_all)
{
    enum { CALLS = 8 };
    struct caller calls[CALLS];
    for (int capacity = 0; capacity <= 1; capacity++) {
        for (int receiving = 0; receiving <= 1; receiving++) {
            struct channel *channel = create((size_t)capacity, sizeof(uint64_t));
            uint64_t buffered = 99, value = 0;
            if (capacity == 1 && !receiving)
                ck_assert_int_eq(channel_send(channel, &buffered), 0);
            for (int i = 0; i < CALLS; i++) {
                calls[i] = (struct caller){.channel = channel, .value = 7};
                start(&calls[i], receiving ? call_receive : call_send);
            }
            until_waiting(channel, receiving ? &channel->receivers : &channel->senders, CALLS);
            ck_assert_int_eq(channel_close(channel), 0);
            for (int i = 0; i < CALLS; i++) {
                finish(&calls[i]);
                ck_assert_int_eq(calls[i].result, EPIPE);
                ck_assert_uint_eq(calls[i].value, 7);
            }
            if (capacity == 1 && !receiving) {
                ck_assert_int_eq(channel_receive(channel, &value), 0);
                ck_assert_uint_eq(value, 99);
            }
            ck_assert_int_eq(channel_receive(channel, &value), EPIPE);
            channel_destroy(channel);
        }
    }
}
END_TEST

START_TEST(test_deadlines)
{
    struct channel *channel = create(1, sizeof(uint64_t));
    uint64_t value = 5;
    struct timespec past = {.tv_sec = 1}, bad = {.tv_nsec = 1000000000L},
                    negative = {.tv_nsec = -1};
    ck_assert_int_eq(channel_timed_send(channel, &value, &bad), EINVAL);
    ck_assert_int_eq(channel_timed_receive(channel, &value, &negative), EINVAL);
    ck_assert_int_eq(channel_timed_receive(channel, &value, &past), ETIMEDOUT);
    ck_assert_int_eq(channel_timed_send(channel, &value, &past), 0); // there is room: no waiting
    ck_assert_int_eq(channel_timed_send(channel, &value, &past), ETIMEDOUT);
    ck_assert_int_eq(channel_timed_receive(channel, &value, &past), 0);
    ck_assert_int_eq(count(channel, &channel->senders), 0);
    ck_assert_int_eq(count(channel, &channel->receivers), 0);

    struct timespec before_0 = {.tv_sec = -1, .tv_nsec = 999999999L};
    ck_assert_int_eq(channel_timed_receive(channel, &value, &before_0), ETIMEDOUT);
    // A wrong deadline is refused also where there is nothing to wait for.
    ck_assert_int_eq(channel_timed_send(channel, &value, &negative), EINVAL);
    ck_assert_int_eq(channel_send(channel, &value), 0);
    ck_assert_int_eq(channel_timed_receive(channel, &value, &bad), EINVAL);
    ck_assert_int_eq(channel_receive(channel, &value), 0);

    // It waits until the deadline, not less.
    struct timespec deadline = in_microseconds(20000);
    ck_assert_int_eq(channel_timed_receive(channel, &value, &deadline), ETIMEDOUT);
    ck_assert(has_passed(&deadline));

    // One that gives up in the middle of the queue leaves the others in their order. (On a very slow
    // machine it may have given up before it is in the middle.)
    struct caller calls[3];
    deadline = in_microseconds(200000);
    for (int i = 0; i < 3; i++) {
        calls[i] = (struct caller){.channel = channel, .deadline = i == 1 ? &deadline : NULL};
        start(&calls[i], call_receive);
        while (!is_last(channel, &channel->receivers, &calls[i].value) &&
               !(i == 1 && has_passed(&deadline)))
            sched_yield();
    }
    finish(&calls[1]);
    ck_assert_int_eq(calls[1].result, ETIMEDOUT);
    for (value = 1; value <= 2; value++)
        ck_assert_int_eq(channel_send(channel, &value), 0);
    finish(&calls[0]);
    finish(&calls[2]);
    ck_assert_uint_eq(calls[0].value, 1);
    ck_assert_uint_eq(calls[2].value, 2);

    // A close that comes first counts, however late the thread learns of it.
    deadline = in_microseconds(100000000);
    calls[0] = (struct caller){.channel = channel, .deadline = &deadline};
    start(&calls[0], call_receive);
    until_waiting(channel, &channel->receivers, 1);
    channel_close(channel);
    finish(&calls[0]);
    ck_assert_int_eq(calls[0].result, EPIPE);
    channel_destroy(channel);
}
END_TEST

/* The wait lasts as long as it should, however the clock is set while it lasts. */
START_TEST(test_clock_that_is_set)
{
    struct channel *channel = create(0, sizeof(uint64_t));
    for (int hours = -1; hours <= 1; hours++) {
        struct timespec deadline = channel_deadline(50);
        struct caller call = {.channel = channel, .deadline = &deadline};
        start(&call, call_receive);
        until_waiting_or_past(channel, &deadline);
        atomic_store(&hours_ahead, hours);
        finish(&call);
        ck_assert_int_eq(call.result, ETIMEDOUT);
        ck_assert(has_passed(&deadline));
    }
    atomic_store(&hours_ahead, 0);
    channel_destroy(channel);
}
END_TEST

START_TEST(test_deadline_in_milliseconds)
{
    static const long milliseconds[] = {0,  1,    999,   1000,  1001,     86400000,
                                        -1, -999, -1000, -1001, -86400000};
    for (size_t i = 0; i < sizeof milliseconds / sizeof milliseconds[0]; i++) {
        struct timespec before, after, deadline;
        clock_gettime(CLOCK_MONOTONIC, &before);
        deadline = channel_deadline(milliseconds[i]);
        clock_gettime(CLOCK_MONOTONIC, &after);
        ck_assert(deadline.tv_nsec >= 0 && deadline.tv_nsec < 1000000000L);
        long long past = (deadline.tv_sec - before.tv_sec) * 1000000000LL + deadline.tv_nsec -
                         before.tv_nsec,
                  to_come = (deadline.tv_sec - after.tv_sec) * 1000000000LL + deadline.tv_nsec -
                            after.tv_nsec;
        ck_assert_int_ge(past, milliseconds[i] * 1000000LL);
        ck_assert_int_le(to_come, milliseconds[i] * 1000000LL);
    }
    // The farthest ones are far, too, and a wait for them is a wait.
    struct channel *channel = create(0, sizeof(uint64_t));
    struct timespec far[] = {channel_deadline(LONG_MAX),
                             {.tv_sec = LONG_MAX, .tv_nsec = 999999999L}};
    for (int i = 0; i < 2; i++) {
        struct caller call = {.channel = channel, .deadline = &far[i]};
        start(&call, call_receive);
        until_waiting(channel, &channel->receivers, 1);
        uint64_t value = 4;
        ck_assert_int_eq(channel_send(channel, &value), 0);
        finish(&call);
        ck_assert_int_eq(call.result, 0);
        ck_assert_uint_eq(call.value, 4);
    }
    struct timespec farthest_past = {.tv_sec = LONG_MIN};
    ck_assert_int_eq(channel_timed_receive(channel, NULL, &farthest_past), ETIMEDOUT);
    channel_destroy(channel);
}
END_TEST

/* Waits that all fail do not keep a partner out: the call goes on looking, without its lock now and then. */
START_TEST(test_failing_waits)
{
    struct channel *channel = create(0, sizeof(uint64_t));
    struct caller call = {.channel = channel};
    uint64_t value = 5;
    atomic_store(&all_waits_fail, true);
    start(&call, call_receive);
    until_waiting(channel, &channel->receivers, 1);
    ck_assert_int_eq(channel_send(channel, &value), 0);
    finish(&call);
    atomic_store(&all_waits_fail, false);
    ck_assert_int_eq(call.result, 0);
    ck_assert_uint_eq(call.value, 5);
    channel_destroy(channel);
}
END_TEST

/* A timed wait for which there is no condition fails, and the element stays the sender's. */
START_TEST(test_no_condition)
{
    struct channel *channel = create(1, sizeof(uint64_t));
    uint64_t value = 1;
    set_refused(true);
    struct timespec deadline = channel_deadline(1);
    ck_assert_int_eq(channel_timed_receive(channel, &value, &deadline), EAGAIN);
    ck_assert_int_eq(channel_send(channel, &value), 0); // there is room: it needs none
    ck_assert_int_eq(channel_timed_send(channel, &value, &deadline), EAGAIN);
    set_refused(false);
    ck_assert_int_eq(count(channel, &channel->senders) + count(channel, &channel->receivers), 0);
    ck_assert_uint_eq(channel_length(channel), 1);
    channel_destroy(channel);
}
END_TEST

#define CHANNEL channel
#define CALL(name) channel_##name
static const size_t capacities[] = {0, 1, 7, 1000};
#include "crowd.h"

/* More threads than cores by far, all of them blocked most of the time. */
START_TEST(test_a_hundred_threads)
{
    enum { CALLS = 100 };
    static struct caller senders[CALLS], receivers[CALLS];
    struct channel *channel = create(3, sizeof(uint64_t));
    uint64_t sum = 0;
    for (int i = 0; i < CALLS; i++) {
        senders[i] = (struct caller){.channel = channel, .value = (uint64_t)i};
        receivers[i] = (struct caller){.channel = channel};
        start(&senders[i], call_send);
        start(&receivers[i], call_receive);
    }
    for (int i = 0; i < CALLS; i++) {
        finish(&senders[i]);
        finish(&receivers[i]);
        sum += receivers[i].value;
    }
    ck_assert_uint_eq(sum, CALLS * (CALLS - 1) / 2);
    channel_destroy(channel);
}
END_TEST

/* A question with its own channel for the answer, which the asker destroys at once. */
static void *answer(void *argument)
{
    struct channel *questions = argument, *reply;
    while (channel_receive(questions, &reply) == 0) {
        int value = 42;
        ck_assert_int_eq(channel_send(reply, &value), 0);
    }
    return NULL;
}

START_TEST(test_destroy_right_after_receive)
{
    struct channel *questions = create(0, sizeof(struct channel *));
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, answer, questions));
    for (int i = 0; i < ROUNDS / 2; i++) {
        struct channel *reply = create((size_t)(i % 2), sizeof(int));
        int value = 0;
        ck_assert_int_eq(channel_send(questions, &reply), 0);
        ck_assert_int_eq(channel_receive(reply, &value), 0);
        ck_assert_int_eq(value, 42);
        channel_destroy(reply);
    }
    channel_close(questions);
    MUST(pthread_join(thread, NULL));
    channel_destroy(questions);
}
END_TEST

/* The other way round: the sender destroys the channel as soon as its send returns. */
static void *take_one(void *argument)
{
    ck_assert_int_eq(channel_receive(argument, NULL), 0);
    return NULL;
}

START_TEST(test_destroy_right_after_rendezvous)
{
    for (int i = 0; i < ROUNDS / 20; i++) {
        struct channel *channel = create(0, 0);
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, take_one, channel));
        ck_assert_int_eq(channel_send(channel, NULL), 0);
        channel_destroy(channel);
        MUST(pthread_join(thread, NULL));
    }
}
END_TEST

/* And by the thread that closes it, while others are asleep in it. */
START_TEST(test_destroy_right_after_close)
{
    for (int round = 0; round < ROUNDS / 100; round++) {
        enum { CALLS = 4 };
        struct caller calls[CALLS];
        struct channel *channel = create(0, sizeof(uint64_t));
        for (int i = 0; i < CALLS; i++) {
            calls[i] = (struct caller){.channel = channel};
            start(&calls[i], round % 2 == 0 ? call_receive : call_send);
        }
        until_waiting(channel, round % 2 == 0 ? &channel->receivers : &channel->senders, CALLS);
        channel_close(channel);
        channel_destroy(channel);
        for (int i = 0; i < CALLS; i++) {
            finish(&calls[i]);
            ck_assert_int_eq(calls[i].result, EPIPE);
        }
    }
}
END_TEST

START_TEST(test_signals_without_bytes)
{
    struct channel *channel = create(1000, 0);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(channel_send(channel, NULL), 0);
    ck_assert_int_eq(channel_try_send(channel, NULL), EAGAIN);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(channel_receive(channel, NULL), 0);
    ck_assert_int_eq(channel_try_receive(channel, NULL), EAGAIN);
    channel_destroy(channel);
}
END_TEST

/* Destroy waits for the partner that has served the caller, and may still hold the lock. */
static atomic_bool destroyed;

static void *destroy(void *argument)
{
    channel_destroy(argument);
    atomic_store(&destroyed, true);
    return NULL;
}

START_TEST(test_destroy_waits)
{
    for (int cancel = 0; cancel <= 1; cancel++) {
        struct channel *channel = create(0, 0);
        pthread_t thread;
        atomic_store(&destroyed, false);
        lock(channel);
        MUST(pthread_create(&thread, NULL, destroy, channel));
        if (cancel)
            MUST(pthread_cancel(thread)); // destroy is no cancellation point
        for (int i = 0; i < 1000; i++) {
            sched_yield();
            ck_assert(!atomic_load(&destroyed));
        }
        unlock(channel);
        MUST(pthread_join(thread, NULL));
        ck_assert(atomic_load(&destroyed));
    }
}
END_TEST

START_TEST(test_alignment)
{
    size_t offset = offsetof(struct channel, ring);
    ck_assert_uint_eq(offset % alignof(long double), 0);
    ck_assert_uint_eq(offset % alignof(long long), 0);
    ck_assert_uint_eq(offset % alignof(void *), 0);
}
END_TEST

/* Whether a thread can be cancelled is as it was before it waited. */
static void *keep_cancel_state(void *argument)
{
    struct channel *channel = argument;
    int states[] = {PTHREAD_CANCEL_ENABLE, PTHREAD_CANCEL_DISABLE}, state;
    for (int i = 0; i < 2; i++) {
        MUST(pthread_setcancelstate(states[i], &state));
        MUST(channel_receive(channel, NULL));
        MUST(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state));
        ck_assert_int_eq(state, states[i]);
    }
    return NULL;
}

START_TEST(test_cancel_state)
{
    struct channel *channel = create(0, 0);
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, keep_cancel_state, channel));
    for (int i = 0; i < 2; i++) {
        until_waiting(channel, &channel->receivers, 1);
        ck_assert_int_eq(channel_send(channel, NULL), 0);
    }
    MUST(pthread_join(thread, NULL));
    channel_destroy(channel);
}
END_TEST

/* A thread that is cancelled while it waits in a channel stays there: its element is not lost. */
START_TEST(test_no_cancellation_point)
{
    struct channel *channel = create(0, sizeof(uint64_t));
    struct caller call = {.channel = channel};
    start(&call, call_receive);
    until_waiting(channel, &channel->receivers, 1);
    MUST(pthread_cancel(call.thread));
    uint64_t value = 7;
    ck_assert_int_eq(channel_send(channel, &value), 0);
    finish(&call);
    ck_assert_uint_eq(call.value, 7);
    ck_assert_int_eq(call.result, 0);
    channel_destroy(channel);
}
END_TEST

#ifndef CASES // of another test, which includes this one

int waiting_to_send(struct channel *channel)
{
    return count(channel, &channel->senders);
}

int waiting_to_receive(struct channel *channel)
{
    return count(channel, &channel->receivers);
}

void until_waiting_to_send(struct channel *channel, int number)
{
    until_waiting(channel, &channel->senders, number);
}

void until_waiting_to_receive(struct channel *channel, int number)
{
    until_waiting(channel, &channel->receivers, number);
}

void refuse_memory(bool refuse)
{
    set_refused(refuse);
}

#define CASES "channel"
#endif

TCase *channel_cases(void)
{
    TCase *cases = tcase_create(CASES);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, test_too_large);
    tcase_add_test(cases, test_first_in_first_out);
    tcase_add_test(cases, test_try);
    tcase_add_test(cases, test_rendezvous_waits);
    tcase_add_test(cases, test_two_waiters_two_partners);
    tcase_add_test(cases, test_waiting_senders_keep_the_order);
    tcase_add_test(cases, test_drain_after_close);
    tcase_add_test(cases, test_close_wakes_all);
    tcase_add_test(cases, test_deadlines);
    tcase_add_test(cases, test_clock_that_is_set);
    tcase_add_test(cases, test_deadline_in_milliseconds);
    tcase_add_test(cases, test_failing_waits);
    tcase_add_test(cases, test_no_condition);
    tcase_add_loop_test(cases, test_exactly_once, 0, SHAPES);
    tcase_add_loop_test(cases, test_close_at_a_random_moment, 0, SHAPES);
    tcase_add_loop_test(cases, test_deadline_against_hand_over, 0, SHAPES);
    tcase_add_test(cases, test_a_hundred_threads);
    tcase_add_test(cases, test_destroy_right_after_receive);
    tcase_add_test(cases, test_destroy_right_after_rendezvous);
    tcase_add_test(cases, test_destroy_right_after_close);
    tcase_add_test(cases, test_signals_without_bytes);
    tcase_add_test(cases, test_room_for_a_waiting_sender);
    tcase_add_test(cases, test_spurious_wake_ups);
    tcase_add_test(cases, test_destroy_waits);
    tcase_add_test(cases, test_alignment);
    tcase_add_test(cases, test_cancel_state);
    tcase_add_test(cases, test_no_cancellation_point);
    return cases;
}
