/*
 * prime_sieve.c - a pipeline that grows: each prime number gets a thread that drops its multiples.
 *
 * Lecture   wind_direction.c
 * Adds      a pipeline of threads that is built while it runs, and taken down by a single close: each
 *           thread selects between its neighbour and the quit channel
 * Build     cc -pthread -iquote . -o beyond/prime_sieve beyond/prime_sieve.c channel.c
 * Run       beyond/prime_sieve [-n primes]      10 unless told
 * Expect    the first prime numbers, a line each
 *
 * The sieve is that of M. D. McIlroy ("Coroutines", 1968); R. Pike made it known to Go programmers.
 */
#include "channel.h"
#include "must.h"

#include <pthread.h>

struct stage {
    long prime; // its multiples do not pass; 0: the stage that makes the numbers
    struct channel *from, *to;
    pthread_t thread;
};

static struct channel *quit;

/* A send or receive, unless the sieve is to end first: false. */
static bool proceeds(struct channel *channel, enum channel_direction direction, long *number)
{
    struct channel_case cases[] = {{channel, direction, number, 0},
                                   {quit, CHANNEL_RECEIVE, NULL, 0}};
    size_t chosen;
    MUST(channel_select(cases, 2, &chosen));
    return chosen == 0;
}

static void *generate(void *argument)
{
    struct stage *stage = argument;
    for (long i = 2; proceeds(stage->to, CHANNEL_SEND, &i);)
        i++;
    return NULL;
}

static void *filter(void *argument)
{
    struct stage *stage = argument;
    long number;
    while (proceeds(stage->from, CHANNEL_RECEIVE, &number)) {
        if (number % stage->prime != 0 && !proceeds(stage->to, CHANNEL_SEND, &number))
            break;
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    long primes = 10;
    struct option_line options[] = {{'n', .number = &primes, .least = 1, .most = 1000}, {0}};
    read_options(argc, argv, "prime_sieve [-n primes]", options, 0, 0);
    struct stage *stages = MUST_HAVE(calloc((size_t)primes + 1, sizeof *stages));
    quit = MUST_HAVE(channel_create(0, 0));
    stages[0].to = MUST_HAVE(channel_create(0, sizeof(long)));
    MUST(pthread_create(&stages[0].thread, NULL, generate, &stages[0]));
    for (long i = 1; i <= primes; i++) {
        struct stage *stage = &stages[i];
        stage->from = stages[i - 1].to;
        stage->to = MUST_HAVE(channel_create(0, sizeof(long)));
        MUST(channel_receive(stage->from, &stage->prime));
        printf("%ld\n", stage->prime);
        MUST(pthread_create(&stage->thread, NULL, filter, stage));
    }
    MUST(channel_close(quit));
    for (long i = 0; i <= primes; i++)
        MUST(pthread_join(stages[i].thread, NULL));
    for (long i = 0; i <= primes; i++)
        channel_destroy(stages[i].to);
    channel_destroy(quit);
    free(stages);
}
