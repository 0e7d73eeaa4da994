/*
 * break_even.c - how much work there must be until two threads are faster than one.
 *
 * Exercise 2 of chapter 1
 * Shows     that a second thread pays when it saves more time than it takes to create and join it
 * Build     cc -pthread -iquote . -o beyond/solutions/break_even beyond/solutions/break_even.c
 * Run       beyond/solutions/break_even
 * Expect    the times of one thread and of two; it ends where two are faster. With 0 numbers it measures
 *           the threads alone
 */
#include "must.h"

#include <pthread.h>

enum { tries = 50, most_numbers = 1 << 20 };

struct part {
    long first, end;
    long long sum;
    pthread_t thread;
};

static void *add_up(void *argument)
{
    struct part *part = argument;
    long long sum = 0;
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

/* The shortest of many times, in microseconds: what the machine does otherwise only makes it longer. */
static double shortest(int threads, long numbers, long long *sum)
{
    double best = 1e9;
    for (int i = 0; i < tries; i++) {
        struct part parts[2];
        double start = seconds();
        for (int k = 0; k < threads; k++) {
            parts[k].first = numbers * k / threads;
            parts[k].end = numbers * (k + 1) / threads;
            MUST(pthread_create(&parts[k].thread, NULL, add_up, &parts[k]));
        }
        *sum = 0;
        for (int k = 0; k < threads; k++) {
            MUST(pthread_join(parts[k].thread, NULL));
            *sum += parts[k].sum;
        }
        double time = (seconds() - start) * 1e6;
        best = time < best ? time : best;
    }
    return best;
}

int main(int argc, char *argv[])
{
    no_arguments(argc, argv, "break_even");
    printf(" numbers   one thread  two threads        sum\n");
    for (long numbers = 0; numbers <= most_numbers; numbers = numbers == 0 ? 1024 : 2 * numbers) {
        long long sum_of_one, sum_of_two;
        double one = shortest(1, numbers, &sum_of_one), two = shortest(2, numbers, &sum_of_two);
        printf("%8ld %9.1f µs %9.1f µs %10lld\n", numbers, one, two, sum_of_two);
        if (sum_of_one != sum_of_two)
            give_up("break_even", "two threads", "another sum");
        if (numbers > 0 && two < 0.9 * one) { // clearly: a few percent may be chance
            printf("Two threads are faster from %ld numbers on\n", numbers);
            return EXIT_SUCCESS;
        }
    }
    puts("Two threads are never faster: is there only one processor?");
}
