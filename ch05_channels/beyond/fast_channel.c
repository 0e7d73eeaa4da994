/*
 * fast_channel.c - a ring in which each slot says whose turn it is, and a lock only for those that sleep.
 * See fast_channel.h. (The clear way, with everything under one lock, is channel.c.)
 *
 * A send takes its position from `tail`, a receive from `head`. A position is the number of a lap and, below
 * it, that of a slot. Its two low bits are free for what has to change in the same step. The turns of slot 1:
 *
 *   lap 7, slot 1          there is room for the send that takes this position from tail
 *   lap 7, slot 1, FULL    there is an element for the receive that takes this position from head
 *   lap 8, slot 1          there is room again, one lap later
 *
 * A thread first sees that it is the turn of its position. Unless another thread is faster, it then takes
 * the position, copies the element, and sets the next turn. No other thread sets that.
 *
 * A thread that has to wait puts WATCHED into the turn that it does not want, and sleeps. The thread that
 * ends this turn does so by an exchange, so it finds the mark and wakes the sleepers. Without a mark it pays
 * nothing more, and does not touch the channel again, which may be gone. Mark and turn are one number, so
 * one of the two threads always comes first, and the other one sees it. (With a count of sleepers beside
 * the ring, each thread would have to write one number before it reads the other, and would pay for a fence
 * between the two.)
 *
 * The atomic operations are sequentially consistent. Weaker ones would save nothing: what costs time is the
 * compare-and-exchange and the exchange, and those are equally slow in every memory order.
 */
#if defined __APPLE__ && !defined _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE // for pthread_cond_timedwait_relative_np
#elif !defined _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 // for clock_gettime and others, where a compiler is told -std=c11
#endif

#include "fast_channel.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How often a waiting thread yields before it sleeps; 0: never. */
#ifndef FAST_CHANNEL_YIELDS
#define FAST_CHANNEL_YIELDS 100
#endif

enum { SLEEPS_AFTER_SLOW_YIELD = 1000 };

/* In nanoseconds. A yield is faster, even past 64 threads on one processor; a time slice takes longer. */
enum { SLOW_YIELD = 1000000, TIME_SLICES = 20000000, SLOT_PAUSE = 3, LONGEST_PAUSE = 3000 };

/* FULL and WATCHED are bits of a turn, CLOSED is one of tail. Positions have none of them. */
#define FULL ((size_t)1)
#define WATCHED ((size_t)2)
#define CLOSED ((size_t)1)
#define STEP ((size_t)4) // from a slot to the next

/* Before positions begin again at 0. A lap may take twice as many as there are slots. */
enum { FEWEST_LAPS = 4 };

enum { APART = 128 }; // bytes; a cache line has 64, but some processors fetch two at a time

struct slot {
    atomic_size_t turn;
    unsigned char element[];
};

struct fast_channel {
    size_t capacity, element_size, slot_size; // never change
    long pause;                               // in nanoseconds: a few for each slot
    size_t lap; // nor does this: what a lap adds to a position; STEP times a power of 2

    // 0 <= tail - head <= lap. Each of them is on a cache line of its own.
    unsigned char before_head[APART];
    atomic_size_t head; // position of the next receive
    unsigned char before_tail[APART];
    atomic_size_t tail; // position of the next send; and CLOSED
    unsigned char before_lock[APART];

    pthread_mutex_t lock;   // protects: what follows; a thread that sets WATCHED, until it sleeps
    size_t inside;          // calls that wait or close
    size_t marks;           // turns with WATCHED, and threads that have found it and not left yet
    pthread_cond_t woken;   // a turn with WATCHED is over, or CLOSED is set; calls wait here
    pthread_cond_t all_out; // inside or marks has fallen to 0; only fast_channel_destroy waits here

    alignas(struct slot) unsigned char slots[]; // capacity slots of slot_size bytes
};

