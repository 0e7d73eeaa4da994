/*
 * in_order.c - a window of results that moves on as they are put. See in_order.h.
 */
#include "in_order.h"

#include "must.h"

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

void in_order_put(struct in_order *order, long number, void *result)
{
    MUST(pthread_mutex_lock(&order->lock));
    while (number - order->next >= IN_ORDER_WINDOW)
        MUST(pthread_cond_wait(&order->moved, &order->lock));
    *slot(order, number) = result;
    if (number == order->next) {
        for (; (result = *slot(order, order->next)) != NULL; order->next++) {
            *slot(order, order->next) = NULL;
            order->put(order->context, result);
        }
        MUST(pthread_cond_broadcast(&order->moved));
    }
    MUST(pthread_mutex_unlock(&order->lock));
}

void in_order_destroy(struct in_order *order)
{
    MUST(pthread_cond_destroy(&order->moved));
    MUST(pthread_mutex_destroy(&order->lock));
}
