/*
 * watch_graph.c - the wait-for graph and the lock-order graph. See watch_graph.h.
 *
 * Deadlocks. An arrow goes from each thread that waits to the mutex it waits for, and from each mutex
 * to the thread that holds it. A cycle of arrows is a deadlock. Three rules make sure that every cycle
 * is found, at once, and that none is reported that is not there:
 *
 *   1. A mutex gets its owner after the real lock, and loses it before the real unlock.
 *   2. A thread that must wait says so under the graph's lock, before the real lock, and in the same
 *      breath follows the arrows from itself on.
 *   3. It takes that back after the real lock, before it can unlock that mutex.
 *
 * None is missed: in a deadlock every thread has said that it waits, and what it holds it had got
 * before (1). So the last one to say so sees all other arrows (the graph's lock orders it after
 * them), and the cycle is closed by its own.
 *
 * None is made up, though (1) and (3) happen without the graph's lock. Let the walk lead from thread A
 * over B, C … to Z, which is said to wait for a mutex that A owns. A really owns it, because owners
 * write and clear that themselves. Had Z ever got that mutex, and so taken back its wait, then it would
 * have done so before it unlocked it, thus before A locked it, and A would see it. So Z does wait; and
 * as A is here and unlocks nothing, it waits until A goes on. What Z owned when it began to
 * wait it therefore owns still, and A sees what that was, because Z's wait was entered under the
 * graph's lock. So the one before Z waits for something that Z really owns; and so on, back to B.
 *
 * A thread in pthread_cond_wait counts as one that waits for its mutex, from the beginning and also
 * with a deadline: whatever wakes it up, a signal, the time or its cancellation, it does not return
 * before it has the mutex again. It never closes a cycle itself, as nobody owned its mutex then.
 *
 * Lock orders. An arrow goes from mutex A to mutex B when a thread locks B while it holds A. A cycle
 * of such arrows may become a deadlock some day, if each of them can be gone by a thread of its own,
 * and no further mutex (a gate) keeps two of them apart; this is the Goodlock algorithm, by Havelund
 * (Using Runtime Analysis to Guide Model Checking of Java Programs, SPIN 2000). Simplified: of each
 * arrow only the first thread is kept, and whether there were others, and of its gates those that were
 * held every time. So in rare cases a cycle is reported that two threads cannot close; none is
 * left out for that.
 */
#include "watch_graph.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>

enum { HASHES = 1 << 16, NO_ORDER = 0 };

static struct {
    atomic_bool locked; // protects what is not atomic here
    struct watch_thread threads[MOST_THREADS];
    unsigned int threads_used, free_thread; // from 1; 0: none
    unsigned int last_thread;               // number given
    struct watch_name names[MOST_NAMES];

    atomic_uint mutex_buckets[HASHES];
    struct watch_mutex mutexes[MOST_MUTEXES]; // the first one is not used
    unsigned int mutexes_used, free_mutex;
    unsigned int last_mutex; // number given
    atomic_bool mutexes_full;

    struct watch_order orders[MOST_ORDERS]; // the first one is not used
    unsigned int orders_used;
    unsigned int order_buckets[HASHES];
    unsigned int mutexes_ended; // since dead orders were last swept out
    unsigned long descents;     // orders from a mutex to one with a lower number
    atomic_bool orders_full;
    long search_steps; // taken in all searches

    struct watch_warning warnings[MOST_WARNINGS];
    unsigned int warning_count;
    struct watch_totals totals; // of mutexes that are no longer in the table, and what is unwatched
} graph;                        // all zero at first: what is never used takes no memory

void watch_graph_lock(sigset_t *mask)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, mask);
    while (atomic_exchange_explicit(&graph.locked, true, memory_order_acquire))
        sched_yield();
}

void watch_graph_unlock(const sigset_t *mask)
{
    atomic_store_explicit(&graph.locked, false, memory_order_release);
    pthread_sigmask(SIG_SETMASK, mask, NULL);
}

