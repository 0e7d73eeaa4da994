/*
 * watch_tables.c - the tables of threads and of locks, and the lock that protects them. See watch_graph.h.
 */
#define _GNU_SOURCE
#include "watch_graph.h"
#include "watch_orders.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

enum { HASHES = 1 << 16, MOST_LOOKS = 10000 };

static struct {
    atomic_bool locked; // protects what is not atomic here
    struct watch_thread threads[MOST_THREADS];
    unsigned int threads_used, free_thread; // from 1; 0: none
    unsigned int last_thread;               // number given
    unsigned int last_before_fork; // in a child: threads up to that number are the parent's
    unsigned int survivor;         // but this one
    struct watch_name names[MOST_NAMES];

    atomic_uint buckets[HASHES];
    struct watch_lock locks[MOST_LOCKS]; // the first one is not used
    unsigned int locks_used, free_lock;
    unsigned int last_lock; // number given
    atomic_bool locks_full;
    struct watch_totals totals; // of locks that are no longer in the table, and what is unwatched
} graph;                        // all zero at first: what is never used takes no memory

void watch_graph_lock(sigset_t *mask)
{
    sigset_t all_signals;
    sigfillset(&all_signals);
    pthread_sigmask(SIG_BLOCK, &all_signals, mask);
    while (atomic_exchange_explicit(&graph.locked, true, memory_order_acquire))
        sched_yield();
}

void watch_graph_unlock(const sigset_t *mask)
{
    atomic_store_explicit(&graph.locked, false, memory_order_release);
    pthread_sigmask(SIG_SETMASK, mask, NULL);
}

/* ---- threads ---- */

struct watch_thread *watch_thread_new(void *(*start)(void *))
{
    struct watch_thread *thread = NULL;
    sigset_t mask;
    watch_graph_lock(&mask);
    if (graph.free_thread != 0) {
        thread = &graph.threads[graph.free_thread - 1];
        graph.free_thread = thread->next_free;
    } else if (graph.threads_used < MOST_THREADS) {
        thread = &graph.threads[graph.threads_used++];
    } else {
        graph.totals.threads_unwatched++;
    }
    if (thread != NULL) {
        thread->number = ++graph.last_thread;
        WRITE(thread->held_count, 0);
        thread->held_set = 0;
        memset(thread->known, 0, sizeof thread->known);
        memset(&thread->stacks, 0, sizeof thread->stacks);
        thread->busy = 0;
        thread->chunk = 0;
        thread->tid = 0;
        thread->has_begun = false;
        thread->c11_start = NULL;
        if (thread->number < MOST_NAMES)
            graph.names[thread->number].start = start;
        WRITE(thread->waits, false);
        WRITE(thread->gave_up, 0);
        WRITE(thread->tried.count, 0);
        WRITE(thread->identity, (unsigned long)thread->number * MOST_THREADS +
                                    (unsigned long)(thread - graph.threads));
    }
    watch_graph_unlock(&mask);
    return thread;
}

void watch_thread_is(struct watch_thread *thread, pthread_t handle, int tid)
{
    sigset_t mask;
    watch_graph_lock(&mask);
    thread->handle = handle;
    thread->tid = tid;
    thread->has_begun = true;
    watch_graph_unlock(&mask);
}

static void end_thread(struct watch_thread *thread)
{
    if (thread->number < MOST_NAMES)
        graph.names[thread->number].ended_before = graph.last_thread + 1;
    WRITE(thread->identity, 0);
    WRITE(thread->waits, false);
    thread->tid = 0;
    thread->next_free = graph.free_thread;
    graph.free_thread = (unsigned int)(thread - graph.threads) + 1;
}

void watch_thread_end(struct watch_thread *thread)
{
    sigset_t mask;
    watch_graph_lock(&mask);
    end_thread(thread);
    watch_graph_unlock(&mask);
}

