/*
 * ch04.c - a thread for each row beside a thread for each processor and one alone; the
 * readers-writer locks beside the system's.
 */
#include "bench.h"
#include "beyond/counting_semaphore.h"
#include "beyond/readers_first.h"
#include "beyond/rw_lock.h"
#include "must.h"

#include <pthread.h>
#include <stdatomic.h>

enum { READS_FOR_EACH_WRITE = 9 };

/* Threads that read a value, and now and then one that writes it. */
struct library {
    int threads;

    long visits; // of each thread
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    struct rw_lock rw_lock;
    struct readers_first readers_first;
    long value; // protected by the lock in use
};

/* The compiler may not leave the reading out. */
static void read_value(struct library *library)
{
    *(volatile long *)&library->value;
}

static void *visit_with_mutex(void *argument)
{
    struct library *library = argument;
    for (long i = 0; i < library->visits; i++) {
        pthread_mutex_lock(&library->mutex);
        if (i % (READS_FOR_EACH_WRITE + 1) == 0)
            library->value++;
        else
            read_value(library);
        pthread_mutex_unlock(&library->mutex);
    }
    return NULL;
}

static void *visit_with_rwlock(void *argument)
{
    struct library *library = argument;
    for (long i = 0; i < library->visits; i++) {
        if (i % (READS_FOR_EACH_WRITE + 1) == 0) {
            pthread_rwlock_wrlock(&library->rwlock);
            library->value++;
        } else {
            pthread_rwlock_rdlock(&library->rwlock);
            read_value(library);
        }
        pthread_rwlock_unlock(&library->rwlock);
    }
    return NULL;
}

static void *visit_with_rw_lock(void *argument)
{
    struct library *library = argument;
    for (long i = 0; i < library->visits; i++) {
        if (i % (READS_FOR_EACH_WRITE + 1) == 0) {
            rw_lock_write_lock(&library->rw_lock);
            library->value++;
            rw_lock_write_unlock(&library->rw_lock);
        } else {
            rw_lock_read_lock(&library->rw_lock);
            read_value(library);
            rw_lock_read_unlock(&library->rw_lock);
        }
    }
    return NULL;
}

static void *visit_with_readers_first(void *argument)
{
    struct library *library = argument;
    for (long i = 0; i < library->visits; i++) {
        if (i % (READS_FOR_EACH_WRITE + 1) == 0) {
            readers_first_write_lock(&library->readers_first);
            library->value++;
            readers_first_write_unlock(&library->readers_first);
        } else {
            readers_first_read_lock(&library->readers_first);
            read_value(library);
            readers_first_read_unlock(&library->readers_first);
        }
    }
    return NULL;
}

static void run_threads(struct library *library, long visits, void *(*run)(void *))
{
    library->visits = visits / library->threads;
    bench_threads(library->threads, run, library);
}

static void with_mutex(void *library, long visits)
{
    run_threads(library, visits, visit_with_mutex);
}

static void with_rwlock(void *library, long visits)
{
    run_threads(library, visits, visit_with_rwlock);
}

static void with_rw_lock(void *library, long visits)
{
    run_threads(library, visits, visit_with_rw_lock);
}

static void with_readers_first(void *library, long visits)
{
    run_threads(library, visits, visit_with_readers_first);
}

static void compare_locks(void)
{
    static const struct {
        const char *work;
        int threads;
    } rows[] = {
        {"a visit, 1 thread, 9 of 10 read", 1},
        {"a visit, 2 threads, 9 of 10 read", 2},
        {"a visit, 64 threads, 9 of 10 read", 64},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct library library = {.threads = rows[i].threads};
        MUST(pthread_mutex_init(&library.mutex, NULL));
        MUST(pthread_rwlock_init(&library.rwlock, NULL));
        MUST(rw_lock_init(&library.rw_lock));
        MUST(readers_first_init(&library.readers_first));
        const struct way ways[] = {
            {.name = "pthread_mutex_lock", .function = with_mutex, .argument = &library},
            {.name = "pthread_rwlock_rdlock and wrlock",
             .function = with_rwlock,
             .argument = &library},
            {.name = "rw_lock.c", .function = with_rw_lock, .argument = &library},
            {.name = "readers_first.c", .function = with_readers_first, .argument = &library},
        };
        bench_compare(rows[i].work, 200000, ways, 4);
        MUST(readers_first_destroy(&library.readers_first));
        MUST(rw_lock_destroy(&library.rw_lock));
        MUST(pthread_rwlock_destroy(&library.rwlock));
        MUST(pthread_mutex_destroy(&library.mutex));
    }
}