/* Spreads numbers over all bits (the end of SplitMix64, by Sebastiano Vigna). */
static inline uint64_t mixed(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

/* Most values here need no order of their own: see the proof above. */
#define READ(variable) atomic_load_explicit(&(variable), memory_order_relaxed)
#define WRITE(variable, value) atomic_store_explicit(&(variable), value, memory_order_relaxed)
#define ADD(variable, value) atomic_fetch_add_explicit(&(variable), value, memory_order_relaxed)

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
        thread->held_count = 0;
        thread->held_set = 0;
        memset(thread->known, 0, sizeof thread->known);
        thread->busy = 0;
        thread->chunk = 0;
        if (thread->number < MOST_NAMES)
            graph.names[thread->number].start = start;
        WRITE(thread->waits_for, NULL);
        WRITE(thread->identity, (unsigned long)thread->number * MOST_THREADS +
                                    (unsigned long)(thread - graph.threads));
    }
    watch_graph_unlock(&mask);
    return thread;
}

static void end_thread(struct watch_thread *thread)
{
    WRITE(thread->identity, 0);
    WRITE(thread->waits_for, NULL);
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
    watch_graph_unlock(&mask);
}

struct watch_thread *watch_thread_of(unsigned long identity)
{
    struct watch_thread *thread = &graph.threads[identity % MOST_THREADS];
    return identity != 0 && READ(thread->identity) == identity ? thread : NULL;
}

struct watch_name *watch_name_of(unsigned int number)
{
    return number < MOST_NAMES ? &graph.names[number] : NULL;
}

/* ---- mutexes ---- */

static inline unsigned int hash_of(const void *address)
{
    return (unsigned int)((uint64_t)(uintptr_t)address * 0x9e3779b97f4a7c15U >> 48) % HASHES;
}

/*
 * Walks a bucket without a lock. An entry may be taken out of it and put into another one meanwhile,
 * and then this ends up in the wrong bucket; a thread that finds nothing looks again under the lock.
 */
static struct watch_mutex *find_mutex(const void *address)
{
    unsigned int i =
        atomic_load_explicit(&graph.mutex_buckets[hash_of(address)], memory_order_acquire);
    for (; i != 0; i = atomic_load_explicit(&graph.mutexes[i].next, memory_order_acquire)) {
        if (READ(graph.mutexes[i].address) == address)
            return &graph.mutexes[i];
    }
    return NULL;
}

static unsigned int place_for_mutex(void)
{
    unsigned int i = graph.free_mutex;
    if (i != 0)
        graph.free_mutex = READ(graph.mutexes[i].next);
    else if (graph.mutexes_used < MOST_MUTEXES - 1)
        i = ++graph.mutexes_used;
    return i;
}

static struct watch_mutex *make_mutex(const void *address, const void *place)
{
    unsigned int i = place_for_mutex();
    if (i == 0) {
        WRITE(graph.mutexes_full, true);
        return NULL;
    }
    struct watch_mutex *mutex = &graph.mutexes[i];
    WRITE(mutex->number, ++graph.last_mutex);
    WRITE(mutex->owner, 0);
    WRITE(mutex->first_place, place);
    WRITE(mutex->locked, 0);
    WRITE(mutex->waited, 0);
    WRITE(mutex->wait_sum, 0);
    WRITE(mutex->longest_wait, 0);
    mutex->depth = 0;
    mutex->first_order = NO_ORDER;
    mutex->reports_relocking = false;
    WRITE(mutex->address, address);
    atomic_uint *bucket = &graph.mutex_buckets[hash_of(address)];
    WRITE(mutex->next, READ(*bucket));
    atomic_store_explicit(bucket, i, memory_order_release);
    return mutex;
}

struct watch_mutex *watch_mutex_of(const void *address, const void *place, bool make)
{
    struct watch_mutex *mutex = find_mutex(address);
    if (mutex == NULL && make && !READ(graph.mutexes_full)) {
        sigset_t mask;
        watch_graph_lock(&mask);
        mutex = find_mutex(address);
        if (mutex == NULL)
            mutex = make_mutex(address, place);
        watch_graph_unlock(&mask);
    }
    return mutex;
}

