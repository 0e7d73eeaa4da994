/*
 * watch_graph.c - the wait-for graph. See watch_graph.h.
 *
 * An arrow goes from each thread that waits for a lock to each thread that keeps it waiting. That is the
 * lock's owner; for a thread that wants to write, every reader; for one that wants to read while others read,
 * the writers that wait before it. An arrow also goes from a thread that waits for the end of another to that
 * other. A thread needs all that it waits for, so a cycle of arrows is a deadlock. Three rules make sure that
 * every cycle is found at once, and that no false one is reported:
 *
 *   1. A lock gets its owner after the real call, and loses it before the real unlock.
 *   2. A thread that must wait says so under the graph's lock, before the real call, and in the same
 *      breath follows the arrows from itself on.
 *   3. It takes that back after the real call, before it can unlock that lock.
 *
 * No cycle is missed: in a deadlock every thread has said that it waits, and it had got before that what it
 * holds (1). So the last thread to say so sees all other arrows (the graph's lock orders it after them), and
 * its own arrow closes the cycle.
 *
 * No cycle is made up, though (1) and (3) happen without the graph's lock. Suppose that the walk leads from
 * thread A over B, C … to Z, which is said to wait for a lock that A owns. A really owns it, because owners
 * set and clear that themselves. If Z had ever got that lock, it would have taken back its wait before it
 * unlocked (3), thus before A locked, and A would see that. So Z does wait, and it waits until A goes on, as
 * A is here and unlocks nothing. Therefore Z still owns what it owned when it began to wait. A sees what that
 * was, because Z entered its wait under the graph's lock. So the thread before Z waits for something that Z
 * really owns; and so on, back to B. (If A shares the lock with other readers, then Z wants to write, and A
 * alone is enough to keep it waiting. An arrow may also lead from a reader to a writer that waits before it.
 * That writer waits for all readers, and the reader for it or for an earlier writer; the cycle is the same
 * with either.)
 *
 * A thread in pthread_cond_wait counts as waiting for its mutex, from the beginning and also with a deadline:
 * whether a signal, the time or its cancellation wakes it, it does not return before it has the mutex again.
 * It never closes a cycle itself, as no thread owned its mutex then.
 *
 * A lock has no arrows once a thread that is not its owner has unlocked it: it is used as a signal, not as a
 * lock. Such a signal also looks like a lock that a thread takes twice; watch_news.c tells the two apart.
 */
#define _GNU_SOURCE
#include "watch_graph.h"
#include "watch_orders.h"

#include <stddef.h>
#include <string.h>

/* ---- waiting ---- */

const struct watch_held *watch_holds(const struct watch_thread *thread,
                                     const struct watch_lock *lock)
{
    unsigned int count = READ(thread->held_count), number = READ(lock->number);
    for (unsigned int i = 0; i < count && i < MOST_HELD; i++) {
        if (READ(thread->held[i].lock) == lock && READ(thread->held[i].number) == number)
            return &thread->held[i];
    }
    return NULL;
}

static bool waits_to_write(const struct watch_thread *thread, const struct watch_lock *lock)
{
    return READ(thread->waits) && thread->wait.lock == lock && thread->wait.what == WATCH_TO_LOCK &&
           !thread->wait.has_deadline;
}

/* One walk along the arrows. */
static struct {
    unsigned int visited[MOST_THREADS]; // the walk that has been there last
    unsigned int walk;
    struct watch_thread *from[MOST_THREADS]; // which thread the walk came from
    struct watch_thread *next[MOST_THREADS]; // still to be followed
    unsigned int next_count;
} walk;

static void go(struct watch_thread *from, struct watch_thread *to)
{
    unsigned int i = to == NULL ? 0 : watch_index_of(to);
    if (to == NULL || walk.visited[i] == walk.walk)
        return;
    walk.visited[i] = walk.walk;
    walk.from[i] = from;
    walk.next[walk.next_count++] = to;
}

/* Goes from a thread that waits for a read-write lock to those that read, or wait to write. */
static void go_to_sharers(struct watch_thread *thread, const struct watch_lock *lock,
                          bool (*keeps)(const struct watch_thread *, const struct watch_lock *))
{
    struct watch_thread *other;
    for (unsigned int i = 0; (other = watch_thread_at(i)) != NULL; i++) {
        if (READ(other->identity) != 0 && keeps(other, lock))
            go(thread, other);
    }
}

static bool reads(const struct watch_thread *thread, const struct watch_lock *lock)
{
    return watch_holds(thread, lock) != NULL;
}

static void follow(struct watch_thread *thread)
{
    const struct watch_wait *wait = &thread->wait;
    const struct watch_lock *lock = wait->mutex != NULL ? wait->mutex : wait->lock;
    if (!READ(thread->waits) || (wait->has_deadline && wait->mutex == NULL))
        return;
    if (wait->what == WATCH_FOR_END) {
        go(thread, watch_thread_of(wait->target));
        return;
    }
    if (lock == NULL || READ(lock->kind) > WATCH_LAST_OWNED || READ(lock->is_handed_over))
        return;
    unsigned long owner = READ(lock->owner);
    if (owner != 0)
        go(thread, watch_thread_of(owner));
    else if (lock->kind == WATCH_RWLOCK)
        go_to_sharers(thread, lock, wait->what == WATCH_TO_READ ? waits_to_write : reads);
}

