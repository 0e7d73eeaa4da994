/*
 * watch_orders.c - the lock-order graph. See watch_orders.h.
 *
 * An arrow goes from lock A to lock B when a thread locks B while it holds A. A cycle of such arrows may
 * become a deadlock some day, if each arrow can be taken by a thread of its own, and no further lock (a gate)
 * keeps two of these threads apart. This is the Goodlock algorithm, by Havelund (Using Runtime Analysis to
 * Guide Model Checking of Java Programs, SPIN 2000). Two threads never meet if one had ended before the other
 * was created (Bensalem and Havelund, Dynamic Deadlock Analysis of Multi-threaded Programs, 2005). And where
 * both take a lock for reading, neither waits.
 *
 * Simplified: an arrow keeps only its last thread, whether several can be there at the same time, and the
 * gates that were held every time. So in rare cases a cycle is reported that two threads cannot close; none
 * is missed for that.
 */
#include "watch_orders.h"

#include <stddef.h>
#include <string.h>

enum { ORDER_HASHES = 1 << 16, NO_ORDER = 0 };

/* All of it is protected by the graph's lock. */
static struct {
    struct watch_order orders[MOST_ORDERS]; // the first one is not used
    unsigned int used;
    unsigned int buckets[ORDER_HASHES];
    unsigned int locks_ended; // since dead orders were last swept out
    unsigned long descents;   // orders from a lock to one with a lower number
    atomic_bool are_full;
    unsigned long unwatched;
    long search_steps; // taken in all searches
    struct watch_warning warnings[MOST_WARNINGS];
    unsigned int warning_count;
} all;

bool watch_orders_are_full(void)
{
    return READ(all.are_full);
}

unsigned long watch_orders_unwatched(void)
{
    return all.unwatched;
}

const struct watch_warning *watch_warnings(unsigned int *count)
{
    *count = all.warning_count;
    return all.warnings;
}

static inline bool is_current(const struct watch_order *order)
{
    return READ(order->from->number) == order->from_number &&
           READ(order->to->number) == order->to_number;
}

static inline bool is_same_order(const struct watch_order *one, const struct watch_order *other)
{
    return one->from_number == other->from_number && one->to_number == other->to_number &&
           one->from_shared == other->from_shared && one->to_shared == other->to_shared;
}

static inline unsigned int *bucket_of(const struct watch_order *order)
{
    uint64_t key = (uint64_t)order->from_number << 32 | order->to_number;
    return &all.buckets[watch_mixed(key) % ORDER_HASHES];
}

static void link_order(unsigned int i)
{
    struct watch_order *order = &all.orders[i];
    unsigned int *bucket = bucket_of(order);
    order->next_of_hash = *bucket;
    *bucket = i;
    order->next_of_lock = order->from->first_order;
    order->from->first_order = i;
    all.descents += order->from_number > order->to_number;
}

void watch_orders_lock_ended(struct watch_lock *lock)
{
    lock->first_order = NO_ORDER;
    if (++all.locks_ended >= MOST_ORDERS / 8)
        WRITE(all.are_full, false);
}

/* Drops the orders of locks that have ended since, and closes the gaps. */
static void sweep_orders(void)
{
    unsigned int used = all.used;
    memset(all.buckets, 0, sizeof all.buckets);
    for (unsigned int i = 1; i <= used; i++)
        all.orders[i].from->first_order = NO_ORDER;
    all.used = 0;
    all.descents = 0;
    all.locks_ended = 0;
    for (unsigned int i = 1; i <= used; i++) {
        if (is_current(&all.orders[i])) {
            all.orders[++all.used] = all.orders[i];
            link_order(all.used);
        }
    }
}

static struct watch_order *new_order(void)
{
    if (all.used == MOST_ORDERS - 1 && all.locks_ended > 0)
        sweep_orders();
    if (all.used < MOST_ORDERS - 1)
        return &all.orders[all.used + 1];
    WRITE(all.are_full, true);
    all.unwatched++;
    return NULL;
}

/* Two threads of those numbers can run at the same time. */
static bool run_together(unsigned int one, unsigned int other)
{
    const struct watch_name *name = watch_name_of(one < other ? one : other);
    unsigned int later = one < other ? other : one;
    return one != other && (name == NULL || name->ended_before == 0 || later < name->ended_before);
}

/* One thread can take the first order while another thread takes the second. */
static bool go_together(const struct watch_order *one, const struct watch_order *other)
{
    if (!one->by_several && !other->by_several && !run_together(one->thread, other->thread))
        return false;
    for (unsigned int i = 0; i < one->guard_count; i++) {
        for (unsigned int j = 0; j < other->guard_count; j++) {
            if (one->guards[i] == other->guards[j])
                return false;
        }
    }
    return true;
}

/* A thread that takes `next` keeps a thread that takes `order` waiting. */
static bool blocks(const struct watch_order *order, const struct watch_order *next)
{
    return order->to == next->from && !(order->to_shared && next->from_shared);
}

