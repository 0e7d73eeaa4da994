/*
 * gustafson.c - more threads do more work in the same time: each brings a part of its own.
 *
 * Exercise 3 of chapter 1
 * Shows     the scaled speed-up: how much more is added up in a second than by one thread
 * Build     cc -pthread -iquote . -o beyond/solutions/gustafson beyond/solutions/gustafson.c
 * Run       beyond/solutions/gustafson [-t threads] [-n numbers]      numbers is what one thread brings
 * Expect    a speed-up near Gustafson's law up to the number of processors, and hardly more after that
 */
#include "must.h"

#include <pthread.h>

enum {
    percent = 10
}; // of one thread's numbers are added by main alone, however many threads there are

struct part {
    long first, end;
    long long sum;
    pthread_t thread;
};

static void *add_up(void *argument)
{
    struct part *part = argument;
    long long sum = 0; // its own: parts lie side by side, and a cache line goes from core to core
    for (long number = part->first; number < part->end; number++) {
        unsigned rest = (unsigned)number;
        for (int digit = 0; digit < 10; digit++) {
            sum += rest % 10;
            rest /= 10;
        }
    }
    part->sum = sum;
    return NULL;
}

int main(int argc, char *argv[])
{
    long most_threads = 8, numbers = 5000000;
    struct option_line options[] = {
        {'t', .number = &most_threads, .least = 1, .most = 1024},
        {'n', .number = &numbers, .least = 100, .most = 100000000},
        {0},
    };
    read_options(argc, argv, "gustafson [-t threads] [-n numbers]", options, 0, 0);
    struct part *parts = MUST_HAVE(calloc((size_t)most_threads, sizeof *parts));
    double speed_of_one = 0;
    printf("threads      numbers        time  speed-up  Gustafson           sum\n");
    for (long threads = 1; threads <= most_threads; threads *= 2) {
        struct part serial = {.end = numbers * percent / 100};
        long share = numbers - serial.end; // of each thread: so the work grows with their number
        double start = seconds();
        add_up(&serial);
        long long sum = serial.sum;
        for (long i = 0; i < threads; i++) {
            parts[i].first = serial.end + i * share;
            parts[i].end = parts[i].first + share;
            MUST(pthread_create(&parts[i].thread, NULL, add_up, &parts[i]));
        }
        for (long i = 0; i < threads; i++) {
            MUST(pthread_join(parts[i].thread, NULL));
            sum += parts[i].sum;
        }
        double time = seconds() - start;
        long added = serial.end + threads * share;
        double speed = (double)added / time;
        if (threads == 1)
            speed_of_one = speed;
        printf("%7ld %12ld %8.1f ms %9.2f %10.2f %13lld\n", threads, added, time * 1e3,
               speed / speed_of_one, (percent + (100.0 - percent) * (double)threads) / 100, sum);
        fflush(stdout);
    }
    free(parts);
}