unsigned int watch_wait_begins(struct watch_thread *thread, const struct watch_wait *wait,
                               struct watch_thread *cycle[MOST_THREADS])
{
    thread->wait = *wait;
    WRITE(thread->waits, true);
    walk.walk++;
    walk.next_count = 0;
    follow(thread); // to itself too: it has not been visited
    while (walk.next_count > 0) {
        struct watch_thread *next = walk.next[--walk.next_count];
        if (next == thread)
            break;
        follow(next);
    }
    if (walk.visited[watch_index_of(thread)] != walk.walk)
        return 0;
    unsigned int length = 0;
    struct watch_thread *back = thread;
    do {
        back = walk.from[watch_index_of(back)];
        cycle[length++] = back;
    } while (back != thread);
    for (unsigned int i = 0; i < length / 2; i++) {
        struct watch_thread *swapped = cycle[i];
        cycle[i] = cycle[length - 1 - i];
        cycle[length - 1 - i] = swapped;
    }
    return length;
}

void watch_waited(struct watch_lock *lock, uint64_t nanoseconds)
{
    ADD(lock->waited, 1);
    ADD(lock->wait_sum, nanoseconds);
    unsigned long long longest = READ(lock->longest_wait);
    while (nanoseconds > longest &&
           !atomic_compare_exchange_weak(&lock->longest_wait, &longest, nanoseconds))
        ;
}

/* ---- locking ---- */

static void set_held(struct watch_held *held, struct watch_lock *lock, unsigned int number,
                     const struct watch_stack *place, bool is_shared)
{
    WRITE(held->lock, lock);
    WRITE(held->number, number);
    WRITE(held->place, place);
    held->is_shared = is_shared;
}

static void take_out(struct watch_thread *thread, unsigned int i)
{
    unsigned int count = READ(thread->held_count) - 1;
    thread->held_set -= watch_mixed(READ(thread->held[i].number));
    for (; i < count; i++) {
        const struct watch_held *next = &thread->held[i + 1];
        set_held(&thread->held[i], READ(next->lock), READ(next->number), READ(next->place),
                 next->is_shared);
    }
    WRITE(thread->held_count, count);
}

/* Takes out locks that another thread has unlocked or ended; this one cannot have noticed. */
static void drop_lost(struct watch_thread *thread)
{
    for (unsigned int i = READ(thread->held_count); i-- > 0;) {
        const struct watch_lock *lock = READ(thread->held[i].lock);
        if (READ(lock->number) != READ(thread->held[i].number) ||
            (!thread->held[i].is_shared && !watch_owns(thread, lock)))
            take_out(thread, i);
    }
}

static inline void hold(struct watch_thread *thread, struct watch_lock *lock,
                        const struct watch_stack *place, enum watch_how how, bool is_shared)
{
    unsigned int count = READ(thread->held_count), number = READ(lock->number);
    if (count == MOST_HELD)
        return;
    // A thread remembers whether it has got this lock before while it held just these.
    if (count > 0 && how == BY_WAITING && !watch_orders_are_full()) {
        uint64_t set = watch_mixed(thread->held_set + number * 0x9e3779b97f4a7c15U) | 1;
        uint64_t *known = &thread->known[set >> 32 & (KNOWN_SETS - 1)];
        if (*known != set) {
            drop_lost(thread);
            watch_note_orders(thread, lock, is_shared, place);
            *known = set;
            count = READ(thread->held_count);
        }
    }
    set_held(&thread->held[count], lock, number, place, is_shared);
    WRITE(thread->held_count, count + 1);
    thread->held_set += watch_mixed(number);
}

void watch_locked(struct watch_thread *thread, struct watch_lock *lock,
                  const struct watch_stack *place, enum watch_how how)
{
    if (watch_owns(thread, lock)) {
        lock->depth++;
        return;
    }
    lock->depth = 1;
    WRITE(lock->place, place);
    WRITE(lock->owner, READ(thread->identity));
    WRITE(lock->locked, READ(lock->locked) + 1); // no other thread can be here
    hold(thread, lock, place, how, false);
}

void watch_unlocks(struct watch_thread *thread, struct watch_lock *lock)
{
    if (--lock->depth > 0)
        return;
    for (unsigned int i = READ(thread->held_count); i-- > 0;) {
        if (READ(thread->held[i].lock) == lock) {
            take_out(thread, i);
            break;
        }
    }
    if (!READ(lock->was_unlocked))
        WRITE(lock->was_unlocked, true);
    WRITE(lock->owner, 0);
}

void watch_shares(struct watch_thread *thread, struct watch_lock *lock,
                  const struct watch_stack *place, enum watch_how how)
{
    ADD(lock->locked, 1);
    hold(thread, lock, place, how, true);
}

bool watch_unshares(struct watch_thread *thread, struct watch_lock *lock)
{
    for (unsigned int i = READ(thread->held_count); i-- > 0;) {
        if (READ(thread->held[i].lock) == lock) {
            take_out(thread, i);
            return true;
        }
    }
    return false;
}

void watch_lost(struct watch_lock *lock, unsigned long owner)
{
    WRITE(lock->is_handed_over, true);
    atomic_compare_exchange_strong(&lock->owner, &owner, 0);
}