/* What a call wants. */
struct call {
    bool sends;
    const void *source; // of a send
    void *destination;  // of a receive
    bool may_wait;      // also for a partner
    const struct timespec *deadline;
};

/* Why it cannot go on: it is not its turn. */
struct obstacle {
    struct slot *slot;
    size_t turn;
};

/* Deadlines are times of CLOCK_MONOTONIC, as the other clock may be set while a thread waits. */

static int make_condition(pthread_cond_t *condition)
{
#if defined __APPLE__ || defined _WIN32
    return pthread_cond_init(condition, NULL); // there it cannot have that clock
#else
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    if (error != 0)
        return error;
    error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (error == 0)
        error = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return error;
#endif
}

/* Waits once, like pthread_cond_timedwait. */
static int wait_until(pthread_cond_t *condition, pthread_mutex_t *lock,
                      const struct timespec *deadline)
{
#if defined __APPLE__ || defined _WIN32
    enum { LONGEST = 100000 }; // in seconds; some systems do not wait for thousands of years
    struct timespec left;
    clock_gettime(CLOCK_MONOTONIC, &left);
    left.tv_sec = deadline->tv_sec - left.tv_sec;
    left.tv_nsec = deadline->tv_nsec - left.tv_nsec;
    if (left.tv_nsec < 0) {
        left.tv_sec--;
        left.tv_nsec += 1000000000L;
    }
    if (left.tv_sec < 0 || (left.tv_sec == 0 && left.tv_nsec == 0))
        return ETIMEDOUT;
    if (left.tv_sec > LONGEST)
        left.tv_sec = LONGEST;
    int error = pthread_cond_timedwait_relative_np(condition, lock, &left);
    return error == ETIMEDOUT ? 0 : error; // the clock decides, in the next turn
#else
    return pthread_cond_timedwait(condition, lock, deadline);
#endif
}

/* No number of milliseconds is too large: time_t has room for a thousandth of a long, and the clock. */
struct timespec fast_channel_deadline(long milliseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += milliseconds / 1000;
    time.tv_nsec += milliseconds % 1000 * 1000000L;
    if (time.tv_nsec < 0) {
        time.tv_sec--;
        time.tv_nsec += 1000000000L;
    } else if (time.tv_nsec >= 1000000000L) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000L;
    }
    return time;
}

static size_t slot_number(const struct fast_channel *channel, size_t position)
{
    return (position & (channel->lap - 1)) / STEP;
}

static struct slot *slot_at(struct fast_channel *channel, size_t position)
{
    return (struct slot *)(channel->slots + slot_number(channel, position) * channel->slot_size);
}

static size_t next(const struct fast_channel *channel, size_t position)
{
    size_t number = slot_number(channel, position);
    return number + 1 < channel->capacity ? position + STEP
                                          : position - number * STEP + channel->lap;
}

struct fast_channel *fast_channel_create(size_t capacity, size_t element_size)
{
    size_t slot_size = sizeof(struct slot) + element_size + alignof(struct slot) - 1;
    slot_size -= slot_size % alignof(struct slot);
    errno = capacity == 0 ? EINVAL : ENOMEM;
    if (capacity == 0 || capacity > SIZE_MAX / STEP / FEWEST_LAPS / 2 || slot_size < element_size ||
        slot_size > (SIZE_MAX - sizeof(struct fast_channel)) / capacity)
        return NULL;
    struct fast_channel *channel = malloc(sizeof *channel + capacity * slot_size);
    if (channel == NULL)
        return NULL;
    *channel = (struct fast_channel){
        .capacity = capacity, .element_size = element_size, .slot_size = slot_size, .lap = STEP};
    channel->pause =
        capacity < LONGEST_PAUSE / SLOT_PAUSE ? (long)capacity * SLOT_PAUSE : LONGEST_PAUSE;
    while (channel->lap / STEP < capacity)
        channel->lap *= 2;
    for (size_t i = 0; i < capacity; i++)
        atomic_init(&slot_at(channel, i * STEP)->turn, i * STEP);
    int error = pthread_mutex_init(&channel->lock, NULL);
    if (error == 0) {
        error = make_condition(&channel->woken);
        if (error == 0) {
            error = pthread_cond_init(&channel->all_out, NULL);
            if (error == 0)
                return channel;
            pthread_cond_destroy(&channel->woken);
        }
        pthread_mutex_destroy(&channel->lock);
    }
    free(channel);
    errno = error;
    return NULL;
}