void watch_mutex_end(const void *address)
{
    if (find_mutex(address) == NULL)
        return;
    sigset_t mask;
    watch_graph_lock(&mask);
    atomic_uint *link = &graph.mutex_buckets[hash_of(address)];
    while (READ(*link) != 0 && READ(graph.mutexes[READ(*link)].address) != address)
        link = &graph.mutexes[READ(*link)].next;
    unsigned int i = READ(*link);
    if (i != 0) {
        struct watch_mutex *mutex = &graph.mutexes[i];
        atomic_store_explicit(link, READ(mutex->next), memory_order_release);
        WRITE(mutex->owner, 0);
        mutex->first_order = NO_ORDER;
        if (++graph.mutexes_ended >= MOST_ORDERS / 8)
            WRITE(graph.orders_full, false);
        if (READ(mutex->waited) > 0) {
            WRITE(mutex->next, 0); // it stays, out of reach, for the table at the end
        } else {
            graph.totals.were_too_many = graph.totals.were_too_many || READ(graph.mutexes_full);
            graph.totals.mutexes += READ(mutex->locked) != 0;
            graph.totals.locked += READ(mutex->locked);
            WRITE(mutex->number, 0);
            WRITE(mutex->address, NULL);
            WRITE(mutex->next, graph.free_mutex);
            graph.free_mutex = i;
            WRITE(graph.mutexes_full, false);
        }
    }
    watch_graph_unlock(&mask);
}

bool watch_owns(const struct watch_thread *thread, const struct watch_mutex *mutex)
{
    return READ(mutex->owner) == READ(thread->identity);
}

/* ---- waiting ---- */

static void note_wait(struct watch_thread *thread, struct watch_mutex *mutex, const void *place,
                      bool is_asleep)
{
    WRITE(thread->waits_at, place);
    WRITE(thread->is_asleep, is_asleep);
    WRITE(thread->waits_for, mutex);
}

void watch_sleep_begins(struct watch_thread *thread, struct watch_mutex *mutex, const void *place)
{
    sigset_t mask;
    watch_graph_lock(&mask);
    note_wait(thread, mutex, place, true);
    watch_graph_unlock(&mask);
}

unsigned int watch_wait_begins(struct watch_thread *thread, struct watch_mutex *mutex,
                               const void *place)
{
    sigset_t mask;
    watch_graph_lock(&mask);
    note_wait(thread, mutex, place, false);
    unsigned int length = 0;
    while (mutex != NULL && length < MOST_THREADS) {
        struct watch_thread *owner = watch_thread_of(READ(mutex->owner));
        if (owner == NULL)
            break;
        length++;
        if (owner == thread)
            return length;
        mutex = READ(owner->waits_for);
    }
    watch_graph_unlock(&mask);
    return 0;
}

void watch_wait_ends(struct watch_thread *thread)
{
    WRITE(thread->waits_for, NULL);
}

void watch_waited(struct watch_mutex *mutex, uint64_t nanoseconds)
{
    ADD(mutex->waited, 1);
    ADD(mutex->wait_sum, nanoseconds);
    unsigned long long longest = READ(mutex->longest_wait);
    while (nanoseconds > longest &&
           !atomic_compare_exchange_weak(&mutex->longest_wait, &longest, nanoseconds))
        ;
}

/* ---- orders ---- */

static inline bool is_current(const struct watch_order *order)
{
    return READ(graph.mutexes[order->from].number) == order->from_number &&
           READ(graph.mutexes[order->to].number) == order->to_number;
}

static inline unsigned int order_hash(unsigned int from_number, unsigned int to_number)
{
    return (unsigned int)(mixed((uint64_t)from_number << 32 | to_number) % HASHES);
}

static void link_order(unsigned int i)
{
    struct watch_order *order = &graph.orders[i];
    unsigned int *bucket = &graph.order_buckets[order_hash(order->from_number, order->to_number)];
    order->next_of_hash = *bucket;
    *bucket = i;
    order->next_of_mutex = graph.mutexes[order->from].first_order;
    graph.mutexes[order->from].first_order = i;
    graph.descents += order->from_number > order->to_number;
}

/* Drops the orders of mutexes that have ended since, and puts the others together. */
static void sweep_orders(void)
{
    unsigned int used = graph.orders_used;
    memset(graph.order_buckets, 0, sizeof graph.order_buckets);
    for (unsigned int i = 1; i <= used; i++)
        graph.mutexes[graph.orders[i].from].first_order = NO_ORDER;
    graph.orders_used = 0;
    graph.descents = 0;
    graph.mutexes_ended = 0;
    for (unsigned int i = 1; i <= used; i++) {
        if (is_current(&graph.orders[i])) {
            graph.orders[++graph.orders_used] = graph.orders[i];
            link_order(graph.orders_used);
        }
    }
}

