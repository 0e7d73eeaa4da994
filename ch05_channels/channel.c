/*
 * channel.c - for each channel a lock, a ring, and two queues of waiting calls. See channel.h.
 */
#if defined __APPLE__ && !defined _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE // for pthread_cond_timedwait_relative_np
#elif !defined _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 // for clock_gettime, where a compiler is told -std=c11
#endif

#include "channel.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How often a waiting thread looks before it yields, and yields before it sleeps; 0: never. */
#ifndef CHANNEL_PEEKS
#define CHANNEL_PEEKS 200
#endif
#ifndef CHANNEL_YIELDS
#define CHANNEL_YIELDS 100
#endif

/* In nanoseconds. A yield is faster where processors are free; a time slice is ten times as long. */
enum { SLOW_YIELD = 200000, TIME_SLICES = 20000000 };

/*
 * A waiting call, on the stack of its thread. Several threads may want to end it, each with the lock of
 * another channel. Only the one that claims it does: a partner, channel_close, or its own thread when the
 * deadline has passed.
 */
struct call {
    struct waiter *waiters; // one for each case
    size_t count;
    atomic_bool claimed;
    size_t chosen;        // the case that was done; set by the thread that has claimed the call
    int error;            // the same: 0, or EPIPE
    atomic_int state;     // ENDED: no other thread touches it any more, unless it was ASLEEP
    pthread_mutex_t lock; // protects: woken
    bool woken;           // true, and the lock is free: no other thread touches it any more
    pthread_cond_t wake;  // woken has become true; only the call's own thread waits for it
};

enum state { AWAKE, ASLEEP, ENDED };

/*
 * A queue is a ring of links: its own, and those of its waiters in the order in which they came. A waiter
 * whose link is a ring of its own is in no queue.
 */
struct link {
    struct link *previous, *next;
};

struct waiter {
    struct link link; // protected by the channel's lock. It comes first: the link is the waiter
    struct call *call;
    struct channel *channel;
    void *element; // to send (only read), or where to receive to
};

struct channel {
    size_t capacity, element_size; // never change

    pthread_mutex_t lock;  // protects all that follows. While no thread holds it:
    bool closed;           // closed: no call waits
    size_t head, length;   // 0 <= length <= capacity; the oldest element is in slot `head`
    struct link senders;   // one that is not claimed waits: length == capacity
    struct link receivers; // the same: length == 0, and no other call waits to send

    // capacity slots of element_size bytes
    alignas(long double) alignas(long long) unsigned char ring[];
};

/* The queues of waiting calls: first come, first served. */

static void make_ring(struct link *link)
{
    link->previous = link->next = link;
}

static void enqueue(struct link *queue, struct link *link)
{
    *link = (struct link){queue->previous, queue};
    link->previous->next = queue->previous = link;
}

static void take_off(struct link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    make_ring(link);
}

static bool claim(struct call *call)
{
    return !atomic_exchange(&call->claimed, true);
}

/* Claims the first call that no other thread has claimed, and returns it; NULL if there is none. */
static struct waiter *claim_first(struct link *queue)
{
    for (; queue->next != queue; take_off(queue->next)) {
        struct waiter *first = (struct waiter *)queue->next;
        if (claim(first->call))
            return first;
    }
    return NULL;
}

/* Ends a call that this thread has claimed: takes it off the channel's queues, and wakes its thread. */
static void end(struct waiter *waiter, int error)
{
    struct call *call = waiter->call;
    call->chosen = (size_t)(waiter - call->waiters);
    call->error = error;
    for (size_t i = 0; i < call->count; i++) {
        if (call->waiters[i].channel == waiter->channel)
            take_off(&call->waiters[i].link);
    }
    if (atomic_exchange(&call->state, ENDED) == ASLEEP) {
        pthread_mutex_lock(&call->lock);
        call->woken = true;
        pthread_cond_signal(&call->wake);
        pthread_mutex_unlock(&call->lock);
    }
}

struct channel *channel_create(size_t capacity, size_t element_size)
{
    bool fits = element_size == 0 || capacity <= (SIZE_MAX - sizeof(struct channel)) / element_size;
    int error = ENOMEM;
    struct channel *channel = fits ? malloc(sizeof *channel + capacity * element_size) : NULL;
    if (channel != NULL) {
        *channel = (struct channel){.capacity = capacity, .element_size = element_size};
        make_ring(&channel->senders);
        make_ring(&channel->receivers);
        error = pthread_mutex_init(&channel->lock, NULL);
        if (error == 0)
            return channel;
        free(channel);
    }
    errno = error;
    return NULL;
}

