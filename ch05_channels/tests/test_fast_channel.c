/*
 * test_fast_channel.c - the fast channel, proved the hard way.
 *
 * It includes fast_channel.c itself, and some calls of the piece lead through this file: so it is known
 * which threads sleep, a thread may be stopped while it copies its element, the clock may be set, and
 * what makes a channel may fail. test_fast_channel_on_macos.c includes all this once more.
 */
#define _DARWIN_C_SOURCE // for pthread_cond_timedwait_relative_np

#include "cases.h"
#include "must.h"
#include "times.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

static atomic_int asleep;                  // threads in a wait for their turn
static atomic_int hours_forward;           // by which CLOCK_REALTIME has been set
static int calls_until_failure;            // of those that make a channel; 0: none fails
static _Thread_local bool stops_in_copy;   // this thread, once it has copied half of its element,
static atomic_bool has_stopped, may_go_on; // says so, and waits

/* Every fourth wait fails at once, as winpthreads does while a cancel is pending. It changes nothing. */
static bool wait_fails(void)
{
    static atomic_uint waits;
    return atomic_fetch_add(&waits, 1) % 4 == 3;
}

static int counted_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    if (wait_fails())
        return EINVAL;
    atomic_fetch_add(&asleep, 1);
    int error = pthread_cond_wait(condition, lock);
    atomic_fetch_sub(&asleep, 1);
    return error;
}

/* The time is a deadline, or on macOS and Windows how long to wait. */
static int counted_timed_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                              const struct timespec *time)
{
    if (wait_fails())
        return EINVAL;
    atomic_fetch_add(&asleep, 1);
#if defined __APPLE__ || defined _WIN32
    int error = pthread_cond_timedwait_relative_np(condition, lock, time);
#else
    int error = pthread_cond_timedwait(condition, lock, time);
#endif
    atomic_fetch_sub(&asleep, 1);
    return error;
}

static int clock_that_is_set(clockid_t clock, struct timespec *time)
{
    int error = clock_gettime(clock, time);
    if (clock == CLOCK_REALTIME)
        time->tv_sec += 3600 * atomic_load(&hours_forward);
    return error;
}

static void *copy_in_halves(void *to, const void *from, size_t size)
{
    memcpy(to, from, size / 2);
    if (stops_in_copy) {
        atomic_store(&has_stopped, true);
        while (!atomic_load(&may_go_on))
            sched_yield();
    }
    return memcpy((char *)to + size / 2, (const char *)from + size / 2, size - size / 2);
}

static bool fails(void)
{
    return calls_until_failure > 0 && --calls_until_failure == 0;
}

#define malloc(size) (fails() ? (errno = ENOMEM, NULL) : malloc(size))
#define pthread_mutex_init(lock, how) (fails() ? EAGAIN : pthread_mutex_init(lock, how))
#define pthread_cond_init(condition, how) (fails() ? EAGAIN : pthread_cond_init(condition, how))
#define pthread_condattr_init(how) (fails() ? ENOMEM : pthread_condattr_init(how))
#undef memcpy // a macro on macOS
#define memcpy copy_in_halves
#define clock_gettime clock_that_is_set
#define pthread_cond_wait counted_wait
#define pthread_cond_timedwait counted_timed_wait
#undef pthread_cond_timedwait_relative_np // the stand-in of the other file
#define pthread_cond_timedwait_relative_np counted_timed_wait
#include "../beyond/fast_channel.c"
#undef pthread_cond_timedwait_relative_np
#undef pthread_cond_timedwait
#undef pthread_cond_wait
#undef clock_gettime
#undef memcpy
#undef pthread_condattr_init
#undef pthread_cond_init
#undef pthread_mutex_init
#undef malloc

#ifndef CASES
#define CASES "fast_channel"
enum { ON_MACOS = 0 };
#endif

/* With its positions about to begin again at 0, so that all the tests meet that. */
static struct fast_channel *create(size_t capacity, size_t element_size)
{
    struct fast_channel *channel = MUST_HAVE(fast_channel_create(capacity, element_size));
    size_t begin = SIZE_MAX - 2 * channel->lap + 1;
    for (size_t i = 0; i < capacity; i++)
        atomic_store(&slot_at(channel, i * STEP)->turn, begin + i * STEP);
    atomic_store(&channel->head, begin);
    atomic_store(&channel->tail, begin);
    return channel;
}