static struct watch_order *new_order(void)
{
    if (graph.orders_used == MOST_ORDERS - 1 && graph.mutexes_ended > 0)
        sweep_orders();
    if (graph.orders_used < MOST_ORDERS - 1)
        return &graph.orders[graph.orders_used + 1];
    WRITE(graph.orders_full, true);
    graph.totals.orders_unwatched++;
    return NULL;
}

static bool is_held(const struct watch_thread *thread, unsigned int number)
{
    for (unsigned int i = 0; i < thread->held_count; i++) {
        if (thread->held[i].number == number)
            return true;
    }
    return false;
}

/* Some thread can go the one order, and at the same time another thread the other one. */
static bool go_together(const struct watch_order *one, const struct watch_order *other)
{
    if (one->thread == other->thread && !one->by_several && !other->by_several)
        return false;
    for (unsigned int i = 0; i < one->guard_count; i++) {
        for (unsigned int j = 0; j < other->guard_count; j++) {
            if (one->guards[i] == other->guards[j])
                return false;
        }
    }
    return true;
}

/* Whether trail[0 .. length - 1] can be made a cycle by at most `more` orders; returns its length. */
static unsigned int close_trail(struct watch_order *trail[], unsigned int length, unsigned int more,
                                long *steps)
{
    unsigned int i = graph.mutexes[trail[length - 1]->to].first_order;
    for (; i != NO_ORDER && *steps > 0; i = graph.orders[i].next_of_mutex) {
        struct watch_order *order = &graph.orders[i];
        --*steps;
        bool fits = is_current(order);
        for (unsigned int j = 0; j < length && fits; j++)
            fits = go_together(order, trail[j]) && (j == 0 || order->to != trail[j]->from);
        if (!fits)
            continue;
        trail[length] = order;
        if (order->to == trail[0]->from)
            return length + 1;
        unsigned int found = more > 1 ? close_trail(trail, length + 1, more - 1, steps) : 0;
        if (found != 0)
            return found;
    }
    return 0;
}

static void warn(struct watch_order *trail[], unsigned int length)
{
    bool is_new = false;
    for (unsigned int i = 0; i < length; i++) {
        is_new = is_new || !trail[i]->reported;
        trail[i]->reported = true;
    }
    if (!is_new || graph.warning_count == MOST_WARNINGS)
        return;
    struct watch_warning *warning = &graph.warnings[graph.warning_count++];
    warning->length = length;
    for (unsigned int i = 0; i < length; i++) {
        warning->orders[i] = *trail[i];
        warning->addresses[i] = READ(graph.mutexes[trail[i]->to].address);
    }
}

/*
 * Looks for a cycle through an order that is new, or has changed; the shortest ones first. No cycle
 * only ascends, so most programs, which lock in the order in which they have made their mutexes, need
 * no search at all. Others get a limited number of steps, for each search and for all together.
 */
static void look_for_cycle(struct watch_order *order)
{
    struct watch_order *trail[MOST_IN_A_CYCLE] = {order};
    if (graph.descents == 0)
        return;
    for (unsigned int more = 1; more < MOST_IN_A_CYCLE; more++) {
        long steps = graph.search_steps < 20000000 ? 5000 : 50, left = steps;
        unsigned int length = close_trail(trail, 1, more, &left);
        graph.search_steps += steps - left;
        if (length != 0) {
            warn(trail, length);
            return;
        }
        if (left == 0) {
            graph.totals.orders_unwatched++;
            return;
        }
    }
}

static void note_order(const struct watch_thread *thread, struct watch_mutex *from,
                       struct watch_mutex *to, const void *place)
{
    unsigned int from_number = READ(from->number), to_number = READ(to->number);
    unsigned int i = graph.order_buckets[order_hash(from_number, to_number)];
    while (i != NO_ORDER &&
           (graph.orders[i].from_number != from_number || graph.orders[i].to_number != to_number))
        i = graph.orders[i].next_of_hash;