static void enter(struct fast_channel *channel)
{
    pthread_mutex_lock(&channel->lock);
    channel->inside++;
    pthread_mutex_unlock(&channel->lock);
}

/* A thread that has left does not touch the channel again: it may be gone. */
static void leave(struct fast_channel *channel, size_t *count, bool wakes_others)
{
    pthread_mutex_lock(&channel->lock);
    if (wakes_others)
        pthread_cond_broadcast(&channel->woken);
    if (--*count == 0)
        pthread_cond_signal(&channel->all_out);
    pthread_mutex_unlock(&channel->lock);
}

/*
 * Calls may still be on their way out, and may need the marks. Once they have left, there may be a mark that
 * no thread will find: a receive waited for the slot at head to become full, or a send for it to become
 * empty, and gave up. (A turn that another thread was to end is over by now.)
 */
void fast_channel_destroy(struct fast_channel *channel)
{
    int cancel_state;
    if (channel == NULL)
        return;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&channel->lock);
    while (channel->inside > 0)
        pthread_cond_wait(&channel->all_out, &channel->lock);
    struct slot *first = slot_at(channel, atomic_load(&channel->head));
    if (atomic_fetch_and(&first->turn, ~WATCHED) & WATCHED)
        channel->marks--;
    while (channel->marks > 0)
        pthread_cond_wait(&channel->all_out, &channel->lock);
    pthread_mutex_unlock(&channel->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    pthread_cond_destroy(&channel->all_out);
    pthread_cond_destroy(&channel->woken);
    pthread_mutex_destroy(&channel->lock);
    free(channel);
}

/* For pointers and the like, a call of memcpy would take as long as an atomic operation. */
static void copy_element(const struct fast_channel *channel, void *to, const void *from)
{
    if (channel->element_size == sizeof(uint64_t) && to != NULL)
        memcpy(to, from, sizeof(uint64_t));
    else if (channel->element_size > 0 && to != NULL)
        memcpy(to, from, channel->element_size);
}

static void set_turn(struct fast_channel *channel, struct slot *slot, size_t turn)
{
    if (atomic_exchange(&slot->turn, turn) & WATCHED)
        leave(channel, &channel->marks, true);
}

/*
 * Sends an element if there is room. EPIPE: the channel is closed. EAGAIN: the buffer is full. EBUSY:
 * there will be room as soon as another thread has copied its element.
 *
 * CLOSED is in tail, so that a position is taken before the close or not at all; receivers drain
 * every position that is below tail.
 */
static int give(struct fast_channel *channel, const void *element, struct obstacle *obstacle)
{
    size_t tail = atomic_load(&channel->tail);
    for (;;) {
        if (tail & CLOSED)
            return EPIPE;
        struct slot *slot = slot_at(channel, tail);
        size_t turn = atomic_load(&slot->turn), before = tail;
        if ((turn & ~WATCHED) == tail) {
            if (atomic_compare_exchange_weak(&channel->tail, &tail, next(channel, tail))) {
                copy_element(channel, slot->element, element);
                set_turn(channel, slot, tail | FULL);
                return 0;
            }
            continue;
        }
        *obstacle = (struct obstacle){slot, turn};
        if (atomic_load(&channel->head) + channel->lap == tail)
            return EAGAIN;
        tail = atomic_load(&channel->tail);
        if (tail == before)
            return EBUSY;
    }
}