/* One call made by a thread of its own. */
struct caller {
    struct fast_channel *channel;
    uint64_t value;
    const struct timespec *deadline; // NULL: none
    bool tries, stops;
    int result;
    pthread_t thread;
};

static void *call_send(void *argument)
{
    struct caller *self = argument;
    stops_in_copy = self->stops;
    self->result = self->tries ? fast_channel_try_send(self->channel, &self->value)
                   : self->deadline == NULL
                       ? fast_channel_send(self->channel, &self->value)
                       : fast_channel_timed_send(self->channel, &self->value, self->deadline);
    return NULL;
}

static void *call_receive(void *argument)
{
    struct caller *self = argument;
    stops_in_copy = self->stops;
    self->result = self->tries ? fast_channel_try_receive(self->channel, &self->value)
                   : self->deadline == NULL
                       ? fast_channel_receive(self->channel, &self->value)
                       : fast_channel_timed_receive(self->channel, &self->value, self->deadline);
    return NULL;
}

static void start(struct caller *caller, void *(*function)(void *))
{
    caller->result = -1;
    MUST(pthread_create(&caller->thread, NULL, function, caller));
}

static int finish(struct caller *caller)
{
    MUST(pthread_join(caller->thread, NULL));
    return caller->result;
}

/* A thread counts itself while it holds the lock, and keeps that until it sleeps. */
static void until_asleep(struct fast_channel *channel, int number)
{
    bool sleep = false;
    while (!sleep) {
        sched_yield();
        MUST(pthread_mutex_lock(&channel->lock));
        sleep = atomic_load(&asleep) == number;
        MUST(pthread_mutex_unlock(&channel->lock));
    }
}

static void until_stopped(void)
{
    while (!atomic_load(&has_stopped))
        sched_yield();
}

static void send(struct fast_channel *channel, uint64_t value)
{
    ck_assert_int_eq(fast_channel_send(channel, &value), 0);
}

static uint64_t receive(struct fast_channel *channel)
{
    uint64_t value = 0;
    ck_assert_int_eq(fast_channel_receive(channel, &value), 0);
    return value;
}

START_TEST(test_wrong_sizes)
{
    static const struct {
        size_t capacity, element_size;
        int error;
    } wrong[] = {
        {0, 8, EINVAL},
        {0, SIZE_MAX, EINVAL},
        {SIZE_MAX / 4, 8, ENOMEM},
        {SIZE_MAX, 1, ENOMEM},
        {SIZE_MAX, 0, ENOMEM},
        {SIZE_MAX / 2 + 1, 0, ENOMEM},
        {1, SIZE_MAX, ENOMEM},
        {1, SIZE_MAX - 7, ENOMEM},
        {1, SIZE_MAX - 20, ENOMEM},
        {1, SIZE_MAX - 400, ENOMEM},
        {2, SIZE_MAX / 2 + 1, ENOMEM},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        errno = 0;
        ck_assert_ptr_null(fast_channel_create(wrong[i].capacity, wrong[i].element_size));
        ck_assert_int_eq(errno, wrong[i].error);
    }
    fast_channel_destroy(NULL);
}
END_TEST

/* Each of the calls that make a channel fails once; nothing is left then. */
START_TEST(test_failures)
{
    struct fast_channel *channel = NULL;
    int failures = 0;
    while (channel == NULL) {
        errno = 0;
        calls_until_failure = failures + 1;
        channel = fast_channel_create(3, 8);
        if (channel == NULL) {
            ck_assert_int_ne(errno, 0);
            failures++;
        }
    }
#if defined __APPLE__ || defined _WIN32
    ck_assert_int_eq(failures, 4); // its condition has no attributes there
#else
    ck_assert_int_eq(failures, 5);
#endif
    calls_until_failure = 0;
    fast_channel_destroy(channel);
}
END_TEST

START_TEST(test_first_in_first_out)
{
    for (size_t capacity = 1; capacity <= 9; capacity++) {
        for (int fresh = 0; fresh <= 1; fresh++) {
            struct fast_channel *channel =
                fresh ? MUST_HAVE(fast_channel_create(capacity, 8)) : create(capacity, 8);
            uint64_t sent = 0, received = 0, value = 0;
            ck_assert_uint_eq(fast_channel_capacity(channel), capacity);
            // Runs of different lengths, so that the ring wraps around at every slot.
            for (size_t round = 0; round < 100; round++) {
                for (size_t i = 0; i <= round % capacity; i++, sent++)
                    ck_assert_int_eq(fast_channel_send(channel, &sent), 0);
                ck_assert_uint_eq(fast_channel_length(channel), sent - received);
                // It is full with as many as its capacity, not sooner.
                ck_assert_int_eq(sent - received < capacity,
                                 fast_channel_try_send(channel, &sent) == 0);
                if (sent - received < capacity)
                    sent++;
                while (received < sent) {
                    ck_assert_int_eq(fast_channel_try_receive(channel, &value), 0);
                    ck_assert_uint_eq(value, received++);
                    ck_assert_uint_eq(fast_channel_length(channel), sent - received);
                }
                ck_assert_int_eq(fast_channel_try_receive(channel, &value), EAGAIN);
            }
            fast_channel_destroy(channel);
        }
    }
}
END_TEST