    struct watch_order *order = &graph.orders[i];
    bool has_changed = false;
    if (i != NO_ORDER) {
        has_changed = !order->by_several && order->thread != thread->number;
        order->by_several = order->by_several || has_changed;
        unsigned int kept = 0;
        for (unsigned int j = 0; j < order->guard_count; j++) {
            if (is_held(thread, order->guards[j]))
                order->guards[kept++] = order->guards[j];
        }
        has_changed = has_changed || kept != order->guard_count;
        order->guard_count = kept;
    } else if ((order = new_order()) != NULL) {
        *order = (struct watch_order){.from = (unsigned int)(from - graph.mutexes),
                                      .to = (unsigned int)(to - graph.mutexes),
                                      .from_number = from_number,
                                      .to_number = to_number,
                                      .thread = thread->number,
                                      .from_place = READ(from->place),
                                      .to_place = place};
        for (unsigned int j = 0; j < thread->held_count && order->guard_count < MOST_GUARDS; j++) {
            if (thread->held[j].mutex != from)
                order->guards[order->guard_count++] = thread->held[j].number;
        }
        link_order(++graph.orders_used);
        has_changed = true;
    }
    if (has_changed)
        look_for_cycle(order);
}

/* The thread has just got `to`, which is not among those it holds yet. */
static void note_orders(struct watch_thread *thread, struct watch_mutex *to, const void *place)
{
    sigset_t mask;
    watch_graph_lock(&mask);
    for (unsigned int i = 0; i < thread->held_count && !READ(graph.orders_full); i++)
        note_order(thread, thread->held[i].mutex, to, place);
    watch_graph_unlock(&mask);
}

/* ---- locking ---- */

/* Takes out what another thread has unlocked, or ended, which this one cannot have noticed. */
static void drop_lost(struct watch_thread *thread)
{
    unsigned int kept = 0;
    for (unsigned int i = 0; i < thread->held_count; i++) {
        struct watch_held held = thread->held[i];
        if (watch_owns(thread, held.mutex) && READ(held.mutex->number) == held.number)
            thread->held[kept++] = held;
        else
            thread->held_set -= mixed(held.number);
    }
    thread->held_count = kept;
}

void watch_locked(struct watch_thread *thread, struct watch_mutex *mutex, const void *place,
                  enum watch_how how)
{
    if (watch_owns(thread, mutex)) {
        mutex->depth++;
        return;
    }
    unsigned int number = READ(mutex->number);
    mutex->depth = 1;
    WRITE(mutex->place, place);
    WRITE(mutex->owner, READ(thread->identity));
    WRITE(mutex->locked, READ(mutex->locked) + 1); // nobody else can be here
    if (thread->held_count == MOST_HELD)
        return;
    // The memory of a thread: whether it has locked this mutex before while it held just these.
    if (thread->held_count > 0 && how == BY_WAITING && !READ(graph.orders_full)) {
        uint64_t set = mixed(thread->held_set + number * 0x9e3779b97f4a7c15U) | 1;
        uint64_t *known = &thread->known[set >> 32 & (KNOWN_SETS - 1)];
        if (*known != set) {
            drop_lost(thread);
            note_orders(thread, mutex, place);
            *known = set;
        }
    }
    thread->held[thread->held_count++] = (struct watch_held){mutex, number};
    thread->held_set += mixed(number);
}

void watch_unlocks(struct watch_thread *thread, struct watch_mutex *mutex)
{
    if (--mutex->depth > 0)
        return;
    for (unsigned int i = thread->held_count; i-- > 0;) {
        if (thread->held[i].mutex == mutex) {
            thread->held_set -= mixed(thread->held[i].number);
            thread->held_count--;
            memmove(&thread->held[i], &thread->held[i + 1],
                    (thread->held_count - i) * sizeof thread->held[0]);
            break;
        }
    }
    WRITE(mutex->owner, 0);
}

void watch_lost(struct watch_mutex *mutex, unsigned long owner)
{
    atomic_compare_exchange_strong(&mutex->owner, &owner, 0);
}

/* ---- reports ---- */

const struct watch_mutex *watch_mutex_at(unsigned int i)
{
    return i < graph.mutexes_used ? &graph.mutexes[i + 1] : NULL;
}

const struct watch_warning *watch_warnings(unsigned int *count)
{
    *count = graph.warning_count;
    return graph.warnings;
}

struct watch_totals watch_totals(void)
{
    struct watch_totals totals = graph.totals;
    totals.were_too_many = totals.were_too_many || READ(graph.mutexes_full);
    for (unsigned int i = 1; i <= graph.mutexes_used; i++) {
        unsigned long locked = READ(graph.mutexes[i].locked);
        if (READ(graph.mutexes[i].number) == 0 || locked == 0)
            continue;
        totals.mutexes++;
        totals.locked += locked;
        totals.waited += READ(graph.mutexes[i].waited);
    }
    return totals;
}
