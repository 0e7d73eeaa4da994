/*
 * watch_graph.h - the wait-for graph: which thread holds which locks, and which lock, or the end of which
 * thread, it waits for.
 *
 * All of it lies in tables of a fixed size, so nothing here allocates memory, and a long run needs no more
 * than a short one. What does not fit is counted, but not watched.
 *
 * Any number of threads may make the calls at the same time. A `thread` among the arguments is always
 * the caller's own, and no signal handler may interrupt one call with another for the same thread
 * (watch_real.h sees to that). Addresses of locks are names only; nothing here looks at what lies there.
 */
#ifndef WATCH_GRAPH_H
#define WATCH_GRAPH_H

#include "watch_stacks.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MOST_THREADS = 1 << 12, // at a time
    MOST_NAMES = 1 << 14,   // of threads that have a name and a lane, ended ones too
    MOST_LOCKS = 1 << 18,   // that exist, or were waited for
    MOST_HELD = 32,         // locks of one thread at a time that are noted
    KNOWN_SETS = 256,       // a thread's memory of the orders that it has noted already
    NAME_SIZE = 16,         // of a thread, as Linux has it
};

enum watch_kind {
    WATCH_MUTEX,
    WATCH_RWLOCK,
    WATCH_SPIN_LOCK,
    WATCH_ONCE,
    WATCH_LAST_OWNED = WATCH_ONCE, // those above have an owner that others wait for
    WATCH_SEMAPHORE,
    WATCH_BARRIER,
    WATCH_CONDITION,
};
const char *watch_kind_name(enum watch_kind kind);

/* A lock, from its first use until it is destroyed. */
struct watch_lock {
    _Atomic(const void *) address; // NULL: not in use
    atomic_uint next;              // of those with the same hash; 0: the last one
    atomic_uint number;            // from 1; no two locks ever have the same one
    _Atomic(enum watch_kind) kind;
    atomic_ulong
        owner; // identity of the thread that holds it alone (or has signalled it last); 0: none
    _Atomic(const struct watch_stack *) place; // where that thread has locked it
    unsigned int depth;                        // how often (a recursive one); the owner's
    unsigned int first_order;   // of those from this one to others; under the graph's lock
    atomic_uint limit;          // of a barrier: how many threads it waits for; of a once: 1 if done
    atomic_ulong signals;       // to a condition
    bool reports_relocking;     // its type is known to be PTHREAD_MUTEX_ERRORCHECK
    atomic_bool was_unlocked;   // by its owner: it is used as a lock
    atomic_bool is_handed_over; // it was unlocked by another thread: it is used as a signal
    _Atomic(const struct watch_stack *) first_place;
    atomic_ulong locked, waited;          // how often
    atomic_ullong wait_sum, longest_wait; // nanoseconds
};

struct watch_held {
    _Atomic(struct watch_lock *) lock;
    atomic_uint number;
    _Atomic(const struct watch_stack *) place;
    bool is_shared; // a read-write lock, for reading
};

enum watch_what {
    WATCH_NOTHING,
    WATCH_TO_LOCK, // a mutex, spin lock or once; a read-write lock for writing
    WATCH_TO_READ, // a read-write lock
    WATCH_TO_WAKE, // on a condition, a semaphore or a barrier
    WATCH_FOR_END, // of a thread
};

struct watch_wait {
    enum watch_what what;
    struct watch_lock *lock;  // NULL: none, or no room for it
    struct watch_lock *mutex; // that a condition's waiter gets back
    unsigned long target;     // identity of the thread whose end it waits for
    const struct watch_stack *place;
    uint64_t since; // nanoseconds
    bool has_deadline;
};

/* The lock that a thread tried last and did not get, by pthread_mutex_trylock and the like. */
struct watch_tried {
    _Atomic(struct watch_lock *) lock;
    atomic_uint number; // the lock's
    _Atomic(const struct watch_stack *) place;
    atomic_ulong count; // since it has got any lock
};

/* A thread that runs. It alone uses what is not atomic, unless a comment says otherwise. */
struct watch_thread {
    atomic_ulong identity; // number * MOST_THREADS + its place in the table; 0: not in use
    unsigned int number;   // from 1, which is main
    unsigned int next_free;
    pthread_t handle;       // under the graph's lock, as are the next three
    bool has_begun;         // it has said what its handle is
    int tid;                // Linux's number of it; 0: not known
    struct watch_wait wait; // what it waits for, while `waits` is set
    atomic_bool waits;
    struct watch_tried tried;
    atomic_ullong gave_up; // since when its waits have run out one after the other; 0: not at all
    atomic_uint held_count;
    struct watch_held held[MOST_HELD];
    uint64_t held_set;          // a sum that stands for the locks in `held`
    uint64_t known[KNOWN_SETS]; // held_set and a lock got with it, whose orders are noted
    struct watch_known_stacks stacks;
    volatile sig_atomic_t busy; // with the watch: signal handlers pass by
    unsigned int chunk;         // watch_trace.c: where its next event goes
    void *(*start)(void *);     // what pthread_create was called with
    void *argument;
    int (*c11_start)(void *); // or thrd_create
};