/* Elements are copied whole, and nothing beside them. */
START_TEST(test_element_sizes)
{
    static const size_t sizes[] = {0, 1, 3, 7, 8, 9, 16, 40, 4096};
    unsigned char element[4097], copy[4097];
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        struct fast_channel *channel = create(5, sizes[k]);
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 5; i++) {
                memset(element, round * 5 + i, sizeof element);
                ck_assert_int_eq(fast_channel_send(channel, sizes[k] == 0 ? NULL : element), 0);
            }
            ck_assert_int_eq(fast_channel_try_send(channel, element), EAGAIN);
            for (int i = 0; i < 5; i++) {
                memset(copy, 0xa5, sizeof copy);
                memset(element, 0xa5, sizeof element);
                memset(element, round * 5 + i, sizes[k]);
                ck_assert_int_eq(fast_channel_receive(channel, i == 2 ? NULL : copy), 0);
                ck_assert_mem_eq(copy, i == 2 ? memset(element, 0xa5, sizeof element) : element,
                                 sizeof copy);
            }
            ck_assert_int_eq(fast_channel_try_receive(channel, copy), EAGAIN);
        }
        fast_channel_destroy(channel);
    }
}
END_TEST

/* A closed channel is drained first, and then returns EPIPE on every call. */
START_TEST(test_drain_after_close)
{
    struct fast_channel *channel = create(7, 8);
    struct timespec past = {.tv_sec = 0};
    uint64_t value;
    for (value = 0; value < 5; value++)
        send(channel, value);
    ck_assert_int_eq(fast_channel_close(channel), 0);
    ck_assert_int_eq(fast_channel_close(channel), EPIPE);
    ck_assert_int_eq(fast_channel_send(channel, &value), EPIPE);
    ck_assert_int_eq(fast_channel_try_send(channel, &value), EPIPE);
    ck_assert_int_eq(fast_channel_timed_send(channel, &value, &past), EPIPE);
    ck_assert_uint_eq(fast_channel_length(channel), 5);
    for (uint64_t i = 0; i < 5; i++)
        ck_assert_uint_eq(receive(channel), i);
    value = 99;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(fast_channel_receive(channel, &value), EPIPE);
        ck_assert_int_eq(fast_channel_try_receive(channel, &value), EPIPE);
        ck_assert_int_eq(fast_channel_timed_receive(channel, &value, &past), EPIPE);
    }
    ck_assert_uint_eq(value, 99);
    fast_channel_destroy(channel);
    channel = create(2, 8); // closed while it is full
    send(channel, 1);
    send(channel, 2);
    fast_channel_close(channel);
    ck_assert_uint_eq(fast_channel_length(channel), 2);
    ck_assert_int_eq(fast_channel_send(channel, &value), EPIPE);
    fast_channel_destroy(channel);
}
END_TEST

/* The lost wake-up: as many sleepers as quick partners, on either side; none of them may sleep on. */
START_TEST(test_sleepers_and_partners)
{
    enum { CALLS = 3 };
    for (int round = 0; round < ROUNDS / 20; round++) {
        struct caller callers[CALLS];
        struct fast_channel *channel = create(CALLS - (size_t)(round / 2 % 2), 8);
        size_t capacity = fast_channel_capacity(channel);
        bool receiving = round % 2 == 0;
        uint64_t sum = 0;
        for (size_t i = 0; i < capacity && !receiving; i++)
            send(channel, 0);
        for (int i = 0; i < CALLS; i++) {
            callers[i] = (struct caller){.channel = channel, .value = 10};
            start(&callers[i], receiving ? call_receive : call_send);
        }
        until_asleep(channel, CALLS);
        for (uint64_t i = 1; i <= CALLS; i++) {
            if (receiving)
                send(channel, i);
            else
                receive(channel);
        }
        for (int i = 0; i < CALLS; i++) {
            ck_assert_int_eq(finish(&callers[i]), 0);
            sum += callers[i].value;
        }
        if (receiving)
            ck_assert_uint_eq(sum, 1 + 2 + 3);
        ck_assert_uint_eq(fast_channel_length(channel), receiving ? 0 : capacity);
        fast_channel_destroy(channel);
    }
}
END_TEST

