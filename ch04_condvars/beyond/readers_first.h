/*
 * readers_first.h - a readers-writer lock by the rule that comes to mind first; it starves writers.
 *
 * It is here to be compared with rw_lock.h, whose rule differs in one line: here a reader enters when no
 * writer is inside, even if one waits. As long as readers overlap, one of them is always
 * inside, and no writer enters.
 *
 * The calls return 0 or an error number, as those of rw_lock.h do. None is a cancellation point.
 */
#ifndef READERS_FIRST_H
#define READERS_FIRST_H

#include <pthread.h>
#include <stddef.h>

struct readers_first {
    pthread_mutex_t lock;   // protects: everything below. While no thread holds it:
    size_t readers;         // inside: readers == 0 or writers == 0
    size_t writers;         // inside: 0 or 1
    size_t writers_waiting; // only to be shown: the rule does not use it
    pthread_cond_t left;    // a thread has left. Every thread that may not enter waits for it
};

int readers_first_init(struct readers_first *lock);
int readers_first_read_lock(struct readers_first *lock);     // waits until no writer is inside
int readers_first_try_read_lock(struct readers_first *lock); // EBUSY: it would have to wait
int readers_first_read_unlock(struct readers_first *lock);   // by a thread that reads
int readers_first_write_lock(struct readers_first *lock);    // waits until no thread is inside
int readers_first_write_unlock(struct readers_first *lock);  // by the thread that writes
size_t readers_first_writers_waiting(struct readers_first *lock);
int readers_first_destroy(
    struct readers_first *lock); // EBUSY: a thread is inside, or a writer waits

#endif
