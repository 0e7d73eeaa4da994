/*
 * channel.c - one lock, a ring, and two queues of waiting threads. See channel.h.
 */
#ifndef _XOPEN_SOURCE
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
#define CHANNEL_PEEKS 1000
#endif
#ifndef CHANNEL_YIELDS
#define CHANNEL_YIELDS 100
#endif

enum { SLEEPS_AFTER_SLOW_YIELD = 1000 };

/* In nanoseconds. A yield is faster where processors are free; a time slice is ten times as long. */
enum { SLOW_YIELD = 200000, TIME_SLICES = 20000000 };

enum outcome { WAITING, SERVED, CLOSED };

/* One call that waits. It is on the stack of the waiting thread, for as long as that waits. */
struct waiter {
    struct waiter *previous, *next;
    const void *source;  // of a sender: where its element is
    void *destination;   // of a receiver: where its element goes
    atomic_int outcome;  // set once, under the lock, by its partner or by channel_close
    pthread_cond_t wake; // signalled after that; only this thread waits here
};

struct waiters {
    struct waiter *first, *last;
};

struct channel {
    size_t capacity, element_size; // never change

    pthread_mutex_t lock;     // protects all that follows. While no thread holds it:
    bool closed;              // closed: no thread waits
    size_t head, length;      // 0 <= length <= capacity; the oldest element is in slot `head`
    struct waiters senders;   // not empty: length == capacity
    struct waiters receivers; // not empty: length == 0, and no sender waits
    size_t inside;            // threads in wait_for_partner
    pthread_cond_t all_out;   // inside has fallen to 0; only channel_destroy waits here

    alignas(max_align_t) unsigned char ring[]; // capacity slots of element_size bytes
};

struct channel *channel_create(size_t capacity, size_t element_size)
{
    if (element_size > 0 && capacity > (SIZE_MAX - sizeof(struct channel)) / element_size) {
        errno = ENOMEM;
        return NULL;
    }
    struct channel *channel = malloc(sizeof *channel + capacity * element_size);
    if (channel == NULL)
        return NULL;
    *channel = (struct channel){.capacity = capacity, .element_size = element_size};
    int error = pthread_mutex_init(&channel->lock, NULL);
    if (error == 0) {
        error = pthread_cond_init(&channel->all_out, NULL);
        if (error == 0)
            return channel;
        pthread_mutex_destroy(&channel->lock);
    }
    free(channel);
    errno = error;
    return NULL;
}

/*
 * A thread that has been served may not have run since, and it still has to pass through the lock. So
 * wait until all of them have left.
 */
void channel_destroy(struct channel *channel)
{
    int cancel_state;
    if (channel == NULL)
        return;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&channel->lock);
    while (channel->inside > 0)
        pthread_cond_wait(&channel->all_out, &channel->lock);
    pthread_mutex_unlock(&channel->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    pthread_cond_destroy(&channel->all_out);
    pthread_mutex_destroy(&channel->lock);
    free(channel);
}

static long long nanoseconds_between(struct timespec from, struct timespec to)
{
    return (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
}

/*
 * Lets other threads run for a moment. Returns false if it is time to sleep instead.
 *
 * Falling asleep and being woken takes tens of microseconds, while a partner that is running often comes
 * within one. So a waiting thread first yields, CHANNEL_YIELDS times, and then sleeps. (A rendezvous of
 * two threads on two cores takes 0.45 microseconds, and 23 without the yields; on one core 1.45 and 6.6.)
 *
 * But where other programs keep all processors busy, a yield gives one of them a time slice, which takes
 * milliseconds. A single slow yield shows that: for about the next thousand waits no thread yields, then
 * one tries again. The count may be off by a few. (There and back between two threads beside two busy
 * loops takes 20 to 60 microseconds, the same as without yields; 490 if threads went on yielding.)
 */
static bool yield_unless_busy(int yields)
{
    static atomic_int sleeps_to_come; // for all channels: it is the machine that is busy
    struct timespec before, after;
    int sleeps = atomic_load_explicit(&sleeps_to_come, memory_order_relaxed);
    if (yields == 0 && sleeps > 0)
        atomic_store_explicit(&sleeps_to_come, sleeps - 1, memory_order_relaxed);
    if (yields >= CHANNEL_YIELDS || sleeps > 0)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &before);
    sched_yield();
    clock_gettime(CLOCK_MONOTONIC, &after);
    if (nanoseconds_between(before, after) > SLOW_YIELD)
        atomic_store_explicit(&sleeps_to_come, SLEEPS_AFTER_SLOW_YIELD, memory_order_relaxed);
    return true;
}

