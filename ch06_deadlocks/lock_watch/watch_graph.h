/*
 * watch_graph.h - which thread holds which mutex and waits for which: the wait-for graph. And in which
 * orders mutexes were locked: the lock-order graph.
 *
 * All of it lies in tables of a fixed size, so that nothing here allocates memory, and a run of any
 * length needs no more. What no longer fits is not watched, and counted.
 *
 * Any number of threads may make the calls at the same time. A `thread` among the arguments is always
 * the caller's own, and no signal handler may interrupt one call with another for the same thread
 * (watch_calls.c sees to that). Addresses of mutexes are names only; nothing here looks at what lies
 * there.
 */
#ifndef WATCH_GRAPH_H
#define WATCH_GRAPH_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MOST_THREADS = 1 << 12, // at a time
    MOST_NAMES = 1 << 14,   // of threads that have a name and a lane, ended ones too
    MOST_MUTEXES = 1 << 18, // that there are, or were waited for
    MOST_ORDERS = 1 << 16,  // pairs of mutexes: this one was held when that one was locked
    MOST_HELD = 32,         // mutexes of one thread at a time whose order is noted
    MOST_GUARDS = 4,        // further mutexes that were held, of each such pair
    MOST_IN_A_CYCLE = 8,    // pairs that make up a cycle of orders
    MOST_WARNINGS = 16,     // cycles of orders that are reported
    KNOWN_SETS = 256,       // a thread's memory of what it has noted already
};

/* A mutex, from its first use until it is destroyed. */
struct watch_mutex {
    _Atomic(const void *) address; // NULL: not in use
    atomic_uint next;              // of those with the same hash; 0: the last one
    atomic_uint number;            // from 1; no two mutexes ever have the same one
    atomic_ulong owner;            // the identity of the thread that holds it; 0: nobody
    _Atomic(const void *) place;   // where that thread has locked it
    unsigned int depth;            // how often (a recursive one); the owner's
    unsigned int first_order;      // of those from this mutex to others; under the graph's lock
    bool reports_relocking;        // its type is known to be PTHREAD_MUTEX_ERRORCHECK
    _Atomic(const void *) first_place;
    atomic_ulong locked, waited;          // how often
    atomic_ullong wait_sum, longest_wait; // nanoseconds
};

struct watch_held {
    struct watch_mutex *mutex;
    unsigned int number;
};

/* A thread that runs. Only itself uses what is not atomic. */
struct watch_thread {
    atomic_ulong identity; // number * MOST_THREADS + its place in the table; 0: not in use
    unsigned int number;   // from 1, which is main
    unsigned int next_free;
    _Atomic(struct watch_mutex *) waits_for; // changed to a mutex under the graph's lock only
    _Atomic(const void *) waits_at;
    atomic_bool is_asleep; // it waits so that it can return from pthread_cond_wait
    unsigned int held_count;
    struct watch_held held[MOST_HELD];
    uint64_t held_set;          // a sum that stands for the mutexes in `held`
    uint64_t known[KNOWN_SETS]; // held_set and a mutex locked with it, whose orders are noted
    volatile sig_atomic_t busy; // with the watch: signal handlers pass by
    unsigned int chunk;         // watch_trace.c: where its next event goes
    void *(*start)(void *);     // what pthread_create was called with
    void *argument;
};

/* Mutex `to` was locked, by a call that may wait, while `from` was held. */
struct watch_order {
    unsigned int from, to; // places in the table of mutexes
    unsigned int from_number, to_number;
    unsigned int next_of_mutex, next_of_hash;
    unsigned int thread; // the number of the first one that did so
    bool by_several;     // threads
    bool reported;
    unsigned int guard_count;
    unsigned int guards[MOST_GUARDS]; // numbers of mutexes that were held each time, too
    const void *from_place, *to_place;
};

struct watch_warning {
    unsigned int length;
    struct watch_order orders[MOST_IN_A_CYCLE];
    const void *addresses[MOST_IN_A_CYCLE]; // of the mutexes that are locked second
};

/* Sums over all mutexes, and what did not fit. */
struct watch_totals {
    unsigned long mutexes, locked, waited;
    bool were_too_many; // mutexes
    unsigned long threads_unwatched, orders_unwatched;
};

/* How a mutex was got: by a call that would have waited as long as it takes, or another one. */
enum watch_how { BY_WAITING, BY_TRYING };

/*
 * The lock of the graph. Signals are kept from the thread that holds it, so that no handler of the
 * program can wait for anything meanwhile. A thread that holds it touches no other lock.
 */
void watch_graph_lock(sigset_t *mask);
void watch_graph_unlock(const sigset_t *mask);

/* Takes a thread into the table; `start`: its function, NULL: unknown. NULL: the table is full. */
struct watch_thread *watch_thread_new(void *(*start)(void *));

/* It ends. What it holds stays locked, as mutexes do. */
void watch_thread_end(struct watch_thread *thread);

/* The thread of that identity; NULL: it has ended. Under the graph's lock. */
struct watch_thread *watch_thread_of(unsigned long identity);

/* After fork, in the child: there is no thread but this one (NULL: not in the table). */
void watch_threads_forget_others(const struct watch_thread *thread);

/* What a thread of that number is called, also after its end. */
struct watch_name {
    void *(*start)(void *);
    char text[16]; // given by pthread_setname_np
};
struct watch_name *watch_name_of(unsigned int number); // NULL: beyond MOST_NAMES

/* The mutex at that address; NULL: unknown. With `make` it becomes known; NULL: the table is full. */
struct watch_mutex *watch_mutex_of(const void *address, const void *place, bool make);

/* The mutex is initialised, or destroyed: what follows at that address is another one. */
void watch_mutex_end(const void *address);

bool watch_owns(const struct watch_thread *thread, const struct watch_mutex *mutex);

/*
 * The thread waits now, until it gets the mutex, at `place`. If that closes a cycle of threads, returns
 * how many are in it (and keeps the graph locked, forever, as the caller is about to end the
 * program); 0: there is none. See watch_graph.c for why that is certain.
 */
unsigned int watch_wait_begins(struct watch_thread *thread, struct watch_mutex *mutex,
                               const void *place);

/* It waits on a condition variable, and will not return from there without that mutex. */
void watch_sleep_begins(struct watch_thread *thread, struct watch_mutex *mutex, const void *place);

/* It does not any more, whether it has got the mutex or not. */
void watch_wait_ends(struct watch_thread *thread);

/* A wait for a mutex has taken that long. */
void watch_waited(struct watch_mutex *mutex, uint64_t nanoseconds);

/* The thread has just locked the mutex; and is just about to unlock it. */
void watch_locked(struct watch_thread *thread, struct watch_mutex *mutex, const void *place,
                  enum watch_how how);
void watch_unlocks(struct watch_thread *thread, struct watch_mutex *mutex);

/* The mutex was unlocked, though not by its owner, which was that one. */
void watch_lost(struct watch_mutex *mutex, unsigned long owner);

/* For reports, under the graph's lock. The i-th mutex, or NULL if that place has never been used. */
const struct watch_mutex *watch_mutex_at(unsigned int i);
const struct watch_warning *watch_warnings(unsigned int *count);
struct watch_totals watch_totals(void);

#endif
