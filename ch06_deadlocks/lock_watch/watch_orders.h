/*
 * watch_orders.h - in which orders locks were taken: the lock-order graph. See watch_orders.c.
 */
#ifndef WATCH_ORDERS_H
#define WATCH_ORDERS_H

#include "watch_graph.h"

enum {
    MOST_ORDERS = 1 << 16, // pairs of locks: this one was held when that one was locked
    MOST_GUARDS = 4,       // further locks that were held, of each such pair
    MOST_IN_A_CYCLE = 8,   // pairs that make up a cycle of orders
    MOST_WARNINGS = 16,    // cycles of orders that are reported
};

/* Lock `to` was locked, by a call that may wait, while `from` was held. */
struct watch_order {
    struct watch_lock *from, *to;
    unsigned int from_number, to_number;
    unsigned int next_of_lock, next_of_hash;
    unsigned int thread; // the number of the last one that did so
    bool by_several;     // threads
    bool reported;
    bool from_shared, to_shared; // for reading
    unsigned int guard_count;
    unsigned int guards[MOST_GUARDS]; // numbers of locks that were held each time, too
    const struct watch_stack *from_place, *to_place;
};

struct watch_warning {
    unsigned int length;
    struct watch_order orders[MOST_IN_A_CYCLE];
    const void *addresses[MOST_IN_A_CYCLE]; // of the locks that are taken second
    enum watch_kind kinds[MOST_IN_A_CYCLE];
};

/* The thread has just got `to`, which is not among those it holds yet. */
void watch_note_orders(struct watch_thread *thread, struct watch_lock *to, bool is_shared,
                       const struct watch_stack *place);
bool watch_orders_are_full(void);

/* Under the graph's lock: a lock has ended; the cycles found so far; how many orders did not fit. */
void watch_orders_lock_ended(struct watch_lock *lock);
const struct watch_warning *watch_warnings(unsigned int *count);
unsigned long watch_orders_unwatched(void);

#endif
