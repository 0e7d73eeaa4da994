/*
 * ch03.c - the spin lock beside a mutex and the system's own, and what such differences do to the programs
 * of the chapter.
 */
#include "bench.h"
#include "must.h"
#include "spin_lock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#if defined _POSIX_SPIN_LOCKS && _POSIX_SPIN_LOCKS > 0
#define HAVE_PTHREAD_SPIN 1
#else // as on macOS: that way is left out
#define HAVE_PTHREAD_SPIN 0
#endif

/* Threads that each add to one counter, and then count for a while on their own. */
struct counting {
    int threads;
    int pause; // how far they count in between

    long additions; // of each thread
    pthread_mutex_t mutex;
    struct spin_lock spin;
#if HAVE_PTHREAD_SPIN
    pthread_spinlock_t pthread_spin;
#endif
    long counter; // protected by the lock in use
    atomic_long atomic_counter;
};

/* What a thread does without the lock. The compiler may not leave it out. */
static void count_alone(int to)
{
    for (volatile int i = 0; i < to; i++)
        continue;
}

static void *add_with_mutex(void *argument)
{
    struct counting *counting = argument;
    for (long i = 0; i < counting->additions; i++) {
        pthread_mutex_lock(&counting->mutex);
        counting->counter++;
        pthread_mutex_unlock(&counting->mutex);
        count_alone(counting->pause);
    }
    return NULL;
}

static void *add_with_spin_lock(void *argument)
{
    struct counting *counting = argument;
    for (long i = 0; i < counting->additions; i++) {
        spin_lock_lock(&counting->spin);
        counting->counter++;
        spin_lock_unlock(&counting->spin);
        count_alone(counting->pause);
    }
    return NULL;
}

#if HAVE_PTHREAD_SPIN
static void *add_with_pthread_spin(void *argument)
{
    struct counting *counting = argument;
    for (long i = 0; i < counting->additions; i++) {
        pthread_spin_lock(&counting->pthread_spin);
        counting->counter++;
        pthread_spin_unlock(&counting->pthread_spin);
        count_alone(counting->pause);
    }
    return NULL;
}
#endif

static void *add_atomically(void *argument)
{
    struct counting *counting = argument;
    for (long i = 0; i < counting->additions; i++) {
        atomic_fetch_add(&counting->atomic_counter, 1);
        count_alone(counting->pause);
    }
    return NULL;
}

static void run_threads(struct counting *counting, long additions, void *(*run)(void *))
{
    counting->additions = additions / counting->threads;
    bench_threads(counting->threads, run, counting);
}

static void with_mutex(void *counting, long additions)
{
    run_threads(counting, additions, add_with_mutex);
}

static void with_spin_lock(void *counting, long additions)
{
    run_threads(counting, additions, add_with_spin_lock);
}

#if HAVE_PTHREAD_SPIN
static void with_pthread_spin(void *counting, long additions)
{
    run_threads(counting, additions, add_with_pthread_spin);
}
#endif

static void atomically(void *counting, long additions)
{
    run_threads(counting, additions, add_atomically);
}

static void compare_locks(void)
{
    static const struct {
        const char *work;
        int threads, pause;
    } rows[] = {
        {"an addition under a lock, 1 thread", 1, 0},
        {"the same, 2 threads that want nothing else", 2, 0},
        {"the same, 2 threads with 10 steps of other work in between", 2, 10},
        {"the same, 2 threads with 100 steps", 2, 100},
        {"the same, 64 threads with 10 steps", 64, 10},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct counting counting = {.threads = rows[i].threads, .pause = rows[i].pause};
        MUST(pthread_mutex_init(&counting.mutex, NULL));
        struct way ways[] = {
            {.name = "pthread_mutex_lock", .function = with_mutex, .argument = &counting},
            {.name = "spin_lock.h", .function = with_spin_lock, .argument = &counting},
            {.name = "atomic_fetch_add", .function = atomically, .argument = &counting},
#if HAVE_PTHREAD_SPIN
            {.name = "pthread_spin_lock", .function = with_pthread_spin, .argument = &counting},
#endif
        };
#if HAVE_PTHREAD_SPIN
        MUST(pthread_spin_init(&counting.pthread_spin, PTHREAD_PROCESS_PRIVATE));
#endif
        bench_compare(rows[i].work, 2000000, ways, (int)(sizeof ways / sizeof ways[0]));
#if HAVE_PTHREAD_SPIN
        MUST(pthread_spin_destroy(&counting.pthread_spin));
#endif
        MUST(pthread_mutex_destroy(&counting.mutex));
    }
}

