/*
 * fair_rw_lock.c - a readers-writer lock that serves threads in the order in which they came.
 *
 * Exercise 4 of chapter 4
 * Shows     tickets: no reader passes a writer that came before it, and no writer a reader; readers that
 *           stand side by side in the queue are inside together
 * Build     make beyond/solutions/fair_rw_lock
 * Run       beyond/solutions/fair_rw_lock
 * Expect    seven threads enter in the order in which they came, readers 2 and 3 at the same time
 */
#include "must.h"

#include <pthread.h>
#include <sched.h>

struct fair_rw_lock {
    pthread_mutex_t lock;          // protects all that follows
    unsigned long drawn, admitted; // tickets; those between the two wait, in the order of their numbers
    int readers, writers;          // inside: any number of readers, or one writer
    pthread_cond_t changed;        // every thread that waits looks again
};

static void enter(struct fair_rw_lock *lock, bool writes, const char *name)
{
    MUST(pthread_mutex_lock(&lock->lock));
    unsigned long ticket = lock->drawn++;
    while (ticket != lock->admitted || lock->writers > 0 || (writes && lock->readers > 0))
        MUST(pthread_cond_wait(&lock->changed, &lock->lock));
    lock->admitted++;
    ++*(writes ? &lock->writers : &lock->readers);
    printf("%s enters: %d readers, %d writers inside\n", name, lock->readers, lock->writers);
    MUST(pthread_cond_broadcast(&lock->changed)); // the next one may be a reader, too
    MUST(pthread_mutex_unlock(&lock->lock));
}

static void leave(struct fair_rw_lock *lock, bool writes)
{
    MUST(pthread_mutex_lock(&lock->lock));
    --*(writes ? &lock->writers : &lock->readers);
    MUST(pthread_cond_broadcast(&lock->changed));
    MUST(pthread_mutex_unlock(&lock->lock));
}

static struct fair_rw_lock library = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                      .changed = PTHREAD_COND_INITIALIZER};

/* How many have come, inside or not. */
static unsigned long arrived(void)
{
    MUST(pthread_mutex_lock(&library.lock));
    unsigned long count = library.drawn;
    MUST(pthread_mutex_unlock(&library.lock));
    return count;
}

enum { visitors = 7 };

static void *visit(void *argument)
{
    const char *name = argument;
    bool writes = name[0] == 'w';
    enter(&library, writes, name);
    while (arrived() < visitors) // the first one stays until all others are in the queue
        sched_yield();
    leave(&library, writes);
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "fair_rw_lock");
    static char *const names[visitors] = {"reader 1", "writer 1", "reader 2", "reader 3",
                                          "writer 2", "writer 3", "reader 4"};
    pthread_t threads[visitors];
    for (unsigned long i = 0; i < visitors; i++) {
        MUST(pthread_create(&threads[i], NULL, visit, names[i]));
        while (arrived() <= i)
            sched_yield();
    }
    for (int i = 0; i < visitors; i++)
        MUST(pthread_join(threads[i], NULL));
}
