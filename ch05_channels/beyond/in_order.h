/*
 * in_order.h - results that threads finish in any order come out in the order of their numbers.
 */
#ifndef IN_ORDER_H
#define IN_ORDER_H

#include <pthread.h>

enum { IN_ORDER_WINDOW = 64 };

struct in_order {
    void (*put)(void *context, void *result);
    void *context;

    pthread_mutex_t lock; // protects all that follows
    long next;            // the number of the result to put next
    void *
        window[IN_ORDER_WINDOW]; // results that are early, number n at n % IN_ORDER_WINDOW; or NULL
    pthread_cond_t moved; // next has grown; waits: a thread whose result is beyond the window
};

/*
 * `put` will be called with each result, that of number 0 first, one call at a time and with the lock
 * held. Returns 0 or an error number. The caller owns the struct and what `context` points to.
 */
int in_order_init(struct in_order *order, void (*put)(void *context, void *result), void *context);

/*
 * Keeps the result, which is not NULL, until all before it have been put; then puts it, and those that
 * have waited for it. Each number comes once. Any number of threads may call it at once. Waits while the
 * number is a window or more ahead of the next one to put. So numbers must be handed out in order: then
 * the thread that has the lowest one never waits, and no thread waits forever.
 */
void in_order_put(struct in_order *order, long number, void *result);

/* No thread may be using it. */
void in_order_destroy(struct in_order *order);

#endif
