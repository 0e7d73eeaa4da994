/*
 * in_order.h - results that threads finish in any order come out in the order of their numbers.
 *
 * Early results wait in a window of 64. A thread whose result is beyond it waits until the window
 * has moved on. So numbers must be handed out in order: then the thread that has the lowest one never
 * waits, and no thread waits forever.
 *
 * Any number of threads may call in_order_put at once. No call is a cancellation point, and none may be made
 * in a child of fork. Needs libc and pthreads only.
 */
#ifndef IN_ORDER_H
#define IN_ORDER_H

#include <pthread.h>
#include <stdbool.h>

enum { IN_ORDER_WINDOW = 64 };

struct in_order {
    void (*put)(void *context, void *result);
    void *context;

    pthread_mutex_t lock;          // protects all that follows
    long next;                     // all results before this number have been put
    bool is_putting;               // a thread puts that one now, without the lock
    void *window[IN_ORDER_WINDOW]; // early results: number n at n % IN_ORDER_WINDOW; or NULL
    pthread_cond_t moved; // next has grown; a thread whose result is beyond the window waits
};

/*
 * `put` will be called with each result, that of number 0 first, by the threads that call in_order_put, one
 * at a time. Returns 0, or what pthread_mutex_init or pthread_cond_init reports. The caller owns the struct
 * and what `context` points to.
 */
int in_order_init(struct in_order *order, void (*put)(void *context, void *result), void *context);

/*
 * Keeps the result until all before it have been put; then puts it, and those that have waited for it.
 * Waits while the number is 64 or more ahead of the next one to put. `put` itself may call it with a number
 * that is nearer. Returns 0, or EINVAL: the result is NULL, or the number is negative, LONG_MAX, or has been
 * used before.
 */
int in_order_put(struct in_order *order, long number, void *result);

/* No thread may be using it. */
void in_order_destroy(struct in_order *order);

#endif