/* A thread looks, then its turn comes or the channel is closed, and then it is about to sleep: it does not. */
START_TEST(test_no_sleep_too_late)
{
    for (int close = 0; close <= 1; close++) {
        struct fast_channel *channel = create(1, 8);
        struct obstacle obstacle;
        ck_assert_int_eq(take(channel, NULL, &obstacle), EAGAIN);
        if (close)
            fast_channel_close(channel);
        else
            send(channel, 1);
        ck_assert_int_eq(sleep_once(channel, &obstacle, EAGAIN, NULL), 0);
        ck_assert_int_eq(take(channel, NULL, &obstacle), close ? EPIPE : 0);
        fast_channel_destroy(channel);
    }
}
END_TEST

/* A spurious wake-up, which POSIX allows, is no reason to return. */
START_TEST(test_spurious_wake_ups)
{
    struct fast_channel *channel = create(1, 8);
    struct caller caller = {.channel = channel};
    start(&caller, call_receive);
    for (int i = 0; i < 100; i++) {
        until_asleep(channel, 1);
        MUST(pthread_mutex_lock(&channel->lock));
        MUST(pthread_cond_broadcast(&channel->woken));
        MUST(pthread_mutex_unlock(&channel->lock));
    }
    until_asleep(channel, 1);
    send(channel, 3);
    ck_assert_int_eq(finish(&caller), 0);
    ck_assert_uint_eq(caller.value, 3);
    ck_assert_uint_eq(channel->inside + channel->marks, 0);
    fast_channel_destroy(channel);
}
END_TEST

/* Close wakes all waiting threads, on either side, and their elements are not received. */
START_TEST(test_close_wakes_all)
{
    enum { CALLS = 8 };
    for (int receiving = 0; receiving <= 1; receiving++) {
        struct caller callers[CALLS];
        struct timespec deadline = fast_channel_deadline(100000000);
        struct fast_channel *channel = create(1, 8);
        if (!receiving)
            send(channel, 99);
        for (int i = 0; i < CALLS; i++) {
            callers[i] = (struct caller){
                .channel = channel, .value = 7, .deadline = i % 2 == 0 ? &deadline : NULL};
            start(&callers[i], receiving ? call_receive : call_send);
        }
        until_asleep(channel, CALLS);
        ck_assert_int_eq(fast_channel_close(channel), 0);
        for (int i = 0; i < CALLS; i++) {
            ck_assert_int_eq(finish(&callers[i]), EPIPE);
            ck_assert_uint_eq(callers[i].value, 7);
        }
        if (!receiving)
            ck_assert_uint_eq(receive(channel), 99);
        ck_assert_int_eq(fast_channel_receive(channel, NULL), EPIPE);
        fast_channel_destroy(channel);
    }
}
END_TEST

/*
 * The sender of the first element is stopped in the middle of it. So the second one cannot be received
 * yet, but the channel is not empty: all that receive wait, also those that only try, those whose
 * deadline has passed, and those that come after the close.
 */
START_TEST(test_a_stopped_sender)
{
    enum { CALLS = 4 };
    static const struct timespec past;
    struct fast_channel *channel = create(4, 8);
    struct caller sender = {.channel = channel, .value = 9, .stops = true}, callers[CALLS];
    start(&sender, call_send);
    until_stopped();
    send(channel, 1);
    ck_assert_uint_eq(fast_channel_length(channel), 2);
    for (int i = 0; i < CALLS; i++) {
        if (i == CALLS - 1)
            ck_assert_int_eq(fast_channel_close(channel), 0);
        callers[i] =
            (struct caller){.channel = channel, .tries = i == 1, .deadline = i == 2 ? &past : NULL};
        start(&callers[i], call_receive);
        until_asleep(channel, i + 1);
    }
    atomic_store(&may_go_on, true);
    ck_assert_int_eq(finish(&sender), 0);
    uint64_t sum = 0;
    int received = 0;
    for (int i = 0; i < CALLS; i++) {
        if (finish(&callers[i]) == 0) {
            received++;
            sum += callers[i].value;
        } else {
            ck_assert_int_eq(callers[i].result, EPIPE);
        }
    }
    ck_assert_int_eq(received, 2);
    ck_assert_uint_eq(sum, 9 + 1);
    fast_channel_destroy(channel);
}
END_TEST

