/*
 * fair_rw_lock.c - a readers-writer lock that serves threads in the order in which they came.
 *
 * Exercise 4 of chapter 4
 * Shows     tickets: no reader passes a writer that came before it, and no writer passes a reader; readers
 *           that stand side by side in the queue are inside together
 * Build     cc -pthread -iquote . -o beyond/solutions/fair_rw_lock beyond/solutions/fair_rw_lock.c
 * Run       beyond/solutions/fair_rw_lock
 * Expect    seven threads enter in the order in which they came, readers 2 and 3 at the same time
 */
#include "must.h"

#include <pthread.h>

struct fair_rw_lock {
    pthread_mutex_t lock; // protects all that follows
    unsigned long drawn,
        admitted;           // tickets; those between the two wait, in the order of their numbers
    int readers, writers;   // inside: any number of readers, or one writer
    pthread_cond_t changed; // any of it: every thread that waits looks again
};

static void enter(struct fair_rw_lock *lock, bool writes, const char *name)
{
    MUST(pthread_mutex_lock(&lock->lock));
    unsigned long ticket = lock->drawn++;
    MUST(pthread_cond_broadcast(&lock->changed)); // for main, which waits until this one has come
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

enum { visitors = 7 };

static struct visitor {
    const char *name;
    bool writes;
    unsigned long stays; // until so many have been admitted
} all[visitors] = {{"reader 1", false, 1}, {"writer 1", true, 2}, {"reader 2", false, 4},
                   {"reader 3", false, 4}, {"writer 2", true, 5}, {"writer 3", true, 6},
                   {"reader 4", false, 7}};

/* Waits until so many have come, and so many of them have been admitted. */
static void wait_until(unsigned long drawn, unsigned long admitted)
{
    MUST(pthread_mutex_lock(&library.lock));
    while (library.drawn < drawn || library.admitted < admitted)
        MUST(pthread_cond_wait(&library.changed, &library.lock));
    MUST(pthread_mutex_unlock(&library.lock));
}

static void *visit(void *argument)
{
    struct visitor *self = argument;
    enter(&library, self->writes, self->name);
    wait_until(visitors, self->stays); // so that the queue is there, and two readers meet
    leave(&library, self->writes);
    return NULL;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "fair_rw_lock");
    pthread_t threads[visitors];
    for (unsigned long i = 0; i < visitors; i++) {
        MUST(pthread_create(&threads[i], NULL, visit, &all[i]));
        wait_until(i + 1, 0); // it stands in the queue before the next one comes
    }
    for (int i = 0; i < visitors; i++)
        MUST(pthread_join(threads[i], NULL));
}