/* The thread that has served the caller's last call may still hold the lock; no other one is left. */
void channel_destroy(struct channel *channel)
{
    if (channel == NULL)
        return;
    pthread_mutex_lock(&channel->lock);
    pthread_mutex_unlock(&channel->lock);
    pthread_mutex_destroy(&channel->lock);
    free(channel);
}

/* Deadlines, on a clock that is never set. (On macOS no condition knows it, only spans of time.) */

struct timespec channel_deadline(long milliseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    long long nanoseconds = time.tv_nsec + milliseconds % 1000 * 1000000LL + 1000000000;
    time.tv_sec += (time_t)(milliseconds / 1000 + nanoseconds / 1000000000 - 1);
    time.tv_nsec = (long)(nanoseconds % 1000000000);
    return time;
}

/* How many nanoseconds there are until then. More than 30 years count as 30 years. */
static long long time_until(const struct timespec *deadline)
{
    const long long most = 1000000000;
    struct timespec now = channel_deadline(0);
    long long seconds = (deadline->tv_sec < 0 ? 0 : deadline->tv_sec) - now.tv_sec;
    return (seconds < most ? seconds : most) * 1000000000 + deadline->tv_nsec - now.tv_nsec;
}

#if defined __APPLE__ || defined _WIN32
#define pthread_condattr_setclock(attributes, clock) 0
#endif

static int set_clock(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    if (error != 0)
        return error;
    pthread_cond_destroy(condition);
    error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (error == 0)
        error = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return error;
}

static int wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex,
                      const struct timespec *deadline)
{
    if (deadline == NULL)
        return pthread_cond_wait(condition, mutex);
#if defined __APPLE__ || defined _WIN32
    long long rest = time_until(deadline);
    struct timespec span = {(time_t)(rest / 1000000000), (long)(rest % 1000000000)};
    if (rest <= 0)
        return ETIMEDOUT;
    int error = pthread_cond_timedwait_relative_np(condition, mutex, &span);
    return error == ETIMEDOUT ? 0 : error; // the clock decides, in the next turn
#else // also when it has passed: on a single processor a partner may come then
    static const struct timespec past;
    return pthread_cond_timedwait(condition, mutex, deadline->tv_sec < 0 ? &past : deadline);
#endif
}

/*
 * Returns whether it is too early to fall asleep. To sleep and be woken takes tens of microseconds, while a
 * partner on another processor often comes within one. So a thread first only looks, then yields.
 *
 * Where other programs keep all processors busy, a yield gives one of them a time slice, of milliseconds.
 * A single slow yield shows that. After it no thread yields for about a thousand waits; then one tries again.
 */
static bool should_look_again(int looks, const struct timespec *deadline)
{
    static atomic_int sleeps_to_come; // for all channels: it is the machine that is busy
    if (looks < CHANNEL_PEEKS)
        return true;
    int sleeps = atomic_load(&sleeps_to_come);
    if (looks == CHANNEL_PEEKS && sleeps > 0)
        atomic_store(&sleeps_to_come, sleeps - 1);
    if (looks >= CHANNEL_PEEKS + CHANNEL_YIELDS || sleeps > 0 ||
        (deadline != NULL && time_until(deadline) < TIME_SLICES))
        return false;
    struct timespec before = channel_deadline(0);
    sched_yield();
    if (time_until(&before) < -SLOW_YIELD)
        atomic_store(&sleeps_to_come, 1000);
    return true;
}

/* The lock is held only briefly, so a thread that wants it yields before it sleeps. */
static void lock(struct channel *channel)
{
    int looks = CHANNEL_PEEKS, error;
    while ((error = pthread_mutex_trylock(&channel->lock)) != 0 && should_look_again(looks, NULL))
        looks++;
    if (error != 0)
        pthread_mutex_lock(&channel->lock);
}

static void unlock(struct channel *channel)
{
    pthread_mutex_unlock(&channel->lock);
}

/* The ring: a first-in, first-out buffer that begins at head and wraps around at its end. */

static void copy_element(const struct channel *channel, void *to, const void *from)
{
    if (to != NULL && channel->element_size > 0)
        memcpy(to, from, channel->element_size);
}

static void *slot(struct channel *channel, size_t i)
{
    size_t to_end = channel->capacity - channel->head;
    size_t number = i < to_end ? channel->head + i : i - to_end;
    return channel->ring + number * channel->element_size;
}

static void push(struct channel *channel, const void *element)
{
    copy_element(channel, slot(channel, channel->length), element);
    channel->length++;
}

static void pop(struct channel *channel, void *element)
{
    copy_element(channel, element, slot(channel, 0));
    channel->head = channel->head + 1 < channel->capacity ? channel->head + 1 : 0;
    channel->length--;
}