/* Sums over all locks, and what did not fit. */
struct watch_totals {
    unsigned long locks, locked, waited;
    bool were_too_many; // locks
    unsigned long threads_unwatched;
};

/* How a lock was got: by a call that would have waited as long as it takes, or by another call. */
enum watch_how { BY_WAITING, BY_TRYING };

/*
 * The lock of the graph. Signals are kept from the thread that holds it, so that no handler of the
 * program can wait for anything meanwhile. A thread that holds it touches no other lock.
 */
void watch_graph_lock(sigset_t *mask);
void watch_graph_unlock(const sigset_t *mask);

/* Takes a thread into the table; `start`: its function, NULL: unknown. NULL: the table is full. */
struct watch_thread *watch_thread_new(void *(*start)(void *));

/* The thread is the caller; and it ends. What it holds stays locked. */
void watch_thread_is(struct watch_thread *thread, pthread_t handle, int tid);
void watch_thread_end(struct watch_thread *thread);

/* The thread with that identity (NULL: it has ended), or at that place in the table. Under the lock. */
struct watch_thread *watch_thread_of(unsigned long identity);
struct watch_thread *watch_thread_at(unsigned int i); // NULL: beyond the last one
unsigned int watch_index_of(const struct watch_thread *thread);
static inline unsigned int watch_number_of(unsigned long identity)
{
    return (unsigned int)(identity / MOST_THREADS);
}

/*
 * The identity of the thread that has that handle; 0: unknown, or it has ended. A thread that was just
 * created says which handle it has as soon as it runs, so this may wait for a moment.
 */
unsigned long watch_identity_of(pthread_t handle);

/* After fork, in the child: there is no thread but this one (NULL: not in the table). */
void watch_threads_forget_others(const struct watch_thread *thread);
bool watch_is_from_before_fork(unsigned long identity);

/* What a thread of that number is called, also after its end. */
struct watch_name {
    void *(*start)(void *);
    char given[NAME_SIZE];     // what it had from its creator
    char text[NAME_SIZE];      // what it was called last
    unsigned int ended_before; // threads from that number on were created after its end; 0: it runs
};
struct watch_name *watch_name_of(unsigned int number); // NULL: beyond MOST_NAMES

/* The lock at that address; NULL: unknown. With `make` it becomes known; NULL: the table is full. */
struct watch_lock *watch_lock_of(const void *address);
struct watch_lock *watch_lock_at(const void *address, enum watch_kind kind,
                                 const struct watch_stack *place);

/* The lock is initialised, or destroyed: what follows at that address is another one. */
void watch_lock_end(const void *address);

static inline bool watch_owns(const struct watch_thread *thread, const struct watch_lock *lock)
{
    return atomic_load_explicit(&lock->owner, memory_order_relaxed) ==
           atomic_load_explicit(&thread->identity, memory_order_relaxed);
}

/* Whether the thread is noted to hold it, for writing or for reading. Under the graph's lock. */
const struct watch_held *watch_holds(const struct watch_thread *thread,
                                     const struct watch_lock *lock);

/*
 * The thread begins to wait. If that closes a cycle, puts its threads into `cycle`, each followed by one that
 * it waits for, and returns how many; 0: there is no cycle. watch_graph.c says why that is certain. Under the
 * graph's lock.
 */
unsigned int watch_wait_begins(struct watch_thread *thread, const struct watch_wait *wait,
                               struct watch_thread *cycle[MOST_THREADS]);

/* A wait for a lock has taken that long. */
void watch_waited(struct watch_lock *lock, uint64_t nanoseconds);

/* The thread has just got the lock alone; and is just about to unlock it. */
void watch_locked(struct watch_thread *thread, struct watch_lock *lock,
                  const struct watch_stack *place, enum watch_how how);
void watch_unlocks(struct watch_thread *thread, struct watch_lock *lock);

/* The same for reading. watch_unshares returns false if no note says that the thread holds it. */
void watch_shares(struct watch_thread *thread, struct watch_lock *lock,
                  const struct watch_stack *place, enum watch_how how);
bool watch_unshares(struct watch_thread *thread, struct watch_lock *lock);

/* The lock was unlocked, though not by its owner, which was that one. */
void watch_lost(struct watch_lock *lock, unsigned long owner);

/* For reports, under the graph's lock. The i-th lock, or NULL if that place has never been used. */
const struct watch_lock *watch_lock_number(unsigned int i);
struct watch_totals watch_totals(void);

/* Spreads numbers over all bits (the end of SplitMix64, by Sebastiano Vigna). */
static inline uint64_t watch_mixed(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

/* Most values here need no order of their own: see the proof in watch_graph.c. */
#define READ(variable) atomic_load_explicit(&(variable), memory_order_relaxed)
#define WRITE(variable, value) atomic_store_explicit(&(variable), value, memory_order_relaxed)
#define ADD(variable, value) atomic_fetch_add_explicit(&(variable), value, memory_order_relaxed)

#endif