/* The other way round: the receiver of the oldest element is stopped, so its slot is not free yet. */
START_TEST(test_a_stopped_receiver)
{
    enum { CALLS = 3 };
    static const struct timespec past;
    for (int close = 0; close <= 1; close++) {
        struct fast_channel *channel = create(2, 8);
        struct caller receiver = {.channel = channel, .stops = true}, callers[CALLS];
        atomic_store(&has_stopped, false);
        atomic_store(&may_go_on, false);
        send(channel, 1);
        send(channel, 2);
        start(&receiver, call_receive);
        until_stopped();
        ck_assert_uint_eq(fast_channel_length(channel), 1);
        ck_assert_uint_eq(receive(channel), 2); // receivers do not wait for each other
        for (int i = 0; i < CALLS; i++) {
            callers[i] = (struct caller){
                .channel = channel, .value = 3, .tries = i == 1, .deadline = i == 2 ? &past : NULL};
            start(&callers[i], call_send);
            until_asleep(channel, i + 1);
        }
        if (close)
            ck_assert_int_eq(fast_channel_close(channel), 0);
        atomic_store(&may_go_on, true);
        ck_assert_int_eq(finish(&receiver), 0);
        ck_assert_uint_eq(receiver.value, 1);
        // There is room for two of the three now.
        uint64_t sent = 0;
        if (!close)
            sent += receive(channel) / 3;
        for (int i = 0; i < CALLS; i++) {
            int result = finish(&callers[i]);
            if (close)
                ck_assert_int_eq(result, EPIPE);
            else
                ck_assert(result == 0 || (i == 1 && result == EAGAIN) ||
                          (i == 2 && result == ETIMEDOUT));
            sent -= result == 0;
        }
        while (fast_channel_try_receive(channel, NULL) == 0)
            sent++;
        ck_assert_uint_eq(sent, 0);
        fast_channel_destroy(channel);
    }
}
END_TEST

START_TEST(test_deadlines)
{
    struct fast_channel *channel = create(1, 8);
    uint64_t value = 5;
    struct timespec past = {.tv_sec = 0}, negative_second = {-1, 999999999L},
                    bad = {.tv_nsec = 1000000000L}, negative = {.tv_nsec = -1};
    // What is wrong is wrong, also where there is nothing to wait for.
    ck_assert_int_eq(fast_channel_timed_send(channel, &value, &bad), EINVAL);
    ck_assert_int_eq(fast_channel_timed_send(channel, &value, &negative), EINVAL);
    ck_assert_int_eq(fast_channel_timed_receive(channel, &value, &bad), EINVAL);
    ck_assert_int_eq(fast_channel_timed_receive(channel, &value, &negative), EINVAL);
    for (int i = 0; i < 2; i++) {
        const struct timespec *deadline = i == 0 ? &past : &negative_second;
        ck_assert_int_eq(fast_channel_timed_receive(channel, &value, deadline), ETIMEDOUT);
        ck_assert_int_eq(fast_channel_timed_send(channel, &value, deadline), 0); // no waiting
        ck_assert_int_eq(fast_channel_timed_send(channel, &value, deadline), ETIMEDOUT);
        ck_assert_int_eq(fast_channel_timed_receive(channel, &value, deadline), 0);
    }
    // It waits until the deadline, not less.
    for (long milliseconds = -1; milliseconds < 60; milliseconds += 15) {
        struct timespec deadline = fast_channel_deadline(milliseconds);
        ck_assert_int_eq(fast_channel_timed_receive(channel, &value, &deadline), ETIMEDOUT);
        ck_assert(has_passed(&deadline));
    }
    ck_assert_uint_eq(value, 5);
    // Calls that have given up have left a mark. The next send finds it, and nothing else happens.
    send(channel, 6);
    ck_assert_uint_eq(channel->inside + channel->marks, 0);
    ck_assert_uint_eq(receive(channel), 6);
    fast_channel_destroy(channel);
}
END_TEST

