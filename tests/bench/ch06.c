/*
 * ch06.c - what it costs to be watched by lock_watch.
 *
 * With -w N it is the watched program itself: N threads take a hundred locks in turn, two million times in
 * all.
 */
#include "bench.h"
#include "must.h"

#include <pthread.h>

enum { LOCKS = 100, TIMES = 2000000 };

static pthread_mutex_t locks[LOCKS]; // locks[i] protects counters[i]
static long counters[LOCKS];
static int threads;

static void *take_locks(void *argument)
{
    for (int i = 0; i < TIMES / threads; i++) {
        MUST(pthread_mutex_lock(&locks[i % LOCKS]));
        counters[i % LOCKS]++;
        MUST(pthread_mutex_unlock(&locks[i % LOCKS]));
    }
    return argument;
}

static int be_watched(void)
{
    for (int i = 0; i < LOCKS; i++)
        MUST(pthread_mutex_init(&locks[i], NULL));
    bench_threads(threads, take_locks, NULL);
    for (int i = 0; i < LOCKS; i++)
        MUST(pthread_mutex_destroy(&locks[i]));
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "-w") == 0) {
        threads = (int)number_from(argv[2], 1, 1000, "ch06 [-q | -w threads | ROW]");
        return be_watched();
    }
    bench_begin("Chapter 6", argc, argv);
    bench_prepare("mkdir -p build"); // for the traces
    const struct way one[] = {
        {.name = "alone", .command = "../tests/bench/build/ch06 -w 1"},
        {.name = "lock_watch",
         .command = "lock_watch/lock_watch ../tests/bench/build/ch06 -w 1 2>/dev/null"},
        {.name = "lock_watch -t",
         .command = "lock_watch/lock_watch -t build/trace.json ../tests/bench/build/ch06 -w 1 "
                    "2>/dev/null"},
    };
    bench_compare("two million times lock and unlock, 1 thread", 1, one, 3);
    const struct way two[] = {
        {.name = "alone", .command = "../tests/bench/build/ch06 -w 2"},
        {.name = "lock_watch",
         .command = "lock_watch/lock_watch ../tests/bench/build/ch06 -w 2 2>/dev/null"},
        {.name = "lock_watch -t",
         .command = "lock_watch/lock_watch -t build/trace.json ../tests/bench/build/ch06 -w 2 "
                    "2>/dev/null"},
    };
    bench_compare("the same, 2 threads", 1, two, 3);
    const struct way robots[] = {
        {.name = "red_blue_ordered", .command = "beyond/red_blue_ordered -q -n 100000 >/dev/null"},
        {.name = "red_blue_backs_off",
         .command = "beyond/red_blue_backs_off -q -n 100000 >/dev/null"},
    };
    bench_compare("100 000 rounds of red and blue", 1, robots, 2);

    static const long sizes[] = {1, 10, 100, 1000};
    bench_growth("lock_watch, threads", NULL,
                 "lock_watch/lock_watch ../tests/bench/build/ch06 -w $n 2>/dev/null", sizes, 4);
    bench_prepare("rm -f build/trace.json");
    return 0;
}
