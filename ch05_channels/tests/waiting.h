/*
 * waiting.h - what a test can see of a channel that it does not include: how many calls wait there. "A thread
 * is blocked in select" is then a fact to wait for. And the memory that a call may need can be refused.
 */
#ifndef WAITING_H
#define WAITING_H

#include "channel.h"

#include <stdbool.h>

int waiting_to_send(struct channel *channel);
int waiting_to_receive(struct channel *channel);
void until_waiting_to_send(struct channel *channel, int number);
void until_waiting_to_receive(struct channel *channel, int number);
void refuse_memory(bool refuse);

#endif