/* So many milliseconds from now, whatever their number. */
START_TEST(test_deadline)
{
    static const long numbers[] = {0,   1,     999,   1000,     86400001,     LONG_MAX,
                                   -1L, -999L, -1000, -1000001, LONG_MIN + 1, LONG_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct timespec before = in_microseconds(0), deadline = fast_channel_deadline(numbers[i]),
                        after = in_microseconds(0);
        long long seconds = numbers[i] / 1000, nanoseconds = numbers[i] % 1000 * 1000000LL;
        ck_assert(deadline.tv_nsec >= 0 && deadline.tv_nsec <= 999999999L);
        nanoseconds = (deadline.tv_sec - seconds) * 1000000000LL + deadline.tv_nsec - nanoseconds;
        ck_assert(nanoseconds >= before.tv_sec * 1000000000LL + before.tv_nsec);
        ck_assert(nanoseconds <= after.tv_sec * 1000000000LL + after.tv_nsec);
    }
}
END_TEST

/* The clock is set by an hour while a thread waits. It waits no longer, and no less. */
START_TEST(test_clock_that_is_set)
{
    for (int hours = -1; hours <= 1; hours += 2) {
        struct fast_channel *channel = create(1, 8);
        atomic_store(&hours_forward, 0);
        struct timespec deadline = fast_channel_deadline(50);
        struct caller caller = {.channel = channel, .deadline = &deadline};
        start(&caller, call_receive);
        while (atomic_load(&asleep) == 0 && !has_passed(&deadline))
            sched_yield();
        atomic_store(&hours_forward, hours);
        ck_assert_int_eq(finish(&caller), ETIMEDOUT);
        ck_assert(has_passed(&deadline));

        // A deadline that is far off does not end a wait.
        deadline = fast_channel_deadline(hours < 0 ? 3000000 : LONG_MAX);
        start(&caller, call_receive);
        until_asleep(channel, 1);
        atomic_store(&hours_forward, 0);
        send(channel, 1);
        ck_assert_int_eq(finish(&caller), 0);
        fast_channel_destroy(channel);
    }
}
END_TEST

/*
 * The deadline has passed, and then an element comes, before the thread can get the lock: it takes it.
 * Or the channel is closed: that counts as well.
 */
START_TEST(test_hand_over_after_the_deadline)
{
    for (int close = 0; close <= 1; close++) {
        bool in_time = false;
        while (!in_time) {
            struct fast_channel *channel = create(1, 8);
            struct timespec deadline = in_microseconds(20000);
            struct caller caller = {.channel = channel, .deadline = &deadline};
            start(&caller, call_receive);
            while (atomic_load(&asleep) == 0 && !has_passed(&deadline))
                sched_yield();
            MUST(pthread_mutex_lock(&channel->lock));
            in_time = atomic_load(&asleep) == 1; // and it cannot go on without the lock
            while (in_time && !has_passed(&deadline))
                sched_yield();
            // What send and close do first; a sender may be stopped there, before it has the lock.
            size_t tail = atomic_load(&channel->tail);
            struct slot *slot = slot_at(channel, tail);
            if (in_time && close) {
                atomic_fetch_or(&channel->tail, CLOSED);
            } else if (in_time) {
                atomic_store(&channel->tail, next(channel, tail));
                memset(slot->element, 0, 8);
                if (atomic_exchange(&slot->turn, tail | FULL) & WATCHED)
                    channel->marks--;
            }
            MUST(pthread_mutex_unlock(&channel->lock));
            finish(&caller);
            if (in_time)
                ck_assert_int_eq(caller.result, close ? EPIPE : 0);
            fast_channel_destroy(channel);
        }
    }
}
END_TEST

#define CHANNEL fast_channel
#define CALL(name) fast_channel_##name
static const size_t capacities[] = {1, 2, 7, 1000};
#include "crowd.h"

/* More threads than cores by far, all of them blocked most of the time. */
START_TEST(test_a_hundred_threads)
{
    enum { CALLS = 100 };
    static struct caller senders[CALLS], receivers[CALLS];
    struct fast_channel *channel = create(3, 8);
    uint64_t sum = 0;
    for (int i = 0; i < CALLS; i++) {
        senders[i] = (struct caller){.channel = channel, .value = (uint64_t)i};
        receivers[i] = (struct caller){.channel = channel};
        start(&senders[i], call_send);
        start(&receivers[i], call_receive);
    }
    for (int i = 0; i < CALLS; i++) {
        ck_assert_int_eq(finish(&senders[i]), 0);
        ck_assert_int_eq(finish(&receivers[i]), 0);
        sum += receivers[i].value;
    }
    ck_assert_uint_eq(sum, CALLS * (CALLS - 1) / 2);
    fast_channel_destroy(channel);
}
END_TEST