/* Send and receive, if they need no waiting; otherwise EAGAIN. Called with the channel's lock held. */

static int send_now(struct channel *channel, const void *element)
{
    struct waiter *receiver = claim_first(&channel->receivers);
    if (channel->closed)
        return EPIPE;
    if (receiver != NULL) {
        copy_element(channel, receiver->element, element);
        end(receiver, 0);
    } else if (channel->length < channel->capacity) {
        push(channel, element);
    } else {
        return EAGAIN;
    }
    return 0;
}

static int receive_now(struct channel *channel, void *element)
{
    struct waiter *sender = claim_first(&channel->senders);
    if (channel->length > 0) {
        pop(channel, element);
        if (sender != NULL) // a slot is free now, for the one that has waited longest
            push(channel, sender->element);
    } else if (sender != NULL) {
        copy_element(channel, element, sender->element);
    } else {
        return channel->closed ? EPIPE : EAGAIN;
    }
    if (sender != NULL)
        end(sender, 0);
    return 0;
}

static int act_now(struct channel *channel, enum channel_direction direction, void *element)
{
    return direction == CHANNEL_SEND ? send_now(channel, element) : receive_now(channel, element);
}

/* Returns whether act_now should succeed. It may fail if only calls wait there that have been claimed. */
static bool is_ready(const struct channel_case *one)
{
    struct channel *channel = one->channel;
    if (channel == NULL || channel->closed)
        return channel != NULL;
    return one->direction == CHANNEL_SEND
               ? channel->length < channel->capacity ||
                     channel->receivers.next != &channel->receivers
               : channel->length > 0 || channel->senders.next != &channel->senders;
}

/* Calls the function for each channel once, by rising addresses: so all threads lock in one order. */
static void for_each_channel(const struct channel_case *cases, size_t count,
                             void (*function)(struct channel *))
{
    struct channel *next = NULL;
    do {
        uintptr_t last = (uintptr_t)next;
        next = NULL;
        for (size_t i = 0; i < count; i++) {
            uintptr_t address = (uintptr_t)cases[i].channel;
            if (address > last && (next == NULL || address < (uintptr_t)next))
                next = cases[i].channel;
        }
        if (next != NULL)
            function(next);
    } while (next != NULL);
}

/*
 * Returns 0 when another thread has ended the call, or ETIMEDOUT; then this one has claimed it. Only a timeout
 * ends the wait: winpthreads reports EINVAL when this thread is cancelled, and that is a spurious wake-up.
 */
static int wait_for_end(struct call *call, const struct timespec *deadline)
{
    int state = AWAKE, error = 0, cancel_state, looks = 0;
    while (atomic_load(&call->state) != ENDED && should_look_again(looks, deadline))
        looks++;
    if (!atomic_compare_exchange_strong(&call->state, &state, ASLEEP))
        return 0;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&call->lock);
    while (!call->woken && error != ETIMEDOUT) {
        error = wait_until(&call->wake, &call->lock, deadline);
        if (error != 0 && error != ETIMEDOUT) { // it may not have let a partner in
            pthread_mutex_unlock(&call->lock);
            sched_yield();
            pthread_mutex_lock(&call->lock);
        }
    }
    bool is_ended =
        call->woken || !claim(call); // or will be: another thread was first, and that counts
    while (is_ended && !call->woken)
        wait_until(&call->wake, &call->lock, NULL);
    pthread_mutex_unlock(&call->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return is_ended ? 0 : error;
}

/*
 * Waits in the queues of all cases until another thread ends the call, or until the deadline (NULL: forever).
 * Called with the locks held, returns without them. The channel that has served the call may be gone then,
 * and is not touched again.
 */
static int wait_for_partner(struct channel_case *cases, size_t count, size_t *chosen,
                            const struct timespec *deadline)
{
    struct waiter few[8];
    struct waiter *waiters = count <= 8 ? few : calloc(count, sizeof *waiters);
    struct call call = {.waiters = waiters,
                        .count = count,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .wake = PTHREAD_COND_INITIALIZER};
    int error = waiters == NULL ? ENOMEM : deadline != NULL ? set_clock(&call.wake) : 0;
    for (size_t i = 0; i < count && error == 0; i++) {
        struct channel *channel = cases[i].channel;
        waiters[i] = (struct waiter){{NULL, NULL}, &call, channel, cases[i].element};
        if (channel != NULL)
            enqueue(cases[i].direction == CHANNEL_SEND ? &channel->senders : &channel->receivers,
                    &waiters[i].link);
    }
    for_each_channel(cases, count, unlock);
    if (error == 0) {
        const struct channel *served = NULL;
        error = wait_for_end(&call, deadline);
        if (error == 0) {
            *chosen = call.chosen;
            cases[call.chosen].error = call.error;
            served = cases[call.chosen].channel;
        }
        for (size_t i = 0; i < count; i++) {
            struct channel *channel = cases[i].channel;
            if (channel == NULL || channel == served)
                continue;
            lock(channel);
            take_off(&waiters[i].link);
            unlock(channel);
        }
        pthread_cond_destroy(&call.wake);
        pthread_mutex_destroy(&call.lock);
    }
    if (waiters != few)
        free(waiters);
    return error;
}