/* The lock is held only briefly, so a thread that wants it yields before it sleeps. */
static void lock(struct channel *channel)
{
    for (int yields = 0; pthread_mutex_trylock(&channel->lock) != 0; yields++) {
        if (!yield_unless_busy(yields)) {
            pthread_mutex_lock(&channel->lock);
            return;
        }
    }
}

static void unlock(struct channel *channel)
{
    pthread_mutex_unlock(&channel->lock);
}

static void copy_element(const struct channel *channel, void *to, const void *from)
{
    if (to != NULL && channel->element_size > 0)
        memcpy(to, from, channel->element_size);
}

/* The ring: a first-in, first-out buffer that begins at head and wraps around at its end. */

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

/* The queues of waiting threads: first come, first served. */

static void enqueue(struct waiters *waiters, struct waiter *waiter)
{
    waiter->previous = waiters->last;
    waiter->next = NULL;
    *(waiters->last != NULL ? &waiters->last->next : &waiters->first) = waiter;
    waiters->last = waiter;
}

static void take_off(struct waiters *waiters, struct waiter *waiter)
{
    *(waiter->previous != NULL ? &waiter->previous->next : &waiters->first) = waiter->next;
    *(waiter->next != NULL ? &waiter->next->previous : &waiters->last) = waiter->previous;
}

/* Takes the waiter off its queue and wakes it: it has been served, or the channel was closed. */
static void release(struct waiters *waiters, struct waiter *waiter, enum outcome outcome)
{
    take_off(waiters, waiter);
    atomic_store(&waiter->outcome, outcome);
    pthread_cond_signal(&waiter->wake);
}

/*
 * Only looks, for half a microsecond: a partner on another processor may need less, and a yield takes as
 * long, even if no other thread can run. (A rendezvous on two cores takes 0.2 microseconds, and 0.45
 * without the peeks; on one core, where they do not help, 1.7 and 1.45.)
 */
static void peek(const struct waiter *self)
{
    for (int peeks = 0; peeks < CHANNEL_PEEKS; peeks++) {
        if (atomic_load(&self->outcome) != WAITING)
            return;
    }
}

/* Whether there is time to give away a time slice: there is no deadline, or it is far. */
static bool may_yield(const struct timespec *deadline)
{
    struct timespec now;
    if (deadline == NULL)
        return true;
    clock_gettime(CLOCK_REALTIME, &now);
    // Seconds first: a far deadline, in nanoseconds, may not fit.
    return deadline->tv_sec > now.tv_sec + 1 || nanoseconds_between(now, *deadline) > TIME_SLICES;
}

/*
 * Queues the calling thread and waits until another one has released it, or until the deadline (NULL:
 * forever). Called with the lock held, returns without it.
 *
 * Peeks and yields need no lock because they decide nothing: the loop after them does, and holds the
 * lock. Once this thread has the lock, its partner no longer needs the waiter.
 *
 * The waiter is in the queue, so the thread must not end meanwhile: cancellation is disabled.
 */