/* A question with its own channel for the answer, which the asker destroys at once. */
static void *answer(void *argument)
{
    struct fast_channel *questions = argument, *reply;
    while (fast_channel_receive(questions, &reply) == 0)
        send(reply, 42);
    return NULL;
}

START_TEST(test_destroy_right_after_receive)
{
    struct fast_channel *questions = create(1, sizeof(struct fast_channel *));
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, answer, questions));
    for (int i = 0; i < ROUNDS; i++) {
        struct fast_channel *reply = create(1 + (size_t)(i % 2), 8);
        ck_assert_int_eq(fast_channel_send(questions, &reply), 0);
        // Some receives come first and sleep; others come late.
        for (int yields = 0; yields < i % 3; yields++)
            sched_yield();
        ck_assert_uint_eq(receive(reply), 42);
        fast_channel_destroy(reply);
    }
    fast_channel_close(questions);
    MUST(pthread_join(thread, NULL));
    fast_channel_destroy(questions);
}
END_TEST

/* The other way round: there is room again, so the receiver has its element; and it may be asleep no more. */
START_TEST(test_destroy_right_after_send)
{
    for (int i = 0; i < ROUNDS / 10; i++) {
        struct fast_channel *channel = create(1, 8);
        struct caller caller = {.channel = channel};
        start(&caller, call_receive);
        send(channel, 1);
        send(channel, 2);
        fast_channel_destroy(channel);
        ck_assert_int_eq(finish(&caller), 0);
        ck_assert_uint_eq(caller.value, 1);
    }
}
END_TEST

/* And by the thread that closes it, while others are asleep in it. */
START_TEST(test_destroy_right_after_close)
{
    enum { CALLS = 4 };
    for (int round = 0; round < ROUNDS / 50; round++) {
        struct caller callers[CALLS];
        struct fast_channel *channel = create(1, 8);
        if (round % 2 == 1)
            send(channel, 1);
        for (int i = 0; i < CALLS; i++) {
            callers[i] = (struct caller){.channel = channel};
            start(&callers[i], round % 2 == 0 ? call_receive : call_send);
        }
        until_asleep(channel, CALLS);
        fast_channel_close(channel);
        fast_channel_destroy(channel);
        for (int i = 0; i < CALLS; i++)
            ck_assert_int_eq(finish(&callers[i]), EPIPE);
    }
}
END_TEST

/* Calls that have given up leave marks at both ends of the ring: destroy does not wait for them. */
START_TEST(test_destroy_with_marks)
{
    for (size_t capacity = 1; capacity <= 3; capacity++) {
        for (size_t elements = 0; elements <= capacity; elements++) {
            struct timespec past = {.tv_sec = 0};
            struct fast_channel *channel = create(capacity, 8);
            uint64_t value = 0;
            ck_assert_int_eq(fast_channel_timed_receive(channel, &value, &past), ETIMEDOUT);
            for (size_t i = 0; i < elements; i++)
                send(channel, i);
            ck_assert_int_eq(fast_channel_timed_send(channel, &value, &past),
                             elements == capacity ? ETIMEDOUT : 0);
            fast_channel_destroy(channel);
        }
    }
}
END_TEST

/* Destroy waits for a thread that is still inside; no spurious wake-up ends that, and no cancellation. */
static atomic_bool destroyed;

static void *destroy(void *argument)
{
    fast_channel_destroy(argument);
    atomic_store(&destroyed, true);
    return NULL;
}

START_TEST(test_destroy_waits)
{
    for (int found_mark = 0; found_mark <= 1; found_mark++) {
        struct fast_channel *channel = create(1, 0);
        size_t *count = found_mark ? &channel->marks : &channel->inside;
        pthread_t thread;
        atomic_store(&destroyed, false);
        MUST(pthread_mutex_lock(&channel->lock));
        ++*count;
        MUST(pthread_mutex_unlock(&channel->lock));
        MUST(pthread_create(&thread, NULL, destroy, channel));
        MUST(pthread_cancel(thread));
        for (int i = 0; i < 1000; i++) {
            sched_yield();
            ck_assert(!atomic_load(&destroyed));
            MUST(pthread_mutex_lock(&channel->lock));
            MUST(pthread_cond_signal(&channel->all_out));
            MUST(pthread_mutex_unlock(&channel->lock));
        }
        leave(channel, count, found_mark);
        MUST(pthread_join(thread, NULL));
        ck_assert(atomic_load(&destroyed));
    }
}
END_TEST

