/*
 * plain_channel.c - a ring, a lock, and a condition for each thing to wait for. See plain_channel.h.
 */
#include "plain_channel.h"
#include "must.h"

#include <pthread.h>
#include <stdbool.h>

struct plain_channel {
    bool rendezvous; // these two never change
    size_t slots;

    pthread_mutex_t lock;     // protects all that follows
    size_t sent, received;    // so far: received <= sent <= received + slots
    pthread_cond_t not_full;  // sent < received + slots; senders wait here
    pthread_cond_t not_empty; // received < sent; receivers wait here
    pthread_cond_t taken;     // received has grown; senders without a buffer wait here

    long ring[];
};

struct plain_channel *plain_channel_create(size_t capacity)
{
    size_t slots = capacity > 0 ? capacity : 1;
    struct plain_channel *channel = MUST_HAVE(malloc(sizeof *channel + slots * sizeof(long)));
    *channel = (struct plain_channel){.rendezvous = capacity == 0, .slots = slots};
    MUST(pthread_mutex_init(&channel->lock, NULL));
    MUST(pthread_cond_init(&channel->not_full, NULL));
    MUST(pthread_cond_init(&channel->not_empty, NULL));
    MUST(pthread_cond_init(&channel->taken, NULL));
    return channel;
}

void plain_channel_destroy(struct plain_channel *channel)
{
    MUST(pthread_cond_destroy(&channel->taken));
    MUST(pthread_cond_destroy(&channel->not_empty));
    MUST(pthread_cond_destroy(&channel->not_full));
    MUST(pthread_mutex_destroy(&channel->lock));
    free(channel);
}

void plain_channel_send(struct plain_channel *channel, long element)
{
    MUST(pthread_mutex_lock(&channel->lock));
    while (channel->sent == channel->received + channel->slots)
        MUST(pthread_cond_wait(&channel->not_full, &channel->lock));
    channel->ring[channel->sent % channel->slots] = element;
    size_t number = ++channel->sent;
    MUST(pthread_cond_broadcast(&channel->not_empty));
    while (channel->rendezvous && channel->received < number)
        MUST(pthread_cond_wait(&channel->taken, &channel->lock));
    MUST(pthread_mutex_unlock(&channel->lock));
}

long plain_channel_receive(struct plain_channel *channel)
{
    MUST(pthread_mutex_lock(&channel->lock));
    while (channel->received == channel->sent)
        MUST(pthread_cond_wait(&channel->not_empty, &channel->lock));
    long element = channel->ring[channel->received++ % channel->slots];
    MUST(pthread_cond_broadcast(&channel->not_full));
    if (channel->rendezvous)
        MUST(pthread_cond_broadcast(&channel->taken));
    MUST(pthread_mutex_unlock(&channel->lock));
    return element;
}
