/*
 * test_select.c - select, proved the hard way. Most situations are those that the tests of Go's runtime and
 * of Rust's crossbeam-channel put their select into; the names say which.
 */
#include "cases.h"
#include "channel.h"
#include "must.h"
#include "times.h"
#include "waiting.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

static struct channel *create(size_t capacity)
{
    return MUST_HAVE(channel_create(capacity, sizeof(long)));
}

static struct channel_case receive_from(struct channel *channel, long *element)
{
    return (struct channel_case){channel, CHANNEL_RECEIVE, element, 0};
}

static struct channel_case send_to(struct channel *channel, long *element)
{
    return (struct channel_case){channel, CHANNEL_SEND, element, 0};
}

static void ck_assert_no_waiters(struct channel *channel)
{
    ck_assert_int_eq(waiting_to_send(channel), 0);
    ck_assert_int_eq(waiting_to_receive(channel), 0);
}

/* A select in a thread of its own. */
struct selector {
    struct channel_case cases[20];
    size_t count, chosen;
    const struct timespec *deadline; // NULL: none
    int result;
    pthread_t thread;
};

static void *call_select(void *argument)
{
    struct selector *self = argument;
    self->result = self->deadline == NULL ? channel_select(self->cases, self->count, &self->chosen)
                                          : channel_timed_select(self->cases, self->count,
                                                                 &self->chosen, self->deadline);
    return NULL;
}

static void start(struct selector *selector)
{
    selector->chosen = SIZE_MAX;
    MUST(pthread_create(&selector->thread, NULL, call_select, selector));
}

static void finish(struct selector *selector, int result, size_t chosen)
{
    MUST(pthread_join(selector->thread, NULL));
    ck_assert_int_eq(selector->result, result);
    ck_assert_uint_eq(selector->chosen, chosen);
}

START_TEST(test_nothing_ready)
{
    struct channel *channel = create(1);
    long value = 5, other = 6;
    size_t chosen = 7;
    struct timespec past = {0}, deadline = channel_deadline(20), bad = {.tv_nsec = -1};
    struct channel_case cases[] = {receive_from(NULL, &value), receive_from(channel, &value),
                                   send_to(NULL, &other)};
    ck_assert_int_eq(channel_try_select(cases, 3, &chosen), EAGAIN);
    ck_assert_int_eq(channel_try_select(NULL, 0, &chosen), EAGAIN);
    ck_assert_int_eq(channel_timed_select(cases, 3, &chosen, &past), ETIMEDOUT);
    ck_assert_int_eq(channel_timed_select(NULL, 0, &chosen, &past), ETIMEDOUT);
    ck_assert_int_eq(channel_timed_select(cases, 3, &chosen, &bad), EINVAL);
    ck_assert_int_eq(channel_timed_select(cases, 3, &chosen, &deadline), ETIMEDOUT);
    ck_assert(has_passed(&deadline));
    ck_assert_int_eq(value, 5);
    ck_assert_no_waiters(channel);

    // What can be done without waiting is done even after the deadline.
    ck_assert_int_eq(channel_send(channel, &other), 0);
    ck_assert_int_eq(channel_timed_select(cases, 3, &chosen, &past), 0);
    ck_assert_uint_eq(chosen, 1);
    ck_assert_int_eq(cases[1].error, 0);
    ck_assert_int_eq(value, 6);
    channel_destroy(channel);
}
END_TEST

/* Go: a NULL channel blocks forever; a closed one is ready, and what is in its buffer comes first. */
START_TEST(test_closed_is_ready)
{
    struct channel *channel = create(1), *full = create(1);
    long value = 1;
    size_t chosen;
    struct channel_case cases[] = {send_to(full, &value), receive_from(channel, &value)};
    ck_assert_int_eq(channel_send(full, &value), 0);
    ck_assert_int_eq(channel_send(channel, &(long){2}), 0);
    channel_close(channel);
    ck_assert_int_eq(channel_select(cases, 2, &chosen), 0);
    ck_assert_uint_eq(chosen, 1);
    ck_assert_int_eq(cases[1].error, 0);
    ck_assert_int_eq(value, 2);
    ck_assert_int_eq(channel_try_select(cases, 2, &chosen), 0);
    ck_assert_uint_eq(chosen, 1);
    ck_assert_int_eq(cases[1].error, EPIPE);
    ck_assert_int_eq(value, 2);
    channel_close(full);
    ck_assert_int_eq(channel_select(cases, 1, &chosen), 0);
    ck_assert_int_eq(cases[0].error, EPIPE);
    channel_destroy(channel);
    channel_destroy(full);
}
END_TEST