/* Two threads hand each other the turn, with two semaphores, or with a lock and two conditions. */
struct turns {
    long count; // of each thread
    atomic_int started;
    struct counting_semaphore semaphores[2];
    pthread_mutex_t lock; // protects: turn
    int turn;             // whose it is
    pthread_cond_t changed[2];
};

static void *take_turns_with_semaphores(void *argument)
{
    struct turns *turns = argument;
    int self = atomic_fetch_add(&turns->started, 1);
    for (long i = 0; i < turns->count; i++) {
        MUST(counting_semaphore_wait(&turns->semaphores[self]));
        MUST(counting_semaphore_post(&turns->semaphores[1 - self]));
    }
    return NULL;
}

static void *take_turns_with_conditions(void *argument)
{
    struct turns *turns = argument;
    int self = atomic_fetch_add(&turns->started, 1);
    for (long i = 0; i < turns->count; i++) {
        MUST(pthread_mutex_lock(&turns->lock));
        while (turns->turn != self)
            MUST(pthread_cond_wait(&turns->changed[self], &turns->lock));
        turns->turn = 1 - self;
        MUST(pthread_cond_signal(&turns->changed[1 - self]));
        MUST(pthread_mutex_unlock(&turns->lock));
    }
    return NULL;
}

static void with_semaphores(void *argument, long times)
{
    struct turns turns = {.count = times};
    MUST(counting_semaphore_init(&turns.semaphores[0], 1));
    MUST(counting_semaphore_init(&turns.semaphores[1], 0));
    bench_threads(2, take_turns_with_semaphores, &turns);
    MUST(counting_semaphore_destroy(&turns.semaphores[1]));
    MUST(counting_semaphore_destroy(&turns.semaphores[0]));
    (void)argument;
}

static void with_conditions(void *argument, long times)
{
    struct turns turns = {.count = times, .lock = PTHREAD_MUTEX_INITIALIZER};
    for (int i = 0; i < 2; i++)
        MUST(pthread_cond_init(&turns.changed[i], NULL));
    bench_threads(2, take_turns_with_conditions, &turns);
    for (int i = 0; i < 2; i++)
        MUST(pthread_cond_destroy(&turns.changed[i]));
    MUST(pthread_mutex_destroy(&turns.lock));
    (void)argument;
}

static void compare_programs(void)
{
    const struct way products[] = {
        {.name = "matrix_multiply, 250 threads", .command = "./matrix_multiply"},
        {.name = "matrix_multiply_blocks -t 1", .command = "beyond/matrix_multiply_blocks -t 1"},
        {.name = "matrix_multiply_blocks -t 2", .command = "beyond/matrix_multiply_blocks -t 2"},
        {.name = "matrix_multiply_blocks -t 250",
         .command = "beyond/matrix_multiply_blocks -t 250"},
    };
    bench_compare("a hundred products of 250 x 250", 1, products, 4);
}

static void show_growth(void)
{
    static const long threads[] = {1, 10, 100, 250};
    bench_growth("matrix_multiply_blocks -t", NULL, "beyond/matrix_multiply_blocks -t $n", threads,
                 4);
    static const long rounds[] = {10, 100, 1000};
    bench_growth("matrix_multiply_blocks -n", NULL, "beyond/matrix_multiply_blocks -n $n", rounds,
                 3);
    static const long readers[] = {2, 10, 100, 1000};
    bench_growth("starving_writer -n", NULL, "beyond/starving_writer -n $n >/dev/null", readers, 4);
}

int main(int argc, char *argv[])
{
    bench_begin("Chapter 4", argc, argv);
    compare_programs();
    show_growth();
    const struct way turns[] = {
        {.name = "a lock and two conditions", .function = with_conditions},
        {.name = "two of counting_semaphore.c", .function = with_semaphores},
    };
    bench_compare("two threads take turns, both once", 5000, turns, 2);
    compare_locks();
    return 0;
}
