/*
 * plain_channel.h - the obvious channel: a lock and condition variables, on which waiting threads sleep.
 *
 * channel.c is measured against it. Elements are longs. It cannot be closed, and no wait has a deadline.
 */
#ifndef PLAIN_CHANNEL_H
#define PLAIN_CHANNEL_H

#include <stddef.h>

struct plain_channel;

struct plain_channel *plain_channel_create(size_t capacity); // 0: sender and receiver meet
void plain_channel_destroy(struct plain_channel *channel);
void plain_channel_send(struct plain_channel *channel, long element);
long plain_channel_receive(struct plain_channel *channel);

#endif
