/*
 * fast_channel.h - the channel of channel.h, made fast: a send or receive that need not wait takes no lock.
 *
 * Lecture   channel.[ch]
 * Copy      fast_channel.h and fast_channel.c: they need libc and pthreads only.
 *
 *   struct fast_channel *channel = fast_channel_create(1000, sizeof(long));
 *
 *   fast_channel_send(channel, &number);                 // in any thread
 *   while (fast_channel_receive(channel, &number) == 0)  // in any thread, until it is closed and empty
 *       …
 *   fast_channel_close(channel);                         // no more will be sent
 *   fast_channel_destroy(channel);
 *
 * Elements are copied in by a send and out by a receive, `element_size` bytes each. To hand over
 * something large, send a pointer to it: the thread that receives the pointer owns what it points to.
 *
 *   Order      First in, first out: a send takes a place in the buffer, a receive takes the oldest place.
 *              So the elements of one sender are received in the order in which it sent them, and if a
 *              send returned before another began, its element is received first. There is no order
 *              among waiting threads: a newcomer may be served before a thread that sleeps.
 *   Capacity   At least 1. With room for N elements, a send waits only while N are there. Take channel.h
 *              for a channel without a buffer, and for select.
 *   Close      Wakes all waiting threads, on both sides. What is in the buffer can still be received.
 *   Promise    An element whose send returned 0 is received exactly once, or is still in the buffer;
 *              one whose send returned anything else is never received. A deadline that passes at the
 *              very moment of the hand-over does not change that.
 *   Memory     What a thread wrote before its send can be read by the thread that received the element;
 *              what it wrote before its close, by a thread that got EPIPE. Each slot of the buffer holds
 *              a number and the bytes of an element, rounded up to a multiple of the number's size.
 *
 * A send to a closed channel returns EPIPE, and so does a second close. (In Go both panic.)
 *
 * Any number of threads may make any of these calls on one channel at the same time, except for
 * fast_channel_destroy, after which no call may begin. A channel belongs to one process: after a fork,
 * the child must not use it.
 *
 * None of the calls is a cancellation point (asynchronous cancellation is not supported). None may be
 * made from a signal handler. ThreadSanitizer understands it.
 *
 * A thread that the system stops while it copies its element holds up those that come after it in the
 * buffer, as if it held a lock: they yield, and then sleep until it has gone on. And no thread may be
 * stopped inside a call for so long that the positions begin at 0 again. That takes about a quarter of
 * SIZE_MAX elements: minutes, where size_t has 32 bits.
 *
 * Algorithm: the bounded queue of Dmitry Vyukov (1024cores.net, 2010), with a number in each slot that
 * says whose turn it is. We have added close, exact answers whether the buffer is full or empty, and sleep:
 * a thread leaves its mark in the very number that it waits for.
 */
#ifndef FAST_CHANNEL_H
#define FAST_CHANNEL_H

#include <stddef.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fast_channel;

/*
 * Returns a new channel for `capacity` elements of `element_size` bytes; the caller owns it. With an
 * element_size of 0 it carries signals only. On failure returns NULL and sets errno: EINVAL: capacity
 * is 0; ENOMEM (also when the sizes multiply to more than a size_t holds), or what pthread_mutex_init
 * and pthread_cond_init report.
 */
struct fast_channel *fast_channel_create(size_t capacity, size_t element_size);

/*
 * Frees the channel and what is left in its buffer. NULL is allowed. All calls on the channel must have
 * returned, with one exception: destroy itself waits for calls that have handed over their element, or
 * that have waited and were served or woken by a close. So if a thread has a single answer to send, the
 * thread that receives it may destroy the channel at once. But a close is not enough where others use the
 * channel: they may be about to make a call, so join them before you destroy it.
 */
void fast_channel_destroy(struct fast_channel *channel);

/*
 * Waits until the buffer has room, and copies the element there. Returns 0, or EPIPE: the channel is
 * closed, and no thread will receive the element. On return the memory at `element` is the caller's
 * again; `element` may be NULL only if element_size is 0.
 */
int fast_channel_send(struct fast_channel *channel, const void *element);

/*
 * Waits for an element and copies it to `element`, or drops it if `element` is NULL. Returns 0, or EPIPE:
 * the channel is closed, and its buffer empty. On an error `element` is unchanged.
 */
int fast_channel_receive(struct fast_channel *channel, void *element);

/*
 * The same, but where the others would wait for a receive or send to come, they return EAGAIN: the buffer
 * is full or empty. (They may still have to wait for a thread that is copying its element.)
 */
int fast_channel_try_send(struct fast_channel *channel, const void *element);
int fast_channel_try_receive(struct fast_channel *channel, void *element);

/*
 * The same, but they wait until `deadline` at the latest, an absolute time of CLOCK_MONOTONIC, and then
 * return ETIMEDOUT; NULL is not allowed. What can be done without waiting is done even after the
 * deadline. EINVAL: the nanoseconds of `deadline` are not from 0 to 999 999 999. A time with negative
 * seconds has passed.
 */
int fast_channel_timed_send(struct fast_channel *channel, const void *element,
                            const struct timespec *deadline);
int fast_channel_timed_receive(struct fast_channel *channel, void *element,
                               const struct timespec *deadline);

/* The deadline that many milliseconds from now; with a negative number, one that has passed. */
struct timespec fast_channel_deadline(long milliseconds);

/*
 * Closes the channel and wakes all waiting threads. Does not wait. Returns 0, or EPIPE: it was closed
 * before. Any thread may close it, even a receiver; senders then get EPIPE.
 */
int fast_channel_close(struct fast_channel *channel);

/*
 * How many elements the buffer holds now, counting those that are being copied in. Other threads may
 * change that at any time.
 */
size_t fast_channel_length(struct fast_channel *channel);

/* How many elements the buffer has room for. */
size_t fast_channel_capacity(const struct fast_channel *channel);

#ifdef __cplusplus
}
#endif

#endif
