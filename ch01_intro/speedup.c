/*
 * speedup.c - what more threads are worth: one sum, shared among 1, 2, 4 … threads, and two laws.
 *
 * Original  none: the course tells of Amdahl's and Gustafson's law in its opening lectures
 * Build     cc -pthread -O2 -o speedup speedup.c
 * Run       ./speedup [-t threads] [-f percent] [-n numbers]     -f is the serial share of the work
 * Expect    the time, and how many times as fast as one thread that is: as Amdahl's law says up to the
 *           number of processors, and hardly faster beyond that
 * Try       -f 0, -f 50, -f 100. Then -n 1000: when are more threads slower, and why?
 */
#include "must.h"

#include <pthread.h>

/* The numbers from `first` to `end` - 1. Each part belongs to one thread: nothing is shared. */
struct part {
    long first, end;
    long long sum;
    pthread_t thread;
};

/* Ten digits for every number, also for small ones, so that equal parts are equal work. */
static long long sum_of_digits(long first, long end)
{
    long long sum = 0;
    for (long number = first; number < end; number++) {
        unsigned rest = (unsigned)number;
        for (int digit = 0; digit < 10; digit++) {
            sum += rest % 10;
            rest /= 10;
        }
    }
    return sum;
}

static void *add_up(void *argument)
{
    struct part *part = argument;
    part->sum = sum_of_digits(part->first, part->end);
    return NULL;
}

/* Main alone adds the numbers below `serial`; then the threads share those up to `end`. */
static long long parallel_sum(long serial, long end, long threads)
{
    long long sum = sum_of_digits(0, serial);
    long first = serial;
    struct part *parts = MUST_HAVE(calloc((size_t)threads, sizeof *parts));
    for (long i = 0; i < threads; i++) {
        parts[i].first = first;
        parts[i].end = first += (end - first) / (threads - i);
        MUST(pthread_create(&parts[i].thread, NULL, add_up, &parts[i]));
    }
    for (long i = 0; i < threads; i++) {
        MUST(pthread_join(parts[i].thread, NULL));
        sum += parts[i].sum;
    }
    free(parts);
    return sum;
}

/* The same work in less time: the serial share takes as long as ever. */
static double amdahl(double serial, double threads)
{
    return 1 / (serial + (1 - serial) / threads);
}

/* More work in the same time: the parallel share grows with the number of threads. */
static double gustafson(double serial, double threads)
{
    return serial + (1 - serial) * threads;
}

int main(int argc, char *argv[])
{
    long most_threads = 8, percent = 10, numbers = 20000000;
    struct option_line options[] = {
        {'t', .number = &most_threads, .least = 1, .most = 1024},
        {'f', .number = &percent, .least = 0, .most = 100},
        {'n', .number = &numbers, .least = 1, .most = 2000000000},
        {0},
    };
    read_options(argc, argv, "speedup [-t threads] [-f percent] [-n numbers]", options, 0, 0);
    long serial = (long)((long long)numbers * percent / 100);
    double share = (double)percent / 100, time_of_one = 0;
    printf("The digits of all numbers below %ld are added.\n", numbers);
    printf("Main adds %ld%% of them alone, and the threads share the rest.\n\n", percent);
    printf("threads        time  speed-up    Amdahl  Gustafson         sum\n");
    for (long next = 1, threads = 0; threads < most_threads; next *= 2) {
        threads = next < most_threads ? next : most_threads;
        double start = seconds();
        long long sum = parallel_sum(serial, numbers, threads);
        double time = seconds() - start;
        if (threads == 1)
            time_of_one = time;
        printf("%7ld %9.1f ms %8.2f %9.2f %10.2f  %10lld\n", threads, time * 1e3,
               time_of_one / time, amdahl(share, (double)threads),
               gustafson(share, (double)threads), sum);
        fflush(stdout);
    }
#ifdef _SC_NPROCESSORS_ONLN
    printf("This machine has %ld processors.\n", sysconf(_SC_NPROCESSORS_ONLN));
#endif
}