void watch_threads_forget_others(const struct watch_thread *thread)
{
    sigset_t mask;
    watch_graph_lock(&mask);
    for (unsigned int i = 0; i < graph.threads_used; i++) {
        if (&graph.threads[i] != thread && READ(graph.threads[i].identity) != 0)
            end_thread(&graph.threads[i]);
    }
    graph.last_before_fork = graph.last_thread;
    graph.survivor = thread == NULL ? 0 : thread->number;
    watch_graph_unlock(&mask);
}

bool watch_is_from_before_fork(unsigned long identity)
{
    unsigned int number = watch_number_of(identity);
    return number <= graph.last_before_fork && number != graph.survivor;
}

struct watch_thread *watch_thread_of(unsigned long identity)
{
    struct watch_thread *thread = &graph.threads[identity % MOST_THREADS];
    return identity != 0 && READ(thread->identity) == identity ? thread : NULL;
}

struct watch_thread *watch_thread_at(unsigned int i)
{
    return i < graph.threads_used ? &graph.threads[i] : NULL;
}

unsigned int watch_index_of(const struct watch_thread *thread)
{
    return (unsigned int)(thread - graph.threads);
}

/* `is_late`: there are threads that have not begun yet. */
static unsigned long find_handle(pthread_t handle, bool *is_late)
{
    unsigned long identity = 0;
    sigset_t mask;
    watch_graph_lock(&mask);
    *is_late = false;
    for (unsigned int i = 0; i < graph.threads_used && identity == 0; i++) {
        const struct watch_thread *thread = &graph.threads[i];
        if (READ(thread->identity) == 0)
            continue;
        if (!thread->has_begun)
            *is_late = true;
        else if (pthread_equal(thread->handle, handle))
            identity = READ(thread->identity);
    }
    watch_graph_unlock(&mask);
    return identity;
}

unsigned long watch_identity_of(pthread_t handle)
{
    const struct timespec moment = {.tv_nsec = 100000};
    bool is_late = true;
    unsigned long identity = 0;
    for (int i = 0; i < MOST_LOOKS && identity == 0 && is_late; i++) {
        identity = find_handle(handle, &is_late);
        if (identity == 0 && is_late)
            nanosleep(&moment, NULL);
    }
    return identity;
}

struct watch_name *watch_name_of(unsigned int number)
{
    return number < MOST_NAMES ? &graph.names[number] : NULL;
}

/* ---- locks ---- */

const char *watch_kind_name(enum watch_kind kind)
{
    static const char *const names[] = {
        [WATCH_MUTEX] = "mutex",         [WATCH_RWLOCK] = "read-write lock",
        [WATCH_SPIN_LOCK] = "spin lock", [WATCH_ONCE] = "once",
        [WATCH_SEMAPHORE] = "semaphore", [WATCH_BARRIER] = "barrier",
        [WATCH_CONDITION] = "condition",
    };
    return names[kind];
}