/* Go, TestSelectFairness: each case that is ready is taken as often as the others. */
START_TEST(test_at_random)
{
    enum { ROUNDS_HERE = 6000 };
    struct channel *never = create(0), *filled = create(3), *open = create(ROUNDS_HERE),
                   *closed = create(0);
    long value = 0, taken[6] = {0};
    struct channel_case cases[] = {receive_from(never, &value), send_to(open, &value),
                                   receive_from(NULL, &value),  receive_from(closed, &value),
                                   send_to(never, &value),      receive_from(filled, &value)};
    channel_close(closed);
    for (int i = 0; i < ROUNDS_HERE; i++) {
        size_t chosen;
        channel_try_send(filled, &value);
        ck_assert_int_eq(channel_select(cases, 6, &chosen), 0);
        taken[chosen]++;
    }
    // 2000 of 6000 are expected; 250 more or less are nearly seven standard deviations.
    ck_assert_int_eq(taken[0] + taken[2] + taken[4], 0);
    for (int i = 1; i < 6; i += 2) {
        ck_assert_int_gt(taken[i], 1750);
        ck_assert_int_lt(taken[i], 2250);
    }
    channel_destroy(never);
    channel_destroy(filled);
    channel_destroy(open);
    channel_destroy(closed);
}
END_TEST

/* A select that waits is served by whichever partner comes, once, and leaves all queues. */
START_TEST(test_served_once)
{
    struct channel *channels[3] = {create(0), create(1), create(0)};
    long values[3] = {0}, sent = 9;
    for (int partner = 0; partner < 3; partner++) {
        struct selector selector = {.count = 3};
        values[0] = values[1] = 0;
        values[2] = 33; // to send
        selector.cases[0] = receive_from(channels[0], &values[0]);
        selector.cases[1] = receive_from(channels[1], &values[1]);
        selector.cases[2] = send_to(channels[2], &values[2]);
        start(&selector);
        until_waiting_to_send(channels[2], 1); // it comes into the queues under all locks at once
        long received = 0;
        if (partner < 2)
            ck_assert_int_eq(channel_try_send(channels[partner], &sent), 0);
        else
            ck_assert_int_eq(channel_try_receive(channels[2], &received), 0);
        finish(&selector, 0, (size_t)partner);
        ck_assert_int_eq(selector.cases[partner].error, 0);
        ck_assert_int_eq(values[0], partner == 0 ? 9 : 0);
        ck_assert_int_eq(values[1], partner == 1 ? 9 : 0);
        ck_assert_int_eq(received, partner == 2 ? 33 : 0);
        for (int i = 0; i < 3; i++) {
            ck_assert_no_waiters(channels[i]);
            ck_assert_uint_eq(channel_length(channels[i]), 0);
        }
    }
    for (int i = 0; i < 3; i++)
        channel_destroy(channels[i]);
}
END_TEST

/* Go, TestSelectDuplicateChannel: one channel in several cases; a thread behind the select is served, too. */
START_TEST(test_duplicate_channel)
{
    struct channel *channel = create(0), *other = create(0);
    long first = 0, second = 0, behind = 0;
    struct selector selector = {.count = 3}, next = {.count = 1};
    selector.cases[0] = receive_from(channel, &first);
    selector.cases[1] = receive_from(other, &second);
    selector.cases[2] = receive_from(channel, &second);
    start(&selector);
    until_waiting_to_receive(channel, 2);
    next.cases[0] = receive_from(channel, &behind);
    start(&next);
    until_waiting_to_receive(channel, 3);
    ck_assert_int_eq(channel_send(channel, &(long){1}), 0);
    ck_assert_int_eq(channel_send(channel, &(long){2}), 0);
    finish(&selector, 0, 0);
    finish(&next, 0, 0);
    ck_assert_int_eq(first, 1);
    ck_assert_int_eq(second, 0);
    ck_assert_int_eq(behind, 2);
    ck_assert_no_waiters(channel);
    ck_assert_no_waiters(other);
    channel_destroy(channel);
    channel_destroy(other);
}
END_TEST