/* From "28.6 million transfers a second" to the seconds of one. */
#define SECONDS_OF_ONE " | awk '/million/ { printf \"%.12f\\n\", 1e-6 / $1 }'"

static void compare_programs(void)
{
    const struct way ledgers[] = {
        {.name = "ledger_locks -l mutex",
         .command = "beyond/ledger_locks -r 1 -i 300 -l mutex" SECONDS_OF_ONE,
         .prints_seconds = true},
        {.name = "ledger_locks -l pthread-spin",
         .command = "beyond/ledger_locks -r 1 -i 300 -l pthread-spin" SECONDS_OF_ONE,
         .prints_seconds = true},
        {.name = "ledger_locks -l spin",
         .command = "beyond/ledger_locks -r 1 -i 300 -l spin" SECONDS_OF_ONE,
         .prints_seconds = true},
    };
    bench_compare("a transfer between two of 50 000 accounts", 1, ledgers, 3);

    bench_prepare("mkdir -p build/bench && i=0; while [ $i -lt 201 ]; do i=$((i + 1)); cat texts/* "
                  "texts/* texts/* texts/* "
                  "texts/* texts/* texts/* texts/* | head -c 50000 >build/bench/$i.txt; done");
    const struct way letters[] = {
        {.name = "letter_frequency_ways -m mutex",
         .command = "beyond/letter_frequency_ways -m mutex -n 21 build/bench/*.txt"},
        {.name = "letter_frequency_ways -m atomic",
         .command = "beyond/letter_frequency_ways -m atomic -n 21 build/bench/*.txt"},
        {.name = "letter_frequency_ways -m local",
         .command = "beyond/letter_frequency_ways -m local -n 21 build/bench/*.txt"},
    };
    bench_compare("the letters of 201 texts of 50 KB, 21 times", 1, letters, 3);
}

static void show_growth(void)
{
    const struct way ledgers[] = {
        {.name = "-t 1",
         .command = "beyond/ledger_locks -r 1 -i 300 -t 1" SECONDS_OF_ONE,
         .prints_seconds = true},
        {.name = "-t 10",
         .command = "beyond/ledger_locks -r 1 -i 300 -t 10" SECONDS_OF_ONE,
         .prints_seconds = true},
        {.name = "-t 100",
         .command = "beyond/ledger_locks -r 1 -i 300 -t 100" SECONDS_OF_ONE,
         .prints_seconds = true},
        {.name = "-t 1000",
         .command = "beyond/ledger_locks -r 1 -i 300 -t 1000" SECONDS_OF_ONE,
         .prints_seconds = true},
    };
    bench_compare("a transfer of ledger_locks with so many threads", 1, ledgers, 4);

    static const long texts[] = {1, 10, 100, 1000};
    bench_growth("letter_frequency_ways -m local -n 21, texts of 50 KB, a thread for each", NULL,
                 "beyond/letter_frequency_ways -m local -n 21 $(awk -v n=$n 'BEGIN { while (i++ < "
                 "n) print \"build/bench/1.txt\" }')",
                 texts, 4);
    bench_growth("letter_frequency_ways -m atomic -n 21, the same", NULL,
                 "beyond/letter_frequency_ways -m atomic -n 21 $(awk -v n=$n 'BEGIN { while (i++ < "
                 "n) print \"build/bench/1.txt\" }')",
                 texts, 4);
    bench_prepare("rm -rf build/bench");
}

int main(int argc, char *argv[])
{
    bench_begin("Chapter 3", argc, argv);
    compare_programs();
    show_growth();
    compare_locks();
    return 0;
}