/* Close has woken two: one is still copying, and the other one waits for it, beside destroy. */
START_TEST(test_destroy_while_a_thread_copies)
{
    struct fast_channel *channel = create(1, 8);
    struct caller sender = {.channel = channel, .value = 2, .stops = true},
                  receiver = {.channel = channel};
    pthread_t thread;
    send(channel, 1);
    start(&sender, call_send);
    until_asleep(channel, 1);
    ck_assert_uint_eq(receive(channel), 1);
    until_stopped();
    start(&receiver, call_receive);
    until_asleep(channel, 1);
    fast_channel_close(channel);
    MUST(pthread_create(&thread, NULL, destroy, channel));
    until_asleep(channel, 2);
    atomic_store(&may_go_on, true);
    ck_assert_int_eq(finish(&sender), 0);
    ck_assert_int_eq(finish(&receiver), 0);
    ck_assert_uint_eq(receiver.value, 2);
    MUST(pthread_join(thread, NULL));
}
END_TEST

/* Whether a thread can be cancelled is as it was before it waited. */
static void *keep_cancel_state(void *argument)
{
    struct fast_channel *channel = argument;
    int states[] = {PTHREAD_CANCEL_ENABLE, PTHREAD_CANCEL_DISABLE}, state;
    for (int i = 0; i < 2; i++) {
        MUST(pthread_setcancelstate(states[i], &state));
        MUST(fast_channel_receive(channel, NULL));
        MUST(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state));
        ck_assert_int_eq(state, states[i]);
    }
    return NULL;
}

START_TEST(test_cancel_state)
{
    struct fast_channel *channel = create(1, 0);
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, keep_cancel_state, channel));
    for (int i = 0; i < 2; i++) {
        until_asleep(channel, 1);
        ck_assert_int_eq(fast_channel_send(channel, NULL), 0);
        while (fast_channel_length(channel) > 0)
            sched_yield();
    }
    MUST(pthread_join(thread, NULL));
    fast_channel_destroy(channel);
}
END_TEST

/* A thread that is cancelled while it waits in a channel stays there: its element is not lost. */
START_TEST(test_no_cancellation_point)
{
    struct fast_channel *channel = create(1, 8);
    struct caller caller = {.channel = channel};
    start(&caller, call_receive);
    until_asleep(channel, 1);
    MUST(pthread_cancel(caller.thread));
    send(channel, 7);
    ck_assert_int_eq(finish(&caller), 0);
    ck_assert_uint_eq(caller.value, 7);
    fast_channel_destroy(channel);
}
END_TEST

TCase *fast_channel_cases(void)
{
    TCase *cases = tcase_create(CASES);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, test_wrong_sizes);
    tcase_add_test(cases, test_failures);
    tcase_add_test(cases, test_deadlines);
    tcase_add_test(cases, test_deadline);
    tcase_add_test(cases, test_clock_that_is_set);
    tcase_add_test(cases, test_hand_over_after_the_deadline);
    tcase_add_test(cases, test_close_wakes_all);
    tcase_add_test(cases, test_a_stopped_sender);
    tcase_add_test(cases, test_a_stopped_receiver);
    tcase_add_loop_test(cases, test_deadline_against_hand_over, 0, SHAPES);
    if (ON_MACOS)
        return cases; // the rest is the same there
    tcase_add_test(cases, test_first_in_first_out);
    tcase_add_test(cases, test_element_sizes);
    tcase_add_test(cases, test_drain_after_close);
    tcase_add_test(cases, test_sleepers_and_partners);
    tcase_add_test(cases, test_no_sleep_too_late);
    tcase_add_test(cases, test_spurious_wake_ups);
    tcase_add_loop_test(cases, test_exactly_once, 0, SHAPES);
    tcase_add_loop_test(cases, test_close_at_a_random_moment, 0, SHAPES);
    tcase_add_test(cases, test_a_hundred_threads);
    tcase_add_test(cases, test_destroy_right_after_receive);
    tcase_add_test(cases, test_destroy_right_after_send);
    tcase_add_test(cases, test_destroy_right_after_close);
    tcase_add_test(cases, test_destroy_with_marks);
    tcase_add_test(cases, test_destroy_waits);
    tcase_add_test(cases, test_destroy_while_a_thread_copies);
    tcase_add_test(cases, test_cancel_state);
    tcase_add_test(cases, test_no_cancellation_point);
    return cases;
}