/* Close ends a select that waits, in whichever direction, and no other thread can serve it then. */
START_TEST(test_close_wakes)
{
    struct channel *channel = create(0), *other = create(0);
    long value = 5;
    for (int direction = 0; direction < 2; direction++) {
        struct channel *closed = create(0);
        struct selector selectors[3];
        for (int i = 0; i < 3; i++) {
            selectors[i] = (struct selector){.count = 3};
            selectors[i].cases[0] = receive_from(channel, &value);
            selectors[i].cases[1] =
                direction == 0 ? receive_from(closed, &value) : send_to(closed, &value);
            selectors[i].cases[2] = send_to(other, &value);
            start(&selectors[i]);
        }
        until_waiting_to_send(other, 3);
        ck_assert_int_eq(channel_close(closed), 0);
        for (int i = 0; i < 3; i++) {
            finish(&selectors[i], 0, 1);
            ck_assert_int_eq(selectors[i].cases[1].error, EPIPE);
        }
        ck_assert_no_waiters(channel);
        ck_assert_no_waiters(closed);
        ck_assert_no_waiters(other);
        channel_destroy(closed);
    }
    ck_assert_int_eq(value, 5);
    channel_destroy(channel);
    channel_destroy(other);
}
END_TEST

/* Go, TestSelfSelect: two threads send and receive on the same channel, and never serve themselves. */
struct self_select {
    struct channel *channel;
    long id, sent, received;
    pthread_t thread;
};

static void *send_or_receive(void *argument)
{
    struct self_select *self = argument;
    for (int i = 0; i < ROUNDS; i++) {
        long value = self->id, got = 0;
        size_t chosen;
        struct channel_case cases[] = {send_to(self->channel, &value),
                                       receive_from(self->channel, &got)};
        MUST(channel_select(cases, 2, &chosen));
        if (cases[chosen].direction == CHANNEL_SEND) {
            self->sent++;
        } else {
            self->received++;
            ck_assert_int_ne(got, self->id);
        }
    }
    return NULL;
}

START_TEST(test_self_select)
{
    struct self_select sides[2];
    struct channel *channel = create(0);
    for (int i = 0; i < 2; i++) {
        sides[i] = (struct self_select){.channel = channel, .id = i + 1};
        MUST(pthread_create(&sides[i].thread, NULL, send_or_receive, &sides[i]));
    }
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(sides[i].thread, NULL));
    ck_assert_int_eq(sides[0].sent, sides[1].received);
    ck_assert_int_eq(sides[1].sent, sides[0].received);
    ck_assert_int_eq(sides[0].sent + sides[0].received, ROUNDS);
    channel_destroy(channel);
}
END_TEST

/* crossbeam, matching: threads that either give their number or take one. Each number is taken once. */
enum { MATCHED = 44 };

static struct channel *match;
static atomic_int times_taken[MATCHED];

static void *give_or_take(void *argument)
{
    long own = (long)(intptr_t)argument, other = -1;
    size_t chosen;
    struct channel_case cases[] = {receive_from(match, &other), send_to(match, &own)};
    MUST(channel_select(cases, 2, &chosen));
    ck_assert_int_ne(other, own);
    if (chosen == 0)
        atomic_fetch_add(&times_taken[other], 1);
    return NULL;
}

START_TEST(test_matching)
{
    match = create(0);
    for (int round = 0; round < ROUNDS / 100; round++) {
        pthread_t threads[MATCHED];
        for (int i = 0; i < MATCHED; i++)
            MUST(pthread_create(&threads[i], NULL, give_or_take, (void *)(intptr_t)i));
        for (int i = 0; i < MATCHED; i++)
            MUST(pthread_join(threads[i], NULL));
        int taken = 0;
        for (int i = 0; i < MATCHED; i++) {
            int times = atomic_exchange(&times_taken[i], 0);
            ck_assert_int_le(times, 1);
            taken += times;
        }
        ck_assert_int_eq(taken, MATCHED / 2);
        ck_assert_no_waiters(match);
    }
    channel_destroy(match);
}
END_TEST

/*
 * Go, TestSelectStress; crossbeam, stress_mixed: threads that select among channels of several capacities, in
 * different orders of their cases, some with a deadline that runs out as partners come. Every number that
 * was sent is received once, those of one sender through one channel in their order.
 */
enum { CHANNELS = 4, SIDES = 3 };

struct traffic {
    struct channel *channels[CHANNELS];
    long deadline; // microseconds for each call; 0: none
    atomic_long sum, received;
};

