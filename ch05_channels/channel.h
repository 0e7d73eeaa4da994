/*
 * channel.h - Go's channel for C: a queue that hands elements from thread to thread, and waits.
 *
 * To use it in a project of your own, copy channel.h and channel.c; they need libc and pthreads only.
 *
 * Elements are copied in by a send and out by a receive, `element_size` bytes each. To hand over
 * something large, send a pointer to it: whoever received the pointer owns what it points to.
 *
 *   Order      First in, first out. Threads that wait are served in the order in which they came.
 *   Capacity   With room for N elements, a send waits only while N are there. With capacity 0 (a
 *              rendezvous) a send returns 0 only when a receiver has taken its element.
 *   Close      Wakes everybody who waits, on both sides. What is in the buffer can still be received.
 *   Promise    An element whose send returned 0 is received exactly once, or is still in the buffer;
 *              one whose send returned anything else is never received. Deadlines that run out in
 *              the moment of the hand-over do not change that.
 *
 * Unlike Go, where it panics, a send to a closed channel (and a second close) returns EPIPE.
 *
 * Any number of threads may make any of these calls on one channel at the same time, but for
 * channel_destroy, after which none may begin.
 *
 * None of the calls is a cancellation point (asynchronous cancellation is not supported). None may be
 * made from a signal handler.
 *
 * Algorithm: that of the Go runtime, runtime/chan.go. One lock; a ring for the buffer; two queues of
 * waiting threads. Who finds a partner waiting serves it directly and wakes that thread alone.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <stddef.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct channel;

/*
 * A new channel for `capacity` elements of `element_size` bytes; the caller owns it. An element_size
 * of 0 makes a channel of mere signals. NULL, with errno ENOMEM (also when the sizes multiply to more
 * than a size_t holds) or what pthread_mutex_init reports.
 */
struct channel *channel_create(size_t capacity, size_t element_size);

/*
 * Frees the channel and what is left in its buffer. NULL is fine. All calls on it must have returned,
 * with one exception: for a call that waited, and was served or woken by a close, it waits itself. So
 * who has received the answer that one other thread had to send may destroy the channel at once. Who
 * has closed a channel that others use joins them first: they may be just about to call.
 */
void channel_destroy(struct channel *channel);

/*
 * Waits until the buffer has room or a receiver takes the element. 0, or EPIPE: the channel is
 * closed, and nobody took the element. The memory at `element` is the caller's again on return; it may
 * be NULL only where element_size is 0.
 */
int channel_send(struct channel *channel, const void *element);

/*
 * Waits for an element and copies it to `element`, or drops it where `element` is NULL. 0, or EPIPE:
 * the channel is closed and drained; `element` is untouched then, as it is on every error.
 */
int channel_receive(struct channel *channel, void *element);

/* The same, but they never wait for a partner: EAGAIN where the others would. */
int channel_try_send(struct channel *channel, const void *element);
int channel_try_receive(struct channel *channel, void *element);

/*
 * The same, but they wait until `deadline` at the latest, an absolute time of CLOCK_REALTIME:
 * ETIMEDOUT after it. What can be done without waiting is done, however late it is. EINVAL: the
 * nanoseconds of `deadline` are not from 0 to 999 999 999.
 */
int channel_timed_send(struct channel *channel, const void *element,
                       const struct timespec *deadline);
int channel_timed_receive(struct channel *channel, void *element, const struct timespec *deadline);

/*
 * Closes the channel and wakes all who wait. Does not wait. 0, or EPIPE: it was closed before. Any
 * thread may close, a receiver too: the senders see EPIPE.
 */
int channel_close(struct channel *channel);

/* How many elements the buffer holds now (other threads may change that at any time). */
size_t channel_length(struct channel *channel);

/* How many it has room for. */
size_t channel_capacity(const struct channel *channel);

/*
 * The calls that wait can also fail as pthread_cond_wait does, and then have done nothing. glibc, musl and
 * macOS have no such case; FreeBSD and OpenBSD may find no memory (ENOMEM).
 */

#ifdef __cplusplus
}
#endif

#endif
