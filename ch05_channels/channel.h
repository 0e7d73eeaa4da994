/*
 * channel.h - Go's channel for C: a queue through which threads hand elements to each other, and wait.
 *
 * To use it in a project of your own, copy channel.h and channel.c; they need libc and pthreads only.
 *
 * Elements are copied in by a send and out by a receive, `element_size` bytes each. To hand over
 * something large, send a pointer to it: the thread that receives the pointer owns what it points to.
 *
 *   Order      First in, first out. Waiting threads are served in the order in which they came.
 *   Capacity   With room for N elements, a send waits only while N are there. With capacity 0 (a
 *              rendezvous) a send returns 0 only when a receiver has taken its element.
 *   Close      Wakes all waiting threads, on both sides. What is in the buffer can still be received.
 *   Promise    An element whose send returned 0 is received exactly once, or is still in the buffer;
 *              one whose send returned anything else is never received. A deadline that passes at the
 *              very moment of the hand-over does not change that.
 *   Deadline   An absolute time of CLOCK_MONOTONIC, which runs on evenly even if the system's clock is set.
 *              It must not be NULL.
 *
 * A send to a closed channel returns EPIPE, and so does a second close. (In Go both panic.)
 *
 * Any number of threads may make any of these calls on one channel at the same time, except for
 * channel_destroy, after which no call may begin. None is a cancellation point (asynchronous cancellation
 * is not supported). None may be made from a signal handler.
 *
 * A child of fork must not use a channel that existed before it: another thread may have held its lock at
 * that moment, and then even a try call waits forever. Processes must not share one.
 *
 * Use ThreadSanitizer. helgrind and drd do not understand atomic operations, and report elements that were
 * handed to a waiting thread.
 *
 * Algorithm: that of the Go runtime, runtime/chan.go and runtime/select.go. One lock; a ring for the
 * buffer; two queues of waiting threads. A thread that finds a partner waiting serves it directly, and
 * wakes only that one.
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
 * Returns a new channel for `capacity` elements of `element_size` bytes; the caller owns it. With an
 * element_size of 0 it carries signals only. On failure returns NULL and sets errno: ENOMEM (also when
 * the sizes multiply to more than a size_t holds), or what pthread_mutex_init reports.
 */
struct channel *channel_create(size_t capacity, size_t element_size);

/*
 * Frees the channel and what is left in its buffer. NULL is allowed. All calls on the channel must have
 * returned, with two exceptions: calls that waited there and were served or woken by a close, and the call
 * that has served the caller. So if a thread has a single answer to send, the thread that receives it may
 * destroy the channel at once. But a close is not enough where others use the channel: they may be about to
 * make a call, so join them before you destroy it. A select counts as a call on each of its channels.
 */
void channel_destroy(struct channel *channel);

/*
 * Waits until the buffer has room or a receiver takes the element. Returns 0, or EPIPE: the channel is
 * closed, and no thread has taken the element. On return the memory at `element` is the caller's again;
 * `element` may be NULL only if element_size is 0.
 */
int channel_send(struct channel *channel, const void *element);

/*
 * Waits for an element and copies it to `element`, or drops it if `element` is NULL. Returns 0, or EPIPE:
 * the channel is closed, and its buffer empty. On an error `element` is unchanged.
 */
int channel_receive(struct channel *channel, void *element);

/* The same, but they never wait for a partner: they return EAGAIN where the others would wait. */
int channel_try_send(struct channel *channel, const void *element);
int channel_try_receive(struct channel *channel, void *element);

/*
 * The same, but they wait until `deadline` at the latest, and then return ETIMEDOUT. What can be done
 * without waiting is done even after the deadline. EINVAL: the nanoseconds of `deadline` are not from 0
 * to 999 999 999.
 */
int channel_timed_send(struct channel *channel, const void *element,
                       const struct timespec *deadline);
int channel_timed_receive(struct channel *channel, void *element, const struct timespec *deadline);

/* The deadline that many milliseconds from now: struct timespec soon = channel_deadline(500); */
struct timespec channel_deadline(long milliseconds);

enum channel_direction { CHANNEL_SEND, CHANNEL_RECEIVE };

struct channel_case {
    struct channel *channel; // NULL: never ready
    enum channel_direction direction;
    void *element; // to send (only read), or where to receive to; NULL drops it
    int error;     // of the chosen case: 0 or EPIPE. It means nothing in the others
};

/*
 * Waits until one of the cases can be done, and does it and no other: cases[*chosen], whose `error` is
 * what its send or receive would have returned. If several are ready, it takes one of them at random, each
 * with the same probability. A closed channel is ready. A channel may stand in several cases, in both
 * directions; a select never serves itself. If no case ever becomes ready, it waits forever.
 *
 * Returns 0. ENOMEM: it had to wait, and there was no memory for more than 8 cases. The cases belong to
 * the caller, and no other thread may touch them during the call. The time it takes grows with the square
 * of the number of channels.
 */
int channel_select(struct channel_case *cases, size_t count, size_t *chosen);

/* The same, but it never waits: EAGAIN where the other would. (A select with a default case, in Go.) */
int channel_try_select(struct channel_case *cases, size_t count, size_t *chosen);

/*
 * The same, but it waits until `deadline` at the latest, and then returns ETIMEDOUT: it has done nothing.
 * EINVAL as above.
 */
int channel_timed_select(struct channel_case *cases, size_t count, size_t *chosen,
                         const struct timespec *deadline);

/*
 * Closes the channel and wakes all waiting threads. Does not wait. Returns 0, or EPIPE: it was closed
 * before. Any thread may close it, even a receiver; senders then get EPIPE.
 */
int channel_close(struct channel *channel);

/* How many elements the buffer holds now. Other threads may change that at any time. */
size_t channel_length(struct channel *channel);

/* How many elements the buffer has room for. */
size_t channel_capacity(const struct channel *channel);

/*
 * Timed calls also fail if pthread_cond_init fails; then they have done nothing. It never fails with glibc,
 * with musl or on macOS; on FreeBSD, OpenBSD and Windows it may lack memory (ENOMEM, EAGAIN).
 */

#ifdef __cplusplus
}
#endif

#endif