struct side {
    struct traffic *traffic;
    long id;
    pthread_t thread;
};

static int select_some(struct traffic *traffic, struct channel_case *cases, size_t *chosen)
{
    if (traffic->deadline == 0)
        return channel_select(cases, CHANNELS, chosen);
    struct timespec deadline = in_microseconds(traffic->deadline);
    int error = channel_timed_select(cases, CHANNELS, chosen, &deadline);
    if (error == ETIMEDOUT)
        sched_yield(); // on one core, the others wait long for their turn otherwise
    return error;
}

static void *send_somewhere(void *argument)
{
    struct side *self = argument;
    for (long i = 0; i < 2 * ROUNDS;) {
        long value = self->id << 24 | i;
        struct channel_case cases[CHANNELS];
        size_t chosen;
        for (size_t k = 0; k < CHANNELS; k++)
            cases[k] = send_to(self->traffic->channels[(k + (size_t)self->id) % CHANNELS], &value);
        if (select_some(self->traffic, cases, &chosen) != 0)
            continue;
        ck_assert_int_eq(cases[chosen].error, 0);
        atomic_fetch_add(&self->traffic->sum, value);
        i++;
    }
    return NULL;
}

static void *receive_somewhere(void *argument)
{
    struct side *self = argument;
    struct channel *channels[CHANNELS];
    long last[CHANNELS][SIDES];
    memset(last, -1, sizeof last);
    for (size_t k = 0; k < CHANNELS; k++)
        channels[k] = self->traffic->channels[CHANNELS - 1 - k];
    for (int open = CHANNELS; open > 0;) {
        long values[CHANNELS];
        struct channel_case cases[CHANNELS];
        size_t chosen;
        for (size_t k = 0; k < CHANNELS; k++)
            cases[k] = receive_from(channels[k], &values[k]); // NULL once it is closed
        if (select_some(self->traffic, cases, &chosen) != 0)
            continue;
        if (cases[chosen].error == EPIPE) {
            channels[chosen] = NULL;
            open--;
            continue;
        }
        long id = values[chosen] >> 24, number = values[chosen] & 0xffffff;
        ck_assert_int_gt(number, last[chosen][id]);
        last[chosen][id] = number;
        atomic_fetch_sub(&self->traffic->sum, values[chosen]);
        atomic_fetch_add(&self->traffic->received, 1);
    }
    return NULL;
}

static const long select_deadlines[] = {0, 5, 100};

START_TEST(test_exactly_once)
{
    struct traffic traffic = {.deadline = select_deadlines[_i]};
    struct side from[SIDES], to[SIDES];
    static const size_t capacities[CHANNELS] = {0, 1, 0, 7};
    for (int i = 0; i < CHANNELS; i++)
        traffic.channels[i] = create(capacities[i]);
    for (int i = 0; i < SIDES; i++) {
        from[i] = to[i] = (struct side){.traffic = &traffic, .id = i};
        MUST(pthread_create(&from[i].thread, NULL, send_somewhere, &from[i]));
        MUST(pthread_create(&to[i].thread, NULL, receive_somewhere, &to[i]));
    }
    for (int i = 0; i < SIDES; i++)
        MUST(pthread_join(from[i].thread, NULL));
    for (int i = 0; i < CHANNELS; i++)
        channel_close(traffic.channels[i]);
    for (int i = 0; i < SIDES; i++)
        MUST(pthread_join(to[i].thread, NULL));
    ck_assert_int_eq(traffic.sum, 0);
    ck_assert_int_eq(traffic.received, SIDES * 2 * ROUNDS);
    for (int i = 0; i < CHANNELS; i++) {
        ck_assert_no_waiters(traffic.channels[i]);
        ck_assert_uint_eq(channel_length(traffic.channels[i]), 0);
        channel_destroy(traffic.channels[i]);
    }
}
END_TEST

/* crossbeam, linearizable: after a thread's send, something is there, and its own try finds it. */
static struct channel *either[2];

static void *put_and_take(void *argument)
{
    long value = (long)(intptr_t)argument;
    for (int i = 0; i < ROUNDS; i++) {
        size_t chosen;
        MUST(channel_send(either[i % 2], &value));
        struct channel_case cases[] = {receive_from(either[0], NULL),
                                       receive_from(either[1], NULL)};
        ck_assert_int_eq(channel_try_select(cases, 2, &chosen), 0);
    }
    return NULL;
}