static inline unsigned int hash_of(const void *address)
{
    return (unsigned int)((uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15U >> 48) % HASHES;
}

/*
 * Walks a bucket without a lock. An entry may be taken out of it and put into another one meanwhile,
 * and then this ends up in the wrong bucket; a thread that finds nothing looks again under the lock.
 */
struct watch_lock *watch_lock_of(const void *address)
{
    unsigned int i = atomic_load_explicit(&graph.buckets[hash_of(address)], memory_order_acquire);
    for (; i != 0; i = atomic_load_explicit(&graph.locks[i].next, memory_order_acquire)) {
        if (READ(graph.locks[i].address) == address)
            return &graph.locks[i];
    }
    return NULL;
}

static unsigned int place_for_lock(void)
{
    unsigned int i = graph.free_lock;
    if (i != 0)
        graph.free_lock = READ(graph.locks[i].next);
    else if (graph.locks_used < MOST_LOCKS - 1)
        i = ++graph.locks_used;
    return i;
}

static struct watch_lock *make_lock(const void *address, enum watch_kind kind,
                                    const struct watch_stack *place)
{
    unsigned int i = place_for_lock();
    if (i == 0) {
        WRITE(graph.locks_full, true);
        return NULL;
    }
    struct watch_lock *lock = &graph.locks[i];
    WRITE(lock->number, ++graph.last_lock);
    WRITE(lock->kind, kind);
    WRITE(lock->owner, 0);
    WRITE(lock->place, NULL);
    WRITE(lock->first_place, place);
    WRITE(lock->locked, 0);
    WRITE(lock->waited, 0);
    WRITE(lock->wait_sum, 0);
    WRITE(lock->longest_wait, 0);
    WRITE(lock->limit, 0);
    WRITE(lock->signals, 0);
    WRITE(lock->was_unlocked, false);
    WRITE(lock->is_handed_over, false);
    lock->depth = 0;
    lock->first_order = 0;
    lock->reports_relocking = false;
    WRITE(lock->address, address);
    atomic_uint *bucket = &graph.buckets[hash_of(address)];
    WRITE(lock->next, READ(*bucket));
    atomic_store_explicit(bucket, i, memory_order_release);
    return lock;
}

/* Under the graph's lock. */
static void end_lock(const void *address)
{
    atomic_uint *link = &graph.buckets[hash_of(address)];
    while (READ(*link) != 0 && READ(graph.locks[READ(*link)].address) != address)
        link = &graph.locks[READ(*link)].next;
    unsigned int i = READ(*link);
    if (i == 0)
        return;
    struct watch_lock *lock = &graph.locks[i];
    atomic_store_explicit(link, READ(lock->next), memory_order_release);
    WRITE(lock->owner, 0);
    watch_orders_lock_ended(lock);
    if (READ(lock->waited) > 0) {
        WRITE(lock->next, 0); // it stays, out of reach, for the table at the end
        return;
    }
    graph.totals.were_too_many = graph.totals.were_too_many || READ(graph.locks_full);
    graph.totals.locks += READ(lock->locked) != 0;
    graph.totals.locked += READ(lock->locked);
    WRITE(lock->number, 0);
    WRITE(lock->address, NULL);
    WRITE(lock->next, graph.free_lock);
    graph.free_lock = i;
    WRITE(graph.locks_full, false);
}

struct watch_lock *watch_lock_at(const void *address, enum watch_kind kind,
                                 const struct watch_stack *place)
{
    struct watch_lock *lock = watch_lock_of(address);
    if (lock != NULL && READ(lock->kind) == kind)
        return lock;
    if (READ(graph.locks_full))
        return NULL;
    sigset_t mask;
    watch_graph_lock(&mask);
    lock = watch_lock_of(address);
    if (lock != NULL && READ(lock->kind) != kind) { // its memory is used for something else now
        end_lock(address);
        lock = NULL;
    }
    if (lock == NULL)
        lock = make_lock(address, kind, place);
    watch_graph_unlock(&mask);
    return lock;
}

void watch_lock_end(const void *address)
{
    if (watch_lock_of(address) == NULL)
        return;
    sigset_t mask;
    watch_graph_lock(&mask);
    end_lock(address);
    watch_graph_unlock(&mask);
}

/* ---- reports ---- */

const struct watch_lock *watch_lock_number(unsigned int i)
{
    return i < graph.locks_used ? &graph.locks[i + 1] : NULL;
}

struct watch_totals watch_totals(void)
{
    struct watch_totals totals = graph.totals;
    totals.were_too_many = totals.were_too_many || READ(graph.locks_full);
    for (unsigned int i = 1; i <= graph.locks_used; i++) {
        unsigned long locked = READ(graph.locks[i].locked);
        if (READ(graph.locks[i].number) == 0 || locked == 0)
            continue;
        totals.locks++;
        totals.locked += locked;
        totals.waited += READ(graph.locks[i].waited);
    }
    return totals;
}