/* Chosen at random, by the xorshift of G. Marsaglia (2003). */
static size_t random_below(size_t limit)
{
    static _Thread_local uint32_t number;
    if (number == 0)
        number = (uint32_t)((uintptr_t)&number >> 4) | 1; // another one in each thread
    number ^= number << 13;
    number ^= number >> 17;
    number ^= number << 5;
    return number % limit;
}

/* Does one of the cases that are ready, each with the same probability; or waits, if it may. */
static int select_one(struct channel_case *cases, size_t count, size_t *chosen, bool wait,
                      const struct timespec *deadline)
{
    struct channel_case *one;
    for_each_channel(cases, count, lock);
    do {
        size_t ready = 0;
        one = NULL;
        for (size_t i = 0; i < count; i++) {
            if (is_ready(&cases[i]) && random_below(++ready) == 0)
                one = &cases[i];
        }
        if (one != NULL)
            one->error = act_now(one->channel, one->direction, one->element);
    } while (one != NULL && one->error == EAGAIN);
    if (one == NULL && wait)
        return wait_for_partner(cases, count, chosen, deadline);
    for_each_channel(cases, count, unlock);
    if (one == NULL)
        return EAGAIN;
    *chosen = (size_t)(one - cases);
    return 0;
}

/* The same for a single case. */
static int call_one(struct channel *channel, enum channel_direction direction, void *element,
                    bool wait, const struct timespec *deadline)
{
    lock(channel);
    int error = act_now(channel, direction, element);
    if (error != EAGAIN || !wait) {
        unlock(channel);
        return error;
    }
    struct channel_case one = {channel, direction, element, 0};
    size_t chosen;
    error = wait_for_partner(&one, 1, &chosen, deadline);
    return error != 0 ? error : one.error;
}

static bool is_time(const struct timespec *time)
{
    return time->tv_nsec >= 0 && time->tv_nsec < 1000000000L;
}

int channel_send(struct channel *channel, const void *element)
{
    return call_one(channel, CHANNEL_SEND, (void *)element, true, NULL);
}

int channel_receive(struct channel *channel, void *element)
{
    return call_one(channel, CHANNEL_RECEIVE, element, true, NULL);
}

int channel_try_send(struct channel *channel, const void *element)
{
    return call_one(channel, CHANNEL_SEND, (void *)element, false, NULL);
}

int channel_try_receive(struct channel *channel, void *element)
{
    return call_one(channel, CHANNEL_RECEIVE, element, false, NULL);
}

int channel_timed_send(struct channel *channel, const void *element,
                       const struct timespec *deadline)
{
    return is_time(deadline) ? call_one(channel, CHANNEL_SEND, (void *)element, true, deadline)
                             : EINVAL;
}

int channel_timed_receive(struct channel *channel, void *element, const struct timespec *deadline)
{
    return is_time(deadline) ? call_one(channel, CHANNEL_RECEIVE, element, true, deadline) : EINVAL;
}

int channel_select(struct channel_case *cases, size_t count, size_t *chosen)
{
    return select_one(cases, count, chosen, true, NULL);
}

int channel_try_select(struct channel_case *cases, size_t count, size_t *chosen)
{
    return select_one(cases, count, chosen, false, NULL);
}

int channel_timed_select(struct channel_case *cases, size_t count, size_t *chosen,
                         const struct timespec *deadline)
{
    return is_time(deadline) ? select_one(cases, count, chosen, true, deadline) : EINVAL;
}

int channel_close(struct channel *channel)
{
    struct waiter *waiter;
    lock(channel);
    int error = channel->closed ? EPIPE : 0;
    channel->closed = true;
    while ((waiter = claim_first(&channel->senders)) != NULL)
        end(waiter, EPIPE);
    while ((waiter = claim_first(&channel->receivers)) != NULL)
        end(waiter, EPIPE);
    unlock(channel);
    return error;
}

size_t channel_length(struct channel *channel)
{
    lock(channel);
    size_t length = channel->length;
    unlock(channel);
    return length;
}

size_t channel_capacity(const struct channel *channel)
{
    return channel->capacity;
}