/* Receives an element if there is one. EPIPE: the channel is closed and empty; the others as for give. */
static int take(struct fast_channel *channel, void *element, struct obstacle *obstacle)
{
    size_t head = atomic_load(&channel->head);
    for (;;) {
        struct slot *slot = slot_at(channel, head);
        size_t turn = atomic_load(&slot->turn), before = head;
        if ((turn & ~WATCHED) == (head | FULL)) {
            if (atomic_compare_exchange_weak(&channel->head, &head, next(channel, head))) {
                copy_element(channel, element, slot->element);
                set_turn(channel, slot, head + channel->lap);
                return 0;
            }
            continue;
        }
        *obstacle = (struct obstacle){slot, turn};
        size_t tail = atomic_load(&channel->tail);
        if ((tail & ~CLOSED) == head)
            return tail & CLOSED ? EPIPE : EAGAIN;
        head = atomic_load(&channel->head);
        if (head == before)
            return EBUSY;
    }
}

static int give_or_take(struct fast_channel *channel, const struct call *call,
                        struct obstacle *obstacle)
{
    return call->sends ? give(channel, call->source, obstacle)
                       : take(channel, call->destination, obstacle);
}

/* A thread that is copying will be done soon, so even a call that must not wait for a partner waits. */
static bool must_wait(const struct call *call, int result)
{
    return result == EBUSY || (result == EAGAIN && call->may_wait);
}

static long long nanoseconds_between(struct timespec from, struct timespec to)
{
    return (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
}

/*
 * Lets other threads run for a moment. Returns false if it is time to sleep instead: after
 * FAST_CHANNEL_YIELDS, before a deadline that is near, and where other programs keep all processors
 * busy. There a yield takes milliseconds, and after a single one the next thousand waits do
 * without. (The count may be off by a few.)
 *
 * A thread that waits does not look at the slot over and over: the other side would have to fetch it back
 * for each element. It yields for as long as the other side takes to pass about a quarter of the buffer.
 */
static bool yield_unless_busy(const struct fast_channel *channel, int yields,
                              const struct timespec *deadline)
{
    static atomic_int sleeps_to_come; // for all channels: it is the machine that is busy
    struct timespec before, after;
    int sleeps = atomic_load_explicit(&sleeps_to_come, memory_order_relaxed);
    if (yields == 0 && sleeps > 0)
        atomic_store_explicit(&sleeps_to_come, sleeps - 1, memory_order_relaxed);
    if (yields >= FAST_CHANNEL_YIELDS || sleeps > 0)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &before);
    // Seconds first: a far deadline, in nanoseconds, may not fit.
    if (deadline != NULL && deadline->tv_sec <= before.tv_sec + 1 &&
        nanoseconds_between(before, *deadline) < TIME_SLICES)
        return false;
    do {
        sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &after);
    } while (nanoseconds_between(before, after) < channel->pause);
    if (nanoseconds_between(before, after) > SLOW_YIELD)
        atomic_store_explicit(&sleeps_to_come, SLEEPS_AFTER_SLOW_YIELD, memory_order_relaxed);
    return true;
}

/* Makes sure that the mark is there. Returns false if the turn is over already. */
static bool watch(struct fast_channel *channel, const struct obstacle *obstacle)
{
    size_t turn = obstacle->turn & ~WATCHED, watched = turn | WATCHED;
    if (atomic_compare_exchange_strong(&obstacle->slot->turn, &turn, watched)) {
        channel->marks++; // the thread that finds it needs the lock to count itself out
        return true;
    }
    return turn == watched; // another thread has set it
}

/*
 * Sleeps until the turn is over, or, if the buffer is full or empty, the channel closed or the deadline
 * past. Threads that end a turn or close the channel do that first, then take the lock, and then wake all
 * that sleep. So as long as this thread has the lock and has seen neither, it will be woken.
 */