START_TEST(test_linearizable)
{
    pthread_t threads[2];
    either[0] = create(2);
    either[1] = create(2);
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&threads[i], NULL, put_and_take, NULL));
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(threads[i], NULL));
    ck_assert_uint_eq(channel_length(either[0]) + channel_length(either[1]), 0);
    channel_destroy(either[0]);
    channel_destroy(either[1]);
}
END_TEST

/* A thread whose send a select has taken may destroy that channel, while the select is still leaving. */
START_TEST(test_destroy_right_after_select)
{
    struct channel *quit = create(0);
    for (int round = 0; round < ROUNDS / 20; round++) {
        struct channel *reply = create(0);
        long value = 0;
        struct selector selector = {.count = 3};
        selector.cases[0] = receive_from(quit, NULL);
        selector.cases[1] = receive_from(reply, &value);
        selector.cases[2] = receive_from(reply, &value);
        start(&selector);
        if (round % 4 != 0)
            until_waiting_to_receive(reply, 2);
        if (round % 4 < 3)
            ck_assert_int_eq(channel_send(reply, &(long){42}), 0);
        else
            channel_close(reply);
        channel_destroy(reply);
        MUST(pthread_join(selector.thread, NULL));
        ck_assert_uint_ge(selector.chosen, 1);
        ck_assert_int_eq(value, round % 4 < 3 ? 42 : 0);
        ck_assert_no_waiters(quit);
    }
    channel_destroy(quit);
}
END_TEST

/* So many cases that it takes memory for them; and what happens when there is none. */
START_TEST(test_many_cases)
{
    enum { MANY = 60 }; // ThreadSanitizer knows at most 64 locks of a thread
    struct channel *channels[MANY];
    struct channel_case cases[MANY];
    size_t chosen;
    long value = 0;
    for (int i = 0; i < MANY; i++) {
        channels[i] = create(0);
        cases[i] = receive_from(channels[i], &value);
    }
    struct selector selector = {.count = 12};
    for (int i = 0; i < 12; i++)
        selector.cases[i] = cases[5 * i];
    start(&selector);
    until_waiting_to_receive(channels[55], 1);
    ck_assert_int_eq(channel_send(channels[35], &(long){3}), 0);
    finish(&selector, 0, 7);
    ck_assert_int_eq(value, 3);

    struct timespec deadline = channel_deadline(10);
    ck_assert_int_eq(channel_timed_select(cases, MANY, &chosen, &deadline), ETIMEDOUT);
    refuse_memory(true);
    ck_assert_int_eq(channel_select(cases, MANY, &chosen), ENOMEM);
    refuse_memory(false);
    ck_assert_int_eq(channel_timed_select(cases, 8, &chosen, &deadline), ETIMEDOUT);
    for (int i = 0; i < MANY; i++) {
        ck_assert_no_waiters(channels[i]);
        channel_destroy(channels[i]);
    }
}
END_TEST

/* A select is no cancellation point either: it takes what it is given, and the thread ends afterwards. */
START_TEST(test_no_cancellation_point)
{
    struct channel *channel = create(0), *other = create(0);
    long value = 0;
    struct selector selector = {.count = 2};
    selector.cases[0] = receive_from(channel, &value);
    selector.cases[1] = receive_from(other, &value);
    start(&selector);
    until_waiting_to_receive(other, 1);
    MUST(pthread_cancel(selector.thread));
    ck_assert_int_eq(channel_send(channel, &(long){7}), 0);
    finish(&selector, 0, 0);
    ck_assert_int_eq(value, 7);
    ck_assert_no_waiters(other);
    channel_destroy(channel);
    channel_destroy(other);
}
END_TEST

TCase *select_cases(void)
{
    TCase *cases = tcase_create("select");
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, test_nothing_ready);
    tcase_add_test(cases, test_closed_is_ready);
    tcase_add_test(cases, test_at_random);
    tcase_add_test(cases, test_served_once);
    tcase_add_test(cases, test_duplicate_channel);
    tcase_add_test(cases, test_close_wakes);
    tcase_add_test(cases, test_self_select);
    tcase_add_test(cases, test_matching);
    tcase_add_loop_test(cases, test_exactly_once, 0, 3);
    tcase_add_test(cases, test_linearizable);
    tcase_add_test(cases, test_destroy_right_after_select);
    tcase_add_test(cases, test_many_cases);
    tcase_add_test(cases, test_no_cancellation_point);
    return cases;
}
