/*
 * ch01.c - a thread beside a process, two threads beside one.
 */
#include "bench.h"

#include "must.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *argument)
{
    return argument;
}

static void start_threads(void *argument, long times)
{
    for (long i = 0; i < times; i++)
        bench_threads(1, nothing, argument);
}

static void start_processes(void *argument, long times)
{
    (void)argument;
    for (long i = 0; i < times; i++) {
        pid_t child = fork();
        MUST(child >= 0 ? 0 : errno);
        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
    }
}

static void start_a_thousand(void *argument, long times)
{
    for (long i = 0; i < times; i += 1000)
        bench_threads(1000, nothing, argument);
}

int main(int argc, char *argv[])
{
    bench_begin("Chapter 1", argc, argv);
    const struct way starts[] = {
        {.name = "a process: fork, waitpid", .function = start_processes},
        {.name = "a thread: pthread_create, pthread_join", .function = start_threads},
        {.name = "a thousand threads, then join them all", .function = start_a_thousand},
    };
    bench_compare("to start one and wait for its end", 1000, starts, 3);

    const struct way sums[] = {
        {.name = "one thread",
         .command = "./speedup -t 1 | awk '$1 == 1 { print $2 / 1000; exit }'",
         .prints_seconds = true},
        {.name = "two threads, one for each processor here",
         .command = "./speedup -t 2 | awk '$1 == 2 { print $2 / 1000; exit }'",
         .prints_seconds = true},
    };
    bench_compare("speedup: the digits of 20 million numbers, 10% by main alone", 1, sums, 2);

    static const long numbers[] = {1000000, 10000000, 100000000};
    bench_growth("speedup -t 2 -n", NULL, "./speedup -t 2 -n $n", numbers, 3);
    static const long tellers[] = {2, 10, 100};
    bench_growth("rare_race -m -t, as many days as make 500 deposits", NULL,
                 "beyond/rare_race -m -n $((100 / n)) -t $n", tellers, 3);
    return 0;
}