static int wait_for_partner(struct channel *channel, struct waiters *waiters, struct waiter *self,
                            const struct timespec *deadline)
{
    static const struct timespec epoch;
    if (deadline != NULL && deadline->tv_sec < 0)
        deadline = &epoch; // it has passed as well, and no system refuses it

    int error = 0, cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    enqueue(waiters, self);
    channel->inside++;
    unlock(channel);

    peek(self);
    for (int yields = 0; may_yield(deadline) && atomic_load(&self->outcome) == WAITING; yields++) {
        if (!yield_unless_busy(yields))
            break;
    }
    lock(channel);
    while (atomic_load(&self->outcome) == WAITING && error == 0) {
        if (deadline == NULL)
            error = pthread_cond_wait(&self->wake, &channel->lock);
        else
            error = pthread_cond_timedwait(&self->wake, &channel->lock, deadline);
    }
    // A partner may have come at the very moment the deadline passed. Then the element has been handed
    // over, and that is what counts.
    if (atomic_load(&self->outcome) == WAITING)
        take_off(waiters, self);
    else
        error = atomic_load(&self->outcome) == SERVED ? 0 : EPIPE;
    if (--channel->inside == 0)
        pthread_cond_signal(&channel->all_out);
    unlock(channel);

    pthread_cond_destroy(&self->wake);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return error;
}

static int send_or_wait(struct channel *channel, const void *element, bool wait,
                        const struct timespec *deadline)
{
    int error = 0;
    lock(channel);
    struct waiter *receiver = channel->receivers.first;
    if (channel->closed) {
        error = EPIPE;
    } else if (receiver != NULL) {
        copy_element(channel, receiver->destination, element);
        release(&channel->receivers, receiver, SERVED);
    } else if (channel->length < channel->capacity) {
        push(channel, element);
    } else if (wait) {
        struct waiter self = {.source = element, .wake = PTHREAD_COND_INITIALIZER};
        return wait_for_partner(channel, &channel->senders, &self, deadline);
    } else {
        error = EAGAIN;
    }
    unlock(channel);
    return error;
}

static int receive_or_wait(struct channel *channel, void *element, bool wait,
                           const struct timespec *deadline)
{
    int error = 0;
    lock(channel);
    struct waiter *sender = channel->senders.first;
    if (channel->length > 0) {
        pop(channel, element);
        // A slot is free now, for the sender that has waited longest.
        if (sender != NULL) {
            push(channel, sender->source);
            release(&channel->senders, sender, SERVED);
        }
    } else if (sender != NULL) {
        copy_element(channel, element, sender->source);
        release(&channel->senders, sender, SERVED);
    } else if (channel->closed) {
        error = EPIPE;
    } else if (wait) {
        struct waiter self = {.destination = element, .wake = PTHREAD_COND_INITIALIZER};
        return wait_for_partner(channel, &channel->receivers, &self, deadline);
    } else {
        error = EAGAIN;
    }
    unlock(channel);
    return error;
}

static bool is_time(const struct timespec *time)
{
    return time->tv_nsec >= 0 && time->tv_nsec < 1000000000L;
}

int channel_send(struct channel *channel, const void *element)
{
    return send_or_wait(channel, element, true, NULL);
}

int channel_receive(struct channel *channel, void *element)
{
    return receive_or_wait(channel, element, true, NULL);
}

int channel_try_send(struct channel *channel, const void *element)
{
    return send_or_wait(channel, element, false, NULL);
}

int channel_try_receive(struct channel *channel, void *element)
{
    return receive_or_wait(channel, element, false, NULL);
}

int channel_timed_send(struct channel *channel, const void *element,
                       const struct timespec *deadline)
{
    return is_time(deadline) ? send_or_wait(channel, element, true, deadline) : EINVAL;
}

int channel_timed_receive(struct channel *channel, void *element, const struct timespec *deadline)
{
    return is_time(deadline) ? receive_or_wait(channel, element, true, deadline) : EINVAL;
}

int channel_close(struct channel *channel)
{
    lock(channel);
    int error = channel->closed ? EPIPE : 0;
    channel->closed = true;
    while (channel->senders.first != NULL)
        release(&channel->senders, channel->senders.first, CLOSED);
    while (channel->receivers.first != NULL)
        release(&channel->receivers, channel->receivers.first, CLOSED);
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
