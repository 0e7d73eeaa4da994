/*
 * in_order.c - a window of results that moves on as they are put. See in_order.h.
 */
#include "in_order.h"

#include <errno.h>
#include <limits.h>

int in_order_init(struct in_order *order, void (*put)(void *context, void *result), void *context)
{
    *order = (struct in_order){.put = put, .context = context};
    int error = pthread_mutex_init(&order->lock, NULL);
    if (error != 0)
        return error;
    error = pthread_cond_init(&order->moved, NULL);
    if (error != 0)
        pthread_mutex_destroy(&order->lock);
    return error;
}

static void **slot(struct in_order *order, long number)
{
    return &order->window[number % IN_ORDER_WINDOW];
}

/* Puts what can be put. The lock is free meanwhile: other threads may bring more, and `put` itself may. */
static void put_all(struct in_order *order)
{
    void *result;
    order->is_putting = true;
    while ((result = *slot(order, order->next)) != NULL) {
        pthread_mutex_unlock(&order->lock);
        order->put(order->context, result);
        pthread_mutex_lock(&order->lock);
        *slot(order, order->next++) = NULL;
        pthread_cond_broadcast(&order->moved);
    }
    order->is_putting = false;
}

/* A thread that was cancelled while it waits, or in `put`, would keep the others out for good. */
int in_order_put(struct in_order *order, long number, void *result)
{
    int error = 0, cancel_state;
    if (number < 0 || number == LONG_MAX || result == NULL)
        return EINVAL;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    pthread_mutex_lock(&order->lock);
    while (number - order->next >= IN_ORDER_WINDOW)
        pthread_cond_wait(&order->moved, &order->lock);
    if (number < order->next || *slot(order, number) != NULL) {
        error = EINVAL;
    } else {
        *slot(order, number) = result;
        if (!order->is_putting)
            put_all(order);
    }
    pthread_mutex_unlock(&order->lock);
    pthread_setcancelstate(cancel_state, &cancel_state);
    return error;
}

void in_order_destroy(struct in_order *order)
{
    pthread_cond_destroy(&order->moved);
    pthread_mutex_destroy(&order->lock);
}