static int sleep_once(struct fast_channel *channel, const struct obstacle *obstacle, int result,
                      const struct timespec *deadline)
{
    int error = 0;
    pthread_mutex_lock(&channel->lock);
    bool was_closed = result == EAGAIN && (atomic_load(&channel->tail) & CLOSED);
    if (!was_closed && watch(channel, obstacle)) {
        if (result == EAGAIN && deadline != NULL)
            error = wait_until(&channel->woken, &channel->lock, deadline);
        else
            error = pthread_cond_wait(&channel->woken, &channel->lock);
    }
    pthread_mutex_unlock(&channel->lock);
    return error;
}

/* A thread that vanished here would still be counted as inside: cancellation is disabled. */
static int wait_for_turn(struct fast_channel *channel, const struct call *call,
                         struct obstacle obstacle, int result)
{
    int error = 0, cancel_state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    enter(channel);
    for (int yields = 0; must_wait(call, result); yields++) {
        if (!yield_unless_busy(channel, yields, call->deadline))
            error = sleep_once(channel, &obstacle, result, call->deadline);
        // What can be done is done, also after the deadline. Only a timeout ends the wait: winpthreads
        // reports EINVAL when this thread is cancelled, and that is a spurious wake-up.
        result = give_or_take(channel, call, &obstacle);
        if (result == EAGAIN && error == ETIMEDOUT)
            result = error;
    }
    leave(channel, &channel->inside, false);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return result;
}

static int run_call(struct fast_channel *channel, const struct call *call)
{
    struct obstacle obstacle;
    int result = give_or_take(channel, call, &obstacle);
    return must_wait(call, result) ? wait_for_turn(channel, call, obstacle, result) : result;
}

static int run_timed_call(struct fast_channel *channel, struct call call)
{
    static const struct timespec begin;
    if (call.deadline->tv_nsec < 0 || call.deadline->tv_nsec > 999999999L)
        return EINVAL;
    // Times before the clock began have passed as well, and some systems refuse them.
    if (call.deadline->tv_sec < 0)
        call.deadline = &begin;
    return run_call(channel, &call);
}

int fast_channel_send(struct fast_channel *channel, const void *element)
{
    return run_call(channel, &(struct call){.sends = true, .source = element, .may_wait = true});
}

int fast_channel_receive(struct fast_channel *channel, void *element)
{
    return run_call(channel, &(struct call){.destination = element, .may_wait = true});
}

int fast_channel_try_send(struct fast_channel *channel, const void *element)
{
    return run_call(channel, &(struct call){.sends = true, .source = element});
}

int fast_channel_try_receive(struct fast_channel *channel, void *element)
{
    return run_call(channel, &(struct call){.destination = element});
}

int fast_channel_timed_send(struct fast_channel *channel, const void *element,
                            const struct timespec *deadline)
{
    return run_timed_call(channel, (struct call){true, element, NULL, true, deadline});
}

int fast_channel_timed_receive(struct fast_channel *channel, void *element,
                               const struct timespec *deadline)
{
    return run_timed_call(channel, (struct call){false, NULL, element, true, deadline});
}

int fast_channel_close(struct fast_channel *channel)
{
    enter(channel);
    size_t before = atomic_fetch_or(&channel->tail, CLOSED);
    leave(channel, &channel->inside, true);
    return before & CLOSED ? EPIPE : 0;
}

size_t fast_channel_length(struct fast_channel *channel)
{
    size_t head, tail = atomic_load(&channel->tail), before;
    do {
        before = tail;
        head = atomic_load(&channel->head);
        tail = atomic_load(&channel->tail);
    } while (tail != before); // until both are of one moment
    if ((tail & ~CLOSED) - head == channel->lap)
        return channel->capacity;
    size_t first = slot_number(channel, head), end = slot_number(channel, tail);
    return first <= end ? end - first : channel->capacity - first + end;
}

size_t fast_channel_capacity(const struct fast_channel *channel)
{
    return channel->capacity;
}
