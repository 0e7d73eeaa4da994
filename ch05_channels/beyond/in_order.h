/*
 * in_order.h - results that threads finish in any order come out in the order of their numbers.
 */
#ifndef IN_ORDER_H
#define IN_ORDER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { IN_ORDER_WINDOW = 4096 };

struct in_order_result {
    bool ready;
    int64_t result;
};

struct in_order {
    void (*put)(void *context, long number, int64_t result);
    void *context;

    pthread_mutex_t lock;                           // protects what follows
    long next;                                      // the number to put next
    struct in_order_result window[IN_ORDER_WINDOW]; // number n at n % IN_ORDER_WINDOW
    pthread_cond_t moved; // next has grown; waits: whoever has a result beyond the window
};

/*
 * `put` is going to be called with each result, one call at a time, number `first` first. 0 or an
 * error number. The caller owns the struct and what `context` points to.
 */
int in_order_init(struct in_order *order, long first,
                  void (*put)(void *context, long number, int64_t result), void *context);

/*
 * Keeps the result until all before it are put; then puts it and all that have waited for it. Each
 * number comes once. Any number of threads may call it at once. Waits while the number is a window or
 * more ahead of the next one to put. So numbers must be handed out in order: then the thread that has
 * the oldest one never waits, and nobody waits for ever.
 */
void in_order_put(struct in_order *order, long number, int64_t result);

/* No thread may be using it. */
void in_order_destroy(struct in_order *order);

#endif