/* Whether trail[0 .. length - 1] can be made a cycle by at most `more` orders; returns its length. */
static unsigned int close_trail(struct watch_order *trail[], unsigned int length, unsigned int more,
                                long *steps)
{
    unsigned int i = trail[length - 1]->to->first_order;
    for (; i != NO_ORDER && *steps > 0; i = all.orders[i].next_of_lock) {
        struct watch_order *order = &all.orders[i];
        --*steps;
        bool fits = is_current(order) && blocks(trail[length - 1], order);
        for (unsigned int j = 0; j < length && fits; j++)
            fits = go_together(order, trail[j]) && (j == 0 || order->to != trail[j]->from);
        if (!fits)
            continue;
        trail[length] = order;
        if (blocks(order, trail[0]))
            return length + 1;
        bool can_go_on = more > 1 && order->to != trail[0]->from;
        unsigned int found = can_go_on ? close_trail(trail, length + 1, more - 1, steps) : 0;
        if (found != 0)
            return found;
    }
    return 0;
}

static void warn(struct watch_order *trail[], unsigned int length)
{
    bool is_new = false;
    for (unsigned int i = 0; i < length; i++) {
        is_new = is_new || !trail[i]->reported;
        trail[i]->reported = true;
    }
    if (!is_new || all.warning_count == MOST_WARNINGS)
        return;
    struct watch_warning *warning = &all.warnings[all.warning_count++];
    warning->length = length;
    for (unsigned int i = 0; i < length; i++) {
        warning->orders[i] = *trail[i];
        warning->addresses[i] = READ(trail[i]->to->address);
        warning->kinds[i] = trail[i]->to->kind;
    }
}

/*
 * Looks for a cycle through an order that is new, or has changed; the shortest ones first. No cycle only
 * ascends. So most programs need no search: they lock in the order in which they have made their locks.
 * Others get a limited number of steps, for each search and for all together.
 */
static void look_for_cycle(struct watch_order *order)
{
    struct watch_order *trail[MOST_IN_A_CYCLE] = {order};
    if (all.descents == 0)
        return;
    for (unsigned int more = 1; more < MOST_IN_A_CYCLE; more++) {
        long steps = all.search_steps < 20000000 ? 5000 : 50, left = steps;
        unsigned int length = close_trail(trail, 1, more, &left);
        all.search_steps += steps - left;
        if (length != 0) {
            warn(trail, length);
            return;
        }
        if (left == 0) {
            all.unwatched++;
            return;
        }
    }
}

/* A lock that several threads may hold at once keeps none of them away. */
static bool is_gate(const struct watch_held *held)
{
    return !held->is_shared;
}

static bool is_guarded_by(const struct watch_thread *thread, unsigned int number)
{
    unsigned int count = READ(thread->held_count);
    for (unsigned int i = 0; i < count; i++) {
        if (READ(thread->held[i].number) == number && is_gate(&thread->held[i]))
            return true;
    }
    return false;
}

/* The thread has got `to` while it held held[i]. */
static void note_order(const struct watch_thread *thread, const struct watch_held *held,
                       struct watch_lock *to, bool is_shared, const struct watch_stack *place)
{
    struct watch_order noted = {.from = READ(held->lock),
                                .to = to,
                                .from_number = READ(held->number),
                                .to_number = READ(to->number),
                                .from_shared = held->is_shared,
                                .to_shared = is_shared,
                                .thread = thread->number,
                                .from_place = READ(held->place),
                                .to_place = place};
    unsigned int i = *bucket_of(&noted), count = READ(thread->held_count);
    while (i != NO_ORDER && !is_same_order(&all.orders[i], &noted))
        i = all.orders[i].next_of_hash;

    struct watch_order *order = &all.orders[i];
    bool has_changed = false;
    if (i != NO_ORDER) {
        has_changed = !order->by_several && order->thread != thread->number;
        order->by_several =
            order->by_several || (has_changed && run_together(order->thread, thread->number));
        order->thread = thread->number;
        order->from_place = noted.from_place;
        order->to_place = place;
        unsigned int kept = 0;
        for (unsigned int j = 0; j < order->guard_count; j++) {
            if (is_guarded_by(thread, order->guards[j]))
                order->guards[kept++] = order->guards[j];
        }
        has_changed = has_changed || kept != order->guard_count;
        order->guard_count = kept;
    } else if ((order = new_order()) != NULL) {
        *order = noted;
        for (unsigned int j = 0; j < count && order->guard_count < MOST_GUARDS; j++) {
            if (&thread->held[j] != held && is_gate(&thread->held[j]))
                order->guards[order->guard_count++] = READ(thread->held[j].number);
        }
        link_order(++all.used);
        has_changed = true;
    }
    if (has_changed)
        look_for_cycle(order);
}

void watch_note_orders(struct watch_thread *thread, struct watch_lock *to, bool is_shared,
                       const struct watch_stack *place)
{
    sigset_t mask;
    watch_graph_lock(&mask);
    unsigned int count = READ(thread->held_count);
    for (unsigned int i = 0; i < count && !READ(all.are_full); i++)
        note_order(thread, &thread->held[i], to, is_shared, place);
    watch_graph_unlock(&mask);
}
